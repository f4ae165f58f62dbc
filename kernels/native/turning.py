"""Where a path goes on otherwise than it did the last time.

`recording` follows `Node.last` alone. Here that is set to the child that an event
leads to, if there is one: it is a guess, which the event then checks as it checks any
other. So Python code, which the collector may run, may change things meanwhile.
`growing` makes children that are not there, or `engine.record.growth`. Programs that
alternate are flushed in 4 us that way, where Python took 10.
"""

from __future__ import annotations

from .flushing import flushed
from .frames import (
    agrees,
    form_of,
    in_frame,
    recipe_of,
    region_leaf,
    shift_of,
)
from .growing import NAMED, child_of, leaf_key, made_leaf, made_node
from .language import load, reserve, slot, state, store
from .lines import user_line
from .macros import DecRef, IncRef, ListSize, TupleItem
from .matching import forget_error, has, kind, put_item, replace
from .python import (
    Call,
    DictItem,
    DictSize,
    ErrClear,
    IntFrom,
    IntFromAddress,
    TupleNew,
    TupleSet,
    Untrack,
)
from .results import fails_late
from .settling import DONE


def turn(trace: int, op: int, given: int, only: int, items: int, count: int) -> int:
    """Let `Node.last` be the way that an event leads; whether it was another.

    First come the leaves that enter with it. Children that are not there are made, for
    the ops of everyday. Where iterations of a loop end the trace is flushed first.
    """
    numbers = reserve(9)  # how many, and references: Python code may run meanwhile
    store(numbers, 0)
    node = load(trace + slot.trace_node)
    if load(node + slot.node_last) == state.end:  # no path goes on there
        return flushed(trace) == DONE
    IncRef(node)
    turned = 0
    known = 1
    i = 0
    while known and i < count:
        thing = load(items + 8 * i)
        number = number_so_far(trace, items, numbers + 8, i)
        if number == 0:
            known = turn_to_leaf(trace, node, thing, op, given, only, items, count)
            after = load(node + slot.node_last)
            if known and after != state.none:
                turned = turned | (known == 2)
                IncRef(after)
                DecRef(node)
                node = after
                number = load(node + slot.node_number)
        if number == 0:
            known = 0
        else:
            IncRef(number)
            store(numbers + 8 + 8 * i, number)
            i += 1
            store(numbers, i)
    if known:
        found = turn_to_event(trace, node, op, given, only, items, count, numbers + 8)
        turned = turned | (found == 2)
    DecRef(node)
    i = 0
    while i < load(numbers):
        DecRef(load(numbers + 8 + 8 * i))
        i += 1
    return turned


def turn_to_event(
    trace: int,
    node: int,
    op: int,
    given: int,
    only: int,
    items: int,
    count: int,
    numbers: int,
) -> int:
    """Point a node to that of an event: 1 it was, 2 it was not, 0 there is none."""
    event = event_key(trace, op, given, only, items, count, numbers)
    if event != 0 and fails_late(op):
        event = with_line(event)
    if event == 0:
        ErrClear()
        return 0
    recipe = recipe_of(given, only)
    owner = region_leaf(node, op, recipe, items, numbers)
    if owner < 0:
        found = point(node, event)
    else:
        found = turn_to_region(
            trace, node, op, recipe, owner, items, count, numbers, event
        )
    if found == 0:
        found = 2 * made_node(trace, node, event, recipe, owner, items, count)
    if found == 0:
        found = 2 * grown(trace, node, event, 0, items, count)
    DecRef(event)
    return found


def with_line(event: int) -> int:
    """The key of an event (taken over) with the user's line; or 0."""
    line = user_line()
    key = TupleNew(NAMED)
    if line == 0 or key == 0:
        DecRef(line)
        DecRef(key)
        DecRef(event)
        return 0
    i = 0
    while i < NAMED - 1:
        put_item(key, i, TupleItem(event, i))
        i += 1
    TupleSet(key, NAMED - 1, line)
    DecRef(event)
    return key


def turn_to_region(
    trace: int,
    node: int,
    op: int,
    recipe: int,
    owner: int,
    items: int,
    count: int,
    numbers: int,
    event: int,
) -> int:
    """Point a node to that of a region: 1 it was, 2 it is now, 0 there is none.

    It is looked for in the frame of the path. The first region of a leaf may be any
    that is there, if it is not there itself: that is 2, too.
    """
    shift = shift_of(trace, owner)
    if shift == 0:
        return point(node, event)
    if shift == state.no_shift:
        found = point(node, event)
        if found != 0 or DictSize(state.watchers) != 0:
            return found
        form = form_of(recipe, 0)
        key = event_key(trace, op, form, 0, items, count, numbers)
    else:
        form = in_frame(recipe, shift)
        key = event_key(trace, op, 0, form, items, count, numbers)
    found = 0
    if form != 0 and key != 0:
        found = point(node, key)
    if found != 0 and shift == state.no_shift:
        found = 2
    ErrClear()
    DecRef(form)
    DecRef(key)
    return found


