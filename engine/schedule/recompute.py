"""Compute cheap values again where they are used, rather than store and load them.

Where a long expression is cut in two kernels, the second one needs many values of the
first. Each costs a store, a load and a buffer; most are a product or a sum of what the
second kernel has at hand anyway. Expensive values are never computed again.
"""

from __future__ import annotations

from collections.abc import Sequence, Set

from engine.access import Place
from engine.program import COPY, Step, is_leaf, is_virtual
from engine.schedule.fusing import Fuser
from engine.schedule.groups import Draft

STEPS_AGAIN = 4
"""So many steps at most are done again to save a value's store, load and buffer."""

MAX_STATEMENTS_AGAIN = 160
"""Statements beyond which a kernel does no more again: a quarter more than it may have
otherwise, since each spares it a load and another one a store."""


class Recomputation:
    """The walk over all groups; it shares the scheduler's tables.

    `stored` are the steps whose values stand in memory anyway: results, what updates
    write, and what they write into.
    """

    def __init__(
        self,
        drafts: Sequence[Draft | None],
        fuser: Fuser,
        home: dict[int, int],
        order: dict[int, int],
        stored: Set[int],
    ) -> None:
        self.drafts = drafts
        self.fuser = fuser
        self.steps: Sequence[Step] = fuser.steps
        self.home = home
        self.order = order
        self.stored = stored
        self.places_read: dict[int, set[Place | None]] = {}

    def run(self) -> None:
        """Let every elementwise group compute what is cheap itself."""
        for index, draft in enumerate(self.drafts):
            if draft is not None and draft.kind == "map" and draft.extents:
                self._visit(index, draft)

    def _visit(self, index: int, draft: Draft) -> None:
        loads = {
            (root, place)
            for reads in draft.reads.values()
            for root, place in reads
            if place is not None and root not in draft.places
        }
        self.places_read = {}
        for reads in draft.reads.values():
            for root, where in reads:
                self.places_read.setdefault(root, set()).add(where)
        added = False
        for root, place in sorted(loads, key=lambda r: self.order.get(r[0], -1)):
            chosen = self._choose(root, place, index, draft, loads)
            for n in chosen:
                maker = self._maker(n)
                draft.places[n] = maker.places[n]
                draft.reads[n] = maker.reads[n]
                draft.roots |= {r for r, _ in maker.reads[n]}
                draft.steps.append(n)
                added = True
        if added:
            draft.steps.sort(key=self.order.__getitem__)

    def _choose(
        self,
        root: int,
        place: Place,
        index: int,
        draft: Draft,
        loads: set[tuple[int, Place]],
    ) -> list[int]:
        """The steps that compute a loaded value again, none where that does not pay."""
        todo: list[tuple[int, Place]] = [(root, place)]
        chosen: list[int] = []
        loads_more = 0
        while todo:
            n, where = todo.pop()
            if n in chosen:
                continue
            if not self._is_cheap(n, where, index, draft):
                return []
            chosen.append(n)
            for operand, read in self._maker(n).reads[n]:
                if read is None or self._overwritten(operand, self.home[n], index):
                    return []
                if operand in draft.places:
                    if draft.places[operand] != read:
                        return []
                elif operand in chosen or (operand, read) in loads:
                    continue
                elif is_leaf(self.steps[operand]) or operand in self.stored:
                    loads_more += 1
                elif not is_virtual(self.steps[operand]):
                    todo.append((operand, read))
            if len(chosen) > STEPS_AGAIN or loads_more > 1:
                return []
        return chosen if self._has_room(draft, chosen) else []

    def _has_room(self, draft: Draft, chosen: list[int]) -> bool:
        return draft.statements + len(chosen) <= MAX_STATEMENTS_AGAIN

    def _maker(self, root: int) -> Draft:
        maker = self.drafts[self.home[root]]
        assert maker is not None
        return maker

    def _is_cheap(self, root: int, place: Place, index: int, draft: Draft) -> bool:
        step = self.steps[root]
        if (
            step.op.kind != "elementwise"
            or step.op is COPY
            or getattr(step.op, "expensive", False)
            or root in self.stored
            or self.home.get(root, index) == index
        ):
            return False
        if self.places_read.get(root, {place}) != {place}:
            return False  # other elements of it are loaded as well
        maker = self.drafts[self.home[root]]
        if maker is None or maker.kind != "map" or maker.extents != draft.extents:
            return False
        return maker.places.get(root) == place

    def _overwritten(self, operand: int, first: int, last: int) -> bool:
        """Whether the memory of an operand is written between two groups."""
        memory = self.fuser.memory
        return any(
            m in self.fuser.in_place and memory[m] == memory[operand]
            for draft in self.drafts[first : last + 1]
            if draft is not None
            for m in draft.steps
        )
