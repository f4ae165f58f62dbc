"""Squared deviations by teams of threads: moments of values, and their merge.

The moments of a thread's values are their number, their mean in two parts, the sum of
squared distances from it and what rounding lost of that. Four values, or one that is
left, join them by Chan's update, and so do those of other threads, in a fixed order.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from numba import cuda, types

from .forms import LANES, THREADS, Team
from .teams import compensated, lost, shuffle_of

CARRIERS = ("float32", "float64")


@cuda.jit(device=True)
def joined_moments(
    before: Any,
    mean: Any,
    trail: Any,
    total: Any,
    rest: Any,
    count: Any,
    new_mean: Any,
    new_trail: Any,
    spread: Any,
) -> Any:
    """Moments of `before` values, merged with those of `count` others.

    A growth that is NaN is left out: if values are to blame, `spread` is NaN as well.
    """
    both = before + count
    if count == 0:
        return both, mean, trail, total, rest
    if before == 0:
        return both, new_mean, new_trail, spread, count - count
    delta = (new_mean - mean) + (new_trail - trail)
    share = delta * (count / both)
    growth = (delta * share) * before
    rest = rest + lost(total, spread)
    total = total + spread
    if growth == growth:
        rest = rest + lost(total, growth)
        total = total + growth
    trail = trail + share
    return both, mean + trail, lost(mean, trail), total, rest


@cuda.jit(device=True)
def moments_of_four(quarter: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    """Mean in two parts and squared deviations of four values; `quarter` is 1/4."""
    mean = ((a + b) + (c + d)) * quarter
    a, b, c, d = a - mean, b - mean, c - mean, d - mean
    left = (a + b) + (c + d)
    trail = left * quarter
    return mean, trail, ((a * a + b * b) + (c * c + d * d)) - left * trail


@cuda.jit(device=True)
def whole_moments(
    before: Any,
    mean: Any,
    trail: Any,
    spread: Any,
    count: Any,
    new_mean: Any,
    new_trail: Any,
    new_spread: Any,
) -> Any:
    """As `joined_moments`, without what rounding loses of the deviations."""
    both, mean, trail, total, rest = joined_moments(
        before, mean, trail, spread, count - count, count, new_mean, new_trail,
        new_spread,
    )  # fmt: skip
    return both, mean, trail, compensated(total, rest)


@cache
def reducer(team: Team, carrier: str) -> Any:
    """The device function ``team_squared_deviations_carrier``: merged moments."""
    item = getattr(types, carrier)
    lanes = LANES[team]
    shuffle = shuffle_of(carrier)

    @cuda.jit(device=True)
    def warp(count: Any, mean: Any, trail: Any, spread: Any) -> Any:
        for step in (16, 8, 4, 2, 1):
            n, m = shuffle(count, step), shuffle(mean, step)
            t, s = shuffle(trail, step), shuffle(spread, step)
            if cuda.threadIdx.x & step:
                count, n, mean, m = n, count, m, mean
                trail, t, spread, s = t, trail, s, spread
            count, mean, trail, spread = whole_moments(
                count, mean, trail, spread, n, m, t, s
            )
        return count, mean, trail, spread

    @cuda.jit(device=True)
    def through_memory(count: Any, mean: Any, trail: Any, spread: Any) -> Any:
        counts = cuda.shared.array(THREADS, item)
        means = cuda.shared.array(THREADS, item)
        trails = cuda.shared.array(THREADS, item)
        spreads = cuda.shared.array(THREADS, item)
        here = cuda.threadIdx.x
        counts[here], means[here] = count, mean
        trails[here], spreads[here] = trail, spread
        width = THREADS // lanes
        first = here % width
        half = lanes // 2
        while half > 0:
            cuda.syncthreads()
            if here < half * width:
                other = here + half * width
                count, mean, trail, spread = whole_moments(
                    count, mean, trail, spread,
                    counts[other], means[other], trails[other], spreads[other],
                )  # fmt: skip
                counts[here], means[here] = count, mean
                trails[here], spreads[here] = trail, spread
            half //= 2
        cuda.syncthreads()
        found = counts[first], means[first], trails[first], spreads[first]
        cuda.syncthreads()
        return found

    return warp if team == "warp" else through_memory


def device_functions() -> dict[str, Any]:
    """Names that generated text may call, in plain Python."""
    found = {"joined_moments": joined_moments, "moments_of_four": moments_of_four}
    for team in ("warp", "block", "column"):
        for carrier in CARRIERS:
            name = f"{team}_squared_deviations_{carrier}"
            found[name] = reducer(team, carrier)
    return found
