"""Comparison: element by element, with a bool result. They have no gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from .op import elementwise

_ORDERED = (
    "(real({{x}}) {strict} real({{y}}))"
    " & (imag({{x}}) == imag({{x}})) & (imag({{y}}) == imag({{y}}))"  # none is NaN
    " | (real({{x}}) == real({{y}})) & (imag({{x}}) {order} imag({{y}}))"
)


def _ordered(order: str) -> dict[str, str]:
    """The texts of an order, of complex numbers by their real parts first."""
    return {
        "c": _ORDERED.format(strict=order[0], order=order),
        "": f"{{x}} {order} {{y}}",
    }


@elementwise(np.equal, scalar={"c": "{x} == {y}", "": "{x} == {y}"}, onnx="Equal")
def equal(x: Any, y: Any) -> Any:
    """Whether x is equal to y."""


@elementwise(np.not_equal, scalar={"c": "{x} != {y}", "": "{x} != {y}"})
def not_equal(x: Any, y: Any) -> Any:
    """Whether x differs from y; NaN differs from everything."""


@elementwise(np.less, scalar=_ordered("<"), onnx="Less")
def less(x: Any, y: Any) -> Any:
    """Whether x is smaller than y."""


@elementwise(np.less_equal, scalar=_ordered("<="), onnx="LessOrEqual")
def less_equal(x: Any, y: Any) -> Any:
    """Whether x is smaller than y or equal."""


@elementwise(np.greater, scalar=_ordered(">"), onnx="Greater")
def greater(x: Any, y: Any) -> Any:
    """Whether x is larger than y."""


@elementwise(np.greater_equal, scalar=_ordered(">="), onnx="GreaterOrEqual")
def greater_equal(x: Any, y: Any) -> Any:
    """Whether x is larger than y or equal."""


@elementwise(np.isnan, scalar="isnan({x})", dtypes="biufc", onnx="IsNaN")
def isnan(x: Any) -> Any:
    """Whether x is not a number."""


@elementwise(np.isinf, scalar="isinf({x})", dtypes="biufc", onnx="IsInf")
def isinf(x: Any) -> Any:
    """Whether x is infinite, with either sign."""


@elementwise(np.isfinite, scalar="isfinite({x})", dtypes="biufc")
def isfinite(x: Any) -> Any:
    """Whether x is neither NaN nor infinite."""


@elementwise(np.isnat, scalar={}, dtypes="mM")
def isnat(x: Any) -> Any:
    """Whether a date or a duration is not a time."""


@elementwise(np.signbit, scalar="signbit({x})")
def signbit(x: Any) -> Any:
    """Whether the sign is set, that of -0.0 included."""
