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

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import combinations, permutations
from typing import Any, NamedTuple

from engine.access import Extents, Place, overlap
from engine.kernels.kernel import Layout
from engine.lower import Lowered
from engine.program import Step
from engine.recipe import Recipe
from engine.record.node import LEAF

REGIONS = frozenset({"view", "update", "update_add"})


class Region(NamedTuple):
    """Part of an array: the array's number and size, and which part."""

    owner: int
    size: int
    recipe: Recipe

    def at(self, offset: int) -> Region:
        """The same part, beginning elsewhere."""
        dtype, _, shape, strides = self.recipe
        return Region(self.owner, self.size, Recipe(dtype, offset, shape, strides))


def single_extent(rows: Sequence[tuple[Any, ...]]) -> int:
    """The extent of all axes in the rows of a piece; 0 where there are others.

    Rows are those of `pieces`: the op first, what an event is told third, the shape
    sixth.
    """
    found: set[int] = set()
    for row in rows:
        if row[0] is LEAF:
            continue
        op, about, shape = row[0], row[2], row[5]
        if op.name in ("view", "update"):
            found.update(about[1])
        elif op.kind == "elementwise" and not about:
            found.update(shape)
        else:
            return 0
    found.discard(1)
    return found.pop() if len(found) == 1 and 0 not in found else 0


def without_extent(
    rows: Sequence[tuple[Any, ...]], extent: int
) -> tuple[tuple[Any, ...], ...]:
    """The rows with a mark in the place of the extent; arrays keep theirs."""
    kept: list[tuple[Any, ...]] = []
    for row in rows:
        if row[0] is LEAF:
            kept.append(row)
            continue
        about, shape = row[2], row[5]
        if row[0].name in REGIONS:
            about = (about[0], _marked(about[1], extent), *about[2:])
        if row[0].name != "update":  # its result has the shape of the array
            shape = _marked(shape, extent)
        kept.append((*row[:2], about, *row[3:5], shape, *row[6:]))
    return tuple(kept)


def _marked(shape: Extents, extent: int) -> tuple[bool, ...]:
    """Which axes there are."""
    return tuple([n == extent for n in shape])


@lru_cache(maxsize=1024)
def relations(regions: tuple[Region, ...], extent: int) -> tuple[bool, ...]:
    """What is compared of regions besides their numbers: see the head of this file.

    Moving all regions of an array by the same distance changes nothing.
    """
    distinct = list(dict.fromkeys(regions))
    found: list[bool] = []
    for _, size, recipe in distinct:
        found.append(2 * recipe.size >= size)
        found.append(is_power(size, extent))
        axes = [*zip(recipe.shape, recipe.strides, strict=True)]
        for (_, outer), (count, inner) in permutations(axes, 2):
            found.append(outer == count * inner)
    for one, other in combinations(distinct, 2):
        found.append(one.owner == other.owner and _meet(one.recipe, other.recipe))
    return tuple(found)


def _meet(one: Recipe, other: Recipe) -> bool:
    return overlap(
        one.shape,
        Place(one.offset, one.strides),
        other.shape,
        Place(other.offset, other.strides),
    )


def resized_layout(lowered: Lowered, old: int, new: int) -> Lowered:
    """The same kernel over another extent: only arrays with regions are accessed."""
    layout = lowered.layout
    extents = tuple([new ** _power(n, old) for n in layout.extents])
    return replace(lowered, layout=Layout(extents, layout.places))


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
            changed[n] = replace(steps[n], attributes=(recipe, *rest))
    return tuple(changed)


def resized_steps(steps: Sequence[Step], old: int, new: int) -> tuple[Step, ...]:
    """The steps over another extent; arrays keep their shapes."""
    changed: list[Step] = []
    for step in steps:
        shape, attributes = step.shape, step.attributes
        if step.op.name in REGIONS:
            recipe: Recipe = attributes[0]
            recipe = recipe._replace(shape=_with(recipe.shape, old, new))
            attributes = (recipe, *attributes[1:])
        if step.op is not LEAF and step.op.name != "update":
            shape = _with(shape, old, new)
        changed.append(replace(step, shape=shape, attributes=attributes))
    return tuple(changed)


def _with(shape: Extents, old: int, new: int) -> Extents:
    return tuple([new if n == old else n for n in shape])
