"""Elementwise ops on transposed arrays, whose results are transposed as well.

As in NumPy a result has the order of its operands in memory: ``a.T + 1`` is computed of
`a` where it lies, and what is made is seen through the same recipe.
"""

from __future__ import annotations

from .casting import follow_cast
from .handles import base_of, is_operand_number, wrapped
from .indexing import new_recipe
from .language import load, reserve, slot, state, store
from .macros import DecRef, IncRef, IntAs, TupleItem, TupleSize
from .matching import (
    RECIPE_DTYPE,
    RECIPE_OFFSET,
    RECIPE_SHAPE,
    RECIPE_STRIDES,
    drop_items,
    field,
    hold_items,
    kind,
    replace,
    same_recipe,
)


def apply_transposed(op: int, items: int, count: int, face: int) -> int:
    """A handle of what an op gives for transposed arrays and numbers; 0 for Python.

    All arrays are transposed in one way.
    """
    values = reserve(2)
    recipe = 0
    i = 0
    while i < count:
        thing = load(items + 8 * i)
        if kind(thing) == face:
            own = field(thing + slot.array_recipe, state.recipe_type)
            thing = memory_of_transposed(thing, own)
            if thing == 0 or (recipe != 0 and not same_recipe(recipe, own)):
                return 0
            recipe = own
        elif not is_operand_number(thing, face):
            return 0
        store(values + 8 * i, thing)
        i += 1
    if recipe == 0:
        return 0
    hold_items(values, count)
    IncRef(recipe)
    result = follow_cast(op, values, count)
    if result != 0:
        result = shown_through(result, recipe, face)
    DecRef(recipe)
    drop_items(values, count)
    return result


def memory_of_transposed(handle: int, recipe: int) -> int:
    """The value (borrowed) of all of which a handle has the axes in another order."""
    if recipe == 0 or load(handle + slot.array_scalar) != state.false:
        return 0
    value = base_of(handle)
    if value == 0 or IntAs(TupleItem(recipe, RECIPE_OFFSET)) != 0:
        return 0
    base = load(value + slot.value_shape)
    shape = TupleItem(recipe, RECIPE_SHAPE)
    strides = TupleItem(recipe, RECIPE_STRIDES)
    if TupleSize(base) != TupleSize(shape):
        return 0
    if load(value + slot.value_dtype) != TupleItem(recipe, RECIPE_DTYPE):
        return 0
    axis = 0
    while axis < TupleSize(shape):
        extent = IntAs(TupleItem(shape, axis))
        if extent < 2 or extent != extent_at(base, IntAs(TupleItem(strides, axis))):
            return 0
        axis += 1
    return value


def extent_at(shape: int, stride: int) -> int:
    """The extent of the axis that has a stride in C order; 0 without one."""
    step = 1
    axis = TupleSize(shape)
    while axis > 0:
        axis -= 1
        extent = IntAs(TupleItem(shape, axis))
        if extent < 2:
            return 0
        if step == stride:
            return extent
        step *= extent
    return 0


def shown_through(value: int, recipe: int, face: int) -> int:
    """A handle of a value (which it takes over) through a recipe, in its own dtype."""
    dtype = load(value + slot.value_dtype)
    if dtype == TupleItem(recipe, RECIPE_DTYPE):
        IncRef(recipe)
    else:
        shape = TupleItem(recipe, RECIPE_SHAPE)
        recipe = new_recipe(dtype, 0, shape, TupleItem(recipe, RECIPE_STRIDES))
    if recipe == 0:
        DecRef(value)
        return 0
    handle = wrapped(face, value)
    if handle == 0:
        DecRef(recipe)
        return 0
    replace(handle + slot.array_recipe, recipe)
    return handle
