"""Calls of compiled functions, replayed: `engine.capture` says what that means.

Here is the fast way for calls that were replayed before, small enough to keep the GIL:
`guarding` finds out whether a call is as it was recorded, the numbers are computed, the
plan runs, and what the function writes and returns is there. From the first look to the
last write no Python code runs, and no other thread: what the collector tracks is made
before, what has died is let go at the end. Up to the plan nothing is changed, so all
that is not as it should be is left to Python, which begins anew.
"""

from __future__ import annotations

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
    ARGUMENTS,
    FOUND,
    HANDLES,
    PENDING,
    REACHED,
    VALUES,
    are_arguments,
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
    ROOT,
    SPECS,
    THINGS_MADE,
    WHERE,
    returned,
    write_arrays,
)
from .macros import (
    DecRef,
    IncRef,
    IntAs,
    ListAppend,
    ListItem,
    TupleItem,
    TupleSize,
)
from .many import leaf_history
from .matching import drop_items, field, kind, put
from .python import (
    Attribute,
    BytesAt,
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
    COUNTED,
    NUMBERS,
    SCALARS,
    TABLE,
    WORDS,
    has_reckoned,
)
from .recording import new_history, with_self
from .recycling import fresh, row_of
from .settling import DONE, FAILED, LEFT
from .threads import current

PLAN, FREE, CONSTANTS = 9, 11, 12
"""More items of `engine.capture.steady.Steady`."""


def call_compiled(self: int, given: int, count: int, names: int) -> int:
    """``Compiled.__call__(*arguments, **options)``."""
    known = field(self + state.compiled_steady, state.tuple_type)
    result = 0
    going = known != 0
    if going:
        IncRef(known)
        i = 0
        while going and i < TupleSize(known):
            steady = TupleItem(known, i)
            if are_arguments(steady, given, count, names):
                result = replayed(steady, given)
                going = result == 0 and ErrOccurred() == 0
            i += 1
        DecRef(known)
    if result != 0 or (known != 0 and not going):
        return result
    return with_self(state.call_compiled, self, given, count, names)


def replayed(steady: int, given: int) -> int:
    """What a call returns that was replayed; 0 where that is left to Python.

    With an error where one was found: nothing is left to be done then.
    """
    made = reserve(THINGS_MADE)
    found = reserve(FOUND)
    i = 0
    while i < THINGS_MADE:
        store(made + 8 * i, 0)
        i += 1
    result = 0
    done = LEFT
    if has_things(steady, given, made):
        done = looked_at(steady, given, found)
        if done == DONE:
            done = run_plan(steady, made, found)
    if done == DONE:
        write_arrays(steady, made, found)
        result = returned(steady, made, found)
    elif done == LEFT:
        ErrClear()
        counts = load(TupleItem(steady, COUNTS) + slot.buffer_data)
        store(counts + MISSED, load(counts + MISSED) + 1)
    drop_items(made, THINGS_MADE)
    return result


def looked_at(steady: int, given: int, found: int) -> int:
    """Look whether a call is as it was recorded; what is pending is computed."""
    trace = current()
    if trace == 0:
        return LEFT
    IncRef(trace)
    done = LEFT
    if is_recorded(steady, trace, given, found):
        done = DONE
    elif load(found + PENDING) == trace:
        done = flushed(trace)
        if done != DONE and done != FAILED:
            done = FAILED
            if flush_in_python(trace):
                done = DONE
        if done == DONE and not is_recorded(steady, trace, given, found):
            done = LEFT
    DecRef(trace)
    return done


# -- what is made before anything is looked at ---------------------------------------
def has_things(steady: int, given: int, made: int) -> int:
    """Make what the collector tracks; 0 where something cannot be, or is not to be."""
    written = TupleSize(TupleItem(steady, EFFECTS))
    results = TupleSize(TupleItem(steady, SPECS))
    store(made + BUFFERS, ListNew(0))
    store(made + WORDS, ListNew(TupleSize(TupleItem(steady, SCALARS))))
    store(made + TABLE, ListNew(TupleSize(TupleItem(steady, NUMBERS))))
    store(made + MADE_VALUES, ListNew(written + results))
    store(made + MADE_PASTS, ListNew(written + results))
    store(made + MADE_VERSIONS, ListNew(written))
    store(made + MADE_HANDLES, ListNew(results))
    store(made + COUNTED, ListNew(0))
    store(made + OLD, ListNew(0))
    i = 0
    while i < THINGS_MADE:
        if load(made + 8 * i) == 0:
            return 0
        i += 1
    if not are_bare(steady, given):
        return 0
    i = 0
    while i < written:
        if not can_be_written(TupleItem(TupleItem(steady, EFFECTS), i), i, given, made):
            return 0
        i += 1
    i = 0
    while i < results:
        spec = TupleItem(TupleItem(steady, SPECS), i)
        if IntAs(TupleItem(spec, ROOT)) < 0 and not can_be_made(
            steady, spec, i, written, made
        ):
            return 0
        i += 1
    return 1


