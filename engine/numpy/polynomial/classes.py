"""The classes of the six families."""

from __future__ import annotations

from typing import Any

from ..conversion import array
from .base import Series
from .families import (
    CHEBYSHEV,
    HERMITE,
    HERMITE_E,
    LAGUERRE,
    LEGENDRE,
    POWERS,
    Family,
)
from .points import interpolate
from .polyutils import mapdomain


def _interval(family: Family) -> Any:
    return array(family.domain)


class Polynomial(Series):
    """A sum of powers of x.

    Examples
    --------
    >>> import engine.numpy as np
    >>> p = np.polynomial.Polynomial([1.0, 2.0, 3.0])
    >>> p(2.0)
    np.float64(17.0)
    >>> print(p.deriv() * p)
    2.0 + 10.0·x + 18.0·x² + 18.0·x³
    """

    family = POWERS
    domain = _interval(POWERS)
    window = _interval(POWERS)
    basis_name = None


class Chebyshev(Series):
    """A sum of Chebyshev polynomials of the first kind.

    Examples
    --------
    >>> import engine.numpy as np
    >>> print(np.polynomial.Chebyshev([1.0, 2.0]) ** 2)
    3.0 + 4.0·T₁(x) + 2.0·T₂(x)
    """

    family = CHEBYSHEV
    domain = _interval(CHEBYSHEV)
    window = _interval(CHEBYSHEV)
    basis_name = "T"

    @classmethod
    def interpolate(
        cls, func: Any, deg: Any, domain: Any = None, args: Any = ()
    ) -> Chebyshev:
        """The series that takes a function's values at Chebyshev points.

        Examples
        --------
        >>> import engine.numpy as np
        >>> np.polynomial.Chebyshev.interpolate(np.exp, 3, [0, 1])(0.5).round(3)
        np.float64(1.648)
        """
        domain = cls.domain if domain is None else domain
        coef = interpolate(
            lambda x: func(mapdomain(x, cls.window, domain), *args), deg, ()
        )
        return cls(coef, domain=domain)


class Legendre(Series):
    """A sum of Legendre polynomials.

    Examples
    --------
    >>> import engine.numpy as np
    >>> print(np.polynomial.Legendre([0.0, 1.0, 2.0]).integ())
    0.16666667 - 0.4·P₁(x) + 0.33333333·P₂(x) + 0.4·P₃(x)
    """

    family = LEGENDRE
    domain = _interval(LEGENDRE)
    window = _interval(LEGENDRE)
    basis_name = "P"


class Laguerre(Series):
    """A sum of Laguerre polynomials.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.polynomial.Laguerre([0.0, 1.0]).roots()
    array([1.])
    """

    family = LAGUERRE
    domain = _interval(LAGUERRE)
    window = _interval(LAGUERRE)
    basis_name = "L"


class Hermite(Series):
    """A sum of Hermite polynomials, those of physicists.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.polynomial.Hermite.basis(2)(np.array([0.0, 1.0]))
    array([-2.,  2.])
    """

    family = HERMITE
    domain = _interval(HERMITE)
    window = _interval(HERMITE)
    basis_name = "H"


class HermiteE(Series):
    """A sum of Hermite polynomials, those of probabilists.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.polynomial.HermiteE.basis(2)(np.array([0.0, 1.0]))
    array([-1.,  0.])
    """

    family = HERMITE_E
    domain = _interval(HERMITE_E)
    window = _interval(HERMITE_E)
    basis_name = "He"
