"""engine.compile: calls that are replayed give what ordinary calls give."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import engine
import engine.numpy as enp
from engine import nn, optim

CALLS = 5
FACTOR = 2.0
TABLE = {"scale": 3.0}
HISTORY: list[float] = []


def replays(compiled: Any) -> int:
    return sum(one.replayed for one in compiled._signatures.values())


def captured(function: Callable[..., Any], *args: Any) -> Any:
    """The compiled function, after calls enough for a replay."""
    compiled = engine.compile(function)
    for _ in range(3):
        compiled(*args)
    assert replays(compiled) == 1, compiled.report()
    return compiled


def why(function: Callable[..., Any], *args: Any, calls: int = 6) -> str:
    """What the report says of a function that is not to be captured."""
    compiled = engine.compile(function)
    for _ in range(calls):
        compiled(*args)
    assert replays(compiled) == 0
    return str(compiled.report())


def line_of(function: Callable[..., Any], offset: int) -> str:
    return f"test_compile.py:{function.__code__.co_firstlineno + offset}"


# -- what is replayed ------------------------------------------------------------------
def stencil(x: Any, c: float) -> Any:
    y = x.copy()
    y[1:-1] = (x[:-2] + x[1:-1] + x[2:]) * c
    return y


def test_replays_give_what_numpy_gives() -> None:
    compiled = engine.compile(stencil)
    rng = np.random.default_rng(0)
    for k in range(CALLS):
        x = rng.normal(size=9)
        result = compiled(enp.array(x), 0.5 + k)
        assert np.array_equal(result.numpy_copy(), stencil(x, 0.5 + k))
    assert replays(compiled) == CALLS - 2


def test_results_of_replays_live_on() -> None:
    compiled = engine.compile(lambda x: x * 2.0)
    results = [compiled(enp.array([float(k)])) for k in range(CALLS)]
    assert [float(y[0]) for y in results] == [2.0 * k for k in range(CALLS)]


def test_results_keep_their_structure_face_and_layout() -> None:
    def parts(x: Any) -> Any:
        y = x * 2
        return {"both": [y, y[1:]], "turned": (x + x.T).T, "sum": y.sum(), "n": 3}

    for face in (enp.array, engine.tensor):
        compiled = engine.compile(parts)
        x = face(np.arange(9.0).reshape(3, 3))
        for _ in range(4):
            found, wanted = compiled(x), parts(x)
            assert found["n"] == 3
            assert (
                found["turned"].strides == wanted["turned"].strides
                if (face is enp.array)
                else found["turned"].stride() == wanted["turned"].stride()
            )
            assert type(found["sum"]) is type(wanted["sum"])
            assert found["sum"].scalar == wanted["sum"].scalar
            for one, other in zip(found["both"], wanted["both"], strict=True):
                assert np.array_equal(one.numpy_copy(), other.numpy_copy())
            found["both"][0][1:] = 7.0  # the second is a view of the first
            assert float(found["both"][1][0, 0]) == 7.0
        assert replays(compiled) == 2


def test_views_of_results_know_their_base() -> None:
    compiled = engine.compile(lambda x: (x + 1)[1:])
    for _ in range(4):
        y = compiled(enp.arange(4.0))
        assert y.base is not None
        assert y.base.shape == (4,)
    assert replays(compiled) == 2


@pytest.mark.parametrize("face", [enp.array, engine.tensor])
def test_arguments_are_written_in_place(face: Any) -> None:
    def add(x: Any, y: Any) -> None:
        x += y
        x[0] = 5.0

    compiled = engine.compile(add)
    x, y = face([1.0, 2.0]), face([10.0, 20.0])
    view = x[1:]
    for k in range(CALLS):
        compiled(x, y)
        assert x.tolist() == [5.0, 2.0 + 20.0 * (k + 1)]
        assert view.tolist() == x.tolist()[1:]
    assert replays(compiled) == CALLS - 2


def test_numpy_arguments_are_written_in_the_callers_arrays() -> None:
    def push(x: Any, y: Any) -> Any:
        x[1:] += x[:-1] * y[1:]
        return x.sum()

    compiled = engine.compile(push)
    wanted = np.arange(6.0)
    x = wanted.copy()
    y = np.linspace(0, 1, 12)[::2]
    for _ in range(CALLS):
        total = compiled(x, y)
        wanted[1:] += wanted[:-1] * y[1:]
        assert np.array_equal(x, wanted)
        assert float(total) == wanted.sum()
    assert replays(compiled) == CALLS - 2


def test_numpy_arguments_in_fortran_order_and_views_are_written() -> None:
    def scale(x: Any) -> None:
        x *= 2.0

    compiled = engine.compile(scale)
    for x in (np.ones((3, 4), order="F"), np.ones((6, 8))[::2, ::2], np.ones(())):
        for _ in range(4):
            compiled(x)
        assert np.array_equal(x, np.full(x.shape, 16.0))
    assert replays(compiled) >= 6 - 1


def test_results_do_not_share_the_memory_of_numpy_arguments() -> None:
    compiled = engine.compile(lambda x: (x, x[1:], x.reshape(2, 2)))
    x = np.arange(4.0)
    for _ in range(4):
        results = compiled(x)
        x += 1
        assert float(results[0][0]) == x[0] - 1
        assert float(results[1][0]) == x[1] - 1
    assert replays(compiled) == 2


def test_a_read_only_numpy_argument_is_not_written() -> None:
    def scale(x: Any) -> None:
        x *= 2.0

    x = np.ones(3)
    x.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        engine.compile(scale)(x)


@pytest.mark.parametrize(
    "arguments",
    [
        lambda x: (x, x),
        lambda x: (x, x[1:]),
        lambda x: (x[1:], x),
        lambda x: (x[::2], x[1::2]),
        lambda x: (x, x.copy()),
        lambda x: (x[:3], x[2:5]),
    ],
)
@pytest.mark.parametrize("face", [np.array, enp.array])
def test_aliases_among_arguments(face: Any, arguments: Callable[[Any], Any]) -> None:
    def mix(x: Any, y: Any) -> Any:
        x[1:3] = y[:2] * 2
        y[0] = x[1] + 1
        return x + 1 if x.shape == y.shape else y * 2

    compiled = engine.compile(mix)
    for start in range(CALLS):
        x, wanted = face(np.arange(6.0) + start), np.arange(6.0) + start
        result, other = compiled(*arguments(x)), mix(*arguments(wanted))
        assert np.array_equal(np.asarray(x), wanted)
        assert np.array_equal(result.numpy_copy(), other)


def test_shared_memory_is_seen_both_ways() -> None:
    def double(x: Any) -> None:
        x *= 2.0

    compiled = engine.compile(double)
    x = enp.ones(3)
    for _ in range(3):
        compiled(x)
    seen = np.asarray(x)
    compiled(x)
    assert seen.tolist() == [16.0] * 3
    seen[0] = 1.0
    compiled(x)
    assert x.tolist() == [2.0, 32.0, 32.0]
    assert "shared with NumPy" in compiled.report()


def test_who_holds_the_old_elements_keeps_them() -> None:
    def double(x: Any) -> None:
        x *= 2.0

    compiled = engine.compile(double)
    x = engine.ones(4)
    kept = []
    for k in range(CALLS):
        kept.append(x.clone() if k % 2 else x + 0)
        engine.eval(kept)
        compiled(x)
    assert [float(y[0]) for y in kept] == [2.0**k for k in range(CALLS)]


def test_memory_is_written_in_place() -> None:
    def double(x: Any) -> None:
        x *= 2.0

    compiled = engine.compile(double)
    x = enp.ones(1000)
    with engine.config(tier="compiled"):
        for _ in range(4):
            compiled(x)
        before = x.line.value.buffer.ctypes.data
        compiled(x)
        assert x.line.value.buffer.ctypes.data == before
    assert replays(compiled) == 3


def test_floats_are_not_baked_in() -> None:
    def blend(x: Any, a: float, b: float) -> Any:
        return x * (a * a - b) + -a / 2

    x = np.arange(3.0)
    for face in (enp.array, engine.tensor):
        compiled = engine.compile(blend)
        for a in (1.0, 1.5, 2.5, 1.0):
            result = compiled(face(x), a, 0.25).numpy_copy()
            assert np.allclose(result, blend(x, a, 0.25), rtol=1e-6)
        assert replays(compiled) == 2
        assert len(compiled._signatures) == 1


def test_floats_that_python_looks_at_belong_to_the_signature() -> None:
    def branch(x: Any, a: float, b: float) -> Any:
        y = x * b
        if a > 1.0:
            y = y + math.sqrt(a)
        return y

    compiled = engine.compile(branch)
    x = np.arange(3.0)
    for a in (0.5, 2.0, 4.0, 0.5, 2.0, 4.0, 4.0, 4.0, 0.5):
        found = compiled(enp.array(x), a, a + 1).numpy_copy()
        assert np.array_equal(found, branch(x, a, a + 1))
    assert replays(compiled) == 2


def test_powers_of_floats_mean_what_they_mean_in_numpy() -> None:
    compiled = engine.compile(lambda x, p: x**p)
    x = np.array([2.0, 3.0])
    for p in (2.0, 2.0, 0.5, -1.0, 3.0, 2.0, 2.0):
        assert np.allclose(compiled(enp.array(x), p).numpy_copy(), x**p, rtol=1e-15)


def test_floats_and_strings_are_returned() -> None:
    compiled = engine.compile(lambda x, a: (a * 2, "a", x + a))
    for a in (1.0, 2.0, 3.0, 4.0):
        number, text, _ = compiled(enp.ones(2), a)
        assert type(number) is float
        assert (number, text) == (2 * a, "a")
    assert replays(compiled) == 2


def test_integers_and_keywords_belong_to_the_signature() -> None:
    def cut(x: Any, n: int, *, where: str = "front", flip: bool = False) -> Any:
        part = x[:n] if where == "front" else x[-n:]
        return part[::-1] if flip else part * 1

    compiled = engine.compile(cut)
    x = np.arange(8.0)
    for n in (2, 3, 2, 3, 2, 3):
        for options in ({}, {"where": "back"}, {"where": "back", "flip": True}):
            found = compiled(enp.array(x), n, **options).numpy_copy()
            assert np.array_equal(found, cut(x, n, **options))
    assert replays(compiled) == 6


def test_new_extents_are_recorded_once_and_compile_nothing() -> None:
    compiled = engine.compile(stencil)
    with engine.config(tier="compiled"):
        for n in (10, 10, 11):
            engine.eval(compiled(enp.ones(n), 0.5))
        before = engine.stats()["kernels_compiled"]
        for n in range(12, 20):
            engine.eval(compiled(enp.ones(n), 0.5))
            replayed = replays(compiled)
            engine.eval(compiled(enp.ones(n), 0.5))
            assert replays(compiled) == replayed + 1
        assert engine.stats()["kernels_compiled"] == before


def test_the_least_recently_used_signatures_are_forgotten() -> None:
    compiled = engine.compile(shapes=3)(stencil)
    for n in range(4, 20):
        compiled(enp.ones(n), 0.5)
    assert len(compiled._signatures) == 3


def test_nested_arguments_are_taken_apart() -> None:
    def total(tree: Any, pair: Any) -> Any:
        return tree["a"] * pair[0] + tree["b"][1]

    compiled = engine.compile(total)
    for k in (1.0, 2.0, 3.0, 4.0):
        tree = {"a": enp.ones(2) * k, "b": [None, np.ones(2)]}
        assert compiled(tree, (k, "x")).tolist() == [k * k + 1] * 2
    assert replays(compiled) == 2


def test_long_calls_are_replayed_part_by_part() -> None:
    def sweep(x: Any, y: Any) -> None:
        for _ in range(700):
            y[1:-1] = (x[:-2] + x[1:-1] + x[2:]) * 0.3
            x[1:-1] = y[1:-1]

    compiled = engine.compile(sweep)
    x, y = enp.linspace(0, 1, 12), enp.zeros(12)
    a, b = np.linspace(0, 1, 12), np.zeros(12)
    for _ in range(4):
        compiled(x, y)
        sweep(a, b)
        assert np.allclose(x.numpy_copy(), a, rtol=1e-12)
    assert replays(compiled) == 2
    assert " parts" in compiled.report()


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
    assert [compiled(x).tolist() for _ in range(6)] == wanted
    assert replays(compiled) == 4
    engine.manual_seed(5)
    assert compiled(x).tolist() == wanted[0]


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


# -- what is refused -------------------------------------------------------------------
def looks(x: Any) -> Any:
    if float(x.sum()) > 0:
        return x + 1
    return x - 1


def prints(x: Any) -> Any:
    print(x.shape)
    return x


def writes_global(x: Any) -> Any:
    global FACTOR
    FACTOR = 2.0
    return x * 1


def tells_time(x: Any) -> Any:
    return x + time.time()


def draws(x: Any) -> Any:
    return x + np.random.rand()


def imports(x: Any) -> Any:
    import random

    return x + random.random()


def keeps(x: Any) -> Any:
    HISTORY.append(1.0)
    return x * 1


def seeds(x: Any) -> Any:
    engine.manual_seed(0)
    return x + 1


@pytest.mark.parametrize(
    ("function", "offset", "reason"),
    [
        (looks, 1, "looks at the value"),
        (prints, 1, "it calls print"),
        (writes_global, 2, "writes the global FACTOR"),
        (tells_time, 1, "it calls time.time"),
        (draws, 1, "it calls np.random"),
        (imports, 1, "it imports random"),
        (seeds, 1, "engine.manual_seed"),
    ],
)
def test_refusals_name_the_line(
    function: Callable[..., Any], offset: int, reason: str
) -> None:
    said = why(function, enp.ones(2))
    assert reason in said
    assert line_of(function, offset) in said
    strict = engine.compile(function, strict=True)
    with pytest.raises(RuntimeError, match="can be replayed was required") as error:
        for _ in range(6):
            strict(enp.ones(2))
    assert line_of(function, offset) in str(error.value)


def test_containers_that_change_are_refused() -> None:
    HISTORY.clear()
    assert "the call changes HISTORY" in why(keeps, enp.ones(2))
    assert HISTORY == [1.0] * 6


def test_lists_of_the_caller_are_changed_as_without() -> None:
    def push(items: list[Any]) -> None:
        items.append(items[0] * 2)

    compiled = engine.compile(push)
    for _ in range(4):
        items = [np.ones(2)]
        compiled(items)
        assert items[1].tolist() == [2.0, 2.0]
    assert replays(compiled) == 0


def test_counters_of_python_are_refused() -> None:
    class Clock:
        t = 0

    clock = Clock()

    def tick(x: Any) -> Any:
        clock.t += 1
        return x * clock.t

    compiled = engine.compile(tick)
    for k in range(1, 7):
        assert compiled(enp.ones(1)).tolist() == [float(k)]
    assert "the call changes clock" in compiled.report()


def test_outer_variables_that_are_written_are_refused() -> None:
    calls = 0

    def tick(x: Any) -> Any:
        nonlocal calls
        calls += 1
        return x * calls

    assert "writes the variable calls" in why(tick, enp.ones(1))


def test_numpy_arrays_that_are_closed_over_are_refused() -> None:
    weights = np.ones(2)

    def weigh(x: Any) -> Any:
        return x * weights

    compiled = engine.compile(weigh)
    for k in range(6):
        weights[0] = k
        assert compiled(enp.ones(2)).tolist() == [float(k), 1.0]
    assert "NumPy array weights" in compiled.report()


def test_arrays_kept_elsewhere_are_refused() -> None:
    cache: dict[str, Any] = {}

    def remember(x: Any) -> Any:
        cache["last"] = x * 2
        return x + 1

    compiled = engine.compile(remember)
    for k in range(6):
        compiled(enp.ones(1) * k)
        assert cache["last"].tolist() == [2.0 * k]
    assert replays(compiled) == 0


# -- errors, threads, calls in calls ---------------------------------------------------
def test_exceptions_leave_everything_as_without() -> None:
    def fail(x: Any, n: int) -> Any:
        x += 1
        if n == 3:
            raise KeyError("three")
        return x * 2

    compiled = engine.compile(fail)
    x, a = enp.zeros(2), np.zeros(2)
    for n in (1, 1, 1, 3, 1, 3):
        for one in (x, a):
            if n == 3:
                with pytest.raises(KeyError, match="three"):
                    compiled(one, n)
            else:
                compiled(one, n)
    assert x.tolist() == a.tolist() == [6.0] * 2


def test_errors_of_numbers_are_raised_where_they_are_without() -> None:
    def divide(x: Any, a: float) -> Any:
        x += 1
        return x * (1 / a)

    compiled = engine.compile(divide)
    x = enp.zeros(1)
    for a in (1.0, 2.0, 4.0, 0.0, 2.0):
        if a:
            compiled(x, a)
            continue
        with pytest.raises(ZeroDivisionError):
            compiled(x, a)
    assert x.tolist() == [5.0]


def test_late_errors_are_raised_at_the_call() -> None:
    def pick(x: Any, places: Any, out: Any) -> Any:
        out += 1
        return nn.functional.cross_entropy(x, places, reduction="sum")

    compiled = engine.compile(pick)
    x, out = engine.zeros(2, 1), engine.zeros(1)
    for _ in range(4):
        assert compiled(x, engine.tensor([0, 0]), out).item() == 0.0
    with pytest.raises(IndexError, match=line_of(pick, 2)):
        compiled(x, engine.tensor([0, 9]), out)
    assert compiled(x, engine.tensor([0, 0]), out).item() == 0.0
    assert replays(compiled) == 4
    assert out.tolist() == [6.0]


def test_compiled_functions_call_each_other() -> None:
    @engine.compile
    def inner(x: Any) -> Any:
        return x * 2

    @engine.compile
    def outer(x: Any) -> Any:
        return inner(x) + inner(x + 1)

    for k in range(4):
        assert outer(enp.ones(1) * k).tolist() == [4.0 * k + 2]
        assert inner(enp.ones(1)).tolist() == [2.0]
    assert replays(outer) == replays(inner) == 2


def test_threads_replay_at_once() -> None:
    compiled = engine.compile(stencil)
    failures: list[str] = []

    def work(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for _ in range(30):
            x = rng.normal(size=8 + seed % 2)
            found = compiled(enp.array(x), 0.5).numpy_copy()
            if not np.array_equal(found, stencil(x, 0.5)):
                failures.append(f"{seed}")

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert replays(compiled) > 100


def test_it_keeps_the_name_and_refuses_what_is_no_function() -> None:
    assert engine.compile(stencil).__name__ == "stencil"
    with pytest.raises(TypeError, match="compile: a function was required; int"):
        engine.compile(3)  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="shapes >= 1 was required; 0"):
        engine.compile(shapes=0)(stencil)


def test_the_interpreting_tier_is_left_as_it_is() -> None:
    compiled = engine.compile(stencil)
    with engine.config(tier="numpy"):
        for _ in range(4):
            compiled(enp.ones(4), 0.5)
    assert replays(compiled) == 0


# -- random programs -------------------------------------------------------------------
SPOTS = (slice(None), slice(1, None), slice(None, -1), slice(None, None, -1))


def random_program(seed: int) -> Callable[..., Any]:
    """Views, writes and reads of three arrays; the same for NumPy and Engine."""
    rng = np.random.default_rng(seed)
    steps = [[int(n) for n in rng.integers(0, 100, 8)] for _ in range(8)]
    kept = [int(n) for n in rng.integers(0, 100, 3)]

    def program(a: Any, b: Any, c: Any, weight: float) -> Any:
        pool = [a, b, c]
        for kind, i, j, k, s, t, u, v in steps:
            x, y = pool[i % len(pool)], pool[j % len(pool)]
            n = min(x.shape[0], y.shape[0]) - 1
            match kind % 5:
                case 0:
                    pool.append(x[SPOTS[s % 4]])
                case 1:
                    x[1 : 1 + n] = y[:n] * weight
                case 2:
                    x[:n] += y[1 : 1 + n]
                case 3:
                    pool.append(x[:n] * (k % 3) - y[:n] / 2)
                case _:
                    x[t % (n + 1)] = y[u % (n + 1)] + v
        return [pool[k % len(pool)] for k in kept]

    return program


@pytest.mark.parametrize("seed", range(40))
def test_random_programs(seed: int) -> None:
    program = random_program(seed)
    compiled = engine.compile(program)
    rng = np.random.default_rng(seed)
    face = (enp.array, engine.tensor, np.array)[seed % 3]
    # PyTorch has no negative steps; NumPy's arrays share no memory with results.
    if face is engine.tensor:
        face = enp.array
    for call in range(4):
        wanted = [rng.normal(size=7) for _ in range(2)]
        given = [face(x) for x in wanted]
        weight = float(rng.normal())
        views = [given[0], given[1], given[seed % 2][1:]]
        if face is np.array:
            views[2] = views[2].copy()
        others = [wanted[0], wanted[1], wanted[seed % 2][1:]]
        if face is np.array:
            others[2] = others[2].copy()
        found, expected = compiled(*views, weight), program(*others, weight)
        for one, other in zip(found, expected, strict=True):
            assert np.allclose(one.numpy_copy(), other, rtol=1e-12), call
        for one, other in zip(views, others, strict=True):
            assert np.allclose(np.array(one), other, rtol=1e-12), call
    assert replays(compiled) == 2, compiled.report()
