"""Fourier transforms along one axis, by NumPy's pocketfft."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.cotangent import Cotangent, settle
from engine.kernels import memory
from engine.movement import broadcast_value, expand_axes, reshape_value
from engine.recipe import Shape
from engine.record.value import Value
from engine.shared_work import SHARED, along

from .comparison import equal
from .op import DType, cast, operation
from .reductions import any as any_of
from .selection import where
from .sources import iota

TURNED = {"backward": "forward", "ortho": "ortho", "forward": "backward"}
"""The norm with which the transform back is the adjoint: the same factor."""


def _complex(x: Any, axis: int, norm: str) -> tuple[DType, Shape]:
    return np.result_type(x.dtype, 1j), x.shape


def _half(x: Any, axis: int, norm: str) -> tuple[DType, Shape]:
    shape = list(x.shape)
    shape[axis] = shape[axis] // 2 + 1
    return np.result_type(x.dtype, 1j), tuple(shape)


def _whole(x: Any, length: int, axis: int, norm: str) -> tuple[DType, Shape]:
    shape = list(x.shape)
    shape[axis] = length
    return np.empty(0, x.dtype).real.dtype, tuple(shape)


def _of_lines(
    transform: Callable[..., Any], x: Any, length: int, axis: int, norm: str
) -> Any:
    """NumPy's transform along an axis, of a large array by threads that share it."""
    work = 3.0 * x.size * math.log2(x.shape[axis] + 2)
    if work < SHARED:
        return transform(x, length, axis, norm)
    shape = list(x.shape)
    shape[axis] = length if transform is not np.fft.rfft else length // 2 + 1
    dtype = np.result_type(x.dtype, 1j)
    if transform is np.fft.irfft:
        dtype = np.empty(0, dtype).real.dtype

    def transform_lines(some: Any, there: Any) -> None:
        transform(some, length, axis, norm, out=there)

    out = memory.allocate(dtype, tuple(shape))
    return along(x, axis, work, out, transform_lines)


def _of_line(grad: Value, cotangent: Cotangent, axis: int, x: Value) -> Cotangent:
    """The gradient of an operand, selected line by line along the axis."""
    mask = cotangent.mask
    if mask is not None:
        mask = expand_axes(any_of(mask, attributes=((axis,),)), (axis,))
        mask = broadcast_value(mask, x.shape)
    return Cotangent(cast(grad, x.dtype), mask, clean=False)


def _single(shape: Shape, length: int, axis: int) -> Value:
    """Which frequencies of a half transform stand for themselves alone."""
    place = iota(attributes=(shape[axis],))
    alone = equal(place, 0) | equal(place * 2, length)
    return reshape_value(alone, (shape[axis],) + (1,) * (len(shape) - axis - 1))


@operation("library", _complex, expensive=True)
def fft(x: Any, axis: Any, norm: Any) -> Any:
    """The discrete Fourier transform along an axis."""
    return _of_lines(np.fft.fft, x, x.shape[axis], axis, norm)


@fft.cotangent
def _(cotangent: Cotangent, out: Value, x: Value, axis: int, norm: str) -> Any:
    grad = ifft(settle(cotangent), attributes=(axis, TURNED[norm]))
    return (_of_line(grad, cotangent, axis, x),)


@operation("library", _complex, expensive=True)
def ifft(x: Any, axis: Any, norm: Any) -> Any:
    """The inverse of fft."""
    return _of_lines(np.fft.ifft, x, x.shape[axis], axis, norm)


@ifft.cotangent
def _(cotangent: Cotangent, out: Value, x: Value, axis: int, norm: str) -> Any:
    grad = fft(settle(cotangent), attributes=(axis, TURNED[norm]))
    return (_of_line(grad, cotangent, axis, x),)


@operation("library", _half, expensive=True)
def rfft(x: Any, axis: Any, norm: Any) -> Any:
    """The first half of the transform of real numbers."""
    return _of_lines(np.fft.rfft, x, x.shape[axis], axis, norm)


@rfft.cotangent
def _(cotangent: Cotangent, out: Value, x: Value, axis: int, norm: str) -> Any:
    grad, length = settle(cotangent), x.shape[axis]
    grad = where(_single(grad.shape, length, axis), grad, grad * 0.5)
    grad = irfft(grad, attributes=(length, axis, TURNED[norm]))
    return (_of_line(grad, cotangent, axis, x),)


@operation("library", _whole, expensive=True)
def irfft(x: Any, length: Any, axis: Any, norm: Any) -> Any:
    """The inverse of rfft, of so many elements; x has half as many and one."""
    return _of_lines(np.fft.irfft, x, length, axis, norm)


@irfft.cotangent
def _(
    cotangent: Cotangent, out: Value, x: Value, length: int, axis: int, norm: str
) -> Any:
    grad = rfft(settle(cotangent), attributes=(axis, TURNED[norm]))
    grad = where(_single(grad.shape, length, axis), grad, grad * 2.0)
    return (_of_line(grad, cotangent, axis, x),)
