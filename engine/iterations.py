"""Iterations: the pieces of a loop, described all at once by comparing them with one.

What `description` says of a piece event by event is compared here by columns, one for
each number that an event has: where its operands were made, how many elements there are
along an axis, where a region begins. A piece of seven events takes 110 us to describe,
and 15 to compare among twenty; a loop of another size than the last one is new at each
of its iterations.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from typing import Any

import numpy as np

from engine.description import WRITERS, Description, Piece, composed
from engine.extents import REGIONS, Columns, Numbers, are_related, runs, shortness
from engine.recipe import Recipe, Shape, c_strides
from engine.record.node import LEAF, Node

Array = np.ndarray[Any, Any]

FEW = 4
"""So many pieces are worth the columns."""


class Path:
    """A path as columns: what is known of each of its values."""

    def __init__(
        self,
        nodes: Sequence[Node],
        alive: Sequence[bool],
        donated: frozenset[int],
        last: Sequence[int],
    ) -> None:
        self.nodes, self.given = nodes, (nodes, alive, donated, last)
        self.alive = np.array(alive, bool)
        self.last = np.array(last, np.int64)
        self.free = np.array([node.op is not LEAF for node in nodes], bool)
        self.free[list(donated)] = True

    def describe(self, events: Sequence[int]) -> Description:
        """The description of a piece by itself."""
        return Description(*self.given, events)


def describe_alike(path: Path, places: Sequence[Sequence[int]]) -> list[Piece]:
    """Pieces of as many events each, of the same ops.

    The second is described by itself, as the first often differs: what enters it was
    made otherwise. So is what differs from the second.
    """
    left = list(range(len(places)))
    found: dict[int, Piece] = {}
    while len(left) >= FEW:
        one = left[1]
        base = path.describe(places[one])
        others = [one, *(k for k in left if k != one)]
        like = _Comparison(path, base, [places[k] for k in others]).pieces()
        found.update((others[k], piece) for k, piece in like.items())
        if len(like) < FEW:
            break
        left = [k for k in left if k not in found]
    for k in range(len(places)):
        if k not in found:
            found[k] = path.describe(places[k]).piece
    return [found[k] for k in range(len(places))]


class _Comparison:
    """Pieces in rows, of which the first one is described; rows that differ go."""

    def __init__(
        self, path: Path, base: Description, places: Sequence[Sequence[int]]
    ) -> None:
        self.path, self.base, self.piece = path, base, base.piece
        self.names = [path.nodes[i].op.name for i in places[0]]
        self.rows = np.arange(len(places))
        self.events = np.array(places, np.int64)
        self.nodes = [[path.nodes[i] for i in events] for events in places]
        self.recipes: list[list[Any]] = []
        self.numbers = [base.number[i] for i in places[0]]

    def pieces(self) -> dict[int, Piece]:
        """Those that are like the first one, by their places."""
        tokens = [[*map(_token, events)] for events in self.nodes]
        self._keep(np.array([row == tokens[0] for row in tokens]))
        for compare in (
            self._compare_values,
            self._compare_uses,
            self._compare_strides,
            self._compare_extents,
            self._compare_regions,
        ):
            compare()
            if len(self.rows) == 1:
                return {0: self.piece}
        return dict(zip(self.rows.tolist(), self._described(), strict=True))

    def _keep(self, good: Array) -> None:
        """Drop the rows that are not good, but for the one that is described."""
        good[0] = True
        if good.all():
            return
        for name, columns in vars(self).items():
            if isinstance(columns, np.ndarray):
                setattr(self, name, columns[good])
        self.nodes = [*compress(self.nodes, good)]
        self.recipes = [*compress(self.recipes, good)]

    # -- values -------------------------------------------------------------------
    def _compare_values(self) -> None:
        """Which value of the path each value of a piece is, by number in the piece."""
        flat = [[k for node in row for k in node.operands] for row in self.nodes]
        operands = self.operands = np.array(flat, np.int64)
        of_scalars = operands[0] < 0
        numbers = [self.base.number[k] for k in operands[0].tolist() if k >= 0]
        values = np.empty((len(operands), len(self.base.number)), np.int64)
        values[:, [self.base.number[i] for i in self.events[0].tolist()]] = self.events
        for k in self.base.entering:
            values[:, self.base.number[k]] = operands[:, np.argmax(operands[0] == k)]
        self.values = values
        self.scalars = np.zeros(len(operands), np.int64)
        good = ((operands < 0) == of_scalars).all(1)
        if of_scalars.any():
            first = self.scalars = ~operands[:, np.argmax(of_scalars)]
            relative = operands[:, of_scalars] + first[:, None]
            good &= (relative == relative[0]).all(1)
        good &= (values[:, numbers] == operands[:, ~of_scalars]).all(1)
        good &= (np.diff(np.sort(values, axis=1), axis=1) > 0).all(1)
        self._keep(good)

    def _compare_uses(self) -> None:
        """Which values are needed after the piece, and which may be overwritten."""
        path, stop = self.path, self.events[:, -1:]
        kept = path.alive[self.events] | (path.last[self.events] > stop)
        numbers = [self.base.number[k] for k in self.base.entering]
        entering = self.values[:, numbers]
        self.final = (path.last[entering] <= stop) & ~path.alive[entering]
        free = self.final & path.free[entering]
        good = (kept == kept[0]).all(1) & (free == free[0]).all(1)
        good &= (self.final == self.final[0]).all(1)
        for column in entering.T:
            if (column != column[0]).any():
                forms = [_form(path.nodes[k]) for k in column.tolist()]
                good &= np.array([form == forms[0] for form in forms])
        self._keep(good)

    # -- shapes and regions -------------------------------------------------------
    def _compare_strides(self) -> None:
        """Which regions there are: those of views of views have to be found out."""
        self.recipes = [self._regions(row) for row in self.nodes]
        strides = [
            [recipe and recipe.strides for recipe in row] for row in self.recipes
        ]
        self._keep(np.array([None not in row and row == strides[0] for row in strides]))

    def _regions(self, row: Sequence[Node]) -> list[Recipe | None]:
        """The regions of a piece, in the order of its description."""
        found: list[Recipe | None] = []
        views: dict[int, Recipe | None] = {}
        for name, node, own in zip(self.names, row, self.numbers, strict=True):
            if name in REGIONS:
                recipe = node.attributes[0]
                found.append(recipe)
                base = self.base.composed.get(own)
                if base is not None:
                    below = views[base]
                    recipe = below and composed(below, recipe)
                    found.append(recipe)
                views[own] = recipe
        return found

    def _compare_extents(self) -> None:
        """Which extents are equal or 1; those of arrays are the same in all pieces."""
        self.own: list[slice] = []
        arrays: list[bool] = []
        for name, node in zip(self.names, self.nodes[0], strict=True):
            at = len(arrays)
            arrays += [name in WRITERS] * len(node.shape)
            self.own.append(slice(at, len(arrays)))
        flat = [
            [n for thing in (*row, *recipes) for n in thing.shape]
            for row, recipes in zip(self.nodes, self.recipes, strict=True)
        ]
        extents = self.extents = np.array(flat, np.int64).reshape(len(flat), -1)
        self._keep(_as_in_first(extents, arrays, self.piece.sizable))

    def _compare_regions(self) -> None:
        """Where the regions of arrays begin, and what is compared of them."""
        found = [[recipe.offset for recipe in row] for row in self.recipes]
        offsets = self.offsets = np.array(found, np.int64).reshape(len(found), -1)
        owners = self.piece.owners
        self.firsts = {o: owners.index(o) for o in owners if o in self.piece.origins}
        moves = [owner in self.firsts for owner in owners]
        relative = self.relative = offsets.copy()
        for k, owner in enumerate(owners):
            if moves[k]:
                relative[:, k] -= offsets[:, self.firsts[owner]]
        if self.piece.sizable:
            regions = self._columns()
            good = (relative[:, moves] == relative[0, moves]).all(1)
            good &= _named_alike(relative[:, ~np.array(moves, bool)])
            good &= are_related(regions) & self._are_ranked(regions)
            good &= self._have_strides(regions)
        else:
            good = (relative == relative[0]).all(1)
        self._keep(good)

    def _have_strides(self, regions: Columns) -> Array:
        """Where equal strides, of regions and in memory, are those of the first one."""
        count = len(self.events)
        given = {abs(s) for axes in self.piece.numbers.strides for s in axes}
        given |= {s for shape in self.piece.numbers.arrays for s in c_strides(shape)}
        columns = [np.full(count, float(s)) for s in (0, 1, *given)]
        for shape in self._shape_columns(regions):
            for axis in range(1, shape.shape[1]):
                columns.append(shape[:, axis:].prod(1, dtype=float))
        return _named_alike(np.stack(columns, axis=1))

    def _columns(self) -> Columns:
        count, regions = len(self.events), self.base.regions
        axes = max([len(region.recipe.shape) for region in regions], default=0)
        extents = np.ones((count, len(regions), axes), np.int64)
        strides = np.zeros((len(regions), axes), np.int64)
        sizes = np.empty((count, len(regions)))
        places = {number: k for k, number in enumerate(self.numbers)}
        at = self.own[-1].stop
        for k, (owner, size, recipe) in enumerate(regions):
            rank = len(recipe.shape)
            extents[:, k, :rank] = self.extents[:, at : at + rank]
            strides[k, :rank] = recipe.strides
            at += rank
            sizes[:, k] = size
            if owner in places and self.names[places[owner]] not in WRITERS:
                made = self.extents[:, self.own[places[owner]]]
                sizes[:, k] = made.prod(1, dtype=float)
        return Columns(self.piece.owners, sizes, self.offsets, extents, strides)

    def _are_ranked(self, regions: Columns) -> Array:
        """Where numbers of elements are equal, and less, as in the first piece."""
        reduces = self.base.reduces
        columns: list[Array] = [
            shape[:, a:b].prod(1, dtype=float)
            for shape in self._shape_columns(regions)
            for a, b in runs(shape.shape[1], reduces)
        ]
        found = np.array([*columns, *regions.sizes.T])
        order = np.sign(found[:, None] - found)
        ranked: Array = (order == order[:, :, :1]).all((0, 1))
        if reduces:
            short = shortness(found[: len(columns)])
            ranked &= (short == short[:, :1]).all(0)
        return ranked

    def _shape_columns(self, regions: Columns) -> list[Array]:
        """The columns of each shape."""
        found: list[Array] = []
        for k, of_region in self._shapes():
            rank = len(self.base.regions[k].recipe.shape) if of_region else 0
            own = regions.extents[:, k, :rank] if of_region else None
            found.append(self.extents[:, self.own[k]] if own is None else own)
        return found

    def _shapes(self) -> list[tuple[int, bool]]:
        """For each shape of a piece an event that has it, or else a region."""
        found: dict[Shape, tuple[int, bool]] = {}
        for k, (name, node) in enumerate(zip(self.names, self.nodes[0], strict=True)):
            if name not in WRITERS:
                found.setdefault(node.shape, (k, False))
        for k, region in enumerate(self.base.regions):
            found.setdefault(region.recipe.shape, (k, True))
        return [found[shape] for shape in self.piece.numbers.shapes]

    # -- results ------------------------------------------------------------------
    def _described(self) -> list[Piece]:
        """The pieces of the rows that are left."""
        one = self.piece
        numbers = [self.base.number[i] for i in self.base.entering]
        columns = (self.values, self.values[:, numbers], self.final, self.offsets)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        ends = zip(self._numbers(), self.scalars.tolist(), strict=True)
        return [
            Piece(
                one.key,
                tuple(values),
                tuple(entering),
                frozenset(compress(entering, final)),
                one.alive,
                one.donated,
                {owner: offsets[k] for owner, k in self.firsts.items()},
                one.pinned,
                own,
                one.sizable,
                one.owners,
                first_scalar,
            )
            for (values, entering, final, offsets), (own, first_scalar) in zip(
                rows, ends, strict=True
            )
        ]

    def _numbers(self) -> list[Numbers]:
        """The numbers of the pieces, whose shapes alone may differ."""
        _, arrays, _, strides = self.piece.numbers
        if not self.piece.sizable:
            return [self.piece.numbers] * len(self.rows)
        places = self._shapes()
        return [
            Numbers(
                tuple(offsets),
                arrays,
                tuple([(recipes if r else nodes)[k].shape for k, r in places]),
                strides,
            )
            for offsets, nodes, recipes in zip(
                self.relative.tolist(), self.nodes, self.recipes, strict=True
            )
        ]


def _token(node: Node) -> tuple[Any, ...]:
    """What is the same in like pieces, and no number that a column has."""
    about = node.attributes
    if node.op.name in REGIONS:
        dtype, _, _, strides = about[0]
        about = (dtype, strides, *about[1:])
    return len(node.operands), node.scalars, node.dtype, node.line, about


def _form(node: Node) -> tuple[Any, ...]:
    return node.dtype, node.shape


def _as_in_first(extents: Array, arrays: Sequence[bool], sizable: bool) -> Array:
    """The rows in which the same extents are equal, or 1, as in the first one.

    The first columns may be of `arrays`, which have the same extents in all rows.
    """
    first = extents[0]
    fixed = first == 1
    fixed[: len(arrays)] |= arrays
    fixed = np.isin(first, first[fixed]) | (not sizable)
    good: Array = (extents[:, fixed] == first[fixed]).all(1)
    known = [1, *first[fixed]]
    names: list[Array] = [np.full(len(extents), n) for n in dict.fromkeys(known)]
    for extent in dict.fromkeys(first[~fixed].tolist()):
        equal = extents[:, first == extent]
        good &= (equal == equal[:, :1]).all(1)
        names.append(equal[:, 0])
    ordered = np.sort(np.stack(names, axis=1), axis=1)
    return good & (np.diff(ordered, axis=1) > 0).all(1)


def _named_alike(numbers: Array) -> Array:
    """The rows in which the same numbers are equal, or 0, as in the first one."""
    named = np.concatenate([numbers, np.zeros((len(numbers), 1))], axis=1)
    equal = named[:, :, None] == named[:, None]
    good: Array = (equal == equal[0]).all((1, 2))
    return good
