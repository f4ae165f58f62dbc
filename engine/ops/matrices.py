"""Inverses, determinants, solutions and roots of matrices, by LAPACK through NumPy.

Matrices stand in the last two axes; operands are float32, float64 or complex. Gradients
follow PyTorch: where only one triangle of a Hermitian matrix is read, the gradient is
Hermitian, that of a function of the whole matrix.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.cotangent import Cotangent, settle
from engine.movement import broadcast_value, expand_axes, reshape_value, swap_axes
from engine.recipe import Shape
from engine.record.value import Value
from engine.shapes import broadcast_shapes

from .arithmetic import imag, multiply, real
from .comparison import equal
from .linear_algebra import matmul
from .loops import conj
from .op import DType, operation
from .packing import packed, packed_mask, unpacked
from .reductions import any as any_of
from .reductions import any_to, sum_to
from .reductions import sum as sum_of
from .selection import where
from .sources import iota

LinAlgError = np.linalg.LinAlgError


# -- what rules share -----------------------------------------------------------------
def adjoint(x: Value) -> Value:
    """Matrices transposed and conjugated."""
    return swap_axes(conj(x), -1, -2)


def hermitian(x: Value) -> Value:
    """The Hermitian part of matrices."""
    return (x + adjoint(x)) * 0.5


def product(first: Value, *others: Value) -> Value:
    """The product of matrices, from the left."""
    for other in others:
        first = matmul(first, other)
    return first


def places(rows: int, columns: int) -> tuple[Value, Value]:
    """The row numbers as a column, and the column numbers as a row."""
    return (
        reshape_value(iota(attributes=(rows,)), (rows, 1)),
        reshape_value(iota(attributes=(columns,)), (1, columns)),
    )


def on_diagonal(n: int) -> Value:
    """Whether a place of an n by n matrix is on the diagonal."""
    return equal(*places(n, n))


def batch_mask(mask: Value | None, core: int, shape: Shape) -> Value | None:
    """The matrices of an operand of `shape` that a selected element depends on.

    The last `core` axes of the mask belong to one matrix.
    """
    if mask is None:
        return None
    rank = len(mask.shape)
    if core:
        mask = any_of(mask, attributes=(tuple(range(rank - core, rank)),))
    mask = any_to(mask, shape[:-2])
    return broadcast_value(reshape_value(mask, (*shape[:-2], 1, 1)), shape)


def of_matrix(grad: Value, cotangent: Cotangent, core: int, x: Value) -> Cotangent:
    """The gradient of an operand, selected matrix by matrix."""
    mask = batch_mask(cotangent.mask, core, x.shape)
    if mask is not None and grad.shape != x.shape:
        each = batch_mask(cotangent.mask, core, grad.shape)
        grad = settle(Cotangent(grad, each, clean=False))
    return Cotangent(sum_to(grad, x.shape), mask, clean=False)


def require_matrices(name: str, x: Any, square: bool = True) -> None:
    """Raise NumPy's LinAlgError for what holds no (square) matrices."""
    if len(x.shape) < 2:
        raise LinAlgError(
            f"{name}: {len(x.shape)}-dimensional array given. Array must be at least "
            f"two-dimensional; shape {x.shape} was given"
        )
    if square and x.shape[-1] != x.shape[-2]:
        raise LinAlgError(
            f"{name}: Last 2 dimensions of the array must be square; shape {x.shape} "
            "was given"
        )


# -- inverses -------------------------------------------------------------------------
def _square(x: Any, _strict: bool) -> tuple[DType, Shape]:
    require_matrices("inv", x)
    return x.dtype, x.shape


@operation("library", _square, expensive=True)
def inv(x: Any, strict: Any) -> Any:
    """The inverse; of singular matrices an error where strict, else NaN."""
    return np.linalg.inv(x) if strict else _inverse_or_nan(x)


@inv.cotangent
def _(cotangent: Cotangent, out: Value, _x: Value, strict: bool) -> Any:
    left = adjoint(out)
    grad = -product(left, settle(cotangent), left)
    return (of_matrix(grad, cotangent, 2, out),)


