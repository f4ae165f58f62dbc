"""The forms in which a kernel can be written for CUDA, and their sizes."""

from __future__ import annotations

from typing import Literal, TypeAlias

Team: TypeAlias = Literal[
    "map", "wide", "warp", "block", "column", "grid", "column_grid"
]
"""Which threads share the work on a row; see `emit`."""

THREADS = 256
"""Threads of a block, in every kernel."""

WARP = 32
COLUMNS = 32
"""Neighbouring columns that a block works on together."""

LANES = {"warp": WARP, "block": THREADS, "column": THREADS // COLUMNS}
"""Threads of a team."""

PARTS = {"grid": 32768, "column_grid": 512}
"""Elements of a long row that one block reduces: of columns, of each of 32."""

ENTRY = "engine_kernel"
"""The name of every kernel in its machine code."""
