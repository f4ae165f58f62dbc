"""Chain: the plans of pieces, one behind the other over one table of buffers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any, TypeAlias

from engine.buffers import Buffers, Content
from engine.extents import (
    REGIONS,
    is_power,
    moved_steps,
    resized,
    resized_steps,
)
from engine.kernels.backend import HOST
from engine.pieces import Piece
from engine.program import Step, is_leaf, is_view
from engine.record.node import LEAF, Node
from engine.row import Row
from engine.schedule import Schedule
from engine.schedule.kinds import roots

if TYPE_CHECKING:
    from engine.plan import WholePlan

Result: TypeAlias = tuple[int, int, tuple[int, ...], str]
"""A recorded value, its slot, its shape, its device."""

Build = Callable[[Sequence[Node], Sequence[bool], frozenset[int]], "WholePlan"]

MAX_TEMPLATES = 2048
"""Plans of pieces that are kept; past this many they are dropped, all of them."""


@dataclass(frozen=True)
class Template:
    """A planned piece, to be placed wherever its like is found.

    Parameters
    ----------
    plan : WholePlan
    origins : dict of int to int
        Where the regions begin in it; see `Piece`.
    extent : int
        The single extent in it; see `Piece`.
    movable : dict of int to int
        The steps that bring in the arrays with these regions, by number in the piece;
        -1 where no step reads the array any more.
    regions : tuple of (int, int)
        The steps with such a region, and the step that brings in its array.
    """

    plan: WholePlan
    origins: dict[int, int]
    extent: int
    movable: dict[int, int]
    regions: tuple[tuple[int, int], ...]


_templates: dict[Any, Template] = {}


def unknown(parts: Sequence[Piece]) -> tuple[int, int]:
    """How many pieces have to be planned, like pieces once, and their events."""
    sizes = {part.key: len(part.values) for part in parts if find(part) is None}
    return len(sizes), sum(sizes.values())


def find(piece: Piece) -> Template | None:
    """The planned piece that a piece is like."""
    for key in _keys(piece):
        found = _templates.get(key)
        if found is not None:
            return found
    return None


def _keys(piece: Piece) -> tuple[tuple[Any, ...], ...]:
    """Keys of ever fewer pieces: of any extent, of this one, of these offsets."""
    sized = (*piece.key, piece.extent)
    return piece.key, sized, (*sized, tuple(piece.origins.items()))


def _template(piece: Piece, nodes: Sequence[Node], build: Build) -> Template:
    found = find(piece)
    if found is None:
        plan = build(piece.nodes(nodes), piece.alive, piece.donated)
        movable, regions = _movable(plan.schedule, piece)
        found = Template(plan, piece.origins, piece.extent, movable, regions)
        if len(_templates) >= MAX_TEMPLATES:
            _templates.clear()
        any_size, one_size, exact = _keys(piece)
        if len(movable) < len(piece.origins):
            key = exact
        else:
            key = any_size if not piece.extent or _resizable(found) else one_size
        _templates[key] = found
    return found


def _resizable(template: Template) -> bool:
    """Whether the rows are kernels that write and read regions, in place, and no more.

    What is copied or kept may depend on sizes.
    """
    plan, owners = template.plan, set(template.movable.values())
    regions = [s for s in plan.schedule.program.steps if s.op.name in REGIONS]
    return (
        len(regions) == len(template.regions)
        and len(plan.contents) == len(plan.leaves)
        and not plan.schedule.copies
        and all(
            row.lowered is not None
            and row.group.kind == "map"
            and owners.issuperset(row.lowered.owners)
            and all(is_power(n, template.extent) for n in row.lowered.layout.extents)
            for row in plan.rows
        )
    )


def _movable(
    schedule: Schedule, piece: Piece
) -> tuple[dict[int, int], tuple[tuple[int, int], ...]]:
    """Which arrays the steps read and write by regions only; the steps that do.

    A step that reads or copies a whole array would have to stay where it is.
    """
    steps, memory = schedule.program.steps, schedule.memory
    root = roots(steps)
    if any(is_view(step) and step.origin < 0 for step in steps):
        return {}, ()  # what surrounds a region is copied, by regions of its own
    movable = {
        step.origin: n
        for n, step in enumerate(steps)
        if is_leaf(step) and step.origin in piece.origins
    }
    regions: list[tuple[int, int]] = []
    for n, step in enumerate(steps):
        for position, k in enumerate(step.operands):
            if k < 0 or root[k] != k:
                continue
            origin = steps[memory[k]].origin
            if movable.get(origin) != memory[k]:
                continue
            writes = n in schedule.in_place and position == 0
            if step.op.name in REGIONS and (writes or is_view(step)):
                regions.append((n, memory[k]))
            else:
                del movable[origin]
    # Steps that are gone left arrays that nobody reads: those may stand anywhere.
    for origin in piece.origins.keys() - {s.origin for s in steps if is_leaf(s)}:
        movable[origin] = -1
    return movable, tuple(regions)


class _Chain:
    """A table of buffers and rows that grow piece by piece."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.nodes = nodes
        entering = [i for i, node in enumerate(nodes) if node.op is LEAF]
        self.order = {number: k for k, number in enumerate(entering)}
        self.slots: dict[int, int] = {}
        self.rows: list[Row] = []
        self.contents: list[Content] = []
        self.leaves: list[tuple[int, int]] = []
        self.places: list[int] = []
        self.fixed: list[int] = []

    def add(self, piece: Piece, template: Template) -> None:
        """Put the rows of a planned piece behind those that are there."""
        plan = template.plan
        slots, kept = self._slots(piece, plan)
        buffers = Buffers(
            tuple([slots[s] if s >= 0 else -1 for s in plan.buffers.slots]),
            self.contents,
            (),
            (),
            (),
            (),
        )
        moves = {
            step: piece.origins[origin] - template.origins[origin]
            for origin, step in template.movable.items()
            if piece.origins[origin] != template.origins[origin]
        }
        old, new = template.extent, piece.extent
        given = plan.schedule.program.steps
        steps = cache(partial(_changed, given, template.regions, moves, old, new))
        first = piece.first_scalar
        moving = self._moving(piece, template)
        for row in plan.rows:
            lowered = row.lowered
            if lowered is not None:
                extents = lowered.layout.extents
                other = None if old == new else resized(extents, old, new)
                lowered = lowered.moved(moves, other)
            self.rows.append(
                row.placed(
                    steps,
                    buffers,
                    slots,
                    kept,
                    first,
                    lowered,
                    moving,
                    template.regions,
                )
            )
        for value, slot, _, _ in plan.outputs:
            self.slots[piece.values[value]] = slots[slot]

    def _moving(self, piece: Piece, template: Template) -> dict[int, int]:
        """Number the regions of a piece; those of which steps might begin elsewhere."""
        moving: dict[int, int] = {}
        for origin, begin in piece.origins.items():
            number = len(self.places)
            self.places.append(begin)
            step = template.movable.get(origin)
            if step is None:
                self.fixed.append(number)
            else:
                moving[step] = number
        return moving

    def _slots(self, piece: Piece, plan: WholePlan) -> tuple[list[int], set[int]]:
        """The slot of this table for each one of the piece; which are still needed."""
        slots = [-1] * len(plan.contents)
        kept: set[int] = set()
        for slot, index in plan.leaves:
            value = piece.entering[index]
            if value not in self.slots:
                self.slots[value] = self._open(plan.contents[slot])
                self.leaves.append((self.slots[value], self.order[value]))
            slots[slot] = self.slots[value]
            if value not in piece.final:
                kept.add(slot)
        for slot, content in enumerate(plan.contents):
            if slots[slot] < 0:
                slots[slot] = self._open(content)
        return slots, kept

    def _open(self, content: Content) -> int:
        self.contents.append(content)
        return len(self.contents) - 1


