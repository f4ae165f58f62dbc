"""Extents: when a plan serves pieces of other sizes, and how its numbers follow.

It does where all ops of a piece are elementwise or reduce. Whatever stages 3 to 5
compare then is in the `pattern` of its numbers:

* which extents are equal, or 1; which numbers of elements are equal, and which is less;
  beside reductions those of lines, too, and whether they are short;
* which strides are equal, 0 or 1, whether they are negative, and which is less;
* whether axes of a region adjoin, and so are walked as one; whether two regions of an
  array are the same, or have an element in common; whether a region is half of its
  array.

The kernels of the plan are the same then, and each number in its layouts is one of the
other piece, found by where it stands: see `Sizing`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence, Set
from itertools import (
    combinations,
    combinations_with_replacement,
    pairwise,
    permutations,
)
from math import prod
from typing import Any, NamedTuple

from engine.access import Place, meetings
from engine.kernels.kernel import Layout
from engine.lower.axes import WIDE
from engine.program import Step
from engine.recipe import Recipe, Shape, c_strides
from engine.schedule.trial import SHORT

FAR = 2**62
"""More elements than any array has."""

REGIONS = frozenset({"view", "update", "update_add"})


class Region(NamedTuple):
    """Part of an array: the array's number and size, and which part."""

    owner: int
    size: int
    recipe: Recipe


class Numbers(NamedTuple):
    """The numbers of a piece, but for where the regions of arrays begin.

    Parameters
    ----------
    offsets : tuple of int
        Of each region, counted from the first one of its array where that may move.
    arrays, shapes : tuple of tuple of int
        The shapes of arrays, and all other ones, in the order in which they appear.
    strides : tuple of tuple of int
        The strides of regions, in the order in which they appear.
    """

    offsets: tuple[int, ...]
    arrays: tuple[Shape, ...]
    shapes: tuple[Shape, ...]
    strides: tuple[tuple[int, ...], ...]

    def other_shapes(self, other: Numbers) -> dict[Shape, Shape]:
        """For each shape that of a piece with other numbers."""
        return dict(zip(self.all_shapes(), other.all_shapes(), strict=True))

    def all_shapes(self) -> tuple[Shape, ...]:
        """The shapes of arrays, and all other ones."""
        return self.arrays + self.shapes


class Sizes(NamedTuple):
    """The numbers of a piece, and where the regions of its arrays begin.

    Parameters
    ----------
    numbers : Numbers
    owners : tuple of int
        Of which array each region is, by its number in the piece.
    origins : mapping of int to int
        Where the first region begins of arrays whose offsets are counted from there.
    """

    numbers: Numbers
    owners: tuple[int, ...]
    origins: Mapping[int, int]

    def begin(self, region: int) -> int:
        """Where a region begins."""
        origin = self.origins.get(self.owners[region], 0)
        return origin + self.numbers.offsets[region]

    def begins(self) -> dict[tuple[int, int], int]:
        """The regions, by their arrays and where they begin."""
        found: dict[tuple[int, int], int] = {}
        for k, owner in enumerate(self.owners):
            found.setdefault((owner, self.begin(k)), k)
        return found


def pattern(
    numbers: Numbers, regions: Sequence[Region], movable: Set[int], reduces: bool
) -> tuple[Any, ...]:
    """What is compared of the numbers of a piece: see the head of this file."""
    shapes = numbers.all_shapes()
    sizes = [prod(shape[a:b]) for shape in shapes for a, b in runs(len(shape), reduces)]
    short = tuple(map(shortness, sizes)) if reduces else ()
    sizes += [region.size for region in regions]
    ranks = {size: k for k, size in enumerate(sorted({*sizes}))}
    # Values may be found to be equal, where their regions begin at equal places.
    places = [
        (region.owner, offset) if region.owner in movable else offset
        for region, offset in zip(regions, numbers.offsets, strict=True)
    ]
    extents = (n for shape in shapes for n in shape)
    return (
        _named(places, known=(0,)),
        _named(extents, known=(1,)),
        _named([abs(s) for axes in all_strides(numbers) for s in axes], known=(0, 1)),
        tuple([s < 0 for axes in numbers.strides for s in axes]),
        tuple([ranks[size] for size in sizes]),
        short,
        relations(regions),
    )


def all_strides(numbers: Numbers) -> list[tuple[int, ...]]:
    """The strides of regions, and those of all arrays and values in memory."""
    return [*numbers.strides, *map(c_strides, numbers.all_shapes())]


def runs(rank: int, reduces: bool) -> list[tuple[int, int]]:
    """The axes whose products are compared: all, or each run of axes that adjoin.

    >>> runs(2, False), runs(2, True)
    ([(0, 2)], [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)])
    """
    if not reduces:
        return [(0, rank)]
    return [*combinations_with_replacement(range(rank + 1), 2)]


def shortness(size: int) -> int:
    """How a number of elements compares with what makes lines short, or narrow."""
    return (size > SHORT) + 2 * (size >= WIDE)


def alike(size: int) -> tuple[int, int]:
    """Between which numbers of elements all compare with what is short as one does.

    >>> alike(5), alike(20)
    ((2, 15), (17, 4611686018427387903))
    """
    ends = sorted({2, WIDE, SHORT + 1, FAR})
    return next((a, b - 1) for a, b in pairwise(ends) if a <= max(size, 2) < b)


def _named(things: Iterable[Hashable], known: Sequence[int] = ()) -> tuple[int, ...]:
    """Equal things by equal numbers, in the order in which they appear.

    >>> _named("abba"), _named([7, 1, 7], known=[1])
    ((0, 1, 1, 0), (1, 0, 1))
    """
    names: dict[Hashable, int] = {one: k for k, one in enumerate(known)}
    return tuple([names.setdefault(thing, len(names)) for thing in things])


