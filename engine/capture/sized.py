"""Recordings over other extents: what is the same, and what follows from the extents.

A `Sample` is a recording, taken apart: its structure, and its numbers. Where samples
have one structure, and their plans have, too, they make a `Sized`: it has formulas for
the numbers, and gives entries for other extents.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product
from typing import Any, TypeAlias

import numpy as np

from engine.bound import NativeRows
from engine.capture.apart import stay_apart
from engine.capture.formulas import Formulas, Integers, changing, fit, wanted
from engine.capture.replay import Entry, Left, Step
from engine.capture.samples import Number, Sample, Tree, Unsized
from engine.capture.templates import (
    Integer,
    Slot,
    Varying,
    filled,
    template_of,
    tuple_of,
)
from engine.extents import relations, shortness
from engine.kernels import pool
from engine.kernels.native import table as native
from engine.kernels.native.parts import shape_of_parts
from engine.kernels.native.resizing import (
    columns_of,
    extents_of,
    loose_places,
    straight_again,
    words_of,
)
from engine.plan import WholePlan
from engine.record.node import Node

Array = np.ndarray[Any, Any]
Extents: TypeAlias = tuple[int, ...]


STRETCH_AFTER = 4
"""After so many replays it is looked whether native code can do them."""


class Planned:
    """The plan of a sample, which is one native segment.

    Attributes
    ----------
    numbers : ndarray of int64
        Those of the sample; the sizes of temporaries; the words of the segment.
    loose : ndarray of int64
        Which of them need no formula.
    structure : tuple
        What is equal of plans that differ in numbers alone.
    """

    def __init__(self, sample: Sample, plan: WholePlan, rows: NativeRows) -> None:
        self.sample, self.rows = sample, rows
        self.slots, self.leaves = len(plan.contents) + 1, plan.leaves
        slots = {value: slot for value, slot, *_ in plan.outputs}
        (segment,) = sample.entry.recording.segments
        self.outputs = [(number, slots[number]) for number in segment.outputs]
        self.words = words = rows.words()
        sizes = [one.size for one in rows.segment.temporaries]
        self.numbers = np.concatenate([sample.numbers, sizes, words]).astype(np.int64)
        begin = len(self.numbers) - len(words)
        self.loose = np.array(loose_places(rows.segment, words)) + begin
        entries = tuple([call.entry for call in rows.segment.calls])
        cuts = _cuts(segment.node.path())
        self.structure = sample.structure, len(words), entries, cuts


def _cuts(path: Sequence[Node]) -> tuple[Any, ...]:
    """In how many parts products are computed, by rows and by columns."""
    found: list[Any] = []
    for node in path:
        if node.op.name == "matmul" and max(node.operands) >= 0:
            shapes = [path[k].shape for k in node.operands]
            if len(shapes[0]) == 2 == len(shapes[1]):
                parts = shape_of_parts(node.dtype, *shapes)
                sizes = shapes[0][0], shapes[1][1]
                found.append(
                    parts and [n // part for n, part in zip(sizes, parts, strict=True)]
                )
    return tuple([None if x is None else tuple(x) for x in found])


class SizedPlan:
    """A segment over other extents, as all of a flush; the `sizes` of temporaries."""

    __slots__ = ("_bound", "_planned", "_shapes", "sizes")

    def __init__(
        self,
        planned: Planned,
        bound: tuple[native.Bound, int],
        shapes: Any,
        sizes: Sequence[int],
    ) -> None:
        self._planned, self._bound, self._shapes = planned, bound, shapes
        self.sizes = sizes

    def is_of(self, planned: Planned) -> bool:
        """Whether it is that plan, over other extents."""
        return self._planned is planned

    @property
    def work(self) -> float:
        """Estimated nanoseconds that it takes, about as for the sample's extents."""
        return self._planned.rows.segment.work

    def straight(self) -> tuple[Any, ...] | None:
        """It as one native segment, as `Plan.straight`; None where it cannot be."""
        planned, (bound, helpers) = self._planned, self._bound
        shapes = extents_of(planned.rows.segment, bound)
        leaves = dict(planned.leaves)
        for (_, slot), shape in zip(planned.outputs, self._shapes, strict=True):
            if slot not in leaves and shapes.get(slot) != shape:
                return None
        threads = pool.num_threads()
        first = planned.rows.straight(leaves, planned.outputs, True, threads)
        if first is None:
            return None
        return straight_again(first[0], words_of(bound), helpers), *first[1:]

    def columns(self, content: bytes) -> list[tuple[int, int, int]]:
        """Launches that take columns together, in the bytes of a segment like this."""
        words = np.frombuffer(content, np.int64)
        return columns_of(self._planned.rows.segment, words)

    def shapes(self) -> dict[int, tuple[int, ...]]:
        """The shapes of what it computes, by number of the recorded value."""
        pairs = zip(self._planned.outputs, self._shapes, strict=True)
        return {number: shape for (number, _), shape in pairs}

    def waited(self, seconds: float) -> None:
        """It is native already."""

    def run(
        self, leaves: Sequence[Array | None], scalars: Sequence[Any]
    ) -> dict[int, Array]:
        """Compute the outputs, by number of the recorded value.

        Raises
        ------
        Left
            When a check failed.
        """
        planned = self._planned
        table: list[Any] = [None] * planned.slots
        for slot, index in planned.leaves:
            table[slot] = leaves[index]
        if not planned.rows.run_resized(*self._bound, table, scalars):
            raise Left
        found = {}
        for (number, slot), shape in zip(planned.outputs, self._shapes, strict=True):
            array = table[slot]
            found[number] = array if array.shape == shape else array.reshape(shape)
        return found


