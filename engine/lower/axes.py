"""The axes of a kernel: the fewest, in the order that suits memory and vectors."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from engine.access import Extents, Place, collapses

WIDE = 16
"""Neighbouring columns that are worth their own vectors."""


def simplify_axes(
    kind: str,
    extents: Extents,
    inner: int,
    places: Sequence[Place],
    stores: set[int],
) -> tuple[Extents, int, list[Place]]:
    """The fewest axes, in the best order; how many are outer; the places over them."""
    outer = list(range(len(extents) - inner))
    if kind == "map":
        outer = _best_order(extents, places, stores)
    runs = [*_runs(outer, extents, places)]
    if kind == "column":
        runs = _widest_last(runs, extents)
    n_outer = len(runs)
    if inner:
        runs.append(list(range(len(extents) - inner, len(extents))))
    merged = [
        Place(p.offset, tuple(p.strides[run[-1]] for run in runs)) for p in places
    ]
    sizes = tuple(prod(extents[axis] for axis in run) for run in runs)
    return sizes, n_outer, merged


def _best_order(
    extents: Extents, places: Sequence[Place], stores: set[int]
) -> list[int]:
    """Axes of a map, the vector axis last: the one contiguous for most accesses."""
    axes = range(len(extents))
    if len(extents) < 2:
        return list(axes)

    def weight(axis: int) -> tuple[int, int]:
        steps = [abs(place.strides[axis]) for place in places]
        stored = sum(s == 1 for i, s in enumerate(steps) if i in stores)
        return (sum(s == 1 for s in steps), stored)

    last = max(axes, key=lambda axis: (*weight(axis), axis))
    first = places[min(stores)].strides if stores else tuple(extents)
    rest = sorted((a for a in axes if a != last), key=lambda a: -abs(first[a]))
    return [*rest, last]


def _widest_last(runs: list[list[int]], extents: Extents) -> list[list[int]]:
    """The axes of columns: the last one, for vectors, is not among the shortest."""
    sizes = [prod(extents[axis] for axis in run) for run in runs]
    if not runs or sizes[-1] >= WIDE:
        return runs
    widest = max(range(len(runs)), key=sizes.__getitem__)
    return [*runs[:widest], *runs[widest + 1 :], runs[widest]]


def _runs(
    order: Sequence[int], extents: Extents, places: Sequence[Place]
) -> list[list[int]]:
    """Neighbouring axes that all places walk as one."""
    runs: list[list[int]] = []
    for axis in order:
        pair = (runs[-1][-1], axis) if runs else ()
        if pair and all(
            collapses((extents[pair[0]], extents[axis]), [p.strides[a] for a in pair])
            for p in places
        ):
            runs[-1].append(axis)
        else:
            runs.append([axis])
    return runs
