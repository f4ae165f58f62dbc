"""Indexing: basic keys give views, arrays of integers or booleans give copies."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

import engine.numpy.gathers as gathers
import engine.numpy.handle as face
import engine.numpy.masked as masked
from engine.array import Array
from engine.errors import named, naming
from engine.movement import broadcast_value
from engine.ops.op import Op, cast
from engine.ops.regions import full_value, put, put_add, take
from engine.recipe import (
    Recipe,
    broadcast_strides,
    index_basic,
    whole,
)
from engine.record.registry import REGISTRY
from engine.record.value import Value, constant

from .at_once import element_of, number_of, put_at_once, write_number
from .keys import key_positions, split_key
from .nested import holds_handles, joined
from .operands import KINDS, NUMBERS, WEAK, NDArray, host_array
from .picking import picked

FILLED = frozenset(
    (
        *("float16", "float32", "float64", "bool"),
        *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    )
)
"""Numbers of these dtypes are written as scalars: they travel beside the recording."""


def adopted(array: NDArray) -> Value:
    """The value of an array that was just made here: it needs no copy."""
    if not (array.flags.c_contiguous and array.flags.writeable and array.base is None):
        return constant(array)
    return Value(array.dtype, array.shape, array)


def select(handle: Array, parts: tuple[Any, ...]) -> face.ndarray:
    """A copy of the elements that an advanced key selects."""
    line = handle.line
    base = line.current()
    if handle.dtype == base.dtype and not line.storage.shared():
        return pick(base, handle.recipe, parts)
    found, order = _local_positions(handle, parts)
    return face.ndarray.wrap(take(handle.read(), adopted(found)), order)


def pick(base: Value, recipe: Recipe, parts: tuple[Any, ...]) -> face.ndarray:
    """What an advanced key selects from a base that a recipe shows."""
    at_once = picked(base, recipe, parts)
    if at_once is not None:
        return at_once
    found, order = key_positions(recipe, parts)
    return face.ndarray.wrap(take(base, adopted(found)), order)


def _local_positions(
    handle: Array, parts: tuple[Any, ...]
) -> tuple[NDArray, tuple[int, ...]]:
    """Positions in the handle's own elements in C order, laid out as the view is."""
    _, order = key_positions(handle.recipe, parts)
    local, own = key_positions(whole(handle.dtype, handle.recipe.shape), parts)
    if own != order:
        local = np.ascontiguousarray(local.transpose(np.argsort(own)).transpose(order))
    return local, order


# -- basic keys
def resolve_basic(recipe: Recipe, parts: tuple[Any, ...]) -> tuple[Recipe, bool]:
    """`index_basic`, remembered: loops use the same few slices again and again."""
    if len(parts) == 1 and type(parts[0]) is int and recipe.shape:
        return _row(recipe, parts[0])
    return _remembered(
        recipe,
        tuple(
            (part.start, part.stop, part.step) if type(part) is slice else part
            for part in parts
        ),
    )


def _row(recipe: Recipe, place: int) -> tuple[Recipe, bool]:
    """One integer: not worth remembering, since loops use each one once."""
    dtype, offset, shape, strides = recipe
    extent = shape[0]
    if not -extent <= place < extent:
        return index_basic(recipe, (place,))  # raises
    offset += (place + extent if place < 0 else place) * strides[0]
    return Recipe(dtype, offset, shape[1:], strides[1:]), len(shape) == 1


@lru_cache(maxsize=4096)
def _remembered(recipe: Recipe, parts: tuple[Any, ...]) -> tuple[Recipe, bool]:
    return index_basic(
        recipe, [slice(*part) if type(part) is tuple else part for part in parts]
    )


def located(handle: Array, key: Any) -> Recipe | None:
    """The recipe of what a basic key selects; None for other keys."""
    parts, basic = split_key(key)
    return resolve_basic(handle.recipe, parts)[0] if basic else None


# -- getting --------------------------------------------------------------------------
def _is_mask(key: Any) -> bool:
    """Whether a key is one array of booleans."""
    return isinstance(key, (Array, np.ndarray)) and key.dtype.char == "?"


