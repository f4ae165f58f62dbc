"""Promised values: a thread computes them, and others that need them wait for it.

A call that is replayed writes arrays as a whole, when it has computed. So it promises
what it is about to write first: whoever reads or writes such an array meanwhile goes on
from the promised value, and no write is lost.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence

from engine.errors import called
from engine.record.value import Value


class Promise:
    """Values that the present thread is about to compute.

    Parameters
    ----------
    values : sequence of Value
        Without memory as yet.
    former : sequence of Value
        For each, what it is as long as nothing was computed.
    """

    def __init__(self, values: Sequence[Value], former: Sequence[Value]) -> None:
        self.values, self.former = values, former
        self.thread = threading.get_ident()
        self.kept = threading.Lock()
        self.kept.acquire()
        for value in values:
            _promises[value] = self

    def keep(self) -> None:
        """Let those that wait go on: values have their memory now, or are lost."""
        for value in self.values:
            _promises.pop(value, None)
        if self.kept.locked():
            self.kept.release()

    def withdraw(self) -> None:
        """Let the values be what they replaced."""
        for value, old in zip(self.values, self.former, strict=True):
            value.buffer = old.buffer
        self.keep()


_promises: dict[Value, Promise] = {}


def wait_for(value: Value, seconds: float = -1) -> bool:
    """Wait until a value is computed; False where nobody has promised it.

    Raises
    ------
    RuntimeError
        When it is this very thread that computes it, which a finalizer has
        interrupted, or when it takes more than some seconds, where that is limited.
    """
    promise = _promises.get(value)
    if promise is None:
        return value.buffer is not None or value.trace is not None
    if promise.thread == threading.get_ident() or not promise.kept.acquire(
        timeout=seconds
    ):
        raise RuntimeError(
            f"{called()}: an array that can be computed now was required; a compiled "
            "function is writing it, in the thread that a finalizer has interrupted, "
            "or in one that may be waiting for that one"
        )
    promise.kept.release()
    return True


def _withdraw_all() -> None:
    """In a forked child: the threads that would keep the promises are not there."""
    for promise in list(_promises.values()):
        promise.withdraw()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_withdraw_all)
