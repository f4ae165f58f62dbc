"""Families: calls of one signature but for extents, and what is replayed for them all.

Some calls with other extents are recorded. Where their recordings differ in numbers
that follow from the extents (see `sized`), calls with any extents between those are
replayed: nothing is recorded, planned or compiled for them. Where Python has asked for
the size of something, it might have done otherwise for another: then none is. Where all
that it has done is to add integers to extents (see `record.extent`), and one extent
alone changes, it has not: what grows with an extent one for one makes slices that grow,
shrink, or stay as they are. What they are for the lowest and the highest extent and for
some between, they are for all between.
"""

from __future__ import annotations

from typing import Any

from engine.bound import NativeRows
from engine.capture.formulas import changing, wanted
from engine.capture.replay import Entry
from engine.capture.samples import Empty, Parted, Sample, Unsized
from engine.capture.sized import Extents, Planned, Sized
from engine.kernels.locks import new_lock
from engine.kernels.native.parts import for_any
from engine.plan import WholePlan, build_plan

MOST = 64
"""Recordings that wait for others like them; past it, there will be none."""

VAIN, REST = 16, 256
"""After so many recordings that no replay came from, so many calls are ordinary."""

CONFLICTS = 3
"""So often recordings may differ where formulas say that they do not.

Some do where the first calls are recorded in another way than later ones; and so often
they may be in parts, as when a finalizer or another thread has something computed.
"""

_growing = new_lock()
"""Held while a family learns."""


