"""Intrinsics for sums of squared deviations: moments of blocks, and their merge.

The moments of some values are their mean, in two parts of which the second is what
rounding took from the first, and the sum of the squared distances from it. Chan's
update merges those of two sets of values: where the means are apart by ``delta``, the
distances of ``n`` and ``m`` values grow by ``delta**2 * n * m / (n + m)``.

With a mean in one part the update would be wrong by the rounding of two means times
their difference, which for values far from 0 is more than NumPy's two passes lose.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from .levels import FEW
from .vectors import (
    INDEX,
    INT32,
    add_to,
    fold,
    groups_of,
    item_bytes,
    local_with,
    masked_load,
    prefetch,
    prefix,
    repeated,
    splat,
    steps_between,
    wide_load,
    with_square,
)

tuple_of: Any = types.UniTuple  # Numba's own types have no types

LANES = 16
"""Lanes of distances and of their squares: two sums at a time, so half of a vector."""


class Distances:
    """The sum of distances, in order, and that of their squares, eight at a time.

    The distances add up to about 0, whatever their order. Squares do not cancel, and
    64 of them in a row would lose more than NumPy's pairwise sums do.
    """

    def __init__(self, builder: Any, zeros: Any) -> None:
        self.builder, self.zeros = builder, zeros
        self.total, self.squares, self.few = (
            local_with(builder, zeros) for _ in range(3)
        )

    def begin(self) -> None:
        """Begin a sum of a few squares."""
        add_to(self.builder, self.squares, self.builder.load(self.few))
        self.builder.store(self.zeros, self.few)

    def step(self, distance: Any) -> None:
        """Add distances, and their squares."""
        b = self.builder
        add_to(b, self.total, distance)
        b.store(with_square(b, b.load(self.few), distance), self.few)

    def end(self) -> tuple[Any, Any]:
        """The lanes of both sums."""
        self.begin()
        return self.builder.load(self.total), self.builder.load(self.squares)


def _distances(ahead: bool) -> Any:
    """``distances(values, count, mean)``, and ``distances_ahead`` for those in memory.

    They give the sum of ``values - mean`` and that of its squares, over `count` values.
    These are near, as their mean was taken just now, so that memory would have nothing
    to do meanwhile: it is asked for as many values that stand behind them. A loop over
    numbers in the third cache gains a tenth, the rows of a larger matrix as much.
    """

    @intrinsic
    def distances(context: Any, values: Any, count: Any, mean: Any) -> Any:
        item = values.dtype

        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            source, count, mean = arguments
            vector = ir.VectorType(mean.type, LANES)
            zeros = repeated(vector, 0)
            center, align = splat(builder, mean, LANES), item_bytes(mean.type)
            sums = Distances(builder, zeros)
            rest = builder.and_(count, INDEX(LANES - 1))
            full = builder.sub(count, rest)
            with groups_of(builder, full, FEW * LANES) as (first, last):
                sums.begin()
                with steps_between(builder, first, last, LANES) as index:
                    place = builder.gep(source, [index])
                    values = wide_load(builder, place, vector, align)
                    sums.step(builder.fsub(values, center))
                    if ahead:
                        prefetch(builder, builder.gep(place, [count]), LANES * align)
            with builder.if_then(builder.icmp_signed("!=", rest, INDEX(0))):
                within = builder.and_(full, INDEX(FEW * LANES - 1))
                with builder.if_then(builder.icmp_signed("==", within, INDEX(0))):
                    sums.begin()
                place = builder.gep(source, [full])
                values = masked_load(builder, place, vector, rest, zeros)
                distance = builder.fsub(values, center)
                sums.step(builder.select(prefix(builder, rest, LANES), distance, zeros))
            merged = [_merged(builder, lanes) for lanes in sums.end()]
            return context.make_tuple(builder, signature.return_type, merged)

        return tuple_of(item, 2)(values, types.int64, item), build

    return distances


def _merged(builder: Any, lanes: Any) -> Any:
    """Lanes added as a balanced tree: k and k + 8, then k and k + 4, ..."""

    def add(builder: Any, x: Any, y: Any, signed: bool) -> Any:
        return builder.fadd(x, y)

    while lanes.type.count > 1:
        lanes = fold(builder, lanes, add, True)
    return builder.extract_element(lanes, INT32(0))


@intrinsic
def moments(context: Any, total: Any, squares: Any, count: Any) -> Any:
    """Second part of the mean, and squared deviations, from sums of distances.

    Distances from a rounded mean do not add up to 0; their squares are too large by
    the square of the sum over the count. That is left out where it is not finite.
    """

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        total, squares, count = arguments
        trail = builder.fdiv(total, count)
        excess = builder.fmul(total, trail)
        zero = excess.type(0.0)
        finite = builder.fcmp_ordered("==", builder.fsub(excess, excess), zero)
        less = builder.fsub(squares, excess)
        less = builder.select(builder.fcmp_ordered("<", less, zero), zero, less)
        spread = builder.select(finite, less, squares)
        return context.make_tuple(builder, signature.return_type, [trail, spread])

    return tuple_of(total, 2)(total, total, total), build


@intrinsic
def joined_moments(
    context: Any,
    mean: Any,
    trail: Any,
    total: Any,
    rest: Any,
    before: Any,
    new_mean: Any,
    new_trail: Any,
    spread: Any,
    count: Any,
) -> Any:
    """Moments of `before` values, merged with those of `count` others (not 0).

    `total` and `rest` are the deviations and what rounding lost of them. A growth that
    is NaN is left out: if values are to blame, `spread` is NaN as well, and if not, the
    sum of a block was too large for the dtype, and `spread` is infinite.
    """

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        b = builder
        mean, trail, total, rest, before, new_mean, new_trail, spread, count = arguments
        zero = mean.type(0.0)
        first = b.fcmp_ordered("==", before, zero)
        delta = b.fadd(b.fsub(new_mean, mean), b.fsub(new_trail, trail))
        share = b.fmul(delta, b.fdiv(count, b.fadd(before, count)))
        growth = b.fmul(b.fmul(delta, share), before)
        growth = b.select(b.fcmp_ordered("ord", growth, growth), growth, zero)
        grown = rest
        for part in (spread, growth):
            sum_, error = _exact_sum(b, total, part)
            total, grown = sum_, b.fadd(grown, error)
        moved, left = _exact_sum(b, mean, b.fadd(trail, share))
        parts = ((new_mean, moved), (new_trail, left), (spread, total), (zero, grown))
        results = [b.select(first, new, old) for new, old in parts]
        return context.make_tuple(builder, signature.return_type, results)

    return tuple_of(mean, 4)(*[mean] * 9), build


def _exact_sum(builder: Any, x: Any, y: Any) -> tuple[Any, Any]:
    """The sum of two floats, and what rounding loses in it."""
    total = builder.fadd(x, y)
    part = builder.fsub(total, x)
    left = builder.fsub(x, builder.fsub(total, part))
    return total, builder.fadd(left, builder.fsub(y, part))


MOMENT_PRIMITIVES: dict[str, Any] = {
    "distances": _distances(ahead=False),
    "distances_ahead": _distances(ahead=True),
    "moments": moments,
    "joined_moments": joined_moments,
}
"""Name in generated text -> intrinsic."""
