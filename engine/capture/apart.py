"""Whether regions of arrays stay apart whatever the extents, between some."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from engine.access import Place, meetings
from engine.extents import Region


def stay_apart(corners: Sequence[Sequence[Region] | None]) -> bool:
    """Whether regions that do not meet at the corners do not between them.

    They do not where one ends before the other begins, at all corners the same one: the
    numbers of regions must be linear in each extent, so that between the corners they
    are between what they are there. Regions that meet may be taken to do so.

    Parameters
    ----------
    corners : sequence of sequence of Region
        The regions for the lowest and highest extents, each with each; None where they
        are unknown.
    """
    known = [regions for regions in corners if regions is not None]
    if len(known) < len(corners):
        return False
    for i, j in combinations(range(len(known[0])), 2):
        one, other = known[0][i], known[0][j]
        if one.owner != other.owner or _meet(one, other):
            continue
        before = all([_last(x[i]) < _first(x[j]) for x in known])
        after = all([_last(x[j]) < _first(x[i]) for x in known])
        if not before and not after:
            return False
    return True


def _meet(*regions: Region) -> bool:
    recipes = [region.recipe for region in regions]
    return all(meetings([(x.shape, Place(x.offset, x.strides)) for x in recipes]))


def _first(region: Region) -> int:
    """Where a region begins."""
    recipe = region.recipe
    axes = zip(recipe.shape, recipe.strides, strict=True)
    return recipe.offset + sum([min(0, (n - 1) * stride) for n, stride in axes])


def _last(region: Region) -> int:
    """The last element of a region."""
    recipe = region.recipe
    axes = zip(recipe.shape, recipe.strides, strict=True)
    return recipe.offset + sum([max(0, (n - 1) * stride) for n, stride in axes])
