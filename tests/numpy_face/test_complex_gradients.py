"""Gradients of complex arrays against differences along both axes of the plane."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest

import engine
import engine.numpy as np

EXPRESSIONS = """
z * w; z / w; z - 2j * w; z ** w; z ** 2; z ** 3; z ** 0.5; z ** (1 + 2j); 2.0 ** z
x * z; x ** z; z / x; x + 1j * z; (z * x).real; z.conj() * w; abs(z); np.angle(z)
np.real(z) * np.imag(w); np.exp(z); np.log(z); np.sqrt(z); np.sin(z) * np.cosh(w)
np.arctan(z); np.tanh(z); np.sinc(z); np.square(z); np.reciprocal(z); np.sign(z)
np.log1p(z); np.expm1(z); np.positive(z); np.exp2(z); np.log10(z); np.conjugate(z) ** 2
z.sum(); z.mean(0); z.prod(1); z.var(); z.std(axis=1); np.cumsum(z); np.cumprod(z, 1)
z @ w.T; np.vdot(z, w); np.vecdot(z, w); np.inner(z, w); np.outer(z, w); np.kron(z, w)
np.tensordot(z, w, 2); np.einsum('ij,kj->ik', z, w.conj()); np.linalg.norm(z)
np.linalg.norm(z, axis=1); np.linalg.norm(z, 3, axis=1); np.linalg.norm(z, 'nuc')
np.where(x > 1, z, w * z); z[::-1, 1:] * w[:, :2]; z[[0, 0, 1]]; z.T.reshape(-1) ** 2
np.concatenate([z, w]); np.stack([z, x + z]); np.pad(z, 1); np.roll(z, 1, 1); np.diff(z)
z.astype(complex) * 1j; z.real + z.imag; np.trapezoid(z); np.convolve(z[0], w[1])
np.fft.fft(z); np.fft.irfft(z, 5); np.fft.fft(x); abs(np.fft.rfft(x)) ** 2
np.sort(z, axis=None); np.nan_to_num(z); np.average(z, weights=x); np.cov(z)
"""
CASES = [
    part.strip()
    for line in EXPRESSIONS.strip().splitlines()
    for part in line.split(";")
]


def operands() -> dict[str, numpy.ndarray]:
    rng = numpy.random.default_rng(4)
    parts = rng.uniform(0.3, 2.0, (4, 2, 3))
    return {
        "z": parts[0] + 1j * parts[1],
        "w": parts[2] - 1j * parts[3],
        "x": rng.uniform(0.5, 2.0, (2, 3)),
    }


def loss(expression: str, values: dict[str, Any], module: Any) -> Any:
    """A real number that depends on both parts of every element in another way."""
    result = eval(expression, {"np": module, **values})
    count = int(numpy.prod(result.shape))
    weights = (numpy.arange(count) % 7 + 1.0).reshape(result.shape)
    if result.dtype.kind == "c":
        weights = weights * (1.0 - 0.5j)
    return (result * weights).sum().real


@pytest.mark.parametrize("expression", CASES)
def test_gradient_of_an_expression(expression: str) -> None:
    plain = operands()
    with engine.config(tier="numpy"):
        lazy = {name: np.array(x).requires_grad_() for name, x in plain.items()}
        loss(expression, lazy, np).backward()
        for name, x in plain.items():
            grad = lazy[name].grad
            found = numpy.zeros_like(x) if grad is None else grad.computed()
            assert found.dtype == x.dtype
            expected = differences(expression, plain, name)
            numpy.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-5)


def differences(
    expression: str, plain: dict[str, numpy.ndarray], name: str
) -> numpy.ndarray:
    """Central differences in NumPy: those along the imaginary axis, times i."""
    step, grad = 1e-6, numpy.zeros_like(plain[name])
    ways = (1.0, 1j) if grad.dtype.kind == "c" else (1.0,)
    for place in numpy.ndindex(grad.shape):
        for way in ways:
            ends = []
            for sign in (1, -1):
                moved = plain[name].copy()
                moved[place] += sign * step * way
                values = {**plain, name: moved}
                ends.append(float(loss(expression, values, numpy)))
            grad[place] += way * (ends[0] - ends[1]) / (2 * step)
    return grad


def gradient(function: Callable[[Any], Any], x: Any) -> numpy.ndarray:
    array = np.array(x).requires_grad_()
    function(array).backward()
    found: numpy.ndarray = array.grad.computed()
    return found


def test_the_gradient_of_a_complex_operand_is_the_direction_of_ascent() -> None:
    """Of a real loss L: dL/dRe + i dL/dIm, as in PyTorch."""
    z = numpy.array([1.0 + 2.0j, -0.5j])
    assert gradient(lambda z: (z.real**2 + 3 * z.imag).sum(), z).tolist() == [
        2 + 3j,
        3j,
    ]
    numpy.testing.assert_allclose(gradient(lambda z: (abs(z) ** 2).sum(), z), 2 * z)
    found = gradient(lambda z: np.angle(z).sum(), z)
    numpy.testing.assert_allclose(found, 1j * z / abs(z) ** 2)


def test_writes_into_parts_have_gradients() -> None:
    z = np.array([1.0 + 2.0j, 3.0 - 1.0j]).requires_grad_()
    y = z * 1
    y.imag[...] = y.real**2
    (abs(y) ** 2).sum().backward()
    real = numpy.array([1.0, 3.0])
    numpy.testing.assert_allclose(z.grad.computed(), 2 * real + 4 * real**3 + 0j)


def test_a_directional_derivative_is_that_of_the_plane() -> None:
    """Of functions that are not analytic too."""
    z, way, step = operands()["z"], operands()["w"], 1e-6
    for function in (lambda z: z * abs(z), lambda z: z.conj() * z**2, lambda z: z.real):
        _, found = engine.jvp(function, (np.array(z),), (np.array(way),))
        expected = (function(z + step * way) - function(z - step * way)) / (2 * step)
        numpy.testing.assert_allclose(found.computed(), expected, rtol=1e-7)