def _inverse_or_nan(x: Any) -> Any:
    try:
        return np.linalg.inv(x)
    except LinAlgError:
        if x.ndim == 2:
            return np.full_like(x, np.nan)
    each = [_inverse_or_nan(one) for one in x.reshape(-1, *x.shape[-2:])]
    return np.stack(each).reshape(x.shape)


def _solution(a: Any, b: Any) -> tuple[DType, Shape]:
    require_matrices("solve", a)
    if a.shape[-1] != b.shape[-2]:
        raise ValueError(
            "solve: as many right-hand sides as equations were required: a mismatch in "
            f"its core dimension; shapes {a.shape} and {b.shape} were given"
        )
    try:
        batch = broadcast_shapes(a.shape[:-2], b.shape[:-2])
    except ValueError:
        raise ValueError(
            "solve: operands could not be broadcast together: batch axes must be equal "
            f"or 1; shapes {a.shape} and {b.shape} were given"
        ) from None
    return a.dtype, (*batch, *b.shape[-2:])


@operation("library", _solution, expensive=True)
def solve(a: Any, b: Any) -> Any:
    """The solutions x of a @ x = b, one for each column of b."""
    if b.ndim == 2 and a.ndim > 2:  # NumPy takes any matrix for a stack; its own does
        b = b[None]
    return np.linalg.solve(a, b)


@solve.cotangent
def _(cotangent: Cotangent, out: Value, a: Value, b: Value) -> Any:
    of_b = solve(adjoint(a), settle(cotangent))
    of_a = -matmul(of_b, adjoint(out)) if a.needs_grad else None
    return (
        of_matrix(of_a, cotangent, 2, a) if of_a is not None else None,
        of_matrix(of_b, cotangent, 2, b),
    )


def _pseudo(x: Any, cutoff: Any, hermitian: bool) -> tuple[DType, Shape]:
    require_matrices("pinv", x, square=hermitian)
    return x.dtype, (*x.shape[:-2], x.shape[-1], x.shape[-2])


@operation("library", _pseudo, expensive=True)
def pinv(x: Any, cutoff: Any, hermitian: Any) -> Any:
    """The pseudo-inverse; singular values up to cutoff times the largest count as 0."""
    return np.linalg.pinv(x, rcond=cutoff, hermitian=hermitian)


@pinv.cotangent
def _(
    cotangent: Cotangent, out: Value, x: Value, _cutoff: Value, symmetric: bool
) -> Any:
    """For a constant rank (Golub and Pereyra, 1973)."""
    grad = settle(cotangent)
    back, turned = adjoint(grad), adjoint(out)
    outside = product(back, out, turned)
    inside = product(turned, out, back)
    found = outside - product(x, out, outside) + inside - product(inside, out, x)
    found = found - product(turned, grad, turned)
    return of_matrix(hermitian(found) if symmetric else found, cotangent, 2, x), None


# -- determinants ---------------------------------------------------------------------
def _number(x: Any) -> tuple[DType, Shape]:
    require_matrices("det", x)
    return x.dtype, x.shape[:-2]


@operation("library", _number, expensive=True)
def det(x: Any) -> Any:
    """The determinant."""
    return np.linalg.det(x)


@det.cotangent
def _(cotangent: Cotangent, out: Value, x: Value) -> Any:
    grad = expand_axes(settle(cotangent), (-2, -1)) * cofactors(x)
    return (of_matrix(grad, cotangent, 0, x),)


def _same(x: Any) -> tuple[DType, Shape]:
    return x.dtype, x.shape


WELL_CONDITIONED = 1e6
"""Up to this condition number the inverse gives the cofactors to ten digits."""


