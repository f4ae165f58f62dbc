"""Means, variances, quantiles, weighted averages."""

from __future__ import annotations

import builtins
from math import prod as product
from typing import Any

import numpy as np

import engine.numpy.elementwise as elementwise
import engine.numpy.handle as face
import engine.numpy.reductions as reductions
from engine.errors import named
from engine.movement import broadcast_value
from engine.record.registry import REGISTRY

from .fallback import library_call
from .masked import over_selections
from .reductions import Axis, deliver, normal, reduce, reduced_shape, selected
from .sorting import sort
from .views import normal_axis

__all__ = [
    "average",
    "corrcoef",
    "cov",
    "mean",
    "median",
    "percentile",
    "ptp",
    "quantile",
    "std",
    "trapezoid",
    "var",
]


def _mean_dtypes(dtype: np.dtype[Any], wanted: Any) -> tuple[Any, Any]:
    """The dtype to add in, and that of the result."""
    if wanted is not None:
        return np.dtype(wanted), np.dtype(wanted)
    if dtype.kind in "biu":
        return np.dtype(float), np.dtype(float)
    if dtype == np.float16:
        return np.dtype(np.float32), dtype
    return dtype, dtype


def _count(array: face.ndarray, axes: tuple[int, ...], where: Any) -> Any:
    """How many elements count: a number, or an array where a mask is given."""
    if where is True:
        return product(array.shape[axis] for axis in axes)
    mask = broadcast_value(elementwise.mask_value(where), array.shape)
    return reduce("sum", face.ndarray.wrap(mask), axes, True, np.int64)


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
    """The mean over axes; integers give float64. Parameters as of `sum`."""
    array = face.asarray(a)
    axes = normal("mean", axis, array.ndim)
    inner, outer = _mean_dtypes(array.dtype, dtype)
    chosen = selected(array, where, 0)
    total = reduce("sum", chosen, axes, where is not True or keepdims, inner)
    result = _divided(total, _count(array, axes, where))
    if where is not True:
        result = _laid_out_as(result, total)
        if not keepdims:
            result = result.reshape(reduced_shape(array.shape, axes, False))
    return deliver("mean", _as(result, outer), out)


def _laid_out_as(result: Any, model: Any) -> Any:
    """A result in the layout of an array that it replaces."""
    if result.strides == model.strides or result.scalar:
        return result
    model.store(result.read())
    return model


def _divided(total: Any, count: Any) -> Any:
    if isinstance(count, int):
        count = total.dtype.type(count)
    else:
        count = count.astype(total.real.dtype)
    return elementwise.apply(REGISTRY["divide"], total, count)


