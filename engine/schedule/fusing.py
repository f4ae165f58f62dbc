"""Whether and how a step can be computed index by index with a group."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from engine.access import Extents, Place, inverse, locate, overlap, spread
from engine.program import Step
from engine.recipe import Recipe
from engine.schedule.groups import Draft, GroupKind, Read
from engine.schedule.trial import SHORT, Trial, aligned, cut, is_short, real

MAX_PASSES = 6


class Result(NamedTuple):
    """Where a step's value stands, and how the axes must be ordered for it."""

    place: Place
    axes: tuple[int, ...] | None = None
    inner: int = 0
    kind: GroupKind = "map"


class Fuser:
    """Joins steps to drafts; shares the scheduler's tables of steps and memory."""

    def __init__(
        self,
        steps: list[Step],
        root: list[int],
        memory: list[int],
        in_place: frozenset[int],
    ) -> None:
        self.steps = steps
        self.root = root
        self.memory = memory
        self.in_place = in_place
        self.obstacle = ""

    def shape(self, n: int) -> Extents:
        """The shape over which a step runs."""
        step = self.steps[n]
        if step.op.kind == "reduce":
            return self.steps[step.operands[0]].shape
        if step.op.name in ("update", "update_add"):
            region: Recipe = step.attributes[0]
            return region.shape
        return step.shape

    def new_draft(self, n: int) -> Draft:
        """An empty draft with the axes of a step."""
        step = self.steps[n]
        if step.op.kind != "reduce":
            return Draft("map", real((prod(self.shape(n)),)), 0)
        before, reduced, after = cut(self.shape(n), step)
        if after == 1:
            kind: GroupKind = "column" if is_short(before, reduced) else "row"
            return Draft(kind, real((before, reduced)), 1)
        draft = Draft("column", real((before, after, reduced)), 1)
        strides = zip(
            (before, after, reduced), (reduced * after, 1, after), strict=True
        )
        draft.full = Place(0, tuple(s for n, s in strides if n != 1))
        return draft

    def join(self, draft: Draft, n: int) -> Draft | None:
        """The draft with one more step, None where the indices do not fit."""
        for start, place in self._possible_places(draft, n):
            grown = self._attempt(start, n, place)
            if grown is not None:
                return grown
        if not self.obstacle:
            self._note_views(draft, n)
        return None

    def _possible_places(self, draft: Draft, n: int) -> list[tuple[Draft, Place]]:
        """Maps from the draft's axes to the step's elements that are worth a try.

        Some need the draft with finer axes, so it comes with each.
        """
        step, shape = self.steps[n], self.shape(n)
        size = prod(shape)
        found: list[tuple[Draft, Place]] = []
        for i in aligned(step):
            k = step.operands[i]
            if k < 0 or self.root[k] not in draft.places:
                continue
            start, place = self._undo(draft, k, shape)
            if place is None or any(place == other for _, other in found):
                continue
            rows = start.inner and not start.is_inner(place)
            if size == (start.outer_size if rows else start.size):
                found.append((start, place))
        known = [place for _, place in found]
        if size == draft.size and draft.full_place() not in known:
            found.append((draft, draft.full_place()))
        if draft.inner and size == draft.outer_size and draft.row_place() not in known:
            found.append((draft, draft.row_place()))
        return found

    def _undo(self, draft: Draft, k: int, shape: Extents) -> tuple[Draft, Place | None]:
        """The place at which a step reads an operand just where that is computed."""
        regions, root = self.chain(k, shape)
        sizes = [prod(shape), *(region.size for region in regions)]
        if any(size != self.steps[root].size for size in sizes):
            return draft, None  # not one to one
        backs = [inverse(region, region.size) for region in reversed(regions)]
        known = [back for back in backs if back is not None]
        if len(known) < len(backs):
            return draft, None
        trial = Trial(draft)
        place = trial.follow(known, draft.places[root])
        if trial.splits:
            draft = draft.clone()
            for pieces in trial.splits:
                draft.split(pieces)
        return draft, place

    def chain(self, k: int, shape: Extents) -> tuple[list[Recipe], int]:
        """The views between a step of some shape and the memory of its operand."""
        regions = []
        if self.steps[k].shape != shape:
            regions.append(spread(self.steps[k].shape, shape))
        while self.root[k] != k:
            regions.append(self.steps[k].attributes[0])
            k = self.steps[k].operands[0]
        return regions, k

    def _attempt(self, draft: Draft, n: int, place: Place) -> Draft | None:
        trial = Trial(draft)
        while True:
            splits = len(trial.splits)
            result = self._result(trial, n, place)
            if result is None:
                return None
            reads = self._reads(trial, n, place, result.place)
            if reads is None:
                return None
            if len(trial.splits) == splits:
                break
        grown = draft.clone()
        for pieces in trial.splits:
            grown.split(pieces)
        grown.steps.append(n)
        grown.places[n] = result.place
        grown.reads[n] = reads
        grown.roots.update(self.root[k] for k in self.steps[n].values)
        if result.axes is not None:
            grown.reorder(result.axes, result.inner, result.kind)
        return grown if self._sound(grown, n, draft) else None

    def _reads(
        self, trial: Trial, n: int, place: Place, own: Place
    ) -> tuple[Read, ...] | None:
        """Where the step's operands are read, None where they cannot be."""
        step, shape, places = self.steps[n], self.shape(n), trial.draft.places
        reads: list[Read] = []
        if step.op.kind == "gather":
            if self.root[step.operands[0]] in places:
                return None
            reads.append((self.root[step.operands[0]], None))
        for i in aligned(step):
            k = step.operands[i]
            if k < 0:
                continue
            regions, root = self.chain(k, shape)
            found = trial.follow(regions, place)
            if found is None:
                self._note(n, root, trial)
                return None
            read = self._resolved(trial, n, root, found)
            if read is None:
                return None
            reads.append(read)
        if step.op.name == "update_add":
            read = self._resolved(trial, n, self.root[step.operands[0]], own)
            if read is None:
                return None
            reads.append(read)
        return tuple(reads)

    def _resolved(self, trial: Trial, n: int, root: int, found: Place) -> Read | None:
        """What a step reads at a place: a value of the draft, or memory."""
        places = trial.draft.places
        if root in places and found != trial.seen(places[root]):
            # Beside what this kernel writes stands what was there before.
            before = self._version_before(trial, root, found)
            if before < 0:
                self._note(n, root, trial)
                return None
            root = before
        return root, found

    def _version_before(self, trial: Trial, root: int, found: Place) -> int:
        """The version of updated memory that the draft reads, -1 for none.

        A region that no store of the draft touches may be read from what was there.
        """
        places = trial.draft.places
        while root in places:
            if root not in self.in_place:
                return -1
            stored = trial.seen(places[root])
            if overlap(trial.extents, found, trial.extents, stored):
                return -1
            root = self.root[self.steps[root].operands[0]]
        return root

    def _note_views(self, draft: Draft, n: int) -> None:
        """Say which operand of a step is computed in a draft, but not at its index."""
        for k in self.steps[n].values:
            if self.root[k] != k and self.root[k] in draft.places:
                self.obstacle = (
                    f"v{n} reads other elements of v{self.root[k]} than its own"
                )

    def _note(self, n: int, root: int, trial: Trial) -> None:
        if root in trial.draft.places and not self.obstacle:
            self.obstacle = f"v{n} reads other elements of v{root} than its own"

    def _result(self, trial: Trial, n: int, place: Place) -> Result | None:
        step = self.steps[n]
        if step.op.kind == "reduce":
            return self._reduction(trial, n, place)
        if step.op.name in ("update", "update_add"):
            found = trial.follow([step.attributes[0]], place)
            return found and Result(found)
        return Result(trial.seen(place))

    def _reduction(self, trial: Trial, n: int, place: Place) -> Result | None:
        """Which axes a reduction runs over, and the place of its result."""
        sizes = cut(self.shape(n), self.steps[n])
        parts = [i for i in range(3) if sizes[i] != 1]
        if prod(trial.extents) != prod(sizes):
            return None
        extents = tuple(sizes[i] for i in parts)
        while True:
            found = locate(extents, trial.extents, trial.seen(place))
            if found is None:
                return None
            if found.pieces is None:
                break
            trial.refine(found.pieces)
        weight = {0: sizes[2], 1: 0, 2: 1}
        strides, reduced = [], []
        for axis, digits in enumerate(found.digits):
            moving = [i for i, digit in enumerate(digits) if digit]
            if len(moving) != 1:
                return None
            if parts[moving[0]] == 1:
                if digits[moving[0]] < 0:
                    return None  # in that order a sum has other bits
                reduced.append((-digits[moving[0]], axis))
            strides.append(digits[moving[0]] * weight[parts[moving[0]]])
        begin = sum(n * weight[p] for n, p in zip(found.start, parts, strict=True))
        own = Place(begin, tuple(strides))
        inner = [axis for _, axis in sorted(reduced)]
        along = sizes[2] == 1 and not is_short(*sizes[:2])
        kind: GroupKind = "row" if along else "column"
        return self._ordered(trial, own, inner, kind)

    def _ordered(
        self, trial: Trial, own: Place, inner: list[int], kind: GroupKind
    ) -> Result | None:
        rank = len(trial.extents)
        outer = [axis for axis in range(rank) if axis not in inner]
        outer.sort(key=lambda axis: -own.strides[axis])
        draft = trial.draft
        if draft.kind == "map":
            return Result(own, (*outer, *inner), len(inner), kind)
        count = rank
        for pieces in trial.splits:
            count = sum(len(p) for p in pieces)
        before = draft.outer
        for pieces in trial.splits:
            before = sum(len(p) for p in pieces[:before])
        if draft.kind != kind or inner != list(range(before, count)):
            return None
        return Result(own)

    # -- what must hold -----------------------------------------------------------
    def _sound(self, grown: Draft, n: int, before: Draft) -> bool:
        """Whether a grown draft can be one kernel; `before` was."""
        changed = grown.inner != before.inner or grown.kind != before.kind
        fresh = grown.places if changed else (n,)
        for m in fresh:
            places = [grown.places[m], *(place for _, place in grown.reads[m])]
            if grown.inner > 1 and not all(
                place is None or grown.collapsible(place) for place in places
            ):
                return False
        if grown.inner and not self.walk(grown, fresh):
            return False
        return self.writes_apart(grown, n)

    def walk(self, draft: Draft, numbers: Sequence[int] | dict[int, Place]) -> bool:
        """Number the passes over a row; False where there are too many."""
        for m in numbers:
            ready = draft.ready(m, self.steps)
            draft.passes[m] = ready
            if ready > 0 and draft.computes_inside(m, self.steps):
                # A single row is not walked twice in one kernel, however short it is:
                # all cores share the second walk when it is a kernel of its own.
                single = draft.outer_size == 1
                column = draft.kind == "column" and draft.extents[-1] > SHORT
                if column or ready >= MAX_PASSES or single:
                    self.obstacle = self.obstacle or (
                        "it needs a second walk over a single row"
                        if single
                        else "it needs a second walk over the reduced axes"
                    )
                    return False
        return True

    def writes_apart(self, draft: Draft, n: int) -> bool:
        """Whether no two indices of the kernel meet in memory that it overwrites."""
        if not draft.extents:
            return self._base_is_earlier(draft, n)
        writers = [m for m in draft.steps if m in self.in_place]
        if not writers:
            return True
        if n in self.in_place and not self._base_is_earlier(draft, n):
            return False
        for w in writers:
            pairs = draft.reads if w == n else {n: draft.reads[n]}
            for reads in pairs.values():
                for root, place in reads:
                    if root not in draft.places and self._meet(draft, w, root, place):
                        return False
            others = writers if w == n else ()
            for m in others:
                if m != n and self.memory[m] == self.memory[n]:
                    one, other = draft.places[m], draft.places[n]
                    if overlap(draft.extents, one, draft.extents, other):
                        return False
        return True

    def _base_is_earlier(self, draft: Draft, n: int) -> bool:
        if n not in self.in_place:
            return True
        base = self.root[self.steps[n].operands[0]]
        return base not in draft.places or base in self.in_place

    def _meet(self, draft: Draft, w: int, root: int, place: Place | None) -> bool:
        if self.memory[root] != self.memory[w]:
            return False
        stored = draft.places[w]
        if place == stored:
            return False
        return place is None or overlap(draft.extents, place, draft.extents, stored)

    def merge(self, one: Draft, other: Draft, order: dict[int, int]) -> Draft | None:
        """Two drafts as one, None where their indices do not fit."""
        small, big = sorted((one, other), key=lambda draft: len(draft.steps))
        grown = big
        for n in small.steps:
            joined = self.join(grown, n)
            if joined is None:
                return None
            grown = joined
        for reads in grown.reads.values():
            for root, place in reads:
                if root in grown.places and place != grown.places[root]:
                    return None
        grown.steps.sort(key=order.__getitem__)
        grown.reason = one.reason
        if grown.inner and not self.walk(grown, grown.steps):
            return None
        if not all(self.writes_apart(grown, n) for n in grown.steps):
            return None
        return grown
