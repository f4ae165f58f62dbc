"""The statement that each op becomes in a kernel, for every dtype, as text."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from harness import KERNEL_DTYPES

import engine.ops
from engine.explain import explain
from engine.kernels.cpu.body import lower
from engine.kernels.cpu.compile import names
from engine.ops.op import ElementwiseOp
from engine.record.registry import REGISTRY
from engine.record.value import constant

GOLDEN = Path(__file__).parent / "golden" / "op_texts.txt"


def test_the_text_of_every_op_in_a_kernel(pytestconfig: pytest.Config) -> None:
    """``--update-golden`` takes what is generated now as right."""
    lines = []
    for head, source in _sources():
        stripped = [line.strip() for line in source.splitlines()]
        computed = [line for line in stripped if line.startswith("t")]
        lines.append(f"{head}: {'; '.join(computed) or 'x0'}")
    if pytestconfig.getoption("--update-golden"):
        GOLDEN.write_text("\n".join(lines) + "\n")
    assert lines == GOLDEN.read_text().splitlines()


def test_no_text_of_an_op_needs_numbas_own_front_end() -> None:
    for _, source in _sources():
        assert lower(source, names(), "entry").functions


@cache
def _sources() -> list[tuple[str, str]]:
    """The name of each op with dtypes of operands, and the kernel that it becomes."""
    return [
        made
        for name in engine.ops.__all__
        if isinstance(op := REGISTRY.get(name), ElementwiseOp)
        for made in _sources_of(op)
    ]


def _sources_of(op: ElementwiseOp) -> list[tuple[str, str]]:
    made = []
    for dtype in KERNEL_DTYPES:
        try:
            loop = op.resolve((dtype,) * op.nin)
        except TypeError:
            continue
        if loop.inputs[-1] != dtype:  # it is cast before: the loop has its own line
            continue
        if op.text(dtype) is None:  # NumPy computes it
            continue
        value = op(*[constant(np.ones(3, wanted)) for wanted in loop.inputs])
        (source,) = explain(value).sources
        given = ", ".join(wanted.name for wanted in loop.inputs)
        made.append((f"{op.name}({given})", source))
    return made


def test_every_elementwise_op_has_a_text_for_floats_or_integers() -> None:
    assert engine.ops.exp.text(np.dtype(np.float32)) == "exp({x})"
    without = [
        name
        for name, op in REGISTRY.items()
        if isinstance(op, ElementwiseOp)
        and not any(op.text(dtype) for dtype in KERNEL_DTYPES)
    ]
    assert without == ["isnat"]  # it is of dates, with which no kernel computes
