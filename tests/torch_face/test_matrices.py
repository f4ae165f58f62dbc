"""Linear algebra and transforms of tensors: NumPy's values, with PyTorch's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import engine
from engine.linalg import LinAlgError

RNG = np.random.default_rng(1)
SEVERAL = RNG.normal(size=(2, 3, 3))
POSITIVE = SEVERAL @ SEVERAL.swapaxes(1, 2) + np.eye(3)
TALL = RNG.normal(size=(5, 3))
SIDES = RNG.normal(size=(2, 3, 2))
Z = RNG.normal(size=(4, 3)) + 1j * RNG.normal(size=(4, 3))

LINALG: dict[str, tuple[Callable[[Any, Any], Any], Any]] = {
    "inv": (lambda m, x: m.inv(x), SEVERAL),
    "det": (lambda m, x: m.det(x), SEVERAL),
    "slogdet": (lambda m, x: m.slogdet(x), SEVERAL),
    "cholesky": (lambda m, x: m.cholesky(x, upper=True), POSITIVE),
    "qr": (lambda m, x: m.qr(x), TALL),
    "svd": (lambda m, x: m.svd(x, full_matrices=False), TALL),
    "svd, full": (lambda m, x: m.svd(x), TALL),
    "svdvals": (lambda m, x: m.svdvals(x), TALL),
    "eigh": (lambda m, x: m.eigh(x), POSITIVE),
    "eigvalsh": (lambda m, x: m.eigvalsh(x, "U"), POSITIVE),
    "pinv": (lambda m, x: m.pinv(x, rtol=None), TALL),
    "norm": (lambda m, x: m.norm(x), TALL),
    "norm, 1": (lambda m, x: m.norm(x, 1), TALL),
    "nuc": (lambda m, x: m.matrix_norm(x, ord="nuc"), SEVERAL),
    "vector_norm": (lambda m, x: m.vector_norm(x, ord=3), TALL),
    "cond": (lambda m, x: m.cond(x), TALL),
    "matrix_rank": (lambda m, x: m.matrix_rank(x), TALL),
    "matrix_power": (lambda m, x: m.matrix_power(x, -3), SEVERAL),
    "multi_dot": (lambda m, x: m.multi_dot([x, x.T, x, x[0]]), TALL),
    "diagonal": (lambda m, x: m.diagonal(x, offset=1), SEVERAL),
}


def same(found: Any, expected: Any) -> None:
    if isinstance(expected, tuple):
        for one, two in zip(found, expected, strict=True):
            same(one, two)
        return
    assert isinstance(found, engine.Tensor)
    array = found.numpy()
    assert (array.dtype, array.shape) == (expected.dtype, expected.shape)
    np.testing.assert_allclose(array, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", LINALG)
def test_matrices_have_the_values_of_numpy(name: str) -> None:
    function, x = LINALG[name]
    same(function(engine.linalg, engine.tensor(x)), function(np.linalg, x))


def test_solutions_stand_on_either_side() -> None:
    a, b = engine.tensor(SEVERAL), engine.tensor(SIDES)
    same(engine.linalg.solve(a, b), np.linalg.solve(SEVERAL, SIDES))
    right = SIDES.swapaxes(1, 2)
    found = engine.linalg.solve(a, engine.tensor(right), left=False)
    np.testing.assert_allclose((found @ a).numpy(), right, atol=1e-12)
    vectors = SIDES[..., 0]
    found = engine.linalg.solve(a, engine.tensor(vectors))
    same(found, np.linalg.solve(SEVERAL, vectors[..., None])[..., 0])


def test_least_squares_give_what_numpy_gives() -> None:
    found = engine.linalg.lstsq(engine.tensor(TALL), engine.tensor(TALL[:, :2] ** 2))
    x, residuals, rank, s = np.linalg.lstsq(TALL, TALL[:, :2] ** 2)
    same((found.solution, found.residuals), (x, residuals))
    same((found.rank, found.singular_values), (np.array(rank, np.int64), s))
    ones = engine.ones(4, 2, dtype=engine.float64)
    assert engine.linalg.lstsq(ones, ones).residuals.shape == (0,)


def test_eigenvalues_are_complex() -> None:
    w, v = engine.linalg.eig(engine.tensor(POSITIVE[0]))
    same(engine.linalg.eigvals(engine.tensor(POSITIVE[0])), w.numpy())
    assert w.dtype == engine.complex128
    whole = v.numpy() * w.numpy() @ np.linalg.inv(v.numpy())
    np.testing.assert_allclose(whole, POSITIVE[0], atol=1e-12)


def test_ranks_count_above_both_tolerances() -> None:
    x = engine.tensor(np.diag([4.0, 1.0, 0.1]))
    rank = engine.linalg.matrix_rank
    assert rank(x).item() == 3
    assert rank(x, atol=0.5).item() == 2
    assert rank(x, rtol=0.5).item() == 1
    assert rank(x, atol=2.0, rtol=0.01).item() == 1


FOURIER: dict[str, tuple[Callable[..., Any], Any]] = {
    "fft": (lambda m, x, d: m.fft(x, 5, norm="ortho", **{d: 0}), Z),
    "ifft": (lambda m, x, d: m.ifft(x, **{d: -2}), Z),
    "rfft": (lambda m, x, d: m.rfft(x, **{d: 0}), TALL),
    "irfft": (lambda m, x, d: m.irfft(x, norm="forward"), Z),
    "hfft": (lambda m, x, d: m.hfft(x), Z),
    "ihfft": (lambda m, x, d: m.ihfft(x), TALL),
    "fft2": (lambda m, x, d: m.fft2(x, (2, 4)), SEVERAL),
    "ifft2": (lambda m, x, d: m.ifft2(x), Z),
    "rfft2": (lambda m, x, d: m.rfft2(x), SEVERAL),
    "irfft2": (lambda m, x, d: m.irfft2(x), Z),
    "fftn": (lambda m, x, d: m.fftn(x), SEVERAL),
    "ifftn": (lambda m, x, d: m.ifftn(x, **{d: (0,)}), Z),
    "rfftn": (lambda m, x, d: m.rfftn(x, **{d: (2, 0)}), SEVERAL),
    "irfftn": (lambda m, x, d: m.irfftn(x), Z),
    "fftshift": (lambda m, x, d: m.fftshift(x), TALL),
    "ifftshift": (lambda m, x, d: m.ifftshift(x), TALL),
}


@pytest.mark.parametrize("name", FOURIER)
def test_transforms_have_the_values_of_numpy(name: str) -> None:
    function, x = FOURIER[name]
    found = function(engine.fft, engine.tensor(x), "dim")
    axis = "axes" if name.endswith("n") else "axis"
    same(found, function(np.fft, x, axis))


def test_frequencies_and_integers_have_the_default_dtype() -> None:
    assert engine.fft.fft(engine.arange(4)).dtype == engine.complex64
    same(engine.fft.fftfreq(5, 0.5), np.fft.fftfreq(5, 0.5).astype("f4"))
    same(engine.fft.rfftfreq(6, dtype=engine.float64), np.fft.rfftfreq(6))


def test_gradients_flow_through_both() -> None:
    x = engine.tensor(POSITIVE[0], requires_grad=True)
    (
        engine.linalg.slogdet(x).logabsdet + engine.fft.rfft(x).abs().square().sum()
    ).backward()
    # Of three frequencies the last two are conjugates: one of them is left out.
    spectrum = 1.5 * POSITIVE[0] + 0.5 * POSITIVE[0].sum(1, keepdims=True)
    expected = np.linalg.inv(POSITIVE[0]) + 2 * spectrum
    np.testing.assert_allclose(x.grad.numpy(), expected, rtol=1e-12)


ERRORS: list[tuple[Callable[[], Any], str]] = [
    (lambda: engine.linalg.inv(engine.ones(2, 3)), r"inv: .*square; shape \(2, 3\)"),
    (lambda: engine.linalg.inv(engine.arange(4).view(2, 2)), "inv: .*engine.int64"),
    (lambda: engine.linalg.det(engine.ones(2, 2).half()), "det: .*engine.float16"),
    (
        lambda: engine.linalg.solve(engine.eye(2), engine.eye(2).double()),
        "solve: .*same dtype; .*float32 and .*float64 were given",
    ),
    (lambda: engine.linalg.solve(engine.eye(2), engine.eye(3)), "solve: .*mismatch"),
    (lambda: engine.linalg.pinv(engine.ones(2)), "pinv: 1-dimensional array given"),
    (lambda: engine.linalg.qr(engine.eye(2), "complete"), "qr: .*'complete' given"),
    (lambda: engine.linalg.eigh(engine.eye(2), "A"), "eigh: UPLO .*'A' was given"),
    (lambda: engine.linalg.matrix_norm(engine.eye(2), 3), "matrix_norm: Invalid norm"),
    (lambda: engine.linalg.norm(engine.ones(2, 2, 2), 2), "norm: one or two dim"),
    (lambda: engine.linalg.multi_dot([engine.eye(2)]), "multi_dot: at least two"),
    (lambda: engine.fft.fft(engine.ones(2), 0), r"fft: .*\(0\) specified"),
    (lambda: engine.fft.rfft(engine.ones(2) * 1j), "rfft: real numbers were required"),
    (lambda: engine.fft.fft(engine.ones(2), norm="a"), "fft: Invalid norm value a"),
    (lambda: engine.fft.fft(engine.ones(2).half()), "fft: .*engine.float16"),
]


@pytest.mark.parametrize(("call", "message"), ERRORS, ids=[row[1] for row in ERRORS])
def test_errors_have_pytorchs_class(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(RuntimeError, match=message):
        call()


def test_a_singular_matrix_is_told_of_when_it_is_looked_at() -> None:
    found = engine.linalg.inv(engine.zeros(2, 2))
    with pytest.raises(LinAlgError, match=r"inv: Singular matrix; recorded at .*py:"):
        found.numpy()
    with pytest.raises(IndexError, match="Dimension out of range"):
        engine.fft.fft(engine.ones(2), dim=1)


def test_parts_of_complex_tensors_are_views() -> None:
    z = engine.tensor(Z)
    z.real.zero_()
    z.imag[0] = 5.0
    expected = 1j * Z.imag
    expected[0] = 5j
    same(z, expected)
    engine.view_as_real(z)[..., 0] = 1.0
    same(z, expected + 1.0)
    same(z.mH, (expected + 1.0).conj().T)


def test_complex_tensors_are_made_of_parts_without_a_sum() -> None:
    infinite = engine.tensor([np.inf, 1.0])
    made = engine.complex(infinite, engine.tensor([2.0, -np.inf])).numpy()
    assert made.tolist() == [complex(np.inf, 2.0), complex(1.0, -np.inf)]
    polar = engine.polar(engine.tensor(abs(Z)), engine.tensor(np.angle(Z)))
    same(polar, Z)
    same(engine.tensor(Z).angle(), np.angle(Z))
    same(engine.tensor([-2.0, -0.0, 3.0]).angle(), np.array([np.pi, 0, 0], "f4"))
    with pytest.raises(RuntimeError, match="imag: a complex dtype was required"):
        _ = engine.ones(2).imag
    with pytest.raises(RuntimeError, match=r"complex: .*float32 and .*float64 were"):
        engine.complex(engine.ones(2), engine.ones(2).double())


def test_the_parts_of_a_complex_tensor_have_their_own_gradients() -> None:
    x, y = (engine.tensor(part, requires_grad=True) for part in (Z.real, Z.imag))
    (engine.complex(x, y).abs() ** 2).sum().backward()
    same((x.grad, y.grad), (2 * Z.real, 2 * Z.imag))
