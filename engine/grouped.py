"""Groups by NumPy: the steps of a group, by their references, over a plan's buffers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine import counters
from engine.buffers import Buffers
from engine.interpret import call_reference, moved
from engine.kernels import memory
from engine.kernels.backend import HOST
from engine.program import EMPTY, Step
from engine.recipe import strided
from engine.schedule.groups import Group


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
    last = _last_reads(group, steps, values.slots)
    for n in group.steps:
        values[n] = values.call(steps[n], overwrite=n in group.in_place)
        for k in last.get(n, ()):  # so that the next ones find warm memory
            del values[k]


def _last_reads(
    group: Group, steps: tuple[Step, ...], slots: Sequence[int]
) -> dict[int, list[int]]:
    """For a step the values that it is the last to read, but for outputs."""
    own = set(group.steps).difference(group.outputs)
    if not own:
        return {}
    reader: dict[int, int] = {}
    for n in group.steps:
        stack = list(steps[n].values)
        while stack:
            k = stack.pop()
            if k in own:
                reader[k] = n
            elif slots[k] < 0:  # a view, made of its base when it is asked for
                stack.extend(steps[k].values)
    last: dict[int, list[int]] = {}
    for k, n in reader.items():
        last.setdefault(n, []).append(k)
    return last
