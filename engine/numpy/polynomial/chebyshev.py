"""Chebyshev series, of the polynomials T_n(cos(a)) = cos(n a)."""

from __future__ import annotations

from typing import Any

from numpy.polynomial import chebyshev as theirs

from .. import ufuncs
from ..conversion import array
from ..fallback import library_call
from . import calculus, points, problems, series, values
from .classes import Chebyshev
from .families import CHEBYSHEV, POWERS
from .polyutils import EMPTY, as_array, trimcoef

__all__ = [
    "Chebyshev",
    "cheb2poly",
    "chebadd",
    "chebcompanion",
    "chebder",
    "chebdiv",
    "chebdomain",
    "chebfit",
    "chebfromroots",
    "chebgauss",
    "chebgrid2d",
    "chebgrid3d",
    "chebint",
    "chebinterpolate",
    "chebline",
    "chebmul",
    "chebmulx",
    "chebone",
    "chebpow",
    "chebpts1",
    "chebpts2",
    "chebroots",
    "chebsub",
    "chebtrim",
    "chebval",
    "chebval2d",
    "chebval3d",
    "chebvander",
    "chebvander2d",
    "chebvander3d",
    "chebweight",
    "chebx",
    "chebzero",
    "poly2cheb",
]

chebdomain = array(CHEBYSHEV.domain)
chebzero = array([0])
chebone = array([1])
chebx = array([0, 1])
chebtrim = trimcoef


def chebline(off: Any, scl: Any) -> Any:
    """The Chebyshev series of ``off + scl * x``. Looks at `scl`.

    Examples
    --------
    >>> from engine.numpy.polynomial import chebyshev
    >>> chebyshev.chebline(1.0, 2.0)
    array([1., 2.])
    """
    return series.line(CHEBYSHEV, off, scl)


def chebfromroots(roots: Any) -> Any:
    """The Chebyshev series with these roots, and with 1 for the highest power of x.

    Examples
    --------
    >>> from engine.numpy.polynomial import chebyshev
    >>> chebyshev.chebfromroots([-1.0, 2.0])
    array([-1.5, -1. ,  0.5])
    """
    return series.from_roots(CHEBYSHEV, roots)


def chebadd(c1: Any, c2: Any) -> Any:
    """The sum of two Chebyshev series. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import chebyshev
    >>> chebyshev.chebadd([1, 2, 3], [4, 5])
    array([5., 7., 3.])
    """
    return series.add(c1, c2)


def chebsub(c1: Any, c2: Any) -> Any:
    """The difference of two Chebyshev series. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import chebyshev
    >>> chebyshev.chebsub([1, 2, 3], [4, 5])
    array([-3., -3.,  3.])
    """
    return series.subtract(c1, c2)


def chebmulx(c: Any) -> Any:
    """A Chebyshev series times x. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import chebyshev
    >>> chebyshev.chebmulx([1, 2, 3])
    array([1. , 2.5, 1. , 1.5])
    """
    return series.times_x(CHEBYSHEV, c)


def chebmul(c1: Any, c2: Any) -> Any:
    """The product of two Chebyshev series. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import chebyshev
    >>> chebyshev.chebmul([1, 2], [3, 4])
    array([ 7., 10.,  4.])
    """
    return series.multiply(CHEBYSHEV, c1, c2)


def chebdiv(c1: Any, c2: Any) -> tuple[Any, Any]:
    """Quotient and remainder of two Chebyshev series. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import chebyshev
    >>> chebyshev.chebdiv([1, 2, 3], [3, 2])
    (array([-3.5,  3. ]), array([8.5]))
    """
    return series.divide(CHEBYSHEV, c1, c2)


def chebpow(c: Any, pow: Any, maxpower: Any = 16) -> Any:
    """A Chebyshev series to a power, at most `maxpower`. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import chebyshev
    >>> chebyshev.chebpow([1, 2], 2)
    array([3., 4., 2.])
    """
    return series.power(CHEBYSHEV, c, pow, maxpower)


