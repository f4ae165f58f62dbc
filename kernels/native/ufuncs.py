"""Calls of ufuncs: one or two operands, and perhaps an array for the result.

They are Engine's own, or NumPy's with an array of Engine among the operands.
"""

from __future__ import annotations

from .casting import follow_cast, result_dtype
from .handles import in_c_order, is_number, shown
from .language import load, reserve, slot, state, store
from .macros import DecRef, IncRef, IntAs, TupleItem, TupleSize
from .matching import (
    RECIPE_DTYPE,
    RECIPE_SHAPE,
    drop_items,
    equal,
    kind,
    put_item,
    same_extents,
)
from .operators import (
    agree,
    apply,
    dtype_of_array,
    is_own_scalar,
    made_of,
    number_of_scalar,
    own_values,
)
from .python import Call, DictItem, ErrClear, FloatAs, TextCompare, TupleNew
from .recording import with_self
from .writing import broadcasts, is_empty, may_write, stored

TWO = 0x4000000000000000
"""The bits of 2.0."""


def call_ufunc(self: int, given: int, count: int, names: int) -> int:
    """``ufunc.__call__`` of the NumPy face: one or two operands, perhaps an output."""
    op = load(self + state.ufunc_op)
    if op == 0 or op == state.none:
        return with_self(state.ufunc, self, given, count, names)
    out = output_of(op, given, count, names)
    if out != 0:
        done = written_into(op, given, count - (names == 0), out)
        if done < 0:
            return 0
        if done:
            IncRef(out)
            return out
    if op == state.power_op and names == 0 and count == 2:
        found = square_for(given)
        if found != 0:
            return found
    if names == 0 and count == 1 and kind(load(given)) == state.float_type:
        items = reserve(2)
        store(items, op)
        store(items + 8, load(given))
        found = Call(state.of_float, items, 2, 0)
        if found != state.none:
            return found
        DecRef(found)
    if names == 0 and (count == 1 or count == 2):
        items = reserve(4)
        store(items, 0)
        store(items + 8, self)
        store(items + 16, load(given))
        if count == 2:
            store(items + 24, load(given + 8))
        if takes(op, count):
            return apply(op, items + 16, count, state.ndarray_type, state.ufunc, 1)
    return with_self(state.ufunc, self, given, count, names)


def square_for(given: int) -> int:
    """The square of an array, for a power that is one; 0 for others."""
    values = reserve(2)
    if not is_square(load(given), load(given + 8)):
        return 0
    if not own_values(given, 1, state.ndarray_type, values):
        return 0
    result = made_of(state.square_op, values, 1, state.ndarray_type)
    drop_items(values, 1)
    return result


def is_square(base: int, exponent: int) -> int:
    """Whether a power is a square of floats: NumPy's loops look for 2, too."""
    if kind(exponent) == state.int_type:
        if IntAs(exponent) != 2:
            ErrClear()
            return 0
    elif kind(exponent) != state.float_type or FloatAs(exponent) != TWO:
        return 0
    dtype = dtype_of_array(base)
    return dtype == state.float64 or dtype == state.float32


def output_of(op: int, given: int, count: int, names: int) -> int:
    """The only option of a call, if it is an array as output (borrowed); else 0."""
    out = 0
    operands = count
    if names == 0:
        operands = count - 1
        if count > 1:
            out = load(given + 8 * operands)
    elif TupleSize(names) == 1 and is_text(TupleItem(names, 0), state.out_name):
        out = load(given + 8 * count)
    if out == 0 or kind(out) != state.ndarray_type or operands > 2:
        return 0
    if operands < 1 or not takes(op, operands):
        return 0
    return out


def array_ufunc(self: int, given: int, count: int, names: int) -> int:
    """``ndarray.__array_ufunc__`` for a plain call of NumPy's function."""
    if names == 0 and (count == 3 or count == 4) and is_call(load(given + 8)):
        op = DictItem(state.ufuncs, load(given))
        if op != 0 and takes(op, count - 2) and kind(self) == state.ndarray_type:
            items = reserve(5)
            store(items, self)
            store(items + 8, load(given))
            store(items + 16, load(given + 8))
            store(items + 24, load(given + 16))
            number = 0
            if count == 4:
                store(items + 32, load(given + 24))
                if is_own_scalar(load(items + 24), self):
                    number = number_of_scalar(load(items + 24))
                    if number == 0:
                        return 0
                    store(items + 24, number)
            face = state.ndarray_type
            if agree(items + 24, count - 2, face):
                python = state.array_ufunc_plain
                result = apply(op, items + 24, count - 2, face, python, 2)
                DecRef(number)
                return result
            DecRef(number)
    return with_self(state.array_ufunc, self, given, count, names)


def is_call(name: int) -> int:
    """Whether a name is ``__call__``: NumPy makes a new string for each call."""
    return is_text(name, state.call_name)


def is_text(name: int, text: int) -> int:
    """Whether a name is a string that equals another one."""
    return kind(name) == state.text_type and TextCompare(name, text) == 0


def takes(op: int, count: int) -> int:
    """Whether an op has so many operands: its number is known to Python alone."""
    found = DictItem(state.operands, op)
    return found != 0 and IntAs(found) == count


def written_into(op: int, items: int, count: int, out: int) -> int:
    """Record an op, its result stored in an array: 1 done, 0 for Python, -1 an error.

    That is done where the result has the dtype and the shape of the array.
    """
    if not agree(items, count, state.ndarray_type) or not may_write(out):
        return 0
    recipe = load(out + slot.array_recipe)
    if not in_c_order(out) or is_empty(recipe):
        return 0
    if not fills(items, count, TupleItem(recipe, RECIPE_SHAPE)):
        return 0
    if not gives_dtype(op, items, count, TupleItem(recipe, RECIPE_DTYPE)):
        return 0
    IncRef(recipe)
    values = reserve(2)
    read = 0
    while read < count and read_operand(load(items + 8 * read), values + 8 * read):
        read += 1
    result = 0
    if read == count:
        result = follow_cast(op, values, count)
    drop_items(values, read)
    done = 0
    if result != 0:
        answer = stored(out, result)
        DecRef(result)
        DecRef(answer)
        done = 1
        if answer == 0:
            done = -1
    DecRef(recipe)
    return done


def read_operand(thing: int, place: int) -> int:
    """Put an operand there, a value or a number, with a reference to it."""
    if is_number(thing) or kind(thing) == state.complex_type:
        IncRef(thing)
        store(place, thing)
        return 1
    value = shown(thing)
    store(place, value)
    return value != 0


def fills(items: int, count: int, shape: int) -> int:
    """Whether operands give a shape: one has it, and the others become it."""
    whole = 0
    i = 0
    while i < count:
        thing = load(items + 8 * i)
        if kind(thing) == state.ndarray_type:
            own = TupleItem(load(thing + slot.array_recipe), RECIPE_SHAPE)
            if not broadcasts(own, shape):
                return 0
            if same_extents(own, shape):
                whole = 1
        i += 1
    return whole


def gives_dtype(op: int, items: int, count: int, dtype: int) -> int:
    """Whether an op surely gives a dtype, for these operands."""
    kinds = TupleNew(count)
    i = 0
    while i < count and kinds != 0:
        thing = load(items + 8 * i)
        its = kind(thing)
        if its == state.ndarray_type:
            its = TupleItem(load(thing + slot.array_recipe), RECIPE_DTYPE)
        put_item(kinds, i, its)
        i += 1
    made = result_dtype(op, kinds)
    return made != 0 and equal(made, dtype)
