"""Which trace is recorded into."""

from __future__ import annotations

from .language import inline, state
from .macros import DecRef
from .matching import forget_error
from .python import Call, ThreadNumber, ThreadState


@inline
def current() -> int:
    """The trace of this thread; it is asked of Python when another thread ran."""
    number = ThreadNumber(ThreadState())
    if number == state.thread:
        return state.trace
    trace = Call(state.find_trace, 0, 0, 0)
    if trace == 0:
        forget_error()
        return 0
    old = state.trace
    state.thread = number
    state.trace = trace
    if old != 0:
        DecRef(old)
    return trace