@operation("library", _same, expensive=True)
def cofactors(x: Any) -> Any:
    """The conjugate derivative of det, of singular matrices too."""
    if x.size == 0:
        return x.copy()
    wide = x.astype(np.result_type(x.dtype, np.float64))
    inverse = _inverse_or_nan(wide)
    direct = np.conj(
        np.linalg.det(wide)[..., None, None] * np.swapaxes(inverse, -1, -2)
    )
    sizes = [np.abs(y).sum(-1).max(-1) for y in (wide, inverse)]
    good = sizes[0] * sizes[1] < WELL_CONDITIONED
    if good.all():
        return direct
    u, s, vh = np.linalg.svd(wide, full_matrices=False)
    ones = np.ones_like(s[..., :1])
    before = np.cumprod(np.concatenate([ones, s[..., :-1]], -1), -1)
    after = np.cumprod(np.concatenate([ones, s[..., :0:-1]], -1), -1)[..., ::-1]
    phase = np.conj(np.linalg.det(u) * np.linalg.det(vh))[..., None, None]
    careful = phase * (u * (before * after)[..., None, :]) @ vh
    return np.where(good[..., None, None], direct, careful)


@cofactors.cotangent
def _(cotangent: Cotangent, out: Value, x: Value) -> Any:
    """By the inverse: there is none where the matrix is singular, and that is said."""
    grad, inverse = settle(cotangent), inv(x, attributes=(True,))
    left = adjoint(inverse)
    rank = len(x.shape)
    trace = sum_of(
        multiply(grad, swap_axes(inverse, -1, -2)), attributes=((rank - 2, rank - 1),)
    )
    found = left * expand_axes(conj(trace), (-2, -1))
    found = found - product(left, adjoint(grad), left)
    found = found * expand_axes(conj(det(x)), (-2, -1))
    return (of_matrix(found, cotangent, 2, x),)


def _sign_and_logarithm(x: Any) -> tuple[DType, Shape]:
    require_matrices("slogdet", x)
    return packed(x.dtype, *log_shapes(x.shape))


def log_shapes(shape: Shape) -> tuple[Shape, Shape]:
    """The shapes of the parts of slogdet: sign, logarithm."""
    return shape[:-2], shape[:-2]


@operation("library", _sign_and_logarithm, expensive=True)
def slogdet(x: Any) -> Any:
    """The sign and the logarithm of the absolute value of the determinant, packed."""
    sign, logarithm = np.linalg.slogdet(x)
    return np.concatenate([np.ravel(sign), np.ravel(logarithm)])


@slogdet.cotangent
def _(cotangent: Cotangent, out: Value, x: Value) -> Any:
    shapes = log_shapes(x.shape)
    of_sign, of_log = unpacked(settle(cotangent), *shapes)
    if x.dtype.kind == "c":
        sign, _ = unpacked(out, *shapes)
        # Only the angle of the sign moves; the logarithm has no imaginary part.
        of_log = real(of_log) - imag(conj(of_sign) * sign) * 1j
    grad = expand_axes(of_log, (-2, -1)) * adjoint(inv(x, attributes=(False,)))
    mask = packed_mask(cotangent.mask, shapes, (0, 0))
    return (of_matrix(grad, Cotangent(grad, mask), 0, x),)


# -- roots ----------------------------------------------------------------------------
def _root(x: Any, upper: bool) -> tuple[DType, Shape]:
    require_matrices("cholesky", x)
    return x.dtype, x.shape


@operation("library", _root, expensive=True)
def cholesky(x: Any, upper: Any) -> Any:
    """The triangular root of a positive definite matrix; one triangle is read."""
    return np.linalg.cholesky(x, upper=upper)


@cholesky.cotangent
def _(cotangent: Cotangent, out: Value, x: Value, upper: bool) -> Any:
    grad = settle(cotangent)
    lower = adjoint(out) if upper else out
    inner = matmul(adjoint(lower), adjoint(grad) if upper else grad)
    row, column = places(x.shape[-1], x.shape[-1])
    inner = where(row > column, inner, where(equal(row, column), inner * 0.5, 0.0))
    inverse = inv(lower, attributes=(True,))
    found = hermitian(product(adjoint(inverse), inner, inverse))
    return (of_matrix(found, cotangent, 2, x),)
