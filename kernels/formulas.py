"""NumPy's arithmetic, bit tricks and special cases as formulas on terms.

Everything here is free of branches, but for the loops of `gcd` and integer `power`,
so that a loop around it vectorises.
"""

from __future__ import annotations

import math

from .philox import PHILOX_MULTIPLIERS, PHILOX_ROUNDS, PHILOX_WEYL
from .term import (
    Term,
    bits,
    constant,
    convert,
    from_bits,
    llvm,
    magnitude,
    repeat,
    select,
)

INFINITY = math.inf
NAN = math.nan


# -- tests -----------------------------------------------------------------------------
def isnan(x: Term) -> Term:
    return x != x if x.is_float else constant(x.place, 0, "bool")


def isinf(x: Term) -> Term:
    if not x.is_float:
        return constant(x.place, 0, "bool")
    return magnitude(x) == INFINITY


def isfinite(x: Term) -> Term:
    if not x.is_float:
        return constant(x.place, 1, "bool")
    return magnitude(x) < INFINITY


def signbit(x: Term) -> Term:
    if x.is_float:
        return bits(x) < 0
    return x < 0 if x.is_signed else constant(x.place, 0, "bool")


def logical_not(x: Term) -> Term:
    return x == 0


def invert(x: Term) -> Term:
    return ~x


# -- rounding and sign -----------------------------------------------------------------
def floor(x: Term) -> Term:
    return llvm("floor", x) if x.is_float else x


def ceil(x: Term) -> Term:
    return llvm("ceil", x) if x.is_float else x


def trunc(x: Term) -> Term:
    return llvm("trunc", x) if x.is_float else x


def rint(x: Term) -> Term:
    return llvm("rint", x) if x.is_float else x


def absolute(x: Term) -> Term:
    if x.is_float:
        return magnitude(x)
    return select(x < 0, -x, x) if x.is_signed else x


def sign(x: Term) -> Term:
    zero_or_nan = x if not x.is_float else select(x == 0, 0.0, x)
    return select(x > 0, 1, select(x < 0, -1, zero_or_nan) if signed(x) else x)


def signed(x: Term) -> bool:
    """Whether the dtype has negative numbers."""
    return x.is_float or x.is_signed


def copysign(x: Term, y: Term) -> Term:
    return llvm("copysign", x, y)


def square(x: Term) -> Term:
    return x * x if x.dtype != "bool" else x


def sqrt(x: Term) -> Term:
    return llvm("sqrt", x)


def deg2rad(x: Term) -> Term:
    return x * (math.pi / 180)


def rad2deg(x: Term) -> Term:
    return x * (180 / math.pi)


def reciprocal(x: Term) -> Term:
    if x.is_float:
        return 1.0 / x
    # NumPy divides in float64 and converts: 1/0 becomes what the processor makes of
    # infinity, the smallest integer or 0.
    at_zero = {"int64": -(1 << 63), "int32": -(1 << 31)}.get(x.dtype, 0)
    whole = select(x == 1, 1, select(x == 0, at_zero, x.like(0)))
    return select(x == -1, -1, whole) if x.is_signed else whole


# -- neighbours ------------------------------------------------------------------------
def nextafter(x: Term, y: Term) -> Term:
    here = bits(x)
    outward = (x > 0) ^ (y < x)
    moved = from_bits(select(outward, here + 1, here - 1))
    moved = select(x == 0, copysign(from_bits(here.like(1)), y), moved)
    return select(x == y, y, select((x != x) | (y != y), NAN, moved))


def spacing(x: Term) -> Term:
    here = bits(x)
    gap = from_bits(here + 1) - x
    gap = select(x == 0, from_bits(here.like(1)), gap)
    return select(magnitude(x) < INFINITY, gap, NAN)


# -- the larger and the smaller --------------------------------------------------------
# Of 0.0 and -0.0 the second is taken, as NumPy does on x86.
def maximum(x: Term, y: Term) -> Term:
    take_first = x > y
    return select(take_first | isnan(x) if x.is_float else take_first, x, y)


def minimum(x: Term, y: Term) -> Term:
    take_first = x < y
    return select(take_first | isnan(x) if x.is_float else take_first, x, y)


def fmax(x: Term, y: Term) -> Term:
    take_first = x > y
    return select(take_first | isnan(y) if x.is_float else take_first, x, y)


def fmin(x: Term, y: Term) -> Term:
    take_first = x < y
    return select(take_first | isnan(y) if x.is_float else take_first, x, y)


def heaviside(x: Term, y: Term) -> Term:
    step = select(x > 0, 1.0, select(x == 0, y, 0.0))
    return select(x != x, x, step)


# -- division --------------------------------------------------------------------------
def divide(x: Term, y: Term) -> Term:
    return x / y


def fmod_integer(x: Term, y: Term) -> Term:
    rest = x % safe_divisor(y)
    return select(y == 0, 0, rest)


