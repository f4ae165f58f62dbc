"""Memory of arrays: aligned blocks that are used again, and how many bytes are in use.

`allocate` is `numpy.empty` under an allocator of ours (NEP 49), which is set in a
context of its own, so that arrays made elsewhere are untouched. The allocator is a few
lines of LLVM: it keeps freed blocks in lists by size, since fresh memory costs a page
fault every 4 KiB; lists that grow beyond a limit are given back to the system. NumPy
gives a block back when the array that owns it dies, with all of its views.
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

ALIGNMENT = 64

_BLOCKS = """
declare ptr @aligned_alloc(i64, i64)
declare void @free(ptr)
declare i64 @llvm.ctlz.i64(i64, i1)
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)

; A block is 64 bytes of header (its capacity, the bytes asked for, the next free
; block, its list) and then data. Capacities are multiples of 64 bytes up to 1024 and
; sixteenths of the next power of two above, so that at most an eighth is not used. The
; state is: lock, bytes in use, their peak, bytes in the lists, their limit, 3 unused
; words, and the heads of 448 lists.

define internal void @lock(ptr %state) {
  br label %try
try:
  %pair = cmpxchg ptr %state, i64 0, i64 1 acquire monotonic
  %got = extractvalue { i64, i1 } %pair, 1
  br i1 %got, label %done, label %try
done:
  ret void
}

define internal void @unlock(ptr %state) {
  store atomic i64 0, ptr %state release, align 8
  ret void
}

define internal void @count(ptr %state, i64 %bytes) {
  %used = getelementptr i64, ptr %state, i64 1
  %peak = getelementptr i64, ptr %state, i64 2
  %old = atomicrmw add ptr %used, i64 %bytes monotonic
  %now = add i64 %old, %bytes
  %was = atomicrmw max ptr %peak, i64 %now monotonic
  ret void
}

define ptr @engine_malloc(ptr %state, i64 %size) {
  %empty = icmp eq i64 %size, 0
  %least = select i1 %empty, i64 1, i64 %size
  %below = sub i64 %least, 1
  %zeros = call i64 @llvm.ctlz.i64(i64 %below, i1 false)
  %bits = sub i64 64, %zeros
  %small = icmp ult i64 %bits, 10
  %wide = sub i64 %bits, 4
  %shift = select i1 %small, i64 6, i64 %wide
  %part = lshr i64 %below, %shift
  %parts = add i64 %part, 1
  %capacity = shl i64 %parts, %shift
  %octave = sub i64 %shift, 6
  %octaves = shl i64 %octave, 3
  %list = add i64 %octaves, %part
  %slot = add i64 %list, 8
  %head = getelementptr i64, ptr %state, i64 %slot
  call void @lock(ptr %state)
  %first = load ptr, ptr %head
  %none = icmp eq ptr %first, null
  br i1 %none, label %fresh, label %again
again:
  %next.at = getelementptr i64, ptr %first, i64 2
  %next = load ptr, ptr %next.at
  store ptr %next, ptr %head
  %held.at = getelementptr i64, ptr %state, i64 3
  %held = load i64, ptr %held.at
  %less = sub i64 %held, %capacity
  store i64 %less, ptr %held.at
  call void @unlock(ptr %state)
  br label %ready
fresh:
  call void @unlock(ptr %state)
  %total = add i64 %capacity, 64
  %new = call ptr @aligned_alloc(i64 64, i64 %total)
  %failed = icmp eq ptr %new, null
  br i1 %failed, label %fail, label %ready
ready:
  %block = phi ptr [ %first, %again ], [ %new, %fresh ]
  store i64 %capacity, ptr %block
  %size.at = getelementptr i64, ptr %block, i64 1
  store i64 %size, ptr %size.at
  %slot.at = getelementptr i64, ptr %block, i64 3
  store i64 %slot, ptr %slot.at
  call void @count(ptr %state, i64 %size)
  %data = getelementptr i64, ptr %block, i64 8
  ret ptr %data
fail:
  ret ptr null
}

