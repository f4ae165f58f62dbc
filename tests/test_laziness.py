"""Nothing runs before a value is looked at, and what waits is bounded."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Iterator
from itertools import pairwise

import numpy
import pytest

import engine
import engine.numpy as np
from engine.interrupts import run_whole
from engine.record import current_trace
from engine.record.registry import REGISTRY


def work_done() -> int:
    stats = engine.stats()
    return stats["launches"] + stats["interpreted_ops"]


def test_nothing_runs_until_a_value_is_looked_at() -> None:
    x = np.arange(10.0)
    engine.eval(x)
    before = work_done()
    y = np.exp(x) * 2 + x[::-1]
    y[2:4] = 7.0
    total = y.sum()
    assert work_done() == before
    assert float(total) == pytest.approx(_expected().sum(), rel=1e-14)
    assert work_done() > before


def _expected() -> numpy.ndarray:
    x = numpy.arange(10.0)
    y = numpy.exp(x) * 2 + x[::-1]
    y[2:4] = 7.0
    return y


@pytest.mark.parametrize(
    "look",
    [
        repr,
        str,
        numpy.asarray,
        lambda a: a.tolist(),
        lambda a: float(a[0]),
        lambda a: bool(a[0]),
        lambda a: a[0].item(),
        lambda a: engine.eval(a),
        lambda a: bool(next(iter(a)) == 1.0),
    ],
)
def test_every_way_to_look_computes(look: object) -> None:
    y = np.arange(3.0) + 1
    look(y)  # type: ignore[operator]
    assert current_trace().node.number == -1
    numpy.testing.assert_array_equal(numpy.asarray(y), [1, 2, 3])


def test_ops_are_counted_when_they_are_recorded() -> None:
    x = np.ones(4)
    engine.eval(x)
    engine.reset_stats()
    y = x + 1
    z = y * y
    assert engine.stats()["ops_recorded"] == 2
    engine.eval(z)
    assert engine.stats()["ops_recorded"] == 2
    assert engine.stats()["synchronisations"] == 1


def test_values_that_nobody_can_read_are_not_computed() -> None:
    with engine.config(tier="numpy"):
        x = np.ones(4)
        engine.eval(x)
        y = np.exp(x)
        del y
        z = x + 1
        before = engine.stats()["interpreted_ops"]
        engine.eval(z)
        assert engine.stats()["interpreted_ops"] - before == 1


def test_100000_chained_pending_ops_evaluate() -> None:
    x = np.zeros(3)
    for _ in range(100_000):
        x = x + 1.0
    assert x.tolist() == [100_000.0] * 3


def test_a_long_loop_that_never_looks_has_flat_memory() -> None:
    x = np.zeros(1000)
    blocks = []
    for _ in range(6):
        for _ in range(24_576):  # a multiple of what may be pending
            x = x + 1.0
        gc.collect()
        blocks.append(sys.getallocatedblocks())
    grown = sorted(after - before for before, after in pairwise(blocks))
    assert grown[2] < 1000  # a plan is made in one of them, its kernel in another
    assert engine.stats()["bytes_in_use"] < 50_000_000
    assert float(x[0]) == 6 * 24_576


def test_pending_bytes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.record import trie

    monkeypatch.setattr(trie.TRIE, "room", 10_000)
    total = np.zeros(1000)
    engine.eval(total)  # traces that begin from now on have the new limit
    before = engine.stats()["synchronisations"]
    for i in range(20):
        total = total + np.asarray(numpy.full(1000, float(i)))
    assert engine.stats()["synchronisations"] - before >= 10
    assert float(total[0]) == sum(range(20))


def test_an_error_while_recording_leaves_everything_else_as_it_was() -> None:
    x = np.arange(3.0)
    y = x + 1
    with pytest.raises(ValueError, match="broadcast"):
        y + np.ones(4)
    with pytest.raises(OverflowError):
        np.ones(3, dtype=np.uint8) + 300
    z = y * 2
    assert z.tolist() == [2.0, 4.0, 6.0]


def test_a_late_error_names_the_line_that_recorded_the_op(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from engine.record.registry import REGISTRY

    def fail(*_: object) -> None:
        raise ValueError("no order")

    x = np.arange(3.0)
    engine.eval(x)
    engine.eval(np.sort(x))  # the same path, recorded at another line
    y = np.sort(x)
    line = sys._getframe().f_lineno - 1
    monkeypatch.setattr(REGISTRY["sort"], "reference", fail)
    with pytest.raises(ValueError, match=rf"test_laziness\.py:{line}$"):
        engine.eval(y)


def test_a_failed_computation_loses_nothing_computed_earlier(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with engine.config(tier="numpy"):
        x = np.arange(3.0) + 1
        engine.eval(x)
        y = np.sort(x)

        def fail(*_: object) -> None:
            raise MemoryError("no room")

        monkeypatch.setattr(REGISTRY["sort"], "reference", fail)
        with pytest.raises(MemoryError, match=r"sort: no room; recorded at .*\.py:\d+"):
            engine.eval(y)
        monkeypatch.undo()
        assert x.tolist() == [1.0, 2.0, 3.0]
        assert (x + 1).tolist() == [2.0, 3.0, 4.0]
        with pytest.raises(MemoryError, match="lost when an earlier computation"):
            engine.eval(y)


@pytest.mark.parametrize("tier", ["numpy", "compiled"])
def test_a_failed_computation_loses_nothing_that_does_not_depend_on_it(
    tier: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with engine.config(tier=tier):
        weights, other = np.ones(3), np.zeros(4)
        engine.eval(weights, other)
        weights *= 2  # into the memory of the old value
        target = np.sort(other)
        broken = np.exp(target) * weights[0]
        other += weights[:1]
        weights[1:] += weights[:-1]

        def fail(*_: object) -> None:
            raise IndexError("target 4 is out of bounds")

        monkeypatch.setattr(REGISTRY["sort"], "reference", fail)
        with pytest.raises(IndexError, match=r"sort: target 4 .*; recorded at"):
            engine.eval(broken)
        monkeypatch.undo()
        assert weights.tolist() == [2.0, 4.0, 4.0]
        assert other.tolist() == [2.0] * 4
        for lost in (target, broken):
            with pytest.raises(IndexError, match="lost when an earlier computation"):
                engine.eval(lost)


def _raise(number: int, frame: object) -> None:
    raise KeyboardInterrupt if number == signal.SIGINT else TimeoutError(str(number))


HEARD = {"SIGINT": KeyboardInterrupt, "SIGTERM": TimeoutError, "SIGALRM": TimeoutError}
"""What the handlers of signals raise: a deadline, say."""


@pytest.fixture(params=HEARD)
def heard(request: pytest.FixtureRequest) -> Iterator[str]:
    """A signal with a handler, also where the tests run as a background job."""
    number = getattr(signal, request.param, None)
    if number is None:
        pytest.skip("a signal that this system has not")
    before = signal.signal(number, _raise)
    yield request.param
    assert signal.getsignal(number) is _raise
    signal.signal(number, before)


def _raise_in_the_middle(heard: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(array: numpy.ndarray, *_: object) -> numpy.ndarray:
        signal.raise_signal(getattr(signal, heard))
        return array.copy()

    monkeypatch.setattr(REGISTRY["sort"], "reference", interrupted)


def test_a_signal_waits_until_a_computation_is_done(
    heard: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with engine.config(tier="numpy"):
        weights = np.ones(3)
        engine.eval(weights)
        weights += np.sort(weights)
        y = weights * 2
        _raise_in_the_middle(heard, monkeypatch)
        with pytest.raises(HEARD[heard]):
            engine.eval(y)
        assert weights.tolist() == [2.0, 2.0, 2.0]
        assert y.tolist() == [4.0, 4.0, 4.0]


def test_what_a_signal_raises_is_not_taken_for_the_error_of_an_operation(
    heard: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with engine.config(tier="numpy"):
        x = np.array([3.0, 1.0, 2.0])
        engine.eval(x)
        y = np.sort(x) * 2  # nothing is overwritten
        _raise_in_the_middle(heard, monkeypatch)
        with pytest.raises(HEARD[heard]):
            engine.eval(y)
        monkeypatch.undo()
        assert sorted(y.tolist()) == [2.0, 4.0, 6.0]


def test_signals_that_come_together_are_all_heard() -> None:
    calls: list[int] = []

    def handler(number: int, frame: object) -> None:
        calls.append(number)
        raise TimeoutError

    numbers = [signal.SIGINT, signal.SIGTERM]
    before = [signal.signal(number, handler) for number in numbers]
    try:
        with pytest.raises(TimeoutError):
            run_whole(lambda: list(map(signal.raise_signal, numbers)))
        assert calls == numbers
        assert [signal.getsignal(number) for number in numbers] == [handler] * 2
    finally:
        for number, old in zip(numbers, before, strict=True):
            signal.signal(number, old)


class Uncounted(list[object]):
    """A list whose length is asked for when an interrupt arrives."""

    def __len__(self) -> int:
        raise KeyboardInterrupt


def test_an_interrupt_before_a_flush_leaves_all_pending() -> None:
    with engine.config(tier="numpy"):
        x = np.arange(3.0) + 1
        trace = current_trace()
        values = trace.values
        trace.values = Uncounted(values)
        with pytest.raises(KeyboardInterrupt):
            engine.eval(x)
        trace.values = values
        assert x.tolist() == [1.0, 2.0, 3.0]


class Interrupted(list[object]):
    """A list whose next append is where an interrupt arrives."""

    def append(self, value: object) -> None:
        raise KeyboardInterrupt


def test_an_interrupt_while_recording_leaves_the_trace_whole() -> None:
    x, y = np.arange(3.0), np.ones(3)
    engine.eval(x, y)
    z = x * 2.0
    trace = current_trace()
    trace.values = Interrupted(trace.values)
    for interrupted in (lambda: z + 1.0, lambda: z + y):  # an op; an array that enters
        with pytest.raises(KeyboardInterrupt):
            interrupted()
    trace.values = list(trace.values)
    w = z - y * 4.0
    assert w.tolist() == [-4.0, -2.0, 0.0]
    assert z.tolist() == [0.0, 2.0, 4.0]
