"""Plan: the rows that compute one path of the trie; built once, run many times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence, Set
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.buffers import Buffers, Content, plan_buffers
from engine.chain import Result
from engine.config import config
from engine.errors import Unfinished
from engine.interpret import moved
from engine.kernels import pool
from engine.kernels.backend import HOST
from engine.program import from_nodes, is_leaf
from engine.record.node import LEAF, Node
from engine.row import COMPILE, Row
from engine.schedule import Schedule, schedule
from engine.schedule.prepare import prepare
from engine.simplify import simplify

if TYPE_CHECKING:
    from engine.bound import Bound, NativeRows

Array = np.ndarray[Any, Any]

LOOK = COMPILE / 16
"""Seconds that NumPy computes for cold rows until it is looked again whether they are.

It takes as long as interpreting some ten events.
"""

ASUNDER = 1.5e-4
"""Seconds that a run takes longer where cold rows cut its plan in segments."""


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
    again : callable, optional
        Makes the rows again. Then they are dropped once all are bound: those of a loop
        over ever shorter slices are most of what the collector has to look at.

    Attributes
    ----------
    bound : Bound or None
        The plan as native segments and rows of Python.
    fixed : tuple of int
        Which places of regions have to begin where they do, see `engine.likeness`.
    recurs : bool
        Whether it is bound when it runs: the second time, or at once in a loop, where
        binding takes as long as running the rows by Python.
    """

    __slots__ = (
        "_away",
        "_cold",
        "_found_cold",
        "_kinds",
        "_leaves",
        "_like",
        "_make",
        "_outputs",
        "_overhead",
        "_rows",
        "_slots",
        "_waited",
        "bound",
        "contents",
        "fixed",
        "recurs",
    )

    def __init__(
        self,
        rows: Sequence[Row] | Callable[[], Sequence[Row]],
        contents: Sequence[Content],
        leaves: Sequence[tuple[int, int]],
        outputs: Sequence[Result],
        again: Callable[[], Sequence[Row]] | None = None,
    ) -> None:
        self._rows: tuple[Row, ...] | None = None
        self._make = again
        if callable(rows):
            self._make = rows
        else:
            self._rows = tuple(rows)
        self.contents = contents
        self._away = any(device != HOST for _, _, device in contents)
        self._leaves = tuple(leaves)
        self._outputs = tuple(outputs)
        self._slots = len(contents) + 1  # the last: temporaries of a segment
        self._like: tuple[Plan, Array] | None = None
        self.bound: Bound | None = None
        self._cold: list[Row] = []
        self._kinds: list[tuple[Row, int]] | None = None
        self._found_cold: list[tuple[Row, int]] | None = None
        self._waited = self._overhead = 0.0
        self.fixed: tuple[int, ...] = ()
        self.recurs = False

    @property
    def rows(self) -> tuple[Row, ...]:
        """What it does, in order."""
        rows = self._rows
        if rows is None:  # as after another thread has bound them
            assert self._make is not None
            rows = self._rows = tuple(self._make())
        return rows

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
        self.recurs = True
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
        rows = bound.whole()
        if rows is None:
            return None
        return rows.straight(dict(self._leaves), results, donated, bound.threads)

    def whole(self) -> NativeRows | None:
        """The plan as one native call; None where it is more, or not yet known."""
        self.recurs = True
        bound = self._ready()
        return None if bound is None or self._cold else bound.whole()

    def moved(self, moves: Array, rows: Callable[[], Sequence[Row]]) -> Plan | None:
        """The plan of a path that is like this one's, see `likeness`.

        Parameters
        ----------
        moves : array of int
            By how many items the regions of each array are moved.
        rows : callable
            Makes the rows of that plan.
        """
        like = self
        if self._like is not None:
            like, own = self._like
            moves = own + moves
        plan = Plan(rows, self.contents, self._leaves, self._outputs)
        plan.fixed = self.fixed
        plan.recurs, plan._like = True, (like, moves)
        return plan if plan._bind() is not None else None

    def _ready(self) -> Bound | None:
        """The bound form, renewed where that is due."""
        bound = self.bound
        if bound is None or bound.threads != pool.num_threads() or self._has_warmed():
            return self._bind() if self.recurs else None
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
        rows = self.rows
        cold = [row for row in rows if not row.settle()]
        if 2 * len(cold) > len(rows) and not cold_too:
            return None
        shapes = {slot: shape for _, slot, shape, _ in self._outputs}
        contents = [(dtype, shape) for dtype, shape, _ in self.contents]
        bound = bind(rows, contents, shapes, pool.num_threads())
        self._cold = cold  # first: `straight` takes what is bound by it
        self.bound = bound
        if self._make is not None and not cold:
            self._rows = None
        return bound

    def _bind_like(self, plan: Plan, moves: Array) -> Bound | None:
        """The bound form as that of a plan like this one, its regions moved."""
        bound = plan._ready() or plan._bind(cold_too=True)
        moved = None if bound is None else bound.moved(moves)
        self._cold = [] if moved is None else moved.cold()
        self.bound = moved
        return moved

    def overhead(self) -> float:
        """Seconds that it takes to interpret rows: those that are not native."""
        if self._away or config.tier != "auto":
            return 0.0
        if self._like is not None:
            return self._like[0].overhead()
        if self.bound is not None and not self._cold:
            return self.bound.overhead
        if self._found_cold is None:
            self._cold_kinds()
        return self._overhead

    def warm(self, seconds: float) -> None:
        """Let cold rows know what NumPy takes, which computes all in their place."""
        if self._like is not None:
            return self._like[0].warm(seconds)
        self._waited += seconds
        if self._waited < LOOK:
            return
        seconds, self._waited = self._waited, 0.0
        cold = self._cold_kinds()
        for row, _ in cold:
            row.warm(seconds / len(cold))
        self._found_cold = None

    def _cold_kinds(self) -> list[tuple[Row, int]]:
        """The rows that are cold, those of one kernel once, and how many they are.

        To look takes as long as to interpret a few events: it is done now and then.
        """
        found = self._found_cold
        if found is None:
            kinds = self._kinds
            if kinds is None:
                counts = Counter([row.first or row for row in self.rows])
                kinds = self._kinds = [*counts.items()]
            found = [(row, count) for row, count in kinds if row.is_cold()]
            self._overhead = sum([row.overhead * count for row, count in found])
            self._found_cold = found
        return found

    def _wait(self, seconds: float) -> None:
        """Let cold rows know what it costs that they keep all others from going on."""
        cold = self._cold
        for row in cold:
            row.warm(seconds / len(cold))

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
