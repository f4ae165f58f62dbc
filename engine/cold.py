"""Cold plans: a path is interpreted while it is cold, and planned when it recurs.

A long one that repeats itself is planned in pieces; see `pieces`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from engine.chain import assemble, try_kinds, unknown
from engine.config import config
from engine.description import Piece
from engine.errors import Unfinished, warn_user
from engine.interpret import Outline, interpret, interprets_natively, outline_of
from engine.kernels.backend import HOST
from engine.likeness import find, key_of, places_of, remember, spent
from engine.moves import Moves, frame_of, moves_of
from engine.pieces import pieces
from engine.plan import Plan, build_plan
from engine.record.node import LEAF, Node
from engine.row import Row

if TYPE_CHECKING:
    from engine.bound import Bound

Array = np.ndarray[Any, Any]

# What things take, in seconds, roughly. NumPy interprets until it has taken as long as
# the better way would have taken to prepare: at worst the cost is doubled.
FLUSH, EVENT, BYTE = 3e-5, 1.5e-6, 1.25e-10
"""To interpret a path takes so much by itself, for each event, for each byte."""

PIECE, PLAN = 3e-4, 8e-5
"""To plan a piece takes so much by itself, and for each of its events."""

PLACE = 6e-6
"""To place a piece takes so much for each event, where one like it is planned."""

LOOK, LOOKS = 5e-5, 1.2e-5
"""To look for paths that are like one takes so much, and for each of its events."""

NATIVE, NATIVE_EVENT = 3e-6, 8e-7
"""What native code takes to interpret a path, by itself and for each event."""

SHORT = 1.5e-5
"""What Python takes at least to run a plan of which not all is native."""

RUNS, WORK = 32, 1e-3
"""So often native code interprets a path before Python looks again whether it should.

