"""The arithmetic of subscripts, for keys of integers, slices, None and dots.

It is that of `engine.recipe.index_basic`, which also has the other keys, and the words
for those that are wrong.
"""

from __future__ import annotations

from .keys import DOTS, INTEGER, NONE, NUMBER, SLICE, spare_axes
from .language import inline, load, reserve, state, store
from .macros import DecRef, IncRef, IntAs, TupleItem, TupleSize
from .matching import (
    RECIPE_DTYPE,
    RECIPE_OFFSET,
    RECIPE_SHAPE,
    RECIPE_STRIDES,
    forget_error,
    put_item,
)
from .python import Allocate, Call, ErrClear, IntFrom, TupleNew, TupleSet, Untrack
from .remembered import PART

MOST_STEPS = 1 << 30
"""Slices that go further at once, or backwards, are left to Python."""

MOST_AXES = 16
"""Arrays of more axes are left to Python."""


def computed_region(recipe: int, parts: int, count: int) -> int:
    """The recipe (a new reference) of a subscript; 0 for one that Python is to find.

    It may run Python code at the end.
    """
    axes = reserve(32)
    words = reserve(2)
    store(words, IntAs(TupleItem(recipe, RECIPE_OFFSET)))
    left = left_out(recipe, parts, count)
    if left < 0:
        return 0
    axis = 0
    made = 0
    i = 0
    while i < count:
        part = parts + PART * i
        if load(part) == NONE:
            store(axes + 16 * made, 1)
            store(axes + 16 * made + 8, 0)
            made += 1
        elif load(part) == DOTS:
            made = kept_axes(recipe, axis, left, axes, made)
            axis += left
            left = 0
        else:
            own = copy_axis(recipe, axis, axes, made)
            length = taken(part, own, words)
            if length < -1:
                return 0
            if length >= 0:
                store(own, length)
                made += 1
            axis += 1
        i += 1
    made = kept_axes(recipe, axis, left, axes, made)
    return recipe_of_axes(TupleItem(recipe, RECIPE_DTYPE), load(words), axes, made)


def left_out(recipe: int, parts: int, count: int) -> int:
    """How many axes no part is about; -1 for keys that are left to Python."""
    dots = 0
    spare = spare_axes(recipe, parts, count)
    made = TupleSize(TupleItem(recipe, RECIPE_SHAPE))
    i = 0
    while i < count:
        form = load(parts + PART * i)
        dots += form == DOTS
        made += form == NONE
        i += 1
    if dots > 1 or spare < 0 or made > MOST_AXES:
        return -1
    return spare


def kept_axes(recipe: int, axis: int, count: int, axes: int, made: int) -> int:
    """Keep some axes as they are; how many there are now."""
    i = 0
    while i < count:
        copy_axis(recipe, axis + i, axes, made + i)
        i += 1
    return made + count


@inline
def copy_axis(recipe: int, axis: int, axes: int, i: int) -> int:
    """Write down the extent and the stride of an axis; where they stand."""
    own = axes + 16 * i
    store(own, IntAs(TupleItem(TupleItem(recipe, RECIPE_SHAPE), axis)))
    store(own + 8, IntAs(TupleItem(TupleItem(recipe, RECIPE_STRIDES), axis)))
    return own


def taken(part: int, axis: int, offset: int) -> int:
    """The extent that a part leaves of an axis, -1 for none, -2 for Python to find.

    Where the region begins is moved, and so is the stride of the axis.
    """
    extent = load(axis)
    stride = load(axis + 8)
    start = load(part + NUMBER)
    if load(part) == INTEGER:
        if start < 0:
            start += extent
        if start < 0 or start >= extent:
            return -2
        store(offset, load(offset) + start * stride)
        return -1
    stop = start + load(part + 8)
    step = load(part + 16)
    if load(part) == SLICE:
        start = within(load(part + 8), extent)
        stop = load(part + 16)
        step = load(part + 24)
    if step < 1 or step > MOST_STEPS:
        return -2
    stop = within(stop, extent)
    if stop <= start:
        if step != 1:
            return -2
        return 0
    store(offset, load(offset) + start * stride)
    if step == 1:
        return stop - start
    store(axis + 8, stride * step)
    return (stop - start - 1) // step + 1


@inline
def within(bound: int, extent: int) -> int:
    """Where a bound of a slice that goes forward is."""
    if bound < 0:
        bound += extent
    if bound < 0:
        bound = 0
    if bound > extent:
        bound = extent
    return bound


def recipe_of_axes(dtype: int, offset: int, axes: int, count: int) -> int:
    """A recipe whose shape and strides are those of others that are like it, or 0."""
    pair = reserve(2)
    store(pair, integers_of(axes, count))
    store(pair + 8, integers_of(axes + 8, count))
    same = 0
    if load(pair) != 0 and load(pair + 8) != 0:
        same = Call(state.same_axes, pair, 2, 0)
        if same == 0:
            forget_error()
    ErrClear()
    DecRef(load(pair))
    DecRef(load(pair + 8))
    made = 0
    if same != 0:
        made = new_recipe(dtype, offset, TupleItem(same, 0), TupleItem(same, 1))
    DecRef(same)
    return made


def integers_of(axes: int, count: int) -> int:
    """A tuple of integers, every second word of those of axes; or 0."""
    made = TupleNew(count)
    i = 0
    while i < count and made != 0:
        number = IntFrom(load(axes + 16 * i))
        if number == 0:
            DecRef(made)
            return 0
        TupleSet(made, i, number)
        i += 1
    return made


def new_recipe(dtype: int, offset: int, shape: int, strides: int) -> int:
    """A recipe, or 0. Others may hold what it is made of, while the collector runs."""
    IncRef(dtype)
    IncRef(shape)
    IncRef(strides)
    begin = IntFrom(offset)
    made = Allocate(state.recipe_type, 4)
    if begin == 0 or made == 0:
        ErrClear()
        DecRef(begin)
        DecRef(made)
        made = 0
    else:
        put_item(made, RECIPE_DTYPE, dtype)
        TupleSet(made, RECIPE_OFFSET, begin)
        put_item(made, RECIPE_SHAPE, shape)
        put_item(made, RECIPE_STRIDES, strides)
        Untrack(made)  # it refers to nothing, and there are many
    DecRef(dtype)
    DecRef(shape)
    DecRef(strides)
    return made
