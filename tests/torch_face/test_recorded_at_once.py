"""Functions and optimizers that repeat are recorded at once, with the same results."""

from __future__ import annotations

import gc
import math
import weakref
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from steps import OPTIMIZERS, TURNS, Passed, in_turns, leaf, numbers_of, trained

import engine
from engine import nn, optim
from engine.execute import flush
from engine.nn import functional as F
from engine.record import once
from engine.record.splice import Passage
from engine.record.trace import current_trace
from engine.torch.once import Once

pytestmark = pytest.mark.usefixtures("interpreted")


# -- functions -------------------------------------------------------------------------
def test_functions_record_at_once_what_they_recorded_before(passed: Passed) -> None:
    def program() -> Any:
        x = leaf(1.0, -2.0, 3.0)
        y = F.gelu(F.layer_norm(x, (3,)))
        y.sum().backward()
        return numbers_of(y), numbers_of(x.grad)

    want = program()
    flush(current_trace())
    in_turns([program], [want])
    assert len(passed) >= 3 * (TURNS - 2)


def test_options_of_functions_are_told_apart(passed: Passed) -> None:
    def program(slope: Any) -> Any:
        return str(F.leaky_relu(leaf(-2.0, 3.0), slope).tolist())

    in_turns(
        [
            lambda: program(0.5),
            lambda: program(0.0),
            lambda: program(-0.0),
            lambda: program(1),
        ],
        ["[-1.0, 3.0]", "[-0.0, 3.0]", "[0.0, 3.0]", "[-2.0, 3.0]"],
    )
    assert passed


def test_arguments_that_are_not_plain_are_not_remembered(passed: Passed) -> None:
    @Once
    def scaled(x: Any, options: list[float]) -> Any:
        return x * options[0]

    factors = [3.0]
    for factor in (3.0, 3.0, 3.0, 4.0):
        factors[0] = factor
        assert scaled(leaf(2.0), factors).tolist() == [2 * factor]
    assert not passed


def test_one_operand_twice_is_no_pair_of_operands() -> None:
    def program(same: bool) -> Any:
        x = leaf(1.0, 2.0)
        y = x if same else leaf(3.0, 6.0)
        loss = F.mse_loss(x, y)
        loss.backward()
        return loss.item(), numbers_of(x.grad)

    in_turns(
        [lambda: program(True), lambda: program(False)],
        [(0, [0, 0]), (10, [-2, -4])],
    )


def test_functions_know_whether_gradients_are_recorded() -> None:
    def program(recorded: bool) -> Any:
        x = leaf(1.0, -2.0)
        with engine.set_grad_enabled(recorded):
            y = F.relu(x * 2)
        return y.requires_grad

    in_turns([lambda: program(True), lambda: program(False)], [True, False])


def test_random_numbers_are_those_of_their_stream(recorder: str) -> None:
    def program(seed: int, *counts: int) -> Any:
        generator = engine.Generator().manual_seed(seed)
        drawn = [engine.rand(n, generator=generator) for n in counts]
        return [x for one in drawn for x in one.tolist()]

    seeds = 0, 7, 2**63 + 5
    wanted = [program(seed, 12) for seed in seeds]
    in_turns([partial(program, seed, 4, 4, 4) for seed in seeds], wanted)


def test_dropout_drops_others_each_time(passed: Passed) -> None:
    x = engine.ones(1000, requires_grad=True)
    seen = set()
    for _ in range(TURNS):
        y = F.dropout(x, 0.25)
        (grad,) = engine.autograd.grad(y.sum(), x)
        assert y.tolist() == grad.tolist()
        assert set(y.tolist()) == {0.0, engine.tensor(1 / 0.75).item()}
        assert 650 < (y != 0).sum().item() < 850
        seen.add(tuple(y.tolist()))
        flush(current_trace())
    assert len(seen) == TURNS and passed


