"""Squared deviations over the last axis, in the order that `Reduce` documents."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from .reductions import (
    BLOCK,
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
    sums = in_lanes(distance) if row else in_order(distance)
    squares = in_lanes(distance * distance) if row else in_order(distance * distance)
    trail = sums / count
    excess = sums * trail
    less = squares - excess
    less = np.where(less < 0, 0, less).astype(values.dtype)
    total = np.where(np.isfinite(excess), less, squares)
    return Moments(values.shape[-1], mean, trail, total, np.zeros_like(total))


def in_lanes(values: Array) -> Array:
    """The sum: element i in lane i % 16, from 0 on, the lanes as a tree."""
    *outer, count = values.shape
    padding = np.zeros((*outer, -count % LANES), values.dtype)
    whole = np.concatenate([values, padding], axis=-1).reshape(*outer, -1, LANES)
    zeros = np.zeros((*outer, 1, LANES), values.dtype)
    steps = np.add.accumulate(np.concatenate([zeros, whole], axis=-2), axis=-2)
    return tree(steps[..., -1, :], np.add)


def in_order(values: Array) -> Array:
    """The sum of the elements one after the other, from 0 on."""
    zeros = np.zeros((*values.shape[:-1], 1), values.dtype)
    steps: Array = np.add.accumulate(np.concatenate([zeros, values], -1), axis=-1)
    return steps[..., -1:]


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
