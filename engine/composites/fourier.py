"""Fourier transforms over one or several axes, of given lengths."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine import ops
from engine.errors import called, named
from engine.movement import slice_value
from engine.ops.fourier import TURNED
from engine.ops.op import Op, cast
from engine.record.value import Value

from .joining import pad

Transform = Callable[[Value, int | None, int, Any], Value]


def _norm(norm: Any) -> str:
    if norm is None:
        return "backward"
    if norm not in TURNED:
        raise ValueError(
            named(
                f'Invalid norm value {norm}; should be "backward", "ortho" or "forward"'
            )
        )
    return str(norm)


def _axis(x: Value, axis: int) -> int:
    rank = len(x.shape)
    if not -rank <= axis < rank:
        raise np.exceptions.AxisError(axis, rank, called())
    return axis % rank


def _checked(n: int) -> int:
    if n < 1:
        raise ValueError(
            named(f"Invalid number of FFT data points ({n}) specified; 1 was required")
        )
    return n


def _resized(x: Value, n: int, axis: int) -> Value:
    """x cut off, or continued by zeros, along an axis."""
    given = x.shape[axis]
    if given > n:
        return slice_value(x, [slice(None)] * axis + [slice(n)])
    widths = [(0, n - given if other == axis else 0) for other in range(len(x.shape))]
    return pad(x, widths)


def _along(op: Op, x: Value, n: int | None, axis: int, norm: Any) -> Value:
    axis = _axis(x, axis)
    n = _checked(x.shape[axis] if n is None else n)
    return op(_resized(x, n, axis), attributes=(axis, _norm(norm)))


def fft(x: Value, n: int | None, axis: int, norm: Any) -> Value:
    """The transform along an axis."""
    return _along(ops.fft, x, n, axis, norm)


def ifft(x: Value, n: int | None, axis: int, norm: Any) -> Value:
    """The inverse of fft."""
    return _along(ops.ifft, x, n, axis, norm)


def rfft(x: Value, n: int | None, axis: int, norm: Any) -> Value:
    """The first half of the transform of real numbers.

    Raises
    ------
    TypeError
        For complex numbers.
    """
    if x.dtype.kind == "c":
        raise TypeError(named(f"real numbers were required; {x.dtype.name} was given"))
    return _along(ops.rfft, x, n, axis, norm)


def irfft(x: Value, n: int | None, axis: int, norm: Any) -> Value:
    """The inverse of rfft; of 2 (m - 1) elements where n is None."""
    axis = _axis(x, axis)
    n = _checked(2 * (x.shape[axis] - 1) if n is None else n)
    half = _resized(x, n // 2 + 1, axis)
    if half.dtype.kind not in "fc":
        half = cast(half, np.dtype(float))
    return ops.irfft(half, attributes=(n, axis, _norm(norm)))


def hfft(x: Value, n: int | None, axis: int, norm: Any) -> Value:
    """The transform of what is Hermitian, of which x is the first half: real."""
    return irfft(ops.conjugate(x), n, axis, TURNED[_norm(norm)])


def ihfft(x: Value, n: int | None, axis: int, norm: Any) -> Value:
    """The inverse of hfft."""
    return ops.conjugate(rfft(x, n, axis, TURNED[_norm(norm)]))


def over_axes(
    transforms: Sequence[tuple[Transform, int | None, int]], x: Value, norm: Any
) -> Value:
    """One transform after the other, each of a length along an axis."""
    for transform, n, axis in transforms:
        x = transform(x, n, axis, norm)
    return x
