"""engine.compile: calls that native code replays, and what it leaves to Python."""

from __future__ import annotations

import gc
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import numpy
import pytest
from compiling import Step, natively, replays, steadied

import engine
import engine.numpy as np
from engine.capture.arguments import Unfit
from engine.capture.compiled import STEADY

pytestmark = pytest.mark.usefixtures("native_code", "compiled_tier")

SCALE = 2.0


# -- what is replayed ------------------------------------------------------------------
@pytest.mark.parametrize("face", [np.array, engine.tensor])
def test_arrays_floats_and_options(face: Any) -> None:
    def blend(x: Any, y: Any, a: float, power: int = 2) -> Any:
        return x * a + y**power, y - a

    def given(k: int) -> tuple[Any, Any]:
        return face([1.0, k, 3.0]), face([0.5, 2.0, k])

    compiled = steadied(blend, *given(1), 0.5, power=3)
    step = Step(compiled)
    for k in range(5):
        found = compiled(*given(k), k / 4, power=3)
        wanted = blend(*given(k), k / 4, power=3)
        assert [x.tolist() for x in found] == [x.tolist() for x in wanted]
    assert step() == 5
    assert compiled(*given(2), 0.5, 3)[1].tolist() == [0.0, 1.5, 1.5]
    assert compiled(*given(2), 0.5, power=1)[0].tolist() == [1.0, 3.0, 3.5]
    assert step() == 0


def test_results_are_arrays_as_any() -> None:
    compiled = steadied(lambda x: (x + 1.0, x.sum(), x), np.ones((2, 3)))
    x = np.arange(6.0).reshape(2, 3)
    more, total, same = compiled(x)
    assert same is x
    assert type(total) is type(x.sum())
    assert repr(total) == "np.float64(15.0)"
    more[0] = 9.0
    more += total
    assert more.T.tolist() == [[24.0, 19.0], [24.0, 20.0], [24.0, 21.0]]
    assert x.tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]


def test_containers_of_arrays() -> None:
    def step(params: Any, rate: float) -> Any:
        slope = {name: x * 2 for name, x in params["layers"][0].items()}
        new = [
            {name: x - slope[name] * rate for name, x in params["layers"][0].items()}
        ]
        return {"layers": new, "kept": None}, (slope["a"], [params["shift"]], "done")

    def given(k: int) -> dict[str, Any]:
        layers = [{"a": np.ones(2) * k, "b": np.arange(3.0)}]
        return {"layers": layers, "shift": np.ones(1)}

    compiled = steadied(step, given(1), 0.25)
    count = Step(compiled)
    for k in range(1, 4):
        params = given(k)
        found, (slope, (shift,), word) = compiled(params, k / 4)
        wanted = step(given(k), k / 4)[0]
        assert found["layers"][0]["a"].tolist() == wanted["layers"][0]["a"].tolist()
        assert found["layers"][0]["b"].tolist() == wanted["layers"][0]["b"].tolist()
        assert (list(found), found["kept"], word) == (["layers", "kept"], None, "done")
        assert slope.tolist() == [2.0 * k] * 2
        assert shift is params["shift"]
    assert count() == 3
    params = {"shift": np.ones(1), "layers": given(1)["layers"]}  # in another order
    assert compiled(params, 0.5)[0]["layers"][0]["a"].tolist() == [0.0] * 2
    params = given(1)
    params["layers"][0]["c"] = np.zeros(1)
    assert list(compiled(params, 0.5)[0]["layers"][0]) == ["a", "b", "c"]
    params = given(1)
    params["layers"].append({})
    assert compiled(params, 0.5)[0]["layers"][0]["a"].tolist() == [0.0] * 2
    assert count() == 0


def test_arguments_that_are_pending_are_computed() -> None:
    compiled = steadied(lambda x: x * 3.0, np.ones(4))
    step = Step(compiled)
    x = np.arange(4.0)
    other = x * 5
    assert compiled(x + 1).tolist() == [3.0, 6.0, 9.0, 12.0]
    assert other.tolist() == [0.0, 5.0, 10.0, 15.0]
    assert step() == 1


def test_what_is_written_is_seen_by_views_and_kept_by_copies() -> None:
    def add(x: Any, a: float) -> None:
        x += a

    base = np.zeros((3, 4))
    compiled = steadied(add, base, 1.0)
    step = Step(compiled)
    row, copy, pending = base[1], base.copy(), base * 2
    compiled(base, 2.5)
    assert row.tolist() == [9.5] * 4
    assert copy.tolist() == [[7.0] * 4] * 3
    assert pending.tolist() == [[14.0] * 4] * 3
    compiled(base, 2.5)
    assert row.tolist() == [12.0] * 4
    assert step() >= 1


