"""Recording a stretch of events again at once, see `engine.record.splice`.

The trie knows all about them; only the values that somebody holds are made, and their
histories. Nothing between the last look at a trace and the last write to it can run
Python code: what the collector tracks is made before. None means that Python must do
it, from the start. A training step of 64-128-10 takes 296 us of the thread's time with
it where it took 344.
"""

from __future__ import annotations

from .externals import external
from .frames import forget_shift, shifts
from .language import load, slot, state, store
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
from .matching import (
    has,
    is_operand,
    kind,
    put,
    put_item,
    replace,
    same_extents,
)
from .python import (
    DictItem,
    DictNew,
    DictSet,
    DictSize,
    ErrClear,
    IntFrom,
    IntFromAddress,
    ListCut,
    ListNew,
    ListSet,
    TupleNew,
)
from .recording import dated, new_history, same_device
from .recycling import fresh, keep
from .threads import current

DictUpdate = external("PyDict_Update", "i64 i64 -> i32")

START, END, OPERANDS, ENTERING, SCALARS, OPEN = 0, 1, 2, 3, 4, 5
CONSTANTS, MADE, RESULTS, HISTORIES, SPENT = 6, 7, 8, 9, 10
LINE, REGIONS = 11, 12
"""The items of `Passage`."""


NODE, PLACE, INPUTS = 0, 1, 2
"""The items of `Made`."""


def record_again(self: int, given: int, count: int, names: int) -> int:
    """``record_again(passage, table, numbers)``: the results, or None."""
    passage = load(given)
    pool = 0
    if count == 3 and names == 0:
        pool = list_of(load(given + 8))
    results = 0
    done = 0
    if pool != 0:
        done = append_again(passage, pool, load(given + 16))
    if done:
        results = results_of(passage, pool)
    DecRef(pool)
    if not done:
        ErrClear()
        IncRef(state.none)
        return state.none
    return results


def list_of(table: int) -> int:
    """A new list of the things in a list, or 0."""
    if kind(table) != state.list_type:
        return 0
    made = ListNew(0)
    if made != 0 and ListCut(made, 0, 0, table) < 0:
        DecRef(made)
        return 0
    return made


def results_of(passage: int, pool: int) -> int:
    """A list of the results, or 0."""
    places = TupleItem(passage, RESULTS)
    count = TupleSize(places)
    made = ListNew(count)
    i = 0
    while made != 0 and i < count:
        thing = ListItem(pool, IntAs(TupleItem(places, i)))
        IncRef(thing)
        ListSet(made, i, thing)
        i += 1
    return made


def append_again(passage: int, pool: int, numbers: int) -> int:
    """Record the events of a passage again, all or none: whether it was done.

    The pool begins with the values of the table; what is made comes behind them.
    """
    trace = current()
    if trace == 0 or not begins(trace, passage) or not fits_in(trace, passage, pool):
        return 0
    if not has_numbers(passage, numbers):
        return 0
    values = load(trace + slot.trace_values)
    IncRef(trace)
    IncRef(values)
    table = ListSize(pool)
    entered = entering(trace, passage, pool)
    room = room_behind(trace, passage)
    done = entered != 0 and room != 0 and make_values(trace, passage, pool)
    # Making them may have run the collector, and finalizers that record.
    done = done and begins(trace, passage) and load(trace + slot.trace_values) == values
    done = done and extend(trace, passage, pool, entered)
    if done:
        fill_in(trace, passage, pool, table, numbers)
        replace(trace + slot.trace_room, room)
        room = 0
        if TupleItem(passage, HISTORIES) == state.true:
            IncRef(state.true)
            replace(trace + slot.trace_histories, state.true)
        end = TupleItem(passage, END)
        IncRef(end)
        replace(trace + slot.trace_node, end)
        store(state.passed, load(state.passed) + 1)
    DecRef(room)
    DecRef(entered)
    DecRef(values)
    DecRef(trace)
    return done


def begins(trace: int, passage: int) -> int:
    """Whether a trace stands where a passage begins, and nobody flushes it."""
    if load(trace + slot.trace_flushing) != state.false:
        return 0
    if load(shifts(trace)):  # the nodes of a passage say where regions are
        return 0
    return load(trace + slot.trace_node) == TupleItem(passage, START)


