"""Reductions and scans: sum, mean, max, argmax, cumsum and the like."""

from __future__ import annotations

import builtins
from math import prod as product
from typing import Any

import numpy as np

import engine.numpy.elementwise as elementwise
import engine.numpy.handle as face
from engine.array import Array
from engine.movement import all_axes, broadcast_value, normal_axes, reshape_value
from engine.ops.op import cast
from engine.ops.regions import full_value
from engine.recipe import Shape, keep_order, transposed
from engine.record.registry import REGISTRY
from engine.record.value import Value

from .operands import contiguous, plain_value, read_as

Axis = Any


def _given(a: Any) -> face.ndarray:
    return a if type(a) is face.ndarray else face.asarray(a)


def _axes(name: str, axis: Axis, rank: int) -> tuple[int, ...]:
    if isinstance(axis, (list, set)) or (axis is not None and isinstance(axis, float)):
        raise TypeError(
            f"{name}: an integer, a tuple of integers or None was required as axis; "
            f"{axis!r} was given"
        )
    if rank == 0 and axis in (0, -1, (), (0,), (-1,)):
        return ()
    if isinstance(axis, Array):
        axis = axis.__index__()
    return normal_axes(axis, rank)


def in_memory_order(array: Array) -> tuple[Value, tuple[int, ...]]:
    """The elements with the outermost axis in memory first, and that order."""
    rank = array.ndim
    value = plain_value(array)
    if value is not None:
        return value, tuple(range(rank))
    recipe = array.recipe
    if rank < 2 or recipe.strides == contiguous(recipe.shape):
        return array.read(), tuple(range(rank))
    order = keep_order(recipe.shape, [recipe.strides])
    return read_as(array, transposed(recipe, order)), order


def reduce(
    name: str,
    array: Array,
    axes: tuple[int, ...],
    keepdims: bool,
    dtype: Any = None,
    out: Any = None,
) -> Any:
    """Record a reduction over axes, its operand read in memory order."""
    value, order = in_memory_order(array)
    if dtype is not None:
        value = cast(value, np.dtype(dtype))
    places = tuple(sorted(order.index(axis) for axis in axes))
    if not axes and name in ("sum", "prod", "max", "min"):
        result = value
    else:
        result = REGISTRY[name](value, attributes=(places,))
    return finished(name, result, order, axes, keepdims, out)


def finished(
    name: str,
    result: Value,
    order: tuple[int, ...],
    axes: tuple[int, ...],
    keepdims: bool,
    out: Any = None,
) -> Any:
    """The handle of a reduction's value: kept axes, layout, `out`."""
    left = [axis for axis in order if axis not in axes]
    if keepdims:
        extents = iter(result.shape)
        shape = tuple(1 if axis in axes else next(extents) for axis in order)
        result = reshape_value(result, shape)
    else:
        ranked = sorted(left)
        order = tuple(ranked.index(axis) for axis in left)
    handle = face.ndarray.wrap(result, order, scalar=not result.shape)
    return deliver(name, handle, out)


def deliver(name: str, result: Any, out: Any) -> Any:
    """The result itself, or `out` after it has been stored there."""
    if isinstance(out, tuple):
        (out,) = out
    if out is None:
        return result
    target = elementwise.check_out(out)
    if target.shape != result.shape:
        raise ValueError(
            f"{name}: an output of shape {result.shape} was required; shape "
            f"{target.shape} was given"
        )
    elementwise.store_out(name, result.read(), target, "same_kind", True)
    return target


def _accumulator(dtype: np.dtype[Any], wanted: Any) -> np.dtype[Any]:
    """The dtype that sum and prod add in: at least the platform's integer."""
    if wanted is not None:
        return np.dtype(wanted)
    if dtype.kind in "bi" and dtype.itemsize < 8:
        return np.dtype(np.int64)
    if dtype.kind == "u" and dtype.itemsize < 8:
        return np.dtype(np.uint64)
    return dtype


def _selected(array: face.ndarray, where: Any, other: Any) -> face.ndarray:
    """The array with `other` (a typed number) where a mask does not hold."""
    if where is True:
        return array
    elementwise.mask_value(where)
    fill = array.dtype.type(other)
    chosen: face.ndarray = elementwise.apply(REGISTRY["where"], where, array, fill)
    return chosen


