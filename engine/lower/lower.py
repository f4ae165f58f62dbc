"""Stage 5, lower: a Group becomes a Kernel, and the numbers that one launch gives it.

The kernel's text knows no extents: axes of extent 1 are gone, axes that every access
walks as one are merged, and what remains differs only in stride classes. Extents,
offsets and strides stand in the `Layout`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias

import numpy as np

from engine.access import Place
from engine.kernels.kernel import (
    IOTA,
    Access,
    Argument,
    Compute,
    Gather,
    Kernel,
    Layout,
    Load,
    Loop,
    Reduce,
    Statement,
    Store,
    StrideClass,
)
from engine.lower.axes import simplify_axes
from engine.lower.passes import Passes
from engine.program import COPY, Step
from engine.schedule import Schedule
from engine.schedule.groups import Group
from engine.schedule.kinds import text_dtype

Inner: TypeAlias = Load | Gather | Compute | Store | Reduce
"""What may stand inside of a loop."""

ITEM_NAMES = "xyz"


@dataclass(frozen=True, slots=True)
class Lowered:
    """A kernel and its binding to one group.

    Parameters
    ----------
    arguments : tuple of int
        The memory slot of each kernel argument; ``~i`` is the i-th temporary.
    scalars : tuple of int
        For each kernel scalar its number among the trace's scalars.
    temporaries : tuple of (dtype, int)
        Memory that the kernel needs for itself: dtype and number of items.
    owners : tuple of int
        For each access of the kernel the step that was first in the memory it goes to.
    """

    kernel: Kernel
    layout: Layout
    arguments: tuple[int, ...]
    scalars: tuple[int, ...]
    temporaries: tuple[tuple[np.dtype[np.generic], int], ...]
    owners: tuple[int, ...]

    def moved(self, moves: Mapping[int, int]) -> Lowered:
        """The same kernel, some of its accesses moved: by how much, by their owners."""
        if moves.keys().isdisjoint(self.owners):
            return self
        places = tuple(
            [
                (place[0] + moves.get(owner, 0), *place[1:])
                for owner, place in zip(self.owners, self.layout.places, strict=True)
            ]
        )
        return self.over(Layout(self.layout.extents, places))

    def over(
        self, layout: Layout, elements: Mapping[int, int] | None = None
    ) -> Lowered:
        """The same kernel over another layout, its memory of other numbers of items."""
        temporaries = self.temporaries
        if elements is not None:
            temporaries = tuple([(d, elements[size]) for d, size in temporaries])
        return Lowered(
            self.kernel,
            layout,
            self.arguments,
            self.scalars,
            temporaries,
            self.owners,
        )


def lower(schedule: Schedule, group: Group, slots: Sequence[int]) -> Lowered:
    """The kernel of a group; `slots` says in which memory each step's value stands."""
    return _Lowering(schedule, group, slots).run()


