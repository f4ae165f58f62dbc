"""Products, scans and gathers of parts of arrays, wherever the parts begin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest

import engine
import engine.numpy as np


def numbers(*shape: int) -> Any:
    return numpy.random.default_rng(0).normal(size=shape)


LIBRARY_CALLS: list[Callable[[Any, Any, Any, int], Any]] = [
    lambda np, x, places, i: x[i] @ x[i + 1],
    lambda np, x, places, i: x[i : i + 3, 1:] @ x[i + 1, :7],
    lambda np, x, places, i: x[i + 1 : i + 3].T @ x[i : i + 2],
    lambda np, x, places, i: np.cumsum(x[i : i + 4], axis=0),
    lambda np, x, places, i: x[places[i : i + 5]],
    lambda np, x, places, i: x[7][places[i, ::2] % 8],
]


@pytest.mark.parametrize("tier", ["auto", "compiled"])
@pytest.mark.parametrize("call", LIBRARY_CALLS)
def test_library_calls_follow_regions(
    call: Callable[[Any, Any, Any, int], Any], tier: str, recorder: str
) -> None:
    x, places = numbers(120, 8), numpy.arange(1200).reshape(120, 10) * 7 % 120
    ours, ours_too = np.array(x), np.array(places)
    with engine.config(tier=tier):
        for _ in range(3):
            for i in (3, 50, 7, *range(9, 90)):
                found = numpy.asarray(call(np, ours, ours_too, i))
                want = call(numpy, x, places, i)
                numpy.testing.assert_allclose(found, want, rtol=1e-13)


def test_a_product_elsewhere_has_the_plan_of_the_first(recorder: str) -> None:
    x = np.array(numbers(300, 8))
    engine.eval(x)
    with engine.config(tier="compiled"):
        for i in range(3):
            engine.eval(x[i] @ x[i + 2])
        engine.reset_stats()
        for i in range(9, 290):
            engine.eval(x[i] @ x[i + 2])
    assert engine.stats()["interpreted_ops"] == 0


def test_results_of_other_extents_are_those_of_numpy(recorder: str) -> None:
    a = numbers(60, 60)
    x = np.array(a)
    for k in range(2, 58):
        assert float(x[k, :k] @ x[:k, 3]) == pytest.approx(float(a[k, :k] @ a[:k, 3]))
        assert float(x[:k, 1:k].max()) == float(a[:k, 1:k].max())
        assert int(x[k, k:].argmin()) == int(a[k, k:].argmin())
        assert (x[:k, 1] * 2.0 + x[1, :k]).shape == (k,)
        assert (x[:k, :1] - x[1, 1:k]).shape == (k, k - 1)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda x: x[0, :5] @ x[0, :4], "5 is different from 4"),
        (lambda x: x[0, :5] + x[0, :4], "could not be broadcast"),
        (lambda x: x[0, :0].max(), "zero-size array"),
        (lambda x: x[0, :0].argmin(), "empty|zero-size"),
    ],
)
def test_extents_that_do_not_fit_are_errors_however_often(
    wrong: Callable[[Any], Any], message: str, recorder: str
) -> None:
    x = np.array(numbers(3, 9))
    engine.eval(x)
    for k in range(3, 8):
        engine.eval(x[0, :k] @ x[1, :k], x[0, :k] + x[1, :k], x[0, :k].max())
        engine.eval(x[0, :k].argmin())
        with pytest.raises(ValueError, match=message):
            wrong(x)
    assert float(x[0, :0].sum()) == 0.0
