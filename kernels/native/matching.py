"""Whether an event is the one that a path went on with the last time.

Comparisons here never run Python code: what is not the same by identity, by type and
plain integers, counts as different, and is left to Python.
"""

from __future__ import annotations

from .cells import HEAD, ROW, SIGNED, UNSIGNED
from .language import inline, load, load_half, reserve, single, slot, state, store
from .macros import DecRef, IncRef, IntAs, ListItem, ListSize, TupleItem, TupleSize
from .python import (
    Call,
    CompareBool,
    ComplexFrom,
    ErrClear,
    ErrMatches,
    ErrOccurred,
    FloatAs,
    FloatFrom,
    IntAsFloat,
    IntAsLong,
    SetInterrupt,
    TupleNew,
    TupleSet,
)

RECIPE_DTYPE, RECIPE_OFFSET, RECIPE_SHAPE, RECIPE_STRIDES = 0, 1, 2, 3
"""The items of a `Recipe`."""

EQUAL = 2
"""CPython's number of the comparison ``==``."""

LARGEST_SINGLE = 0x47EFFFFFE0000000
"""The bits of the largest finite float32, as a float64."""

SIGN = 1 << 63
EXACT_SINGLE = 1 << 24
EXACT_DOUBLE = 1 << 53


@inline
def kind(thing: int) -> int:
    """The type of an object."""
    return load(thing + slot.type)


@inline
def field(place: int, its: int) -> int:
    """The object of a class in a field; 0 for anything else that was put there."""
    thing = load(place)
    if thing == 0 or kind(thing) != its:
        return 0
    return thing


@inline
def has(place: int) -> int:
    """Whether a field is not None."""
    return load(place) != state.none


@inline
def references(thing: int) -> int:
    """How many references there are to an object."""
    return load_half(thing + slot.references)


@inline
def put(place: int, thing: int) -> int:
    """Let a field, empty so far, hold an object."""
    IncRef(thing)
    store(place, thing)
    return 0


@inline
def replace(place: int, thing: int) -> int:
    """Let a field hold another object (a reference that it takes over)."""
    old = load(place)
    store(place, thing)
    DecRef(old)
    return 0


def forget_error() -> int:
    """Let an error of Python code go, which does it again; Ctrl-C is heard then."""
    if ErrOccurred() != 0 and ErrMatches(state.interrupt):
        ErrClear()
        SetInterrupt()
    else:
        ErrClear()
    return 0


def equal(one: int, other: int) -> int:
    """Whether two objects that compare without Python code are equal."""
    if one == other:
        return 1
    if kind(one) != kind(other):
        return 0
    answer = CompareBool(one, other, EQUAL)
    if answer < 0:
        ErrClear()
        return 0
    return answer


def same_extents(one: int, other: int) -> int:
    """Whether two tuples are equal, as far as identity and plain integers tell."""
    if one == other:
        return 1
    count = TupleSize(one)
    if count != TupleSize(other):
        return 0
    i = 0
    while i < count:
        left = TupleItem(one, i)
        right = TupleItem(other, i)
        if left != right and not same_integer(left, right):
            return 0
        i += 1
    return 1


def same_integer(one: int, other: int) -> int:
    """Whether two objects are plain integers of one value."""
    if kind(one) != state.int_type or kind(other) != state.int_type:
        return 0
    tag = load(one + slot.int_tag)
    if tag == slot.int_one_digit or tag == slot.int_negative:
        if load(other + slot.int_tag) != tag:
            return 0
        return load_half(one + slot.int_digit) == load_half(other + slot.int_digit)
    return equal(one, other)


def same_recipe(one: int, other: int) -> int:
    """Whether two recipes are equal; most that are not begin elsewhere."""
    if one == other:
        return 1
    left = TupleItem(one, RECIPE_OFFSET)
    right = TupleItem(other, RECIPE_OFFSET)
    if left != right and not same_integer(left, right):
        return 0
    if TupleItem(one, RECIPE_DTYPE) != TupleItem(other, RECIPE_DTYPE):
        return equal(one, other)
    shape = TupleItem(one, RECIPE_SHAPE)
    strides = TupleItem(one, RECIPE_STRIDES)
    if not same_extents(shape, TupleItem(other, RECIPE_SHAPE)):
        return 0
    return same_extents(strides, TupleItem(other, RECIPE_STRIDES))


