"""engine.compile: what a function reads besides its arguments, and gradients."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from compiling import captured, replays, stencil

import engine
import engine.numpy as enp
from engine import nn, optim

FACTOR = 2.0
TABLE = {"scale": 3.0}


# -- what a function reads -------------------------------------------------------------
def test_changed_globals_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def scale(x: Any) -> Any:
        return x * FACTOR * TABLE["scale"]

    compiled = captured(scale, enp.ones(2))
    monkeypatch.setitem(globals(), "FACTOR", 5.0)
    assert compiled(enp.ones(2)).tolist() == [15.0] * 2
    monkeypatch.setitem(TABLE, "scale", 7.0)
    assert compiled(enp.ones(2)).tolist() == [35.0] * 2
    assert compiled(enp.ones(2)).tolist() == [35.0] * 2


def test_changed_closures_defaults_and_callees_are_seen() -> None:
    factor = 2.0

    def plus(x: Any) -> Any:
        return x + 1

    def minus(x: Any) -> Any:
        return x - 1

    inner = plus

    def outer(x: Any, extra: float = 1.0) -> Any:
        return inner(x) * factor + extra

    compiled = captured(outer, enp.ones(2))
    factor = 3.0
    assert compiled(enp.ones(2)).tolist() == [7.0] * 2

    inner = minus
    assert compiled(enp.ones(2)).tolist() == [1.0] * 2
    outer.__defaults__ = (5.0,)
    assert compiled(enp.ones(2)).tolist() == [5.0] * 2


def test_closed_over_arrays_are_read_and_written_by_reference() -> None:
    state = enp.zeros(2)

    def count(x: Any) -> Any:
        state[...] = state + x
        return state * 2

    compiled = captured(count, enp.ones(2))
    assert compiled(enp.ones(2)).tolist() == [8.0, 8.0]
    state[0] = 100.0
    assert compiled(enp.ones(2)).tolist() == [202.0, 10.0]
    assert replays(compiled) == 3
    state = enp.ones(2)
    assert compiled(enp.ones(2)).tolist() == [4.0, 4.0]


class Smoother:
    """A class with state of its own."""

    kind = "mean"

    def __init__(self, weight: float) -> None:
        self.weight = weight
        self.last = enp.zeros(3)

    @engine.compile
    def step(self, x: Any) -> Any:
        self.last[...] = self.weight * x + (1 - self.weight) * self.last
        return self.scaled()

    def scaled(self) -> Any:
        return self.last * (2 if self.kind == "mean" else 3)


def test_methods_read_their_object_again() -> None:
    one, other = Smoother(0.5), Smoother(1.0)
    for _ in range(4):
        one.step(enp.ones(3))
    assert one.last.tolist() == [1 - 0.5**4] * 3
    one.weight = 1.0
    assert one.step(enp.ones(3)).tolist() == [2.0] * 3
    one.kind = "sum"
    assert one.step(enp.ones(3)).tolist() == [3.0] * 3
    assert other.step(enp.ones(3)).tolist() == [2.0] * 3
    assert replays(Smoother.__dict__["step"]) >= 2


class Scale(nn.Module):
    """A module whose forward reads a global."""

    def forward(self, x: Any) -> Any:
        return x * self.factor() * FACTOR

    def factor(self) -> float:
        return TABLE["scale"]


def test_what_modules_read_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    model = nn.Sequential(Scale(), nn.ReLU())
    for function in (model, lambda x: model(x)):
        compiled = captured(function, engine.ones(2))
        assert compiled(engine.ones(2)).tolist() == [6.0] * 2
        with monkeypatch.context() as patch:
            patch.setitem(globals(), "FACTOR", 5.0)
            assert compiled(engine.ones(2)).tolist() == [15.0] * 2
            patch.setitem(TABLE, "scale", 7.0)
            assert compiled(engine.ones(2)).tolist() == [35.0] * 2


def test_a_replaced_method_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Scale()
    compiled = captured(lambda x: model(x), engine.ones(2))
    monkeypatch.setattr(Scale, "factor", lambda self: 10.0)
    assert compiled(engine.ones(2)).tolist() == [20.0] * 2


def test_the_grad_mode_belongs_to_the_signature() -> None:
    weight = engine.ones(2, requires_grad=True)

    def model(x: Any) -> Any:
        return x * weight

    compiled = engine.compile(model)
    x = engine.ones(2)
    for _ in range(4):
        with engine.no_grad():
            assert not compiled(x).requires_grad
        assert compiled(x).requires_grad
    compiled(x).sum().backward()
    assert weight.grad.tolist() == [1.0, 1.0]
    assert replays(compiled) == 2
    assert "requires grad" in compiled.report()


# -- gradients, training ---------------------------------------------------------------
def network(seed: int) -> Any:
    engine.manual_seed(seed)
    return nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 3))


def training(optimiser: Callable[[Any], Any], compiled: bool, first: bool) -> Any:
    """Losses and parameters of some steps; `first`: zero_grad before, not after."""
    model = network(3)
    optimizer = optimiser(model.parameters())
    loss_function = nn.CrossEntropyLoss()

    def step(x: Any, labels: Any) -> Any:
        if first:
            optimizer.zero_grad()
        loss = loss_function(model(x), labels)
        loss.backward()
        optimizer.step()
        if not first:
            optimizer.zero_grad()
        return loss

    run = engine.compile(step) if compiled else step
    engine.manual_seed(1)
    losses = []
    for k in range(8):
        if k == 6:
            optimizer.param_groups[0]["lr"] *= 0.5
        x, labels = engine.randn(4, 5), engine.randint(0, 3, (4,))
        losses.append(run(x, labels).item())
    if compiled:
        assert replays(run) >= 4, run.report()
    return losses, [p.tolist() for p in model.parameters()]


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(
    "optimiser",
    [
        lambda p: optim.Adam(p, lr=0.01),
        lambda p: optim.AdamW(p, lr=0.01, amsgrad=True),
        lambda p: optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01),
        lambda p: optim.RMSprop(p, lr=0.01),
    ],
)
def test_training_steps(optimiser: Callable[[Any], Any], first: bool) -> None:
    wanted = training(optimiser, False, first)
    found = training(optimiser, True, first)
    assert found[0] == pytest.approx(wanted[0], rel=1e-5)
    for one, other in zip(found[1], wanted[1], strict=True):
        assert np.allclose(one, other, rtol=1e-4, atol=1e-6)


def test_gradients_of_arguments_are_left_in_grad() -> None:
    def loss(x: Any) -> Any:
        y = (x**2).sum()
        y.backward()
        return y

    compiled = engine.compile(loss)
    for _ in range(5):
        x = engine.tensor([1.0, 2.0], requires_grad=True)
        y = compiled(x)
        assert x.grad.tolist() == [2.0, 4.0]
        assert y.requires_grad
        with pytest.raises(RuntimeError, match="second time"):
            y.backward()
    assert replays(compiled) == 3
    for k in range(2, 6):  # gradients that are there already are added to
        compiled(x)
        assert x.grad.tolist() == [2.0 * k, 4.0 * k]
    assert replays(compiled) >= 5


def test_functional_gradients_inside_and_outside() -> None:
    def cube(x: Any) -> Any:
        return (x**3).sum()

    inside = engine.compile(engine.grad(cube))
    outside = engine.grad(engine.compile(cube))
    for k in range(4):
        x = enp.array([1.0, 2.0 + k])
        wanted = [3.0, 3 * (2.0 + k) ** 2]
        assert inside(x).tolist() == wanted
        assert outside(x).tolist() == wanted


def test_drawn_numbers_go_on() -> None:
    def noise(x: Any) -> Any:
        return x + engine.rand(3) + engine.randn(3)

    compiled = engine.compile(noise)
    x = engine.zeros(3)
    engine.manual_seed(5)
    wanted = [noise(x).tolist() for _ in range(6)]
    engine.manual_seed(5)
    # A kernel that another test has left in the cache rounds otherwise than NumPy.
    close = functools.partial(np.testing.assert_allclose, rtol=1e-5)
    close([compiled(x).tolist() for _ in range(6)], wanted)
    assert replays(compiled) == 4
    engine.manual_seed(5)
    close(compiled(x).tolist(), wanted[0])


def test_a_generator_made_inside_is_not_replayed() -> None:
    def noise(x: Any) -> Any:
        return x + enp.random.default_rng(3).random(3)

    compiled = engine.compile(noise)
    first = noise(enp.zeros(3)).tolist()
    for _ in range(6):
        assert compiled(enp.zeros(3)).tolist() == first
    assert replays(compiled) == 0


def test_dropout_and_modes_of_modules() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5))
    compiled = engine.compile(lambda x: model(x))
    x = engine.ones(1, 4)
    with engine.no_grad():
        results = {tuple(compiled(x)[0].tolist()) for _ in range(8)}
        assert len(results) > 2
        assert replays(compiled) == 6
        model.eval()
        plain = model(x).tolist()
        for _ in range(4):
            assert compiled(x).tolist() == plain


def test_signatures_that_would_be_forgotten_are_not_recorded_for_ever() -> None:
    @engine.compile(shapes=3)
    def compiled(x: Any, c: float) -> Any:
        return stencil(x, c)[: len(x)]

    for n in [*range(4, 12)] * 8:
        assert compiled(enp.ones(n), 0.5).shape == (n,)
    assert "times: more than shapes=3 signatures" in compiled.report()
    for _ in range(60):  # one that stays is found in the end
        compiled(enp.ones(20), 0.5)
    assert replays(compiled) > 30
