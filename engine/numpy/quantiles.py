"""Quantiles, percentiles and medians."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine.numpy.elementwise as elementwise
import engine.numpy.handle as face
from engine.record.registry import REGISTRY

from .axes import normal_axis
from .fallback import library_call
from .reductions import deliver
from .sorting import partition, sort

__all__ = [
    "median",
    "percentile",
    "quantile",
]


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
    plain = has_plain_quantiles(array, q, axis, scale)
    if not plain or method != "linear" or weights is not None:
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
    places = np.asarray(q)
    if not ((places >= 0) & (places <= scale)).all():
        limit = "[0, 100]" if scale == 100 else "[0, 1]"
        raise ValueError(f"{name}: numbers must be in the range {limit}; {q} was given")
    if not places.ndim:
        (made,) = _quantiles_of_sorted(array, [q / scale], axis, keepdims)
        return made
    from .joining import stack

    shares = list(places.ravel() / scale)
    found = stack(_quantiles_of_sorted(array, shares, axis, keepdims))
    return found.reshape(places.shape + found.shape[1:])


_MOST_QUANTILES = 16
"""More than these at once are left to NumPy."""


def has_plain_quantiles(array: face.ndarray, q: Any, axis: Any, scale: float) -> bool:
    """Whether few quantiles, along one axis, are asked for, and floating numbers.

    Those of integers by integers, 0 and 1, are integers in NumPy.
    """
    if array.dtype.kind not in "fiu" or not array.size:
        return False
    if isinstance(axis, (tuple, list)):
        return False
    if type(q) in (list, tuple, np.ndarray):
        places = np.asarray(q)
        whole = places.dtype.kind in "iu" and scale == 1.0
        numbers = places.dtype.kind in "iu" or places.dtype == np.float64
        return numbers and not whole and 0 < places.size <= _MOST_QUANTILES
    whole = type(q) is int and (array.dtype.kind == "f" or scale != 1.0)
    return type(q) is float or whole


FEW, LONG = 16, 1000
"""So many elements of so many are found in their places sooner than all are sorted."""


def _quantiles_of_sorted(
    array: Any, shares: list[Any], axis: Any, keepdims: bool, middle: bool = False
) -> list[Any]:
    """Quantiles; `middle`: the mean of two neighbours, infinite ones too.

    Shares of NumPy's float64 give quantiles of that dtype.
    """
    kept = (1,) * array.ndim
    flat = array.ravel() if axis is None else array
    place = 0 if axis is None else normal_axis(axis, array.ndim)
    if axis is not None:
        kept = (*array.shape[:place], 1, *array.shape[place + 1 :])
    work = flat.astype(float) if flat.dtype.kind in "biu" else flat
    last = work.shape[place] - 1
    lows = {int(q * last) for q in shares}
    wanted = sorted({*lows, *[min(low + 1, last) for low in lows], last})
    few = len(wanted) <= FEW and last >= LONG
    rising = partition(work, wanted, place) if few else sort(work, place)
    lead = (slice(None),) * place
    top = rising[(*lead, last)]
    found = []
    for q in shares:
        low = int(q * last)
        below, above = rising[(*lead, low)], rising[(*lead, min(low + 1, last))]
        mixed = _between(below, above, q * last - low, middle)
        made = elementwise.apply(
            REGISTRY["where"], elementwise.apply(REGISTRY["isnan"], top), top, mixed
        )
        found.append(made.reshape(kept) if keepdims else made)
    return found


def _between(below: Any, above: Any, share: Any, middle: bool) -> Any:
    """What lies between two neighbours."""
    if not share:
        return below + type(share)(0)
    if middle:
        return (below + above) / 2
    if share < 0.5:
        return below + (above - below) * share
    return above - (above - below) * (1 - share)


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
    """The q-th quantile over an axis.

    Parameters
    ----------
    a : array_like
    q : float or array_like of float
        Shares between 0 and 1; several give a leading axis.
    axis : int, tuple of int or None
        None: of all elements.
    method : str
        What is taken between two elements, by NumPy's names; ``"linear"`` by default.

    Raises
    ------
    ValueError
        For a `q` outside of [0, 1], and for an unknown method.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.quantile(np.array([1.0, 2.0, 3.0, 10.0]), [0.25, 0.5])
    array([1.75, 2.5 ])
    """
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
    """The q-th percentile over an axis.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.percentile(np.array([1.0, 2.0, 3.0, 10.0]), 75)
    np.float64(4.75)
    """
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
    """The median over an axis.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.median(np.array([[3.0, 1.0, 2.0], [9.0, 7.0, 8.0]]), axis=1)
    array([2., 8.])
    """
    array = face.asarray(a)
    several = isinstance(axis, (tuple, list))
    if several or array.dtype.kind in "cmM" or not array.size:
        return deliver("median", _by_numpy("median", array, axis, keepdims), out)
    (made,) = _quantiles_of_sorted(array, [0.5], axis, keepdims, True)
    return deliver("median", made, out)


def _by_numpy(name: str, a: Any, axis: Any, keepdims: bool) -> Any:
    return library_call(name, getattr(np, name), a, axis, keepdims=keepdims)
