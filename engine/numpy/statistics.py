"""Means and variances, and the range of elements."""

from __future__ import annotations

import builtins
from math import prod as product
from typing import Any

import numpy as np

import engine.numpy.elementwise as elementwise
import engine.numpy.extremes as extremes
import engine.numpy.handle as face
import engine.numpy.reductions as reductions
from engine.errors import named, warn_user
from engine.movement import broadcast_value
from engine.record.registry import REGISTRY
from engine.record.value import DATES
from engine.shapes import reduced_shape

from .axes import normal_axis
from .masked import over_selections
from .operands import checked_dtype
from .quick import by_method, remembered
from .reductions import Axis, deliver, normal, reduce, selected

__all__ = [
    "mean",
    "ptp",
    "std",
    "trapezoid",
    "var",
]


def _mean_dtypes(dtype: np.dtype[Any], wanted: Any) -> tuple[Any, Any]:
    """The dtype to add in, and that of the result."""
    if dtype.kind in DATES:
        reductions.refuse_unit(dtype, wanted)
        return dtype, dtype
    if wanted is not None:
        return (checked_dtype(wanted),) * 2
    if dtype.kind in "biu":
        return np.dtype(float), np.dtype(float)
    if dtype == np.float16:
        return np.dtype(np.float32), dtype
    return dtype, dtype


def _counted(name: str, axis: Axis, rank: int, where: Any) -> tuple[int, ...]:
    """Axes to count along: a scalar has none, but a mask is summed along 0 as it is."""
    axes = normal(name, axis, rank)
    if not rank and where is True and axis is not None and axis != ():
        raise np.exceptions.AxisError(axis, 0, name)
    return axes


def _count(array: face.ndarray, axes: tuple[int, ...], where: Any) -> Any:
    """How many elements count: a number, or an array where a mask is given."""
    if where is True:
        return product(array.shape[axis] for axis in axes)
    mask = broadcast_value(elementwise.mask_value(where), array.shape)
    return reduce("sum", face.ndarray.wrap(mask), axes, True, np.int64)


@by_method
@over_selections
def mean(
    a: Any,
    axis: Axis = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    *,
    where: Any = True,
) -> Any:
    """The mean over axes; integers give float64. Parameters as of `sum`.

    Warns (RuntimeWarning) of a mean of no elements, which is NaN.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.mean(np.array([[1, 2], [3, 4]]), axis=0)
    array([2., 3.])
    """
    array = face.asarray(a)
    axes = _counted("mean", axis, array.ndim, where)
    inner, outer = _mean_dtypes(array.dtype, dtype)
    chosen = selected(array, where, 0)
    total = reduce("sum", chosen, axes, where is not True or keepdims, inner)
    count = _count(array, axes, where)
    if count.__class__ is int and not count:
        warn_user("Mean of empty slice", RuntimeWarning)
    result = _divided(total, count)
    if where is not True:
        result = _laid_out_as(result, total)
        if not keepdims:
            result = result.reshape(reduced_shape(array.shape, axes, False))
    return deliver("mean", _as(result, outer), out, "unsafe")


def _laid_out_as(result: Any, model: Any) -> Any:
    """A result in the layout of an array that it replaces."""
    if result.strides == model.strides or result.scalar:
        return result
    model.store(result.read())
    return model


def _divided(total: Any, count: Any) -> Any:
    if isinstance(count, int):
        durations = total.dtype.kind == "m"
        count = np.int64(count) if durations else total.dtype.type(count)
    else:
        count = count if total.dtype.kind == "m" else count.astype(total.real.dtype)
    return elementwise.apply(REGISTRY["divide"], total, count)


def _as(result: Any, dtype: np.dtype[Any]) -> Any:
    final = result if result.dtype == dtype else result.astype(dtype)
    if not final.shape and not final.scalar:
        return face.ndarray.wrap(final.read(), scalar=True)
    return final


