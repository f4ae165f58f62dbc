"""Complex numbers as pairs of terms, and the arithmetic that NumPy does with them.

Compilers keep a complex number as a struct. Formulas take it apart, work on its parts
and put the result together, which leaves only instructions on real numbers, so that a
loop around a formula vectorises. exp, sqrt and their kin are in `vecmath_complex`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from llvmlite import ir

from .formulas import isfinite, isinf, isnan
from .scalars import PARTS
from .term import Place, Term, magnitude, select
from .vecmath import copysign
from .vecmath_roots import hypot


@dataclass(frozen=True)
class Complex:
    """A complex number: its real and its imaginary part."""

    real: Term
    imag: Term

    def __add__(self, other: Complex) -> Complex:
        return Complex(self.real + other.real, self.imag + other.imag)

    def __sub__(self, other: Complex) -> Complex:
        return Complex(self.real - other.real, self.imag - other.imag)

    def __mul__(self, other: Complex) -> Complex:
        return Complex(
            self.real * other.real - self.imag * other.imag,
            self.real * other.imag + self.imag * other.real,
        )

    def __neg__(self) -> Complex:
        return Complex(-self.real, -self.imag)

    def same(self, other: Complex) -> Term:
        """Whether both parts are equal."""
        return (self.real == other.real) & (self.imag == other.imag)


def taken_apart(place: Place, value: ir.Value, dtype: str) -> Complex:
    """The parts of a struct of two floats, the LLVM value of a complex `dtype`."""
    real, imag = (place.builder.extract_value(value, k) for k in (0, 1))
    part = PARTS[dtype]
    return Complex(Term(place, real, part), Term(place, imag, part))


def put_together(number: Complex) -> ir.Value:
    """The LLVM value of a complex number."""
    parts = number.real.value, number.imag.value
    build = number.real.place.builder
    kind = ir.LiteralStructType([part.type for part in parts])
    value: Any = ir.Constant(kind, ir.Undefined)
    for k, part in enumerate(parts):
        value = build.insert_value(value, part, k)
    return value


# -- parts and tests -------------------------------------------------------------------
def real(z: Complex) -> Term:
    return z.real


def imag(z: Complex) -> Term:
    return z.imag


def conjugate(z: Complex) -> Complex:
    return Complex(z.real, -z.imag)


def chosen(condition: Term, yes: Complex, no: Complex) -> Complex:
    """`yes` where `condition`, else `no`."""
    return Complex(
        select(condition, yes.real, no.real), select(condition, yes.imag, no.imag)
    )


def any_nan(z: Complex) -> Term:
    return isnan(z.real) | isnan(z.imag)


def any_infinite(z: Complex) -> Term:
    return isinf(z.real) | isinf(z.imag)


def all_finite(z: Complex) -> Term:
    return isfinite(z.real) & isfinite(z.imag)


def is_zero(z: Complex) -> Term:
    return (z.real == 0) & (z.imag == 0)


# -- arithmetic ------------------------------------------------------------------------
def multiply(x: Complex, y: Complex) -> Complex:
    return x * y


def square(z: Complex) -> Complex:
    return z * z


def absolute(z: Complex) -> Term:
    return hypot(z.real, z.imag)


def divide(x: Complex, y: Complex) -> Complex:
    """Smith's quotient, step by step as NumPy rounds it.

    Both are divided by the larger part of `y`, so that nothing overflows on the way.
    """
    steep = magnitude(y.real) < magnitude(y.imag)
    larger, smaller = select(steep, y.imag, y.real), select(steep, y.real, y.imag)
    ratio = smaller / larger
    scale = 1.0 / (larger + smaller * ratio)
    first, second = select(steep, x.imag, x.real), select(steep, x.real, x.imag)
    main = (first + second * ratio) * scale
    # (x.imag - x.real * ratio), or (x.imag * ratio - x.real) where y is steep
    left = select(steep, x.imag * ratio, x.imag)
    right = select(steep, x.real, x.real * ratio)
    found = Complex(main, (left - right) * scale)
    by_zero = Complex(x.real * math.inf, x.imag * math.inf)
    return chosen(is_zero(y), by_zero, found)


def reciprocal(z: Complex) -> Complex:
    """Smith's quotient of 1, step by step as NumPy rounds it."""
    steep = ~(magnitude(z.imag) <= magnitude(z.real))
    larger, smaller = select(steep, z.imag, z.real), select(steep, z.real, z.imag)
    ratio = smaller / larger
    bottom = larger + smaller * ratio
    return Complex(
        select(steep, ratio, 1.0) / bottom, -select(steep, 1.0, ratio) / bottom
    )


def sign(z: Complex) -> Complex:
    """The point of the unit circle in the direction of `z`; 0 of 0."""
    size = absolute(z)
    found = Complex(z.real / size, z.imag / size)
    nothing = size.like(0.0)
    found = chosen(size == 0, Complex(nothing, nothing), found)
    # an infinite part decides alone, two point nowhere
    level = isinf(z.real)
    ends = Complex(
        select(level, copysign(size.like(1.0), z.real), 0.0),
        select(level, 0.0, copysign(size.like(1.0), z.imag)),
    )
    found = chosen(isinf(size), ends, found)
    missing = size.like(math.nan)
    unknown = isnan(size) | (level & isinf(z.imag))
    return chosen(unknown, Complex(missing, missing), found)
