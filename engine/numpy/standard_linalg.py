"""What `linalg` takes from the Array API: products and parts of stacks of matrices.

Some have namesakes in the main namespace that take other arguments.
"""

from __future__ import annotations

from math import prod as product
from typing import Any

import numpy as np

import engine.numpy.handle as face
import engine.numpy.products as products
from engine.errors import named

from .views import normal_axis

__all__ = [
    "cross",
    "diagonal",
    "matmul",
    "matrix_transpose",
    "outer",
    "tensordot",
    "tensorinv",
    "tensorsolve",
    "trace",
]


def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """The cross product of vectors of three elements along an axis."""
    return products.cross(x1, x2, axis=axis)


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


def matrix_transpose(x: Any, /) -> Any:
    """Matrices in the last two axes, with these exchanged: a view."""
    array = face.asarray(x)
    if array.ndim < 2:
        raise ValueError(named(f"at least 2 axes were required; {array.ndim} given"))
    return array.mT


def diagonal(x: Any, /, *, offset: int = 0) -> Any:
    """The diagonals of matrices in the last two axes: a read-only view."""
    return face.asarray(x).diagonal(offset, -2, -1)


def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    """The sums of the diagonals of matrices in the last two axes."""
    return products.trace(x, offset, -2, -1, dtype)


# -- tensors as matrices --------------------------------------------------------------
def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    """The x of ``tensordot(a, x, x.ndim) == b``.

    `axes` of `a` are moved to its end first. Raises LinAlgError where the other axes
    have not as many elements as those of `b`.
    """
    from .linalg import solve

    x, y = face.asarray(a), face.asarray(b)
    if axes is not None:
        last = [normal_axis(axis, x.ndim) for axis in axes]
        x = x.transpose([k for k in range(x.ndim) if k not in last] + last)
    shape = x.shape[y.ndim :]
    size = product(shape)
    if x.size != size * size:
        raise np.linalg.LinAlgError(
            named(f"a square matrix in all was required; shape {x.shape} was given")
        )
    return solve(x.reshape(size, size), y.ravel()).reshape(shape)


def tensorinv(a: Any, ind: int = 2) -> Any:
    """The inverse of ``tensordot`` with an array over its axes from `ind` on."""
    from .linalg import inv

    array = face.asarray(a)
    if ind <= 0:
        raise ValueError(named(f"a positive number of axes was required; {ind} given"))
    first, second = array.shape[:ind], array.shape[ind:]
    if product(first) != product(second):
        raise np.linalg.LinAlgError(
            named(f"a square matrix in all was required; shape {array.shape} was given")
        )
    return inv(array.reshape(product(first), -1)).reshape(*second, *first)
