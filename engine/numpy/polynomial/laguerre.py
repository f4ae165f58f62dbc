"""Laguerre series, of polynomials orthogonal on [0, inf) under exp(-x)."""

from __future__ import annotations

from typing import Any

from numpy.polynomial import laguerre as theirs

from .. import ufuncs
from ..conversion import array
from ..fallback import library_call
from . import calculus, problems, series, values
from .classes import Laguerre
from .families import LAGUERRE, POWERS
from .polyutils import EMPTY, as_array, trimcoef

__all__ = [
    "Laguerre",
    "lag2poly",
    "lagadd",
    "lagcompanion",
    "lagder",
    "lagdiv",
    "lagdomain",
    "lagfit",
    "lagfromroots",
    "laggauss",
    "laggrid2d",
    "laggrid3d",
    "lagint",
    "lagline",
    "lagmul",
    "lagmulx",
    "lagone",
    "lagpow",
    "lagroots",
    "lagsub",
    "lagtrim",
    "lagval",
    "lagval2d",
    "lagval3d",
    "lagvander",
    "lagvander2d",
    "lagvander3d",
    "lagweight",
    "lagx",
    "lagzero",
    "poly2lag",
]

lagdomain = array(LAGUERRE.domain)
lagzero = array([0])
lagone = array([1])
lagx = array([1, -1])
lagtrim = trimcoef


def lagline(off: Any, scl: Any) -> Any:
    """The Laguerre series of ``off + scl * x``. Looks at `scl`.

    Examples
    --------
    >>> from engine.numpy.polynomial import laguerre
    >>> laguerre.lagline(1.0, 2.0)
    array([ 3., -2.])
    """
    return series.line(LAGUERRE, off, scl)


def lagfromroots(roots: Any) -> Any:
    """The Laguerre series with these roots, and with 1 for the highest power of x.

    Examples
    --------
    >>> from engine.numpy.polynomial import laguerre
    >>> laguerre.lagfromroots([-1.0, 2.0])
    array([-1., -3.,  2.])
    """
    return series.from_roots(LAGUERRE, roots)


def lagadd(c1: Any, c2: Any) -> Any:
    """The sum of two Laguerre series. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import laguerre
    >>> laguerre.lagadd([1, 2, 3], [4, 5])
    array([5., 7., 3.])
    """
    return series.add(c1, c2)


def lagsub(c1: Any, c2: Any) -> Any:
    """The difference of two Laguerre series. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import laguerre
    >>> laguerre.lagsub([1, 2, 3], [4, 5])
    array([-3., -3.,  3.])
    """
    return series.subtract(c1, c2)


def lagmulx(c: Any) -> Any:
    """A Laguerre series times x. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import laguerre
    >>> laguerre.lagmulx([1, 2, 3])
    array([-1., -1., 11., -9.])
    """
    return series.times_x(LAGUERRE, c)


def lagmul(c1: Any, c2: Any) -> Any:
    """The product of two Laguerre series. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import laguerre
    >>> laguerre.lagmul([1, 2], [3, 4])
    array([11., -6., 16.])
    """
    return series.multiply(LAGUERRE, c1, c2)


def lagdiv(c1: Any, c2: Any) -> tuple[Any, Any]:
    """Quotient and remainder of two Laguerre series. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import laguerre
    >>> laguerre.lagdiv([1, 2, 3], [3, 2])
    (array([1.375, 0.75 ]), array([-4.625]))
    """
    return series.divide(LAGUERRE, c1, c2)


def lagpow(c: Any, pow: Any, maxpower: Any = 16) -> Any:
    """A Laguerre series to a power, at most `maxpower`. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import laguerre
    >>> laguerre.lagpow([1, 2], 2)
    array([ 5., -4.,  8.])
    """
    return series.power(LAGUERRE, c, pow, maxpower)


def lagval(x: Any, c: Any, tensor: bool = True) -> Any:
    """The values of a Laguerre series at points.

    With `tensor`, coefficients along further axes give values for each; without, they
    broadcast with the points.

    Examples
    --------
    >>> from engine.numpy.polynomial import laguerre
    >>> laguerre.lagval([0.0, 0.5], [1, 2, 3])
    array([6.   , 2.375])
    """
    return values.value(LAGUERRE, x, c, tensor)


def lagval2d(x: Any, y: Any, c: Any) -> Any:
    """The values of a series in two variables at points.

    Examples
    --------
    >>> from engine.numpy.polynomial import laguerre
    >>> laguerre.lagval2d(1.0, 2.0, [[1, 2], [3, 4]])
    np.float64(-1.0)
    """
    return values.value_of_points(LAGUERRE, c, x, y)


def lagval3d(x: Any, y: Any, z: Any, c: Any) -> Any:
    """The values of a series in three variables at points.

    Examples
    --------
    >>> from engine.numpy.polynomial import laguerre
    >>> laguerre.lagval3d(1.0, 2.0, 3.0, [[[1, 2], [3, 4]]])
    np.float64(2.0)
    """
    return values.value_of_points(LAGUERRE, c, x, y, z)


def laggrid2d(x: Any, y: Any, c: Any) -> Any:
    """The values of a series in two variables at all pairs of x and y.

    Examples
    --------
    >>> from engine.numpy.polynomial import laguerre
    >>> laguerre.laggrid2d([0.0, 1.0], [2.0], [[1, 2], [3, 4]])
    array([[-2.],
           [-1.]])
    """
    return values.value_on_grid(LAGUERRE, c, x, y)


