"""Flushes that native code does as a whole: what they compute, count, leave alone."""

from __future__ import annotations

import ctypes
import gc
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy
import pytest

import engine
import engine.numpy as np
from engine import counters, native
from engine.execute import evaluate, flush
from engine.kernels import pool
from engine.kernels.native import table
from engine.record.trace import current_trace

pytestmark = pytest.mark.skipif(
    native.recorder()[0] != "native" or not table.available(),
    reason=f"no native flush: {native.recorder()[1]}, {table.reason()}",
)


@pytest.fixture(autouse=True)
def compiled() -> Iterator[None]:
    """Kernels from the first run on, so that plans are bound at the second."""
    with engine.config(tier="compiled"):
        yield


def natively() -> int:
    """How many flushes native code has done."""
    return int(counters.NATIVE[1])


def warm(step: Callable[[], Any]) -> int:
    """Do something until native code flushes it; the flushes of one call."""
    for _ in range(4):
        step()
    before = natively()
    step()
    return natively() - before


def chain(x: Any, y: Any) -> Any:
    return numpy.exp(-x * x) * y + 1.5


def test_a_flush_that_is_known_is_native_and_gives_the_same_bits() -> None:
    x, y = np.linspace(-2.0, 2.0, 77), np.arange(77.0)
    results: list[bytes] = []

    def step() -> None:
        results.append(numpy.asarray(chain(x, y)).tobytes())

    assert warm(step) == 1
    assert len(set(results)) == 1
    expected = chain(numpy.asarray(x), numpy.asarray(y))
    numpy.testing.assert_allclose(numpy.frombuffer(results[0]), expected, 1e-14)


def test_results_views_and_numbers_are_right_again_and_again() -> None:
    x = np.arange(12.0).reshape(3, 4)
    mine = numpy.arange(12.0).reshape(3, 4)
    for k in range(8):
        x[1:, ::2] = x[:-1, 1::2] * float(k) - x[1:, ::2]
        mine[1:, ::2] = mine[:-1, 1::2] * float(k) - mine[1:, ::2]
        largest, total = x.max(axis=1), x.sum()
        engine.eval(x, largest, total)
        numpy.testing.assert_allclose(numpy.array(x), mine, 1e-13)
        numpy.testing.assert_allclose(largest.tolist(), mine.max(axis=1), 1e-13)
        assert float(total) == pytest.approx(mine.sum(), rel=1e-13)


