"""Memory of a plan: which steps share a buffer, and when each one is made and freed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.program import Step, is_leaf, is_virtual
from engine.schedule import Schedule
from engine.schedule.groups import Group


@dataclass(frozen=True)
class Buffers:
    """Slots of memory.

    Parameters
    ----------
    slots : tuple of int
        The slot in which each step's value stands, -1 where it needs none.
    contents : tuple of (dtype, shape)
        What each slot holds.
    fresh, dead : tuple of tuple of int
        For each group the slots that it opens, and those nobody needs after it.
    reused : tuple of str
        Results that are written over an operand nobody needs any more.
    """

    slots: tuple[int, ...]
    contents: tuple[tuple[np.dtype[np.generic], tuple[int, ...]], ...]
    fresh: tuple[tuple[int, ...], ...]
    dead: tuple[tuple[int, ...], ...]
    reused: tuple[str, ...]


def plan_buffers(schedule: Schedule) -> Buffers:
    """Give every step that has memory a slot."""
    return _Planning(schedule).run()


class _Planning:
    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.steps = schedule.program.steps
        self.outputs = frozenset(schedule.program.outputs.values())
        self.slots = [-1] * len(self.steps)
        self.contents: list[tuple[np.dtype[np.generic], tuple[int, ...]]] = []
        self.last_use: dict[int, int] = {}
        self.overwritten: set[int] = set()
        for g, group in enumerate(schedule.groups):
            for root in needed_roots(self.steps, group):
                self.last_use[root] = g
            for n in group.in_place:
                self.overwritten.add(_root(self.steps, self.steps[n].operands[0]))
        self.reused: list[str] = []

    def run(self) -> Buffers:
        for n, step in enumerate(self.steps):
            if is_leaf(step):
                self._open(n)
        fresh: list[tuple[int, ...]] = []
        end: dict[int, int] = {}
        for g, group in enumerate(self.schedule.groups):
            before = len(self.contents)
            for n in group.outputs:
                self._assign(g, group, n)
            fresh.append(tuple(range(before, len(self.contents))))
            touched = [*group.outputs, *needed_roots(self.steps, group)]
            for n in touched:
                if self.slots[n] >= 0:
                    end[self.slots[n]] = g
        kept = {self.slots[n] for n in self.outputs}
        dead: list[list[int]] = [[] for _ in self.schedule.groups]
        for slot, g in end.items():
            if slot not in kept:
                dead[g].append(slot)
        return Buffers(
            tuple(self.slots),
            tuple(self.contents),
            tuple(fresh),
            tuple(map(tuple, dead)),
            tuple(self.reused),
        )

    def _open(self, n: int) -> None:
        self.slots[n] = len(self.contents)
        self.contents.append((self.steps[n].dtype, self.steps[n].shape))

    def _assign(self, g: int, group: Group, n: int) -> None:
        if n in group.in_place:
            base = _root(self.steps, self.steps[n].operands[0])
            if self.slots[base] < 0:
                self._open(base)  # fresh memory, which updates fill
            self.slots[n] = self.slots[base]
            return
        root = self._dying_operand(g, group, n) if group.kind != "library" else None
        if root is None:
            self._open(n)
            return
        self.slots[n] = self.slots[root]
        self.last_use[root] = -1  # its memory is given away only once
        self.reused.append(f"v{n} is written over v{root}")

    def _dying_operand(self, g: int, group: Group, n: int) -> int | None:
        """An operand read just where a result is written, and by nobody later."""
        step = self.steps[n]
        places: dict[int, set[object]] = {}
        for root, place in group.loads():
            places.setdefault(root, set()).add(place)
        for root, read in places.items():
            value = self.steps[root]
            if (
                self.last_use.get(root) == g
                and read == {group.places[n]}
                and value.dtype == step.dtype
                and value.size == step.size
                and root not in self.outputs
                and root not in self.overwritten
                and not is_virtual(value)
                and (not is_leaf(value) or root in self.schedule.donated)
            ):
                return root
        return None


def _root(steps: tuple[Step, ...], k: int) -> int:
    while steps[k].op.name == "view" and (
        steps[k].attributes[0].dtype == steps[steps[k].operands[0]].dtype
    ):
        k = steps[k].operands[0]
    return k


def needed_roots(steps: tuple[Step, ...], group: Group) -> Iterator[int]:
    """The steps whose memory a group reads or overwrites, its own left out."""
    own = set(group.steps)
    for n in group.steps:
        for k in steps[n].values:
            root = _root(steps, k)
            if root not in own:
                yield root
