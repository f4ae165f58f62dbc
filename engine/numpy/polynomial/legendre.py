"""Legendre series, of polynomials orthogonal on [-1, 1]."""

from __future__ import annotations

from typing import Any

from numpy.polynomial import legendre as theirs

from ..conversion import array
from ..fallback import library_call
from . import calculus, problems, series, values
from .classes import Legendre
from .families import LEGENDRE, POWERS
from .polyutils import EMPTY, as_array, trimcoef

__all__ = [
    "Legendre",
    "leg2poly",
    "legadd",
    "legcompanion",
    "legder",
    "legdiv",
    "legdomain",
    "legfit",
    "legfromroots",
    "leggauss",
    "leggrid2d",
    "leggrid3d",
    "legint",
    "legline",
    "legmul",
    "legmulx",
    "legone",
    "legpow",
    "legroots",
    "legsub",
    "legtrim",
    "legval",
    "legval2d",
    "legval3d",
    "legvander",
    "legvander2d",
    "legvander3d",
    "legweight",
    "legx",
    "legzero",
    "poly2leg",
]

legdomain = array(LEGENDRE.domain)
legzero = array([0])
legone = array([1])
legx = array([0, 1])
legtrim = trimcoef


def legline(off: Any, scl: Any) -> Any:
    """The Legendre series of ``off + scl * x``. Looks at `scl`.

    Examples
    --------
    >>> from engine.numpy.polynomial import legendre
    >>> legendre.legline(1.0, 2.0)
    array([1., 2.])
    """
    return series.line(LEGENDRE, off, scl)


def legfromroots(roots: Any) -> Any:
    """The Legendre series with these roots, and with 1 for the highest power of x.

    Examples
    --------
    >>> from engine.numpy.polynomial import legendre
    >>> legendre.legfromroots([-1.0, 2.0])
    array([-1.66666667, -1.        ,  0.66666667])
    """
    return series.from_roots(LEGENDRE, roots)


def legadd(c1: Any, c2: Any) -> Any:
    """The sum of two Legendre series. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import legendre
    >>> legendre.legadd([1, 2, 3], [4, 5])
    array([5., 7., 3.])
    """
    return series.add(c1, c2)


def legsub(c1: Any, c2: Any) -> Any:
    """The difference of two Legendre series. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import legendre
    >>> legendre.legsub([1, 2, 3], [4, 5])
    array([-3., -3.,  3.])
    """
    return series.subtract(c1, c2)


def legmulx(c: Any) -> Any:
    """A Legendre series times x. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import legendre
    >>> legendre.legmulx([1, 2, 3])
    array([0.66666667, 2.2       , 1.33333333, 1.8       ])
    """
    return series.times_x(LEGENDRE, c)


def legmul(c1: Any, c2: Any) -> Any:
    """The product of two Legendre series. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import legendre
    >>> legendre.legmul([1, 2], [3, 4])
    array([ 5.66666667, 10.        ,  5.33333333])
    """
    return series.multiply(LEGENDRE, c1, c2)


def legdiv(c1: Any, c2: Any) -> tuple[Any, Any]:
    """Quotient and remainder of two Legendre series. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import legendre
    >>> legendre.legdiv([1, 2, 3], [3, 2])
    (array([-2.375,  2.25 ]), array([6.625]))
    """
    return series.divide(LEGENDRE, c1, c2)


def legpow(c: Any, pow: Any, maxpower: Any = 16) -> Any:
    """A Legendre series to a power, at most `maxpower`. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import legendre
    >>> legendre.legpow([1, 2], 2)
    array([2.33333333, 4.        , 2.66666667])
    """
    return series.power(LEGENDRE, c, pow, maxpower)


def legval(x: Any, c: Any, tensor: bool = True) -> Any:
    """The values of a Legendre series at points.

    With `tensor`, coefficients along further axes give values for each; without, they
    broadcast with the points.

    Examples
    --------
    >>> from engine.numpy.polynomial import legendre
    >>> legendre.legval([0.0, 0.5], [1, 2, 3])
    array([-0.5  ,  1.625])
    """
    return values.value(LEGENDRE, x, c, tensor)


def legval2d(x: Any, y: Any, c: Any) -> Any:
    """The values of a series in two variables at points.

    Examples
    --------
    >>> from engine.numpy.polynomial import legendre
    >>> legendre.legval2d(1.0, 2.0, [[1, 2], [3, 4]])
    np.float64(16.0)
    """
    return values.value_of_points(LEGENDRE, c, x, y)


def legval3d(x: Any, y: Any, z: Any, c: Any) -> Any:
    """The values of a series in three variables at points.

    Examples
    --------
    >>> from engine.numpy.polynomial import legendre
    >>> legendre.legval3d(1.0, 2.0, 3.0, [[[1, 2], [3, 4]]])
    np.float64(37.0)
    """
    return values.value_of_points(LEGENDRE, c, x, y, z)


def leggrid2d(x: Any, y: Any, c: Any) -> Any:
    """The values of a series in two variables at all pairs of x and y.

    Examples
    --------
    >>> from engine.numpy.polynomial import legendre
    >>> legendre.leggrid2d([0.0, 1.0], [2.0], [[1, 2], [3, 4]])
    array([[ 5.],
           [16.]])
    """
    return values.value_on_grid(LEGENDRE, c, x, y)


