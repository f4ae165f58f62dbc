"""Movement of elements as plain functions: each records one `view` node, or none."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from operator import index
from typing import Any

import numpy as np

from engine.errors import called, named
from engine.recipe import (
    Recipe,
    Shape,
    broadcast_strides,
    c_strides,
    index_basic,
    is_c_contiguous,
    transposed,
    whole,
)
from engine.record.registry import REGISTRY
from engine.record.value import Value
from engine.shapes import reduced_shape


def view_value(value: Value, recipe: Recipe) -> Value:
    """The part of a value that a recipe selects; the value itself when it is all."""
    if recipe.shape == value.shape and recipe.is_whole(value.size, value.dtype):
        return value
    return REGISTRY["view"](value, attributes=(recipe,))


def reshape_value(value: Value, shape: Sequence[int]) -> Value:
    """The same elements in C order under another shape of the same size."""
    if prod(shape) != value.size:
        raise ValueError(
            f"reshape: a shape of {value.size} elements was required; "
            f"{tuple(shape)} was given for {value.shape}"
        )
    return view_value(value, whole(value.dtype, tuple(shape)))


def broadcast_value(value: Value, shape: Shape) -> Value:
    """A value repeated along new axes and axes of extent 1, by NumPy's rule."""
    if value.shape == shape:
        return value
    strides = broadcast_strides(whole(value.dtype, value.shape), shape)
    return view_value(value, Recipe(value.dtype, 0, shape, strides))


def transpose_value(value: Value, axes: Sequence[int] | None = None) -> Value:
    """A value with its axes in another order, by default reversed."""
    if axes is None:
        axes = range(len(value.shape))[::-1]
    recipe = transposed(whole(value.dtype, value.shape), axes)
    if is_c_contiguous(recipe):
        return reshape_value(value, recipe.shape)
    return view_value(value, recipe)


def swap_axes(value: Value, first: int, second: int) -> Value:
    """A value with two axes exchanged."""
    axes = list(range(len(value.shape)))
    axes[first], axes[second] = axes[second], axes[first]
    return transpose_value(value, axes)


def flip_value(value: Value, axes: Sequence[int]) -> Value:
    """A value read backwards along axes."""
    key: list[Any] = [slice(None)] * len(value.shape)
    for axis in axes:
        key[axis] = slice(None, None, -1)
    return slice_value(value, key)


def slice_value(value: Value, key: Sequence[Any]) -> Value:
    """Basic indexing: integers, slices, None and one ellipsis."""
    recipe, _ = index_basic(whole(value.dtype, value.shape), key)
    return view_value(value, recipe)


def expand_axes(value: Value, axes: Sequence[int]) -> Value:
    """A value with axes of extent 1 put in: `axes` are their places in the result."""
    rank = len(value.shape) + len(axes)
    places = {axis % rank for axis in axes}
    extents = iter(value.shape)
    shape = tuple(1 if a in places else next(extents) for a in range(rank))
    return reshape_value(value, shape)


def keep_axes(value: Value, axes: Sequence[int], shape: Shape) -> Value:
    """What a reduction of `shape` over `axes` gave, broadcast over `shape` again."""
    kept = reduced_shape(shape, axes, keepdims=True)
    return broadcast_value(reshape_value(value, kept), shape)


def region(shape: Shape, dtype: np.dtype[Any], start: Shape, extents: Shape) -> Recipe:
    """The recipe of the block of a C-contiguous array that begins at `start`."""
    strides = c_strides(shape)
    offset = sum(i * s for i, s in zip(start, strides, strict=True))
    return Recipe(dtype, offset, extents, strides)


def all_axes(value: Value) -> tuple[int, ...]:
    """Every axis of a value."""
    return tuple(range(len(value.shape)))


def integers(given: Any) -> tuple[int, ...]:
    """One integer of any class as a tuple, or several; arrays without axes are one."""
    try:
        return (index(given),)
    except TypeError:
        return tuple(index(one) for one in given)


def normal_axes(axis: int | Sequence[int] | None, rank: int) -> tuple[int, ...]:
    """Axes as a reduction's attribute: sorted, not negative, each once.

    Raises
    ------
    numpy.exceptions.AxisError
        If an axis is out of bounds.
    ValueError
        If an axis occurs twice.

    Examples
    --------
    >>> normal_axes(-1, 3)
    (2,)
    >>> normal_axes(None, 2)
    (0, 1)
    """
    if axis is None:
        return tuple(range(rank))
    given = (axis,) if type(axis) is int else integers(axis)
    found = []
    for one in given:
        if not -rank <= one < rank:
            raise np.exceptions.AxisError(int(one), rank, called())
        found.append(int(one) % rank)
    if len(set(found)) != len(found):
        raise ValueError(named("duplicate value in 'axis'"))
    return tuple(sorted(found))
