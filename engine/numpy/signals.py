"""Sequences of samples: convolution, correlation, interpolation, phases."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine.array import Array
from engine.errors import named
from engine.record.registry import REGISTRY
from engine.record.value import DATES

from . import shared_calls
from .axes import normal_axis
from .differences import diff
from .elementwise import apply
from .fallback import library_call, place_of
from .joining import concatenate
from .quick import remembered
from .scans import cumsum

__all__ = ["convolve", "correlate", "interp", "unwrap"]

_SHIFTS = 64
"""Longer kernels than this are convolved by NumPy."""


@remembered(2)
def convolve(a: Any, v: Any, mode: Any = "full") -> Any:
    """The convolution of two sequences, as sums of shifted products.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.convolve(np.array([1, 2, 3]), np.array([1, 10]))
    array([ 1, 12, 23, 30])
    """
    left, right = face.asarray(a), face.asarray(v)
    left = left.reshape(1) if left.ndim == 0 else left
    right = right.reshape(1) if right.ndim == 0 else right
    if left.ndim != 1 or right.ndim != 1:
        raise ValueError(named("object too deep for desired array"))
    if not left.size or not right.size:
        raise ValueError("convolve: two sequences that are not empty were required")
    mode = _mode(mode)
    if left.size < right.size:
        left, right = right, left
    dates = left.dtype.kind in DATES or right.dtype.kind in DATES
    if right.size > _SHIFTS or dates:  # whose unit NumPy drops
        return library_call("convolve", np.convolve, left, right, mode)
    n, m = left.size, right.size
    made = face.ndarray((n + m - 1,), np.result_type(left.dtype, right.dtype))
    out = made.to_device(place_of(left, right))
    for k in range(m):
        out[k : k + n] += left * right[k]
    if mode == "same":
        return out[(m - 1) // 2 : (m - 1) // 2 + n]
    return out[m - 1 : n] if mode == "valid" else out


_MODES = ("valid", "same", "full")


def _mode(mode: Any) -> str:
    if mode in (0, 1, 2):
        return _MODES[mode]
    if mode is None:
        raise TypeError(named("a mode was required; None was given"))
    if mode not in _MODES:
        raise ValueError(
            named(f"mode must be one of 'valid', 'same', or 'full'; {mode!r}")
        )
    return str(mode)


@remembered(2)
def correlate(a: Any, v: Any, mode: Any = "valid") -> Any:
    """The correlation of two sequences: sums of products with the shifted conjugate.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.correlate(np.array([1, 2, 3]), np.array([0, 1, 10]), "same")
    array([21, 32,  3])
    """
    left, right = face.asarray(a), face.asarray(v)
    if left.dtype.kind in DATES or right.dtype.kind in DATES:
        return library_call("correlate", np.correlate, left, right, mode)
    if left.ndim != 1 or right.ndim != 1:
        raise ValueError(
            named(f"arrays of one axis were required; {left.ndim}, {right.ndim} given")
        )
    if not left.size or not right.size:
        raise ValueError(named("two sequences that are not empty were required"))
    kind = _mode(mode)
    if left.size >= right.size or kind == "full":
        return convolve(left, right.conj()[::-1], kind)
    # The shorter one stays where it is, so that the result is turned round.
    return convolve(right, left.conj()[::-1], kind).conj()[::-1]


def unwrap(
    p: Any, discont: Any = None, axis: int = -1, *, period: Any = 2 * np.pi
) -> Any:
    """Values whose steps are brought to within half a period, by adding periods.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.unwrap([0, 1, 2, -1, 0], period=4)
    array([0, 1, 2, 3, 4])
    """
    array = face.asarray(p)
    step = diff(array, axis=axis)
    place = normal_axis(axis, array.ndim)
    dtype = np.result_type(step.dtype, _number(period))
    whole = dtype.kind in "iu"
    high = period // 2 if whole else period / 2
    inner = apply(REGISTRY["remainder"], step + high, period) - high
    if not whole or period % 2 == 0:  # half a period upwards stays one
        up = apply(REGISTRY["equal"], inner, -high) & (step > 0)
        inner = apply(REGISTRY["where"], up, high, inner)
    limit = period / 2 if discont is None else discont
    jump = apply(REGISTRY["where"], abs(step) < limit, 0, inner - step)
    first = (slice(None),) * place + (slice(0, 1),)
    rest = (slice(None),) * place + (slice(1, None),)
    moved = array.astype(dtype)[rest] + cumsum(jump, place)
    return concatenate((array.astype(dtype)[first], moved), place).astype(dtype)


def _number(period: Any) -> Any:
    return period.dtype if hasattr(period, "dtype") else period


def interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
) -> Any:
    """Values between samples, on straight lines; `left` and `right` of them constant.

    NumPy computes them. Where a gradient is required they are recorded; then `x` and
    `xp`, which must rise, are looked at to find the samples.

    Parameters
    ----------
    x : array_like
        Where values are wanted.
    xp, fp : array_like
        Rising places of samples, and the samples.
    left, right : number, optional
        The value before the first and behind the last place; by default that sample.
    period : number, optional
        With which the places repeat.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.interp([1.5, 9.0], np.array([1.0, 2.0, 3.0]), np.array([10.0, 20.0, 0.0]))
    array([15.,  0.])
    """
    given = [one for one in (x, xp, fp) if isinstance(one, Array)]
    if period is not None or not any(one.requires_grad for one in given):
        return library_call(
            "interp", shared_calls.interp, x, xp, fp, left, right, period
        )
    at, places, samples = (face.asarray(one) for one in (x, xp, fp))
    at, places = at.astype(float), places.astype(float)
    samples = samples if samples.dtype.kind == "c" else samples.astype(float)
    if places.ndim != 1 or places.shape != samples.shape or places.size < 2:
        raise ValueError(
            named(
                "as many samples as places, along one axis and at least 2, were "
                f"required; shapes {samples.shape} and {places.shape} were given"
            )
        )
    place = np.searchsorted(places.computed(), at.computed(), "right") - 1
    low = np.clip(place, 0, places.size - 2)
    start, end = places[low], places[low + 1]
    first, second = samples[low], samples[low + 1]
    between = first + (second - first) / (end - start) * (at - start)
    where = REGISTRY["where"]
    before = samples[0] if left is None else left
    behind = samples[-1] if right is None else right
    found = apply(where, at < places[0], before, between)
    return apply(where, at >= places[-1], _last(at, places, samples, behind), found)


def _last(at: Any, places: Any, samples: Any, behind: Any) -> Any:
    """The last sample where it is, and what comes behind it."""
    return apply(REGISTRY["where"], at > places[-1], behind, samples[-1])
