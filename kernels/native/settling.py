"""The end of a flush: values get their buffers, and the trace is emptied.

No Python code runs before all is done, so nothing can cut it.
"""

from __future__ import annotations

from .frames import shifts
from .language import load, reserve, slot, state, store
from .macros import IncRef, IntAs, ListItem
from .matching import drop_items, replace
from .python import DictNew, DictNext, ErrClear, ListNew

WRITEABLE = 0x400
"""NumPy's flag of arrays that may be written to."""

LEFT, DONE, LOCK, FAILED = 0, 1, 2, 3
"""What came of a flush: Python has to do it; done; the lock is needed; an error."""

VALUES, LEAVES, SCALARS, NUMBERS, BUFFERS, THINGS = 0, 8, 16, 24, 32, 5
"""The places of new, empty things, and how many there are."""


def make_things(fresh: int) -> int:
    """Make the new, empty things of a flush; 0 where there is no memory for them."""
    store(fresh + VALUES, ListNew(0))
    store(fresh + LEAVES, ListNew(0))
    store(fresh + SCALARS, ListNew(0))
    store(fresh + NUMBERS, DictNew())
    store(fresh + BUFFERS, ListNew(0))
    i = 0
    while i < THINGS:
        if load(fresh + 8 * i) == 0:
            return 0
        i += 1
    return 1


def count_flush(recorded: int) -> int:
    """Count a flush, and the ops that had been recorded until then."""
    store(state.counts, load(state.counts) + recorded)
    store(state.counts + 8, load(state.counts + 8) + 1)
    return 0


def settle_value(value: int, buffer: int) -> int:
    """A value that was pending is computed."""
    IncRef(buffer)
    replace(value + slot.value_buffer, buffer)
    IncRef(state.none)
    replace(value + slot.value_trace, state.none)
    return 0


def empty(trace: int, fresh: int) -> int:
    """Let a trace begin anew; what it had is in the places of the new things."""
    exchange(trace + slot.trace_values, fresh + VALUES)
    exchange(trace + slot.trace_leaves, fresh + LEAVES)
    exchange(trace + slot.trace_scalars, fresh + SCALARS)
    exchange(trace + slot.trace_leaf_numbers, fresh + NUMBERS)
    root = load(state.trie + slot.trie_root)
    IncRef(root)
    replace(trace + slot.trace_node, root)
    room = load(state.trie + slot.trie_room)
    IncRef(room)
    replace(trace + slot.trace_room, room)
    store(shifts(trace), 0)
    return 0


def exchange(place: int, other: int) -> int:
    """Let two fields have each other's objects."""
    thing = load(place)
    store(place, load(other))
    store(other, thing)
    return 0


def settle(self: int, given: int, count: int, names: int) -> int:
    """``settle(trace, outputs)``: hand out buffers, and empty the trace."""
    if count != 2 or names != 0:
        return 0
    trace = load(given)
    fresh = reserve(THINGS)
    whole = make_things(fresh)
    if whole:
        hand_out(load(trace + slot.trace_values), load(given + 8))
        empty(trace, fresh)
    drop_items(fresh, THINGS)
    if not whole:
        return 0
    ErrClear()
    IncRef(state.none)
    return state.none


def hand_out(values: int, outputs: int) -> int:
    """Give values their buffers, by number."""
    place = reserve(3)
    store(place, 0)
    while DictNext(outputs, place, place + 8, place + 16):
        value = ListItem(values, IntAs(load(place + 8)))
        if value != 0:
            settle_value(value, load(place + 16))
    return 0
