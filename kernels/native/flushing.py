"""A flush, where it was done before: what is alive, the plan, buffers for values.

`engine.execute` says what a flush is. Here is its fast way for one case: the present
thread's own trace, without histories, of which the same values were alive once before,
so that its plan is known and is one stretch of native calls (`table.Ends`). All other
cases, and everything that may fail, are left to Python, before anything has changed.

Nothing between the first look at a trace and the last write to it can run Python code;
what the collector tracks is made before. Another thread can only run while a plan
computes without the GIL: the trace's lock is held then, and `Trace.flushing` set.
"""

from __future__ import annotations

from . import MOVED
from .cold import interpret_new, interpret_path, is_new
from .frames import follow_regions, shifts
from .language import (
    invoke,
    load,
    load_byte,
    load_half,
    reserve,
    slot,
    state,
    store,
    store_byte,
)
from .macros import DecRef, IncRef, ListAppend, ListItem, ListSize, TupleItem
from .matching import drop_items, field, has, kind, references, replace
from .python import (
    BytesAt,
    BytesNew,
    Call,
    CallMethod,
    DictItem,
    DictSize,
    ErrClear,
    ErrFetch,
    ErrRestore,
    ListNew,
    TupleNew,
    TupleSet,
)
from .runner import FIELDS
from .settling import (
    BUFFERS,
    DONE,
    FAILED,
    LEFT,
    LOCK,
    THINGS,
    WRITEABLE,
    count_flush,
    empty,
    make_things,
    settle_value,
)
from .threads import current, is_tier

CALLS = 8 * FIELDS.index("calls")
RELEASE = 8 * FIELDS.index("release")
THREADS = 8 * FIELDS.index("threads")
RESULTS = 8 * FIELDS.index("results")
RESULTS_AT = 8 * FIELDS.index("results_at")
LAUNCHES = 8 * FIELDS.index("launches")
HELPERS = 8 * FIELDS.index("helpers")
OVERWRITES = 8 * FIELDS.index("overwrites")
STRAIGHT = 8 * FIELDS.index("straight")
"""Where the words at the head of a plan are."""


def flush(self: int, trace: int) -> int:
    """``flush(trace)``: whether it could be done here."""
    done = flushed(trace)
    if done == FAILED:
        return 0
    answer = state.false
    if done == DONE:
        answer = state.true
    IncRef(answer)
    return answer


def flushed(trace: int) -> int:
    """Flush a trace, if it is this thread's and was flushed in this way before."""
    done = LEFT
    IncRef(trace)
    if current() == trace:
        done = LOCK
        if not state.locks:
            done = attempt(trace, 0)
        if done == LOCK:
            done = LEFT
            state.locks = 1  # most likely the next one needs it, too
            if lock(trace):
                done = attempt(trace, 1)
                unlock(trace)
    DecRef(trace)
    return done


def lock(trace: int) -> int:
    """Take the lock of a trace, if that needs no waiting."""
    items = reserve(2)
    store(items, load(trace + slot.trace_lock))
    store(items + 8, state.false)
    answer = CallMethod(state.acquire_name, items, 2, 0)
    if answer == 0:
        ErrClear()
        return 0
    DecRef(answer)
    return answer == state.true


def unlock(trace: int) -> int:
    """Let the lock of a trace go; an error stays set."""
    items = reserve(1)
    error = reserve(3)
    ErrFetch(error, error + 8, error + 16)
    store(items, load(trace + slot.trace_lock))
    answer = CallMethod(state.release_name, items, 1, 0)
    DecRef(answer)
    ErrRestore(load(error), load(error + 8), load(error + 16))
    return 0


def attempt(trace: int, locked: int) -> int:
    """Flush with things that are made before the first look."""
    fresh = reserve(THINGS)
    done = LEFT
    if make_things(fresh) and is_simple(trace):
        done = follow_plan(trace, locked, fresh)
    if done == LEFT:
        ErrClear()
    drop_items(fresh, THINGS)
    return done


def is_simple(trace: int) -> int:
    """Whether a trace has values, all without histories, and nobody is to be told."""
    if load(trace + slot.trace_flushing) != state.false:
        return 0
    if load(trace + slot.trace_histories) != state.false:
        return 0
    if ListSize(load(trace + slot.trace_values)) == 0:
        return 0
    if ListSize(load(trace + slot.trace_aliases)) != 0:
        return 0
    return DictSize(state.watchers) == 0 and not is_tier(state.numpy_name)


def follow_plan(trace: int, locked: int, fresh: int) -> int:
    """Find the plan of a trace, and run it."""
    count = ListSize(load(trace + slot.trace_values))
    entered = ListSize(load(trace + slot.trace_leaves))
    key = BytesNew(0, count + entered)
    if key == 0:
        return LEFT
    straight = 0
    cold = 0
    done = LEFT
    frame = state.none
    if describe(trace, BytesAt(key)):
        plans = load(load(trace + slot.trace_node) + slot.node_plans)
        known = 0
        if plans != state.none:
            known = DictItem(plans, key)
        if known != 0 and kind(known) == state.known_type:
            straight = field(known + slot.known_straight, state.tuple_type)
            frame = load(known + slot.known_frame)
            if straight == 0:
                cold = field(known + slot.known_cold, state.cold_type)
        elif is_new(known):
            done = interpret_new(trace, key, fresh, locked)
    if cold != 0:
        done = interpret_path(trace, cold, fresh, locked)
    given = reserve(2)  # the scalars, and where it says how the leaves' memory moves
    moves = reserve(MOVED)
    if straight != 0:
        store(given, load(trace + slot.trace_scalars))
        store(given + 8, 0)
        if frame == state.none:
            if load(shifts(trace)):
                straight = 0
        else:
            store(given + 8, moves)
            if not follow_regions(trace, BytesAt(frame), entered, moves):
                straight = 0
    if straight != 0:
        IncRef(straight)
        plan = BytesAt(TupleItem(straight, 0))
        if locked:
            state.locks = load(plan + RELEASE)
        if load(plan + RELEASE) and not locked:
            done = LOCK
        elif has_threads(plan) and gather(trace, load(fresh + BUFFERS)):
            overwrites = has_one(BytesAt(key) + count, entered)
            done = run(trace, plan, fresh, overwrites, given)
        DecRef(straight)
    DecRef(key)
    return done


