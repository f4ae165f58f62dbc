"""Vector math: the logarithm of the gamma function."""

from __future__ import annotations

import math

from .rare import rarely
from .term import Term, fma, llvm, magnitude, select
from .vecmath import lost, polynomial, turned
from .vecmath_formats import FORMATS, Format
from .vecmath_log import log, log_of_sum, split

INFINITY = math.inf


def lgamma(x: Term) -> Term:
    """`log_gamma`, and left of -1/2, where few numbers are, a function of its own."""
    left = rarely("lgamma", log_gamma_left, -x, 0.5, x)
    return select(x < -0.5, left, log_gamma(x))


def log_gamma(x: Term) -> Term:
    """``log(abs(gamma(x)))`` for x >= -1/2.

    From 5/2 on by Stirling's formula with a polynomial for what it lacks. Below,
    recurrence leads to a polynomial around 2, times the distance from there, so that
    the zeros at 1 and 2 are exact. All cases share one logarithm.
    """
    form = FORMATS[x.dtype]
    below, middle, far = x < 0.5, x < 1.5, x >= 2.5
    square = x * x
    product = x + square  # x * (x + 1), in two parts
    rest = ((x - product) + square) + fma(x, x, -square)
    rest = select(below, select(x < 0, -rest, rest), 0.0)
    whole = select(middle | far, x, 1.0)
    whole = select(below, magnitude(product), whole)
    logarithm = log_parts_of(whole, rest, form)
    t = select(below, x, select(middle, x - 1.0, x - 2.0))
    result = select(far, stirling(x, *logarithm, form), around_two(t, *logarithm, form))
    return select(x == 0, INFINITY, result)


def log_parts_of(whole: Term, rest: Term, form: Format) -> tuple[Term, Term]:
    """``log(whole + rest)`` in two parts, the first nearly all of it."""
    k, high, low = log_of_sum(*split(whole, form), rest, form)
    base = k * form.ln2[0]
    total = base + high
    return total, ((base - total) + high) + fma(k, form.ln2[1], low)


def around_two(t: Term, shift: Term, shift_rest: Term, form: Format) -> Term:
    """``lgamma(2 + t) - (shift + shift_rest)`` for ``|t| <= 1/2``."""
    (slope, slope_rest), (bend, bend_rest) = form.gamma_slope, form.gamma_bend
    mean = fma(t, bend, slope)
    mean_rest = fma(t, bend, slope - mean) + fma(t, bend_rest, slope_rest)
    mean_rest = fma(t * t, polynomial(t, form.gamma), mean_rest)
    main = t * mean
    main_rest = fma(t, mean_rest, fma(t, mean, -main))
    total = main - shift
    return total + (lost(main, -shift, total) + (main_rest - shift_rest))


def stirling(x: Term, log_x: Term, log_x_rest: Term, form: Format) -> Term:
    """``(x - 1/2) * (log(x) - 1) + (log(2 * pi) - 1) / 2 + polynomial / x``."""
    base, base_rest = form.stirling_base
    first = log_x - 1.0
    first_rest = ((log_x - first) - 1.0) + log_x_rest
    less = first + first_rest  # float32's rest is not small: the product would overflow
    less_rest = (first - less) + first_rest
    factor = x - 0.5
    main = factor * less
    main_rest = fma(factor, less, -main)
    inverse = 1.0 / x
    small = fma(inverse, polynomial(inverse * inverse, form.stirling), base_rest)
    total = main + base
    rest = lost(main, main.like(base), total) + fma(
        factor, less_rest, main_rest + small
    )
    return select(main < INFINITY, total + rest, main)


def log_gamma_left(x: Term) -> Term:
    """``log(abs(gamma(x)))`` for x < -1/2, by reflection to -x."""
    size = -x
    turn = size - llvm("rint", size)
    sine = magnitude(turned(turn * math.pi, 0))
    result = -log(size * sine * (1 / math.pi)) - log_gamma(size)
    pole = (turn == 0) | (size == INFINITY)
    return select(pole, INFINITY, result)
