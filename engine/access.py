"""The arithmetic of accesses: where each index of a kernel's axes finds its element.

A `Place` is an affine map from the axes of a kernel to positions in flat memory. Views
and broadcasts are composed with it; where a view needs finer axes than the kernel has
(a reshape), the answer says how the axes must be split.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from math import prod
from typing import Any, NamedTuple

import numpy as np

from engine.recipe import Recipe, c_strides

Extents = tuple[int, ...]
Pieces = tuple[Extents, ...]
"""For each axis the extents that it is split into, outermost first."""


CACHED = 4096
"""Loops ask for the same few compositions again and again."""


class Place(NamedTuple):
    """``offset + sum(strides[k] * index[k])``, in items, one stride per kernel axis."""

    offset: int
    strides: tuple[int, ...]


class Composed(NamedTuple):
    """A composed place over axes that were split into `pieces` (None: as they were)."""

    place: Place
    pieces: Pieces | None


class Located(NamedTuple):
    """Which axes of a shape the kernel's axes walk along.

    `start` is the index at kernel index 0, `digits` holds for each piece of a kernel
    axis the step along every axis of the shape.
    """

    start: tuple[int, ...]
    digits: tuple[tuple[int, ...], ...]
    pieces: Pieces | None


def split_place(place: Place, pieces: Pieces) -> Place:
    """The same place over axes that were split.

    >>> split_place(Place(5, (1,)), ((3, 4),))
    Place(offset=5, strides=(4, 1))
    """
    strides: list[int] = []
    for stride, extents in zip(place.strides, pieces, strict=True):
        strides += [stride * step for step in c_strides(extents)]
    return Place(place.offset, tuple(strides))


def merged(region: Recipe) -> tuple[Extents, tuple[int, ...]]:
    """Extents and strides of a region with the fewest axes."""
    extents: list[int] = []
    strides: list[int] = []
    for extent, stride in zip(region.shape, region.strides, strict=True):
        if extent == 1:
            continue
        if extents and strides[-1] == extent * stride:
            extents[-1] *= extent
            strides[-1] = stride
        else:
            extents.append(extent)
            strides.append(stride)
    return tuple(extents), tuple(strides)


@lru_cache(maxsize=CACHED)
def locate(shape: Extents, extents: Extents, place: Place) -> Located | None:
    """How a place in flat memory moves along the axes of its `shape`.

    None when a kernel axis runs over the end of an axis of the shape in a way that no
    split can mend.
    """
    counts = c_strides(shape)
    start = _digits(place.offset, shape, counts)
    low, high = list(start), list(start)
    pieces: list[Extents] = []
    digits: list[tuple[int, ...]] = []
    for extent, stride in zip(extents, place.strides, strict=True):
        parts = _pieces(extent, abs(stride), shape, counts)
        pieces.append(parts)
        for part, step in zip(parts, c_strides(parts), strict=True):
            moves = _digits(abs(stride) * step, shape, counts)
            if stride < 0:
                moves = tuple(-m for m in moves)
            digits.append(moves)
            for j, move in enumerate(moves):
                if move < 0:
                    low[j] += move * (part - 1)
                else:
                    high[j] += move * (part - 1)
    if any(n < 0 for n in low) or any(n >= m for n, m in zip(high, shape, strict=True)):
        return None
    split = any(len(parts) > 1 for parts in pieces)
    return Located(start, tuple(digits), tuple(pieces) if split else None)


def _digits(position: int, shape: Extents, counts: Sequence[int]) -> tuple[int, ...]:
    """A non-negative position as an index; the first axis takes what is left."""
    digits = []
    for axis, count in enumerate(counts):
        digit = position // count
        digits.append(digit if axis == 0 else digit % shape[axis])
    return tuple(digits)


def _pieces(extent: int, stride: int, shape: Extents, counts: Sequence[int]) -> Extents:
    """Split an axis that walks over the end of an axis of the shape."""
    pieces: list[int] = []
    while stride and extent > 1:
        axis = _only_axis(stride, shape, counts)
        if axis is None or axis == 0:
            break
        step = stride // counts[axis]
        period = shape[axis] // step
        if step * (extent - 1) < shape[axis] or shape[axis] % step:
            break
        if extent % period or period in (1, extent):
            break
        pieces.insert(0, period)
        extent //= period
        stride *= period
    return (extent, *pieces)


def _only_axis(stride: int, shape: Extents, counts: Sequence[int]) -> int | None:
    """The axis along which a stride moves, None where there are several."""
    found = None
    for axis, digit in enumerate(_digits(stride, shape, counts)):
        if digit:
            if found is not None:
                return None
            found = axis
    return found


@lru_cache(maxsize=CACHED)
def compose(region: Recipe, extents: Extents, place: Place) -> Composed | None:
    """Where a place in a view lies in the memory of the view's base.

    Parameters
    ----------
    region : Recipe
        The view.
    extents : tuple of int
        Extents of the kernel's axes.
    place : Place
        A place in the view's elements, counted in C order.

    Examples
    --------
    Reading a transposed 2 x 3 array along all of its 6 elements needs two axes:

    >>> transposed = Recipe(np.dtype(float), 0, (3, 2), (1, 3))
    >>> compose(transposed, (6,), Place(0, (1,)))
    Composed(place=Place(offset=0, strides=(1, 3)), pieces=((3, 2),))
    """
    shape, strides = merged(region)
    if len(shape) <= 1:
        step = strides[0] if strides else 0
        moved = tuple(s * step for s in place.strides)
        return Composed(Place(region.offset + place.offset * step, moved), None)
    found = locate(shape, extents, place)
    if found is None:
        return None
    offset = region.offset + _dot(found.start, strides)
    moved = tuple(_dot(moves, strides) for moves in found.digits)
    return Composed(Place(offset, moved), found.pieces)


def _dot(left: Sequence[int], right: Sequence[int]) -> int:
    return sum(a * b for a, b in zip(left, right, strict=True))


def spread(shape: Extents, into: Extents) -> Recipe:
    """The recipe with which an operand of `shape` is broadcast into a larger shape."""
    own = c_strides(shape)
    lead = len(into) - len(shape)
    strides = [0] * lead + [
        0 if n == 1 and m != 1 else s
        for n, m, s in zip(shape, into[lead:], own, strict=True)
    ]
    return Recipe(_ANY, 0, into, tuple(strides))


def composed(below: Recipe, view: Recipe) -> Recipe | None:
    """The view that a view of a view is; None where it is none, or of another dtype.

    >>> rows = Recipe(np.dtype(float), 2, (3, 2), (4, 1))
    >>> composed(rows, Recipe(np.dtype(float), 1, (3,), (2,)))[1:]
    (3, (3,), (4,))
    """
    if view.dtype != below.dtype or not view.size:
        return None
    found = compose(below, view.shape, Place(view.offset, view.strides))
    if found is None or found.pieces is not None:
        return None
    return Recipe(view.dtype, found.place.offset, view.shape, found.place.strides)


_ANY: np.dtype[Any] = np.dtype(np.uint8)


def inverse(region: Recipe, size: int) -> Recipe | None:
    """The view that undoes a reordering of all elements, None where it is none.

    >>> inverse(Recipe(np.dtype(float), 0, (3, 2), (1, 3)), 6)[1:]
    (0, (2, 3), (1, 2))
    """
    shape, strides = merged(region)
    order = sorted(range(len(shape)), key=lambda axis: -strides[axis])
    expected = size
    for axis in order:
        if strides[axis] <= 0 or expected != strides[axis] * shape[axis]:
            return None
        expected = strides[axis]
    if region.offset or expected != 1:
        return None
    own = c_strides(shape)
    return Recipe(
        region.dtype,
        0,
        tuple(shape[axis] for axis in order),
        tuple(own[axis] for axis in order),
    )


def collapses(extents: Extents, strides: Sequence[int]) -> bool:
    """Whether axes with these strides can be walked as one."""
    return all(
        strides[k] == strides[k + 1] * extents[k + 1] for k in range(len(extents) - 1)
    )


class _Memory:
    """A pretended array of one-byte items: only its addresses are looked at."""

    def __init__(self, shape: Extents, offset: int, strides: Sequence[int]) -> None:
        self.__array_interface__ = {
            "version": 3,
            "typestr": "|u1",
            "shape": shape,
            "strides": tuple(strides),
            "data": ((1 << 50) + offset, True),
        }


@lru_cache(maxsize=CACHED)
def overlap(extents: Extents, one: Place, other_extents: Extents, other: Place) -> bool:
    """Whether two places of the same memory have an element in common."""
    if prod(extents) == 0 or prod(other_extents) == 0:
        return False
    low, high = span(extents, one)
    other_low, other_high = span(other_extents, other)
    if high < other_low or other_high < low:  # no array is to be made
        return False
    first = np.asarray(_Memory(extents, one.offset, one.strides))
    second = np.asarray(_Memory(other_extents, other.offset, other.strides))
    try:
        return bool(np.shares_memory(first, second, _EFFORT))
    except np.exceptions.TooHardError:
        return True


def meet(one: Recipe, other: Recipe) -> bool:
    """Whether two regions of one array have an element in common."""
    return overlap(
        one.shape,
        Place(one.offset, one.strides),
        other.shape,
        Place(other.offset, other.strides),
    )


def meetings(places: Sequence[tuple[Extents, Place]]) -> list[bool]:
    """`overlap` for each pair of some places.

    Slices of one array are boxes in it, of which it is plain whether they meet.
    """
    steps = {abs(s) for _, place in places for s in place.strides}
    units = sorted((steps | {1}) - {0}, reverse=True)
    nested = all(unit % below == 0 for unit, below in pairwise(units))
    boxes = [_box(*one, units) if nested else None for one in places]
    found: list[bool] = []
    for k, box in enumerate(boxes):
        for j in range(k):
            other = boxes[j]
            if box is None or other is None:
                found.append(overlap.__wrapped__(*places[j], *places[k]))
                continue
            for first, last, begin, end in zip(*other, *box, strict=True):
                if first > end or begin > last:
                    found.append(False)
                    break
            else:
                found.append(True)
    return found


def _box(
    extents: Extents, place: Place, units: Sequence[int]
) -> tuple[list[int], list[int]] | None:
    """A place as ranges of digits of its addresses: the first and the last of each.

    The digits are of ever smaller `units`, of which each is a multiple of the next.
    None where a place has no such ranges, as one whose rows reach beyond a unit.
    """
    digits: list[int] = []
    rest = place.offset
    for unit in units:
        digit, rest = divmod(rest, unit)
        digits.append(digit)
    ends = [*digits]
    for extent, stride in zip(extents, place.strides, strict=True):
        if extent == 0:
            return None
        if stride and extent > 1:
            k = units.index(abs(stride))
            if stride < 0:
                digits[k] += (extent - 1) * stride // units[k]
            else:
                ends[k] += extent - 1
            if digits[k] < 0 or (k and ends[k] * units[k] >= units[k - 1]):
                return None
    return digits, ends


def span(extents: Extents, place: Place) -> tuple[int, int]:
    """The first and the last element of a place in memory."""
    low = high = place.offset
    for extent, stride in zip(extents, place.strides, strict=True):
        if stride < 0:
            low += (extent - 1) * stride
        else:
            high += (extent - 1) * stride
    return low, high


_EFFORT: Any = 100_000
"""What an exact answer may cost; beyond it the answer is the safe one."""
