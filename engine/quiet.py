"""Quiet: NumPy computes without warnings about floating point."""

from __future__ import annotations

from contextvars import Context, copy_context
from types import TracebackType

import numpy as np


class Quiet:
    """``with Quiet():`` as ``with numpy.errstate(all="ignore"):``, finalizers or not.

    NumPy keeps its error state in a context variable. While one is set, CPython 3.11
    may run the collector, and with it finalizers; if these set one, too, what was being
    copied is freed, and the interpreter crashes. So it is held meanwhile.
    """

    __slots__ = ("_held", "_state")

    def __enter__(self) -> None:
        self._held = [_variables()]
        self._state = np.errstate(all="ignore")
        self._state.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._held.append(_variables())
        self._state.__exit__(kind, error, trace)


def _variables() -> Context:
    """The present context variables, as they are."""
    copy_context()  # leaves room for the next one, which is then made without collector
    return copy_context()
