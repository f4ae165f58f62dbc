"""A flush of a path that NumPy interprets: no kernel is worth its time yet, or ever.

`engine.cold` says which paths these are, `engine.execute` what a flush is. What a path
needs was found out by Python: its events, what is alive, what each value is read for.

References run Python code, so finalizers and signal handlers do. As in Python the lock
is held, `Trace.flushing` is set, another trace stands in for the one that is flushed,
and nothing of that has changed before all is computed.
"""

from __future__ import annotations

from .frames import shifts
from .interpreting import carried_out, words_of_last
from .language import load, load_byte, reserve, slot, state, store
from .macros import DecRef, IncRef, IntAs, ListAppend, ListItem, ListSize, TupleItem
from .matching import drop_items, field, kind, replace
from .paths import events
from .python import (
    BytesAt,
    Call,
    ContextEnter,
    ContextExit,
    DictItem,
    DictNew,
    DictSet,
    ErrClear,
    ErrFetch,
    ErrMatches,
    ErrOccurred,
    ErrRestore,
    IntFrom,
    SetAttribute,
)
from .settling import (
    BUFFERS,
    DONE,
    FAILED,
    LEFT,
    LOCK,
    count_flush,
    empty,
    settle_value,
)
from .threads import is_tier

NODES, ALIVE, LAST, BUDGET = 0, 1, 2, 3
"""The items of `engine.cold.Cold`."""

NEW_RUNS, NEW_EVENTS, NEW_BYTES = 4, 64, 1 << 19
"""So often a path is interpreted before Python looks at it, if it has no more events
and bytes than that: it takes some microseconds, where Python takes 30 and more."""


def interpret_path(trace: int, cold: int, fresh: int, locked: int) -> int:
    """Flush a trace by the references of its events, in the place of `engine.cold`."""
    budget = load(TupleItem(cold, BUDGET) + slot.buffer_data)
    left = load(budget)
    if left <= 0:
        return LEFT
    if not locked:
        return LOCK
    IncRef(cold)
    nodes = TupleItem(cold, NODES)
    IncRef(nodes)
    if nodes == state.none or load(shifts(trace)):
        DecRef(nodes)
        nodes = events(0, trace)
    done = LEFT
    if nodes != 0:
        alive = BytesAt(TupleItem(cold, ALIVE))
        last = BytesAt(TupleItem(cold, LAST))
        store(budget, left - 1)
        done = interpret_events(trace, nodes, alive, last, fresh)
    if done == FAILED:
        store(budget, 0)
        find_out(trace)
    elif done != DONE:
        store(budget, -1)
    DecRef(nodes)
    DecRef(cold)
    return done


def is_new(known: int) -> int:
    """Whether a path is flushed for one of the first times: `known` is how often."""
    return known == 0 or (kind(known) == state.int_type and IntAs(known) < NEW_RUNS)


def interpret_new(trace: int, key: int, fresh: int, locked: int) -> int:
    """Flush a trace of which no plan is known, if it is a short path on few elements.

    What never recurs, such as arrays of ever other lengths, costs a fifth of what it
    costs in Python; what recurs is seen there some flushes later.
    """
    end = load(trace + slot.trace_node)
    if not is_small(end) or not is_tier(state.auto_name):
        return LEFT
    if not locked:
        return LOCK
    IncRef(end)
    nodes = events(0, trace)
    last = 0
    if nodes != 0:
        last = words_of_last(nodes, BytesAt(key))
    done = LEFT
    if last != 0:
        done = interpret_events(trace, nodes, BytesAt(key), BytesAt(last), fresh)
    if done == DONE:
        count_runs(end, key, 1)
    elif last != 0:
        count_runs(end, key, NEW_RUNS)
    if done == FAILED:
        find_out(trace)
    DecRef(last)
    DecRef(nodes)
    DecRef(end)
    return done


def is_small(end: int) -> int:
    """Whether a path has few events and bytes, all of it on the host."""
    if IntAs(load(end + slot.node_number)) >= NEW_EVENTS:
        return 0
    size = 0
    node = end
    while load(node + slot.node_parent) != state.none:
        if load(node + slot.node_device) != state.host:
            return 0
        size += IntAs(load(node + slot.node_size))
        node = load(node + slot.node_parent)
    return size <= NEW_BYTES


def count_runs(end: int, key: int, more: int) -> int:
    """Count that a path was flushed in a way; an error stays set."""
    error = reserve(3)
    ErrFetch(error, error + 8, error + 16)
    plans = load(end + slot.node_plans)
    if plans == state.none:
        plans = DictNew()
        if plans != 0:
            IncRef(plans)
            replace(end + slot.node_plans, plans)
    else:
        IncRef(plans)
    if plans != 0:
        runs = more
        known = DictItem(plans, key)
        if known != 0 and kind(known) == state.int_type:
            runs = IntAs(known) + more
        number = IntFrom(runs)
        if number != 0 and (known == 0 or kind(known) == state.int_type):
            DictSet(plans, key, number)
        DecRef(number)
    DecRef(plans)
    ErrClear()
    ErrRestore(load(error), load(error + 8), load(error + 16))
    return 0


