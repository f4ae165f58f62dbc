"""Several Python threads, and forked processes, use the engine at once."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Thread
from typing import Any

import numpy
import pytest

import engine
import engine.numpy as np
from engine import storage
from engine.record import trace


@pytest.fixture(autouse=True)
def switch_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(2e-5)
    yield
    sys.setswitchinterval(before)


def program(xp: object, x: object, rounds: int) -> object:
    y = x * 1.0  # type: ignore[operator]
    for i in range(rounds):
        y[1:] += y[:-1] * 0.5
        y = y - xp.sin(x) * float(i)  # type: ignore[attr-defined]
    return y


def test_eight_threads_compute_what_numpy_computes() -> None:
    start = Barrier(8)

    def work(seed: int) -> float:
        data = numpy.random.default_rng(seed).normal(size=(20, 7))
        start.wait()
        worst = 0.0
        for rounds in (1, 5, 9):
            ours = numpy.asarray(program(np, np.array(data), rounds))
            worst = max(worst, abs(ours - program(numpy, data, rounds)).max())
        return worst

    with ThreadPoolExecutor(8) as pool:
        assert max(pool.map(work, range(8))) < 1e-12


def test_a_pending_array_can_be_used_by_another_thread() -> None:
    pending = np.arange(5.0) * 3 + 1
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda k: (pending + k).tolist(), range(16)))
    for k, result in enumerate(results):
        assert result == [1.0 + k, 4.0 + k, 7.0 + k, 10.0 + k, 13.0 + k]


def test_threads_share_an_array_that_all_read() -> None:
    shared = np.arange(1000.0)

    def total(k: int) -> float:
        return float((shared * k).sum())

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(total, range(32))) == [499500.0 * k for k in range(32)]


def _rows(out: np.ndarray, k: int) -> None:
    out[k] = np.ones(100) * (k + 1)


def _elements(out: np.ndarray, k: int) -> None:
    for i in range(100):
        out[k, i] = k + 1


def _in_place(out: np.ndarray, k: int) -> None:
    row = out[k]
    for _ in range(4):
        row += (k + 1) / 4


def _by_indices(out: np.ndarray, k: int) -> None:
    out[k, np.arange(100)] = k + 1.0


def _by_masks(out: np.ndarray, k: int) -> None:
    out[np.arange(8) == k] = k + 1.0


def _through_out(out: np.ndarray, k: int) -> None:
    np.add(np.zeros(100), k + 1.0, out=out[k])


def _past_the_gradients(out: np.ndarray, k: int) -> None:
    out.detach()[k] = k + 1.0


@pytest.mark.parametrize(
    "write",
    [
        _rows,
        _elements,
        _in_place,
        _by_indices,
        _by_masks,
        _through_out,
        _past_the_gradients,
    ],
)
def test_threads_write_to_their_own_parts_of_one_array(
    write: Callable[[np.ndarray, int], None],
) -> None:
    for _ in range(10):
        out = np.zeros((8, 100))
        start = Barrier(8)

        def work(k: int, out: np.ndarray = out, start: Barrier = start) -> None:
            start.wait()
            write(out, k)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(8)))
        found = numpy.asarray(out)
        assert (found == numpy.arange(1, 9)[:, None]).all(), found[:, 0]


def test_results_do_not_depend_on_the_number_of_threads() -> None:
    x = np.array(numpy.random.default_rng(0).normal(size=(3, 200_000)))
    before = engine.get_num_threads()
    found = []
    try:
        for number in (1, 2, 5):
            engine.set_num_threads(number)
            assert engine.get_num_threads() == number
            with engine.config(tier="compiled"):
                y = numpy.asarray(np.exp(x).sum(axis=1) + x.max())
            found.append(y.tobytes())
    finally:
        engine.set_num_threads(before)
    assert found[1:] == found[:1] * 2
    with pytest.raises(ValueError, match="a whole number of threads, at least 1"):
        engine.set_num_threads(0)


def test_grad_mode_belongs_to_one_thread() -> None:
    with ThreadPoolExecutor(1) as pool, engine.no_grad():
        assert pool.submit(engine.is_grad_enabled).result()
        assert not engine.is_grad_enabled()


def _in_child(connection: object, make: Callable[[], float]) -> None:
    connection.send(make())  # type: ignore[attr-defined]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_goes_on_with_pending_and_computed_arrays() -> None:
    computed = np.arange(4.0)
    engine.eval(computed)
    pending = computed * 2
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    child = context.Process(
        target=_in_child, args=(theirs, lambda: float((pending + computed).sum()))
    )
    child.start()
    assert ours.poll(30)
    assert ours.recv() == 18.0
    child.join(30)
    assert float((pending + computed).sum()) == 18.0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_may_write_though_a_thread_wrote_at_the_fork() -> None:
    inside, enough = Event(), Event()

    def hold() -> None:
        with storage.changing:
            inside.set()
            enough.wait(0.2)

    def may_write() -> float:
        return storage.changing.acquire(timeout=5)

    holder = Thread(target=hold)
    holder.start()
    inside.wait()
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    child = context.Process(target=_in_child, args=(theirs, may_write))
    child.start()
    enough.set()
    assert ours.poll(30)
    assert ours.recv() == 1.0
    child.join(30)
    holder.join()


def test_a_finalizer_may_record_while_a_thread_gets_its_trace(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found: list[object] = []

    class Interrupted(trace.Trace):
        def __init__(self, lock: Any) -> None:
            super().__init__(lock)
            if len(found) == 0:
                found.append(None)
                found[0] = trace.current_trace()  # as a finalizer does that records

    monkeypatch.setattr(trace, "Trace", Interrupted)
    thread = Thread(target=lambda: found.append(trace.current_trace()))
    thread.start()
    thread.join()
    assert found[0] is found[1]
