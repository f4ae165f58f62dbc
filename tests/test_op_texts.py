"""The statement that each op becomes in a kernel, for every dtype, as text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from harness import KERNEL_DTYPES

import engine.ops
from engine.explain import explain
from engine.ops.op import ElementwiseOp
from engine.record.registry import REGISTRY
from engine.record.value import constant

GOLDEN = Path(__file__).parent / "golden" / "op_texts.txt"


def test_the_text_of_every_op_in_a_kernel(pytestconfig: pytest.Config) -> None:
    """``--update-golden`` takes what is generated now as right."""
    lines = [
        line
        for name in engine.ops.__all__
        if isinstance(op := REGISTRY.get(name), ElementwiseOp)
        for line in _kernel_lines(op)
    ]
    if pytestconfig.getoption("--update-golden"):
        GOLDEN.write_text("\n".join(lines) + "\n")
    assert lines == GOLDEN.read_text().splitlines()


def _kernel_lines(op: ElementwiseOp) -> list[str]:
    """One line for each dtype of operands: dtypes, then the statements."""
    lines = []
    for dtype in KERNEL_DTYPES:
        try:
            loop = op.resolve((dtype,) * op.nin)
        except TypeError:
            continue
        if loop.inputs[-1] != dtype:  # it is cast before: the loop has its own line
            continue
        if dtype.kind == "c" and op.text(dtype) is None:  # NumPy computes it
            continue
        value = op(*[constant(np.ones(3, wanted)) for wanted in loop.inputs])
        (source,) = explain(value).sources
        stripped = [line.strip() for line in source.splitlines()]
        computed = [line for line in stripped if line.startswith("t")]
        given = ", ".join(wanted.name for wanted in loop.inputs)
        lines.append(f"{op.name}({given}): {'; '.join(computed) or 'x0'}")
    return lines


def test_every_elementwise_op_has_a_text_for_floats_or_integers() -> None:
    assert engine.ops.exp.text(np.dtype(np.float32)) == "exp({x})"
    without = [
        name
        for name, op in REGISTRY.items()
        if isinstance(op, ElementwiseOp)
        and not any(op.text(dtype) for dtype in KERNEL_DTYPES)
    ]
    assert without == []
