"""Stage 4, schedule: which steps become one kernel.

Steps are walked in order. A step joins the group of the values it reads where it can
be computed index by index with them, else a group that reads the same memory over the
same axes, else it opens a new group. Groups run in the order of the list, so a group
may only read what earlier ones wrote. Two groups that a step would like to read element
by element are merged.

Whether a reduction is a `row` or a `column` depends on its logical shape and axes only,
never on what is fused, so that bits do not depend on how a graph is cut.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.program import COPY, Program, Step, is_leaf, is_virtual
from engine.schedule.fusing import Fuser
from engine.schedule.groups import Draft, Group
from engine.schedule.inline import inline_scalars
from engine.schedule.kinds import is_library, roots
from engine.schedule.prepare import Prepared
from engine.schedule.recompute import Recomputation
from engine.schedule.trial import aligned

MAX_STATEMENTS = 128
"""Compile time grows with them; and Numba's front end, which some kernels still need,
recurses on longer bodies."""

SIBLINGS = 6
"""How many recent groups a step looks at for memory that it reads too."""

SPAN = 64
"""How many groups apart two groups may be that are merged."""


@dataclass(frozen=True)
class Schedule:
    """The groups of a program, in order.

    `program` is the prepared program, which may have grown by copies; `memory` says for
    each step the first step whose memory it shares (updates in place); `by_size`
    whether sizes decide what is copied.
    """

    program: Program
    groups: tuple[Group, ...]
    memory: tuple[int, ...]
    in_place: frozenset[int]
    donated: frozenset[int]
    decisions: tuple[str, ...]
    by_size: bool

    def text(self) -> str:
        """The decisions, one group a paragraph."""
        steps = self.program.steps
        lines = list(self.decisions)
        for i, group in enumerate(self.groups):
            names = " ".join(steps[n].op.name for n in group.steps)
            stored = " ".join(f"v{n}" for n in group.outputs)
            written = "".join(f", v{n} in place" for n in group.in_place)
            lines.append(f"group {i}: {group.kind}: {names} -> {stored}{written}")
            lines.append(f"    opened since {group.reason}")
        return "\n".join(lines)


def schedule(prepared: Prepared) -> Schedule:
    """Cut a prepared program into groups."""
    return _Scheduler(prepared).run()


class _Scheduler:
    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        self.in_place = prepared.in_place
        self.steps: list[Step] = list(prepared.program.steps)
        self.root = roots(self.steps)
        self.memory: list[int] = []
        for n, step in enumerate(self.steps):
            base = self.root[step.operands[0]] if n in self.in_place else n
            self.memory.append(n if base == n else self.memory[base])
        self.fuser = Fuser(self.steps, self.root, self.memory, self.in_place)
        self.drafts: list[Draft | None] = []
        self.home: dict[int, int] = {}
        self.last_reader: dict[int, int] = {}
        self.sequence: dict[int, int] = {}

    def run(self) -> Schedule:
        program = self.prepared.program
        self._place_all(self.prepared.early)
        for draft in self.drafts:
            assert draft is not None
            draft.closed = True
        self._place_all(range(len(program.steps)))
        self._merge_siblings()
        inline_scalars(
            self.drafts, self.fuser, program.outputs.values(), MAX_STATEMENTS
        )
        stored = {*program.outputs.values(), *self.in_place}
        stored |= {self.root[self.steps[n].operands[0]] for n in self.in_place}
        Recomputation(self.drafts, self.fuser, self.home, self.sequence, stored).run()
        return Schedule(
            program.replaced(self.steps, program.outputs),
            self._groups(),
            tuple(self.memory),
            self.in_place,
            self.prepared.donated,
            self.prepared.decisions,
            self.prepared.by_size,
        )

    def _place_all(self, numbers: Iterable[int]) -> None:
        for n in numbers:
            step = self.steps[n]
            virtual = is_leaf(step) or is_virtual(step) or self.root[n] != n
            if not virtual and n not in self.home:
                self.place(n)

    # -- where a step goes --------------------------------------------------------
    def place(self, n: int) -> None:
        """Put a step into a group."""
        low = self._bound(n)
        if is_library(self.steps[n], self.steps):
            self._library(n)
            return
        self.fuser.obstacle = ""
        if low >= 0 and self._can_grow(low) and not self._better_later(n, low):
            draft = self._draft(low)
            grown = self.fuser.join(draft, n)
            if grown:
                grown.low = max(grown.low, self._bound(n, grown))
                self._settle(n, low, grown)
                self._merge_producers(n, low)
                return
        self._open(n, low)
        self._merge_producers(n, self.home[n])

    def _better_later(self, n: int, index: int) -> bool:
        """Whether a step may as well read what a group has written to memory.

        If its result is wanted elsewhere, that saves storing it; if not, the groups are
        merged when that shows.
        """
        draft = self._draft(index)
        read = [self.root[k] for k in self.steps[n].values]
        return (
            draft.extents != ()
            and self.steps[n].op.kind == "elementwise"
            and all(r in self.in_place for r in read if r in draft.places)
        )

    def _draft(self, index: int) -> Draft:
        draft = self.drafts[index]
        assert draft is not None
        return draft

    def _bound(self, n: int, draft: Draft | None = None) -> int:
        """The latest group that a step depends on, its own draft left out."""
        step = self.steps[n]
        low = -1
        for k in step.values:
            root = self.root[k]
            if draft is None or root not in draft.places:
                low = max(low, self.home.get(root, -1))
        if n in self.in_place:
            low = max(low, self.last_reader.get(self.root[step.operands[0]], -1))
        return low

    def _can_grow(self, index: int) -> bool:
        draft = self._draft(index)
        if draft.kind == "library" or draft.closed:
            return False
        if draft.statements + 2 > MAX_STATEMENTS:
            self.fuser.obstacle = "the group before it is full"
            return False
        return True

    def _settle(self, n: int, index: int, draft: Draft) -> None:
        if index == len(self.drafts):
            self.drafts.append(draft)
        self.drafts[index] = draft
        self.home[n] = index
        self.sequence[n] = len(self.sequence)
        for k in self.steps[n].values:  # of the draft's other steps it is known
            root = self.root[k]
            self.last_reader[root] = max(self.last_reader.get(root, -1), index)

    def _library(self, n: int) -> None:
        draft = Draft("library", (), 0)
        draft.steps.append(n)
        draft.reason = "it is a library call"
        draft.roots = {self.root[k] for k in self.steps[n].values}
        self._settle(n, len(self.drafts), draft)

    def _open(self, n: int, low: int) -> None:
        reason = self.fuser.obstacle or (
            "it reads arrays only" if low < 0 else "its axes are others"
        )
        while (draft := self.fuser.join(self.fuser.new_draft(n), n)) is None:
            self._copy_a_view(n)
        draft.reason = reason
        draft.low = self._bound(n, draft)
        self._settle(n, len(self.drafts), draft)

    def _copy_a_view(self, n: int) -> None:
        """Materialise one view that a step reads: its axes do not fit the others'."""
        step = self.steps[n]
        operands = list(step.operands)
        i = next(
            i
            for i in aligned(step)
            if operands[i] >= 0 and self.root[operands[i]] != operands[i]
        )
        k = operands[i]
        if step.op is COPY:  # a view of a view that is not one view: copy the inner one
            copy = self._copy_of(self.steps[k].operands[0])
            operands[i] = self._append(self.steps[k].on((copy,)), copy)
        else:
            operands[i] = self._copy_of(k)
        self.steps[n] = step.on(tuple(operands))

    def _copy_of(self, k: int) -> int:
        source = self.steps[k]
        step = Step(COPY, (k,), (), (), source.dtype, source.shape, -1, source.line)
        copy = self._append(step, len(self.steps))
        self.place(copy)
        return copy

    def _append(self, step: Step, root: int) -> int:
        self.steps.append(step)
        self.root.append(root)
        self.memory.append(len(self.memory))
        return len(self.steps) - 1

    # -- merging ------------------------------------------------------------------
    def _merge_producers(self, n: int, index: int) -> None:
        """Merge the groups whose values a step reads element by element."""
        draft = self._draft(index)
        size = draft.size
        for root, _ in draft.reads[n]:
            home = self.home.get(root, -1)
            if home in (-1, index) or self.steps[root].size != size:
                continue
            index = self._merge(min(home, index), max(home, index), index)

    def _merge(self, early: int, late: int, index: int, sharing: bool = False) -> int:
        """Merge two groups if that keeps the order of all others; where `index` is.

        With `sharing` only where one load then serves both.
        """
        first, second = self._draft(early), self._draft(late)
        fixed = first.closed or second.closed or "library" in (first.kind, second.kind)
        if fixed or late - early > SPAN:
            return index
        if first.statements + second.statements > MAX_STATEMENTS:
            return index
        target = early if self._may_come(early, late) else late
        if target == late and not self._may_move(early, late):
            return index
        grown = self.fuser.merge(first, second, self.sequence)
        if grown is None:
            return index
        if sharing and grown.loads == first.loads + second.loads:
            return index
        self.drafts[early] = self.drafts[late] = None
        self.drafts[target] = grown
        for m in grown.steps:
            self.home[m] = target
        for root in grown.roots:
            self.last_reader[root] = self._latest_reader(root, early, late)
        grown.low = max(self._bound(m, grown) for m in grown.steps)
        return target

    def _latest_reader(self, root: int, early: int, late: int) -> int:
        """The last group that reads a step, after a merge of two groups."""
        last = self.last_reader[root]
        if last > late:
            return last
        for index in range(late, early - 1, -1):
            draft = self.drafts[index]
            if draft is not None and root in draft.roots:
                return index
        raise AssertionError("the merged group reads it")

    def _may_move(self, early: int, late: int) -> bool:
        """Whether no group between two others needs the first to have run."""
        moved = self._draft(early)
        made = set(moved.steps)
        touched = {self.memory[r] for r in moved.roots | made}
        for draft in self.drafts[early + 1 : late]:
            if draft is None:
                continue
            if not made.isdisjoint(draft.roots):
                return False
            for m in draft.steps:
                if m in self.in_place and self.memory[m] in touched:
                    return False
        return True

    def _may_come(self, early: int, late: int) -> bool:
        """Whether the second of two groups needs none between them to have run.

        Since its bound was found, what it depends on may have moved behind that.
        """
        moved = self._draft(late)
        if moved.low > early:
            return False
        written = {self.memory[m] for m in moved.steps if m in self.in_place}
        for draft in self.drafts[early + 1 : late]:
            if draft is None:
                continue
            if not moved.roots.isdisjoint(draft.steps):
                return False
            if any(self.memory[r] in written for r in (*draft.roots, *draft.steps)):
                return False
        return True

    def _merge_siblings(self) -> None:
        """Merge independent groups that read the same memory over the same axes."""
        recent: list[int] = []
        for index in range(len(self.drafts)):
            draft = self.drafts[index]
            if draft is None or draft.kind == "library":
                continue
            for other in recent[-SIBLINGS:]:
                before = self.drafts[other]
                if before is None or before.size != self._draft(index).size:
                    continue
                if self._share_memory(before, self._draft(index)):
                    at = self._merge(other, index, index, sharing=True)
                    if at != index or self.drafts[other] is None:
                        index = at
                        break
            recent = [i for i in recent if self.drafts[i] is not None and i != index]
            recent.append(index)

    def _share_memory(self, one: Draft, other: Draft) -> bool:
        """Whether two groups load something in common, which one load could serve."""
        if not other.roots.isdisjoint(one.steps):
            return False  # a merge was tried when the step that reads it was placed
        shared = one.roots & other.roots
        if all(is_virtual(self.steps[r]) for r in shared):
            return False
        return not one.touched().isdisjoint(other.touched())

    # -- the result ---------------------------------------------------------------
    def _groups(self) -> tuple[Group, ...]:
        """The drafts as groups; from the last one on, each stores what others read."""
        kept = set(self.prepared.program.outputs.values()) | self.in_place
        groups = []
        for index in range(len(self.drafts) - 1, -1, -1):
            draft = self.drafts[index]
            if draft is None:
                continue
            library = draft.kind == "library"
            outputs = [
                n for n in draft.steps if n in kept and self.home[n] == index
            ] or (draft.steps if library else [])
            if not outputs:
                continue
            steps = draft.steps if library else self._live(draft, set(outputs))
            for n in steps:
                kept |= {
                    self.root[k] for k in self.steps[n].values
                } - draft.places.keys()
            groups.append(
                Group(
                    draft.kind,
                    tuple(steps),
                    draft.extents,
                    draft.inner,
                    {n: draft.places[n] for n in steps if n in draft.places},
                    {n: draft.reads[n] for n in steps if n in draft.reads},
                    draft.passes,
                    tuple(outputs),
                    tuple(n for n in steps if n in self.in_place),
                    draft.reason,
                )
            )
        return tuple(reversed(groups))

    def _live(self, draft: Draft, live: set[int]) -> list[int]:
        """The steps of a draft that are needed for some of them."""
        for n in reversed(draft.steps):
            if n in live:
                live.update(root for root, _ in draft.reads[n] if root in draft.places)
        return [n for n in draft.steps if n in live]
