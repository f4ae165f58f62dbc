"""Linear algebra: recorded as everything else, computed by LAPACK, differentiable.

A matrix without a result (a singular one, one that is not positive definite) raises
LinAlgError when the result is looked at; the message names the line that asked for it.
"""

from __future__ import annotations

from itertools import pairwise
from math import prod
from typing import Any, NamedTuple

import numpy as np

import engine.numpy.handle as face
from engine import composites, ops
from engine.composites import matrices
from engine.errors import named
from engine.installed import NUMPY_2_5
from engine.movement import reshape_value
from engine.record.trace import grad_enabled
from engine.record.value import Value

from . import products
from .axes import normal_axis
from .creation import as_index
from .fallback import library_call, refuse_gradients
from .names import nearest_message
from .norms import cond, matrix_norm, matrix_rank, norm, vector_norm
from .standard_linalg import (
    cross,
    diagonal,
    matmul,
    matrix_transpose,
    outer,
    tensordot,
    trace,
    vecdot,
)

LinAlgError = np.linalg.LinAlgError

__all__ = [
    "LinAlgError",
    "cholesky",
    "cond",
    "cross",
    "det",
    "diagonal",
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
    "matrix_transpose",
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
    "tensorinv",
    "tensorsolve",
    "trace",
    "vecdot",
    "vector_norm",
]


_UNSET = object()
"""That no `rtol` was given: None asks for one that the size decides."""


class QRResult(NamedTuple):
    """What `qr` gives."""

    Q: Any
    R: Any


class SVDResult(NamedTuple):
    """What `svd` gives."""

    U: Any
    S: Any
    Vh: Any


class EigResult(NamedTuple):
    """What `eig` gives."""

    eigenvalues: Any
    eigenvectors: Any


class EighResult(NamedTuple):
    """What `eigh` gives."""

    eigenvalues: Any
    eigenvectors: Any


class SlogdetResult(NamedTuple):
    """What `slogdet` gives."""

    sign: Any
    logabsdet: Any


def _value(x: Any) -> Value:
    return face.asarray(x).read()


# -- inverses and solutions -----------------------------------------------------------
def solve(a: Any, b: Any) -> Any:
    """The solution of linear equations a @ x = b.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.linalg.solve(np.array([[2.0, 0.0], [0.0, 4.0]]), np.array([2.0, 2.0]))
    array([1. , 0.5])
    """
    return face.fresh(matrices.solve(_value(a), _value(b)))


def inv(a: Any) -> Any:
    """The inverse of matrices in the last two axes.

    Examples
    --------
    >>> import engine.numpy as np
    >>> a = np.array([[2.0, 0.0], [0.0, 4.0]]).requires_grad_()
    >>> np.linalg.inv(a).sum().backward()
    >>> a.grad
    array([[-0.25  , -0.125 ],
           [-0.125 , -0.0625]])
    """
    return face.fresh(matrices.inverse(_value(a)))


def pinv(
    a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = _UNSET
) -> Any:
    """The pseudo-inverse, for which small singular values are 0.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.linalg.pinv(np.array([[2.0, 0.0], [0.0, 0.0]]))
    array([[0.5, 0. ],
           [0. , 0. ]])
    """
    if rcond is not None and rtol is not _UNSET:
        raise ValueError("pinv: `rtol` and `rcond` can't be both set")
    if rcond is None:
        rcond = 1e-15 if rtol is _UNSET else rtol
    cutoff = rcond.read() if isinstance(rcond, face.ndarray) else rcond
    return face.fresh(matrices.pseudo_inverse(_value(a), cutoff, hermitian))


def lstsq(a: Any, b: Any, rcond: Any = None) -> Any:
    """The least-squares solution, residuals, rank and singular values.

    Whether there are residuals depends on the rank, so that is looked at where there
    are more equations than unknowns. The solution and the residuals have gradients.

    Examples
    --------
    >>> import engine.numpy as np
    >>> a = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])
    >>> np.linalg.lstsq(a, np.array([1.0, 3.0, 5.0]))[0].round(6)
    array([1., 2.])
    """
    left, right = _value(a), _value(b)
    single = len(right.shape) == 1
    if single:
        right = reshape_value(right, (*right.shape, 1))
    cutoff = None if rcond is None else float(rcond)
    x, residuals, rank, s = matrices.least_squares(left, right, cutoff)
    count = face.fresh(rank)
    if residuals.size and int(count) < left.shape[1]:
        residuals = composites.zeros((0,), residuals.dtype)
    solution = face.fresh(x)
    return (
        solution[:, 0] if single else solution,
        face.fresh(residuals),
        count,
        face.fresh(s),
    )