def test_memory_that_only_the_caller_holds_is_written_in_place() -> None:
    def add(x: Any, a: float) -> None:
        x += a

    x = np.zeros(5)
    compiled = steadied(add, x, 1.0)
    before = id(x.line.value.buffer)
    compiled(x, 1.0)
    assert id(x.line.value.buffer) == before
    kept = x.line.value
    compiled(x, 1.0)
    assert id(x.line.value.buffer) != before
    assert kept.buffer.tolist() == [8.0] * 5
    assert x.tolist() == [9.0] * 5


def test_memory_shared_with_numpy() -> None:
    def add(x: Any, a: float) -> Any:
        x += a
        return x * 2

    x = np.zeros(3)
    compiled = steadied(add, x, 1.0)
    seen = numpy.asarray(x)
    assert compiled(x, 1.0).tolist() == [16.0] * 3
    assert seen.tolist() == [8.0] * 3
    del seen
    assert compiled(x, 1.0).tolist() == [18.0] * 3
    step = Step(compiled)
    assert compiled(x, 1.0).tolist() == [20.0] * 3
    assert step() == 1


# -- what it depends on ----------------------------------------------------------------
def test_forms_of_arrays() -> None:
    compiled = steadied(lambda x, y: x + y, np.ones(3), np.ones(3))
    step = Step(compiled)
    x = np.arange(3.0)
    assert compiled(x, x).tolist() == [0.0, 2.0, 4.0]
    assert compiled(x, x[::-1]).tolist() == [2.0, 2.0, 2.0]
    assert compiled(x, np.arange(3)).dtype == "float64"
    assert compiled(x, np.ones(1)).tolist() == [1.0, 2.0, 3.0]
    assert compiled(x, np.ones((2, 3))).shape == (2, 3)
    assert compiled(x, np.arange(6.0)[2:5]).tolist() == [2.0, 4.0, 6.0]
    assert compiled(x, 2.0).tolist() == [2.0, 3.0, 4.0]
    assert compiled(x, numpy.ones(3)).tolist() == [1.0, 2.0, 3.0]
    assert compiled(x, engine.ones(3).double()).tolist() == [1.0, 2.0, 3.0]
    with pytest.raises(ValueError, match="broadcast"):
        compiled(x, np.ones(2))
    assert step() == 0
    assert compiled(x, np.ones(3)).tolist() == [1.0, 2.0, 3.0]
    assert step() == 1


def test_names_closures_and_containers(monkeypatch: pytest.MonkeyPatch) -> None:
    factor, table, space = 3.0, {"a": 1.0, "b": [2.0]}, SimpleNamespace(c=0.5)

    def scale(x: Any) -> Any:
        return x * factor * SCALE + table["a"] + table["b"][0] + space.c

    x = np.ones(2)
    compiled = steadied(scale, x)

    def found() -> float:
        first = compiled(x).tolist()[0]
        assert compiled(x).tolist() == [first] * 2 == scale(x).tolist()
        return float(first)

    assert found() == 9.5
    monkeypatch.setitem(globals(), "SCALE", 3.0)
    assert found() == 12.5
    factor = 1.0
    assert found() == 6.5
    table["a"] = 2.0
    assert found() == 7.5
    table["b"][0] = 3.0
    assert found() == 8.5
    table["b"] = [4.0]
    assert found() == 9.5
    space.c = 1.5
    assert found() == 10.5
    scale.__code__ = (lambda x: x).__code__.replace(
        co_freevars=scale.__code__.co_freevars
    )
    assert found() == 1.0


def test_settings(compiled_tier: None) -> None:
    compiled = steadied(lambda x: x + 1.0, np.ones(3))
    step = Step(compiled)
    with engine.config(tier="numpy"):
        assert compiled(np.ones(3)).tolist() == [2.0] * 3
    with engine.no_grad():
        assert compiled(np.ones(3)).tolist() == [2.0] * 3
    before = engine.get_num_threads()
    engine.set_num_threads(before + 1)
    assert compiled(np.ones(3)).tolist() == [2.0] * 3
    engine.set_num_threads(before)
    with np.errstate(all="raise"), pytest.raises(FloatingPointError):
        engine.compile(lambda x: 1.0 / x)(np.zeros(3))
    assert step() == 0
    assert compiled(np.ones(3)).tolist() == [2.0] * 3
    assert step() == 1


def test_the_default_dtype() -> None:
    compiled = steadied(lambda x: x + engine.tensor(0.5), engine.ones(2))
    engine.set_default_dtype(engine.float64)
    try:
        assert compiled(engine.ones(2, dtype=engine.float32)).dtype == engine.float32
        assert compiled(engine.ones(2)).dtype == engine.float64
    finally:
        engine.set_default_dtype(engine.float32)