def has_threads(plan: int) -> int:
    """Whether a plan was made for as many threads as there are to be."""
    if load(plan + THREADS) != load(state.pool_numbers):
        return 0
    return load(plan + HELPERS) <= load(state.pool_numbers + 8)


def has_one(bytes_at: int, count: int) -> int:
    """Whether any of some bytes, all of which are 0 or 1, is 1."""
    i = 0
    while i < count:
        if load_byte(bytes_at + i):
            return 1
        i += 1
    return 0


def gather(trace: int, buffers: int) -> int:
    """Put the buffers of the leaves into a list."""
    leaves = load(trace + slot.trace_leaves)
    count = ListSize(leaves)
    i = 0
    while i < count:
        if ListAppend(buffers, load(ListItem(leaves, i) + slot.value_buffer)) < 0:
            return 0
        i += 1
    return 1


def run(trace: int, plan: int, fresh: int, overwrites: int, given: int) -> int:
    """Run a plan, and give values what it has made."""
    buffers = load(fresh + BUFFERS)
    count = ListSize(load(trace + slot.trace_values))
    entered = ListSize(buffers)
    releases = load(plan + RELEASE)
    if releases:
        IncRef(state.true)
        replace(trace + slot.trace_flushing, state.true)
    made = invoke(load(plan + STRAIGHT), plan, buffers, given)
    if releases:
        IncRef(state.false)
        replace(trace + slot.trace_flushing, state.false)
    if made != load(plan + CALLS):
        if made < load(plan + OVERWRITES) or not overwrites:
            return LEFT
        return lose(trace)
    give(trace, plan, buffers, entered)
    empty(trace, fresh)
    count_flush(count - entered)
    store(state.counts + 16, load(state.counts + 16) + load(plan + LAUNCHES))
    return DONE


def lose(trace: int) -> int:
    """A call failed that should not, and memory that came in was overwritten."""
    items = reserve(1)
    store(items, trace)
    answer = Call(state.failed, items, 1, 0)
    DecRef(answer)
    return FAILED


def give(trace: int, plan: int, buffers: int, entered: int) -> int:
    """Give values their buffers: results, by number and by place in the list."""
    values = load(trace + slot.trace_values)
    pairs = plan + load(plan + RESULTS_AT)
    count = load(plan + RESULTS)
    i = 0
    while i < count:
        value = ListItem(values, load(pairs + 16 * i))
        place = load(pairs + 16 * i + 8)
        if place < 0:
            place = entered + ~place
        settle_value(value, ListItem(buffers, place))
        i += 1
    return 0


def survey(self: int, trace: int) -> int:
    """``survey(trace)``: which values somebody holds, which leaves nobody does; leaves.

    A pair of bytes, 0 and 1, and the list of the leaves' buffers; None where a buffer
    is no array of NumPy's. For values without histories.
    """
    pair = TupleNew(2)
    buffers = ListNew(0)  # the collector may run, so this comes before the first look
    leaves = load(trace + slot.trace_leaves)
    entered = ListSize(leaves)
    key = BytesNew(0, ListSize(load(trace + slot.trace_values)) + entered)
    if pair == 0 or key == 0 or buffers == 0:
        DecRef(pair)
        DecRef(key)
        DecRef(buffers)
        return 0
    known = describe(trace, BytesAt(key))
    known = known and gather(trace, buffers)
    TupleSet(pair, 0, key)
    TupleSet(pair, 1, buffers)
    if known:
        return pair
    DecRef(pair)
    ErrClear()
    IncRef(state.none)
    return state.none


def describe(trace: int, at: int) -> int:
    """Write a byte for each value, and one for each leaf; 0 where that cannot be done.

    Whether somebody holds a value that is to be computed, and whether nobody else holds
    the memory of a leaf.
    """
    values = load(trace + slot.trace_values)
    leaves = load(trace + slot.trace_leaves)
    count = ListSize(values)
    entered = ListSize(leaves)
    i = 0
    while i < count:
        value = ListItem(values, i)
        held = not has(value + slot.value_buffer) and references(value) > 1
        store_byte(at + i, held)
        i += 1
    i = 0
    while i < entered:
        leaf = ListItem(leaves, i)
        buffer = load(leaf + slot.value_buffer)
        if kind(buffer) != state.array_type:
            return 0
        store_byte(at + count + i, is_free(leaf, buffer))
        i += 1
    return 1


def is_free(leaf: int, buffer: int) -> int:
    """Whether only the trace's two lists hold a leaf, and only the leaf its memory."""
    if references(leaf) > 2 or references(buffer) > 1:
        return 0
    return (load_half(buffer + slot.array_flags) & WRITEABLE) != 0