class _Lowering:
    def __init__(self, schedule: Schedule, group: Group, slots: Sequence[int]) -> None:
        self.steps = schedule.program.steps
        self.group = group
        self.slots = slots
        self.passes = Passes(self.steps, group, slots)
        self.arguments: list[int] = []
        self.dtypes: list[str] = []
        self.roles: list[set[str]] = []
        self.accesses: dict[tuple[int, Place], int] = {}
        self.memory = schedule.memory
        self.owners: list[int] = []
        self.scalars: dict[tuple[int, str], int] = {}
        self.before: dict[int, str] = {}
        self.names: dict[int, str] = {}
        self.loaded: dict[tuple[int, Place], str] = {}
        self.loaded_before: dict[tuple[int, Place], str] = {}
        self.count = {"x": 0, "t": 0}
        self.body: list[Statement] = []
        self.inside: list[Inner] = []

    def run(self) -> Lowered:
        if self.group.kind == "map":
            self._row_level(-1)
        else:
            for number in range(self.passes.count):
                self._row_level(number - 1)
                self._loop(number)
            self._row_level(self.passes.count - 1)
        for n in self.passes.stored_last:
            self.body.append(Store(self._store_access(n), self.before[n]))
        return self._finish()

    # -- statements ---------------------------------------------------------------
    def _row_level(self, known_after: int) -> None:
        """Statements outside of the loops that become possible after a pass."""
        for n in self.group.steps:
            if self.passes.level(n) == known_after and not self.passes.inside(n):
                if self.steps[n].op.kind == "reduce":
                    continue
                self.before[n] = self._compute(n, inside=False)

    def _loop(self, number: int) -> None:
        """One walk over the inner axis."""
        work = self.passes.walks[number]
        self.names, self.loaded, self.inside = {}, {}, []
        for n in self.group.steps:
            if n not in work.computed:
                continue
            if self.steps[n].op.kind == "reduce":
                self._reduce(n)
            else:
                self.names[n] = self._compute(n, inside=True)
        for n in work.kept:
            access = self._access(self._kept_slot(n), self.group.places[n], n, "write")
            self.inside.append(Store(access, self._value(n, True)))
        for n in work.stored:
            access = self._store_access(n)
            self.inside.append(Store(access, self._value(n, True)))
        self.body.append(Loop(tuple(self.inside)))

    def _reduce(self, n: int) -> None:
        step = self.steps[n]
        ((root, place),) = self.group.reads[n]
        value = self._read(root, place, True)
        target = self._name("t")
        kind = step.op.name
        operand = self.steps[step.operands[0]].dtype
        dtype = operand if kind.startswith("arg") else step.dtype
        self.inside.append(Reduce(target, kind, value, _name_of(dtype)))
        self.before[n] = target

    def _compute(self, n: int, inside: bool) -> str:
        """Write the statements of one step; the name of its value."""
        step = self.steps[n]
        reads = [self._read(root, place, inside) for root, place in self.group.reads[n]]
        if step.op is COPY or step.op.name == "update":
            # A written value may be a scalar, which has no name of its own.
            return reads[0] if reads else self._scalar(step, 1)
        if step.op.kind == "gather":
            target = self._name("x")
            argument = self._argument(step.operands[0], "read")
            self._add(Gather(target, argument, reads[1]), inside)
            return target
        if step.op.name == "update_add":
            value = reads[0] if len(reads) > 1 else self._scalar(step, 1)
            sign = "|" if step.dtype.kind == "b" else "+"
            text = f"{reads[-1]} {sign} {value}"
        else:
            values = iter(reads)
            names = [
                next(values) if k >= 0 else self._scalar(step, i)
                for i, k in enumerate(step.operands)
            ]
            template = step.op.text(text_dtype(step, self.steps))
            text = template.format(**dict(zip(ITEM_NAMES, names, strict=False)))
            if step.op.name == "cast":
                text = _wrapping(text, text_dtype(step, self.steps), step.dtype)
        target = self._name("t")
        self._add(Compute(target, _name_of(step.dtype), text), inside)
        return target

    def _add(self, statement: Inner, inside: bool) -> None:
        if inside:
            self.inside.append(statement)
        else:
            self.body.append(statement)

    def _scalar(self, step: Step, position: int) -> str:
        """The name of a Python scalar among the kernel's arguments."""
        k = ~step.operands[position]
        typed = sum(operand < 0 for operand in step.operands[:position])
        key = (k, _name_of(step.scalars[typed]))
        return f"s{self.scalars.setdefault(key, len(self.scalars))}"

    def _read(self, root: int, place: Place | None, inside: bool) -> str:
        """The name of an operand's element, loaded where it was not computed here."""
        if place is None:
            return ""
        if root in self.group.places:
            return self._value(root, inside)
        if self.steps[root].op.name == "full":
            return self._full(root)
        inside = inside and self.group.is_inner(place)
        names = self.loaded if inside else self.loaded_before
        key = (root, place)
        if key not in names:
            names[key] = self._name("x")
            access = self._access(self._slot(root), place, root, "read")
            self._add(Load(names[key], access), inside)
        return names[key]

    def _full(self, root: int) -> str:
        """The value of an array that is one number, computed once before the loops."""
        if root not in self.before:
            step = self.steps[root]
            self.before[root] = self._name("t")
            text = self._scalar(step, 0)
            self.body.append(Compute(self.before[root], _name_of(step.dtype), text))
        return self.before[root]

    def _value(self, n: int, inside: bool) -> str:
        """The name of a value of this group; in a later walk it may be loaded."""
        if n in self.names:
            return self.names[n]
        if n in self.before:
            return self.before[n]
        assert inside
        slot = self._slot(n) if n in self.passes.reloaded else self._kept_slot(n)
        self.names[n] = self._name("x")
        access = self._access(slot, self.group.places[n], n, "read")
        self.inside.append(Load(self.names[n], access))
        return self.names[n]

    def _name(self, kind: str) -> str:
        self.count[kind] += 1
        return f"{kind}{self.count[kind] - 1}"

    # -- memory -------------------------------------------------------------------
    def _slot(self, n: int) -> int | None:
        return None if self.steps[n].op.name == "iota" else self.slots[n]

    def _kept_slot(self, n: int) -> int:
        """Where a value is kept from one walk to a later one."""
        host = self.passes.kept[n]
        return ~self.passes.temporaries.index(n) if host is None else self.slots[host]

    def _store_access(self, n: int) -> int:
        return self._access(self.slots[n], self.group.places[n], n, "write")

    def _access(self, slot: int | None, place: Place, n: int, role: str) -> int:
        argument = IOTA if slot is None else self._argument(n, role, slot)
        access = self.accesses.setdefault((argument, place), len(self.accesses))
        if access == len(self.owners):
            self.owners.append(self.memory[n])
        return access

    def _argument(self, n: int, role: str, slot: int | None = None) -> int:
        slot = self.slots[n] if slot is None else slot
        if slot not in self.arguments:
            self.arguments.append(slot)
            self.dtypes.append(_name_of(self.steps[n].dtype))
            self.roles.append(set())
        argument = self.arguments.index(slot)
        self.roles[argument].add(role)
        return argument

    # -- the kernel ---------------------------------------------------------------
    def _finish(self) -> Lowered:
        group = self.group
        assert group.kind != "library"
        places = [place for _, place in self.accesses]
        numbers = [argument for argument, _ in self.accesses]
        stores = {s.access for s in _statements(self.body) if isinstance(s, Store)}
        extents, outer, places = simplify_axes(
            group.kind, group.extents, group.inner, places, stores
        )
        vector = outer - 1 if group.kind != "row" else len(extents) - 1
        accesses, layout = [], []
        for argument, place in zip(numbers, places, strict=True):
            classes = tuple(
                _stride_class(s, axis == vector) for axis, s in enumerate(place.strides)
            )
            accesses.append(Access(argument, classes))
            moving = [
                s for s, c in zip(place.strides, classes, strict=True) if c == "n"
            ]
            layout.append((place.offset, *moving))
        kernel = Kernel(
            kernel_name([self.steps[n] for n in group.steps]),
            group.kind,
            outer,
            len(extents) - outer,
            tuple(
                Argument(dtype, _role(roles))
                for dtype, roles in zip(self.dtypes, self.roles, strict=True)
            ),
            tuple(accesses),
            tuple(dtype for _, dtype in self.scalars),
            tuple(self.body),
        )
        return Lowered(
            kernel,
            Layout(extents, tuple(layout)),
            tuple(self.arguments),
            tuple(k for k, _ in self.scalars),
            tuple(
                (self.steps[n].dtype, self.steps[n].size)
                for n in self.passes.temporaries
            ),
            tuple(self.owners),
        )


