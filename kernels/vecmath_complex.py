"""Vector math of complex numbers: exp, log, sqrt and their kin, without branches.

Built on the vector math of real numbers. Each part is right to a few units in its last
place, also where the other one is much larger; infinities, NaN and signed zeros give
what annex G of the C standard asks for. Products with exponentials carry the exponent
apart, so that they overflow only where the result does.
"""

from __future__ import annotations

import math

from . import vecmath, vecmath_log
from .complexes import Complex, any_infinite, chosen, is_zero, reciprocal
from .formulas import isfinite, isinf
from .term import Term, bits, fma, from_bits, llvm, magnitude, select
from .vecmath import (
    clamp,
    copysign,
    far_or,
    lost,
    polynomial,
    power_of_two,
    reduce_exp,
    round_to_integer,
    scale,
    sine_and_cosine,
    sum_of,
)
from .vecmath_angles import arctan2
from .vecmath_formats import FORMATS, Format
from .vecmath_roots import hypot

INFINITY = math.inf


def sine_cosine(x: Term) -> tuple[Term, Term]:
    """Sine and cosine, from one reduction of the argument."""
    n, sine, cosine = sine_and_cosine(x)
    s, c, odd = sum_of(sine), sum_of(cosine), (n & 1) != 0
    near_sine = select(x == 0, x, _turned(select(odd, c, s), n))
    near_cosine = _turned(select(odd, s, c), n + 1)
    return far_or("sin", x, near_sine), far_or("cos", x, near_cosine)


def _turned(x: Term, n: Term) -> Term:
    """`x` with the other sign where bit 1 of `n` is set."""
    return from_bits(bits(x) ^ ((n & 2) << (x.bits - 2)))


def scaled(x: Term, grown: Term, n: Term, form: Format) -> Term:
    """``x * grown * 2**n``, rounded once, whether or not `x` is a denormal number."""
    return scale(x * 2.0**form.lift * grown, n - form.lift, form)


def _reduced(x: Term, form: Format, halves: int = 0) -> tuple[Term, Term]:
    """``n, grown`` with ``exp(x) == grown * 2**n``.

    Within limits: beyond them exp(x), halved so often, times the smallest number is 0
    or overflows. `scaled` can hold these exponents.
    """
    most = 2 * form.bias + form.lift + halves
    low, high = form.exp_range[0], most * math.log(2)
    n, r, rest = reduce_exp(clamp(x, low, high), form)
    return n.integer, (r + rest) + 1.0


# -- exponentials ----------------------------------------------------------------------
def exp(z: Complex) -> Complex:
    x, y = z.real, z.imag
    form = FORMATS[x.dtype]
    n, grown = _reduced(x, form)
    sine, cosine = sine_cosine(y)
    real, imag = scaled(cosine, grown, n, form), scaled(sine, grown, n, form)
    # the direction of an infinite y is unknown, that of y = 0 is known for any x
    unknown = isinf(x) & ~isfinite(y)
    real = select(unknown, select(x > 0, x, 0.0), real)
    imag = select(unknown & (x < 0), copysign(y.like(0.0), y), imag)
    return Complex(real, select(y == 0, y, imag))


def exp2(z: Complex) -> Complex:
    return exp(Complex(z.real * math.log(2), z.imag * math.log(2)))


def expm1(z: Complex) -> Complex:
    """As NumPy has it: the real part is ``expm1(x) * cos(y) - 2 * sin(y / 2)**2``."""
    x, y = z.real, z.imag
    sine, cosine = sine_cosine(y)
    half, _ = sine_cosine(y * 0.5)
    return Complex(vecmath.expm1(x) * cosine - half * half * 2.0, vecmath.exp(x) * sine)


