"""Special functions that NumPy has not: references are Python's own, in float64."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.errors import named
from engine.record.value import Value

from .exponential import exp, log, positive_numbers, wide
from .loops import common_dtype
from .op import Loop, elementwise
from .selection import where
from .trigonometric import tan

TWO_OVER_ROOT_PI = 2.0 / math.sqrt(math.pi)


def _real(kinds: tuple[Any, ...]) -> Loop:
    """Floats as they are; integers and bool in float64."""
    dtype = common_dtype(kinds)
    if dtype.kind == "c":
        raise TypeError(named(f"real numbers were required; {dtype.name} was given"))
    float_dtype = dtype if dtype.kind == "f" else np.dtype(np.float64)
    return Loop((float_dtype,), float_dtype)


def _reference(function: Callable[[float], float]) -> Callable[[Any], Any]:
    """A function of one float as a function of arrays, rounded to the dtype of x."""
    vectorised = np.vectorize(function, otypes=[np.float64])

    def reference(x: Any) -> Any:
        x = np.asarray(x)
        dtype = _real((x.dtype,)).output
        return vectorised(x.astype(np.float64)).astype(dtype)

    return reference


def _sigmoid(x: Any) -> Any:
    x = np.asarray(x)
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)


def _lgamma(x: float) -> float:
    if math.isinf(x) or (x <= 0.0 and x == math.floor(x)):
        return math.inf
    try:
        return math.lgamma(x)
    except OverflowError:
        return math.inf


@elementwise(
    _sigmoid,
    scalar="sigmoid({x})",
    loop=_real,
    onnx="Sigmoid",
    samples=wide,
    expensive=True,
)
def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x)), without overflow."""


@sigmoid.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad * (out * (1.0 - out)),)


@elementwise(
    _reference(math.erf),
    scalar="erf({x})",
    loop=_real,
    onnx="Erf",
    samples=wide,
    expensive=True,
)
def erf(x: Any) -> Any:
    """The error function."""


@erf.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad * (exp(-x * x) * TWO_OVER_ROOT_PI),)


@elementwise(
    _reference(math.erfc),
    scalar="erfc({x})",
    loop=_real,
    samples=wide,
    expensive=True,
)
def erfc(x: Any) -> Any:
    """1 - erf(x), exact where that is small."""


@erfc.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad * (exp(-x * x) * -TWO_OVER_ROOT_PI),)


@elementwise(
    _reference(_lgamma),
    scalar="lgamma({x})",
    loop=_real,
    samples=positive_numbers,
    expensive=True,
)
def lgamma(x: Any) -> Any:
    """The logarithm of the absolute value of the gamma function."""


@lgamma.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad * digamma(x),)


_SERIES = (-1 / 12, 1 / 120, -1 / 252, 1 / 240, -1 / 132, 691 / 32760, -1 / 12)
"""Coefficients of z**-2, z**-4, ... in the asymptotic series of digamma."""


def digamma(x: Value) -> Value:
    """The derivative of lgamma; without a meaning at 0, -1, -2, ..."""
    # Left of 1/2 by reflection; right of it by recurrence from 8 further on.
    left = x < 0.5
    z = where(left, 1.0 - x, x)
    below = 1.0 / z
    for step in range(1, 8):
        below = below + 1.0 / (z + float(step))
    far = z + 8.0
    inverse = 1.0 / (far * far)
    series: Any = _SERIES[-1]
    for coefficient in reversed(_SERIES[:-1]):
        series = inverse * series + coefficient
    right = log(far) - 0.5 / far + inverse * series - below
    return where(left, right - math.pi / tan(x * math.pi), right)
