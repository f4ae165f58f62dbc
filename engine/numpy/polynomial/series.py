"""Arithmetic of series: sums, products, quotients, powers, and changes of family.

Trailing zeros are looked for in what is given; the arithmetic itself is lazy. Between
products, series have the length of the result: the highest coefficients are zero.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine.errors import named

from ..creation import ones, zeros
from ..fallback import to_host
from ..joining import concatenate, stack
from ..signals import convolve
from ..sorting import sort
from .families import CHEBYSHEV, POWERS, Family
from .polyutils import as_series, trimseq
from .recurrences import Times, downwards, upwards

_TABLE = 1 << 22
"""Products of more coefficients than this are not laid out as a table."""


def padded(c: Any, count: int) -> Any:
    """A series with zeros up to a length."""
    missing = count - len(c)
    return concatenate((c, zeros(missing, c.dtype))) if missing > 0 else c


def added(one: Any, two: Any) -> Any:
    """The sum of two series of one dtype."""
    long, short = (one, two) if len(one) > len(two) else (two, one)
    if len(long) == len(short):
        return one + two
    return concatenate((long[: len(short)] + short, long[len(short) :]))


def add(c1: Any, c2: Any) -> Any:
    """The sum of two series."""
    return trimseq(added(*as_series([c1, c2])))


def subtract(c1: Any, c2: Any) -> Any:
    """The difference of two series."""
    one, two = as_series([c1, c2])
    return trimseq(added(one, -two))


def line(family: Family, off: Any, scl: Any) -> Any:
    """The series of ``off + scl * x``. Looks at `scl`."""
    a, b, _, d = family.step(1)
    if to_host(scl) == 0:
        return stack([face.asarray(off)])
    above = scl * d / a if abs(a) != 1 else scl * d * a
    base = off - above * b if b else off
    return stack([face.asarray(base), face.asarray(above)])


# -- products -------------------------------------------------------------------------
def times_x(family: Family, c: Any) -> Any:
    """A series times x, which has one coefficient more. Looks for trailing zeros."""
    (series,) = as_series([c])
    if len(series) == 1 and series.computed()[0] == 0:
        return series
    count = len(series) + 1
    return shifting(family, count, series.dtype)(padded(series, count))


def shifting(family: Family, count: int, dtype: Any) -> Callable[[Any], Any]:
    """What multiplies series of a length by x, where the last coefficient is zero."""
    up, middle, down = family.times_x(count, dtype)

    def shifted(t: Any) -> Any:
        first = t[:1] * 0
        if family.has_shifts:
            return concatenate((first, t[:-1]))
        made = concatenate((first, t[:-1] * up[:-1]))
        if middle.any():
            made = made + t * middle
        if down.any():
            made = made + concatenate((t[1:] * down[1:], zeros(1, dtype)))
        return made

    return shifted


def times_series(shifted: Callable[[Any], Any]) -> Times:
    """Multiplication by x of series, as recurrences ask for it."""

    def times(a: float, b: float, t: Any) -> Any:
        made = shifted(t)
        made = made if a == 1 else made * a
        return made + t * b if b else made

    return times


def multiply(family: Family, c1: Any, c2: Any) -> Any:
    """The product of two series."""
    return trimseq(product(family, *as_series([c1, c2])))


def product(family: Family, one: Any, two: Any) -> Any:
    """The product of two series of one dtype, with zeros where they have them."""
    if family is POWERS:
        return convolved(one, two)
    if family is CHEBYSHEV:  # symmetric sums of powers of exp(i angle)
        middle = len(one) + len(two) - 2
        powers = convolved(_symmetric(one), _symmetric(two))[middle:]
        return concatenate((powers[:1], powers[1:] * 2))
    short, long = (two, one) if len(one) > len(two) else (one, two)
    if len(short) == 1:
        return double(short[0] * long)
    count = len(one) + len(two) - 1
    long = padded(long, count)
    times = times_series(shifting(family, count, long.dtype))
    return downwards(family, [weight * long for weight in short], times)


def double(c: Any) -> Any:
    """A series in double precision at least, where NumPy's own zeros make it so."""
    return c.astype(np.result_type(c.dtype, float))


