"""Stage 8, launch: bind a compiled kernel to a layout, pack its words, call it."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from math import ceil, prod
from typing import Any, TypeAlias

import numpy as np

from .. import memory, pool
from ..backend import Launcher
from ..counts import COUNTS
from ..kernel import Compute, Gather, Kernel, Layout, Load, Store
from .columns import WIDTH
from .reductions import BLOCK
from .split import buffers, phases

Pack: TypeAlias = Callable[[Sequence[int], Sequence[Any]], bytes]

SERIAL = 30_000
"""Estimated nanoseconds below which a launch is not worth waking other threads."""

CHUNK = 8_000
"""Estimated nanoseconds of what one thread takes at a time, at least."""

SPLIT = 60_000
"""Estimated nanoseconds from which a row may be shared by blocks."""

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


def nanoseconds(kernel: Kernel) -> float:
    """A rough estimate of the time that one visit of an element takes.

    It decides when threads are woken and nothing else; a function of the scalar
    library counts as ten arithmetic operations or four accesses of memory.
    """
    time = 0.0
    for statement in kernel.statements():
        match statement:
            case Compute(_, _, text):
                time += 1.0 if "(" in text else 0.1
            case Load() | Store() | Gather():
                time += 0.25
            case _:
                time += 0.1
    return time


def parallel_extent(kernel: Kernel, layout: Layout) -> tuple[int, int]:
    """Length of the parallel index, and element visits per step of it."""
    outer = layout.extents[: kernel.outer]
    if kernel.kind == "map":
        return prod(outer), 1
    inner = max(layout.extents[-1], 1)
    if kernel.kind == "row":
        return prod(outer), inner
    last = outer[-1]
    return prod(outer[:-1]) * -(-last // WIDTH), min(last, WIDTH) * inner


def bind(
    kernel: Kernel, layout: Layout, address: int, split: Callable[[], int | None]
) -> Launcher:
    """A launcher: packs what it is given with the numbers of `layout`, and calls.

    It keeps no state between calls, so any number of threads may call it at once.
    `split` gives the address of the split form, if there is one.
    """
    total, visits = parallel_extent(kernel, layout)
    if total == 0:
        return _nothing
    pack = packer(kernel, layout)
    cost = visits * nanoseconds(kernel)
    long = kernel.inner and layout.extents[-1] >= 4 * BLOCK
    if long and total * cost >= SPLIT:
        plain = _shared(pack, address, total, cost)
        return _split(pack, plain, SplitPlan(kernel, layout, total), split)
    if total * cost < SERIAL or total == 1:
        return _serial(pack, address, total)
    return _shared(pack, address, total, cost)


def packer(kernel: Kernel, layout: Layout) -> Pack:
    """What makes the words of a launch from pointers and scalars."""
    numbers = [*layout.extents, *(n for place in layout.places for n in place)]
    tail = struct.pack(f"={len(numbers)}q", *numbers)
    head = struct.Struct(scalar_format(kernel)).pack
    if not any("complex" in dtype for dtype in kernel.scalars):
        return lambda pointers, scalars: head(*pointers, *scalars) + tail
    wide = ["complex" in dtype for dtype in kernel.scalars]

    def pack(pointers: Sequence[int], scalars: Sequence[Any]) -> bytes:
        words: list[Any] = list(pointers)
        for value, two in zip(scalars, wide, strict=True):
            words += [value.real, value.imag] if two else [value]
        return head(*words) + tail

    return pack


def _serial(pack: Pack, address: int, total: int) -> Launcher:
    """One call for everything."""
    entry = pool.Entry(address)

    def launch(pointers: Sequence[int], scalars: Sequence[Any]) -> None:
        COUNTS.launches += 1
        entry(None, None, pack(pointers, scalars), 0, total)

    return launch


def _shared(pack: Pack, address: int, total: int, cost: float) -> Launcher:
    """Chunks, shared among the threads of the pool."""
    chunk = chunk_of(cost)

    def launch(pointers: Sequence[int], scalars: Sequence[Any]) -> None:
        COUNTS.launches += 1
        pool.run(address, pack(pointers, scalars), total, chunk)

    return launch


def _split(
    pack: Pack, plain: Launcher, plan: SplitPlan, split: Callable[[], int | None]
) -> Launcher:
    """Rows shared by blocks where there are too few rows for the threads."""

    def launch(pointers: Sequence[int], scalars: Sequence[Any]) -> None:
        threads = pool.num_threads()
        address = None
        if threads > 1 and plan.units < 4 * threads:
            address = split()
        if address is None:
            plain(pointers, scalars)
        else:
            COUNTS.launches += 1
            plan.run(address, pack(pointers, scalars))

    return launch


def chunk_of(cost: float) -> int:
    """Steps of `cost` nanoseconds that one thread takes at a time."""
    steps = ceil(CHUNK / cost) if cost else CHUNK
    # whole cache lines of elements, so that threads do not write into the same one
    return steps if steps < 64 else -(-steps // 64) * 64


class SplitPlan:
    """How one layout runs in the split form (`split.py`): its phases and buffers."""

    def __init__(self, kernel: Kernel, layout: Layout, units: int) -> None:
        self.units = units
        self.pieces = units * -(-layout.extents[-1] // BLOCK)
        self.phases = phases(kernel)
        columns = WIDTH if kernel.kind == "column" else 1
        self.chunk = chunk_of(BLOCK * columns * nanoseconds(kernel))
        sizes = {"blocks": self.pieces * columns, "units": units * columns}
        self.buffers = [
            (np.dtype(buffer.dtype), (sizes[buffer.over],))
            for buffer in buffers(kernel)
        ]

    def run(self, address: int, words: bytes) -> None:
        """Run all phases; each starts when the one before is over."""
        scratch = [memory.allocate(dtype, shape) for dtype, shape in self.buffers]
        words += struct.pack(f"={len(scratch)}Q", *map(memory.pointer, scratch))
        for number, phase in enumerate(self.phases):
            last = words + struct.pack("=q", number)
            if phase == "blocks":
                pool.run(address, last, self.pieces, self.chunk)
            else:
                pool.Entry(address)(None, None, last, 0, self.units)


def _nothing(pointers: Sequence[int], scalars: Sequence[Any]) -> None:
    """The launcher of a kernel without any elements."""
