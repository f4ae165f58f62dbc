"""Sorting, searching and counting."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine.array import Array
from engine.record.registry import REGISTRY

from .fallback import library_call, quiet_call
from .views import normal_axis


def _sorted_along(name: str, a: Any, axis: Any, order: Any) -> Any:
    if order is not None:
        raise ValueError("Cannot specify order when the array has no fields.")
    array = face.asarray(a)
    if axis is None:
        array, axis = array.ravel(), -1
    if array.ndim == 0:
        if name == "argsort" and axis in (0, -1):
            return face.ndarray(1, np.int64).reshape(())
        raise np.exceptions.AxisError(axis, 0)
    place = normal_axis(axis, array.ndim)
    return face.ndarray.wrap(REGISTRY[name](array.read(), attributes=(place,)))


def sort(
    a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None
) -> Any:
    """A sorted copy along an axis; NaN last.

    Every kind sorts stably, so `kind` and `stable` change nothing.
    """
    return _sorted_along("sort", a, axis, order)


def argsort(
    a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None
) -> Any:
    """Indices that would sort along an axis; equal elements keep their order."""
    return _sorted_along("argsort", a, axis, order)


def partition(
    a: Any, kth: Any, axis: Any = -1, kind: Any = None, order: Any = None
) -> Any:
    """A copy partitioned around `kth`: here, sorted."""
    return sort(a, axis, kind, order)


def argpartition(
    a: Any, kth: Any, axis: Any = -1, kind: Any = None, order: Any = None
) -> Any:
    """Indices that would partition around `kth`: here, sort."""
    return argsort(a, axis, kind, order)


def lexsort(keys: Any, axis: int = -1) -> Any:
    """Indices that sort by several keys, the last one first. Computes."""
    return quiet_call(np.lexsort, keys, axis)


def searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    """Where elements would be put in to keep an array sorted. Computes."""
    return quiet_call(np.searchsorted, a, v, side, sorter)


def digitize(x: Any, bins: Any, right: bool = False) -> Any:
    """Numbers of the bins that elements fall into. Computes."""
    return quiet_call(np.digitize, x, bins, right)


def unique(ar: Any, *args: Any, **options: Any) -> Any:
    """The sorted distinct elements. Computes; carries no gradient."""
    return library_call("unique", np.unique, ar, *args, **options)


def bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    """How often each small integer occurs. Computes."""
    return library_call("bincount", np.bincount, x, weights, minlength)


def histogram(
    a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None
) -> Any:
    """How many elements fall into each bin. Computes."""
    return quiet_call(np.histogram, a, bins, range, density, weights)


def _quantiles(
    name: str,
    function: Any,
    a: Any,
    q: Any,
    axis: Any,
    keepdims: bool,
    scale: float,
    method: str,
    weights: Any,
) -> Any:
    array = face.asarray(a)
    number = isinstance(q, (int, float)) and not isinstance(q, bool)
    simple = number and method == "linear" and weights is None and array.size
    if not simple or array.dtype.kind == "c" or isinstance(axis, tuple):
        return library_call(
            name,
            function,
            a,
            q,
            axis,
            method=method,
            keepdims=keepdims,
            weights=weights,
        )
    if not 0 <= q <= scale:
        limit = "[0, 100]" if scale == 100 else "[0, 1]"
        raise ValueError(f"{name}: numbers must be in the range {limit}; {q} was given")
    return _quantile_of_sorted(array, q / scale, axis, keepdims)


def _quantile_of_sorted(array: Any, q: float, axis: Any, keepdims: bool) -> Any:
    kept = (1,) * array.ndim
    flat = array.ravel() if axis is None else array
    place = 0 if axis is None else normal_axis(axis, array.ndim)
    work = flat.astype(float) if flat.dtype.kind in "biu" else flat
    rising = sort(work, place)
    last = work.shape[place] - 1
    low = int(q * last)
    high = min(low + 1, last)
    lead = (slice(None),) * place
    below, above = rising[(*lead, low)], rising[(*lead, high)]
    share = q * last - low
    mixed = (
        below + (above - below) * share
        if share < 0.5
        else (above - (above - below) * (1 - share))
    )
    top = rising[(*lead, last)]
    result = REGISTRY["where"](REGISTRY["isnan"](top.read()), top.read(), mixed.read())
    made = face.fresh(result)
    if not keepdims:
        return made
    shape = (
        kept if axis is None else (*array.shape[:place], 1, *array.shape[place + 1 :])
    )
    return made.reshape(shape)


def quantile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Any:
    """The q-th quantile over an axis."""
    from .reductions import deliver

    made = _quantiles(
        "quantile", np.quantile, a, q, axis, keepdims, 1.0, method, weights
    )
    return deliver("quantile", made, out)


def percentile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Any:
    """The q-th percentile over an axis."""
    from .reductions import deliver

    made = _quantiles(
        "percentile", np.percentile, a, q, axis, keepdims, 100.0, method, weights
    )
    return deliver("percentile", made, out)


def median(
    a: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    keepdims: bool = False,
) -> Any:
    """The median over an axis."""
    from .reductions import deliver

    made = _quantiles("median", _median, a, 0.5, axis, keepdims, 1.0, "linear", None)
    return deliver("median", made, out)


def _median(a: Any, q: Any, axis: Any, **options: Any) -> Any:
    return np.median(a, axis, keepdims=options["keepdims"])
