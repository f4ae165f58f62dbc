"""The dtypes and shapes of results, where `engine.record.inferred` remembers them."""

from __future__ import annotations

from .frames import has_none, size_of
from .language import load, reserve, slot, state, store
from .macros import DecRef, IncRef, IntAs, TupleItem, TupleSize
from .matching import (
    RECIPE_DTYPE,
    RECIPE_OFFSET,
    RECIPE_SHAPE,
    RECIPE_STRIDES,
    forget_error,
    kind,
    put_item,
    same_extents,
)
from .python import Attribute, Call, DictItem, ErrClear, IntFrom, TupleNew, TupleSet

AXES = 16
"""Results of more axes are left to Python."""


def form_of_result(event: int, recipe: int, items: int, count: int) -> int:
    """What is the same for all nodes with a result of its dtype and shape; or 0."""
    op = TupleItem(event, 0)
    if not are_on_host(items, count):
        return 0
    pair = reserve(2)
    base = load(items)
    if op == state.view_op or op == state.update_op:
        if not (is_part(op, recipe, base) or is_reshape(op, recipe, base)):
            return 0
        store(pair, TupleItem(recipe, RECIPE_DTYPE))
        store(pair + 8, TupleItem(recipe, RECIPE_SHAPE))
        if op == state.update_op:
            store(pair, load(base + slot.value_dtype))
            store(pair + 8, load(base + slot.value_shape))
        IncRef(load(pair + 8))
    elif not known_result(event, items, count, pair):
        return 0
    form = 0
    if load(pair + 8) != 0:
        form = Call(state.form, pair, 2, 0)
        if form == 0:
            forget_error()
    DecRef(load(pair + 8))
    return form


def fails_late(op: int) -> int:
    """Whether each line that records an op has events of its own."""
    answer = Attribute(op, state.fails_late_name)
    ErrClear()
    DecRef(answer)
    return answer != state.false


def are_on_host(items: int, count: int) -> int:
    """Whether all operands are in the memory of the host; numbers are."""
    i = 0
    while i < count:
        thing = load(items + 8 * i)
        is_value = kind(thing) == state.value_type
        if is_value and load(thing + slot.value_device) != state.host:
            return 0
        i += 1
    return 1


def is_part(op: int, recipe: int, base: int) -> int:
    """Whether a recipe is neither all of a value nor nothing, to read or write it."""
    if recipe == 0 or kind(base) != state.value_type:
        return 0
    shape = TupleItem(recipe, RECIPE_SHAPE)
    size = size_of(shape)
    if size == 0 or TupleSize(shape) > AXES:
        return 0
    if TupleItem(recipe, RECIPE_DTYPE) != load(base + slot.value_dtype):
        return 0
    if size == size_of(load(base + slot.value_shape)):
        return 0
    strides = TupleItem(recipe, RECIPE_STRIDES)
    i = 0
    while i < TupleSize(strides):  # what is written to must not overlap itself
        if op == state.update_op and IntAs(TupleItem(strides, i)) == 0:
            return 0
        i += 1
    return 1


def is_reshape(op: int, recipe: int, base: int) -> int:
    """Whether a recipe is all of a value in C order, in another shape, to read it."""
    if op != state.view_op or recipe == 0 or kind(base) != state.value_type:
        return 0
    shape = TupleItem(recipe, RECIPE_SHAPE)
    whole = load(base + slot.value_shape)
    if TupleItem(recipe, RECIPE_DTYPE) != load(base + slot.value_dtype):
        return 0
    if size_of(shape) == 0 or size_of(shape) != size_of(whole):
        return 0
    if same_extents(shape, whole) or TupleSize(shape) > AXES:
        return 0
    return IntAs(TupleItem(recipe, RECIPE_OFFSET)) == 0 and are_dense(recipe)


def are_dense(recipe: int) -> int:
    """Whether elements lie side by side in C order."""
    shape = TupleItem(recipe, RECIPE_SHAPE)
    strides = TupleItem(recipe, RECIPE_STRIDES)
    step = 1
    axis = TupleSize(shape)
    while axis > 0:
        axis -= 1
        extent = IntAs(TupleItem(shape, axis))
        if extent != 1 and IntAs(TupleItem(strides, axis)) != step:
            return 0
        step *= extent
    return 1


