"""Where the elements are that a key with known arrays selects, as flat positions."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.errors import naming
from engine.recipe import Recipe, is_c_contiguous, positions, storage_order
from engine.record.value import Value, constant

from .operands import NDArray

_SMALL = 1024
"""Views of at most this many elements have all their positions built."""


def key_positions(
    recipe: Recipe, parts: tuple[Any, ...]
) -> tuple[NDArray, tuple[int, ...]]:
    """Flat positions of what an advanced key selects, and the result's memory order.

    The positions are C-contiguous in memory order. NumPy's own indexing decides them,
    so mixed keys, broadcasting and errors are NumPy's.
    """
    with naming():
        return _key_positions(recipe, parts)


def _key_positions(
    recipe: Recipe, parts: tuple[Any, ...]
) -> tuple[NDArray, tuple[int, ...]]:
    if len(parts) == 1 and is_c_contiguous(recipe):
        direct = _direct_positions(recipe, parts[0])
        if direct is not None:
            return direct, tuple(range(direct.ndim))
    if recipe.size <= _SMALL:
        found = positions(recipe)[parts]
        order = _memory_order(found)
        return np.ascontiguousarray(found.transpose(order)), order
    axes = storage_order(recipe)
    # Only its layout is looked at; the pages that are not are never touched.
    proxy = np.empty(tuple(recipe.shape[a] for a in axes), np.uint8)
    layout = proxy.transpose(np.argsort(axes))[parts]
    order = _memory_order(layout)
    total = np.full(layout.shape, recipe.offset, np.int64).transpose(order)
    total = np.ascontiguousarray(total)
    for axis, (extent, stride) in enumerate(
        zip(recipe.shape, recipe.strides, strict=True)
    ):
        steps = np.arange(extent, dtype=np.int64) * stride
        steps = steps.reshape((extent,) + (1,) * (len(recipe.shape) - axis - 1))
        total += np.broadcast_to(steps, recipe.shape)[parts].transpose(order)
    return total, order


def _direct_positions(recipe: Recipe, part: Any) -> NDArray | None:
    """Positions by one array over all of contiguous memory; None for other keys."""
    if not isinstance(part, np.ndarray) or not part.flags.c_contiguous:
        return None
    if part.dtype == np.bool_:
        if part.shape != recipe.shape or not part.ndim:
            return None
        found: NDArray = np.flatnonzero(part)
        return found + recipe.offset if recipe.offset else found
    if len(recipe.shape) != 1 or not part.size:
        return None
    extent = recipe.shape[0]
    low, high = int(part.min()), int(part.max())
    if low < -extent or high >= extent:
        return None  # the general way raises, and names the index
    places = part.astype(np.int64)
    if low < 0:
        places[places < 0] += extent
    if recipe.offset:
        places += recipe.offset
    return places


def adopted(array: NDArray) -> Value:
    """The value of an array that was just made here: it needs no copy."""
    if not (array.flags.c_contiguous and array.flags.writeable and array.base is None):
        return constant(array)
    return Value(array.dtype, array.shape, array)


def _memory_order(array: NDArray) -> tuple[int, ...]:
    return tuple(sorted(range(array.ndim), key=lambda a: -abs(array.strides[a])))
