"""Threads that share the chunks of a launch.

The caller and the helpers of the pool walk the same job: each takes the next chunk
from an atomic counter, in native code and without the GIL, until there is none left.
The caller never waits for a helper that has not started, so that a busy machine or a
busy pool costs nothing but the help. Any number of threads may call at once; each
works on its own job, and whoever is free helps.

Chunks decide who computes what, never what is computed: results have the same bits
with any number of threads.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable
from functools import cache
from queue import SimpleQueue
from typing import Any, TypeAlias

Job: TypeAlias = tuple[int, bytes, "ctypes.Array[ctypes.c_int64]"]

Entry = ctypes.CFUNCTYPE(
    ctypes.c_int32,
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_char_p,
    ctypes.c_int64,
    ctypes.c_int64,
)
"""The one native signature; ctypes releases the GIL during the call."""

_CONTROL = 32
"""Words of a job's control block: next at 0, done at 16 (a cache line of its own)."""

_queue: SimpleQueue[Job] = SimpleQueue()
_helpers = 0
_lock = threading.Lock()


def _number_from_environment() -> int:
    named = os.environ.get("ENGINE_NUM_THREADS", "")
    if named.isdigit() and int(named) > 0:
        return int(named)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_threads = _number_from_environment()


def num_threads() -> int:
    """How many threads work on one launch.

    Examples
    --------
    >>> num_threads() >= 1
    True
    """
    return _threads


def set_num_threads(number: int) -> None:
    """Let `number` threads, the caller among them, work on one launch.

    It starts as ``$ENGINE_NUM_THREADS``, or as the number of CPUs of this process.

    Raises
    ------
    ValueError
        If `number` is less than 1.
    """
    global _threads
    if number < 1:
        raise ValueError(
            f"set_num_threads: at least 1 thread was required; {number} was given"
        )
    _threads = number


def run(address: int, words: bytes, total: int, chunk: int) -> None:
    """Call the kernel entry at `address` for all of ``0 .. total``.

    No call covers more than `chunk` steps; `words` are the packed arguments.
    """
    walk = walker()
    control = (ctypes.c_int64 * _CONTROL)()
    control[1] = total
    control[2] = chunk
    wanted = min(_threads, -(-total // chunk)) - 1
    try:
        if _helpers < wanted:
            _start(wanted)
        job = (address, words, control)
        for _ in range(min(wanted, _helpers)):
            _queue.put(job)
    finally:  # even when interrupted: helpers may be at work on the caller's memory
        walk(address, words, control, 1)


def _start(number: int) -> None:
    """Have at least `number` helpers, or as many as the system grants."""
    global _helpers
    with _lock:
        while _helpers < number:
            thread = threading.Thread(
                target=_help, args=(_queue,), name=f"engine-{_helpers}", daemon=True
            )
            try:
                thread.start()
            except RuntimeError:  # no more threads, or the interpreter shuts down
                return
            _helpers += 1


def _help(queue: SimpleQueue[Job]) -> None:
    walk = walker()
    while True:
        address, words, control = queue.get()
        walk(address, words, control, 0)
        del address, words, control  # not kept alive while this thread sleeps


def _after_fork() -> None:
    """Threads do not survive a fork: the child starts its own when it needs them."""
    global _queue, _helpers, _lock
    _queue, _helpers, _lock = SimpleQueue(), 0, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


WALKER = """
declare i32 @sched_yield()

define void @engine_walk(ptr %entry, ptr %words, ptr %control, i64 %wait) {
start:
  %done = getelementptr i64, ptr %control, i64 16
  %total.at = getelementptr i64, ptr %control, i64 1
  %chunk.at = getelementptr i64, ptr %control, i64 2
  %total = load i64, ptr %total.at
  %chunk = load i64, ptr %chunk.at
  br label %take
take:
  %lo = atomicrmw add ptr %control, i64 %chunk seq_cst
  %left = icmp slt i64 %lo, %total
  br i1 %left, label %work, label %finish
work:
  %end = add i64 %lo, %chunk
  %short = icmp slt i64 %end, %total
  %hi = select i1 %short, i64 %end, i64 %total
  call i32 %entry(ptr null, ptr null, ptr %words, i64 %lo, i64 %hi)
  %count = sub i64 %hi, %lo
  atomicrmw add ptr %done, i64 %count seq_cst
  br label %take
finish:
  %waits = icmp ne i64 %wait, 0
  br i1 %waits, label %look, label %return
look:
  %now = load atomic i64, ptr %done seq_cst, align 8
  %ready = icmp sge i64 %now, %total
  br i1 %ready, label %return, label %yield
yield:
  call i32 @sched_yield()
  br label %look
return:
  ret void
}
"""
"""What every thread runs: take chunks until there are none; the caller then waits for
those that others are at. The wait is at most the length of one chunk."""


def _walk_alone(
    address: int, words: bytes, control: ctypes.Array[ctypes.c_int64], wait: int
) -> None:
    if wait:
        Entry(address)(None, None, words, 0, control[1])


@cache
def walker() -> Callable[[int, bytes, Any, int], None]:
    """The walker, compiled by LLVM alone; without one, the caller does it all."""
    from .cpu.target import MissingSymbol, load_text

    try:
        (address,) = load_text(WALKER, "engine_walk")
    except MissingSymbol:  # a system without sched_yield
        return _walk_alone
    shape = ctypes.CFUNCTYPE(
        None, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_int64
    )
    return shape(address)
