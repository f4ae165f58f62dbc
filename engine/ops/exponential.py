"""Powers of constants, logarithms and roots."""

from __future__ import annotations

from math import log as real_log
from typing import Any

import numpy as np

from engine.record.registry import REGISTRY
from engine.record.value import Value

from .loops import conj
from .op import elementwise
from .selection import where

LOG_2 = real_log(2.0)
LOG_10 = real_log(10.0)


def wide(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    """Samples from -4 to 4."""
    return rng.uniform(-4.0, 4.0, shape)


def positive_numbers(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    """Samples from 0.1 to 4."""
    return rng.uniform(0.1, 4.0, shape)


@elementwise(
    np.exp, scalar="exp({x})", dtypes="biufc", onnx="Exp", samples=wide, expensive=True
)
def exp(x: Any) -> Any:
    """e to the power x."""


@exp.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad * conj(out),)


@elementwise(np.exp2, scalar="exp2({x})", dtypes="biufc", samples=wide, expensive=True)
def exp2(x: Any) -> Any:
    """2 to the power x."""


@exp2.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad * conj(out) * LOG_2,)


@elementwise(
    np.expm1, scalar="expm1({x})", dtypes="biufc", samples=wide, expensive=True
)
def expm1(x: Any) -> Any:
    """exp(x) - 1, exact near 0."""


@expm1.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad * conj(out + 1.0),)


@elementwise(
    np.log,
    scalar="log({x})",
    dtypes="biufc",
    onnx="Log",
    samples=positive_numbers,
    expensive=True,
)
def log(x: Any) -> Any:
    """The natural logarithm; -inf at 0, NaN below."""


@log.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad / conj(x),)


@elementwise(
    np.log2,
    scalar="log2({x})",
    dtypes="biufc",
    samples=positive_numbers,
    expensive=True,
)
def log2(x: Any) -> Any:
    """The logarithm to base 2."""


@log2.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad / (conj(x) * LOG_2),)


@elementwise(
    np.log10,
    scalar="log10({x})",
    dtypes="biufc",
    samples=positive_numbers,
    expensive=True,
)
def log10(x: Any) -> Any:
    """The logarithm to base 10."""


@log10.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad / (conj(x) * LOG_10),)


@elementwise(
    np.log1p,
    scalar="log1p({x})",
    dtypes="biufc",
    samples=positive_numbers,
    expensive=True,
)
def log1p(x: Any) -> Any:
    """log(1 + x), exact near 0."""


@log1p.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad / conj(x + 1.0),)


def _share(x: Any, y: Any, scale: float = 1.0) -> Value:
    """The share of x in a log-sum with y, 0 for x = -inf."""
    above = x - y if scale == 1.0 else (x - y) * scale
    share: Value = REGISTRY["sigmoid"](where(x <= -np.inf, -np.inf, above))
    return share


@elementwise(np.logaddexp, scalar="logaddexp({x}, {y})", samples=wide, expensive=True)
def logaddexp(x: Any, y: Any) -> Any:
    """log(exp(x) + exp(y)), without overflow."""


@logaddexp.vjp
def _(grad: Value, out: Value, x: Any, y: Any) -> Any:
    return grad * _share(x, y), grad * _share(y, x)


@elementwise(np.logaddexp2, scalar="logaddexp2({x}, {y})", samples=wide, expensive=True)
def logaddexp2(x: Any, y: Any) -> Any:
    """log2(2**x + 2**y), without overflow."""


@logaddexp2.vjp
def _(grad: Value, out: Value, x: Any, y: Any) -> Any:
    return grad * _share(x, y, LOG_2), grad * _share(y, x, LOG_2)


@elementwise(
    np.sqrt, scalar="sqrt({x})", dtypes="biufc", onnx="Sqrt", samples=positive_numbers
)
def sqrt(x: Any) -> Any:
    """The square root; NaN below 0."""


@sqrt.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad * 0.5 / conj(out),)


def _reciprocal_root(x: Any) -> Any:
    return np.reciprocal(np.sqrt(x))


@elementwise(
    _reciprocal_root,
    scalar={"c": "reciprocal(sqrt({x}))", "": "rsqrt({x})"},
    loop=sqrt.resolve,
    samples=positive_numbers,
)
def rsqrt(x: Any) -> Any:
    """1 / sqrt(x); infinite at 0, NaN below."""


@rsqrt.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad * conj(out * out * out) * -0.5,)


@elementwise(np.cbrt, scalar="cbrt({x})", samples=positive_numbers, expensive=True)
def cbrt(x: Any) -> Any:
    """The cube root, of negative numbers too."""


@cbrt.vjp
def _(grad: Value, out: Value, x: Any) -> Any:
    return (grad / (out * out * 3.0),)
