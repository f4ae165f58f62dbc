"""Kernels compiled ahead of their use: ``python -m engine cache warm``."""

from __future__ import annotations

import runpy
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import engine
import engine.numpy as np
from engine import native
from engine.config import config
from engine.kernels.counts import COUNTS

UNARY = (
    *("negative", "absolute", "square", "sqrt", "exp", "log", "expm1", "log1p"),
    *("sin", "cos", "tanh", "floor"),
)
BINARY = ("add", "subtract", "multiply", "divide", "power", "maximum", "minimum")
REDUCTIONS = ("sum", "mean", "max", "min", "std", "argmax")
ROWS = ("softmax", "log_softmax", "logsumexp")
COMPOSITES = ("sigmoid", "relu")


class Made(NamedTuple):
    """Kernels that were compiled, kept of those, found, and how long it all took."""

    compiled: int
    kept: int
    found: int
    seconds: float


def warm_common(dtypes: Sequence[str] = ("float32", "float64")) -> Made:
    """Compile native code, and kernels of one common op each."""

    def run() -> None:
        for dtype in dtypes:
            for block in common_blocks(dtype):
                engine.eval(block())

    return _measured(run)


def warm_script(script: str, arguments: Sequence[str] = ()) -> Made:
    """Run a Python script, compiling all its kernels."""

    def run() -> None:
        before, sys.argv = sys.argv, [script, *arguments]
        try:
            runpy.run_path(script, run_name="__main__")
        finally:
            sys.argv = before

    return _measured(run)


def common_blocks(dtype: str) -> list[Callable[[], Any]]:
    """One op each, on vectors and matrices, without and with a Python number."""
    x = np.ones((20, 30), dtype=dtype)
    row = np.ones(30, dtype=dtype)
    tensor = engine.ones(20, 30, dtype=getattr(engine, dtype))
    blocks: list[Callable[[], Any]] = []
    blocks += [partial(getattr(np, name), x) for name in UNARY]
    blocks += [
        partial(getattr(np, name), x, other)
        for name in BINARY
        for other in (x, row, 0.5)
    ]
    blocks += [
        partial(getattr(np, name), x, axis=axis)
        for name in REDUCTIONS
        for axis in (None, 0, 1)
    ]
    blocks += [partial(getattr(tensor, name), dim=1) for name in ROWS]
    blocks += [getattr(tensor, name) for name in COMPOSITES]
    return blocks


def _measured(run: Callable[[], None]) -> Made:
    """Run with every group compiled."""
    native.start()
    before, start = (COUNTS.compiled, COUNTS.kept, COUNTS.loaded), time.perf_counter()
    with config(tier="compiled"):
        run()
    after = COUNTS.compiled, COUNTS.kept, COUNTS.loaded
    compiled, kept, found = (
        now - then for now, then in zip(after, before, strict=True)
    )
    return Made(compiled, kept, found, time.perf_counter() - start)
