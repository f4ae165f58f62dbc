"""Reductions that leave NaN out."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine.numpy.extremes as extremes
import engine.numpy.handle as face
import engine.numpy.reductions as reductions
import engine.numpy.scans as scans
from engine.errors import named, user_line
from engine.recipe import storage_order, transposed
from engine.record.registry import REGISTRY
from engine.record.value import DATES

from .elementwise import apply
from .fallback import library_call
from .operands import read_as
from .quick import remembered
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


def _warned(result: face.ndarray, flags: Any, message: str, line: str) -> face.ndarray:
    """The same array; computing it warns at a line if a flag is set."""
    order = storage_order(result.recipe)
    value = read_as(result, transposed(result.recipe, order))
    flags = read_as(flags, transposed(flags.recipe, order))
    made = REGISTRY["warned"](value, flags, attributes=(message, line))
    return face.ndarray.wrap(made, order, scalar=result.scalar)


@remembered()
def nansum(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """The sum of the elements that are not NaN; parameters as of `sum`.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.nansum(np.array([1.0, np.nan, 2.0]))
    np.float64(3.0)
    """
    return reductions.sum(_filled(a, 0)[0], axis, dtype, out, keepdims, initial, where)


@remembered()
def nanprod(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """The product of the elements that are not NaN; parameters as of `sum`.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.nanprod(np.array([2.0, np.nan, 4.0]))
    np.float64(8.0)
    """
    return reductions.prod(_filled(a, 1)[0], axis, dtype, out, keepdims, initial, where)


def nancumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """Sums up to each element, NaN as 0.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.nancumsum(np.array([1.0, np.nan, 2.0]))
    array([1., 1., 3.])
    """
    return scans.cumsum(_filled(a, 0)[0], axis, dtype, out)


def nancumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """Products up to each element, NaN as 1.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.nancumprod(np.array([2.0, np.nan, 4.0]))
    array([2., 2., 8.])
    """
    return scans.cumprod(_filled(a, 1)[0], axis, dtype, out)


@remembered()
def _extreme(
    a: Any,
    axis: Any,
    out: Any,
    keepdims: bool,
    initial: Any,
    where: Any,
    name: str,
    line: str,
) -> Any:
    """The largest or smallest elements; the line is that of a warning."""
    largest = name == "nanmax"
    array = face.asarray(a)
    if array.dtype.kind in DATES:
        return deliver(
            name, _of_dates(name, array, axis, keepdims, initial, where), out
        )
    filled, missing = _filled(array, -np.inf if largest else np.inf)
    reduce = extremes.max if largest else extremes.min
    result = reduce(filled, axis, None, keepdims, initial, where)
    if missing is not None and initial is None:
        nothing = reductions.all(missing, axis, keepdims=keepdims, where=where)
        result = apply(REGISTRY["where"], nothing, result.dtype.type(np.nan), result)
        result = _warned(result, nothing, "All-NaN slice encountered", line)
    return deliver(name, result, out)


def _of_dates(
    name: str, array: Any, axis: Any, keepdims: bool, initial: Any, where: Any
) -> Any:
    """NumPy's `nanmax` and `nanmin` leave out what is not a time."""
    given = {} if initial is None else {"initial": initial}
    given |= {} if where is True else {"where": where}
    return library_call(
        name, getattr(np, name), array, axis, keepdims=keepdims, **given
    )


