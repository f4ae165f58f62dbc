"""dtype rules of ops that are no NumPy ufuncs, and what gradient rules share."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.record.registry import REGISTRY
from engine.record.value import Scalar, Value

from .op import DType

BOOL = np.dtype(bool)
INT64 = np.dtype(np.int64)


def common_dtype(kinds: tuple[Any, ...]) -> DType:
    """NumPy's promotion of dtypes and Python scalar types (which are weak)."""
    samples = [kind if isinstance(kind, np.dtype) else kind(0) for kind in kinds]
    if not any(isinstance(kind, np.dtype) for kind in kinds):
        samples = [np.result_type(sample) for sample in samples]
    return np.result_type(*samples)


def conj(x: Any) -> Any:
    """The complex conjugate; `x` itself where it is real.

    A gradient is the conjugate of the derivative, as in PyTorch: the direction of
    steepest ascent in the plane of real and imaginary part.
    """
    if isinstance(x, Value):
        return REGISTRY["conjugate"](x) if x.dtype.kind == "c" else x
    return x.conjugate()


def zeros(like: Value) -> Value:
    """Zeros of a value's shape and dtype: the gradient of a step function."""
    scalar: Any = Scalar(like.dtype.type(0), like.dtype)
    return REGISTRY["full"](scalar, attributes=(like.shape, like.dtype))
