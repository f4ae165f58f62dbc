"""Vector math: exp, sin, tanh, erf and their kin as formulas without branches.

LLVM cannot vectorise a loop around a call of the C library; it can vectorise these.
They use only fused multiply-add, selects and integer shifts, are right for NaN,
infinities, signed zeros and denormals, and stay below 2 units in the last place
(`docs/accuracy.md`). One text serves float64 and float32. Logarithms and powers are in
`vecmath_log`, roots in `vecmath_roots`, inverse angles in `vecmath_angles`, lgamma in
`vecmath_gamma`, the numbers in `vecmath_formats` and `vecmath_tables`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from .formulas import isfinite
from .rare import beyond
from .term import Term, bits, fma, from_bits, llvm, magnitude, select
from .vecmath_formats import FORMATS, Format
from .vecmath_tables import Table


def horner(x: Term, table: Table) -> Term:
    """The polynomial with these coefficients, one multiply-add after the other."""
    total = x.like(table[-1])
    for coefficient in reversed(table[:-1]):
        total = fma(x, total, coefficient)
    return total


def polynomial(x: Term, table: Table) -> Term:
    """The same in two independent chains, even and odd powers: half the latency."""
    if len(table) < 5:
        return horner(x, table)
    squared = x * x
    return fma(x, horner(squared, table[1::2]), horner(squared, table[0::2]))


def clamp(x: Term, low: float, high: float) -> Term:
    """`x` within bounds; NaN stays NaN. One minimum and one maximum of x86."""
    x = select(x > high, high, x)
    return select(x < low, low, x)


class Whole(NamedTuple):
    """An integer, as a float and as an integer."""

    number: Term
    integer: Term


def power_of_two(n: Term, form: Format) -> Term:
    """2**n for an integer in the range of normal numbers."""
    return from_bits((n + form.bias) << form.digits)


def scale(x: Term, n: Term, form: Format) -> Term:
    """``x * 2**n`` in two steps, so that overflow and denormals come out right.

    The exponents of the two factors, bias included, are the halves of ``n + 2 * bias``.
    That is not negative, so that no arithmetic shift is needed, which AVX2 has not.
    """
    twice = n + 2 * form.bias
    exponent = (2 * form.bias + 1) << form.digits
    half = (twice << (form.digits - 1)) & exponent
    return x * from_bits(half) * from_bits((twice << form.digits) - half)


def raised(x: Term, whole: Whole, form: Format) -> Term:
    """The same bits as of `scale`, by one instruction where there is one.

    With AVX-512 it makes exp of float64 a tenth faster: nine instructions fall away.
    """
    by_instruction = x.place.scale
    scaled = None if by_instruction is None else by_instruction(x, whole.number)
    return scale(x, whole.integer, form) if scaled is None else scaled


def lost(a: Term, b: Term, total: Term) -> Term:
    """What rounding loses in ``total = a + b``."""
    part = total - a
    return (a - (total - part)) + (b - part)


def quotient(top: Term, top_rest: Term, bottom: Term, bottom_rest: Term) -> Term:
    """``(top + top_rest) / (bottom + bottom_rest)``, the rests being tiny."""
    inverse = 1.0 / bottom
    rough = top * inverse
    error = fma(-rough, bottom, top) + (top_rest - rough * bottom_rest)
    return fma(error, inverse, rough)


# -- the remainder ---------------------------------------------------------------------
def fmod(x: Term, y: Term) -> Term:
    """The remainder of x / y with the sign of x, exact.

    The quotient rounded to zero is at most one too large (a quotient just below an
    integer may round to it), so that the multiply-add has no rounding, and one
    correction is enough. Beyond 2**digits the quotient is not exact.
    """
    limit = 2.0 ** FORMATS[x.dtype].digits
    quotient = x / y
    rest = fma(-llvm("trunc", quotient), y, x)
    wrapped = (rest != 0) & ((bits(rest) ^ bits(x)) < 0)
    rest = select(wrapped, rest + copysign(magnitude(y), x), rest)
    rest = select(magnitude(y) == math.inf, select(isfinite(x), x, math.nan), rest)
    size = magnitude(quotient)
    rest = select(size > limit, beyond("fmod", size, limit, x, y), rest)
    return copysign(rest, x)


# -- exponentials ----------------------------------------------------------------------
def round_to_integer(x: Term, factor: float, form: Format) -> Whole:
    """``rint(x * factor)``."""
    shifted = fma(x, factor, form.shifter)
    return Whole(shifted - form.shifter, bits(shifted) - form.shifter_bits)


def reduce_exp(
    x: Term, form: Format, extra: Term | None = None
) -> tuple[Whole, Term, Term]:
    """``n, r, rest`` with ``exp(x + extra) == 2**n * (1 + r + rest)``, |r| <= 0.35."""
    n = round_to_integer(x, form.log2_e[0], form)
    k = n.number
    high = fma(k, -form.ln2[0], x)
    low = k * -form.ln2[1] if extra is None else fma(k, -form.ln2[1], extra)
    r = high + low
    lost = (high - r) + low
    return n, r, fma(r * r, polynomial(r, form.exp), lost)


def exp(x: Term) -> Term:
    form = FORMATS[x.dtype]
    x = clamp(x, *form.exp_range)
    n = round_to_integer(x, form.log2_e[0], form)
    r = fma(n.number, -form.ln2[1], fma(n.number, -form.ln2[0], x))
    return raised(fma(r * r, polynomial(r, form.exp), r) + 1.0, n, form)


def exp2(x: Term) -> Term:
    form = FORMATS[x.dtype]
    x = clamp(x, -1.5 * form.bias, 1.5 * form.bias)
    n = round_to_integer(x, 1.0, form)
    r = (x - n.number) * math.log(2)
    return raised(fma(r * r, polynomial(r, form.exp), r) + 1.0, n, form)


def expm1(x: Term) -> Term:
    form = FORMATS[x.dtype]
    n, r, rest = reduce_exp(clamp(x, *form.expm1_range), form)
    # n may be one more than the exponent can hold
    half = power_of_two(n.integer - 1, form)
    result = fma(half, rest, fma(half, r, half - 0.5)) * 2.0
    return select(magnitude(x) < form.tiny, x, result)


def exp_quarter(size: Term, form: Format) -> Term:
    """exp(size) / 4 of a positive number, which overflows later than exp itself."""
    size = clamp(size, 0.0, form.sinh_high)
    n, r, rest = reduce_exp(size, form)
    return ((r + rest) + 1.0) * power_of_two(n.integer - 2, form)


def sinh(x: Term) -> Term:
    form = FORMATS[x.dtype]
    quarter = exp_quarter(magnitude(x), form)
    far = copysign(fma(quarter, 2.0, -0.125 / quarter), x)
    squared = x * x
    near = fma(x * squared, polynomial(squared, form.sinh), x)
    return select(magnitude(x) < 1.0, near, far)


def cosh(x: Term) -> Term:
    quarter = exp_quarter(magnitude(x), FORMATS[x.dtype])
    return fma(quarter, 2.0, 0.125 / quarter)


def tanh(x: Term) -> Term:
    form = FORMATS[x.dtype]
    size = magnitude(x)
    size = select(size > form.tanh_high, form.tanh_high, size)
    grown = expm1(size * 2.0)
    squared = x * x
    near = fma(x * squared, polynomial(squared, form.tanh), x)
    return copysign(select(size < 0.6, near, grown / (grown + 2.0)), x)


def sigmoid(x: Term) -> Term:
    form = FORMATS[x.dtype]
    size = clamp(-magnitude(x), *form.exp_range)
    n, r, rest = reduce_exp(size, form)
    shrunk = raised((r + rest) + 1.0, n, form)
    whole = shrunk + 1.0
    lost = (1.0 - whole) + shrunk
    top = select(x < 0, shrunk, 1.0)
    return quotient(top, top.like(0.0), whole, lost)


def copysign(x: Term, y: Term) -> Term:
    return llvm("copysign", x, y)


# -- trigonometry ----------------------------------------------------------------------
Parts = tuple[Term, Term]


def sine_and_cosine(x: Term) -> tuple[Term, Parts, Parts]:
    """``n, sin(r), cos(r)`` with ``x == n * pi / 2 + r``, for ``|x| <= far``.

    Sine and cosine come as a large and a small part, to be added.
    """
    form = FORMATS[x.dtype]
    first, second, third = form.half_pi
    k, n = round_to_integer(x, 2 / math.pi, form)
    high = fma(k, -first, x)  # exact: its last bit is that of `first`
    product = k * second
    main = high - product
    lost = ((high - main) - product) - fma(k, second, -product)
    rest = fma(k, -third, lost)
    r = main + rest
    rest = (main - r) + rest
    z = r * r
    sine = fma(z * r, polynomial(z, form.sin), rest)
    half = z * 0.5
    main = 1.0 - half
    cosine = fma(z * z, polynomial(z, form.cos), -(r * rest))
    return n, (r, sine), (main, ((1.0 - main) - half) + cosine)


def sum_of(parts: Parts) -> Term:
    return parts[0] + parts[1]


def turned(x: Term, quarter: int) -> Term:
    """sin(x + quarter * pi / 2), for ``|x| < far``."""
    n, sine, cosine = sine_and_cosine(x)
    n = n + quarter
    result = select((n & 1) != 0, sum_of(cosine), sum_of(sine))
    return from_bits(bits(result) ^ ((n & 2) << (x.bits - 2)))


def far_or(name: str, x: Term, near: Term) -> Term:
    """The formula where its argument reduction holds, the C library elsewhere."""
    size, far = magnitude(x), FORMATS[x.dtype].far
    return select(size > far, beyond(name, size, far, x), near)


def sin(x: Term) -> Term:
    return far_or("sin", x, select(x == 0, x, turned(x, 0)))


def cos(x: Term) -> Term:
    return far_or("cos", x, turned(x, 1))


def tan(x: Term) -> Term:
    n, sine, cosine = sine_and_cosine(x)
    odd = (n & 1) != 0
    tops, bottoms = settled(sine), settled(cosine)
    top, top_rest = (select(odd, -c, s) for s, c in zip(tops, bottoms, strict=True))
    bottom, bottom_rest = (
        select(odd, s, c) for s, c in zip(tops, bottoms, strict=True)
    )
    result = quotient(top, top_rest, bottom, bottom_rest)
    return far_or("tan", x, select(x == 0, x, result))


def settled(parts: Parts) -> Parts:
    """The same sum, its first part rounded from the whole."""
    total = sum_of(parts)
    return total, (parts[0] - total) + parts[1]


# -- the error function ----------------------------------------------------------------
def erf_near(x: Term, form: Format) -> Term:
    """``erf(x) - x`` for ``|x| <= 1``."""
    return x * polynomial(x * x, form.erf)


def erfc_far(size: Term, form: Format) -> Term:
    """erfc of `size` >= 3/4: exp(-size**2) / size times a smooth function."""
    smooth = polynomial((size - 2.0) / (size + 2.0), form.erfcx)
    main = smooth + 0.5
    inverse = 1.0 / size
    scaled = main * inverse
    error = fma(-scaled, size, main) + ((0.5 - main) + smooth)
    squared = size * size
    lost = fma(size, size, -squared)  # of the square, by rounding
    n, r, rest = reduce_exp(-squared, form, -lost)
    grown = r + rest
    rest = fma(scaled, (r - grown) + rest, error * inverse)
    return raised(scaled + fma(scaled, grown, rest), n, form)


def erf(x: Term) -> Term:
    form = FORMATS[x.dtype]
    size = magnitude(x)
    size = select(size > 6.5, 6.5, size)
    far = copysign(1.0 - erfc_far(size, form), x)
    return select(size < 1.0, x + erf_near(x, form), far)


def erfc(x: Term) -> Term:
    form = FORMATS[x.dtype]
    size = magnitude(x)
    size = select(size > form.erfc_high, form.erfc_high, size)
    far = erfc_far(size, form)
    main = 1.0 - x
    near = main + (((1.0 - main) - x) - erf_near(x, form))
    return select(size < 0.75, near, select(x < 0, 2.0 - far, far))
