"""Chain: the plans of pieces, one behind the other over one table of buffers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from engine.buffers import Buffers, Content
from engine.description import Piece
from engine.extents import (
    REGIONS,
    Numbers,
    Sizes,
    Sizing,
    moved_steps,
    resized_steps,
    sizing,
)
from engine.kernels.backend import HOST
from engine.lower import Lowered
from engine.program import COPY, Later, Step, is_leaf, is_view
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
    piece : Piece
        The one that it was planned for.
    sizings : tuple of Sizing
        Where the numbers of each row's layout are found; none where they stay.
    movable : dict of int to int
        The steps that bring in the arrays with these regions, by number in the piece;
        -1 where no step reads the array any more.
    regions : tuple of (int, int)
        The steps with such a region, and the step that brings in its array.
    """

    plan: WholePlan
    piece: Piece
    sizings: tuple[Sizing, ...]
    movable: dict[int, int]
    regions: tuple[tuple[int, int], ...]

    def sized(self, piece: Piece) -> _Sized:
        """What its rows need over the sizes of a piece that it serves."""
        plan, own = self.plan, self.piece
        if piece.numbers == own.numbers:
            given = plan.schedule.program.steps
            lowered = [row.lowered for row in plan.rows]
            return _Sized(own, plan.contents, lowered, lambda: given)
        sizes = piece.sizes
        shapes = own.numbers.other_shapes(piece.numbers)
        elements = {prod(old): prod(new) for old, new in shapes.items()}
        contents = [(dtype, shapes[shape], on) for dtype, shape, on in plan.contents]
        lowered = [
            row.lowered and row.lowered.over(one.layout(sizes), elements)
            for row, one in zip(plan.rows, self.sizings, strict=True)
        ]
        steps = Later(partial(_resized, plan.schedule, own.sizes, sizes))
        return _Sized(piece, contents, lowered, steps)


class _Sized(NamedTuple):
    """The rows of a template over the sizes of a piece, and its steps when needed."""

    piece: Piece
    contents: Sequence[Content]
    lowered: list[Lowered | None]
    steps: Callable[[], tuple[Step, ...]]


_templates: dict[Any, Template] = {}
_apart: set[Any] = set()
"""Keys of pieces of which each has to be planned, as plans of others do not fit."""


def unknown(parts: Sequence[Piece]) -> tuple[int, int]:
    """How many pieces have to be planned, like pieces once, and their events."""
    sizes: dict[Any, int] = {}
    for part in parts:
        if find(part) is None:
            own = (part.key, part.numbers) if part.key in _apart else part.key
            sizes[own] = len(part.values)
    return len(sizes), sum(sizes.values())


def try_kinds(nodes: Sequence[Node], parts: Sequence[Piece], build: Build) -> None:
    """Plan one piece of each key that is unknown: it may serve the others, or not."""
    tried: set[Any] = set()
    for part in parts:
        if part.key not in tried and part.key not in _apart:
            tried.add(part.key)
            _template(part, nodes, build)


def find(piece: Piece) -> Template | None:
    """The planned piece that a piece is like."""
    for key in _keys(piece):
        found = _templates.get(key)
        if found is not None and _fits(found, piece.numbers):
            return found
    return None


def _fits(template: Template, numbers: Numbers) -> bool:
    """Whether a plan serves a piece of its key with these numbers."""
    if template.piece.numbers == numbers:
        return True
    return all(one.fits(numbers) for one in template.sizings)


def _keys(piece: Piece) -> Iterator[Any]:
    """Keys of ever fewer pieces: of any numbers, of these, of these places."""
    yield piece.key
    yield piece.key, piece.numbers
    yield piece.key, piece.numbers, tuple(piece.origins.items())


def _template(piece: Piece, nodes: Sequence[Node], build: Build) -> Template:
    found = find(piece)
    if found is None:
        plan = build(piece.nodes(nodes), piece.alive, piece.donated)
        movable, regions = _movable(plan.schedule, piece)
        sizings = _sizings(plan, piece)
        found = Template(plan, piece, sizings, movable, regions)
        if len(_templates) >= MAX_TEMPLATES:
            _templates.clear()
            _apart.clear()
        any_size, one_size, exact = _keys(piece)
        if len(movable) < len(piece.origins):
            key = exact
        else:
            key = any_size if sizings and any_size not in _templates else one_size
        if key is not any_size:
            _apart.add(piece.key)
        _templates[key] = found
    return found


