"""Region ops: the five ways to read or write a part of an array, and their adjoints.

Every movement of elements (slice, transpose, broadcast, reshape, flip, diagonal) is one
`view`; every write makes a new value with `update` or `put`. The base of a region op is
read as flat memory in C order, which the `Recipe` of the region addresses.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from engine.cotangent import AtPositions, AtRegion, Cotangent, settle
from engine.recipe import (
    Recipe,
    Shape,
    index_basic,
    is_c_contiguous,
    positions,
    strided,
    transposed,
    whole,
    whole_order,
)
from engine.record.registry import REGISTRY
from engine.record.value import Scalar, Value, constant, typed

from .op import DType, operation

Array = np.ndarray[Any, Any]
BOOL = np.dtype(bool)


def _like_recipe(base: Value, recipe: Recipe) -> tuple[DType, tuple[int, ...]]:
    return recipe.dtype, recipe.shape


def _like_base(base: Value, *rest: Any) -> tuple[DType, tuple[int, ...]]:
    return base.dtype, base.shape


@operation("region", _like_recipe, onnx="Slice")
def view(base: Array, recipe: Recipe) -> Array:
    """The elements that a recipe selects."""
    # A base may be a broadcast itself, which has no flat memory to address.
    return strided(np.ascontiguousarray(base).reshape(-1), recipe)


@view.cotangent
def _(cotangent: Cotangent, out: Value, base: Value, recipe: Recipe) -> Any:
    if recipe.dtype != base.dtype:
        return (AtRegion(Cotangent(settle(cotangent)), recipe),)
    order = whole_order(recipe, base.size)
    if order is None:
        peeled = overlapping_axes(recipe)
        if any(recipe.strides[axis] for axis in peeled):  # else they are just summed
            return (_sum_of_layers(cotangent, base.shape, recipe, peeled),)
        return (AtRegion(cotangent, recipe),)
    repeated = tuple(a for a in range(len(recipe.shape)) if a not in order)
    mask = cotangent.mask
    if all(recipe.shape[a] == 1 for a in repeated):
        grad, clean = cotangent.grad, cotangent.clean
    else:  # a broadcast: its adjoint is a sum
        grad, clean = reduce_sum(settle(cotangent), repeated), True
        mask = None if mask is None else reduce_any(mask, repeated)
        order = tuple(sum(b not in repeated for b in range(a)) for a in order)
    return (
        Cotangent(
            _in_memory_order(grad, order, base.shape),
            None if mask is None else _in_memory_order(mask, order, base.shape),
            clean,
        ),
    )


def overlapping_axes(recipe: Recipe) -> tuple[int, ...]:
    """Axes without which no two elements of a view share memory: short ones.

    Of axes with one stride the longest stays, so that windows are peeled and not what
    they slide along.
    """
    peeled = []
    reach = 0
    axes = [a for a, extent in enumerate(recipe.shape) if extent > 1]
    for axis in sorted(axes, key=lambda a: (abs(recipe.strides[a]), -recipe.shape[a])):
        stride = abs(recipe.strides[axis])
        if stride > reach:
            reach += (recipe.shape[axis] - 1) * stride
        else:
            peeled.append(axis)
    return tuple(sorted(peeled))


MOST_LAYERS = 256
"""A view that overlaps itself more often has its gradient summed by positions."""


def _sum_of_layers(
    cotangent: Cotangent, shape: Shape, recipe: Recipe, peeled: tuple[int, ...]
) -> Cotangent | AtPositions:
    """The adjoint of a view that overlaps itself, one layer after the other."""
    grad = settle(cotangent)
    if prod(recipe.shape[a] for a in peeled) > MOST_LAYERS:
        return AtPositions(Cotangent(grad), constant(positions(recipe)))
    own = whole(grad.dtype, grad.shape)
    total = full_value(shape, 0, recipe.dtype)
    for index in np.ndindex(*(recipe.shape[a] for a in peeled)):
        layer = view(grad, attributes=(_layer(own, peeled, index),))
        region = _layer(recipe, peeled, index)
        total = update_add(total, layer, attributes=(region,))
    return Cotangent(total)


def _layer(recipe: Recipe, axes: tuple[int, ...], index: tuple[int, ...]) -> Recipe:
    """The recipe at one index along each of some axes, which it loses."""
    key: list[Any] = [slice(None)] * len(recipe.shape)
    for axis, place in zip(axes, index, strict=True):
        key[axis] = place
    return index_basic(recipe, key)[0]


def _in_memory_order(value: Value, order: tuple[int, ...], shape: Shape) -> Value:
    """The value with its axes in another order (extents of 1 dropped), reshaped."""
    own = transposed(whole(value.dtype, value.shape), order)
    if not is_c_contiguous(own):
        value = view(value, attributes=(own,))
    if value.shape == shape:
        return value
    return view(value, attributes=(whole(value.dtype, shape),))


def reduce_sum(value: Value, axes: tuple[int, ...]) -> Value:
    """The sum over axes, in the value's own dtype."""
    return REGISTRY["sum"](value, attributes=(axes,))


