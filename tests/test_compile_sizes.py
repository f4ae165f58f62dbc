"""Calls of compiled functions with ever new extents: one recording serves them all."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy
import pytest
from compiling import replays
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

pytestmark = pytest.mark.usefixtures("compiled_tier")


# -- functions of one vector ---------------------------------------------------------
def elementwise(x: Any) -> Any:
    y = np.exp(-x * x) + 1
    return y * np.sqrt(x), y


def centred(x: Any) -> Any:
    return (x - x.mean()) / x.std(), x.var(ddof=1)


def sums(x: Any) -> Any:
    return x.sum() + x.max(), x.min(), (x * 2).prod()


def stencil(x: Any) -> Any:
    y = x.copy()
    y[1:-1] = (x[:-2] + x[1:-1] + x[2:]) / 3
    return y


def in_place(x: Any) -> Any:
    x[1:] += x[:-1] * 0.5
    x *= 2


def tail_and_head(x: Any) -> Any:
    return x[5:] * 2, x[-7:] + 1, x[:11].sum()


def backwards(x: Any) -> Any:
    return x[::-1] + x, x[::-1][3:]


def views_of_results(x: Any) -> Any:
    y = x * 2
    return y, y[2:-1], y[::-1]


def pairs(x: Any) -> Any:
    d = x[:, None] - x[None, :]
    return np.sqrt(d * d + 1e-3).sum(axis=1)


def filled(x: Any) -> Any:
    y = np.zeros_like(x)
    y[2:] = 3.0
    y[0] = x[1]
    return y + np.ones_like(x)


def written_twice(x: Any) -> Any:
    y = np.zeros_like(x)
    y[:4] = x[-4:]
    y[-4:] += x[:4]
    return y


VECTORS: list[Program] = [
    elementwise,
    centred,
    sums,
    stencil,
    in_place,
    tail_and_head,
    backwards,
    views_of_results,
    pairs,
    filled,
    written_twice,
]


@pytest.mark.parametrize("order", ["up", "mixed"])
@pytest.mark.parametrize("function", VECTORS, ids=lambda f: f.__name__)
def test_vectors_of_any_length(function: Program, order: str) -> None:
    compiled = engine.compile(function)
    lengths = list(range(4, 60))
    if order == "mixed":
        random.Random(7).shuffle(lengths)
    for n in lengths:
        compare(compiled, function, numbers(n))
    if order == "mixed":
        assert sized_replays(compiled) > 5, [x.reason for x in families(compiled)]


# -- functions of several arrays ------------------------------------------------------
def normalised(x: Any, w: Any) -> Any:
    h = np.tanh(x @ w)
    e = np.exp(h - h.max(axis=1, keepdims=True))
    return (e / e.sum(axis=1, keepdims=True)).mean(axis=0)


def outer(x: Any, y: Any) -> Any:
    return (x[:, None] * y[None, :]).sum(axis=1), x.sum() * y


def mirrored(x: Any, y: Any) -> Any:
    return x.T + 1, y.reshape(-1)[::-1], x @ y


def inner_squares(x: Any, y: Any) -> Any:
    x[1:-1, 1:-1] = (x[:-2, 1:-1] + x[2:, 1:-1] + x[1:-1, :-2] + x[1:-1, 2:]) / 4
    return x.sum(axis=0), y * 2


def columns(x: Any, y: Any) -> Any:
    x[:, 2:] -= x[:, :1] * x[:1, 2:]
    x[:, 0] = x[:, 1] * 2
    return x.max(axis=1) + y.mean()


SHAPES: list[tuple[Program, Callable[[int, int], Sequence[tuple[int, ...]]]]] = [
    (normalised, lambda n, m: [(n, 7), (7, 5)]),
    (normalised, lambda n, m: [(n, m), (m, 5)]),
    (outer, lambda n, m: [(n,), (m,)]),
    (mirrored, lambda n, m: [(n, m), (m, 3)]),
    (inner_squares, lambda n, m: [(n, m), (4,)]),
    (inner_squares, lambda n, m: [(n, n), (4,)]),
    (columns, lambda n, m: [(n, m), (m,)]),
]


@pytest.mark.parametrize(("function", "shapes"), SHAPES, ids=lambda x: x.__name__)
def test_arrays_of_any_shape(function: Program, shapes: Any) -> None:
    compiled = engine.compile(function)
    rng = random.Random(3)
    for _ in range(120):
        n, m = rng.randint(3, 60), rng.randint(3, 60)
        compare(compiled, function, *[numbers(*shape) for shape in shapes(n, m)])
    assert sized_replays(compiled) > 5, [x.reason for x in families(compiled)]


def scaled(x: Any, factor: float, power: int = 1) -> Any:
    return x**power * factor + x.mean()


def test_floats_and_other_arguments() -> None:
    compiled = engine.compile(scaled)
    rng = random.Random(5)
    for _ in range(60):
        n, power = rng.randint(2, 90), rng.randint(1, 2)
        compare(compiled, scaled, numbers(n), rng.random(), power=power)
    assert sized_replays(compiled) > 5


def test_numpy_arrays_are_written() -> None:
    compiled = engine.compile(in_place)
    for n in random.Random(1).sample(range(3, 99), 60):
        x, y = numbers(n), numbers(n)
        compiled(x)
        with_numpy(in_place)(y)
        assert numpy.allclose(x, y, rtol=1e-12)
    assert sized_replays(compiled) > 5


def test_tensors_of_any_length() -> None:
    weight = engine.ones(3, 4)

    @engine.compile
    def layer(x: engine.Tensor) -> engine.Tensor:
        return engine.relu(x @ weight).mean(dim=0)

    for n in random.Random(2).sample(range(2, 99), 50):
        x = numbers(n, 3).astype(numpy.float32)
        want = (x @ numpy.ones((3, 4), numpy.float32)).mean(axis=0)
        assert numpy.allclose(layer(engine.tensor(x)).numpy(), want, rtol=1e-5)
    assert sized_replays(layer) > 5


def test_few_kernels_serve_a_thousand_extents() -> None:
    compiled = engine.compile(elementwise)
    before = engine.stats()["kernels_compiled"]
    for n in random.Random(4).sample(range(2, 3000), 1000):
        compiled(np.ones(n))
    assert engine.stats()["kernels_compiled"] - before <= 3
    assert "any extents" in compiled.report()


# -- what is not known of other extents ------------------------------------------------
def by_shape(x: Any) -> Any:
    return x * 2 if x.shape[0] % 2 else x + 1


def by_length(x: Any) -> Any:
    return x * 2 if len(x) % 2 else x + 1


def by_name(x: Any) -> Any:
    return x * 2 if getattr(x, "size") % 2 else x + 1  # noqa: B009


def by_iterating(x: Any) -> Any:
    count = 0
    for _ in x:
        count += 1
    return x * 2 if count % 2 else x + 1


def by_unpacking(x: Any) -> Any:
    first, *rest = x
    return x * first if rest else x


def in_steps(x: Any) -> Any:
    return x[::2] + 1


@pytest.mark.parametrize(
    "function",
    [by_shape, by_length, by_name, by_iterating, by_unpacking, in_steps],
    ids=lambda f: f.__name__,
)
def test_sizes_that_python_may_know_are_not_replaced(function: Program) -> None:
    compiled = engine.compile(function)
    for n in range(3, 40, 2):
        compare(compiled, function, numbers(n))
    for n in range(4, 40):
        compare(compiled, function, numbers(n))
    assert sized_replays(compiled) == 0


def cut(x: Any) -> Any:
    return x[:20] * 2, x[-20:].sum()


@pytest.mark.parametrize("lengths", [range(4, 12), range(30, 40)])
def test_slices_longer_than_their_arrays(lengths: range) -> None:
    compiled = engine.compile(cut)
    for n in [*lengths, 3, 50, *range(5, 60)]:
        compare(compiled, cut, numbers(n))


def shifted(x: Any, y: Any) -> Any:
    return x[1:-1] * y


def test_extents_that_have_to_agree() -> None:
    compiled = engine.compile(shifted)
    for n in random.Random(6).sample(range(5, 60), 50):
        compare(compiled, shifted, numbers(n), numbers(n - 2))
    assert sized_replays(compiled) > 5
    for n, m in [(20, 19), (12, 20), (33, 30)]:
        with pytest.raises(ValueError, match="broadcast"):
            compiled(np.ones(n), np.ones(m))
    compare(compiled, shifted, numbers(20), numbers(18))


def test_products_of_extents_that_were_the_same() -> None:
    def whole(x: Any) -> Any:
        return x.sum(axis=1) * 2, x + 1

    compiled = engine.compile(whole)
    for n in (2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 24, 30):
        compare(compiled, whole, numbers(n, 120 // n))
    for n, m in [(3, 3), (6, 7), (30, 30), (10, 11), (12, 10)]:
        compare(compiled, whole, numbers(n, m))


def test_extents_that_agree_by_chance() -> None:
    def function(x: Any, y: Any) -> Any:
        return x[2:] + 1, y * 2

    compiled = engine.compile(function)
    for n in random.Random(8).sample(range(5, 60), 55):
        compare(compiled, function, numbers(n), numbers(17))


def test_other_views_and_dtypes_are_other_calls() -> None:
    compiled = engine.compile(elementwise)
    for n in range(3, 30):
        compiled(np.array(numbers(n)))
    for x in (numbers(20)[::2], numbers(4, 5).T[0], numbers(9).astype("float32")):
        want = with_numpy(elementwise)(x)
        for one, other in zip(compiled(np.array(x)), want, strict=True):
            assert one.dtype == other.dtype
            assert numpy.allclose(one, other, rtol=1e-5)
    part = np.array(numbers(24))[2:20]
    assert numpy.allclose(compiled(part)[1], elementwise(part)[1])


factor = 2.0


def by_global(x: Any) -> Any:
    return x * factor + x.mean()


def test_changed_globals_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = engine.compile(by_global)
    for value in (2.0, 3.0, 4.0):
        monkeypatch.setitem(globals(), "factor", value)
        for n in random.Random(9).sample(range(3, 60), 40):
            x = numbers(n)
            assert numpy.allclose(compiled(np.array(x)), x * value + x.mean())
        assert sized_replays(compiled) > 5


def test_another_number_of_threads() -> None:
    compiled = engine.compile(stencil)
    former = engine.get_num_threads()
    try:
        for threads in (1, 2, 1):
            engine.set_num_threads(threads)
            for n in random.Random(threads).sample(range(4, 99), 40):
                compare(compiled, stencil, numbers(n))
    finally:
        engine.set_num_threads(former)


def test_threads_learn_and_replay_at_once() -> None:
    compiled = engine.compile(stencil)

    def work(seed: int) -> None:
        for n in random.Random(seed).sample(range(4, 300), 200):
            compare(compiled, stencil, numbers(n))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert replays(compiled) > 0


def test_cold_kernels_are_waited_for() -> None:
    def function(x: Any) -> Any:
        return np.sqrt(x * 3 + 1.25) / (x - 7.5) + np.cos(x) * 0.375

    compiled = engine.compile(function)
    with engine.config(tier="auto"):
        for n in random.Random(10).sample(range(4, 9000), 2000):
            compiled(np.array(numbers(n)))
            if sized_replays(compiled) > 5:
                break
    assert sized_replays(compiled) > 5
