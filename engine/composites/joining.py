"""Joining, padding, and products made of movement, `update` and matmul."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import prod
from typing import Any, Literal, TypeAlias

import numpy as np

from engine import ops
from engine.errors import called
from engine.movement import (
    broadcast_value,
    expand_axes,
    region,
    reshape_value,
    transpose_value,
)
from engine.ops.op import DType, cast
from engine.ops.regions import full_value
from engine.recipe import c_strides
from engine.record.value import Scalar, Value, constant, typed
from engine.steps import Step, recorded

PadMode: TypeAlias = Literal["edge", "reflect", "symmetric", "wrap"]


def promoted(values: Sequence[Value]) -> DType:
    """The dtype to which NumPy promotes values together."""
    return np.result_type(*[value.dtype for value in values])


def concatenate(values: Sequence[Value], axis: int = 0) -> Value:
    """Values one after the other along an axis.

    Raises
    ------
    ValueError
        If there is none, if one has no axes, or if other axes differ.
    """
    if not values:
        raise ValueError("concatenate: need at least one array to concatenate")
    first = values[0].shape
    rank = len(first)
    if rank == 0:
        raise ValueError("concatenate: zero-dimensional arrays cannot be concatenated")
    if not -rank <= axis < rank:
        raise np.exceptions.AxisError(axis, rank, called())
    axis %= rank
    for number, value in enumerate(values):
        _check_joins(first, value.shape, axis, number)
    dtype = promoted(values)
    if len(values) == 1:
        return values[0]
    steps = steps_of_join(tuple([value.shape for value in values]), dtype, axis)
    return recorded(steps, [cast(value, dtype) for value in values])


@lru_cache(maxsize=4096)
def steps_of_join(
    shapes: tuple[tuple[int, ...], ...], dtype: DType, axis: int
) -> tuple[Step, ...]:
    """The steps that put values of one dtype one after the other along an axis."""
    first, rank = shapes[0], len(shapes[0])
    lengths = [shape[axis] for shape in shapes]
    whole = (*first[:axis], sum(lengths), *first[axis + 1 :])
    steps: list[Step] = [
        (ops.full, (whole, dtype), (Scalar(typed(0, dtype), dtype),)),
    ]
    place = 0
    for number, (shape, length) in enumerate(zip(shapes, lengths, strict=True)):
        start = (0,) * axis + (place,) + (0,) * (rank - axis - 1)
        if prod(shape):
            recipe = region(whole, dtype, start, shape)
            before = len(shapes) + len(steps) - 1
            steps.append((ops.update, (recipe,), (before, number)))
        place += length
    return tuple(steps)


def _check_joins(
    first: tuple[int, ...], shape: tuple[int, ...], axis: int, number: int
) -> None:
    if len(shape) != len(first):
        raise ValueError(
            "concatenate: all the input array dimensions must match; the array at "
            f"index 0 has {len(first)} dimension(s) and the array at index {number} "
            f"has {len(shape)} dimension(s)"
        )
    for other, (n, m) in enumerate(zip(first, shape, strict=True)):
        if other != axis and n != m:
            raise ValueError(
                "concatenate: all the input array dimensions except for the "
                f"concatenation axis must match exactly, but along dimension {other}, "
                f"the array at index 0 has size {n} and the array at index {number} "
                f"has size {m}"
            )


def stack(values: Sequence[Value], axis: int = 0) -> Value:
    """Values of one shape along a new axis.

    Raises
    ------
    ValueError
        If there is none, or if shapes differ.
    """
    if not values:
        raise ValueError("stack: need at least one array to stack")
    shapes = {value.shape for value in values}
    if len(shapes) > 1:
        raise ValueError(
            "stack: all input arrays must have the same shape; "
            f"{' and '.join(map(str, sorted(shapes)))} were given"
        )
    rank = len(values[0].shape) + 1
    if not -rank <= axis < rank:
        raise np.exceptions.AxisError(axis, rank, called())
    axis %= rank
    return concatenate([expand_axes(value, (axis,)) for value in values], axis)


def pad(x: Value, widths: Sequence[tuple[int, int]], number: Any = 0) -> Value:
    """x with `number` around it: (before, after) for each axis, not negative."""
    if not any(before or after for before, after in widths):
        return x
    shape = _padded(x.shape, widths)
    out = full_value(shape, number, x.dtype)
    start = tuple(before for before, _ in widths)
    recipe = region(shape, x.dtype, start, x.shape)
    return ops.update(out, x, attributes=(recipe,))


def _padded(
    shape: tuple[int, ...], widths: Sequence[tuple[int, int]]
) -> tuple[int, ...]:
    return tuple(
        n + before + after for n, (before, after) in zip(shape, widths, strict=True)
    )


def pad_with_itself(
    x: Value, widths: Sequence[tuple[int, int]], mode: PadMode
) -> Value:
    """x continued by its own elements, as the modes of ``numpy.pad`` do.

    Raises
    ------
    ValueError
        If an axis without elements would have to be continued.
    """
    shape = _padded(x.shape, widths)
    strides = c_strides(x.shape)
    positions = full_value(shape, 0, np.int64)
    for axis, (n, ends) in enumerate(zip(x.shape, widths, strict=True)):
        places = _places_shown(n, ends, mode)
        if strides[axis] != 1:
            places = places * strides[axis]
        behind = len(shape) - axis - 1
        positions = positions + reshape_value(places, places.shape + (1,) * behind)
    return ops.take(x, positions)


def _places_shown(n: int, ends: tuple[int, int], mode: PadMode) -> Value:
    """Which of n elements each place along a continued axis shows."""
    before, after = ends
    if not n or max(ends) > (n - 1 if mode == "reflect" else n):
        # An axis without elements is an error; one that is shown several times is rare.
        return constant(np.pad(np.arange(n), ends, mode=mode).astype(np.int64))
    place = ops.iota(attributes=(before + n + after,))
    if not before and not after:
        return place
    place = place - before
    if mode == "edge":
        return ops.minimum(ops.maximum(place, 0), n - 1)
    if mode == "wrap":
        place = ops.where(place < 0, place + n, place)
        return ops.where(place < n, place, place - n)
    # Both ends are turned around: the element there is shown once, or twice.
    twice = int(mode == "symmetric")
    place = ops.maximum(place, -twice - place)
    return ops.minimum(place, 2 * (n - 1) + twice - place)


# -- products --------------------------------------------------------------------------
def matrix_product(x: Value, y: Value) -> Value:
    """``numpy.matmul``: operands are promoted; bool and integers stay exact."""
    left, right = ops.matmul.resolve((x.dtype, y.dtype)).inputs
    return ops.matmul(cast(x, left), cast(y, right))


def outer(x: Value, y: Value) -> Value:
    """All products of an element of x with one of y."""
    return reshape_value(x, (x.size, 1)) * reshape_value(y, (1, y.size))


def tensordot(
    x: Value, y: Value, x_axes: Sequence[int], y_axes: Sequence[int]
) -> Value:
    """The sum of products over pairs of axes, as one product of matrices.

    Raises
    ------
    ValueError
        If the axes of a pair differ in length.
    """
    x_axes = [axis % len(x.shape) for axis in x_axes]
    y_axes = [axis % len(y.shape) for axis in y_axes]
    if [x.shape[a] for a in x_axes] != [y.shape[a] for a in y_axes]:
        raise ValueError(
            "tensordot: shape-mismatch for sum: axes of equal length were required; "
            f"axes {x_axes} of {x.shape} and {y_axes} of {y.shape} were given"
        )
    x_left = [axis for axis in range(len(x.shape)) if axis not in x_axes]
    y_left = [axis for axis in range(len(y.shape)) if axis not in y_axes]
    inner = prod(x.shape[a] for a in x_axes)
    rows = tuple(x.shape[a] for a in x_left)
    columns = tuple(y.shape[a] for a in y_left)
    left = reshape_value(transpose_value(x, x_left + x_axes), (prod(rows), inner))
    right = reshape_value(transpose_value(y, y_axes + y_left), (inner, prod(columns)))
    return reshape_value(matrix_product(left, right), (*rows, *columns))


def repeat_axis(x: Value, times: int, axis: int) -> Value:
    """Each element `times` times along an axis."""
    axis %= len(x.shape)
    wide = expand_axes(x, (axis + 1,))
    shape = (*x.shape[: axis + 1], times, *x.shape[axis + 1 :])
    joined = (*x.shape[:axis], x.shape[axis] * times, *x.shape[axis + 1 :])
    return reshape_value(broadcast_value(wide, shape), joined)


def tile(x: Value, times: Sequence[int]) -> Value:
    """x repeated as a whole: `times` along each axis (as many as x has, or more)."""
    shape = (1,) * (len(times) - len(x.shape)) + x.shape
    times = (1,) * (len(shape) - len(times)) + tuple(times)
    paired = tuple(m for n in shape for m in (1, n))
    spread = tuple(m for t, n in zip(times, shape, strict=True) for m in (t, n))
    joined = tuple(t * n for t, n in zip(times, shape, strict=True))
    return reshape_value(broadcast_value(reshape_value(x, paired), spread), joined)
