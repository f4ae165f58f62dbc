"""Rests: a function that gains nothing is called as it is, for longer and longer.

To look at arguments takes 10 us, to replay a call by Python 15 and more, and to record
it some times what it takes.
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


ENOUGH, TIMED = 64, 16
"""After so many replays by Python so many ordinary calls are timed beside them."""

SHORT, BETTER = 2e-4, 0.8
"""Only replays of less than so many seconds are compared; by so much the call as it is
has to be quicker: undecorated code goes through fewer functions of Python's."""


class Pace:
    """Whether calls are quicker as they are than replayed by Python."""

    __slots__ = ("_ordinary", "_replay", "_replays", "_timed", "is_slow")

    def __init__(self) -> None:
        self._ordinary = self._replay = float("inf")
        self._replays = self._timed = 0
        self.is_slow = False

    def replayed(self, seconds: float) -> None:
        """Note what a replay by Python has taken."""
        self._replays += 1
        self._replay = min(self._replay, seconds)

    def is_on_trial(self) -> bool:
        """Whether an ordinary call is to be timed."""
        often = self._replays >= ENOUGH and self._timed < TIMED
        return often and self._replay < SHORT

    def called(self, seconds: float) -> None:
        """Note what an ordinary call has taken, until all is computed."""
        self._timed += 1
        self._ordinary = min(self._ordinary, seconds)
        quicker = self._ordinary < BETTER * self._replay
        self.is_slow = self._timed == TIMED and quicker


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