def are_bare(steady: int, given: int) -> int:
    """Whether nobody has set an attribute of a tensor that no recording knows of."""
    known = TupleItem(steady, ARGUMENTS)
    i = 0
    while i < TupleSize(known):
        is_array = kind(TupleItem(known, i)) == state.tuple_type
        if is_array and not is_bare(load(given + 8 * i)):
            return 0
        i += 1
    known = TupleItem(steady, REACHED)
    i = 0
    while i < TupleSize(known):
        if not is_bare(TupleItem(TupleItem(known, i), 0)):
            return 0
        i += 1
    return 1


def is_bare(handle: int) -> int:
    """Whether a handle, and its gradient, have no attributes of their own."""
    if kind(handle) == state.ndarray_type:
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


def can_be_written(effect: int, i: int, given: int, made: int) -> int:
    """Make what an array that is written shows then, and its version."""
    where = IntAs(TupleItem(effect, WHERE))
    handle = TupleItem(effect, FACE_OF)  # one that the function reads
    if where >= 0:
        handle = load(given + 8 * where)
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


def can_be_made(steady: int, spec: int, i: int, written: int, made: int) -> int:
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


# -- the plan ------------------------------------------------------------------------
def run_plan(steady: int, made: int, found: int) -> int:
    """Compute the numbers and run the plan: done, left to Python, or an error."""
    if not has_reckoned(steady, made, found):
        return LEFT
    if TupleItem(steady, PLAN) == state.none:
        return DONE
    if not are_up_to_date(steady, made, found):
        return LEFT
    plan = BytesAt(TupleItem(TupleItem(steady, PLAN), 0))
    if not has_threads(plan) or not has_arrays(steady, made, found):
        return LEFT
    given = reserve(2)
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
        root = IntAs(TupleItem(TupleItem(effects, i), ROOT))
        line = load(load(found + HANDLES + 8 * root) + slot.array_line)
        if line == state.none:
            return 0
        version = load(load(line + slot.line_storage) + slot.storage_version)
        if IntAs(ListItem(load(made + MADE_VERSIONS), i)) != IntAs(version) + 1:
            return 0
        past = ListItem(load(made + MADE_PASTS), i)
        cell = state.none
        if past != state.none:
            cell = load(past + slot.history_cell)
        if load(line + slot.line_cell) != cell:
            return 0
        i += 1
    return 1


def has_arrays(steady: int, made: int, found: int) -> int:
    """Gather the memory of what comes in; 0 where what is overwritten is not ours."""
    leaves = TupleItem(steady, LEAVES)
    free = BytesAt(TupleItem(steady, FREE))
    i = 0
    while i < TupleSize(leaves):
        number = IntAs(TupleItem(leaves, i))
        if number >= 0 and load_byte(free + i) and not is_ours(found, number):
            return 0
        i += 1
    i = 0
    while i < TupleSize(leaves):
        number = IntAs(TupleItem(leaves, i))
        if number < 0:
            memory = TupleItem(TupleItem(steady, CONSTANTS), ~number)
        else:
            memory = load(load(found + VALUES + 8 * number) + slot.value_buffer)
        if ListAppend(load(made + BUFFERS), memory) < 0:
            return 0
        i += 1
    return 1


def is_ours(found: int, number: int) -> int:
    """Whether nobody but a line and its storage holds a value, and it its memory."""
    value = load(found + VALUES + 8 * number)
    line = load(load(found + HANDLES + 8 * number) + slot.array_line)
    if load(load(line + slot.line_storage) + slot.storage_latest) != value:
        return 0
    return is_free(value, load(value + slot.value_buffer))
