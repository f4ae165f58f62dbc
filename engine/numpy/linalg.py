"""Linear algebra: norms are lazy; decompositions are computed by NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine.numpy.handle as face
import engine.numpy.products as products
import engine.numpy.reductions as reductions
from engine import composites
from engine.ops.op import cast

from .creation import as_index
from .fallback import library_call
from .products import (
    cross,
    matmul,
    outer,
    tensordot,
    vecdot,
)

LinAlgError = np.linalg.LinAlgError

__all__ = [
    "LinAlgError",
    "cholesky",
    "cond",
    "cross",
    "det",
    "eig",
    "eigh",
    "eigvals",
    "eigvalsh",
    "inv",
    "lstsq",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "multi_dot",
    "norm",
    "outer",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "svd",
    "svdvals",
    "tensordot",
    "trace",
    "vecdot",
    "vector_norm",
]


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """A norm of a vector or a matrix: Euclidean by default.

    Vector norms and the Frobenius norm are lazy; others are computed by NumPy.
    """
    array = face.asarray(x)
    rank = array.ndim if axis is None else len(axis) if isinstance(axis, tuple) else 1
    if ord is None or (ord == 2 and rank == 1) or (ord == "fro" and rank == 2):
        value = array.read()
        if array.dtype.kind not in "fc":
            value = cast(value, np.dtype(float))
        return face.fresh(composites.norm(value, axis, keepdims))
    if rank != 1:
        return library_call("linalg.norm", np.linalg.norm, x, ord, axis, keepdims)
    return vector_norm(array, axis=axis, keepdims=keepdims, ord=ord)


def vector_norm(
    x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2
) -> Any:
    """A norm of vectors along axes."""
    array = face.asarray(x)
    if array.dtype.kind not in "fc":
        array = array.astype(float)
    size = abs(array)
    if ord == 2:
        return face.fresh(composites.norm(array.read(), axis, keepdims))
    if ord == np.inf:
        return reductions.max(size, axis, keepdims=keepdims)
    if ord == -np.inf:
        return reductions.min(size, axis, keepdims=keepdims)
    if ord == 0:
        return reductions.sum((size != 0).astype(size.dtype), axis, keepdims=keepdims)
    if ord == 1:
        return reductions.sum(size, axis, keepdims=keepdims)
    return reductions.sum(size**ord, axis, keepdims=keepdims) ** (1.0 / ord)


def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """A norm of matrices in the last two axes."""
    return norm(x, ord, (-2, -1), keepdims)


def matrix_power(a: Any, n: int) -> Any:
    """A square matrix raised to an integer power."""
    array = face.asarray(a)
    n = as_index(n, "an exponent")
    if array.ndim < 2 or array.shape[-1] != array.shape[-2]:
        raise LinAlgError(
            "linalg.matrix_power: square matrices in the last two axes were required; "
            f"shape {array.shape} was given"
        )
    if n < 0:
        array, n = inv(array), -n
    result: Any = None
    while n:
        if n & 1:
            result = array if result is None else matmul(result, array)
        array = matmul(array, array) if n > 1 else array
        n >>= 1
    if result is None:
        from .ranges import eye

        result = eye(array.shape[-1], dtype=array.dtype)
    return result


def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    """The sums of diagonals of matrices in the last two axes."""
    return products.trace(x, offset, -2, -1, dtype)


def multi_dot(arrays: Any, *, out: Any = None) -> Any:
    """The product of several matrices, from the left."""
    result = face.asarray(arrays[0])
    for other in arrays[1:-1]:
        result = matmul(result, other)
    return matmul(result, arrays[-1], out)


def solve(a: Any, b: Any) -> Any:
    """The solution of linear equations; computed by NumPy."""
    return library_call("linalg.solve", np.linalg.solve, a, b)


def inv(a: Any) -> Any:
    """The inverse of a matrix; computed by NumPy."""
    return library_call("linalg.inv", np.linalg.inv, a)


def pinv(a: Any, rcond: Any = None, hermitian: bool = False) -> Any:
    """The pseudo-inverse of a matrix; computed by NumPy."""
    return library_call("linalg.pinv", np.linalg.pinv, a, rcond, hermitian)


def det(a: Any) -> Any:
    """The determinant; computed by NumPy."""
    return library_call("linalg.det", np.linalg.det, a)


def slogdet(a: Any) -> Any:
    """Sign and logarithm of the determinant; computed by NumPy."""
    return library_call("linalg.slogdet", np.linalg.slogdet, a)


def svd(
    a: Any,
    full_matrices: bool = True,
    compute_uv: bool = True,
    hermitian: bool = False,
) -> Any:
    """The singular value decomposition; computed by NumPy."""
    return library_call(
        "linalg.svd", np.linalg.svd, a, full_matrices, compute_uv, hermitian
    )


def svdvals(x: Any, /) -> Any:
    """Singular values; computed by NumPy."""
    return library_call("linalg.svdvals", np.linalg.svdvals, x)


def qr(a: Any, mode: Any = "reduced") -> Any:
    """The QR decomposition; computed by NumPy."""
    return library_call("linalg.qr", np.linalg.qr, a, mode)


def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    """The Cholesky decomposition; computed by NumPy."""
    return library_call("linalg.cholesky", np.linalg.cholesky, a, upper=upper)


def eig(a: Any) -> Any:
    """Eigenvalues and eigenvectors; computed by NumPy."""
    return library_call("linalg.eig", np.linalg.eig, a)


def eigh(a: Any, UPLO: Any = "L") -> Any:
    """Eigenvalues and eigenvectors of a symmetric matrix; computed by NumPy."""
    return library_call("linalg.eigh", np.linalg.eigh, a, UPLO)


def eigvals(a: Any) -> Any:
    """Eigenvalues; computed by NumPy."""
    return library_call("linalg.eigvals", np.linalg.eigvals, a)


def eigvalsh(a: Any, UPLO: Any = "L") -> Any:
    """Eigenvalues of a symmetric matrix; computed by NumPy."""
    return library_call("linalg.eigvalsh", np.linalg.eigvalsh, a, UPLO)


def lstsq(a: Any, b: Any, rcond: Any = None) -> Any:
    """The least-squares solution; computed by NumPy."""
    return library_call("linalg.lstsq", np.linalg.lstsq, a, b, rcond)


def cond(x: Any, p: Any = None) -> Any:
    """The condition number; computed by NumPy."""
    return library_call("linalg.cond", np.linalg.cond, x, p)


def matrix_rank(A: Any, tol: Any = None, hermitian: bool = False) -> Any:
    """The rank of a matrix; computed by NumPy."""
    return library_call("linalg.matrix_rank", np.linalg.matrix_rank, A, tol, hermitian)
