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

from .arguments import EXTENTS, HELD, are_arguments
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
from .language import invoke, load, load_byte, reserve, slot, state, store
from .leaving import (
    BUFFERS,
    COUNTS,
    EFFECTS,
    LEAVES,
    MADE_PASTS,
    MADE_VERSIONS,
    MISSED,
    RESULT,
    ROOM,
    ROOT,
    THINGS_MADE,
    is_of_numpy,
    returned,
    write_arrays,
)
from .macros import DecRef, IncRef, IntAs, ListAppend, ListItem, TupleItem, TupleSize
from .making import PLAN, has_lists, has_things
from .matching import drop_items, field
from .python import BytesAt, BytesNew, Call, ErrClear, ErrOccurred
from .reckoning import OWN_PLAN, SCALARS, WORDS, has_reckoned
from .recording import with_self
from .settling import DONE, FAILED, LEFT
from .threads import current, is_alone

FREE, CONSTANTS, LONG = 12, 13, 26
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
