"""Vector math: roots of one and of two numbers, without branches."""

from __future__ import annotations

import math

from .term import Term, bits, fma, from_bits, llvm, magnitude, select
from .vecmath import copysign, polynomial, power_of_two, round_to_integer
from .vecmath_formats import FORMATS
from .vecmath_log import as_float, root_parts

INFINITY = math.inf


def rsqrt(x: Term) -> Term:
    """The quotient 1 / sqrt(x) and a Newton step whose residue is exact."""
    rough = 1.0 / llvm("sqrt", x)
    root = x * rough
    root_rest = fma(x, rough, -root)
    residue = fma(root_rest, -rough, fma(-root, rough, 1.0))
    result = fma(rough * 0.5, residue, rough)
    return select((x == 0) | (x == INFINITY), rough, result)


def cbrt(x: Term) -> Term:
    """The root of a number `a` from 1 to 8, times a power of two.

    A polynomial gives the inverse root z to 12 bits, and a step of third order to 32.
    ``y = a * z**2`` is the root; a Newton step with an exact residue completes it.
    """
    form = FORMATS[x.dtype]
    size = magnitude(x)
    small = size < form.normal
    pattern = bits(select(small, size * 2.0**form.lift, size))
    shift = -form.bias % 3  # makes the bias a multiple of 3
    biased = as_float((pattern >> form.digits) + shift, form)
    # floor(biased / 3), much quicker than a division of integers
    thirds, n = round_to_integer(biased - 1.0, 1 / 3, form)
    left = fma(thirds, -3.0, biased)
    mantissa = pattern & ((1 << form.digits) - 1)
    fraction = from_bits(mantissa | (form.bias << form.digits))
    double, quadruple = left == 1, left == 2
    a = fraction * select(double, 2.0, select(quadruple, left.like(4.0), 1.0))
    unit = select(
        double, 2 ** (-1 / 3), select(quadruple, left.like(4 ** (-1 / 3)), 1.0)
    )
    z = polynomial(fraction, form.cbrt) * unit
    residue = fma(-a * z, z * z, 1.0)
    z = fma(z * residue, fma(residue, 2 / 9, 1 / 3), z)
    y = a * (z * z)
    square = y * y
    error = fma(square, y, -a) + fma(y, y, -square) * y
    y = fma(error * (-1 / 3), z * z, y)
    n = n - select(
        small, n.like((form.bias + shift + form.lift) // 3), (form.bias + shift) // 3
    )
    result = copysign(y * power_of_two(n, form), x)
    return select((size == 0) | ~(size < INFINITY), x, result)


def hypot(x: Term, y: Term) -> Term:
    """Scaled by a power of two, so that no square overflows or vanishes."""
    form = FORMATS[x.dtype]
    a, b = magnitude(x), magnitude(y)
    reach, step = 2.0 ** (form.bias // 2 - 2), 2.0 ** (form.bias * 7 // 10)
    larger, smaller = select(a > b, a, b), select(a > b, b, a)
    large, small = larger > reach, larger < 1 / reach
    factor = select(large, 1 / step, select(small, step, a.like(1.0)))
    back = select(large, step, select(small, 1 / step, a.like(1.0)))
    larger, smaller = larger * factor, smaller * factor
    square = larger * larger
    square_rest = fma(larger, larger, -square)
    total = fma(smaller, smaller, square)
    total_rest = fma(smaller, smaller, square - total) + square_rest
    root, root_rest = root_parts(total, total_rest)
    root = (root + root_rest) * back
    return select((a == INFINITY) | (b == INFINITY), INFINITY, root)
