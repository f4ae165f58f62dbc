"""engine.compile: training and whole programs that native code replays."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy
import pytest
from compiling import Step, natively, steadied

import engine
import engine.numpy as np
from engine import nn, optim

pytestmark = pytest.mark.usefixtures("native_code", "compiled_tier")


def _trained(by: Callable[[Any], Any], kind: Any, steps: int) -> list[Any]:
    """The losses of some steps, the parameters, and how many steps were counted."""
    engine.manual_seed(3)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
    optimiser = kind(model.parameters())
    loss_function = nn.CrossEntropyLoss()
    x, labels = engine.randn(16, 4), engine.randint(0, 3, (16,))

    def step(x: Any, labels: Any) -> Any:
        optimiser.zero_grad()
        loss = loss_function(model(x), labels)
        loss.backward()
        optimiser.step()
        return loss

    call = by(step)
    losses = []
    for k in range(steps):
        if k == steps // 2:
            optimiser.param_groups[0]["lr"] *= 0.5
        losses.append(call(x, labels).item())
    if by is engine.compile:
        assert natively(call) > steps // 2, call.report()
    counts = [one.get("step") for one in optimiser.state.values()]
    grads = [one.grad.tolist() for one in model.parameters()]
    return [losses, counts, grads, [one.tolist() for one in model.parameters()]]


@pytest.mark.parametrize(
    "kind",
    [
        lambda x: optim.Adam(x, lr=0.05),
        lambda x: optim.AdamW(x, lr=0.05),
        lambda x: optim.SGD(x, lr=0.1, momentum=0.9),
        lambda x: optim.RMSprop(x, lr=0.01),
    ],
)
def test_training(kind: Any) -> None:
    ordinary = _trained(lambda step: step, kind, 40)
    replayed = _trained(engine.compile, kind, 40)
    assert replayed[1] == ordinary[1]
    for found, wanted in zip(replayed[0], ordinary[0], strict=True):
        assert found == pytest.approx(wanted, rel=1e-5)
    for found, wanted in zip(replayed[3], ordinary[3], strict=True):
        numpy.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-6)


def test_draws_go_on() -> None:
    def losses(by: Callable[[Any], Any]) -> list[float]:
        engine.manual_seed(2)
        model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.Linear(8, 2))
        optimiser = optim.SGD(model.parameters(), lr=0.001)
        x = engine.randn(6, 4)

        def step(x: Any) -> Any:
            optimiser.zero_grad()
            loss = (model(x) + engine.rand(2)).pow(2).sum()
            loss.backward()
            optimiser.step()
            return loss

        call = by(step)
        found = [call(x).item() for _ in range(12)]
        if by is engine.compile:
            assert natively(call) > 5, call.report()
        return [*found, engine.rand(1).item()]

    wanted = losses(lambda step: step)
    assert losses(engine.compile) == pytest.approx(wanted, rel=1e-5)


def test_training_that_has_begun_undecorated() -> None:
    weight = engine.ones(3, requires_grad=True)
    optimiser = optim.Adam([weight], lr=0.5)

    def step(x: Any) -> Any:
        optimiser.zero_grad()
        loss = ((weight * x) ** 2).sum()
        loss.backward()
        optimiser.step()
        return loss

    x = engine.ones(3)
    for _ in range(20):
        step(x).item()
    compiled = steadied(step, x)
    count = Step(compiled)
    compiled(x)
    assert count() == 1
    assert optimiser.state[weight]["step"] == 28


def test_a_step_goes_on_from_what_ordinary_statements_leave() -> None:
    weight = engine.ones(3, requires_grad=True)
    optimiser = optim.SGD([weight], lr=1.0)

    def step(x: Any) -> Any:
        optimiser.zero_grad()
        loss = (weight * x).sum()
        loss.backward()
        optimiser.step()
        return loss

    x = engine.ones(3)
    step(x)
    compiled = steadied(step, x)
    with engine.no_grad():
        weight.fill_(4.0)
    count = Step(compiled)
    loss = compiled(x)
    assert loss.item() == 12.0
    assert loss.requires_grad
    with pytest.raises(RuntimeError, match="graph"):
        loss.backward()
    assert (weight.tolist(), weight.grad.tolist()) == ([3.0] * 3, [1.0] * 3)
    assert (weight.requires_grad, weight.is_leaf) == (True, True)
    (weight * 2).sum().backward()
    assert weight.grad.tolist() == [3.0] * 3
    compiled(x)
    assert (weight.tolist(), weight.grad.tolist()) == ([2.0] * 3, [1.0] * 3)
    assert count() == 2


def _functions(face: Any, state: SimpleNamespace) -> list[Callable[..., Any]]:
    """Functions of two vectors and a float."""

    def chain(x: Any, y: Any, a: float) -> Any:
        return (x * a + y) / (1.0 + y * y)

    def written(x: Any, y: Any, a: float) -> Any:
        x[1:-1] = (x[:-2] + x[2:]) * 0.5
        return x - y

    def both(x: Any, y: Any, a: float) -> None:
        x += y * a
        y -= x

    def kept(x: Any, y: Any, a: float) -> Any:
        state.array += x * state.factor
        return state.array * y, state.array.sum()

    def several(x: Any, y: Any, a: float) -> Any:
        z = x * 2.0
        z[0] = -a
        return z, x, z.sum()

    return [chain, written, both, kept, several]


def _outcome(function: Callable[..., Any], *arguments: Any) -> Any:
    try:
        result = function(*arguments)
    except Exception as error:
        return type(error)
    parts = result if isinstance(result, tuple) else (result,)
    return [None if x is None else numpy.array(x.tolist()) for x in parts]


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("face", [np.array, engine.tensor])
def test_programs_around_compiled_calls(face: Any, seed: int) -> None:
    rng = numpy.random.default_rng(seed)
    worlds = []
    for _ in range(2):
        state = SimpleNamespace(array=face(numpy.ones(6)), factor=2.0)
        arrays = [face(numpy.arange(6.0) + k) for k in range(3)]
        worlds.append((state, arrays, []))
    which = int(rng.integers(5))
    calls = [_functions(face, worlds[0][0])[which], None]
    compiled = engine.compile(_functions(face, worlds[1][0])[which])
    calls[1] = compiled
    for _ in range(60):
        event, i, j = (int(rng.integers(n)) for n in (12, 3, 3))
        a = float(rng.normal())
        found = []
        for call, (state, arrays, held) in zip(calls, worlds, strict=True):
            x, y = arrays[i], arrays[j]
            if event == 0:
                arrays[i] = face(numpy.linspace(0, a, 6))
            elif event == 1:
                arrays[i] = y * a  # pending
            elif event == 2:
                arrays[i] = y.copy() if face is np.array else y.clone()
            elif event == 3:
                held.append(x * 2 if a > 0 else x.line.value)
            elif event == 4:
                x[int(a > 0) :] += a
            elif event == 5:
                state.factor = float(i)
            elif event == 6 and a > 1:
                held.append(numpy.asarray(x))
            elif event == 7:
                held.clear()
            elif event == 8:
                arrays[i] = face(numpy.arange(30.0).reshape(5, 6))[j]
            for _ in range(1 + 2 * (event > 9)):
                found.append(_outcome(call, arrays[i], arrays[j], a))
        half = len(found) // 2
        for one, other in zip(found[:half], found[half:], strict=True):
            if isinstance(one, type):
                assert one is other
                continue
            for p, q in zip(one, other, strict=True):
                assert (p is None) == (q is None)
                if p is not None:
                    numpy.testing.assert_allclose(p, q, rtol=1e-12)
    for one, other in zip(worlds[0][1], worlds[1][1], strict=True):
        numpy.testing.assert_allclose(one.tolist(), other.tolist(), rtol=1e-12)


def test_nothing_and_many_arrays() -> None:
    compiled = steadied(lambda x: None, np.ones(3))
    assert compiled(np.ones(3)) is None

    def dropped(x: Any) -> None:
        (x + 1.0).sum()

    compiled = engine.compile(dropped)
    assert [compiled(np.ones(3)) for _ in range(9)] == [None] * 9

    def total(xs: Any) -> Any:
        return [x * 2.0 for x in xs], sum(xs)

    many = [np.ones(3) * k for k in range(150)]
    compiled = steadied(total, many)
    count = Step(compiled)
    doubled, whole = compiled([np.ones(3) * k for k in range(150)])
    assert doubled[149].tolist() == [298.0] * 3
    assert whole.tolist() == [149 * 75.0] * 3
    compiled([*many[:-1], many[0]])  # one is there twice
    assert count() == 1


def test_threads_with_small_stacks() -> None:
    def total(xs: Any) -> Any:
        return sum(xs)

    many = [np.ones(3) * k for k in range(500)]
    compiled = steadied(total, many)
    found: list[Any] = []
    before = threading.stack_size(2**18)
    try:
        thread = threading.Thread(target=lambda: found.append(compiled(many)))
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    assert found[0].tolist() == [499 * 250.0] * 3


def test_long_plans_let_other_threads_run() -> None:
    code = """
import threading
import engine
import engine.numpy as np
from engine import native
native.recorder()
compiled = engine.compile(lambda x: np.exp(x) * np.sin(x) + np.cos(x) / (x + 2.0))
x = np.ones(400_000)
with engine.config(tier="compiled"):
    def natively():
        before = sum(int(one.counts[0]) for one in compiled.steady)
        compiled(x)
        return sum(int(one.counts[0]) for one in compiled.steady) - before
    for _ in range(6):
        compiled(x)
    alone = natively()
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    beside = natively()
    done.set()
    thread.join()
    print(alone, beside, natively())
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.stdout.split() == ["1", "0", "1"], ran.stderr
