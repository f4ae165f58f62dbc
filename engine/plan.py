"""Plan: the rows that compute one path of the trie; built once, run many times.

A row is a launch or a library call over a table of buffers. Which tier runs a launch is
decided here, when the row first runs: a kernel that exists is used; a cold group is
interpreted, until that has cost what compiling it costs.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence, Set
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from engine import counters
from engine.bound import Bound, bind
from engine.buffers import Buffers, plan_buffers
from engine.config import config
from engine.errors import Unfinished, warn_user
from engine.interpret import call_reference, interpret, late_error, moved
from engine.kernels import memory, pool
from engine.kernels.backend import (
    HOST,
    Backend,
    CompileError,
    UnsupportedKernel,
    backend_of,
)
from engine.kernels.native import table as native
from engine.lower import Lowered, lower
from engine.program import EMPTY, Step, from_nodes, is_leaf
from engine.recipe import strided
from engine.record.node import LEAF, Node
from engine.schedule import Schedule, schedule
from engine.schedule.groups import Group
from engine.schedule.prepare import prepare
from engine.simplify import simplify

Array = np.ndarray[Any, Any]

# What things take, in seconds, roughly. NumPy interprets until it has taken as long as
# the better way would have taken to prepare: at worst the cost is doubled.
COMPILE = 0.04
"""To compile a kernel."""

PLAN = 3e-4
"""To plan one step of a path."""

CALL = 1e-5
"""To interpret one step, whatever its size ..."""

ELEMENT = 1e-9
"""... and for each of its elements."""

_heat: dict[str, float] = {}
_warned: set[str] = set()


class Plan:
    """What one flush does.

    Attributes
    ----------
    schedule : Schedule
        What the rows came from, for `engine.explain`.
    rows : tuple of Row
    """

    __slots__ = (
        "_leaves",
        "_outputs",
        "_slots",
        "bound",
        "buffers",
        "rows",
        "schedule",
    )

    def __init__(
        self,
        schedule: Schedule,
        buffers: Buffers,
        leaves: dict[int, int],
        results: dict[int, tuple[tuple[int, ...], str]],
    ) -> None:
        self.schedule = schedule
        self.buffers = buffers
        steps = schedule.program.steps
        self._slots = len(buffers.contents) + 1  # the last: temporaries of a segment
        self.bound: Bound | None = None
        self._leaves = tuple(
            (buffers.slots[n], leaves[step.origin])
            for n, step in enumerate(steps)
            if is_leaf(step)
        )
        self._outputs = tuple(
            (value, buffers.slots[k], *results[value])
            for value, k in schedule.program.outputs.items()
        )
        self.rows = tuple(
            Row(schedule, group, buffers, index)
            for index, group in enumerate(schedule.groups)
        )

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
        bound, first = self.bound, 0
        if bound is None or bound.threads != pool.num_threads():
            bound = self._bind()
        if bound is not None:
            stop = bound.run(table, scalars)
            if stop is None:
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

    def _bind(self) -> Bound | None:
        """The bound form, once it is known how every row runs: see `bound`.

        The rows themselves are the specification, and what runs until then.
        """
        if not native.available() or not all(row.settled for row in self.rows):
            return None
        if any(device != HOST for _, _, device in self.buffers.contents):
            return None
        shapes = {slot: shape for _, slot, shape, _ in self._outputs}
        contents = [(dtype, shape) for dtype, shape, _ in self.buffers.contents]
        self.bound = bind(self.rows, contents, shapes, pool.num_threads())
        return self.bound

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
                if device != self.buffers.contents[slot][2]:
                    array = moved(array, device)
                outputs[value] = array if array.shape == shape else array.reshape(shape)
        return outputs


class ColdPlan:
    """A path that NumPy interprets while it is cold; later it is planned.

    Attributes
    ----------
    plan : Plan or None
        The plan, once interpreting the path has cost what planning it costs.
    """

    __slots__ = ("_alive", "_cost", "_donated", "_nodes", "_spent", "plan")

    def __init__(
        self, nodes: Sequence[Node], alive: Sequence[bool], donated: frozenset[int]
    ) -> None:
        self._nodes, self._alive, self._donated = nodes, alive, donated
        elements = sum(prod(node.shape) for node in nodes)
        self._cost = CALL * len(nodes) + ELEMENT * elements
        # What is on a device is not brought to the host to be interpreted.
        away = any(node.device != HOST for node in nodes)
        self._spent = float("inf") if away else 0.0
        self.plan: Plan | None = None

    def warm(self) -> None:
        """Have it planned at its next run: there will be more."""
        self._spent = float("inf")

    def run(
        self, leaves: Sequence[Array | None], scalars: Sequence[Any]
    ) -> dict[int, Array]:
        """Compute the outputs, by number of the recorded value."""
        if self.plan is None:
            self._spent += self._cost
            if config.tier == "auto" and self._spent < PLAN * len(self._nodes):
                return interpret(self._nodes, self._alive, leaves, scalars)
            self.plan = build_plan(self._nodes, self._alive, self._donated)
        return self.plan.run(leaves, scalars)


def build_plan(
    nodes: Sequence[Node], alive: Sequence[bool], donated: frozenset[int]
) -> Plan:
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
    return Plan(planned, plan_buffers(planned, places), order, results)


class Row:
    """One launch, or one library call."""

    def __init__(
        self, schedule: Schedule, group: Group, buffers: Buffers, index: int
    ) -> None:
        self.group = group
        self.steps = schedule.program.steps
        self.buffers = buffers
        self.fresh = tuple((s, *buffers.contents[s]) for s in buffers.fresh[index])
        self.dead = buffers.dead[index]
        self.device = buffers.devices[index]
        self.backend: Backend = backend_of(self.device)
        self.lowered: Lowered | None = None
        self.launcher: Any = None
        self._interpreted = group.kind == "library"
        self.arguments: tuple[int, ...] = ()
        if group.kind != "library":
            lowered = lower(schedule, group, buffers.slots)
            self.lowered = lowered
            self.arguments = lowered.arguments
        self.scalar_numbers = self.lowered.scalars if self.lowered else ()

    @property
    def settled(self) -> bool:
        """Whether it is known how the row runs: a group that is cold may warm up."""
        return self.launcher is not None or self._interpreted

    def run(self, table: list[Any], scalars: Sequence[Any]) -> None:
        """Compute the group over the table of buffers."""
        launcher = self.launcher
        if launcher is None and not self._interpreted:
            launcher = self._choose()
        if launcher is None:
            interpret_group(self.group, self.steps, self.buffers, table, scalars)
        else:
            try:
                self._launch(launcher, table, scalars)
            except MemoryError as error:
                largest = max(self.group.outputs, key=lambda n: self.steps[n].size)
                raise late_error(error, self.steps[largest]) from None
        for slot in self.dead:
            table[slot] = None

    def run_unless(
        self, lost: set[int], table: list[Any], scalars: Sequence[Any]
    ) -> None:
        """Run what depends on no lost slot; say in `lost` which slots are."""
        gone = self._gone(lost)
        written = self.written()
        try:
            if gone:
                steps = tuple(n for n in self.group.steps if n not in gone)
                outputs = tuple(n for n in self.group.outputs if n not in gone)
                rest = replace(self.group, steps=steps, outputs=outputs)
                interpret_group(rest, self.steps, self.buffers, table, scalars)
                lost |= written
                lost -= {self.buffers.slots[n] for n in outputs}
            else:
                self.run(table, scalars)
                lost -= written
        except Exception:  # the first failure is what the user hears of
            lost |= written

    def _gone(self, lost: set[int]) -> set[int]:
        """The steps that depend on a lost slot."""
        slots = self.buffers.slots
        own = set(self.group.steps)
        gone: set[int] = set()
        for n in self.group.steps:
            stack = list(self.steps[n].values)
            while stack:
                k = stack.pop()
                if k in gone or (k not in own and slots[k] in lost):
                    gone.add(n)
                    break
                if k not in own and slots[k] < 0:
                    stack.extend(self.steps[k].values)
        return gone

    def written(self) -> set[int]:
        """The slots of the results."""
        return {self.buffers.slots[n] for n in self.group.outputs}

    def _launch(self, launcher: Any, table: list[Any], scalars: Sequence[Any]) -> None:
        lowered = self.lowered
        assert lowered is not None
        for slot, dtype, shape, device in self.fresh:
            table[slot] = backend_of(device).allocate(dtype, shape)
        own = [self.backend.allocate(d, (size,)) for d, size in lowered.temporaries]
        arguments = [
            table[slot] if slot >= 0 else own[~slot] for slot in self.arguments
        ]
        numbers = [scalars[k] for k in self.scalar_numbers]
        pointer = self.backend.pointer
        if self.device == HOST:
            launcher([pointer(buffer) for buffer in arguments], numbers)
            return
        there = [moved(buffer, self.device) for buffer in arguments]
        launcher([pointer(buffer) for buffer in there], numbers)
        roles = [argument.role for argument in lowered.kernel.arguments]
        for buffer, copy, role in zip(arguments, there, roles, strict=True):
            if copy is not buffer and role != "read":
                buffer[...] = moved(copy, HOST).reshape(buffer.shape)

    def _choose(self) -> Any:
        """The launcher, where the group is to be compiled; None to interpret it."""
        lowered = self.lowered
        assert lowered is not None
        kernel = lowered.kernel
        try:
            if config.tier == "auto" and not self._worth_compiling():
                return None
            launcher = self.backend.compile(kernel).bind(lowered.layout)
        except UnsupportedKernel:
            self._interpreted = True
            return None
        except CompileError as error:
            self._interpreted = True
            self._warn(kernel.name, error)
            return None
        self.launcher = launcher
        return launcher

    def _warn(self, name: str, error: CompileError) -> None:
        """Say once for a kernel that NumPy computes it; the reason is for a log."""
        if name in _warned:
            return
        _warned.add(name)
        logging.getLogger(__name__).info("%s: %s", name, error.reason)
        ops = ", ".join(dict.fromkeys(self.steps[n].op.name for n in self.group.steps))
        warn_user(
            f"{ops}: a compiled kernel was wanted; {name} could not be compiled; NumPy "
            "computes it instead",
            RuntimeWarning,
        )

    def _worth_compiling(self) -> bool:
        lowered = self.lowered
        assert lowered is not None
        if self.device != HOST:
            return True
        kernel = lowered.kernel
        cost = len(self.group.steps) * (CALL + ELEMENT * self.group.size)
        spent = _heat[kernel.key] = _heat.get(kernel.key, 0.0) + cost
        if spent >= COMPILE:
            return True
        return self.backend.is_known(kernel)


# -- interpretation -------------------------------------------------------------------
class _Values(dict[int, Any]):
    """Arrays of steps: views and sources are made when they are asked for."""

    def __init__(
        self,
        steps: tuple[Step, ...],
        slots: Sequence[int],
        table: list[Any],
        scalars: Sequence[Any],
    ) -> None:
        super().__init__()
        self.steps, self.slots, self.table = steps, slots, table
        self.scalars = scalars

    def __missing__(self, n: int) -> Any:
        step = self.steps[n]
        if step.op is EMPTY:
            self.table[self.slots[n]] = memory.allocate(step.dtype, step.shape)
        if self.slots[n] >= 0:
            return moved(self.table[self.slots[n]], HOST).reshape(step.shape)
        if step.op.name == "view":
            return strided(self[step.operands[0]].reshape(-1), step.attributes[0])
        return self.call(step)

    def call(self, step: Step, overwrite: bool = False) -> Any:
        """The result of a step's reference."""
        if step.op.kind == "transfer" and step.attributes[0] != HOST:
            return self[step.operands[0]]  # whoever needs it there copies it
        typed = iter(step.scalars)
        inputs = [
            self[k] if k >= 0 else next(typed).type(self.scalars[~k])
            for k in step.operands
        ]
        array = call_reference(step, inputs, overwrite)
        return array if array.shape == step.shape else array.reshape(step.shape)


def interpret_group(
    group: Group,
    steps: tuple[Step, ...],
    buffers: Buffers,
    table: list[Any],
    scalars: Sequence[Any],
) -> None:
    """Compute a group step by step with the NumPy references, on the host."""
    slots = buffers.slots
    library = group.kind == "library"
    counters.add("launches" if library else "interpreted_ops", len(group.steps))
    values = _Values(steps, slots, table, scalars)
    memory.counted(_interpret_steps, group, steps, values)
    for n in group.outputs:
        slot = slots[n]
        device = buffers.contents[slot][2]
        if n not in group.in_place or device != HOST:
            table[slot] = moved(values[n], device)


def _interpret_steps(group: Group, steps: tuple[Step, ...], values: _Values) -> None:
    with np.errstate(all="ignore"):
        for n in group.steps:
            values[n] = values.call(steps[n], overwrite=n in group.in_place)
