"""Indexing by arrays that are pending: what they pick stays pending.

The shape of what integers pick is known from their shape. So nobody looks at the index:
`indices` checks it when it is computed, and raises NumPy's IndexError then, with the
user's line; the elements are loaded, by positions, in the kernel that reads them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

import engine.numpy.handle as face
from engine.array import Array
from engine.kernels.backend import HOST
from engine.movement import broadcast_value, reshape_value, transpose_value
from engine.ops.op import cast
from engine.ops.regions import take
from engine.ops.scans import indices
from engine.ops.sources import iota
from engine.recipe import Recipe, Shape, index_basic, storage_order, whole
from engine.record.runtime import watchers
from engine.record.value import Value, constant

_INT64 = np.dtype(np.int64)


class _Key(NamedTuple):
    """A key in two steps: a basic one, then indices of axes of its result.

    An index is an array, or an integer, which NumPy then takes for an array, too.
    """

    basic: tuple[Any, ...]
    indices: tuple[tuple[int, Any], ...]

    @property
    def axes(self) -> tuple[int, ...]:
        """The axes that have an index."""
        return tuple(axis for axis, _ in self.indices)


def picked_later(handle: face.ndarray, key: Any) -> face.ndarray | None:
    """``handle[key]`` with a pending index; None where the key is to be looked at."""
    parts = key if isinstance(key, tuple) else (key,)
    if not any(map(is_pending, parts)) or not _is_usual(handle, parts):
        return None
    split = _split(parts, len(handle.recipe.shape))
    if split is None:
        return None
    # Whatever is wrong is found, and said, when the index is looked at.
    extents = handle.recipe.shape
    try:
        taken = index_basic(whole(handle.dtype, extents), split.basic)[0].shape
        inner = np.broadcast_shapes(*(np.shape(index) for _, index in split.indices))
    except (IndexError, ValueError):
        return None
    if 0 in taken or 0 in inner or not _known_fit(split, taken):
        return None
    single = len(split.indices) == len(taken) == len(extents) == len(parts)
    return _picked(handle, split, inner) if inner or single else None


def is_pending(part: Any) -> bool:
    """Whether a part of a key is an array of integers that has not been computed.

    While somebody watches the trace, to run it again, the others count as well.
    """
    if type(part) is not face.ndarray or part.recipe.dtype.kind not in "iu":
        return False
    value = part._value if part._line is None else part._line.value
    return value is not None and (value.buffer is None or bool(watchers))


def _is_usual(handle: face.ndarray, parts: tuple[Any, ...]) -> bool:
    """Whether all is in the memory of the host, and no part a mask or a sequence."""
    return (
        type(handle) is face.ndarray
        and handle.place == HOST
        and all(
            part is None
            or part is Ellipsis
            or isinstance(part, slice)
            or _is_index(part)
            for part in parts
        )
    )


def _is_index(part: Any) -> bool:
    if type(part) is int:
        return True
    if type(part) is face.ndarray:
        return part.recipe.dtype.kind in "iu" and part.place == HOST
    return type(part) is np.ndarray and part.dtype.kind in "iu"


def _split(parts: tuple[Any, ...], rank: int) -> _Key | None:
    """The two steps of a key; None where it has too many parts, or two ellipses."""
    dots = [place for place, part in enumerate(parts) if part is Ellipsis]
    real = sum(part is not None and part is not Ellipsis for part in parts)
    if len(dots) > 1 or real > rank:
        return None
    if real == rank and dots and dots[0] not in (0, len(parts) - 1):
        return None  # it stands for no axis, but between indices it parts them
    basic: list[Any] = []
    found: list[tuple[int, Any]] = []
    for part in parts if dots else (*parts, Ellipsis):
        if part is Ellipsis:
            basic += [slice(None)] * (rank - real)
        elif part is None or isinstance(part, slice):
            basic.append(part)
        else:
            found.append((len(basic), part))
            basic.append(slice(None))
    return _Key(tuple(basic), tuple(found))


def _known_fit(key: _Key, shape: Shape) -> bool:
    """Whether the indices that are known are within bounds."""
    return all(
        -shape[axis] <= np.min(index) and np.max(index) < shape[axis]
        for axis, index in key.indices
        if not isinstance(index, Array)
    )


def _picked(handle: face.ndarray, key: _Key, inner: Shape) -> face.ndarray:
    line = handle.line
    recipe = handle.recipe
    layout, _ = index_basic(recipe, key.basic)
    shapes = tuple(np.shape(index) for _, index in key.indices)
    order = _memory_order(layout._replace(offset=0), key.axes, shapes)
    base = line.current()
    if recipe.dtype != base.dtype or line.storage.shared():
        base = handle.read()
        layout, _ = index_basic(whole(recipe.dtype, recipe.shape), key.basic)
    positions = _positions(layout, key, inner)
    if order != tuple(range(len(order))):
        positions = transpose_value(positions, order)
    return face.ndarray.wrap(take(base, positions), order, scalar=not inner)


def _positions(layout: Recipe, key: _Key, inner: Shape) -> Value:
    """The flat positions of what a key picks, in C order."""
    axes = key.axes
    rest = [axis for axis in range(len(layout.shape)) if axis not in axes]
    together = axes == tuple(range(axes[0], axes[0] + len(axes)))
    lead = axes[0] if together else 0
    rank = len(rest) + len(inner)
    offset, terms = layout.offset, []
    for axis, index in key.indices:
        stride = layout.strides[axis]
        if type(index) is int:
            offset += index % layout.shape[axis] * stride
            continue
        place = _from_front(index, layout.shape[axis], axis)
        shape = place.shape + (1,) * (rank - lead - len(inner))
        terms.append((reshape_value(place, shape), stride))
    for k, axis in enumerate(rest):
        after = rank - 1 - (k if k < lead else k + len(inner))
        extent = layout.shape[axis]
        steps = reshape_value(iota(attributes=(extent,)), (extent,) + (1,) * after)
        terms.append((steps, layout.strides[axis]))
    shape = tuple(layout.shape[axis] for axis in rest)
    return _sum(terms, offset, (*shape[:lead], *inner, *shape[lead:]))


def _from_front(index: Any, extent: int, axis: int) -> Value:
    """Indices counted from the front; those of an array are checked when computed."""
    if isinstance(index, Array):
        return indices(cast(index.read(), _INT64), attributes=(extent, f"axis {axis}"))
    return constant(np.where(index < 0, index + extent, index).astype(_INT64))


def _sum(terms: list[tuple[Value, int]], offset: int, shape: Shape) -> Value:
    total: Value | None = None
    for value, stride in terms:
        step = value if stride == 1 else value * stride
        total = step if total is None else total + step
    assert total is not None
    if offset:
        total = total + offset
    return broadcast_value(total, shape)


@lru_cache(maxsize=4096)
def _memory_order(
    layout: Recipe, axes: tuple[int, ...], shapes: tuple[Shape, ...]
) -> tuple[int, ...]:
    """The axes of what is picked, in the order of NumPy's memory, outermost first.

    NumPy says it, of a model with the same strides and few elements.
    """
    order = storage_order(layout)
    small = [min(n, 2) for n in layout.shape]
    model = np.empty([small[axis] for axis in order], np.uint8)
    key: list[Any] = [slice(None)] * len(small)
    for axis, shape in zip(axes, shapes, strict=True):
        key[axis] = np.zeros([min(n, 2) for n in shape], int)
    made = model.transpose(np.argsort(order))[tuple(key)]
    return tuple(sorted(range(made.ndim), key=lambda a: -abs(made.strides[a])))
