"""One call of a function, watched: what was recorded, and all that the call has done.

The call is an ordinary one. Its trace is flushed where it would be, perhaps several
times; each flush is a `Segment`. Arrays that come in and that segments make have slots,
so that a replay is: buffers into slots, segments, slots into handles.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.array import Array
from engine.capture.effects import Refused
from engine.capture.guards import is_atom
from engine.capture.numbers import programmed
from engine.capture.reach import Reach
from engine.capture.recording import Made, Recording, Segment, mapped
from engine.capture.release import plain
from engine.capture.specs import Specs
from engine.errors import user_line
from engine.execute import flush
from engine.record.extent import Extent
from engine.record.runtime import RunTime
from engine.record.trace import Trace
from engine.record.value import Value
from engine.record.watchers import watchers


class Capture:
    """Who watches the trace of one call."""

    def __init__(self, trace: Trace, reach: Reach) -> None:
        self.trace = trace
        self.reach = reach
        self.refusal: Refused | None = None
        self.looks: dict[int, str] = {}
        self.foreign_look: Refused | None = None
        self.asked_sizes, self.gave_extents = reach.asks_sizes, False
        self.segments: list[Segment] = []
        self.constants: dict[int, Any] = {}
        self.arguments: list[RunTime] = []
        self.numbers: list[RunTime] = []
        self.sources: list[tuple[RunTime, Callable[[], Any], tuple[Any, Any]]] = []
        self._slots: dict[int, tuple[weakref.ref[Any], int]] = {}
        self._lines: list[str] = []
        self._count = 0
        self._running = False

    # -- numbers ----------------------------------------------------------------------
    def argument(self, value: float) -> RunTime:
        """What stands in for a float that is an argument."""
        self.arguments.append(RunTime(value, self))
        return self.arguments[-1]

    def number(
        self, value: Any, source: Callable[[], Any], place: tuple[Any, Any]
    ) -> Any:
        """What stands in for a number that a source gives in every call."""
        if not self.reach.knows(place[0]):
            reason = "it draws or counts with an object that the call makes"
            self.refuse(reason, lasting=False)
            return value
        number = RunTime(value, self)
        self.sources.append((number, source, place))
        if isinstance(place[0], dict):
            self.reach.exclude(*place)
        return number

    def looked_at(self, number: RunTime) -> None:
        """Python looked at a number otherwise than by arithmetic."""
        line = user_line()
        own = set(map(id, self.arguments))
        stack = [number]
        while stack:
            one = stack.pop()
            if one.function is None:
                self.looks.setdefault(id(one), line)
                if id(one) not in own and self.foreign_look is None:
                    reason = "Python looks at a number of draws or steps"
                    self.foreign_look = Refused(reason, line)
            stack += [x for x in one.operands if type(x) is RunTime]

    # -- arrays -----------------------------------------------------------------------
    def asked_for_size(self) -> None:
        """Python asked how long an array is."""
        self.asked_sizes = True

    def extents(self, extents: tuple[int, ...]) -> tuple[int, ...]:
        """What stands in for extents that Python asks for."""
        if self.reach.asks_types:
            self.asked_sizes = True
        if self.asked_sizes:
            return extents
        self.gave_extents = True
        stand: list[Any] = [Extent(n, self) if n > 1 else n for n in extents]
        return tuple(stand)

    def looked(self, what: str) -> None:
        """Python looked at elements."""
        self.refuse(f"Python looks at {what}")

    def refuse(
        self, reason: str, line: str | None = None, lasting: bool = True
    ) -> None:
        """Say why this call cannot be captured; the first reason counts."""
        if self.refusal is None:
            self.refusal = Refused(reason, user_line(), lasting)

    def enter(self, buffer: Any, line: str = "") -> int:
        """Give a buffer the next slot."""
        slot = self._count
        self._count += 1
        self._slots[id(buffer)] = weakref.ref(buffer), slot
        self._lines.append(line)
        return slot

    def slot(self, value: Value) -> int:
        """The slot of a value's memory; what nobody knows is a constant of the call."""
        buffer = value.buffer
        known = self._slots.get(id(buffer))
        if known is not None and known[0]() is buffer:
            return known[1]
        slot = self.enter(buffer)
        if value.number >= 0:  # a flush has made it, and none of this call
            reason = "another thread writes to an array that it works on"
            self.refuse(reason, lasting=False)
        if isinstance(buffer, np.ndarray):
            self.constants[slot] = buffer.copy()
        else:
            self.refuse("it makes an array on a device from Python's numbers")
        return slot

    def flushing(self, trace: Trace, alive: Any, donated: frozenset[int]) -> None:
        """Note a segment; its numbers become plain."""
        if self._running:
            self.refuse("a computation inside of it failed")
        self._running = True
        scalars = _typed(trace)
        trace.scalars[:] = map(plain, scalars)
        numbers = tuple(trace.leaf_numbers[id(leaf)] for leaf in trace.leaves)
        leaves = tuple(self.slot(leaf) for leaf in trace.leaves)
        self.segments.append(
            Segment(trace.node, tuple(alive), donated, numbers, leaves, scalars)
        )

    def flushed(self, outputs: dict[int, Any]) -> None:
        """Note what the segment has computed."""
        self._running = False
        segment = self.segments[-1]
        path = segment.node.path()
        for number, buffer in sorted(outputs.items()):
            segment.outputs[number] = self.enter(buffer, path[number].line)

    # -- the call ---------------------------------------------------------------------
    def __enter__(self) -> Capture:
        watchers[id(self.trace)] = self
        return self

    def __exit__(self, *_: Any) -> None:
        watchers.pop(id(self.trace), None)
        numbers = self.trace.scalars
        numbers[:] = map(plain, numbers)
        for guard in self.reach.guards:
            guard.restore()

    def finish(self, result: Any, roots: Roots) -> Recording:
        """What the call has done.

        Raises
        ------
        Refused
            When a replay would not do the same.
        """
        flush(self.trace)
        if self._running:
            self.refuse("a computation inside of it failed")
        if self.refusal is not None:
            raise self.refusal
        end = self.segments[-1].node.line if self.segments else roots.line
        changed = self.reach.changed()
        if changed is not None:
            path, line = changed
            raise Refused(f"the call changes {path}", line, lasting=False)
        specs = Specs(self, roots.handles, roots.before, end)
        tree, wanted = self._tree(result, specs)
        grads = tuple(
            None
            if cell.grad is None
            else "kept"
            if cell.grad is before
            else specs.number(cell.grad)
            for cell, before in zip(roots.cells, roots.grads, strict=True)
        )
        effects = specs.effects()
        self._check_kept(specs.buffers)
        if self.refusal is not None:
            raise self.refusal
        program = programmed(self.arguments, self.sources, self.segments, wanted)
        return Recording(
            tuple(self.segments),
            self.constants,
            program,
            tuple(specs.made),
            tree,
            effects,
            grads,
        )

    def _tree(self, result: Any, specs: Specs) -> tuple[Any, list[RunTime]]:
        """A result with `Made` in it, and the numbers that it returns."""
        wanted: list[RunTime] = []

        def made(leaf: Any) -> Any:
            if isinstance(leaf, Array):
                return Made("handle", specs.number(leaf))
            if type(leaf) is RunTime:
                wanted.append(leaf)
                return Made("number", len(wanted) - 1)
            if type(leaf) is Extent:
                return leaf.value
            if is_atom(leaf) or isinstance(leaf, type) or self.reach.knows(leaf):
                return leaf
            raise specs.refused(f"it returns an object of type {type(leaf).__name__}")

        return mapped(result, made, self.reach.knows), wanted

    def _check_kept(self, accounted: set[int]) -> None:
        """Refuse when somebody holds an array that no replay would give him."""
        for place, (reference, slot) in self._slots.items():
            buffer = reference()
            if buffer is None or place in accounted or slot in self.constants:
                continue
            if self._lines[slot]:
                raise Refused(
                    "an array made in the call is kept by something else than its "
                    "results",
                    self._lines[slot],
                )


def _typed(trace: Trace) -> tuple[Any, ...]:
    """The scalars of a trace in their dtypes: native code records them as they come."""
    dtypes = [dtype for node in trace.node.path() for dtype in node.scalars]
    with np.errstate(over="ignore"):
        return tuple(
            x if type(x) is RunTime else dtype.type(x)
            for x, dtype in zip(trace.scalars, dtypes, strict=True)
        )


@dataclass
class Roots:
    """The arrays that a call starts with.

    `handles` are those of arguments, then those that the function reaches, then the
    gradients of leaves among them; `before` says what each was before the call, as
    (line, version, recipe, writeable); `cells` are the leaves' and `grads` their
    gradients.
    """

    handles: list[Array]
    before: list[tuple[Any, int, Any, bool]]
    cells: list[Any]
    grads: list[Any]
    line: str

    @classmethod
    def of(cls, handles: Sequence[Array], cells: Sequence[Any], line: str) -> Roots:
        """Note what arrays are before a call."""
        before = [
            (
                h._line,
                0 if h._line is None else h._line.storage.version,
                h.recipe,
                h.writeable,
            )
            for h in handles
        ]
        grads = [cell.grad for cell in cells]
        return cls(list(handles), before, list(cells), grads, line)