define void @engine_free(ptr %state, ptr %data, i64 %unused) {
  %nothing = icmp eq ptr %data, null
  br i1 %nothing, label %done, label %some
some:
  %block = getelementptr i64, ptr %data, i64 -8
  %capacity = load i64, ptr %block
  %size.at = getelementptr i64, ptr %block, i64 1
  %size = load i64, ptr %size.at
  %minus = sub i64 0, %size
  call void @count(ptr %state, i64 %minus)
  %limit.at = getelementptr i64, ptr %state, i64 4
  %limit = load i64, ptr %limit.at
  %huge = icmp sgt i64 %capacity, %limit
  br i1 %huge, label %drop, label %weigh
weigh:
  %held.at = getelementptr i64, ptr %state, i64 3
  %held = load atomic i64, ptr %held.at monotonic, align 8
  %sum = add i64 %held, %capacity
  %over = icmp sgt i64 %sum, %limit
  br i1 %over, label %room, label %keep
room:
  call void @engine_trim(ptr %state)
  br label %keep
keep:
  call void @lock(ptr %state)
  %now = load i64, ptr %held.at
  %more = add i64 %now, %capacity
  store i64 %more, ptr %held.at
  %slot.at = getelementptr i64, ptr %block, i64 3
  %slot = load i64, ptr %slot.at
  %head = getelementptr i64, ptr %state, i64 %slot
  %first = load ptr, ptr %head
  %next.at = getelementptr i64, ptr %block, i64 2
  store ptr %first, ptr %next.at
  store ptr %block, ptr %head
  call void @unlock(ptr %state)
  br label %done
drop:
  call void @free(ptr %block)
  br label %done
done:
  ret void
}

define ptr @engine_calloc(ptr %state, i64 %count, i64 %item) {
  %size = mul i64 %count, %item
  %data = call ptr @engine_malloc(ptr %state, i64 %size)
  %failed = icmp eq ptr %data, null
  br i1 %failed, label %done, label %clear
clear:
  call void @llvm.memset.p0.i64(ptr %data, i8 0, i64 %size, i1 false)
  br label %done
done:
  ret ptr %data
}

define ptr @engine_realloc(ptr %state, ptr %data, i64 %size) {
  %nothing = icmp eq ptr %data, null
  br i1 %nothing, label %fresh, label %some
fresh:
  %first = call ptr @engine_malloc(ptr %state, i64 %size)
  ret ptr %first
some:
  %size.at = getelementptr i64, ptr %data, i64 -7
  %old = load i64, ptr %size.at
  %new = call ptr @engine_malloc(ptr %state, i64 %size)
  %failed = icmp eq ptr %new, null
  br i1 %failed, label %done, label %copy
copy:
  %shrinks = icmp ult i64 %size, %old
  %kept = select i1 %shrinks, i64 %size, i64 %old
  call void @llvm.memcpy.p0.p0.i64(ptr %new, ptr %data, i64 %kept, i1 false)
  call void @engine_free(ptr %state, ptr %data, i64 %old)
  br label %done
done:
  ret ptr %new
}

define void @engine_trim(ptr %state) {
start:
  call void @lock(ptr %state)
  br label %list
list:
  %slot = phi i64 [ 8, %start ], [ %after, %emptied ]
  %head = getelementptr i64, ptr %state, i64 %slot
  br label %look
look:
  %block = load ptr, ptr %head
  %none = icmp eq ptr %block, null
  br i1 %none, label %emptied, label %drop
drop:
  %next.at = getelementptr i64, ptr %block, i64 2
  %next = load ptr, ptr %next.at
  store ptr %next, ptr %head
  call void @free(ptr %block)
  br label %look
emptied:
  %after = add i64 %slot, 1
  %last = icmp eq i64 %after, 456
  br i1 %last, label %done, label %list
done:
  %held.at = getelementptr i64, ptr %state, i64 3
  store i64 0, ptr %held.at
  call void @unlock(ptr %state)
  ret void
}
"""


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

    It runs in a context of its own: context variables have their defaults there.

    Examples
    --------
    >>> before = bytes_in_use()
    >>> array = counted(np.ones, 500)
    >>> bytes_in_use() - before
    4000
    """
    context = getattr(_local, "context", None)
    if context is None:
        context = _local.context = contextvars.Context()
        allocator = _allocator()
        if allocator is not None:
            context.run(allocator[0])
    if getattr(_local, "inside", False):
        return function(*arguments)
    _local.inside = True
    try:
        return context.run(function, *arguments)
    finally:
        _local.inside = False


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
    return found


def _limit() -> int:
    """Bytes that may wait in the lists: an eighth of the memory, at most 1 GiB."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        memory = 2**33
    return min(2**30, memory // 8)


@cache
def _allocator() -> tuple[Callable[[], Any], Callable[[Any], None]] | None:
    """What sets our allocator in a context, and `trim`; None where it cannot be."""
    from .cpu.target import MissingSymbol, forever, load_text
    from .native import numpy_api

    try:
        names = ("malloc", "calloc", "realloc", "free", "trim")
        addresses = load_text(_BLOCKS, *(f"engine_{name}" for name in names))
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
    trim = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(at["trim"])
    return (lambda: set_handler(capsule)), trim