def interpret_events(trace: int, nodes: int, alive: int, last: int, fresh: int) -> int:
    """Flush a trace whose lock is held by the references of its events.

    Where one has failed nothing has changed, and its error is set.
    """
    spare = field(trace + slot.trace_spare, state.trace_type)
    quiet = field(trace + slot.trace_quiet, state.quiet_type)
    environment = load(fresh + BUFFERS)
    if spare == 0 or quiet == 0 or not can_stand_in(trace, spare, quiet):
        return LEFT
    if not fill_environment(trace, nodes, environment):
        return LEFT
    IncRef(spare)
    IncRef(quiet)
    done = LEFT
    if put_aside(trace, spare, quiet):
        scalars = load(trace + slot.trace_scalars)
        done = carry_out_all(nodes, alive, last, scalars, environment)
        put_back(trace, spare, quiet)
    if done == DONE:
        hand_out_all(trace, alive, environment)
        empty(trace, fresh)
        if ListSize(load(spare + slot.trace_values)) and not flush_in_python(spare):
            done = FAILED
    DecRef(spare)
    DecRef(quiet)
    return done


def can_stand_in(trace: int, spare: int, quiet: int) -> int:
    """Whether a trace is new, so that it can stand in for one, and no flush goes on."""
    if load(trace + slot.trace_flushes) != state.zero:
        return 0
    if load(quiet + slot.quiet_inside) != state.false:
        return 0
    if load(spare + slot.trace_node) != load(state.trie + slot.trie_root):
        return 0
    return ListSize(load(spare + slot.trace_values)) == 0


def fill_environment(trace: int, nodes: int, environment: int) -> int:
    """Fill a list with the leaves' memory, and None for what is to be computed."""
    leaves = load(trace + slot.trace_leaves)
    entered = 0
    i = 0
    while i < ListSize(nodes):
        thing = state.none
        if load(ListItem(nodes, i) + slot.node_op) == state.leaf_op:
            leaf = ListItem(leaves, entered)
            if leaf == 0:
                return 0
            thing = load(leaf + slot.value_buffer)
            entered += 1
        if ListAppend(environment, thing) < 0:
            return 0
        i += 1
    return 1


def put_aside(trace: int, spare: int, quiet: int) -> int:
    """Let this thread record into another trace, and compute in a context of its own.

    0 where that fails, and nothing has changed.
    """
    grad = load(trace + slot.trace_grad)
    IncRef(grad)
    replace(spare + slot.trace_grad, grad)
    replace(spare + slot.trace_flushes, IntFrom(1))
    if ContextEnter(load(quiet + slot.quiet_context)) < 0:
        ErrClear()
        return 0
    IncRef(state.true)
    replace(quiet + slot.quiet_inside, state.true)
    IncRef(state.true)
    replace(trace + slot.trace_flushing, state.true)
    IncRef(state.none)
    replace(trace + slot.trace_spare, state.none)
    if SetAttribute(state.here, state.trace_name, spare) < 0:
        put_back(trace, spare, quiet)
        ErrClear()
        return 0
    return 1


def put_back(trace: int, spare: int, quiet: int) -> int:
    """Undo `put_aside`; an error stays set."""
    error = reserve(3)
    ErrFetch(error, error + 8, error + 16)
    SetAttribute(state.here, state.trace_name, trace)
    IncRef(spare)
    replace(trace + slot.trace_spare, spare)
    IncRef(state.false)
    replace(trace + slot.trace_flushing, state.false)
    IncRef(state.false)
    replace(quiet + slot.quiet_inside, state.false)
    ContextExit(load(quiet + slot.quiet_context))
    ErrRestore(load(error), load(error + 8), load(error + 16))
    return 0


def carry_out_all(
    nodes: int, alive: int, last: int, scalars: int, environment: int
) -> int:
    """Do the events of a path: done, failed with an error, or left to Python."""
    i = 0
    while i < ListSize(nodes):
        if not carried_out(nodes, i, alive, last, environment, scalars):
            if ErrOccurred():
                return FAILED
            return LEFT
        i += 1
    return DONE


def hand_out_all(trace: int, alive: int, environment: int) -> int:
    """Give what is alive its memory, and count the flush."""
    values = load(trace + slot.trace_values)
    count = ListSize(values)
    i = 0
    while i < count:
        if load_byte(alive + i):
            settle_value(ListItem(values, i), ListItem(environment, i))
        i += 1
    count_flush(count - ListSize(load(trace + slot.trace_leaves)))
    return 0


def flush_in_python(trace: int) -> int:
    """Have Python flush a trace; 0 with an error."""
    items = reserve(1)
    store(items, trace)
    answer = Call(state.flush_trace, items, 1, 0)
    DecRef(answer)
    return answer != 0


def find_out(trace: int) -> int:
    """Have Python find the error of a reference, with the user's line.

    Where there is none in Python, a signal handler has raised what is set here. Ctrl-C
    is heard at once, and all stays pending.
    """
    if not ErrMatches(state.exception):
        return 0
    error = reserve(3)
    ErrFetch(error, error + 8, error + 16)
    if flush_in_python(trace):
        ErrRestore(load(error), load(error + 8), load(error + 16))
        return 0
    drop_items(error, 3)
    return 0
