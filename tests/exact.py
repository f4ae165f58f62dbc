"""mpmath's functions as references: where they need help, and for arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np


def erfc(x: Any) -> Any:
    """The complementary error function; mpmath's fails for huge numbers."""
    return mpmath.erfc(x) if abs(x) < 100 else 1 - mpmath.sign(x)


def log_gamma(x: Any) -> Any:
    """C's lgamma: infinite at the poles, and never complex."""
    if mpmath.isinf(x) or (x <= 0 and mpmath.isint(x)):
        return mpmath.inf
    return mpmath.re(mpmath.loggamma(x))


def of_arrays(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A function of one number for arrays, rounded to float64."""

    def rounded(x: Any) -> float:
        return float(function(mpmath.mpf(float(x))))

    return np.vectorize(rounded, otypes=[np.float64])
