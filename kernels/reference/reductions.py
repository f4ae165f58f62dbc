"""Reductions over the last axis, in the order that `Reduce` documents.

Each is a function of values and of the extents of the loop, over which the values are
broadcast; the reduced axis stays, with extent 1. Lanes, tree and blocks are written
out, since NumPy sums in another order. ``accumulate`` is used where elements are
combined one after the other: that is its definition, and not that of ``reduce``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Shape: TypeAlias = tuple[int, ...]
ReduceBlock: TypeAlias = Callable[[Array, np.ufunc], Array]

LANES = 32
FEW, MANY = 8, 4
BLOCK = 4096


# -- sums and products ----------------------------------------------------------------
def lanes_of_block(values: Array, combine: np.ufunc) -> Array:
    """A block of a ``row`` kernel: element i in lane i % 32, the lanes as a tree.

    Of sums, eight elements of a lane at a time, and then four of those in lane i % 8.
    """
    lanes = padded(values, LANES, combine)
    if combine is np.add:
        lanes = tree(in_order(lanes, FEW, combine), combine, until=8)
        lanes = in_order(lanes, MANY, combine)
    return tree(in_order(lanes, max(lanes.shape[-2], 1), combine)[..., 0, :], combine)


def in_order(lanes: Array, count: int, combine: np.ufunc) -> Array:
    """`count` rows of lanes at a time, combined one after the other."""
    groups = padded(lanes.swapaxes(-1, -2), count, combine)
    return combine.accumulate(groups, axis=-1)[..., -1].swapaxes(-1, -2)


def padded(values: Array, count: int, combine: np.ufunc) -> Array:
    """Values, `count` in each row of a new last axis; what is missing is neutral."""
    *outer, size = values.shape
    padding = np.full((*outer, -size % count), neutral(combine, values.dtype))
    whole = np.concatenate([values, padding.astype(values.dtype)], axis=-1)
    return whole.reshape(*outer, -1, count)


def tree(lanes: Array, combine: np.ufunc, until: int = 1) -> Array:
    """Lanes merged as a balanced tree: the first half with the second, ..."""
    while lanes.shape[-1] > until:
        half = lanes.shape[-1] // 2
        lanes = combine(lanes[..., :half], lanes[..., half:])
    return lanes


def elements_of_block(values: Array, combine: np.ufunc) -> Array:
    """A block of a ``column`` kernel: its elements in order."""
    return combine.accumulate(values, axis=-1)[..., -1:]


def neutral(combine: np.ufunc, dtype: np.dtype[Any]) -> Any:
    """What changes nothing: for sums -0.0, since 0.0 + -0.0 is 0.0."""
    if combine is np.multiply:
        return 1
    return complex(-0.0, -0.0) if dtype.kind == "c" else -0.0


def reduced_blocks(
    values: Array, combine: np.ufunc, reduce_block: ReduceBlock
) -> list[Array]:
    """What each block of 4096 elements reduces to."""
    starts = range(0, values.shape[-1], BLOCK)
    return [reduce_block(values[..., k : k + BLOCK], combine) for k in starts]


def sum_(values: Any, shape: Shape, *, reduce_block: ReduceBlock) -> Array:
    """Blocks added in their order, and then what rounding lost on the way."""
    x = np.broadcast_to(values, shape)
    if x.dtype.kind == "b":
        return any_(x, shape)
    if x.dtype.kind in "iu":
        return wrapped(x, np.add)
    start = neutral(np.add, x.dtype) if shape[-1] else 0.0
    total = np.full((*shape[:-1], 1), start, x.dtype)
    rest = np.zeros_like(total)
    for block in reduced_blocks(x, np.add, reduce_block):
        rest = rest + lost(total, block)
        total = total + block
    if x.dtype.kind != "c":
        return compensated(total, rest)
    both = total.copy()
    both.real = compensated(total.real, rest.real)
    both.imag = compensated(total.imag, rest.imag)
    return both


def wrapped(values: Array, combine: np.ufunc) -> Array:
    """Integers combined in any order, wrapping around in their own dtype."""
    found: Array = combine.reduce(values, -1, values.dtype, keepdims=True)
    return found


def lost(total: Array, block: Array) -> Array:
    """What rounding loses in ``total + block``, exactly."""
    both = total + block
    taken = both - total
    rest: Array = (total - (both - taken)) + (block - taken)
    return rest


def compensated(total: Array, rest: Array) -> Array:
    """``total + rest``, but `total` where the rest is 0, infinite or NaN."""
    used = np.isfinite(rest) & (rest != 0)
    return np.where(used, total + rest, total)


def prod_(values: Any, shape: Shape, *, reduce_block: ReduceBlock) -> Array:
    """Blocks multiplied in their order."""
    x = np.broadcast_to(values, shape)
    if x.dtype.kind == "b":
        return all_(x, shape)
    if x.dtype.kind in "iu":
        return wrapped(x, np.multiply)
    total = np.ones((*shape[:-1], 1), x.dtype)
    for block in reduced_blocks(x, np.multiply, reduce_block):
        total = total * block
    return total


# -- extremes -------------------------------------------------------------------------
def extreme(values: Any, shape: Shape, *, ufunc: np.ufunc) -> Array:
    """The largest or the smallest value, NaN if there is one; -0.0 is below 0.0."""
    x = np.broadcast_to(values, shape)
    found: Array = ufunc.reduce(x, -1, keepdims=True, initial=worst(ufunc, x.dtype))
    if x.dtype.kind != "f":
        return found
    largest = ufunc is np.maximum
    wanted = (x == 0) & (np.signbit(x) != largest)  # zeros that win over others
    positive = wanted.any(axis=-1, keepdims=True) == largest
    return np.where(found == 0, np.where(positive, 0.0, -0.0).astype(x.dtype), found)


def worst(ufunc: np.ufunc, dtype: np.dtype[Any]) -> Any:
    """What any value replaces: the result where there is none."""
    largest = ufunc is np.maximum
    if dtype.kind == "f":
        return -np.inf if largest else np.inf
    if dtype.kind == "b":
        return not largest
    return np.iinfo(dtype).min if largest else np.iinfo(dtype).max


def position(values: Any, shape: Shape, *, find: Callable[..., Any]) -> Array:
    """The first position of the extreme, or of a NaN; -1 where there is none."""
    if not shape[-1]:
        return np.full((*shape[:-1], 1), -1, np.int64)
    found: Array = find(np.broadcast_to(values, shape), axis=-1, keepdims=True)
    return found.astype(np.int64)


# -- truth ----------------------------------------------------------------------------
def any_(values: Any, shape: Shape) -> Array:
    """Whether any value is not 0."""
    found: Array = np.any(np.broadcast_to(values, shape) != 0, axis=-1, keepdims=True)
    return found


def all_(values: Any, shape: Shape) -> Array:
    """Whether no value is 0."""
    found: Array = np.all(np.broadcast_to(values, shape) != 0, axis=-1, keepdims=True)
    return found


def _functions(form: str, reduce_block: ReduceBlock) -> dict[str, Callable[..., Array]]:
    """The functions of row or column kernels, by their names in generated text."""
    return {
        f"{form}_sum": partial(sum_, reduce_block=reduce_block),
        f"{form}_prod": partial(prod_, reduce_block=reduce_block),
        f"{form}_max": partial(extreme, ufunc=np.maximum),
        f"{form}_min": partial(extreme, ufunc=np.minimum),
        f"{form}_argmax": partial(position, find=np.argmax),
        f"{form}_argmin": partial(position, find=np.argmin),
        f"{form}_any": any_,
        f"{form}_all": all_,
    }


FUNCTIONS = {
    **_functions("row", lanes_of_block),
    **_functions("column", elements_of_block),
}
"""Name in generated text -> function."""
