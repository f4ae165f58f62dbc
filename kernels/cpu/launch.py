"""Stage 8, launch: bind a compiled kernel to a layout, pack its words, call it."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from math import ceil, prod
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from .. import memory, pool
from ..counts import COUNTS
from ..kernel import Kernel, Layout
from .deviations import WIDTH
from .estimate import nanoseconds, nanoseconds_of_row
from .reductions import BLOCK
from .split import buffers, phases

Pack: TypeAlias = Callable[[Sequence[int], Sequence[Any]], bytes]

SERIAL = 30_000
"""Estimated nanoseconds below which a launch is not worth waking other threads.

Beside a helper that is awake 13 us of work take 8 when they are shared, 46 take 31;
beside one that has to be woken 26 and 68. 89 us take 57 and 85.
"""

CHUNK, LONG_CHUNK = 8_000, 64_000
"""Estimated nanoseconds of what one thread takes at a time: at least, so that claims of
chunks cost little beside; at most, so that none waits long for the last one."""

SHARES = 8
"""So many chunks a thread has of a launch, where that makes none too short or long.

More would even out what differs between threads, but a chunk reads again, at its ends,
what its neighbours have read: stencils on 1000 x 1000 take a fifth more in short ones.
"""

SPLIT = 60_000
"""Estimated nanoseconds from which a row may be shared by blocks: twice `SERIAL`, as it
takes a second launch to merge them."""

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
    return f"={len(kernel.arguments)}Q{''.join(scalar_formats(kernel))}"


def scalar_formats(kernel: Kernel) -> list[str]:
    """The `struct` format of each scalar of `kernel`."""
    return [FORMATS.get(dtype, "q") for dtype in kernel.scalars]


def parallel_extent(kernel: Kernel, extents: Sequence[int]) -> tuple[int, int]:
    """Length of the parallel index, and element visits per step of it."""
    outer = extents[: kernel.outer]
    if kernel.kind == "map":
        return prod(outer), 1
    inner = max(extents[-1], 1)
    if kernel.kind == "row":
        return prod(outer), inner
    last = outer[-1]
    return prod(outer[:-1]) * -(-last // WIDTH), min(last, WIDTH) * inner


class Shares(NamedTuple):
    """How a launch is shared among threads; see `Launch`."""

    total: int
    chunk: int
    work: float
    split: SplitPlan | None


def costs_of(kernel: Kernel) -> tuple[float, float]:
    """Estimated nanoseconds of a visit of an element, and of a row by itself."""
    return nanoseconds(kernel), nanoseconds_of_row(kernel)


def shares_of(
    kernel: Kernel,
    extents: Sequence[int],
    split: Callable[[], int | None],
    costs: tuple[float, float],
) -> Shares:
    """How launches over some extents are shared."""
    total, visits = parallel_extent(kernel, extents)
    cost = visits * costs[0] + costs[1]
    work = total * cost
    plan = None
    if work >= SPLIT and kernel.inner and extents[-1] >= 4 * BLOCK:
        plan = SplitPlan(kernel, extents[-1], total, split)
    alone = total <= 1 or work < SERIAL
    return Shares(total, 0 if alone else chunk_of(cost, total), work, plan)


class Launch:
    """A compiled kernel bound to a layout: a call needs pointers and scalars alone.

    It keeps no state between calls, so any number of threads may call it at once.

    Parameters
    ----------
    kernel : Kernel
    layout : Layout
    address : int
        The kernel's entry.
    split : callable
        Gives the address of its split form, if there is one.

    Attributes
    ----------
    extents : tuple of int
        The layout's.
    numbers : bytes
        What follows the pointers and scalars among the words of a call.
    total, chunk : int
        Length of the parallel index, and what a thread takes of it at a time; 0 where
        the launch is not shared.
    work : float
        Estimated nanoseconds.
    split : SplitPlan or None
        How the launch runs by blocks where its rows are too few for the threads.
    """

    def __init__(
        self,
        kernel: Kernel,
        layout: Layout,
        address: int,
        split: Callable[[], int | None],
    ) -> None:
        self.kernel, self.address = kernel, address
        self._split_form = split
        self._costs = costs_of(kernel)
        self._pack = packer(kernel)
        self.entry = pool.Entry(address)
        self._place(layout)

    def _place(self, layout: Layout) -> None:
        shares = self._shares(layout.extents)
        self.extents, self.numbers = layout.extents, numbers_of(layout)
        self.total, self.chunk, self.work, self.split = shares

    def __call__(self, pointers: Sequence[int], scalars: Sequence[Any]) -> None:
        """Run on buffers (addresses of element 0) and scalar values.

        Raises
        ------
        RuntimeError
            If the machine code gives another status than 0.
        """
        if self.total == 0:
            return
        COUNTS.launches += 1
        words = self._pack(pointers, scalars) + self.numbers
        split = self.split_address()
        if split is not None:
            assert self.split is not None
            status = self.split.run(split, words)
        elif self.chunk:
            status = pool.run(self.address, words, self.total, self.chunk)
        else:
            status = self.entry(None, None, words, 0, self.total)
        if status:
            raise failure(self.kernel.name, status)

    def moved(self, layout: Layout) -> Launch:
        """The same launch over another layout."""
        launch = Launch.__new__(Launch)
        launch.__dict__.update(self.__dict__)  # what `copy.copy` takes ten times for
        if layout.extents == self.extents:
            launch.numbers = numbers_of(layout)
        else:
            launch._place(layout)
        return launch

    def _shares(self, extents: Sequence[int]) -> Shares:
        return shares_of(self.kernel, extents, self._split_form, self._costs)

    def split_address(self) -> int | None:
        """The split form, where it is there and is what this many threads want."""
        return _address(self.split)

    def shares(self, extents: Sequence[int]) -> Shares | None:
        """How launches over other extents are shared; None for the split form."""
        shares = self._shares(extents)
        return shares if _address(shares.split) is None else None


def _address(plan: SplitPlan | None) -> int | None:
    """The split form, where it is there and is what this many threads want."""
    threads = pool.num_threads()
    if plan is None or threads == 1 or plan.units >= 4 * threads:
        return None
    return plan.address()


def failure(name: str, status: int) -> RuntimeError:
    """What is raised when machine code gives a status."""
    return RuntimeError(f"{name}: status 0 was required; its kernel gave {status}")


def numbers_of(layout: Layout) -> bytes:
    """The words of a layout: extents, and the offset and strides of each access."""
    numbers = [*layout.extents, *(n for place in layout.places for n in place)]
    return struct.pack(f"={len(numbers)}q", *numbers)


def packer(kernel: Kernel) -> Pack:
    """What makes the first words of a launch, from pointers and scalars."""
    head = struct.Struct(scalar_format(kernel)).pack
    if not any("complex" in dtype for dtype in kernel.scalars):
        return lambda pointers, scalars: head(*pointers, *scalars)
    wide = ["complex" in dtype for dtype in kernel.scalars]

    def pack(pointers: Sequence[int], scalars: Sequence[Any]) -> bytes:
        words: list[Any] = list(pointers)
        for value, two in zip(scalars, wide, strict=True):
            words += [value.real, value.imag] if two else [value]
        return head(*words)

    return pack


def chunk_of(cost: float, total: int) -> int:
    """Of `total` steps of `cost` nanoseconds how many a thread takes at a time."""
    share = total * cost / (SHARES * pool.num_threads())
    steps = ceil(min(max(share, CHUNK), LONG_CHUNK) / cost) if cost else CHUNK
    # whole cache lines of elements, so that threads do not write into the same one
    return steps if steps < 64 else -(-steps // 64) * 64


class SplitPlan:
    """How rows of a length run in the split form (`split.py`): phases, buffers."""

    def __init__(
        self,
        kernel: Kernel,
        length: int,
        units: int,
        address: Callable[[], int | None],
    ) -> None:
        self.units = units
        self.address = address
        self.pieces = units * -(-length // BLOCK)
        self.phases = phases(kernel)
        columns = WIDTH if kernel.kind == "column" else 1
        self.chunk = chunk_of(BLOCK * columns * nanoseconds(kernel), self.pieces)
        sizes = {"blocks": self.pieces * columns, "units": units * columns}
        self.buffers = [
            (np.dtype(buffer.dtype), (sizes[buffer.over],))
            for buffer in buffers(kernel)
        ]

    def steps(self) -> list[tuple[int, int]]:
        """For each phase its length, and what a thread takes of it (0: all)."""
        return [
            (self.pieces, self.chunk) if phase == "blocks" else (self.units, 0)
            for phase in self.phases
        ]

    def run(self, address: int, words: bytes) -> int:
        """Run all phases; each starts when the one before is over."""
        scratch = [memory.allocate(dtype, shape) for dtype, shape in self.buffers]
        words += struct.pack(f"={len(scratch)}Q", *map(memory.pointer, scratch))
        for number, (total, chunk) in enumerate(self.steps()):
            last = words + struct.pack("=q", number)
            if chunk:
                status = pool.run(address, last, total, chunk)
            else:
                status = int(pool.Entry(address)(None, None, last, 0, total))
            if status:
                return status
        return 0
