"""Selecting elements by index or condition: take, put, nonzero, compress and kin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import engine.numpy.elementwise as elementwise
import engine.numpy.handle as face
from engine.array import Array
from engine.errors import named
from engine.kernels import memory
from engine.kernels.native.places import LARGE, true_places
from engine.movement import broadcast_value
from engine.ops.op import cast
from engine.ops.regions import full_value
from engine.ops.transfer import on_device
from engine.record.registry import REGISTRY
from engine.record.value import Value
from engine.shapes import broadcast_shapes

from .axes import normal_axis, strict_axis
from .gathers import is_pending
from .indexing import get
from .keys import as_positions
from .operands import NDArray, promoted
from .reductions import deliver

__all__ = [
    "argwhere",
    "choose",
    "compress",
    "extract",
    "flatnonzero",
    "ix_",
    "nonzero",
    "ravel_multi_index",
    "select",
    "take",
    "take_along_axis",
    "unravel_index",
]


def in_range(indices: Any, extent: int, mode: str) -> Any:
    """Indices by a mode; those that are pending stay so."""
    pending = is_pending(indices)
    places = indices if pending else as_positions(indices)
    if mode in ("wrap", 1):  # NumPy knows numbers for them, too
        return places % extent
    if mode in ("clip", 0):
        return places.clip(0, extent - 1)
    if mode not in ("raise", 2, None):
        raise ValueError(
            named(f"clipmode must be one of 'clip', 'raise', or 'wrap' ({mode})")
        )
    return places


def check_bounds(places: NDArray, extent: int, axis: int) -> None:
    """Raise IndexError for a place that an axis does not have."""
    bad = places[(places < -extent) | (places >= extent)]
    if bad.size:
        raise IndexError(
            named(f"index {bad[0]} is out of bounds for axis {axis} with size {extent}")
        )


def take(
    a: Any, indices: Any, axis: int | None = None, out: Any = None, mode: str = "raise"
) -> Any:
    """Elements at indices along an axis, or in C order.

    Parameters
    ----------
    a : array_like
    indices : int or array_like of int
        They are computed.
    axis : int, optional
    out : ndarray, optional
        Where to store the result.
    mode : {"raise", "wrap", "clip"}
        What to do with indices out of bounds.

    Raises
    ------
    IndexError
        For indices out of bounds, unless they are wrapped or clipped.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.take(np.arange(4) * 10, [[3, 0], [1, -1]])
    array([[30,  0],
           [10, 30]])
    """
    if mode == "raise" and out is None and _is_subscript(a, indices, axis):
        return a[indices]
    array = face.asarray(a)
    if axis is None:
        array, axis = array.ravel(), 0
    elif not array.ndim:
        array = array.reshape(1)
    axis = strict_axis(axis, array.ndim)
    extent, lead, rest = array.shape[axis], array.shape[:axis], array.shape[axis + 1 :]
    places = indices if is_pending(indices) else as_positions(indices)
    shape = (*lead, *places.shape, *rest)
    if 0 in shape:
        if mode == "raise" and 0 not in lead:  # as NumPy, which looks row by row
            check_bounds(as_positions(places), extent, axis)
        nothing = on_device(full_value(shape, 0, array.dtype), array.place)
        empty = face.ndarray.wrap(nothing)
        return deliver("take", empty, out, "unsafe")
    if not extent:
        raise IndexError(named("cannot do a non-empty take from an empty axes."))
    places = in_range(places, extent, mode)
    if places.ndim == 0 and array.ndim == 1:
        index = places if isinstance(places, Array) else int(places)
        return deliver("take", array[index], out, "unsafe")
    result = get(array, (slice(None),) * axis + (places,))
    return deliver("take", result.copy(), out, "unsafe")


def _is_subscript(a: Any, indices: Any, axis: Any) -> bool:
    """Whether taking elements of an array is what the array's own subscript does."""
    if type(a) is not face.ndarray or type(indices) is not face.ndarray:
        return False
    shape = a.recipe.shape
    on_first = axis is None if len(shape) == 1 else len(shape) > 1 and axis == 0
    if not on_first or 0 in shape:
        return False
    return bool(indices.recipe.shape and indices.recipe.dtype == np.int64)