def get(handle: face.ndarray, key: Any) -> Any:
    """``handle[key]``."""
    if _is_mask(key):
        pending = masked.selected(handle, key)
        if pending is not None:
            return pending
    if isinstance(key, (Array, tuple)):
        picked = gathers.picked_later(handle, key)
        if picked is not None:
            return picked
    parts, basic = split_key(key)
    if not basic:
        return select(handle, parts)
    recipe, is_element = resolve_basic(handle.recipe, parts)
    if is_element and not (handle.scalar and parts == (Ellipsis,)):
        return element(handle, recipe)
    view = handle.view_as(recipe)
    if handle.scalar:
        view.scalar, view.writeable = False, True
    return view.copy("K") if _has_array(key) else view


def _has_array(key: Any) -> bool:
    """Whether a key has arrays, if of no axes: NumPy copies what those select."""
    return any(
        isinstance(part, np.ndarray) or (isinstance(part, Array) and not part.scalar)
        for part in (key if isinstance(key, tuple) else (key,))
    )


def element(handle: face.ndarray, recipe: Recipe) -> face.ndarray:
    """One element as a scalar with memory of its own."""
    value = element_of(handle, recipe)
    return face.ndarray.wrap(
        handle.line.read(recipe) if value is None else value, scalar=True
    )


# -- setting --------------------------------------------------------------------------
def _assign_to_scalar(handle: face.ndarray, key: Any) -> None:
    """Let a scalar be written by a mask of no axes: it is a 0-d array from then on.

    The array API has no scalars, so that libraries mask what a reduction gives. All
    other writes are refused, as by NumPy.
    """
    is_array = isinstance(key, (Array, np.ndarray))
    if not is_array or key.ndim or key.dtype != np.bool_:
        raise TypeError(
            named(f"'numpy.{handle.dtype}' object does not support item assignment")
        )
    handle.scalar, handle.writeable = False, True


def set_(handle: face.ndarray, key: Any, value: Any) -> None:
    """``handle[key] = value``."""
    if handle.scalar:
        _assign_to_scalar(handle, key)
    if not handle.writeable:
        raise ValueError(named("assignment destination is read-only"))
    value = joined(value)
    if _is_mask(key) and masked.store(handle, key, value):
        return
    parts, basic = split_key(key)
    if basic:
        _set_basic(handle, parts, value)
        return
    if len(parts) == 1 and _is_mask(parts[0]):
        if masked.store(handle, parts[0], value):
            return  # a list of booleans
        if parts[0].ndim == handle.ndim and np.ndim(value) > 1:
            raise TypeError(
                named(
                    "NumPy boolean array indexing assignment requires a 0 or "
                    f"1-dimensional input, input has {np.ndim(value)} dimensions"
                )
            )
    if put_at_once(handle, parts, value):
        return
    found, order = key_positions(handle.recipe, parts)
    shape = tuple(np.array(found.shape)[np.argsort(order)].tolist())
    stored = stored_value(handle, value, shape)
    scatter(handle, put, parts, found, order, stored)


def _set_basic(handle: face.ndarray, parts: tuple[Any, ...], value: Any) -> None:
    recipe, is_element = resolve_basic(handle.recipe, parts)
    number = number_of(value, handle.dtype)
    if type(number) in (int, float, bool) and write_number(handle, recipe, number):
        return
    if type(value) not in WEAK and np.ndim(value) > len(recipe.shape):
        value = _shorter(value, handle.dtype, recipe, is_element)
    if isinstance(value, Array) and _stands_there(handle, value, recipe):
        return  # a[1:] += 1 stores the view that it has just written
    if type(value) in (int, float) and handle.dtype.name in FILLED:
        number = assigned(value, handle.dtype)[()]
        handle.store(full_value(recipe.shape, number, handle.dtype), recipe)
        return
    handle.store(stored_value(handle, value, recipe.shape), recipe)


