"""``x * y + z`` rounded once, by NumPy, which has no such function.

Of float32, products are exact in float64, and their sum with what rounding loses of it
is rounded to odd: so the last rounding, to float32, is the only one. Of float64,
products are exact as a sum of two numbers (Boldo and Melquiond, "Emulation of a FMA and
correctly rounded sums: proved algorithms using rounding to odd", IEEE Transactions on
Computers, 2008). Where one of the two might be out of range, fractions are added.
"""

from __future__ import annotations

from fractions import Fraction
from math import inf

import numpy as np

from .reductions import Array, lost

SPLIT = float(2**27 + 1)
"""A number times this has its upper half (Veltkamp, Dekker)."""

NEAR = 2.0**400
"""Between this and its reciprocal numbers lead nowhere out of range."""


def fused(x: Array, y: Array, z: Array) -> Array:
    """``x * y + z`` of float32 or float64, rounded once."""
    x, y, z = np.broadcast_arrays(x, y, z)
    with np.errstate(all="ignore"):
        if x.dtype == np.float32:
            product, addend = x.astype(np.float64) * y, z.astype(np.float64)
            return odd(product, addend).astype(np.float32)
        found: Array = _of_doubles(x, y, z)
        plain = x * y + z
        found = np.where(np.isfinite(plain), found, plain)
        far = np.isfinite(x) & np.isfinite(y) & np.isfinite(z) & ~_all_near(x, y, z)
        for place in zip(*np.nonzero(far), strict=True):
            found[place] = _exactly(x[place], y[place], z[place])
    return found


def odd(x: Array, y: Array) -> Array:
    """``x + y``; where that is not exact, the one of its neighbours with a last bit."""
    total = x + y
    rest = lost(x, y)
    even = total.view(np.int64) & 1 == 0
    step = np.where((rest > 0) == (total > 0), 1, -1)
    inexact = (rest != 0) & np.isfinite(rest) & even
    moved: Array = (total.view(np.int64) + np.where(inexact, step, 0)).view(np.float64)
    return moved


def _of_doubles(x: Array, y: Array, z: Array) -> Array:
    high = x * y
    low = _product_lost(x, y, high)
    rest = z + low
    rest_lost = lost(z, low)
    total = high + rest
    found: Array = total + odd(lost(high, rest), rest_lost)
    return found


def _product_lost(x: Array, y: Array, product: Array) -> Array:
    """What rounding loses in ``x * y``, exactly (Dekker)."""
    (a, b), (c, d) = map(_halves, (x, y))
    left: Array = ((a * c - product) + a * d + b * c) + b * d
    return left


def _halves(x: Array) -> tuple[Array, Array]:
    high = x * SPLIT - (x * SPLIT - x)
    return high, x - high


def _all_near(x: Array, y: Array, z: Array) -> Array:
    """Where nothing that `_of_doubles` computes leaves the range."""
    near = np.ones(x.shape, bool)
    for part in (x, y, z):
        size = np.abs(part)
        near &= (part == 0) | ((size < NEAR) & (size > 1 / NEAR))
    return near


def _exactly(x: np.float64, y: np.float64, z: np.float64) -> float:
    total = Fraction(float(x)) * Fraction(float(y)) + Fraction(float(z))
    try:
        return float(total) or float(x * y + z)  # zeros have a sign
    except OverflowError:
        return inf if total > 0 else -inf
