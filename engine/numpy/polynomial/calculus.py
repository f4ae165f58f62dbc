"""Derivatives and antiderivatives of series along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.errors import named

from ..axes import normal_axis
from ..conversion import array
from ..creation import as_index, zeros
from ..joining import concatenate
from ..manipulation import moveaxis
from ..rearrangement import flip
from ..scans import cumsum
from .families import Family
from .values import inexact, value


def derivative(family: Family, c: Any, m: Any, scl: Any, axis: Any) -> Any:
    """The m-th derivative, times `scl` each time."""
    series, times, place = _given(c, m, axis, "derivation")
    series = moveaxis(series, place, 0)
    if times >= len(series):
        series = series[:1] * 0
    else:
        for _ in range(times):
            series *= scl
            series = _derivative(family, series)
    return moveaxis(series, 0, place)


def _given(c: Any, m: Any, axis: Any, what: str) -> tuple[Any, int, int]:
    """A fresh series, how often, and along which axis."""
    series = array(inexact(c), copy=True)
    times = as_index(m, f"the order of {what}")
    place = as_index(axis, "the axis")
    if times < 0:
        message = f"The order of {what} must be non-negative; {times} given"
        raise ValueError(named(message))
    return series, times, normal_axis(place, series.ndim)


def _factors(family: Family, series: Any, count: int) -> tuple[Any, Any]:
    """`rise` and `inner` of 1, 2, ... as columns over the other axes of a series."""
    n = np.arange(1, count + 1).reshape((-1,) + (1,) * (series.ndim - 1))
    rules = family.derivatives
    dtype = series.dtype
    return rules.rise(n).astype(dtype), rules.inner(n).astype(dtype)


def _derivative(family: Family, series: Any) -> Any:
    rise, inner = _factors(family, series, len(series) - 1)
    upper = series[1:] * inner
    reach = family.derivatives.reach
    return (_sums_from_above(upper, reach) if reach else upper) * rise


def _sums_from_above(terms: Any, reach: int) -> Any:
    """Each element and all that lie one or more times `reach` behind it, summed."""
    count, rest = len(terms), terms.shape[1:]
    missing = -count % reach
    if missing:
        terms = concatenate((terms, zeros((missing, *rest), terms.dtype)))
    rows = flip(terms.reshape(-1, reach, *rest), 0)
    return flip(cumsum(rows, 0), 0).reshape(-1, *rest)[:count]


def antiderivative(
    family: Family, c: Any, m: Any, k: Any, lbnd: Any, scl: Any, axis: Any
) -> Any:
    """The m-th antiderivative, times `scl` each time, with constants `k` at `lbnd`."""
    constants = list(k) if np.iterable(k) else [k]
    series, times, place = _given(c, m, axis, "integration")
    if len(constants) > times:
        message = f"Too many integration constants: {len(constants)} for {times} given"
        raise ValueError(named(message))
    for name, number in (("lbnd", lbnd), ("scl", scl)):
        if np.ndim(number) != 0:
            raise ValueError(named(f"{name} must be a scalar."))
    series = moveaxis(series, place, 0)
    for constant in constants + [0] * (times - len(constants)):
        series *= scl
        series = _antiderivative(family, series, constant, lbnd)
    return moveaxis(series, 0, place)


def _antiderivative(family: Family, series: Any, constant: Any, lbnd: Any) -> Any:
    """One more coefficient, except for zero, whose antiderivatives are constant."""
    if len(series) == 1 and not series.computed().any():
        series += constant
        return series
    first = series[:1] * 0
    rise, inner = _factors(family, series, len(series))
    terms, reach = series / rise, family.derivatives.reach
    made = terms / inner
    if reach and len(series) > reach:
        end = len(series) - reach
        made = concatenate((made[:end] - terms[reach:] / inner[:end], made[end:]))
    first += constant - value(family, lbnd, concatenate((first, made)))
    return concatenate((first, made))
