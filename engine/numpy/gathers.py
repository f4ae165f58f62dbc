"""Indexing by arrays that are pending: what they pick stays pending.

The shape of what integers pick is known from their shape. So nobody looks at the index:
`indices` checks it when it is computed, and raises NumPy's IndexError then, with the
user's line; the elements are loaded, by positions, in the kernel that reads them.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np

import engine.numpy.handle as face
from engine.kernels.backend import HOST
from engine.movement import broadcast_value, reshape_value, transpose_value
from engine.ops.op import cast
from engine.ops.regions import take
from engine.ops.scans import indices
from engine.ops.sources import iota
from engine.recipe import Recipe, Shape, index_basic, storage_order, whole
from engine.record.value import Value, constant
from engine.record.watchers import watchers
from engine.shapes import broadcast_shapes

from . import quick

_INT64 = np.dtype(np.int64)
_BOUNDS = frozenset((int, type(None)))
PICKED = "picked"
"""The name by which native code knows what an array of indices picks."""

_Found: TypeAlias = dict[int, tuple[int, Shape, int]]
"""For each axis that has an index the part of the key, its shape, and a number.

For an array the number says of which axis of the base its integers are. For an integer,
which NumPy takes for an array where there are others, it is that, and the part is -1.
"""


class _Index(NamedTuple):
    """An index array of a key: which part it is, and what its integers count.

    Parameters
    ----------
    part : int
        Its place in the key; -1 for places along an axis that has no index.
    of : str
        What an error says that they are indices of, as in "axis 0".
    extent, stride : int
        How many places there are, and how far apart, in elements of the base.
    shape : tuple of int
        The array's shape with the axes after it, of extent 1.
    """

    part: int
    of: str
    extent: int
    stride: int
    shape: Shape


class _Plan(NamedTuple):
    """What a key picks from a recipe: the sum of an offset and of steps of indices.

    `order` has the axes in the order of NumPy's memory, outermost first.
    """

    offset: int
    indices: tuple[_Index, ...]
    shape: Shape
    order: tuple[int, ...]
    scalar: bool


def is_pending(part: Any) -> bool:
    """Whether a part of a key is an array of integers that has not been computed.

    While somebody watches the trace, to run it again, the others count as well.
    """
    if type(part) is not face.ndarray or part.recipe.dtype.kind not in "iu":
        return False
    value = part._value if part._line is None else part._line.value
    return value is not None and (value.buffer is None or bool(watchers))


def picked_later(handle: face.ndarray, key: Any) -> face.ndarray | None:
    """``handle[key]`` with a pending index; None where the key is to be looked at.

    So is each one in which anything is wrong: what it is, is said there.
    """
    parts = key if type(key) is tuple else (key,)
    if not any(map(is_pending, parts)):
        return None
    if type(handle) is not face.ndarray or handle.place != HOST:
        return None
    arrays = (handle, *parts)
    found = quick.again(arrays, PICKED)
    if found is not None:
        picked: face.ndarray = found
        return picked
    described = tuple(map(_described, parts))
    recipe = handle.recipe
    plan = None if None in described else _planned(recipe, described)
    if plan is None or not _known_fit(plan, parts):
        return None
    line = handle.line
    base = line.current()
    own = plan
    if recipe.dtype != base.dtype or line.storage.shared():
        base = handle.read()
        whole_plan = _planned(whole(recipe.dtype, recipe.shape), described)
        assert whole_plan is not None
        own = whole_plan
    given = tuple([p.read() if type(p) is face.ndarray else p for p in parts])
    if recipe is not base.layout or not all(type(x) is Value for x in given):
        return _picked(base, own, plan, given)
    return quick.noted_on(  # type: ignore[no-any-return]
        PICKED, arrays, (base, *given), partial(_picked, base, own, plan, given)
    )


def _picked(
    base: Value, own: _Plan, plan: _Plan, given: tuple[Any, ...]
) -> face.ndarray:
    """What indices pick from a value; `plan` says what NumPy's memory would be."""
    positions = _positions(own, given)
    if plan.order != tuple(range(len(plan.order))):
        positions = transpose_value(positions, plan.order)
    return face.ndarray.wrap(take(base, positions), plan.order, scalar=plan.scalar)


def _described(part: Any) -> Any:
    """A part of a key as far as the plan depends on it; None for other parts."""
    if type(part) is face.ndarray:
        usual = part.recipe.dtype.kind in "iu" and part.place == HOST
        return ("array", part.recipe.shape) if usual else None
    if type(part) is np.ndarray:
        return ("array", part.shape) if part.dtype.kind in "iu" else None
    if type(part) is slice:
        bounds = (part.start, part.stop, part.step)
        return ("slice", bounds) if _BOUNDS.issuperset(map(type, bounds)) else None
    if part is None:
        return ("newaxis", None)
    return ("known", part) if part is Ellipsis or type(part) is int else None


def _known_fit(plan: _Plan, parts: tuple[Any, ...]) -> bool:
    """Whether the index arrays that are known are within bounds."""
    for index in plan.indices:
        part = parts[index.part] if index.part >= 0 else None
        if type(part) is np.ndarray and not (
            -index.extent <= part.min() and part.max() < index.extent
        ):
            return False
    return True


