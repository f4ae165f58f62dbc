"""Circular and hyperbolic functions and their inverses, angles in radians."""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as np

from engine.record.value import Value

from .exponential import positive_numbers, sqrt, wide
from .loops import conj
from .op import elementwise
from .selection import where


def inside_one(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    """Samples from -0.9 to 0.9."""
    return rng.uniform(-0.9, 0.9, shape)


def _above_one(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    return rng.uniform(1.2, 5.0, shape)


@elementwise(
    np.sin, scalar="sin({x})", dtypes="biufc", onnx="Sin", samples=wide, expensive=True
)
def sin(x: Any) -> Any:
    """The sine."""


@sin.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad * conj(cos(x)),)


@elementwise(
    np.cos, scalar="cos({x})", dtypes="biufc", onnx="Cos", samples=wide, expensive=True
)
def cos(x: Any) -> Any:
    """The cosine."""


@cos.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (-grad * conj(sin(x)),)


@elementwise(
    np.tan,
    scalar="tan({x})",
    dtypes="biufc",
    onnx="Tan",
    samples=inside_one,
    expensive=True,
)
def tan(x: Any) -> Any:
    """The tangent."""


@tan.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad * conj(out * out + 1.0),)


@elementwise(
    np.arcsin,
    scalar="arcsin({x})",
    onnx="Asin",
    samples=inside_one,
    expensive=True,
)
def arcsin(x: Any) -> Any:
    """The inverse sine; NaN outside of [-1, 1]."""


@arcsin.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad / conj(sqrt(1.0 - x * x)),)


@elementwise(
    np.arccos,
    scalar="arccos({x})",
    onnx="Acos",
    samples=inside_one,
    expensive=True,
)
def arccos(x: Any) -> Any:
    """The inverse cosine; NaN outside of [-1, 1]."""


@arccos.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (-grad / conj(sqrt(1.0 - x * x)),)


@elementwise(np.arctan, scalar="arctan({x})", onnx="Atan", samples=wide, expensive=True)
def arctan(x: Any) -> Any:
    """The inverse tangent."""


@arctan.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad / conj(x * x + 1.0),)


@elementwise(np.arctan2, scalar="arctan2({x}, {y})", samples=wide, expensive=True)
def arctan2(y: Any, x: Any) -> Any:
    """The angle of the point (x, y); the first operand is y."""


@arctan2.vjp
def _(grad: Value, out: Value, y: Any, x: Any) -> Any:
    square = x * x + y * y
    # The angle has no direction of ascent at the origin: 0 there.
    share = where(square > 0.0, grad / square, 0.0)
    return share * x, -share * y


@elementwise(
    np.sinh,
    scalar="sinh({x})",
    dtypes="biufc",
    onnx="Sinh",
    samples=wide,
    expensive=True,
)
def sinh(x: Any) -> Any:
    """The hyperbolic sine."""


@sinh.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad * conj(cosh(x)),)


@elementwise(
    np.cosh,
    scalar="cosh({x})",
    dtypes="biufc",
    onnx="Cosh",
    samples=wide,
    expensive=True,
)
def cosh(x: Any) -> Any:
    """The hyperbolic cosine."""


@cosh.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad * conj(sinh(x)),)


@elementwise(
    np.tanh,
    scalar="tanh({x})",
    dtypes="biufc",
    onnx="Tanh",
    samples=wide,
    expensive=True,
)
def tanh(x: Any) -> Any:
    """The hyperbolic tangent."""


@tanh.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad * conj(1.0 - out * out),)


@elementwise(
    np.arcsinh,
    scalar="arcsinh({x})",
    onnx="Asinh",
    samples=wide,
    expensive=True,
)
def arcsinh(x: Any) -> Any:
    """The inverse hyperbolic sine."""


@arcsinh.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad / conj(sqrt(x * x + 1.0)),)


@elementwise(
    np.arccosh,
    scalar="arccosh({x})",
    onnx="Acosh",
    samples=_above_one,
    expensive=True,
)
def arccosh(x: Any) -> Any:
    """The inverse hyperbolic cosine; NaN below 1."""


@arccosh.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    # Two roots: x * x - 1 would be wrong in the left half of the complex plane.
    return (grad / conj(sqrt(x - 1.0) * sqrt(x + 1.0)),)


@elementwise(
    np.arctanh,
    scalar="arctanh({x})",
    onnx="Atanh",
    samples=inside_one,
    expensive=True,
)
def arctanh(x: Any) -> Any:
    """The inverse hyperbolic tangent; infinite at -1 and 1."""


@arctanh.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad / conj(1.0 - x * x),)


@elementwise(
    np.hypot, scalar="hypot({x}, {y})", samples=positive_numbers, expensive=True
)
def hypot(x: Any, y: Any) -> Any:
    """The length sqrt(x*x + y*y), without overflow."""


@hypot.vjp
def _(grad: Value, out: Value, x: Any, y: Any) -> Any:
    share = where(out > 0.0, grad / out, 0.0)
    return share * x, share * y


@elementwise(np.deg2rad, scalar="deg2rad({x})", samples=wide, linear=True)
def deg2rad(x: Any) -> Any:
    """Degrees in radians."""


@deg2rad.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad * (pi / 180.0),)


@elementwise(np.rad2deg, scalar="rad2deg({x})", samples=wide, linear=True)
def rad2deg(x: Any) -> Any:
    """Radians in degrees."""


@rad2deg.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad * (180.0 / pi),)
