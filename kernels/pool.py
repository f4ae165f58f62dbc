"""Threads that share the chunks of a launch.

The caller and the helpers of the pool work at the same job: each takes the next chunk
in native code and without the GIL, until there is none left (`native.sharing`). The
caller never waits for a helper that has not started, so that a busy machine or a busy
pool costs nothing but the help. Any number of threads may call at once; each works on
its own job, and whoever is free helps.

Chunks decide who computes what, never what is computed: results have the same bits
with any number of threads.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable
from functools import cache
from operator import index
from typing import Any, Final, NamedTuple

from .firsts import first

Entry = ctypes.CFUNCTYPE(
    ctypes.c_int32,
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_char_p,
    ctypes.c_int64,
    ctypes.c_int64,
)
"""The one native signature; ctypes releases the GIL during the call."""

_lock = threading.Lock()


MOST_THREADS = 2**15
"""More threads than any machine has CPUs: a number above is a mistake."""


def _checked(number: Any, name: str) -> int:
    """A number of threads, if it is one."""
    try:
        count = index(number)
    except TypeError:
        raise _refused(TypeError, number, name) from None
    if not 1 <= count <= MOST_THREADS:
        raise _refused(ValueError, number, name)
    return count


def _refused(kind: type[Exception], number: Any, name: str) -> Exception:
    return kind(
        f"{name}: a whole number of threads, at least 1 and at most {MOST_THREADS}, "
        f"was required; {number!r} was given"
    )


def _number_from_environment() -> int:
    named = os.environ.get("ENGINE_NUM_THREADS", "").strip()
    if named:
        name = "ENGINE_NUM_THREADS"
        if not (named.isascii() and named.isdigit()):
            raise _refused(ValueError, named, name)
        return _checked(int(named), name)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


NUMBERS: Final = (ctypes.c_int64 * 2)(_number_from_environment(), 0)
"""How many threads work on one launch, and how many helpers there are.

They stand in memory of their own, where native code reads them.
"""


def num_threads() -> int:
    """How many threads work on one launch.

    Examples
    --------
    >>> num_threads() >= 1
    True
    """
    return NUMBERS[0]


def set_num_threads(number: int) -> None:
    """Let `number` threads, the caller among them, work on one launch.

    It starts as ``$ENGINE_NUM_THREADS``, or as the number of CPUs of this process.

    Raises
    ------
    ValueError
        If `number` is less than 1, or more than 32768.
    TypeError
        If it is no whole number.
    """
    NUMBERS[0] = _checked(number, "set_num_threads")


def run(address: int, words: bytes, total: int, chunk: int) -> int:
    """Call the kernel entry at `address` for all of ``0 .. total``.

    No thread takes more than `chunk` steps at a time; `words` are the packed arguments.
    Gives 0, or another number if a call did.
    """
    native = sharing()
    if native is None:
        return int(Entry(address)(None, None, words, 0, total))
    threads = num_threads()
    have_helpers(min(threads, -(-total // chunk)) - 1)
    return native.share(native.state, address, words, total, chunk, threads)


def have_helpers(number: int) -> None:
    """See that there are `number` helpers, or as many as the system grants."""
    if NUMBERS[1] >= number:
        return
    native = sharing()
    if native is None:
        return
    if not _lock.acquire(blocking=False):
        return  # somebody is at it: perhaps this very thread, which a finalizer is in
    try:
        while NUMBERS[1] < number and start_helper(
            f"engine-{NUMBERS[1]}", native.help, native.state
        ):
            NUMBERS[1] += 1
    finally:
        _lock.release()


def start_helper(name: str, work: Callable[[Any], None], argument: Any) -> bool:
    """Start a thread that never ends; False where the system grants none."""
    thread = threading.Thread(target=work, args=(argument,), name=name, daemon=True)
    try:
        thread.start()
    except RuntimeError:  # no more threads, or the interpreter shuts down
        return False
    return True


class Sharing(NamedTuple):
    """The native side: its state and its functions."""

    state: int
    address: int
    start: Callable[[int], int]
    share: Callable[[int, int, bytes, int, int, int], int]
    help: Callable[[int], None]


@cache
def sharing() -> Sharing | None:
    """The native side, compiled by LLVM alone; without one, the caller does it all."""
    from .cpu.target import MissingSymbol, forever, load_text
    from .native.sharing import WORDS, text

    names = ("engine_pool_start", "engine_share", "engine_help")
    try:
        start, share, helps = load_text(text(), *names)
    except (MissingSymbol, AttributeError):  # no semaphores, or no such clock
        return None
    memory = (ctypes.c_int64 * (WORDS + 8))()
    forever(memory)  # helpers wait in it while the interpreter shuts down
    number, words = ctypes.c_int64, ctypes.c_char_p
    pointer, status = ctypes.c_void_p, ctypes.c_int32
    native = Sharing(
        (ctypes.addressof(memory) + 63) // 64 * 64,
        share,
        ctypes.CFUNCTYPE(status, pointer)(start),
        ctypes.CFUNCTYPE(status, pointer, pointer, words, number, number, number)(
            share
        ),
        ctypes.CFUNCTYPE(None, pointer)(helps),
    )
    made = native if native.start(native.state) == 0 else None
    return first("sharing", made)


def _after_fork() -> None:
    """Threads do not survive a fork: the child starts its own when it needs them."""
    global _lock
    NUMBERS[1], _lock = 0, threading.Lock()
    if sharing.cache_info().currsize:
        native = sharing()
        if native is not None:
            native.start(native.state)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
