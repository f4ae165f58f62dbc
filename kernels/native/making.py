"""What a replayed call needs and the collector tracks: made before it is looked at.

To make it may run finalizers, which may do anything. What is made is empty until the
plan has run, see `leaving`.
"""

from __future__ import annotations

from .arguments import FLOATS, HELD, STRETCH
from .guarding import REACHED
from .handles import line_of
from .language import load, slot, state, store
from .leaving import (
    BUFFERS,
    EFFECTS,
    FACE_OF,
    LINE_OF,
    MADE_HANDLES,
    MADE_LINES,
    MADE_PASTS,
    MADE_STORAGES,
    MADE_VALUES,
    MADE_VERSIONS,
    NOTHING,
    OLD,
    PAST,
    ROOT,
    SPECS,
    bytes_of,
    is_of_numpy,
)
from .lengths import has_lengths
from .macros import (
    DecRef,
    IncRef,
    IntAs,
    ListAppend,
    ListItem,
    ListSize,
    TupleItem,
    TupleSize,
)
from .many import leaf_history
from .matching import field, kind, put
from .python import Allocate, Attribute, DictSize, IntFrom, ListNew, ListSet, Next
from .reckoning import (
    CHANGING,
    COUNTED,
    NUMBERS,
    SCALARS,
    TABLE,
    WORDS,
    count_of_counts,
)
from .recording import new_history
from .recycling import fresh, row_of

PLAN = 10
"""The item of `engine.capture.steady.Steady` that is the plan."""


def has_lists(steady: int, made: int) -> int:
    """Make the lists of a replay, those that it needs."""
    written = TupleSize(TupleItem(steady, EFFECTS))
    results = TupleSize(TupleItem(steady, SPECS))
    numbers = TupleSize(TupleItem(steady, NUMBERS))
    whole = has_list(made + HELD, 0, 1)
    whole = whole and has_list(made + BUFFERS, 0, TupleItem(steady, PLAN) != state.none)
    whole = whole and has_list(made + MADE_VALUES, written + results, written + results)
    whole = whole and has_list(made + MADE_PASTS, written + results, written + results)
    whole = whole and has_list(made + MADE_VERSIONS, written, written)
    whole = whole and has_list(made + MADE_HANDLES, results, results)
    lines = count_of_lines(TupleItem(steady, SPECS))
    whole = whole and has_list(made + MADE_LINES, lines, lines)
    whole = whole and has_list(made + MADE_STORAGES, lines, lines)
    whole = whole and has_list(made + OLD, 0, 1)
    scalars = TupleSize(TupleItem(steady, SCALARS))
    changing = TupleSize(TupleItem(steady, CHANGING)) + count_of_counts(steady)
    whole = whole and has_list(made + WORDS, scalars, changing)
    whole = whole and has_list(made + TABLE, numbers, numbers)
    whole = whole and has_list(made + FLOATS, 0, numbers)
    return whole and has_list(made + COUNTED, 0, numbers)


def has_list(place: int, count: int, needed: int) -> int:
    """Put a new list of a size in a place, if it is needed; 0 without memory."""
    if not needed:
        return 1
    store(place, ListNew(count))
    return load(place) != 0


def has_things(steady: int, made: int, extent: int) -> int:
    """Make what the collector tracks; 0 where something cannot be, or is not to be."""
    free = TupleItem(steady, STRETCH) != state.none
    if free and not has_lengths(steady, made, extent):
        return 0
    written = TupleSize(TupleItem(steady, EFFECTS))
    held = load(made + HELD)
    known = TupleItem(steady, REACHED)
    i = 0
    while i < TupleSize(known):
        if ListAppend(held, TupleItem(TupleItem(known, i), 0)) < 0:
            return 0
        i += 1
    i = 0
    while i < ListSize(held):
        if not is_bare(ListItem(held, i)):
            return 0
        i += 1
    i = 0
    while i < written:
        effect = TupleItem(TupleItem(steady, EFFECTS), i)
        handle = ListItem(held, IntAs(TupleItem(effect, ROOT)))
        if is_of_numpy(effect):
            if not is_apart_from_others(handle, held):
                return 0
        elif not can_be_written(effect, i, handle, made):
            return 0
        i += 1
    i = 0
    while i < TupleSize(TupleItem(steady, SPECS)):
        spec = TupleItem(TupleItem(steady, SPECS), i)
        number = IntAs(TupleItem(spec, LINE_OF))
        if number < NOTHING and line_of(ListItem(held, -2 - number)) == 0:
            return 0
        if IntAs(TupleItem(spec, ROOT)) < 0 and not can_be_made(spec, i, written, made):
            return 0
        i += 1
    return has_lines(made)


