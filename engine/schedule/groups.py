"""Groups under construction: the axes of a kernel and the places of its values.

`Draft` is what the scheduler works on; `Group` is the immutable result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Literal

from engine.access import (
    Extents,
    Pieces,
    Place,
    collapses,
    span,
    split_place,
)
from engine.program import Step
from engine.recipe import c_strides

GroupKind = Literal["map", "row", "column", "library"]
Read = tuple[int, Place | None]
"""The step whose memory is read, and where; None: anywhere, by computed positions."""


@dataclass(frozen=True)
class Group:
    """What one launch computes, or one library call.

    Parameters
    ----------
    kind : {"map", "row", "column", "library"}
        ``map``: independent elements; ``row``: reductions over the last axis of the
        kernel; ``column``: over an axis before the last; ``library``: one NumPy call.
    steps : tuple of int
        The steps, in the order of computation.
    extents : tuple of int
        Extents of the axes; the last `inner` ones are reduced.
    places : dict of int to Place
        Where each step's value stands in its memory (for updates: where it is stored).
    reads : dict of int to tuple of Read
        For each step its operands that are values, in order.
    passes : dict of int to int
        In which walk over the reduced axes a step is computed; for a step outside of
        them, after which walk it is known (-1: before the first).
    outputs : tuple of int
        The steps whose values are stored.
    in_place : tuple of int
        The steps that overwrite memory they read.
    reason : str
        Why the group was opened rather than an earlier one continued.
    """

    kind: GroupKind
    steps: tuple[int, ...]
    extents: Extents
    inner: int
    places: dict[int, Place] = field(repr=False)
    reads: dict[int, tuple[Read, ...]] = field(repr=False)
    passes: dict[int, int] = field(repr=False)
    outputs: tuple[int, ...]
    in_place: tuple[int, ...]
    reason: str

    @property
    def size(self) -> int:
        """The number of elements that the loops walk over."""
        return prod(self.extents)

    def loads(self) -> Iterator[Read]:
        """Every read of memory that the group did not make itself."""
        for reads in self.reads.values():
            for read in reads:
                if read[0] not in self.places:
                    yield read

    def is_inner(self, place: Place) -> bool:
        """Whether a place changes along the reduced axes."""
        return any(place.strides[len(self.extents) - self.inner :])


class Draft:
    """A group that still grows."""

    def __init__(self, kind: GroupKind, extents: Extents, inner: int) -> None:
        self.kind: GroupKind = kind
        self.extents = extents
        self.inner = inner
        self.steps: list[int] = []
        self.places: dict[int, Place] = {}
        self.reads: dict[int, tuple[Read, ...]] = {}
        self.passes: dict[int, int] = {}
        self.roots: set[int] = set()
        self.full: Place | None = None
        self.low = -1
        self.closed = False
        self.reason = ""

    def clone(self) -> Draft:
        """A copy that may grow without changing this draft."""
        copy = Draft(self.kind, self.extents, self.inner)
        copy.steps = list(self.steps)
        copy.places = dict(self.places)
        copy.reads = dict(self.reads)
        copy.passes = dict(self.passes)
        copy.roots = set(self.roots)
        copy.full = self.full
        copy.low = self.low
        copy.reason = self.reason
        return copy

    @property
    def outer(self) -> int:
        """How many axes are not reduced; they come first."""
        return len(self.extents) - self.inner

    @property
    def size(self) -> int:
        """The number of elements that the loops walk over."""
        return prod(self.extents)

    @property
    def outer_size(self) -> int:
        """The number of elements of a reduction's result."""
        return prod(self.extents[: self.outer])

    @property
    def statements(self) -> int:
        """About how many statements the kernel will have: steps and loads."""
        return len(self.steps) + len(self.roots.difference(self.places))

    def touched(self) -> set[tuple[int, tuple[int, int] | None]]:
        """Between which elements of memory it reads, which no order of axes changes."""
        reads = {read for reads in self.reads.values() for read in reads}
        return {(root, place and span(self.extents, place)) for root, place in reads}

    @property
    def loads(self) -> int:
        """How many different loads the kernel will have."""
        reads = {read for reads in self.reads.values() for read in reads}
        return sum(root not in self.places for root, _ in reads)

    def is_inner(self, place: Place) -> bool:
        """Whether a place changes along the reduced axes."""
        return any(place.strides[self.outer :])

    def collapsible(self, place: Place) -> bool:
        """Whether the reduced axes can be walked as one at a place."""
        inner = self.outer
        return collapses(self.extents[inner:], place.strides[inner:])

    def split(self, pieces: Pieces) -> None:
        """Split axes; every place follows."""
        self.inner = sum(len(p) for p in pieces[self.outer :])
        self.extents = tuple(n for p in pieces for n in p)
        self._move(lambda place: split_place(place, pieces))

    def reorder(self, axes: Sequence[int], inner: int, kind: GroupKind) -> None:
        """Put the axes in another order, the last `inner` being reduced."""
        self.full = self.full_place()
        self.kind, self.inner = kind, inner
        self.extents = tuple(self.extents[a] for a in axes)
        self._move(lambda p: Place(p.offset, tuple(p.strides[a] for a in axes)))

    def _move(self, change: Callable[[Place], Place]) -> None:
        self.full = self.full and change(self.full)
        self.places = {n: change(place) for n, place in self.places.items()}
        self.reads = {
            n: tuple((root, place and change(place)) for root, place in reads)
            for n, reads in self.reads.items()
        }

    def full_place(self) -> Place:
        """The place of a value that has the whole shape in C order."""
        return self.full or Place(0, c_strides(self.extents))

    def row_place(self) -> Place:
        """The place of a value that has one element for each row, in C order."""
        strides = c_strides(self.extents[: self.outer]) + (0,) * self.inner
        return Place(0, strides)

    def ready(self, n: int, steps: Sequence[Step]) -> int:
        """The pass in which a step is computed; for rows, after which it is known."""
        last = -1
        inner = self.computes_inside(n, steps)
        for root, _ in self.reads[n]:
            if root in self.passes:
                row_level = not self.is_inner(self.places[root])
                last = max(last, self.passes[root] + (inner and row_level))
        return max(last, 0) if inner else last

    def computes_inside(self, n: int, steps: Sequence[Step]) -> bool:
        """Whether a step runs once for every index of the reduced axes."""
        return steps[n].op.kind == "reduce" or self.is_inner(self.places[n])
