"""Differences of neighbours, and gradients by them."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine.array import Array
from engine.errors import named
from engine.movement import integers
from engine.ops.op import cast
from engine.record.registry import REGISTRY
from engine.record.value import DATES

from .axes import normal_axis
from .elementwise import apply
from .operands import NOT_GIVEN
from .quick import remembered

__all__ = [
    "diff",
    "ediff1d",
    "gradient",
]


@remembered(shows_parts=True)
def diff(
    a: Any,
    n: int = 1,
    axis: int = -1,
    prepend: Any = NOT_GIVEN,
    append: Any = NOT_GIVEN,
) -> Any:
    """Differences of neighbours along an axis, `n` times.

    Parameters
    ----------
    a : array_like
    n : int
        How many times; each makes the axis shorter by one.
    axis : int
    prepend, append : array_like, optional
        What to put before and behind the elements first.

    Raises
    ------
    ValueError
        For a negative `n`.

    Examples
    --------
    >>> import engine.numpy as np
    >>> x = np.array([1, 4, 9, 16])
    >>> np.diff(x), np.diff(x, n=2), np.diff(x, prepend=0)
    (array([3, 5, 7]), array([2, 2]), array([1, 3, 5, 7]))
    """
    array = face.asarray(a)
    if n < 0:
        raise ValueError(named(f"order must be non-negative but got {n}"))
    if array.ndim == 0:
        raise ValueError(named("diff requires input that is at least one dimensional"))
    if n == 0:
        return array
    axis = normal_axis(axis, array.ndim)
    ends = [_end(x, array, axis) for x in (prepend, append)]
    if any(end is not None for end in ends):
        from .joining import concatenate

        parts = [ends[0], array, ends[1]]
        array = concatenate([part for part in parts if part is not None], axis)
    ahead = (slice(None),) * axis + (slice(1, None),)
    behind = (slice(None),) * axis + (slice(None, -1),)
    name = "not_equal" if array.dtype == np.bool_ else "subtract"
    for _ in range(n):
        array = apply(REGISTRY[name], array[ahead], array[behind])
    return array


def _end(x: Any, array: face.ndarray, axis: int) -> Any:
    if x is NOT_GIVEN:
        return None
    end = face.asarray(x)
    if end.ndim == 0:
        from .manipulation import broadcast_to

        end = broadcast_to(end, (*array.shape[:axis], 1, *array.shape[axis + 1 :]))
    return end


def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """Differences of neighbours in C order.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.ediff1d(np.array([1, 4, 9]), to_begin=0)
    array([0, 3, 5])
    """
    flat = face.asarray(ary).ravel()
    steps = apply(REGISTRY["subtract"], flat[1:], flat[:-1])
    if to_end is None and to_begin is None:
        return steps
    for name, end in (("to_end", to_end), ("to_begin", to_begin)):
        given = steps if end is None else face.asarray(end)
        if not np.can_cast(given.dtype, flat.dtype, "same_kind"):
            raise TypeError(
                named(
                    f"dtype of `{name}` must be compatible with input `ary` under the "
                    f"`same_kind` rule; {given.dtype} and {flat.dtype} were given"
                )
            )
    return _with_ends(steps, to_begin, to_end)


def _with_ends(middle: Any, to_begin: Any, to_end: Any) -> Any:
    from .joining import concatenate

    parts = [to_begin, middle, to_end]
    flat = [face.asarray(x).ravel() for x in parts if x is not None]
    return concatenate(flat).astype(middle.dtype)


def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Central differences within, one-sided ones at the ends.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.gradient(np.array([0.0, 1.0, 4.0, 9.0]), 0.5)
    array([ 2.,  4.,  8., 10.])
    """
    from .fallback import library_call

    array = face.asarray(f)
    spacing = varargs or (1.0,)
    regular = all(not isinstance(h, (Array, np.ndarray, list)) for h in spacing)
    if edge_order != 1 or not regular or array.dtype.kind in DATES:
        return library_call(
            "gradient", np.gradient, f, *varargs, axis=axis, edge_order=edge_order
        )
    axes = _in_given_order(axis, array.ndim)
    steps = list(spacing) * (len(axes) if len(spacing) == 1 else 1)
    if len(steps) != len(axes):
        raise TypeError(named("invalid number of arguments"))
    if array.dtype.kind == "b" and axes:
        _check_extent(array, axes[0])
        apply(REGISTRY["subtract"], array, array)  # which says why there is no such
    if array.dtype.kind in "iu":
        array = array.astype(float)
    made = [_along(array, a, h) for a, h in zip(axes, steps, strict=True)]
    return made[0] if len(made) == 1 else tuple(made)


def _in_given_order(axis: Any, rank: int) -> list[int]:
    """The axes along which to differentiate; each of them once."""
    if axis is None:
        return list(range(rank))
    axes = [normal_axis(a, rank) for a in integers(axis)]
    if len(set(axes)) < len(axes):
        raise ValueError(named("repeated axis"))
    return axes


def _check_extent(array: face.ndarray, axis: int) -> None:
    if array.shape[axis] < 2:
        raise ValueError(
            named(
                "Shape of array too small to calculate a numerical gradient, at least "
                "(edge_order + 1) elements are required."
            )
        )


@remembered()
def _along(array: face.ndarray, axis: int, step: Any) -> face.ndarray:
    def part(start: Any, stop: Any) -> tuple[slice, ...]:
        return (slice(None),) * axis + (slice(start, stop),)

    _check_extent(array, axis)
    out = face.ndarray.wrap(cast(array.read(), array.dtype)).copy()
    out[part(1, -1)] = (array[part(2, None)] - array[part(None, -2)]) / (2.0 * step)
    out[part(0, 1)] = (array[part(1, 2)] - array[part(0, 1)]) / step
    out[part(-1, None)] = (array[part(-1, None)] - array[part(-2, -1)]) / step
    return out