def laggrid3d(x: Any, y: Any, z: Any, c: Any) -> Any:
    """The values of a series in three variables at all triples of x, y and z.

    Examples
    --------
    >>> from engine.numpy.polynomial import laguerre
    >>> laguerre.laggrid3d([1.0], [2.0], [3.0], [[[1, 2], [3, 4]]])
    array([[[2.]]])
    """
    return values.value_on_grid(LAGUERRE, c, x, y, z)


def lagder(c: Any, m: Any = 1, scl: Any = 1, axis: Any = 0) -> Any:
    """The m-th derivative of a Laguerre series, times `scl` each time.

    Examples
    --------
    >>> from engine.numpy.polynomial import laguerre
    >>> laguerre.lagder([1, 2, 3, 4])
    array([-9., -7., -4.])
    """
    return calculus.derivative(LAGUERRE, c, m, scl, axis)


def lagint(
    c: Any, m: Any = 1, k: Any = EMPTY, lbnd: Any = 0, scl: Any = 1, axis: Any = 0
) -> Any:
    """The m-th antiderivative of a Laguerre series, times `scl` each time.

    The values at `lbnd` are the constants `k`, one for each time, or 0.

    Examples
    --------
    >>> from engine.numpy.polynomial import laguerre
    >>> laguerre.lagint([1, 2, 3])
    array([ 1.,  1.,  1., -3.])
    """
    return calculus.antiderivative(LAGUERRE, c, m, k, lbnd, scl, axis)


def lag2poly(c: Any) -> Any:
    """A Laguerre series as coefficients of powers. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import laguerre
    >>> laguerre.lag2poly([1, 2, 3])
    array([ 6. , -8. ,  1.5])
    """
    return series.converted(c, LAGUERRE, POWERS)


def poly2lag(pol: Any) -> Any:
    """Coefficients of powers as a Laguerre series. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import laguerre
    >>> laguerre.poly2lag([1, 2, 3])
    array([  9., -14.,   6.])
    """
    return series.converted(pol, POWERS, LAGUERRE)


def lagvander(x: Any, deg: Any) -> Any:
    """The Laguerre polynomials up to a degree at points, along a new last axis.

    Examples
    --------
    >>> from engine.numpy.polynomial import laguerre
    >>> laguerre.lagvander([0.0, 0.5], 2)
    array([[1.   , 1.   , 1.   ],
           [1.   , 0.5  , 0.125]])
    """
    return values.table(LAGUERRE, x, deg)


def lagvander2d(x: Any, y: Any, deg: Any) -> Any:
    """The products of Laguerre polynomials of x and of y up to two degrees.

    Examples
    --------
    >>> from engine.numpy.polynomial import laguerre
    >>> laguerre.lagvander2d([0.5], [2.0], [1, 1])
    array([[ 1. , -1. ,  0.5, -0.5]])
    """
    return values.table_of_points(LAGUERRE, (x, y), deg)


def lagvander3d(x: Any, y: Any, z: Any, deg: Any) -> Any:
    """The products of Laguerre polynomials of x, y and z up to three degrees.

    Examples
    --------
    >>> from engine.numpy.polynomial import laguerre
    >>> laguerre.lagvander3d([0.5], [2.0], [3.0], [1, 0, 1])
    array([[ 1. , -2. ,  0.5, -1. ]])
    """
    return values.table_of_points(LAGUERRE, (x, y, z), deg)


def lagfit(
    x: Any, y: Any, deg: Any, rcond: Any = None, full: bool = False, w: Any = None
) -> Any:
    """The Laguerre series nearest to points by least squares. Looks at the rank.

    `deg` is the highest degree or a list of all; `w` says how much each point counts.
    With `full`, what `linalg.lstsq` says is returned, too. Gradients flow.

    Examples
    --------
    >>> from engine.numpy.polynomial import laguerre
    >>> laguerre.lagfit([0.0, 1.0, 2.0], [1.0, 3.0, 5.0], 1).round(6)
    array([ 3., -2.])
    """
    return problems.fit(LAGUERRE, x, y, deg, rcond, full, w)


def lagcompanion(c: Any) -> Any:
    """A matrix with the roots as eigenvalues. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import laguerre
    >>> laguerre.lagcompanion([1, 2, 3])
    array([[ 1.        , -0.33333333],
           [-1.        ,  4.33333333]])
    """
    return problems.companion(LAGUERRE, c)


def lagroots(c: Any) -> Any:
    """The roots of a Laguerre series, sorted. Computes.

    Examples
    --------
    >>> from engine.numpy.polynomial import laguerre
    >>> laguerre.lagroots([1.0, 2.0])
    array([1.5])
    """
    return problems.roots(LAGUERRE, c)


def laggauss(deg: Any) -> Any:
    """Points and weights of Gauss's quadrature; computed by NumPy.

    Examples
    --------
    >>> from engine.numpy.polynomial import laguerre
    >>> laguerre.laggauss(2)
    (array([0.58578644, 3.41421356]), array([0.85355339, 0.14644661]))
    """
    return library_call("laggauss", theirs.laggauss, deg)


def lagweight(x: Any) -> Any:
    """The weight under which the polynomials are orthogonal.

    Examples
    --------
    >>> from engine.numpy.polynomial import laguerre
    >>> laguerre.lagweight([0.0, 0.5])
    array([1.        , 0.60653066])
    """
    place = as_array(x)
    return ufuncs.exp(-place)
