"""Products of matrices on a device, by cuBLAS.

Engine's matrices lie row by row and cuBLAS takes them column by column: it sees the
transposes, so it is given the operands in the other order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..counts import COUNTS
from ..native.blas import TURNED, Matrix, as_matrices, batch_levels, side
from . import available, simulated

LARGE = 2**31
"""Extents from here on do not fit the arguments of cuBLAS."""

DTYPES = ("float32", "float64", "complex64", "complex128")


@dataclass(frozen=True)
class Side:
    """An operand or the result, in items.

    Attributes
    ----------
    turned : bool
        Whether it lies column by column.
    distance : int
        From a row to the next, or from a column.
    offset : int
        Where it starts.
    outer, inner : int
        Steps along the two levels of a batch.
    """

    turned: bool
    distance: int
    offset: int
    outer: int
    inner: int


@dataclass(frozen=True)
class Product:
    """A product of m x k with k x n matrices, or a batch of two levels of them."""

    dtype: str
    m: int
    n: int
    k: int
    x: Side
    y: Side
    result: Side
    outer: int
    inner: int


def product(dtype: np.dtype[np.generic], x: Matrix, y: Matrix) -> Product | None:
    """How cuBLAS computes ``matmul(x, y)`` into C-contiguous memory; None if it cannot.

    Examples
    --------
    >>> found = product(np.dtype("float32"), Matrix(0, (2, 3), (3, 1)),
    ...                 Matrix(0, (3, 4), (1, 3)))
    >>> found.m, found.n, found.k, found.x.turned, found.y.turned
    (2, 4, 3, False, True)
    """
    x, y = as_matrices(x, y)
    if dtype.name not in DTYPES or 0 in (*x.shape, *y.shape):
        return None
    (m, k), n = x.shape[-2:], y.shape[-1]
    left = side(m, k, *x.strides[-2:])
    right = side(k, n, *y.strides[-2:])
    levels = batch_levels(x, y)
    if left is None or right is None or levels is None:
        return None
    (outer, inner), (far, near) = levels
    if max(m, n, k, left[1], right[1], outer, inner) >= LARGE:
        return None
    return Product(
        dtype.name,
        m,
        n,
        k,
        Side(left[0] == TURNED, left[1], x.offset, far[0], near[0]),
        Side(right[0] == TURNED, right[1], y.offset, far[1], near[1]),
        Side(False, n, 0, far[2], near[2]),
        outer,
        inner,
    )


def multiply(product: Product, x: int, y: int, result: int) -> None:
    """Start a product of what lies at these addresses of the device."""
    gemm = _library().gemm
    COUNTS.launches += product.outer
    for number in range(product.outer):
        gemm(product, number, x, y, result)


def has_products() -> bool:
    """Whether products are computed on the device: cuBLAS is installed.

    Examples
    --------
    >>> has_products() in (True, False)
    True
    """
    return available() and bool(_library().has_gemm())


def _library() -> Any:
    if simulated():
        from . import simulator

        return simulator
    from . import cublas

    return cublas
