"""Products of matrices, by BLAS."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.cotangent import Cotangent, settle
from engine.kernels.native import parts
from engine.movement import broadcast_value, reshape_value, swap_axes
from engine.recipe import Shape
from engine.record.value import DATES, Value
from engine.shapes import broadcast_shapes

from .loops import conj
from .op import DType, Loop, operation
from .reductions import any as any_of
from .reductions import any_to, sum_to


def _infer(x: Any, y: Any) -> tuple[DType, Shape]:
    """The dtype and shape of a product, or the ValueError that names the axes."""
    given = f"shapes {x.shape} and {y.shape} were given"
    if not x.shape or not y.shape:
        raise ValueError(
            "matmul: operands of at least one dimension were required; "
            f"{given}; multiply() scales by a number"
        )
    left = (1, *x.shape) if len(x.shape) == 1 else x.shape
    right = (*y.shape, 1) if len(y.shape) == 1 else y.shape
    if left[-1] != right[-2]:
        raise ValueError(
            "matmul: a last axis of the first operand as long as the "
            f"{'only' if len(y.shape) == 1 else 'last but one'} axis of the second was "
            f"required; {given}: {left[-1]} is different from {right[-2]}"
        )
    try:
        batch = broadcast_shapes(left[:-2], right[:-2])
    except ValueError:
        raise ValueError(
            "matmul: operands could not be broadcast together: batch axes must be "
            f"equal or 1; {given}"
        ) from None
    rows = left[-2:-1] if len(x.shape) > 1 else ()
    columns = right[-1:] if len(y.shape) > 1 else ()
    dtype = np.result_type(x.dtype, y.dtype)
    if dtype.kind in DATES:
        raise TypeError(
            "matmul: operands of numbers were required; "
            f"{x.dtype} and {y.dtype} were given"
        )
    return dtype, (*batch, *rows, *columns)


def _promoted(kinds: tuple[Any, ...]) -> Loop:
    dtype = np.result_type(*kinds)
    return Loop((dtype, dtype), dtype)


@operation(
    "library",
    _infer,
    onnx="MatMul",
    expensive=True,
    fails_late=False,
    loop=_promoted,
)
def matmul(x: Any, y: Any) -> Any:
    """The product of matrices in the last two axes; 1-d operands are vectors.

    Both operands have the same dtype.
    """
    return parts.matmul(x, y)


@matmul.cotangent
def _(cotangent: Cotangent, out: Value, x: Value, y: Value) -> Any:
    left = reshape_value(x, (1, *x.shape)) if len(x.shape) == 1 else x
    right = reshape_value(y, (*y.shape, 1)) if len(y.shape) == 1 else y
    batch = broadcast_shapes(left.shape[:-2], right.shape[:-2])
    full = (*batch, left.shape[-2], right.shape[-1])
    grad = reshape_value(settle(cotangent), full)
    mask = cotangent.mask
    mask = None if mask is None else reshape_value(mask, full)
    of_left = of_right = None
    if x.needs_grad:
        found = _product_like(left, grad, swap_axes(conj(right), -1, -2))
        rows = None if mask is None else _live(mask, -1, left.shape)
        of_left = _shaped(found, rows, x.shape)
    if y.needs_grad:
        found = _product_like(right, swap_axes(conj(left), -1, -2), grad)
        columns = None if mask is None else _live(mask, -2, right.shape)
        of_right = _shaped(found, columns, y.shape)
    return of_left, of_right


def _shaped(grad: Value, mask: Value | None, shape: Shape) -> Cotangent:
    """A gradient and its mask in the shape of a vector that was taken for a matrix."""
    mask = None if mask is None else reshape_value(mask, shape)
    return Cotangent(reshape_value(grad, shape), mask)


def _product_like(operand: Value, x: Value, y: Value) -> Value:
    """``x @ y`` in the shape of an operand, and in its order in memory.

    The weight of a linear layer is multiplied transposed. Its gradient is transposed
    back, and everything that reads both would walk across one of them: an Adam step on
    (784, 2048) weights took ten times as long.
    """
    history = operand.history
    matrices = len(operand.shape) == len(x.shape) == len(y.shape) == 2
    if matrices and history is not None and history.op.name == "view":
        columns = operand.shape[0]
        if history.attributes[0].strides == (1, columns):
            left, right = swap_axes(y, -1, -2), swap_axes(x, -1, -2)
            return swap_axes(matmul(left, right), -1, -2)
    return sum_to(matmul(x, y), operand.shape)


def _live(mask: Value, axis: int, shape: Shape) -> Value:
    """Whole rows or columns of an operand that no selected element depends on."""
    rank = len(mask.shape)
    found = any_of(mask, attributes=((rank + axis,),))
    kept = list(mask.shape)
    kept[axis] = 1
    own = list(shape)
    own[axis] = 1
    found = any_to(reshape_value(found, kept), tuple(own))
    return broadcast_value(found, shape)
