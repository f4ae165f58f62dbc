"""Series of powers and of orthogonal polynomials, as `numpy.polynomial` has them.

Values, tables of values, derivatives and antiderivatives are lazy and differentiable,
as are sums, products, quotients and fits once trailing zeros or the rank were seen.

Examples
--------
>>> import engine.numpy as np
>>> x = np.linspace(0.0, 1.0, 20)
>>> np.polynomial.Polynomial.fit(x, 1.0 + x**2, 2)(0.5).round(6)
np.float64(1.25)
>>> np.polynomial.legendre.legval(np.array([0.0, 0.5]), [1.0, 2.0, 3.0])
array([-0.5  ,  1.625])
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.errors import named

from ..names import nearest_message
from . import chebyshev, hermite, hermite_e, laguerre, legendre, polynomial, polyutils
from .base import Series
from .classes import Chebyshev, Hermite, HermiteE, Laguerre, Legendre, Polynomial

__all__ = [
    "Chebyshev",
    "Hermite",
    "HermiteE",
    "Laguerre",
    "Legendre",
    "Polynomial",
    "chebyshev",
    "hermite",
    "hermite_e",
    "laguerre",
    "legendre",
    "polynomial",
    "polyutils",
    "set_default_printstyle",
]


def set_default_printstyle(style: str) -> None:
    """Say how series are printed: "unicode" or "ascii".

    Examples
    --------
    >>> import engine.numpy as np
    >>> f"{np.polynomial.Polynomial([1, 2, 3]):ascii}"
    '1.0 + 2.0 x + 3.0 x**2'
    """
    if style not in ("unicode", "ascii"):
        message = f"Unsupported format string '{style}'. Valid options are 'ascii' and"
        raise ValueError(named(f"{message} 'unicode'"))
    Series._prints_unicode = style == "unicode"


def __getattr__(name: str) -> Any:
    message = nearest_message(name, __all__, "engine.numpy.polynomial", np.polynomial)
    raise AttributeError(message)
