"""Replay: a recorded call done again on other arrays, without the Python in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from engine import counters
from engine.array import Array
from engine.capture.arguments import Unfit
from engine.capture.guards import Guards
from engine.capture.numbers import Program
from engine.capture.reach import Reach
from engine.capture.recording import Made, Recording, Segment, mapped
from engine.capture.release import plain
from engine.capture.specs import Effect, Maker, Spec, Writing
from engine.cold import ColdPlan
from engine.errors import Unfinished
from engine.interrupts import run_whole
from engine.promises import Promise
from engine.record.value import Value


class Entry:
    """A recording that may be replayed, and what must hold for it.

    Parameters
    ----------
    recording : Recording
    reach : Reach
        What the function reads besides its arguments.
    roots : int
        How many arrays there are: of the arguments, of `reach`, and gradients.
    forms : tuple
        The forms of gradients, None for a leaf that has none.
    pattern : tuple
        Which of them share memory.
    arrays : sequence of int
        Which arrays are NumPy's.
    floats : sequence of int
        Which of the floats among the arguments may change.
    """

    def __init__(
        self,
        recording: Recording,
        reach: Reach,
        roots: int,
        forms: tuple[Any, ...],
        pattern: tuple[Any, ...],
        arrays: Sequence[int],
        floats: Sequence[int],
    ) -> None:
        self.recording, self.reach, self.guards = recording, reach, Guards(reach.guards)
        self.specs, self.effects = recording.specs, recording.effects
        self.result, self.program = recording.result, recording.program
        self.forms, self.pattern, self.floats = forms, pattern, floats
        self.private = private = _kept(recording).intersection(arrays)
        self.state = [(h, h._line, h.recipe, h.writeable) for h in reach.handles]
        slots = max(
            [
                roots - 1,
                *recording.constants,
                *(k for one in recording.segments for k in one.outputs.values()),
            ]
        )
        self.table = [recording.constants.get(k) for k in range(slots + 1)]
        written = {effect.root for effect in recording.effects}
        free = written | private | set(range(roots, slots + 1))
        free -= recording.constants.keys()
        self.steps = [Step.of(one, free) for one in recording.segments]
        used = {k for step in self.steps for k in step.overwritten}
        self.overwritten = sorted(k for k in used if k < roots and k not in private)
        self.fresh = sorted({s.slot for s in recording.specs if s.kind == "fresh"})
        self.counts = np.zeros(2, np.int64)  # see `steady`
        self.replays, self.due = 0, 2

    def over(
        self,
        specs: tuple[Spec, ...],
        effects: tuple[Effect, ...],
        result: Any,
        step: Step,
        program: Program,
    ) -> Entry:
        """The same over other extents."""
        entry = Entry.__new__(Entry)
        entry.__dict__.update(self.__dict__)  # what `copy.copy` takes ten times for
        entry.specs, entry.effects, entry.result = specs, effects, result
        entry.steps, entry.program = [step], program
        entry.counts, entry.replays, entry.due = np.zeros(2, np.int64), 0, 2
        return entry

    def holds(self) -> bool:
        """Whether all that the function reads is as it was."""
        for handle, line, recipe, writeable in self.state:
            if handle._line is not line or handle.recipe is not recipe:
                return False
            if handle.writeable is not writeable:
                return False
        return self.guards.hold()


class Left(Exception):
    """Why a plan did nothing: an ordinary call is to find out what is wrong."""


class Runs(Protocol):
    """A plan."""

    def run(self, leaves: Sequence[Any], scalars: Sequence[Any]) -> dict[int, Any]:
        """Compute the outputs, by number of the recorded value."""

    def waited(self, seconds: float) -> None:
        """Note what Python took where native code would run another plan."""


@dataclass(frozen=True, slots=True)
class Step:
    """A segment with its plan.

    Parameters
    ----------
    leaves : sequence of int
        The slots of what comes in.
    outputs : sequence of (int, int)
        The numbers of what it computes, and their slots.
    overwritten : sequence of int
        The slots of `donated`
    donated : frozenset of int
        leaf values, whose memory it overwrites.
    plan : Runs
    scalars : sequence of number
    """

    leaves: Sequence[int]
    outputs: Sequence[tuple[int, int]]
    overwritten: Sequence[int]
    donated: frozenset[int]
    plan: Runs
    scalars: Sequence[Any]

    @classmethod
    def of(cls, segment: Segment, free: set[int]) -> Step:
        """The step of a segment that may overwrite what is in some slots."""
        pairs = list(zip(segment.numbers, segment.leaves, strict=True))
        donated = frozenset(
            number
            for number, slot in pairs
            if number in segment.donated and slot in free
        )
        key = (segment.alive, donated)
        node = segment.node
        known = node.known(key)
        if known is None:
            plan = ColdPlan(node.path(), segment.alive, donated)
            known = node.learn(key, plan)
        known.plan.warm()
        return cls(
            segment.leaves,
            tuple(segment.outputs.items()),
            [slot for number, slot in pairs if number in donated],
            donated,
            known.plan,
            [plain(x) for x in segment.scalars],
        )


def _kept(recording: Recording) -> frozenset[int]:
    """The arrays that a call writes, or makes results of: no memory of others."""
    specs = recording.specs
    return frozenset(
        (
            *(effect.root for effect in recording.effects),
            *(effect.slot for effect in recording.effects),
            *(spec.root for spec in specs),
            *(spec.slot for spec in specs),
        )
    )


def gathered(
    given: Sequence[Array], reached: Sequence[Array]
) -> tuple[list[Array], list[Any]]:
    """The gradients of all leaves among arrays, and the cells of those leaves."""
    found = {}
    for handle in (*given, *reached):
        line = handle._line
        cell = None if line is None else line.cell
        if cell is not None:
            if cell.hooks or cell.result_hooks:
                raise Unfit("it works on a leaf that has gradient hooks")
            found[id(cell)] = cell
    cells = list(found.values())
    return [cell.grad for cell in cells if cell.grad is not None], cells


class Replay:
    """One replay of an entry: `claim`, `prepare`, `run`, and `settle` in any case."""

    def __init__(
        self,
        entry: Entry,
        handles: list[Any],
        values: list[Value],
        cells: list[Any],
    ) -> None:
        self.entry, self.handles, self.cells = entry, handles, cells
        self.values: list[Any] = values
        self.table: list[Any] = list(entry.table)
        for slot, value in enumerate(values):
            self.table[slot] = value.buffer
        self.numbers: list[Any] = []
        self.made: dict[int, Value] = {}
        self.writings: list[Writing] = []
        self.promise: Promise | None = None
        self.spent: set[int] = set()  # whose memory is overwritten
        self.begun = False

    def claim(self) -> None:
        """Let what is about to be written show promised values.

        Raises
        ------
        Unfit
            When another thread has written to it meanwhile.
        """
        effects = self.entry.effects
        if not effects:
            return
        self.writings = writings = [
            Writing(effect, self.handles, self.values[effect.root])
            for effect in effects
        ]
        promised = [x for one in writings for x in one.values]
        former = [one.old for one in writings for _ in one.values]
        self.promise = Promise(promised, former)
        if not all(writing.show() for writing in writings):
            raise Unfit("another thread writes to an array that it works on")

    def prepare(self, floats: Sequence[float]) -> bool:
        """Compute the numbers; False where that fails and nothing has been done yet."""
        program = self.entry.program
        try:
            self.numbers = program.run([floats[k] for k in self.entry.floats])
        except Exception:
            if program.sources:  # they have counted on
                raise
            return False
        return True

    def run(self) -> Any:
        """Do the call; what it returns.

        Raises
        ------
        Left
            When it has to be an ordinary call, before anything is done.
        """
        self.begun = True
        entry, effects = self.entry, self.entry.effects
        overwritten = entry.overwritten
        for effect, writing in zip(effects, self.writings, strict=True):
            if effect.root in overwritten:
                if writing.only_ours():
                    self.spent.add(effect.root)
                else:
                    self.table[effect.root] = self.table[effect.root].copy()
        counters.add("synchronisations")
        try:
            if overwritten:
                run_whole(self._compute)
            else:
                self._compute()
        except Left:
            self.begun = False
            entry.program.undo()
            raise
        self.settle()
        return self._hand_out()

    def _compute(self) -> None:
        table, numbers = self.table, self.numbers
        changing = self.entry.program.scalars
        for step, places in zip(self.entry.steps, changing, strict=True):
            scalars = step.scalars
            if places:
                scalars = list(scalars)
                for position, place in places:
                    scalars[position] = numbers[place]
            leaves = [table[slot] for slot in step.leaves]
            try:
                outputs = step.plan.run(leaves, scalars)
            except Unfinished as unfinished:
                for number, slot in step.outputs:
                    table[slot] = unfinished.outputs.get(number)
                raise unfinished.error from unfinished.error.__cause__
            for number, slot in step.outputs:
                table[slot] = outputs[number]

    def _value(self, slot: int) -> Value:
        """The value of a slot: one object for all that show it."""
        value = self.made.get(slot)
        if value is None:
            if slot < len(self.values) and self.values[slot].history is None:
                value = self.values[slot]
            else:
                buffer = self.table[slot]
                value = Value(buffer.dtype, buffer.shape, buffer)
            self.made[slot] = value
        return value

    def _hand_out(self) -> Any:
        """Values into new handles, and gradients."""
        entry, recording = self.entry, self.entry.recording
        for slot in entry.fresh:
            self._value(slot)
        made = Maker(self.handles, self.made).handles_of(entry.specs)
        for cell, grad in zip(self.cells, recording.grads, strict=True):
            if grad != "kept":
                cell.grad = None if grad is None else made[grad]

        def filled(leaf: Any) -> Any:
            if type(leaf) is not Made:
                return leaf
            if leaf.kind == "handle":
                return made[leaf.number]
            return self.numbers[entry.program.results[leaf.number]]

        return mapped(entry.result, filled)

    def settle(self) -> None:
        """Let what was claimed show what was computed, and others go on.

        What was not computed shows what it did, or is lost where it was overwritten.
        """
        promise = self.promise
        if promise is None:
            return
        if not self.begun:
            promise.withdraw()
            self.promise = None
            return
        effects = self.entry.effects
        for effect, writing in zip(effects, self.writings, strict=True):
            buffer = self.table[effect.slot]
            if buffer is None and effect.root not in self.spent:
                buffer = writing.old.buffer
            writing.fill(buffer)
            self.made[effect.slot] = writing.first
        promise.keep()
        self.promise = None  # last: an interrupt before it has all of this done again
