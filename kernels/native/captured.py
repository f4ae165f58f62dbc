"""Calls of compiled functions, replayed: `engine.capture` says what that means.

Here is the fast way for calls that were replayed before: `guarding` finds out whether a
call is as it was recorded, `reckoning` computes the numbers, the plan runs, and what
the function writes and returns is there (`leaving`). From the first look to the last
write no Python code runs, and no other thread: the GIL is kept, by calls with much work
where there is nobody to wait for it. What the collector tracks is made before, what has
died is let go at the end. Up to the plan nothing is changed, so all that is not as it
should be is left to Python, which begins anew.
"""

from __future__ import annotations

from .arguments import EXTENTS, FLOATS, HELD, STRETCH, are_arguments
from .cold import flush_in_python
from .flushing import (
    CALLS,
    LAUNCHES,
    OVERWRITES,
    STRAIGHT,
    flushed,
    has_threads,
    is_free,
)
from .guarding import (
    EACH,
    FEW_ARRAYS,
    FEW_FOUND,
    FORMS,
    GRADS,
    HANDLES,
    PENDING,
    REACHED,
    VALUES,
    is_recorded,
)
from .handles import line_of
from .language import invoke, load, load_byte, reserve, slot, state, store
from .leaving import (
    BUFFERS,
    COUNTS,
    EFFECTS,
    FACE_OF,
    LEAVES,
    MADE_HANDLES,
    MADE_PASTS,
    MADE_VALUES,
    MADE_VERSIONS,
    MISSED,
    OLD,
    PAST,
    RESULT,
    ROOM,
    ROOT,
    SPECS,
    THINGS_MADE,
    bytes_of,
    is_of_numpy,
    returned,
    write_arrays,
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
from .matching import drop_items, field, kind, put
from .python import (
    Attribute,
    BytesAt,
    BytesNew,
    Call,
    DictSize,
    ErrClear,
    ErrOccurred,
    IntFrom,
    ListNew,
    ListSet,
    Next,
)
from .reckoning import (
    CHANGING,
    COUNTED,
    NUMBERS,
    OWN_PLAN,
    SCALARS,
    TABLE,
    WORDS,
    count_of_counts,
    has_reckoned,
)
from .recording import new_history, with_self
from .recycling import fresh, row_of
from .settling import DONE, FAILED, LEFT
from .threads import current, is_alone

PLAN, FREE, CONSTANTS, LONG = 10, 12, 13, 26
"""More items of `engine.capture.steady.Steady`."""


def call_compiled(self: int, given: int, count: int, names: int) -> int:
    """``Compiled.__call__(*arguments, **options)``."""
    known = field(self + state.compiled_steady, state.tuple_type)
    extent = reserve(EXTENTS)
    result = 0
    going = known != 0
    if going:
        IncRef(known)
        i = 0
        while going and i < TupleSize(known):
            steady = TupleItem(known, i)
            if are_arguments(steady, given, count, names, 0, extent):
                result = replayed(steady, given, count, names)
                going = result == 0 and ErrOccurred() == 0
            i += 1
        DecRef(known)
    if result != 0 or (known != 0 and not going):
        return result
    return with_self(state.call_compiled, self, given, count, names)


def replayed(steady: int, given: int, count: int, names: int) -> int:
    """What a call returns that was replayed; 0 where that is left to Python.

    With an error where one was found: nothing is left to be done then.
    """
    made = reserve(THINGS_MADE)
    few = reserve(FEW_FOUND)
    extent = reserve(EXTENTS)
    i = 0
    while i < THINGS_MADE:
        store(made + 8 * i, 0)
        i += 1
    result = 0
    done = LEFT
    found = room_for_found(steady, made, few)
    if (
        found != 0
        and has_lists(steady, made)
        and are_arguments(steady, given, count, names, made, extent)
    ):
        if has_things(steady, made, extent):
            done = looked_at(steady, made, found, extent)
        if done == DONE:
            done = run_plan(steady, made, found)
    if done == DONE:
        write_arrays(steady, made, found)
        result = returned(TupleItem(steady, RESULT), steady, made, found)
    elif done == LEFT:
        ErrClear()
        counts = load(TupleItem(steady, COUNTS) + slot.buffer_data)
        store(counts + MISSED, load(counts + MISSED) + 1)
    drop_items(made, THINGS_MADE)
    return result


def room_for_found(steady: int, made: int, few: int) -> int:
    """Where what is found of arrays is noted; 0 without memory."""
    arrays = TupleSize(TupleItem(steady, FORMS)) + TupleSize(TupleItem(steady, REACHED))
    arrays += TupleSize(TupleItem(steady, GRADS))
    if arrays <= FEW_ARRAYS:
        return few
    room = BytesNew(0, HANDLES + EACH * arrays)
    store(made + ROOM, room)
    if room == 0:
        return 0
    return BytesAt(room)


def looked_at(steady: int, made: int, found: int, extent: int) -> int:
    """Look whether a call is as it was recorded; what is pending is computed."""
    trace = current()
    held = load(made + HELD)
    if trace == 0:
        return LEFT
    IncRef(trace)
    done = LEFT
    if is_recorded(steady, trace, held, found, extent):
        done = DONE
    elif load(found + PENDING) == trace:
        done = flushed(trace)
        if done != DONE and done != FAILED:
            done = FAILED
            if flush_in_python(trace):
                done = DONE
        if done == DONE and not is_recorded(steady, trace, held, found, extent):
            done = LEFT
    DecRef(trace)
    return done


# -- what is made before anything is looked at ---------------------------------------
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
        if IntAs(TupleItem(spec, ROOT)) < 0 and not can_be_made(spec, i, written, made):
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


# -- the plan ------------------------------------------------------------------------
def run_plan(steady: int, made: int, found: int) -> int:
    """Compute the numbers and run the plan: done, left to Python, or an error."""
    if not has_reckoned(steady, made):
        return LEFT
    if TupleItem(steady, PLAN) == state.none:
        return DONE
    if not are_up_to_date(steady, made, found):
        return LEFT
    plan = BytesAt(TupleItem(TupleItem(steady, PLAN), 0))
    if load(made + OWN_PLAN) != 0:
        plan = BytesAt(load(made + OWN_PLAN))
    if TupleItem(steady, LONG) == state.true and not is_alone():
        return LEFT
    if not has_threads(plan) or not has_arrays(steady, made, found):
        return LEFT
    given = reserve(2)
    store(given, TupleItem(steady, SCALARS))
    if load(made + WORDS) != 0:  # some change with the call
        store(given, load(made + WORDS))
    store(given + 8, 0)
    calls = invoke(load(plan + STRAIGHT), plan, load(made + BUFFERS), given)
    if calls == load(plan + CALLS):
        store(state.counts + 16, load(state.counts + 16) + load(plan + LAUNCHES))
        return DONE
    if calls < load(plan + OVERWRITES):
        return LEFT
    # A plan is none of these where a call may fail behind the first that overwrites.
    items = reserve(1)
    store(items, steady)
    DecRef(Call(state.replay_failed, items, 1, 0))
    return FAILED


def are_up_to_date(steady: int, made: int, found: int) -> int:
    """Whether versions and histories that were made before are still the next ones."""
    effects = TupleItem(steady, EFFECTS)
    i = 0
    while i < TupleSize(effects):
        effect = TupleItem(effects, i)
        if not is_of_numpy(effect) and not is_up_to_date(effect, i, made, found):
            return 0
        i += 1
    return 1


def is_up_to_date(effect: int, i: int, made: int, found: int) -> int:
    """Whether the version and history that were made for an array are the next ones."""
    handle = load(found + HANDLES + EACH * IntAs(TupleItem(effect, ROOT)))
    line = load(handle + slot.array_line)
    if line == state.none:
        return 0
    version = load(load(line + slot.line_storage) + slot.storage_version)
    if IntAs(ListItem(load(made + MADE_VERSIONS), i)) != IntAs(version) + 1:
        return 0
    past = ListItem(load(made + MADE_PASTS), i)
    cell = state.none
    if past != state.none:
        cell = load(past + slot.history_cell)
    return load(line + slot.line_cell) == cell


def has_arrays(steady: int, made: int, found: int) -> int:
    """Gather the memory of what comes in; 0 where what is overwritten is not ours.

    To copy that here would let other threads run: NumPy does it without the GIL.
    """
    leaves = TupleItem(steady, LEAVES)
    free = BytesAt(TupleItem(steady, FREE))
    i = 0
    while i < TupleSize(leaves):
        number = IntAs(TupleItem(leaves, i))
        if number < 0:
            memory = TupleItem(TupleItem(steady, CONSTANTS), ~number)
        else:
            host = load(found + VALUES + EACH * number) == 0
            if load_byte(free + i) and not host and not is_ours(found, number):
                return 0
            memory = load(found + HANDLES + EACH * number)  # one of NumPy's
            if not host:
                memory = load(load(found + VALUES + EACH * number) + slot.value_buffer)
        if ListAppend(load(made + BUFFERS), memory) < 0:
            return 0
        i += 1
    return 1


def is_ours(found: int, number: int) -> int:
    """Whether nobody but a line and its storage holds a value, and it its memory."""
    value = load(found + VALUES + EACH * number)
    line = load(load(found + HANDLES + EACH * number) + slot.array_line)
    if load(load(line + slot.line_storage) + slot.storage_latest) != value:
        return 0
    return is_free(value, load(value + slot.value_buffer))
