"""Stage 8, launch: bind a compiled kernel to a layout, pack its words, call it."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from .. import pool
from ..counts import COUNTS
from ..kernel import Kernel, Layout

Entry = ctypes.CFUNCTYPE(
    ctypes.c_int32,
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_char_p,
    ctypes.c_int64,
    ctypes.c_int64,
)
"""The one native signature; ctypes releases the GIL during the call."""

COLUMNS = 256
"""Columns that a column kernel takes at a time."""

SERIAL = 1 << 16
"""Element visits below which a launch is not worth waking other threads."""

CHUNK = 1 << 14
"""Element visits that one thread takes at a time, at least."""

FORMATS = {
    "float64": "d",
    "float32": "f4x",
    "float16": "f4x",
    "complex64": "f4xf4x",
    "complex128": "dd",
    "bool": "?7x",
    "uint64": "Q",
}
"""How a scalar of a dtype is packed in 8-byte words ("q" if not named)."""


def scalar_format(kernel: Kernel) -> str:
    """The `struct` format of the pointers and scalars of `kernel`."""
    scalars = "".join(FORMATS.get(dtype, "q") for dtype in kernel.scalars)
    return f"={len(kernel.arguments)}Q{scalars}"


def parallel_extent(kernel: Kernel, layout: Layout) -> tuple[int, int]:
    """Length of the parallel index, and element visits per step of it."""
    outer = layout.extents[: kernel.outer]
    if kernel.kind == "map":
        return prod(outer), 1
    inner = max(layout.extents[-1], 1)
    if kernel.kind == "row":
        return prod(outer), inner
    last = outer[-1]
    return prod(outer[:-1]) * -(-last // COLUMNS), min(last, COLUMNS) * inner


def bind(
    kernel: Kernel, layout: Layout, address: int
) -> Callable[[Sequence[int], Sequence[Any]], None]:
    """A launcher: packs what it is given with the numbers of `layout`, and calls.

    It keeps no state between calls, so any number of threads may call it at once.
    """
    total, work = parallel_extent(kernel, layout)
    if total == 0:
        return _nothing
    numbers = [*layout.extents, *(n for place in layout.places for n in place)]
    tail = struct.pack(f"={len(numbers)}q", *numbers)
    pack = struct.Struct(scalar_format(kernel)).pack
    entry = Entry(address)
    if any("complex" in dtype for dtype in kernel.scalars):
        pack = _split_complex(pack, kernel.scalars)
    if total * work < SERIAL or total == 1:

        def launch(pointers: Sequence[int], scalars: Sequence[Any]) -> None:
            COUNTS.launches += 1
            entry(None, None, pack(*pointers, *scalars) + tail, 0, total)

    else:
        chunk = -(-CHUNK // work)

        def launch(pointers: Sequence[int], scalars: Sequence[Any]) -> None:
            COUNTS.launches += 1
            pool.run(address, pack(*pointers, *scalars) + tail, total, chunk)

    return launch


def _nothing(pointers: Sequence[int], scalars: Sequence[Any]) -> None:
    """The launcher of a kernel without any elements."""


def _split_complex(pack: Callable[..., bytes], dtypes: tuple[str, ...]) -> Any:
    """`pack` for scalars of which some are complex: two words each."""
    first = -len(dtypes)
    wide = [dtype.startswith("complex") for dtype in dtypes]

    def split(*values: Any) -> bytes:
        words = list(values[:first])
        for value, two in zip(values[first:], wide, strict=True):
            words += [value.real, value.imag] if two else [value]
        return pack(*words)

    return split
