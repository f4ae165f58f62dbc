"""Reductions and scans: sum, mean, max, argmax, cumsum and the like."""

from __future__ import annotations

from math import prod as product
from typing import Any

import numpy as np

import engine.numpy.elementwise as elementwise
import engine.numpy.handle as face
from engine.array import Array
from engine.errors import named, warn_of_parts
from engine.movement import normal_axes, reshape_value
from engine.ops.op import cast
from engine.ops.reductions import spread
from engine.ops.regions import full_value
from engine.recipe import Shape, c_strides, keep_order, transposed
from engine.record.registry import REGISTRY
from engine.record.value import DATES, Value, typed

from .at_once import elements_of
from .masked import over_selections
from .operands import plain_value, read_as
from .quick import by_method

__all__ = [
    "all",
    "amax",
    "amin",
    "any",
    "argmax",
    "argmin",
    "count_nonzero",
    "max",
    "min",
    "prod",
    "sum",
]

Axis = Any


def _given(a: Any) -> face.ndarray:
    return a if type(a) is face.ndarray else face.asarray(a)


def normal(name: str, axis: Axis, rank: int) -> tuple[int, ...]:
    if isinstance(axis, (list, set, str, float)):
        raise TypeError(
            f"{name}: an integer, a tuple of integers or None was required as axis; "
            f"{axis!r} was given"
        )
    if rank == 0 and axis in (0, -1, ()):
        return ()
    if isinstance(axis, face.ndarray):
        axis = axis.__index__()
    return normal_axes(axis, rank)


def in_memory_order(array: Array) -> tuple[Value, tuple[int, ...]]:
    """The elements with the outermost axis in memory first, and that order."""
    rank = array.ndim
    value = plain_value(array)
    if value is not None:
        return value, tuple(range(rank))
    recipe = array.recipe
    if rank < 2 or recipe.strides == c_strides(recipe.shape):
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
        warn_of_parts(value.dtype, np.dtype(dtype))
        value = cast(value, np.dtype(dtype))
    places = tuple(sorted(order.index(axis) for axis in axes))
    if not axes and name in ("sum", "prod", "max", "min"):
        result = value
    elif name == "squared_deviations":
        result = spread(value, places)
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
    return deliver(name, handle, out, "unsafe")


def deliver(name: str, result: Any, out: Any, casting: str = "same_kind") -> Any:
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
    elementwise.store_out(name, result.read(), target, casting, True)
    return target


def dtype_of(out: Any) -> Any:
    """The dtype of an `out`, which a reduction then computes in; None without one."""
    if isinstance(out, tuple):
        (out,) = out
    return None if out is None else elementwise.check_out(out).dtype


def accumulator(dtype: np.dtype[Any], wanted: Any) -> np.dtype[Any]:
    """The dtype that sum and prod add in: at least the platform's integer."""
    if dtype.kind in DATES:
        refuse_unit(dtype, wanted)
        return dtype
    if wanted is not None:
        found: np.dtype[Any] = np.dtype(wanted)
        return found
    if dtype.kind in "bi" and dtype.itemsize < 8:
        return np.dtype(np.int64)
    if dtype.kind == "u" and dtype.itemsize < 8:
        return np.dtype(np.uint64)
    return dtype


def refuse_unit(dtype: np.dtype[Any], wanted: Any) -> None:
    """Raise TypeError where durations are to be added in another dtype than theirs."""
    if wanted is not None and np.dtype(wanted).str[1:] != "m8":
        raise TypeError(
            named(
                f"durations are added in their own dtype {dtype}: no other one can be "
                f"named; {wanted!r} was given"
            )
        )


def selected(array: face.ndarray, where: Any, other: Any) -> face.ndarray:
    """The array with `other` (a typed number) where a mask does not hold."""
    if where is True:
        return array
    elementwise.mask_value(where)
    if not array.size:
        return array
    fill = typed(other, array.dtype)
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
    array = selected(_given(a), where, neutral)
    axes = normal(name, axis, array.ndim)
    target = accumulator(array.dtype, dtype_of(out) if dtype is None else dtype)
    if initial is None:
        return reduce(name, array, axes, keepdims, target, out)
    result = reduce(name, array, axes, keepdims, target)
    started = elementwise.apply(REGISTRY[combine], result, typed(initial, target))
    return deliver(name, started, out, "unsafe")


@by_method
@over_selections
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