def count_of_lines(specs: int) -> int:
    """How many new lines views share."""
    count = 0
    i = 0
    while i < TupleSize(specs):
        number = IntAs(TupleItem(TupleItem(specs, i), LINE_OF))
        if number >= count:
            count = number + 1
        i += 1
    return count


def has_lines(made: int) -> int:
    """Make the lines that views share, and their storages."""
    i = 0
    while load(made + MADE_LINES) != 0 and i < ListSize(load(made + MADE_LINES)):
        line = Allocate(state.line_type, 0)
        ListSet(load(made + MADE_LINES), i, line)
        storage = Allocate(state.storage_type, 0)
        ListSet(load(made + MADE_STORAGES), i, storage)
        if line == 0 or storage == 0:
            return 0
        i += 1
    return 1


def is_bare(handle: int) -> int:
    """Whether a handle, and its gradient, have no attributes of their own."""
    if kind(handle) == state.ndarray_type or kind(handle) == state.array_type:
        return 1
    own = Attribute(handle, state.dict_name)
    if own == 0:
        return 0
    count = DictSize(own)
    DecRef(own)
    line = field(handle + slot.array_line, state.line_type)
    cell = 0
    if line != 0:
        cell = field(line + slot.line_cell, state.cell_type)
    if count != 0 or cell == 0:
        return count == 0
    grad = load(cell + slot.cell_grad)
    return grad == state.none or is_bare(grad)


def can_be_written(effect: int, i: int, handle: int, made: int) -> int:
    """Make what an array that is written shows then, and its version."""
    line = line_of(handle)
    if line == 0:
        return 0
    storage = field(line + slot.line_storage, state.storage_type)
    if storage == 0:
        return 0
    cell = load(line + slot.line_cell)
    if (cell != state.none) != (TupleItem(effect, PAST) == state.true):
        return 0
    past = state.none
    IncRef(past)
    if cell != state.none:
        past = leaf_history(cell)
        if past == 0:
            return 0
    ListSet(load(made + MADE_PASTS), i, past)
    value = fresh(state.value_row)
    version = IntFrom(IntAs(load(storage + slot.storage_version)) + 1)
    ListSet(load(made + MADE_VALUES), i, value)
    ListSet(load(made + MADE_VERSIONS), i, version)
    return value != 0 and version != 0


def can_be_made(spec: int, i: int, written: int, made: int) -> int:
    """Make a handle that is returned, or a gradient, with its value."""
    past = TupleItem(spec, PAST)
    if past == state.none:
        IncRef(past)
    else:  # the graph behind a result is gone: what is left of it says so
        past = new_history(past, state.empty)
        if past == 0:
            return 0
        put(past + slot.history_attributes, state.empty)
        store(past + slot.history_sequence, Next(state.sequence))
    ListSet(load(made + MADE_PASTS), written + i, past)
    value = fresh(state.value_row)
    ListSet(load(made + MADE_VALUES), written + i, value)
    handle = fresh(row_of(TupleItem(spec, FACE_OF)))
    ListSet(load(made + MADE_HANDLES), i, handle)
    return value != 0 and handle != 0


def is_apart_from_others(array: int, held: int) -> int:
    """Whether no other array of NumPy's among the arguments shares memory with one."""
    begin = load(array + slot.buffer_data)
    end = begin + bytes_of(array)
    met = 0
    i = 0
    while i < ListSize(held):
        other = ListItem(held, i)
        if kind(other) == state.array_type:
            its = load(other + slot.buffer_data)
            met += its < end and begin < its + bytes_of(other)
        i += 1
    return met == 1  # itself
