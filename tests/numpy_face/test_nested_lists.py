"""Gradients flow through lists that hold arrays, and are never lost in silence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest

import engine
import engine.numpy as np


def leaf() -> Any:
    return np.array([1.0, 2.0, 3.0]).requires_grad_()


def rotated(x: Any) -> Any:
    c, s = np.cos(x[0]), np.sin(x[0])
    return np.array([[c, -s], [s, c]]) @ np.ones(2)


def written(x: Any) -> Any:
    made = np.zeros((2, 3))
    made[0] = [x[0], 1, x[1] * x[2]]
    made[1, [0, 2]] = (x[1], x[0])
    np.put(made, [1], [x[2]])
    np.copyto(made[1, 1:2], [x[1] * x[0]])
    return made * made


MADE: dict[str, Callable[[Any], Any]] = {
    "a rotation": rotated,
    "rows": lambda x: np.array([x, x * x]),
    "numbers among them": lambda x: np.asarray([[x[0], 1], [0.0, x[1] ** 2]]),
    "an operand": lambda x: np.ones(2) * [x[0], x[1]] + np.add((x[1], x[2]), 1),
    "a product": lambda x: np.eye(2) @ [x[0] * x[0], x[1]],
    "joined": lambda x: np.concatenate([[x[0]], [1.0], x * x]),
    "an index": lambda x: np.r_[[x[0], x[1]], 1.0, x[2] ** 2],
    "written": written,
    "solved": lambda x: np.linalg.solve([[x[0], 0], [1, x[1]]], [1.0, x[2]]),
    "reduced": lambda x: np.mean([x, x * x], axis=0),
    "ends": lambda x: np.linspace(x[0], x[1] ** 2, 5),
    "put in": lambda x: np.insert(x * x, [0, 2], [x[1], 5]),
    "counted": lambda x: np.bincount([2, 0, 2], x * x, 4),
    "powers": lambda x: np.logspace(x[0] / 9, x[1] / 9, 4),
}


@pytest.mark.parametrize("name", MADE)
def test_gradients_flow_through_lists(name: str) -> None:
    x = leaf()
    (MADE[name](x) ** 2).sum().backward()
    h = 1e-6
    for k in range(3):
        step = numpy.zeros(3)
        step[k] = h
        below, above = (
            float((MADE[name](np.array([1.0, 2.0, 3.0]) + s) ** 2).sum())
            for s in (-step, step)
        )
        assert float(x.grad[k]) == pytest.approx((above - below) / (2 * h), abs=1e-5)


@pytest.mark.parametrize("dtype", [None, "float32", "complex128"])
def test_lists_have_the_dtype_that_numpy_gives_them(dtype: Any) -> None:
    x = np.ones(2, "float32").requires_grad_()
    given = numpy.ones(2, "float32")
    made = np.array([x[0], 1.0], dtype)
    assert made.dtype == numpy.array([given[0], 1.0], dtype).dtype
    assert np.array([x[0], x[1]], dtype).dtype == numpy.array(given, dtype).dtype
    assert made.requires_grad


def test_empty_lists_may_stand_beside_empty_arrays() -> None:
    made = np.array([leaf()[:0], []])
    wanted = numpy.array([numpy.zeros(3)[:0], []])
    assert (made.shape, made.dtype) == (wanted.shape, wanted.dtype)


def test_lists_of_different_lengths_are_refused() -> None:
    x = leaf()
    with pytest.raises(ValueError, match=r"the same shape: \(3,\) and \(\)"):
        np.array([x, x[0]])


def test_without_gradients_lists_are_copied() -> None:
    x = leaf()
    with engine.no_grad():
        assert not np.array([x[0], x[1]]).requires_grad
    assert not np.array([x.detach()[0], 1.0]).requires_grad


LOST: dict[str, Callable[[Any], Any]] = {
    "numpy.asarray": numpy.asarray,
    "numpy.array of a list": lambda x: numpy.array([x[0], x[1]]),
    "numpy.from_dlpack": numpy.from_dlpack,
    "numpy.polynomial": lambda x: numpy.polynomial.Polynomial(x)(1.0),
    "arange": lambda x: np.arange(x[0], x[2]),
    "geomspace": lambda x: np.geomspace(x[0], x[1], 5),
    "initial": lambda x: np.sum(np.ones(2), initial=x[0]),
    "the greatest": lambda x: np.max(np.ones(2), initial=x[0]),
    "edges": lambda x: np.histogram_bin_edges(x, 4),
    "rows put in": lambda x: np.insert(np.ones((2, 3)), 1, x, axis=0),
    "pad": lambda x: np.pad(np.ones(2), 1, constant_values=x[0]),
}


@pytest.mark.parametrize("name", LOST)
def test_a_gradient_that_would_be_lost_is_refused(name: str) -> None:
    x = leaf()
    with pytest.raises(TypeError, match=r"requires grad was given; use detach\(\)"):
        LOST[name](x)
    LOST[name](x.detach())
    with engine.no_grad():
        LOST[name](x)


MIXED: list[Callable[[Any, Any], list[Any]]] = [
    lambda x, n: [x[0], -x[1]],
    lambda x, n: [x[0], 2, 3.5],
    lambda x, n: [n[0], 2, n[1]],
    lambda x, n: [n[0], x[0], True],
    lambda x, n: [x.astype("f4")[0], n.astype("i2")[1]],
    lambda x, n: [n.astype("u8")[0], n.astype("i8")[0]],
    lambda x, n: [n[0] > 1, n[1] > 1],
    lambda x, n: [x[0] * 1j, 1],
    lambda x, n: [x[0], 1j],
    lambda x, n: [x, x],
    lambda x, n: [x[0], [1.0]],
    lambda x, n: [x[0], 2**70],
]


@pytest.mark.parametrize("make", MIXED)
def test_lists_of_scalars_and_numbers(make: Callable[[Any, Any], list[Any]]) -> None:
    x, n = numpy.array([1.5, -0.0]), numpy.array([3, 1])
    given = make(np.array(x), np.array(n))
    try:
        want = numpy.array(make(x, n))
        assert want.dtype != object
    except (ValueError, AssertionError):
        with pytest.raises((ValueError, TypeError)):
            np.array(given)
        return
    found = np.array(given)
    assert found.dtype == want.dtype and found.flags.writeable
    assert repr(found) == repr(want)