def _symmetric(c: Any) -> Any:
    """A Chebyshev series as powers from -n to n."""
    half = c[1:] / 2
    return concatenate((half[::-1], c[:1], half))


def convolved(one: Any, two: Any) -> Any:
    """All products of coefficients, summed by the sums of their places.

    They are laid out as a table whose rows are one element longer than they need be,
    so that the sums are those of columns.
    """
    n, m = len(one), len(two)
    if n * (n + m) > _TABLE:
        return convolve(one, two)
    rows = one[:, None] * two
    rows = concatenate((rows, zeros((n, n), rows.dtype)), axis=1)
    return rows.ravel()[: n * (n + m - 1)].reshape(n, n + m - 1).sum(axis=0)


def power(family: Family, c: Any, pow: Any, maxpower: Any) -> Any:
    """A series to the power of an integer."""
    (series,) = as_series([c])
    times = int(pow)
    if times != pow or times < 0:
        message = f"Power must be a non-negative integer; {pow} given"
        raise ValueError(named(message))
    if maxpower is not None and times > maxpower:
        raise ValueError(named(f"Power is too large: {times} is above {maxpower}"))
    if not times:
        return ones(1, series.dtype)
    made = series
    for _ in range(times - 1):
        made = product(family, made, series)
    return made


def from_roots(family: Family, roots: Any) -> Any:
    """The series with these roots, and with 1 for the highest power of x."""
    if not len(roots):
        return ones(1)
    (places,) = as_series([roots], trim=False)
    factors = [line(family, -root, 1) for root in sort(places)]
    while len(factors) > 1:
        half, odd = divmod(len(factors), 2)
        made = [product(family, factors[k], factors[k + half]) for k in range(half)]
        if odd:
            made[0] = product(family, made[0], factors[-1])
        factors = made
    return factors[0]


# -- quotients ------------------------------------------------------------------------
def divide(family: Family, c1: Any, c2: Any) -> tuple[Any, Any]:
    """Quotient and remainder of two series."""
    one, two = as_series([c1, c2])
    if two.computed()[-1] == 0:
        raise ZeroDivisionError(named("the divisor is zero"))
    if len(one) < len(two):
        return one[:1] * 0, one
    if len(two) == 1:
        return one / two[-1], one[:1] * 0
    count, steps = len(one), len(one) - len(two) + 1
    times = times_series(shifting(family, count, one.dtype))
    multiples = upwards(family, padded(two, count), times, steps)
    found = []
    for k in reversed(range(steps)):
        top = k + len(two) - 1
        found.append(one[top] / multiples[k][top])
        one = one[:top] - found[-1] * multiples[k][:top]
    return stack(found[::-1]), trimseq(one)


# -- changes --------------------------------------------------------------------------
def converted(c: Any, given: Family, wanted: Family) -> Any:
    """A series of one family as one of another."""
    (series,) = as_series([c])
    if given is POWERS:
        series = double(series)
    count = len(series)
    if count == 1:
        return series
    times = times_series(shifting(wanted, count, series.dtype))
    weights = [padded(series[k : k + 1], count) for k in range(count)]
    return downwards(given, weights, times)


def composed(given: Family, c: Any, wanted: Family, inner: Any) -> Any:
    """A series of a series, which may be of another family."""
    series, place = as_series([c, inner])
    if len(series) == 1:
        return series
    count = (len(series) - 1) * (len(place) - 1) + 1

    def shifted(t: Any) -> Any:
        return product(wanted, t, place)[:count]

    weights = [padded(series[k : k + 1], count) for k in range(len(series))]
    return trimseq(downwards(given, weights, times_series(shifted)))