def reduce_any(value: Value, axes: tuple[int, ...]) -> Value:
    """Whether any element along the axes holds."""
    return REGISTRY["any"](value, attributes=(axes,))


@operation("region", _like_base, onnx="ScatterND")
def update(base: Array, value: Array, recipe: Recipe) -> Array:
    """The base with a region replaced by a value of the region's shape."""
    out = base.copy()
    if recipe.size:
        strided(out.reshape(-1), recipe)[...] = value
    return out


@update.cotangent
def _(
    cotangent: Cotangent, out: Value, base: Value, value: Value, recipe: Recipe
) -> Any:
    grad, mask = settle(cotangent), cotangent.mask
    same = recipe.dtype == base.dtype
    zero = full_value(recipe.shape, 0, recipe.dtype)
    flags = recipe._replace(dtype=BOOL)
    outside = None
    inside = None
    if same:
        all_of = full_value(base.shape, True, BOOL) if mask is None else mask
        outside = update(
            all_of, full_value(recipe.shape, False, BOOL), attributes=(flags,)
        )
        inside = None if mask is None else view(mask, attributes=(flags,))
    cleared = update(grad, zero, attributes=(recipe,))
    return (
        Cotangent(cleared, outside),
        Cotangent(view(grad, attributes=(recipe,)), inside),
    )


@operation("region", _like_base)
def update_add(base: Array, value: Array, recipe: Recipe) -> Array:
    """The base with a value added to a region that does not overlap itself."""
    out = base.copy()
    if recipe.size:
        strided(out.reshape(-1), recipe)[...] += value
    return out


@update_add.cotangent
def _(
    cotangent: Cotangent, out: Value, _base: Value, _value: Value, recipe: Recipe
) -> Any:
    inner = view(settle(cotangent), attributes=(recipe,))
    return (cotangent, Cotangent(inner))


def _like_positions(base: Value, positions: Value) -> tuple[DType, tuple[int, ...]]:
    return base.dtype, positions.shape


@operation("gather", _like_positions, onnx="GatherElements")
def take(base: Array, positions: Array) -> Array:
    """The elements at flat positions (int64, in range, not negative)."""
    return base.reshape(-1)[positions]


@take.cotangent
def _(cotangent: Cotangent, out: Value, _base: Value, positions: Value) -> Any:
    return (AtPositions(cotangent, positions), None)


@operation("library", _like_base, onnx="ScatterElements")
def put(base: Array, positions: Array, value: Array) -> Array:
    """The base with values stored at flat positions; of repeated ones the last wins."""
    out = base.copy()
    out.reshape(-1)[positions] = value
    return out


@put.cotangent
def _(
    cotangent: Cotangent, out: Value, base: Value, positions: Value, value: Value
) -> Any:
    grad, mask = settle(cotangent), cotangent.mask
    all_of = full_value(base.shape, True, BOOL) if mask is None else mask
    outside = put(all_of, positions, full_value(positions.shape, False, BOOL))
    won = winner(positions)
    inside = won if mask is None else won & take(mask, positions)
    cleared = put(grad, positions, full_value(positions.shape, 0, base.dtype))
    return (
        Cotangent(cleared, outside),
        None,
        Cotangent(take(grad, positions), inside, clean=False),
    )


@operation("library", _like_base)
def put_add(base: Array, positions: Array, value: Array) -> Array:
    """The base with values added at flat positions, repeated ones each time."""
    out = base.copy()
    np.add.at(out.reshape(-1), positions.reshape(-1), value.reshape(-1))
    return out


@put_add.cotangent
def _(
    cotangent: Cotangent, out: Value, _base: Value, positions: Value, _value: Value
) -> Any:
    mask = cotangent.mask
    inner = Cotangent(
        take(settle(cotangent), positions),
        None if mask is None else take(mask, positions),
    )
    return (cotangent, None, inner)


def _bool_positions(positions: Value) -> tuple[DType, tuple[int, ...]]:
    return BOOL, positions.shape


@operation("library", _bool_positions)
def winner(positions: Array) -> Array:
    """Where a position occurs for the last time, in C order."""
    flat = positions.reshape(-1)
    out = np.zeros(flat.size, bool)
    _, first_from_end = np.unique(flat[::-1], return_index=True)
    out[flat.size - 1 - first_from_end] = True
    return out.reshape(positions.shape)


def full_value(shape: tuple[int, ...], number: Any, dtype: Any) -> Value:
    """A value of one number everywhere."""
    dtype = np.dtype(dtype)
    scalar: Any = Scalar(typed(number, dtype), dtype)
    return REGISTRY["full"](scalar, attributes=(shape, dtype))
