"""Compute single numbers in the kernels that use them, not in kernels of their own."""

from __future__ import annotations

from collections.abc import Collection

from engine.access import Place
from engine.schedule.fusing import Fuser
from engine.schedule.groups import Draft

SCALAR_STEPS = 16
"""So many ops on single numbers are rather repeated than a kernel of their own."""


def inline_scalars(
    drafts: list[Draft | None],
    fuser: Fuser,
    outputs: Collection[int],
    most: int,
) -> None:
    """Move groups of single numbers into all of their users.

    Parameters
    ----------
    drafts : list of Draft or None
        The groups in order; those that are moved become None.
    outputs : collection of int
        Steps whose values are wanted in memory.
    most : int
        The statements that a kernel may have.
    """
    kept = {*outputs, *fuser.in_place}
    for index, draft in enumerate(drafts):
        if draft is None or draft.kind != "map" or draft.extents or draft.closed:
            continue
        made = set(draft.steps)
        if len(made) > SCALAR_STEPS or not made.isdisjoint(kept):
            continue
        users = [
            i
            for i, other in enumerate(drafts)
            if i > index and other is not None and not made.isdisjoint(other.roots)
        ]
        if all(_may_inline(drafts, fuser, index, i, most) for i in users):
            for i in users:
                user = drafts[i]
                assert user is not None
                _inline(draft, user)
            drafts[index] = None


def _may_inline(
    drafts: list[Draft | None], fuser: Fuser, index: int, user: int, most: int
) -> bool:
    """Whether a group can compute another's numbers before its own steps."""
    scalars, draft = drafts[index], drafts[user]
    assert scalars is not None and draft is not None
    if draft.kind == "library" or draft.statements + len(scalars.steps) > most:
        return False
    made = set(scalars.steps)
    for n in draft.steps:
        base = fuser.root[fuser.steps[n].operands[0]] if n in fuser.in_place else -1
        if base in made:
            return False
        for root, place in draft.reads[n]:
            if root in made and (place is None or any(place.strides)):
                return False
    touched = {fuser.memory[r] for r in scalars.roots}
    return not any(
        m in fuser.in_place and fuser.memory[m] in touched
        for between in drafts[index + 1 : user + 1]
        if between is not None
        for m in between.steps
    )


def _inline(scalars: Draft, draft: Draft) -> None:
    """Put the steps of single numbers before those of another group."""
    nowhere = (0,) * len(draft.extents)
    for n in scalars.steps:
        draft.places[n] = Place(0, nowhere)
        draft.reads[n] = tuple(
            (root, place and Place(place.offset, nowhere))
            for root, place in scalars.reads[n]
        )
        if draft.inner:
            draft.passes[n] = -1
    draft.steps = [*scalars.steps, *draft.steps]
    draft.roots |= scalars.roots
