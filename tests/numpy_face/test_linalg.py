"""Linear algebra and Fourier transforms: NumPy's values, lazily, with gradients."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy
import pytest
from test_functions import compare
from test_ndarray_gradients import differences, weighted

import engine
import engine.numpy as np
from engine.numpy.linalg import LinAlgError

LINALG = """
np.linalg.solve(several, sides); np.linalg.solve(several[0], v)
np.linalg.solve(several, v); np.linalg.inv(several)
np.linalg.inv(several.astype('f4')); np.linalg.pinv(tall)
np.linalg.pinv(tall, rtol=None); np.linalg.pinv(several, rcond=np.array([1e-3, 1e-2]))
np.linalg.lstsq(tall, x[:5]); np.linalg.lstsq(tall, tall); np.linalg.lstsq(wide, v)
np.linalg.lstsq(np.ones((4, 2)), x[:4]); np.linalg.det(several)
np.linalg.det(several[0]); np.linalg.det(z); np.linalg.slogdet(several)
np.linalg.slogdet(z); np.linalg.slogdet(several[0])
np.linalg.slogdet(np.zeros((2, 2))); np.linalg.cholesky(positive)
np.linalg.cholesky(positive, upper=True); np.linalg.qr(tall); np.linalg.qr(wide)
np.linalg.qr(tall, 'complete'); np.linalg.qr(wide, 'complete')
np.linalg.qr(tall, 'r'); np.linalg.qr(tall, 'raw'); np.linalg.svd(tall)
np.linalg.svd(tall, False); np.linalg.svd(several); np.linalg.svd(z, False)
np.linalg.svd(tall, compute_uv=False); np.linalg.svd(even, hermitian=True)
np.linalg.svdvals(tall); np.linalg.eigh(even); np.linalg.eigh(even, 'u')
np.linalg.eigvalsh(even); np.linalg.eig(several); np.linalg.eig(even)
np.linalg.eig(z); np.linalg.eigvals(several); np.linalg.eigvals(even)
np.linalg.matrix_power(several, 3); np.linalg.matrix_power(several, 0)
np.linalg.matrix_power(several, -2); np.linalg.matrix_power(several, 5)
np.linalg.multi_dot([tall, wide, tall, wide]); np.linalg.multi_dot([v, wide, tall, v])
np.linalg.multi_dot([tall, wide]); np.linalg.multi_dot([v, wide, tall])
np.linalg.norm(tall); np.linalg.norm(tall, 1); np.linalg.norm(tall, -1)
np.linalg.norm(tall, np.inf); np.linalg.norm(tall, -np.inf); np.linalg.norm(tall, 2)
np.linalg.norm(tall, -2); np.linalg.norm(tall, 'nuc')
np.linalg.norm(several, 'nuc', axis=(2, 0), keepdims=True)
np.linalg.norm(several, 1, axis=(2, 0))
np.linalg.norm(several, np.inf, axis=(0, 1), keepdims=True); np.linalg.norm(v, 3)
np.linalg.norm(v, 0); np.linalg.norm(v, -np.inf); np.linalg.norm(v, 0.5)
np.linalg.norm(z, axis=1); np.linalg.norm(z, axis=(1, 2))
np.linalg.norm(np.zeros((0, 3)), 1); np.linalg.norm(np.zeros(0), np.inf)
np.linalg.norm(np.zeros((0, 3)), 2); np.linalg.norm(several)
np.linalg.norm(tall, 'f'); np.linalg.norm(v, 2); np.linalg.norm(v.astype('f4'), 3)
np.linalg.norm(np.arange(4)); np.linalg.norm(np.arange(4), 1)
np.linalg.vector_norm(tall, axis=1, ord=3)
np.linalg.vector_norm(several, axis=(0, 2), keepdims=True)
np.linalg.matrix_norm(several); np.linalg.matrix_norm(several, ord=2, keepdims=True)
np.linalg.cond(tall); np.linalg.cond(several, 1); np.linalg.cond(several, -2)
np.linalg.cond(np.zeros((2, 2))); np.linalg.cond(np.ones((2, 2)), 1)
np.linalg.cond(several, 'fro'); np.linalg.matrix_rank(tall)
np.linalg.matrix_rank(np.ones((3, 3))); np.linalg.matrix_rank(several, tol=1.0)
np.linalg.matrix_rank(v); np.linalg.matrix_rank(several, rtol=0.5)
np.linalg.matrix_rank(even, hermitian=True)
np.linalg.matrix_rank(several, tol=np.array([1.0, 0.1])); np.linalg.trace(several)
np.linalg.trace(several, offset=1); np.linalg.diagonal(several)
np.linalg.matrix_transpose(several); np.linalg.outer(v, v); np.linalg.cross(v, tall)
np.linalg.vecdot(v, v); np.linalg.inv(np.array([[2, 1], [1, 1]]))
np.linalg.det(np.eye(2, dtype=int)); np.linalg.inv(np.zeros((0, 3, 3)))
np.linalg.det(np.zeros((0, 0))); np.linalg.eigh(np.zeros((0, 2, 2)))
np.linalg.svd(np.zeros((0, 3)), False); np.linalg.qr(np.zeros((0, 3)))
np.linalg.lstsq(tall, np.zeros((5, 0))); np.linalg.pinv(np.zeros((0, 3)))
np.linalg.vector_norm(tall)
np.linalg.tensorinv(np.eye(6).reshape(2, 3, 6) + 0.1)
np.linalg.tensorinv(several[0], ind=1); np.linalg.tensorsolve(several[0], v)
np.linalg.tensorsolve(np.eye(6).reshape(2, 3, 2, 3) * 2.0, several[:, 0])
np.linalg.tensorsolve(np.eye(6).reshape(2, 6, 3) + 0.1, np.ones(6), axes=(0, 2))
"""
FOURIER = """
np.fft.fft(x); np.fft.fft(x, 5); np.fft.fft(x, 11)
np.fft.fft(several, axis=0, norm='ortho'); np.fft.ifft(z, axis=1)
np.fft.ifft(z, 7, 1, 'forward'); np.fft.rfft(x); np.fft.rfft(x, 7)
np.fft.rfft(several, axis=-2); np.fft.irfft(z); np.fft.irfft(z, 5); np.fft.irfft(x)
np.fft.irfft(x, 9, norm='ortho'); np.fft.hfft(z); np.fft.hfft(x, 6, norm='forward')
np.fft.ihfft(x); np.fft.ihfft(x, 5, norm='ortho'); np.fft.fft2(several)
np.fft.fft2(several, (2, 4)); np.fft.ifft2(z); np.fft.fftn(several)
np.fft.fftn(several, (2, -1), (0, 1)); np.fft.fftn(several, axes=(0, 0))
np.fft.ifftn(z, axes=(1, )); np.fft.rfftn(several)
np.fft.rfftn(several, (2, 5), (0, 1)); np.fft.rfft2(several); np.fft.irfftn(z)
np.fft.irfftn(z, (3, 4), (2, 0)); np.fft.irfft2(z, norm='ortho')
np.fft.fft(x.astype('f4')); np.fft.fft(x.astype('f2')); np.fft.irfft(x.astype('f2'))
np.fft.rfft(np.arange(5)); np.fft.irfft(np.arange(5))
np.fft.irfft(np.arange(5, dtype='i1')); np.fft.fftfreq(5, 0.1); np.fft.rfftfreq(6)
np.fft.ifft(np.ones(3, bool)); np.fft.fft(np.zeros((0, 3)))
np.fft.fftn(several, (2, 2)); np.fft.fftshift(x)
np.fft.fft(np.asfortranarray(tall), axis=0); np.fft.hfft(np.arange(4))
"""

SUMS = """
np.einsum('...ij,...jk', several, sides); np.einsum('...ij->...', several)
np.einsum('ij,ji->', several[0], several[0]); np.einsum('i,i->', v, v)
np.einsum('...ij,jk->...ik', several, tall.T); np.einsum('i...->...', several)
np.einsum('...ii->...i', several); np.einsum('...j,...j', several, wide[:, :3])
np.einsum('ij...,j...->i...', several[0], tall[:3]); np.einsum('...,...', v, several)
np.einsum('...j,...j->...', several, several[:1, :, :1]); np.einsum('i,i', v, v[:1])
np.einsum(several, [0, 1, 2], sides, [0, 2, 3], [3, 0, 1]); np.einsum(v, [0], v, [1])
np.einsum(several, [..., 1], v, [1]); np.einsum('ij,jk', tall, np.ones((1, 2)))
np.einsum('ij,kl->iklj', wide, tall); np.einsum('ij,ij->ij', tall, tall[:1])
"""


def _split(text: str) -> list[str]:
    return [
        part.strip() for part in text.replace("\n", "; ").split("; ") if part.strip()
    ]


def operands() -> dict[str, numpy.ndarray]:
    rng = numpy.random.default_rng(0)
    several, tall = rng.normal(size=(2, 3, 3)), rng.normal(size=(5, 3))
    turned = several.swapaxes(1, 2)
    return {
        "several": several,
        "sides": rng.normal(size=(2, 3, 2)),
        "even": several + turned,
        "positive": several @ turned + numpy.eye(3),
        "tall": tall,
        "wide": tall.T.copy(),
        "z": several + 1j * rng.normal(size=several.shape),
        "x": rng.normal(size=8),
        "v": rng.normal(size=3),
    }


@pytest.mark.parametrize("expression", _split(LINALG + FOURIER + SUMS))
def test_an_expression_means_the_same_as_in_numpy(expression: str) -> None:
    plain = operands()
    with engine.config(tier="numpy"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = eval(expression, {"np": numpy, **plain})
        lazy = {name: np.array(x) for name, x in plain.items()}
        compare(expected, eval(expression, {"np": np, **lazy}))


GRADIENTS = """
np.linalg.solve(m, v); np.linalg.norm(m, 'nuc'); np.linalg.norm(m, 2)
np.linalg.norm(m, -2); np.linalg.norm(m, 1); np.linalg.norm(v, 3); np.linalg.cond(m)
np.linalg.cond(m, 1); np.linalg.matrix_power(m, -2); np.linalg.matrix_power(m, 5)
np.linalg.multi_dot([v, m, m.T, m]); np.linalg.trace(m); np.linalg.diagonal(m)
np.linalg.lstsq(m[:, :2], v)[0]; np.linalg.lstsq(m[:, :2], m)[1]
np.linalg.lstsq(m[:2], m[:2])[0]; np.linalg.lstsq(m[:, :2], v, -1)[0]
 np.linalg.qr(m, 'r'); np.linalg.qr(m[:2]).R
