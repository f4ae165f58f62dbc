"""Recording an event whose trace goes on as it did the last time.

The functions of `engine.record.trace` say what recording is. This is their fast way for
one case: the event that follows is the child that the present node went to last
(`Node.last`). That child is itself the proof that everything was checked and inferred:
a step with the same op on the same values of the same path was recorded before. All
other cases, and everything that may fail, are left to Python, before anything has
changed.

Nothing between the first look at a trace and the last write to it can run Python code
or let another thread run: what can (allocating objects that the collector tracks,
asking for a trace) comes first. So an event is recorded whole or not at all, without
a lock; and while another thread flushes the trace (`Trace.flushing`), Python waits
for it.

It is written in the language of `language`. Objects are addresses; results are new
references, arguments borrowed ones; 0 means that Python must do it.
"""

from __future__ import annotations

from .frames import agrees, forget_shift, is_moved, note_region
from .language import inline, load, prefetch, reserve, slot, state, store
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
    drop_items,
    has,
    has_history,
    kind,
    matches,
    put,
    replace,
    same_extents,
    tuple_of,
    typed_items,
)
from .python import (
    Call,
    DictSet,
    ErrClear,
    IntFrom,
    IntFromAddress,
    ListCut,
    Next,
)
from .recycling import LINE, fresh, keep, waiting
from .threads import current
from .turning import leads, number_of, turn

MOST = 8
"""Operands of an event, at most; more are left to Python."""

FEWER = 80
"""Arguments of a call of Python are fewer than these."""


@inline
def place_of(trace: int, value: int, op: int, i: int) -> int:
    """Whether a computed value is in the trace already, most likely as operand `i`."""
    last = load(load(trace + slot.trace_node) + slot.node_last)
    values = load(trace + slot.trace_values)
    if last != state.none and load(last + slot.node_op) == op:
        operands = load(last + slot.node_operands)
        if i < TupleSize(operands):
            guess = IntAs(TupleItem(operands, i))
            known = guess >= 0 and guess < ListSize(values)
            if known and ListItem(values, guess) == value:
                return 1
    return number_of(trace, value) != 0


def same_device(one: int, other: int) -> int:
    """Whether two fields name one device, by the same object."""
    return load(one) == load(other)


def enter(trace: int, value: int) -> int:
    """Enter a computed value as a leaf like the one that came next the last time."""
    last = load(load(trace + slot.trace_node) + slot.node_last)
    if last == state.none or load(last + slot.node_op) != state.leaf_op:
        return 0
    if load(last + slot.node_dtype) != load(value + slot.value_dtype):
        return 0
    if not same_device(last + slot.node_device, value + slot.value_device):
        return 0
    if not same_extents(load(last + slot.node_shape), load(value + slot.value_shape)):
        return 0
    left = IntAs(load(trace + slot.trace_room)) - IntAs(load(last + slot.node_size))
    if left < 0:
        return 0
    values = load(trace + slot.trace_values)
    leaves = load(trace + slot.trace_leaves)
    number = load(last + slot.node_number)
    key = IntFromAddress(value)
    room = IntFrom(left)
    if key == 0 or room == 0 or ListAppend(values, value) < 0:
        ErrClear()
        return 0
    count = ListSize(leaves)
    if ListAppend(leaves, value) < 0:
        return undo(values, leaves, count)
    numbers = load(trace + slot.trace_leaf_numbers)
    if DictSet(numbers, key, number) < 0:
        return undo(values, leaves, count)
    DecRef(key)
    forget_shift(trace, IntAs(number))
    replace(trace + slot.trace_room, room)
    IncRef(last)
    replace(trace + slot.trace_node, last)
    return 1


def undo(values: int, leaves: int, count: int) -> int:
    """Take back a leaf for which there was no memory."""
    ErrClear()
    size = ListSize(values)
    ListCut(values, size - 1, size, 0)
    ListCut(leaves, count, ListSize(leaves), 0)
    ErrClear()
    return 0


def new_history(op: int, inputs: int) -> int:
    """The history of an event, but for its attributes and its place in the sequence."""
    history = fresh(state.history_row)
    if history == 0:
        return 0
    put(history + slot.history_op, op)
    put(history + slot.history_inputs, inputs)
    put(history + slot.history_cell, state.none)
    return history