def _changed(
    steps: tuple[Step, ...],
    regions: Sequence[tuple[int, int]],
    moves: dict[int, int],
    old: int,
    new: int,
) -> tuple[Step, ...]:
    """Steps whose regions are moved, and have another extent."""
    if moves:
        steps = moved_steps(steps, regions, moves)
    return steps if old == new else resized_steps(steps, old, new)


@dataclass(frozen=True)
class Assembly:
    """What makes a plan.

    Parameters
    ----------
    rows : list of Row
    contents : list of Content
        What slots hold.
    leaves : list of (slot, index)
        What comes in.
    outputs : list of Result
        What goes out.
    places : tuple of int
        Where the regions of arrays begin, piece by piece.
    fixed : tuple of int
        Which of them must begin there.
    """

    rows: list[Row]
    contents: list[Content]
    leaves: list[tuple[int, int]]
    outputs: list[Result]
    places: tuple[int, ...]
    fixed: tuple[int, ...]


def assemble(
    nodes: Sequence[Node], alive: Sequence[bool], parts: Sequence[Piece], build: Build
) -> Assembly:
    """Plans for all pieces of a path, put together.

    Parameters
    ----------
    nodes : sequence of Node
        The path.
    alive : sequence of bool
        The values to compute.
    parts : sequence of Piece
        The pieces of the path.
    build : callable
        Plans one piece.
    """
    chain = _Chain(nodes)
    for piece in parts:
        chain.add(piece, _template(piece, nodes, build))
    outputs = [
        (i, chain.slots[i], nodes[i].shape, HOST)
        for i, wanted in enumerate(alive)
        if wanted
    ]
    return Assembly(
        chain.rows,
        chain.contents,
        chain.leaves,
        outputs,
        tuple(chain.places),
        tuple(chain.fixed),
    )
