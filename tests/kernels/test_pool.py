"""The thread pool: any number of callers, any number of threads, and forks."""

from __future__ import annotations

import ast
import ctypes
import os
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from by_hand import elementwise, reductions

from engine.kernels import memory, pool
from engine.kernels.cpu import backend, launch
from engine.kernels.kernel import Layout

KERNEL = elementwise("x0 * x0 + s0", "float64", "float64", scalars=("float64",))
LARGE = 400_000

pytestmark = pytest.mark.usefixtures("threads")


def check(times: int = 1, size: int = LARGE) -> None:
    launcher = backend.compile(KERNEL).bind(Layout((size,), ((0,), (0,))))
    x = np.random.default_rng(0).random(size)
    for k in range(times):
        out = np.zeros(size)
        launcher([memory.pointer(x), memory.pointer(out)], (float(k),))
        assert np.array_equal(out, x * x + k)


def in_threads(number: int, work: object) -> None:
    errors: list[BaseException] = []

    def guarded() -> None:
        try:
            work()  # type: ignore[operator]
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors


@pytest.fixture
def rest() -> Iterator[Any]:
    """What the pool knows of sharing in vain; first, until when callers work alone.

    The clock is that of `time.monotonic_ns`.
    """
    native = pool.sharing()
    assert native is not None
    known = (ctypes.c_int64 * 4).from_address(native.state + 64)
    known[:] = [0] * 4
    yield known
    known[:] = [0] * 4


@pytest.mark.parametrize("threads", [1, 2, 3, 16])
def test_any_number_of_threads_covers_every_element(threads: int) -> None:
    pool.set_num_threads(threads)
    check(5)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_short_sum_is_left_to_the_caller_and_a_long_one_shared(dtype: str) -> None:
    compiled = backend.compile(reductions(("sum",), dtype, "row"))
    short, long = (
        compiled.bind(Layout((1, length), ((0, length), (0,))))
        for length in (100_000, 10_000_000)
    )
    assert short.split is None and short.work < launch.SERIAL
    assert long.split is not None


def test_many_short_rows_are_shared() -> None:
    compiled = backend.compile(reductions(("sum",), "float64", "row"))
    launcher = compiled.bind(Layout((50_000, 5), ((0, 5), (0,))))
    assert 0 < launcher.chunk < launcher.total


def test_eight_python_threads_may_launch_at_once() -> None:
    pool.set_num_threads(4)
    in_threads(8, lambda: check(20))


def test_one_launcher_may_run_in_many_threads_at_once() -> None:
    pool.set_num_threads(2)
    launcher = backend.compile(KERNEL).bind(Layout((LARGE,), ((0,), (0,))))
    x = np.arange(LARGE, dtype=float)

    def launch() -> None:
        for k in range(10):
            out = np.zeros(LARGE)
            launcher([memory.pointer(x), memory.pointer(out)], (float(k),))
            assert np.array_equal(out, x * x + k)

    in_threads(8, launch)


def test_more_callers_than_jobs_are_served() -> None:
    pool.set_num_threads(3)
    in_threads(20, lambda: check(3))


BEGINNINGS = """
import ctypes, sys, threading
from engine.kernels import pool

threads = pool.num_threads()
everybody = threading.Barrier(threads)
seen = {}

def kernel(_result, _error, words, lo, hi):
    mine = seen.setdefault(threading.current_thread().name, [])
    mine.append(lo)
    if len(mine) == 1:
        everybody.wait(60)
    return 0

entry = pool.Entry(kernel)
rest = (ctypes.c_int64 * 4).from_address(pool.sharing().state + 64)
for _ in range(3):
    seen.clear()
    rest[:] = [0] * 4
    pool.run(ctypes.cast(entry, ctypes.c_void_p).value, b"", 30 * threads, 10)
    assert sorted(sum(seen.values(), [])) == list(range(0, 30 * threads, 10))
    print({name: chunks[0] for name, chunks in seen.items()})
"""


def test_each_thread_begins_at_a_range_of_its_own_in_every_launch() -> None:
    out = subprocess.run(
        [sys.executable, "-c", BEGINNINGS],
        env={**os.environ, "ENGINE_NUM_THREADS": "4"},
        capture_output=True,
        text=True,
        check=True,
    )
    launches = [ast.literal_eval(line) for line in out.stdout.splitlines()]
    assert launches[0]["MainThread"] == 0
    assert sorted(launches[0].values()) == [0, 30, 60, 90]
    assert launches[1:] == launches[:1] * 2


@pytest.mark.parametrize("threads", [20, 40])
def test_more_threads_than_ranges_share_them(threads: int, rest: Any) -> None:
    pool.set_num_threads(threads)
    everybody = threading.Barrier(threads)
    seen: list[int] = []

    def kernel(_result: object, _error: object, words: bytes, lo: int, hi: int) -> int:
        seen.append(lo)
        everybody.wait(60)
        return 0

    entry = pool.Entry(kernel)
    assert pool.run(address_of(entry), b"", threads, 1) == 0
    assert sorted(seen) == list(range(threads))


