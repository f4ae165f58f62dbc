"""Products of matrices, by BLAS."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.cotangent import Cotangent, settle
from engine.movement import broadcast_value, reshape_value, swap_axes
from engine.recipe import Shape
from engine.record.value import Value

from .loops import conj
from .op import DType, operation
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
        batch = np.broadcast_shapes(left[:-2], right[:-2])
    except ValueError:
        raise ValueError(
            "matmul: operands could not be broadcast together: batch axes must be "
            f"equal or 1; {given}"
        ) from None
    rows = left[-2:-1] if len(x.shape) > 1 else ()
    columns = right[-1:] if len(y.shape) > 1 else ()
    return np.result_type(x.dtype, y.dtype), (*batch, *rows, *columns)


@operation("library", _infer, onnx="MatMul", expensive=True)
def matmul(x: Any, y: Any) -> Any:
    """The product of matrices in the last two axes; 1-d operands are vectors.

    Both operands have the same dtype.
    """
    return np.matmul(x, y)


@matmul.cotangent
def _(cotangent: Cotangent, out: Value, x: Value, y: Value) -> Any:
    left = reshape_value(x, (1, *x.shape)) if len(x.shape) == 1 else x
    right = reshape_value(y, (*y.shape, 1)) if len(y.shape) == 1 else y
    batch = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    full = (*batch, left.shape[-2], right.shape[-1])
    grad = reshape_value(settle(cotangent), full)
    mask = cotangent.mask
    of_left = sum_to(matmul(grad, swap_axes(conj(right), -1, -2)), left.shape)
    of_right = sum_to(matmul(swap_axes(conj(left), -1, -2), grad), right.shape)
    rows = columns = None
    if mask is not None:
        mask = reshape_value(mask, full)
        rows = reshape_value(_live(mask, -1, left.shape), x.shape)
        columns = reshape_value(_live(mask, -2, right.shape), y.shape)
    return (
        Cotangent(reshape_value(of_left, x.shape), rows),
        Cotangent(reshape_value(of_right, y.shape), columns),
    )


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
