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
from .axes import normal_axis, strict_axis
from .fallback import ask, library_call, need_gradients, quiet_call, to_host
from .operands import read_as
from .quick import remembered
from .rearrangement import flip

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


def _places(kth: Any, a: Any, axis: Any) -> tuple[int, ...]:
    """The places around which to partition; ValueError for those not in the array."""
    shape = np.shape(a)
    extent = product(shape) if axis is None else shape[normal_axis(axis, len(shape))]
    places = np.atleast_1d(kth)
    if places.dtype.kind == "b":
        raise ValueError(named("Booleans unacceptable as partition index"))
    if places.dtype.kind not in "iu":
        raise TypeError(named("Partition index must be integer"))
    for place in places:
        if extent and not -extent <= place < extent:
            raise ValueError(named(f"kth(={place}) out of bounds ({extent})"))
    return tuple(places.tolist())


_KINDS = {"q": "quicksort", "h": "heapsort", "s": "stable", "m": "stable"}
"""NumPy's kinds of sorts, by their first letters."""


def _kind(name: str, kind: Any, order: Any, stable: Any) -> str:
    """The kind of sort that NumPy's arguments ask for."""
    _check_options(name, kind=kind, order=order, stable=stable)
    if kind is not None:
        word = kind.decode() if isinstance(kind, bytes) else kind
        return _KINDS[word[0].lower()]
    return "stable" if stable else "quicksort"


def _along(name: str, a: Any, axis: Any, how: Any) -> Any:
    """A sort along an axis; None: of all elements in C order."""
    array = face.asarray(a)
    if axis is None:
        array, axis = array.ravel(), -1
    places = name.startswith("arg")
    if array.ndim == 0:
        if places and axis in (0, -1):
            return face.ndarray(1, np.int64)
        raise np.exceptions.AxisError(axis, 0, called())
    place = (strict_axis if places else normal_axis)(axis, array.ndim)
    if places:
        return face.ndarray.wrap(REGISTRY[name](array.read(), attributes=(place, how)))
    order = storage_order(array.recipe)
    value = read_as(array, transposed(array.recipe, order))
    result = REGISTRY[name](value, attributes=(order.index(place), how))
    return face.ndarray.wrap(result, order)


@remembered()
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

    Parameters
    ----------
    a : array_like
    axis : int or None
        None: of all elements in C order.
    kind : str, optional
        NumPy's names are accepted; the order of equal numbers cannot be seen.
    stable : bool, optional
    descending : bool
        Whether the largest comes first.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.sort(np.array([[3, 1, 2], [0, 9, 4]]))
    array([[1, 2, 3],
           [0, 4, 9]])
    """
    result = _along("sort", a, axis, _kind("sort", kind, order, stable))
    return flip(result, axis or 0) if descending and result.ndim else result


def sort_complex(a: Any) -> Any:
    """A copy sorted along the last axis, as complex numbers.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.sort_complex(np.array([2 + 1j, 1 + 5j, 2 - 1j]))
    array([1.+5.j, 2.-1.j, 2.+1.j])
    """
    array = sort(a)
    if array.dtype.kind == "c":
        return array
    short = array.dtype.itemsize < 4 and array.dtype.kind in "iu"
    return array.astype(np.complex64 if short else np.complex128)


@remembered()
def argsort(
    a: Any,
    axis: Any = -1,
    kind: Any = None,
    order: Any = None,
    *,
    stable: Any = None,
    descending: bool = False,
) -> Any:
    """Indices that would sort along an axis.

    Parameters
    ----------
    a : array_like
    axis : int or None
        None: of all elements in C order.
    kind, stable
        Equal elements keep their order, as the array API standard asks and NumPy
        allows, unless a kind or ``stable=False`` asks for NumPy's fastest sort.
    descending : bool
        Whether the largest comes first.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.argsort(np.array([3.0, 1.0, 2.0]))
    array([1, 2, 0])
    """
    if kind is None and stable is None:
        stable = True
    found = _kind("argsort", kind, order, stable)
    if not descending or np.ndim(a) == 0:
        return _along("argsort", a, axis, found)
    array = face.asarray(a)
    if axis is None:
        array, axis = array.ravel(), -1
    # Backwards on both sides, so that equal elements keep their order.
    places = _along("argsort", flip(array, axis), axis, "stable")
    return array.shape[axis] - 1 - flip(places, axis)


def partition(
    a: Any, kth: Any, axis: Any = -1, kind: Any = "introselect", order: Any = None
) -> Any:
    """A copy in which the elements at `kth` are where a sort would put them.

    Smaller ones stand before them and larger ones behind, in NumPy's order.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.partition(np.array([3.0, 1.0, 2.0]), 0)[0]
    np.float64(1.0)
    """
    _check_options("partition", 0, kind=kind, order=order)
    return _along("partition", a, axis, _places(kth, a, axis))


def argpartition(
    a: Any, kth: Any, axis: Any = -1, kind: Any = "introselect", order: Any = None
) -> Any:
    """Indices that would partition around `kth`.

    Examples
    --------
    >>> import engine.numpy as np
    >>> x = np.array([7, 1, 5, 3])
    >>> x[np.argpartition(x, 1)][1]
    np.int64(3)
    """
    _check_options("argpartition", 0, kind=kind, order=order)
    return _along("argpartition", a, axis, _places(kth, a, axis))


def lexsort(keys: Any, axis: int = -1) -> Any:
    """Indices that sort by several keys, the last one first. Computes.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.lexsort([np.array([3, 1, 2]), np.array([0, 1, 0])])
    array([2, 0, 1])
    """
    return quiet_call(np.lexsort, keys, axis)


def searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    """Where elements would be put in to keep an array sorted. Computes.

    Parameters
    ----------
    a : array_like
        One dimension, in order; else `sorter` says in which.
    v : array_like
        What to put in.
    side : {"left", "right"}
        Before or behind those that are equal.
    sorter : array_like of int, optional

    Returns
    -------
    ndarray
        Integers of the shape of `v`.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.searchsorted(np.array([1, 3, 5]), [3, 4], side="right")
    array([2, 2])
    """
    return quiet_call(shared_calls.searchsorted, a, v, side, sorter)


def digitize(x: Any, bins: Any, right: bool = False) -> Any:
    """Numbers of the bins that elements fall into. Computes.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.digitize(np.array([0.2, 6.4, 3.0]), [0.0, 1.0, 2.5, 4.0])
    array([1, 4, 3])
    """
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
    """How often each small integer occurs, or the sum of its weights. Computes.

    Gradients flow to the weights.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.bincount(np.array([0, 2, 2, 1]), minlength=4)
    array([1, 1, 2, 0])
    """
    if not need_gradients(weights):
        return library_call("bincount", np.bincount, x, weights, minlength)
    from .ufuncs import add

    places, summed = to_host(x), face.asarray(weights)
    counts = ask("bincount", np.bincount, places, np.zeros(summed.shape), minlength)
    made = face.asarray(counts)
    add.at(made, places, summed)
    return made
