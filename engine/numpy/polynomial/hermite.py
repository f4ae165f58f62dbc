"""Hermite series of physicists: H_n, orthogonal under exp(-x**2)."""

from __future__ import annotations

from typing import Any

from numpy.polynomial import hermite as theirs

from .. import ufuncs
from ..conversion import array
from ..fallback import library_call
from . import calculus, problems, series, values
from .classes import Hermite
from .families import HERMITE, POWERS
from .polyutils import EMPTY, as_array, trimcoef

__all__ = [
    "Hermite",
    "herm2poly",
    "hermadd",
    "hermcompanion",
    "hermder",
    "hermdiv",
    "hermdomain",
    "hermfit",
    "hermfromroots",
    "hermgauss",
    "hermgrid2d",
    "hermgrid3d",
    "hermint",
    "hermline",
    "hermmul",
    "hermmulx",
    "hermone",
    "hermpow",
    "hermroots",
    "hermsub",
    "hermtrim",
    "hermval",
    "hermval2d",
    "hermval3d",
    "hermvander",
    "hermvander2d",
    "hermvander3d",
    "hermweight",
    "hermx",
    "hermzero",
    "poly2herm",
]

hermdomain = array(HERMITE.domain)
hermzero = array([0])
hermone = array([1])
hermx = array([0, 0.5])
hermtrim = trimcoef


def hermline(off: Any, scl: Any) -> Any:
    """The Hermite series of ``off + scl * x``. Looks at `scl`.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite
    >>> hermite.hermline(1.0, 2.0)
    array([1., 1.])
    """
    return series.line(HERMITE, off, scl)


def hermfromroots(roots: Any) -> Any:
    """The Hermite series with these roots, and with 1 for the highest power of x.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite
    >>> hermite.hermfromroots([-1.0, 2.0])
    array([-1.5 , -0.5 ,  0.25])
    """
    return series.from_roots(HERMITE, roots)


def hermadd(c1: Any, c2: Any) -> Any:
    """The sum of two Hermite series. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite
    >>> hermite.hermadd([1, 2, 3], [4, 5])
    array([5., 7., 3.])
    """
    return series.add(c1, c2)


def hermsub(c1: Any, c2: Any) -> Any:
    """The difference of two Hermite series. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite
    >>> hermite.hermsub([1, 2, 3], [4, 5])
    array([-3., -3.,  3.])
    """
    return series.subtract(c1, c2)


def hermmulx(c: Any) -> Any:
    """A Hermite series times x. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite
    >>> hermite.hermmulx([1, 2, 3])
    array([2. , 6.5, 1. , 1.5])
    """
    return series.times_x(HERMITE, c)


def hermmul(c1: Any, c2: Any) -> Any:
    """The product of two Hermite series. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite
    >>> hermite.hermmul([1, 2], [3, 4])
    array([19., 10.,  8.])
    """
    return series.multiply(HERMITE, c1, c2)


def hermdiv(c1: Any, c2: Any) -> tuple[Any, Any]:
    """Quotient and remainder of two Hermite series. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite
    >>> hermite.hermdiv([1, 2, 3], [3, 2])
    (array([-1.25,  1.5 ]), array([-1.25]))
    """
    return series.divide(HERMITE, c1, c2)


def hermpow(c: Any, pow: Any, maxpower: Any = 16) -> Any:
    """A Hermite series to a power, at most `maxpower`. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite
    >>> hermite.hermpow([1, 2], 2)
    array([9., 4., 4.])
    """
    return series.power(HERMITE, c, pow, maxpower)


def hermval(x: Any, c: Any, tensor: bool = True) -> Any:
    """The values of a Hermite series at points.

    With `tensor`, coefficients along further axes give values for each; without, they
    broadcast with the points.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite
    >>> hermite.hermval([0.0, 0.5], [1, 2, 3])
    array([-5.,  0.])
    """
    return values.value(HERMITE, x, c, tensor)


def hermval2d(x: Any, y: Any, c: Any) -> Any:
    """The values of a series in two variables at points.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite
    >>> hermite.hermval2d(1.0, 2.0, [[1, 2], [3, 4]])
    np.float64(47.0)
    """
    return values.value_of_points(HERMITE, c, x, y)


def hermval3d(x: Any, y: Any, z: Any, c: Any) -> Any:
    """The values of a series in three variables at points.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite
    >>> hermite.hermval3d(1.0, 2.0, 3.0, [[[1, 2], [3, 4]]])
    np.float64(121.0)
    """
    return values.value_of_points(HERMITE, c, x, y, z)


def hermgrid2d(x: Any, y: Any, c: Any) -> Any:
    """The values of a series in two variables at all pairs of x and y.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite
    >>> hermite.hermgrid2d([0.0, 1.0], [2.0], [[1, 2], [3, 4]])
    array([[ 9.],
           [47.]])
    """
    return values.value_on_grid(HERMITE, c, x, y)