def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    """The x of ``tensordot(a, x, x.ndim) == b``.

    `axes` of `a` are moved to its end first. Raises LinAlgError where the other axes
    have not as many elements as those of `b`.
    """
    x, y = face.asarray(a), face.asarray(b)
    if axes is not None:
        last = [normal_axis(axis, x.ndim) for axis in axes]
        x = x.transpose([k for k in range(x.ndim) if k not in last] + last)
    shape = x.shape[y.ndim :]
    size = prod(shape)
    if x.size != size * size:
        raise LinAlgError(
            named(f"a square matrix in all was required; shape {x.shape} was given")
        )
    return solve(x.reshape(size, size), y.ravel()).reshape(shape)


def tensorinv(a: Any, ind: int = 2) -> Any:
    """The inverse of ``tensordot`` with an array over its axes from `ind` on."""
    array = face.asarray(a)
    if ind <= 0:
        raise ValueError(named(f"a positive number of axes was required; {ind} given"))
    first, second = array.shape[:ind], array.shape[ind:]
    if prod(first) != prod(second):
        raise LinAlgError(
            named(f"a square matrix in all was required; shape {array.shape} was given")
        )
    return inv(array.reshape(prod(first), -1)).reshape(*second, *first)


# -- determinants ---------------------------------------------------------------------
def det(a: Any) -> Any:
    """The determinant.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.linalg.det(np.array([[2.0, 1.0], [1.0, 3.0]])).round(6)
    np.float64(5.0)
    """
    return face.fresh(ops.det(*matrices.inexact(_value(a))))


def slogdet(a: Any) -> SlogdetResult:
    """Sign and logarithm of the absolute value of the determinant.

    Examples
    --------
    >>> import engine.numpy as np
    >>> sign, logarithm = np.linalg.slogdet(np.array([[0.0, 1.0], [1.0, 0.0]]))
    >>> sign, logarithm
    (np.float64(-1.0), np.float64(0.0))
    """
    return SlogdetResult(*map(face.fresh, matrices.slogdet(_value(a))))


# -- decompositions -------------------------------------------------------------------
def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    """The triangular root of positive definite matrices; one triangle is read.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.linalg.cholesky(np.array([[4.0, 2.0], [2.0, 5.0]]))
    array([[2., 0.],
           [1., 2.]])
    """
    (value,) = matrices.inexact(_value(a))
    return face.fresh(ops.cholesky(value, attributes=(bool(upper),)))


def qr(a: Any, mode: Any = "reduced") -> Any:
    """Orthonormal columns Q and an upper triangle R with Q @ R = a.

    Only the reduced mode, or what equals it, is lazy and has a gradient.

    Examples
    --------
    >>> import engine.numpy as np
    >>> a = np.array([[3.0, 1.0], [4.0, 2.0]])
    >>> q, r = np.linalg.qr(a)
    >>> bool(np.allclose(q @ r, a)), abs(r[0, 0]).round(6)
    (True, np.float64(5.0))
    """
    x = face.asarray(a)
    wide = x.ndim >= 2 and x.shape[-2] <= x.shape[-1]
    if mode == "reduced" or (mode == "complete" and wide):
        return QRResult(*map(face.fresh, matrices.qr(x.read())))
    if mode == "r" and x.requires_grad:
        return face.fresh(matrices.qr(x.read())[1])
    reason = f"only the reduced decomposition has a gradient, and not {mode!r}"
    refuse_gradients("linalg.qr", reason, x)
    return library_call("linalg.qr", np.linalg.qr, x, mode)


def svd(
    a: Any,
    full_matrices: bool = True,
    compute_uv: bool = True,
    hermitian: bool = False,
) -> Any:
    """The singular value decomposition: U, S and Vh with (U * S) @ Vh = a.

    Gradients need the reduced one, ``full_matrices=False``, and different singular
    values; `svdvals` does without both.

    Examples
    --------
    >>> import engine.numpy as np
    >>> u, s, vh = np.linalg.svd(np.array([[3.0, 0.0], [0.0, 4.0]]))
    >>> s
    array([4., 3.])
    """
    if not compute_uv:
        return face.fresh(matrices.singular_values(_value(a), bool(hermitian)))
    full = bool(full_matrices) and not hermitian
    return SVDResult(*map(face.fresh, matrices.svd(_value(a), full, bool(hermitian))))