# -- hyperbolic and circular functions -------------------------------------------------
def _hyperbolic(x: Term, form: Format) -> tuple[Term, Term, Term]:
    """``n, s, c`` with ``sinh(x) == s * 2**n`` and ``cosh(x) == c * 2**n``."""
    size = magnitude(x)
    n, grown = _reduced(size, form, halves=1)
    some = select(n > 30, 30, n)
    shrunk = power_of_two(some * -2, form) / grown
    squared = x * x
    near = fma(x * squared, polynomial(squared, form.sinh), x)
    near = near * power_of_two(n.like(1) - some, form)
    sinh = select(size < 1.0, near, copysign(grown - shrunk, x))
    return n - 1, sinh, grown + shrunk


def sinh(z: Complex) -> Complex:
    x, y = z.real, z.imag
    form = FORMATS[x.dtype]
    n, s, c = _hyperbolic(x, form)
    sine, cosine = sine_cosine(y)
    real, imag = scaled(cosine, s, n, form), scaled(sine, c, n, form)
    known = select(isinf(x), magnitude(x), select(x == 0, x, math.nan))
    return Complex(select(isfinite(y), real, known), select(y == 0, y, imag))


def cosh(z: Complex) -> Complex:
    x, y = z.real, z.imag
    form = FORMATS[x.dtype]
    n, s, c = _hyperbolic(x, form)
    sine, cosine = sine_cosine(y)
    real, imag = scaled(cosine, c, n, form), scaled(sine, s, n, form)
    real = select(isinf(x) & ~isfinite(y), magnitude(x), real)
    level = (x == 0) & ~isfinite(y) | (y == 0) & (x != x)
    return Complex(real, select(level, select(y == 0, y, 0.0), imag))


def sin(z: Complex) -> Complex:
    turned = sinh(Complex(z.imag, z.real))
    return Complex(turned.imag, turned.real)


def cos(z: Complex) -> Complex:
    return cosh(Complex(-z.imag, z.real))


def tanh(z: Complex) -> Complex:
    """``(sinh cosh + i sin cos) / (sinh**2 + cos**2)``.

    Far from 0 all is divided by sinh**2, which would overflow.
    """
    x, y = z.real, z.imag
    form = FORMATS[x.dtype]
    limit = form.sinh_high - 2
    near = clamp(x, -limit, limit)
    s, c = vecmath.sinh(near), vecmath.cosh(near)
    sine, cosine = sine_cosine(y)
    far = magnitude(x) > 1.0
    by = select(far, 1.0 / s, 1.0)
    top, across = sine * by, cosine * by
    along = select(far, 1.0, s)
    bottom = along * along + across * across
    real = along * select(far, c / s, c) / bottom
    imag = top * across / bottom
    settled = isinf(x) & ~isfinite(y)
    real = select(settled, copysign(x.like(1.0), x), select(x == 0, x, real))
    imag = select(settled, copysign(y.like(0.0), y), imag)
    return Complex(real, select(y == 0, y, imag))


def tan(z: Complex) -> Complex:
    turned = tanh(Complex(z.imag, z.real))
    return Complex(turned.imag, turned.real)


# -- logarithms and roots --------------------------------------------------------------
def log(z: Complex) -> Complex:
    """``log|z|`` and the angle."""
    larger, smaller = _ordered(z)
    return _log(z, _about_one(larger), _excess(larger.like(-1.0), larger, smaller))


def log1p(z: Complex) -> Complex:
    """Near 0 from ``|1 + z|**2 - 1 == 2 * x + x**2 + y**2``."""
    x, y = z.real, z.imag
    moved = Complex(x + 1.0, y)
    larger, smaller = _ordered(moved)
    near = (magnitude(x) < 0.5) & (magnitude(y) < 2.0)
    excess = _excess(
        select(near, x * 2.0, -1.0), select(near, x, larger), select(near, y, smaller)
    )
    return _log(moved, near | _about_one(larger), excess)