# -- what a key means ------------------------------------------------------------------
@lru_cache(maxsize=4096)
def _planned(recipe: Recipe, parts: tuple[tuple[str, Any], ...]) -> _Plan | None:
    """The plan of a key; None where it is wrong, picks nothing, or shows a view."""
    split = _split(parts, len(recipe.shape))
    if split is None:
        return None
    basic, found = split
    try:
        layout, _ = index_basic(recipe, basic)
        inner = broadcast_shapes(*(shape for _, shape, _ in found.values()))
    except (IndexError, ValueError):
        return None
    axes = tuple(found)
    single = len(axes) == len(layout.shape) == len(recipe.shape) == len(parts)
    if 0 in layout.shape or 0 in inner or not (inner or single):
        return None
    fits = all(
        -layout.shape[axis] <= number < layout.shape[axis]
        for axis, (part, _, number) in found.items()
        if part < 0
    )
    if not fits:
        return None
    shapes = tuple(shape for _, shape, _ in found.values())
    order = _memory_order(layout, axes, shapes)
    rest = tuple(axis for axis in range(len(layout.shape)) if axis not in found)
    lead = axes[0] if axes == tuple(range(axes[0], axes[0] + len(axes))) else 0
    offset, steps = _steps(layout, found, len(rest) - lead)
    for k, axis in enumerate(rest):
        after = len(rest) - 1 - k + (len(inner) if k < lead else 0)
        extent, stride = layout.shape[axis], layout.strides[axis]
        steps.append(_Index(-1, "", extent, stride, (extent,) + (1,) * after))
    others = tuple(layout.shape[axis] for axis in rest)
    shape = (*others[:lead], *inner, *others[lead:])
    return _Plan(offset, tuple(steps), shape, order, not inner)


def _steps(layout: Recipe, found: _Found, after: int) -> tuple[int, list[_Index]]:
    """Where a key's integers begin, and its arrays with `after` axes after theirs."""
    offset, steps = layout.offset, []
    for axis, (part, shape, number) in found.items():
        extent, stride = layout.shape[axis], layout.strides[axis]
        if part < 0:
            offset += number % extent * stride
        else:
            own = (*shape, *(1,) * after)
            steps.append(_Index(part, f"axis {number}", extent, stride, own))
    return offset, steps


def _split(
    parts: tuple[tuple[str, Any], ...], rank: int
) -> tuple[list[Any], _Found] | None:
    """A key in two steps: a basic one, then indices of axes of its result.

    None for keys that have too many parts.
    """
    dots = [place for place, (_, part) in enumerate(parts) if part is Ellipsis]
    real = len(parts) - len(dots) - sum(kind == "newaxis" for kind, _ in parts)
    if len(dots) > 1 or real > rank:
        return None
    if real == rank and dots and dots[0] not in (0, len(parts) - 1):
        return None  # it stands for no axis, but between indices it parts them
    basic: list[Any] = []
    found: _Found = {}
    for place, (kind, part) in enumerate(parts):
        if part is Ellipsis:
            basic += [slice(None)] * (rank - real)
            continue
        if kind == "array":
            found[len(basic)] = (place, part, len(basic) - basic.count(None))
        elif kind == "known":
            found[len(basic)] = (-1, (), part)
        basic.append(_basic(kind, part))
    if not dots:
        basic += [slice(None)] * (rank - real)
    return basic, found


def _basic(kind: str, part: Any) -> slice | None:
    """A part of a key in the basic step; axes that have an index are kept."""
    if kind == "newaxis":
        return None
    return slice(*part) if kind == "slice" else slice(None)


def _memory_order(
    layout: Recipe, axes: tuple[int, ...], shapes: tuple[Shape, ...]
) -> tuple[int, ...]:
    """The axes of what is picked, in the order of NumPy's memory, outermost first.

    NumPy says it, of a model with the same order of strides and few elements.
    """
    order = storage_order(layout)
    model = np.empty([min(layout.shape[axis], 2) for axis in order], np.uint8)
    key: list[Any] = [slice(None)] * len(order)
    for axis, shape in zip(axes, shapes, strict=True):
        key[axis] = np.zeros([min(n, 2) for n in shape], int)
    made = model.transpose(np.argsort(order))[tuple(key)]
    return tuple(sorted(range(made.ndim), key=lambda a: -abs(made.strides[a])))


# -- recording -------------------------------------------------------------------------
def _positions(plan: _Plan, parts: tuple[Any, ...]) -> Value:
    """The flat positions of what a key picks, in C order."""
    total: Value | None = None
    for index in plan.indices:
        if index.part >= 0:
            place = _from_front(parts[index.part], index)
        else:
            place = iota(attributes=(index.extent,))
        if place.shape != index.shape:
            place = reshape_value(place, index.shape)
        step = place if index.stride == 1 else place * index.stride
        total = step if total is None else total + step
    assert total is not None
    if plan.offset:
        total = total + plan.offset
    return broadcast_value(total, plan.shape)


def _from_front(part: Any, index: _Index) -> Value:
    """Indices counted from the front; those of an array are checked when computed."""
    if isinstance(part, Value):
        return indices(cast(part, _INT64), attributes=(index.extent, index.of))
    return constant(np.where(part < 0, part + index.extent, part).astype(_INT64))
