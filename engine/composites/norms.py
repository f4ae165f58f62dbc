"""Norms of vectors and matrices, condition numbers and ranks."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine import ops
from engine.errors import named
from engine.movement import expand_axes, reshape_value
from engine.ops.op import Op, cast
from engine.ops.regions import full_value
from engine.ops.transfer import on_device
from engine.record.value import Value, constant

from .matrices import inexact, last_axes, singular_values
from .reductions import norm, reduce, reduce_all, reduce_sum


def _extreme(op: Op, x: Value, axis: int) -> Value:
    """The largest (0 of none) or smallest element along an axis."""
    axis %= len(x.shape)
    if op is ops.max and x.shape[axis] == 0:
        left = tuple(n for other, n in enumerate(x.shape) if other != axis)
        return on_device(full_value(left, 0, x.dtype), x.device)
    return reduce(op, x, axis)


def vector_norm(x: Value, ord: Any, axis: Any, keepdims: bool) -> Value:
    """A norm of vectors; one axis, several as one, or None for all.

    Raises
    ------
    ValueError
        If there is no such norm.
    """
    if isinstance(ord, str):
        raise ValueError(named(f"Invalid norm order {ord!r} for vectors"))
    if ord is None or ord == 2:
        return norm(x, axis, keepdims)
    size = ops.absolute(x)
    if ord == np.inf and 0 not in x.shape:
        return reduce(ops.max, size, axis, keepdims)
    if ord == -np.inf:
        return reduce(ops.min, size, axis, keepdims)
    if ord == 0:
        return reduce_sum(
            cast(ops.not_equal(x, 0), size.dtype), axis, keepdims=keepdims
        )
    if ord in (1, np.inf):  # of none the largest is 0, as the sum
        return reduce_sum(size, axis, keepdims=keepdims)
    powers = reduce_sum(size ** float(ord), axis, keepdims=keepdims)
    return powers ** (1.0 / float(ord))


def matrix_norm(x: Value, ord: Any, axes: tuple[int, int], keepdims: bool) -> Value:
    """A norm of the matrices in two axes: rows, columns.

    Raises
    ------
    ValueError
        If there is no such norm.
    """
    if ord in (None, "fro", "f"):
        return norm(x, axes, keepdims)
    x = last_axes(x, axes)
    if ord == "nuc":
        found = reduce_sum(singular_values(x), -1)
    elif ord in (2, -2):
        found = _extreme(ops.max if ord > 0 else ops.min, singular_values(x), -1)
    elif ord in (1, -1, np.inf, -np.inf):
        sums = reduce_sum(ops.absolute(x), -2 if abs(ord) == 1 else -1)
        found = _extreme(ops.max if ord > 0 else ops.min, sums, -1)
    else:
        raise ValueError(named(f"Invalid norm order for matrices: {ord!r} was given"))
    return expand_axes(found, sorted(axes)) if keepdims else found


def condition(x: Value, p: Any) -> Value:
    """The condition number: how much a solution may magnify an error.

    Raises
    ------
    numpy.linalg.LinAlgError
        For matrices without elements.
    """
    if x.size == 0 and 0 in x.shape[-2:]:
        raise np.linalg.LinAlgError(named("cond is not defined on empty arrays"))
    (x,) = inexact(x)
    if p is None or p in (2, -2):
        s = singular_values(x)
        first, last = _extreme(ops.max, s, -1), _extreme(ops.min, s, -1)
        found = last / first if p == -2 else first / last
    else:
        rank = len(x.shape)
        axes = rank - 2, rank - 1
        inverse = ops.inv(x, attributes=(False,))
        found = matrix_norm(x, p, axes, False) * matrix_norm(inverse, p, axes, False)
    # What is no number, of numbers, is infinite: 0 / 0, or no inverse.
    known = reduce_all(ops.equal(x, x), (-2, -1))
    return ops.where(ops.isnan(found) & known, np.inf, found)


def matrix_rank(x: Value, tolerance: Any, relative: Any, hermitian: bool) -> Value:
    """How many singular values are above a tolerance."""
    s = singular_values(x, hermitian)
    if tolerance is None:
        if relative is None:
            factor: Any = max(x.shape[-2:]) * float(np.finfo(s.dtype).eps)
        else:
            factor = _last(relative)
        tolerance = expand_axes(_extreme(ops.max, s, -1), (-1,)) * factor
    else:
        tolerance = _last(tolerance)
    return reduce_sum(s > tolerance, -1)


def _last(x: Any) -> Value:
    """A number for each matrix, before its singular values."""
    value = x if isinstance(x, Value) else constant(np.asarray(x))
    return reshape_value(value, (*value.shape, 1))
