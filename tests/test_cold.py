"""Flushes that native code interprets: results, errors, signals, threads."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy
import pytest

import engine
import engine.numpy as np
from engine import counters, native
from engine.cold import RUNS
from engine.kernels import memory
from engine.kernels.native.cold import NEW_RUNS
from engine.record.registry import REGISTRY
from engine.record.trace import current_trace

pytestmark = pytest.mark.skipif(
    native.recorder()[0] != "native",
    reason=f"no native flush: {native.recorder()[1]}",
)


@pytest.fixture(autouse=True)
def cold() -> Iterator[None]:
    """What is cold is interpreted."""
    with engine.config(tier="auto"):
        yield


def natively() -> int:
    """How many flushes native code has done."""
    return int(counters.NATIVE[1])


def warm(step: Callable[[], Any]) -> None:
    """Do something until native code flushes it, with some runs to spare.

    The first few times it does as well, before Python looks at it at all.
    """
    for k in range(60):
        before = natively()
        step()
        if k > NEW_RUNS and natively() > before:
            return
    raise AssertionError("native code has never flushed it")


def ordered(x: Any, number: float = 1.0) -> Any:
    """Sorted, not computed: one line, by which sorting is known."""
    return np.sort(x * number)


def calling(monkeypatch: pytest.MonkeyPatch, also: Callable[[], Any]) -> None:
    """Have the reference of `sort` call a function first."""
    sort = REGISTRY["sort"].reference

    def reference(*operands: Any) -> Any:
        also()
        return sort(*operands)

    monkeypatch.setattr(REGISTRY["sort"], "reference", reference)


def mixed(np: Any, x: Any, number: float) -> Any:
    """Ops of all kinds, none of which has a kernel by itself in so few runs."""
    y = np.sort(x * number, axis=0)
    y[1:] += y[:-1]
    return y[::-1], np.concatenate([x, y]), y.argmax(axis=0), x.mean(), y[0, 0] > 0


def test_results_are_numpys_again_and_again() -> None:
    x = numpy.random.default_rng(0).normal(size=(4, 3))
    ours = np.array(x)
    before = natively()
    for k in range(80):
        found = mixed(np, ours, 0.5 + k)
        for one, other in zip(found, mixed(numpy, x, 0.5 + k), strict=True):
            assert one.dtype == other.dtype and one.shape == other.shape
            numpy.testing.assert_allclose(numpy.asarray(one), other, rtol=1e-14)
    assert natively() > before


def test_it_counts_as_python_does() -> None:
    x = np.array([3.0, 1.0, 2.0])
    warm(lambda: engine.eval(ordered(x, 2.0)))
    engine.reset_stats()
    before = natively()
    y = ordered(x, 2.0)
    engine.eval(y)
    assert natively() == before + 1
    stats = engine.stats()
    assert (stats["ops_recorded"], stats["synchronisations"]) == (2, 1)
    assert (stats["interpreted_ops"], stats["launches"]) == (2, 0)


def test_python_looks_again_and_compiles_what_recurs() -> None:
    x = np.arange(50, dtype=numpy.int8)
    for _ in range(100_000 // RUNS):
        for _ in range(RUNS):
            engine.eval((x ^ 3) - (x & 5))
        engine.reset_stats()
        y = (x ^ 3) - (x & 5)
        engine.eval(y)
        if engine.stats()["launches"] == 1:
            break
    assert engine.stats()["launches"] == 1
    assert engine.stats()["interpreted_ops"] == 0
    n = numpy.arange(50, dtype=numpy.int8)
    assert y.tolist() == ((n ^ 3) - (n & 5)).tolist()


def test_python_looks_each_time_at_what_takes_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x = np.arange(17.0)  # its path is known to no other test
    engine.eval(x)
    calling(monkeypatch, lambda: time.sleep(0.002))
    before = natively()
    for _ in range(40):
        engine.eval(ordered(x))
    assert natively() - before <= NEW_RUNS


def test_what_is_new_is_interpreted_at_once() -> None:
    step = [np.arange(11.0), np.arange(12.0)]

    def run(x: Any, k: int) -> Any:
        y = x.copy()
        y[1:-1] = (x[:-2] + x[2:]) * 0.5
        return y, y.sum(), np.sort(y * k)[::-1]

    engine.eval(*run(step[0], 3))
    before = natively()
    wanted = run(numpy.arange(12.0), 7)
    found = run(step[1], 7)
    engine.eval(*found)
    assert natively() > before
    assert [x.tolist() for x in found] == [x.tolist() for x in wanted]
    large = np.ones(300_000)
    engine.eval(large)
    before = natively()
    engine.eval((large + 1.0) * 0.5)  # Python says whether it is compiled
    assert natively() == before


def test_new_paths_whose_regions_begin_elsewhere() -> None:
    x = np.arange(40.0).reshape(8, 5)
    engine.eval(x)
    for k in range(8):  # one path, whose leaf is shifted
        row, total = x[k] * 2.0, x[k, 1:4].sum()
        engine.eval(row, total)
        assert row.tolist() == (numpy.arange(40.0).reshape(8, 5)[k] * 2).tolist()
        assert total == numpy.arange(40.0).reshape(8, 5)[k, 1:4].sum()


def test_errors_of_new_paths_have_the_users_line() -> None:
    for n in range(3, 9):  # each is a path that was never flushed
        bad = np.zeros((n, n))
        engine.eval(bad)
        lost, kept = np.linalg.inv(bad), bad + 1.0
        with pytest.raises(numpy.linalg.LinAlgError, match=r"recorded at .*test_cold"):
            engine.eval(lost, kept)
        assert kept.tolist() == [[1.0] * n] * n
        with pytest.raises(numpy.linalg.LinAlgError, match="lost"):
            lost.tolist()


def test_an_error_has_the_users_line_and_the_next_run_is_right() -> None:
    good, bad = np.eye(3) * 2.0, np.zeros((3, 3))
    engine.eval(good, bad)

    def inverse(a: Any) -> Any:
        return np.linalg.inv(a), a + 1.0

    warm(lambda: engine.eval(*inverse(good)))
    for _ in range(3):
        lost, kept = inverse(bad)
        with pytest.raises(numpy.linalg.LinAlgError, match=r"recorded at .*test_cold"):
            engine.eval(lost, kept)
        assert kept.tolist() == [[1.0] * 3] * 3
        with pytest.raises(numpy.linalg.LinAlgError, match="lost"):
            lost.tolist()
        before = natively()
        for _ in range(3):
            engine.eval(*inverse(good))
        assert natively() > before
    assert inverse(good)[0].tolist() == (numpy.eye(3) / 2).tolist()


class Deadline(Exception):
    """What a signal handler raises."""


def test_what_a_signal_handler_raises_is_heard_and_nothing_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def expire(*_: Any) -> None:
        raise Deadline

    x = np.array([3.0, 1.0, 2.0])
    warm(lambda: engine.eval(ordered(x)))
    before = signal.signal(signal.SIGALRM, expire)
    calls: list[int] = []

    def also() -> None:
        calls.append(1)
        if len(calls) == 1:
            signal.raise_signal(signal.SIGALRM)

    calling(monkeypatch, also)
    try:
        y = ordered(x)
        with pytest.raises(Deadline):
            engine.eval(y)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert y.tolist() == [1.0, 2.0, 3.0]
    assert current_trace().flushing is False


def test_ctrl_c_is_heard_at_once_and_all_stays_pending(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x = np.array([3.0, 1.0, 2.0])
    warm(lambda: engine.eval(ordered(x)))
    calls: list[int] = []

    def also() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise KeyboardInterrupt

    calling(monkeypatch, also)
    y = ordered(x)
    with pytest.raises(KeyboardInterrupt):
        engine.eval(y)
    assert len(calls) == 1
    trace = current_trace()
    assert y.read().trace is trace and trace.flushing is False
    assert trace.spare is not None and memory.quiet().inside is False
    assert y.tolist() == [1.0, 2.0, 3.0] and len(calls) == 2


def test_a_finalizer_in_the_middle_records_reads_and_computes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x, seen = np.array([3.0, 1.0, 2.0]), []
    engine.eval(x)
    warm(lambda: engine.eval(ordered(x)))
    pending: list[Any] = []

    def also() -> None:
        if pending:
            seen.append((x * 2.0).tolist())  # computed at once
            seen.append(pending.pop().tolist())  # what this very flush computes
            pending_after.append(x + 7.0)  # left pending

    pending_after: list[Any] = []
    calling(monkeypatch, also)
    y = ordered(x)
    pending.append(y)
    before = natively()
    engine.eval(y)
    assert natively() > before
    assert seen == [[6.0, 2.0, 4.0], [1.0, 2.0, 3.0]]
    assert y.tolist() == [1.0, 2.0, 3.0]
    assert pending_after[0].tolist() == [10.0, 8.0, 9.0]
    assert current_trace().flushes == 0


def test_another_thread_that_reads_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.array([3.0, 1.0, 2.0])
    warm(lambda: engine.eval(ordered(x)))
    y = ordered(x)
    found: list[Any] = []
    threads: list[threading.Thread] = []

    def also() -> None:
        if not threads:
            threads.append(threading.Thread(target=lambda: found.append(y.tolist())))
            threads[0].start()
            threads[0].join(0.05)
            assert not found

    calling(monkeypatch, also)
    before = natively()
    engine.eval(y)
    assert natively() == before + 1
    threads[0].join()
    assert found == [[1.0, 2.0, 3.0]]


def test_numpy_warns_of_nothing_and_memory_is_counted() -> None:
    x = np.array([0.0, -1.0, numpy.inf])

    def step() -> Any:
        y = np.sort(x) / np.sort(x * 0.0)
        engine.eval(y)
        return y

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warm(step)
        before, bytes_before = natively(), memory.bytes_in_use()
        y = step()
    assert natively() == before + 1
    assert memory.bytes_in_use() == bytes_before + y.nbytes
    assert memory.quiet().inside is False


def test_no_reference_is_lost_or_kept() -> None:
    x = np.arange(30.0)[::-1].copy()
    warm(lambda: engine.eval(ordered(x, 3.0)))
    gc.collect()
    counts: list[int] = []
    for _ in range(6):
        for _ in range(RUNS):
            engine.eval(ordered(x, 3.0))
        gc.collect()
        counts.append(sys.getrefcount(None) if sys.version_info < (3, 12) else 0)
        trace = current_trace()
        watched = trace, trace.spare, memory.quiet(), x.read().buffer
        counts += map(sys.getrefcount, watched)
    size = len(counts) // 6
    first, last = counts[size : 2 * size], counts[-size:]
    assert all(abs(one - other) < 20 for one, other in zip(first, last, strict=True))


def test_results_die_when_nobody_holds_them() -> None:
    x = np.arange(30.0)
    warm(lambda: engine.eval(ordered(x, 3.0)))
    y = ordered(x, 3.0)
    engine.eval(y)
    gone = weakref.ref(y.read().buffer)
    del y
    assert gone() is None


def test_eight_threads_interpret_their_own_traces() -> None:
    data = numpy.random.default_rng(0).normal(size=40)

    def work(seed: int) -> bool:
        with engine.config(tier="auto"):
            x = np.array(data)
            good = True
            for k in range(300):
                y = ordered(x, float(seed + k % 5))
                good = good and numpy.array_equal(
                    numpy.asarray(y), numpy.sort(data * float(seed + k % 5))
                )
            return good

    before = natively()
    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(work, range(8)))
    assert natively() > before


FINALIZERS = """
import gc
import engine
import engine.numpy as np
from engine import counters, native

