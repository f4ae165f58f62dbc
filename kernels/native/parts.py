"""Products that OpenBLAS would share among its threads, computed in parts.

To wake a thread of OpenBLAS takes longer than a product of 64 x 64 x 128 (14 us, and as
much as a time slice where the machine is busy), and the bits of a shared product depend
on how many threads there are. Parts of its rows or columns are as fast as one thread,
and have the same bits everywhere; the threads of a plan may share them. OpenBLAS copies
both operands of each part: so the longer side of the result is cut, where that can be.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Set
from typing import Any, TypeAlias

import numpy as np

NDArray: TypeAlias = np.ndarray[Any, Any]

SMALL = 2**18
"""Multiplications of a product that OpenBLAS does not share among its own threads."""

CUT = 4 * SMALL
"""Products of up to so many are computed in parts."""

LEAST = 8
"""Rows or columns of such a part, at least."""

_NAMES = ("float32", "float64")


def shape_of_parts(
    dtype: np.dtype[np.generic], x: tuple[int, ...], y: tuple[int, ...]
) -> tuple[int, int] | None:
    """Rows and columns of the parts of a product of two matrices; None for one part.

    Examples
    --------
    >>> shape_of_parts(np.dtype("float32"), (64, 64), (64, 128))
    (64, 64)
    >>> shape_of_parts(np.dtype("float32"), (64, 64), (64, 64)) is None
    True
    """
    m, n = x[0], y[1]
    size = m * x[1] * n
    if not SMALL < size <= CUT or 1 in (m, n) or dtype.name not in _NAMES:
        return None
    least = -(-size // SMALL)
    by_rows, by_columns = (
        None if extent in _here.changing else _part(extent, least) for extent in (m, n)
    )
    if by_rows is not None and (m >= n or by_columns is None):
        return by_rows, n
    return None if by_columns is None else (m, by_columns)


class _Here(threading.local):
    """What this thread plans for."""

    changing: Set[int] = frozenset()


_here = _Here()


@contextlib.contextmanager
def for_any(extents: Set[int]) -> Iterator[None]:
    """Cut no axis of some extents: what is planned is used for others in their place.

    Examples
    --------
    >>> with for_any({128}):
    ...     shape_of_parts(np.dtype("float32"), (64, 64), (64, 128))
    (32, 128)
    """
    before = _here.changing
    _here.changing = extents
    try:
        yield
    finally:
        _here.changing = before


def _part(extent: int, least: int) -> int | None:
    """The size of at least so many equal parts, which are as few as can be."""
    for parts in range(least, extent // LEAST + 1):
        if extent % parts == 0:
            return extent // parts
    return None


def matmul(x: NDArray, y: NDArray) -> NDArray:
    """NumPy's product, of parts where `blas.product` computes parts."""
    shape = None
    if x.ndim == 2 == y.ndim and x.dtype == y.dtype and x.shape[1] == y.shape[0]:
        shape = shape_of_parts(x.dtype, x.shape, y.shape)
    if shape is None or (_start(x) == _start(y) and x.strides == y.strides[::-1]):
        whole: NDArray = np.matmul(x, y)  # symmetric, for x and its own transpose
        return whole
    rows, columns = shape
    out: NDArray = np.empty((x.shape[0], y.shape[1]), x.dtype)
    for i in range(0, x.shape[0], rows):
        for j in range(0, y.shape[1], columns):
            left, right = x[i : i + rows], y[:, j : j + columns]
            np.matmul(left, right, out=out[i : i + rows, j : j + columns])
    return out


def _start(x: NDArray) -> int:
    return int(x.__array_interface__["data"][0])
