"""Gradients through the functions of the face, against central differences."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

import engine
import engine.numpy as np

EXPRESSIONS = """
np.exp(m); np.sin(m) * m; m ** 3; m ** 2.5; 2 ** m; m / v; m // 2.0 + m; m % 1.7
np.sqrt(m); np.log1p(m); np.tanh(m); np.arctan2(m, v); np.hypot(m, v); abs(m - 2)
np.maximum(m, 2); np.minimum(m, v); np.clip(m, 1, 3); np.where(m > 2, m, 3 * m)
m.T @ m; m @ v; np.dot(v, v); np.outer(v, v); np.tensordot(m, m, 2); np.inner(m, m)
np.einsum('ij,kj->ik', m, m); np.kron(v, m); np.trace(m); np.cross(m[:, :3], v[:3])
m.sum(axis=0); m.mean(); m.mean(axis=1, where=m > 1); m.var(axis=1); m.std(axis=0)
m.max(axis=1); m.min(); m.prod(axis=0); np.ptp(m); np.cumsum(m, axis=1); np.cumprod(v)
np.median(m); np.percentile(m, 30, axis=1); np.average(m, axis=1, weights=v)
np.sort(m, axis=0); np.linalg.norm(m); np.linalg.norm(m, axis=1); np.nansum(m)
np.cov(m)
m[1:, ::-1]; m[[0, 2, 0]]; m[:, [1, 1]]; m[m > 2]; m.T.reshape(-1)[::2]; m.diagonal()
np.take(m, [1, 5]); np.take_along_axis(m, np.argsort(m, 1), 1); np.roll(m, 1, 0)
np.concatenate([m, 2 * m]); np.stack([m, m * m], 1); np.pad(m, 1); np.pad(m, 1, 'edge')
np.repeat(m, 2, 0); np.tile(m, 2); np.broadcast_to(v, (3, 4)) * m; np.flip(m, 1) * m
np.tril(m); np.diag(v); np.diff(m); np.gradient(m, axis=0); np.convolve(v, v)
np.vander(v, 3); np.select([m > 2], [m * m], 0); np.compress([True, False, True], m, 0)
np.add.reduce(m); np.add.outer(v, v) * 2; np.multiply.accumulate(v); np.trapezoid(m)
np.nan_to_num(m) * m; np.round(m) * m; np.sinc(m); np.logaddexp(m, v); np.square(m.T)
"""
CASES = [
    part.strip()
    for line in EXPRESSIONS.strip().splitlines()
    for part in line.split(";")
]


def operands() -> dict[str, numpy.ndarray]:
    rng = numpy.random.default_rng(7)
    return {"m": rng.uniform(0.3, 3.7, (3, 4)), "v": rng.uniform(0.5, 3.0, 4)}


def weighted(expression: str, values: dict[str, Any], module: Any) -> Any:
    """A number that depends on every element of the expression in another way."""
    result = eval(expression, {"np": module, **values})
    count = int(numpy.prod(result.shape))
    weights = (numpy.arange(count) % 7 + 1.0).reshape(result.shape)
    return (result * weights).sum()


@pytest.mark.parametrize("expression", CASES)
def test_gradient_of_an_expression(expression: str) -> None:
    plain = operands()
    with engine.config(tier="numpy"):
        lazy = {name: np.array(x) for name, x in plain.items()}
        for x in lazy.values():
            x.requires_grad_()
        weighted(expression, lazy, np).backward()
        for name, x in plain.items():
            grad = lazy[name].grad
            found = numpy.zeros(x.shape) if grad is None else grad.computed()
            expected = differences(expression, plain, name)
            numpy.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-5)


def differences(
    expression: str, plain: dict[str, numpy.ndarray], name: str
) -> numpy.ndarray:
    """Central differences in NumPy."""
    step, grad = 1e-6, numpy.zeros(plain[name].shape)
    for place in numpy.ndindex(grad.shape):
        ends = []
        for sign in (1, -1):
            moved = plain[name].copy()
            moved[place] += sign * step
            values = {**plain, name: moved}
            ends.append(float(weighted(expression, values, numpy)))
        grad[place] = (ends[0] - ends[1]) / (2 * step)
    return grad


def test_the_slope_of_a_deviation_of_equal_numbers_is_zero() -> None:
    x = np.ones(4)
    x.requires_grad_()
    x.std().backward()
    assert x.grad.tolist() == [0.0] * 4


def test_branches_not_taken_have_no_gradient() -> None:
    x = np.array([0.0, 4.0])
    x.requires_grad_()
    np.where(x > 0, np.sqrt(x), 0.0).sum().backward()
    assert x.grad.tolist() == [0.0, 0.25]


def test_writing_to_a_leaf_raises_but_not_to_a_copy() -> None:
    x = np.ones(3)
    x.requires_grad_()
    with pytest.raises(RuntimeError, match="a leaf that requires grad was given"):
        x[0] = 2.0
    y = x.copy()
    y[1:] *= 3.0
    y[y > 2] = 0.0
    np.add.at(y, [0, 0], x[:2] * 2)
    y.sum().backward()
    assert x.grad.tolist() == [3.0, 2.0, 0.0]


def test_out_arguments_carry_gradients() -> None:
    x, out = np.array([1.0, 2.0]), np.zeros(2)
    x.requires_grad_()
    np.multiply(x, x, out=out)
    out.sum().backward()
    assert x.grad.tolist() == [2.0, 4.0]
