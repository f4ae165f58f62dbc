"""Linear algebra of tensors, with the names of ``torch.linalg``.

Results are lazy and have gradients. A matrix without one (a singular one) raises
LinAlgError when the result is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from engine import ops
from engine.composites import matrices
from engine.errors import named
from engine.movement import reshape_value
from engine.torch.norms import cond as cond
from engine.torch.norms import inexact, recorded
from engine.torch.norms import matrix_norm as matrix_norm
from engine.torch.norms import matrix_rank as matrix_rank
from engine.torch.norms import norm as norm
from engine.torch.norms import vector_norm as vector_norm
from engine.torch.results import result_text
from engine.torch.tensor import Tensor

LinAlgError = np.linalg.LinAlgError


class SlogdetResult(NamedTuple):
    """What `slogdet` gives."""

    sign: Tensor
    logabsdet: Tensor

    def __repr__(self) -> str:
        return result_text("linalg_slogdet", self._fields, self)


class QRResult(NamedTuple):
    """What `qr` gives."""

    Q: Tensor
    R: Tensor

    def __repr__(self) -> str:
        return result_text("linalg_qr", self._fields, self)


class SVDResult(NamedTuple):
    """What `svd` gives."""

    U: Tensor
    S: Tensor
    Vh: Tensor

    def __repr__(self) -> str:
        return result_text("linalg_svd", self._fields, self)


class EigResult(NamedTuple):
    """What `eig` gives."""

    eigenvalues: Tensor
    eigenvectors: Tensor

    def __repr__(self) -> str:
        return result_text("linalg_eig", self._fields, self)


class EighResult(EigResult):
    """What `eigh` gives.

    Examples
    --------
    >>> import engine
    >>> engine.linalg.eigh(engine.ones(1, 1))
    engine.return_types.linalg_eigh(
    eigenvalues=tensor([1.]),
    eigenvectors=tensor([[1.]]))
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return result_text("linalg_eigh", self._fields, self)


class LstsqResult(NamedTuple):
    """What `lstsq` gives."""

    solution: Tensor
    residuals: Tensor
    rank: Tensor
    singular_values: Tensor

    def __repr__(self) -> str:
        return result_text("linalg_lstsq", self._fields, self)


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
    return Tensor.wrap(recorded(matrices.inverse, *inexact(A)))


def solve(A: Any, B: Any, *, left: bool = True) -> Tensor:
    """The solution of A @ X = B, or of X @ A = B.

    B is one vector, a batch of vectors, or matrices.

    Examples
    --------
    >>> import engine
    >>> A = engine.tensor([[2.0, 0.0], [0.0, 4.0]])
    >>> engine.linalg.solve(A, engine.tensor([1.0, 2.0]))
    tensor([0.5000, 0.5000])
    """
    a, b = inexact(A, B)
    single = len(b.shape) == 1 or b.shape == a.shape[:-1]
    if single:
        b = reshape_value(b, (*b.shape, 1))
    if left or single:
        found = recorded(matrices.solve, a, b)
    else:
        turned = [matrices.transposed(x) for x in (a, b)]
        found = matrices.transposed(recorded(matrices.solve, *turned))
    return Tensor.wrap(reshape_value(found, found.shape[:-1]) if single else found)


def pinv(A: Any, *, rtol: float | None = None, hermitian: bool = False) -> Tensor:
    """The pseudo-inverse; singular values up to `rtol` times the largest are 0.

    Examples
    --------
    >>> import engine
    >>> engine.linalg.pinv(engine.tensor([[2.0, 0.0], [0.0, 0.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.0000]])
    """
    (a,) = inexact(A)
    return Tensor.wrap(recorded(matrices.pseudo_inverse, a, rtol, hermitian))


def lstsq(A: Any, B: Any, rcond: float | None = None) -> LstsqResult:
    """The least-squares solution of two matrices.

    The solution and the residuals have gradients. Without full rank there are no
    residuals, so that the rank is looked at where there are more equations than
    unknowns.

    Examples
    --------
    >>> import engine
    >>> A = engine.tensor([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])
    >>> engine.linalg.lstsq(A, engine.tensor([[1.0], [3.0], [5.0]])).solution.round()
    tensor([[1.],
            [2.]])
    """
    a, b = inexact(A, B)
    if rcond is None and len(a.shape) == 2:
        rcond = float(np.finfo(a.dtype).eps) * max(a.shape)
    parts = recorded(matrices.least_squares, a, b, rcond)
    solution, residuals, rank, s = map(Tensor.wrap, parts)
    if residuals.numel() and int(rank.item()) < a.shape[1]:
        residuals = residuals[:0]
    return LstsqResult(solution, residuals, rank.long(), s)


# -- determinants ---------------------------------------------------------------------
def det(A: Any) -> Tensor:
    """The determinant.

    Examples
    --------
    >>> import engine
    >>> engine.linalg.det(engine.tensor([[2.0, 1.0], [1.0, 3.0]]))
    tensor(5.)
    """
    return Tensor.wrap(recorded(ops.det, *inexact(A)))


def slogdet(A: Any) -> SlogdetResult:
    """The sign and the logarithm of the absolute value of the determinant.

    Examples
    --------
    >>> import engine
    >>> engine.linalg.slogdet(engine.tensor([[0.0, 1.0], [1.0, 0.0]])).sign
    tensor(-1.)
    """
    return SlogdetResult(*map(Tensor.wrap, recorded(matrices.slogdet, *inexact(A))))