def take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    """Elements at indices that match the array along an axis.

    Examples
    --------
    >>> import engine.numpy as np
    >>> x = np.array([[30, 10, 20]])
    >>> np.take_along_axis(x, np.argsort(x), axis=1)
    array([[10, 20, 30]])
    """
    array = face.asarray(arr)
    if axis is None:
        array, axis = array.ravel(), 0
        check_line(indices)
    return array[line_places(array, indices, axis)]


def check_line(indices: Any) -> None:
    if np.ndim(indices) != 1:
        raise ValueError(
            named("when axis=None, `indices` must have a single dimension.")
        )


def line_places(array: Any, indices: Any, axis: int) -> tuple[Any, ...]:
    places = indices
    if not is_pending(indices):
        places = (
            indices.computed() if isinstance(indices, Array) else np.asarray(indices)
        )
    if places.dtype.kind not in "iu":
        raise IndexError(named("`indices` must be an integer array"))
    if places.ndim != array.ndim:
        raise ValueError(
            named("`indices` and `arr` must have the same number of dimensions")
        )
    axis = normal_axis(axis, array.ndim)
    rank = array.ndim
    return tuple(
        places
        if k == axis
        else np.arange(extent).reshape((-1,) + (1,) * (rank - k - 1))
        for k, extent in enumerate(array.shape)
    )


# -- where something holds ------------------------------------------------------------
def nonzero(a: Any) -> tuple[Any, ...]:
    """Indices of the elements that are not zero, an array for each axis. Computes.

    Raises ValueError for arrays without axes.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.nonzero(np.array([[0, 4], [5, 0]]))
    (array([0, 1]), array([1, 0]))
    """
    array = face.asarray(a)
    if array.ndim == 0:
        raise ValueError(
            named(
                "Calling nonzero on 0d arrays is not allowed. Use np.atleast_1d(scalar)"
                ".nonzero() instead."
            )
        )
    from .fallback import adopt

    if array.ndim == 1:  # a column of memory that nobody else has, and all of it
        found = _true_places(array.computed())
        value = on_device(Value(found.dtype, found.shape, found), array.place)
        return (face.ndarray.wrap(value),)
    found_by_axis = memory.counted(np.nonzero, array.computed())
    return tuple(adopt(x, array.place) for x in found_by_axis)


def _true_places(array: NDArray) -> NDArray:
    """Positions in an array of one axis of what is not zero."""
    if array.dtype != np.bool_ and array.dtype.kind in "iuf" and array.size >= LARGE:
        # This takes a fraction of what NumPy's look at each takes.
        array = memory.counted(np.not_equal, array, 0)
    return true_places(array)


def flatnonzero(a: Any) -> Any:
    """Positions in C order of the elements that are not zero. Computes.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.flatnonzero(np.array([[0, 3], [4, 0]]))
    array([1, 2])
    """
    return nonzero(face.asarray(a).ravel())[0]


def argwhere(a: Any) -> Any:
    """Indices of the elements that are not zero, one row each. Computes.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.argwhere(np.array([[0, 3], [4, 0]]))
    array([[0, 1],
           [1, 0]])
    """
    from .fallback import adopt

    array = face.asarray(a)
    return adopt(np.argwhere(array.computed()), array.place)


def compress(condition: Any, a: Any, axis: int | None = None, out: Any = None) -> Any:
    """Slices along an axis where a condition holds.

    A boolean condition on all elements selects as an index does; else it is computed.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.compress([True, False, True], np.array([[1, 2, 3], [4, 5, 6]]), axis=1)
    array([[1, 3],
           [4, 6]])
    """
    array, flags = face.asarray(a), face.asarray(condition)
    if flags.dtype == np.bool_ and (axis is None or array.ndim == 1):
        flat = array.ravel()
        if flags.shape == flat.shape and normal_axis(axis or 0, 1) == 0:
            return deliver("compress", get(flat, flags), out, "unsafe")
    mask = condition.computed() if isinstance(condition, Array) else condition
    mask = np.asarray(mask).astype(bool)
    if mask.ndim != 1:
        raise ValueError(named("condition must be a 1-d array"))
    return take(a, np.flatnonzero(mask), axis, out)


