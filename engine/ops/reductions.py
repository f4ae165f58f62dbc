"""Reductions over axes. Operands of sum and prod have the accumulator's dtype."""

from __future__ import annotations

from collections.abc import Callable
from math import prod as product
from typing import Any

import numpy as np

from engine.cotangent import Cotangent, settle
from engine.movement import keep_axes, reshape_value
from engine.recipe import Shape
from engine.record.value import DATES, Value
from engine.shapes import reduced_shape

from .arithmetic import square
from .comparison import equal, isnan
from .logical import logical_or
from .loops import BOOL, INT64, conj
from .op import DType, cast, operation, resolved
from .selection import where

Axes = tuple[int, ...]


def _same(x: Any, axes: Axes) -> tuple[DType, Shape]:
    return x.dtype, reduced_shape(x.shape, axes)


def _added(ufunc: np.ufunc) -> Callable[[Any, Axes], tuple[DType, Shape]]:
    """The inference of a reduction by a function that not all dates have."""

    def infer(x: Any, axes: Axes) -> tuple[DType, Shape]:
        if x.dtype.kind in DATES:
            resolved(ufunc, ufunc.__name__, (x.dtype, x.dtype, None))
        return _same(x, axes)

    return infer


def _extreme(x: Any, axes: Axes) -> tuple[DType, Shape]:
    _require_elements(x, axes, "max and min")
    return _same(x, axes)


def _position(x: Any, axes: Axes) -> tuple[DType, Shape]:
    _require_elements(x, axes, "argmax and argmin")
    return INT64, reduced_shape(x.shape, axes)


def _truth(x: Any, axes: Axes) -> tuple[DType, Shape]:
    return BOOL, reduced_shape(x.shape, axes)


def _deviations(x: Any, axes: Axes) -> tuple[DType, Shape]:
    if x.dtype.kind != "f":
        raise TypeError(
            "squared_deviations: a floating dtype was required; "
            f"{x.dtype.name} was given"
        )
    return _same(x, axes)


def _require_elements(x: Any, axes: Axes, name: str) -> None:
    if product(x.shape[axis] for axis in axes) == 0:
        raise ValueError(
            f"{name}: zero-size array to reduction operation which has no identity: "
            f"at least one element along the axes {axes} was required; shape {x.shape} "
            "was given"
        )


@operation("reduce", _added(np.add), onnx="ReduceSum", linear=True)
def sum(x: Any, axes: Any) -> Any:
    """The sum of the elements; 0 when there are none."""
    # NumPy lets nobody name a unit.
    dtype = None if x.dtype.kind in DATES else x.dtype
    return np.add.reduce(x, axis=axes, dtype=dtype)


@sum.cotangent
def _(cotangent: Cotangent, out: Value, x: Value, axes: Axes) -> Any:
    mask = cotangent.mask
    return (
        cotangent.replace(
            keep_axes(cotangent.grad, axes, x.shape),
            None if mask is None else keep_axes(mask, axes, x.shape),
        ),
    )


@operation("reduce", _added(np.multiply), onnx="ReduceProd")
def prod(x: Any, axes: Any) -> Any:
    """The product of the elements; 1 when there are none."""
    return np.multiply.reduce(x, axis=axes, dtype=x.dtype)


@prod.cotangent
def _(cotangent: Cotangent, out: Value, x: Value, axes: Axes) -> Any:
    """Each element's slope is the product of all others, with zeros counted apart."""
    zero = equal(x, 0)
    zeros = keep_axes(sum(cast(zero, INT64), attributes=(axes,)), axes, x.shape)
    nonzero = prod(where(zero, 1, x), attributes=(axes,))
    only_zero = prod(where(zero, x, 1), attributes=(axes,))
    # The other one of two zeros, as an expression: second derivatives need its slope.
    another = keep_axes(sum(where(zero, x, 0), attributes=(axes,)), axes, x.shape) - x
    other_zeros = where(equal(zeros, 1), 1, where(equal(zeros, 2), another, 0))
    of_zero = keep_axes(nonzero, axes, x.shape) * other_zeros
    of_others = keep_axes(nonzero * only_zero, axes, x.shape) / where(zero, 1, x)
    grad = keep_axes(settle(cotangent), axes, x.shape)
    return (Cotangent(grad * conj(where(zero, of_zero, of_others))),)


def _extreme_cotangent(
    cotangent: Cotangent, out: Value, x: Value, axes: Axes
) -> tuple[Cotangent]:
    """The extremes share the gradient equally; NaN counts as extreme."""
    top = keep_axes(out, axes, x.shape)
    chosen = logical_or(equal(x, top), isnan(x))
    ties = sum(cast(chosen, x.dtype), attributes=(axes,))
    mask = cotangent.mask
    return (
        Cotangent(
            keep_axes(cotangent.grad / ties, axes, x.shape),
            chosen if mask is None else chosen & keep_axes(mask, axes, x.shape),
            clean=False,
        ),
    )


