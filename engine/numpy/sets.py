"""Arrays as sets, and index arrays of triangles and diagonals. They compute."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine.errors import named

from .fallback import library_call, quiet_call

__all__ = [
    "diag_indices",
    "diag_indices_from",
    "intersect1d",
    "isin",
    "setdiff1d",
    "setxor1d",
    "tril_indices",
    "tril_indices_from",
    "triu_indices",
    "triu_indices_from",
    "union1d",
    "unique_all",
    "unique_counts",
    "unique_inverse",
    "unique_values",
]


def isin(
    element: Any,
    test_elements: Any,
    assume_unique: bool = False,
    invert: bool = False,
    *,
    kind: Any = None,
) -> Any:
    """Whether elements occur in a set."""
    return quiet_call(np.isin, element, test_elements, assume_unique, invert, kind=kind)


def union1d(ar1: Any, ar2: Any) -> Any:
    """The sorted elements of either array."""
    return library_call("union1d", np.union1d, ar1, ar2)


def intersect1d(
    ar1: Any, ar2: Any, assume_unique: bool = False, return_indices: bool = False
) -> Any:
    """The sorted elements of both arrays."""
    return library_call(
        "intersect1d", np.intersect1d, ar1, ar2, assume_unique, return_indices
    )


def setdiff1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    """The elements of the first array that are not in the second."""
    return library_call("setdiff1d", np.setdiff1d, ar1, ar2, assume_unique)


def setxor1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    """The elements that are in exactly one of the arrays."""
    return library_call("setxor1d", np.setxor1d, ar1, ar2, assume_unique)


def unique_values(x: Any) -> Any:
    """The distinct elements, in order; NumPy and the standard promise no order."""
    return library_call("unique_values", np.unique, x, equal_nan=False)


def unique_counts(x: Any) -> Any:
    """The distinct elements, and how often each occurs."""
    return library_call("unique_counts", np.unique_counts, x)


def unique_inverse(x: Any) -> Any:
    """The distinct elements, and which one each element is."""
    return library_call("unique_inverse", np.unique_inverse, x)


def unique_all(x: Any) -> Any:
    """The distinct elements, first places, inverse and counts."""
    return library_call("unique_all", np.unique_all, x)


# -- index arrays ---------------------------------------------------------------------
def diag_indices(n: int, ndim: int = 2) -> Any:
    """Indices of the main diagonal of an array of `ndim` axes of extent `n`."""
    return quiet_call(np.diag_indices, n, ndim)


def diag_indices_from(arr: Any) -> Any:
    """Indices of the main diagonal of an array."""
    array = face.asarray(arr)
    if array.ndim < 2 or len(set(array.shape)) > 1:
        raise ValueError(named("All dimensions of input must be of equal length"))
    return diag_indices(array.shape[0], array.ndim)


def tril_indices(n: int, k: int = 0, m: int | None = None) -> Any:
    """Indices of the lower triangle of an (n, m) array."""
    return quiet_call(np.tril_indices, n, k, m)


def triu_indices(n: int, k: int = 0, m: int | None = None) -> Any:
    """Indices of the upper triangle of an (n, m) array."""
    return quiet_call(np.triu_indices, n, k, m)


def tril_indices_from(arr: Any, k: int = 0) -> Any:
    """Indices of the lower triangle of an array."""
    rows, columns = face.asarray(arr).shape
    return tril_indices(rows, k, columns)


def triu_indices_from(arr: Any, k: int = 0) -> Any:
    """Indices of the upper triangle of an array."""
    rows, columns = face.asarray(arr).shape
    return triu_indices(rows, k, columns)
