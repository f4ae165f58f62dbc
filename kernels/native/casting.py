"""Events whose operands have other dtypes: they are cast first, as `Op.__call__` does.

Which dtypes an op works in is known to Python alone, which has looked each up once
(`Op.resolve`). Where that is so, and where the path goes on with the casts, they are
recorded from here.
"""

from __future__ import annotations

from .language import inline, load, reserve, slot, state, store
from .macros import DecRef, IncRef, TupleItem
from .matching import equal, kind, put_item
from .python import DictItem, ErrClear, TupleNew
from .recording import follow
from .threads import current


@inline
def follow_cast(op: int, values: int, count: int) -> int:
    """Record an event, and before it the casts of its operands; 0 for Python to do it.

    There are two operands at most. What is cast and the event missing does no harm: it
    is not computed, as nobody holds it.
    """
    if needs_no_cast(op, values, count):
        return follow(op, 0, 0, values, count, 0)
    loop = loop_for(op, values, count)
    if loop == 0:
        return 0
    items = reserve(2)
    inputs = TupleItem(loop, 0)
    made = 0
    cast = 0
    if suits_numbers(inputs, values, count):
        while cast < count and cast_one(inputs, values, items, cast):
            cast += 1
        if cast == count:
            made = follow(op, 0, 0, items, count, 0)
    while cast > 0:
        cast -= 1
        DecRef(load(items + 8 * cast))
    DecRef(loop)
    return made


@inline
def needs_no_cast(op: int, values: int, count: int) -> int:
    """Whether an event is surely one on the operands themselves.

    Those of one floating dtype, and numbers that become such; or the path says so.
    """
    dtype = 0
    wide = 0
    i = 0
    while i < count:
        thing = load(values + 8 * i)
        if kind(thing) == state.value_type:
            own = load(thing + slot.value_dtype)
            if dtype != 0 and own != dtype:
                return 0
            dtype = own
        elif kind(thing) == state.complex_type:
            wide = 1
        i += 1
    if not wide and (dtype == state.float64 or dtype == state.float32):
        return 1
    trace = current()
    if trace == 0:
        return 1
    node = load(load(trace + slot.trace_node) + slot.node_last)
    return node != state.none and load(node + slot.node_op) == op


def loop_for(op: int, values: int, count: int) -> int:
    """The dtypes that an op works in (`Loop`), as far as Python knows; else 0."""
    kinds = TupleNew(count)
    if kinds == 0:
        ErrClear()
        return 0
    i = 0
    while i < count:
        thing = load(values + 8 * i)
        its = kind(thing)
        if its == state.value_type:
            its = load(thing + slot.value_dtype)
        put_item(kinds, i, its)
        i += 1
    loop = loop_of(op, kinds)
    DecRef(kinds)
    return loop


def loop_of(op: int, kinds: int) -> int:
    """The loop of an op for a tuple of dtypes, and of types of Python's numbers."""
    loops = DictItem(state.loops, op)
    loop = 0
    if loops != 0:
        loop = DictItem(loops, kinds)
    if loop == 0:
        ErrClear()
    IncRef(loop)
    return loop


def result_dtype(op: int, kinds: int) -> int:
    """The dtype (borrowed) of what an op gives, as `loop_of`; takes the tuple over."""
    if kinds == 0:
        ErrClear()
        return 0
    loop = loop_of(op, kinds)
    DecRef(kinds)
    dtype = 0
    if loop != 0:
        dtype = TupleItem(loop, 1)
    DecRef(loop)  # the op keeps it
    return dtype


def suits_numbers(inputs: int, values: int, count: int) -> int:
    """Whether Python numbers get the dtype of the last value, as they do here."""
    dtype = 0
    i = 0
    while i < count:
        if kind(load(values + 8 * i)) == state.value_type:
            dtype = TupleItem(inputs, i)
        i += 1
    i = 0
    while i < count:
        thing = load(values + 8 * i)
        suits = TupleItem(inputs, i) == dtype and is_kept(thing, dtype)
        if kind(thing) != state.value_type and not suits:
            return 0
        i += 1
    return 1


def is_kept(number: int, dtype: int) -> int:
    """Whether `number_as` knows a dtype for this kind of numbers."""
    if dtype == state.complex128:
        return 1
    its = kind(number)
    if dtype == state.float64 or dtype == state.float32:
        return its == state.float_type or its == state.int_type
    return its == state.int_type


def cast_one(inputs: int, values: int, items: int, i: int) -> int:
    """Put an operand, cast where it has to be, and a reference to it, into `items`."""
    thing = load(values + 8 * i)
    is_value = kind(thing) == state.value_type
    if is_value and not equal(load(thing + slot.value_dtype), TupleItem(inputs, i)):
        made = follow(state.cast_op, 0, TupleItem(inputs, i), values + 8 * i, 1, 0)
        store(items + 8 * i, made)
        return made != 0
    IncRef(thing)
    store(items + 8 * i, thing)
    return 1
