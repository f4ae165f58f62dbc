"""What `linalg` takes from the Array API: products and parts of stacks of matrices.

Some have namesakes in the main namespace that take other arguments.
"""

from __future__ import annotations

from typing import Any

import engine.numpy.handle as face
import engine.numpy.products as products
from engine.errors import named

from .manipulation import matrix_transpose

__all__ = [
    "cross",
    "diagonal",
    "matmul",
    "matrix_transpose",
    "outer",
    "tensordot",
    "trace",
    "vecdot",
]


def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """The cross product of vectors of three elements along an axis."""
    x, y = face.asarray(x1), face.asarray(x2)
    if x.shape[axis] != 3 or y.shape[axis] != 3:
        raise ValueError(
            named(
                "Both input arrays must be (arrays of) 3-dimensional vectors, but they "
                f"are {x.shape[axis]} and {y.shape[axis]} dimensional instead"
            )
        )
    return products.cross(x, y, axis=axis)


def matmul(x1: Any, x2: Any, /) -> Any:
    """The product of matrices in the last two axes; 1-d operands are vectors."""
    return products.matmul(x1, x2)


def outer(x1: Any, x2: Any, /) -> Any:
    """All products of an element of one vector with an element of the other."""
    x, y = face.asarray(x1), face.asarray(x2)
    if x.ndim != 1 or y.ndim != 1:
        raise ValueError(
            named(
                "Input arrays must be one-dimensional, but they are "
                f"x1.ndim={x.ndim} and x2.ndim={y.ndim}"
            )
        )
    return products.outer(x, y)


def tensordot(x1: Any, x2: Any, /, *, axes: Any = 2) -> Any:
    """The sum of products over pairs of axes."""
    return products.tensordot(x1, x2, axes=axes)


def diagonal(x: Any, /, *, offset: int = 0) -> Any:
    """The diagonals of matrices in the last two axes: a read-only view."""
    return face.asarray(x).diagonal(offset, -2, -1)


def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    """The sums of the diagonals of matrices in the last two axes."""
    return products.trace(x, offset, -2, -1, dtype)


def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """The dot products of vectors along an axis, the first conjugated.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.linalg.vecdot(np.array([[1, 2], [3, 4]]), np.array([1, 10]))
    array([21, 43])
    """
    return products.vecdot(x1, x2, axis=axis)
