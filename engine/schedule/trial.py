"""An attempt to fit a step into a group: axes are split here before they are there."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from engine.access import Extents, Pieces, Place, compose, split_place
from engine.program import Step
from engine.recipe import Recipe
from engine.schedule.groups import Draft


class Trial:
    """An attempt to add a step to a draft: axes are split here first."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.extents = draft.extents
        self.splits: list[Pieces] = []

    def refine(self, pieces: Pieces) -> None:
        """Split the axes of the attempt."""
        self.extents = tuple(n for p in pieces for n in p)
        self.splits.append(pieces)

    def seen(self, place: Place) -> Place:
        """A place of the draft over the axes of the attempt."""
        for pieces in self.splits:
            place = split_place(place, pieces)
        return place

    def follow(self, regions: Sequence[Recipe], place: Place) -> Place | None:
        """Where a place of the draft ends after a chain of views."""
        while True:
            splits = len(self.splits)
            found = self._follow(regions, self.seen(place))
            if len(self.splits) == splits:
                return found

    def _follow(self, regions: Sequence[Recipe], place: Place) -> Place | None:
        for region in regions:
            composed = compose(region, self.extents, place)
            if composed is None:
                return None
            if composed.pieces is not None:
                self.refine(composed.pieces)
                return None
            place = composed.place
        return place


def aligned(step: Step) -> Sequence[int]:
    """Which operands a step reads at its own index."""
    if step.op.name in ("update", "update_add") or step.op.kind == "gather":
        return (1,)
    return range(len(step.operands))


SHORT = 16
"""Elements of a line that are added in order, many lines at a time."""


def is_short(before: int, reduced: int) -> bool:
    """Whether lines along the memory are reduced as columns: they are short and many.

    To add a few elements in lanes takes as long as to add 32, and one line alone has
    too few for the vectors of its other work.
    """
    return reduced <= SHORT and before > 1


def cut(shape: Extents, step: Step) -> tuple[int, int, int]:
    """Sizes before, in and after the reduced axes, which adjoin."""
    axes = [a for a in step.attributes[0] if shape[a] != 1]
    first, last = axes[0], axes[-1]
    return prod(shape[:first]), prod(shape[first : last + 1]), prod(shape[last + 1 :])


def real(extents: Sequence[int]) -> Extents:
    """The extents that are axes at all."""
    return tuple(n for n in extents if n != 1)