def _stands_there(handle: Array, value: Array, recipe: Recipe) -> bool:
    """Whether what is to be stored is what a region of a handle shows already."""
    if not handle.writeable or value.recipe != recipe:
        return False
    line = value._line
    return value is handle or (line is not None and line.storage is handle.line.storage)


def _shorter(value: Any, dtype: np.dtype[Any], recipe: Recipe, element: bool) -> Any:
    """A value with more axes than what it is assigned to: NumPy refuses most."""
    if element:
        cell = np.empty(1, dtype)
        with naming():
            cell[0] = value.computed() if isinstance(value, Array) else value
        return cell[0]
    if isinstance(value, (list, tuple)):
        raise ValueError(
            named(
                "setting an array element with a sequence: numbers nested at most "
                f"{len(recipe.shape)} deep were required; {np.ndim(value)} were given"
            )
        )
    return value


def stored_value(handle: Array, value: Any, shape: tuple[int, ...]) -> Value:
    """What an assignment stores: an unsafe cast, then broadcast."""
    return handle.fitted(given_value(handle, value), shape)


def given_value(handle: Array, value: Any) -> Value:
    """A value that is to be written; numbers and lists are cast as NumPy casts them."""
    value = joined(value)
    if isinstance(value, Array):
        return value.read()
    return constant(assigned(value, handle.dtype))


def assigned(value: Any, dtype: np.dtype[Any]) -> NDArray:
    """A foreign value of an assignment, Python numbers cast as NumPy casts them."""
    with naming():
        return _assigned(value, dtype)


def _assigned(value: Any, dtype: np.dtype[Any]) -> NDArray:
    if isinstance(value, np.ndarray):
        return _numeric(value)
    cell: NDArray
    if isinstance(value, (np.generic, *NUMBERS)):
        cell = np.empty((), dtype)
        cell[...] = value
        return cell
    array = host_array(value)
    if array.ndim:
        # Numbers in lists are cast one by one: 300 does not fit into uint8.
        cell = np.empty(array.shape, dtype)
        typed = hasattr(type(value), "__array__") or holds_handles(value)
        cell[...] = array if typed else value
        return cell
    cell = np.empty((), dtype)
    cell[...] = value
    return cell


def _numeric(array: NDArray) -> NDArray:
    if array.dtype.kind not in KINDS:
        raise TypeError(
            "assignment: numbers were required; an array of dtype "
            f"{array.dtype} was given"
        )
    return array


def scatter(
    handle: Array,
    op: Op,
    parts: tuple[Any, ...],
    found: NDArray,
    order: tuple[int, ...],
    value: Value,
) -> None:
    """Put a value (of the key's shape) at positions of the base, in index order."""
    if not handle.writeable:
        raise ValueError(named("assignment destination is read-only"))
    if found.size == 0:
        return
    line = handle.line
    if handle.dtype == line.value.dtype:
        # Of repeated positions the last in C order wins: store in that order.
        in_order = tuple(range(found.ndim)) == order
        place = adopted(found if in_order else found.transpose(np.argsort(order)))
        line.write(lambda base: op(base, place, value), None)
        return
    local, own = _local_positions(handle, parts)
    place = adopted(local.transpose(np.argsort(own)))
    handle.store(op(handle.read(), place, value))


def add_at(handle: Array, key: Any, value: Value) -> None:
    """``np.add.at``: repeated indices are added each time."""
    parts, basic = split_key(key)
    if basic:
        recipe, _ = index_basic(handle.recipe, parts)
        target = handle.view_as(recipe)
        added = handle.fitted(value, recipe.shape)
        target.store(REGISTRY["add"](target.read(), added))
        return
    found, order = key_positions(handle.recipe, parts)
    shape = tuple(np.array(found.shape, int)[np.argsort(order)].tolist())
    if value.shape != shape:
        broadcast_strides(Recipe(value.dtype, 0, value.shape, value.shape), shape)
        value = broadcast_value(value, shape)
    if handle.dtype.kind in "fc":  # integers add in the promoted dtype, then cast
        value = cast(value, handle.dtype)
    scatter(handle, put_add, parts, found, order, value)