def same_attribute(one: int, other: int) -> int:
    """Whether two attributes are known to be equal."""
    if one == other:
        return 1
    if kind(one) != kind(other):
        return 0
    if kind(one) == state.tuple_type:
        return same_extents(one, other)
    if kind(one) == state.recipe_type:
        return same_recipe(one, other)
    return same_integer(one, other)


@inline
def same_attributes(known: int, given: int, only: int) -> int:
    """Whether a node's attributes are those given: a tuple, one object, or none."""
    count = TupleSize(known)
    if only != 0:
        return count == 1 and same_attribute(TupleItem(known, 0), only)
    if given == 0:
        return count == 0
    if count != TupleSize(given):
        return 0
    i = 0
    while i < count:
        if not same_attribute(TupleItem(known, i), TupleItem(given, i)):
            return 0
        i += 1
    return 1


def number_as(thing: int, dtype: int, array_dtype: int) -> int:
    """A Python number or typed scalar as what the trace keeps of it."""
    if kind(thing) == state.scalar_type:
        if TupleItem(thing, 1) != dtype:
            return 0
        found = TupleItem(thing, 0)
        IncRef(found)
        return found
    if dtype != array_dtype:
        return 0
    if kind(thing) == state.float_type:
        if dtype == state.float64:
            IncRef(thing)
            return thing
        if dtype == state.complex128:
            return ComplexFrom(FloatAs(thing), 0)
        return rounded(FloatAs(thing), dtype)
    if kind(thing) == state.int_type:
        return integer_as(thing, dtype)
    if kind(thing) == state.complex_type and dtype == state.complex128:
        IncRef(thing)
        return thing
    return 0


def rounded(bits: int, dtype: int) -> int:
    """A float as one of single precision, where that is finite."""
    if dtype != state.float32 or (bits & ~SIGN) > LARGEST_SINGLE:
        return 0
    return FloatFrom(single(bits))


def is_in_range(number: int, dtype: int) -> int:
    """Whether a dtype of integers has a number."""
    if dtype == state.int64:
        return 1
    row = row_for(dtype)
    if row == 0:
        return 0
    bits = 8 * load(row + 16)
    if load(row + 24) == SIGNED:
        return number >= -(1 << (bits - 1)) and number < 1 << (bits - 1)
    if load(row + 24) == UNSIGNED:
        return number >= 0 and (bits == 64 or number < 1 << bits)
    return 0


def integer_as(thing: int, dtype: int) -> int:
    """A Python integer as a number of a dtype that has it exactly."""
    overflow = reserve(1)
    store(overflow, 0)
    number = IntAsLong(thing, overflow)
    if load_half(overflow) != 0:
        return 0
    if is_in_range(number, dtype):
        IncRef(thing)
        return thing
    most = 0
    if dtype == state.float64 or dtype == state.complex128:
        most = EXACT_DOUBLE
    if dtype == state.float32:
        most = EXACT_SINGLE
    if number > most or number < -most or most == 0:
        return 0
    if dtype == state.complex128:
        return ComplexFrom(IntAsFloat(thing), 0)
    return FloatFrom(IntAsFloat(thing))


def row_for(dtype: int) -> int:
    """What is known of a dtype; 0 for others than the usual ones."""
    row = state.cells + HEAD
    while load(row) != 0:
        if load(row) == dtype:
            return row
        row += ROW
    return 0


@inline
def is_operand(trace: int, value: int, number: int) -> int:
    """Whether a value is the one of that number in the trace."""
    values = load(trace + slot.trace_values)
    if number < 0:
        return 0
    if number < ListSize(values) and ListItem(values, number) == value:
        return 1
    # Another history of a pending value: it is not in the list.
    if load(value + slot.value_buffer) != state.none:
        return 0
    if load(value + slot.value_trace) != trace:
        return 0
    return IntAs(load(value + slot.value_number)) == number


