"""Stage 8 on CUDA: which form of a kernel runs, on how many blocks, on which words."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from ..backend import Launcher
from ..counts import COUNTS
from ..kernel import Kernel, Layout
from . import hardware
from .forms import COLUMNS, PARTS, THREADS, WARP, Team
from .grid import SHARED, fits, part_names, partial_accumulators
from .wide import BYTES, aligned, width

MANY = 2**31 - 1
"""Blocks that a launch can have."""

SHORT: frozenset[Team] = frozenset({"wide", "warp", "column", "column_grid"})
"""Forms with a block for each share, which the device starts in order.

Neighbouring blocks then work on neighbouring memory: 4.2 to 4.5 TB/s on an H200 where
blocks that walk in strides reach 3.8 to 4.2, and columns 2.8 instead of 2.0. Where a
block has much to begin and end with, there are as many as run at once.
"""

WORDS: dict[str, Any] = {
    "bool": ctypes.c_bool,
    "float16": ctypes.c_float,
    "float32": ctypes.c_float,
    "float64": ctypes.c_double,
    **{f"int{bits}": getattr(ctypes, f"c_int{bits}") for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": getattr(ctypes, f"c_uint{bits}") for bits in (8, 16, 32, 64)},
    "complex64": (ctypes.c_float, ctypes.c_float),
    "complex128": (ctypes.c_double, ctypes.c_double),
}
"""C types of scalars by dtype; a pair for the parts of a complex number."""


LONG = 1
"""Parts of a row above which many blocks share it, where they can."""


def choose_team(kernel: Kernel, layout: Layout) -> Team:
    """The form to launch: for rows by their length alone, so that results repeat."""
    if kernel.kind in SHARED:
        length = layout.extents[-1]
        shared = SHARED[kernel.kind]
        if length > LONG * PARTS[shared] and fits(kernel):
            return shared
        if kernel.kind == "column":
            return "column"
        return "warp" if length <= 1024 else "block"
    return "wide" if width(kernel) > 1 and aligned(kernel, layout.places) else "map"


def blocks_needed(kernel: Kernel, layout: Layout, team: Team) -> int:
    """Blocks that would do all the work with every thread taking one share."""
    rows = rows_of(kernel, layout)
    if kernel.kind == "column" or team in PARTS:
        return rows * parts_of(layout, team)
    shares = {
        "map": THREADS,
        "wide": THREADS * width(kernel),
        "warp": THREADS // WARP,
        "block": 1,
    }
    return -(-rows // shares[team])


def rows_of(kernel: Kernel, layout: Layout) -> int:
    """Rows of a kernel; 32 neighbouring columns are one."""
    outer = layout.extents[: kernel.outer]
    if kernel.kind == "column":
        return prod(outer[:-1]) * -(-outer[-1] // COLUMNS)
    return prod(outer)


def bind(
    kernel: Kernel, layout: Layout, team: Team, module: Callable[[Team], Any]
) -> Launcher:
    """A launcher on `layout`, given device pointers; `module` has the machine code."""
    launch = launcher(kernel, layout, team, module(team))
    if team != "wide":
        return launch

    def launch_aligned(pointers: Sequence[int], scalars: Sequence[Any]) -> None:
        if all(pointer % BYTES == 0 for pointer in pointers):
            launch(pointers, scalars)
        else:
            launcher(kernel, layout, "map", module("map"))(pointers, scalars)

    return launch_aligned


def parts_of(layout: Layout, team: Team) -> int:
    """Parts of a row, each for another block."""
    return max(-(-layout.extents[-1] // PARTS[team]), 1) if team in PARTS else 1


def scratch(kernel: Kernel, layout: Layout, team: Team) -> list[Any]:
    """The memory that the blocks of a launch share; tickets are 0 between launches."""
    if team not in PARTS:
        return []
    array = hardware().DeviceArray
    rows = rows_of(kernel, layout)
    items = rows * parts_of(layout, team) * (COLUMNS if kernel.kind == "column" else 1)
    sums = [
        array((items,), acc.carrier)
        for acc in partial_accumulators(kernel)
        for _ in part_names(acc)
    ]
    return [array.of(np.zeros(rows, np.int32)), *sums]


def launcher(kernel: Kernel, layout: Layout, team: Team, module: Any) -> Launcher:
    """A launcher of one form of a kernel."""
    here = hardware().device()
    blocks = blocks_needed(kernel, layout, team)
    most = MANY if team in SHORT else here.multiprocessors * module.resident
    grid = min(blocks, most)
    numbers = [*layout.extents, *(n for place in layout.places for n in place)]
    shared = scratch(kernel, layout, team) if blocks else []
    kinds = (
        *[ctypes.c_void_p] * len(kernel.arguments),
        *[WORDS[dtype] for dtype in kernel.scalars],
        *[ctypes.c_int64] * len(numbers),
        *[ctypes.c_void_p] * len(shared),
    )
    start = module.starter(grid, kinds)

    def launch(pointers: Sequence[int], scalars: Sequence[Any]) -> None:
        if not blocks:
            return
        COUNTS.launches += 1
        plain = [value.item() if hasattr(value, "item") else value for value in scalars]
        places = [array.pointer for array in shared]
        start((*pointers, *plain, *numbers, *places))

    return launch
