"""Vector math: logarithms, powers and inverse hyperbolic functions."""

from __future__ import annotations

import math

from .term import Term, bits, convert, fma, from_bits, llvm, magnitude, select
from .vecmath import (
    clamp,
    copysign,
    lost,
    polynomial,
    power_of_two,
    raised,
    reduce_exp,
    scale,
)
from .vecmath_formats import FORMATS, Format
from .vecmath_tables import EXP_SHORT64, LOG_POWER64, LOG_SHORT64

INFINITY = math.inf
NAN = math.nan
TWO_THIRDS = 0.6666666666666666
TWO_THIRDS_REST = 3.700743415417188e-17


def normal_split(x: Term, form: Format) -> tuple[Term, Term]:
    """``n, m`` with ``x == 2**n * m`` and m from sqrt(1/2) to sqrt(2).

    x is a positive number with all its digits; others give the terms no meaning.
    """
    pattern = bits(x)
    n = (pattern - form.half_root) >> form.digits
    return n, from_bits(pattern - (n << form.digits))


def split(x: Term, form: Format) -> tuple[Term, Term]:
    """``n, m`` as of `normal_split`; x > 0."""
    small = x < form.normal
    n, m = normal_split(select(small, x * 2.0**form.lift, x), form)
    return select(small, n - form.lift, n), m


def as_float(n: Term, form: Format) -> Term:
    """A small integer as a float, by its bits: quicker than a conversion."""
    return from_bits(n + form.shifter_bits) - form.shifter


def log_parts(g: Term, form: Format) -> tuple[Term, Term]:
    """``log(1 + g)`` in two parts, the large one first, for m = 1 + g as in `split`."""
    if g.dtype == "float32":
        squared = g * g
        return g, fma(squared * g, polynomial(g, form.log), squared * -0.5)
    s = g / (g + 2.0)
    z = s * s
    half = g * g * 0.5
    high = g - half
    rest = fma(s, half + z * polynomial(z, form.log), (g - high) - half)
    return high, rest


def finished(x: Term, result: Term, pole: float = 0.0) -> Term:
    """The logarithm where it is finite; its limits and NaN elsewhere."""
    result = select(x == INFINITY, INFINITY, result)
    return select(x > pole, result, select(x == pole, x.like(-INFINITY), NAN))


def log(x: Term) -> Term:
    form = FORMATS[x.dtype]
    n, m = split(x, form)
    k = as_float(n, form)
    high, rest = log_parts(m - 1.0, form)
    result = fma(k, form.ln2[0], fma(k, form.ln2[1], rest) + high)
    return finished(x, result)


def log_of_sum(n: Term, m: Term, rest: Term, form: Format) -> tuple[Term, Term, Term]:
    """``k, high, low``: ``log(2**n * m + rest)`` is their sum, k times log(2) first.

    `rest` is at most a few units in the last place of the number that n and m are of,
    and 0 where 2**-n is no normal number.
    """
    exact = m - 1.0
    moved = select(rest == 0, rest, rest * power_of_two(-n, form))
    g = exact + moved
    g_rest = (exact - g) + moved
    high, low = log_parts(g, form)
    return as_float(n, form), high, fma(g_rest, 1.0 - g, low)


def joined(k: Term, high: Term, low: Term, form: Format) -> Term:
    """``k * log(2) + high + low``, rounded."""
    return fma(k, form.ln2[0], fma(k, form.ln2[1], low) + high)


def log1p(x: Term) -> Term:
    form = FORMATS[x.dtype]
    whole = x + 1.0
    rest = select(x < 1.0, x - (whole - 1.0), 1.0 - (whole - x))
    rest = select(whole < 2.0 ** (form.digits + 2), rest, 0.0)
    n, m = normal_split(whole, form)
    result = joined(*log_of_sum(n, m, rest, form), form)
    result = select(magnitude(x) < form.tiny, x, result)
    return finished(x, result, pole=-1.0)


