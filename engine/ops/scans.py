"""Scans and sorts along one axis, and checks, as library calls."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.cotangent import AtPositions, Cotangent, settle
from engine.errors import warn_at
from engine.movement import (
    broadcast_value,
    flip_value,
    region,
    reshape_value,
    slice_value,
)
from engine.recipe import Shape, c_strides
from engine.record.value import DATES, Value
from engine.shared_work import along

from .loops import INT64, conj
from .op import DType, operation, resolved
from .regions import full_value, take, update
from .sources import iota

NEAR = 2**13
"""Elements of so many lines are sorted and looked at while they are in a near cache."""


def _accumulated(ufunc: np.ufunc) -> Callable[[Any, int], tuple[DType, Shape]]:
    """The inference of a scan by a function that not all dates have."""

    def infer(x: Any, axis: int) -> tuple[DType, Shape]:
        if x.dtype.kind in DATES:
            resolved(ufunc, f"cumulative {ufunc.__name__}", (x.dtype, x.dtype, None))
        return x.dtype, x.shape

    return infer


def _same_pair(factors: Any, terms: Any, axis: int) -> tuple[DType, Shape]:
    return terms.dtype, terms.shape


def _same(x: Any, axis: int, how: Any = None) -> tuple[DType, Shape]:
    return x.dtype, x.shape


def _positions(x: Any, axis: int, how: Any = None) -> tuple[DType, Shape]:
    return INT64, x.shape


@operation("library", _accumulated(np.add), onnx="CumSum", linear=True)
def cumsum(x: Any, axis: Any) -> Any:
    """Sums of all elements up to each one, in the dtype of x."""
    return np.cumsum(x, axis=axis, dtype=None if x.dtype.kind in DATES else x.dtype)


@cumsum.cotangent
def _(cotangent: Cotangent, out: Value, _x: Value, axis: int) -> Any:
    return (Cotangent(_sum_after(settle(cotangent), axis)),)


def _sum_after(value: Value, axis: int) -> Value:
    """Sums of all elements from each one on."""
    backwards = cumsum(flip_value(value, (axis,)), attributes=(axis,))
    return flip_value(backwards, (axis,))


@operation("library", _accumulated(np.multiply))
def cumprod(x: Any, axis: Any) -> Any:
    """Products of all elements up to each one, in the dtype of x."""
    return np.cumprod(x, axis=axis, dtype=x.dtype)


@cumprod.cotangent
def _(cotangent: Cotangent, out: Value, x: Value, axis: int) -> Any:
    """Without a division, so that zeros need no care, in derivatives of any order."""
    before = _delayed(out, axis, 1)
    after = _recurrence_backwards(conj(x), settle(cotangent), axis)
    return (Cotangent(conj(before) * after),)


@operation("library", _same_pair)
def recurrence(factors: Any, terms: Any, axis: Any) -> Any:
    """``y[i] = factors[i] * y[i - 1] + terms[i]`` along an axis, from ``y[-1] = 0``.

    By halves: two steps are one step with other coefficients, so that the work is
    linear and every pass runs over whole arrays.
    """
    a, b = np.moveaxis(factors, axis, 0), np.moveaxis(terms, axis, 0)
    levels = []
    while len(b) > 1:
        levels.append((a, b))
        even, odd = slice(0, len(b) // 2 * 2, 2), slice(1, None, 2)
        a, b = a[odd] * a[even], a[odd] * b[even] + b[odd]
    y = b
    for a, b in reversed(levels):
        odds, y = y, np.empty_like(b)
        y[0], y[1::2] = b[0], odds
        y[2::2] = a[2::2] * y[1:-1:2] + b[2::2]
    return np.moveaxis(y, 0, axis)


@recurrence.cotangent
def _(cotangent: Cotangent, out: Value, factors: Value, terms: Value, axis: int) -> Any:
    of_terms = _recurrence_backwards(conj(factors), settle(cotangent), axis)
    before = _delayed(out, axis, 0)
    return Cotangent(conj(before) * of_terms), Cotangent(of_terms)


def _recurrence_backwards(factors: Value, terms: Value, axis: int) -> Value:
    """``y[i] = factors[i + 1] * y[i + 1] + terms[i]``: the adjoint of a recurrence."""
    delayed = _delayed(flip_value(factors, (axis,)), axis, 0)
    backwards = recurrence(delayed, flip_value(terms, (axis,)), attributes=(axis,))
    return flip_value(backwards, (axis,))


def _delayed(value: Value, axis: int, first: int) -> Value:
    """``[first, x[0], x[1], ...]`` along an axis, as long as the value."""
    shape = value.shape
    filled = full_value(shape, first, value.dtype)
    if shape[axis] < 2:
        return filled
    key = [slice(None)] * axis + [slice(None, -1)]
    kept = slice_value(value, key)
    start = tuple(int(other == axis) for other in range(len(shape)))
    return update(
        filled, kept, attributes=(region(shape, value.dtype, start, kept.shape),)
    )


@operation("library", _same, expensive=True)
def sort(x: Any, axis: Any, kind: Any = "stable") -> Any:
    """The elements in rising order along an axis, NaN last; as NumPy's of a kind."""
    # Only zeros of both signs and complex parts show whether a sort is stable. NumPy's
    # vectorised sort, which is not, takes about half the time from 4 bytes on.
    wide = x.dtype.itemsize >= 4
    plain = kind
    if kind == "stable" and wide:
        simple = x.dtype.kind in "iu" or (x.dtype.kind == "f" and x.all())
        plain = "quicksort" if simple else kind
    out = np.array(x, order="K")

    def sort_lines(_: Any, there: Any) -> None:
        there.sort(axis=axis, kind=plain)

    return along(x, axis, _work(x, axis, 1.0), out, sort_lines)