def test_attributes_and_hooks() -> None:
    weight = engine.ones(3, requires_grad=True)

    def step(x: Any) -> None:
        weight.grad = None
        (weight * x).sum().backward()

    compiled = steadied(step, engine.ones(3))
    count = Step(compiled)
    weight.mark = 1
    compiled(engine.ones(3) * 2)
    assert count() == 0
    del weight.mark
    compiled(engine.ones(3) * 3)
    assert count() == 1
    assert weight.grad.tolist() == [3.0] * 3
    seen: list[Any] = []
    handle = weight.register_hook(lambda grad: seen.append(grad.tolist()))
    compiled(engine.ones(3) * 4)
    assert seen == [[4.0] * 3]
    handle.remove()
    compiled(engine.ones(3) * 5)
    assert count() == 1
    assert weight.grad.tolist() == [5.0] * 3


def test_errors_of_numbers_are_those_of_the_call() -> None:
    compiled = steadied(lambda x, a: x * (1.0 / a), np.ones(2), 2.0)
    with pytest.raises(ZeroDivisionError):
        compiled(np.ones(2), 0.0)
    assert compiled(np.ones(2), 4.0).tolist() == [0.25] * 2
    single = steadied(lambda x, a: x * a, engine.ones(2), 2.0)
    assert single(engine.ones(2), 1e300).tolist() == [float("inf")] * 2
    assert single(engine.ones(2), float("nan")).isnan().all()


# -- what it leaves --------------------------------------------------------------------
def test_nothing_is_left_behind() -> None:
    def step(x: Any, a: float) -> Any:
        x += a
        return x * 2, x.sum()

    x, other = np.zeros(8), np.zeros(9)
    compiled = steadied(step, x, 1.0)

    def run() -> None:
        for _ in range(500):
            compiled(x, 1.0)
            compiled(other, 1.0)  # the forms are others, of which one may be replayed

    def objects() -> int:
        gc.collect()
        return len(gc.get_objects())

    run()
    run()
    before = objects()
    run()
    assert objects() - before < 400  # one for each call would be more
    line = x.line
    # Of the line, its storage, and getrefcount's argument; of the value, and that.
    counts = sys.getrefcount(line.value), sys.getrefcount(line.value.buffer)
    assert counts == (3, 2)


def test_finalizers_find_all_done() -> None:
    seen: list[Any] = []

    class Watched(numpy.ndarray):
        def __del__(self) -> None:
            seen.append((x.tolist(), (x * 2).tolist()))

    def step(x: Any) -> None:
        x[:] = x + 1.0

    x = np.zeros(3)
    compiled = steadied(step, x)
    for k in range(8, 11):
        x.line.value.buffer = x.line.value.buffer.view(Watched)
        compiled(x)  # an array of another class is left to Python
        assert x.tolist() == [k] * 3
    gc.collect()
    assert all(2 * a[0] == b[0] for a, b in seen)


def test_what_goes_wrong_behind_a_replay_costs_no_result(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def add(x: Any, a: float) -> Any:
        x += a
        return x * 2

    def fails(*_: Any) -> Any:
        raise Unfit("an array is not fit any longer")

    monkeypatch.setattr(engine.capture.compiled, "steady", fails)
    compiled, x = engine.compile(add), np.zeros(3)
    for k in range(6):
        assert compiled(x, 1.0).tolist() == [2.0 * k + 2.0] * 3
    assert x.tolist() == [6.0] * 3
    assert "native code: Unfit" in compiled.report()


def test_many_variants_take_turns() -> None:
    def scaled(x: Any, n: int) -> Any:
        return x * n

    compiled = engine.compile(scaled)
    for k in range(800):
        n = k % (STEADY + 3)
        assert compiled(np.ones(2), n).tolist() == [float(n)] * 2
    assert len(compiled.steady) <= STEADY
    assert replays(compiled) > 600


@pytest.mark.parametrize("tier", ["compiled", "auto"])
def test_threads_that_write_parts_of_one_array(tier: Any) -> None:
    def add(part: Any, a: float) -> None:
        part += a

    compiled = engine.compile(add)
    out = np.zeros((4, 50))
    for _ in range(5):
        for k in range(4):
            compiled(out[k], 1.0)
    assert len(compiled.steady) == 4
    before, start = sys.getswitchinterval(), threading.Barrier(4)
    sys.setswitchinterval(1e-5)

    def work(k: int) -> None:
        start.wait()
        with engine.config(tier=tier):  # in "auto" they record it, all at once
            for n in range(200):
                compiled(out[k], 1.0)
                if n % 7 == 0:
                    out[k, :3] += 1.0

    try:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(work, range(4)))
    finally:
        sys.setswitchinterval(before)
    assert (numpy.asarray(out)[:, 3:] == 205).all()
    assert (numpy.asarray(out)[:, :3] == 205 + 29).all()
    assert tier == "auto" or natively(compiled) > 400
