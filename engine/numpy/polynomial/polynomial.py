"""Power series: sums of coefficients times 1, x, x**2, ..., the lowest first."""

from __future__ import annotations

from typing import Any

from ..conversion import array
from . import calculus, problems, series, values
from .classes import Polynomial
from .families import POWERS
from .polyutils import EMPTY, trimcoef

__all__ = [
    "Polynomial",
    "polyadd",
    "polycompanion",
    "polyder",
    "polydiv",
    "polydomain",
    "polyfit",
    "polyfromroots",
    "polygrid2d",
    "polygrid3d",
    "polyint",
    "polyline",
    "polymul",
    "polymulx",
    "polyone",
    "polypow",
    "polyroots",
    "polysub",
    "polytrim",
    "polyval",
    "polyval2d",
    "polyval3d",
    "polyvalfromroots",
    "polyvander",
    "polyvander2d",
    "polyvander3d",
    "polyx",
    "polyzero",
]

polydomain = array(POWERS.domain)
polyzero = array([0])
polyone = array([1])
polyx = array([0, 1])
polytrim = trimcoef


def polyline(off: Any, scl: Any) -> Any:
    """The power series of ``off + scl * x``. Looks at `scl`.

    Examples
    --------
    >>> from engine.numpy.polynomial import polynomial
    >>> polynomial.polyline(1.0, 2.0)
    array([1., 2.])
    """
    return series.line(POWERS, off, scl)


def polyfromroots(roots: Any) -> Any:
    """The power series with these roots, and with 1 for the highest power of x.

    Examples
    --------
    >>> from engine.numpy.polynomial import polynomial
    >>> polynomial.polyfromroots([-1.0, 2.0])
    array([-2., -1.,  1.])
    """
    return series.from_roots(POWERS, roots)


def polyadd(c1: Any, c2: Any) -> Any:
    """The sum of two power series. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import polynomial
    >>> polynomial.polyadd([1, 2, 3], [4, 5])
    array([5., 7., 3.])
    """
    return series.add(c1, c2)


def polysub(c1: Any, c2: Any) -> Any:
    """The difference of two power series. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import polynomial
    >>> polynomial.polysub([1, 2, 3], [4, 5])
    array([-3., -3.,  3.])
    """
    return series.subtract(c1, c2)


def polymulx(c: Any) -> Any:
    """A power series times x. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import polynomial
    >>> polynomial.polymulx([1, 2, 3])
    array([0., 1., 2., 3.])
    """
    return series.times_x(POWERS, c)


def polymul(c1: Any, c2: Any) -> Any:
    """The product of two power series. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import polynomial
    >>> polynomial.polymul([1, 2], [3, 4])
    array([ 3., 10.,  8.])
    """
    return series.multiply(POWERS, c1, c2)


def polydiv(c1: Any, c2: Any) -> tuple[Any, Any]:
    """Quotient and remainder of two power series. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import polynomial
    >>> polynomial.polydiv([1, 2, 3], [3, 2])
    (array([-1.25,  1.5 ]), array([4.75]))
    """
    return series.divide(POWERS, c1, c2)


def polypow(c: Any, pow: Any, maxpower: Any = None) -> Any:
    """A power series to a power, at most `maxpower`. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import polynomial
    >>> polynomial.polypow([1, 2], 2)
    array([1., 4., 4.])
    """
    return series.power(POWERS, c, pow, maxpower)


def polyval(x: Any, c: Any, tensor: bool = True) -> Any:
    """The values of a power series at points.

    With `tensor`, coefficients along further axes give values for each; without, they
    broadcast with the points.

    Examples
    --------
    >>> from engine.numpy.polynomial import polynomial
    >>> polynomial.polyval([0.0, 0.5], [1, 2, 3])
    array([1.  , 2.75])
    """
    return values.value(POWERS, x, c, tensor)


def polyval2d(x: Any, y: Any, c: Any) -> Any:
    """The values of a series in two variables at points.

    Examples
    --------
    >>> from engine.numpy.polynomial import polynomial
    >>> polynomial.polyval2d(1.0, 2.0, [[1, 2], [3, 4]])
    np.float64(16.0)
    """
    return values.value_of_points(POWERS, c, x, y)


def polyval3d(x: Any, y: Any, z: Any, c: Any) -> Any:
    """The values of a series in three variables at points.

    Examples
    --------
    >>> from engine.numpy.polynomial import polynomial
    >>> polynomial.polyval3d(1.0, 2.0, 3.0, [[[1, 2], [3, 4]]])
    np.float64(37.0)
    """
    return values.value_of_points(POWERS, c, x, y, z)


