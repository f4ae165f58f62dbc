"""Writes into the memory of handles: of values that fit, and by ``x op= y``.

The faces say what they mean; all but the cases of everyday is left to their methods.
"""

from __future__ import annotations

from .casting import follow_cast, result_dtype
from .frames import has_none
from .handles import (
    FACE,
    OP,
    PYTHON,
    at_hand,
    is_current,
    is_number,
    is_operand_number,
    is_plain,
    line_of,
    shown,
    wrapped,
)
from .language import load, reserve, slot, state, store
from .macros import DecRef, IncRef, IntAs, TupleItem, TupleSize
from .matching import (
    RECIPE_DTYPE,
    RECIPE_SHAPE,
    equal,
    field,
    has,
    kind,
    put_item,
    replace,
    same_extents,
    same_recipe,
)
from .operators import agree, are_scalars
from .python import Call, ErrClear, IntFrom, TupleNew, TupleSet
from .recording import follow
from .scalars import found_at_once


def stands_there(handle: int, value: int, recipe: int) -> int:
    """Whether what is to be stored is the very view of that place: ``x[1:] += y``."""
    shows = field(value + slot.array_recipe, state.recipe_type)
    if shows == 0 or not same_recipe(shows, recipe):
        return 0
    if value == handle:
        return load(handle + slot.array_writeable) == state.true
    line = field(value + slot.array_line, state.line_type)
    own = field(handle + slot.array_line, state.line_type)
    if line == 0 or own == 0:
        return 0
    if load(handle + slot.array_writeable) != state.true:
        return 0
    return load(line + slot.line_storage) == load(own + slot.line_storage)


def may_write(handle: int) -> int:
    """Whether a handle can be written to without a look at gradients and owners."""
    if load(handle + slot.array_writeable) != state.true:
        return 0
    if load(handle + slot.array_scalar) != state.false:
        return 0
    line = line_of(handle)
    if line == 0 or not is_current(line):
        return 0
    if has(line + slot.line_cell):
        return 0
    base = field(line + slot.line_value, state.value_type)
    if base == 0 or load(base + slot.value_device) != state.host:
        return 0
    return not has(base + slot.value_history)


def is_empty(recipe: int) -> int:
    """Whether a region has no elements."""
    return has_none(TupleItem(recipe, RECIPE_SHAPE))


def fits(value: int, recipe: int) -> int:
    """Whether a value has the dtype and the shape of a region."""
    if load(value + slot.value_device) != state.host:
        return 0
    if load(value + slot.value_dtype) != TupleItem(recipe, RECIPE_DTYPE):
        return 0
    shape = TupleItem(recipe, RECIPE_SHAPE)
    return same_extents(load(value + slot.value_shape), shape)


def write(handle: int, recipe: int, value: int) -> int:
    """Store a value into a region: 1 done, 0 for Python to do, -1 an error."""
    line = field(handle + slot.array_line, state.line_type)
    items = reserve(2)
    base = 0
    if line != 0:
        base = field(line + slot.line_value, state.value_type)
    if base == 0:
        return 0
    IncRef(line)
    IncRef(base)
    if recipe == load(base + slot.value_layout):  # all of it
        IncRef(value)
        new = value
    else:
        store(items, base)
        store(items + 8, value)
        new = follow(state.update_op, 0, recipe, items, 2, 0)
    # What the collector may have run could have written, too.
    same = load(line + slot.line_value) == base and is_current(line)
    if new != 0 and not same:
        DecRef(new)
        new = 0
    DecRef(base)
    if new == 0:
        DecRef(line)
        return 0
    storage = load(line + slot.line_storage)
    version = IntFrom(IntAs(load(storage + slot.storage_version)) + 1)
    if version == 0:
        ErrClear()
        DecRef(new)
        DecRef(line)
        return 0
    late = IntAs(load(new + slot.value_number)) >= state.soft_events
    IncRef(new)
    IncRef(new)  # what dies below may have finalizers, which may write, too
    IncRef(version)
    latest = load(storage + slot.storage_latest)
    store(storage + slot.storage_latest, new)
    shows = load(line + slot.line_value)
    store(line + slot.line_value, new)
    replace(storage + slot.storage_version, version)
    replace(line + slot.line_version, version)
    DecRef(latest)
    DecRef(shows)
    DecRef(line)
    if not late:
        DecRef(new)
        return 1
    store(items, new)
    answer = Call(state.written, items, 1, 0)
    DecRef(new)
    if answer == 0:
        return -1
    DecRef(answer)
    return 1


def filled(number: int, recipe: int) -> int:
    """A Python number as a value of a region's shape and dtype."""
    items = reserve(1)
    attributes = TupleNew(2)
    if attributes == 0:
        ErrClear()
        return 0
    shape = TupleItem(recipe, RECIPE_SHAPE)
    dtype = TupleItem(recipe, RECIPE_DTYPE)
    IncRef(shape)
    IncRef(dtype)
    TupleSet(attributes, 0, shape)
    TupleSet(attributes, 1, dtype)
    store(items, number)
    value = follow(state.full_op, attributes, 0, items, 1, 0)
    DecRef(attributes)
    return value


