"""engine.compile: what is not replayed, and what goes wrong in the middle."""

from __future__ import annotations

import itertools
import random
import threading
import time
import types
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from compiling import line_of, replays, stencil, why

import engine
import engine.numpy as enp
from engine import nn

FACTOR = 2.0
HISTORY: list[float] = []


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
    said = why(keeps, enp.ones(2))
    assert "the call changes HISTORY" in said
    assert line_of(keeps, 1) in said
    assert HISTORY == [1.0] * 6


COUNTS = {"calls": 0}


def counts(x: Any) -> Any:
    y = x * 2
    COUNTS["calls"] += 1
    return y


def test_what_changes_is_named_with_a_line_of_its_own_function() -> None:
    def other(x: Any) -> Any:  # records the same
        return x * 2

    engine.eval(other(enp.ones(2)))
    said = why(counts, enp.ones(2))
    assert "the call changes COUNTS['calls']" in said
    assert line_of(counts, 2) in said


def test_lists_of_the_caller_are_changed_as_without() -> None:
    def push(items: list[Any]) -> None:
        items.append(items[0] * 2)

    compiled = engine.compile(push)
    for _ in range(4):
        items = [np.ones(2)]
        compiled(items)
        assert items[1].tolist() == [2.0, 2.0]
    assert replays(compiled) == 0


def test_lists_of_the_caller_are_returned_as_they_are() -> None:
    compiled = engine.compile(lambda items: items)
    items = [enp.ones(2), 1.0]
    for _ in range(5):
        assert compiled(items) is items


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


def hidden_states() -> dict[str, Callable[[Any], Any]]:
    """Functions that give something else at each call, each in a way of its own."""
    space, spinning = types.SimpleNamespace(n=0), deque([1.0, 2.0, 3.0])
    counts, steps = Counter[str](), itertools.count()
    draw = random.Random(0)
    listed, made = iter(range(1, 20)), (k * k for k in range(1, 20))

    class Python(random.Random):
        pass

    drawn = Python(0)

    def attribute(x: Any) -> Any:
        attribute.n = getattr(attribute, "n", 0) + 1  # type: ignore[attr-defined]
        return x * attribute.n  # type: ignore[attr-defined]

    def namespace(x: Any) -> Any:
        space.n += 1
        return x * space.n

    def rotated(x: Any) -> Any:
        spinning.rotate(1)
        return x * spinning[0]

    def counter(x: Any) -> Any:
        counts["a"] += 1
        return x * counts["a"]

    return {
        "attribute": attribute,
        "namespace": namespace,
        "deque": rotated,
        "counter": counter,
        "count": lambda x: x * next(steps),
        "iterator": lambda x: x * next(listed),
        "generator": lambda x: x * next(made),
        "random": lambda x: x * draw.random(),
        "subclass": lambda x: x * drawn.random(),
    }


@pytest.mark.parametrize("name", list(hidden_states()))
def test_hidden_state_is_refused(name: str) -> None:
    plain, compiled = hidden_states()[name], engine.compile(hidden_states()[name])
    for _ in range(7):
        assert compiled(enp.ones(1)).tolist() == plain(enp.ones(1)).tolist()
    assert replays(compiled) == 0
    # Known from the first calls, and not because their numbers happen to differ.
    assert "a number was" not in compiled.report()


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