def extract(condition: Any, arr: Any) -> Any:
    """The elements where a condition holds, in C order.

    Examples
    --------
    >>> import engine.numpy as np
    >>> x = np.arange(6)
    >>> np.extract(x % 2 == 0, x)
    array([0, 2, 4])
    """
    return compress(face.asarray(condition).ravel(), face.asarray(arr).ravel())


def choose(a: Any, choices: Any, out: Any = None, mode: str = "raise") -> Any:
    """An array made from choices, by an array of their numbers.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.choose(np.array([0, 1, 0]), [np.array([1, 2, 3]), 10])
    array([ 1, 10,  3])
    """
    number = face.asarray(a)
    options = [face.asarray(x) for x in choices]
    places = in_range(as_positions(number, safe=True), len(options), mode)
    if ((places < 0) | (places >= len(options))).any():
        raise ValueError(named("invalid entry in choice array"))
    dtype = promoted(choices, options)
    shape = broadcast_shapes(places.shape, *[x.shape for x in options])
    result: Any = options[-1]
    for k in range(len(options) - 2, -1, -1):
        result = elementwise.apply(REGISTRY["where"], places == k, options[k], result)
    value = broadcast_value(cast(result.read(), dtype), shape)
    return deliver("choose", face.ndarray.wrap(value), out, "unsafe")


def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    """The first choice whose condition holds, else the default.

    Examples
    --------
    >>> import engine.numpy as np
    >>> x = np.arange(5)
    >>> np.select([x < 2, x > 3], [x, x * 10], default=-1)
    array([ 0,  1, -1, -1, 40])
    """
    if len(condlist) != len(choicelist):
        raise ValueError(
            named("list of cases must be same length as list of conditions")
        )
    if not condlist:
        raise ValueError(named("select with an empty condition list is not possible"))
    conditions = [face.asarray(x) for x in condlist]
    if any(x.dtype != np.bool_ for x in conditions):
        raise TypeError(named("invalid entry in condlist: should be boolean ndarray"))
    given = (*choicelist, default)
    choices = [face.asarray(x) for x in given]
    dtype = promoted(given, choices)
    *choices, result = [x.astype(dtype) for x in choices]
    for condition, choice in zip(conditions[::-1], choices[::-1], strict=True):
        result = elementwise.apply(REGISTRY["where"], condition, choice, result)
    return face.ndarray.wrap(result.read())


def ix_(*args: Any) -> tuple[Any, ...]:
    """Index arrays that select the product of sequences.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.arange(9).reshape(3, 3)[np.ix_([0, 2], [1, 2])]
    array([[1, 2],
           [7, 8]])
    """
    given = [x.computed() if isinstance(x, Array) else x for x in args]
    from .fallback import ask

    made: tuple[Any, ...] = ask("ix_", np.ix_, *given)
    return made


def unravel_index(indices: Any, shape: Any, order: str = "C") -> Any:
    """Flat indices as a tuple of indices. Computes.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.unravel_index(np.array([5, 0]), (2, 3))
    (array([1, 0]), array([2, 0]))
    """
    from .fallback import quiet_call

    return quiet_call(np.unravel_index, indices, shape, order)


def ravel_multi_index(
    multi_index: Any, dims: Any, mode: Any = "raise", order: str = "C"
) -> Any:
    """A tuple of indices as flat indices. Computes.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.ravel_multi_index((np.array([1, 0]), np.array([2, 0])), (2, 3))
    array([5, 0])
    """
    from .fallback import quiet_call

    return quiet_call(np.ravel_multi_index, multi_index, dims, mode, order)
