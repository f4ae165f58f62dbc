"""Sorting, searching and counting."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine.errors import called, named
from engine.recipe import storage_order, transposed
from engine.record.registry import REGISTRY

from .fallback import library_call, quiet_call
from .operands import read_as
from .views import normal_axis

__all__ = [
    "argpartition",
    "argsort",
    "bincount",
    "digitize",
    "histogram",
    "lexsort",
    "partition",
    "searchsorted",
    "sort",
    "unique",
]


def _sorted_along(name: str, a: Any, axis: Any, order: Any) -> Any:
    if order is not None:
        raise ValueError(named("Cannot specify order when the array has no fields."))
    array = face.asarray(a)
    if axis is None:
        array, axis = array.ravel(), -1
    if array.ndim == 0:
        if name == "argsort" and axis in (0, -1):
            return face.ndarray(1, np.int64).reshape(())
        raise np.exceptions.AxisError(axis, 0, called())
    place = normal_axis(axis, array.ndim)
    if name == "argsort":
        return face.ndarray.wrap(REGISTRY[name](array.read(), attributes=(place,)))
    order = storage_order(array.recipe)
    value = read_as(array, transposed(array.recipe, order))
    result = REGISTRY[name](value, attributes=(order.index(place),))
    return face.ndarray.wrap(result, order)


def sort(
    a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None
) -> Any:
    """A sorted copy along an axis; NaN last.

    Every kind sorts stably, so `kind` and `stable` change nothing.
    """
    return _sorted_along("sort", a, axis, order)


def argsort(
    a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None
) -> Any:
    """Indices that would sort along an axis; equal elements keep their order."""
    return _sorted_along("argsort", a, axis, order)


def partition(
    a: Any, kth: Any, axis: Any = -1, kind: Any = None, order: Any = None
) -> Any:
    """A copy partitioned around `kth`: here, sorted."""
    return sort(a, axis, kind, order)


def argpartition(
    a: Any, kth: Any, axis: Any = -1, kind: Any = None, order: Any = None
) -> Any:
    """Indices that would partition around `kth`: here, sort."""
    return argsort(a, axis, kind, order)


def lexsort(keys: Any, axis: int = -1) -> Any:
    """Indices that sort by several keys, the last one first. Computes."""
    return quiet_call(np.lexsort, keys, axis)


def searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    """Where elements would be put in to keep an array sorted. Computes."""
    return quiet_call(np.searchsorted, a, v, side, sorter)


def digitize(x: Any, bins: Any, right: bool = False) -> Any:
    """Numbers of the bins that elements fall into. Computes."""
    return quiet_call(np.digitize, x, bins, right)


def unique(ar: Any, *args: Any, **options: Any) -> Any:
    """The sorted distinct elements. Computes; carries no gradient."""
    return library_call("unique", np.unique, ar, *args, **options)


def bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    """How often each small integer occurs. Computes."""
    return library_call("bincount", np.bincount, x, weights, minlength)


def histogram(
    a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None
) -> Any:
    """How many elements fall into each bin. Computes."""
    return quiet_call(np.histogram, a, bins, range, density, weights)