def _as(result: Any, dtype: np.dtype[Any]) -> Any:
    final = result if result.dtype == dtype else result.astype(dtype)
    if not final.shape and not final.scalar:
        return face.ndarray.wrap(final.read(), scalar=True)
    return final


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
    """
    array = face.asarray(a)
    axes = normal("var", axis, array.ndim)
    if correction is not None:
        if ddof != 0:
            raise ValueError(
                named("ddof and correction can't be provided simultaneously.")
            )
        ddof = correction
    inner, outer = _mean_dtypes(array.dtype, dtype)
    count = _count(array, axes, where)
    if mean is None and where is True and inner.kind == "f":
        total = reduce("squared_deviations", array, axes, True, inner)
    else:
        total = _squared_distances(array, axes, inner, count, where, mean)
        outer = total.dtype if outer.kind == "c" else outer
    if isinstance(count, int):
        divisor: Any = total.dtype.type(builtins.max(count - ddof, 0))
        result = elementwise.apply(REGISTRY["divide"], total, divisor)
    else:
        left = elementwise.apply(REGISTRY["maximum"], count - ddof, 0)
        result = _divided(total, left)
    if not keepdims:
        result = result.reshape(reduced_shape(array.shape, axes, False))
    return deliver("var", _as(result, outer), out)


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
    """The standard deviation over axes: the root of `var`."""
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


def ptp(a: Any, axis: Axis = None, out: Any = None, keepdims: bool = False) -> Any:
    """The largest element less the smallest, over axes."""
    high = reductions.max(a, axis, keepdims=keepdims)
    low = reductions.min(a, axis, keepdims=keepdims)
    return deliver("ptp", elementwise.apply(REGISTRY["subtract"], high, low), out)


def _quantiles(
    name: str,
    function: Any,
    a: Any,
    q: Any,
    axis: Any,
    keepdims: bool,
    scale: float,
    method: str,
    weights: Any,
) -> Any:
    array = face.asarray(a)
    number = isinstance(q, (int, float)) and not isinstance(q, bool)
    simple = number and method == "linear" and weights is None and array.size
    if not simple or array.dtype.kind == "c" or isinstance(axis, tuple):
        return library_call(
            name,
            function,
            a,
            q,
            axis,
            method=method,
            keepdims=keepdims,
            weights=weights,
        )
    if not 0 <= q <= scale:
        limit = "[0, 100]" if scale == 100 else "[0, 1]"
        raise ValueError(f"{name}: numbers must be in the range {limit}; {q} was given")
    return _quantile_of_sorted(array, q / scale, axis, keepdims)


def _quantile_of_sorted(array: Any, q: float, axis: Any, keepdims: bool) -> Any:
    kept = (1,) * array.ndim
    flat = array.ravel() if axis is None else array
    place = 0 if axis is None else normal_axis(axis, array.ndim)
    work = flat.astype(float) if flat.dtype.kind in "biu" else flat
    rising = sort(work, place)
    last = work.shape[place] - 1
    low = int(q * last)
    high = min(low + 1, last)
    lead = (slice(None),) * place
    below, above = rising[(*lead, low)], rising[(*lead, high)]
    share = q * last - low
    mixed = (
        below + (above - below) * share
        if share < 0.5
        else (above - (above - below) * (1 - share))
    )
    top = rising[(*lead, last)]
    result = REGISTRY["where"](REGISTRY["isnan"](top.read()), top.read(), mixed.read())
    made = face.fresh(result)
    if not keepdims:
        return made
    shape = (
        kept if axis is None else (*array.shape[:place], 1, *array.shape[place + 1 :])
    )
    return made.reshape(shape)


def quantile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Any:
    """The q-th quantile over an axis."""
    made = _quantiles(
        "quantile", np.quantile, a, q, axis, keepdims, 1.0, method, weights
    )
    return deliver("quantile", made, out)


def percentile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Any:
    """The q-th percentile over an axis."""
    made = _quantiles(
        "percentile", np.percentile, a, q, axis, keepdims, 100.0, method, weights
    )
    return deliver("percentile", made, out)


def median(
    a: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    keepdims: bool = False,
) -> Any:
    """The median over an axis."""
    made = _quantiles("median", _median, a, 0.5, axis, keepdims, 1.0, "linear", None)
    return deliver("median", made, out)


def _median(a: Any, q: Any, axis: Any, **options: Any) -> Any:
    return np.median(a, axis, keepdims=options["keepdims"])


def average(
    a: Any,
    axis: Any = None,
    weights: Any = None,
    returned: bool = False,
    *,
    keepdims: bool = False,
) -> Any:
    """The mean over axes, weighted."""
    array = face.asarray(a)
    if weights is None:
        result = mean(array, axis, keepdims=keepdims)
        count = array.size / max(getattr(result, "size", 1), 1)
        return (result, result * 0 + count) if returned else result
    weight = face.asarray(weights)
    if weight.shape != array.shape:
        if not isinstance(axis, int) or weight.shape != (array.shape[axis],):
            kind = TypeError if axis is None else ValueError
            raise kind(
                "average: weights of the array's shape, or of one axis, were required; "
                f"shape {weight.shape} was given for {array.shape} and axis {axis}"
            )
        shape = [1] * array.ndim
        shape[axis] = -1
        weight = weight.reshape(tuple(shape))
    total = weight * (array * 0 + 1)
    scale = reductions.sum(total, axis, keepdims=keepdims)
    result = reductions.sum(array * weight, axis, keepdims=keepdims) / scale
    return (result, scale) if returned else result


def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
) -> Any:
    """The covariance matrix of variables: rows, or columns where not `rowvar`."""
    array = _variables(m, rowvar)
    if y is not None:
        from .joining import concatenate

        array = concatenate((array, _variables(y, rowvar)), axis=0)
    freedom = (0 if bias else 1) if ddof is None else ddof
    count = array.shape[1]
    centred = array - mean(array, 1, keepdims=True)
    other = centred.conj() if centred.dtype.kind == "c" else centred
    return (centred @ other.T / builtins.max(count - freedom, 0)).squeeze()


def _variables(m: Any, rowvar: bool) -> Any:
    array = face.asarray(m)
    if array.ndim > 2:
        raise ValueError(named("m has more than 2 dimensions"))
    array = array * 1.0
    if array.ndim == 2 and not rowvar and array.shape[0] != 1:
        array = array.T
    return array.reshape(1, -1) if array.ndim < 2 else array


def corrcoef(x: Any, y: Any = None, rowvar: bool = True) -> Any:
    """The correlation coefficients of variables."""
    matrix = cov(x, y, rowvar)
    if matrix.ndim == 0:
        return matrix / matrix
    spread = elementwise.apply(REGISTRY["sqrt"], matrix.diagonal().real)
    return matrix / spread[:, None] / spread[None, :]


def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """The integral by the trapezoidal rule."""
    array = face.asarray(y)
    place = normal_axis(axis, array.ndim)
    lead = (slice(None),) * place
    widths: Any = dx
    if x is not None:
        points = face.asarray(x)
        if points.ndim == 1:
            widths = (points[1:] - points[:-1]).reshape(
                (-1,) + (1,) * (array.ndim - place - 1)
            )
        else:
            widths = points[(*lead, slice(1, None))] - points[(*lead, slice(None, -1))]
    heights = array[(*lead, slice(1, None))] + array[(*lead, slice(None, -1))]
    return reductions.sum(widths * heights / 2.0, axis=place)
