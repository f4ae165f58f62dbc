"""Work of NumPy that threads share: a sort, a transform or a search of many lines.

NumPy does such work on one thread, but without the GIL. So parts of it are handed to
helpers, each the next one that is left; the caller takes part, and waits for no helper
that has not begun. What is computed of a line never depends on who does it.
"""

from __future__ import annotations

import contextvars
import itertools
import os
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import numpy as np

from engine.kernels import memory, pool
from engine.kernels.pool import num_threads

NDArray = np.ndarray[Any, Any]

PART = 100_000.0
"""Estimated nanoseconds of a part, at least: to wake a helper takes a third of that."""

SHARED = 2 * PART
"""Work that is worth sharing, in estimated nanoseconds."""

EACH = 4
"""Parts for each thread, so that nobody waits long for the last one."""

NEAR = 2**13
"""So many elements at a time: their results are copied while they are in a cache."""

_lock = threading.Lock()
_helpers = [0]
_jobs: SimpleQueue[Any] = SimpleQueue()


class _Job:
    """Parts of one piece of work: those that are left, and how many are done."""

    def __init__(self, parts: list[slice], compute: Callable[[slice], None]) -> None:
        self.parts = parts
        self.compute = compute
        self.done = threading.Semaphore(0)
        self.error: BaseException | None = None

    def work(self) -> None:
        """Compute parts until there is none left."""
        while True:
            try:
                part = self.parts.pop()  # of two threads only one gets it
            except IndexError:
                return
            try:
                self.compute(part)
            except BaseException as error:
                self.error = error
            finally:
                self.done.release()


def in_parts(extent: int, work: float, compute: Callable[[slice], None]) -> None:
    """Call `compute` for slices that make up ``0 .. extent``, on several threads.

    Parameters
    ----------
    extent : int
        How many lines, rows or elements there are that do not depend on each other.
    work : float
        Estimated nanoseconds for all of them; little work is one call.
    compute : callable
        Computes a slice and stores what it gives. It runs in copies of the caller's
        context. What it raises is raised here, when all parts have ended.

    Examples
    --------
    >>> out = np.zeros(10)
    >>> def fill(part):
    ...     out[part] = 1
    >>> in_parts(10, 1e9, fill)
    >>> out.sum()
    np.float64(10.0)
    """
    threads = num_threads()
    count = min(extent, EACH * threads, int(work / PART))
    if count < 2 or threads < 2:
        compute(slice(0, extent))
        return
    bounds = [extent * k // count for k in range(count + 1)]
    parts = [slice(*pair) for pair in itertools.pairwise(bounds)]
    job = _Job(parts[::-1], compute)
    for _ in range(min(threads, count, 1 + _have_helpers(threads - 1)) - 1):
        _jobs.put((contextvars.copy_context(), job))
    job.work()
    for _ in parts:
        job.done.acquire()
    if job.error is not None:
        raise job.error


def along(
    x: NDArray,
    axis: int,
    work: float,
    out: NDArray,
    compute: Callable[[NDArray, NDArray], None],
) -> NDArray:
    """Fill `out` from `x` by parts of another axis than `axis`, and give it.

    ``compute(some, there)`` computes some lines of `x` into the lines of `out` there.
    The two have the same extents but for `axis`.
    """
    axis %= x.ndim
    others = [k for k in range(x.ndim) if k != axis]
    if not others:
        compute(x, out)
        return out
    # The first axis has whole stretches of memory, if it is long enough for all.
    split = max(others, key=lambda k: (min(x.shape[k], EACH * num_threads()), -k))
    before = (slice(None),) * split

    def part_of(part: slice) -> None:
        compute(x[(*before, part)], out[(*before, part)])

    in_parts(x.shape[split], work, part_of)
    return out


def of_elements(
    function: Callable[[NDArray], NDArray], x: Any, each: float, dtype: Any
) -> Any:
    """``function(x)`` for one that gives an element of `dtype` for each of `x`.

    `each` is what an element takes, in estimated nanoseconds.
    """
    if type(x) is not np.ndarray or x.size * each < SHARED:
        return function(x)
    flat = np.ascontiguousarray(x).reshape(-1)
    out = memory.allocate(np.dtype(dtype), x.shape)
    there = out.reshape(-1)

    def part_of(part: slice) -> None:
        for start in range(part.start, part.stop, NEAR):
            some = slice(start, min(start + NEAR, part.stop))
            there[some] = function(flat[some])

    in_parts(flat.size, flat.size * each, part_of)
    return out


def _have_helpers(wanted: int) -> int:
    """See that there are as many helpers, or as many as the system grants; how many."""
    if _lock.acquire(blocking=False):  # else somebody is at it, perhaps this thread
        try:
            while _helpers[0] < wanted and pool.start_helper(
                "engine-parts", _help, _jobs
            ):
                _helpers[0] += 1
        finally:
            _lock.release()
    return _helpers[0]


def _help(jobs: SimpleQueue[Any]) -> None:
    """The life of a helper; it never returns."""
    while True:
        context, job = jobs.get()
        context.run(job.work)
        del context, job  # and what they hold


def _after_fork() -> None:
    """Threads do not survive a fork: the child starts its own when it needs them."""
    global _lock, _jobs
    _lock, _jobs = threading.Lock(), SimpleQueue()
    _helpers[0] = 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
