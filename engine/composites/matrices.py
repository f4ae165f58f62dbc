"""Linear algebra on values: the dtypes that LAPACK takes, and results one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine import ops
from engine.errors import named
from engine.movement import (
    broadcast_value,
    reshape_value,
    swap_axes,
    transpose_value,
)
from engine.ops import decompositions as parts
from engine.ops.matrices import log_shapes, require_matrices
from engine.ops.op import DType, cast
from engine.ops.packing import unpacked
from engine.ops.transfer import on_device
from engine.record.trace import alias, grad_enabled
from engine.record.value import Value, constant

from .creation import eye
from .joining import matrix_product


def lapack_dtype(*dtypes: DType) -> DType:
    """The dtype in which LAPACK computes: single only if all are.

    Raises
    ------
    TypeError
        For float16, which NumPy does not take either.
    """
    for dtype in dtypes:
        if dtype.kind == "f" and dtype.itemsize == 2:
            raise TypeError(named(f"array type {dtype.name} is unsupported in linalg"))
    size = max(dtype.itemsize >> (dtype.kind == "c") for dtype in dtypes)
    inexact = all(dtype.kind in "fc" for dtype in dtypes)
    size = size if inexact else 8
    if any(dtype.kind == "c" for dtype in dtypes):
        return np.dtype(f"c{2 * size}")
    return np.dtype(f"f{size}")


def inexact(*values: Value) -> list[Value]:
    """Values in the dtype in which LAPACK computes with them."""
    dtype = lapack_dtype(*[value.dtype for value in values])
    return [cast(value, dtype) for value in values]


def real_part(x: Value) -> Value:
    """The real part; of real numbers themselves."""
    return ops.real(x) if x.dtype.kind == "c" else x


def solve(a: Value, b: Value) -> Value:
    """The solution of a @ x = b; one-dimensional b is one right-hand side."""
    a, b = inexact(a, b)
    if len(b.shape) == 1:
        found = ops.solve(a, reshape_value(b, (*b.shape, 1)))
        return reshape_value(found, found.shape[:-1])
    if not b.shape:
        raise ValueError(
            "solve: right-hand sides of at least one dimension were required; does not "
            "have enough dimensions: shape () was given"
        )
    return ops.solve(a, b)


def inverse(x: Value) -> Value:
    """The inverse; singular matrices raise LinAlgError when it is computed."""
    return ops.inv(*inexact(x), attributes=(True,))


def pseudo_inverse(x: Value, cutoff: Any, hermitian: bool = False) -> Value:
    """The pseudo-inverse; without a cutoff so many ULPs as the matrix is long."""
    (x,) = inexact(x)
    require_matrices("pinv", x, square=hermitian)
    if cutoff is None:
        cutoff = max(x.shape[-2:]) * np.finfo(x.dtype).eps
    value = cutoff if isinstance(cutoff, Value) else constant(np.asarray(cutoff))
    if value.dtype.kind != "f":
        value = cast(value, np.dtype(float))
    return ops.pinv(x, value, attributes=(hermitian,))


def slogdet(x: Value) -> tuple[Value, Value]:
    """The sign and the logarithm of the absolute value of the determinant."""
    (x,) = inexact(x)
    sign, logarithm = unpacked(ops.slogdet(x), *log_shapes(x.shape))
    return sign, real_part(logarithm)


def qr(x: Value) -> tuple[Value, Value]:
    """Orthonormal columns and an upper triangle, reduced."""
    (x,) = inexact(x)
    q, r = unpacked(ops.qr(x), *parts.qr_shapes(x.shape))
    return q, r


def svd(
    x: Value, full: bool = False, hermitian: bool = False
) -> tuple[Value, Value, Value]:
    """Singular vectors and values.

    Raises
    ------
    TypeError
        If a gradient is required of full vectors, which the matrix does not determine.
    """
    (x,) = inexact(x)
    full = full and len(x.shape) >= 2 and x.shape[-1] != x.shape[-2]
    if full and x.needs_grad and grad_enabled():
        raise TypeError(
            "svd: full_matrices=False was required, as other vectors have no gradient; "
            f"full_matrices=True was given for shape {x.shape} of an array that "
            "requires grad"
        )
    made = ops.svd(x, attributes=(full, hermitian))
    u, s, vh = unpacked(made, *parts.svd_shapes(x.shape, full))
    return u, real_part(s), vh


def singular_values(x: Value, hermitian: bool = False) -> Value:
    """Singular values, falling."""
    return ops.svdvals(*inexact(x), attributes=(hermitian,))


def eigh(x: Value, triangle: str) -> tuple[Value, Value]:
    """Eigenvalues, rising, and eigenvectors of a Hermitian matrix."""
    (x,) = inexact(x)
    made = ops.eigh(x, attributes=(triangle,))
    w, v = unpacked(made, *parts.eig_shapes(x.shape))
    return real_part(w), v


def eig(x: Value) -> tuple[Value, Value]:
    """Eigenvalues and eigenvectors of any square matrix, complex."""
    (x,) = inexact(x)
    w, v = unpacked(ops.eig(x), *parts.eig_shapes(x.shape))
    return w, v


def least_squares(
    a: Value, b: Value, cutoff: float | None
) -> tuple[Value, Value, Value, Value]:
    """The solution, residuals (NaN without full rank), rank and singular values.

    The last two have no gradient.
    """
    a, b = inexact(a, b)
    if cutoff is None and len(a.shape) == 2:
        cutoff = float(np.finfo(np.float64).eps) * max(a.shape)
    made = ops.lstsq(a, b, attributes=(cutoff,))
    x, *others = unpacked(made, *parts.lstsq_shapes(a.shape, b.shape))
    residuals, rank, s = map(real_part, others)
    rank = cast(rank, np.dtype(np.int32))
    return x, residuals, rank, alias(s, None)


def matrix_chain(values: Sequence[Value]) -> Value:
    """The product of matrices in the order that multiplies the fewest numbers."""
    sizes = [values[0].shape[0], *[value.shape[1] for value in values]]
    cuts = _cheapest_cuts(sizes)
    made: dict[tuple[int, int], Value] = {(i, i): x for i, x in enumerate(values)}
    stack = [(0, len(values) - 1)]
    while stack:
        i, j = stack[-1]
        if (i, j) in made:
            stack.pop()
            continue
        halves = (i, cuts[i, j]), (cuts[i, j] + 1, j)
        missing = [half for half in halves if half not in made]
        if missing:
            stack += missing
        else:
            made[i, j] = matrix_product(made[halves[0]], made[halves[1]])
    return made[0, len(values) - 1]


def _cheapest_cuts(sizes: Sequence[int]) -> dict[tuple[int, int], int]:
    """After which factor to cut each run of factors; factor i is sizes[i] wide."""
    count = len(sizes) - 1
    cost = {(i, i): 0 for i in range(count)}
    cuts: dict[tuple[int, int], int] = {}
    for length in range(1, count):
        for i in range(count - length):
            j = i + length
            choices = [
                (
                    cost[i, k]
                    + cost[k + 1, j]
                    + sizes[i] * sizes[k + 1] * sizes[j + 1],
                    k,
                )
                for k in range(i, j)
            ]
            cost[i, j], cuts[i, j] = min(choices)
    return cuts


def matrix_power(x: Value, n: int) -> Value:
    """A square matrix multiplied by itself; the inverse, where n is negative."""
    require_matrices("matrix_power", x)
    if n == 0:
        one = on_device(eye(x.shape[-1], x.shape[-1], 0, x.dtype), x.device)
        return broadcast_value(one, x.shape)
    if n < 0:
        x, n = inverse(x), -n
    if n == 3:
        return ops.matmul(ops.matmul(x, x), x)
    found: Value | None = None
    while n:
        if n & 1:
            found = x if found is None else ops.matmul(found, x)
        n >>= 1
        x = ops.matmul(x, x) if n else x
    assert found is not None
    return found


def transposed(x: Value) -> Value:
    """Matrices in the last two axes, transposed."""
    return swap_axes(x, -1, -2)


def last_axes(x: Value, axes: tuple[int, int]) -> Value:
    """A value with two axes moved to the end."""
    rest = [axis for axis in range(len(x.shape)) if axis not in axes]
    return transpose_value(x, [*rest, *axes])