# -- decompositions -------------------------------------------------------------------
def cholesky(A: Any, *, upper: bool = False) -> Tensor:
    """The triangular root of positive definite matrices.

    Examples
    --------
    >>> import engine
    >>> engine.linalg.cholesky(engine.tensor([[4.0, 2.0], [2.0, 5.0]]))
    tensor([[2., 0.],
            [1., 2.]])
    """
    (a,) = inexact(A)
    return Tensor.wrap(
        recorded(lambda x: ops.cholesky(x, attributes=(bool(upper),)), a)
    )


def qr(A: Any, mode: str = "reduced") -> QRResult:
    """Orthonormal columns and an upper triangle; the mode is ``"reduced"``.

    Examples
    --------
    >>> import engine
    >>> A = engine.tensor([[3.0, 1.0], [4.0, 2.0]])
    >>> Q, R = engine.linalg.qr(A)
    >>> (Q @ R).allclose(A)
    True
    """
    if mode != "reduced":
        raise RuntimeError(named(f"the mode 'reduced' was required; {mode!r} given"))
    return QRResult(*map(Tensor.wrap, recorded(matrices.qr, *inexact(A))))


def svd(A: Any, full_matrices: bool = True) -> SVDResult:
    """Singular vectors and values; gradients need ``full_matrices=False``.

    Examples
    --------
    >>> import engine
    >>> engine.linalg.svd(engine.tensor([[3.0, 0.0], [0.0, 4.0]])).S
    tensor([4., 3.])
    """
    (a,) = inexact(A)
    return SVDResult(*map(Tensor.wrap, recorded(matrices.svd, a, full_matrices)))


def svdvals(A: Any) -> Tensor:
    """Singular values, falling.

    Examples
    --------
    >>> import engine
    >>> engine.linalg.svdvals(engine.tensor([[3.0, 0.0], [0.0, 4.0]]))
    tensor([4., 3.])
    """
    return Tensor.wrap(recorded(matrices.singular_values, *inexact(A)))


def _triangle(UPLO: str) -> str:
    if str(UPLO).upper() not in ("L", "U"):
        raise RuntimeError(named(f"UPLO 'L' or 'U' was required; {UPLO!r} was given"))
    return str(UPLO).upper()


def eigh(A: Any, UPLO: str = "L") -> EigResult:
    """Eigenvalues and eigenvectors of Hermitian matrices; one triangle is read.

    Examples
    --------
    >>> import engine
    >>> engine.linalg.eigh(engine.tensor([[2.0, 1.0], [1.0, 2.0]])).eigenvalues
    tensor([1., 3.])
    """
    (a,) = inexact(A)
    return EighResult(*map(Tensor.wrap, recorded(matrices.eigh, a, _triangle(UPLO))))


def eigvalsh(A: Any, UPLO: str = "L") -> Tensor:
    """Eigenvalues of Hermitian matrices, rising.

    Examples
    --------
    >>> import engine
    >>> engine.linalg.eigvalsh(engine.tensor([[2.0, 1.0], [1.0, 2.0]]))
    tensor([1., 3.])
    """
    (a,) = inexact(A)
    triangle = _triangle(UPLO)
    return Tensor.wrap(recorded(lambda x: ops.eigvalsh(x, attributes=(triangle,)), a))


def eig(A: Any) -> EigResult:
    """Eigenvalues and eigenvectors of any square matrices, complex.

    Examples
    --------
    >>> import engine
    >>> engine.linalg.eig(engine.tensor([[2.0, 0.0], [0.0, 5.0]])).eigenvalues.real
    tensor([2., 5.])
    """
    return EigResult(*map(Tensor.wrap, recorded(matrices.eig, *inexact(A))))


def eigvals(A: Any) -> Tensor:
    """Eigenvalues of any square matrices, complex.

    Examples
    --------
    >>> import engine
    >>> engine.linalg.eigvals(engine.tensor([[0.0, 1.0], [0.0, 5.0]])).real
    tensor([0., 5.])
    """
    return eig(A).eigenvalues


# -- products -------------------------------------------------------------------------
def matrix_power(A: Any, n: int) -> Tensor:
    """A square matrix raised to an integer power.

    Examples
    --------
    >>> import engine
    >>> engine.linalg.matrix_power(engine.tensor([[1.0, 1.0], [0.0, 1.0]]), 5)
    tensor([[1., 5.],
            [0., 1.]])
    """
    (a,) = inexact(A)
    return Tensor.wrap(recorded(matrices.matrix_power, a, int(n)))


def multi_dot(tensors: Sequence[Any]) -> Tensor:
    """The product of several matrices, in the order that multiplies least.

    The first and the last may be vectors.

    Examples
    --------
    >>> import engine
    >>> row, column = engine.ones(1, 2), engine.ones(3, 1)
    >>> engine.linalg.multi_dot([row, engine.ones(2, 3), column])
    tensor([[6.]])
    """
    values = inexact(*tensors)
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
    found = recorded(matrices.matrix_chain, values)
    kept = found.shape[first == 1 : 1 if last == 1 else 2]
    return Tensor.wrap(reshape_value(found, kept))


def vecdot(x: Any, y: Any, *, dim: int = -1) -> Tensor:
    """Products of vectors along a dimension, the first conjugated.

    Examples
    --------
    >>> import engine
    >>> engine.linalg.vecdot(engine.tensor([[1.0, 2.0], [3.0, 4.0]]), engine.ones(2))
    tensor([3., 7.])
    """
    left, right = inexact(x, y)
    found: Tensor = (Tensor.wrap(ops.conjugate(left)) * Tensor.wrap(right)).sum(dim)
    return found


def diagonal(A: Any, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonals of matrices, as a view.

    Examples
    --------
    >>> import engine
    >>> engine.linalg.diagonal(engine.tensor([[[1, 2], [3, 4]]]))
    tensor([[1, 4]])
    """
    found: Tensor = A.diagonal(offset, dim1, dim2)
    return found
