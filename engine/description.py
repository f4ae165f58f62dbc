"""Description: one piece of a path, event by event, and what its plan depends on.

`pieces` says where a path is cut, and why like pieces are planned once.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from math import prod
from typing import Any

from engine.access import composed
from engine.extents import REGIONS, Numbers, Region, Sizes, pattern
from engine.recipe import Shape
from engine.record.node import LEAF, Node

WRITERS = frozenset({"update", "update_add", "put", "put_add"})


@dataclass(frozen=True)
class Piece:
    """A part of a path, as a path of its own.

    Parameters
    ----------
    key : Kind
        What the plan depends on.
    values : tuple of int
        The number in the whole path of each value of the piece; what enters is there.
    entering : tuple of int
        The values, by their numbers in the whole path, that come from before.
    final : frozenset of int
        Those of them that nobody needs after the piece.
    alive : tuple of bool
        Which values, by number in the piece, are needed after it.
    donated : frozenset of int
        The values that enter, by number in the piece, whose memory may be written over.
    origins : dict of int to int
        For arrays whose regions the key knows only relative to each other, by their
        numbers in the piece: where the first region begins.
    pinned : frozenset of int
        The arrays, by their numbers in the piece, whose regions it knows as they are.
    numbers : Numbers
        Its shapes, strides and offsets.
    sizable : bool
        Whether the key has no more of them than their pattern.
    owners : tuple of int
        Of which array each region is, by numbers in the piece.
    first_scalar : int
        How many Python scalars were recorded before.
    """

    key: Kind
    values: tuple[int, ...]
    entering: tuple[int, ...]
    final: frozenset[int]
    alive: tuple[bool, ...]
    donated: frozenset[int]
    origins: dict[int, int]
    pinned: frozenset[int]
    numbers: Numbers
    sizable: bool
    owners: tuple[int, ...]
    first_scalar: int

    @property
    def sizes(self) -> Sizes:
        """Its numbers, and where its regions begin."""
        return Sizes(self.numbers, self.owners, self.origins)

    def nodes(self, nodes: Sequence[Node]) -> list[Node]:
        """The path that the piece is."""
        number = {value: k for k, value in enumerate(self.values)}
        entering = frozenset(self.entering)
        path: list[Node] = []
        parent: Node | None = None
        for value in self.values:
            node = nodes[value]
            like = (node.dtype, node.shape, parent, node.line, node.device)
            if value in entering:
                parent = Node(LEAF, (), (), (), *like)
            else:
                operands = tuple(
                    number[k] if k >= 0 else k + self.first_scalar
                    for k in node.operands
                )
                parent = Node(node.op, operands, node.attributes, node.scalars, *like)
            path.append(parent)
        return path


class Kind:
    """What like pieces have in common: they have one object of it.

    Parameters
    ----------
    rows : tuple
        What they do, but for numbers.
    told : tuple
        The pattern of their numbers, or the numbers themselves.
    """

    __slots__ = ("rows", "told")

    def __init__(self, rows: tuple[Any, ...], told: tuple[Any, ...]) -> None:
        self.rows, self.told = rows, told


class Body:
    """What pieces do, but for numbers; their kinds by numbers, and by what is told."""

    __slots__ = ("by_numbers", "kinds", "rows")

    def __init__(self, rows: tuple[Any, ...]) -> None:
        self.rows = rows
        self.by_numbers: dict[Numbers, Kind] = {}
        self.kinds: dict[tuple[Any, ...], Kind] = {}

    def kind(
        self,
        numbers: Numbers,
        regions: Sequence[Region],
        movable: Set[int],
        sizable: bool,
        reduces: bool,
    ) -> Kind:
        """The kind of pieces of this body, which may be `sizable`.

        Of `movable` arrays the offsets are counted from their first regions.
        """
        kind = self.by_numbers.get(numbers)
        if kind is None:
            if len(self.by_numbers) >= MOST:
                self.by_numbers.clear()
                self.kinds.clear()
            told: tuple[Any, ...] = numbers
            if sizable:
                told = pattern(numbers, regions, movable, reduces)
            kind = self.kinds.setdefault(told, Kind(self.rows, told))
            self.by_numbers[numbers] = kind
        return kind


_bodies: dict[tuple[Any, ...], Body] = {}

MOST = 1024
"""So many bodies of loops are known by their rows; past it they are forgotten."""


def _body(rows: tuple[Any, ...]) -> Body:
    if len(_bodies) >= MOST:
        _bodies.clear()
    return _bodies.get(rows) or _bodies.setdefault(rows, Body(rows))


def needed(
    nodes: Sequence[Node], alive: Sequence[bool], last: Sequence[int]
) -> list[int]:
    """The events of a path whose values are read later, or alive at its end."""
    return [
        i
        for i, node in enumerate(nodes)
        if node.op is not LEAF and (last[i] >= 0 or alive[i])
    ]


class Description:
    """The walk over the events of one piece.

    Shapes and strides are named in its rows by numbers, in the order in which they
    appear, shapes of arrays apart: so rows over other extents are the same rows.
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        alive: Sequence[bool],
        donated: frozenset[int],
        last: Sequence[int],
        events: Sequence[int],
    ) -> None:
        self.nodes, self.alive, self.donated, self.last = nodes, alive, donated, last
        self.number: dict[int, int] = {}
        self.storage: list[int] = []
        self.entering: list[int] = []
        self.rows: list[Any] = []
        self.regions: list[Region] = []
        self.views: dict[int, Region] = {}
        self.fixed: set[int] = set()
        self.shapes: dict[Shape, int] = {}
        self.arrays: dict[Shape, int] = {}
        self.strides: dict[tuple[int, ...], int] = {}
        self.kept: list[bool] = []
        self.resizable, self.reduces = True, False
        self.piece = self._describe(events)

    def _describe(self, events: Sequence[int]) -> Piece:
        stop = events[-1]
        nodes, number, storage, rows = self.nodes, self.number, self.storage, self.rows
        alive, last, shapes, arrays = self.alive, self.last, self.shapes, self.arrays
        first_scalar = self._first_scalar(events)
        for i in events:
            node = nodes[i]
            op, name = node.op, node.op.name
            for k in node.operands:
                if k >= 0 and k not in number:
                    self._enter(k, stop)
            operands = tuple(
                [number[k] if k >= 0 else k + first_scalar for k in node.operands]
            )
            if name in REGIONS:
                about = self._region(node, operands)
                self.resizable &= name != "update_add"
            else:
                about = node.attributes
                self.fixed.update([storage[k] for k in operands if k >= 0])
                self.reduces |= op.kind == "reduce"
                plain = op.kind == "elementwise" and not about
                one = name == "full" and not node.shape
                self.resizable &= plain or one or op.kind == "reduce"
            own = len(number)
            number[i] = own
            if name in WRITERS:
                storage.append(storage[operands[0]])
                shape = arrays.setdefault(node.shape, len(arrays))
            else:
                storage.append(own)
                self.fixed.add(own)
                shape = shapes.setdefault(node.shape, len(shapes))
            kept = alive[i] or last[i] > stop
            self.kept.append(kept)
            rest = (node.scalars, node.dtype, shape, node.line, kept)
            rows.append((op, operands, about, *rest))
        return self._piece(stop, first_scalar)

    def _first_scalar(self, events: Sequence[int]) -> int:
        for i in events:
            for k in self.nodes[i].operands:
                if k < 0:
                    return ~k
        return 0

    def _enter(self, k: int, stop: int) -> None:
        """A value that was made before the piece."""
        node = self.nodes[k]
        free = self._is_final(k, stop) and self._is_free(k)
        self.storage.append(len(self.number))
        self.number[k] = len(self.number)
        self.entering.append(k)
        self.kept.append(False)
        shape = self.arrays.setdefault(node.shape, len(self.arrays))
        self.rows.append((LEAF, node.dtype, shape, free))

    def _is_final(self, k: int, stop: int) -> bool:
        """Whether nobody needs a value that enters after the piece."""
        return self.last[k] <= stop and not self.alive[k]

    def _is_free(self, k: int) -> bool:
        """Whether the memory of a value that enters may be written over then."""
        return self.nodes[k].op is not LEAF or k in self.donated

    def _region(self, node: Node, operands: tuple[int, ...]) -> tuple[Any, ...]:
        """What a region is but for where it begins, which is noted apart."""
        recipe = node.attributes[0]
        dtype, _, shape, strides = recipe
        base = self.nodes[node.operands[0]]
        owner = self.storage[operands[0]]
        size = prod(base.shape)
        if dtype != base.dtype or prod(shape) in (0, size):
            self.fixed.add(owner)
        if len(operands) > 1:
            self.fixed.update([self.storage[k] for k in operands[1:] if k >= 0])
        self.regions.append(Region(owner, size, recipe))
        number = self.shapes.setdefault(shape, len(self.shapes))
        axes = self.strides.setdefault(strides, len(self.strides))
        if node.op.name == "view":
            self._compose(operands[0], self.regions[-1])
        return (dtype, number, axes, *node.attributes[1:])

    def _compose(self, base: int, view: Region) -> None:
        """What a view of a view shows of the array, as stage 2 will have it."""
        own = len(self.number)
        below = self.views.get(base)
        if below is not None:
            recipe = composed(below.recipe, view.recipe)
            if recipe is None:
                self.resizable = False
                return
            self.strides.setdefault(recipe.strides, len(self.strides))
            view = Region(below.owner, below.size, recipe)
            self.regions.append(view)
        self.views[own] = view

    def _piece(self, stop: int, first_scalar: int) -> Piece:
        origins: dict[int, int] = {}
        offsets = []
        for owner, _, recipe in self.regions:
            offset = recipe.offset
            if owner not in self.fixed:
                offset -= origins.setdefault(owner, offset)
            offsets.append(offset)
        numbers = Numbers(
            tuple(offsets),
            tuple(self.arrays),
            tuple(self.shapes),
            tuple(self.strides),
        )
        sizable = self.resizable and not any(0 in shape for shape in self.shapes)
        body = _body(tuple(self.rows))
        final = [k for k in self.entering if self._is_final(k, stop)]
        owners = tuple([one.owner for one in self.regions])
        return Piece(
            body.kind(numbers, self.regions, origins.keys(), sizable, self.reduces),
            tuple(self.number),
            tuple(self.entering),
            frozenset(final),
            tuple(self.kept),
            frozenset([self.number[k] for k in final if self._is_free(k)]),
            origins,
            frozenset(owners) - origins.keys(),
            numbers,
            sizable,
            owners,
            first_scalar,
        )