def test_a_chunk_that_fails_is_reported_and_the_others_are_done() -> None:
    pool.set_num_threads(3)
    seen: list[tuple[int, int]] = []

    def kernel(_result: object, _error: object, words: bytes, lo: int, hi: int) -> int:
        seen.append((lo, hi))
        return int(lo <= 30 < hi)

    entry = pool.Entry(kernel)
    address = address_of(entry)
    for _ in range(20):
        seen.clear()
        assert pool.run(address, b"", 95, 10) != 0
        covered = [k for lo, hi in seen for k in range(lo, hi)]
        assert sorted(covered) == list(range(95))
        assert pool.run(address, b"", 30, 10) == 0


def test_who_waited_long_for_a_helper_works_alone_for_a_while(rest: Any) -> None:
    pool.set_num_threads(2)
    seen: list[tuple[int, int]] = []
    helped = threading.Event()
    begin = 0.0

    def kernel(_result: object, _error: object, words: bytes, lo: int, hi: int) -> int:
        seen.append((lo, hi))
        if threading.current_thread().name.startswith("engine"):
            helped.set()
            time.sleep(0.02 + 4 * (time.monotonic() - begin))
        else:
            helped.wait(60)
        return 0

    entry = pool.Entry(kernel)
    address = address_of(entry)
    begin = time.monotonic()
    pool.run(address, b"", 20, 10)
    end = time.monotonic()
    assert len(seen) == 2
    assert begin < rest[0] / 1e9 <= end + 2 * (end - begin)

    pool.run(address, b"", 20, 10)
    assert seen[2:] == [(0, 20)] or time.monotonic_ns() > rest[0]
    time.sleep(max(0, rest[0] - time.monotonic_ns()) / 1e9)
    del seen[:]
    pool.run(address, b"", 20, 10)
    assert len(seen) == 2


def test_whom_nobody_helps_works_alone_for_a_while(rest: Any) -> None:
    pool.set_num_threads(2)
    check()
    everybody = pool.NUMBERS[1] + 1
    busy = threading.Barrier(everybody + 1)
    over = threading.Event()
    seen: list[tuple[int, int]] = []

    def waits(_result: object, _error: object, words: bytes, lo: int, hi: int) -> int:
        busy.wait(60)
        over.wait(60)
        return 0

    def kernel(_result: object, _error: object, words: bytes, lo: int, hi: int) -> int:
        seen.append((lo, hi))
        time.sleep(0.005)
        return 0

    entry, long_entry = pool.Entry(kernel), pool.Entry(waits)
    long_work = address_of(long_entry), b"", everybody, 1
    pool.set_num_threads(everybody)
    rest[:] = [0] * 4
    holder = threading.Thread(target=pool.run, args=long_work)
    holder.start()
    try:
        busy.wait(60)
        for _ in range(4):
            pool.run(address_of(entry), b"", 20, 10)
        assert seen == 4 * [(0, 10), (10, 20)]
        pool.run(address_of(entry), b"", 20, 10)
        assert seen[8:] == [(0, 20)] or time.monotonic_ns() > rest[0]
    finally:
        over.set()
        holder.join()


def address_of(entry: Any) -> int:
    address = ctypes.cast(entry, ctypes.c_void_p).value
    assert address is not None
    return address


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_child_has_threads_of_its_own() -> None:
    pool.set_num_threads(3)
    check()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # fork with threads
        child = os.fork()
    if child == 0:
        try:
            check(3)
            helpers = [t for t in threading.enumerate() if "engine" in t.name]
            os._exit(0 if helpers else 1)
        except BaseException:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    check()


def test_the_number_of_threads_is_checked() -> None:
    before = pool.num_threads()
    for wrong in (0, -1, 2**16, 2**64, 10**30):
        with pytest.raises(ValueError, match=rf"at least 1 .* required; {wrong} was"):
            pool.set_num_threads(wrong)
    for kind in (None, 2.5, "2"):
        with pytest.raises(TypeError, match="a whole number of threads"):
            pool.set_num_threads(kind)
    assert pool.num_threads() == before


def test_the_environment_names_the_number_of_threads() -> None:
    program = "from engine.kernels import pool; print(pool.num_threads())"
    environment = {**os.environ, "ENGINE_NUM_THREADS": "7"}
    command = [sys.executable, "-c", program]
    out = subprocess.run(command, env=environment, capture_output=True, check=True)
    assert out.stdout.strip() == b"7"
    for wrong in ("0", "-1", "1.5", "two", "²", str(2**64)):
        environment["ENGINE_NUM_THREADS"] = wrong
        ended = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert "ENGINE_NUM_THREADS: a whole number of threads" in ended.stderr
    environment["ENGINE_NUM_THREADS"] = ""
    subprocess.run(command, env=environment, capture_output=True, check=True)


def test_threads_that_begin_together_share_one_of_each() -> None:
    code = (
        "import sys, threading\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from engine.kernels import memory, pool\n"
        "from engine.kernels.native import table\n"
        "sys.setswitchinterval(1e-5)\n"
        "start = threading.Barrier(8)\n"
        "def made(k):\n"
        "    start.wait()\n"
        "    return pool.sharing(), memory.context(), table.functions()\n"
        "with ThreadPoolExecutor(8) as threads:\n"
        "    found = list(threads.map(made, range(8)))\n"
        "print([len({id(x) for x in each}) for each in zip(*found)])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[1, 1, 1]"


def test_a_finalizer_that_shares_work_while_helpers_are_started_goes_on() -> None:
    """It runs on the thread that starts them, which would wait for itself."""
    before = pool.NUMBERS[1]
    with pool._lock:
        pool.have_helpers(before + 3)
    assert pool.NUMBERS[1] == before