def _arrays(schedule: Schedule) -> list[int]:
    """The array in whose memory each step is, by number in the piece, or -1.

    A copy is known by the number of what is copied.
    """
    steps = schedule.program.steps
    found: list[int] = []
    for step in steps:
        copied = step.op is COPY and step.origin < 0
        found.append(found[step.operands[0]] if copied else step.origin)
    return [found[schedule.memory[n]] for n in roots(steps)]


def _resized(schedule: Schedule, old: Sizes, new: Sizes) -> tuple[Step, ...]:
    return resized_steps(schedule.program.steps, _arrays(schedule), old, new)


def _sizings(plan: WholePlan, piece: Piece) -> tuple[Sizing, ...]:
    """Where the numbers of the rows' layouts are found; none where they have to stay.

    So they do where a row is no kernel, or where sizes say what is copied.
    """
    steps = plan.schedule.program.steps
    if not piece.sizable or plan.schedule.by_size:
        return ()
    sizes, numbers, arrays = piece.sizes, piece.numbers, _arrays(plan.schedule)
    try:
        resized_steps(steps, arrays, sizes, sizes)
    except KeyError:  # some are of shapes or regions that stage 3 has made up
        return ()
    shapes = {*numbers.arrays, *numbers.shapes}
    elements = {*map(prod, shapes)}
    if not shapes.issuperset([shape for _, shape, _ in plan.contents]):
        return ()
    found: list[Sizing] = []
    for row in plan.rows:
        lowered = row.lowered
        if lowered is None or not elements.issuperset(
            [size for _, size in lowered.temporaries]
        ):
            return ()
        memory = [arrays[n] for n in lowered.owners]
        one = sizing(lowered.layout, memory, sizes)
        if one is None:
            return ()
        found.append(one)
    return tuple(found)


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
        self.sized: dict[tuple[int, Numbers], _Sized] = {}

    def add(self, piece: Piece, template: Template) -> None:
        """Put the rows of a planned piece behind those that are there."""
        plan, one = template.plan, self._sized(piece, template)
        slots, kept = self._slots(piece, plan, one.contents)
        buffers = Buffers(
            tuple([slots[s] if s >= 0 else -1 for s in plan.buffers.slots]),
            self.contents,
            (),
            (),
            (),
            (),
        )
        moves = {
            step: piece.origins[origin] - one.piece.origins[origin]
            for origin, step in template.movable.items()
            if piece.origins[origin] != one.piece.origins[origin]
        }
        steps = Later(partial(_moved, one.steps, template.regions, moves))
        first = piece.first_scalar
        moving = self._moving(piece, template)
        for row, lowered in zip(plan.rows, one.lowered, strict=True):
            self.rows.append(
                row.placed(
                    steps,
                    buffers,
                    slots,
                    kept,
                    first,
                    lowered and lowered.moved(moves),
                    moving,
                    template.regions,
                )
            )
        for value, slot, _, _ in plan.outputs:
            self.slots[piece.values[value]] = slots[slot]

    def _sized(self, piece: Piece, template: Template) -> _Sized:
        """The plan of a template over the sizes of a piece."""
        key = (id(template), piece.numbers)
        known = self.sized.get(key)
        if known is None:
            known = self.sized[key] = template.sized(piece)
        return known

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

    def _slots(
        self, piece: Piece, plan: WholePlan, contents: Sequence[Content]
    ) -> tuple[list[int], set[int]]:
        """The slot of this table for each one of the piece; which are still needed."""
        slots = [-1] * len(plan.contents)
        kept: set[int] = set()
        for slot, index in plan.leaves:
            value = piece.entering[index]
            if value not in self.slots:
                dtype, _, device = plan.contents[slot]
                shape = self.nodes[value].shape
                self.slots[value] = self._open((dtype, shape, device))
                self.leaves.append((self.slots[value], self.order[value]))
            slots[slot] = self.slots[value]
            if value not in piece.final:
                kept.add(slot)
        for slot, content in enumerate(contents):
            if slots[slot] < 0:
                slots[slot] = self._open(content)
        return slots, kept

    def _open(self, content: Content) -> int:
        self.contents.append(content)
        return len(self.contents) - 1


def _moved(
    steps: Callable[[], tuple[Step, ...]],
    regions: Sequence[tuple[int, int]],
    moves: dict[int, int],
) -> tuple[Step, ...]:
    return moved_steps(steps(), regions, moves) if moves else steps()


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
