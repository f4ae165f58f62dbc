"""The polynomials of the vector math, fitted with 60 decimal digits.

``python tests/fit_tables.py`` prints each table of ``kernels/vecmath_tables.py`` after
the largest error of its polynomial, before coefficients are rounded and relative to the
largest value of the function. Interpolation at Chebyshev nodes comes within a small
factor of the best polynomial of that degree.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import mpmath
from mpmath import mpf, sqrt

Function = Callable[[Any], Any]

DIGITS = 60
TINY = mpf(10) ** -18


class Fit(NamedTuple):
    """A function, the interval, and how many coefficients."""

    function: Function
    low: Any
    high: Any
    count: int


# -- the functions ---------------------------------------------------------------------
def odd(function: Function) -> Function:
    """``(f(x) / x - 1) / z`` of ``z = x**2``, for an odd function with f'(0) = 1."""

    def smooth(z: Any) -> Any:
        x = sqrt(z)
        return (function(x) / x - 1) / z

    return smooth


def exp(r: Any) -> Any:
    return (mpmath.exp(r) - 1 - r) / r**2


def cos(z: Any) -> Any:
    return (mpmath.cos(sqrt(z)) - 1 + z / 2) / z**2


def log(g: Any) -> Any:
    return ((mpmath.log(1 + g) - g) / g**2 + mpf(1) / 2) / g


def log_quotient(z: Any) -> Any:
    s = sqrt(z)
    return (mpmath.log((1 + s) / (1 - s)) / s - 2) / z


def log_power(z: Any) -> Any:
    return (log_quotient(z) - mpf(2) / 3) / z


def erf(z: Any) -> Any:
    return mpmath.erf(sqrt(z)) / sqrt(z) - 1


def erfcx(t: Any) -> Any:
    a = 2 * (1 + t) / (1 - t)
    return a * mpmath.exp(a * a) * mpmath.erfc(a) - mpf(1) / 2


def inverse_root(m: Any) -> Any:
    return m ** (-mpf(1) / 3)


def gamma(t: Any) -> Any:
    slope, bend = 1 - mpmath.euler, (mpmath.zeta(2) - 1) / 2
    return ((mpmath.loggamma(2 + t) / t - slope) / t - bend) / t


def stirling(z: Any) -> Any:
    x = 1 / sqrt(z)
    formula = (x - mpf(1) / 2) * mpmath.log(x) - x + mpmath.log(2 * mpmath.pi) / 2
    return x * (mpmath.loggamma(x) - formula)


# -- the fits --------------------------------------------------------------------------
@mpmath.workdps(DIGITS)
def fits() -> dict[str, Fit]:
    """Every table by its name; intervals reach a little beyond where they are used."""
    wider = mpf("1.0005")
    half_ln2 = mpmath.log(2) / 2 * wider
    quotient = ((sqrt(2) - 1) / (sqrt(2) + 1)) ** 2 * mpf("1.001")
    eighth, slope = (
        (x * wider) ** 2 for x in (mpmath.pi / 4, mpmath.tan(mpmath.pi / 8))
    )
    near, far, far32 = ((mpf(a) - 2) / (mpf(a) + 2) for a in ("0.748", "27.5", "10.5"))
    half = wider / 2
    return {
        "EXP64": Fit(exp, -half_ln2, half_ln2, 10),
        "LOG64": Fit(log_quotient, 0, quotient, 8),
        "SIN64": Fit(odd(mpmath.sin), 0, eighth, 7),
        "COS64": Fit(cos, 0, eighth, 7),
        "TANH64": Fit(odd(mpmath.tanh), 0, mpf("0.36"), 12),
        "ERF64": Fit(erf, 0, 1, 13),
        "SINH64": Fit(odd(mpmath.sinh), 0, 1, 7),
        "ATAN64": Fit(odd(mpmath.atan), 0, slope, 11),
        "ASIN64": Fit(odd(mpmath.asin), 0, wider / 4, 13),
        "ERFCX64": Fit(erfcx, near, far, 23),
        "CBRT64": Fit(inverse_root, 1, 2, 4),
        "GAMMA64": Fit(gamma, -half, half, 18),
        "STIRLING64": Fit(stirling, TINY, 1 / mpf("2.499") ** 2, 14),
        "EXP32": Fit(exp, -half_ln2, half_ln2, 5),
        "LOG32": Fit(log, sqrt(mpf("0.5")) - 1, sqrt(2) - 1, 9),
        "SIN32": Fit(odd(mpmath.sin), 0, eighth, 3),
        "COS32": Fit(cos, 0, eighth, 3),
        "TANH32": Fit(odd(mpmath.tanh), 0, mpf("0.36"), 5),
        "ERF32": Fit(erf, 0, 1, 7),
        "SINH32": Fit(odd(mpmath.sinh), 0, 1, 4),
        "ATAN32": Fit(odd(mpmath.atan), 0, slope, 5),
        "ASIN32": Fit(odd(mpmath.asin), 0, wider / 4, 6),
        "ERFCX32": Fit(erfcx, near, far32, 12),
        "CBRT32": Fit(inverse_root, 1, 2, 4),
        "GAMMA32": Fit(gamma, -half, half, 8),
        "STIRLING32": Fit(stirling, TINY, 1 / mpf("2.499") ** 2, 5),
        "LOG_POWER64": Fit(log_power, 0, quotient, 8),
        "LOG_SHORT64": Fit(log_quotient, 0, quotient, 5),
        "EXP_SHORT64": Fit(exp, -half_ln2, half_ln2, 6),
    }


def nodes(fit: Fit) -> list[Any]:
    """Chebyshev nodes of the interval."""
    middle, reach = (mpf(fit.low) + fit.high) / 2, (mpf(fit.high) - fit.low) / 2
    turns = (mpmath.pi * (2 * k + 1) / (2 * fit.count) for k in range(fit.count))
    places = (middle + reach * mpmath.cos(turn) for turn in turns)
    # 0 itself is a removable singularity of most functions here.
    return [x if abs(x) > TINY else TINY for x in places]


@mpmath.workdps(DIGITS)
def coefficients(fit: Fit) -> list[Any]:
    """The interpolating polynomial, from the lowest power to the highest."""
    places = nodes(fit)
    divided = [fit.function(x) for x in places]
    for order in range(1, fit.count):
        for k in range(fit.count - 1, order - 1, -1):
            gap = places[k] - places[k - order]
            divided[k] = (divided[k] - divided[k - 1]) / gap
    result = [divided[-1]]
    for x, first in zip(places[-2::-1], divided[-2::-1], strict=True):
        result = [mpf(0), *result]
        for k, above in enumerate(result[1:]):
            result[k] -= x * above
        result[0] += first
    return result


@mpmath.workdps(DIGITS)
def largest_error(fit: Fit, table: list[Any]) -> float:
    """The largest error at points between the nodes, relative to the largest value."""
    low, high = mpf(fit.low), mpf(fit.high)
    points = [low + (high - low) * mpf(k) / 151 for k in range(1, 151)]
    exact = [fit.function(x) for x in points]
    found = [mpmath.polyval(table[::-1], x) for x in points]
    errors = [abs(x - y) for x, y in zip(found, exact, strict=True)]
    return float(max(errors) / max(map(abs, exact)))


def main() -> None:
    for name, fit in fits().items():
        table = coefficients(fit)
        print(f"{name} = (  # {largest_error(fit, table):.1e}")
        print("".join(f"    {float(c)!r},\n" for c in table), end=")\n")


if __name__ == "__main__":
    main()
