"""What belongs to a thread: the trace it records into, the tier that it computes by."""

from __future__ import annotations

from .language import inline, load, reserve, slot, state
from .macros import DecRef
from .matching import forget_error, kind
from .python import (
    Call,
    ContextGet,
    ErrClear,
    InterpreterState,
    TextCompare,
    ThreadFirst,
    ThreadNext,
    ThreadNumber,
    ThreadState,
)


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


def is_tier(wanted: int) -> int:
    """Whether this thread computes by a tier: by "numpy" where it cannot be asked."""
    place = reserve(1)
    if ContextGet(state.tier_here, 0, place) < 0:
        ErrClear()
        return wanted == state.numpy_name
    here = load(place)
    tier = here
    if here == state.none:
        tier = load(state.config + slot.config_tier)
    same = tier == wanted
    if not same and kind(tier) == state.text_type:
        same = TextCompare(tier, wanted) == 0
    DecRef(here)
    return same


def is_alone() -> int:
    """Whether this interpreter has no threads but this one and those of the pool."""
    thread = ThreadFirst(InterpreterState())
    others = -1
    while thread != 0:
        others += 1
        thread = ThreadNext(thread)
    return others == load(state.pool_numbers + 8)