def follow(op: int, given: int, only: int, items: int, count: int, inputs: int) -> int:
    """Record an event that the path went on with the last time.

    Parameters
    ----------
    given, only
        The attributes: a tuple, or one object, or both 0 for none.
    items, count
        Where the operands are: Values, typed scalars, Python numbers.
    inputs
        The operands as a tuple of Values and typed scalars, or 0.
    """
    trace = current()
    if trace == 0 or count > MOST:
        return 0
    typed = reserve(8)
    own = 0
    past = load(trace + slot.trace_grad) == state.true and has_history(items, count)
    if past and inputs == 0:
        if not typed_items(items, count, typed):
            return 0
        items = typed
        own = count
    value = recorded(trace, op, given, only, items, count, past, inputs)
    drop_items(typed, own)
    return value


@inline
def recorded(
    trace: int,
    op: int,
    given: int,
    only: int,
    items: int,
    count: int,
    past: int,
    inputs: int,
) -> int:
    """`follow`, where it is known whether the value is to have a history."""
    value = fresh(state.value_row)
    waiting(state.value_row)
    history = 0
    if value != 0 and past:
        own = 0
        if inputs == 0:
            own = tuple_of(items, count)
            inputs = own
        if inputs != 0:
            history = new_history(op, inputs)
        DecRef(own)
        if history == 0:
            DecRef(value)
            value = 0
    if value == 0:
        ErrClear()
        return 0
    scalars = reserve(9)
    store(scalars, 0)
    done = 0
    tries = 0  # of `advance`, which is copied to here once
    while not done and (
        tries == 0
        or (tries <= count + 2 and turn(trace, op, given, only, items, count))
    ):
        drop_numbers(scalars)
        done = advance(
            trace, op, given, only, items, count, value, history, scalars, tries
        )
        tries += 1
    drop_numbers(scalars)
    if history != 0:
        DecRef(history)
    if done == 0:
        forget_named(load(trace + slot.trace_node))
        DecRef(value)
        return 0
    return value


def opened(trace: int, node: int, given: int, only: int) -> int:
    """What is recorded is a leaf's first region, or of an op that fails late."""
    if load(node + slot.node_opens) == state.true:
        note_region(trace, node, given, only)
    else:
        forget_named(load(trace + slot.trace_node))  # it stays among the children
    return 0


@inline
def forget_named(node: int) -> int:
    """Let no path go on with an event of an op that fails late, but by its line."""
    last = load(node + slot.node_last)
    if last != state.none and load(last + slot.node_opens) == state.none:
        IncRef(state.none)
        replace(node + slot.node_last, state.none)
    return 0


@inline
def drop_numbers(scalars: int) -> int:
    """Give the numbers back that `matches` has made."""
    i = 0
    while i < load(scalars):
        DecRef(load(scalars + 8 + 8 * i))
        i += 1
    store(scalars, 0)
    return 0


@inline
def advance(
    trace: int,
    op: int,
    given: int,
    only: int,
    items: int,
    count: int,
    value: int,
    history: int,
    scalars: int,
    tries: int,
) -> int:
    """The step itself: `value` becomes the next value of the trace, or nothing does.

    The first try is for the very event that came next the last time. Then the path may
    have turned to one about another region, see `frames`.
    """
    values = load(trace + slot.trace_values)
    if load(trace + slot.trace_flushing) != state.false:
        return 0
    if kind(values) != state.list_type:
        return 0
    known = 0
    i = 0
    while i < count:
        thing = load(items + 8 * i)
        computed = kind(thing) == state.value_type and has(thing + slot.value_buffer)
        if computed and not place_of(trace, thing, op, i):
            if not known and not leads(trace, op, given, only, items, count, tries):
                return 0
            known = 1
            if not enter(trace, thing):
                return 0
        i += 1
    node = load(load(trace + slot.trace_node) + slot.node_last)
    if node == state.none or load(node + slot.node_op) != op:
        return 0
    if not agrees(trace, node, given, only, tries):
        return 0
    if IntAs(load(node + slot.node_number)) >= state.most_events:
        return 0
    if not beside(node, items, count) or not matches(
        trace, node, items, count, scalars
    ):
        return 0
    keeps = history != 0 and load(node + slot.node_differentiable) == state.true
    if keeps and (is_moved(node, given, only) or not dated(history, node)):
        return 0
    if not append(trace, values, value, scalars):
        return 0
    if load(node + slot.node_opens) != state.false:
        opened(trace, node, given, only)
    keep(value + slot.value_dtype, load(node + slot.node_dtype))
    keep(value + slot.value_shape, load(node + slot.node_shape))
    keep(value + slot.value_layout, load(node + slot.node_layout))
    keep(value + slot.value_device, load(node + slot.node_device))
    put(value + slot.value_number, load(node + slot.node_number))
    put(value + slot.value_trace, trace)
    put(value + slot.value_buffer, state.none)
    if keeps:
        put(value + slot.value_history, history)
        IncRef(state.true)
        replace(trace + slot.trace_histories, state.true)
    else:
        put(value + slot.value_history, state.none)
    IncRef(node)
    replace(trace + slot.trace_node, node)
    expect(load(node + slot.node_last))
    return 1


