"""Arithmetic on scalars that are computed, and what else is done with their numbers.

`engine.numpy.at_once` says what it means. `cells` has the code that computes.
"""

from __future__ import annotations

from .cells import COMPUTE, INTEGER, MAKE, MAKE_ARRAY, REAL_NUMBER, SIGNED, TRUTH
from .language import (
    invoke,
    load,
    load_byte,
    load_half,
    load_single,
    reserve,
    slot,
    state,
    store,
)
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
from .recycling import fresh, keep
from .threads import current

DTYPES = 56
"""Where the dtypes of operands are among the words of a computation; 0 is Python's."""

HALF = 1 << 31


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


def is_int32(dtype: int) -> int:
    """Whether a dtype is that of integers of 32 bits."""
    row = row_for(dtype)
    return row != 0 and load(row + 16) == 4 and load(row + 24) == SIGNED


def int32_at(address: int) -> int:
    """The integer of 32 bits at an address."""
    return (load_half(address) ^ HALF) - HALF


def describe_number(thing: int, words: int, i: int) -> int:
    """Note the kind, the bits and the dtype of an operand; whether it is known here."""
    buffer = cell_of(thing)
    known = INTEGER
    dtype = 0
    bits = 0
    if buffer != 0:
        dtype = dtype_of(thing)
        address = load(buffer + slot.buffer_data)
        if dtype == state.float64 or dtype == state.float32:
            known = REAL_NUMBER
        if dtype == state.float64 or dtype == state.int64:
            bits = load(address)
        elif dtype == state.float32:
            bits = load_single(address)
        elif is_int32(dtype):
            bits = int32_at(address)
        else:
            return 0
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
    store(words + DTYPES + 8 * i, dtype)
    return 1


def narrow_dtype(words: int) -> int:
    """The dtype of 32 bits that numbers have in common; 0 where there is none.

    Python numbers take the dtype of the others, but for a float beside integers.
    """
    one = load(words + DTYPES)
    other = load(words + DTYPES + 8)
    dtype = one | other
    if one != 0 and other != 0:
        if one != other:
            return 0
        dtype = one
    if dtype == state.float32:
        return dtype
    if dtype == state.float64 or dtype == state.int64:
        return 0
    if load(words + 8) == REAL_NUMBER or load(words + 16) == REAL_NUMBER:
        return 0
    return dtype


def is_half(number: int) -> int:
    """Whether 32 bits have an integer."""
    return number >= -HALF and number < HALF


def are_at_hand(op: int, items: int, count: int) -> int:
    """Whether an op on computed scalars and Python numbers may be done at once."""
    i = 0
    while i < count:
        thing = load(items + 8 * i)
        its = kind(thing)
        number = its == state.float_type or its == state.int_type
        if not number and cell_of(thing) == 0:
            return 0
        i += 1
    if DictItem(state.codes, op) == 0:
        ErrClear()
        return 0
    return is_idle()


def found_at_once(op: int, items: int, count: int) -> int:
    """The value that an op gives for numbers at hand; 0 for Python to find it.

    That is in float64, float32, int64 and int32.
    """
    code = DictItem(state.codes, op)
    value = fresh(state.value_row)  # where the collector may run, so this comes first
    if code == 0 or value == 0:
        ErrClear()
        DecRef(value)
        return 0
    words = reserve(9)
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
        store(words + 32, load(words + 24))
        store(words + DTYPES + 8, load(words + DTYPES))
    narrow = narrow_dtype(words)
    store(words + 48, narrow == state.float32)
    whole = narrow != 0 and narrow != state.float32
    if whole and not (is_half(load(words + 24)) and is_half(load(words + 32))):
        return 0  # a Python integer is too large
    found = invoke(load(state.cells + COMPUTE), words, 0, 0)
    dtype = 0
    if found == INTEGER:
        dtype = narrow
        if narrow == 0:
            dtype = state.int64
    elif found == REAL_NUMBER:
        dtype = state.float64
        if narrow == state.float32:
            dtype = narrow
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

    Other scalars are left to Python.
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
    if own == state.float64 and (dtype == own or dtype == state.float32):
        number = FloatFrom(load(address))
    elif own == state.float32 and dtype == own:
        number = FloatFrom(load_single(address))
    elif own == state.int64 and (dtype == own or dtype == state.float64):
        number = IntFrom(load(address))
    elif dtype == own and is_int32(own):
        number = IntFrom(int32_at(address))
    if number == 0:
        ErrClear()
    return number
