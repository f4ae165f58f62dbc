"""A rough estimate of the time that kernels take, which decides when threads share.

It decides nothing else. The unit is a nanosecond for a byte, as wide registers take few
items of a wide type at once. Measured on loops over memory in the second cache.
"""

from __future__ import annotations

import numpy as np

from ..kernel import (
    IOTA,
    Access,
    Compute,
    Gather,
    Kernel,
    Load,
    Loop,
    Reduce,
    Statement,
    Store,
)
from ..scalars import FUSED
from .reductions import names_in

MEMORY = 0.015
"""Of a load or store of neighbours."""

APART = 8 * MEMORY
"""Of a load or store whose neighbours are elsewhere."""

ARITHMETIC = 0.005
"""Of a sum, a product or a comparison."""

DIVISION = 0.05
"""Of a division or root, which a CPU begins every few cycles only."""

DIVISIONS = frozenset({"divide", "reciprocal", "sqrt"})

FORMULA = 0.15
FORMULAS = FUSED | {"philox", "gcd", "lcm"}
"""Functions of the scalar library that are tens of instructions."""

LOOP = 10.0
"""Nanoseconds to begin and end a loop over a row, and as many for each reduction."""


def nanoseconds(kernel: Kernel) -> float:
    """The time that one visit of an element takes.

    Examples
    --------
    >>> from engine.kernels.kernel import Argument
    >>> half = Kernel(
    ...     name="half",
    ...     kind="map",
    ...     outer=1,
    ...     inner=0,
    ...     arguments=(Argument("float64", "read"), Argument("float64", "write")),
    ...     accesses=(Access(0, ("1",)), Access(1, ("1",))),
    ...     scalars=(),
    ...     body=(Load("x0", 0), Compute("t0", "float64", "x0 * 0.5"), Store(1, "t0")),
    ... )
    >>> round(nanoseconds(half), 3)
    0.28
    """
    # kept by the kernel, as its key is: each place of a loop's plan asks again
    known: float | None = kernel.__dict__.get("_nanoseconds")
    if known is None:
        known = kernel.__dict__["_nanoseconds"] = _of_visit(kernel)
    return known


def _of_visit(kernel: Kernel) -> float:
    if kernel.kind == "map":
        return sum(_cost(kernel, statement) for statement in kernel.body)
    loops = (loop for loop in kernel.body if isinstance(loop, Loop))
    return sum(_cost(kernel, statement) for loop in loops for statement in loop.body)


def nanoseconds_of_row(kernel: Kernel) -> float:
    """The time that a row takes beside the visits of its elements."""
    known: float | None = kernel.__dict__.get("_nanoseconds_of_row")
    if known is None:
        loops = sum(isinstance(s, Loop | Reduce) for s in kernel.statements())
        known = kernel.__dict__["_nanoseconds_of_row"] = LOOP * loops
    return known


def _cost(kernel: Kernel, statement: Statement) -> float:
    match statement:
        case Load(_, access) | Store(access, _):
            return _access_cost(kernel, kernel.accesses[access])
        case Gather(_, argument, _):
            return APART * _size(kernel.arguments[argument].dtype)
        case Compute(_, dtype, text):
            names = names_in(text)
            formulas, divisions = len(names & FORMULAS), len(names & DIVISIONS)
            rate = ARITHMETIC + formulas * FORMULA + divisions * DIVISION
            return rate * _size(dtype)
        case _:
            return ARITHMETIC * _size(getattr(statement, "dtype", "int64"))


def _access_cost(kernel: Kernel, access: Access) -> float:
    if access.argument == IOTA:
        return 0.0
    fast = kernel.outer - 1 if kernel.kind in ("map", "column") else kernel.outer
    apart = fast >= 0 and access.strides[fast] == "n"
    rate = APART if apart else MEMORY
    return rate * _size(kernel.arguments[access.argument].dtype)


def _size(dtype: str) -> int:
    return np.dtype(dtype).itemsize
