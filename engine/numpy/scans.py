"""Scans: sums and products of all elements up to each one."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine.errors import called, named, warn_of_parts
from engine.ops.op import cast
from engine.ops.regions import full_value
from engine.record.registry import REGISTRY

from .quick import by_method
from .reductions import (
    Axis,
    accumulator,
    deliver,
    dtype_of,
    in_memory_order,
    normal,
)

__all__ = ["cumprod", "cumsum", "cumulative_prod", "cumulative_sum"]


def _scan(name: str, a: Any, axis: Axis, dtype: Any, out: Any) -> Any:
    array = face.asarray(a)
    if isinstance(axis, tuple):
        raise TypeError(f"{name}: one axis or None was required; {axis} was given")
    if axis is None or array.ndim == 0:
        array, axis = array.ravel(), 0 if axis is None else axis
    (axis,) = normal(name, axis, array.ndim)
    value, order = in_memory_order(array)
    wanted = dtype_of(out) if dtype is None else dtype
    target = accumulator(array.dtype, wanted)
    warn_of_parts(array.dtype, target)
    value = cast(value, target)
    scanned = REGISTRY[name](value, attributes=(order.index(axis),))
    result = face.ndarray.wrap(scanned, order)
    return deliver(name, result, out, "unsafe")


@by_method
def cumsum(a: Any, axis: Axis = None, dtype: Any = None, out: Any = None) -> Any:
    """Sums of all elements up to each one, along an axis or of all in C order.

    Parameters
    ----------
    a : array_like
    axis : int, optional
    dtype : dtype, optional
        What to add in; narrow integers are added as int64 or uint64.
    out : ndarray, optional
        Where to store the result.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.cumsum(np.array([[1, 2], [3, 4]]), axis=0)
    array([[1, 2],
           [4, 6]])
    """
    return _scan("cumsum", a, axis, dtype, out)


@by_method
def cumprod(a: Any, axis: Axis = None, dtype: Any = None, out: Any = None) -> Any:
    """Products of all elements up to each one, along an axis or of all in C order.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.cumprod(np.array([[1, 2], [3, 4]]), axis=0)
    array([[1, 2],
           [3, 8]])
    """
    return _scan("cumprod", a, axis, dtype, out)


def running(name: str, a: Any, axis: int, dtype: Any) -> Any:
    """The greatest (``cummax``) or least of all elements up to each one."""
    array = face.asarray(a)
    (axis,) = normal(called(), axis, array.ndim)
    value, order = in_memory_order(array)
    if dtype is not None:
        value = cast(value, np.dtype(dtype))
    scanned = REGISTRY[name](value, attributes=(order.index(axis),))
    return face.ndarray.wrap(scanned, order)


def cumulative_sum(
    x: Any,
    /,
    *,
    axis: int | None = None,
    dtype: Any = None,
    out: Any = None,
    include_initial: bool = False,
) -> Any:
    """Sums of all elements up to each one, with a 0 first if `include_initial`.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.cumulative_sum(np.array([1, 2, 3]), include_initial=True)
    array([0, 1, 3, 6])
    """
    return _cumulative("cumsum", x, axis, dtype, out, include_initial, 0)


def cumulative_prod(
    x: Any,
    /,
    *,
    axis: int | None = None,
    dtype: Any = None,
    out: Any = None,
    include_initial: bool = False,
) -> Any:
    """Products of all elements up to each one, with a 1 first if `include_initial`.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.cumulative_prod(np.array([1, 2, 3]))
    array([1, 2, 6])
    """
    return _cumulative("cumprod", x, axis, dtype, out, include_initial, 1)


def _cumulative(
    name: str, x: Any, axis: Any, dtype: Any, out: Any, initial: bool, first: int
) -> Any:
    array = face.asarray(x)
    if array.ndim == 0:
        array = array.reshape(1)
    if axis is None:
        if array.ndim > 1:
            raise ValueError(
                named("For arrays of more than one axis, `axis` is required")
            )
        axis = 0
    scanned = _scan(name, array, axis, dtype_of(out) if dtype is None else dtype, None)
    if initial:
        from .joining import concatenate

        (place,) = normal(name, axis, array.ndim)
        shape = (*array.shape[:place], 1, *array.shape[place + 1 :])
        start = face.ndarray.wrap(full_value(shape, first, scanned.dtype))
        scanned = concatenate((start, scanned), place)
    return deliver(name, scanned, out, "unsafe")
