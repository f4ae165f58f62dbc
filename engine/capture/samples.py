"""Samples: recordings taken apart, into structure and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import numpy as np

from engine.capture.numbers import Program
from engine.capture.recording import Segment
from engine.capture.replay import Entry
from engine.capture.specs import Effect, Spec
from engine.capture.templates import taken_apart
from engine.description import WRITERS, Description, needed
from engine.extents import REGIONS, Region, relations, shortness
from engine.interpret import last_uses
from engine.record.node import LEAF, Node
from engine.record.runtime import Kept, RunTime

SERVED = frozenset(("elementwise", "reduce", "source", "gather"))
"""Kinds of ops whose events depend on extents by rules that formulas can follow, and"""

ALSO_SERVED = REGIONS | frozenset(
    (
        *("matmul", "indices", "bounded", "places_along"),
        *("cumsum", "cumprod", "cummax", "cummin"),
    )
)
"""other ops."""

MOST_EVENTS = 2048
MOST_BYTES = 2**14
EXACT = 2**53


class Unsized(Exception):
    """Why recordings of a function say nothing about other extents."""


class Parted(Unsized):
    """Why a recording says nothing: a flush has come between, perhaps by chance."""


class Empty(Exception):
    """Why a recording says nothing about other extents: slices are cut at nothing."""


class Number(NamedTuple):
    """A number that was recorded: a whole one may follow from the extents."""

    kind: Any
    value: Any

    @classmethod
    def of(cls, number: Any) -> Number:
        """A number, taken apart."""
        kind = type(number)
        if kind is RunTime:
            return cls(kind, None)
        real = isinstance(number, (int, float, np.integer, np.floating))
        fits = real and kind is not bool and 0 < abs(number) < EXACT
        if fits and number == int(number):
            return cls(kind, int(number))
        return cls(kind, repr(number))


class Tree(NamedTuple):
    """What a replay needs of a recording that depends on extents.

    `shapes` are those of what it computes, `table` and `grown` its Python numbers, and
    by how much those grow that are kept.
    """

    specs: tuple[Spec, ...]
    effects: tuple[Effect, ...]
    shapes: tuple[tuple[int, ...], ...]
    scalars: tuple[Number, ...]
    table: tuple[Number, ...]
    grown: tuple[int, ...]
    result: Any


class Sample:
    """A recording, taken apart.

    Parameters
    ----------
    extents : tuple of int
        The extents of the arguments that are told apart.
    entry : Entry

    Attributes
    ----------
    trees : tuple
        The structure of its `Tree`, and of the regions of arrays where it writes some.
    numbers : ndarray of int64
        Those of the trees, of which there are `count`; then of all that was recorded.
    labels : dict of int to int
        For all extents that differ one of the numbers.
    equal : tuple of int
        Which extents are equal, by labels;
    short : tuple of int
        which of those that differ are short, as reductions have it.
    like : tuple
        Both of these.
    relations : tuple of bool
        What regions have to do with each other.
    structure : tuple
        What is equal of samples that differ in numbers alone.

    Raises
    ------
    Unsized
        When something was recorded that depends on extents otherwise.
    Empty
        When there are arrays without elements.
    """

    def __init__(self, extents: tuple[int, ...], entry: Entry) -> None:
        self.extents, self.entry = extents, entry
        recording = entry.recording
        if len(recording.segments) != 1:
            raise Parted("it is computed in several parts")
        (segment,) = recording.segments
        path = segment.node.path()
        _check_served(path)
        if any(0 in node.shape for node in path):
            raise Empty("it makes arrays without elements")
        regions = _regions(path, segment, entry.steps[0].donated)
        self.relations = relations(regions)
        tree = Tree(
            recording.specs,
            recording.effects,
            tuple([path[number].shape for number in segment.outputs]),
            tuple([Number.of(x) for x in segment.scalars]),
            tuple([Number.of(x) for x in recording.program.table]),
            tuple([one.more for one in _sources(recording.program)]),
            recording.result,
        )
        numbers: list[int] = []
        self.trees = taken_apart((tree, regions), numbers)
        self.count = len(numbers)
        events = tuple([(node.op, node.operands, node.attributes) for node in path])
        told = taken_apart(events, numbers)
        begin = len(numbers)
        numbers += [n for node in path for n in node.shape]
        numbers += [n for region in regions for n in region.recipe.shape]
        self.numbers = np.array(numbers, np.int64)
        known = {0: 0, 1: 1}
        self.equal = tuple([known.setdefault(n, len(known)) for n in numbers[begin:]])
        self.labels: dict[int, int] = {}
        for k, label in enumerate(self.equal):
            self.labels.setdefault(label, begin + k)
        self.short = tuple([shortness(int(numbers[k])) for k in self.labels.values()])
        self.like = self.equal, self.short
        types = tuple([(node.dtype, len(node.shape), node.scalars) for node in path])
        self.structure = (
            *(self.trees, told, types, self.equal, self.short, self.relations),
            *_besides(entry, segment),
        )


def _check_served(path: Sequence[Node]) -> None:
    if len(path) > MOST_EVENTS:
        raise Unsized(f"it records more than {MOST_EVENTS} events")
    for node in path:
        op = node.op
        if op is not LEAF and op.kind not in SERVED and op.name not in ALSO_SERVED:
            raise Unsized(f"it records {op.name}")


def _regions(
    path: Sequence[Node], segment: Segment, donated: frozenset[int]
) -> tuple[Region, ...]:
    """The regions of arrays, where a path writes some."""
    if not any(node.op.name in WRITERS for node in path):
        return ()
    last = last_uses(path, segment.alive)
    events = needed(path, segment.alive, last)
    if not events:
        return ()
    return tuple(Description(path, segment.alive, donated, last, events).regions)


def _sources(program: Program) -> list[Kept]:
    """What gives numbers in every call: they are kept, and may grow."""
    sources = [source for _, source in program.sources]
    if not all([isinstance(source, Kept) for source in sources]):
        raise Unsized("it reads numbers that change")
    return cast(list[Kept], sources)


def _besides(entry: Entry, segment: Segment) -> tuple[Any, ...]:
    """What is equal of samples of one structure, besides what was recorded."""
    recording = entry.recording
    program, constants = recording.program, recording.constants
    if sum([array.nbytes for array in constants.values()]) > MOST_BYTES:
        raise Unsized("it makes large arrays from Python's numbers")
    made = [(k, x.dtype, x.shape, x.tobytes()) for k, x in constants.items()]
    kept = [(type(x), id(x.holder), x.key, x.before) for x in _sources(program)]
    places = tuple([place for place, _ in program.sources]), tuple(kept)
    numbers = (places, program.arguments, program.steps)
    return (
        *(*numbers, program.scalars, program.results, tuple(made)),
        *(entry.pattern, entry.forms, tuple(entry.floats), tuple(entry.overwritten)),
        recording.grads,
        *(segment.alive, segment.numbers, segment.leaves),
        tuple(segment.outputs.items()),
    )