class Last:
    def __init__(self, array):
        self.array, self.itself = array, self

    def __del__(self):
        float(np.sort(self.array * 2.0)[0] + 1.0)

assert native.recorder()[0] == "native"  # loads it
x = np.arange(9.0)
for _ in range(60):
    engine.eval(np.sort(x + 1.0))
for threshold in (1, 3, 7, 13, 31):
    gc.set_threshold(threshold, 10**6, 10**6)
    for k in range(100):
        Last(np.ones(9))
        y = np.sort(x + float(k))
        engine.eval(y)
        assert y.tolist() == [k + i for i in range(9)], y
print(float(x.sum()), counters.NATIVE[1] > 200)
"""


def test_finalizers_compute_and_free_nothing_that_is_used() -> None:
    chosen = {**os.environ, "PYTHONMALLOC": "debug"}  # what is freed is overwritten
    command = [sys.executable, "-c", FINALIZERS]
    done = subprocess.run(command, env=chosen, capture_output=True, text=True)
    assert done.stdout.split() == ["36.0", "True"], done.stderr[-2000:]


WARNINGS = """
import engine.numpy as np
x = np.array([float("nan")] * 3)
for _ in range(50):
    float(np.nanmax(x))
float(np.nanmax(x))
"""


def test_python_says_once_for_a_line_that_there_are_only_nans() -> None:
    command = [sys.executable, "-c", WARNINGS]
    done = subprocess.run(command, capture_output=True, text=True)
    lines = [line for line in done.stderr.splitlines() if "RuntimeWarning" in line]
    assert [line.split(":")[1] for line in lines] == ["5", "6"], done.stderr
