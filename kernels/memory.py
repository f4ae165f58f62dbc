"""Memory of arrays: aligned blocks that are used again, and how many bytes are in use.

`allocate` is `numpy.empty` under an allocator of ours (NEP 49), which is set in a
context of its own, so that arrays made elsewhere are untouched. The allocator is a few
lines of LLVM (`blocks`): it keeps freed blocks in lists by size, since fresh memory
costs a page fault every 4 KiB, and asks for pages of 2 MiB where a block is large.
Lists that grow beyond a limit are given back to the system. NumPy gives a block back
when the array that owns it dies, with all of its views.
"""

from __future__ import annotations

import contextvars
import ctypes
import os
import threading
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .firsts import first

ALIGNMENT = 64


class _Handler(ctypes.Structure):
    """NumPy's PyDataMem_Handler."""

    _fields_ = (
        ("name", ctypes.c_char * 127),
        ("version", ctypes.c_uint8),
        ("context", ctypes.c_void_p),
        ("malloc", ctypes.c_void_p),
        ("calloc", ctypes.c_void_p),
        ("realloc", ctypes.c_void_p),
        ("free", ctypes.c_void_p),
    )


_state = (ctypes.c_int64 * 456)()
_local = threading.local()
_empty = np.empty


def allocate(dtype: DTypeLike, shape: tuple[int, ...]) -> NDArray[Any]:
    """A new C-contiguous array, aligned for vectors, of undefined content.

    Examples
    --------
    >>> allocate("float64", (2, 3)).shape
    (2, 3)
    """
    array: NDArray[Any] = counted(_empty, shape, dtype)
    return array


def counted(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function; arrays that NumPy makes inside are as those of `allocate`.

    It runs in a context of its own: context variables have their defaults there, and
    NumPy warns of nothing about floating point. That is not set for each call: a
    finalizer that computes, too, may run while CPython 3.11 sets a context variable,
    and what is being copied would be freed.

    Examples
    --------
    >>> before = bytes_in_use()
    >>> array = counted(np.ones, 500)
    >>> bytes_in_use() - before
    4000
    """
    here = quiet()
    if here.inside:
        return function(*arguments)
    here.inside = True
    try:
        return here.context.run(function, *arguments)
    finally:
        here.inside = False


class Quiet:
    """The context of a thread for `counted`, and whether it is inside."""

    __slots__ = ("context", "inside")

    def __init__(self, context: contextvars.Context) -> None:
        self.context = context
        self.inside = False


def quiet() -> Quiet:
    """What this thread has for `counted`."""
    here: Quiet | None = getattr(_local, "quiet", None)
    if here is None:
        here = _local.quiet = Quiet(_quiet_context().copy())
    return here


@cache
def _quiet_context() -> contextvars.Context:
    """The context of which each thread has a copy: a copy sets no variables."""
    from .cpu.target import undisturbed

    allocator = _allocator()
    found = contextvars.Context()
    with undisturbed():  # no finalizer computes while variables are set
        found.run(np.seterr, all="ignore")
        if allocator is not None:
            found.run(allocator[0])
    return first("quiet", found)


def bytes_in_use() -> int:
    """Bytes of all arrays from `allocate` that are alive.

    Examples
    --------
    >>> before = bytes_in_use()
    >>> array = allocate("float64", (1000,))
    >>> bytes_in_use() - before
    8000
    """
    return int(_state[1])


def peak_bytes() -> int:
    """The most bytes that were in use at once since the start or `reset_peak`."""
    return int(_state[2])


def reset_peak() -> None:
    """Let `peak_bytes` start anew from what is in use now."""
    _state[2] = _state[1]


def trim() -> None:
    """Give the blocks that wait to be used again back to the system."""
    allocator = _allocator()
    if allocator is not None:
        allocator[1](_state)


def pointer(array: NDArray[Any]) -> int:
    """The address of the first element.

    Examples
    --------
    >>> array = allocate("float64", (3,))
    >>> pointer(array) == array.ctypes.data
    True
    """
    return _at(id(array) + DATA).value or 0


_at = ctypes.c_void_p.from_address
DATA = object.__basicsize__
"""Where an array object has the address of its data, if it has a plain layout."""


def _slow_pointer(array: NDArray[Any]) -> int:
    return int(array.__array_interface__["data"][0])


def _check_pointer() -> None:
    """Take the slow way where an array object is not laid out as in CPython."""
    global pointer
    if any(pointer(array) != _slow_pointer(array) for array in map(_empty, (1, 100))):
        pointer = _slow_pointer


_check_pointer()


def has_plain_layout() -> bool:
    """Whether array objects are laid out as in CPython."""
    return pointer is not _slow_pointer


@cache
def context() -> contextvars.Context | None:
    """A context in which arrays come from our allocator, to be copied by native code.

    None where there is no allocator.
    """
    allocator = _allocator()
    if allocator is None:
        return None
    found = contextvars.Context()
    found.run(allocator[0])
    return first("context", found)


LIMITS = (
    "/sys/fs/cgroup/memory.max",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
)
"""Where Linux says how much memory a container may take."""


@cache
def total_bytes() -> int:
    """Memory of this machine, or what this container may take of it; 8 GiB if unknown.

    Examples
    --------
    >>> total_bytes() > 2**20
    True
    """
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        memory = 2**33
    for path in LIMITS:
        try:
            with open(path) as file:
                memory = min(memory, int(file.read()))
        except (OSError, ValueError):  # there is none, or it says "max"
            continue
    return memory


def _limit() -> int:
    """Bytes that may wait in the lists: an eighth of the memory, at most 1 GiB."""
    return min(2**30, total_bytes() // 8)


@cache
def _allocator() -> tuple[Callable[[], Any], Callable[[Any], None]] | None:
    """What sets our allocator in a context, and `trim`; None where it cannot be."""
    from . import blocks
    from .cpu.target import MissingSymbol, forever, load_text
    from .native import numpy_api

    try:
        names = ("malloc", "calloc", "realloc", "free", "trim")
        addresses = load_text(blocks.text(), *(f"engine_{name}" for name in names))
        at = dict(zip(names, addresses, strict=True))
    except (MissingSymbol, RuntimeError):
        return None
    _state[4] = _limit()
    handler = _Handler(b"engine", 1, ctypes.addressof(_state))
    for name in names[:4]:
        setattr(handler, name, at[name])
    thing, text, address = ctypes.py_object, ctypes.c_char_p, ctypes.c_void_p
    make = ctypes.PYFUNCTYPE(thing, address, text, address)
    entry = numpy_api.address(numpy_api.SET_HANDLER)
    set_handler = ctypes.PYFUNCTYPE(thing, thing)(entry)
    label = b"mem_handler"
    new_capsule = make(("PyCapsule_New", ctypes.pythonapi))
    capsule = new_capsule(ctypes.addressof(handler), label, None)
    for kept in (handler, label, capsule, _state):
        forever(kept)
    # With the GIL, so that no fork falls into it: it holds a lock.
    trim = ctypes.PYFUNCTYPE(None, ctypes.c_void_p)(at["trim"])
    return (lambda: set_handler(capsule)), trim