@operation("reduce", _extreme, onnx="ReduceMax")
def max(x: Any, axes: Any) -> Any:
    """The largest element; NaN if there is one."""
    return np.maximum.reduce(x, axis=axes)


@max.cotangent
def _(cotangent: Cotangent, out: Value, x: Value, axes: Axes) -> Any:
    return _extreme_cotangent(cotangent, out, x, axes)


@operation("reduce", _extreme, onnx="ReduceMin")
def min(x: Any, axes: Any) -> Any:
    """The smallest element; NaN if there is one."""
    return np.minimum.reduce(x, axis=axes)


@min.cotangent
def _(cotangent: Cotangent, out: Value, x: Value, axes: Axes) -> Any:
    return _extreme_cotangent(cotangent, out, x, axes)


@operation("reduce", _position, onnx="ArgMax")
def argmax(x: Any, axes: Any) -> Any:
    """The first position of the largest element, along one axis or among all."""
    return np.argmax(x, axis=axes[0] if len(axes) == 1 else None)


@operation("reduce", _position, onnx="ArgMin")
def argmin(x: Any, axes: Any) -> Any:
    """The first position of the smallest element, along one axis or among all."""
    return np.argmin(x, axis=axes[0] if len(axes) == 1 else None)


@operation("reduce", _truth)
def any(x: Any, axes: Any) -> Any:
    """Whether an element is true; False when there are none."""
    return np.logical_or.reduce(x, axis=axes)


@operation("reduce", _truth)
def all(x: Any, axes: Any) -> Any:
    """Whether every element is true; True when there are none."""
    return np.logical_and.reduce(x, axis=axes)


@operation("reduce", _deviations)
def squared_deviations(x: Any, axes: Any) -> Any:
    """The sum of squared distances from the mean; 0 when there are no elements."""
    count = product(x.shape[axis] for axis in axes)
    total = np.add.reduce(x, axis=axes, keepdims=True)
    distances = x - total / x.dtype.type(count or 1)
    return np.add.reduce(np.square(distances), axis=axes)


@squared_deviations.cotangent
def _(cotangent: Cotangent, out: Value, x: Value, axes: Axes) -> Any:
    """Twice the distance from the mean, through which there is no slope of its own."""
    count = product(x.shape[axis] for axis in axes)
    mean = keep_axes(sum(x, attributes=(axes,)) / float(count or 1), axes, x.shape)
    mask = cotangent.mask
    return (
        Cotangent(
            keep_axes(cotangent.grad * 2.0, axes, x.shape) * (x - mean),
            None if mask is None else keep_axes(mask, axes, x.shape),
            clean=False,
        ),
    )


def adjoining(shape: Shape, axes: Axes) -> bool:
    """Whether no axis of another extent than 1 lies between reduced ones.

    Examples
    --------
    >>> adjoining((2, 3, 4), (1, 2)), adjoining((2, 3, 4), (0, 2))
    (True, False)
    """
    between = range(axes[0], axes[-1]) if axes else ()
    return not [axis for axis in between if axis not in axes and shape[axis] != 1]


def spread(x: Value, axes: Axes) -> Value:
    """The squared deviations of real x, in two walks where axes do not adjoin."""
    if adjoining(x.shape, axes):
        return squared_deviations(x, attributes=(axes,))
    count = product(x.shape[axis] for axis in axes)
    mean = sum(x, attributes=(axes,)) / float(count or 1)
    return sum(square(x - keep_axes(mean, axes, x.shape)), attributes=(axes,))


def sum_to(value: Value, shape: Shape) -> Value:
    """Sum over the axes along which `shape` was broadcast to a value's shape."""
    axes = _broadcast_axes(value.shape, shape)
    if axes:
        value = sum(value, attributes=(axes,))
    return reshape_value(value, shape)


def any_to(mask: Value, shape: Shape) -> Value:
    """Whether any holds along the axes along which `shape` was broadcast."""
    axes = _broadcast_axes(mask.shape, shape)
    if axes:
        mask = any(mask, attributes=(axes,))
    return reshape_value(mask, shape)


def _broadcast_axes(given: Shape, shape: Shape) -> Axes:
    lead = len(given) - len(shape)
    return tuple(range(lead)) + tuple(
        axis + lead
        for axis, n in enumerate(shape)
        if n == 1 and given[axis + lead] != 1
    )
