"""Norms of vectors and matrices, condition numbers and ranks."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine import composites
from engine.composites import norms
from engine.errors import named
from engine.movement import normal_axes
from engine.ops.op import cast
from engine.record.value import Value

from .quick import remembered

__all__ = ["cond", "matrix_norm", "matrix_rank", "norm", "vector_norm"]


def _inexact(x: Any) -> Value:
    value = face.asarray(x).read()
    return value if value.dtype.kind in "fc" else cast(value, np.dtype(float))


def _wide(value: Value) -> face.ndarray:
    return face.fresh(cast(value, np.dtype(np.float32)))


@remembered()
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """A norm of a vector or a matrix: Euclidean by default.

    Examples
    --------
    >>> import engine.numpy as np
    >>> x = np.array([[3.0, 0.0], [0.0, 4.0]])
    >>> np.linalg.norm(x), np.linalg.norm(x, "nuc"), np.linalg.norm(x, 2)
    (np.float64(5.0), np.float64(7.0), np.float64(4.0))
    """
    value = _inexact(x)
    if value.dtype == np.float16:
        return norm(_wide(value), ord, axis, keepdims).astype(np.float16)
    rank = len(value.shape)
    if ord is None and axis is None:
        return face.fresh(composites.norm(value, None, keepdims))
    if axis is None:
        axes = tuple(range(rank))
    elif isinstance(axis, tuple):
        axes = axis
    else:
        try:
            axes = (int(axis),)
        except (TypeError, ValueError):
            raise TypeError(
                named(
                    "'axis' must be None, an integer or a tuple of integers; "
                    f"{axis!r} was given"
                )
            ) from None
    if len(axes) == 1:
        return face.fresh(norms.vector_norm(value, ord, axes, keepdims))
    if len(axes) != 2:
        raise ValueError(
            named(f"Improper number of dimensions to norm; axes {axes} were given")
        )
    first, second = (normal_axes(one, rank)[0] for one in axes)
    if first == second:
        raise ValueError(named(f"Duplicate axes given: {axes}"))
    return face.fresh(norms.matrix_norm(value, ord, (first, second), keepdims))


def vector_norm(
    x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2
) -> Any:
    """A norm of vectors along axes.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.linalg.vector_norm(np.array([[3.0, 4.0], [6.0, 8.0]]), axis=1)
    array([ 5., 10.])
    """
    value = _inexact(x)
    if value.dtype == np.float16:
        wide = vector_norm(_wide(value), axis=axis, keepdims=keepdims, ord=ord)
        return wide.astype(np.float16)
    return face.fresh(norms.vector_norm(value, ord, axis, keepdims))


def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """A norm of matrices in the last two axes.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.linalg.matrix_norm(np.array([[3.0, 0.0], [0.0, 4.0]]))
    np.float64(5.0)
    """
    return norm(x, ord, (-2, -1), keepdims)


def cond(x: Any, p: Any = None) -> Any:
    """The condition number: how much a solution may magnify an error.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.linalg.cond(np.array([[10.0, 0.0], [0.0, 1.0]]))
    np.float64(10.0)
    """
    return face.fresh(norms.condition(face.asarray(x).read(), p))


def matrix_rank(
    A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None
) -> Any:
    """How many singular values are above a tolerance.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.linalg.matrix_rank(np.ones((3, 3)))
    np.int64(1)
    """
    if tol is not None and rtol is not None:
        raise ValueError(named("`tol` and `rtol` can't be both set"))
    array = face.asarray(A)
    if array.ndim < 2:
        return int(bool((array != 0).any()))
    tol, rtol = (x.read() if isinstance(x, face.ndarray) else x for x in (tol, rtol))
    return face.fresh(norms.matrix_rank(array.read(), tol, rtol, bool(hermitian)))
