"""Walks over the rows of a kernel: what each computes, stores, keeps and loads again.

Softmax walks a row three times: for the maximum, for the sum of exponentials and for
the quotient. A cheap value that a later walk needs is computed again; an expensive one
is kept in memory, if possible in that of a result which is only stored later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.program import Step
from engine.schedule.groups import Group


@dataclass
class Walk:
    """One walk: the steps computed in it, those stored, those kept for later."""

    computed: set[int] = field(default_factory=set)
    stored: list[int] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)


class Passes:
    """The plan of a group's walks.

    Attributes
    ----------
    count : int
        The number of walks; 0 for a map.
    walks : list of Walk
    stored_last : list of int
        Results that are stored once a row, after all walks.
    kept : dict of int to int or None
        For each kept value the result in whose memory it waits, None for a temporary.
    reloaded : set of int
        Results that later walks read from where they were stored.
    temporaries : list of int
        The kept values that need memory of their own.
    """

    def __init__(
        self, steps: Sequence[Step], group: Group, slots: Sequence[int]
    ) -> None:
        self.steps, self.group, self.slots = steps, group, slots
        self.kept: dict[int, int | None] = {}
        self.reloaded: set[int] = set()
        self.temporaries: list[int] = []
        self.walks: list[Walk] = []
        self.last_use: dict[int, int] = {}
        self.first: dict[int, int] = {}
        if group.kind == "map":
            self.count = 0
            self.stored_last = list(group.outputs)
            return
        reductions = [n for n in group.steps if steps[n].op.kind == "reduce"]
        inner = [n for n in group.steps if self.inside(n)]
        self.count = 1 + max(group.passes[n] for n in [*reductions, *inner])
        self.stored_last = [n for n in group.outputs if not self.inside(n)]
        self.walks = [Walk() for _ in range(self.count)]
        self.store_walk = self._when_stored()
        for number in range(self.count):
            self._demand(number, reductions)
        self._place_kept()

    def level(self, n: int) -> int:
        """The walk in which, or after which, a step is computed."""
        return self.group.passes.get(n, -1)

    def inside(self, n: int) -> bool:
        """Whether a step has a value for every index of the inner axis."""
        group = self.group
        return group.kind != "map" and group.is_inner(group.places[n])

    def _when_stored(self) -> dict[int, int]:
        """The walk in which each result is stored: not before its memory was read."""
        walks = {}
        read = {
            self.slots[root]
            for root, _ in self.group.loads()
            if self.steps[root].op.name not in ("full", "iota")
        }
        for n in self.group.outputs:
            if self.inside(n):
                overwrites = self.slots[n] in read
                walks[n] = self.count - 1 if overwrites else self.level(n)
                self.walks[walks[n]].stored.append(n)
        return walks

    def _demand(self, number: int, reductions: Sequence[int]) -> None:
        """Find what one walk must compute."""
        walk = self.walks[number]
        stack = [n for n in reductions if self.level(n) == number]
        stack += walk.stored
        seen: set[int] = set()
        while stack:
            n = stack.pop()
            if n in seen:
                continue
            seen.add(n)
            if self._is_at_hand(n, number):
                self.last_use[n] = number
                continue
            walk.computed.add(n)
            for root, place in self.group.reads[n]:
                if root in self.group.places and place and self.inside(root):
                    stack.append(root)

    def _is_at_hand(self, n: int, number: int) -> bool:
        """Whether a walk loads a value that an earlier one computed."""
        if self.steps[n].op.kind == "reduce" or self.level(n) == number:
            return False
        if self.store_walk.get(n, number) < number and n not in self.group.in_place:
            self.reloaded.add(n)
            return True
        if not self._is_expensive(n):
            return False
        made = [w for w in range(number) if n in self.walks[w].computed]
        if made and n not in self.kept:
            self.kept[n] = None
            self.first[n] = made[0]
            self.walks[made[0]].kept.append(n)
        return bool(made)

    def _is_expensive(self, n: int) -> bool:
        op = self.steps[n].op
        return bool(op.kind == "gather" or getattr(op, "expensive", False))

    def _place_kept(self) -> None:
        """Let kept values wait in the memory of results that are stored later."""
        taken: set[int] = set()
        group = self.group
        loaded = {self.slots[root] for root, _ in group.loads()}
        for n in self.kept:
            for host in group.outputs:
                if (
                    self.inside(host)
                    and host not in taken
                    and host not in group.in_place
                    and self.slots[host] not in loaded
                    and self.steps[host].dtype == self.steps[n].dtype
                    and group.places[host] == group.places[n]
                    and self.store_walk[host] >= self.last_use[n]
                    and self.store_walk[host] > self.first[n]
                ):
                    taken.add(host)
                    self.kept[n] = host
                    break
            else:
                self.temporaries.append(n)
