"""Python numbers of a captured call, computed anew for each replay."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from engine.record.runtime import Kept, RunTime

if TYPE_CHECKING:
    from engine.capture.recording import Segment

Step = tuple[int, Callable[..., Any], tuple[int, ...]]


@dataclass(frozen=True)
class Program:
    """Numbers in a table: constants, arguments, what sources give, what follows.

    Parameters
    ----------
    table : tuple
        The constants in their places; None in the others.
    arguments : tuple of int
        The places of the floats that are arguments, in order.
    sources : tuple of (int, function)
        What gives a number in every call, in order.
    places : tuple
        Where those are kept.
    steps : tuple of (int, function, tuple of int)
        A place, and the function of other places that gives it.
    scalars : tuple of (int, tuple of (int, int))
        For each segment the positions of scalars that change, and their places.
    results : tuple of int
        The places of numbers that the call returns.
    """

    table: tuple[Any, ...]
    arguments: tuple[int, ...]
    sources: tuple[tuple[int, Callable[[], Any]], ...]
    places: tuple[Any, ...]
    steps: tuple[Step, ...]
    scalars: tuple[tuple[tuple[int, int], ...], ...]
    results: tuple[int, ...]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Program):
            return NotImplemented
        return (
            repr(self.table) == repr(other.table)
            and self.arguments == other.arguments
            and [(id(thing), key) for thing, key in self.places]
            == [(id(thing), key) for thing, key in other.places]
            and self.steps == other.steps
            and (self.scalars, self.results) == (other.scalars, other.results)
        )

    __hash__ = None  # type: ignore[assignment]

    def over(self, table: Sequence[Any], grown: Sequence[int]) -> Program:
        """The same with other constants; what is kept grows by other numbers."""
        sources = tuple(
            [
                (place, replace(cast(Kept, source), more=more))
                for (place, source), more in zip(self.sources, grown, strict=True)
            ]
        )
        return replace(self, table=tuple(table), sources=sources)

    def undo(self) -> None:
        """Let what has grown in `run` be as it was."""
        for _, source in self.sources:
            if isinstance(source, Kept):
                source.undo()

    def run(self, arguments: Sequence[float]) -> list[Any]:
        """The table for a call. Sources count on: once in every call."""
        table = list(self.table)
        for place, value in zip(self.arguments, arguments, strict=True):
            table[place] = value
        for place, source in self.sources:
            table[place] = source()
        for place, function, operands in self.steps:
            if len(operands) == 2:  # most have: without a list it takes half as long
                left, right = operands
                table[place] = function(table[left], table[right])
            else:
                table[place] = function(*[table[k] for k in operands])
        return table


class _Draft:
    """A table that grows."""

    def __init__(self) -> None:
        self.table: list[Any] = []
        self.steps: list[Step] = []
        self.places: dict[int, int] = {}
        self.constants: dict[int, int] = {}
        self.known: dict[tuple[Callable[..., Any], tuple[int, ...]], int] = {}

    def place(self, value: Any) -> int:
        self.table.append(value)
        return len(self.table) - 1

    def of(self, number: RunTime) -> int:
        """The place of a number, after those of its operands."""
        stack = [number]
        while stack:
            top = stack[-1]
            missing = [
                x
                for x in top.operands
                if type(x) is RunTime and id(x) not in self.places
            ]
            if missing:
                stack += missing
                continue
            stack.pop()
            if id(top) not in self.places:
                self.places[id(top)] = self.step(top)
        return self.places[id(number)]

    def step(self, number: RunTime) -> int:
        """The place of a number whose operands have theirs; one for all that are equal.

        A loop converts the same float for every operation that it records.
        """
        assert number.function is not None
        operands = tuple(
            self.places[id(x)] if type(x) is RunTime else self.constant(x)
            for x in number.operands
        )
        key = (number.function, operands)
        known = self.known.get(key)
        if known is None:
            known = self.known[key] = self.place(None)
            self.steps.append((known, *key))
        return known

    def constant(self, value: Any) -> int:
        """The place of a constant, which the table keeps: its identity is its own."""
        known = self.constants.get(id(value))
        if known is None:
            known = self.constants[id(value)] = self.place(value)
        return known


def programmed(
    arguments: Sequence[RunTime],
    sources: Sequence[tuple[RunTime, Callable[[], Any], tuple[Any, Any]]],
    segments: Sequence[Segment],
    results: Sequence[RunTime],
) -> Program:
    """The program of all numbers that segments and results need."""
    draft = _Draft()
    for number in (*arguments, *(number for number, _, _ in sources)):
        draft.places[id(number)] = draft.place(None)
    scalars = tuple(
        tuple(
            (position, draft.of(x))
            for position, x in enumerate(segment.scalars)
            if type(x) is RunTime
        )
        for segment in segments
    )
    wanted = tuple(draft.of(number) for number in results)
    return Program(
        tuple(draft.table),
        tuple(draft.places[id(number)] for number in arguments),
        tuple((draft.places[id(number)], source) for number, source, _ in sources),
        tuple(place for _, _, place in sources),
        tuple(draft.steps),
        scalars,
        wanted,
    )
