"""Scans and sorts along one axis, and a check, as library calls."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.cotangent import AtPositions, Cotangent, settle
from engine.movement import broadcast_value, flip_value, reshape_value
from engine.recipe import Shape, c_strides
from engine.record.value import Value

from .comparison import equal
from .logical import logical_or
from .loops import INT64, conj
from .op import DType, cast, operation
from .selection import where
from .sources import iota


def _same(x: Any, axis: int) -> tuple[DType, Shape]:
    return x.dtype, x.shape


def _positions(x: Any, axis: int) -> tuple[DType, Shape]:
    return INT64, x.shape


@operation("library", _same, onnx="CumSum", linear=True)
def cumsum(x: Any, axis: Any) -> Any:
    """Sums of all elements up to each one, in the dtype of x."""
    return np.cumsum(x, axis=axis, dtype=x.dtype)


@cumsum.cotangent
def _(cotangent: Cotangent, out: Value, _x: Value, axis: int) -> Any:
    return (Cotangent(_sum_after(settle(cotangent), axis)),)


def _sum_after(value: Value, axis: int) -> Value:
    """Sums of all elements from each one on."""
    backwards = cumsum(flip_value(value, (axis,)), attributes=(axis,))
    return flip_value(backwards, (axis,))


@operation("library", _same)
def cumprod(x: Any, axis: Any) -> Any:
    """Products of all elements up to each one, in the dtype of x."""
    return np.cumprod(x, axis=axis, dtype=x.dtype)


@cumprod.cotangent
def _(cotangent: Cotangent, out: Value, x: Value, axis: int) -> Any:
    """Right with zeros too: what comes after the first one counts only for that."""
    grad = settle(cotangent)
    zero = equal(x, 0)
    zeros = cumsum(cast(zero, INT64), attributes=(axis,))
    first = zero & equal(zeros, 1)
    without = cumprod(where(first, 1, x), attributes=(axis,))
    of_first = _sum_after(grad * conj(without), axis)
    of_others = _sum_after(grad * conj(out), axis) / conj(where(zero, 1, x))
    later = logical_or(zero, zeros > 0)
    return (Cotangent(where(first, of_first, where(later, 0, of_others))),)


@operation("library", _same, expensive=True)
def sort(x: Any, axis: Any) -> Any:
    """The elements in rising order along an axis, NaN last."""
    # Only zeros of both signs and complex parts show whether a sort is stable. NumPy's
    # vectorised sort, which is not, takes about half the time from 4 bytes on.
    wide = x.dtype.itemsize >= 4
    simple = wide and (x.dtype.kind in "iu" or (x.dtype.kind == "f" and x.all()))
    return np.sort(x, axis=axis, kind=None if simple else "stable")


@sort.cotangent
def _(cotangent: Cotangent, out: Value, x: Value, axis: int) -> Any:
    order = argsort(x, attributes=(axis,))
    return (AtPositions(cotangent, flat_positions(order, axis, x.shape)),)


@operation("library", _positions, expensive=True)
def argsort(x: Any, axis: Any) -> Any:
    """Positions along an axis in the order of their elements, equal ones in order."""
    return np.argsort(x, axis=axis, kind="stable")


def flat_positions(places: Value, axis: int, shape: Shape) -> Value:
    """Flat positions in an array of `shape` of elements at `places` along an axis.

    As in ``take_along_axis``, `places` has the other axes in common with the array.
    """
    strides = c_strides(shape)
    positions = places * strides[axis]
    rank = len(shape)
    for other, stride in enumerate(strides):
        extent = places.shape[other]
        if other == axis or extent == 1:
            continue
        own = iota(attributes=(extent,)) * stride
        own = reshape_value(own, (extent,) + (1,) * (rank - other - 1))
        positions = positions + broadcast_value(own, places.shape)
    return positions


def _bounded(x: Any, extent: int, other: int) -> tuple[DType, Shape]:
    return x.dtype, x.shape


@operation("library", _bounded)
def bounded(x: Any, extent: Any, other: Any) -> Any:
    """Classes x, when each is at least 0 and below `extent`, or is `other`."""
    outside = ((x < 0) | (x >= extent)) & (x != other)
    if outside.any():
        raise IndexError(
            f"targets from 0 to {extent - 1} were required; "
            f"Target {x[outside][0]} is out of bounds"
        )
    return x
