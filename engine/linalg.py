"""Linear algebra of tensors, with the names of ``torch.linalg``.

Results are lazy and have gradients. A matrix without one (a singular one) raises
LinAlgError when the result is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from typing import Any, NamedTuple

import numpy as np

from engine import composites, ops
from engine.composites import matrices, norms
from engine.errors import named
from engine.movement import expand_axes, reshape_value
from engine.record.value import Value
from engine.torch.dtypes import known
from engine.torch.operands import as_value, check_devices, wrap_dims
from engine.torch.tensor import Tensor

LinAlgError = np.linalg.LinAlgError


class SlogdetResult(NamedTuple):
    """What `slogdet` gives."""

    sign: Tensor
    logabsdet: Tensor


class QRResult(NamedTuple):
    """What `qr` gives."""

    Q: Tensor
    R: Tensor


class SVDResult(NamedTuple):
    """What `svd` gives."""

    U: Tensor
    S: Tensor
    Vh: Tensor


class EigResult(NamedTuple):
    """What `eig` and `eigh` give."""

    eigenvalues: Tensor
    eigenvectors: Tensor


class LstsqResult(NamedTuple):
    """What `lstsq` gives."""

    solution: Tensor
    residuals: Tensor
    rank: Tensor
    singular_values: Tensor


def _inexact(*tensors: Any) -> list[Value]:
    """The values of tensors of one floating dtype, or RuntimeError."""
    values = [as_value(x) for x in tensors]
    for value in values:
        if value.dtype.kind not in "fc" or value.dtype.itemsize < 4:
            raise RuntimeError(
                named(
                    "Expected a floating point or complex tensor as input; "
                    f"{known(value.dtype)!r} was given"
                )
            )
        if value.dtype != values[0].dtype:
            raise RuntimeError(
                named(
                    "Expected tensors of the same dtype; "
                    f"{known(values[0].dtype)!r} and {known(value.dtype)!r} were given"
                )
            )
    check_devices("linalg", *values)
    return values


def _recorded(function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function records; its complaints of shapes in PyTorch's class."""
    try:
        return function(*arguments)
    except ValueError as error:
        raise RuntimeError(str(error)) from None


