"""Six families of polynomials, each by its recurrence and by its derivatives.

Everything that the modules of this package compute follows from these few numbers:

* from the recurrence ``d P_n = (a x + b) P_(n-1) - c P_(n-2)``: values, tables of
  values, products with x and with other series, quotients, lines, companion matrices;
* from the derivatives ``P_n' = inner(n) (rise(n) P_(n-1) + rise(n-reach) P_(n-1-reach)
  + ...)``: derivatives and antiderivatives of series.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

NDArray = np.ndarray[Any, Any]


class Step(NamedTuple):
    """How a polynomial follows: d P_n = (a x + b) P_(n-1) - c P_(n-2)."""

    a: float
    b: float
    c: float
    d: float


@dataclass(frozen=True)
class Derivatives:
    """How the derivative of P_n is made of the polynomials below it.

    Attributes
    ----------
    rise, inner : callable
        Two factors, of arrays of n.
    reach : int
        The distance between the polynomials that take part; 0 where P_(n-1) is all.
    """

    rise: Callable[[NDArray], NDArray]
    inner: Callable[[NDArray], NDArray]
    reach: int


@dataclass(frozen=True)
class Family:
    """A family of polynomials P_0 = 1, P_1, P_2, ..., each of the degree of its number.

    Attributes
    ----------
    name : str
        The name of the class of its series.
    module : str
        The name of the module of its functions, here and in NumPy.
    prefix : str
        What the names of these functions begin with.
    step : callable
        The recurrence, for n from 1.
    derivatives : Derivatives
    domain : tuple of float
        Where series are to be used, unless something else is said.
    """

    name: str
    module: str
    prefix: str
    step: Callable[[int], Step]
    derivatives: Derivatives
    domain: tuple[float, float] = (-1.0, 1.0)

    @property
    def has_shifts(self) -> bool:
        """Whether multiplying by x only shifts coefficients."""
        return self.step(2) == (1, 0, 0, 1)

    def times_x(self, count: int, dtype: Any) -> tuple[NDArray, NDArray, NDArray]:
        """The parts of x P_n, n below `count`, in P_(n+1), P_n and P_(n-1)."""
        steps = np.array([self.step(n + 1) for n in range(count)], dtype)
        a, b, c, d = steps.reshape(count, 4).T
        return d / a, -b / a, c / a


def _ones(n: NDArray) -> NDArray:
    return n * 0 + 1


POWERS = Family(
    "Polynomial",
    "polynomial",
    "poly",
    lambda n: Step(1, 0, 0, 1),
    Derivatives(lambda n: n, _ones, 0),
)

CHEBYSHEV = Family(
    "Chebyshev",
    "chebyshev",
    "cheb",
    lambda n: Step(2, 0, 1, 1) if n > 1 else Step(1, 0, 0, 1),
    Derivatives(lambda n: np.where(n > 1, 2, 1), lambda n: n, 2),
)

LEGENDRE = Family(
    "Legendre",
    "legendre",
    "leg",
    lambda n: Step(2 * n - 1, 0, n - 1, n),
    Derivatives(lambda n: 2 * n - 1, _ones, 2),
)

LAGUERRE = Family(
    "Laguerre",
    "laguerre",
    "lag",
    lambda n: Step(-1, 2 * n - 1, n - 1, n),
    Derivatives(lambda n: -_ones(n), _ones, 1),
    domain=(0.0, 1.0),
)

HERMITE = Family(
    "Hermite",
    "hermite",
    "herm",
    lambda n: Step(2, 0, 2 * (n - 1), 1),
    Derivatives(lambda n: 2 * n, _ones, 0),
)

HERMITE_E = Family(
    "HermiteE",
    "hermite_e",
    "herme",
    lambda n: Step(1, 0, n - 1, 1),
    Derivatives(lambda n: n, _ones, 0),
)
