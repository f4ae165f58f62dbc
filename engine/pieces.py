"""Pieces: a long path is cut where it repeats itself, and like pieces are planned once.

A piece is planned as if the trace had been flushed before and behind it, which never
changes a result. A path that does not repeat itself is one piece. What the plan of a
piece depends on is its key. Two pieces of a loop such as
``for i in ...: p[i] = f(p[i - 1])`` differ by where the regions of `p` begin; the key
holds only how far apart they are, since nothing that is decided depends on more:

* whether two regions of one array meet, or are the same, is not changed by moving both;
* arrays that are read otherwise than by regions, or by a region that is all of them,
  keep their offsets in the key; so do those that a plan copies, whole or in part;
* kernels take offsets as arguments.

Extents are left out as well where a piece has a single one, as that of
``A[k+1:, k+1:] -= A[k+1:, k:k+1] * A[k, k+1:]``: see `extents`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import prod
from typing import Any

from engine.extents import REGIONS, Region, relations, single_extent, without_extent
from engine.interpret import last_uses
from engine.kernels.backend import HOST
from engine.recipe import Shape
from engine.record.node import LEAF, Node
from engine.repeats import cuts

WRITERS = frozenset({"update", "update_add", "put", "put_add"})

LONG = 20
"""Paths of fewer events are one piece."""


@dataclass(frozen=True)
class Piece:
    """A part of a path, as a path of its own.

    Parameters
    ----------
    key : tuple
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
    extent : int
        The single extent of the piece, which its key does not hold; else 0.
    first_scalar : int
        How many Python scalars were recorded before.
    """

    key: tuple[Any, ...]
    values: tuple[int, ...]
    entering: tuple[int, ...]
    final: frozenset[int]
    alive: tuple[bool, ...]
    donated: frozenset[int]
    origins: dict[int, int]
    pinned: frozenset[int]
    extent: int
    first_scalar: int

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


def pieces(
    nodes: Sequence[Node], alive: Sequence[bool], donated: frozenset[int]
) -> list[Piece]:
    """A path cut where it repeats itself; nothing where devices have a say."""
    if any(node.device != HOST for node in nodes):
        return []
    last = last_uses(nodes, alive)
    events = [
        i
        for i, node in enumerate(nodes)
        if node.op is not LEAF and (last[i] >= 0 or alive[i])
    ]
    if not events:
        return []
    places: list[int] = []
    if len(events) >= LONG:
        names = [(nodes[i].op, len(nodes[i].shape)) for i in events]
        ends = [op.name in WRITERS for op, _ in names]
        shapes = [nodes[i].shape for i in events]
        places = cuts(names, ends, shapes, _crossed(nodes, events, last))
    bounds = zip([0, *places], [*places, len(events)], strict=True)
    return [
        _Description(nodes, alive, donated, last).describe(events[a:b])
        for a, b in bounds
    ]


def _crossed(
    nodes: Sequence[Node], events: Sequence[int], last: Sequence[int]
) -> list[bool]:
    """For each event whether a value from before it is read then or later.

    What writes leave does not count: it is in memory in any case.
    """
    place = {number: k for k, number in enumerate(events)}
    more = [0] * (len(events) + 1)
    for k, i in enumerate(events):
        if last[i] >= 0 and nodes[i].op.name not in WRITERS:
            more[k + 1] += 1
            more[place[last[i]] + 1] -= 1
    return [count > 0 for count in accumulate(more[:-1])]


_rows: dict[Any, Any] = {}

MOST = 1024
"""So many bodies of loops are known by their rows; past it they are forgotten."""


def _one(rows: tuple[Any, ...]) -> tuple[Any, ...]:
    """Of equal rows one object, which the keys of all like pieces hold."""
    if len(_rows) >= MOST:
        _rows.clear()
    same: tuple[Any, ...] = _rows.setdefault(rows, rows)
    return same


class _Description:
    """The walk over the events of one piece.

    Shapes are named in its rows by numbers, in the order in which they appear, those of
    arrays apart: so rows over another extent are the same rows.
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        alive: Sequence[bool],
        donated: frozenset[int],
        last: Sequence[int],
    ) -> None:
        self.nodes, self.alive, self.donated, self.last = nodes, alive, donated, last
        self.number: dict[int, int] = {}
        self.storage: list[int] = []
        self.entering: list[int] = []
        self.rows: list[Any] = []
        self.regions: list[Region] = []
        self.fixed: set[int] = set()
        self.shapes: dict[Shape, int] = {}
        self.arrays: dict[Shape, int] = {}
        self.kept: list[bool] = []
        self.resizable = True

    def describe(self, events: Sequence[int]) -> Piece:
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
                self.resizable &= op.kind == "elementwise" and not about
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
        return (dtype, number, strides, *node.attributes[1:])

    def _piece(self, stop: int, first_scalar: int) -> Piece:
        origins: dict[int, int] = {}
        offsets = []
        for owner, _, recipe in self.regions:
            offset = recipe.offset
            if owner not in self.fixed:
                offset -= origins.setdefault(owner, offset)
            offsets.append(offset)
        extent = 0
        if self.resizable and all([self.number[k] in origins for k in self.entering]):
            extent = single_extent(self.shapes)
        rows = _one(tuple(self.rows))
        key: tuple[Any, ...] = (rows, tuple(offsets), tuple(self.arrays))
        if extent:
            shapes = tuple([without_extent(shape, extent) for shape in self.shapes])
            key = (*key, shapes, relations(self.regions, extent))
        else:
            key = (*key, tuple(self.shapes))
        final = [k for k in self.entering if self._is_final(k, stop)]
        return Piece(
            key,
            tuple(self.number),
            tuple(self.entering),
            frozenset(final),
            tuple(self.kept),
            frozenset([self.number[k] for k in final if self._is_free(k)]),
            origins,
            frozenset([one.owner for one in self.regions]) - origins.keys(),
            extent,
            first_scalar,
        )
