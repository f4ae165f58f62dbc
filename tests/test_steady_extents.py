"""engine.compile: calls of ever new extents that native code replays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy
import pytest
from compiling import Step

import engine
import engine.numpy as np
from engine import nn, optim
from engine.nn import functional

pytestmark = pytest.mark.usefixtures("native_code", "compiled_tier")

Given = Callable[..., tuple[Any, ...]]

_rng = numpy.random.default_rng(1)


def _normal(*shape: int) -> Any:
    return np.array(_rng.normal(size=shape))


def _below(high: int, *shape: int) -> Any:
    return np.array(_rng.integers(0, high, size=shape))


def _vector(n: int) -> tuple[Any, ...]:
    return (_normal(n),)


def _vector_and_rows(n: int) -> tuple[Any, ...]:
    return _normal(n), _normal(n, 5)


def _smoothed(x: Any, y: Any) -> Any:
    z = x.copy()
    z[1:-1] = (x[:-2] + x[2:]) * 0.5
    return z, z.sum(), y.mean(0) + 1.0


def _scaled(x: Any, y: Any) -> Any:
    x *= 0.5
    y[1:] += y[:-1]
    return x, (x * x).sum() / x.size, y - y.mean(1, keepdims=True)


def _rest(x: Any, y: Any) -> Any:
    return np.cumsum(np.exp(y[x.shape[0] :])) * 2.0, x + 1.0


def _accumulated(x: Any, y: Any) -> Any:
    return np.maximum.accumulate(x) - np.cumsum(x), np.cumprod(y * 0.5, 1).sum(0)


def _checked(x: Any, labels: Any) -> Any:
    return functional.cross_entropy(x, labels)


PROGRAMS: list[tuple[Callable[..., Any], Given]] = [
    (_smoothed, _vector_and_rows),
    (_scaled, _vector_and_rows),
    (_accumulated, _vector_and_rows),
    (_rest, lambda n: (_normal(n), _normal(400))),
    (lambda x, y: (np.exp(x - x.max()), x @ y), _vector_and_rows),
    (lambda x, at: x[at] * 2.0, lambda n: (_normal(n), _below(n, 7))),
    (lambda x, at: x[at] * 2.0, lambda n: (_normal(9), _below(9, n))),
    (lambda x: x * np.arange(x.shape[0]), _vector),
    (lambda x: np.outer(x, x) + np.eye(x.shape[0]), _vector),
    (lambda x: (x[:, :, None] * x).sum(0), lambda n: (_normal(n, n),)),
    (lambda x: (x - x.mean(0)).std(0), lambda n: (_normal(n, 300),)),
    (lambda x: (x - x.mean(0)).std(0), lambda n: (_normal(30, 2 * n),)),
    (lambda x: np.roll(x, 1, 0) / x.sum(), lambda n: (_normal(n, 3),)),
    (
        _checked,
        lambda n: (
            engine.tensor(_rng.normal(size=(n, 6)).astype("f4")),
            engine.tensor(_rng.integers(0, 6, size=n)),
        ),
    ),
]


def _parts(result: Any) -> Sequence[Any]:
    return result if isinstance(result, tuple) else (result,)


def _check_same(found: Any, wanted: Any, tolerance: float = 1e-12) -> None:
    for one, other in zip(_parts(found), _parts(wanted), strict=True):
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        numpy.testing.assert_allclose(
            one.tolist(), other.tolist(), rtol=tolerance, atol=tolerance
        )


def _copied(x: Any) -> Any:
    """An equal array that shares no memory with it."""
    make = np.array if isinstance(x, np.ndarray) else engine.tensor
    return make(x.tolist(), dtype=x.dtype)


def _learned(function: Any, given: Given, extents: Sequence[Any]) -> Any:
    compiled = engine.compile(function)
    for own in (extents[0], *extents):
        compiled(*given(*own))
    assert "any extents" in compiled.report(), compiled.report()
    return compiled


@pytest.mark.parametrize(("function", "given"), PROGRAMS)
def test_one_extent(function: Any, given: Given) -> None:
    compiled = _learned(function, given, [(n,) for n in range(40, 300, 20)])
    count = Step(compiled)
    for _ in range(6):
        for n in range(45, 285, 40):
            arguments = given(n)
            wanted = function(*map(_copied, arguments))
            _check_same(compiled(*arguments), wanted, 1e-6)
    assert count() >= 18, compiled.report()


@pytest.mark.parametrize(
    ("function", "given"),
    [
        (lambda x, y: (np.outer(x, y), x.sum()), lambda n, m: (_normal(n), _normal(m))),
        (lambda x: x - x.mean(1, keepdims=True), lambda n, m: (_normal(n, m),)),
        (
            lambda x, y: (x @ y).max(0),
            lambda n, m: (_normal(n, m), _normal(m, 9)),
        ),
        (
            lambda x: np.cumsum(x, 1)[1:] * x[:-1],
            lambda n, m: (_normal(n, m),),
        ),
    ],
)
def test_two_extents(function: Any, given: Given) -> None:
    known = [(40, 50), (60, 90), (99, 41), (140, 160), (70, 45), (50, 150), (160, 130)]
    known += [(150, 50), (41, 159), (120, 100)]
    compiled = _learned(function, given, known)
    count = Step(compiled)
    for _ in range(4):
        for n, m in [(45, 55), (77, 133), (139, 60), (100, 101), (90, 90), (61, 47)]:
            arguments = given(n, m)
            _check_same(compiled(*arguments), function(*arguments))
    assert count() >= 12, compiled.report()


def test_products_that_are_computed_in_parts() -> None:
    weight = np.array(_rng.normal(size=(64, 128)).astype("f4"))

    def function(x: Any) -> Any:
        return x @ weight, (x * 2.0).T @ x, weight.T @ x.T

    def given(n: int) -> tuple[Any, ...]:
        return (np.array(_rng.normal(size=(n, 64)).astype("f4")),)

    compiled = _learned(function, given, [(n,) for n in range(130, 300, 13)])
    count = Step(compiled)
    for _ in range(5):
        for n in (131, 149, 167, 192, 256, 211):
            arguments = given(n)
            _check_same(compiled(*arguments), function(*arguments), 1e-4)
    assert count() >= 10, compiled.report()


def test_three_extents() -> None:
    def function(x: Any) -> Any:
        return (x * 2.0).sum(1) + x[:, 0]

    def given(*shape: int) -> tuple[Any, ...]:
        return (_normal(*shape),)

    extents = [(int(a), int(b), int(c)) for a, b, c in _rng.integers(20, 60, (30, 3))]
    compiled = _learned(function, given, [(20, 21, 60), (59, 60, 22), *extents])
    count = Step(compiled)
    for _ in range(4):
        for shape in [(25, 35, 45), (55, 22, 41), (31, 57, 29), (26, 26, 40)]:
            arguments = given(*shape)
            _check_same(compiled(*arguments), function(*arguments))
    assert count() >= 6, compiled.report()


def _trained(by: Callable[[Any], Any], kind: Any) -> list[Any]:
    """Losses and parameters of a model with dropout, over batches of all sizes."""
    engine.manual_seed(3)
    model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.3), nn.Linear(8, 3))
    optimiser = kind(model.parameters())

    def step(x: Any, labels: Any) -> Any:
        optimiser.zero_grad()
        loss = functional.cross_entropy(model(x), labels)
        loss.backward()
        optimiser.step()
        return loss

    call, losses = by(step), []
    for k in range(60):
        n = 40 + 37 * k % 61
        x, labels = engine.randn(n, 4), engine.randint(0, 3, (n,))
        losses.append(call(x, labels).item())
    if by is engine.compile:
        replayed = sum(int(one.counts[0]) for one in call.steady if one.stretch)
        assert replayed > 20, call.report()
    counts = [one.get("step") for one in optimiser.state.values()]
    return [losses, counts, [one.tolist() for one in model.parameters()]]


@pytest.mark.parametrize(
    "kind", [lambda x: optim.Adam(x, lr=0.01), lambda x: optim.SGD(x, lr=0.1)]
)
def test_training_on_batches_of_all_sizes(kind: Any) -> None:
    ordinary = _trained(lambda step: step, kind)
    drawn = engine.rand(1).item()
    replayed = _trained(engine.compile, kind)
    assert engine.rand(1).item() == drawn
    assert replayed[1] == ordinary[1]
    assert replayed[0] == pytest.approx(ordinary[0], rel=1e-4)
    for found, wanted in zip(replayed[2], ordinary[2], strict=True):
        numpy.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-5)


def test_an_index_that_is_none_is_found_by_an_ordinary_call() -> None:
    def function(x: Any, at: Any, y: Any) -> Any:
        return x[at] * 2.0, y + engine.rand(y.shape[0])

    def given(n: int) -> tuple[Any, ...]:
        return engine.ones(n), engine.tensor([1, n - 1]), engine.ones(n)

    compiled = engine.compile(function)
    for n in (40, *range(40, 300, 20)):
        compiled(*given(n))
    assert "any extents" in compiled.report(), compiled.report()
    drawn = []
    for by in (function, compiled, compiled):
        for n in (77, 151):
            engine.manual_seed(4)
            x, _, y = given(n)
            with pytest.raises(IndexError, match=f"index {n} is out of bounds"):
                by(x, engine.tensor([1, n]), y)[0].tolist()
            drawn.append(engine.rand(2).tolist())
            x, at, y = given(n)
            chosen, noisy = by(x, at, y)
            assert chosen.tolist() == [2.0, 2.0]
            drawn.append(noisy.tolist())
    assert drawn[:4] == drawn[4:8] == drawn[8:]


def test_places_along_a_dimension() -> None:
    def chosen(x: Any, at: Any) -> Any:
        return x.gather(1, at).sum()

    def given(n: int) -> tuple[Any, ...]:
        x = engine.tensor(_rng.normal(size=(n, 5)))
        return x, engine.tensor(_rng.integers(0, 5, size=(n, 2)))

    compiled = _learned(chosen, given, [(n,) for n in range(40, 300, 20)])
    for n in (45, 77, 77, 240):
        x, at = given(n)
        _check_same(compiled(x, at), chosen(x, at))
        for wrong in (5, -1):
            at[3, 1] = wrong
            for by in (chosen, compiled):
                with pytest.raises(RuntimeError, match=f"index {wrong} is out of bou"):
                    by(x, at)
