"""Gradients of every op of the registry, to second order.

Against finite differences, and against the complex step where the op is an analytic
function that NumPy knows in the complex plane.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import pytest
from cases import Case
from harness import check_gradients, gradient_arrays, total
from op_cases import CASES, float_operands, record_case

from engine.ops.op import ElementwiseOp, Op
from engine.record.registry import REGISTRY
from engine.record.value import Value

ELEMENTWISE = sorted(
    name for name, op in REGISTRY.items() if isinstance(op, ElementwiseOp)
)
OTHERS = sorted(set(REGISTRY) - set(ELEMENTWISE))
DIFFERENTIABLE = [name for name in ELEMENTWISE if REGISTRY[name].rule is not None]
OTHER_DIFFERENTIABLE = [name for name in OTHERS if REGISTRY[name].rule is not None]
NO_COMPLEX_STEP = {
    "absolute", "sign", "conjugate", "rint", "maximum", "minimum", "fmax", "fmin",
    "real", "imag", "where", "clip", "power", "float_power",
}  # fmt: skip
"""Ops that take complex numbers but are no analytic functions of them, or are so only
for constant exponents."""


def _analytic(op: Op) -> bool:
    if op.name in NO_COMPLEX_STEP or not isinstance(op, ElementwiseOp):
        return False
    return op.ufunc is not None and any("D->D" in loop for loop in op.ufunc.types)


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_gradients_to_second_order(name: str) -> None:
    op = REGISTRY[name]
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    arrays = float_operands(op, rng, [(3, 1), (4,), (3, 4)][: op.nin])
    check_gradients(op, arrays, rng)


@pytest.mark.parametrize(
    "name", [name for name in DIFFERENTIABLE if _analytic(REGISTRY[name])]
)
def test_gradients_agree_with_the_complex_step(name: str) -> None:
    op = REGISTRY[name]
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    arrays = float_operands(op, rng, [(4,)] * op.nin)
    slopes = gradient_arrays(total(op, np.ones(4)), arrays)
    for k, slope in enumerate(slopes):
        moved: list[Any] = list(arrays)
        moved[k] = moved[k] + 1e-30j
        expected = op.reference(*moved).imag / 1e-30
        np.testing.assert_allclose(slope, expected, rtol=1e-12)


def _takes_complex(op: Op) -> bool:
    try:
        return op.resolve((np.dtype(complex),) * op.nin).inputs[-1].kind == "c"
    except TypeError:
        return False


@pytest.mark.parametrize(
    "name", [name for name in DIFFERENTIABLE if _takes_complex(REGISTRY[name])]
)
def test_gradients_of_complex_operands(name: str) -> None:
    op = REGISTRY[name]
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    kinds = op.resolve((np.dtype(complex),) * op.nin).inputs
    arrays = [
        rng.uniform(0.3, 2.0, 4) + 1j * rng.uniform(0.3, 2.0, 4)
        if kind.kind == "c"
        else rng.uniform(size=4) < 0.5
        for kind in kinds
    ]
    check_gradients(op, arrays, rng)


@pytest.mark.parametrize("name", OTHER_DIFFERENTIABLE)
def test_gradients_of_every_other_op(name: str) -> None:
    op = REGISTRY[name]
    rng = np.random.default_rng(7)
    checked = 0
    for case in CASES[name](rng):
        if not case.differentiable:
            continue
        check_gradients(
            lambda *values, case=case: _through(op, list(values), case),
            case.arrays,
            rng,
        )
        checked += 1
    assert checked


def _through(op: Op, values: list[Value], case: Case) -> Value:
    """A case with what it wants done before and after."""
    if case.before is not None:
        values[0] = case.before(values[0])
    out = record_case(op, values, case)
    return out if case.after is None else case.after(out)


def test_every_op_of_floats_has_a_gradient() -> None:
    without = [name for name in ELEMENTWISE if REGISTRY[name].rule is None]
    assert [name for name in without if _gives_floats(REGISTRY[name])] == []


def _gives_floats(op: Op) -> bool:
    try:
        return op.resolve((np.dtype(float),) * op.nin).output.kind == "f"
    except TypeError:
        return False
