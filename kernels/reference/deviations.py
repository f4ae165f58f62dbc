"""Squared deviations over the last axis, in the order that `Reduce` documents."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from .fused import fused
from .reductions import (
    BLOCK,
    FEW,
    Array,
    ReduceBlock,
    Shape,
    compensated,
    elements_of_block,
    lanes_of_block,
    lost,
    tree,
)

LANES = 16


class Moments(NamedTuple):
    """Number, mean in two parts, deviations, and what rounding lost of those."""

    number: int
    mean: Array
    trail: Array
    total: Array
    rest: Array


def squared_deviations(
    values: Any, shape: Shape, *, piece: int, row: bool, reduce_block: ReduceBlock
) -> Array:
    """Deviations of `piece` elements at a time, merged in blocks, and those merged."""
    x = np.broadcast_to(values, shape)
    zeros = np.zeros((*shape[:-1], 1), x.dtype)
    whole = empty = Moments(0, zeros, zeros, zeros, zeros)
    for start in range(0, shape[-1], BLOCK):
        block = empty
        for first in range(start, min(start + BLOCK, shape[-1]), piece):
            some = x[..., first : min(first + piece, start + BLOCK)]
            block = joined(block, moments(some, row, reduce_block))
        total = compensated(block.total, block.rest)
        whole = joined(whole, block._replace(total=total, rest=zeros))
    return compensated(whole.total, whole.rest)


def moments(values: Array, row: bool, reduce_block: ReduceBlock) -> Moments:
    """The moments of some values, from their distances to a rounded mean."""
    count = values.dtype.type(values.shape[-1])
    mean = reduce_block(values, np.add) / count
    distance = values - mean
    sums, squares = in_lanes(distance) if row else in_order(distance[..., None])
    trail = sums / count
    excess = sums * trail
    less = squares - excess
    less = np.where(less < 0, 0, less).astype(values.dtype)
    total = np.where(np.isfinite(excess), less, squares)
    return Moments(values.shape[-1], mean, trail, total, np.zeros_like(total))


def in_lanes(values: Array) -> tuple[Array, Array]:
    """The sum and that of squares: element i in lane i % 16, the lanes as a tree.

    In a lane distances are added in order, and eight squares at a time.
    """
    *outer, count = values.shape
    padding = np.zeros((*outer, -count % (FEW * LANES)), values.dtype)
    whole = np.concatenate([values, padding], axis=-1).reshape(*outer, -1, FEW, LANES)
    total, _ = in_order(whole.reshape(*outer, -1, LANES))
    _, few = in_order(whole)
    squares, _ = in_order(few)
    return tree(total, np.add), tree(squares, np.add)


def in_order(values: Array) -> tuple[Array, Array]:
    """Sums over the last axis but one, from 0 on, of elements and of their squares."""
    total = np.zeros((*values.shape[:-2], values.shape[-1]), values.dtype)
    squares = total
    for k in range(values.shape[-2]):
        part = values[..., k, :]
        total, squares = total + part, fused(part, part, squares)
    return total, squares


def joined(old: Moments, new: Moments) -> Moments:
    """Chan's update: the moments of two sets of values together."""
    if old.number == 0:
        return new
    kind = old.mean.dtype.type
    delta = (new.mean - old.mean) + (new.trail - old.trail)
    both = old.number + new.number
    share = delta * (kind(new.number) / (kind(old.number) + kind(new.number)))
    growth = delta * share * kind(old.number)
    growth = np.where(np.isnan(growth), 0, growth).astype(growth.dtype)
    total, rest = old.total, old.rest
    for part in (new.total, growth):
        rest = rest + lost(total, part)
        total = total + part
    trail = old.trail + share
    return Moments(both, old.mean + trail, lost(old.mean, trail), total, rest)


FUNCTIONS = {
    "row_squared_deviations": partial(
        squared_deviations, piece=1024, row=True, reduce_block=lanes_of_block
    ),
    "column_squared_deviations": partial(
        squared_deviations, piece=32, row=False, reduce_block=elements_of_block
    ),
}
"""Name in generated text -> function."""