@inline
def matches(trace: int, node: int, items: int, count: int, scalars: int) -> int:
    """Whether operands are those of a node; fills in what scalars the trace keeps.

    `scalars` begins with their number, for whoever lets them go.
    """
    operands = load(node + slot.node_operands)
    kinds = load(node + slot.node_scalars)
    if TupleSize(operands) != count:
        return 0
    first = ListSize(load(trace + slot.trace_scalars))
    array_dtype = 0
    i = 0
    while i < count:
        thing = load(items + 8 * i)
        if kind(thing) == state.value_type:
            if not is_operand(trace, thing, IntAs(TupleItem(operands, i))):
                return 0
            array_dtype = load(thing + slot.value_dtype)
        i += 1
    i = 0
    while i < count:
        thing = load(items + 8 * i)
        if kind(thing) != state.value_type:
            used = load(scalars)
            if IntAs(TupleItem(operands, i)) != ~(first + used):
                return 0
            if used >= TupleSize(kinds):
                return 0
            if load(node + slot.node_op) == state.full_op:  # it says its dtype itself
                array_dtype = TupleItem(kinds, used)
            number = number_as(thing, TupleItem(kinds, used), array_dtype)
            if number == 0:
                ErrClear()
                return 0
            store(scalars, used + 1)
            store(scalars + 8 + 8 * used, number)
        i += 1
    return load(scalars) == TupleSize(kinds)


@inline
def has_history(items: int, count: int) -> int:
    """Whether gradients flow to any operand."""
    i = 0
    while i < count:
        thing = load(items + 8 * i)
        if kind(thing) == state.value_type and has(thing + slot.value_history):
            return 1
        i += 1
    return 0


def typed_items(items: int, count: int, typed: int) -> int:
    """Operands with typed scalars for Python numbers, as new references; or 0.

    Numbers have the dtype of the last Value, which must be one of floats. It runs code
    of Python's.
    """
    dtype = 0
    i = 0
    while i < count:
        thing = load(items + 8 * i)
        if kind(thing) == state.value_type:
            dtype = load(thing + slot.value_dtype)
        i += 1
    i = 0
    while i < count:
        thing = load(items + 8 * i)
        if kind(thing) == state.value_type or kind(thing) == state.scalar_type:
            IncRef(thing)
        else:
            thing = typed_scalar(thing, dtype)
        if thing == 0:
            drop_items(typed, i)
            return 0
        store(typed + 8 * i, thing)
        i += 1
    return 1


@inline
def hold_items(items: int, count: int) -> int:
    """Make a reference to each of some objects, which `drop_items` gives up."""
    i = 0
    while i < count:
        IncRef(load(items + 8 * i))
        i += 1
    return 0


@inline
def drop_items(typed: int, count: int) -> int:
    """Give up the references to some objects."""
    i = 0
    while i < count:
        DecRef(load(typed + 8 * i))
        i += 1
    return 0


def typed_scalar(number: int, dtype: int) -> int:
    """A Python number as a typed scalar of a dtype of floats that has it; or 0."""
    if dtype != state.float32 and dtype != state.float64:
        return 0
    known = number_as(number, dtype, dtype)
    if known == 0:
        return 0
    pair = reserve(2)
    store(pair, known)
    store(pair + 8, dtype)
    made = Call(state.typed_scalar, pair, 2, 0)
    DecRef(known)
    if made == 0:
        forget_error()
    return made


def tuple_of(items: int, count: int) -> int:
    """A tuple of operands."""
    made = TupleNew(count)
    i = 0
    while i < count and made != 0:
        put_item(made, i, load(items + 8 * i))
        i += 1
    return made


def put_item(made: int, i: int, thing: int) -> int:
    """Put an object into a new tuple."""
    IncRef(thing)
    TupleSet(made, i, thing)
    return 0