def test_lists_and_parameters_are_looked_at_natively(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x, parameters = np.ones(50), [engine.nn.Parameter(engine.ones(3))]

    def step() -> Any:
        results = chain(x, x), x + 1.0
        engine.eval([*results], parameters)
        return results

    assert warm(step) == 1
    monkeypatch.setattr("engine.evaluation.evaluate", None)  # Python's is not called
    assert step()[1].tolist() == [2.0] * 50


def test_both_ways_count_the_same() -> None:
    x, y = np.ones(50), np.ones(50)

    def counted() -> dict[str, int]:
        engine.eval(x + y)
        engine.reset_stats()
        engine.eval(chain(x, y))
        float((x * y).sum())
        seen = engine.stats()
        del seen["peak_bytes"]
        return seen

    for _ in range(4):
        by_native_code = counted()
    assert natively() == 2
    native.use("python")
    try:
        assert counted() == by_native_code
    finally:
        native.use("native")
    engine.reset_stats()
    assert engine.stats()["synchronisations"] == 0 and natively() == 0


def test_the_tier_is_asked_each_time() -> None:
    x, y = np.ones(50), np.ones(50)

    def step() -> None:
        engine.eval(chain(x, y))

    assert warm(step) == 1
    before = engine.stats()["interpreted_ops"]
    with engine.config(tier="numpy"):
        assert warm(step) == 0
    assert engine.stats()["interpreted_ops"] - before == 5 * 5
    assert warm(step) == 1


def test_plans_are_made_anew_for_another_number_of_threads() -> None:
    x = np.linspace(0.0, 1.0, 200_000)
    threads = pool.num_threads()
    step = lambda: float(numpy.exp(x).sum())  # noqa: E731
    expected = step()
    try:
        for number in (1, 3, 2):
            pool.set_num_threads(number)
            assert warm(step) == 1
            assert step() == expected
    finally:
        pool.set_num_threads(threads)


def test_memory_that_nobody_holds_is_overwritten_and_that_of_others_is_not() -> None:
    x = np.arange(1000.0)

    def step() -> None:
        nonlocal x
        x = x + 1.0
        engine.eval(x)

    assert warm(step) == 1
    held = x.read()
    before = numpy.array(held.buffer)
    step()
    step()
    assert (held.buffer == before).all()
    numpy.testing.assert_array_equal(numpy.asarray(x), before + 2.0)


def failing(*_: object) -> int:
    return 1


FAIL = pool.Entry(failing)


def broken(known: Any) -> None:
    """Let the first call of a native plan fail."""
    content = bytearray(known.straight[0])
    words = (ctypes.c_int64 * (len(content) // 8)).from_buffer(content)
    names = list(table.FIELDS)
    at = words[names.index("calls_at")] // 8
    words[at] = ctypes.cast(FAIL, ctypes.c_void_p).value or 0
    del words
    known.straight = (bytes(content), *known.straight[1:])


def plans_of(x: Any) -> list[Any]:
    """What is known of the path that ends with a pending array."""
    trace = current_trace()
    assert x.read().trace is trace
    assert trace.node.plans is not None
    return [one for one in trace.node.plans.values() if one.straight is not None]


def test_a_call_that_fails_is_done_again_by_python() -> None:
    x, y = np.ones(50), np.ones(50)
    assert warm(lambda: engine.eval(chain(x, y))) == 1
    result = chain(x, y)
    (known,) = plans_of(result)
    broken(known)
    before = natively()
    engine.eval(result)
    assert natively() == before
    numpy.testing.assert_allclose(result.tolist(), numpy.full(50, numpy.exp(-1) + 1.5))


@pytest.mark.parametrize("count", [40, 20_000])  # the second is run without the GIL
def test_a_call_that_fails_in_memory_that_came_in_loses_all_and_says_so(
    count: int,
) -> None:
    x = np.zeros(count)

    def step() -> None:
        x[1:] += 5.0
        engine.eval(x)

    assert warm(step) == 1
    x[1:] += 5.0
    for known in plans_of(x):
        broken(known)
    with pytest.raises(RuntimeError, match="status 0 was required"):
        engine.eval(x)
    with pytest.raises(RuntimeError, match="lost when an earlier computation failed"):
        engine.eval(x)
    fresh = np.ones(40) + 1.0
    assert fresh.tolist() == [2.0] * 40


def test_a_call_that_fails_before_memory_is_overwritten_is_done_again() -> None:
    x = np.zeros(40)

    def step() -> None:
        x[1:] = x[:-1] + 1.0
        x[0] = 3.0
        engine.eval(x)

    assert warm(step) == 1
    x[1:] = x[:-1] + 1.0
    x[0] = 3.0
    for known in plans_of(x):
        broken(known)
    assert x.tolist()[:8] == [3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 6.0, 6.0]


def test_indices_out_of_bounds_are_named_at_every_run() -> None:
    import engine as torch

    scores = torch.zeros(4, 3)
    good, bad = torch.tensor([0, 1, 2, 0]), torch.tensor([0, 1, 5, 0])
    loss = torch.nn.functional.nll_loss
    for _ in range(5):
        assert float(loss(scores, good)) == 0.0
        with pytest.raises(IndexError, match="out of bounds"):
            float(loss(scores, bad))


def training() -> tuple[Callable[[Any], Any], Any]:
    """A step whose classes are checked, and whose parameters are overwritten."""
    layer = engine.nn.Linear(6, 3)
    optimizer = engine.optim.Adam(layer.parameters(), lr=0.1)
    x = engine.tensor(numpy.linspace(-1.0, 1.0, 24, dtype="f4").reshape(4, 6))

    def step(classes: Any) -> Any:
        optimizer.zero_grad()
        loss = engine.nn.functional.cross_entropy(layer(x), classes)
        loss.backward()
        optimizer.step()
        engine.eval(loss, *layer.parameters())
        return loss

    return step, layer


def test_what_is_checked_before_memory_is_overwritten_is_native_too() -> None:
    good, bad = engine.tensor([0, 1, 2, 0]), engine.tensor([0, 1, 5, 0])
    lost = []
    for recorder in ("native", "python"):
        engine.manual_seed(0)
        step, layer = training()
        assert warm(partial(step, good)) == 1
        native.use(recorder)
        try:
            with pytest.raises(IndexError, match="5 is out of bounds"):
                step(bad + 0)  # pending: what is known is checked before the step
            with pytest.raises(IndexError, match="lost when"):
                layer.weight.tolist()
            lost.append(layer.weight.requires_grad)
        finally:
            native.use("native")
    assert lost == [True, True]


def test_no_reference_is_lost_or_kept() -> None:
    x, y = np.ones(50), np.ones(50)
    things = (None, True, False, current_trace(), current_trace().lock, x.read())

    def counted() -> list[int]:
        for _ in range(60):
            engine.eval(chain(x, y))
            x[1:] = x[:-1] * 0.5
            float(x.sum())
            engine.eval(x, y)
        gc.collect()
        return [*map(sys.getrefcount, things), sys.getallocatedblocks()]

    for _ in range(3):
        counted()
    first, second = counted(), counted()
    for before, after in zip(first, second, strict=True):
        assert abs(after - before) < 50  # one for each round would be too many


def test_large_work_frees_the_gil_and_holds_the_lock() -> None:
    x = np.linspace(0.0, 1.0, 400_000)
    for _ in range(4):
        engine.eval(numpy.exp(x))
    seen: list[Any] = []
    stop = threading.Event()
    given: list[Any] = []

    def looker() -> None:
        while not stop.is_set():
            if given:
                seen.append(float(given.pop()[7]))

    thread = threading.Thread(target=looker)
    thread.start()
    try:
        for k in range(60):
            y = numpy.exp(x) + float(k)
            given.append(y)  # another thread may flush this trace, too
            engine.eval(y)
            assert float(y[0]) == 1.0 + k
    finally:
        stop.set()
        thread.join()
    assert seen and all(number >= 1.0 for number in seen)


def test_the_collector_may_run_at_every_step() -> None:
    class Last:
        """Records, and flushes, when the collector finds it."""

        def __init__(self, array: Any) -> None:
            self.array, self.itself = array, self

        def __del__(self) -> None:
            engine.eval(self.array + 1.0)

    x, y = np.ones(30), np.ones(30)
    expected = chain(numpy.ones(30), numpy.ones(30))
    threshold = gc.get_threshold()
    gc.set_threshold(1)
    try:
        for k in range(60):
            Last(x)
            result = chain(x, y)
            assert natively() >= 0
            numpy.testing.assert_allclose(result.tolist(), expected, 1e-14)
            z = x * float(k)
            assert float(z.sum()) == 30.0 * k
    finally:
        gc.set_threshold(*threshold)


def test_eight_threads_flush_their_own_traces() -> None:
    data = numpy.linspace(-1.0, 1.0, 64)
    expected = chain(data, data)

    def work(seed: int) -> bool:
        with engine.config(tier="compiled"):
            x = np.array(data)
            good = True
            for k in range(120):
                result = chain(x, x)
                if k % 3 == seed % 3:
                    good = good and numpy.allclose(numpy.asarray(result), expected)
                else:
                    good = good and abs(float(result.sum()) - expected.sum()) < 1e-9
            return good

    before = natively()
    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(work, range(8)))
    assert natively() > before


def test_the_trace_of_another_thread_is_left_to_python() -> None:
    made: list[Any] = []

    def make() -> None:
        made.append(chain(np.ones(20), np.ones(20)))

    for _ in range(5):
        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        value = made.pop().read()
        before = natively()
        evaluate([value])
        assert natively() == before
        numpy.testing.assert_allclose(value.buffer, chain(numpy.ones(20), 1.0), 1e-14)


def test_nothing_pending_is_nothing_to_flush() -> None:
    flush(current_trace())
    before = engine.stats()["synchronisations"]
    flush(current_trace())
    engine.eval()
    assert engine.stats()["synchronisations"] == before


FINALIZERS = """
import gc
import engine
import engine.numpy as np

class Last:
    def __init__(self, array):
        self.array, self.itself = array, self

    def __del__(self):
        float((self.array * 2.0).sum())

engine.config.tier = "numpy"
x = np.ones(9)
for threshold in (1, 3, 7, 13, 31):
    gc.set_threshold(threshold, 10**6, 10**6)
    for _ in range(50):
        Last(np.ones(9))
        engine.eval(x + 1.0)
print(float(x.sum()))
"""


def test_finalizers_compute_while_others_do_and_free_nothing_that_is_used() -> None:
    chosen = {**os.environ, "PYTHONMALLOC": "debug"}  # what is freed is overwritten
    command = [sys.executable, "-c", FINALIZERS]
    done = subprocess.run(command, env=chosen, capture_output=True, text=True)
    assert done.stdout.strip() == "9.0", done.stderr[-2000:]
