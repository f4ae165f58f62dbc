"""Memory of a plan: which steps share a buffer, and when each one is made and freed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from engine.kernels.backend import HOST
from engine.program import Step, is_leaf, is_virtual
from engine.schedule import Schedule
from engine.schedule.groups import Group

Content: TypeAlias = tuple[np.dtype[np.generic], tuple[int, ...], str]


@dataclass(frozen=True)
class Buffers:
    """Slots of memory.

    Parameters
    ----------
    slots : tuple of int
        The slot in which each step's value stands, -1 where it needs none.
    contents : sequence of (dtype, shape, device)
        What each slot holds, and where.
    devices : tuple of str
        Where each group runs: on the device of any of its operands or results.
    fresh, dead : tuple of tuple of int
        For each group the slots that it opens, and those nobody needs after it.
    reused : tuple of str
        Results that are written over an operand nobody needs any more.
    """

    slots: tuple[int, ...]
    contents: Sequence[Content]
    devices: tuple[str, ...]
    fresh: tuple[tuple[int, ...], ...]
    dead: tuple[tuple[int, ...], ...]
    reused: tuple[str, ...]


def plan_buffers(schedule: Schedule, recorded: Mapping[int, str]) -> Buffers:
    """Give every step that has memory a slot.

    `recorded` says where recorded values are, those on the host left out.
    """
    return _Planning(schedule, recorded).run()


class _Planning:
    def __init__(self, schedule: Schedule, recorded: Mapping[int, str]) -> None:
        self.schedule = schedule
        self.recorded = recorded
        self.steps = schedule.program.steps
        outputs = schedule.program.outputs
        self.outputs = {n: recorded.get(value, HOST) for value, n in outputs.items()}
        self.slots = [-1] * len(self.steps)
        self.contents: list[Content] = []
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
                self._open(n, HOST)
        devices: list[str] = []
        fresh: list[tuple[int, ...]] = []
        end: dict[int, int] = {}
        for g, group in enumerate(self.schedule.groups):
            before = len(self.contents)
            devices.append(self._device(group))
            for n in group.outputs:
                self._assign(g, group, n, devices[-1])
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
            tuple(devices),
            tuple(fresh),
            tuple(map(tuple, dead)),
            tuple(self.reused),
        )

    def _device(self, group: Group) -> str:
        """Where a group runs; of library calls only products run on a device."""
        if not self.recorded:
            return HOST
        if group.kind == "library" and not self._has_product(group):
            return HOST
        for n in group.outputs:
            if self.outputs.get(n, HOST) != HOST:
                return self.outputs[n]
        for root in needed_roots(self.steps, group):
            slot = self.slots[root]
            if slot >= 0 and self.contents[slot][2] != HOST:
                return self.contents[slot][2]
        return HOST

    def _has_product(self, group: Group) -> bool:
        if [self.steps[n].op.name for n in group.steps] != ["matmul"]:
            return False
        from engine.kernels.cuda.blas import has_products

        return has_products()

    def _place(self, n: int, device: str) -> str:
        """Where a step's memory is: as recorded where that shows, else on `device`."""
        step = self.steps[n]
        if is_leaf(step):
            return self.recorded.get(step.origin, HOST)
        if step.op.kind == "transfer":
            device = str(step.attributes[0])
        return self.outputs.get(n, device)

    def _open(self, n: int, device: str) -> None:
        step = self.steps[n]
        self.slots[n] = len(self.contents)
        self.contents.append((step.dtype, step.shape, self._place(n, device)))

    def _assign(self, g: int, group: Group, n: int, device: str) -> None:
        if n in group.in_place:
            base = _root(self.steps, self.steps[n].operands[0])
            if self.slots[base] < 0:  # fresh memory, which updates fill
                self._open(base, self._place(n, device))
            self.slots[n] = self.slots[base]
            return
        root = self._dying(g, group, n, device) if group.kind != "library" else None
        if root is None:
            self._open(n, device)
            return
        self.slots[n] = self.slots[root]
        self.last_use[root] = -1  # its memory is given away only once
        self.reused.append(f"v{n} is written over v{root}")

    def _dying(self, g: int, group: Group, n: int, device: str) -> int | None:
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
                and self.contents[self.slots[root]][2] == self._place(n, device)
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
