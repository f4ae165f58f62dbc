"""Where a path goes on otherwise than it did the last time.

`recording` follows `Node.last` alone. Here that is set to the child that an event
leads to, if there is one: it is a guess, which the event then checks as it checks any
other. So Python code, which the collector may run, may change things meanwhile.
`engine.record.growth` makes children that are not there.
"""

from __future__ import annotations

from .language import load, reserve, slot, state, store
from .macros import DecRef, IncRef, IntAs, ListSize, TupleItem
from .matching import has, kind, replace
from .python import (
    Call,
    DictItem,
    ErrClear,
    IntFrom,
    IntFromAddress,
    TupleNew,
    TupleSet,
)


def turn(trace: int, op: int, given: int, only: int, items: int, count: int) -> int:
    """Let `Node.last` be the child that an event leads to; whether it was another.

    A child that is not there is made, for the ops of everyday.
    """
    node = load(trace + slot.trace_node)
    entering = first_leaf(trace, items, count)
    if entering != 0 and not of_one_dtype(items, count):
        return 0  # one is cast, perhaps before another one enters
    event = event_key(trace, op, given, only, items, count)
    key = event
    if entering != 0:
        key = leaf_key(entering)
    turned = 0
    if event != 0 and key != 0:
        child = DictItem(load(node + slot.node_children), key)
        if child == 0:
            turned = grown(trace, node, event, entering, items, count)
        elif child != load(node + slot.node_last) and kind(child) == kind(node):
            IncRef(child)
            replace(node + slot.node_last, child)
            turned = 1
    ErrClear()
    if key != event:
        DecRef(key)
    DecRef(event)
    return turned


def grown(
    trace: int, node: int, event: int, entering: int, items: int, count: int
) -> int:
    """Let Python make a node."""
    arguments = reserve(16)
    store(arguments, trace)
    store(arguments + 8, node)
    store(arguments + 16, event)
    store(arguments + 24, state.none)
    if entering != 0:
        store(arguments + 24, entering)
    i = 0
    while i < count:
        store(arguments + 32 + 8 * i, load(items + 8 * i))
        i += 1
    IncRef(node)
    answer = Call(state.grow, arguments, 4 + count, 0)
    DecRef(node)
    if answer == 0:
        return 0
    DecRef(answer)
    return answer == state.true


def first_leaf(trace: int, items: int, count: int) -> int:
    """The first operand (borrowed) that has to enter the trace, or 0."""
    i = 0
    while i < count:
        thing = load(items + 8 * i)
        computed = kind(thing) == state.value_type and has(thing + slot.value_buffer)
        if computed and leaf_number(trace, thing) == 0:
            return thing
        i += 1
    return 0


def of_one_dtype(items: int, count: int) -> int:
    """Whether all operands that are Values have the same dtype."""
    dtype = 0
    i = 0
    while i < count:
        thing = load(items + 8 * i)
        if kind(thing) == state.value_type:
            own = load(thing + slot.value_dtype)
            if dtype != 0 and own != dtype:
                return 0
            dtype = own
        i += 1
    return 1


def leaf_key(value: int) -> int:
    """The key of a value that enters."""
    key = TupleNew(4)
    if key != 0:
        fill(key, 0, state.leaf_op)
        fill(key, 1, load(value + slot.value_dtype))
        fill(key, 2, load(value + slot.value_shape))
        fill(key, 3, load(value + slot.value_device))
    return key


def fill(made: int, i: int, thing: int) -> int:
    """Put an object into a new tuple."""
    IncRef(thing)
    TupleSet(made, i, thing)
    return 0


def leaf_number(trace: int, value: int) -> int:
    """The number of a computed value in the trace (borrowed), 0 if it is not there."""
    key = IntFromAddress(value)
    if key == 0:
        ErrClear()
        return 0
    found = DictItem(load(trace + slot.trace_leaf_numbers), key)
    DecRef(key)
    return found


def event_key(
    trace: int, op: int, given: int, only: int, items: int, count: int
) -> int:
    """The key of an event, as `Trace.advance` makes it; 0 where that is not known."""
    numbers = count_numbers(items, count)
    operands = TupleNew(count)
    dtypes = TupleNew(numbers)
    attributes = given
    if only != 0:
        attributes = TupleNew(1)
        if attributes != 0:
            fill(attributes, 0, only)
    elif given == 0:
        attributes = TupleNew(0)
    else:
        IncRef(given)
    key = TupleNew(4)
    whole = operands != 0 and dtypes != 0 and attributes != 0 and key != 0
    if whole and describe_operands(trace, op, items, count, operands, dtypes):
        fill(key, 0, op)
        TupleSet(key, 1, operands)
        TupleSet(key, 2, attributes)
        TupleSet(key, 3, dtypes)
        return key
    DecRef(operands)
    DecRef(dtypes)
    DecRef(attributes)
    DecRef(key)
    return 0


def count_numbers(items: int, count: int) -> int:
    """How many operands are no Values."""
    numbers = 0
    i = 0
    while i < count:
        if kind(load(items + 8 * i)) != state.value_type:
            numbers += 1
        i += 1
    return numbers


def describe_operands(
    trace: int, op: int, items: int, count: int, operands: int, dtypes: int
) -> int:
    """Fill in the numbers of operands, and the dtypes of Python numbers.

    Operands that have yet to enter have no number: 0 stands there.
    """
    first = ListSize(load(trace + slot.trace_scalars))
    dtype = 0
    i = 0
    while i < count:
        thing = load(items + 8 * i)
        if kind(thing) == state.value_type:
            number = value_number(trace, thing)
            if number == 0 and not has(thing + slot.value_buffer):
                return 0
            if number == 0:
                number = state.zero
                IncRef(number)
            TupleSet(operands, i, number)
            dtype = load(thing + slot.value_dtype)
        i += 1
    used = 0
    i = 0
    while i < count:
        thing = load(items + 8 * i)
        if kind(thing) != state.value_type:
            own = dtype
            if kind(thing) == state.scalar_type:
                own = TupleItem(thing, 1)
            number = IntFrom(~(first + used))
            if own == 0 or number == 0:
                DecRef(number)
                return 0
            TupleSet(operands, i, number)
            fill(dtypes, used, own)
            used += 1
        i += 1
    return 1


def value_number(trace: int, value: int) -> int:
    """The number of a value in the trace, a new reference; 0 if it is not there."""
    number = load(value + slot.value_number)
    if has(value + slot.value_buffer):
        number = leaf_number(trace, value)
    elif load(value + slot.value_trace) != trace or IntAs(number) < 0:
        return 0
    IncRef(number)
    return number