def chebval(x: Any, c: Any, tensor: bool = True) -> Any:
    """The values of a Chebyshev series at points.

    With `tensor`, coefficients along further axes give values for each; without, they
    broadcast with the points.

    Examples
    --------
    >>> from engine.numpy.polynomial import chebyshev
    >>> chebyshev.chebval([0.0, 0.5], [1, 2, 3])
    array([-2. ,  0.5])
    """
    return values.value(CHEBYSHEV, x, c, tensor)


def chebval2d(x: Any, y: Any, c: Any) -> Any:
    """The values of a series in two variables at points.

    Examples
    --------
    >>> from engine.numpy.polynomial import chebyshev
    >>> chebyshev.chebval2d(1.0, 2.0, [[1, 2], [3, 4]])
    np.float64(16.0)
    """
    return values.value_of_points(CHEBYSHEV, c, x, y)


def chebval3d(x: Any, y: Any, z: Any, c: Any) -> Any:
    """The values of a series in three variables at points.

    Examples
    --------
    >>> from engine.numpy.polynomial import chebyshev
    >>> chebyshev.chebval3d(1.0, 2.0, 3.0, [[[1, 2], [3, 4]]])
    np.float64(37.0)
    """
    return values.value_of_points(CHEBYSHEV, c, x, y, z)


def chebgrid2d(x: Any, y: Any, c: Any) -> Any:
    """The values of a series in two variables at all pairs of x and y.

    Examples
    --------
    >>> from engine.numpy.polynomial import chebyshev
    >>> chebyshev.chebgrid2d([0.0, 1.0], [2.0], [[1, 2], [3, 4]])
    array([[ 5.],
           [16.]])
    """
    return values.value_on_grid(CHEBYSHEV, c, x, y)


def chebgrid3d(x: Any, y: Any, z: Any, c: Any) -> Any:
    """The values of a series in three variables at all triples of x, y and z.

    Examples
    --------
    >>> from engine.numpy.polynomial import chebyshev
    >>> chebyshev.chebgrid3d([1.0], [2.0], [3.0], [[[1, 2], [3, 4]]])
    array([[[37.]]])
    """
    return values.value_on_grid(CHEBYSHEV, c, x, y, z)


def chebder(c: Any, m: Any = 1, scl: Any = 1, axis: Any = 0) -> Any:
    """The m-th derivative of a Chebyshev series, times `scl` each time.

    Examples
    --------
    >>> from engine.numpy.polynomial import chebyshev
    >>> chebyshev.chebder([1, 2, 3, 4])
    array([14., 12., 24.])
    """
    return calculus.derivative(CHEBYSHEV, c, m, scl, axis)


def chebint(
    c: Any, m: Any = 1, k: Any = EMPTY, lbnd: Any = 0, scl: Any = 1, axis: Any = 0
) -> Any:
    """The m-th antiderivative of a Chebyshev series, times `scl` each time.

    The values at `lbnd` are the constants `k`, one for each time, or 0.

    Examples
    --------
    >>> from engine.numpy.polynomial import chebyshev
    >>> chebyshev.chebint([1, 2, 3])
    array([ 0.5, -0.5,  0.5,  0.5])
    """
    return calculus.antiderivative(CHEBYSHEV, c, m, k, lbnd, scl, axis)


def cheb2poly(c: Any) -> Any:
    """A Chebyshev series as coefficients of powers. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import chebyshev
    >>> chebyshev.cheb2poly([1, 2, 3])
    array([-2.,  2.,  6.])
    """
    return series.converted(c, CHEBYSHEV, POWERS)


def poly2cheb(pol: Any) -> Any:
    """Coefficients of powers as a Chebyshev series. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import chebyshev
    >>> chebyshev.poly2cheb([1, 2, 3])
    array([2.5, 2. , 1.5])
    """
    return series.converted(pol, POWERS, CHEBYSHEV)


def chebvander(x: Any, deg: Any) -> Any:
    """The Chebyshev polynomials up to a degree at points, along a new last axis.

    Examples
    --------
    >>> from engine.numpy.polynomial import chebyshev
    >>> chebyshev.chebvander([0.0, 0.5], 2)
    array([[ 1. ,  0. , -1. ],
           [ 1. ,  0.5, -0.5]])
    """
    return values.table(CHEBYSHEV, x, deg)


