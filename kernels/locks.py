"""Locks that a forked child can take: no thread that it lacks holds one.

A fork waits until no other thread holds any of them, so that what they guard is whole
in the child: a trace that was being flushed, say. It takes them all, one by one. Who
holds one may wait for another that the fork has already; so it lets all go after a
while, and tries again with more patience.
"""

from __future__ import annotations

import os
import threading
import time
from weakref import WeakValueDictionary

PATIENCE = 5.0
"""Seconds that a fork waits for other threads: what they do may be half done then."""

TURN = 0.02
"""Seconds that a fork waits for one lock while it holds others; then twice as long."""

_locks: WeakValueDictionary[int, threading.RLock] = WeakValueDictionary()


class _Here(threading.local):
    """What the fork of this thread has taken: several may fork at once."""

    def __init__(self) -> None:
        self.forking = False
        self.taken: list[threading.RLock] = []


_here = _Here()


def new_lock() -> threading.RLock:
    """A lock for which a fork waits, and which is free behind it in both processes."""
    lock = threading.RLock()
    _locks[id(lock)] = lock
    return lock


def _alive() -> list[threading.RLock]:
    """All locks, the latest first: those of traces are held longest."""
    found = [reference() for reference in reversed(_locks.valuerefs())]
    return [lock for lock in found if lock is not None]


def _took_all(patience: float) -> bool:
    all_taken = True
    for lock in _alive():
        if lock.acquire(timeout=patience if all_taken else 0):
            _here.taken.append(lock)
        else:
            all_taken = False
    return all_taken


def _release() -> None:
    while _here.taken:
        _here.taken.pop().release()


def _before_fork() -> None:
    if _here.forking:  # the hook stands there twice, see `wait_first`
        return
    _here.forking = True
    until, turn = time.monotonic() + PATIENCE, TURN
    while not _took_all(turn) and time.monotonic() < until:
        _release()
        time.sleep(1e-3)  # who waits for one of them gets it
        turn = min(2 * turn, max(until - time.monotonic(), 0.0))


def _after_fork_in_parent() -> None:
    _here.forking = False
    _release()


def _after_fork_in_child() -> None:
    """The threads for which it would not wait any longer are not there in the child."""
    taken = {*map(id, _here.taken)}
    for lock in _alive():
        if id(lock) not in taken:
            lock._at_fork_reinit()  # type: ignore[attr-defined]
    _after_fork_in_parent()


def wait_first() -> None:
    """Let a fork wait here before it takes locks of modules imported until now.

    Who holds a lock of ours may need one of theirs: that of `logging`, say.
    """
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=_before_fork)


if hasattr(os, "register_at_fork"):
    wait_first()
    os.register_at_fork(
        after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child
    )
