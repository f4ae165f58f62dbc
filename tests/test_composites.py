"""Composites against NumPy and SciPy on every backend, and their gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.special
import scipy.stats
from harness import BACKENDS, assert_same, check_gradients, operand, run

from engine import composites, ops
from engine.record.value import Value, constant

pytestmark = pytest.mark.backends

RNG = np.random.default_rng(3)
X = RNG.normal(size=(4, 5))
Y = RNG.normal(size=(4, 5))
POSITIVE = RNG.uniform(0.1, 0.9, (4, 5))
FLOAT = np.dtype(np.float64)

FUNCTIONS: dict[str, tuple[Callable[..., Value], Callable[..., Any], Any]] = {
    "relu": (composites.relu, lambda x: np.maximum(x, 0), X),
    "leaky_relu": (composites.leaky_relu, lambda x: np.where(x > 0, x, 0.01 * x), X),
    "elu": (composites.elu, lambda x: np.where(x > 0, x, np.expm1(x)), X),
    "gelu": (composites.gelu, lambda x: x * scipy.special.ndtr(x), X),
    "gelu, tanh": (
        lambda x: composites.gelu(x, "tanh"),
        lambda x: x * scipy.special.expit(np.sqrt(8 / np.pi) * (x + 0.044715 * x**3)),
        X,
    ),
    "silu": (composites.silu, lambda x: x * scipy.special.expit(x), X),
    "softplus": (composites.softplus, lambda x: np.log1p(np.exp(x)), X),
    "softplus, beta": (
        lambda x: composites.softplus(x, 2.0),
        lambda x: np.log1p(np.exp(2 * x)) / 2,
        X,
    ),
    "log_sigmoid": (composites.log_sigmoid, scipy.special.log_expit, X),
    "mish": (composites.mish, lambda x: x * np.tanh(np.log1p(np.exp(x))), X),
    "softmax": (composites.softmax, lambda x: scipy.special.softmax(x, -1), X),
    "softmax over rows": (
        lambda x: composites.softmax(x, 0),
        lambda x: scipy.special.softmax(x, 0),
        X,
    ),
    "log_softmax": (
        composites.log_softmax,
        lambda x: scipy.special.log_softmax(x, -1),
        X,
    ),
    "logsumexp": (
        lambda x: composites.logsumexp(x, 1),
        lambda x: scipy.special.logsumexp(x, 1),
        X,
    ),
    "logsumexp of all": (composites.logsumexp, scipy.special.logsumexp, X),
    "layer_norm": (
        lambda x: composites.layer_norm(x, 1, epsilon=0.1),
        lambda x: (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1)[:, None] + 0.1),
        X,
    ),
    "mean": (lambda x: composites.mean(x, 0), lambda x: x.mean(0), X),
    "mean, kept": (
        lambda x: composites.mean(x, -1, keepdims=True),
        lambda x: x.mean(-1, keepdims=True),
        X,
    ),
    "var": (lambda x: composites.var(x, 1, 1.0), lambda x: x.var(1, ddof=1), X),
    "std": (lambda x: composites.std(x), lambda x: x.std(), X),
    "norm": (lambda x: composites.norm(x, 1), lambda x: np.linalg.norm(x, axis=1), X),
    "outer": (lambda x: composites.outer(x, x), lambda x: np.outer(x, x), X[0]),
    "tril": (lambda x: composites.tril(x, -1), lambda x: np.tril(x, -1), X),
    "triu": (lambda x: composites.triu(x, 1), lambda x: np.triu(x, 1), X),
    "pad": (
        lambda x: composites.pad(x, [(1, 2), (0, 3)], 7.0),
        lambda x: np.pad(x, [(1, 2), (0, 3)], constant_values=7.0),
        X,
    ),
    "concatenate": (
        lambda x: composites.concatenate([x, x * 2.0, x], 1),
        lambda x: np.concatenate([x, x * 2, x], 1),
        X,
    ),
    "stack": (
        lambda x: composites.stack([x, -x], -1),
        lambda x: np.stack([x, -x], -1),
        X,
    ),
    "tile": (
        lambda x: composites.tile(x, (2, 1, 3)),
        lambda x: np.tile(x, (2, 1, 3)),
        X,
    ),
    "repeat": (
        lambda x: composites.repeat_axis(x, 3, 0),
        lambda x: np.repeat(x, 3, 0),
        X,
    ),
    "tensordot": (
        lambda x: composites.tensordot(x, x, [0], [0]),
        lambda x: np.tensordot(x, x, [[0], [0]]),
        X,
    ),
    "take_along_axis": (
        lambda x: composites.take_along_axis(x, operand(np.argsort(X, 1)), 1),
        lambda x: np.take_along_axis(x, np.argsort(X, 1), 1),
        X,
    ),
    "mse_loss": (
        lambda x: composites.mse_loss(x, operand(Y)),
        lambda x: np.mean((x - Y) ** 2),
        X,
    ),
    "l1_loss": (
        lambda x: composites.l1_loss(x, operand(Y), "sum"),
        lambda x: np.abs(x - Y).sum(),
        X,
    ),
    "huber_loss": (
        lambda x: composites.huber_loss(x, operand(Y), 0.7, "none"),
        lambda x: scipy.special.huber(0.7, x - Y),
        X,
    ),
    "binary_cross_entropy": (
        lambda x: composites.binary_cross_entropy(x, operand(POSITIVE)),
        lambda x: -np.mean(POSITIVE * np.log(x) + (1 - POSITIVE) * np.log(1 - x)),
        POSITIVE[::-1],
    ),
    "binary_cross_entropy_with_logits": (
        lambda x: composites.binary_cross_entropy_with_logits(x, operand(POSITIVE)),
        lambda x: np.mean(np.log1p(np.exp(x)) - x * POSITIVE),
        X,
    ),
}


def test_values_are_those_of_numpy_and_scipy(backend: str) -> None:
    values = [function(operand(x)) for function, _, x in FUNCTIONS.values()]
    results = run(backend, values)
    for name, actual in zip(FUNCTIONS, results, strict=True):
        _, oracle, x = FUNCTIONS[name]
        np.testing.assert_allclose(
            actual, oracle(x), rtol=1e-13, atol=1e-15, err_msg=name
        )


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients_to_second_order(name: str) -> None:
    function, _, x = FUNCTIONS[name]
    check_gradients(function, [x.copy()], np.random.default_rng(1))


OF_ONE_ARRAY = [
    name for name in FUNCTIONS if not name.endswith(("loss", "entropy", "logits"))
]


@pytest.mark.parametrize("name", OF_ONE_ARRAY)
def test_float32_stays_float32(name: str) -> None:
    function, _, x = FUNCTIONS[name]
    assert function(operand(x.astype(np.float32))).dtype == np.float32


def test_nothing_overflows(backend: str) -> None:
    x = operand(np.array([[1000.0, 0.0, -1000.0], [-np.inf, 5.0, 5.0]]))
    results = run(
        backend,
        [
            composites.softmax(x),
            composites.log_softmax(x),
            composites.logsumexp(x, 1),
            composites.softplus(x),
            composites.logsumexp(operand(np.array([-np.inf, -np.inf]))),
            composites.logsumexp(operand(np.array([np.inf, 1.0]))),
        ],
    )
    half = np.log(2.0)
    expected: list[Any] = [
        [[1, 0, 0], [0, 0.5, 0.5]],
        [[0, -1000, -2000], [-np.inf, -half, -half]],
        [1000, 5 + half],
        [[1000, half, 0], [0, 5.006715348489118, 5.006715348489118]],
        -np.inf,
        np.inf,
    ]
    for actual, right in zip(results, expected, strict=True):
        np.testing.assert_allclose(actual, right, rtol=1e-14)


# -- cross entropy ---------------------------------------------------------------------
TARGETS = np.array([1, 4, 0, 1])
WEIGHTS = np.array([0.5, 1.0, 2.0, 3.0, 0.1])


def _by_index(x: Any, weights: Any, smoothing: float) -> float:
    """The weighted mean of -log p[target], written with an index."""
    logs = scipy.special.log_softmax(x, 1)
    rows = np.arange(len(x))
    own = -(logs * weights)[rows, TARGETS]
    even = -(logs * weights).mean(1)
    loss = (1 - smoothing) * own + smoothing * even
    return float(loss.sum() / weights[TARGETS].sum())


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weighted", [False, True])
def test_cross_entropy(backend: str, weighted: bool, smoothing: float) -> None:
    weights = WEIGHTS if weighted else np.ones(5)
    loss = composites.cross_entropy(
        operand(X),
        operand(TARGETS),
        weight=constant(WEIGHTS) if weighted else None,
        smoothing=smoothing,
    )
    (actual,) = run(backend, [loss])
    np.testing.assert_allclose(actual, _by_index(X, weights, smoothing), rtol=1e-13)


def test_ignored_targets_do_not_count(backend: str) -> None:
    targets = np.array([1, -100, 0, -100])
    logs = scipy.special.log_softmax(X, 1)
    (actual,) = run(backend, [composites.cross_entropy(operand(X), operand(targets))])
    np.testing.assert_allclose(actual, -(logs[0, 1] + logs[2, 0]) / 2, rtol=1e-13)


def test_cross_entropy_of_probabilities(backend: str) -> None:
    target = scipy.special.softmax(Y, 1)
    expected = -(target * scipy.special.log_softmax(X, 1)).sum(1).mean()
    (actual,) = run(backend, [composites.cross_entropy(operand(X), operand(target))])
    np.testing.assert_allclose(actual, expected, rtol=1e-13)


def test_the_gradient_of_cross_entropy_is_softmax_minus_one_hot() -> None:
    check_gradients(
        lambda x: composites.cross_entropy(x, operand(TARGETS)),
        [X.copy()],
        np.random.default_rng(2),
    )


def test_classes_may_lie_along_any_axis() -> None:
    images = RNG.normal(size=(2, 5, 3))
    targets = RNG.integers(0, 5, (2, 3))
    flat = np.moveaxis(images, 1, -1).reshape(-1, 5)
    pair = run(
        "numpy",
        [
            composites.cross_entropy(operand(images), operand(targets)),
            composites.cross_entropy(operand(flat), operand(targets.reshape(-1))),
        ],
    )
    np.testing.assert_allclose(pair[0], pair[1], rtol=1e-14)


# -- reductions ------------------------------------------------------------------------
@pytest.mark.parametrize("char", "?bBhHiIqQefdFD")
def test_accumulators_are_numpys(char: str) -> None:
    x = np.ones((3, 4)).astype(char)
    pairs = [
        (composites.reduce_sum(operand(x), 0), x.sum(0)),
        (composites.reduce_prod(operand(x), 0), x.prod(0)),
        (composites.mean(operand(x), 0), x.mean(0)),
        (composites.var(operand(x), 0), x.var(0)),
        (composites.std(operand(x), 0), x.std(0)),
        (composites.reduce_any(operand(x), 0), x.any(0)),
        (composites.reduce_all(operand(x), 0), x.all(0)),
    ]
    results = run("numpy", [value for value, _ in pairs])
    for actual, (_, expected) in zip(results, pairs, strict=True):
        assert_same(actual, expected)


@pytest.mark.parametrize("tier", ["compiled", "numpy"])
@pytest.mark.parametrize("axes", [(0,), (1, 2), (0, 2), (0, 1, 2)])
def test_variances_over_axes_that_adjoin_or_not(axes: Any, tier: str) -> None:
    x = np.random.default_rng(0).normal(size=(3, 4, 70)) + 100
    pair = [composites.var(operand(x), axes, keepdims=k) for k in (False, True)]
    flat, kept = run(tier, pair)
    np.testing.assert_allclose(flat, x.var(axes), rtol=1e-12)
    np.testing.assert_allclose(kept, x.var(axes, keepdims=True), rtol=1e-12)


def test_axes_are_checked() -> None:
    x = operand(X)
    with pytest.raises(np.exceptions.AxisError, match="axis 2 is out of bounds"):
        composites.mean(x, 2)
    with pytest.raises(ValueError, match="duplicate value in 'axis'"):
        composites.mean(x, (0, -2))


def test_extremes_of_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="max and min: zero-size array"):
        composites.reduce(ops.max, operand(np.zeros((0, 3))), 0)


# -- ranges ----------------------------------------------------------------------------
RANGES: list[tuple[Any, Any, Any, str]] = [
    (0, 10, 1, "q"),
    (0, 1, 0.1, "d"),
    (0, 1, 0.1, "f"),
    (0, 1, 0.1, "e"),
    (5, 0, -1, "B"),
    (1.5, 9, 2.5, "i"),
    (3, -3, -0.7, "f"),
    (0, 2, 1, "?"),
    (5, 5, 1, "d"),
    (1 << 40, (1 << 40) + 5, 2, "q"),
]


def test_ranges_are_numpys(backend: str) -> None:
    values = [
        composites.arange(start, stop, step, np.dtype(char))
        for start, stop, step, char in RANGES
    ]
    for actual, (start, stop, step, char) in zip(
        run(backend, values), RANGES, strict=True
    ):
        assert_same(actual, np.arange(start, stop, step, char))


@pytest.mark.parametrize(
    ("start", "stop", "number", "endpoint", "char"),
    [
        (0, 10, 7, True, "d"),
        (0, 1, 5, False, "d"),
        (2, 1, 1, True, "f"),
        (3, 9, 4, True, "i"),
        (0, 1, 0, True, "d"),
        (-3.5, 1e6, 11, True, "f"),
    ],
)
def test_evenly_spaced_numbers_are_numpys(
    start: Any, stop: Any, number: int, endpoint: bool, char: str
) -> None:
    dtype = np.dtype(char)
    value = composites.linspace(start, stop, number, endpoint, dtype)
    expected = np.linspace(start, stop, number, endpoint, dtype=dtype)
    assert_same(run("numpy", [value])[0], expected)


@pytest.mark.parametrize("k", [-2, 0, 1, 9])
def test_identities_are_numpys(backend: str, k: int) -> None:
    (actual,) = run(backend, [composites.eye(3, 5, k, np.dtype(np.float32))])
    assert_same(actual, np.eye(3, 5, k, np.float32))


@pytest.mark.parametrize("mode", ["edge", "reflect", "symmetric", "wrap"])
def test_padding_modes_are_numpys(backend: str, mode: Any) -> None:
    widths = [(2, 1), (3, 7)]
    (actual,) = run(backend, [composites.pad_with_itself(operand(X), widths, mode)])
    assert_same(actual, np.pad(X, widths, mode))


def test_joining_promotes_and_checks() -> None:
    small, wide = operand(np.arange(3, dtype=np.int8)), operand(np.arange(2.0))
    assert composites.concatenate([small, wide]).dtype == np.float64
    with pytest.raises(ValueError, match="index 1 has size 2"):
        composites.stack([small, operand(np.zeros(3))])
        composites.concatenate(
            [operand(np.zeros((2, 3))), operand(np.zeros((2, 2)))], 0
        )
    with pytest.raises(ValueError, match="all input arrays must have the same shape"):
        composites.stack([small, wide])
    with pytest.raises(ValueError, match="need at least one"):
        composites.concatenate([])


# -- random numbers --------------------------------------------------------------------
def test_the_same_key_draws_the_same_numbers_on_every_backend() -> None:
    def draw() -> list[Value]:
        return [
            composites.bits(7, 3, (100,)),
            composites.uniform(7, 3, (100,)),
            composites.uniform(7, 3, (100,), np.dtype(np.float32)),
            composites.integers(7, 3, (100,), -5, 5, np.dtype(np.int32)),
            composites.normal(7, 3, (100,)),
            composites.normal(7, 3, (100,), np.dtype(np.float32)),
        ]

    results = [run(backend, draw()) for backend in BACKENDS]
    for other in results[1:]:
        for k, (one, two) in enumerate(zip(results[0], other, strict=True)):
            assert_same(two, one, ulps=0 if k < 4 else 64, least=1.0)


def test_a_draw_may_be_cut_anywhere() -> None:
    whole = composites.uniform(1, 0, (10,))
    parts = [composites.uniform(1, 0, (4,)), composites.uniform(1, 4, (6,))]
    results = run("numpy", [whole, *parts])
    np.testing.assert_array_equal(results[0], np.concatenate(results[1:]))


def test_keys_and_counters_are_run_time_arguments() -> None:
    import engine

    run("compiled", [composites.uniform(1, 5, (64,))])
    before = engine.stats()
    run("compiled", [composites.uniform(2, 9, (64,)), composites.uniform(3, 1, (99,))])
    after = engine.stats()
    for key in ("kernels_compiled", "kernels_loaded"):
        assert after[key] == before[key]


@pytest.mark.parametrize("char", "dfe")
def test_distributions(char: str) -> None:
    dtype = np.dtype(char)
    uniform, normal = run(
        "numpy",
        [
            composites.uniform(11, 0, (20_000,), dtype),
            composites.normal(12, 0, (20_000,), dtype),
        ],
    )
    assert uniform.dtype == normal.dtype == dtype
    assert uniform.min() >= 0.0
    assert uniform.max() < 1.0
    if char != "e":
        assert scipy.stats.kstest(uniform, "uniform").pvalue > 0.01
        assert scipy.stats.kstest(normal, "norm").pvalue > 0.01
    assert np.isfinite(normal).all()


def test_integers_are_uniform_and_within_their_range() -> None:
    drawn, wide, shuffled = run(
        "numpy",
        [
            composites.integers(1, 0, (12_000,), -3, 3, np.dtype(np.int8)),
            composites.integers(1, 0, (100,), -(2**63), 2**63, np.dtype(np.int64)),
            composites.permutation(5, 0, 50),
        ],
    )
    values, counts = np.unique(drawn, return_counts=True)
    assert values.tolist() == [-3, -2, -1, 0, 1, 2]
    assert scipy.stats.chisquare(counts).pvalue > 0.01
    assert (wide < 0).any()
    assert (wide > 0).any()
    assert sorted(shuffled.tolist()) == list(range(50))
    with pytest.raises(ValueError, match="low < high was required; 3, 3 were given"):
        composites.integers(1, 0, (2,), 3, 3, np.dtype(np.int64))
