"""Selection: ops whose result is one of their operands.

The operand that was not chosen gets no gradient at all: `selects` says where each one
decides, and the engine selects its contribution away elsewhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.movement import broadcast_value
from engine.record.value import Value

from .comparison import equal, isnan
from .logical import logical_not, logical_or
from .loops import BOOL, common_dtype
from .op import Loop, elementwise


def _where_loop(kinds: tuple[Any, ...]) -> Loop:
    dtype = common_dtype(kinds[1:])
    return Loop((BOOL, dtype, dtype), dtype)


@elementwise(
    np.where,
    scalar={"c": "select({x}, {y}, {z})", "": "select({x}, {y}, {z})"},
    loop=_where_loop,
    onnx="Where",
)
def where(condition: Any, x: Any, y: Any) -> Any:
    """x where the condition holds, y elsewhere."""


@where.vjp
def _(grad: Value, out: Value, condition: Any, x: Any, y: Any) -> Any:
    return None, grad, grad


@where.selects
def _(out: Value, condition: Any, x: Any, y: Any) -> Any:
    if not isinstance(condition, Value):
        condition = broadcast_value(logical_or(condition, False), out.shape)
    return None, condition, logical_not(condition)


def _extreme_grads(grad: Value, x: Any, y: Any) -> tuple[Value, Value]:
    """Each operand gets all; at ties both get half."""
    share = where(equal(x, y), grad * 0.5, grad)
    return share, share


@elementwise(np.maximum, scalar={"b": "{x} | {y}", "": "maximum({x}, {y})"}, onnx="Max")
def maximum(x: Any, y: Any) -> Any:
    """The larger one; NaN if either is."""


@maximum.vjp
def _(grad: Value, out: Value, x: Any, y: Any) -> Any:
    return _extreme_grads(grad, x, y)


@maximum.selects
def _(out: Value, x: Any, y: Any) -> Any:
    return logical_or(x >= y, isnan(x)), logical_or(y >= x, isnan(y))


@elementwise(np.minimum, scalar={"b": "{x} & {y}", "": "minimum({x}, {y})"}, onnx="Min")
def minimum(x: Any, y: Any) -> Any:
    """The smaller one; NaN if either is."""


@minimum.vjp
def _(grad: Value, out: Value, x: Any, y: Any) -> Any:
    return _extreme_grads(grad, x, y)


@minimum.selects
def _(out: Value, x: Any, y: Any) -> Any:
    return logical_or(x <= y, isnan(x)), logical_or(y <= x, isnan(y))


@elementwise(np.fmax, scalar={"b": "{x} | {y}", "": "fmax({x}, {y})"})
def fmax(x: Any, y: Any) -> Any:
    """The larger one; the other if one is NaN."""


@fmax.vjp
def _(grad: Value, out: Value, x: Any, y: Any) -> Any:
    return _extreme_grads(grad, x, y)


@fmax.selects
def _(out: Value, x: Any, y: Any) -> Any:
    return logical_or(x >= y, isnan(y)), logical_or(y >= x, isnan(x))


@elementwise(np.fmin, scalar={"b": "{x} & {y}", "": "fmin({x}, {y})"})
def fmin(x: Any, y: Any) -> Any:
    """The smaller one; the other if one is NaN."""


@fmin.vjp
def _(grad: Value, out: Value, x: Any, y: Any) -> Any:
    return _extreme_grads(grad, x, y)


@fmin.selects
def _(out: Value, x: Any, y: Any) -> Any:
    return logical_or(x <= y, isnan(y)), logical_or(y <= x, isnan(x))


def _clip_loop(kinds: tuple[Any, ...]) -> Loop:
    dtype = common_dtype(kinds)
    return Loop((dtype, dtype, dtype), dtype)


@elementwise(
    np.clip,
    scalar={"b": "({x} | {y}) & {z}", "": "minimum(maximum({x}, {y}), {z})"},
    loop=_clip_loop,
    onnx="Clip",
)
def clip(x: Any, low: Any, high: Any) -> Any:
    """x, at least low and at most high; high where the two contradict each other."""


@clip.vjp
def _(grad: Value, out: Value, x: Any, low: Any, high: Any) -> Any:
    return grad, grad, grad


@clip.selects
def _(out: Value, x: Any, low: Any, high: Any) -> Any:
    return (
        (x >= low) & (x <= high),
        (x < low) & (low <= high),
        maximum(x, low) > high,
    )
