"""Program: what one flush has to compute, as an ordered list of typed steps.

Stages 3 to 5 work on it. A `Step` is a node of the trace with operands numbered within
the program; stages make new programs and never change one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy as np

from engine.recipe import Recipe
from engine.record.node import LEAF, Node, event_text

COMPUTED_KINDS = "biufc"
"""Kinds of dtypes that kernels compute with; the rest is left to NumPy."""


class _Copy:
    """The op of steps that put the elements of their operand into fresh memory."""

    name = "copy"
    kind = "elementwise"
    expensive = False

    @staticmethod
    def reference(array: Any) -> Any:
        return array.copy()

    @staticmethod
    def text(dtype: np.dtype[Any]) -> str | None:
        return "{x}"


COPY: Any = _Copy()


class _Empty:
    """The op of steps that only name fresh memory, for updates to fill."""

    name = "empty"
    kind = "source"
    expensive = False


EMPTY: Any = _Empty()


@dataclass(frozen=True, slots=True)
class Step:
    """One operation of a program.

    `operands` are numbers of earlier steps, or ``~k`` for the k-th Python scalar of the
    trace. `origin` is the number of the recorded value that the step makes, or -1.
    """

    op: Any
    operands: tuple[int, ...]
    attributes: tuple[Any, ...]
    scalars: tuple[np.dtype[Any], ...]
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    origin: int = -1
    line: str = field(default="", compare=False)
    values: tuple[int, ...] = field(init=False, compare=False, repr=False)
    """The operands that are steps."""

    def __post_init__(self) -> None:
        operands = self.operands  # planning asks for its values some forty times
        if operands and min(operands) < 0:
            operands = tuple([k for k in operands if k >= 0])
        object.__setattr__(self, "values", operands)

    @property
    def size(self) -> int:
        """The number of elements of the result."""
        return prod(self.shape)

    def on(self, operands: tuple[int, ...]) -> Step:
        """The step on other operands."""
        if operands == self.operands:
            return self
        return Step(
            self.op,
            operands,
            self.attributes,
            self.scalars,
            self.dtype,
            self.shape,
            self.origin,
            self.line,
        )

    def over(self, shape: tuple[int, ...], attributes: tuple[Any, ...]) -> Step:
        """The step with another shape and other attributes."""
        return Step(
            self.op,
            self.operands,
            attributes,
            self.scalars,
            self.dtype,
            shape,
            self.origin,
            self.line,
        )

    def text(self, number: int) -> str:
        """One line about the step, ``v3: float64[4] = exp(v2)``."""
        return event_text(self, number)


@dataclass(frozen=True, slots=True)
class Program:
    """Steps in order, and which recorded value is the result of which step.

    The memory of ``outputs[value]`` holds the elements of the recorded value in C
    order; the shapes may differ.
    """

    steps: tuple[Step, ...]
    outputs: dict[int, int]
    notes: tuple[str, ...] = ()

    def text(self) -> str:
        """All steps, one a line."""
        lines = [step.text(i) for i, step in enumerate(self.steps)]
        lines += [f"value {v} is v{k}" for v, k in self.outputs.items()]
        return "\n".join(lines)

    def replaced(
        self, steps: Sequence[Step], outputs: dict[int, int], *notes: str
    ) -> Program:
        """A later version of this program."""
        return replace(
            self, steps=tuple(steps), outputs=outputs, notes=(*self.notes, *notes)
        )


class Later:
    """Steps that are made when they are first asked for: a call gives them.

    A piece of a loop has such steps, and few are ever asked for; `functools.cache`
    would take 14 us for each, half of the time in which it is placed.
    """

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[], tuple[Step, ...]]) -> None:
        self._make = make
        self._made: tuple[Step, ...] | None = None

    def __call__(self) -> tuple[Step, ...]:
        made = self._made
        if made is None:
            made = self._made = self._make()
        return made


def from_nodes(nodes: Sequence[Node], alive: Sequence[bool]) -> Program:
    """The needed part of a recorded path; leaves that nobody reads are kept out."""
    needed = list(alive)
    for i in range(len(nodes) - 1, -1, -1):
        if needed[i]:
            for k in nodes[i].operands:
                if k >= 0:
                    needed[k] = True
    steps: list[Step] = []
    numbers: dict[int, int] = {}
    for i, node in enumerate(nodes):
        if needed[i]:
            numbers[i] = len(steps)
            steps.append(
                Step(
                    node.op,
                    tuple(numbers[k] if k >= 0 else k for k in node.operands),
                    node.attributes,
                    node.scalars,
                    node.dtype,
                    node.shape,
                    i,
                    node.line,
                )
            )
    outputs = {i: numbers[i] for i, wanted in enumerate(alive) if wanted}
    return Program(tuple(steps), outputs)


def is_view(step: Step) -> bool:
    """Whether the step only selects elements of its operand, without a computation."""
    name: str = step.op.name
    return name == "view"


def is_whole(step: Step, base: Step) -> bool:
    """Whether a view is a reshape of all of `base`."""
    recipe: Recipe = step.attributes[0]
    return recipe.is_whole(base.size, base.dtype)


def is_virtual(step: Step) -> bool:
    """Whether the step's elements are known from their positions: no memory needed."""
    if step.op.kind != "source":
        return False
    if step.op is EMPTY:
        return True
    return step.op.name in ("full", "iota") and step.dtype.kind in COMPUTED_KINDS


def is_leaf(step: Step) -> bool:
    """Whether the step brings a computed array in."""
    return step.op is LEAF