def svdvals(x: Any, /) -> Any:
    """Singular values, falling.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.linalg.svdvals(np.array([[3.0, 0.0], [0.0, 4.0]]))
    array([4., 3.])
    """
    return face.fresh(matrices.singular_values(_value(x)))


def _triangle(UPLO: Any) -> str:
    triangle = str(UPLO).upper()
    if triangle not in ("L", "U"):
        raise ValueError(named(f"UPLO argument must be 'L' or 'U'; {UPLO!r} was given"))
    return triangle


def eigh(a: Any, UPLO: Any = "L") -> EighResult:
    """Eigenvalues and eigenvectors of Hermitian matrices; one triangle is read.

    Gradients of vectors need different eigenvalues; `eigvalsh` does without.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.linalg.eigh(np.array([[2.0, 1.0], [1.0, 2.0]])).eigenvalues
    array([1., 3.])
    """
    parts = matrices.eigh(_value(a), _triangle(UPLO))
    return EighResult(*map(face.fresh, parts))


def eigvalsh(a: Any, UPLO: Any = "L") -> Any:
    """Eigenvalues of Hermitian matrices, rising.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.linalg.eigvalsh(np.array([[2.0, 1.0], [1.0, 2.0]]))
    array([1., 3.])
    """
    (value,) = matrices.inexact(_value(a))
    return face.fresh(ops.eigvalsh(value, attributes=(_triangle(UPLO),)))


def eig(a: Any) -> EigResult:
    """Eigenvalues and eigenvectors of any square matrices.

    They are complex; before NumPy 2.5, those of real matrices are looked at, and where
    no eigenvalue is complex, nothing is.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.linalg.eig(np.array([[2.0, 0.0], [1.0, 5.0]])).eigenvalues
    array([5., 2.])
    """
    value = _value(a)
    w, v = map(face.fresh, matrices.eig(value))
    if NUMPY_2_5 or value.dtype.kind == "c" or w.computed().imag.any():
        return EigResult(w, v)
    return EigResult(
        face.fresh(matrices.real_part(w.read())),
        face.fresh(matrices.real_part(v.read())),
    )


def eigvals(a: Any) -> Any:
    """Eigenvalues of any square matrices; real where those of `eig` are."""
    array = face.asarray(a)
    if array.requires_grad and grad_enabled():
        return eig(array).eigenvalues
    return library_call("linalg.eigvals", np.linalg.eigvals, array)


# -- products -------------------------------------------------------------------------
def matrix_power(a: Any, n: int) -> Any:
    """A square matrix raised to an integer power.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.linalg.matrix_power(np.array([[1, 1], [0, 1]]), 5)
    array([[1, 5],
           [0, 1]])
    """
    return face.fresh(matrices.matrix_power(_value(a), as_index(n, "an exponent")))


def multi_dot(arrays: Any, *, out: Any = None) -> Any:
    """The product of several matrices, in the order that multiplies least."""
    given = [face.asarray(x) for x in arrays]
    if len(given) < 2:
        raise ValueError(named("Expecting at least two arrays"))
    first, last = given[0].ndim, given[-1].ndim
    if len(given) == 2:
        return products.dot(given[0], given[1], out)
    given[0] = given[0][None] if first == 1 else given[0]
    given[-1] = given[-1][:, None] if last == 1 else given[-1]
    for x in given:
        if x.ndim != 2:
            raise LinAlgError(
                f"multi_dot: {x.ndim}-dimensional array given. Array must be "
                "two-dimensional"
            )
    for x, y in pairwise(given):
        if x.shape[1] != y.shape[0]:
            raise ValueError(
                named(
                    f"shapes {x.shape} and {y.shape} not aligned: {x.shape[1]} (dim 1) "
                    f"!= {y.shape[0]} (dim 0)"
                )
            )
    value = matrices.matrix_chain([x.read() for x in given])
    kept = value.shape[first == 1 : 1 if last == 1 else 2]
    return products.delivered("multi_dot", reshape_value(value, kept), out)


def __getattr__(name: str) -> Any:
    raise AttributeError(nearest_message(name, __all__, __name__, np.linalg))
