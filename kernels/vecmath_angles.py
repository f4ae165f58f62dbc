"""Vector math: inverse trigonometric functions, without branches."""

from __future__ import annotations

import math

from .term import Term, bits, fma, llvm, magnitude, select
from .vecmath import copysign, lost, polynomial
from .vecmath_formats import FORMATS, Format

INFINITY = math.inf
STEEP = 1 + math.sqrt(2)  # the tangent of 3/8 pi; 1 / STEEP is that of pi / 8


def angle(y: Term, x: Term, form: Format) -> tuple[Term, Term]:
    """The angle of the point (x, y), both >= 0, in two parts; not of (0, 0).

    It is pi/2, pi/4 or 0 plus the arctangent of a small quotient. What rounding
    loses in the quotient and in its top and bottom goes into the second part.
    """
    steep = y > x * STEEP
    middle = ~steep & (x < y * STEEP)
    top = select(steep, -x, select(middle, y - x, y))
    bottom = select(steep, y, select(middle, y + x, x))
    top_rest = select(middle, lost(y, -x, top), 0.0)
    bottom_rest = select(middle, lost(y, x, bottom), 0.0)
    inverse = 1.0 / bottom
    t = top * inverse
    error = fma(-t, bottom, top) + (top_rest - t * bottom_rest)
    z = t * t
    small = fma(t * z, polynomial(z, form.atan), error * inverse)
    turn, turn_rest = form.right_angle
    share = select(steep, 1.0, select(middle, t.like(0.5), 0.0))
    base = share * turn
    total = base + t
    return total, ((base - total) + t) + fma(share, turn_rest, small)


def arctan(x: Term) -> Term:
    form = FORMATS[x.dtype]
    size = magnitude(x)
    high = 2.0 ** (form.digits + 4)  # beyond it the angle is pi / 2
    main, rest = angle(select(size > high, high, size), x.like(1.0), form)
    tiny = size < form.tiny
    return copysign(select(tiny, size, main + rest), x)


def arctan2(y: Term, x: Term) -> Term:
    form = FORMATS[x.dtype]
    height, width = in_range(magnitude(y), magnitude(x), form)
    main, rest = angle(height, width, form)
    turn, turn_rest = form.right_angle
    total = main + rest
    left = (turn * 2 - main) + (turn_rest * 2 - rest)
    behind = bits(x) < 0
    result = select(behind, left, total)
    level = select(behind, result.like(turn * 2), 0.0)
    result = select(y == 0, level, result)
    return select((x != x) | (y != y), math.nan, copysign(result, y))


def in_range(a: Term, b: Term, form: Format) -> tuple[Term, Term]:
    """Two numbers >= 0 with the same quotient, far from overflow and underflow."""
    reach = 2.0 ** (form.bias // 2)
    larger = select(a > b, a, b)
    factor = select(larger < 1 / reach, reach, a.like(1.0))
    factor = select(larger > reach, 1 / reach, factor)
    endless, endless_too = a == INFINITY, b == INFINITY
    first = select(endless, 1.0, select(endless_too, 0.0, a * factor))
    second = select(endless_too, 1.0, select(endless, 0.0, b * factor))
    return first, second


def half_chord(size: Term, form: Format) -> tuple[Term, Term, Term]:
    """``s, rest, small``: parts of arcsin, from sizes below and above 1/2.

    With ``z = (1 - size) / 2`` and s its root, arccos(size) = 2 arcsin(s).
    """
    near = size <= 0.5
    z = select(near, size * size, (1.0 - size) * 0.5)
    root = llvm("sqrt", z)
    s = select(near, size, root)
    rest = fma(-root, root, z) * (0.5 / select(root == 0, 1.0, root))
    series = s * z * polynomial(z, form.asin)
    return s, select(near, 0.0, rest), series


def arcsin(x: Term) -> Term:
    form = FORMATS[x.dtype]
    size = magnitude(x)
    s, rest, series = half_chord(size, form)
    turn, turn_rest = form.right_angle
    whole = turn - s * 2.0
    whole_rest = (turn - whole) - s * 2.0
    far = whole + (whole_rest + fma(series + rest, -2.0, s.like(turn_rest)))
    return copysign(select(size <= 0.5, s + series, far), x)


def arccos(x: Term) -> Term:
    form = FORMATS[x.dtype]
    size = magnitude(x)
    s, rest, series = half_chord(size, form)
    turn, turn_rest = form.right_angle
    own = select(x < 0, -s, s)
    # |x| <= 1/2: pi/2 - arcsin(x); above 2 arcsin(s), or pi less that
    middle = turn - own
    middle_rest = ((turn - middle) - own) + (select(x < 0, series, -series) + turn_rest)
    above = s * 2.0
    above_rest = (series + rest) * 2.0
    below = turn * 2 - above
    below_rest = ((turn * 2 - below) - above) + (turn_rest * 2 - above_rest)
    far = select(x < 0, below + below_rest, above + above_rest)
    return select(size <= 0.5, middle + middle_rest, far)
