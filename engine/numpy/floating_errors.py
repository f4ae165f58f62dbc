"""How floating-point errors are told: `errstate` and `seterr`.

Nothing is told by default, as kernels raise no flags. What a program asks for with a
word other than "ignore" is told: from then on each op is computed when it is recorded,
by the loops of NumPy.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np

from engine.loud import KINDS, hear
from engine.record.runtime import looked
from engine.record.trace import current_trace

__all__ = ["errstate", "seterr"]

_Function = TypeVar("_Function", bound=Callable[..., Any])

_DEFAULT = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
"""The state that a program begins with, in which nothing is told here."""


def _asked(options: dict[str, Any]) -> frozenset[str]:
    """The kinds of errors that are to be told after these options were set."""
    kinds = set(current_trace().loud)
    for kind in KINDS:
        mode = options.get(kind) or options.get("all")
        if mode == "ignore":
            kinds.discard(kind)
        elif mode is not None:
            kinds.add(kind)
    if kinds:
        looked("floating-point errors")
    return frozenset(kinds)


class errstate(np.errstate):
    """A block, or a decorated function, in which floating-point errors are told.

    Kinds of errors for which a mode other than "ignore" is given are told as NumPy
    tells them, at the line that makes them. To that end each op in the block is
    computed at once: much slower, and meant for finding where a NaN comes from.

    Parameters
    ----------
    **options : str
        `all`, `divide`, `over`, `under` and `invalid`: each one of "ignore", "warn",
        "raise", "call", "print" and "log"; and `call`, as of `seterrcall`.

    Examples
    --------
    >>> import engine.numpy as np
    >>> with np.errstate(divide="raise"):
    ...     1 / np.zeros(1)
    Traceback (most recent call last):
        ...
    FloatingPointError: divide: divide by zero encountered in divide; at ...
    """

    __slots__ = ("_before", "_options")
    __module__ = "engine.numpy"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._options = options
        self._before: frozenset[str] = frozenset()

    def __enter__(self) -> None:
        before = current_trace().loud
        hear(_asked(self._options))
        try:
            super().__enter__()
        except BaseException:
            hear(before)
            raise
        self._before = before

    def __exit__(self, *error: Any) -> None:
        try:
            hear(self._before)
        finally:
            super().__exit__(*error)

    def __call__(self, func: _Function) -> _Function:
        @functools.wraps(func)
        def inner(*args: Any, **options: Any) -> Any:
            with errstate(**self._options):
                return func(*args, **options)

        return cast(_Function, inner)


def seterr(
    all: str | None = None,
    divide: str | None = None,
    over: str | None = None,
    under: str | None = None,
    invalid: str | None = None,
) -> dict[str, str]:
    """Set how floating-point errors are told from now on; see `errstate`.

    NumPy's default state, as it was or as it is restored, says that nothing is told.

    Returns
    -------
    dict
        The modes before.
    """
    given: Any = {
        "all": all,
        "divide": divide,
        "over": over,
        "under": under,
        "invalid": invalid,
    }
    old: Any = np.seterr(**given)
    loud = frozenset() if np.geterr() == _DEFAULT else _asked(given)
    hear(loud)
    return dict(old)