def _work(x: Any, axis: int, each: float) -> float:
    """What it takes to sort along an axis, if each comparison takes so long."""
    return each * float(x.size) * math.log2(x.shape[axis] + 2)


@sort.cotangent
def _(
    cotangent: Cotangent, out: Value, x: Value, axis: int, kind: str = "stable"
) -> Any:
    # Among equal elements any order will do: this one is always the same.
    order = argsort(x, attributes=(axis,))
    return (AtPositions(cotangent, flat_positions(order, axis, x.shape)),)


@operation("library", _same, expensive=True)
def partition(x: Any, axis: Any, places: Any) -> Any:
    """The elements in an order in which those at some places are as if sorted."""
    out = np.array(x, order="K")
    kth = np.array(places, np.intp)  # there may be none

    def part_lines(_: Any, there: Any) -> None:
        there.partition(kth, axis=axis)

    return along(x, axis, _selecting(x, 1.0), out, part_lines)


def _selecting(x: Any, each: float) -> float:
    """What it takes to partition, if each comparison takes so long."""
    return 3.0 * each * float(x.size)


@partition.cotangent
def _(
    cotangent: Cotangent, out: Value, x: Value, axis: int, places: tuple[int, ...]
) -> Any:
    # The n-th smallest element of `out` is the n-th smallest of `x`.
    sources = argsort(x, attributes=(axis,))
    ranks = argsort(argsort(out, attributes=(axis,)), attributes=(axis,))
    order = take(sources, flat_positions(ranks, axis, x.shape))
    return (AtPositions(cotangent, flat_positions(order, axis, x.shape)),)


@operation("library", _positions, expensive=True)
def argpartition(x: Any, axis: Any, places: Any) -> Any:
    """Positions along an axis of what `partition` gives."""
    kth = np.array(places, np.intp)  # there may be none

    def part_lines(some: Any, there: Any) -> None:
        there[...] = np.argpartition(some, kth, axis=axis)

    out = np.empty(x.shape, np.int64)
    return along(x, axis, _selecting(x, 2.0), out, part_lines)


@operation("library", _positions, expensive=True)
def argsort(x: Any, axis: Any, kind: Any = "stable") -> Any:
    """Positions along an axis in the order of their elements, as NumPy's of a kind."""
    floats = x.dtype.kind == "f" and x.dtype.itemsize >= 4 and x.size > 1000
    quick = floats and kind == "stable"

    def sort_lines(some: Any, there: Any) -> None:
        if quick:
            lines = np.moveaxis(some, axis, -1)
            np.moveaxis(there, axis, -1)[...] = _places_of_lines(lines)
        else:
            there[...] = np.argsort(some, axis=axis, kind=kind)

    out = np.empty(x.shape, np.int64)
    return along(x, axis, _work(x, axis, 2.0), out, sort_lines)


