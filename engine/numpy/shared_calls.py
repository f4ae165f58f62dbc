"""Functions of NumPy's whose elements or lines threads share; with NumPy's results."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.shared_work import SHARED, along, of_elements

STEP = 5.0
"""Estimated nanoseconds of a step of a search, which no processor foresees."""


def searchsorted(a: Any, v: Any, side: Any, sorter: Any) -> Any:
    """``np.searchsorted``."""
    each = _search(a)
    return of_elements(lambda x: np.searchsorted(a, x, side, sorter), v, each, np.intp)


def digitize(x: Any, bins: Any, right: bool) -> Any:
    """``np.digitize``."""
    each = _search(bins)
    return of_elements(lambda x: np.digitize(x, bins, right), x, each, np.intp)


def interp(x: Any, xp: Any, fp: Any, left: Any, right: Any, period: Any) -> Any:
    """``np.interp``."""
    dtype = np.complex128 if np.iscomplexobj(fp) else np.float64

    def find(x: Any) -> Any:
        return np.interp(x, xp, fp, left, right, period)

    return of_elements(find, x, _search(xp), dtype)


def _search(places: Any) -> float:
    """What it takes to find one element's place."""
    return STEP * math.log2(np.size(places) + 2)


def accumulate(function: np.ufunc, array: Any, axis: Any, dtype: Any) -> Any:
    """``ufunc.accumulate``."""
    x = np.asanyarray(array)
    work = 2.0 * x.size
    if type(x) is not np.ndarray or work < SHARED or not -x.ndim <= axis < x.ndim:
        return function.accumulate(array, axis, dtype)

    def accumulate_lines(some: Any, there: Any) -> None:
        function.accumulate(some, axis, dtype, there)

    one = function.accumulate(x.reshape(-1)[:1], 0, dtype)
    out = np.empty_like(x, one.dtype)
    return along(x, axis, work, out, accumulate_lines)