np.linalg.svd(m).S; np.linalg.svd(m[:2], False).Vh; np.linalg.slogdet(m).logabsdet
np.linalg.eigvals(m @ m.T).real; np.linalg.eig(m @ m.T).eigenvectors.real
np.abs(np.fft.fft(v)); np.fft.ifft(m, axis=0).imag; np.fft.rfft(v, 5).imag
np.fft.irfft(np.fft.rfft(v) * v[:2]); np.fft.hfft(v); np.abs(np.fft.ihfft(v, 2))
np.abs(np.fft.fft2(m)); np.fft.irfftn(m, (2, 3), (1, 0)); np.abs(np.fft.rfftn(m))
np.einsum('ij,jk,k->i', m, m, v); np.einsum('ii->i', m); np.einsum('ij,ij->', m, m)
np.einsum('...i,...i->...', m, v); np.einsum('ij,j', m, v[:1])
np.linalg.tensorsolve(m, v); np.linalg.tensorinv(m, ind=1); np.kron(m, v)
 np.fft.fftshift(v) * v
"""


@pytest.mark.parametrize("expression", _split(GRADIENTS))
def test_gradients_are_those_of_central_differences(expression: str) -> None:
    rng = numpy.random.default_rng(2)
    plain = {"m": rng.normal(size=(3, 3)), "v": rng.normal(size=3)}
    with engine.config(tier="numpy"):
        lazy = {name: np.array(x).requires_grad_() for name, x in plain.items()}
        weighted(expression, lazy, np).backward()
        for name, x in plain.items():
            grad = lazy[name].grad
            found = numpy.zeros_like(x) if grad is None else grad.computed()
            expected = differences(expression, plain, name)
            numpy.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-5)


def gradient(function: Callable[[Any], Any], x: Any) -> numpy.ndarray:
    array = np.array(x).requires_grad_()
    function(array).backward()
    found: numpy.ndarray = array.grad.computed()
    return found


def test_nothing_is_computed_before_a_value_is_looked_at() -> None:
    x = np.array(operands()["several"])
    engine.reset_stats()
    u, s, vh = np.linalg.svd(np.linalg.inv(x) @ np.fft.fft(x).real, False)
    assert (u.shape, s.dtype, vh.shape) == ((2, 3, 3), float, (2, 3, 3))
    assert engine.stats()["launches"] + engine.stats()["interpreted_ops"] == 0


def test_all_results_and_gradients_come_of_one_decomposition(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls, svd = [], numpy.linalg.svd
    monkeypatch.setattr(
        numpy.linalg, "svd", lambda *x, **y: calls.append(1) or svd(*x, **y)
    )
    x = np.array(operands()["tall"]).requires_grad_()
    u, s, vh = np.linalg.svd(x, full_matrices=False)
    engine.eval(s)
    engine.eval(u)
    (u.sum() + s.sum() + vh.sum()).backward()
    engine.eval(x.grad)
    assert len(calls) == 1


def test_a_singular_determinant_has_the_gradient_of_its_minors() -> None:
    outer = numpy.outer([1.0, 2.0, 3.0], [1.0, 0.0, 2.0])
    x = numpy.stack([outer + numpy.diag([0.0, 1.0, 0.0]), numpy.zeros((3, 3)), outer])
    found = gradient(lambda x: np.linalg.det(x).sum(), x)
    minors = numpy.empty_like(x)
    for i, j in numpy.ndindex(3, 3):
        rest = numpy.delete(numpy.delete(x, i, 1), j, 2)
        minors[:, i, j] = (-1) ** (i + j) * numpy.linalg.det(rest)
    numpy.testing.assert_allclose(found, minors, atol=1e-13)


def test_a_second_derivative_of_a_singular_determinant_is_refused() -> None:
    x = np.zeros((2, 2)).requires_grad_()
    (slope,) = engine.autograd.grad(np.linalg.det(x), x, create_graph=True)
    with pytest.raises(LinAlgError, match="inv: Singular matrix"):
        engine.eval(*engine.autograd.grad(slope.sum(), x))


def test_equal_values_do_no_harm_where_no_vector_counts() -> None:
    one = numpy.eye(3)
    assert gradient(lambda x: np.linalg.svd(x).S.sum(), one).tolist() == one.tolist()
    assert gradient(lambda x: np.linalg.eigh(x)[0].sum(), one).tolist() == one.tolist()
    assert not numpy.isfinite(
        gradient(lambda x: np.linalg.eigh(x)[1][0, 1] * 1.0, one)
    ).all()


def test_a_matrix_that_is_selected_away_contributes_nothing() -> None:
    x = numpy.stack([numpy.eye(2) * 2.0, numpy.ones((2, 2)), numpy.full((2, 2), 0.0)])
    kept = np.array([True, False, False])
    found = gradient(
        lambda x: np.where(kept, np.linalg.slogdet(x).logabsdet, 0.0).sum(), x
    )
    expected = numpy.zeros((3, 2, 2))
    expected[0] = numpy.eye(2) / 2.0
    numpy.testing.assert_allclose(found, expected)
    x[1] = numpy.nan
    found = gradient(
        lambda x: np.where(kept[:, None], np.fft.ifft(x)[..., 0].real, 0).sum(), x
    )
    assert numpy.isfinite(found).all()


def test_gradients_of_hermitian_matrices_are_hermitian() -> None:
    x = operands()["positive"]
    for function in (
        np.linalg.cholesky,
        lambda x: np.linalg.eigh(x)[1],
        np.linalg.eigvalsh,
    ):
        found = gradient(lambda x, f=function: (f(x) ** 3).sum(), x)
        numpy.testing.assert_allclose(found, found.swapaxes(1, 2), atol=1e-12)


def test_eigenvalues_are_real_where_those_of_the_installed_numpy_are() -> None:
    plain = numpy.array([[0.0, 1.0], [-1.0, 0.0]])
    turning = np.array(plain)
    for power in (1, 2):
        expected = numpy.linalg.eig(plain**power).eigenvalues
        found = np.linalg.eig(turning**power).eigenvalues
        assert found.dtype == expected.dtype
    found = gradient(lambda x: np.linalg.eig(x).eigenvalues.imag.max(), turning)
    numpy.testing.assert_allclose(found, [[0.0, 0.5], [-0.5, 0.0]], atol=1e-15)


def test_transforms_write_where_they_are_told() -> None:
    x, out = np.arange(4.0), np.zeros(4, complex)
    assert np.fft.fft(x, out=out) is out
    assert out.tolist() == numpy.fft.fft(numpy.arange(4.0)).tolist()
    product = np.zeros((2, 2))
    assert np.linalg.multi_dot([np.ones((2, 2))] * 3, out=product) is product
    assert product.tolist() == [[4.0, 4.0], [4.0, 4.0]]


def test_frequencies_have_the_dtype_and_the_device_that_is_asked_for() -> None:
    found = np.fft.fftfreq(5, d=0.5, dtype=np.float32, device="cpu")
    assert (found.dtype, found.device) == (np.float32, "cpu")
    assert found.tolist() == numpy.fft.fftfreq(5, 0.5).astype("f4").tolist()
    assert np.fft.rfftfreq(4, dtype="f4").dtype == np.float32
    with pytest.raises(ValueError, match=r"device 'cpu' .*'moon' was given"):
        np.fft.rfftfreq(4, device="moon")


def test_lengths_without_axes_are_deprecated_as_in_numpy() -> None:
    with pytest.warns(DeprecationWarning, match="`axes` should not be `None`"):
        np.fft.fftn(np.ones((2, 2)), (2,))