def relations(regions: Sequence[Region]) -> tuple[bool, ...]:
    """What is compared of regions besides which numbers are equal.

    Moving all regions of an array by the same distance changes nothing.
    """
    found: list[bool] = []
    arrays: dict[int, dict[tuple[Any, ...], tuple[Shape, Place]]] = {}
    for owner, size, (_, offset, shape, strides) in regions:
        known = arrays.setdefault(owner, {})
        where = (offset, shape, strides)
        if where in known:
            continue
        known[where] = (shape, Place(offset, strides))
        found.append(2 * prod(shape) >= size)
        if len(shape) > 1:
            axes = [*zip(shape, strides, strict=True)]
            for (_, outer), (count, inner) in permutations(axes, 2):
                found += [outer == count * inner, abs(outer) < abs(inner)]
    for places in arrays.values():
        if len(places) > 1:
            found += meetings([*places.values()])
    return tuple(found)


class Factor(NamedTuple):
    """Axes of a shape, whose extents make one of a layout as their product."""

    shape: int
    axes: tuple[int, ...]

    def of(self, shapes: Sequence[Shape]) -> int:
        """The product, for a piece with these shapes."""
        shape = shapes[self.shape]
        return prod([shape[axis] for axis in self.axes])


class Spot(NamedTuple):
    """Where an access of a kernel begins, and how it goes on.

    Parameters
    ----------
    region : int
        The region that begins there; -1 for all of an array or a value.
    strides : tuple of (int, int, int)
        For each its sign, and where it stands among `all_strides` of a piece.
    """

    region: int
    strides: tuple[tuple[int, int, int], ...]

    def of(self, sizes: Sizes, strides: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
        """The offset and strides, for a piece."""
        begin = sizes.begin(self.region) if self.region >= 0 else 0
        return (
            begin,
            *[sign * abs(strides[k][axis]) for sign, k, axis in self.strides],
        )


class Sizing(NamedTuple):
    """Where the numbers of a layout stand among those of a piece.

    Parameters
    ----------
    extents : tuple of tuple of Factor
        For each extent all products that it is: one, or those that are equal by chance.
    places : tuple of Spot
    """

    extents: tuple[tuple[Factor, ...], ...]
    places: tuple[Spot, ...]

    def layout(self, sizes: Sizes) -> Layout:
        """The layout, for a piece that it fits."""
        shapes, strides = sizes.numbers.all_shapes(), all_strides(sizes.numbers)
        return Layout(
            tuple([factors[0].of(shapes) for factors in self.extents]),
            tuple([spot.of(sizes, strides) for spot in self.places]),
        )

    def fits(self, numbers: Numbers) -> bool:
        """Whether it is plain what the extents are for a piece of the same pattern."""
        shapes = numbers.all_shapes()
        return all(
            len({factor.of(shapes) for factor in factors}) == 1
            for factors in self.extents
            if len(factors) > 1
        )


def sizing(layout: Layout, memory: Sequence[int], sizes: Sizes) -> Sizing | None:
    """The sizing of a layout; None where a number of it is none of the piece.

    Parameters
    ----------
    layout : Layout
    memory : sequence of int
        The array that each access goes to, by its number in the piece; -1 for a value
        in memory of its own.
    sizes : Sizes
    """
    numbers, begins = sizes.numbers, sizes.begins()
    shapes = numbers.all_shapes()
    factors = tuple([_factors(extent, shapes) for extent in layout.extents])
    known = {
        abs(stride): (k, axis)
        for k, strides in enumerate(all_strides(numbers))
        for axis, stride in enumerate(strides)
    }
    spots: list[Spot] = []
    for array, (offset, *strides) in zip(memory, layout.places, strict=True):
        region = begins.get((array, offset), -1)
        if (region < 0 and offset) or not all([abs(s) in known for s in strides]):
            return None
        signed = [(-1 if s < 0 else 1, *known[abs(s)]) for s in strides]
        spots.append(Spot(region, tuple(signed)))
    return Sizing(factors, tuple(spots)) if all(factors) else None


def _factors(extent: int, shapes: Sequence[Shape]) -> tuple[Factor, ...]:
    """All products of axes that an extent is, but for those of equal extents."""
    found: dict[tuple[int, ...], Factor] = {}
    for k, shape in enumerate(shapes):
        real = [axis for axis, n in enumerate(shape) if n != 1]
        for count in range(1, len(real) + 1):
            for axes in combinations(real, count):
                extents = tuple(sorted([shape[axis] for axis in axes]))
                if prod(extents) == extent:
                    found.setdefault(extents, Factor(k, axes))
    return tuple(found.values())


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


def resized_steps(
    steps: Sequence[Step], arrays: Sequence[int], old: Sizes, new: Sizes
) -> tuple[Step, ...]:
    """Steps of a piece as those of another one, of other sizes.

    Parameters
    ----------
    steps : sequence of Step
    arrays : sequence of int
        The array in whose memory each is, by its number in the pieces.
    old, new : Sizes
        Of the two pieces.

    Raises
    ------
    KeyError
        Where a step has a number that the piece has not.
    """
    shapes = old.numbers.other_shapes(new.numbers)
    strides = dict(zip(old.numbers.strides, new.numbers.strides, strict=True))
    begins = old.begins()
    changed: list[Step] = []
    for step in steps:
        attributes = step.attributes
        if step.op.name in REGIONS:
            (dtype, offset, shape, axes), *rest = attributes
            offset = new.begin(begins[arrays[step.operands[0]], offset])
            recipe = Recipe(dtype, offset, shapes[shape], strides[axes])
            attributes = (recipe, *rest)
        changed.append(step.over(shapes[step.shape], attributes))
    return tuple(changed)
