"""Writing to chosen places, and arrays with elements put in or left out."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine.numpy.elementwise as elementwise
import engine.numpy.handle as face
from engine.array import Array
from engine.errors import named, naming
from engine.movement import broadcast_value
from engine.record.registry import REGISTRY

from .axes import normal_axis
from .fallback import into_foreign
from .indexing import given_value, set_, stored_value
from .keys import as_positions
from .operands import WEAK, host_array
from .selection import check_bounds, check_line, flatnonzero, in_range, line_places

__all__ = [
    "copyto",
    "delete",
    "insert",
    "place",
    "put",
    "put_along_axis",
    "putmask",
]


def put(a: Any, ind: Any, v: Any, mode: str = "raise") -> None:
    """Store values at indices in C order; short values are repeated.

    Examples
    --------
    >>> import engine.numpy as np
    >>> x = np.zeros((2, 2))
    >>> np.put(x, [0, 3], [5, 6])
    >>> x
    array([[5., 0.],
           [0., 6.]])
    """
    if isinstance(a, np.ndarray):
        into_foreign("put", np.put, a, ind, v, mode)
        return
    if not isinstance(a, Array):
        raise TypeError(named("argument 1 must be numpy.ndarray"))
    if not a.writeable:
        raise ValueError("put: output array is read-only")
    places = in_range(as_positions(ind, safe=True), a.recipe.size, mode).reshape(-1)
    values = face.ndarray.wrap(given_value(a, v)).ravel()
    if not places.size or not values.size:
        return
    if values.size != places.size:
        values = values[np.arange(places.size) % values.size]
    size = a.recipe.size
    check_bounds(places, size, 0)
    target: Any = a
    if a.ndim:
        set_(target, np.unravel_index(places % size, a.recipe.shape), values)
    else:
        set_(target, ..., values[-1])


def put_along_axis(arr: Any, indices: Any, values: Any, axis: int | None) -> None:
    """Store values at indices that match the array along an axis.

    Examples
    --------
    >>> import engine.numpy as np
    >>> x = np.array([[3, 9, 1], [7, 2, 5]])
    >>> np.put_along_axis(x, x.argmax(axis=1, keepdims=True), 0, axis=1)
    >>> x
    array([[3, 0, 1],
           [0, 2, 5]])
    """
    if isinstance(arr, np.ndarray):
        into_foreign("put_along_axis", np.put_along_axis, arr, indices, values, axis)
        return
    if axis is None:
        check_line(indices)
        put(arr, as_positions(indices), values)
        return
    arr[line_places(arr, indices, axis)] = values


def copyto(dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> None:
    """Store elements of one array in another, where a mask holds.

    Examples
    --------
    >>> import engine.numpy as np
    >>> x = np.zeros(3)
    >>> np.copyto(x, [1, 2, 3], where=[True, False, True])
    >>> x
    array([1., 0., 3.])
    """
    if isinstance(dst, np.ndarray):
        into_foreign("copyto", np.copyto, dst, src, casting=casting, where=where)
        return
    if not isinstance(dst, Array):
        raise TypeError(named("copyto() argument 1 must be numpy.ndarray"))
    if not dst.writeable:
        raise ValueError(named("assignment destination is read-only"))
    given = src.dtype if hasattr(src, "dtype") else host_array(src).dtype
    if type(src) in WEAK:
        with naming():  # NumPy looks at its kind, and whether it fits
            np.copyto(np.empty((), dst.dtype), src, casting)  # type: ignore[arg-type]
    elif not np.can_cast(given, dst.dtype, casting):  # type: ignore[arg-type]
        raise TypeError(
            named(
                f"Cannot cast array data from {given!r} to {dst.dtype!r} according "
                f"to the rule '{casting}'"
            )
        )
    value = stored_value(dst, src, dst.recipe.shape)
    if where is not True:
        mask = broadcast_value(elementwise.mask_value(where), dst.recipe.shape)
        value = REGISTRY["where"](mask, value, dst.read())
    dst.store(value)


def putmask(a: Any, /, mask: Any, values: Any) -> None:
    """Store values where a mask holds; short values are repeated.

    Examples
    --------
    >>> import engine.numpy as np
    >>> x = np.arange(4)
    >>> np.putmask(x, x > 1, -x)
    >>> x
    array([ 0,  1, -2, -3])
    """
    if isinstance(a, np.ndarray):
        into_foreign("putmask", np.putmask, a, mask, values)
        return
    given = _fitting(values, a.dtype)
    if np.size(mask) != a.size:
        raise ValueError(named("putmask: mask and data must be the same size"))
    if given.size == 0:
        return
    if given.shape != a.shape and given.size != 1:
        given = given.ravel()[np.arange(a.size) % given.size].reshape(a.shape)
    if given.size == 1:
        given = given.reshape(())
    flags = face.asarray(mask).astype(bool)
    copyto(a, given, "unsafe", flags.reshape(a.shape))


def _fitting(values: Any, dtype: np.dtype[Any]) -> face.ndarray:
    """Values as an array of a dtype, to which arrays must cast safely, and numbers fit.

    Raises TypeError and OverflowError where they do not.
    """
    if isinstance(values, (list, tuple)) and any(isinstance(x, Array) for x in values):
        return face.asarray(values)  # with their gradients
    if not isinstance(values, (Array, np.ndarray)):
        with naming():
            return face.asarray(np.array(values, dtype))
    if not np.can_cast(values.dtype, dtype, "safe"):
        raise TypeError(
            named(
                f"Cannot cast array data from {values.dtype!r} to {dtype!r} according "
                "to the rule 'safe'"
            )
        )
    return face.asarray(values)


def place(arr: Any, mask: Any, vals: Any) -> None:
    """Store values, in order, where a mask holds. Computes the mask.

    Examples
    --------
    >>> import engine.numpy as np
    >>> x = np.arange(4)
    >>> np.place(x, x > 1, [10, 20])
    >>> x
    array([ 0,  1, 10, 20])
    """
    if isinstance(arr, np.ndarray):
        into_foreign("place", np.place, arr, mask, vals)
        return
    if np.size(mask) != np.size(arr):
        raise ValueError(named("place: mask and data must be the same size"))
    places = flatnonzero(mask).computed()
    values = _fitting(vals, arr.dtype).ravel()
    if places.size and not values.size:
        raise ValueError(named("Cannot insert from an empty array!"))
    put(arr, places, values[np.arange(places.size) % max(values.size, 1)])


def delete(arr: Any, obj: Any, axis: int | None = None) -> Any:
    """A copy without slices along an axis.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.delete(np.arange(5), [1, 3])
    array([0, 2, 4])
    """
    array = face.asarray(arr)
    if axis is None:
        array, axis = array.ravel(), 0
    axis = normal_axis(axis, array.ndim)
    if isinstance(obj, Array):
        obj = obj.computed()
    from .fallback import ask

    left = ask("delete", np.delete, np.arange(array.shape[axis]), obj)
    return array[(slice(None),) * axis + (left,)]


def insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    """A copy with values put in before indices; computed by NumPy.

    Gradients flow through arrays of one axis.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.insert(np.arange(3), 1, 9)
    array([0, 9, 1, 2])
    """
    from .fallback import ask, library_call, need_gradients, to_host
    from .joining import concatenate
    from .manipulation import broadcast_to

    array, added = face.asarray(arr), face.asarray(values)
    flat = axis is None or (array.ndim == 1 and added.ndim < 2)
    if not (flat and need_gradients(array, added)):
        return library_call("insert", np.insert, arr, obj, values, axis)
    count, places = array.size, to_host(obj)
    made = ask("insert", np.insert, np.zeros(count), places, np.zeros(added.shape))
    fresh = np.arange(count, made.size)
    order = np.insert(np.arange(count), places, fresh)
    added = broadcast_to(added.ravel(), fresh.shape).astype(array.dtype)
    return concatenate((array.ravel(), added))[order]
