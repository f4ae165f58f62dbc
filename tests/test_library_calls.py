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
