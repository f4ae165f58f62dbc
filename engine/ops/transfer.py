"""Copies from the memory of one device to that of another."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.record.value import Value

from .op import DType, operation


def _same(x: Value, device: str) -> tuple[DType, tuple[int, ...]]:
    return x.dtype, x.shape


@operation("transfer", _same, onnx="Identity")
def to_device(x: np.ndarray[Any, Any], device: str) -> np.ndarray[Any, Any]:
    """The same elements in the memory of a device."""
    return x.copy()


@to_device.vjp
def _(grad: Value, out: Value, x: Value, device: str) -> Any:
    return (on_device(grad, x.device),)


def on_device(x: Value, device: str) -> Value:
    """A value in the memory of a device; itself where it is there."""
    return x if x.device == device else to_device(x, attributes=(device,))