# -- inverses and solutions -----------------------------------------------------------
def inv(A: Any) -> Tensor:
    """The inverse.

    Examples
    --------
    >>> import engine
    >>> engine.linalg.inv(engine.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    return Tensor.wrap(_recorded(matrices.inverse, *_inexact(A)))


def solve(A: Any, B: Any, *, left: bool = True) -> Tensor:
    """The solution of A @ X = B, or of X @ A = B.

    B is one vector, a batch of vectors, or matrices.
    """
    a, b = _inexact(A, B)
    single = len(b.shape) == 1 or b.shape == a.shape[:-1]
    if single:
        b = reshape_value(b, (*b.shape, 1))
    if left or single:
        found = _recorded(matrices.solve, a, b)
    else:
        turned = [matrices.transposed(x) for x in (a, b)]
        found = matrices.transposed(_recorded(matrices.solve, *turned))
    return Tensor.wrap(reshape_value(found, found.shape[:-1]) if single else found)


def pinv(A: Any, *, rtol: float | None = None, hermitian: bool = False) -> Tensor:
    """The pseudo-inverse; singular values up to `rtol` times the largest are 0."""
    (a,) = _inexact(A)
    return Tensor.wrap(_recorded(matrices.pseudo_inverse, a, rtol, hermitian))


def lstsq(A: Any, B: Any, rcond: float | None = None) -> LstsqResult:
    """The least-squares solution of two matrices.

    The solution and the residuals have gradients. Without full rank there are no
    residuals, so that the rank is looked at where there are more equations than
    unknowns.
    """
    a, b = _inexact(A, B)
    if rcond is None and len(a.shape) == 2:
        rcond = float(np.finfo(a.dtype).eps) * max(a.shape)
    parts = _recorded(matrices.least_squares, a, b, rcond)
    solution, residuals, rank, s = map(Tensor.wrap, parts)
    if residuals.numel() and int(rank.item()) < a.shape[1]:
        residuals = residuals[:0]
    return LstsqResult(solution, residuals, rank.long(), s)


# -- determinants ---------------------------------------------------------------------
def det(A: Any) -> Tensor:
    """The determinant."""
    return Tensor.wrap(_recorded(ops.det, *_inexact(A)))


def slogdet(A: Any) -> SlogdetResult:
    """The sign and the logarithm of the absolute value of the determinant."""
    return SlogdetResult(*map(Tensor.wrap, _recorded(matrices.slogdet, *_inexact(A))))


# -- decompositions -------------------------------------------------------------------
def cholesky(A: Any, *, upper: bool = False) -> Tensor:
    """The triangular root of positive definite matrices."""
    (a,) = _inexact(A)
    return Tensor.wrap(
        _recorded(lambda x: ops.cholesky(x, attributes=(bool(upper),)), a)
    )


def qr(A: Any, mode: str = "reduced") -> QRResult:
    """Orthonormal columns and an upper triangle; the mode is ``"reduced"``."""
    if mode != "reduced":
        raise RuntimeError(named(f"the mode 'reduced' was required; {mode!r} given"))
    return QRResult(*map(Tensor.wrap, _recorded(matrices.qr, *_inexact(A))))


def svd(A: Any, full_matrices: bool = True) -> SVDResult:
    """Singular vectors and values; gradients need ``full_matrices=False``."""
    (a,) = _inexact(A)
    return SVDResult(*map(Tensor.wrap, _recorded(matrices.svd, a, full_matrices)))


def svdvals(A: Any) -> Tensor:
    """Singular values, falling."""
    return Tensor.wrap(_recorded(matrices.singular_values, *_inexact(A)))


def _triangle(UPLO: str) -> str:
    if str(UPLO).upper() not in ("L", "U"):
        raise RuntimeError(named(f"UPLO 'L' or 'U' was required; {UPLO!r} was given"))
    return str(UPLO).upper()


def eigh(A: Any, UPLO: str = "L") -> EigResult:
    """Eigenvalues and eigenvectors of Hermitian matrices; one triangle is read."""
    (a,) = _inexact(A)
    return EigResult(*map(Tensor.wrap, _recorded(matrices.eigh, a, _triangle(UPLO))))


def eigvalsh(A: Any, UPLO: str = "L") -> Tensor:
    """Eigenvalues of Hermitian matrices, rising."""
    (a,) = _inexact(A)
    triangle = _triangle(UPLO)
    return Tensor.wrap(_recorded(lambda x: ops.eigvalsh(x, attributes=(triangle,)), a))


def eig(A: Any) -> EigResult:
    """Eigenvalues and eigenvectors of any square matrices, complex."""
    return EigResult(*map(Tensor.wrap, _recorded(matrices.eig, *_inexact(A))))


def eigvals(A: Any) -> Tensor:
    """Eigenvalues of any square matrices, complex."""
    return eig(A).eigenvalues


# -- norms ----------------------------------------------------------------------------
def vector_norm(
    x: Any, ord: float = 2, dim: Any = None, keepdim: bool = False
) -> Tensor:
    """A norm of vectors along dimensions, by default of all elements."""
    (value,) = _inexact(x)
    dims = None if dim is None else wrap_dims(dim, len(value.shape))
    return Tensor.wrap(_recorded(norms.vector_norm, value, ord, dims, keepdim))


def matrix_norm(
    A: Any, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False
) -> Tensor:
    """A norm of matrices: ``"fro"``, ``"nuc"``, 1, 2, infinity, and negative ones."""
    (a,) = _inexact(A)
    dims = tuple(d for one in dim for d in wrap_dims(one, len(a.shape)))
    if len(set(dims)) != 2:
        raise RuntimeError(named(f"two dimensions were required; {dim} were given"))
    return Tensor.wrap(_recorded(norms.matrix_norm, a, ord, dims, keepdim))


def norm(A: Any, ord: Any = None, dim: Any = None, keepdim: bool = False) -> Tensor:
    """A norm of vectors or matrices, as `dim` names one dimension or two."""
    rank = len(as_value(A).shape)
    if ord is None and (dim is None or len(wrap_dims(dim, rank)) > 2):
        return vector_norm(A, 2, dim, keepdim)
    dims = tuple(range(rank)) if dim is None else dim
    if isinstance(dims, int) or len(dims) == 1:
        return vector_norm(A, 2 if ord is None else ord, dims, keepdim)
    if len(dims) != 2:
        raise RuntimeError(
            named(f"one or two dimensions were required; {list(dims)} were given")
        )
    return matrix_norm(A, "fro" if ord is None else ord, dims, keepdim)


def cond(A: Any, p: Any = None) -> Tensor:
    """The condition number."""
    (a,) = _inexact(A)
    return Tensor.wrap(_recorded(norms.condition, a, p))


def matrix_rank(
    A: Any, *, atol: Any = None, rtol: Any = None, hermitian: bool = False
) -> Tensor:
    """How many singular values are above both tolerances."""
    (a,) = _inexact(A)
    s = _recorded(matrices.singular_values, a, hermitian)
    if rtol is None:
        rtol = 0.0 if atol else max(a.shape[-2:]) * float(np.finfo(s.dtype).eps)
    largest = norms.vector_norm(s, inf, (len(s.shape) - 1,), False)
    bound = ops.maximum(largest * _number(rtol), 0.0 if atol is None else _number(atol))
    above = s > expand_axes(bound, (-1,))
    return Tensor.wrap(composites.reduce_sum(above, -1))


def _number(x: Any) -> Any:
    return as_value(x) if isinstance(x, Tensor) else float(x)


# -- products -------------------------------------------------------------------------
def matrix_power(A: Any, n: int) -> Tensor:
    """A square matrix raised to an integer power."""
    (a,) = _inexact(A)
    return Tensor.wrap(_recorded(matrices.matrix_power, a, int(n)))


def multi_dot(tensors: Sequence[Any]) -> Tensor:
    """The product of several matrices, in the order that multiplies least.

    The first and the last may be vectors.
    """
    values = _inexact(*tensors)
    if len(values) < 2:
        raise RuntimeError(named("at least two tensors were required; one was given"))
    first, last = len(values[0].shape), len(values[-1].shape)
    if first == 1:
        values[0] = reshape_value(values[0], (1, *values[0].shape))
    if last == 1:
        values[-1] = reshape_value(values[-1], (*values[-1].shape, 1))
    for value in values:
        if len(value.shape) != 2:
            raise RuntimeError(
                named(f"matrices were required; shape {list(value.shape)} was given")
            )
    found = _recorded(matrices.matrix_chain, values)
    kept = found.shape[first == 1 : 1 if last == 1 else 2]
    return Tensor.wrap(reshape_value(found, kept))


def vecdot(x: Any, y: Any, *, dim: int = -1) -> Tensor:
    """Products of vectors along a dimension, the first conjugated."""
    left, right = _inexact(x, y)
    found: Tensor = (Tensor.wrap(ops.conjugate(left)) * Tensor.wrap(right)).sum(dim)
    return found


def diagonal(A: Any, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonals of matrices, as a view."""
    found: Tensor = A.diagonal(offset, dim1, dim2)
    return found
