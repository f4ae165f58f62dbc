"""Random numbers: seeded, lazy, of the right distributions."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

import engine
import engine.numpy as np

DRAWS: dict[str, Any] = {
    "random": lambda rng: rng.random((3, 4)),
    "normal": lambda rng: rng.normal(2.0, 3.0, (5,)),
    "standard_normal": lambda rng: rng.standard_normal(4, dtype="float32"),
    "uniform": lambda rng: rng.uniform(-1, 1, 6),
    "integers": lambda rng: rng.integers(0, 10, (2, 3)),
    "exponential": lambda rng: rng.exponential(2.0, 3),
    "lognormal": lambda rng: rng.lognormal(0.0, 1.0, 3),
    "laplace": lambda rng: rng.laplace(0.0, 1.0, 3),
    "binomial": lambda rng: rng.binomial(5, 0.5, 4),
    "permutation": lambda rng: rng.permutation(7),
    "choice": lambda rng: rng.choice(np.arange(5.0), 3),
}


@pytest.mark.parametrize("name", DRAWS)
def test_a_seed_gives_the_same_numbers_again(name: str) -> None:
    one, two = (DRAWS[name](np.random.default_rng(5)) for _ in range(2))
    other = DRAWS[name](np.random.default_rng(6))
    like = DRAWS[name](numpy.random.default_rng(5))
    assert one.tolist() == two.tolist()
    assert one.tolist() != other.tolist()
    assert (one.shape, one.dtype) == (like.shape, like.dtype)


def test_a_stream_goes_on() -> None:
    rng = np.random.default_rng(1)
    assert rng.random(4).tolist() != rng.random(4).tolist()


def test_the_old_functions_share_a_seed() -> None:
    np.random.seed(3)
    first = [np.random.rand(2, 2).tolist(), float(np.random.randn())]
    np.random.seed(3)
    assert [np.random.rand(2, 2).tolist(), float(np.random.randn())] == first
    assert np.random.randint(5, size=3).dtype == numpy.int64
    assert np.random.uniform(2, 3) >= 2


def test_draws_are_lazy() -> None:
    engine.reset_stats()
    drawn = np.random.default_rng(0).normal(size=(100, 100)) * 2 + 1
    assert engine.stats()["synchronisations"] == 0
    assert drawn.shape == (100, 100)


def test_distributions_have_their_moments() -> None:
    rng, n = np.random.default_rng(42), 200_000
    expected = {
        (0.5, 1 / 12): rng.random(n),
        (2.0, 9.0): rng.normal(2.0, 3.0, n),
        (4.5, 8.25): rng.integers(0, 10, n),
        (2.0, 4.0): rng.exponential(2.0, n),
        (0.0, 2.0): rng.laplace(size=n),
        (0.25, 0.1875): rng.choice(2, n, p=[0.75, 0.25]),
    }
    for (mean, variance), drawn in expected.items():
        assert float(drawn.mean()) == pytest.approx(mean, abs=0.03)
        assert float(drawn.var()) == pytest.approx(variance, rel=0.03)


def test_choice_without_replacement_repeats_nothing() -> None:
    rng = np.random.default_rng(0)
    drawn = rng.choice(10, 10, replace=False)
    assert sorted(drawn.tolist()) == list(range(10))
    weighted = rng.choice(4, 3, replace=False, p=[0.1, 0.2, 0.3, 0.4])
    assert len(set(weighted.tolist())) == 3
    with pytest.raises(ValueError, match="larger sample"):
        rng.choice(3, 5, replace=False)


def test_shuffle_works_in_place() -> None:
    x = np.arange(20)
    np.random.default_rng(0).shuffle(x)
    assert sorted(x.tolist()) == list(range(20))
    assert x.tolist() != list(range(20))


def test_parameters_may_be_arrays() -> None:
    drawn = np.random.default_rng(0).normal(np.array([0.0, 1000.0]), 1.0)
    assert drawn.shape == (2,)
    assert abs(float(drawn[1]) - 1000) < 10


def test_bad_parameters_raise() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="low >= high"):
        rng.integers(3, 3)
    with pytest.raises(ValueError, match="scale < 0"):
        rng.normal(0.0, -1.0)
    with pytest.raises(ValueError, match="do not sum to 1"):
        rng.choice(2, p=[0.5, 0.6])
    with pytest.raises(ValueError, match="non-negative"):
        np.random.default_rng(-1)