def nanmax(
    a: Any,
    axis: Any = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """The largest element that is not NaN; where there is none NaN, and a warning.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.nanmax(np.array([[1.0, np.nan], [3.0, 2.0]]), axis=0)
    array([3., 2.])
    """
    options = keepdims, initial, where
    return _extreme(a, axis, out, *options, "nanmax", user_line())


def nanmin(
    a: Any,
    axis: Any = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """The smallest element that is not NaN; where there is none NaN, and a warning.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.nanmin(np.array([[1.0, np.nan], [3.0, 2.0]]), axis=0)
    array([1., 2.])
    """
    options = keepdims, initial, where
    return _extreme(a, axis, out, *options, "nanmin", user_line())


def _some(missing: Any, axis: Any) -> None:
    """Raise ValueError where all elements along an axis are NaN."""
    if missing is not None and missing.size and reductions.all(missing, axis).any():
        raise ValueError(named("All-NaN slice encountered"))


def nanargmax(
    a: Any, axis: Any = None, out: Any = None, *, keepdims: bool = False
) -> Any:
    """The first position of the largest element that is not NaN.

    Raises ValueError where there is none, and so looks at the elements.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.nanargmax(np.array([np.nan, 1.0, 5.0]))
    np.int64(2)
    """
    filled, missing = _filled(a, -np.inf)
    _some(missing, axis)
    return extremes.argmax(filled, axis, out, keepdims=keepdims)


def nanargmin(
    a: Any, axis: Any = None, out: Any = None, *, keepdims: bool = False
) -> Any:
    """The first position of the smallest element that is not NaN.

    Raises ValueError where there is none, and so looks at the elements.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.nanargmin(np.array([np.nan, 1.0, 5.0]))
    np.int64(1)
    """
    filled, missing = _filled(a, np.inf)
    _some(missing, axis)
    return extremes.argmin(filled, axis, out, keepdims=keepdims)


def _present(array: face.ndarray, where: Any) -> Any:
    """Which elements count: those that are not NaN, where a mask holds."""
    if array.dtype.kind not in "fc":
        return where
    present = apply(REGISTRY["logical_not"], apply(REGISTRY["isnan"], array))
    return present if where is True else present & where


def nanmean(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    *,
    where: Any = True,
) -> Any:
    """The mean of the elements that are not NaN; of none NaN, and a warning.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.nanmean(np.array([[1.0, np.nan], [3.0, 5.0]]), axis=1)
    array([1., 4.])
    """
    return _mean(a, axis, dtype, out, keepdims, where, user_line())


@remembered()
def _mean(
    a: Any, axis: Any, dtype: Any, out: Any, keepdims: bool, where: Any, line: str
) -> Any:
    """The mean of what is not NaN; the line is that of a warning."""
    array = face.asarray(a)
    _check_inexact(array, dtype, out)
    present = _present(array, where)
    result = array.mean(axis, dtype, None, keepdims, where=present)
    if present is not where:
        some = reductions.any(present, axis, keepdims=keepdims)
        nothing = apply(REGISTRY["logical_not"], some)
        result = _warned(result, nothing, "Mean of empty slice", line)
    return deliver("nanmean", result, out, "unsafe")


def nanvar(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: Any = None,
) -> Any:
    """The variance of the elements that are not NaN; parameters as of `var`.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.nanvar(np.array([1.0, np.nan, 3.0]))
    np.float64(1.0)
    """
    given = axis, dtype, out, ddof, keepdims, where, mean, correction
    made = _spread(a, "nanvar", *given, user_line())
    return deliver("nanvar", made, out, "unsafe")


def _check_inexact(array: Any, dtype: Any, out: Any) -> None:
    """Refuse integers for what is computed from numbers that may be NaN."""
    for name, given in (("dtype", dtype), ("out", getattr(out, "dtype", None))):
        if array.dtype.kind in "fc" and given is not None:
            if np.dtype(given).kind in "fc":
                continue
            message = f"If a is inexact, then {name} must be inexact"
            raise TypeError(named(f"{message}; {np.dtype(given)} was given"))


@remembered()
def _spread(
    a: Any,
    name: str,
    axis: Any,
    dtype: Any,
    out: Any,
    ddof: float,
    keepdims: bool,
    where: Any,
    mean: Any,
    correction: Any,
    line: str,
) -> Any:
    """The variance or standard deviation; computing it warns where nothing is left."""
    array = face.asarray(a)
    _check_inexact(array, dtype, out)
    present = _present(array, where)
    method = array.var if name == "nanvar" else array.std
    options = {"where": present, "mean": mean, "correction": correction}
    result = method(axis, dtype, None, ddof, keepdims, **options)
    if present is where:
        return result
    count = reductions.sum(present, axis, keepdims=keepdims)
    less = ddof if correction is None else correction
    nothing = apply(REGISTRY["less_equal"], count, less)
    result = apply(REGISTRY["where"], nothing, np.nan, result)
    return _warned(result, nothing, "Degrees of freedom <= 0 for slice.", line)


def nanstd(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: Any = None,
) -> Any:
    """The standard deviation of the elements that are not NaN; as of `var`.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.nanstd(np.array([1.0, np.nan, 3.0]))
    np.float64(1.0)
    """
    given = axis, dtype, out, ddof, keepdims, where, mean, correction
    return deliver("nanstd", _spread(a, "nanstd", *given, user_line()), out)
