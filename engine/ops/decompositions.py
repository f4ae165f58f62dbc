"""Decompositions of matrices, by LAPACK through NumPy; several results are packed."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.cotangent import Cotangent, settle
from engine.movement import expand_axes, region, slice_value
from engine.recipe import Shape
from engine.record.value import Value, constant

from .arithmetic import imag, real
from .comparison import equal
from .linear_algebra import matmul
from .loops import conj
from .matrices import (
    LinAlgError,
    adjoint,
    hermitian,
    of_matrix,
    on_diagonal,
    pinv,
    places,
    product,
    require_matrices,
    solve,
)
from .op import DType, cast, operation
from .packing import packed, packed_mask, unpacked
from .reductions import sum as sum_of
from .regions import full_value, update
from .selection import where


def _flat(*parts: Any) -> Any:
    return np.concatenate([np.ravel(part) for part in parts])


def _safe_quotient(x: Value, y: Value) -> Value:
    """x / y, and 0 for 0 / 0: where nothing depends on it, a tie does no harm."""
    tie = equal(x, 0) & equal(y, 0)
    return where(tie, 0.0, x / where(tie, 1.0, y))


def _gaps(values: Value) -> Value:
    """``values[j] - values[i]`` for each pair."""
    return expand_axes(values, (-2,)) - expand_axes(values, (-1,))


def _real_part(x: Value) -> Value:
    return real(x) if x.dtype.kind == "c" else x


def real_dtype(dtype: DType) -> DType:
    """The dtype of the real part."""
    return np.dtype(f"f{dtype.itemsize // 2}") if dtype.kind == "c" else dtype


# -- QR -------------------------------------------------------------------------------
def qr_shapes(shape: Shape) -> tuple[Shape, Shape]:
    """The shapes of the parts of qr: Q and R, reduced."""
    *batch, m, n = shape
    k = min(m, n)
    return (*batch, m, k), (*batch, k, n)


def _qr(x: Any) -> tuple[DType, Shape]:
    require_matrices("qr", x, square=False)
    return packed(x.dtype, *qr_shapes(x.shape))


@operation("library", _qr, expensive=True)
def qr(x: Any) -> Any:
    """Orthonormal columns Q and upper triangular R with Q @ R = x, packed."""
    return _flat(*np.linalg.qr(x))


@qr.cotangent
def _(cotangent: Cotangent, out: Value, x: Value) -> Any:
    shapes = qr_shapes(x.shape)
    q, r = unpacked(out, *shapes)
    of_q, of_r = unpacked(settle(cotangent), *shapes)
    k, n = r.shape[-2:]
    later: Value | None = None
    if k < n:  # the columns after the square ones are q.H @ x
        of_later = slice_value(of_r, (..., slice(k, None)))
        of_q = of_q + matmul(slice_value(x, (..., slice(k, None))), adjoint(of_later))
        later = matmul(q, of_later)
        r, of_r = (slice_value(part, (..., slice(k))) for part in (r, of_r))
    inner = matmul(of_r, adjoint(r)) - matmul(adjoint(q), of_q)
    row, column = places(k, k)
    upper = where(row < column, inner, 0.0)
    # R has a real diagonal: imaginary parts there mean nothing.
    inner = upper + adjoint(upper) + where(equal(row, column), hermitian(inner), 0.0)
    found = adjoint(solve(r, adjoint(of_q + matmul(q, inner))))
    if later is not None:
        found = _beside(found, later)
    mask = packed_mask(cotangent.mask, shapes, (2, 2))
    return (of_matrix(found, Cotangent(found, mask), 0, x),)


def _beside(left: Value, right: Value) -> Value:
    """Two stacks of matrices, joined along their last axis."""
    shape = (*left.shape[:-1], left.shape[-1] + right.shape[-1])
    joined, place = full_value(shape, 0, left.dtype), 0
    for part in (left, right):
        start = (*(0,) * (len(shape) - 1), place)
        place += part.shape[-1]
        recipe = region(shape, part.dtype, start, part.shape)
        joined = update(joined, part, attributes=(recipe,))
    return joined


# -- singular values ------------------------------------------------------------------
def svd_shapes(shape: Shape, full: bool = False) -> tuple[Shape, Shape, Shape]:
    """The shapes of the parts of svd: U, S and Vh."""
    *batch, m, n = shape
    k = min(m, n)
    rows, columns = (m, n) if full else (k, k)
    return (*batch, m, rows), (*batch, k), (*batch, columns, n)


def _svd(x: Any, full: bool, symmetric: bool) -> tuple[DType, Shape]:
    require_matrices("svd", x, square=symmetric)
    return packed(x.dtype, *svd_shapes(x.shape, full))


@operation("library", _svd, expensive=True)
def svd(x: Any, full: Any, symmetric: Any) -> Any:
    """U, singular values and Vh, packed."""
    return _flat(*np.linalg.svd(x, full_matrices=full, hermitian=symmetric))


@svd.cotangent
def _(cotangent: Cotangent, out: Value, x: Value, full: bool, symmetric: bool) -> Any:
    """Of reduced decompositions; infinite where vectors of equal values matter."""
    shapes = svd_shapes(x.shape, full)
    u, s, vh = unpacked(out, *shapes)
    of_u, of_s, of_vh = unpacked(settle(cotangent), *shapes)
    s, of_s = _real_part(s), _real_part(of_s)
    row, column = expand_axes(s, (-2,)), expand_axes(s, (-1,))
    left, right = matmul(adjoint(u), of_u), matmul(vh, adjoint(of_vh))
    mixed = (left - adjoint(left)) * row + (right - adjoint(right)) * column
    diagonal = on_diagonal(s.shape[-1])
    gaps = _gaps(s) * (row + column)
    straight = expand_axes(of_s, (-2,))
    if x.dtype.kind == "c":  # the phases of U and Vh turn together
        straight = straight + _safe_quotient(imag(left), row) * 1j
    inner = where(diagonal, straight, _safe_quotient(where(diagonal, 0.0, mixed), gaps))
    found = product(u, inner, vh)
    if u.shape[-2] > u.shape[-1]:
        rest = _safe_quotient(of_u - matmul(u, left), row)
        found = found + matmul(rest, vh)
    if vh.shape[-1] > vh.shape[-2]:
        rest = _safe_quotient(of_vh - matmul(adjoint(right), vh), column)
        found = found + matmul(u, rest)
    mask = packed_mask(cotangent.mask, shapes, (2, 1, 2))
    found = hermitian(found) if symmetric else found
    return (of_matrix(found, Cotangent(found, mask), 0, x),)


def _svdvals(x: Any, symmetric: bool) -> tuple[DType, Shape]:
    require_matrices("svdvals", x, square=symmetric)
    return real_dtype(x.dtype), svd_shapes(x.shape)[1]


@operation("library", _svdvals, expensive=True)
def svdvals(x: Any, symmetric: Any) -> Any:
    """Singular values, falling."""
    return np.linalg.svd(x, compute_uv=False, hermitian=symmetric)


@svdvals.cotangent
def _(cotangent: Cotangent, out: Value, x: Value, symmetric: bool) -> Any:
    parts = svd(x, attributes=(False, symmetric))
    u, _, vh = unpacked(parts, *svd_shapes(x.shape))
    found = matmul(u * expand_axes(settle(cotangent), (-2,)), vh)
    found = hermitian(found) if symmetric else found
    return (of_matrix(found, cotangent, 1, x),)


# -- eigenvalues ----------------------------------------------------------------------
def eig_shapes(shape: Shape) -> tuple[Shape, Shape]:
    """The shapes of the parts of eig and eigh: values, vectors."""
    return shape[:-1], shape


def _eigh(x: Any, triangle: str) -> tuple[DType, Shape]:
    require_matrices("eigh", x)
    return packed(x.dtype, *eig_shapes(x.shape))


@operation("library", _eigh, expensive=True)
def eigh(x: Any, triangle: Any) -> Any:
    """Eigenvalues, rising, and eigenvectors of a Hermitian matrix, packed."""
    return _flat(*np.linalg.eigh(x, triangle))


@eigh.cotangent
def _(cotangent: Cotangent, out: Value, x: Value, triangle: str) -> Any:
    """Infinite where vectors of equal values matter."""
    shapes = eig_shapes(x.shape)
    w, v = unpacked(out, *shapes)
    of_w, of_v = unpacked(settle(cotangent), *shapes)
    diagonal = on_diagonal(x.shape[-1])
    mixed = where(diagonal, 0.0, matmul(adjoint(v), of_v))
    straight = expand_axes(_real_part(of_w), (-2,))
    inner = where(diagonal, straight, _safe_quotient(mixed, _gaps(_real_part(w))))
    found = product(v, hermitian(inner), adjoint(v))
    mask = packed_mask(cotangent.mask, shapes, (1, 2))
    return (of_matrix(found, Cotangent(found, mask), 0, x),)


def _eigvalsh(x: Any, triangle: str) -> tuple[DType, Shape]:
    require_matrices("eigvalsh", x)
    return real_dtype(x.dtype), x.shape[:-1]


@operation("library", _eigvalsh, expensive=True)
def eigvalsh(x: Any, triangle: Any) -> Any:
    """Eigenvalues, rising, of a Hermitian matrix."""
    return np.linalg.eigvalsh(x, triangle)


@eigvalsh.cotangent
def _(cotangent: Cotangent, out: Value, x: Value, triangle: str) -> Any:
    _, v = unpacked(eigh(x, attributes=(triangle,)), *eig_shapes(x.shape))
    found = matmul(v * expand_axes(settle(cotangent), (-2,)), adjoint(v))
    return (of_matrix(found, cotangent, 1, x),)


def _eig(x: Any) -> tuple[DType, Shape]:
    require_matrices("eig", x)
    return packed(np.result_type(x.dtype, np.complex64), *eig_shapes(x.shape))


@operation("library", _eig, expensive=True)
def eig(x: Any) -> Any:
    """Eigenvalues and eigenvectors of any square matrix, complex, packed."""
    return _flat(*np.linalg.eig(x))


@eig.cotangent
def _(cotangent: Cotangent, out: Value, x: Value) -> Any:
    """The vectors have length 1; losses must not depend on their phases."""
    shapes = eig_shapes(x.shape)
    w, v = unpacked(out, *shapes)
    of_w, of_v = unpacked(settle(cotangent), *shapes)
    diagonal = on_diagonal(x.shape[-1])
    back = matmul(adjoint(v), of_v)
    lengths = _column_of_diagonal(back, diagonal)
    mixed = where(diagonal, 0.0, back - matmul(adjoint(v), v * lengths))
    ratio = _safe_quotient(mixed, conj(_gaps(w)))
    inner = where(diagonal, expand_axes(of_w, (-2,)), ratio)
    found = solve(adjoint(v), matmul(inner, adjoint(v)))
    mask = packed_mask(cotangent.mask, shapes, (1, 2))
    return (_as_operand(found, mask, x),)


def _column_of_diagonal(x: Value, diagonal: Value) -> Value:
    """The real part of the diagonal, one for each column."""
    rank = len(x.shape)
    found = sum_of(where(diagonal, real(x), 0.0), attributes=((rank - 2,),))
    return expand_axes(found, (-2,))


def _as_operand(found: Value, mask: Value | None, x: Value) -> Cotangent:
    """A complex gradient in the dtype of the operand."""
    found = cast(found, x.dtype)
    return of_matrix(found, Cotangent(found, mask), 0, x)


# -- least squares --------------------------------------------------------------------
def lstsq_shapes(a: Shape, b: Shape) -> tuple[Shape, Shape, Shape, Shape]:
    """The shapes of the parts of lstsq: x, residuals, rank, singular values.

    There are residuals only of more equations than unknowns.
    """
    (m, n), (_, k) = a, b
    return (n, k), (k if m > n else 0,), (), (min(m, n),)


def _lstsq(a: Any, b: Any, cutoff: float) -> tuple[DType, Shape]:
    for x in (a, b):
        if len(x.shape) != 2:
            raise LinAlgError(
                f"lstsq: {len(x.shape)}-dimensional array given. Array must be "
                f"two-dimensional; shapes {a.shape} and {b.shape} were given"
            )
    if a.shape[0] != b.shape[0]:
        raise LinAlgError(
            f"lstsq: Incompatible dimensions: {a.shape} and {b.shape} were given"
        )
    return packed(a.dtype, *lstsq_shapes(a.shape, b.shape))


@operation("library", _lstsq, expensive=True)
def lstsq(a: Any, b: Any, cutoff: Any) -> Any:
    """The shortest x for which a @ x is closest to b, and what is known of it, packed.

    Residuals of what has not full rank are NaN.
    """
    x, residuals, rank, s = np.linalg.lstsq(a, b, cutoff)
    if residuals.size == 0:
        residuals = np.full(lstsq_shapes(a.shape, b.shape)[1], np.nan)
    return _flat(x, residuals, rank, s)


@lstsq.cotangent
def _(cotangent: Cotangent, out: Value, a: Value, b: Value, cutoff: float) -> Any:
    """Of x by the pseudo-inverse, of the residuals as x were constant: it is best."""
    shapes = lstsq_shapes(a.shape, b.shape)
    x, *_ = unpacked(out, *shapes)
    of_x, of_residuals, *_ = unpacked(settle(cotangent), *shapes)
    least = cutoff if cutoff >= 0 else float(np.finfo(a.dtype).eps)  # as in LAPACK
    inverse = pinv(a, constant(least), attributes=(False,))
    back = adjoint(inverse)
    rest, of_b = b - matmul(a, x), matmul(back, of_x)
    of_a = matmul(rest, adjoint(matmul(inverse, of_b))) - matmul(of_b, adjoint(x))
    outside = of_x - matmul(adjoint(a), of_b)
    of_a = of_a + matmul(matmul(back, x), adjoint(outside))
    if a.shape[0] > a.shape[1]:
        direct = rest * _real_part(of_residuals) * 2.0
        of_a, of_b = of_a - matmul(direct, adjoint(x)), of_b + direct
    return Cotangent(of_a), Cotangent(of_b)
