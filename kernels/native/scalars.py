"""Arithmetic on scalars that are computed, and what else is done with their numbers.

`engine.numpy.at_once` says what it means. `cells` has the code that computes.
"""

from __future__ import annotations

from .cells import COMPUTE, INTEGER, MAKE, MAKE_ARRAY, REAL_NUMBER, TRUTH
from .language import invoke, load, load_byte, reserve, slot, state, store
from .macros import DecRef, IncRef, IntAs, ListSize, TupleItem
from .matching import RECIPE_SHAPE, field, has, kind, put, row_for
from .python import (
    DictItem,
    DictSize,
    ErrClear,
    FloatAs,
    FloatFrom,
    IntAsLong,
    IntFrom,
)
from .recording import current
from .recycling import fresh, keep


def is_idle() -> int:
    """Whether this thread has nothing pending, and nobody watches what is recorded."""
    trace = current()
    if trace == 0 or DictSize(state.watchers) != 0:
        return 0
    return ListSize(load(trace + slot.trace_values)) == 0


def cell_of(thing: int) -> int:
    """The memory (borrowed) of a computed scalar of the NumPy face; 0 for all else."""
    if kind(thing) != state.ndarray_type:
        return 0
    if load(thing + slot.array_scalar) != state.true:
        return 0
    value = field(thing + slot.array_value, state.value_type)
    if value == 0 or has(value + slot.value_history):
        return 0
    if load(value + slot.value_device) != state.host:
        return 0
    if load(thing + slot.array_recipe) != load(value + slot.value_layout):
        return 0
    buffer = load(value + slot.value_buffer)
    if kind(buffer) != state.array_type:
        return 0
    return buffer


def dtype_of(scalar: int) -> int:
    """The dtype of a scalar (borrowed)."""
    return load(load(scalar + slot.array_value) + slot.value_dtype)


def describe_number(thing: int, words: int, i: int) -> int:
    """Note the kind and the bits of an operand; whether it is known here."""
    buffer = cell_of(thing)
    known = INTEGER
    bits = 0
    if buffer != 0:
        dtype = dtype_of(thing)
        if dtype != state.int64 and dtype != state.float64:
            return 0
        if dtype == state.float64:
            known = REAL_NUMBER
        bits = load(load(buffer + slot.buffer_data))
    elif kind(thing) == state.float_type:
        known = REAL_NUMBER
        bits = FloatAs(thing)
    elif kind(thing) == state.int_type:
        overflow = reserve(1)
        store(overflow, 0)
        bits = IntAsLong(thing, overflow)
        if load(overflow) != 0:
            return 0
    else:
        return 0
    store(words + 8 + 8 * i, known)
    store(words + 24 + 8 * i, bits)
    return 1


def found_at_once(op: int, items: int, count: int) -> int:
    """The value that an op gives for scalars and Python numbers; 0 to record it."""
    i = 0
    while i < count:
        thing = load(items + 8 * i)
        if kind(thing) == state.ndarray_type and cell_of(thing) == 0:
            return 0
        i += 1
    code = DictItem(state.codes, op)
    if code == 0:
        ErrClear()
        return 0
    if not is_idle():
        return 0
    value = fresh(state.value_row)  # where the collector may run, so this comes first
    if value == 0:
        ErrClear()
        return 0
    words = reserve(6)
    store(words, IntAs(code))
    if fill_value(value, words, items, count):
        return value
    DecRef(value)
    return 0


def fill_value(value: int, words: int, items: int, count: int) -> int:
    """Let a new value be what an op gives for numbers; whether that was done."""
    if not is_idle() or load(current() + slot.trace_flushing) != state.false:
        return 0
    i = 0
    while i < count:
        if not describe_number(load(items + 8 * i), words, i):
            return 0
        i += 1
    if count == 1:
        store(words + 16, load(words + 8))
    found = invoke(load(state.cells + COMPUTE), words, 0, 0)
    dtype = 0
    if found == INTEGER:
        dtype = state.int64
    elif found == REAL_NUMBER:
        dtype = state.float64
    elif found == TRUTH:
        dtype = state.bool_dtype
    row = row_for(dtype)
    if dtype == 0 or row == 0:
        return 0
    cell = new_cell(row, words + 40)
    if cell == 0:
        return 0
    become(value, row, cell)
    return 1


def new_cell(row: int, address: int) -> int:
    """A new array without axes that holds a copy of the item at an address."""
    words = reserve(5)
    store(words, load(state.cells + MAKE_ARRAY))
    store(words + 8, load(state.cells + MAKE_ARRAY + 8))
    store(words + 16, load(row))
    store(words + 24, address)
    store(words + 32, load(row + 16))
    return invoke(load(state.cells + MAKE), words, 0, 0)


def become(value: int, row: int, cell: int) -> int:
    """Let a new value be computed, and hold a cell (a reference that it takes over)."""
    recipe = load(row + 8)
    keep(value + slot.value_dtype, load(row))
    keep(value + slot.value_shape, TupleItem(recipe, RECIPE_SHAPE))
    keep(value + slot.value_layout, recipe)
    keep(value + slot.value_device, state.host)
    put(value + slot.value_number, state.zero)
    put(value + slot.value_trace, state.none)
    put(value + slot.value_history, state.none)
    store(value + slot.value_buffer, cell)
    return 0


def number_to_write(thing: int, dtype: int) -> int:
    """A Python number (a new reference) for memory of a dtype; 0 for what is none.

    A scalar that would be cast on the way is left to be recorded.
    """
    its = kind(thing)
    plain = its == state.float_type or its == state.int_type
    if plain or thing == state.true or thing == state.false:
        IncRef(thing)
        return thing
    buffer = cell_of(thing)
    if buffer == 0:
        return 0
    own = dtype_of(thing)
    address = load(buffer + slot.buffer_data)
    number = 0
    if own == state.bool_dtype and dtype == own:
        number = state.false
        if load_byte(address):
            number = state.true
        IncRef(number)
        return number
    if own == state.float64 and dtype == own:
        number = FloatFrom(load(address))
    elif own == state.int64 and (dtype == own or dtype == state.float64):
        number = IntFrom(load(address))
    if number == 0:
        ErrClear()
    return number
