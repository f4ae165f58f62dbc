"""Reductions and scans: sum, mean, max, argmax, cumsum and the like."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine.numpy.elementwise as elementwise
import engine.numpy.handle as face
from engine.array import Array
from engine.errors import named, warn_of_parts
from engine.movement import normal_axes, reshape_value
from engine.ops.op import cast
from engine.ops.reductions import spread
from engine.recipe import c_strides, keep_order, transposed
from engine.record.registry import REGISTRY
from engine.record.value import DATES, Value, typed
from engine.shapes import broadcast_shapes

from .at_once import elements_of
from .masked import over_selections
from .operands import checked_dtype, plain_value, read_as
from .quick import by_method, remembered

__all__ = [
    "all",
    "any",
    "count_nonzero",
    "prod",
    "sum",
]

Axis = Any


def _given(a: Any) -> face.ndarray:
    return a if type(a) is face.ndarray else face.asarray(a)


def normal(name: str, axis: Axis, rank: int) -> tuple[int, ...]:
    for part in axis if isinstance(axis, tuple) else (axis,):
        if isinstance(part, (list, set, str, float, bool, np.bool)):
            raise TypeError(
                f"{name}: an integer, a tuple of integers or None was required as "
                f"axis; {axis!r} was given"
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
        return checked_dtype(wanted)
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
    mask = elementwise.mask_value(where)
    try:
        fits = broadcast_shapes(mask.shape, array.shape) == array.shape
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(
            named(
                f"a mask that broadcasts to shape {array.shape} was required; one of "
                f"shape {mask.shape} was given: non-broadcastable operand"
            )
        )
    if not array.size:
        return array
    fill = typed(other, array.dtype)
    chosen: face.ndarray = elementwise.apply(REGISTRY["where"], where, array, fill)
    return chosen


@remembered()
def _summed_in(a: Any, name: str, axis: Axis, dtype: Any, keepdims: bool) -> Any:
    """A sum or product in a dtype that is named."""
    array = _given(a)
    axes = normal(name, axis, array.ndim)
    return reduce(name, array, axes, keepdims, accumulator(array.dtype, dtype))


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
    plain = out is None and initial is None and where is True
    if plain and dtype is not None:
        return _summed_in(a, name, axis, dtype, keepdims)
    array = selected(_given(a), where, neutral)
    axes = normal(name, axis, array.ndim)
    target = accumulator(array.dtype, dtype_of(out) if dtype is None else dtype)
    if initial is None:
        return reduce(name, array, axes, keepdims, target, out)
    result = reduce(name, array, axes, keepdims, target)
    first = first_value(name, initial, target)
    started = elementwise.apply(REGISTRY[combine], result, first)
    return deliver(name, started, out, "unsafe")


def first_value(name: str, initial: Any, dtype: np.dtype[Any]) -> Any:
    """What a reduction begins with. Raises TypeError where it needs a gradient."""
    from .fallback import refuse_gradients

    refuse_gradients(name, "a reduction begins with a number", initial)
    return typed(initial, dtype)


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
    """The product over axes; parameters as of `sum`.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.prod(np.array([[1, 2], [3, 4]]), axis=1)
    array([ 2, 12])
    """
    return _summed("prod", "multiply", 1, a, axis, dtype, out, keepdims, initial, where)


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
    """Whether any element over axes is true.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.any(np.array([[False, True], [False, False]]), axis=1)
    array([ True, False])
    """
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
    """Whether all elements over axes are true.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.all(np.array([[1.0, 0.0], [2.0, 3.0]]), axis=1)
    array([False,  True])
    """
    array = selected(_given(a), where, 1)
    return reduce("all", array, normal("all", axis, array.ndim), keepdims, None, out)


def count_nonzero(a: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    """How many elements over axes are not zero.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.count_nonzero(np.array([[0, 1], [2, 3]]), axis=0)
    array([1, 2])
    """
    array = _given(a)
    plain = type(array) is face.ndarray and array.dtype.kind == "b"
    if plain and axis is None and not keepdims:
        known = elements_of(array, array.recipe)
        if known is not None:  # NumPy counts 64 bools at a time
            number = np.array(np.count_nonzero(known))
            return face.ndarray.wrap(Value(number.dtype, (), number), scalar=True)
    if array.dtype.kind in DATES:
        truth = array.astype(np.bool_)
    else:
        truth = elementwise.apply(REGISTRY["not_equal"], array, 0)
    return sum(truth, axis, keepdims=keepdims)
