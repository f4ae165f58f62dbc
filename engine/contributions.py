"""Contributions: what several readers of a value give to its gradient, added up.

Those to the whole value come first, then those to regions and positions of it. What
comes through one region can be told apart: that is the gradient of a view.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from functools import reduce
from typing import Any, NamedTuple

import numpy as np

from engine.access import Place, span
from engine.cotangent import AtPositions, AtRegion, Contribution, Cotangent, settle
from engine.execute import compute
from engine.movement import broadcast_value, reshape_value
from engine.ops import regions
from engine.ops.op import cast
from engine.recipe import Recipe, Whole, positions, whole_order
from engine.record.registry import REGISTRY
from engine.record.value import Value

BOOL = np.dtype(bool)


def unbroadcast(cotangent: Cotangent, shape: tuple[int, ...]) -> Cotangent:
    """Sum a cotangent over the axes along which its operand was broadcast."""
    given = cotangent.grad.shape
    if given == shape:
        return cotangent
    lead = len(given) - len(shape)
    if lead < 0 or any(
        n not in (1, m) for n, m in zip(shape, given[lead:], strict=True)
    ):
        return Cotangent(broadcast_value(settle(cotangent), shape))
    axes = tuple(range(lead)) + tuple(
        axis + lead
        for axis, n in enumerate(shape)
        if n == 1 and given[axis + lead] != 1
    )
    grad = settle(cotangent)
    mask = cotangent.mask
    if axes:
        grad = regions.reduce_sum(grad, axes)
        if mask is not None:
            mask = regions.reduce_any(mask, axes)
    return Cotangent(
        reshape_value(grad, shape),
        None if mask is None else reshape_value(mask, shape),
    )


def added(value: Value, parts: list[Contribution]) -> Cotangent:
    """All contributions to one value: whole ones first, then those into parts."""
    total: Cotangent | None = None
    for part in parts:
        if isinstance(part, Cotangent):
            total = part if total is None else _add(total, part)
    regional = [part for part in parts if not isinstance(part, Cotangent)]
    if not regional:
        assert total is not None
        return total
    if total is None:
        zeros = regions.full_value(value.shape, 0, value.dtype)
        total = Cotangent(zeros, regions.full_value(value.shape, False, BOOL))
    else:
        total = Cotangent(settle(total), total.mask)
    for part in regional:
        if isinstance(part, AtRegion):
            total = _add_region(total, part)
        else:
            total = _add_positions(total, part)
    return total


def _add(left: Cotangent, right: Cotangent) -> Cotangent:
    if left.mask is right.mask:
        return Cotangent(left.grad + right.grad, left.mask, left.clean and right.clean)
    mask = None
    if left.mask is not None and right.mask is not None:
        mask = left.mask | right.mask
    return Cotangent(settle(left) + settle(right), mask)


def _add_region(total: Cotangent, part: AtRegion) -> Cotangent:
    """Add into a region, in place; stride-0 axes are summed first."""
    cotangent, recipe = part
    repeated = tuple(
        axis
        for axis, (n, s) in enumerate(zip(recipe.shape, recipe.strides, strict=True))
        if s == 0 and n != 1
    )
    if repeated:
        shape = tuple(1 if a in repeated else n for a, n in enumerate(recipe.shape))
        cotangent = unbroadcast(cotangent, shape)
        recipe = recipe._replace(shape=shape)
    if recipe.size == 0:
        return total
    grad = regions.update_add(total.grad, settle(cotangent), attributes=(recipe,))
    mask = total.mask
    if mask is not None and recipe.dtype == total.grad.dtype:
        flags = recipe._replace(dtype=BOOL)
        if cotangent.mask is None:
            seen = regions.full_value(recipe.shape, True, BOOL)
        else:
            seen = regions.view(mask, attributes=(flags,)) | cotangent.mask
        mask = regions.update(mask, seen, attributes=(flags,))
    else:
        mask = None
    return Cotangent(grad, mask)


def _add_positions(total: Cotangent, part: AtPositions) -> Cotangent:
    cotangent, picked = part
    grad = regions.put_add(total.grad, picked, settle(cotangent))
    mask = total.mask
    if mask is not None:
        hits = cotangent.mask
        if hits is None:
            hits = regions.full_value(picked.shape, True, BOOL)
        counts = regions.put_add(
            cast(mask, np.dtype(np.int64)), picked, cast(hits, np.dtype(np.int64))
        )
        mask = REGISTRY["not_equal"](counts, 0)
    return Cotangent(grad, mask)


class RegionHook(NamedTuple):
    """A hook on a view: on what reaches its base through the view's region.

    Views have no history of their own: what reads one reads a region of its base. So
    what reads this region, or a part of it, is taken for the view's.
    """

    recipe: Recipe
    hook: Callable[[Value], Value | None]
    view: weakref.ref[Any]
    """It hooks no longer when the view is gone: the base may be a leaf, which stays."""
    last: bool = False
    """Whether it only looks, and at what other hooks on this region have left."""


def drop_ended(hooks: list[Any]) -> None:
    """Forget the hooks of views that are gone: those of a leaf would pile up."""
    hooks[:] = [
        one for one in hooks if not (isinstance(one, RegionHook) and one.view() is None)
    ]


def is_view(recipe: Recipe, base: Value) -> bool:
    """Whether a recipe shows a base in another way than the base itself."""
    own = recipe.shape == base.shape and recipe.is_whole(base.size, base.dtype)
    return not own or type(recipe) is Whole


def is_told_apart(base: Value) -> bool:
    """Whether views of a value have hooks: what comes through them is then kept so."""
    cell = None if base.history is None else base.history.cell
    return cell is not None and any(
        isinstance(hook, RegionHook) for hook in cell.result_hooks
    )


_taken_from: weakref.WeakKeyDictionary[Value, dict[Recipe, set[Recipe]]]
_taken_from = weakref.WeakKeyDictionary()
"""For a base, which views of it were taken from which other ones."""


MAX_NOTED = 4096
"""So many views of one base are known by their descent; then it is forgotten."""


def note_view_of_view(base: Value, view: Recipe, of: Recipe) -> None:
    """Remember that a view was taken from another one of the same base."""
    known = _taken_from.setdefault(base, {})
    if len(known) >= MAX_NOTED:  # as in a loop over the parts of a view
        known.clear()
    known.setdefault(Recipe(*view), set()).add(Recipe(*of))


def _is_taken_from(base: Value, part: Recipe, region: Recipe) -> bool:
    """Whether a view is another one, or was taken from it, at once or not."""
    known = _taken_from.get(base, {})
    seen, stack = {part}, [part]
    while stack:
        view = stack.pop()
        if view == region:
            return True
        more = known.get(view, set()) - seen
        seen |= more
        stack += more
    return False


def through(
    base: Value, region: Recipe, parts: Iterable[Contribution]
) -> tuple[list[Contribution], list[Contribution]]:
    """Contributions to a base that come through a region, and all others."""
    inside: list[Contribution] = []
    outside: list[Contribution] = []
    for part in parts:
        (inside if _comes_through(base, region, part) else outside).append(part)
    return inside, outside


def _comes_through(base: Value, region: Recipe, part: Contribution) -> bool:
    # Where all elements of the base are in a region, only descent tells views apart.
    everything = whole_order(region, base.size) is not None
    match part:
        case AtRegion(_, recipe) if everything:
            return _is_taken_from(base, recipe, region)
        case AtRegion(_, recipe):
            return lies_within(recipe, region)
        case AtPositions() if everything:
            return False
        case AtPositions(_, picked):
            (chosen,) = compute([picked])
            return bool(np.isin(chosen, positions(region)).all())
    return False


def lies_within(part: Recipe, region: Recipe) -> bool:
    """Whether all elements of a part are among those of a region of the same memory."""
    if part == region or not part.size:
        return True
    own, wide = part.dtype.itemsize, region.dtype.itemsize
    if not region.size or own > wide:
        return False
    first, last = (
        n * own // wide for n in span(part.shape, Place(part.offset, part.strides))
    )
    low, high = span(region.shape, Place(region.offset, region.strides))
    if first < low or last > high:
        return False
    if region.size == high - low + 1 and 0 not in region.strides:
        return True  # as most regions are: without gaps
    return bool(np.isin(positions(part) * own // wide, positions(region)).all())


def hooked(
    value: Value, arrived: list[Contribution], hooks: Iterable[RegionHook]
) -> list[Contribution]:
    """Contributions, of which those through views are as their hooks leave them.

    A view of a view comes before that, as what it receives goes on to it.
    """
    for hook in sorted(hooks, key=lambda one: (one.recipe.size, one.last)):
        inside, outside = through(value, hook.recipe, arrived)
        if inside and hook.view() is not None:
            answer = hook.hook(at_region(value, inside, hook.recipe))
            if answer is not None:
                arrived = [*outside, AtRegion(Cotangent(answer), hook.recipe)]
    return arrived


def at_region(value: Value, inside: list[Contribution], region: Recipe) -> Value:
    """The sum of contributions that come through a region, in its shape."""
    if all(isinstance(part, AtRegion) and part.recipe == region for part in inside):
        first, *others = (settle(part.cotangent) for part in inside)  # type: ignore[union-attr]
        return reduce(REGISTRY["add"], others, first)
    return regions.view(settle(added(value, inside)), attributes=(region,))