def _places_of_lines(lines: Any) -> Any:
    """The stable `argsort` of floats along the last axis.

    NumPy's vectorised sort takes half the time. Where it finds that all elements of a
    line differ there is one order only; other lines are sorted again.
    """
    flat = np.ascontiguousarray(lines).reshape(-1, lines.shape[-1])
    places = np.empty(flat.shape, np.int64)
    rows = max(1, NEAR // flat.shape[1])
    starts = np.arange(min(rows, len(flat)))[:, None] * flat.shape[1]
    for first in range(0, len(flat), rows):
        some, there = flat[first : first + rows], places[first : first + rows]
        there[...] = np.argsort(some, axis=-1)
        ordered = some.reshape(-1).take(there + starts[: len(some)], mode="clip")
        ties = ~(ordered[:, 1:] > ordered[:, :-1]).all(axis=1)
        if ties.any():
            there[ties] = np.argsort(some[ties], axis=1, kind="stable")
    return places.reshape(lines.shape)


def flat_positions(places: Value, axis: int, shape: Shape) -> Value:
    """Flat positions in an array of `shape` of elements at `places` along an axis.

    As in ``take_along_axis``, `places` has the other axes in common with the array.
    """
    strides = c_strides(shape)
    positions = places * strides[axis]
    rank = len(shape)
    for other, stride in enumerate(strides):
        extent = places.shape[other]
        if other == axis or extent == 1:
            continue
        own = iota(attributes=(extent,)) * stride
        own = reshape_value(own, (extent,) + (1,) * (rank - other - 1))
        positions = positions + broadcast_value(own, places.shape)
    return positions


def _indices(x: Any, extent: int, of: str) -> tuple[DType, Shape]:
    return INT64, x.shape


@operation("library", _indices)
def indices(x: Any, extent: Any, of: Any) -> Any:
    """Indices counted from the front, when each is at least -extent and below it.

    `of` is what they are indices of, as in "axis 0".
    """
    outside = (x < -extent) | (x >= extent)
    if outside.any():
        raise IndexError(
            f"index {x[outside][0]} is out of bounds for {of} with size {extent}"
        )
    return np.where(x < 0, x + extent, x)


def _bounded(x: Any, extent: int, other: int) -> tuple[DType, Shape]:
    return x.dtype, x.shape


@operation("library", _bounded)
def bounded(x: Any, extent: Any, other: Any) -> Any:
    """Classes x, when each is at least 0 and below `extent`, or is `other`."""
    outside = ((x < 0) | (x >= extent)) & (x != other)
    if outside.any():
        raise IndexError(
            f"classes from 0 to {extent - 1} were required; "
            f"Target {x[outside][0]} is out of bounds"
        )
    return x


def _along(x: Any, extent: int, dim: int) -> tuple[DType, Shape]:
    return x.dtype, x.shape


@operation("library", _along)
def places_along(x: Any, extent: Any, dim: Any) -> Any:
    """Places x of a dimension, when each is at least 0 and below its `extent`."""
    outside = (x < 0) | (x >= extent)
    if outside.any():
        raise RuntimeError(
            f"index {x[outside][0]} is out of bounds for dimension {dim} with size "
            f"{extent}"
        )
    return x


def _divisor(x: Any) -> tuple[DType, Shape]:
    return x.dtype, x.shape


@operation("library", _divisor, linear=True)
def divisor(x: Any) -> Any:
    """Sums of weights x, when none of them is 0."""
    if not x.all():
        raise ZeroDivisionError("Weights sum to zero, can't be normalized")
    return x


@divisor.cotangent
def _(cotangent: Cotangent, out: Value, _x: Value) -> Any:
    return (cotangent,)


@operation("library", lambda x, of: (x.dtype, x.shape), linear=True)
def shares(x: Any, of: Any) -> Any:
    """Numbers x, when all of them are between 0 and 1; `of` says what they are."""
    if not ((x >= 0) & (x <= 1)).all():
        raise RuntimeError(f"all elements of {of} should be between 0 and 1")
    return x


@shares.cotangent
def _(cotangent: Cotangent, out: Value, _x: Value, _of: str) -> Any:
    return (cotangent,)


def _warned(x: Any, flags: Any, message: str, line: str) -> tuple[DType, Shape]:
    return x.dtype, x.shape


@operation("library", _warned, linear=True)
def warned(x: Any, flags: Any, message: Any, line: Any) -> Any:
    """The elements of x, after a RuntimeWarning at a line where a flag is set."""
    if flags.any():
        warn_at(line, message, RuntimeWarning)
    return x


@warned.cotangent
def _(cotangent: Cotangent, out: Value, _x: Value, _flags: Value, *_: str) -> Any:
    return cotangent, None