def test_bounds_of_gradients_are_told_apart(passed: Passed) -> None:
    def program(change: Callable[[Any], Any]) -> Any:
        x, y = leaf(3.0), leaf(0.0, 4.0)
        (x.sum() * 3 + (y * y).sum() / 2).backward()
        kept, own = x.grad, x.grad.detach()
        change([x, y])
        assert x.grad is kept and own.tolist() == kept.tolist()
        return [*numbers_of(x.grad), *numbers_of(y.grad)]

    norm, value = nn.utils.clip_grad_norm_, nn.utils.clip_grad_value_
    in_turns(
        [
            lambda: program(lambda both: norm(both, 6.0)),
            lambda: program(lambda both: norm(both, 2.5)),
            lambda: program(lambda both: norm(both, 2.0, math.inf)),
            lambda: program(lambda both: value(both, 3.5)),
            lambda: program(lambda both: value(both, 1)),
        ],
        [
            pytest.approx(want, rel=1e-5)  # the norm is divided by a little more
            for want in ([3, 0, 4], [1.5, 0, 2], [1.5, 0, 2], [3, 0, 3.5], [1, 0, 1])
        ],
    )
    assert len(passed) > 2 * 5 * (TURNS - 3)


def test_more_functions_than_are_kept_at_a_place(passed: Passed) -> None:
    x = leaf(-1.0, grad=False)
    for slope in [*range(2 * once.KEPT), *[5] * TURNS]:
        assert F.leaky_relu(x, slope).tolist() == [-slope]
    known = current_trace().node.passages
    assert known is not None and len(known) <= once.KEPT and passed


def test_an_error_is_raised_every_time() -> None:
    for _ in range(TURNS):
        with pytest.raises(RuntimeError, match="linear: an input whose last dimension"):
            F.linear(engine.ones(2, 3), engine.ones(2, 2))


# -- optimizers ------------------------------------------------------------------------
@pytest.mark.parametrize("looks", [True, False])
@pytest.mark.parametrize("make", OPTIMIZERS)
def test_steps_give_the_same_bits_when_they_are_recorded_at_once(
    make: Callable[[Any], optim.Optimizer],
    looks: bool,
    passed: Passed,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [trained(make, looks) for _ in range(3)]
    assert len(passed) > 80
    monkeypatch.setattr(Passage, "again", lambda *_: None)
    want = trained(make, looks)
    assert found == [want] * 3


def test_a_step_that_fails_writes_nothing() -> None:
    w, b = leaf(1.0, 2.0), leaf(3.0)
    optimizer = optim.SGD([w, b], lr=0.5)
    w.grad, b.grad = engine.ones_like(w), engine.ones_like(b)
    optimizer.param_groups[0]["params"].append("no parameter")
    for _ in range(TURNS):
        with pytest.raises(AttributeError):
            optimizer.step()
    assert w.tolist() == [1, 2] and b.tolist() == [3]


def test_what_sees_a_parameter_sees_its_steps() -> None:
    w = leaf(1.0, 2.0)
    view, detached = w.detach()[1:], w.detach()
    seen = w.detach().numpy()
    optimizer = optim.SGD([w], lr=1.0)
    for k in range(1, TURNS + 1):
        w.grad = engine.ones_like(w)
        optimizer.step()
        assert seen.tolist() == detached.tolist() == [1 - k, 2 - k]
        assert view.tolist() == [2 - k] and w.is_leaf and w.requires_grad


def test_what_is_remembered_keeps_no_arrays() -> None:
    model = nn.Linear(3, 2)
    optimizer = optim.Adam(model.parameters())
    for _ in range(TURNS):
        optimizer.zero_grad()
        model(engine.ones(4, 3)).sum().backward()
        optimizer.step()
        engine.eval(list(model.parameters()))
    held = [
        weakref.ref(x)
        for x in (optimizer, model.weight, model.weight.read(), model.weight.grad)
    ]
    del model, optimizer
    gc.collect()
    assert [reference() for reference in held] == [None] * len(held)
