"""Plan: the rows that compute one path of the trie; built once, run many times.

A path is interpreted while it is cold. A long one that repeats itself is planned in
pieces; see `pieces`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.buffers import Buffers, Content, plan_buffers
from engine.chain import Result, assemble, unknown_events
from engine.config import config
from engine.errors import Unfinished
from engine.interpret import interpret, moved
from engine.kernels import pool
from engine.kernels.backend import HOST
from engine.likeness import find, key_of, places_of, remember, spent
from engine.outlines import Recalled, outline_of, recall, tell
from engine.pieces import Piece, pieces
from engine.program import from_nodes, is_leaf
from engine.record.node import LEAF, Node
from engine.row import CALL, ELEMENT, Row
from engine.schedule import Schedule, schedule
from engine.schedule.prepare import prepare
from engine.simplify import simplify

if TYPE_CHECKING:
    from engine.bound import Bound

Array = np.ndarray[Any, Any]

# What things take, in seconds, roughly. NumPy interprets until it has taken as long as
# the better way would have taken to prepare: at worst the cost is doubled.
PLAN = 8e-5
"""To plan one step of a path ..."""

PLACE = 6e-6
"""... and where a piece like it is planned already."""

LOOK = 1.2e-5
"""To look for paths that are like one takes so much for each of its steps."""

ASUNDER = 1.5e-4
"""To run a plan that cold rows take asunder takes so much more than native code."""


class Plan:
    """What one flush does.

    Parameters
    ----------
    rows : sequence of Row, or callable
        The rows, or what makes them when they are needed.
    contents : sequence of (dtype, shape, device)
        What each slot of the table of buffers holds.
    leaves : sequence of (slot, index)
        Where the arrays go that come in.
    outputs : sequence of (value, slot, shape, device)
        The recorded values that are computed, and where they are found.
    """

    __slots__ = (
        "_away",
        "_cold",
        "_leaves",
        "_like",
        "_make",
        "_outputs",
        "_rows",
        "_slots",
        "_was_run",
        "bound",
        "contents",
    )

    def __init__(
        self,
        rows: Sequence[Row] | Callable[[], Sequence[Row]],
        contents: Sequence[Content],
        leaves: Sequence[tuple[int, int]],
        outputs: Sequence[Result],
    ) -> None:
        self._rows: tuple[Row, ...] | None = None
        self._make: Callable[[], Sequence[Row]] | None = None
        if callable(rows):
            self._make = rows
        else:
            self._rows = tuple(rows)
        self.contents = contents
        self._away = any(device != HOST for _, _, device in contents)
        self._leaves = tuple(leaves)
        self._outputs = tuple(outputs)
        self._slots = len(contents) + 1  # the last: temporaries of a segment
        self._was_run = False
        self._like: tuple[Plan, Array] | None = None
        self.bound: Bound | None = None
        self._cold: list[Row] = []

    @property
    def rows(self) -> tuple[Row, ...]:
        """What it does, in order."""
        if self._rows is None:
            assert self._make is not None
            self._rows = tuple(self._make())
        return self._rows

    @property
    def leaves(self) -> tuple[tuple[int, int], ...]:
        """The slot and the index of each array that comes in."""
        return self._leaves

    @property
    def outputs(self) -> tuple[Result, ...]:
        """The value, slot, shape and device of each result."""
        return self._outputs

    def run(
        self, leaves: Sequence[Array | None], scalars: Sequence[Any]
    ) -> dict[int, Array]:
        """Compute the outputs, by number of the recorded value.

        Raises
        ------
        Unfinished
            When a row fails, after those that do not depend on it have run.
        """
        table: list[Any] = [None] * self._slots
        for slot, index in self._leaves:
            table[slot] = leaves[index]
        bound, first = self._ready(), 0
        self._was_run = True
        if bound is not None:
            stop = bound.run(table, scalars)
            if stop is None:
                self._wait(ASUNDER)
                return self._results(table, frozenset())
            if stop.error is not None:
                unfinished = self._unfinished(stop.row, stop.error, table, scalars)
                raise unfinished from stop.error
            first = stop.row
        for number in range(first, len(self.rows)):
            try:
                self.rows[number].run(table, scalars)
            except Exception as error:
                raise self._unfinished(number, error, table, scalars) from error
        return self._results(table, frozenset())

    def straight(
        self, shapes: Sequence[tuple[int, ...]], donated: bool
    ) -> tuple[Any, ...] | None:
        """The plan as one native segment; None where it is more, or not yet known.

        Parameters
        ----------
        shapes : sequence of tuple of int
            Of the leaves.
        donated : bool
            Whether the memory of leaves may be overwritten.
        """
        bound = self.bound
        if bound is None or self._cold:
            return None
        found = {slot: shape for _, slot, shape, _ in self._outputs}
        found |= {slot: shapes[index] for slot, index in self._leaves}
        for _, slot, shape, _ in self._outputs:
            if found[slot] != shape:  # two shapes of one buffer
                return None
        results = [(value, slot) for value, slot, *_ in self._outputs]
        return bound.straight(dict(self._leaves), results, donated)

    def moved(self, moves: Array, rows: Callable[[], Sequence[Row]]) -> Plan | None:
        """The plan of a path that is like this one's, see `likeness`.

        Parameters
        ----------
        moves : array of int
            By how many items the regions of each array are moved.
        rows : callable
            Makes the rows of that plan.
        """
        plan = Plan(rows, self.contents, self._leaves, self._outputs)
        plan._was_run, plan._like = True, (self, moves)
        return plan if plan._bind() is not None else None

    def _ready(self) -> Bound | None:
        """The bound form, renewed where that is due."""
        bound = self.bound
        if bound is None or bound.threads != pool.num_threads() or self._has_warmed():
            return self._bind() if self._was_run else None
        return bound

    def _bind(self, cold_too: bool = False) -> Bound | None:
        """The bound form, once it is known how most rows run: see `bound`.

        The rows themselves are the specification, and what runs until then. A few that
        are cold, at the ends of a loop for instance, do not keep all others waiting.
        Where most are, a bound form is no faster; to be moved it is wanted `cold_too`.
        """
        if self._like is not None:
            return self._bind_like(*self._like)
        # A plan that runs once needs none of these: see `tests/test_import.py`.
        from engine.bound import bind
        from engine.kernels.native import table

        if self._away or not table.available():
            return None
        cold = [row for row in self.rows if not row.settle()]
        if 2 * len(cold) > len(self.rows) and not cold_too:
            return None
        shapes = {slot: shape for _, slot, shape, _ in self._outputs}
        contents = [(dtype, shape) for dtype, shape, _ in self.contents]
        self.bound = bind(self.rows, contents, shapes, pool.num_threads())
        self._cold = cold
        return self.bound

    def _bind_like(self, plan: Plan, moves: Array) -> Bound | None:
        """The bound form as that of a plan like this one, its regions moved."""
        bound = plan._ready() or plan._bind(cold_too=True)
        self.bound = None if bound is None else bound.moved(moves)
        self._cold = [] if self.bound is None else self.bound.cold()
        return self.bound

    def _wait(self, seconds: float) -> None:
        """Let cold rows know what it costs that they keep all others from going on."""
        for row in self._cold:
            row.warm(seconds / len(self._cold))

    def _has_warmed(self) -> bool:
        """Whether half of the rows that were cold when it was bound are no longer."""
        cold = self._cold
        return bool(cold) and 2 * sum(row.settle() for row in cold) >= len(cold)

    def _unfinished(
        self, number: int, error: Exception, table: list[Any], scalars: Sequence[Any]
    ) -> Unfinished:
        """What to raise when a row failed; rows that do not depend on it are run."""
        lost = self.rows[number].written()
        for row in self.rows[number + 1 :]:
            row.run_unless(lost, table, scalars)
        return Unfinished(error, self._results(table, lost))

    def _results(self, table: list[Any], lost: Set[int]) -> dict[int, Array]:
        outputs: dict[int, Array] = {}
        for value, slot, shape, device in self._outputs:
            if slot not in lost:
                array = table[slot]
                if device != self.contents[slot][2]:
                    array = moved(array, device)
                outputs[value] = array if array.shape == shape else array.reshape(shape)
        return outputs


class WholePlan(Plan):
    """The plan of a path that was planned as one.

    Attributes
    ----------
    schedule : Schedule
        What the rows came from, for `engine.explain`.
    buffers : Buffers
    """

    __slots__ = ("buffers", "schedule")

    def __init__(
        self,
        schedule: Schedule,
        buffers: Buffers,
        leaves: dict[int, int],
        results: dict[int, tuple[tuple[int, ...], str]],
    ) -> None:
        self.schedule = schedule
        self.buffers = buffers
        super().__init__(
            [
                Row(schedule, group, buffers, index)
                for index, group in enumerate(schedule.groups)
            ],
            buffers.contents,
            [
                (buffers.slots[n], leaves[step.origin])
                for n, step in enumerate(schedule.program.steps)
                if is_leaf(step)
            ],
            [
                (value, buffers.slots[k], *results[value])
                for value, k in schedule.program.outputs.items()
            ],
        )


class ColdPlan:
    """A path that NumPy interprets while it is cold; later it is planned.

    Attributes
    ----------
    plan : Plan or None
        The plan, once interpreting the path has cost what planning it costs.
    """

    __slots__ = (
        "_alive",
        "_cost",
        "_donated",
        "_key",
        "_known",
        "_nodes",
        "_pieces",
        "_places",
        "_seen",
        "_spent",
        "_straight",
        "_was_looked_at",
        "plan",
    )

    def __init__(
        self, nodes: Sequence[Node], alive: Sequence[bool], donated: frozenset[int]
    ) -> None:
        self._nodes, self._alive, self._donated = nodes, alive, donated
        elements = sum(prod(node.shape) for node in nodes)
        self._cost = CALL * len(nodes) + ELEMENT * elements
        # What is on a device is not brought to the host to be interpreted.
        away = any(node.device != HOST for node in nodes)
        self._spent = float("inf") if away else 0.0
        self._pieces: list[Piece] | None = None
        self._known: Recalled | None = None
        self._was_looked_at = False
        self._key: Any = None
        self._places: tuple[int, ...] = ()
        self.plan: Plan | None = None
        self._seen: Bound | None = None
        self._straight: tuple[Any, ...] | None = None

    def straight(self) -> tuple[Any, ...] | None:
        """The plan as one native segment; None where it is more, or not yet known."""
        bound = None if self.plan is None else self.plan.bound
        if self.plan is not None and bound is not self._seen:
            shapes = [node.shape for node in self._nodes if node.op is LEAF]
            self._straight = self.plan.straight(shapes, bool(self._donated))
            self._seen = bound
        return self._straight

    def warm(self) -> None:
        """Have it planned at its next run: there will be more."""
        self._spent = float("inf")

    def run(
        self, leaves: Sequence[Array | None], scalars: Sequence[Any]
    ) -> dict[int, Array]:
        """Compute the outputs, by number of the recorded value."""
        if self.plan is None:
            new = self._spent == 0.0 and config.tier == "auto"
            if new and self._cost < LOOK * len(self._nodes):
                self._spent = self._cost
                return interpret(self._nodes, self._alive, leaves, scalars)
            if not self._was_looked_at:
                self._look()
            self._spent += self._cost
            if self._key is not None:
                self._spent = max(self._spent, spent(self._key, self._cost))
            self.plan = self._like()
            if self.plan is None:
                parts = self._parts()
                if config.tier == "auto" and self._spent < self._price(parts):
                    return interpret(self._nodes, self._alive, leaves, scalars)
                self.plan = self._planned(parts)
            self._pieces = self._known = None
        return self.plan.run(leaves, scalars)

    def _look(self) -> None:
        """Find out which paths are like this one."""
        self._was_looked_at = True
        outline = outline_of(self._nodes, self._alive, self._donated)
        known = None if outline is None else recall(outline)
        if known is not None:
            self._key, self._places, self._known = known.key, known.places(), known
            return
        parts = self._parts()
        self._key, self._places = key_of(self._nodes, parts), places_of(parts)
        if outline is not None and self._key is not None:
            tell(outline, self._key, parts)

    def _parts(self) -> list[Piece]:
        """The path cut in pieces."""
        if self._pieces is None:
            known, self._known = self._known, None
            if known is not None:
                self._pieces = known.parts()
            else:
                self._pieces = pieces(self._nodes, self._alive, self._donated)
        return self._pieces

    def _like(self) -> Plan | None:
        """The plan, where a path like this one has a plan that can be moved."""
        found = None if self._key is None else find(self._key, self._places)
        if found is None:
            return None
        plan, moves = found
        return plan.moved(moves, self._rows)

    def _rows(self) -> Sequence[Row]:
        """The rows of the plan, made one by one."""
        parts = pieces(self._nodes, self._alive, self._donated)
        return assemble(self._nodes, self._alive, parts, build_plan).rows

    def _price(self, parts: list[Piece]) -> float:
        """What planning costs."""
        if not parts:
            return PLAN * len(self._nodes)
        return PLACE * len(self._nodes) + PLAN * unknown_events(parts)

    def _planned(self, parts: list[Piece]) -> Plan:
        if not parts:
            return build_plan(self._nodes, self._alive, self._donated)
        made = assemble(self._nodes, self._alive, parts, build_plan)
        plan = Plan(made.rows, made.contents, made.leaves, made.outputs)
        if self._key is not None and find(self._key, self._places) is None:
            remember(self._key, plan, made)
        return plan


def build_plan(
    nodes: Sequence[Node], alive: Sequence[bool], donated: frozenset[int]
) -> WholePlan:
    """Stages 3 to 5 for a recorded path.

    Parameters
    ----------
    nodes : sequence of Node
        The path; node i makes value i.
    alive : sequence of bool
        The values to compute.
    donated : frozenset of int
        Leaf values whose memory may be overwritten.
    """
    program = simplify(from_nodes(nodes, alive))
    planned = schedule(prepare(program, donated))
    entering = [i for i, node in enumerate(nodes) if node.op is LEAF]
    order = {number: k for k, number in enumerate(entering)}
    results = {i: (nodes[i].shape, nodes[i].device) for i in planned.program.outputs}
    places = {i: node.device for i, node in enumerate(nodes) if node.device != HOST}
    return WholePlan(planned, plan_buffers(planned, places), order, results)
