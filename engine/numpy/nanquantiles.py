"""Quantiles of the elements that are not NaN."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine.numpy.handle as face
import engine.numpy.reductions as reductions
from engine.errors import warn_user
from engine.record.registry import REGISTRY

from .axes import normal_axis
from .elementwise import apply
from .fallback import library_call
from .quantiles import has_plain_quantiles
from .reductions import deliver
from .selection import take_along_axis
from .sorting import sort

__all__ = [
    "nanmedian",
    "nanpercentile",
    "nanquantile",
]


def _quantile(
    name: str, a: Any, q: Any, axis: Any, keepdims: bool, scale: float, **options: Any
) -> Any:
    """One quantile along one axis; NumPy's for other arguments."""
    array = face.asarray(a)
    usual = options.get("method", "linear") == "linear" and not _weighted(options)
    plain = np.ndim(q) == 0 and has_plain_quantiles(array, q, axis, scale)
    plain = plain and 0 <= q <= scale
    if not (plain and usual):
        places = () if name == "nanmedian" else (q,)
        function = getattr(np, name)
        return library_call(
            name, function, a, *places, axis=axis, keepdims=keepdims, **options
        )
    shape = array.shape
    if axis is None:
        array, axis, kept = array.ravel(), 0, (1,) * len(shape)
    else:
        axis = normal_axis(axis, len(shape))
        kept = (*shape[:axis], 1, *shape[axis + 1 :])
    work = array.astype(float) if array.dtype.kind in "biu" else array
    made = _along(work, q / scale, axis, name == "nanmedian")
    return made.reshape(kept) if keepdims else made.squeeze(axis)[()]


def _weighted(options: dict[str, Any]) -> bool:
    return options.get("weights") is not None


def _along(work: Any, q: float, axis: int, middle: bool) -> Any:
    """A quantile of what is not NaN; the numbers of those are looked at."""
    present = apply(REGISTRY["equal"], work, work)
    last = reductions.sum(present, axis, keepdims=True).computed() - 1
    if (last < 0).any():
        warn_user("All-NaN slice encountered", RuntimeWarning)
    place = q * np.maximum(last, 0)
    low = np.floor(place).astype(int)
    rising = sort(work, axis)
    below = take_along_axis(rising, low, axis)
    above = take_along_axis(rising, np.minimum(low + 1, np.maximum(last, 0)), axis)
    share = (place - low).astype(work.dtype)
    if middle:
        mixed = (below + above) / 2
    else:
        near = apply(REGISTRY["where"], share < 0.5, below, above)
        mixed = near + (above - below) * np.where(share < 0.5, share, share - 1)
    return apply(REGISTRY["where"], share == 0, below, mixed)


def nanmedian(
    a: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    keepdims: bool = False,
) -> Any:
    """The median of the elements that are not NaN, over an axis.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.nanmedian(np.array([1.0, np.nan, 3.0, 9.0]))
    np.float64(3.0)
    """
    return deliver(
        "nanmedian", _quantile("nanmedian", a, 0.5, axis, keepdims, 1.0), out
    )


def nanquantile(
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
    """The q-th quantile of the elements that are not NaN, over an axis.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.nanquantile(np.array([1.0, np.nan, 3.0, 9.0]), 0.25)
    np.float64(2.0)
    """
    options = {"method": method, "weights": weights}
    made = _quantile("nanquantile", a, q, axis, keepdims, 1.0, **options)
    return deliver("nanquantile", made, out)


def nanpercentile(
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
    """The q-th percentile of the elements that are not NaN, over an axis.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.nanpercentile(np.array([1.0, np.nan, 3.0, 9.0]), [0, 50])
    array([1., 3.])
    """
    options = {"method": method, "weights": weights}
    made = _quantile("nanpercentile", a, q, axis, keepdims, 100.0, **options)
    return deliver("nanpercentile", made, out)