def fits_in(trace: int, passage: int, pool: int) -> int:
    """Whether values stand where they stood, and new ones are like those then."""
    operands = TupleItem(passage, OPERANDS)
    i = 0
    while i < TupleSize(operands):
        pair = TupleItem(operands, i)
        x = ListItem(pool, IntAs(TupleItem(pair, 0)))
        if x == 0 or kind(x) != state.value_type:
            return 0
        if not is_operand(trace, x, IntAs(TupleItem(pair, 1))):
            return 0
        i += 1
    leaves = TupleItem(passage, ENTERING)
    i = 0
    while i < TupleSize(leaves):
        pair = TupleItem(leaves, i)
        x = ListItem(pool, IntAs(TupleItem(pair, 0)))
        if x == 0 or kind(x) != state.value_type:
            return 0
        if not is_like(x, TupleItem(pair, 1)):
            return 0
        i += 1
    return 1


def has_numbers(passage: int, numbers: int) -> int:
    """Whether those numbers are given that are given anew each time."""
    opened = TupleItem(passage, OPEN)
    if TupleSize(opened) == 0:
        return 1
    if numbers == 0 or kind(numbers) != state.list_type:
        return 0
    i = 0
    while i < TupleSize(opened):
        if IntAs(TupleItem(TupleItem(opened, i), 1)) >= ListSize(numbers):
            return 0
        i += 1
    return 1


def is_like(value: int, node: int) -> int:
    """Whether a value is computed, on the host, and like the leaf that came then."""
    if not has(value + slot.value_buffer):
        return 0
    if load(node + slot.node_dtype) != load(value + slot.value_dtype):
        return 0
    if not same_device(node + slot.node_device, value + slot.value_device):
        return 0
    return same_extents(load(node + slot.node_shape), load(value + slot.value_shape))


def entering(trace: int, passage: int, pool: int) -> int:
    """The numbers of values that come in, a dict; 0 where one of them is there."""
    leaves = TupleItem(passage, ENTERING)
    known = load(trace + slot.trace_leaf_numbers)
    made = DictNew()
    i = 0
    while made != 0 and i < TupleSize(leaves):
        pair = TupleItem(leaves, i)
        key = IntFromAddress(ListItem(pool, IntAs(TupleItem(pair, 0))))
        number = load(TupleItem(pair, 1) + slot.node_number)
        new = key != 0 and DictItem(known, key) == 0
        if not new or DictSet(made, key, number) < 0:
            DecRef(made)
            made = 0
        DecRef(key)
        i += 1
    if made != 0 and DictSize(made) != TupleSize(leaves):  # one value comes twice
        DecRef(made)
        return 0
    return made


def room_behind(trace: int, passage: int) -> int:
    """The bytes that a trace may keep alive besides the leaves; 0 if too few."""
    leaves = TupleItem(passage, ENTERING)
    left = IntAs(load(trace + slot.trace_room))
    i = 0
    while i < TupleSize(leaves):
        left -= IntAs(load(TupleItem(TupleItem(leaves, i), 1) + slot.node_size))
        i += 1
    if left < 0:
        return 0
    return IntFrom(left)


def make_values(trace: int, passage: int, pool: int) -> int:
    """Put the constants of a passage, and the values of its events, into the pool."""
    constants = TupleItem(passage, CONSTANTS)
    i = 0
    while i < TupleSize(constants):
        if ListAppend(pool, TupleItem(constants, i)) < 0:
            return 0
        i += 1
    made = TupleItem(passage, MADE)
    i = 0
    while i < TupleSize(made):
        if not make_value(trace, TupleItem(made, i), pool):
            return 0
        i += 1
    return 1