def known_result(event: int, items: int, count: int, pair: int) -> int:
    """Fill in the dtype (borrowed) and the shape (a new reference) of a result.

    They are what `inferred` remembers; 0 where it does not.
    """
    found = remembered_of(state.ranked, event, items, count, 1)
    if found != 0 and TupleItem(event, 0) == state.matmul_op:
        shape = load(load(items) + slot.value_shape)
        if not same_extents(shape, load(load(items + 8) + slot.value_shape)):
            return 0
    if found == 0:
        found = remembered_of(state.found, event, items, count, 0)
    if found == 0:
        return 0
    store(pair, TupleItem(found, 0))
    shape = TupleItem(found, 1)
    if shape == state.none:  # as that of the operands
        if DictItem(state.reductions, TupleItem(event, 0)) != 0:
            axes = TupleItem(TupleItem(event, 2), 0)
            shape = left_of(load(load(items) + slot.value_shape), axes)
        else:
            shape = broadcast(items, count)
    else:
        IncRef(shape)
    store(pair + 8, shape)
    return shape != 0


def left_of(shape: int, axes: int) -> int:
    """What a reduction over axes leaves of a shape (a new reference), or 0."""
    made = TupleNew(TupleSize(shape) - TupleSize(axes))
    count = 0
    axis = 0
    while made != 0 and axis < TupleSize(shape):
        i = 0
        while i < TupleSize(axes) and IntAs(TupleItem(axes, i)) != axis:
            i += 1
        if i == TupleSize(axes):
            put_item(made, count, TupleItem(shape, axis))
            count += 1
        axis += 1
    ErrClear()
    return made


def remembered_of(table: int, event: int, items: int, count: int, ranked: int) -> int:
    """What a table has (borrowed) for operands, by shapes or numbers of axes; or 0."""
    key = TupleNew(2 + count)
    if key == 0:
        ErrClear()
        return 0
    put_item(key, 0, TupleItem(event, 0))
    put_item(key, 1, TupleItem(event, 2))
    used = 0
    i = 0
    while i < count:
        about = TupleNew(3)
        thing = load(items + 8 * i)
        shape = state.empty
        if about == 0:
            DecRef(key)
            ErrClear()
            return 0
        if kind(thing) == state.value_type:
            put_item(about, 0, state.value_type)
            put_item(about, 1, load(thing + slot.value_dtype))
            shape = load(thing + slot.value_shape)
        else:
            put_item(about, 0, state.scalar_type)
            put_item(about, 1, TupleItem(TupleItem(event, 3), used))
            used += 1
        if ranked:
            rank = TupleSize(shape)
            if has_none(shape):
                rank = ~rank
            TupleSet(about, 2, IntFrom(rank))
        else:
            put_item(about, 2, shape)
        TupleSet(key, 2 + i, about)
        i += 1
    found = DictItem(table, key)
    ErrClear()
    DecRef(key)
    return found


def broadcast(items: int, count: int) -> int:
    """The shape (a new reference) of an elementwise result; 0 where there is none."""
    rank = 0
    widest = 0
    i = 0
    while i < count:
        thing = load(items + 8 * i)
        if kind(thing) == state.value_type:
            shape = load(thing + slot.value_shape)
            if widest == 0 or TupleSize(shape) > rank:
                rank = TupleSize(shape)
                widest = shape
        i += 1
    if widest == 0 or rank > AXES:
        return 0
    extents = reserve(16)
    same = 1
    axis = 0
    while axis < rank:
        extent = common_extent(items, count, rank, axis)
        if extent < 0:
            return 0
        store(extents + 8 * axis, extent)
        same = same and extent == IntAs(TupleItem(widest, axis))
        axis += 1
    if same:
        IncRef(widest)
        return widest
    made = TupleNew(rank)
    axis = 0
    while made != 0 and axis < rank:
        TupleSet(made, axis, IntFrom(load(extents + 8 * axis)))
        axis += 1
    ErrClear()
    return made


def common_extent(items: int, count: int, rank: int, axis: int) -> int:
    """The extent of an axis that operands are broadcast to; -1 where they cannot be."""
    found = 1
    i = 0
    while i < count:
        thing = load(items + 8 * i)
        if kind(thing) == state.value_type:
            shape = load(thing + slot.value_shape)
            own = axis - rank + TupleSize(shape)
            if own >= 0:
                extent = IntAs(TupleItem(shape, own))
                if extent != 1 and found != 1 and extent != found:
                    return -1
                if extent != 1:
                    found = extent
        i += 1
    return found
