"""What a captured call does to handles: those that it makes, and arrays it writes."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.array import Array
from engine.capture.arguments import was_given_attributes
from engine.capture.effects import Refused
from engine.recipe import Recipe
from engine.record.value import LEAF_HISTORY, Freed, History, Value
from engine.storage import Line, Storage, changing, stop

if TYPE_CHECKING:
    from engine.capture.watch import Capture


@dataclass(frozen=True)
class Spec:
    """How to make one handle.

    Parameters
    ----------
    kind : {"root", "view", "detached", "fresh"}
        An array that was there before; a view of one, or of its memory without its
        gradient history; an array of its own.
    root : int
        Which array that was there before.
    slot : int
        What a fresh one shows.
    group : tuple of int
        Fresh handles with the same first number share memory, with the same second
        one a history too; -1 for those that have no storage yet.
    freed : str or None
        The op of a history that was walked and let go.
    base : int
        The spec of the owner, for a view; -1 without one.
    """

    kind: str
    root: int = -1
    slot: int = -1
    face: Any = None
    recipe: Recipe | None = None
    scalar: bool = False
    writeable: bool = True
    group: tuple[int, int] = (-1, -1)
    freed: str | None = None
    base: int = -1


@dataclass(frozen=True)
class Effect:
    """An array that was there before, written: the slot of what it shows now.

    `synced` are those of the same memory whose history shows it already; `leaf` says
    that what they show is the start of a history. The memory has a dtype and a shape.
    """

    root: int
    slot: int
    synced: tuple[int, ...]
    leaf: bool
    dtype: np.dtype[Any]
    shape: tuple[int, ...]


class Specs:
    """Describes handles after a call."""

    def __init__(
        self,
        capture: Capture,
        handles: Sequence[Array],
        before: Sequence[tuple[Line | None, int, Any, bool]],
        line: str,
    ) -> None:
        self.capture, self.handles, self.before = capture, handles, before
        self.line = line
        self.made: list[Spec] = []
        self.buffers: set[int] = set()
        self._numbers: dict[int, int] = {}
        self._groups: dict[int, int] = {}
        self._kept: list[Any] = []

    def number(self, handle: Array) -> int:
        """The number of a handle's spec."""
        known = self._numbers.get(id(handle))
        if known is None:
            if was_given_attributes(handle):
                raise self.refused("it gives a result an attribute")
            self._kept.append(handle)
            base = getattr(handle, "_base", None)
            owner = -1 if base is None else self.number(base)
            self.made.append(self._spec(handle, owner))
            known = self._numbers[id(handle)] = len(self.made) - 1
        return known

    def _spec(self, handle: Array, base: int) -> Spec:
        form = (type(handle), handle.recipe, handle.scalar, handle.writeable)
        line = handle._line
        for number, root in enumerate(self.handles):
            if root is handle:
                return Spec("root", number)
        if line is not None:
            for number, root in enumerate(self.handles):
                own = root._line
                if own is line:
                    return Spec("view", number, -1, *form, base=base)
            for number, root in enumerate(self.handles):
                own = root._line
                if own is not None and own.storage is line.storage:
                    if line.cell is not None or line.value.history is not None:
                        raise self.refused("it makes a result require grad")
                    return Spec("detached", number, -1, *form, base=base)
        group = (-1, -1)
        value = handle._value
        if line is not None:
            if line.storage.memory is not None:
                raise self.refused("it shares the memory of a result with NumPy")
            if line.cell is not None:
                raise self.refused("it makes a result require grad")
            value = line.current()
            self._kept += (line, line.storage)
            group = (self._group(line.storage), self._group(line))
        assert value is not None
        freed = self._freed(value)
        return Spec("fresh", -1, self._slot(value), *form, group, freed, base)

    def refused(self, reason: str) -> Refused:
        """An error to raise."""
        return Refused(reason, self.line)

    def _group(self, thing: object) -> int:
        return self._groups.setdefault(id(thing), len(self._groups))

    def _freed(self, value: Value) -> str | None:
        history = value.history
        if history is None:
            return None
        if not isinstance(history.op, Freed):
            raise self.refused(
                "it returns a result that requires grad: call backward() inside, or "
                "call it within no_grad()"
            )
        return history.op.name

    def _slot(self, value: Value) -> int:
        if value.buffer is None:
            raise self.refused("a result could not be computed")
        self.buffers.add(id(value.buffer))
        return self.capture.slot(value)

    def effects(self) -> tuple[Effect, ...]:
        """What was written, of the arrays that were there before."""
        found: list[Effect] = []
        done: set[int] = set()
        for root, (line, version, recipe, writeable) in enumerate(self.before):
            handle = self.handles[root]
            now = handle._line
            if handle.writeable != writeable:
                raise self.refused("it changes whether an array may be written")
            if was_given_attributes(handle):
                raise self.refused("it gives an array an attribute")
            if handle.recipe is not recipe:
                raise self.refused("it changes the shape of an array in place")
            if (line is not None and now is not line) or (
                line is None and now is not None and now.cell is not None
            ):
                raise self.refused("it changes whether an array requires grad")
            if now is None or id(now.storage) in done:
                continue
            storage = now.storage
            if storage.memory is not None:
                raise self.refused("it shares the memory of an array with NumPy")
            self.buffers.add(id(storage.latest.buffer))
            if storage.version == version:
                continue
            done.add(id(storage))
            found.append(self._effect(root, storage))
        return tuple(found)

    def _effect(self, root: int, storage: Storage) -> Effect:
        synced = []
        for number, handle in enumerate(self.handles):
            line = handle._line
            if line is None or line.storage is not storage:
                continue
            if line.version == storage.version:
                synced.append(number)
                self._check_history(line.value.history, line)
        latest = storage.latest
        history = latest.history
        if history is not None and history.op is not LEAF_HISTORY:
            raise self.refused("it writes a result that requires grad into an array")
        slot, leaf = self._slot(latest), history is not None
        return Effect(root, slot, tuple(synced), leaf, latest.dtype, latest.shape)

    def _check_history(self, history: History | None, line: Line) -> None:
        if history is not None and history.cell is not line.cell:
            raise self.refused("it writes a result that requires grad into an array")