def extend(trace: int, passage: int, pool: int, entered: int) -> int:
    """Give a trace's data the length that they have behind a passage, or leave it."""
    values = load(trace + slot.trace_values)
    scalars = load(trace + slot.trace_scalars)
    leaves = load(trace + slot.trace_leaves)
    first = ListSize(values)
    number = ListSize(scalars)
    count = ListSize(leaves)
    done = ListCut(values, first, first, TupleItem(passage, SPENT)) >= 0
    done = done and ListCut(scalars, number, number, TupleItem(passage, SCALARS)) >= 0
    new = TupleItem(passage, ENTERING)
    i = 0
    while done and i < TupleSize(new):
        leaf = ListItem(pool, IntAs(TupleItem(TupleItem(new, i), 0)))
        done = ListAppend(leaves, leaf) >= 0
        i += 1
    done = done and DictUpdate(load(trace + slot.trace_leaf_numbers), entered) >= 0
    if not done:
        ErrClear()
        ListCut(values, first, ListSize(values), 0)
        ListCut(scalars, number, ListSize(scalars), 0)
        ListCut(leaves, count, ListSize(leaves), 0)
    return done


def fill_in(trace: int, passage: int, pool: int, table: int, numbers: int) -> int:
    """Put leaves, the values that were made, and new numbers at their places."""
    values = load(trace + slot.trace_values)
    scalars = load(trace + slot.trace_scalars)
    first = ListSize(values) - TupleSize(TupleItem(passage, SPENT))
    leaves = TupleItem(passage, ENTERING)
    i = 0
    while i < TupleSize(leaves):
        pair = TupleItem(leaves, i)
        leaf = ListItem(pool, IntAs(TupleItem(pair, 0)))
        number = IntAs(load(TupleItem(pair, 1) + slot.node_number))
        exchange_item(values, number, leaf)
        forget_shift(trace, number)
        i += 1
    made = TupleItem(passage, MADE)
    start = table + TupleSize(TupleItem(passage, CONSTANTS))
    i = 0
    while i < TupleSize(made):
        place = first + IntAs(TupleItem(TupleItem(made, i), PLACE))
        exchange_item(values, place, ListItem(pool, start + i))
        i += 1
    touched = TupleItem(passage, REGIONS)
    i = 0
    while i < TupleSize(touched):
        store(shifts(trace) + 8 + 8 * IntAs(TupleItem(touched, i)), 0)
        i += 1
    opened = TupleItem(passage, OPEN)
    first = ListSize(scalars) - TupleSize(TupleItem(passage, SCALARS))
    i = 0
    while i < TupleSize(opened):
        pair = TupleItem(opened, i)
        number = ListItem(numbers, IntAs(TupleItem(pair, 1)))
        exchange_item(scalars, first + IntAs(TupleItem(pair, 0)), number)
        i += 1
    return 0


def exchange_item(things: int, place: int, thing: int) -> int:
    """Put a thing at a place of a list where another one is."""
    IncRef(thing)
    ListSet(things, place, thing)
    return 0


def make_value(trace: int, spec: int, pool: int) -> int:
    """Put the value of one event, with its history, into the pool."""
    node = TupleItem(spec, NODE)
    history = 0
    if TupleItem(spec, INPUTS) != state.none:
        inputs = picked(pool, TupleItem(spec, INPUTS))
        if inputs == 0:
            return 0
        history = new_history(load(node + slot.node_op), inputs)
        DecRef(inputs)
        if history == 0:
            return 0
        if not dated(history, node):
            DecRef(history)
            return 0
    value = fresh(state.value_row)
    if value == 0:
        DecRef(history)
        return 0
    keep(value + slot.value_dtype, load(node + slot.node_dtype))
    keep(value + slot.value_shape, load(node + slot.node_shape))
    keep(value + slot.value_layout, load(node + slot.node_layout))
    keep(value + slot.value_device, load(node + slot.node_device))
    put(value + slot.value_number, load(node + slot.node_number))
    put(value + slot.value_trace, trace)
    put(value + slot.value_buffer, state.none)
    if history != 0:
        put(value + slot.value_history, history)
        DecRef(history)
    else:
        put(value + slot.value_history, state.none)
    done = ListAppend(pool, value) >= 0
    DecRef(value)
    return done


def picked(pool: int, places: int) -> int:
    """A tuple of things of a pool, or 0."""
    count = TupleSize(places)
    made = TupleNew(count)
    i = 0
    while made != 0 and i < count:
        thing = ListItem(pool, IntAs(TupleItem(places, i)))
        if thing == 0:
            DecRef(made)
            return 0
        put_item(made, i, thing)
        i += 1
    return made
