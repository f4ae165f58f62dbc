"""Memory for machine code: written first, then run, never both at once.

Pieces stand side by side in maps of a MiB, so that the code of many kernels is near
each other. They are never given back: code may run until the process is gone.
"""

from __future__ import annotations

import ctypes
import mmap
from functools import cache as once
from typing import Any

PAGE = mmap.PAGESIZE

MAP = 2**20
"""Bytes of a map: pages that are not used take no memory."""

_left: list[tuple[int, int]] = []
"""Room in maps that is left, address and size; who takes some pops it first.

So no two threads take the same, without a lock: whoever held one could be interrupted
by a finalizer that needs room for a kernel.
"""


@once
def _protect() -> Any:
    protect = ctypes.CDLL(None, use_errno=True).mprotect
    protect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    return protect


def pages(size: int) -> int:
    """Bytes of the pages that `size` bytes take."""
    return -(-size // PAGE) * PAGE


def reserve(size: int) -> int:
    """The address of pages for `size` bytes, zeros that may be written.

    Raises
    ------
    OSError
        If there is no memory.
    """
    size = pages(size)
    try:
        address, left = _left.pop()
    except IndexError:
        address, left = 0, 0
    if size <= left:
        rest = [(address + size, left - size)]
        found = address
    else:
        length = max(size, MAP)
        found = _mapped(length)
        rest = [(address, left), (found + size, length - size)]
    _left.append(max(rest, key=lambda piece: piece[1]))
    return found


def _mapped(size: int) -> int:
    """The address of a new map, which stays until the process is gone."""
    made = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    start = ctypes.c_char.from_buffer(made)
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(start))  # it holds the map
    return ctypes.addressof(start)


def make_executable(address: int, size: int) -> None:
    """Let whole pages be read and run, and not written any more.

    Raises
    ------
    OSError
        If the system does not allow it.
    """
    rights = mmap.PROT_READ | mmap.PROT_EXEC
    if _protect()(address, pages(size), rights) != 0:
        number = ctypes.get_errno()
        raise OSError(number, "mprotect: memory cannot be made executable")


def place_code(code: bytes) -> int:
    """The address of machine code that refers to nothing, ready to be called.

    Raises
    ------
    OSError
        If there is no memory, or it cannot be made executable.
    """
    address = reserve(len(code))
    ctypes.memmove(address, code, len(code))
    make_executable(address, len(code))
    return address
