"""Operators and functions of handles, where they are as simple as can be.

The faces say what they mean. Here are the cases of everyday: handles that own their
value in C order, or are views whose axes lie in C order; Python numbers; memory that
nobody outside sees. In all others the Python method is called, with what was given.
"""

from __future__ import annotations

from .casting import follow_cast
from .handles import (
    FACE,
    OP,
    OTHER,
    PYTHON,
    is_operand_number,
    is_ordered,
    is_plain,
    shown,
    wrapped,
)
from .language import inline, load, reserve, slot, state, store
from .macros import DecRef, IncRef, TupleItem
from .matching import RECIPE_DTYPE, drop_items, field, hold_items, kind, put_item
from .python import (
    Call,
    DictItem,
    ErrClear,
    FloatAs,
    FloatFrom,
    IndexOf,
    TupleNew,
)
from .recording import follow, with_self
from .scalars import are_at_hand, found_at_once
from .transposing import apply_transposed


@inline
def agree(items: int, count: int, face: int) -> int:
    """Whether operands are handles of a face or numbers, and the result in C order.

    The results of the PyTorch face always are; NumPy's keep the order of operands:
    where all of them lie in C order, broadcast or not, none asks for another one.
    """
    handles = 0
    i = 0
    while i < count:
        thing = load(items + 8 * i)
        if kind(thing) == face:
            recipe = field(thing + slot.array_recipe, state.recipe_type)
            if recipe == 0:
                return 0
            numpy = face == state.ndarray_type
            if numpy and not is_plain(thing) and not is_ordered(thing, 1):
                return 0
            handles += 1
        elif not is_operand_number(thing, face):
            return 0
        i += 1
    return handles != 0


def apply(op: int, items: int, count: int, face: int, python: int, extra: int) -> int:
    """Record an elementwise op on operands, else call the method that knows better.

    `extra` is what the method wants in front of the operands (a function and a word),
    at the two words before `items`, or 0. The operands of a reflected method are
    swapped already, and `extra` is -1.
    """
    if are_scalars(op, items, count, face):
        known = wrapped(face, found_at_once(op, items, count))
        if known != 0:
            return known
        return in_python(python, items, count, extra)
    values = reserve(2)
    if own_values(items, count, face, values):
        result = made_of(op, values, count, face)
        drop_items(values, count)
        if result != 0:
            return result
        return in_python(python, items, count, extra)
    if not agree(items, count, face):
        result = 0
        if face == state.ndarray_type:
            result = apply_transposed(op, items, count, face)
        if result != 0:
            return result
        return in_python(python, items, count, extra)
    return apply_to_views(op, items, count, face, python, extra)


@inline
def own_values(items: int, count: int, face: int, values: int) -> int:
    """Whether operands are numbers and handles that own their values, in C order.

    Fills in the values, as new references. It is what most operands are: what `agree`
    and `shown` ask of others takes twice as long.
    """
    handles = 0
    i = 0
    while i < count:
        thing = load(items + 8 * i)
        if kind(thing) == face:
            thing = field(thing + slot.array_value, state.value_type)
            own = load(load(items + 8 * i) + slot.array_recipe)
            if thing == 0 or own != load(thing + slot.value_layout):
                return 0
            handles = 1
        elif not is_operand_number(thing, face):
            return 0
        store(values + 8 * i, thing)
        i += 1
    hold_items(values, count)
    return handles


def made_of(op: int, values: int, count: int, face: int) -> int:
    """A handle of what an op gives for values; 0 where Python must do it."""
    if face == state.ndarray_type:
        return wrapped(face, follow_cast(op, values, count))
    return wrapped(face, follow(op, 0, 0, values, count, 0))


def apply_to_views(
    op: int, items: int, count: int, face: int, python: int, extra: int
) -> int:
    """`apply` to operands of which some are views."""
    values = reserve(2)
    others = reserve(4)
    store(others, load(items - 16))
    store(others + 8, load(items - 8))
    views = 0
    known = 1
    i = 0
    while i < count:
        thing = load(items + 8 * i)
        store(others + 16 + 8 * i, thing)
        store(values + 8 * i, 0)
        if kind(thing) == face:
            if known:
                value = shown(thing)
                if value == 0:
                    known = 0
                store(values + 8 * i, value)
        else:
            IncRef(thing)
            store(values + 8 * i, thing)
        i += 1
    result = 0
    if known:
        result = made_of(op, values, count, face)
    # A view that was read is not to be read again: Python gets what was read.
    i = 0
    while i < count:
        value = load(values + 8 * i)
        thing = load(items + 8 * i)
        if value != 0:
            if result == 0 and kind(value) == state.value_type and not is_plain(thing):
                IncRef(value)
                other = wrapped(face, value)
                if other != 0:
                    store(others + 16 + 8 * i, other)
                    views = views | (1 << i)
            DecRef(value)
        i += 1
    if result != 0:
        return result
    result = in_python(python, others + 16, count, extra)
    i = 0
    while i < count:
        if views & (1 << i):
            DecRef(load(others + 16 + 8 * i))
        i += 1
    return result