def hermgrid3d(x: Any, y: Any, z: Any, c: Any) -> Any:
    """The values of a series in three variables at all triples of x, y and z.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite
    >>> hermite.hermgrid3d([1.0], [2.0], [3.0], [[[1, 2], [3, 4]]])
    array([[[121.]]])
    """
    return values.value_on_grid(HERMITE, c, x, y, z)


def hermder(c: Any, m: Any = 1, scl: Any = 1, axis: Any = 0) -> Any:
    """The m-th derivative of a Hermite series, times `scl` each time.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite
    >>> hermite.hermder([1, 2, 3, 4])
    array([ 4., 12., 24.])
    """
    return calculus.derivative(HERMITE, c, m, scl, axis)


def hermint(
    c: Any, m: Any = 1, k: Any = EMPTY, lbnd: Any = 0, scl: Any = 1, axis: Any = 0
) -> Any:
    """The m-th antiderivative of a Hermite series, times `scl` each time.

    The values at `lbnd` are the constants `k`, one for each time, or 0.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite
    >>> hermite.hermint([1, 2, 3])
    array([1. , 0.5, 0.5, 0.5])
    """
    return calculus.antiderivative(HERMITE, c, m, k, lbnd, scl, axis)


def herm2poly(c: Any) -> Any:
    """A Hermite series as coefficients of powers. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite
    >>> hermite.herm2poly([1, 2, 3])
    array([-5.,  4., 12.])
    """
    return series.converted(c, HERMITE, POWERS)


def poly2herm(pol: Any) -> Any:
    """Coefficients of powers as a Hermite series. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite
    >>> hermite.poly2herm([1, 2, 3])
    array([2.5 , 1.  , 0.75])
    """
    return series.converted(pol, POWERS, HERMITE)


def hermvander(x: Any, deg: Any) -> Any:
    """The Hermite polynomials up to a degree at points, along a new last axis.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite
    >>> hermite.hermvander([0.0, 0.5], 2)
    array([[ 1.,  0., -2.],
           [ 1.,  1., -1.]])
    """
    return values.table(HERMITE, x, deg)


def hermvander2d(x: Any, y: Any, deg: Any) -> Any:
    """The products of Hermite polynomials of x and of y up to two degrees.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite
    >>> hermite.hermvander2d([0.5], [2.0], [1, 1])
    array([[1., 4., 1., 4.]])
    """
    return values.table_of_points(HERMITE, (x, y), deg)


def hermvander3d(x: Any, y: Any, z: Any, deg: Any) -> Any:
    """The products of Hermite polynomials of x, y and z up to three degrees.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite
    >>> hermite.hermvander3d([0.5], [2.0], [3.0], [1, 0, 1])
    array([[1., 6., 1., 6.]])
    """
    return values.table_of_points(HERMITE, (x, y, z), deg)


def hermfit(
    x: Any, y: Any, deg: Any, rcond: Any = None, full: bool = False, w: Any = None
) -> Any:
    """The Hermite series nearest to points by least squares. Looks at the rank.

    `deg` is the highest degree or a list of all; `w` says how much each point counts.
    With `full`, what `linalg.lstsq` says is returned, too. Gradients flow.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite
    >>> hermite.hermfit([0.0, 1.0, 2.0], [1.0, 3.0, 5.0], 1).round(6)
    array([1., 1.])
    """
    return problems.fit(HERMITE, x, y, deg, rcond, full, w)


def hermcompanion(c: Any) -> Any:
    """A matrix with the roots as eigenvalues. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite
    >>> hermite.hermcompanion([1, 2, 3])
    array([[ 0.        ,  0.58925565],
           [ 0.70710678, -0.33333333]])
    """
    return problems.companion(HERMITE, c)


def hermroots(c: Any) -> Any:
    """The roots of a Hermite series, sorted. Computes.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite
    >>> hermite.hermroots([1.0, 2.0])
    array([-0.25])
    """
    return problems.roots(HERMITE, c)


def hermgauss(deg: Any) -> Any:
    """Points and weights of Gauss's quadrature; computed by NumPy.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite
    >>> hermite.hermgauss(2)
    (array([-0.70710678,  0.70710678]), array([0.88622693, 0.88622693]))
    """
    return library_call("hermgauss", theirs.hermgauss, deg)


def hermweight(x: Any) -> Any:
    """The weight under which the polynomials are orthogonal.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite
    >>> hermite.hermweight([0.0, 0.5])
    array([1.        , 0.77880078])
    """
    place = as_array(x)
    return ufuncs.exp(-(place**2))
