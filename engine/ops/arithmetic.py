"""Arithmetic: sums, products, quotients, powers, remainders, signs, complex parts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.record.value import Value

from .comparison import equal
from .exponential import log, positive_numbers, wide
from .loops import common_dtype, conj, zeros
from .op import DType, Loop, elementwise
from .selection import where
from .trigonometric import arctan2


@elementwise(
    np.add,
    scalar={"b": "{x} | {y}", "c": "{x} + {y}", "": "{x} + {y}"},
    onnx="Add",
    samples=wide,
    linear=True,
)
def add(x: Any, y: Any) -> Any:
    """The sum; of bool operands whether one is true."""


@add.vjp
def _(grad: Value, out: Value, x: Any, y: Any) -> Any:
    return grad, grad


@elementwise(
    np.subtract,
    scalar={"c": "{x} - {y}", "": "{x} - {y}"},
    onnx="Sub",
    samples=wide,
    linear=True,
)
def subtract(x: Any, y: Any) -> Any:
    """The difference."""


@subtract.vjp
def _(grad: Value, out: Value, x: Any, y: Any) -> Any:
    return grad, -grad


@elementwise(
    np.multiply,
    scalar={"b": "{x} & {y}", "c": "multiply({x}, {y})", "": "{x} * {y}"},
    onnx="Mul",
    samples=wide,
)
def multiply(x: Any, y: Any) -> Any:
    """The product; of bool operands whether both are true."""


@multiply.vjp
def _(grad: Value, out: Value, x: Any, y: Any) -> Any:
    return grad * conj(y), grad * conj(x)


@elementwise(
    np.divide,
    scalar="divide({x}, {y})",
    dtypes="biufc",
    onnx="Div",
    samples=(wide, positive_numbers),
)
def divide(x: Any, y: Any) -> Any:
    """The quotient, a float."""


@divide.vjp
def _(grad: Value, out: Value, x: Any, y: Any) -> Any:
    share = grad / conj(y)
    return share, -share * conj(out)


@elementwise(
    np.floor_divide,
    scalar="floor_divide({x}, {y})",
    samples=(wide, positive_numbers),
)
def floor_divide(x: Any, y: Any) -> Any:
    """The quotient rounded down; 0 for the integer divisor 0."""


@floor_divide.vjp
def _(grad: Value, out: Value, x: Any, y: Any) -> Any:
    return zeros(grad), zeros(grad)


@elementwise(
    np.remainder, scalar="remainder({x}, {y})", samples=(wide, positive_numbers)
)
def remainder(x: Any, y: Any) -> Any:
    """What floor division leaves, with the sign of y."""


@remainder.vjp
def _(grad: Value, out: Value, x: Any, y: Any) -> Any:
    return grad, -grad * floor_divide(x, y)


@elementwise(np.fmod, scalar="fmod({x}, {y})", samples=(wide, positive_numbers))
def fmod(x: Any, y: Any) -> Any:
    """What division rounded to zero leaves, with the sign of x."""


@fmod.vjp
def _(grad: Value, out: Value, x: Any, y: Any) -> Any:
    return grad, -grad * ((x - out) / y)


def _power_grads(grad: Value, out: Value, x: Any, y: Any) -> tuple[Value, Value]:
    """Gradients of x**y, with the limits of 0**y and of x**0."""
    if isinstance(y, (int, float)):
        if y == 0:
            return zeros(grad), zeros(grad)
        slope = x if y == 2 else power(x, y - 1)
        return grad * conj(slope * y), zeros(grad)
    slope = where(equal(y, 0), 0.0, y * power(x, y - 1.0))
    if isinstance(x, (int, float)) and x > 0:
        return grad * conj(slope), grad * conj(out * math.log(x))
    # The limit of x**y * log(x) at x = 0 is 0 for y > 0; a step at y = 0.
    flat = equal(x, 0) if out.dtype.kind == "c" else equal(x, 0) & (y >= 0.0)
    ascent = where(flat, 0.0, out * log(where(flat, 1.0, x)))
    return grad * conj(slope), grad * conj(ascent)


@elementwise(
    np.power,
    scalar="power({x}, {y})",
    dtypes="biufc",
    onnx="Pow",
    samples=(positive_numbers, wide),
    expensive=True,
)
def power(x: Any, y: Any) -> Any:
    """x to the power y; integers wrap around."""


@power.vjp
def _(grad: Value, out: Value, x: Any, y: Any) -> Any:
    return _power_grads(grad, out, x, y)


@elementwise(
    np.float_power,
    scalar="power({x}, {y})",
    dtypes="biufc",
    samples=(positive_numbers, wide),
    expensive=True,
)
def float_power(x: Any, y: Any) -> Any:
    """x to the power y in float64."""


@float_power.vjp
def _(grad: Value, out: Value, x: Any, y: Any) -> Any:
    return _power_grads(grad, out, x, y)


@elementwise(
    np.negative,
    scalar={"c": "-{x}", "": "-{x}"},
    onnx="Neg",
    samples=wide,
    linear=True,
)
def negative(x: Any) -> Any:
    """x with the other sign."""


@negative.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (-grad,)


@elementwise(
    np.positive,
    scalar={"c": "{x}", "": "{x}"},
    onnx="Identity",
    samples=wide,
    linear=True,
)
def positive(x: Any) -> Any:
    """x itself."""


@positive.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad,)


@elementwise(
    np.absolute,
    scalar={
        "b": "{x}",
        "u": "{x}",
        "c": "hypot(real({x}), imag({x}))",
        "": "absolute({x})",
    },
    onnx="Abs",
    samples=wide,
)
def absolute(x: Any) -> Any:
    """The distance from 0."""


@absolute.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad * sign(x),)


@elementwise(np.fabs, scalar="absolute({x})", samples=wide)
def fabs(x: Any) -> Any:
    """The distance from 0, a float."""


@fabs.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad * sign(x),)


@elementwise(np.sign, scalar="sign({x})", dtypes="biufc", onnx="Sign", samples=wide)
def sign(x: Any) -> Any:
    """-1, 0 or 1; of a complex number the point of the unit circle, or 0."""


@sign.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    if grad.dtype.kind != "c":
        return (zeros(grad),)
    # Along the ray through x nothing changes: only the rest of grad counts.
    across = grad - real(grad * conj(out)) * out
    size = absolute(x)
    return (where(size > 0.0, across / size, 0.0),)


@elementwise(np.heaviside, scalar="heaviside({x}, {y})", samples=wide)
def heaviside(x: Any, y: Any) -> Any:
    """0 below 0, 1 above, y at 0."""


@heaviside.vjp
def _(grad: Value, out: Value, x: Any, y: Any) -> Any:
    return zeros(grad), where(equal(x, 0.0), grad, 0.0)


@elementwise(
    np.reciprocal,
    scalar="reciprocal({x})",
    dtypes="biufc",
    onnx="Reciprocal",
    samples=positive_numbers,
)
def reciprocal(x: Any) -> Any:
    """1 / x; of integers rounded to zero."""


@reciprocal.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (-grad * conj(out * out),)


@elementwise(
    np.square, scalar={"c": "multiply({x}, {x})", "": "{x} * {x}"}, samples=wide
)
def square(x: Any) -> Any:
    """x * x."""


@square.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad * (conj(x) * 2.0),)


# -- parts of complex numbers ----------------------------------------------------------
@elementwise(np.conjugate, scalar={"c": "conjugate({x})", "": "{x}"}, linear=True)
def conjugate(x: Any) -> Any:
    """The complex conjugate; real numbers as they are."""


@conjugate.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (conj(grad),)


def _part(kinds: tuple[Any, ...]) -> Loop:
    dtype: DType = common_dtype(kinds)
    part = np.dtype(f"f{dtype.itemsize // 2}") if dtype.kind == "c" else dtype
    return Loop((dtype,), part)


@elementwise(np.real, scalar={"c": "real({x})", "": "{x}"}, loop=_part, linear=True)
def real(x: Any) -> Any:
    """The real part."""


@real.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad,)


@elementwise(np.imag, scalar={"c": "imag({x})", "": "0"}, loop=_part, linear=True)
def imag(x: Any) -> Any:
    """The imaginary part; 0 of real numbers."""


@imag.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad * 1j,)


def angle(x: Value) -> Value:
    """The angle of a complex number with the real axis, in radians."""
    return arctan2(imag(x), real(x))