def chebvander2d(x: Any, y: Any, deg: Any) -> Any:
    """The products of Chebyshev polynomials of x and of y up to two degrees.

    Examples
    --------
    >>> from engine.numpy.polynomial import chebyshev
    >>> chebyshev.chebvander2d([0.5], [2.0], [1, 1])
    array([[1. , 2. , 0.5, 1. ]])
    """
    return values.table_of_points(CHEBYSHEV, (x, y), deg)


def chebvander3d(x: Any, y: Any, z: Any, deg: Any) -> Any:
    """The products of Chebyshev polynomials of x, y and z up to three degrees.

    Examples
    --------
    >>> from engine.numpy.polynomial import chebyshev
    >>> chebyshev.chebvander3d([0.5], [2.0], [3.0], [1, 0, 1])
    array([[1. , 3. , 0.5, 1.5]])
    """
    return values.table_of_points(CHEBYSHEV, (x, y, z), deg)


def chebfit(
    x: Any, y: Any, deg: Any, rcond: Any = None, full: bool = False, w: Any = None
) -> Any:
    """The Chebyshev series nearest to points by least squares. Looks at the rank.

    `deg` is the highest degree or a list of all; `w` says how much each point counts.
    With `full`, what `linalg.lstsq` says is returned, too. Gradients flow.

    Examples
    --------
    >>> from engine.numpy.polynomial import chebyshev
    >>> chebyshev.chebfit([0.0, 1.0, 2.0], [1.0, 3.0, 5.0], 1).round(6)
    array([1., 2.])
    """
    return problems.fit(CHEBYSHEV, x, y, deg, rcond, full, w)


def chebcompanion(c: Any) -> Any:
    """A matrix with the roots as eigenvalues. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import chebyshev
    >>> chebyshev.chebcompanion([1, 2, 3])
    array([[ 0.        ,  0.47140452],
           [ 0.70710678, -0.33333333]])
    """
    return problems.companion(CHEBYSHEV, c)


def chebroots(c: Any) -> Any:
    """The roots of a Chebyshev series, sorted. Computes.

    Examples
    --------
    >>> from engine.numpy.polynomial import chebyshev
    >>> chebyshev.chebroots([1.0, 2.0])
    array([-0.5])
    """
    return problems.roots(CHEBYSHEV, c)


def chebgauss(deg: Any) -> Any:
    """Points and weights of Gauss's quadrature; computed by NumPy.

    Examples
    --------
    >>> from engine.numpy.polynomial import chebyshev
    >>> chebyshev.chebgauss(2)
    (array([ 0.70710678, -0.70710678]), array([1.57079633, 1.57079633]))
    """
    return library_call("chebgauss", theirs.chebgauss, deg)


def chebweight(x: Any) -> Any:
    """The weight under which the polynomials are orthogonal.

    Examples
    --------
    >>> from engine.numpy.polynomial import chebyshev
    >>> chebyshev.chebweight([0.0, 0.5])
    array([1.        , 1.15470054])
    """
    place = as_array(x)
    return 1.0 / (ufuncs.sqrt(1.0 + place) * ufuncs.sqrt(1.0 - place))


def chebpts1(npts: Any) -> Any:
    """The zeros of a Chebyshev polynomial; computed by NumPy.

    Examples
    --------
    >>> from engine.numpy.polynomial import chebyshev
    >>> chebyshev.chebpts1(2)
    array([-0.70710678,  0.70710678])
    """
    return library_call("chebpts1", theirs.chebpts1, npts)


def chebpts2(npts: Any) -> Any:
    """The extremes of a Chebyshev polynomial; computed by NumPy.

    Examples
    --------
    >>> from engine.numpy.polynomial import chebyshev
    >>> chebyshev.chebpts2(3)
    array([-1.000000e+00,  6.123234e-17,  1.000000e+00])
    """
    return library_call("chebpts2", theirs.chebpts2, npts)


def chebinterpolate(func: Any, deg: Any, args: Any = ()) -> Any:
    """The Chebyshev series that takes a function's values at Chebyshev points.

    Examples
    --------
    >>> from engine.numpy.polynomial import chebyshev
    >>> chebyshev.chebinterpolate(lambda x: x**2, 2).round(6) + 0.0
    array([0.5, 0. , 0.5])
    """
    return points.interpolate(func, deg, args)