def polygrid2d(x: Any, y: Any, c: Any) -> Any:
    """The values of a series in two variables at all pairs of x and y.

    Examples
    --------
    >>> from engine.numpy.polynomial import polynomial
    >>> polynomial.polygrid2d([0.0, 1.0], [2.0], [[1, 2], [3, 4]])
    array([[ 5.],
           [16.]])
    """
    return values.value_on_grid(POWERS, c, x, y)


def polygrid3d(x: Any, y: Any, z: Any, c: Any) -> Any:
    """The values of a series in three variables at all triples of x, y and z.

    Examples
    --------
    >>> from engine.numpy.polynomial import polynomial
    >>> polynomial.polygrid3d([1.0], [2.0], [3.0], [[[1, 2], [3, 4]]])
    array([[[37.]]])
    """
    return values.value_on_grid(POWERS, c, x, y, z)


def polyvalfromroots(x: Any, r: Any, tensor: bool = True) -> Any:
    """The products of the distances of points to roots.

    Examples
    --------
    >>> from engine.numpy.polynomial import polynomial
    >>> polynomial.polyvalfromroots([0.0, 1.0], [2.0, 3.0])
    array([6., 2.])
    """
    return values.value_from_roots(x, r, tensor)


def polyder(c: Any, m: Any = 1, scl: Any = 1, axis: Any = 0) -> Any:
    """The m-th derivative of a power series, times `scl` each time.

    Examples
    --------
    >>> from engine.numpy.polynomial import polynomial
    >>> polynomial.polyder([1, 2, 3, 4])
    array([ 2.,  6., 12.])
    """
    return calculus.derivative(POWERS, c, m, scl, axis)


def polyint(
    c: Any, m: Any = 1, k: Any = EMPTY, lbnd: Any = 0, scl: Any = 1, axis: Any = 0
) -> Any:
    """The m-th antiderivative of a power series, times `scl` each time.

    The values at `lbnd` are the constants `k`, one for each time, or 0.

    Examples
    --------
    >>> from engine.numpy.polynomial import polynomial
    >>> polynomial.polyint([1, 2, 3])
    array([0., 1., 1., 1.])
    """
    return calculus.antiderivative(POWERS, c, m, k, lbnd, scl, axis)


def polyvander(x: Any, deg: Any) -> Any:
    """The powers up to a degree at points, along a new last axis.

    Examples
    --------
    >>> from engine.numpy.polynomial import polynomial
    >>> polynomial.polyvander([0.0, 0.5], 2)
    array([[1.  , 0.  , 0.  ],
           [1.  , 0.5 , 0.25]])
    """
    return values.table(POWERS, x, deg)


def polyvander2d(x: Any, y: Any, deg: Any) -> Any:
    """The products of powers of x and of y up to two degrees.

    Examples
    --------
    >>> from engine.numpy.polynomial import polynomial
    >>> polynomial.polyvander2d([0.5], [2.0], [1, 1])
    array([[1. , 2. , 0.5, 1. ]])
    """
    return values.table_of_points(POWERS, (x, y), deg)


def polyvander3d(x: Any, y: Any, z: Any, deg: Any) -> Any:
    """The products of powers of x, y and z up to three degrees.

    Examples
    --------
    >>> from engine.numpy.polynomial import polynomial
    >>> polynomial.polyvander3d([0.5], [2.0], [3.0], [1, 0, 1])
    array([[1. , 3. , 0.5, 1.5]])
    """
    return values.table_of_points(POWERS, (x, y, z), deg)


def polyfit(
    x: Any, y: Any, deg: Any, rcond: Any = None, full: bool = False, w: Any = None
) -> Any:
    """The power series nearest to points by least squares. Looks at the rank.

    `deg` is the highest degree or a list of all; `w` says how much each point counts.
    With `full`, what `linalg.lstsq` says is returned, too. Gradients flow.

    Examples
    --------
    >>> from engine.numpy.polynomial import polynomial
    >>> polynomial.polyfit([0.0, 1.0, 2.0], [1.0, 3.0, 5.0], 1).round(6)
    array([1., 2.])
    """
    return problems.fit(POWERS, x, y, deg, rcond, full, w)


def polycompanion(c: Any) -> Any:
    """A matrix with the roots as eigenvalues. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import polynomial
    >>> polynomial.polycompanion([1, 2, 3])
    array([[ 0.        , -0.33333333],
           [ 1.        , -0.66666667]])
    """
    return problems.companion(POWERS, c)


def polyroots(c: Any) -> Any:
    """The roots of a power series, sorted. Computes.

    Examples
    --------
    >>> from engine.numpy.polynomial import polynomial
    >>> polynomial.polyroots([2.0, -3.0, 1.0])
    array([1., 2.])
    """
    return problems.roots(POWERS, c)