def turn_to_leaf(
    trace: int,
    node: int,
    value: int,
    op: int,
    given: int,
    only: int,
    items: int,
    count: int,
) -> int:
    """Point a node to the leaf of a value: 1 it was, 2 it was not, 0 there is none."""
    key = leaf_key(value)
    if key == 0:
        ErrClear()
        return 0
    found = point(node, key)
    DecRef(key)
    if found == 0:
        found = 2 * made_leaf(trace, node, value)
    if found != 0:
        return found
    event = event_key(trace, op, given, only, items, count, 0)
    if event == 0:
        ErrClear()
        return 0
    found = 2 * grown(trace, node, event, value, items, count)
    DecRef(event)
    return found


def point(node: int, key: int) -> int:
    """Let a child be the last one: 1 where it was, 2 where not, 0 if there is none."""
    child = child_of(node, key)
    if child == 0 or kind(child) != kind(node):
        ErrClear()
        return 0
    if child == load(node + slot.node_last):
        return 1
    IncRef(child)
    replace(node + slot.node_last, child)
    return 2


def grown(
    trace: int, node: int, event: int, entering: int, items: int, count: int
) -> int:
    """Let Python make a node, and point to it."""
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
    answer = Call(state.grow, arguments, 4 + count, 0)
    if answer == 0:
        forget_error()
        return 0
    DecRef(answer)
    return answer == state.true


def leads(
    trace: int, op: int, given: int, only: int, items: int, count: int, tries: int
) -> int:
    """Whether a path, with the leaves that enter, goes on with this op and attributes.

    So leaves enter with their event or not at all. Where none enters nobody asks.
    """
    node = load(trace + slot.trace_node)
    numbers = reserve(8)
    entered = 0
    i = 0
    while i < count:
        number = number_so_far(trace, items, numbers, i)
        if number == 0:
            node = load(node + slot.node_last)
            if node == state.none or load(node + slot.node_op) != state.leaf_op:
                return 0
            entered = 1
            number = state.zero  # any will do: it is there now
        store(numbers + 8 * i, number)
        i += 1
    if entered == 0:
        return 1
    node = load(node + slot.node_last)
    if node == state.none or load(node + slot.node_op) != op:
        return 0
    return agrees(trace, node, given, only, tries)


def number_of(trace: int, value: int) -> int:
    """The number of a value in the trace (borrowed); 0 for one that has to enter."""
    if not has(value + slot.value_buffer):
        return load(value + slot.value_number)
    key = IntFromAddress(value)
    if key == 0:
        ErrClear()
        return 0
    found = DictItem(load(trace + slot.trace_leaf_numbers), key)
    DecRef(key)
    return found


def number_so_far(trace: int, items: int, numbers: int, i: int) -> int:
    """The number of operand `i` (borrowed), by those before it; 0 if it has to enter.

    Operands that are no Values have none, and need none: 0 as an object.
    """
    thing = load(items + 8 * i)
    if kind(thing) != state.value_type:
        return state.zero
    number = number_of(trace, thing)
    k = 0
    while number == 0 and k < i:
        if load(items + 8 * k) == thing:
            number = load(numbers + 8 * k)
        k += 1
    return number


def event_key(
    trace: int, op: int, given: int, only: int, items: int, count: int, numbers: int
) -> int:
    """The key of an event, as `Trace.advance` makes it; 0 where that is not known.

    Without the numbers of operands it says which event is meant, and is no key.
    """
    operands = TupleNew(count)
    dtypes = TupleNew(count_numbers(items, count))
    attributes = given
    if only != 0:
        attributes = TupleNew(1)
        if attributes != 0:
            put_item(attributes, 0, only)
            if kind(only) == state.recipe_type:
                Untrack(attributes)  # none of these refers to anything
    elif given == 0:
        attributes = TupleNew(0)
    else:
        IncRef(given)
    key = TupleNew(4)
    whole = operands != 0 and dtypes != 0 and attributes != 0 and key != 0
    if whole and describe_operands(trace, items, count, numbers, operands, dtypes):
        put_item(key, 0, op)
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
    trace: int, items: int, count: int, numbers: int, operands: int, dtypes: int
) -> int:
    """Fill in the numbers of operands, and the dtypes of Python numbers."""
    first = ListSize(load(trace + slot.trace_scalars))
    dtype = last_dtype(items, count)
    used = 0
    i = 0
    while i < count:
        thing = load(items + 8 * i)
        number = state.zero
        if kind(thing) == state.value_type:
            if numbers != 0:
                number = load(numbers + 8 * i)
            IncRef(number)
        else:
            own = dtype
            if kind(thing) == state.scalar_type:
                own = TupleItem(thing, 1)
            number = IntFrom(~(first + used))
            if own == 0:
                DecRef(number)
                return 0
            put_item(dtypes, used, own)
            used += 1
        if number == 0:
            return 0
        TupleSet(operands, i, number)
        i += 1
    return 1


def last_dtype(items: int, count: int) -> int:
    """The dtype of the last Value among operands: that of Python numbers; or 0."""
    i = count - 1
    while i >= 0:
        thing = load(items + 8 * i)
        if kind(thing) == state.value_type:
            return load(thing + slot.value_dtype)
        i -= 1
    return 0
