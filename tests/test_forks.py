"""Processes are forked while other threads are in the middle of something."""

from __future__ import annotations

import logging
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator
from threading import Event, Thread, Timer
from types import SimpleNamespace
from typing import Any

import numpy
import pytest

import engine
import engine.numpy as np
from engine import bound, counters
from engine.capture import compiled
from engine.kernels import locks
from engine.kernels.cpu.target import compiling
from engine.record.registry import REGISTRY

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]


def in_child(function: Callable[[], Any]) -> Any:
    """What a function gives in a forked process."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    child = context.Process(target=lambda: theirs.send(function()))
    child.start()
    try:
        assert ours.poll(10), "the child waits for ever"
        return ours.recv()
    finally:
        child.kill()
        child.join(30)


def forked_meanwhile(
    hold: Callable[[Event, Event], None], then: Callable[[], Any]
) -> Any:
    """What a function gives in a process that was forked while a thread held a lock."""
    inside, enough = Event(), Event()
    holder = Thread(target=lambda: hold(inside, enough))
    holder.start()
    inside.wait()
    try:
        return in_child(then)
    finally:
        enough.set()
        holder.join()


@pytest.mark.parametrize("lock", [counters._lock, compiled._choosing])
def test_a_forked_process_finds_no_lock_of_threads_that_it_lacks(lock: Any) -> None:
    def hold(inside: Event, enough: Event) -> None:
        with lock:
            inside.set()
            enough.wait(0.3)

    assert forked_meanwhile(hold, lambda: lock.acquire(timeout=5))


@pytest.fixture
def slow_sort(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Event, Event]]:
    """A sort that says when it has begun, and waits until it may end."""
    inside, enough = Event(), Event()

    def sort(array: numpy.ndarray, *_: object) -> numpy.ndarray:
        inside.set()
        enough.wait(20)
        return numpy.sort(array)

    monkeypatch.setattr(REGISTRY["sort"], "reference", sort)
    with engine.config(tier="numpy"):
        yield inside, enough


def test_a_fork_waits_until_other_threads_have_computed(
    slow_sort: tuple[Event, Event],
) -> None:
    inside, enough = slow_sort
    x = np.sort(np.array([3.0, 1.0, 2.0]))
    thread = Thread(target=lambda: engine.eval(x))
    thread.start()
    inside.wait(20)
    Timer(0.2, enough.set).start()
    assert in_child(x.tolist) == [1.0, 2.0, 3.0]
    thread.join()


def test_what_a_fork_does_not_wait_for_is_lost_in_the_child(
    slow_sort: tuple[Event, Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, enough = slow_sort
    monkeypatch.setattr(locks, "PATIENCE", 0.1)
    made: list[Any] = []

    def work() -> None:
        made.append(np.sort(np.array([3.0, 1.0, 2.0])))
        engine.eval(made)

    def look() -> str:
        with pytest.raises(RuntimeError) as raised:
            made[0].tolist()
        assert (np.arange(3) * 2).tolist() == [0, 2, 4]
        return str(raised.value)

    thread = Thread(target=work)
    thread.start()
    inside.wait(20)
    try:
        assert "another thread was computing it" in in_child(look)
    finally:
        enough.set()
        thread.join()
    assert made[0].tolist() == [1.0, 2.0, 3.0]


def test_a_fork_lets_a_lock_go_that_the_holder_of_another_waits_for() -> None:
    early, late = (
        locks.new_lock(),
        locks.new_lock(),
    )  # the fork takes the late one first

    def hold(inside: Event, enough: Event) -> None:
        with early:
            inside.set()
            time.sleep(0.1)  # the fork has begun
            with late:
                pass

    begun = time.monotonic()
    free = forked_meanwhile(hold, lambda: early.acquire(timeout=1))
    assert free and time.monotonic() - begun < locks.PATIENCE


def test_a_forked_process_may_move_rows_though_a_thread_did_at_the_fork() -> None:
    def rows(offsets: Callable[[], Any]) -> Any:
        made = bound.NativeRows.__new__(bound.NativeRows)
        made._known_offsets = None
        made.segment = SimpleNamespace(offsets=offsets)  # type: ignore[assignment]
        return made

    def hold(inside: Event, enough: Event) -> None:
        rows(lambda: inside.set() or enough.wait(20))._offsets  # noqa: B018

    assert forked_meanwhile(hold, lambda: rows(lambda: 3)._offsets) == 3


def test_a_fork_takes_no_lock_of_logging_before_it_waits_for_the_compiler() -> None:
    def hold(inside: Event, enough: Event) -> None:
        with compiling():
            inside.set()
            time.sleep(0.1)  # the fork has begun
            logging.getLogger("a module of the compiler")

    begun = time.monotonic()
    assert forked_meanwhile(hold, lambda: True)
    assert time.monotonic() - begun < locks.PATIENCE