@by_method
@over_selections
def var(
    a: Any,
    axis: Axis = None,
    dtype: Any = None,
    out: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: Any = None,
) -> Any:
    """The variance over axes: the mean squared distance from the mean.

    `ddof` (or `correction`) is subtracted from the number of elements; `mean` is the
    mean with its axes kept, where it is known. Other parameters as of `sum`.

    Parameters
    ----------
    a : array_like
        Booleans, integers, floating or complex numbers.
    axis : int, tuple of int or None
        None: over all of them.
    dtype : dtype, optional
        What to compute in; float64 for integers.
    ddof : float
        What the number of elements is lessened by, as by 1 for a sample.

    Returns
    -------
    ndarray
        Of a real dtype, for complex numbers too.

    Examples
    --------
    >>> import engine.numpy as np
    >>> x = np.array([1.0, 2.0, 3.0, 4.0])
    >>> np.var(x), np.var(x, ddof=1).round(3)
    (np.float64(1.25), np.float64(1.667))
    """
    array = face.asarray(a)
    axes = _counted("var", axis, array.ndim, where)
    if correction is not None:
        if ddof != 0:
            raise ValueError(
                named("ddof and correction can't be provided simultaneously.")
            )
        ddof = correction
    inner, outer = _mean_dtypes(array.dtype, dtype)
    count = _count(array, axes, where)
    kept = keepdims
    if mean is None and where is True and inner.kind == "f":
        total = reduce("squared_deviations", array, axes, keepdims, inner)
    else:
        kept = True
        total = _squared_distances(array, axes, inner, count, where, mean)
        outer = total.dtype if outer.kind == "c" else outer
    if isinstance(count, int):
        if count <= ddof:
            warn_user("Degrees of freedom <= 0 for slice", RuntimeWarning)
        divisor: Any = total.dtype.type(builtins.max(count - ddof, 0))
        result = elementwise.apply(REGISTRY["divide"], total, divisor)
    else:
        left = elementwise.apply(REGISTRY["maximum"], count - ddof, 0)
        result = _divided(total, left)
    if kept and not keepdims:
        result = result.reshape(reduced_shape(array.shape, axes, False))
    return deliver("var", _as(result, outer), out, "unsafe")


def _squared_distances(
    array: Any, axes: Any, dtype: np.dtype[Any], count: Any, where: Any, mean: Any
) -> Any:
    """The sum of squared distances from a mean that is given, or of chosen elements."""
    if mean is None:
        chosen = selected(array, where, 0)
        mean = _divided(reduce("sum", chosen, axes, True, dtype), count)
    centred = elementwise.apply(REGISTRY["subtract"], array, mean)
    if dtype.kind == "c":
        squares = centred.real * centred.real + centred.imag * centred.imag
    else:
        squares = elementwise.apply(REGISTRY["square"], centred)
    return reduce("sum", selected(squares, where, 0), axes, True, squares.dtype)


@by_method
def std(
    a: Any,
    axis: Axis = None,
    dtype: Any = None,
    out: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: Any = None,
) -> Any:
    """The standard deviation over axes: the root of `var`.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.std(np.array([[1.0, 3.0], [2.0, 8.0]]), axis=1)
    array([1., 3.])
    """
    spread = var(
        a,
        axis,
        dtype,
        None,
        ddof,
        keepdims,
        where=where,
        mean=mean,
        correction=correction,
    )
    root = elementwise.apply(REGISTRY["sqrt"], spread)
    if spread.requires_grad:  # the slope at 0 is 0, not infinite
        root = elementwise.apply(REGISTRY["where"], spread > 0, root, spread)
    return deliver("std", root, out)


@remembered()
def ptp(a: Any, axis: Axis = None, out: Any = None, keepdims: bool = False) -> Any:
    """The largest element less the smallest, over axes.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.ptp(np.array([[3, 9], [5, 6]]), axis=1)
    array([6, 1])
    """
    high = extremes.max(a, axis, keepdims=keepdims)
    low = extremes.min(a, axis, keepdims=keepdims)
    return deliver("ptp", elementwise.apply(REGISTRY["subtract"], high, low), out)


@remembered(2)
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """The integral by the trapezoidal rule.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.trapezoid(np.array([0.0, 1.0, 4.0]), dx=0.5)
    np.float64(1.5)
    """
    array = face.asarray(y)
    place = normal_axis(axis, array.ndim)
    lead = (slice(None),) * place
    widths: Any = dx
    if x is not None:
        points = face.asarray(x)
        op = REGISTRY["not_equal" if points.dtype.kind == "b" else "subtract"]
        flat = points.ndim == 1
        along = () if flat else (slice(None),) * normal_axis(axis, points.ndim)
        later, sooner = (*along, slice(1, None)), (*along, slice(None, -1))
        widths = elementwise.apply(op, points[later], points[sooner])
        if flat:
            widths = widths.reshape((-1,) + (1,) * (array.ndim - place - 1))
    heights = array[(*lead, slice(1, None))] + array[(*lead, slice(None, -1))]
    return reductions.sum(widths * heights / 2.0, axis=place)