def _log(z: Complex, near: Term, excess: Term) -> Complex:
    """The logarithm; where `near`, the length is the root of ``1 + excess``.

    Elsewhere ``|z|**2 = a**2 * (1 + (b / a)**2)``, with `a` the larger part, whose two
    logarithms would cancel near the unit circle.
    """
    larger, smaller = _ordered(z)
    ratio = smaller / select(larger == 0, 1.0, larger)
    rest = vecmath_log.log1p(select(near, excess, ratio * ratio)) * 0.5
    size = vecmath_log.log(select(near, 1.0, larger)) + rest
    size = select(any_infinite(z), INFINITY, size)
    return Complex(size, arctan2(z.imag, z.real))


def _ordered(z: Complex) -> tuple[Term, Term]:
    """The sizes of the parts, the larger one first."""
    x, y = magnitude(z.real), magnitude(z.imag)
    return select(x > y, x, y), select(x > y, y, x)


def _about_one(size: Term) -> Term:
    return (size > 0.5) & (size < 2.0)


def _excess(base: Term, a: Term, b: Term) -> Term:
    """``base + a**2 + b**2``, whatever cancels."""
    first, second = a * a, b * b
    first_rest, second_rest = fma(a, a, -first), fma(b, b, -second)
    main = first + base
    main_rest = lost(first, base, main)
    total = main + second
    rest = lost(main, second, total)
    return total + (((first_rest + main_rest) + rest) + second_rest)


def _log_times(factor: float, z: Complex) -> Complex:
    found = log(z)
    return Complex(found.real * factor, found.imag * factor)


def log2(z: Complex) -> Complex:
    return _log_times(1 / math.log(2), z)


def log10(z: Complex) -> Complex:
    return _log_times(1 / math.log(10), z)


# -- powers ----------------------------------------------------------------------------
MOST_SQUARES = 7
"""Bits of the whole exponents, below 100 in size, that are powers by squaring."""


def power(x: Complex, y: Complex) -> Complex:
    """``exp(y * log(x))``, and by squaring for the whole exponents that NumPy squares.

    A power of 0 is 1 for 0, 0 where the real part is positive, and else no number.
    """
    form = FORMATS[x.real.dtype]
    size = magnitude(y.real)
    whole = (y.imag == 0) & (llvm("rint", size) == size) & (size < 100)
    _, n = round_to_integer(clamp(size, 0.0, 100.0), 1.0, form)
    one = Complex(size.like(1.0), size.like(0.0))
    by_squaring, factor = chosen((n & 1) != 0, x, one), x
    for bit in range(1, MOST_SQUARES):
        factor = factor * factor
        some = (n & (1 << bit)) != 0
        by_squaring = chosen(some, by_squaring * factor, by_squaring)
    inverse = reciprocal(by_squaring)
    by_squaring = chosen((y.real < 0) & whole, inverse, by_squaring)
    nothing = select(y.real > 0, 0.0, size.like(math.nan))
    general = chosen(is_zero(x), Complex(nothing, nothing), exp(y * log(x)))
    return chosen(whole, by_squaring, general)


def sqrt(z: Complex) -> Complex:
    """From ``(|x| + |z|) / 2``, whose root is the larger part of the result.

    Very large and very small numbers are brought into range by a power of 4.
    """
    form = FORMATS[z.real.dtype]
    x, y = magnitude(z.real), magnitude(z.imag)
    top = select(x > y, x, y)
    reach = 2 * (form.bias // 4)
    large, small = top > 2.0**reach, top < 2.0**-reach
    one = x.like(1.0)
    factor = select(large, 2.0**-reach, select(small, 2.0**reach, one))
    back = select(large, 2.0 ** (reach // 2), select(small, 2.0 ** -(reach // 2), one))
    x = x * factor
    main = llvm("sqrt", (x + hypot(x, y * factor)) * 0.5) * back
    other = y / (main * 2.0)
    behind = z.real < 0
    found = Complex(select(behind, other, main), select(behind, main, other))
    nothing = main.like(0.0)
    found = chosen(is_zero(z), Complex(nothing, nothing), found)
    endless = main.like(INFINITY)
    found = chosen(isinf(z.imag), Complex(endless, endless), found)
    return Complex(found.real, copysign(found.imag, z.imag))
