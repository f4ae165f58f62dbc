"""Matrices, and what NumPy makes of them, for the ops of linear algebra."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from cases import Array, Case, Generator, numbers

from engine import ops
from engine.movement import expand_axes, swap_axes
from engine.ops import decompositions as parts
from engine.ops.packing import unpacked
from engine.record.value import Value

KINDS = (float, complex)
EMPTY = ((0, 3, 3), (2, 0, 0))


def _adjoint(x: Value) -> Value:
    return swap_axes(ops.conjugate(x), -1, -2)


def symmetric(x: Value) -> Value:
    """A Hermitian matrix, whatever the operand: that is how it can be moved."""
    return (x + _adjoint(x)) * 0.5


def _hermitian(rng: Generator, shape: tuple[int, ...], dtype: Any) -> Array:
    x = numbers(rng, shape, dtype)
    return x + np.conj(np.swapaxes(x, -1, -2))


def _positive(rng: Generator, shape: tuple[int, ...], dtype: Any) -> Array:
    x = numbers(rng, shape, dtype)
    return x @ np.conj(np.swapaxes(x, -1, -2)) + np.eye(shape[-1], dtype=dtype)


def _flat(results: Sequence[Any]) -> Array:
    return np.concatenate([np.ravel(x) for x in results])


def _unary(
    function: Callable[[Array], Any],
    shapes: Sequence[tuple[int, ...]],
    attributes: tuple[Any, ...] = (),
    make: Callable[..., Array] = numbers,
    empty: Sequence[tuple[int, ...]] = EMPTY,
    kinds: Sequence[Any] = KINDS,
    **options: Any,
) -> Callable[[Generator], list[Case]]:
    """Real and complex matrices, single precision, and none."""

    def cases(rng: Generator) -> list[Case]:
        found = []
        for dtype in kinds:
            for shape in shapes:
                x = make(rng, shape, dtype)
                out = np.asarray(function(x))
                found.append(Case((x,), attributes, out, 64.0, True, **options))
        x = make(rng, shapes[0], np.float32)
        found.append(Case((x,), attributes, np.asarray(function(x)), 64.0))
        for shape in empty:
            x = np.zeros(shape)
            found.append(Case((x,), attributes, np.asarray(function(x))))
        return found

    return cases


def inverses(rng: Generator) -> list[Case]:
    """Of one and of several matrices; of singular ones NaN where that is wanted."""
    both = np.stack([np.eye(2) * 2.0, np.ones((2, 2))])
    lost = np.stack([np.eye(2) * 0.5, np.full((2, 2), np.nan)])
    return [
        *_unary(np.linalg.inv, [(3, 3), (2, 2, 2)], (True,))(rng),
        Case((both,), (False,), lost),
        Case((both[1],), (False,), lost[1]),
    ]


def _roots(rng: Generator) -> list[Case]:
    found = []
    for upper in (False, True):
        root = partial(np.linalg.cholesky, upper=upper)
        shapes = [(3, 3), (2, 2, 2)]
        cases = _unary(root, shapes, (upper,), _positive, before=symmetric)
        found += cases(rng)
    return found


SYSTEMS = [((3, 3), (3, 2)), ((2, 1, 2, 2), (3, 2, 1)), ((2, 2), (3, 2, 2))]


def solutions(rng: Generator) -> list[Case]:
    """Batches that broadcast on either side."""
    found = []
    for dtype in KINDS:
        for left, right in SYSTEMS:
            a, b = numbers(rng, left, dtype), numbers(rng, right, dtype)
            found.append(Case((a, b), (), np.linalg.inv(a) @ b, 1e6, True))
    a, b = numbers(rng, (2, 2), "f"), numbers(rng, (2, 2), "f")
    found.append(Case((a, b), (), np.linalg.solve(a, b), 0.0))
    found.append(Case((np.zeros((0, 2, 2)), np.ones((2, 1))), (), np.zeros((0, 2, 1))))
    found.append(Case((np.zeros((0, 0)), np.ones((0, 2))), (), np.zeros((0, 2))))
    return found


def pseudo_inverses(rng: Generator) -> list[Case]:
    """Tall, wide and Hermitian ones; one of rank 1."""
    found, cutoff = [], np.array(1e-12)
    for dtype in KINDS:
        for shape in ((4, 2), (2, 3), (2, 2, 2)):
            x = numbers(rng, shape, dtype)
            out = np.linalg.pinv(x, 1e-12)
            found.append(Case((x, cutoff), (False,), out, 64.0, True))
        x = _hermitian(rng, (3, 3), dtype)
        out = np.linalg.pinv(x, 1e-12, hermitian=True)
        found.append(Case((x, cutoff), (True,), out, 64.0, True, before=symmetric))
    x = np.ones((2, 3))
    found.append(Case((x, cutoff), (False,), x.T / 6.0, 8.0))
    found.append(Case((np.zeros((0, 3)), cutoff), (False,), np.zeros((3, 0))))
    return found


def _minors(x: Array) -> Array:
    """Cofactors by their definition."""
    n = x.shape[-1]
    out = np.empty_like(x)
    for i, j in np.ndindex(n, n):
        rest = np.delete(np.delete(x, i, -2), j, -1)
        out[..., i, j] = (-1) ** (i + j) * np.conj(np.linalg.det(rest))
    return out


def cofactors(rng: Generator) -> list[Case]:
    """Of diagonal matrices that are singular, or nearly so, too."""
    found = _unary(_minors, [(3, 3), (2, 2, 2)], empty=())(rng)
    for x in (np.diag([2.0, 3, 0]), np.diag([1.0, 1e-9, 2.0]), np.diag([4.0, 0, 0])):
        found.append(Case((x,), (), _minors(x), 8.0))
    found.append(Case((np.zeros((1, 1)),), (), np.ones((1, 1))))
    found.append(Case((np.zeros((0, 3, 3)),), (), np.zeros((0, 3, 3))))
    return found


def _svds(rng: Generator) -> list[Case]:
    found = []
    for shape in ((3, 3), (4, 2), (2, 4), (2, 2, 2)):
        x = numbers(rng, shape, float)
        out = _flat(np.linalg.svd(x, full_matrices=False))
        found.append(Case((x,), (False, False), out, 64.0, True))
    for shape in ((2, 2), (3, 2), (2, 3)):
        x = numbers(rng, shape, complex)
        out = _flat(np.linalg.svd(x, full_matrices=False))
        whole = _svd_product(shape)
        found.append(Case((x,), (False, False), out, 64.0, True, after=whole))
    x = _hermitian(rng, (3, 3), float)
    out = _flat(np.linalg.svd(x, hermitian=True))
    found.append(Case((x,), (False, True), out, 64.0, True, before=symmetric))
    x = numbers(rng, (4, 2), np.float32)
    found.append(Case((x,), (True, False), _flat(np.linalg.svd(x)), 64.0))
    found.append(Case((np.zeros((0, 3)),), (False, False), np.zeros(0)))
    return found


def _svd_product(shape: tuple[int, ...]) -> Callable[[Value], Value]:
    """U f(S) Vh and |U|, |Vh|: the phases of the vectors are arbitrary."""

    def meaning(packed: Value) -> Value:
        u, s, vh = unpacked(packed, *parts.svd_shapes(shape))
        s = expand_axes(ops.real(s), (-2,))
        whole = ops.matmul(u * (s * s), vh)
        left, right = ops.square(ops.absolute(u)), ops.square(ops.absolute(vh))
        return whole + ops.matmul(left, right)

    return meaning


def _vectors_meaning(shape: tuple[int, ...]) -> Callable[[Value], Value]:
    """Eigenvalues, and the lengths of the elements of their vectors."""

    def meaning(packed: Value) -> Value:
        w, v = unpacked(packed, *parts.eig_shapes(shape))
        return ops.square(ops.absolute(v)) * expand_axes(w, (-2,)) + expand_axes(
            w, (-1,)
        )

    return meaning


def _eighs(rng: Generator) -> list[Case]:
    found = []
    for triangle in "LU":
        for dtype in KINDS:
            shape = (2, 3, 3) if triangle == "L" else (2, 2)
            x = _hermitian(rng, shape, dtype)
            out = _flat(np.linalg.eigh(x, triangle))
            after = _vectors_meaning(shape) if dtype is complex else None
            case = Case((x,), (triangle,), out, 64.0, True, (), symmetric, after)
            found.append(case)
    x = numbers(rng, (3, 3), float)
    found.append(Case((x,), ("U",), _flat(np.linalg.eigh(x, "U")), 64.0))
    found.append(Case((np.zeros((0, 2, 2)),), ("L",), np.zeros(0)))
    return found


def _eigs(rng: Generator) -> list[Case]:
    found = []
    turning = np.array([[1.0, 2.0, 0.5], [-2.0, 0.5, 0.0], [0.3, 1.0, 3.0]])
    for x in (
        turning,
        numbers(rng, (2, 2, 2), complex),
        _hermitian(rng, (2, 2), float),
    ):
        out = _flat(np.linalg.eig(x)).astype(complex)
        after = _vectors_meaning(x.shape)
        found.append(Case((x,), (), out, 64.0, True, after=after))
    single = turning.astype(np.float32)
    out = _flat(np.linalg.eig(single)).astype(np.complex64)
    return [*found, Case((single,), (), out, 64.0)]


def _best_fit(a: tuple[int, ...], b: tuple[int, ...]) -> Callable[[Value], Value]:
    """The solution and the residuals: rank and singular values have no gradient."""

    def meaning(packed: Value) -> Value:
        x, residuals, *_ = unpacked(packed, *parts.lstsq_shapes(a, b))
        return x * (1.0 + ops.real(residuals)) if a[0] > a[1] else x

    return meaning


def _least_squares(rng: Generator) -> list[Case]:
    """More and fewer equations than unknowns; less than full rank."""
    found = []
    for dtype in (float, complex, np.float32):
        for rows, columns in ((4, 2), (2, 3), (2, 2)):
            a, b = numbers(rng, (rows, columns), dtype), numbers(rng, (rows, 2), dtype)
            x, residuals, rank, s = np.linalg.lstsq(a, b, 1e-12)
            out = _flat((x, residuals, rank, s)).astype(dtype)
            after = _best_fit(a.shape, b.shape)
            smooth = dtype is not np.float32
            case = Case((a, b), (1e-12,), out, 64.0, smooth, after=after)
            found.append(case)
    ones = np.ones((3, 2))
    x, _, rank, s = np.linalg.lstsq(ones, ones, 1e-12)
    out = _flat((x, [np.nan, np.nan], rank, s))
    return [*found, Case((ones, ones), (1e-12,), out, 64.0)]


CASES: dict[str, Callable[[Generator], list[Case]]] = {
    "cholesky": _roots,
    "cofactors": cofactors,
    "det": _unary(np.linalg.det, [(3, 3), (2, 2, 2)]),
    "eig": _eigs,
    "eigh": _eighs,
    "eigvalsh": _unary(
        np.linalg.eigvalsh, [(3, 3), (2, 2, 2)], ("L",), _hermitian, before=symmetric
    ),
    "inv": inverses,
    "lstsq": _least_squares,
    "pinv": pseudo_inverses,
    "qr": _unary(lambda x: _flat(np.linalg.qr(x)), [(3, 3), (4, 2), (2, 4), (2, 3, 2)]),
    "slogdet": _unary(lambda x: _flat(np.linalg.slogdet(x)), [(3, 3), (2, 2, 2)]),
    "solve": solutions,
    "svd": _svds,
    "svdvals": _unary(
        np.linalg.svdvals, [(3, 3), (4, 2), (2, 2, 3)], (False,), empty=[(0, 3)]
    ),
}