class Family:
    """Calls whose signatures differ in extents alone.

    Attributes
    ----------
    sized : tuple of Sized
        What is known; no two of them for the same extents.
    reason : str or None
        Why it will never know more.
    """

    def __init__(self) -> None:
        self.sized: tuple[Sized, ...] = ()
        self.reason: str | None = None
        self._samples: dict[Extents, Sample] = {}  # of no structure that is known
        self._plans: dict[Extents, Planned] = {}  # theirs
        self._cold: tuple[Sample, WholePlan] | None = None
        self._waited = 0.0
        self._left, self._vain, self._conflicts = MOST, 0, 0
        self._single = False

    def entry(self, extents: Extents) -> Entry | None:
        """How to replay a call with some extents; None where that is unknown."""
        for one in self.sized:
            found = one.entry(extents)
            if found is not None:
                self._vain = 0
                return found
        return None

    def wants(self) -> bool:
        """Whether another recording may be of use."""
        return self.reason is None and self._left > 0 and self._cold is None

    def waits(self) -> bool:
        """Whether it knows what to do once kernels are compiled."""
        return self._cold is not None

    def grants(self) -> bool:
        """Whether a call is recorded that is not expected to come again."""
        if not self.wants():
            return False
        self._vain += 1
        if self._vain > VAIN + REST:
            self._vain = 0
        return self._vain <= VAIN

    def waited(self, seconds: float) -> None:
        """Note what a call has taken: kernels are compiled once that pays."""
        if self._cold is not None:
            with _growing:
                self._waited += seconds
                self._try(self._learn)

    def add(
        self, extents: Extents, entry: Entry, seconds: float, single: bool = False
    ) -> None:
        """Learn from a recording, which has taken some time.

        Where Python has got extents, a `single` one may change: of two, what is
        between those that were seen is no box.
        """
        if single and not self._single:
            self._single = True
            self._forget()
        if self._cold is not None:
            self.waited(seconds)
        elif self.wants():
            with _growing:
                self._waited += seconds
                self._try(lambda: self._add(extents, entry))

    def refuse(self, reason: str) -> None:
        """Give up: no recording says what there will be for other extents."""
        self._forget()
        self.reason = reason

    def _try(self, step: Any) -> None:
        try:
            step()
        except Unsized as unsized:
            self.refuse(str(unsized))
        except Exception as error:  # the call is done, and its result waits
            self.refuse(f"{type(error).__name__}: {error}")

    def _forget(self) -> None:
        self.sized, self._cold, self._waited = (), None, 0.0
        self._samples.clear()
        self._plans.clear()

    def _add(self, extents: Extents, entry: Entry) -> None:
        known = [one.sample.entry for one in self.sized]
        known += [one.entry for one in self._samples.values()]
        if not all([one.holds() for one in known]):  # what it reads has changed
            self._forget()
        self._left -= 1
        try:
            self._samples[extents] = Sample(extents, entry)
        except Empty:
            return
        except Parted:
            self._conflicts += 1
            if self._conflicts >= CONFLICTS:
                raise
            return
        self._offer()
        if extents in self._samples:
            self._learn()
            self._offer()
        else:
            self._left += 1
        self._check()

    def _offer(self) -> None:
        """Leave out what formulas say already."""
        for extents, sample in [*self._samples.items()]:
            if any([one.takes(sample) for one in self.sized]):
                del self._samples[extents]
                self._plans.pop(extents, None)

    def _learn(self) -> None:
        """Make formulas of samples of one structure, where there are enough."""
        alike: dict[Any, list[Sample]] = {}
        for sample in self._samples.values():
            alike.setdefault(sample.structure, []).append(sample)
        for samples in alike.values():
            extents = [one.extents for one in samples]
            if self._single and len(changing(extents)) > 1:
                raise Unsized("Python has got several extents that change")
            enough = len(samples) >= wanted(len(changing(extents)))
            if enough and not self._plan(samples):
                return
        planned: dict[Any, list[Planned]] = {}
        for plan in self._plans.values():
            planned.setdefault(plan.structure, []).append(plan)
        for plans in planned.values():
            found = Sized.of(plans)
            if found is not None:
                self.sized = (*self.sized, found)
                for one in plans:
                    del self._plans[one.sample.extents]
                    del self._samples[one.sample.extents]

    def _plan(self, samples: list[Sample]) -> bool:
        """Plan samples; False where kernels are cold."""
        lengths = [[*map(int, one.numbers[[*one.labels.values()]])] for one in samples]
        which = changing(lengths)
        for sample, own in zip(samples, lengths, strict=True):
            if sample.extents in self._plans:
                continue
            with for_any({own[k] for k in which}):
                if not self._is_planned(sample):
                    return False
        return True

    def _is_planned(self, sample: Sample) -> bool:
        """Plan a sample, or leave it out; False where kernels are cold."""
        plan = self._ready(sample)
        if plan is None:
            return False
        self._cold = None
        rows = plan.whole()
        if rows is None or _may_differ(plan, rows):
            del self._samples[sample.extents]
        else:
            self._plans[sample.extents] = Planned(sample, plan, rows)
        return True

    def _ready(self, sample: Sample) -> WholePlan | None:
        """The plan of a sample whose kernels are compiled; None while they are cold."""
        if self._cold is not None and self._cold[0] is sample:
            plan = self._cold[1]
        else:
            (segment,) = sample.entry.recording.segments
            donated = sample.entry.steps[0].donated
            plan = build_plan(segment.node.path(), segment.alive, donated)
        cold = [row for row in plan.rows if not row.settle()]
        for row in cold:
            row.warm(self._waited / len(cold))
        self._waited = 0.0
        if all([row.is_ready() for row in plan.rows]):
            return plan
        self._cold = sample, plan
        return None

    def _check(self) -> None:
        """Begin anew where calls with extents between others do something else."""
        if self._is_consistent():
            return
        self._conflicts += 1
        if self._conflicts >= CONFLICTS:
            raise Unsized("what it does depends on the extents")
        self._forget()

    def _is_consistent(self) -> bool:
        for k, one in enumerate(self.sized):
            others = [x for x in self.sized[:k] if x.sample.like == one.sample.like]
            within = [x for x in self._samples.values() if x.like == one.sample.like]
            if any(map(one.meets, others)) or any(
                [one.holds_within(x.extents) for x in within]
            ):
                return False
        return True


def _may_differ(plan: WholePlan, rows: NativeRows) -> bool:
    """Whether calls depend on more: on how long lines are cut in blocks.

    Or on data, after some are written: a check that fails has the call done again.
    """
    launches = [row.launcher for row in plan.rows if row.launcher is not None]
    in_phases = any([one.split_address() is not None for one in launches])
    late = rows.segment.calls[rows.segment.overwrites :]
    return in_phases or any([call.checks for call in late])
