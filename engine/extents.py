"""Extents: when a plan serves pieces of other sizes, and how its numbers follow.

It does where all axes of a piece have one extent m, or 1, all ops are elementwise, and
arrays are read and written by regions only. Then whatever stages 3 to 5 compare is

* a number of elements, a power of m: powers are equal for one m as for any other;
* whether axes of a region adjoin, and so are walked as one; whether two regions of an
  array have an element in common; whether a region is half of its array: see
  `relations`, all of which are in the key, as is whether an array has m to some power
  of elements;
* whether two regions are the same: of that, distances and strides are in the key.

m is at least 2: an axis of extent 1 is no axis.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import permutations
from math import prod
from typing import NamedTuple

from engine.access import Extents, Place, meetings
from engine.program import Step
from engine.recipe import Recipe
from engine.record.node import LEAF

REGIONS = frozenset({"view", "update", "update_add"})


class Region(NamedTuple):
    """Part of an array: the array's number and size, and which part."""

    owner: int
    size: int
    recipe: Recipe


def single_extent(shapes: Iterable[Extents]) -> int:
    """The extent of all axes of some shapes; 0 where there are others.

    >>> single_extent([(5, 1), (5,), (5, 5)]), single_extent([(5, 4)])
    (5, 0)
    """
    found = {n for shape in shapes for n in shape}
    found.discard(1)
    return found.pop() if len(found) == 1 and 0 not in found else 0


def without_extent(shape: Extents, extent: int) -> tuple[bool, ...]:
    """Which axes there are."""
    return tuple([n == extent for n in shape])


def relations(regions: Iterable[Region], extent: int) -> tuple[bool, ...]:
    """What is compared of regions besides their numbers: see the head of this file.

    Moving all regions of an array by the same distance changes nothing.
    """
    found: list[bool] = []
    arrays: dict[int, list[Recipe]] = {}
    for owner, size, recipe in dict.fromkeys(regions):
        if owner not in arrays:
            arrays[owner] = []
            found.append(is_power(size, extent))
        arrays[owner].append(recipe)
        found.append(2 * prod(recipe.shape) >= size)
        axes = [*zip(recipe.shape, recipe.strides, strict=True)]
        for (_, outer), (count, inner) in permutations(axes, 2):
            found.append(outer == count * inner)
    for recipes in arrays.values():
        if len(recipes) > 1:
            found += meetings([(r.shape, Place(r[1], r[3])) for r in recipes])
    return tuple(found)


def resized(extents: Extents, old: int, new: int) -> Extents:
    """The extents of a kernel over another extent of what it accesses.

    >>> resized((25, 5, 1), 5, 7)
    (49, 7, 1)
    """
    return tuple([new ** _power(n, old) for n in extents])


def is_power(number: int, base: int) -> bool:
    """Whether a number is a power of the base, the zeroth being one.

    >>> [n for n in range(30) if is_power(n, 3)]
    [1, 3, 9, 27]
    """
    return number > 0 and base ** _power(number, base) == number


def _power(number: int, base: int) -> int:
    """The power of the base that a number is, or that is next below it."""
    power = 0
    while number >= base:
        number //= base
        power += 1
    return power


def moved_steps(
    steps: Sequence[Step],
    regions: Sequence[tuple[int, int]],
    moves: Mapping[int, int],
) -> tuple[Step, ...]:
    """Steps whose regions are moved: those of which arrays, and by how much."""
    changed = list(steps)
    for n, owner in regions:
        move = moves.get(owner, 0)
        if move:
            (dtype, offset, shape, strides), *rest = steps[n].attributes
            recipe = Recipe(dtype, offset + move, shape, strides)
            changed[n] = steps[n].over(steps[n].shape, (recipe, *rest))
    return tuple(changed)


def resized_steps(steps: Sequence[Step], old: int, new: int) -> tuple[Step, ...]:
    """The steps over another extent; arrays keep their shapes."""
    changed: list[Step] = []
    for step in steps:
        shape, attributes = step.shape, step.attributes
        if step.op.name in REGIONS:
            (dtype, offset, extents, strides), *rest = attributes
            recipe = Recipe(dtype, offset, _with(extents, old, new), strides)
            attributes = (recipe, *rest)
        if step.op is not LEAF and step.op.name != "update":
            shape = _with(shape, old, new)
        changed.append(step.over(shape, attributes))
    return tuple(changed)


def _with(shape: Extents, old: int, new: int) -> Extents:
    return tuple([new if n == old else n for n in shape])
