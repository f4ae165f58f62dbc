"""Keys of subscripts: their parts, and the positions that arrays in them select."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from engine.array import Array
from engine.errors import named, naming
from engine.kernels.native.places import true_places
from engine.recipe import Recipe, is_c_contiguous, positions, storage_order

from .operands import NDArray, host_array

_BOUNDS = frozenset((int, type(None)))

_SMALL = 1024
"""Views of at most this many elements have all their positions built."""


def split_key(key: Any) -> tuple[tuple[Any, ...], bool]:
    """The parts of a key, and whether it is basic. Handles in it are computed."""
    if type(key) is int:
        return (key,), True
    if type(key) is slice:
        return (_plain_slice(key),), True
    parts: list[Any] = []
    basic = True
    for part in key if isinstance(key, tuple) else (key,):
        if part is None or part is Ellipsis or type(part) is int:
            parts.append(part)
        elif isinstance(part, slice):
            parts.append(_plain_slice(part))
        else:
            part = _array_part(part)
            basic = basic and type(part) is int
            parts.append(part)
    return tuple(parts), basic


def _plain_slice(part: slice) -> slice:
    """A slice with bounds of Python integers; they may be arrays of one integer."""
    bounds: tuple[Any, ...] = (part.start, part.stop, part.step)
    if _BOUNDS.issuperset(map(type, bounds)):
        return part
    return slice(*map(_bound, bounds))


def _bound(part: Any) -> int | None:
    try:
        return None if part is None else operator.index(part)
    except TypeError:
        raise TypeError(
            named(
                "slice indices must be integers or None or have an __index__ method; "
                f"{part!r} was given"
            )
        ) from None


def _array_part(part: Any) -> Any:
    """An integer, or an ndarray of integers or booleans."""
    if isinstance(part, Array):
        part = part.computed()
    if isinstance(part, np.ndarray):
        if part.ndim == 0 and part.dtype.kind in "iu":
            return int(part)
        return _checked(part)
    if isinstance(part, (bool, np.bool_)):
        return np.asarray(part)
    if isinstance(part, (int, np.integer)):
        return int(part)
    if isinstance(part, (list, tuple, range)):
        array = host_array(part)
        return array.astype(np.intp) if array.size == 0 else _checked(array)
    if hasattr(type(part), "__array__"):
        return _array_part(host_array(part))
    if hasattr(part, "__index__"):
        return int(part.__index__())
    raise _bad_index(part)


def _checked(array: NDArray) -> NDArray:
    if array.dtype.kind not in "biu":
        raise IndexError(
            named("arrays used as indices must be of integer (or boolean) type")
        )
    return array


def _bad_index(part: Any) -> IndexError:
    return IndexError(
        named(
            "only integers, slices (`:`), ellipsis (`...`), numpy.newaxis (`None`) and "
            "integer or boolean arrays are valid indices; "
            f"{type(part).__name__} was given"
        )
    )


# -- positions of advanced keys -------------------------------------------------------
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
        found = true_places(part)
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


def _memory_order(array: NDArray) -> tuple[int, ...]:
    return tuple(sorted(range(array.ndim), key=lambda a: -abs(array.strides[a])))


def as_positions(indices: Any, *, safe: bool = False) -> NDArray:
    """Integer indices as an ndarray; a handle is computed first.

    Those of an array have to be integers or booleans, and to fit into int64 whatever
    they are if the cast is to be `safe`; numbers that are given one by one are cut off,
    as NumPy does.
    """
    if isinstance(indices, Array):
        indices = indices.computed()
    if not isinstance(indices, np.ndarray):
        with naming():
            return np.array(indices, np.int64)
    if indices.dtype.kind not in "iub" or (safe and indices.dtype == np.uint64):
        raise TypeError(
            named(
                "integer indices were required; Cannot cast array data from "
                f"{indices.dtype!r} to dtype('int64') according to the rule 'safe'"
            )
        )
    return indices.astype(np.int64)
