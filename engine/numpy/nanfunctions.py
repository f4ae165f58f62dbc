"""Reductions that leave NaN out."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine.numpy.handle as face
import engine.numpy.reductions as reductions
import engine.numpy.scans as scans
from engine.record.registry import REGISTRY

from .elementwise import apply
from .reductions import deliver

__all__ = [
    "nanargmax",
    "nanargmin",
    "nancumprod",
    "nancumsum",
    "nanmax",
    "nanmean",
    "nanmin",
    "nanprod",
    "nanstd",
    "nansum",
    "nanvar",
]


def _filled(a: Any, number: float) -> tuple[face.ndarray, Any]:
    """The array with a number for NaN, and where it has none (None: nowhere)."""
    array = face.asarray(a)
    if array.dtype.kind not in "fc":
        return array, None
    missing = apply(REGISTRY["isnan"], array)
    filled = apply(REGISTRY["where"], missing, array.dtype.type(number), array)
    return filled, missing


def nansum(a: Any, axis: Any = None, dtype: Any = None, **options: Any) -> Any:
    """The sum of the elements that are not NaN."""
    return reductions.sum(_filled(a, 0)[0], axis, dtype, **options)


def nanprod(a: Any, axis: Any = None, dtype: Any = None, **options: Any) -> Any:
    """The product of the elements that are not NaN."""
    return reductions.prod(_filled(a, 1)[0], axis, dtype, **options)


def nancumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """Sums up to each element, NaN as 0."""
    return scans.cumsum(_filled(a, 0)[0], axis, dtype, out)


def nancumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """Products up to each element, NaN as 1."""
    return scans.cumprod(_filled(a, 1)[0], axis, dtype, out)


def _extreme(a: Any, axis: Any, out: Any, keepdims: bool, largest: bool) -> Any:
    filled, missing = _filled(a, -np.inf if largest else np.inf)
    reduce = reductions.max if largest else reductions.min
    result = reduce(filled, axis, keepdims=keepdims)
    if missing is not None:
        nothing = reductions.all(missing, axis, keepdims=keepdims)
        result = apply(REGISTRY["where"], nothing, result.dtype.type(np.nan), result)
    return deliver("nanmax" if largest else "nanmin", result, out)


def nanmax(a: Any, axis: Any = None, out: Any = None, keepdims: bool = False) -> Any:
    """The largest element that is not NaN; NaN where there is none."""
    return _extreme(a, axis, out, keepdims, True)


def nanmin(a: Any, axis: Any = None, out: Any = None, keepdims: bool = False) -> Any:
    """The smallest element that is not NaN; NaN where there is none."""
    return _extreme(a, axis, out, keepdims, False)


def nanargmax(a: Any, axis: Any = None) -> Any:
    """The first position of the largest element that is not NaN."""
    return reductions.argmax(_filled(a, -np.inf)[0], axis)


def nanargmin(a: Any, axis: Any = None) -> Any:
    """The first position of the smallest element that is not NaN."""
    return reductions.argmin(_filled(a, np.inf)[0], axis)


def nanmean(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
) -> Any:
    """The mean of the elements that are not NaN."""
    array = face.asarray(a)
    present = array == array
    return deliver(
        "nanmean", array.mean(axis, dtype, keepdims=keepdims, where=present), out
    )


def nanvar(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
) -> Any:
    """The variance of the elements that are not NaN."""
    array = face.asarray(a)
    present = array == array
    result = array.var(axis, dtype, None, ddof, keepdims, where=present)
    return deliver("nanvar", result, out)


def nanstd(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
) -> Any:
    """The standard deviation of the elements that are not NaN."""
    array = face.asarray(a)
    present = array == array
    result = array.std(axis, dtype, None, ddof, keepdims, where=present)
    return deliver("nanstd", result, out)