@inline
def are_scalars(op: int, items: int, count: int, face: int) -> int:
    """Whether an op on computed scalars and numbers is done at once, if it can be."""
    if face != state.ndarray_type:
        return 0
    first = load(items)
    if kind(first) != face and count == 2:
        first = load(items + 8)
    if kind(first) != face or load(first + slot.array_scalar) != state.true:
        return 0
    return are_at_hand(op, items, count)


def in_python(python: int, items: int, count: int, extra: int) -> int:
    """Call a method with its operands."""
    if extra == -1:
        swapped = reserve(2)
        store(swapped, load(items + 8))
        store(swapped + 8, load(items))
        return Call(python, swapped, 2, 0)
    return Call(python, items - 8 * extra, count + extra, 0)


def binary(self: int, other: int, entry: int) -> int:
    """``self op other`` or, reflected, ``other op self``."""
    items = reserve(4)
    face = load(entry + FACE)
    if kind(self) != face or (
        kind(other) != face and not is_operand_number(other, face)
    ):
        if is_own_scalar(other, self):
            return beside_scalar(self, other, entry)
        store(items, self)
        store(items + 8, other)
        return Call(load(entry + PYTHON), items, 2, 0)
    extra = 0
    if load(entry + OTHER):
        extra = -1
        store(items + 16, other)
        store(items + 24, self)
    else:
        store(items + 16, self)
        store(items + 24, other)
    store(items, 0)
    store(items + 8, 0)
    return apply(load(entry + OP), items + 16, 2, face, load(entry + PYTHON), extra)


def beside_scalar(self: int, other: int, entry: int) -> int:
    """`binary`, where the other operand is a ``np.float64`` or ``np.int64``."""
    number = number_of_scalar(other)
    if number == 0:
        return 0
    result = binary(self, number, entry)
    DecRef(number)
    return result


def number_of_scalar(thing: int) -> int:
    """The Python number that a ``np.float64`` or ``np.int64`` is (a new reference)."""
    if kind(thing) == state.double_type:
        return FloatFrom(FloatAs(thing))
    return IndexOf(thing)


def is_own_scalar(thing: int, handle: int) -> int:
    """Whether something is ``np.float64``, or ``np.int64``, beside an array like it.

    A Python number gives the same then. Integers are like doubles, too.
    """
    its = kind(thing)
    if its != state.double_type and its != state.long_type:
        return 0
    dtype = dtype_of_array(handle)
    return dtype == state.float64 or (its == state.long_type and dtype == state.int64)


def dtype_of_array(handle: int) -> int:
    """The dtype (borrowed) of an array of the NumPy face that is no scalar; or 0."""
    if kind(handle) != state.ndarray_type:
        return 0
    recipe = field(handle + slot.array_recipe, state.recipe_type)
    if recipe == 0 or load(handle + slot.array_scalar) == state.true:
        return 0
    return TupleItem(recipe, RECIPE_DTYPE)


def power(self: int, given: int, count: int, names: int, entry: int) -> int:
    """``self ** other``; some numbers mean ops of their own, as Python has found."""
    face = load(entry + FACE)
    if count == 1 and names == 0 and kind(load(given)) == face:
        return binary(self, load(given), entry)
    if count == 1 and names == 0 and kind(self) == face:
        op = meant_by(load(given), self)
        if op != 0:
            return powered(op, self, load(given), entry)
    return with_self(load(entry + PYTHON), self, given, count, names)


def meant_by(exponent: int, base: int) -> int:
    """The op (borrowed) that a power of an array is known to be; or 0."""
    its = kind(exponent)
    dtype = dtype_of_array(base)
    if dtype == 0 or (its != state.int_type and its != state.float_type):
        return 0
    key = TupleNew(3)
    if key == 0:
        ErrClear()
        return 0
    put_item(key, 0, dtype)
    put_item(key, 1, its)
    put_item(key, 2, exponent)
    found = DictItem(state.powers, key)
    DecRef(key)
    ErrClear()
    return found


def powered(op: int, base: int, exponent: int, entry: int) -> int:
    """What an op gives of an array, else what the method does."""
    items = reserve(2)
    values = reserve(2)
    store(items, base)
    value = 0
    if agree(items, 1, load(entry + FACE)):
        value = shown(base)
    result = 0
    if value != 0:
        store(values, value)
        store(values + 8, exponent)
        count = 1 + (op == state.power_op)
        result = made_of(op, values, count, load(entry + FACE))
    other = 0
    if result == 0 and value != 0 and not is_plain(base):  # it is not to be read again
        IncRef(value)
        other = wrapped(load(entry + FACE), value)
    if result == 0:
        if other != 0:
            store(items, other)
        store(items + 8, exponent)
        result = Call(load(entry + PYTHON), items, 2, 0)
    DecRef(other)
    DecRef(value)
    return result


def unary(self: int, nothing: int, entry: int) -> int:
    """``op self``."""
    items = reserve(3)
    store(items, 0)
    store(items + 8, 0)
    store(items + 16, self)
    python = load(entry + PYTHON)
    return apply(load(entry + OP), items + 16, 1, load(entry + FACE), python, 0)
