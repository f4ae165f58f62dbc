"""Threads that write to one array by compiled functions, and by ordinary statements."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy
import pytest
from compiling import replays

import engine
import engine.numpy as np
from engine import promises
from engine.capture import replay
from engine.cold import ColdPlan

THREADS, CALLS = 4, 40


def add(part: Any, x: float) -> None:
    part += x


def _each_thread(work: Callable[[int], None]) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))


@pytest.mark.parametrize("ordinary", [CALLS, 5])
@pytest.mark.usefixtures("quick_switches")
def test_threads_write_to_their_own_rows(ordinary: int) -> None:
    compiled = engine.compile(add)
    out = np.zeros((THREADS, 2000))

    def work(k: int) -> None:
        for n in range(1, CALLS + 1):
            (compiled if n % ordinary else add)(out[k], 1.0)

    for _ in range(3):
        for k in range(THREADS):
            compiled(out[k], 1.0)
    before = replays(compiled)
    _each_thread(work)
    assert replays(compiled) > before
    assert (numpy.asarray(out) == CALLS + 3).all()


@pytest.mark.usefixtures("quick_switches")
def test_threads_train_one_model() -> None:
    weight = engine.zeros(200, requires_grad=True)

    @engine.compile
    def step(part: engine.Tensor) -> None:
        with engine.no_grad():
            part += 1.0

    parts = [weight.detach()[50 * k : 50 * k + 50] for k in range(THREADS)]
    for part in parts * 3:
        step(part)

    def work(k: int) -> None:
        for _ in range(CALLS):
            step(parts[k])

    _each_thread(work)
    assert replays(step)
    assert weight.detach().tolist() == [CALLS + 3.0] * 200
    assert weight.requires_grad
    assert weight.is_leaf


@pytest.fixture
def quick_switches() -> Iterator[None]:

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


class Slow:
    """Lets another thread act in the middle of a replay."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: bool = False) -> None:
        self.entered, self.go_on = threading.Event(), threading.Event()
        run = ColdPlan.run

        def slow(plan: ColdPlan, *arguments: Any) -> Any:
            if threading.current_thread() is self.thread:
                self.entered.set()
                assert self.go_on.wait(20)
                if error:
                    raise MemoryError("no memory for it")
            return run(plan, *arguments)

        monkeypatch.setattr(ColdPlan, "run", slow)
        self.thread: threading.Thread | None = None
        self.error: BaseException | None = None

    def start(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Call a function in another thread, as far as to the middle."""

        def call() -> None:
            try:
                function(*arguments)
            except MemoryError as error:
                self.error = error

        self.thread = threading.Thread(target=call)
        self.thread.start()
        assert self.entered.wait(20)


def _captured(size: int) -> tuple[Any, Any]:
    compiled, x = engine.compile(add), np.zeros(size)
    for _ in range(4):
        compiled(x, 1.0)
    assert replays(compiled) == 2
    compiled.steady = ()  # native code lets nobody in between
    return compiled, x


@pytest.mark.parametrize(
    "read",
    [
        lambda x: x.tolist()[0],
        lambda x: (x + 0.0).tolist()[0],
        lambda x: float(x[0]),
        lambda x: numpy.asarray(x)[0],
        lambda x: float(engine.tensor(x)[0]),
        lambda x: float(np.array(x)[0]),
        lambda x: float(x.sum()) / 3,
        lambda x: float(str(x).strip("[]").split()[0]),
    ],
)
def test_what_reads_an_array_waits_for_who_writes_it(
    read: Callable[[Any], float], monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled, x = _captured(3)
    slow = Slow(monkeypatch)
    slow.start(compiled, x, 1.0)
    threading.Timer(0.05, slow.go_on.set).start()
    assert read(x) == 5.0
    assert slow.thread is not None
    slow.thread.join()
    assert not promises._promises


def test_what_writes_to_an_array_meanwhile_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled, x = _captured(3)
    slow = Slow(monkeypatch)
    slow.start(compiled, x, 1.0)
    threading.Timer(0.05, slow.go_on.set).start()
    x[1] = 7.0
    compiled(x[2:], 10.0)
    assert x.tolist() == [5.0, 7.0, 15.0]


def test_after_an_error_the_others_find_what_was_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled, x = _captured(3)
    kept = x.read()  # so that nothing is written in place
    slow = Slow(monkeypatch, error=True)
    slow.start(compiled, x, 1.0)
    threading.Timer(0.05, slow.go_on.set).start()
    assert (x + 1).tolist() == [5.0] * 3
    assert slow.thread is not None
    slow.thread.join()
    assert isinstance(slow.error, MemoryError)
    assert kept.buffer.tolist() == [4.0] * 3
    compiled(x, 1.0)
    assert x.tolist() == [5.0] * 3


def test_a_finalizer_does_not_wait_for_its_own_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled, x = _captured(3)
    errors: list[str] = []
    run = ColdPlan.run

    def interrupted(plan: ColdPlan, *arguments: Any) -> Any:
        monkeypatch.undo()
        with pytest.raises(RuntimeError) as raised:
            x.tolist()
        errors.append(str(raised.value))
        return run(plan, *arguments)

    monkeypatch.setattr(ColdPlan, "run", interrupted)
    compiled(x, 1.0)
    assert "a compiled function is writing it" in errors[0]
    assert x.tolist() == [5.0] * 3


def test_a_call_whose_array_was_written_meanwhile_is_ordinary(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled, x = _captured(3)
    claim = replay.Replay.claim

    def late(self: replay.Replay) -> None:
        monkeypatch.undo()
        x[0] = 100.0  # as another thread would
        claim(self)

    monkeypatch.setattr(replay.Replay, "claim", late)
    compiled(x, 1.0)
    assert x.tolist() == [101.0, 5.0, 5.0]
    assert "another thread writes to an array" in compiled.report()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_does_not_wait_for_a_thread_that_it_lacks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled, x = _captured(3)
    slow = Slow(monkeypatch)
    slow.start(compiled, x, 1.0)
    child = os.fork()
    if child == 0:
        os._exit(0 if x.tolist() == [4.0] * 3 else 1)
    slow.go_on.set()
    assert os.waitpid(child, 0)[1] == 0
    assert x.tolist() == [5.0] * 3