class Sized:
    """Entries of one structure over any extents between some.

    Attributes
    ----------
    sample : Sample
        The first one.
    lowest, highest : tuple of int
        Extents that were seen.
    """

    def __init__(
        self, plans: Sequence[Planned], table: Integers, formulas: Formulas
    ) -> None:
        self.replays = 0
        self.stretched: tuple[Extents, Extents] = (), ()
        self.counts = np.zeros(2, np.int64)  # of what `stretching` makes
        self._planned = planned = plans[0]
        self.sample = sample = planned.sample
        self._formulas = formulas
        words = len(planned.numbers) - len(planned.words)
        self._base = planned.words
        varying, which = _varying(table)
        self._varying = varying[varying >= words] - words
        self._which = which[varying >= words]
        numbers: list[Any] = planned.numbers[:words].tolist()
        for k, n in zip(varying.tolist(), which.tolist(), strict=True):
            if k < words:
                numbers[k] = Slot(n)
        self._numbers = numbers[: len(sample.numbers)]
        self._sizes = _template(numbers[len(sample.numbers) :])
        both = template_of(sample.trees, iter(numbers[: sample.count]))
        self._tree, self._regions = both.parts if type(both) is Varying else both
        tree = self._tree.parts if type(self._tree) is Varying else self._tree
        self._parts = Tree(*tree)
        self._labels = [numbers[k] for k in sample.labels.values()]
        self._distinct = len({0, 1, *sample.labels})
        self.lowest = self.highest = sample.extents
        self._see(*[one.sample.extents for one in plans])

    def free(self) -> list[int]:
        """The extents that may change, where regions are to each other as they were."""
        return changing([self.lowest, self.highest]) if self._certain else []

    def labels(self, extents: Extents) -> list[int]:
        """The lengths that are told apart, for some extents."""
        found = self._formulas.numbers(extents)
        assert found is not None
        return _filled(self._labels, found.tolist())

    def is_due(self) -> bool:
        """Whether it was replayed often since these extents were seen."""
        self.replays += 1
        hull = self.lowest, self.highest
        if self.replays < STRETCH_AFTER or hull == self.stretched:
            return False
        self.replays, self.stretched = 0, hull
        return True

    def makes(self, plan: Any) -> bool:
        """Whether a plan is of this structure."""
        return isinstance(plan, SizedPlan) and plan.is_of(self._planned)

    def __str__(self) -> str:
        pairs = zip(self.lowest, self.highest, strict=True)
        told = [f"{low}" if low == high else f"{low} to {high}" for low, high in pairs]
        return f"captured for any extents: {', '.join(told)}"

    @classmethod
    def of(cls, plans: Sequence[Planned]) -> Sized | None:
        """What samples of one structure say; None while there are too few of them.

        Raises
        ------
        Unsized
            When their numbers do not follow from the extents.
        """
        extents = [one.sample.extents for one in plans]
        if len(plans) < wanted(len(changing(extents))):
            return None
        table = np.array([one.numbers for one in plans])
        table[:, plans[0].loose] = 0
        varying, which = _varying(table)
        columns = np.zeros((len(plans), max(which, default=-1) + 1), np.int64)
        columns[:, which] = table[:, varying]
        formulas = fit(extents, columns)
        if formulas is None or not formulas.fits(tuple(map(max, *extents))):
            raise Unsized("its numbers do not follow from its arguments' extents")
        return cls(plans, table, formulas)

    def takes(self, sample: Sample) -> bool:
        """Whether another sample is as the formulas say; then its extents are seen."""
        if sample.structure != self.sample.structure:
            return False
        if not self._formulas.fits(tuple(map(max, self.highest, sample.extents))):
            return False
        found = self._formulas.numbers(sample.extents)
        if found is None:
            return False
        if _filled(self._numbers, found.tolist()) != sample.numbers.tolist():
            return False
        self._see(sample.extents)
        return True

    def _see(self, *extents: Extents) -> None:
        """Let extents be between those that were seen."""
        self._certain = False  # until it is known again
        self.lowest = tuple(map(min, self.lowest, *extents))
        self.highest = tuple(map(max, self.highest, *extents))
        ends = zip(self.lowest, self.highest, strict=True)
        corners = [self._formulas.numbers(x) for x in product(*[{*p} for p in ends])]
        self._meeting = self._where_labels_meet()
        self._certain = self._regions == () or (
            self._formulas.are_linear()
            and stay_apart(
                [
                    None if found is None else filled(self._regions, found.tolist())
                    for found in corners
                ]
            )
        )

    def _where_labels_meet(self) -> tuple[int, frozenset[int]] | None:
        """If a single extent changes, and others linearly, for which two are equal.

        None otherwise. Whether they are short is the same between two where it is.
        """
        formulas = self._formulas
        which = changing([self.lowest, self.highest])
        if len(which) != 1 or not formulas.are_linear():
            return None
        slopes = [k for k, term in enumerate(formulas.terms) if term]
        constants = [k for k, term in enumerate(formulas.terms) if not term]
        lines = {(0, 0), (1, 0)}
        for label in self._labels:
            if type(label) is Slot:
                own = formulas.coefficients[label.number].tolist()
                base = sum([own[k] for k in constants])
                lines.add((base, sum([own[k] for k in slopes])))
            else:
                lines.add((label, 0))
        pairs = combinations(sorted(lines), 2)
        return which[0], frozenset(
            [
                (a - c) // (d - b)
                for (a, b), (c, d) in pairs
                if b != d and (a - c) % (d - b) == 0
            ]
        )

    def holds_within(self, extents: Extents) -> bool:
        """Whether extents are between those that were seen.

        For others a slice may be longer than its array, of which nothing is recorded.
        """
        bounds = zip(self.lowest, extents, self.highest, strict=True)
        return all([low <= n <= high for low, n, high in bounds])

    def meets(self, other: Sized) -> bool:
        """Whether some extents are between those seen of two structures."""
        ours = zip(self.lowest, self.highest, strict=True)
        theirs = zip(other.lowest, other.highest, strict=True)
        return all(
            max(a, c) <= min(b, d) for (a, b), (c, d) in zip(ours, theirs, strict=True)
        )

    def entry(self, extents: Extents) -> Entry | None:
        """The entry for some extents; None where it may be another one."""
        if not self.holds_within(extents):
            return None
        found = self._formulas.numbers(extents)
        if found is None:
            return None
        numbers = found.tolist()
        if self._meeting is None:
            labels = _filled(self._labels, numbers)
            if len({0, 1, *labels}) != self._distinct:
                return None
            if tuple(map(shortness, labels)) != self.sample.short:
                return None
        elif extents[self._meeting[0]] in self._meeting[1]:
            return None
        if not self._certain:
            regions = filled(self._regions, numbers)
            if relations(regions) != self.sample.relations:
                return None
        words = self._base.copy()
        words[self._varying] = found[self._which]
        sizes = filled(self._sizes, numbers)
        bound = self._planned.rows.resized(words, sizes)
        if bound is None:
            return None
        tree = filled(self._tree, numbers)
        plan = SizedPlan(self._planned, bound, tree.shapes, sizes)
        return self._entry(tree, plan)

    def _entry(self, tree: Tree, plan: SizedPlan) -> Entry:
        entry, parts = self.sample.entry, self._parts
        (former,) = entry.steps
        scalars = former.scalars
        if tree.scalars is not parts.scalars:
            scalars = _numbers(former.scalars, tree.scalars)
        program = entry.recording.program
        if tree.table is not parts.table or tree.grown is not parts.grown:
            program = program.over(_numbers(program.table, tree.table), tree.grown)
        step = Step(
            former.leaves,
            former.outputs,
            former.overwritten,
            former.donated,
            plan,
            scalars,
        )
        return entry.over(tree.specs, tree.effects, tree.result, step, program)


def _numbers(former: Sequence[Any], numbers: Sequence[Number]) -> list[Any]:
    """Numbers, of which those that are whole follow from the extents."""
    return [
        one.kind(one.value) if type(one.value) is int else x
        for x, one in zip(former, numbers, strict=True)
    ]


def _varying(table: Integers) -> tuple[Integers, Integers]:
    """The numbers that are not the same in all samples; which of them are equal.

    Equal ones have one number, by which formulas know them.
    """
    varying = np.flatnonzero((table != table[0]).any(axis=0))
    _, which = np.unique(table[:, varying], axis=1, return_inverse=True)
    return varying, which.reshape(-1)


def _template(numbers: Sequence[Any]) -> Any:
    return template_of((tuple_of, *[Integer] * len(numbers)), iter(numbers))


def _filled(numbers: Sequence[Any], found: Sequence[int]) -> list[int]:
    """Numbers, with those that vary in their places."""
    return [found[x.number] if type(x) is Slot else x for x in numbers]
