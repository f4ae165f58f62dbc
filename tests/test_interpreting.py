"""The interpreter, by native code and by Python: the same results, errors, counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest

import engine
import engine.numpy as np
from engine.record.registry import REGISTRY

pytestmark = pytest.mark.usefixtures("recorder", "interpreted")


@pytest.fixture
def interpreted() -> Any:
    """Everything is interpreted."""
    tier, engine.config.tier = engine.config.tier, "numpy"
    yield
    engine.config.tier = tier


def writes(np: Any, x: Any) -> Any:
    y = x.copy()
    y[1:, 0] = 2.5
    y[:, -1] += y[:, 0]
    z = y[::-1, ::2] - x[0, 0]
    y[...] = 1.0
    y[0] = z[0, :1]
    return y, z


def scalars(np: Any, x: Any) -> Any:
    total = (x * 2.0 + 1).sum()
    return total, x[1, 1] * 3 - total, np.maximum(x.max(), 0.5), x[0, 0] ** 2


def shapes(np: Any, x: Any) -> Any:
    return x.T, x.reshape(-1)[1:5], x[:, None, :1], np.broadcast_to(x[0], (2, 4)), x[:0]


def kinds(np: Any, x: Any) -> Any:
    n = x.astype(np.int16)
    return n // 2, x.astype(complex) * 1j, x > 0, n.astype(np.float32) / 3, -n


def orders(np: Any, x: Any) -> Any:
    return np.sort(x, axis=0), x.argmax(axis=1), np.cumsum(x, 0), x @ x.T, x[[2, 0]]


@pytest.mark.parametrize("program", [writes, scalars, shapes, kinds, orders])
def test_programs_give_what_numpy_does(program: Callable[..., Any]) -> None:
    x = numpy.random.default_rng(0).normal(size=(3, 4))
    for _ in range(2):
        for ours, theirs in zip(
            program(np, np.array(x)), program(numpy, x.copy()), strict=True
        ):
            assert ours.dtype == theirs.dtype and ours.shape == theirs.shape
            numpy.testing.assert_array_equal(numpy.asarray(ours), theirs)


def test_results_are_arrays_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(REGISTRY["negative"], "reference", lambda x: x)
    x = np.arange(6.0)
    engine.eval(x)
    y = -x
    engine.eval(y)
    y += 1
    assert x.tolist() == [0, 1, 2, 3, 4, 5] and y.tolist() == [1, 2, 3, 4, 5, 6]


def test_ops_are_counted() -> None:
    x = np.arange(6.0)
    engine.eval(x)
    engine.reset_stats()
    y = x[1:] * 2 + 1
    engine.eval(y)
    assert engine.stats()["interpreted_ops"] == 3


def test_what_is_not_needed_is_not_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    exp = REGISTRY["exp"].reference
    monkeypatch.setattr(
        REGISTRY["exp"], "reference", lambda x: calls.append(1) or exp(x)
    )
    x = np.arange(6.0)
    np.exp(x)
    y = np.exp(x) + 1
    engine.eval(y)
    assert len(calls) == 1


def test_memory_goes_when_it_is_no_longer_read() -> None:
    x = np.ones(100_000)
    engine.eval(x)
    engine.reset_stats()
    y = x
    for _ in range(50):
        y = y * 1.5 - x
    engine.eval(y)
    assert engine.stats()["peak_bytes"] <= engine.stats()["bytes_in_use"] + 4 * x.nbytes


def test_what_does_not_depend_on_a_failure_is_computed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(x: Any) -> Any:
        raise ValueError("no exp today")

    x = np.arange(6.0)
    engine.eval(x)
    y = np.exp(x)
    lost, kept = y + 1, x * 2
    monkeypatch.setattr(REGISTRY["exp"], "reference", fail)
    with pytest.raises(ValueError, match="exp: no exp today; recorded at"):
        engine.eval(lost)
    monkeypatch.undo()
    assert kept.tolist() == [0, 2, 4, 6, 8, 10]
    with pytest.raises(ValueError, match="lost"):
        engine.eval(lost)


def test_floating_point_errors_are_heard_of() -> None:
    x = np.zeros(3)
    engine.eval(x)
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        engine.eval(1 / x)
