"""Fourier transforms over one or several axes, of given lengths."""

from __future__ import annotations

from collections.abc import Callable
from operator import index
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


def lengths(value: Value, s: Any, axes: Any) -> list[tuple[int | None, int]]:
    """Length and axis of each transform; None is the whole axis, as is -1.

    Raises
    ------
    ValueError
        If there are not as many lengths as axes.
    """
    rank = len(value.shape)
    if axes is None:
        axes = range(-(rank if s is None else len(s)), 0)
    axes = [index(axis) for axis in axes]
    s = [None] * len(axes) if s is None else list(s)
    if len(s) != len(axes):
        raise ValueError(
            named(f"Shape and axes have different lengths: {s} and {axes} were given")
        )
    return [
        (None if n in (None, -1) else index(n), axis)
        for n, axis in zip(s, axes, strict=True)
    ]


def fftn(x: Value, s: Any, axes: Any, norm: Any, *, inverse: bool = False) -> Value:
    """The transform over axes, the last one first."""
    transform = ifft if inverse else fft
    for n, axis in reversed(lengths(x, s, axes)):
        x = transform(x, n, axis, norm)
    return x


def rfftn(x: Value, s: Any, axes: Any, norm: Any) -> Value:
    """The transform of real numbers over axes; half of the last one."""
    *others, (n, last) = _some(lengths(x, s, axes))
    x = rfft(x, n, last, norm)
    for m, axis in reversed(others):
        x = fft(x, m, axis, norm)
    return x


def irfftn(x: Value, s: Any, axes: Any, norm: Any) -> Value:
    """The inverse of rfftn."""
    *others, (n, last) = _some(lengths(x, s, axes))
    for m, axis in others:
        x = ifft(x, m, axis, norm)
    return irfft(x, n, last, norm)


def _some(steps: list[tuple[int | None, int]]) -> list[tuple[int | None, int]]:
    if not steps:
        raise IndexError(named("at least one axis was required; none was given"))
    return steps
