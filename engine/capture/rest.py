"""Rests: a function that gains nothing is called as it is, for longer and longer.

To look at arguments takes 10 us, and to record a call some times what it takes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.array import Array

TRIED = 32
"""So many calls are looked at between two rests."""

SHORTEST, LONGEST = 256, 16_384
"""So many calls a rest has: the first one, and those after many in vain."""

_PLAIN = frozenset((float, int, bool, str, type(None)))


class Rest:
    """When calls are to be ordinary, without a look at them.

    Parameters
    ----------
    patience : int
        So many calls may be in vain before.
    """

    __slots__ = ("_left", "_length", "_patience", "_vain")

    def __init__(self, patience: int) -> None:
        self._patience = patience
        self._left = self._vain = 0
        self._length = SHORTEST

    def takes(self, args: tuple[Any, ...], options: dict[str, Any]) -> bool:
        """Whether a call is part of a rest: none that is given arrays of NumPy's."""
        if not self._left or not (_are_plain(args) and _are_plain(options.values())):
            return False
        self._left -= 1
        return True

    def gained(self) -> None:
        """Note that a call was replayed."""
        self._vain, self._length = 0, SHORTEST

    def lost(self) -> None:
        """Note that a call was not, and is not known to be, of use for later ones."""
        self._vain += 1
        if self._vain >= self._patience:
            self._vain = self._patience - TRIED
            self._left, self._length = self._length, min(2 * self._length, LONGEST)


def _are_plain(things: Iterable[Any]) -> bool:
    return all([isinstance(x, Array) or type(x) in _PLAIN for x in things])
