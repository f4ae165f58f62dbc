"""Sorting, searching and counting."""

from __future__ import annotations

from math import prod as product
from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine.errors import called, named
from engine.recipe import storage_order, transposed
from engine.record.registry import REGISTRY

from . import shared_calls
from .fallback import ask, library_call, quiet_call
from .manipulation import flip
from .operands import read_as
from .views import normal_axis

__all__ = [
    "argpartition",
    "argsort",
    "bincount",
    "digitize",
    "lexsort",
    "partition",
    "searchsorted",
    "sort",
    "sort_complex",
    "unique",
]


def _check_options(name: str, *place: int, **options: Any) -> None:
    """Let NumPy refuse what it does not know, on an array of one element."""
    given = {key: option for key, option in options.items() if option is not None}
    if given:
        ask(name, getattr(np, name), np.zeros(1), *place, **given)


def _check_kth(kth: Any, a: Any, axis: Any) -> None:
    """Raise ValueError for places that are not in the array."""
    shape = np.shape(a)
    extent = product(shape) if axis is None else shape[normal_axis(axis, len(shape))]
    places = np.atleast_1d(kth)
    if places.dtype.kind not in "iu":
        raise TypeError(named("Partition index must be integer"))
    for place in places:
        if extent and not -extent <= place < extent:
            raise ValueError(named(f"kth(={place}) out of bounds ({extent})"))


def _sorted_along(name: str, a: Any, axis: Any, **options: Any) -> Any:
    _check_options(name, **options)
    array = face.asarray(a)
    if axis is None:
        array, axis = array.ravel(), -1
    if array.ndim == 0:
        if name == "argsort" and axis in (0, -1):
            return face.ndarray(1, np.int64)
        raise np.exceptions.AxisError(axis, 0, called())
    place = normal_axis(axis, array.ndim)
    if name == "argsort":
        return face.ndarray.wrap(REGISTRY[name](array.read(), attributes=(place,)))
    order = storage_order(array.recipe)
    value = read_as(array, transposed(array.recipe, order))
    result = REGISTRY[name](value, attributes=(order.index(place),))
    return face.ndarray.wrap(result, order)


def sort(
    a: Any,
    axis: Any = -1,
    kind: Any = None,
    order: Any = None,
    *,
    stable: Any = None,
    descending: bool = False,
) -> Any:
    """A sorted copy along an axis; NaN last, or first where `descending`.

    Every kind sorts stably, so `kind` and `stable` change nothing.
    """
    result = _sorted_along("sort", a, axis, kind=kind, order=order, stable=stable)
    return flip(result, axis or 0) if descending and result.ndim else result


def sort_complex(a: Any) -> Any:
    """A copy sorted along the last axis, as complex numbers."""
    array = sort(a)
    if array.dtype.kind == "c":
        return array
    short = array.dtype.itemsize < 4 and array.dtype.kind in "iu"
    return array.astype(np.complex64 if short else np.complex128)


def argsort(
    a: Any,
    axis: Any = -1,
    kind: Any = None,
    order: Any = None,
    *,
    stable: Any = None,
    descending: bool = False,
) -> Any:
    """Indices that would sort along an axis; equal elements keep their order.

    Parameters
    ----------
    a : array_like
    axis : int or None
        None: of all elements in C order.
    kind, stable
        Checked only: every kind sorts stably.
    descending : bool
        Whether the largest comes first.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.argsort(np.array([3.0, 1.0, 2.0]))
    array([1, 2, 0])
    """
    options = {"kind": kind, "order": order, "stable": stable}
    if not descending or np.ndim(a) == 0:
        return _sorted_along("argsort", a, axis, **options)
    array = face.asarray(a)
    if axis is None:
        array, axis = array.ravel(), -1
    # Backwards on both sides, so that equal elements keep their order.
    places = _sorted_along("argsort", flip(array, axis), axis, **options)
    return array.shape[axis] - 1 - flip(places, axis)


def partition(
    a: Any, kth: Any, axis: Any = -1, kind: Any = "introselect", order: Any = None
) -> Any:
    """A copy partitioned around `kth`: here, sorted."""
    _check_options("partition", 0, kind=kind, order=order)
    _check_kth(kth, a, axis)
    return sort(a, axis)


def argpartition(
    a: Any, kth: Any, axis: Any = -1, kind: Any = "introselect", order: Any = None
) -> Any:
    """Indices that would partition around `kth`: here, sort."""
    _check_options("argpartition", 0, kind=kind, order=order)
    _check_kth(kth, a, axis)
    return argsort(a, axis)


def lexsort(keys: Any, axis: int = -1) -> Any:
    """Indices that sort by several keys, the last one first. Computes."""
    return quiet_call(np.lexsort, keys, axis)


def searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    """Where elements would be put in to keep an array sorted. Computes."""
    return quiet_call(shared_calls.searchsorted, a, v, side, sorter)


def digitize(x: Any, bins: Any, right: bool = False) -> Any:
    """Numbers of the bins that elements fall into. Computes."""
    return quiet_call(shared_calls.digitize, x, bins, right)


def unique(
    ar: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: Any = None,
    *,
    equal_nan: bool = True,
    sorted: bool = True,
) -> Any:
    """The sorted distinct elements. Computes; carries no gradient.

    They are sorted where `sorted` is False too.

    Parameters
    ----------
    ar : array_like
    return_index, return_inverse, return_counts : bool
        Whether to return where each occurs first, which one stands at each place of
        `ar`, and how often each occurs.
    axis : int, optional
        Distinct slices along an axis, instead of elements.
    equal_nan : bool
        Whether NaNs count as one.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.unique(np.array([3, 1, 3]), return_counts=True)
    (array([1, 3]), array([1, 2]))
    """
    return library_call(
        "unique",
        np.unique,
        ar,
        return_index,
        return_inverse,
        return_counts,
        axis,
        equal_nan=equal_nan,
    )


def bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    """How often each small integer occurs. Computes."""
    return library_call("bincount", np.bincount, x, weights, minlength)
