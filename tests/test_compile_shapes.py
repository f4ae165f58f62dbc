"""Compiled functions that ask for shapes: one recording serves many extents."""

from __future__ import annotations

import random
from typing import Any

import numpy
import pytest
from sizes import (
    Program,
    compare,
    families,
    numbers,
    sized_replays,
    with_numpy,
)

import engine
import engine.numpy as np
from engine.record.extent import Extent
from engine.record.node import COMMON

pytestmark = pytest.mark.usefixtures("compiled_tier")


def padded(x: Any) -> Any:
    n = x.shape[0]
    out = np.zeros(n + 2)
    out[1 : n + 1] = x[:n] * 2
    return out, out.sum() / n


def by_size(x: Any) -> Any:
    return np.ones(x.shape) * x + x.size, x.reshape(x.shape[0], 1), x.size - 1


def windows(x: Any) -> Any:
    n = x.shape[0]
    return x[: n - 2] + x[2:], {"n": n, "both": [n - 3, (n,)]}


@pytest.mark.parametrize(
    "function", [padded, by_size, windows], ids=lambda f: f.__name__
)
def test_shapes_may_be_asked_for(function: Program) -> None:
    compiled = engine.compile(function)
    for n in random.Random(11).sample(range(4, 99), 60):
        found = compiled(np.array(numbers(n)))
        want = with_numpy(function)(numbers(n))
        assert numpy.allclose(found[0], want[0], rtol=1e-12)
        if function is padded:
            assert numpy.allclose(found[1], want[1], rtol=1e-12)
        else:
            assert repr(found[-1]) == repr(want[-1])
    assert sized_replays(compiled) > 5, [x.reason for x in families(compiled)]


def test_two_extents_that_python_has() -> None:
    def function(x: Any, y: Any) -> Any:
        return y[: x.shape[0]] * 2

    compiled = engine.compile(function)
    for n in range(4, 24):
        compare(compiled, function, numbers(n), numbers(n + 5))
    for n, m in [(30, 10), (10, 30), (7, 8), (24, 23)]:
        compare(compiled, function, numbers(n), numbers(m))


def test_extents_are_integers_when_the_call_is_over() -> None:
    seen: list[Any] = []

    def function(x: Any, kept: list[Any]) -> Any:
        kept.append(x.shape[0] - 1)
        return x + kept[-1]

    compiled = engine.compile(function)
    for n in (5, 6, 7):
        compiled(np.ones(n), seen)
    assert [*map(type, seen)] == [int] * 3
    assert seen == [4, 5, 6]


def _has_extent(thing: Any) -> bool:
    if type(thing) is Extent:
        return True
    return isinstance(thing, tuple) and any(map(_has_extent, thing))


def test_what_is_recorded_keeps_no_extents() -> None:
    def function(x: Any) -> Any:
        n = x.shape[0]
        made = engine.eye(n) + engine.full((n, n), 2.0) + engine.zeros(n, x.size(0))
        line = engine.linspace(0, 1, n) + engine.arange(n) + engine.rand(n)
        return made, line + engine.randperm(n), x.view(n, 1).expand(-1, n)

    compiled = engine.compile(function)
    for n in (23, 23, 29, 31):
        compiled(engine.ones(n))
    assert not any(map(_has_extent, list(COMMON)))


def negative(x: Any) -> Any:
    n = x.shape[0]
    return x[: n - 9] * 2


def shrinking(x: Any) -> Any:
    return x[5 : 30 - x.shape[0]] * 2


def doubled(x: Any) -> Any:
    return x[: 2 * x.shape[0] - 12] * 2


@pytest.mark.parametrize(
    "function", [negative, shrinking, doubled], ids=lambda f: f.__name__
)
def test_bounds_that_turn_around(function: Program) -> None:
    compiled = engine.compile(function)
    rng = random.Random(12)
    for _ in range(80):
        compare(compiled, function, numbers(rng.randint(3, 30)))