def leggrid3d(x: Any, y: Any, z: Any, c: Any) -> Any:
    """The values of a series in three variables at all triples of x, y and z.

    Examples
    --------
    >>> from engine.numpy.polynomial import legendre
    >>> legendre.leggrid3d([1.0], [2.0], [3.0], [[[1, 2], [3, 4]]])
    array([[[37.]]])
    """
    return values.value_on_grid(LEGENDRE, c, x, y, z)


def legder(c: Any, m: Any = 1, scl: Any = 1, axis: Any = 0) -> Any:
    """The m-th derivative of a Legendre series, times `scl` each time.

    Examples
    --------
    >>> from engine.numpy.polynomial import legendre
    >>> legendre.legder([1, 2, 3, 4])
    array([ 6.,  9., 20.])
    """
    return calculus.derivative(LEGENDRE, c, m, scl, axis)


def legint(
    c: Any, m: Any = 1, k: Any = EMPTY, lbnd: Any = 0, scl: Any = 1, axis: Any = 0
) -> Any:
    """The m-th antiderivative of a Legendre series, times `scl` each time.

    The values at `lbnd` are the constants `k`, one for each time, or 0.

    Examples
    --------
    >>> from engine.numpy.polynomial import legendre
    >>> legendre.legint([1, 2, 3])
    array([0.33333333, 0.4       , 0.66666667, 0.6       ])
    """
    return calculus.antiderivative(LEGENDRE, c, m, k, lbnd, scl, axis)


def leg2poly(c: Any) -> Any:
    """A Legendre series as coefficients of powers. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import legendre
    >>> legendre.leg2poly([1, 2, 3])
    array([-0.5,  2. ,  4.5])
    """
    return series.converted(c, LEGENDRE, POWERS)


def poly2leg(pol: Any) -> Any:
    """Coefficients of powers as a Legendre series. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import legendre
    >>> legendre.poly2leg([1, 2, 3])
    array([2., 2., 2.])
    """
    return series.converted(pol, POWERS, LEGENDRE)


def legvander(x: Any, deg: Any) -> Any:
    """The Legendre polynomials up to a degree at points, along a new last axis.

    Examples
    --------
    >>> from engine.numpy.polynomial import legendre
    >>> legendre.legvander([0.0, 0.5], 2)
    array([[ 1.   ,  0.   , -0.5  ],
           [ 1.   ,  0.5  , -0.125]])
    """
    return values.table(LEGENDRE, x, deg)


def legvander2d(x: Any, y: Any, deg: Any) -> Any:
    """The products of Legendre polynomials of x and of y up to two degrees.

    Examples
    --------
    >>> from engine.numpy.polynomial import legendre
    >>> legendre.legvander2d([0.5], [2.0], [1, 1])
    array([[1. , 2. , 0.5, 1. ]])
    """
    return values.table_of_points(LEGENDRE, (x, y), deg)


def legvander3d(x: Any, y: Any, z: Any, deg: Any) -> Any:
    """The products of Legendre polynomials of x, y and z up to three degrees.

    Examples
    --------
    >>> from engine.numpy.polynomial import legendre
    >>> legendre.legvander3d([0.5], [2.0], [3.0], [1, 0, 1])
    array([[1. , 3. , 0.5, 1.5]])
    """
    return values.table_of_points(LEGENDRE, (x, y, z), deg)


def legfit(
    x: Any, y: Any, deg: Any, rcond: Any = None, full: bool = False, w: Any = None
) -> Any:
    """The Legendre series nearest to points by least squares. Looks at the rank.

    `deg` is the highest degree or a list of all; `w` says how much each point counts.
    With `full`, what `linalg.lstsq` says is returned, too. Gradients flow.

    Examples
    --------
    >>> from engine.numpy.polynomial import legendre
    >>> legendre.legfit([0.0, 1.0, 2.0], [1.0, 3.0, 5.0], 1).round(6)
    array([1., 2.])
    """
    return problems.fit(LEGENDRE, x, y, deg, rcond, full, w)


def legcompanion(c: Any) -> Any:
    """A matrix with the roots as eigenvalues. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import legendre
    >>> legendre.legcompanion([1, 2, 3])
    array([[ 0.        ,  0.19245009],
           [ 0.57735027, -0.44444444]])
    """
    return problems.companion(LEGENDRE, c)


def legroots(c: Any) -> Any:
    """The roots of a Legendre series, sorted. Computes.

    Examples
    --------
    >>> from engine.numpy.polynomial import legendre
    >>> legendre.legroots([1.0, 2.0])
    array([-0.5])
    """
    return problems.roots(LEGENDRE, c)


def leggauss(deg: Any) -> Any:
    """Points and weights of Gauss's quadrature; computed by NumPy.

    Examples
    --------
    >>> from engine.numpy.polynomial import legendre
    >>> legendre.leggauss(2)
    (array([-0.57735027,  0.57735027]), array([1., 1.]))
    """
    return library_call("leggauss", theirs.leggauss, deg)


def legweight(x: Any) -> Any:
    """The weight under which the polynomials are orthogonal.

    Examples
    --------
    >>> from engine.numpy.polynomial import legendre
    >>> legendre.legweight([0.0, 0.5])
    array([1., 1.])
    """
    place = as_array(x)
    return place * 0.0 + 1.0
