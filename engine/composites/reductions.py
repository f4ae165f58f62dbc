"""Reductions made of the reduction ops: accumulators, means, norms, log-sums."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TypeAlias

import numpy as np

from engine import ops
from engine.movement import expand_axes, normal_axes, reshape_value
from engine.ops.loops import BOOL
from engine.ops.op import DType, Op, cast
from engine.record.trace import alias
from engine.record.value import Value
from engine.shapes import reduced_shape

Axis: TypeAlias = int | Sequence[int] | None

_HALF = np.dtype(np.float16)
_SINGLE = np.dtype(np.float32)
_DOUBLE = np.dtype(np.float64)


def reduce(op: Op, x: Value, axis: Axis = None, keepdims: bool = False) -> Value:
    """A reduction op over axes, as the faces call it.

    Parameters
    ----------
    op : Op
        An op of the kind ``reduce``; the operand has the dtype that it needs.
    x : Value
    axis : int, sequence of int or None
        None: all axes.
    keepdims : bool
        Whether reduced axes stay, with the extent 1.
    """
    axes = normal_axes(axis, len(x.shape))
    out = op(x, attributes=(axes,))
    return expand_axes(out, axes) if keepdims else out


def accumulator(dtype: DType) -> DType:
    """The dtype in which NumPy adds up: 64 bits for bool and narrower integers.

    Examples
    --------
    >>> accumulator(np.dtype(np.uint8)), accumulator(np.dtype(np.float32))
    (dtype('uint64'), dtype('float32'))
    """
    if dtype.kind in "bi":
        return np.dtype(np.int64)
    return np.dtype(np.uint64) if dtype.kind == "u" else dtype


def reduce_sum(
    x: Value, axis: Axis = None, dtype: DType | None = None, keepdims: bool = False
) -> Value:
    """The sum over axes, in `dtype` or the accumulator of the dtype of x."""
    return reduce(ops.sum, cast(x, dtype or accumulator(x.dtype)), axis, keepdims)


def reduce_prod(
    x: Value, axis: Axis = None, dtype: DType | None = None, keepdims: bool = False
) -> Value:
    """The product over axes, in `dtype` or the accumulator of the dtype of x."""
    return reduce(ops.prod, cast(x, dtype or accumulator(x.dtype)), axis, keepdims)


def reduce_any(x: Value, axis: Axis = None, keepdims: bool = False) -> Value:
    """Whether an element along the axes is not 0."""
    return reduce(ops.any, cast(x, BOOL), axis, keepdims)


def reduce_all(x: Value, axis: Axis = None, keepdims: bool = False) -> Value:
    """Whether no element along the axes is 0."""
    return reduce(ops.all, cast(x, BOOL), axis, keepdims)


def count(x: Value, axis: Axis) -> int:
    """How many elements are reduced to one."""
    return prod(x.shape[a] for a in normal_axes(axis, len(x.shape)))


def _widened(x: Value, dtype: DType | None) -> tuple[Value, DType]:
    """x in the dtype that a mean is added up in, and the dtype of the result."""
    wanted = dtype or (_DOUBLE if x.dtype.kind in "biu" else x.dtype)
    return cast(x, _SINGLE if wanted == _HALF else wanted), wanted


def mean(
    x: Value, axis: Axis = None, dtype: DType | None = None, keepdims: bool = False
) -> Value:
    """The arithmetic mean over axes; of integers in float64."""
    wide, wanted = _widened(x, dtype)
    total = reduce_sum(wide, axis, keepdims=keepdims)
    return cast(total / float(count(x, axis)), wanted)


def var(
    x: Value,
    axis: Axis = None,
    correction: float = 0.0,
    dtype: DType | None = None,
    keepdims: bool = False,
) -> Value:
    """The variance over axes: mean squared distance from the mean, in one walk.

    `correction` is subtracted from the count (NumPy's ddof).
    """
    wide, wanted = _widened(x, dtype)
    if wide.dtype.kind == "c":
        distance = wide - mean(wide, axis, keepdims=True)
        squared = ops.square(ops.real(distance)) + ops.square(ops.imag(distance))
        wanted = squared.dtype
        total = reduce_sum(squared, axis, keepdims=keepdims)
    else:
        axes = normal_axes(axis, len(x.shape))
        total = ops.spread(wide, axes)
        total = expand_axes(total, axes) if keepdims else total
    return cast(total / max(count(x, axis) - correction, 0.0), wanted)


def std(
    x: Value,
    axis: Axis = None,
    correction: float = 0.0,
    dtype: DType | None = None,
    keepdims: bool = False,
) -> Value:
    """The standard deviation over axes, the root of `var`."""
    return _root(var(x, axis, correction, dtype, keepdims))


def _root(x: Value) -> Value:
    """The square root with the gradient 0 at 0, for lengths and deviations."""
    return ops.where(x > 0.0, ops.sqrt(x), x)


def norm(x: Value, axis: Axis = None, keepdims: bool = False) -> Value:
    """The Euclidean length over axes, with the gradient 0 at 0."""
    wide, _ = _widened(x, None)
    if wide.dtype.kind == "c":
        squared = ops.square(ops.real(wide)) + ops.square(ops.imag(wide))
    else:
        squared = ops.square(wide)
    return _root(reduce_sum(squared, axis, keepdims=keepdims))


def unchanging(x: Value) -> Value:
    """The same array without a gradient history."""
    return x if x.history is None else alias(x, None)


def shift(x: Value, axis: Axis) -> Value:
    """The largest element along axes, kept.

    What is subtracted before an exponential, so that nothing overflows. The results
    do not depend on it, so no gradient flows through it.
    """
    return reduce(ops.max, unchanging(x), axis, keepdims=True)


def logsumexp(x: Value, axis: Axis = None, keepdims: bool = False) -> Value:
    """log(sum(exp(x))) over axes, without overflow."""
    wide = cast(x, _DOUBLE) if x.dtype.kind in "biu" else x
    top = shift(wide, axis)
    top = ops.where(ops.isfinite(top), top, 0.0)  # an infinity is its own logarithm
    total = reduce_sum(ops.exp(wide - top), axis, keepdims=True)
    out = ops.log(total) + top
    if keepdims:
        return out
    axes = normal_axes(axis, len(x.shape))
    return reshape_value(out, reduced_shape(x.shape, axes))


def take_along_axis(x: Value, places: Value, axis: int) -> Value:
    """Elements of x at `places` (int64, not negative) along one axis."""
    axis %= len(x.shape)
    return ops.take(x, ops.flat_positions(places, axis, x.shape))