def _summed(
    name: str,
    combine: str,
    neutral: int,
    a: Any,
    axis: Axis,
    dtype: Any,
    out: Any,
    keepdims: bool,
    initial: Any,
    where: Any,
) -> Any:
    array = _selected(_given(a), where, neutral)
    axes = _axes(name, axis, array.ndim)
    target = _accumulator(array.dtype, dtype)
    if initial is None:
        return reduce(name, array, axes, keepdims, target, out)
    result = reduce(name, array, axes, keepdims, target)
    started = elementwise.apply(REGISTRY[combine], result, target.type(initial))
    return deliver(name, started, out)


def sum(
    a: Any,
    axis: Axis = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """The sum over axes.

    Parameters
    ----------
    a : array_like
    axis : int, tuple of int or None
        None: over all of them.
    dtype : dtype, optional
        What to add in; narrow integers are added as int64 or uint64.
    out : ndarray, optional
        Where to store the result.
    keepdims : bool
        Whether reduced axes stay, with extent 1.
    initial : number, optional
        Added to the result.
    where : array_like of bool
        Which elements count.

    Returns
    -------
    ndarray

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.sum(np.array([[1, 2], [3, 4]]), axis=0)
    array([4, 6])
    """
    return _summed("sum", "add", 0, a, axis, dtype, out, keepdims, initial, where)


def prod(
    a: Any,
    axis: Axis = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """The product over axes; parameters as of `sum`."""
    return _summed("prod", "multiply", 1, a, axis, dtype, out, keepdims, initial, where)


def _extreme(
    name: str,
    ufunc: str,
    a: Any,
    axis: Axis,
    out: Any,
    keepdims: bool,
    initial: Any,
    where: Any,
) -> Any:
    array = _given(a)
    axes = _axes(name, axis, array.ndim)
    if where is not True:
        if initial is None:
            raise ValueError(
                f"{name}: reduction operation '{ufunc}' does not have an identity, so "
                "to use a where mask one has to specify 'initial'"
            )
        array = _selected(array, where, initial)
    if initial is None:
        if product(array.shape[axis] for axis in axes) == 0:
            raise ValueError(
                f"zero-size array to reduction operation {ufunc} which has no identity"
            )
        return reduce(name, array, axes, keepdims, None, out)
    if array.size == 0:
        shape = _reduced_shape(array.shape, axes, keepdims)
        value = full_value(shape, initial, array.dtype)
        return deliver(name, face.ndarray.wrap(value, scalar=not shape), out)
    result = reduce(name, array, axes, keepdims)
    started = elementwise.apply(REGISTRY[ufunc], result, array.dtype.type(initial))
    return deliver(name, started, out)


def _reduced_shape(shape: Shape, axes: tuple[int, ...], keepdims: bool) -> Shape:
    if keepdims:
        return tuple(1 if axis in axes else n for axis, n in enumerate(shape))
    return tuple(n for axis, n in enumerate(shape) if axis not in axes)


def max(
    a: Any,
    axis: Axis = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """The largest element over axes; NaN if there is one. Parameters as of `sum`."""
    return _extreme("max", "maximum", a, axis, out, keepdims, initial, where)


def min(
    a: Any,
    axis: Axis = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """The smallest element over axes; NaN if there is one. Parameters as of `sum`."""
    return _extreme("min", "minimum", a, axis, out, keepdims, initial, where)


amax = max
amin = min


def any(
    a: Any,
    axis: Axis = None,
    out: Any = None,
    keepdims: bool = False,
    *,
    where: Any = True,
) -> Any:
    """Whether any element over axes is true."""
    array = _selected(_given(a), where, 0)
    return reduce("any", array, _axes("any", axis, array.ndim), keepdims, None, out)


def all(
    a: Any,
    axis: Axis = None,
    out: Any = None,
    keepdims: bool = False,
    *,
    where: Any = True,
) -> Any:
    """Whether all elements over axes are true."""
    array = _selected(_given(a), where, 1)
    return reduce("all", array, _axes("all", axis, array.ndim), keepdims, None, out)


# -- positions ------------------------------------------------------------------------
def _position(name: str, a: Any, axis: Axis, out: Any, keepdims: bool) -> Any:
    array = _given(a)
    axes = _axes(name, axis, array.ndim)
    if product(array.shape[axis] for axis in axes) == 0:
        raise ValueError(f"attempt to get {name} of an empty sequence")
    value = array.read()
    if not value.shape:
        value = reshape_value(value, (1,))
        result = REGISTRY[name](value, attributes=((0,),))
    else:
        result = REGISTRY[name](value, attributes=(axes,))
    return finished(name, result, tuple(range(array.ndim)), axes, keepdims, out)


def argmax(
    a: Any, axis: Axis = None, out: Any = None, *, keepdims: bool = False
) -> Any:
    """The first position of the largest element, along one axis or of all."""
    return _position("argmax", a, axis, out, keepdims)


def argmin(
    a: Any, axis: Axis = None, out: Any = None, *, keepdims: bool = False
) -> Any:
    """The first position of the smallest element, along one axis or of all."""
    return _position("argmin", a, axis, out, keepdims)


# -- statistics -----------------------------------------------------------------------
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
    array = _given(a)
    axes = _axes("mean", axis, array.ndim)
    inner, outer = _mean_dtypes(array.dtype, dtype)
    chosen = _selected(array, where, 0)
    total = reduce("sum", chosen, axes, where is not True or keepdims, inner)
    result = _divided(total, _count(array, axes, where))
    if where is not True and not keepdims:
        result = result.reshape(_reduced_shape(array.shape, axes, False))
    return deliver("mean", _as(result, outer), out)


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
    array = _given(a)
    axes = _axes("var", axis, array.ndim)
    if correction is not None:
        if ddof != 0:
            raise ValueError("ddof and correction can't be provided simultaneously.")
        ddof = correction
    inner, outer = _mean_dtypes(array.dtype, dtype)
    count = _count(array, axes, where)
    work = array if array.dtype == inner else array.astype(inner)
    if mean is None:
        chosen = _selected(work, where, 0)
        mean = _divided(reduce("sum", chosen, axes, True, inner), count)
    centred = elementwise.apply(REGISTRY["subtract"], work, mean)
    if inner.kind == "c":
        squares = centred.real * centred.real + centred.imag * centred.imag
        outer = outer if outer.kind != "c" else squares.dtype
    else:
        squares = elementwise.apply(REGISTRY["square"], centred)
    total = reduce("sum", _selected(squares, where, 0), axes, True, squares.dtype)
    if isinstance(count, int):
        divisor: Any = squares.dtype.type(builtins.max(count - ddof, 0))
        result = elementwise.apply(REGISTRY["divide"], total, divisor)
    else:
        left = elementwise.apply(REGISTRY["maximum"], count - ddof, 0)
        result = _divided(total, left)
    if not keepdims:
        result = result.reshape(_reduced_shape(array.shape, axes, False))
    return deliver("var", _as(result, outer), out)


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
    return deliver("std", elementwise.apply(REGISTRY["sqrt"], spread), out)


def ptp(a: Any, axis: Axis = None, out: Any = None, keepdims: bool = False) -> Any:
    """The largest element less the smallest, over axes."""
    high = max(a, axis, keepdims=keepdims)
    low = min(a, axis, keepdims=keepdims)
    return deliver("ptp", elementwise.apply(REGISTRY["subtract"], high, low), out)


# -- scans ----------------------------------------------------------------------------
def _scan(name: str, a: Any, axis: Axis, dtype: Any, out: Any) -> Any:
    array = _given(a)
    if axis is None or array.ndim == 0:
        array, axis = array.ravel(), 0 if axis is None else axis
    (axis,) = _axes(name, axis, array.ndim)
    value = cast(array.read(), _accumulator(array.dtype, dtype))
    result = face.ndarray.wrap(REGISTRY[name](value, attributes=(axis,)))
    return deliver(name, result, out)


def cumsum(a: Any, axis: Axis = None, dtype: Any = None, out: Any = None) -> Any:
    """Sums of all elements up to each one, along an axis or of all in C order."""
    return _scan("cumsum", a, axis, dtype, out)


def cumprod(a: Any, axis: Axis = None, dtype: Any = None, out: Any = None) -> Any:
    """Products of all elements up to each one, along an axis or of all in C order."""
    return _scan("cumprod", a, axis, dtype, out)


def count_nonzero(a: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    """How many elements over axes are not zero."""
    array = _given(a)
    truth = elementwise.apply(REGISTRY["not_equal"], array, 0)
    return sum(truth, axis, keepdims=keepdims)


__all__ = [
    "all",
    "all_axes",
    "amax",
    "amin",
    "any",
    "argmax",
    "argmin",
    "count_nonzero",
    "cumprod",
    "cumsum",
    "max",
    "mean",
    "min",
    "prod",
    "ptp",
    "std",
    "sum",
    "var",
]
