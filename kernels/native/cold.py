"""A flush of a path that NumPy interprets: no kernel is worth its time yet, or ever.

`engine.cold` says which paths these are, `engine.execute` what a flush is. What a path
needs was found out by Python: its events, what is alive, what each value is read for.

References run Python code, so finalizers and signal handlers do. As in Python the lock
is held, `Trace.flushing` is set, another trace stands in for the one that is flushed,
and nothing of that has changed before all is computed.
"""

from __future__ import annotations

from .interpreting import carried_out
from .language import load, load_byte, reserve, slot, state, store
from .macros import DecRef, IncRef, ListAppend, ListItem, ListSize, TupleItem
from .matching import drop_items, field, replace
from .python import (
    BytesAt,
    Call,
    ContextEnter,
    ContextExit,
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

NODES, ALIVE, LAST, BUDGET = 0, 1, 2, 3
"""The items of `engine.cold.Cold`."""


def interpret_path(trace: int, cold: int, fresh: int, locked: int) -> int:
    """Flush a trace by the references of its events."""
    budget = load(TupleItem(cold, BUDGET) + slot.buffer_data)
    left = load(budget)
    if left <= 0:
        return LEFT
    if not locked:
        return LOCK
    spare = field(trace + slot.trace_spare, state.trace_type)
    quiet = field(trace + slot.trace_quiet, state.quiet_type)
    environment = load(fresh + BUFFERS)
    if spare == 0 or quiet == 0 or not can_stand_in(trace, spare, quiet):
        return LEFT
    if not fill_environment(trace, TupleItem(cold, NODES), environment):
        return LEFT
    store(budget, left - 1)
    IncRef(spare)
    IncRef(quiet)
    IncRef(cold)
    done = LEFT
    if put_aside(trace, spare, quiet):
        done = carry_out_all(cold, load(trace + slot.trace_scalars), environment)
        put_back(trace, spare, quiet)
    if done == DONE:
        hand_out_all(trace, cold, environment)
        empty(trace, fresh)
        if ListSize(load(spare + slot.trace_values)) and not flush_in_python(spare):
            done = FAILED
    elif done == FAILED:
        store(budget, 0)
        find_out(trace)
    else:
        store(budget, -1)
    DecRef(spare)
    DecRef(quiet)
    DecRef(cold)
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


def carry_out_all(cold: int, scalars: int, environment: int) -> int:
    """Do the events of a path: done, failed with an error, or left to Python."""
    nodes = TupleItem(cold, NODES)
    alive = BytesAt(TupleItem(cold, ALIVE))
    last = BytesAt(TupleItem(cold, LAST))
    i = 0
    while i < ListSize(nodes):
        if not carried_out(nodes, i, alive, last, environment, scalars):
            if ErrOccurred():
                return FAILED
            return LEFT
        i += 1
    return DONE


def hand_out_all(trace: int, cold: int, environment: int) -> int:
    """Give what is alive its memory, and count the flush."""
    values = load(trace + slot.trace_values)
    alive = BytesAt(TupleItem(cold, ALIVE))
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
