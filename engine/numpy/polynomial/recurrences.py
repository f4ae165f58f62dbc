"""The two ways to walk a recurrence: upwards from P_0, and downwards through a sum.

What stands for x is up to the caller: numbers, or series that are multiplied by x.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeAlias

from .families import Family

Times: TypeAlias = Callable[[float, float, Any], Any]
"""What gives (a x + b) t for a, b and t."""


def times_points(x: Any) -> Times:
    """Multiplication by points.

    Only doubling is exact in the dtype of the points, which may be narrower than that
    of the coefficients: other factors meet the product.
    """

    @cache
    def doubled() -> Any:
        return x * 2

    def times(a: float, b: float, t: Any) -> Any:
        if b:
            return t * (b + (-x if a == -1 else x * a))
        if a == 2:
            return t * doubled()
        return t * x if a == 1 else t * x * a

    return times


def upwards(family: Family, first: Any, times: Times, count: int) -> list[Any]:
    """P_0, P_1, ..., `count` in number, each times `first`."""
    made = [first]
    for n in range(1, count):
        a, b, c, d = family.step(n)
        new = times(a, b, made[-1])
        if c:
            new = new - made[-2] * c
        made.append(new if d == 1 else new / d)
    return made


def downwards(family: Family, weights: Sequence[Any], times: Times) -> Any:
    """The sum of weights, each times its P_n: Clenshaw's rule, or Horner's.

    There are two weights at least.
    """
    lower, upper = weights[-2], weights[-1]
    for n in range(len(weights) - 1, 1, -1):
        a, b, c, d = family.step(n)
        below = weights[n - 2]
        if c:
            below = below - upper * (c if d == 1 else c / d)
        if d != 1 and not b:  # one factor instead of a division
            a, d = a / d, 1
        grown = times(a, b, upper)
        lower, upper = below, lower + (grown if d == 1 else grown / d)
    a, b, _, _ = family.step(1)
    return lower + times(a, b, upper)
