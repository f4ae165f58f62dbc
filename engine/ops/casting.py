"""Casts: another dtype for the same elements, by NumPy's unsafe rule."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.cotangent import Cotangent
from engine.record.value import Value

from .op import DType, operation
from .op import cast as cast_value

__all__ = ["cast", "cast_value"]


def _infer(x: Any, dtype: DType) -> tuple[DType, tuple[int, ...]]:
    return dtype, x.shape


@operation("elementwise", _infer, scalar="{x}", onnx="Cast", linear=True)
def cast(x: Any, dtype: Any) -> Any:
    """x in another dtype; floats to integers are rounded to zero."""
    return np.asarray(x).astype(dtype)


@cast.cotangent
def _(cotangent: Cotangent, out: Value, x: Value, dtype: DType) -> Any:
    if x.dtype.kind not in "fc":
        return (None,)
    return (cotangent.replace(cast_value(cotangent.grad, x.dtype), cotangent.mask),)
