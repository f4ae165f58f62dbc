"""The kernels of random programs give the same bits on the CPU as by NumPy alone.

Every kernel that the scheduler makes runs on both backends, on the same random memory.
Functions whose last bits are free stand aside for exact ones: what is compared is all
the rest, bit by bit. (`kernels/test_scalars.py` compares each of those functions.)
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
from planning import bits, empty_trace
from program_maker import draw

from engine.kernels import memory
from engine.kernels.cpu.backend import backend as cpu
from engine.kernels.kernel import Compute, Gather, Kernel, Loop, Statement
from engine.kernels.reference import backend as reference
from engine.row import Row

Array = np.ndarray[Any, Any]

PROGRAMS = int(os.environ.get("ENGINE_FUZZ_PROGRAMS", "2000")) // 100

EXACT = {"exp": "square", "tanh": "rint", "sin": "trunc"}
"""The functions that programs draw whose last bits are free; what stands for them."""

COMPLEX_EXACT = {"exp": "reciprocal", "tanh": "conjugate", "sin": "conjugate"}
"""The same for complex numbers."""


def exact(kernel: Kernel) -> Kernel:
    """`kernel` with exact functions only."""
    pattern = re.compile(rf"\b({'|'.join(EXACT)})\(")

    def changed(statement: Statement) -> Any:
        if isinstance(statement, Loop):
            return Loop(tuple(map(changed, statement.body)))
        if isinstance(statement, Compute):
            names = COMPLEX_EXACT if "complex" in statement.dtype else EXACT
            text = pattern.sub(lambda found: f"{names[found[1]]}(", statement.text)
            return replace(statement, text=text)
        return statement

    return replace(kernel, body=tuple(map(changed, kernel.body)))


def buffers(row: Row, rng: np.random.Generator) -> list[Array]:
    """Random memory for the arguments of a row's kernel.

    Where positions may be read from it, they are small and lie in any buffer.
    """
    lowered = row.lowered
    assert lowered is not None
    gathers = any(isinstance(s, Gather) for s in lowered.kernel.statements())
    found = []
    for argument, slot in zip(lowered.kernel.arguments, lowered.arguments, strict=True):
        if slot >= 0:
            size = prod(row.buffers.contents[slot][1])
        else:
            size = lowered.temporaries[~slot][1]
        numbers = rng.normal(size=max(size, 4)) * 3
        numbers[rng.random(len(numbers)) < 0.1] = -0.0
        if argument.dtype == "int64" and gathers:
            numbers %= 4
        if argument.dtype.startswith("u"):
            numbers = np.abs(numbers)
        found.append(numbers.astype(argument.dtype))
    return found


def check(kernel: Kernel, row: Row, scalars: list[Any], seed: int) -> None:
    """Compare the memory that both backends leave."""
    lowered = row.lowered
    assert lowered is not None
    given = [scalars[k] for k in lowered.scalars]
    given = [np.dtype(d).type(s) for d, s in zip(kernel.scalars, given, strict=True)]
    arrays = buffers(row, np.random.default_rng(seed))
    results = []
    for backend in (cpu, reference):
        copies = [array.copy() for array in arrays]
        launch = backend.compile(kernel).bind(lowered.layout)
        launch([memory.pointer(copy) for copy in copies], given)
        results.append([bits(copy) for copy in copies])
    assert results[0] == results[1], f"seed {seed}:\n{reference.emit(kernel)}"


def test_fuzzed_kernels_agree_bit_by_bit() -> None:
    known: set[str] = set()
    for seed in range(1000, 1000 + PROGRAMS):
        with empty_trace():
            recorded = draw(seed, rare=seed % 2 == 1)
        for row in recorded.plan().rows:
            if row.lowered is None:
                continue
            kernel = exact(row.lowered.kernel)
            if kernel.key not in known:
                known.add(kernel.key)
                check(kernel, row, recorded.scalars, seed)
    assert len(known) > PROGRAMS