def in_base(x: Term, unit: tuple[float, float], step: tuple[float, float]) -> Term:
    """``log(x) * unit``, `step` being ``log(2) * unit``; both in two parts."""
    form = FORMATS[x.dtype]
    n, m = split(x, form)
    k = as_float(n, form)
    high, rest = log_parts(m - 1.0, form)
    main = high * unit[0]
    tail = fma(high, unit[0], -main) + fma(high, unit[1], rest * unit[0])
    base = k * step[0]
    total = base + main
    tail = fma(k, step[1], ((base - total) + main) + tail)
    return finished(x, total + tail)


def log2(x: Term) -> Term:
    return in_base(x, FORMATS[x.dtype].log2_e, (1.0, 0.0))


def log10(x: Term) -> Term:
    return in_base(x, FORMATS[x.dtype].log10_e, FORMATS[x.dtype].log10_2)


# -- inverse hyperbolic functions ------------------------------------------------------
def root_parts(square: Term, square_rest: Term) -> tuple[Term, Term]:
    """The root of ``square + square_rest`` in two parts."""
    root = llvm("sqrt", square)
    error = fma(-root, root, square) + square_rest
    return root, error * (0.5 / select(root == 0, 1.0, root))


def log_with_root(x: Term, one: float, form: Format) -> Term:
    """``log(x + sqrt(x**2 + one))`` for x >= 0."""
    far = x > 2.0 ** (form.digits // 2 + 4)  # there the root is x
    size = select(far, 1.0, x)
    square = size * size
    total = square + one
    rest = lost(square, x.like(one), total) + fma(size, size, -square)
    root, root_rest = root_parts(total, rest)
    whole = size + root
    rest = lost(size, root, whole) + root_rest
    n, m = normal_split(select(far, x, whole), form)
    k, high, low = log_of_sum(n, m, select(far, 0.0, rest), form)
    return joined(select(far, k + 1.0, k), high, low, form)


def nearly_itself(form: Format) -> float:
    """Below it an odd function of slope 1 is x, to well within the last place."""
    return 2.0 ** -(form.digits // 2 + 1)


def arcsinh(x: Term) -> Term:
    form = FORMATS[x.dtype]
    size = magnitude(x)
    result = log_with_root(size, 1.0, form)
    plain = (size < nearly_itself(form)) | ~(size < INFINITY)
    return copysign(select(plain, size, result), x)


def arccosh(x: Term) -> Term:
    result = log_with_root(x, -1.0, FORMATS[x.dtype])
    return select(x < INFINITY, select(x >= 1.0, result, NAN), x)


def arctanh(x: Term) -> Term:
    """Half the logarithm of ``(1 + size) / (1 - size)``, the quotient in two parts."""
    form = FORMATS[x.dtype]
    size = magnitude(x)
    top, bottom = size + 1.0, 1.0 - size
    top_rest, bottom_rest = (1.0 - top) + size, (1.0 - bottom) - size
    inverse = 1.0 / bottom
    whole = top * inverse
    error = fma(-whole, bottom, top) + (top_rest - whole * bottom_rest)
    n, m = normal_split(whole, form)
    result = joined(*log_of_sum(n, m, error * inverse, form), form) * 0.5
    result = select(size == 1.0, INFINITY, select(size < 1.0, result, NAN))
    return copysign(select(size < nearly_itself(form), size, result), x)


def ldexp(x: Term, n: Term) -> Term:
    """``x * 2**n`` for an integer n, rounded once."""
    form = FORMATS[x.dtype]
    size = magnitude(x)
    own, m = split(size, form)
    if n.bits > 16:  # narrower ones are far from overflow
        n = clamp(n, -5000, 5000)
    reach = form.bias + form.digits + 2
    total = clamp(own + convert(n, own.dtype), -reach, reach)
    result = copysign(scale(m, total, form), x)
    return select((size == 0) | ~(size < INFINITY), x, result)


# -- powers ----------------------------------------------------------------------------
def power(x: Term, y: Term) -> Term:
    size = magnitude(x)
    finite = power_single(size, y) if x.bits == 32 else power_double(size, y)
    return power_limits(x, y, finite)


def power_single(x: Term, y: Term) -> Term:
    """Powers of positive float32, in float64 with short polynomials."""
    form = FORMATS["float64"]
    wide, exponent = convert(x, "float64"), convert(y, "float64")
    n, m = normal_split(wide, form)
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    series = fma(z, polynomial(z, LOG_SHORT64), 2.0)
    logarithm = fma(s * form.log2_e[0], series, as_float(n, form))
    grown = exponent * logarithm
    grown = select(grown < -200.0, -200.0, select(grown > 200.0, 200.0, grown))
    shifted = grown + form.shifter
    r = (grown - (shifted - form.shifter)) * math.log(2)
    value = fma(r * r, polynomial(r, EXP_SHORT64), r) + 1.0
    exponent_bits = bits(shifted) - form.shifter_bits
    return convert(value * power_of_two(exponent_bits, form), "float32")


def power_double(x: Term, y: Term) -> Term:
    """Powers of positive float64: the logarithm in two parts, times y, then exp."""
    form = FORMATS["float64"]
    high, low = double_log(x, form)
    main = y * high
    rest = fma(y, high, -main) + y * low
    bounded = select(main < -800.0, -800.0, select(main > 800.0, 800.0, main))
    rest = select(bounded == main, rest, 0.0)
    n, r, tail = reduce_exp(bounded, form, rest)
    return raised((r + tail) + 1.0, n, form)


def double_log(x: Term, form: Format) -> tuple[Term, Term]:
    """log(x) of positive float64 in two parts, to about 68 bits.

    With s = (m - 1) / (m + 1) the series is 2 s + 2/3 s**3 + s**5 * polynomial; all
    but the last term are carried in two parts.
    """
    n, m = split(x, form)
    k = as_float(n, form)
    g = m - 1.0
    d = g + 2.0
    d_low = (2.0 - d) + g
    inverse = 1.0 / d
    s = g * inverse
    s_low = fma(-s, d_low, fma(-s, d, g)) * inverse
    z = s * s
    z_low = fma(s, s, -z) + 2.0 * s * s_low
    p = z * polynomial(z, LOG_POWER64)
    t = p + TWO_THIRDS
    t_low = ((TWO_THIRDS - t) + p) + TWO_THIRDS_REST
    w = z * t
    w_low = fma(z, t, -w) + fma(z, t_low, z_low * t)
    v = w + 2.0
    v_low = ((2.0 - v) + w) + w_low
    main = s * v
    main_low = fma(s, v, -main) + fma(s, v_low, s_low * v)
    base = k * form.ln2[0]
    high = base + main
    low = ((base - high) + main) + fma(k, form.ln2[1], main_low)
    total = high + low
    return total, (high - total) + low


def power_limits(x: Term, y: Term, finite: Term) -> Term:
    """The result for zeros, infinities, NaN and negative `x`, as C99 has it.

    `finite` is right for infinite `y` too, unless x is 1 or -1.
    """
    size = magnitude(x)
    whole = llvm("floor", y) == y
    half = y * 0.5
    odd = whole & (llvm("floor", half) != half)
    edge = select((size == 0) ^ (y < 0), x.like(0.0), INFINITY)
    result = select((size == 0) | (size == INFINITY), edge, finite)
    result = select(size == 1.0, 1.0, result)
    result = select((bits(x) < 0) & odd, -result, result)
    negative = (x < 0) & (x != -INFINITY)
    result = select((negative & ~whole) | (x != x) | (y != y), NAN, result)
    return select((y == 0) | (x == 1.0), 1.0, result)