class Maker:
    """Makes handles after a replay."""

    def __init__(self, handles: Sequence[Array], values: Mapping[int, Value]) -> None:
        self.handles, self.values = handles, values
        self._groups: dict[int, Any] = {}

    def handles_of(self, specs: Sequence[Spec]) -> list[Any]:
        """The handles that specs describe."""
        made: list[Any] = []
        for spec in specs:
            handle = self._handle(spec)
            if spec.base >= 0:
                handle._base = made[spec.base]
            made.append(handle)
        return made

    def _handle(self, spec: Spec) -> Any:
        if spec.kind == "root":
            return self.handles[spec.root]
        handle = spec.face.__new__(spec.face)
        handle.recipe, handle.scalar = spec.recipe, spec.scalar
        handle.writeable = spec.writeable
        handle._value = handle._line = None
        if spec.kind == "fresh":
            if spec.group[0] < 0:
                handle._value = self._value(spec)
            else:
                handle._line = self._line(spec)
            return handle
        line = self.handles[spec.root].line
        if spec.kind == "detached":
            line = line.branch(stop)
        handle._line = line
        return handle

    def _value(self, spec: Spec) -> Value:
        value = self.values[spec.slot]
        if spec.freed is not None:
            value = Value(value.dtype, value.shape, value.buffer)
            value.history = History(Freed(spec.freed), (), ())
        return value

    def _line(self, spec: Spec) -> Line:
        groups, (memory, history) = self._groups, spec.group
        if memory not in groups:
            groups[memory] = Storage(self._value(spec))
        if history not in groups:
            groups[history] = Line(groups[memory], self._value(spec))
        line: Line = groups[history]
        return line


class Writing:
    """An array that was there before, and what it is about to show.

    Parameters
    ----------
    effect : Effect
    handles : sequence of Array
    old : Value
        What it shows.
    """

    __slots__ = ("first", "latest", "line", "lines", "old", "values")

    def __init__(self, effect: Effect, handles: Sequence[Array], old: Value) -> None:
        self.old = old
        self.line = handles[effect.root].line
        # Numbers as if a flush had made them: see `Capture.slot`.
        self.first = self.latest = first = Value(effect.dtype, effect.shape, number=0)
        self.values = [first]
        self.lines: list[tuple[Line, Value]] = []
        for number in effect.synced:
            line = handles[number].line
            shown = first
            if line.cell is not None:
                shown = Value(effect.dtype, effect.shape, number=0)
                shown.history = History(LEAF_HISTORY, (), (), line.cell)
                self.values.append(shown)
                if effect.leaf:
                    self.latest = shown
            self.lines.append((line, shown))

    def show(self) -> bool:
        """Show it; False where another thread has written to the array meanwhile.

        No thread comes in between where nothing is called and nothing repeated: native
        code, which writes without the lock, does not either.
        """
        line, old, latest = self.line, self.old, self.latest
        with changing:
            storage = line.storage
            if (
                line.value is not old
                or line.version != storage.version
                or storage.memory is not None
            ):
                return False
            storage.version = version = line.version + 1
            storage.latest = latest
        for shower, shown in self.lines:
            if storage.version == version:
                shower.value, shower.version = shown, version
        return True

    def only_ours(self) -> bool:
        """Whether nobody but a replay that shows it holds what was there before."""
        old = self.old
        # Ours are: the replay's list, this object, what would be taken back for each
        # value, the local name here, and getrefcount's argument. Where arrays share
        # memory there are more: they are taken for somebody else's.
        if sys.getrefcount(old) > len(self.values) + 4:
            return False
        buffer = old.buffer
        # The value's, the replay's table, the local name, getrefcount's argument.
        return sys.getrefcount(buffer) <= 4 and bool(buffer.flags.writeable)

    def fill(self, buffer: Any) -> None:
        """Give what it shows its memory."""
        for value in self.values:
            value.buffer = buffer