Nor for longer than some seconds, in all, as long as Python took: kernels may be due. A
flush in Python takes 10 us, one in native code 2 us and what the references take.
"""


class Cold(NamedTuple):
    """A path whose plan is known, but which NumPy interprets: what native code needs.

    `nodes` is None where regions begin elsewhere than those of the trie say. `alive`
    has a byte for each value, `last` is what `interpret.last_words` gives, and
    `budget` says how often it is still to be done in native code, of how many times.
    The first number is below 0 once it turned out that it cannot be.
    """

    nodes: list[Node] | None
    alive: bytes
    last: bytes
    budget: np.ndarray[Any, np.dtype[np.int64]]


class ColdPlan:
    """A path that NumPy interprets while it is cold; later it is planned.

    Attributes
    ----------
    plan : Plan or None
        The plan, once interpreting the path has cost what planning it costs.
    shifts : tuple of int
        Of the leaves: where regions begin in the path, see `engine.record.frames`.
    frame : bytes or None
        How native code is to follow regions, see `engine.moves.frame_of`.
    cold : Cold or None
        How native code is to interpret the path, while that is cheaper than the plan.
    """

    __slots__ = (
        "_alive",
        "_cost",
        "_donated",
        "_due",
        "_failure",
        "_key",
        "_moves",
        "_native_cost",
        "_nodes",
        "_outline",
        "_pieces",
        "_places",
        "_spent",
        "_straight",
        "cold",
        "frame",
        "plan",
        "shifts",
    )

    def __init__(
        self,
        nodes: list[Node],
        alive: Sequence[bool],
        donated: frozenset[int],
        shifts: tuple[int, ...] = (),
    ) -> None:
        own = [node for node in nodes if node.op is not LEAF]
        self.shifts = shifts or (0,) * (len(nodes) - len(own))
        self._moves: Moves | None = None
        self._outline: Outline | None = None
        self._nodes, self._alive, self._donated = nodes, alive, donated
        moved = BYTE * _bytes(own, nodes)
        self._cost = FLUSH + EVENT * len(nodes) + moved
        self._native_cost = NATIVE + NATIVE_EVENT * len(nodes) + moved
        # What is on a device is not brought to the host to be interpreted.
        away = any([node.device != HOST for node in nodes])
        self._spent = float("inf") if away else 0.0
        self._due = 0.0
        self._pieces: list[Piece] | None = None
        self._key: Any = None
        self._places: tuple[int, ...] = ()
        self.plan: Plan | None = None
        self._straight: tuple[Bound | None, tuple[Any, ...] | None] = None, None
        self._failure: str | None = None
        self.frame: bytes | None = None
        self.cold: Cold | None = None

    def straight(self) -> tuple[Any, ...] | None:
        """The plan as one native segment; None where it is more, or not yet known."""
        plan, (seen, straight) = self.plan, self._straight
        bound = None if plan is None else plan.bound
        if plan is not None and bound is not seen:
            shapes = [node.shape for node in self._nodes if node.op is LEAF]
            straight = None
            if self.frame is not None or not any(self.shifts):
                straight = plan.straight(shapes, bool(self._donated))
            self._straight = bound, straight
        return straight

    def warm(self) -> None:
        """Have it planned at its next run: there will be more."""
        self._spent = float("inf")

    def waited(self, seconds: float) -> None:
        """Note what Python took that native code would not, but for cold rows."""
        if self.plan is not None:
            self.plan.warm(seconds)

    def run(
        self, leaves: Sequence[Array | None], scalars: Sequence[Any]
    ) -> dict[int, Array]:
        """Compute the outputs, by number of the recorded value."""
        plan = self._ready_or_none()
        if plan is None:
            return self._told(self._interpreted(self._nodes, leaves, scalars))
        if plan.overhead() > self._cost or self._is_quicker_than(plan):
            return self._warmed(plan, self._nodes, leaves, scalars)
        self.cold = None
        return plan.run(leaves, scalars)

    def _is_quicker_than(self, plan: Plan) -> bool:
        """Whether native code interprets the path sooner than Python runs the plan.

        Python parts such a plan's native rows where it has an overhead. Work on many
        elements takes kernels less than NumPy: those paths are not taken.
        """
        quick = self._native_cost < SHORT and interprets_natively()
        if not quick or any(self.shifts) or plan.overhead() == 0:
            return False
        return self.cold is None or self.cold.budget[0] >= 0

    def _warmed(
        self,
        plan: Plan,
        nodes: list[Node],
        leaves: Sequence[Array | None],
        scalars: Sequence[Any],
    ) -> dict[int, Array]:
        """What NumPy computes as long as the kernels of a plan are not compiled.

        Many rows of a small loop have one kernel: interpreted one by one, each of them
        takes ten times as long as its events do here.
        """
        start = perf_counter()
        outputs = self._interpreted(nodes, leaves, scalars)
        seconds = perf_counter() - start
        plan.warm(seconds * (1 + self._done_natively(int(WORK / max(seconds, 1e-7)))))
        return outputs

    def _done_natively(self, more: int) -> int:
        """How often native code has interpreted the path since Python did.

        From now on it may some more times, where no regions begin elsewhere than the
        nodes say.
        """
        cold, outline = self.cold, self._outline
        runs = min(RUNS, more)
        if cold is not None:
            left, given = cold.budget.tolist()
            if left >= 0:
                cold.budget[:] = runs
            return given - left if left >= 0 else 0
        if outline is not None and not outline.moves:
            nodes = None if any(self.shifts) else self._nodes
            budget = np.full(2, runs, np.int64)
            self.cold = Cold(nodes, outline.kept, outline.last, budget)
        return 0

    def _interpreted(
        self,
        nodes: list[Node],
        leaves: Sequence[Array | None],
        scalars: Sequence[Any],
    ) -> dict[int, Array]:
        """What NumPy computes, wherever the regions of the path begin."""
        outline = self._outline
        if outline is None:
            outline = self._outline = outline_of(nodes, self._alive)
        return interpret(nodes, outline, leaves, scalars)

    def run_elsewhere(
        self,
        events: Callable[[], list[Node]],
        shifts: Sequence[int],
        leaves: Sequence[Array | None],
        scalars: Sequence[Any],
    ) -> dict[int, Array] | None:
        """Compute the outputs of a path whose leaves have other shifts.

        `events` gives its events, with the regions where they begin. None where that
        has to be planned apart: nothing has been computed then.
        """
        plan = self._ready_or_none()
        if plan is None:
            return self._told(self._interpreted(events(), leaves, scalars))
        if plan.overhead() > self._cost:
            return self._warmed(plan, events(), leaves, scalars)
        self.cold = None
        assert self._moves is not None
        own = zip(shifts, self.shifts, strict=True)
        moves = self._moves.of_places([new - old for new, old in own])
        moved = None
        if moves is not None:
            alive, donated = self._alive, self._donated
            moved = plan.moved(moves, lambda: _rows(events(), alive, donated))
        return None if moved is None else moved.run(leaves, scalars)

    def _ready_or_none(self) -> Plan | None:
        """The plan; where one cannot be made, NumPy computes all, or finds the error.

        Nothing is lost then but what depends on it.
        """
        if self._failure is not None:
            return None
        try:
            return self._ready()
        except Exception as error:
            self._failure = f"{type(error).__name__}: {error}"
            return None

    def _told(self, outputs: dict[int, Array]) -> dict[int, Array]:
        """What NumPy has computed; the first time it is said why no plan has."""
        failure = self._failure
        if failure:
            text = f"a plan was wanted; {failure}; NumPy computes instead"
            self._failure = ""
            try:
                warn_user(text, RuntimeWarning)
            except RuntimeWarning as error:  # where warnings are errors
                raise Unfinished(error, outputs) from None
        return outputs

    def _ready(self) -> Plan | None:
        """The plan; None as long as NumPy is to interpret the path."""
        if self.plan is None:
            self._spent += self._cost
            new = self._pieces is None and config.tier == "auto"
            if new and self._spent < LOOK + LOOKS * len(self._nodes):
                return None
            parts = self._parts()
            if self._key is not None:
                self._spent = max(self._spent, spent(self._key, self._cost))
            plan = self._like()
            if plan is None:
                if config.tier == "auto":
                    if not self._pays(parts):
                        return None
                    try_kinds(self._nodes, parts, build_plan)
                    if not self._pays(parts):  # they have to be planned one by one
                        return None
                plan = self._planned(parts)
            moves = moves_of(self._nodes, parts, plan.fixed)
            frame = frame_of(self._nodes, self.shifts, moves.pinned)
            if self.plan is None:  # else another thread has made one, with its frame
                self._moves, self.frame, self.plan = moves, frame, plan
            self._pieces = None
        return self.plan

    def _parts(self) -> list[Piece]:
        """The path cut in pieces; they say which paths are like this one."""
        parts = self._pieces
        if parts is None:
            parts = pieces(self._nodes, self._alive, self._donated)
            self._key, self._places = key_of(self._nodes, parts), places_of(parts)
            self._pieces = parts
        return parts

    def _like(self) -> Plan | None:
        """The plan, where a path like this one has a plan that can be moved."""
        found = None if self._key is None else find(self._key, self._places)
        if found is None:
            return None
        plan, moves = found
        return plan.moved(moves, self._again())

    def _again(self) -> Callable[[], Sequence[Row]]:
        """A function that makes the rows of the plan.

        It does not refer to this object, which holds the plan: that would be a cycle.
        """
        return partial(_rows, self._nodes, self._alive, self._donated)

    def _pays(self, parts: list[Piece]) -> bool:
        """Whether interpreting has taken what planning takes.

        That is less once others have planned pieces like these, but is not looked up
        each time. A path of several pieces is part of a loop, and taken to come again.
        """
        if self._spent < self._due:
            return False
        price = self._price(parts) / (2 if len(parts) > 1 else 1)
        self._due = (self._spent + price) / 2
        return self._spent >= price

    def _price(self, parts: list[Piece]) -> float:
        """What planning costs."""
        if not parts:
            return PIECE + PLAN * len(self._nodes)
        count, events = unknown(parts)
        return PLACE * len(self._nodes) + PIECE * count + PLAN * events

    def _planned(self, parts: list[Piece]) -> Plan:
        if not parts:
            return build_plan(self._nodes, self._alive, self._donated)
        made = assemble(self._nodes, self._alive, parts, build_plan)
        plan = Plan(made.rows, made.contents, made.leaves, made.outputs, self._again())
        plan.fixed = made.fixed
        plan.recurs = len(parts) > 1
        if self._key is not None and find(self._key, self._places) is None:
            remember(self._key, plan, made)
        return plan


def _rows(
    nodes: Sequence[Node], alive: Sequence[bool], donated: frozenset[int]
) -> Sequence[Row]:
    """The rows of the plan of a path, made one by one."""
    parts = pieces(nodes, alive, donated)
    return assemble(nodes, alive, parts, build_plan).rows


def _bytes(events: Sequence[Node], nodes: Sequence[Node]) -> int:
    """How many bytes the references of events write, or read where they make less.

    A write counts as one to all of the array: it is copied when it came in. A view
    takes no time.
    """
    written = sum([node.size for node in events if node.op.name != "view"])
    less = [node for node in events if node.op.kind not in _AS_LARGE]
    return written + sum(
        [nodes[k].size for node in less for k in node.operands if k >= 0]
    )


_AS_LARGE = frozenset(("elementwise", "source", "region"))
"""Kinds of ops that read no more than they write."""
