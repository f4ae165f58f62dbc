"""Products that OpenBLAS would share among its threads, computed in parts.

To wake a thread of OpenBLAS takes longer than a product of 64 x 64 x 128 (14 us, and as
much as a time slice where the machine is busy), and the bits of a shared product depend
on how many threads there are. Parts of its rows are as fast as one thread is, and have
the same bits everywhere; the threads of a plan may share them.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

NDArray: TypeAlias = np.ndarray[Any, Any]

SMALL = 2**18
"""Multiplications of a product that OpenBLAS does not share among its own threads."""

CUT = 4 * SMALL
"""Products of up to so many are computed in parts."""

LEAST_ROWS = 8
"""Rows of such a part, at least."""

_NAMES = ("float32", "float64")


def rows_of_parts(
    dtype: np.dtype[np.generic], x: tuple[int, ...], y: tuple[int, ...]
) -> int | None:
    """How many rows at a time a product of two matrices is computed; None for all.

    Examples
    --------
    >>> rows_of_parts(np.dtype("float32"), (64, 64), (64, 128))
    32
    >>> rows_of_parts(np.dtype("float32"), (64, 64), (64, 64)) is None
    True
    """
    m, n = x[0], y[1]
    size = m * x[1] * n
    if not SMALL < size <= CUT or n == 1 or dtype.name not in _NAMES:
        return None
    for parts in range(-(-size // SMALL), m // LEAST_ROWS + 1):
        if m % parts == 0:
            return m // parts
    return None


def matmul(x: NDArray, y: NDArray) -> NDArray:
    """NumPy's product, of parts where `blas.product` computes parts."""
    rows = None
    if x.ndim == 2 == y.ndim and x.dtype == y.dtype and x.shape[1] == y.shape[0]:
        rows = rows_of_parts(x.dtype, x.shape, y.shape)
    if rows is None or (_start(x) == _start(y) and x.strides == y.strides[::-1]):
        whole: NDArray = np.matmul(x, y)  # symmetric, for x and its own transpose
        return whole
    out: NDArray = np.empty((x.shape[0], y.shape[1]), x.dtype)
    for row in range(0, len(x), rows):
        np.matmul(x[row : row + rows], y, out=out[row : row + rows])
    return out


def _start(x: NDArray) -> int:
    return int(x.__array_interface__["data"][0])
