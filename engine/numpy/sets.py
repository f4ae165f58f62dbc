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
    """Whether elements occur in a set.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.isin(np.array([1, 5, 2]), [2, 5])
    array([False,  True,  True])
    """
    return quiet_call(np.isin, element, test_elements, assume_unique, invert, kind=kind)


def union1d(ar1: Any, ar2: Any) -> Any:
    """The sorted elements of either array.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.union1d(np.array([3, 1]), np.array([1, 2]))
    array([1, 2, 3])
    """
    return library_call("union1d", np.union1d, ar1, ar2)


def intersect1d(
    ar1: Any, ar2: Any, assume_unique: bool = False, return_indices: bool = False
) -> Any:
    """The sorted elements of both arrays.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.intersect1d(np.array([3, 1]), np.array([1, 2]))
    array([1])
    """
    return library_call(
        "intersect1d", np.intersect1d, ar1, ar2, assume_unique, return_indices
    )


def setdiff1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    """The elements of the first array that are not in the second.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.setdiff1d(np.array([3, 1]), np.array([1, 2]))
    array([3])
    """
    return library_call("setdiff1d", np.setdiff1d, ar1, ar2, assume_unique)


def setxor1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    """The elements that are in exactly one of the arrays.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.setxor1d(np.array([3, 1]), np.array([1, 2]))
    array([2, 3])
    """
    return library_call("setxor1d", np.setxor1d, ar1, ar2, assume_unique)


def unique_values(x: Any) -> Any:
    """The distinct elements, in order; NumPy and the standard promise no order.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.sort(np.unique_values(np.array([3, 1, 3])))
    array([1, 3])
    """
    return library_call("unique_values", np.unique, x, equal_nan=False)


def unique_counts(x: Any) -> Any:
    """The distinct elements, and how often each occurs.

    Examples
    --------
    >>> import engine.numpy as np
    >>> values, counts = np.unique_counts(np.array([3, 1, 3]))
    >>> counts
    array([1, 2])
    """
    return library_call("unique_counts", np.unique_counts, x)


def unique_inverse(x: Any) -> Any:
    """The distinct elements, and which one each element is.

    Examples
    --------
    >>> import engine.numpy as np
    >>> values, inverse = np.unique_inverse(np.array([3, 1, 3]))
    >>> values[inverse]
    array([3, 1, 3])
    """
    return library_call("unique_inverse", np.unique_inverse, x)


def unique_all(x: Any) -> Any:
    """The distinct elements, first places, inverse and counts.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.unique_all(np.array([3, 1, 3])).indices
    array([1, 0])
    """
    return library_call("unique_all", np.unique_all, x)


# -- index arrays ---------------------------------------------------------------------
def diag_indices(n: int, ndim: int = 2) -> Any:
    """Indices of the main diagonal of an array of `ndim` axes of extent `n`.

    Examples
    --------
    >>> import engine.numpy as np
    >>> x = np.zeros((2, 2), int)
    >>> x[np.diag_indices(2)] = 7
    >>> x
    array([[7, 0],
           [0, 7]])
    """
    return quiet_call(np.diag_indices, n, ndim)


def diag_indices_from(arr: Any) -> Any:
    """Indices of the main diagonal of an array.

    Examples
    --------
    >>> import engine.numpy as np
    >>> x = np.arange(4).reshape(2, 2)
    >>> x[np.diag_indices_from(x)]
    array([0, 3])
    """
    array = face.asarray(arr)
    if array.ndim < 2 or len(set(array.shape)) > 1:
        raise ValueError(named("All dimensions of input must be of equal length"))
    return diag_indices(array.shape[0], array.ndim)


def tril_indices(n: int, k: int = 0, m: int | None = None) -> Any:
    """Indices of the lower triangle of an (n, m) array.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.tril_indices(3, -1)
    (array([1, 2, 2]), array([0, 0, 1]))
    """
    return quiet_call(np.tril_indices, n, k, m)


def triu_indices(n: int, k: int = 0, m: int | None = None) -> Any:
    """Indices of the upper triangle of an (n, m) array.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.triu_indices(3, 1)
    (array([0, 0, 1]), array([1, 2, 2]))
    """
    return quiet_call(np.triu_indices, n, k, m)


def tril_indices_from(arr: Any, k: int = 0) -> Any:
    """Indices of the lower triangle of an array.

    Examples
    --------
    >>> import engine.numpy as np
    >>> x = np.arange(4).reshape(2, 2)
    >>> x[np.tril_indices_from(x)]
    array([0, 2, 3])
    """
    rows, columns = face.asarray(arr).shape
    return tril_indices(rows, k, columns)


def triu_indices_from(arr: Any, k: int = 0) -> Any:
    """Indices of the upper triangle of an array.

    Examples
    --------
    >>> import engine.numpy as np
    >>> x = np.arange(4).reshape(2, 2)
    >>> x[np.triu_indices_from(x)]
    array([0, 1, 3])
    """
    rows, columns = face.asarray(arr).shape
    return triu_indices(rows, k, columns)
