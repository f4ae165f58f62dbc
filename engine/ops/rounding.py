"""Rounding and the representation of floats. Steps have the gradient 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.record.value import Value

from .arithmetic import sign
from .exponential import wide
from .loops import zeros
from .op import elementwise


@elementwise(
    np.floor, scalar={"f": "floor({x})", "": "{x}"}, onnx="Floor", samples=wide
)
def floor(x: Any) -> Any:
    """The largest integer that is not above x."""


@floor.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (zeros(grad),)


@elementwise(np.ceil, scalar={"f": "ceil({x})", "": "{x}"}, onnx="Ceil", samples=wide)
def ceil(x: Any) -> Any:
    """The smallest integer that is not below x."""


@ceil.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (zeros(grad),)


@elementwise(np.trunc, scalar={"f": "trunc({x})", "": "{x}"}, samples=wide)
def trunc(x: Any) -> Any:
    """x rounded to zero."""


@trunc.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (zeros(grad),)


@elementwise(np.rint, scalar="rint({x})", onnx="Round", samples=wide)
def rint(x: Any) -> Any:
    """The nearest integer, halves to the even one."""


@rint.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (zeros(grad),)


@elementwise(np.copysign, scalar="copysign({x}, {y})", samples=wide)
def copysign(x: Any, y: Any) -> Any:
    """x with the sign of y."""


@copysign.vjp
def _(grad: Value, out: Value, x: Any, y: Any) -> Any:
    # At 0 the two sides differ: 0, as for absolute.
    return grad * (sign(x) * sign(out)), zeros(grad)


@elementwise(np.nextafter, scalar="nextafter({x}, {y})", halves=False)
def nextafter(x: Any, y: Any) -> Any:
    """The float next to x in the direction of y."""


@nextafter.vjp
def _(grad: Value, out: Value, x: Any, y: Any) -> Any:
    return grad, zeros(grad)


@elementwise(np.spacing, scalar="spacing({x})", samples=wide, halves=False)
def spacing(x: Any) -> Any:
    """The distance to the next float away from 0, with the sign of x."""


@spacing.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (zeros(grad),)


@elementwise(np.ldexp, scalar="ldexp({x}, {y})", linear=True)
def ldexp(x: Any, exponent: Any) -> Any:
    """x times 2 to an integer power."""


@ldexp.vjp
def _(grad: Value, out: Value, x: Any, exponent: Any) -> Any:
    return ldexp(grad, exponent), None