@inline
def expect(node: int) -> int:
    """Have a node at hand that is likely to be the next: nothing waits for it now."""
    if node != state.none:
        prefetch(node + LINE)
        prefetch(node + 2 * LINE)
        prefetch(load(node + slot.node_operands) + slot.tuple_items)
    return 0


@inline
def beside(node: int, items: int, count: int) -> int:
    """Whether all operands are where the result is; Python says what mixing means."""
    if load(node + slot.node_device) == state.host:
        return 1
    i = 0
    while i < count:
        thing = load(items + 8 * i)
        is_value = kind(thing) == state.value_type
        place = thing + slot.value_device
        if is_value and not same_device(node + slot.node_device, place):
            return 0
        i += 1
    return 1


def dated(history: int, node: int) -> int:
    """Give a history its attributes and its place in the sequence."""
    number = Next(state.sequence)
    if number == 0:
        ErrClear()
        return 0
    put(history + slot.history_attributes, load(node + slot.node_attributes))
    store(history + slot.history_sequence, number)
    return 1


@inline
def append(trace: int, values: int, value: int, scalars: int) -> int:
    """Put a value, and the numbers that it reads, at the end of the trace's data."""
    kept = load(trace + slot.trace_scalars)
    before = ListSize(kept)
    i = 0
    while i < load(scalars):
        if ListAppend(kept, load(scalars + 8 + 8 * i)) < 0:
            ErrClear()
            ListCut(kept, before, ListSize(kept), 0)
            return 0
        i += 1
    if ListAppend(values, value) < 0:
        ErrClear()
        ListCut(kept, before, ListSize(kept), 0)
        return 0
    return 1


def call_op(self: int, given: int, count: int, names: int) -> int:
    """``Op.__call__(*operands, attributes=())``."""
    attributes = 0
    known = 1
    if names != 0:
        known = TupleSize(names) == 1 and TupleItem(names, 0) == state.attributes_name
        if known:
            attributes = load(given + 8 * count)
            known = kind(attributes) == state.tuple_type
    i = 0
    while known and i < count:
        known = is_input(load(given + 8 * i))
        i += 1
    if known:
        value = follow(self, attributes, 0, given, count, 0)
        if value != 0:
            return value
    return with_self(state.call_op, self, given, count, names)


def is_input(thing: int) -> int:
    """Whether something can be an operand of an op: a Value or a number."""
    its = kind(thing)
    if its == state.value_type or its == state.scalar_type:
        return 1
    if its == state.complex_type:
        return 1
    return its == state.float_type or its == state.int_type


def with_self(python: int, self: int, given: int, count: int, names: int) -> int:
    """Call a Python function as the method that it stands for."""
    total = count
    if names != 0:
        total += TupleSize(names)
    if total >= FEWER:
        return Call(state.too_many, given, 0, 0)
    items = reserve(80)
    store(items, self)
    i = 0
    while i < total:
        store(items + 8 + 8 * i, load(given + 8 * i))
        i += 1
    return Call(python, items, count + 1, names)