@by_method
@over_selections
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
    axes = normal(name, axis, array.ndim)
    if out is not None:
        array = array.astype(dtype_of(out), copy=False)
    if where is not True:
        if initial is None:
            raise ValueError(
                f"{name}: reduction operation '{ufunc}' does not have an identity, so "
                "to use a where mask one has to specify 'initial'"
            )
        array = selected(array, where, initial)
    if initial is None:
        if product(array.shape[axis] for axis in axes) == 0:
            raise ValueError(
                named(
                    f"zero-size array to reduction operation {ufunc} which has no "
                    "identity"
                )
            )
        return reduce(name, array, axes, keepdims, None, out)
    if array.size == 0:
        shape = reduced_shape(array.shape, axes, keepdims)
        value = full_value(shape, initial, array.dtype)
        return deliver(name, face.ndarray.wrap(value, scalar=not shape), out)
    result = reduce(name, array, axes, keepdims)
    started = elementwise.apply(REGISTRY[ufunc], result, typed(initial, array.dtype))
    return deliver(name, started, out)


def reduced_shape(shape: Shape, axes: tuple[int, ...], keepdims: bool) -> Shape:
    if keepdims:
        return tuple(1 if axis in axes else n for axis, n in enumerate(shape))
    return tuple(n for axis, n in enumerate(shape) if axis not in axes)


@by_method
@over_selections
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


@by_method
@over_selections
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


@by_method
@over_selections
def any(
    a: Any,
    axis: Axis = None,
    out: Any = None,
    keepdims: bool = False,
    *,
    where: Any = True,
) -> Any:
    """Whether any element over axes is true."""
    array = selected(_given(a), where, 0)
    return reduce("any", array, normal("any", axis, array.ndim), keepdims, None, out)


@by_method
@over_selections
def all(
    a: Any,
    axis: Axis = None,
    out: Any = None,
    keepdims: bool = False,
    *,
    where: Any = True,
) -> Any:
    """Whether all elements over axes are true."""
    array = selected(_given(a), where, 1)
    return reduce("all", array, normal("all", axis, array.ndim), keepdims, None, out)


# -- positions ------------------------------------------------------------------------
def _position(name: str, a: Any, axis: Axis, out: Any, keepdims: bool) -> Any:
    array = _given(a)
    if isinstance(axis, tuple):
        raise TypeError(f"{name}: one axis or None was required; {axis} was given")
    axes = normal(name, axis, array.ndim)
    if product(array.shape[axis] for axis in axes) == 0:
        raise ValueError(named(f"attempt to get {name} of an empty sequence"))
    if out is not None and not np.can_cast(dtype_of(out), np.int64):
        raise TypeError(
            named(
                f"Cannot cast array data from {dtype_of(out)!r} to dtype('int64') "
                "according to the rule 'safe'"
            )
        )
    value = array.read()
    if not value.shape:
        value = reshape_value(value, (1,))
        result = REGISTRY[name](value, attributes=((0,),))
    else:
        result = REGISTRY[name](value, attributes=(axes,))
    return finished(name, result, tuple(range(array.ndim)), axes, keepdims, out)


@by_method
def argmax(
    a: Any, axis: Axis = None, out: Any = None, *, keepdims: bool = False
) -> Any:
    """The first position of the largest element, along one axis or of all.

    NaN counts as the largest. Raises ValueError for no elements.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.argmax(np.array([[1, 5, 2], [7, 0, 7]]), axis=1)
    array([1, 0])
    """
    return _position("argmax", a, axis, out, keepdims)


@by_method
def argmin(
    a: Any, axis: Axis = None, out: Any = None, *, keepdims: bool = False
) -> Any:
    """The first position of the smallest element, along one axis or of all."""
    return _position("argmin", a, axis, out, keepdims)


def count_nonzero(a: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    """How many elements over axes are not zero."""
    array = _given(a)
    plain = type(array) is face.ndarray and array.dtype.kind == "b"
    if plain and axis is None and not keepdims:
        known = elements_of(array, array.recipe)
        if known is not None:  # NumPy counts 64 bools at a time
            number = np.array(np.count_nonzero(known))
            return face.ndarray.wrap(Value(number.dtype, (), number))
    if array.dtype.kind in DATES:
        truth = array.astype(np.bool_)
    else:
        truth = elementwise.apply(REGISTRY["not_equal"], array, 0)
    return sum(truth, axis, keepdims=keepdims)
