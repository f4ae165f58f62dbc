"""Random numbers: seeded, lazy, of the right distributions."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy
import pytest
import scipy.stats

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


CONTINUOUS: dict[str, tuple[tuple[Any, ...], Any]] = {
    "uniform": ((-1.0, 3.0), scipy.stats.uniform(-1, 4)),
    "normal": ((1.0, 2.0), scipy.stats.norm(1, 2)),
    "exponential": ((2.0,), scipy.stats.expon(scale=2)),
    "standard_exponential": ((), scipy.stats.expon()),
    "lognormal": ((0.5, 0.75), scipy.stats.lognorm(0.75, scale=numpy.exp(0.5))),
    "laplace": ((1.0, 2.0), scipy.stats.laplace(1, 2)),
    "gumbel": ((1.0, 2.0), scipy.stats.gumbel_r(1, 2)),
    "logistic": ((1.0, 2.0), scipy.stats.logistic(1, 2)),
    "rayleigh": ((2.0,), scipy.stats.rayleigh(scale=2)),
    "weibull": ((1.5,), scipy.stats.weibull_min(1.5)),
    "pareto": ((3.0,), scipy.stats.lomax(3)),
    "power": ((2.5,), scipy.stats.powerlaw(2.5)),
    "standard_cauchy": ((), scipy.stats.cauchy()),
    "triangular": ((-1.0, 0.5, 3.0), scipy.stats.triang(0.375, -1, 4)),
    "beta": ((2.0, 3.0), scipy.stats.beta(2, 3)),
    "chisquare": ((3.0,), scipy.stats.chi2(3)),
    "f": ((5.0, 8.0), scipy.stats.f(5, 8)),
    "gamma": ((2.0, 1.5), scipy.stats.gamma(2, scale=1.5)),
    "standard_gamma": ((2.0,), scipy.stats.gamma(2)),
    "noncentral_chisquare": ((3.0, 1.0), scipy.stats.ncx2(3, 1)),
    "noncentral_f": ((5.0, 8.0, 1.0), scipy.stats.ncf(5, 8, 1)),
    "standard_t": ((4.0,), scipy.stats.t(4)),
    "vonmises": ((0.0, 2.0), scipy.stats.vonmises(2)),
    "wald": ((1.0, 2.0), scipy.stats.invgauss(0.5, scale=2)),
}
DISCRETE: dict[str, tuple[tuple[Any, ...], Any]] = {
    "geometric": ((0.3,), scipy.stats.geom(0.3)),
    "binomial": ((9, 0.3), scipy.stats.binom(9, 0.3)),
    "poisson": ((3.0,), scipy.stats.poisson(3)),
    "hypergeometric": ((7, 5, 6), scipy.stats.hypergeom(12, 7, 6)),
    "logseries": ((0.6,), scipy.stats.logser(0.6)),
    "negative_binomial": ((4, 0.4), scipy.stats.nbinom(4, 0.4)),
    "zipf": ((4.0,), scipy.stats.zipf(4)),
}


@pytest.mark.parametrize("name", CONTINUOUS)
def test_a_distribution_is_that_of_scipy(name: str) -> None:
    arguments, model = CONTINUOUS[name]
    drawn = getattr(np.random.default_rng(11), name)(*arguments, size=4000)
    assert drawn.dtype == numpy.float64
    assert scipy.stats.kstest(drawn.computed(), model.cdf).pvalue > 0.01


@pytest.mark.parametrize("name", DISCRETE)
def test_a_distribution_of_integers_is_that_of_scipy(name: str) -> None:
    arguments, model = DISCRETE[name]
    drawn = getattr(np.random.default_rng(12), name)(*arguments, size=4000)
    assert drawn.dtype == numpy.int64
    places = numpy.arange(0, 12)
    found = (drawn.computed()[:, None] <= places).mean(axis=0)
    numpy.testing.assert_allclose(found, model.cdf(places), atol=0.03)


def test_distributions_of_vectors() -> None:
    rng = np.random.default_rng(13)
    vectors = rng.multivariate_normal([1.0, 2.0], [[2.0, 0.5], [0.5, 1.0]], 20_000)
    numpy.testing.assert_allclose(vectors.mean(0).computed(), [1, 2], atol=0.05)
    found = np.cov(vectors.T).computed()
    numpy.testing.assert_allclose(found, [[2, 0.5], [0.5, 1]], atol=0.06)
    numpy.testing.assert_allclose(rng.dirichlet([1.0, 2.0], 5).sum(1).computed(), 1.0)
    assert rng.multinomial(9, [0.5, 0.5], 4).sum(1).tolist() == [9] * 4
    colors = rng.multivariate_hypergeometric([3, 4], 5, 6)
    assert colors.sum(1).tolist() == [5] * 6


@pytest.mark.parametrize("name", [*CONTINUOUS, *DISCRETE])
def test_the_old_functions_draw_the_same_distributions(name: str) -> None:
    arguments, _ = {**CONTINUOUS, **DISCRETE}[name]
    np.random.seed(5)
    found = getattr(np.random, name)(*arguments, size=3)
    again = getattr(np.random.default_rng(5), name)(*arguments, size=3)
    assert found.tolist() == again.tolist()


def test_the_parameters_of_a_draw_have_gradients() -> None:
    scale = np.array(2.0).requires_grad_()
    drawn = np.random.default_rng(3).gumbel(1.0, scale, 5)
    drawn.sum().backward()
    expected = ((drawn - 1.0) / scale).sum()
    assert float(scale.grad) == pytest.approx(float(expected))
    with pytest.raises(TypeError, match="NumPy draws the numbers"):
        np.random.default_rng(3).gamma(scale)


def test_parameters_must_fit_into_the_size() -> None:
    rng = np.random.default_rng(0)
    assert rng.gumbel(np.zeros((3, 1)), np.ones(2)).shape == (3, 2)
    assert rng.poisson([1.0, 2.0]).shape == (2,)
    assert rng.binomial([5, 500], 0.5).shape == (2,)
    with pytest.raises(ValueError, match="fit into size"):
        rng.logistic(np.zeros(3), size=2)


def test_rows_are_permuted_by_themselves() -> None:
    x = np.arange(60).reshape(3, 20)
    rng = np.random.default_rng(0)
    rows = rng.permuted(x, axis=1)
    assert np.sort(rows, 1).tolist() == x.tolist()
    assert (rows[0] % 20).tolist() != (rows[1] % 20).tolist()
    out = np.zeros_like(x)
    assert rng.permuted(x, out=out) is out
    assert np.sort(out, None).tolist() == list(range(60))
    letters = list("abcdefgh")
    rng.shuffle(letters)
    assert sorted(letters) == list("abcdefgh")


def test_bit_generators_and_seed_sequences_are_seeds() -> None:
    for make in (np.random.PCG64, np.random.SeedSequence, np.random.Philox):
        one, two = (np.random.default_rng(make(5)).random(3).tolist() for _ in "ab")
        assert one == two
        assert one != np.random.default_rng(make(6)).random(3).tolist()
    one, two = np.random.default_rng(1).spawn(2)
    assert one.random(3).tolist() != two.random(3).tolist()
    with pytest.raises(TypeError, match="bit generator"):
        np.random.Generator(5)


def test_a_state_can_be_gone_back_to() -> None:
    state = np.random.get_state()
    first = np.random.rand(3).tolist()
    np.random.set_state(state)
    assert np.random.rand(3).tolist() == first


def test_draws_can_be_stored() -> None:
    rng, out = np.random.default_rng(0), np.zeros(3)
    assert rng.random(out=out) is out
    assert (out != 0).all()
    assert rng.standard_exponential(2, "float32", "inv").dtype == numpy.float32
    with pytest.raises(ValueError, match="differ"):
        rng.standard_normal(4, out=out)


def test_draws_of_numpy_are_drawn_anew_in_compiled_functions() -> None:
    rng = np.random.default_rng(0)
    draw = engine.compile(lambda x: x + rng.gamma(2.0, size=3))
    drawn = [draw(np.zeros(3)).tolist() for _ in range(3)]
    assert drawn[0] != drawn[1] != drawn[2]


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
    with pytest.raises(ValueError, match="out of bounds for int8"):
        rng.integers(0, 300, dtype="int8")
    with pytest.raises(ValueError, match="p in"):
        rng.geometric(1.5)
    with pytest.raises(ValueError, match="gamma: shape < 0"):
        rng.gamma(-1.0)
    with pytest.raises(ValueError, match="do not sum to 1"):
        rng.choice(2, p=[0.5, 0.6])
    with pytest.raises(ValueError, match="non-negative"):
        np.random.default_rng(-1)


def test_generators_are_pickled_and_copied_where_they_are() -> None:
    rng = np.random.default_rng(3)
    rng.random(5)
    others = [pickle.loads(pickle.dumps(rng)), copy.deepcopy(rng)]
    drawn = rng.random(4).tolist()  # no logarithm, whose last bits are of a tier
    assert [other.random(4).tolist() for other in others] == [drawn] * 2


def test_the_state_of_a_stream_is_read_and_set() -> None:
    rng, other = np.random.default_rng(3), np.random.default_rng(4)
    rng.random(5)
    state = rng.bit_generator.state
    drawn = rng.random(4).tolist()
    other.bit_generator.state = pickle.loads(pickle.dumps(state))
    assert other.random(4).tolist() == drawn
    with pytest.raises(ValueError, match="state: one of a stream of Engine was"):
        rng.bit_generator.state = numpy.random.default_rng(3).bit_generator.state


def test_seeds_may_be_arrays_of_engine() -> None:
    seeds = [[1, 2], np.array([1, 2]), numpy.array([1, 2])]
    drawn = [np.random.default_rng(seed).random(3).tolist() for seed in seeds]
    assert drawn[1:] == drawn[:1] * 2
    assert str(np.random.default_rng(1)) == "Generator(Philox)"