def in_place(self: int, other: int, entry: int) -> int:
    """``self op= other`` of one dtype, where `other` fits into `self`."""
    items = reserve(2)
    store(items, self)
    store(items + 8, other)
    face = load(entry + FACE)
    if kind(self) == face and are_scalars(load(entry + OP), items, 2, face):
        known = wrapped(face, found_at_once(load(entry + OP), items, 2))
        if known != 0:  # it is another scalar
            return known
    if not may_change(items, face, load(entry + OP)) or not has_no_views(items, face):
        return Call(load(entry + PYTHON), items, 2, 0)
    values = reserve(2)
    store(values, shown(self))
    if load(values) == 0:
        return Call(load(entry + PYTHON), items, 2, 0)
    if kind(other) == face:
        store(values + 8, shown(other))
    else:
        IncRef(other)
        store(values + 8, other)
    op = load(entry + OP)
    result = 0
    if load(values + 8) != 0:
        result = changed_to(op, values, face)
    if result != 0:
        answer = stored(self, result)
        DecRef(result)
    elif face == state.tensor_type:
        answer = Call(load(entry + PYTHON), items, 2, 0)
    else:
        answer = finish(op, items, values, face)
    DecRef(load(values))
    DecRef(load(values + 8))
    if answer == 0:
        return 0
    DecRef(answer)
    IncRef(self)
    return self


def changed_to(op: int, values: int, face: int) -> int:
    """What an op gives of two values, in the dtype of the first; 0 for Python."""
    dtype = load(load(values) + slot.value_dtype)
    if face == state.ndarray_type:
        result = follow_cast(op, values, 2)
    else:
        result = follow(op, 0, 0, values, 2, 0)
    if result == 0 or load(result + slot.value_dtype) == dtype:
        return result
    cast = 0
    if load(result + slot.value_dtype) == state.float64 and dtype == state.float32:
        items = reserve(1)
        store(items, result)
        cast = follow(state.cast_op, 0, dtype, items, 1, 0)
    DecRef(result)  # of tensors of integers a quotient is none: Python refuses it
    return cast


def gives(op: int, dtype: int, other: int) -> int:
    """Whether an op surely gives what is stored in the dtype of its first operand.

    `other` is a dtype, or the type of a Python number.
    """
    kinds = TupleNew(2)
    if kinds != 0:
        put_item(kinds, 0, dtype)
        put_item(kinds, 1, other)
    made = result_dtype(op, kinds)
    if dtype == state.float32 and made == state.float64:
        return 1  # it is cast, as NumPy does
    return made != 0 and equal(made, dtype)


def has_no_views(items: int, face: int) -> int:
    """Whether to read tensors records nothing, so that Python may read them again."""
    if face != state.tensor_type:
        return 1
    if at_hand(load(items)) == 0:
        return 0
    other = load(items + 8)
    return kind(other) != face or at_hand(other) != 0


def may_change(items: int, face: int, op: int) -> int:
    """Whether ``x op= y`` gives what `x` can hold."""
    target = load(items)
    other = load(items + 8)
    if kind(target) != face or not agree(items, 2, face) or not may_write(target):
        return 0
    recipe = load(target + slot.array_recipe)
    dtype = TupleItem(recipe, RECIPE_DTYPE)
    if is_empty(recipe):
        return 0
    numpy = face == state.ndarray_type
    double = dtype == state.float64 or dtype == state.float32
    if kind(other) != face:
        if double and is_number(other):
            return 1
        if numpy:
            return is_operand_number(other, face) and gives(op, dtype, kind(other))
        return dtype == state.int64 and kind(other) == state.int_type
    given = load(other + slot.array_recipe)
    its = TupleItem(given, RECIPE_DTYPE)
    same = its == dtype and (double or not numpy)
    if not same and not (numpy and gives(op, dtype, its)):
        return 0
    return broadcasts(TupleItem(given, RECIPE_SHAPE), TupleItem(recipe, RECIPE_SHAPE))


def broadcasts(given: int, shape: int) -> int:
    """Whether a shape becomes another one where axes of extent 1 are repeated."""
    lead = TupleSize(shape) - TupleSize(given)
    if lead < 0:
        return 0
    i = 0
    while i < TupleSize(given):
        extent = IntAs(TupleItem(given, i))
        if extent != 1 and extent != IntAs(TupleItem(shape, lead + i)):
            return 0
        i += 1
    return 1


def stored(handle: int, value: int) -> int:
    """Write a value to all that a handle shows: None, 0 for an error."""
    recipe = load(handle + slot.array_recipe)
    IncRef(recipe)
    done = 0
    known = fits(value, recipe) and may_write(handle)
    if known and load(handle + slot.array_recipe) == recipe:
        done = write(handle, recipe, value)
    DecRef(recipe)
    if done < 0:
        return 0
    if done:
        IncRef(state.none)
        return state.none
    items = reserve(2)
    store(items, handle)
    store(items + 8, value)
    return Call(state.store_value, items, 2, 0)


def finish(op: int, items: int, values: int, face: int) -> int:
    """Let Python do ``x op= y`` with what has been read of both."""
    given = reserve(4)
    store(given, op)
    store(given + 8, load(items))
    store(given + 16, load(items + 8))
    IncRef(load(values))
    read = wrapped(face, load(values))
    if read == 0:
        return 0
    store(given + 24, read)
    other = load(values + 8)
    own = 0
    if other != 0 and kind(other) == state.value_type and not is_plain(load(items + 8)):
        IncRef(other)
        own = wrapped(face, other)
        if own != 0:
            store(given + 16, own)
    answer = Call(state.update_in_place, given, 4, 0)
    DecRef(read)
    DecRef(own)
    return answer