def remainder(x: Term, y: Term, rest: Term) -> Term:
    """The remainder with the sign of `y`, from the one with the sign of `x`."""
    if not signed(x):
        return rest
    opposite = (rest != 0) & ((rest < 0) ^ (y < 0))
    moved = select(opposite, rest + y, rest)
    if x.is_float:
        # The zero has the sign of the divisor; a zero divisor gives NaN as it came.
        return select(rest == 0, copysign(rest, y), moved)
    return moved


def real(x: Term) -> Term:
    """The real part of a real number."""
    return x


def imag(x: Term) -> Term:
    """The imaginary part of a real number."""
    return x.like(0)


def conjugate(x: Term) -> Term:
    """The conjugate of a real number."""
    return x


def multiply(x: Term, y: Term) -> Term:
    """The product of real numbers."""
    return x * y


def floor_divide_integer(x: Term, y: Term) -> Term:
    if not signed(x):
        return select(y == 0, 0, x // safe_divisor(y))
    divisor = safe_divisor(y)
    quotient = x // divisor
    rest = x % divisor
    down = (rest != 0) & ((rest < 0) ^ (divisor < 0))
    quotient = select(down, quotient - 1, quotient)
    return select(y == 0, 0, select(y == -1, -x, quotient))


def floor_divide_float(x: Term, y: Term, rest: Term) -> Term:
    """The quotient rounded down, from the remainder with the sign of `x`."""
    quotient = (x - rest) / y
    opposite = (rest != 0) & ((rest < 0) ^ (y < 0))
    quotient = select(opposite, quotient - 1.0, quotient)
    whole = floor(quotient)
    whole = select(quotient - whole > 0.5, whole + 1.0, whole)
    whole = select(quotient == 0, copysign(quotient.like(0.0), x / y), whole)
    return select(y == 0, x / y, whole)


def safe_divisor(y: Term) -> Term:
    """`y`, but 1 where a division would stop the program (0, and -1 for MIN / -1)."""
    unsafe = (y == 0) | (y == -1) if y.is_signed else y == 0
    return select(unsafe, 1, y)


# -- integers --------------------------------------------------------------------------
def left_shift(x: Term, n: Term) -> Term:
    within = (n >= 0) & (n < x.bits) if n.is_signed else n < x.bits
    return select(within, x << (n & (x.bits - 1)), 0)


def right_shift(x: Term, n: Term) -> Term:
    within = (n >= 0) & (n < x.bits) if n.is_signed else n < x.bits
    beyond = select(x < 0, x.like(-1), 0) if x.is_signed else x.like(0)
    return select(within, x >> (n & (x.bits - 1)), beyond)


def integer_power(x: Term, n: Term) -> Term:
    """`x` to the power `n` by squaring; 1 / x**-n is rounded to zero."""
    if x.is_signed:
        odd = (n & 1) != 0
        inverse = select(x == 1, 1, select(x == -1, select(odd, n.like(-1), 1), 0))
        left = select(n < 0, 0, n)
    else:
        inverse, left = x, n
    power, _, _ = repeat(
        (x.like(1), x, left),
        lambda power, factor, left: left != 0,
        lambda power, factor, left: (
            select((left & 1) != 0, power * factor, power),
            factor * factor,
            left >> 1,
        ),
    )
    return select(n < 0, inverse, power) if x.is_signed else power


def gcd(x: Term, y: Term) -> Term:
    unsigned = f"uint{x.bits}"
    larger, _ = repeat(
        (convert(absolute(x), unsigned), convert(absolute(y), unsigned)),
        lambda a, b: b != 0,
        lambda a, b: (b, a % b),
    )
    return convert(larger, x.dtype)


def lcm(x: Term, y: Term) -> Term:
    common = gcd(x, y)
    quotient = absolute(x) // safe_divisor(common)
    return select(common == 0, 0, quotient * absolute(y))


def bitwise_count(x: Term) -> Term:
    return convert(llvm("ctpop", absolute(x)), "uint8")


# -- random bits -----------------------------------------------------------------------
def philox(counter: Term, key: Term) -> Term:
    """The first 64 bits of Philox 4x32-10 on the counter words (low, high, 0, 0)."""
    low = (1 << 32) - 1
    a, b = counter & low, counter >> 32
    c, d = counter.like(0), counter.like(0)
    k, m = key & low, key >> 32
    for _ in range(PHILOX_ROUNDS):
        first, second = a * PHILOX_MULTIPLIERS[0], c * PHILOX_MULTIPLIERS[1]
        a, b, c, d = (
            (second >> 32) ^ b ^ k,
            second & low,
            (first >> 32) ^ d ^ m,
            first & low,
        )
        k, m = (k + PHILOX_WEYL[0]) & low, (m + PHILOX_WEYL[1]) & low
    return a | (b << 32)
