"""What a flush asks of a trace before a plan runs, and does with its outputs."""

from __future__ import annotations

from .language import load, load_half, reserve, slot, state, store, store_byte
from .matching import has, kind, references, replace
from .python import (
    BytesAt,
    BytesNew,
    DecRef,
    DictNew,
    DictNext,
    ErrClear,
    IncRef,
    IntAs,
    ListItem,
    ListNew,
    ListSet,
    ListSize,
    TupleNew,
    TupleSet,
)

WRITEABLE = 0x400
"""NumPy's flag of arrays that may be written to."""


def survey(self: int, trace: int) -> int:
    """``survey(trace)``: which values somebody holds, which leaves nobody does; leaves.

    A pair of bytes, 0 and 1, and the list of the leaves' buffers; None where a buffer
    is no array of NumPy's. For values without histories.
    """
    values = load(trace + slot.trace_values)
    leaves = load(trace + slot.trace_leaves)
    count = ListSize(values)
    entered = ListSize(leaves)
    pair = TupleNew(2)
    key = BytesNew(0, count + entered)
    buffers = ListNew(entered)
    if pair == 0 or key == 0 or buffers == 0:
        DecRef(pair)
        DecRef(key)
        DecRef(buffers)
        return 0
    at = BytesAt(key)
    i = 0
    while i < count:
        value = ListItem(values, i)
        held = not has(value + slot.value_buffer) and references(value) > 1
        store_byte(at + i, held)
        i += 1
    known = 1
    i = 0
    while i < entered:
        leaf = ListItem(leaves, i)
        buffer = load(leaf + slot.value_buffer)
        if kind(buffer) != state.array_type:
            known = 0
        store_byte(at + count + i, known and is_free(leaf, buffer))
        i += 1
    i = 0
    while i < entered:
        buffer = load(ListItem(leaves, i) + slot.value_buffer)
        IncRef(buffer)
        ListSet(buffers, i, buffer)
        i += 1
    TupleSet(pair, 0, key)
    TupleSet(pair, 1, buffers)
    if known:
        return pair
    DecRef(pair)
    IncRef(state.none)
    return state.none


def is_free(leaf: int, buffer: int) -> int:
    """Whether only the trace's two lists hold a leaf, and only the leaf its memory."""
    if references(leaf) > 2 or references(buffer) > 1:
        return 0
    return (load_half(buffer + slot.array_flags) & WRITEABLE) != 0


def settle(self: int, given: int, count: int, names: int) -> int:
    """``settle(trace, outputs, root, room)``: hand out buffers, and empty the trace.

    No Python code runs before all is done, so nothing can cut it.
    """
    if count != 4 or names != 0:
        return 0
    trace = load(given)
    outputs = load(given + 8)
    fresh = reserve(5)
    store(fresh, ListNew(0))
    store(fresh + 8, ListNew(0))
    store(fresh + 16, ListNew(0))
    store(fresh + 24, ListNew(0))
    store(fresh + 32, DictNew())
    i = 0
    while i < 5:
        if load(fresh + 8 * i) == 0:
            return 0
        i += 1
    hand_out(load(trace + slot.trace_values), outputs)
    exchange(trace + slot.trace_values, fresh)
    exchange(trace + slot.trace_aliases, fresh + 8)
    exchange(trace + slot.trace_leaves, fresh + 16)
    exchange(trace + slot.trace_scalars, fresh + 24)
    exchange(trace + slot.trace_leaf_numbers, fresh + 32)
    IncRef(load(given + 16))
    replace(trace + slot.trace_node, load(given + 16))
    IncRef(load(given + 24))
    replace(trace + slot.trace_room, load(given + 24))
    i = 0
    while i < 5:
        DecRef(load(fresh + 8 * i))
        i += 1
    ErrClear()
    IncRef(state.none)
    return state.none


def hand_out(values: int, outputs: int) -> int:
    """Give values their buffers, by number."""
    place = reserve(3)
    store(place, 0)
    while DictNext(outputs, place, place + 8, place + 16):
        value = ListItem(values, IntAs(load(place + 8)))
        buffer = load(place + 16)
        if value != 0:
            IncRef(buffer)
            replace(value + slot.value_buffer, buffer)
            IncRef(state.none)
            replace(value + slot.value_trace, state.none)
    return 0


def exchange(place: int, other: int) -> int:
    """Let two fields have each other's objects."""
    thing = load(place)
    store(place, load(other))
    store(other, thing)
    return 0