def _statements(body: Sequence[Statement]) -> list[Statement]:
    found: list[Statement] = []
    for statement in body:
        found += statement.body if isinstance(statement, Loop) else [statement]
    return found


@cache
def _name_of(dtype: np.dtype[np.generic]) -> str:
    return dtype.name  # NumPy computes it anew each time


def _wrapping(
    text: str, source: np.dtype[np.generic], target: np.dtype[np.generic]
) -> str:
    """A number to be cast: a float goes to an integer by way of one that has its sign.

    So it wraps around as in NumPy; machines have no one answer to -1.0 as a uint8.
    """
    if source.kind != "f" or target.kind not in "iu" or target in _SIGNED:
        return text
    if target.itemsize == 8:  # none has the sign and the other half of the numbers, too
        return f"select({text} < 0, uint64(int64({text})), uint64({text}))"
    return f"{'int32' if target.itemsize < 4 else 'int64'}({text})"


_SIGNED = frozenset(map(np.dtype, ("int32", "int64")))


def _role(roles: set[str]) -> Literal["read", "write", "update"]:
    if len(roles) > 1:
        return "update"
    return "read" if "read" in roles else "write"


def _stride_class(stride: int, vector: bool) -> StrideClass:
    """Only along the vector axis is a contiguous walk worth another kernel."""
    if stride == 0:
        return "0"
    return "1" if stride == 1 and vector else "n"


def kernel_name(steps: Sequence[Step]) -> str:
    """A readable name, from the ops: ``subtract_exp_sum``."""
    names = list(dict.fromkeys(step.op.name for step in steps))
    return "_".join(names[:5])
