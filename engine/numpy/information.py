"""Facts about arrays: shape, size, memory; and casts as functions."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine.array import Array
from engine.errors import named
from engine.movement import normal_axes
from engine.recipe import Recipe, strided
from engine.record.extent import asked_for_size

from .devices import placed

__all__ = [
    "astype",
    "isfortran",
    "iterable",
    "may_share_memory",
    "ndim",
    "shape",
    "shares_memory",
    "size",
]


def shape(a: Any) -> tuple[int, ...]:
    """The extent of each axis.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.shape([[1, 2, 3]]), np.shape(np.ones((4, 0)))
    ((1, 3), (4, 0))
    """
    asked_for_size()
    return face.asarray(a).shape


def ndim(a: Any) -> int:
    """The number of axes.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.ndim(np.ones((2, 3))), np.ndim(5)
    (2, 0)
    """
    return face.asarray(a).ndim


def size(a: Any, axis: int | tuple[int, ...] | None = None) -> int:
    """The number of elements, of all or along axes.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.size(np.ones((2, 3))), np.size(np.ones((2, 3)), 1)
    (6, 3)
    """
    asked_for_size()
    extents = face.asarray(a).shape
    if axis is None:
        return int(np.prod(extents, dtype=int))
    axes = normal_axes(axis, len(extents))
    return int(np.prod([extents[k] for k in axes], dtype=int))


def iterable(y: Any) -> bool:
    """Whether something can be iterated over.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.iterable(np.arange(3)), np.iterable(3)
    (True, False)
    """
    return y.ndim > 0 if isinstance(y, Array) else np.iterable(y)


def isfortran(a: Any) -> bool:
    """Whether the elements lie in Fortran order and not in C order.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.isfortran(np.ones((2, 3)).T)
    True
    """
    flags = face.asarray(a).flags
    return flags.f_contiguous and not flags.c_contiguous


def astype(
    x: Any, dtype: Any, /, *, copy: bool = True, device: str | None = None
) -> Any:
    """The elements cast to another dtype.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.astype(np.array([1.7, -1.7]), int)
    array([ 1, -1])
    """
    if isinstance(x, np.generic):
        x = face.asarray(x)[()]
    if not isinstance(x, Array):
        raise TypeError(
            named(f"Input should be a NumPy array. It is of type {type(x)} instead.")
        )
    return placed(face.asarray(x).astype(dtype, copy=copy), device, x)


def shares_memory(a: Any, b: Any, /, max_work: Any = -1) -> bool:
    """Whether two arrays have a byte in common; `max_work` limits the search.

    Examples
    --------
    >>> import engine.numpy as np
    >>> x = np.arange(6)
    >>> np.shares_memory(x[::2], x[1::2]), np.shares_memory(x, x[3:])
    (False, True)
    """
    return _overlap(a, b, np.shares_memory, -1 if max_work is None else max_work)


def may_share_memory(a: Any, b: Any, /, max_work: Any = 0) -> bool:
    """Whether the ranges of bytes of two arrays overlap; with `max_work` more exact.

    Examples
    --------
    >>> import engine.numpy as np
    >>> x = np.arange(6)
    >>> np.may_share_memory(x[::2], x[1::2])
    True
    """
    return _overlap(a, b, np.may_share_memory, max_work or 0)


def _overlap(a: Any, b: Any, test: Any, max_work: Any) -> bool:
    if not (isinstance(a, Array) and isinstance(b, Array)):
        return False
    if a.scalar or not (a.recipe.size and b.recipe.size):
        return False
    if a is b:
        return True
    if a._line is None or b._line is None or a.line.storage is not b.line.storage:
        return False
    length = max(_end(a.recipe), _end(b.recipe))
    # Virtual memory of the storage's extent: its addresses alone are compared.
    flat = np.empty(length, np.uint8)
    one, two = (strided(flat.view(x.dtype), x.recipe) for x in (a, b))
    return bool(test(one, two, max_work))


def _end(recipe: Recipe) -> int:
    """Bytes from the start of the storage to behind a recipe's last element."""
    last = recipe.offset + sum(
        (n - 1) * s for n, s in zip(recipe.shape, recipe.strides, strict=True) if s > 0
    )
    return -(-(last + 1) * recipe.dtype.itemsize // 16) * 16
