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
from .forms import COLUMNS, PART, THREADS, WARP, Team
from .grid import fits, part_names, partial_accumulators
from .wide import BYTES, aligned, width

BLOCKS = 8
"""Blocks of 256 threads that a multiprocessor holds at a time."""


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


LONG = 8 * PART
"""Elements of a row from which many blocks share it, where they can."""


def choose_team(kernel: Kernel, layout: Layout) -> Team:
    """The form to launch: for rows by their length alone, so that results repeat."""
    if kernel.kind == "row":
        if layout.extents[-1] > LONG and fits(kernel):
            return "grid"
        return "warp" if layout.extents[-1] <= 1024 else "block"
    if kernel.kind == "column":
        return "column"
    return "wide" if width(kernel) > 1 and aligned(kernel, layout.places) else "map"


def blocks_needed(kernel: Kernel, layout: Layout, team: Team) -> int:
    """Blocks that would do all the work with every thread taking one share."""
    outer = layout.extents[: kernel.outer]
    if team == "column":
        return prod(outer[:-1]) * -(-outer[-1] // COLUMNS)
    if team == "grid":
        return prod(outer) * parts_of(layout)
    shares = {
        "map": THREADS,
        "wide": THREADS * width(kernel),
        "warp": THREADS // WARP,
        "block": 1,
    }
    return -(-prod(outer) // shares[team])


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


def parts_of(layout: Layout) -> int:
    """Parts of a row, in the ``grid`` form."""
    return max(-(-layout.extents[-1] // PART), 1)


def scratch(kernel: Kernel, layout: Layout, team: Team) -> list[Any]:
    """The memory that the blocks of a launch share; tickets are 0 between launches."""
    if team != "grid":
        return []
    array = hardware().DeviceArray
    rows = prod(layout.extents[: kernel.outer])
    sums = [
        array((rows * parts_of(layout),), acc.carrier)
        for acc in partial_accumulators(kernel)
        for _ in part_names(acc)
    ]
    return [array.of(np.zeros(rows, np.int32)), *sums]


def launcher(kernel: Kernel, layout: Layout, team: Team, module: Any) -> Launcher:
    """A launcher of one form of a kernel."""
    here = hardware().device()
    blocks = blocks_needed(kernel, layout, team)
    grid = min(blocks, here.multiprocessors * BLOCKS)
    numbers = [*layout.extents, *(n for place in layout.places for n in place)]
    shared = scratch(kernel, layout, team) if blocks else []
    kinds = (
        *[ctypes.c_void_p] * len(kernel.arguments),
        *[WORDS[dtype] for dtype in kernel.scalars],
        *[ctypes.c_int64] * len(numbers),
        *[ctypes.c_void_p] * len(shared),
    )

    def launch(pointers: Sequence[int], scalars: Sequence[Any]) -> None:
        if not blocks:
            return
        COUNTS.launches += 1
        plain = [value.item() if hasattr(value, "item") else value for value in scalars]
        places = [array.pointer for array in shared]
        module.launch(grid, (*pointers, *plain, *numbers, *places), kinds)

    return launch
