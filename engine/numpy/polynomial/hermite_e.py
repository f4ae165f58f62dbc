"""Hermite series of probabilists: He_n, orthogonal under exp(-x**2 / 2)."""

from __future__ import annotations

from typing import Any

from numpy.polynomial import hermite_e as theirs

from .. import ufuncs
from ..conversion import array
from ..fallback import library_call
from . import calculus, problems, series, values
from .classes import HermiteE
from .families import HERMITE_E, POWERS
from .polyutils import EMPTY, as_array, trimcoef

__all__ = [
    "HermiteE",
    "herme2poly",
    "hermeadd",
    "hermecompanion",
    "hermeder",
    "hermediv",
    "hermedomain",
    "hermefit",
    "hermefromroots",
    "hermegauss",
    "hermegrid2d",
    "hermegrid3d",
    "hermeint",
    "hermeline",
    "hermemul",
    "hermemulx",
    "hermeone",
    "hermepow",
    "hermeroots",
    "hermesub",
    "hermetrim",
    "hermeval",
    "hermeval2d",
    "hermeval3d",
    "hermevander",
    "hermevander2d",
    "hermevander3d",
    "hermeweight",
    "hermex",
    "hermezero",
    "poly2herme",
]

hermedomain = array(HERMITE_E.domain)
hermezero = array([0])
hermeone = array([1])
hermex = array([0, 1])
hermetrim = trimcoef


def hermeline(off: Any, scl: Any) -> Any:
    """The HermiteE series of ``off + scl * x``. Looks at `scl`.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite_e
    >>> hermite_e.hermeline(1.0, 2.0)
    array([1., 2.])
    """
    return series.line(HERMITE_E, off, scl)


def hermefromroots(roots: Any) -> Any:
    """The HermiteE series with these roots, and with 1 for the highest power of x.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite_e
    >>> hermite_e.hermefromroots([-1.0, 2.0])
    array([-1., -1.,  1.])
    """
    return series.from_roots(HERMITE_E, roots)


def hermeadd(c1: Any, c2: Any) -> Any:
    """The sum of two HermiteE series. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite_e
    >>> hermite_e.hermeadd([1, 2, 3], [4, 5])
    array([5., 7., 3.])
    """
    return series.add(c1, c2)


def hermesub(c1: Any, c2: Any) -> Any:
    """The difference of two HermiteE series. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite_e
    >>> hermite_e.hermesub([1, 2, 3], [4, 5])
    array([-3., -3.,  3.])
    """
    return series.subtract(c1, c2)


def hermemulx(c: Any) -> Any:
    """A HermiteE series times x. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite_e
    >>> hermite_e.hermemulx([1, 2, 3])
    array([2., 7., 2., 3.])
    """
    return series.times_x(HERMITE_E, c)


def hermemul(c1: Any, c2: Any) -> Any:
    """The product of two HermiteE series. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite_e
    >>> hermite_e.hermemul([1, 2], [3, 4])
    array([11., 10.,  8.])
    """
    return series.multiply(HERMITE_E, c1, c2)


def hermediv(c1: Any, c2: Any) -> tuple[Any, Any]:
    """Quotient and remainder of two HermiteE series. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite_e
    >>> hermite_e.hermediv([1, 2, 3], [3, 2])
    (array([-1.25,  1.5 ]), array([1.75]))
    """
    return series.divide(HERMITE_E, c1, c2)


def hermepow(c: Any, pow: Any, maxpower: Any = 16) -> Any:
    """A HermiteE series to a power, at most `maxpower`. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite_e
    >>> hermite_e.hermepow([1, 2], 2)
    array([5., 4., 4.])
    """
    return series.power(HERMITE_E, c, pow, maxpower)


def hermeval(x: Any, c: Any, tensor: bool = True) -> Any:
    """The values of a HermiteE series at points.

    With `tensor`, coefficients along further axes give values for each; without, they
    broadcast with the points.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite_e
    >>> hermite_e.hermeval([0.0, 0.5], [1, 2, 3])
    array([-2.  , -0.25])
    """
    return values.value(HERMITE_E, x, c, tensor)


def hermeval2d(x: Any, y: Any, c: Any) -> Any:
    """The values of a series in two variables at points.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite_e
    >>> hermite_e.hermeval2d(1.0, 2.0, [[1, 2], [3, 4]])
    np.float64(16.0)
    """
    return values.value_of_points(HERMITE_E, c, x, y)


def hermeval3d(x: Any, y: Any, z: Any, c: Any) -> Any:
    """The values of a series in three variables at points.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite_e
    >>> hermite_e.hermeval3d(1.0, 2.0, 3.0, [[[1, 2], [3, 4]]])
    np.float64(37.0)
    """
    return values.value_of_points(HERMITE_E, c, x, y, z)


def hermegrid2d(x: Any, y: Any, c: Any) -> Any:
    """The values of a series in two variables at all pairs of x and y.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite_e
    >>> hermite_e.hermegrid2d([0.0, 1.0], [2.0], [[1, 2], [3, 4]])
    array([[ 5.],
           [16.]])
    """
    return values.value_on_grid(HERMITE_E, c, x, y)


def hermegrid3d(x: Any, y: Any, z: Any, c: Any) -> Any:
    """The values of a series in three variables at all triples of x, y and z.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite_e
    >>> hermite_e.hermegrid3d([1.0], [2.0], [3.0], [[[1, 2], [3, 4]]])
    array([[[37.]]])
    """
    return values.value_on_grid(HERMITE_E, c, x, y, z)


def hermeder(c: Any, m: Any = 1, scl: Any = 1, axis: Any = 0) -> Any:
    """The m-th derivative of a HermiteE series, times `scl` each time.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite_e
    >>> hermite_e.hermeder([1, 2, 3, 4])
    array([ 2.,  6., 12.])
    """
    return calculus.derivative(HERMITE_E, c, m, scl, axis)


def hermeint(
    c: Any, m: Any = 1, k: Any = EMPTY, lbnd: Any = 0, scl: Any = 1, axis: Any = 0
) -> Any:
    """The m-th antiderivative of a HermiteE series, times `scl` each time.

    The values at `lbnd` are the constants `k`, one for each time, or 0.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite_e
    >>> hermite_e.hermeint([1, 2, 3])
    array([1., 1., 1., 1.])
    """
    return calculus.antiderivative(HERMITE_E, c, m, k, lbnd, scl, axis)


def herme2poly(c: Any) -> Any:
    """A HermiteE series as coefficients of powers. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite_e
    >>> hermite_e.herme2poly([1, 2, 3])
    array([-2.,  2.,  3.])
    """
    return series.converted(c, HERMITE_E, POWERS)


def poly2herme(pol: Any) -> Any:
    """Coefficients of powers as a HermiteE series. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite_e
    >>> hermite_e.poly2herme([1, 2, 3])
    array([4., 2., 3.])
    """
    return series.converted(pol, POWERS, HERMITE_E)


def hermevander(x: Any, deg: Any) -> Any:
    """The HermiteE polynomials up to a degree at points, along a new last axis.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite_e
    >>> hermite_e.hermevander([0.0, 0.5], 2)
    array([[ 1.  ,  0.  , -1.  ],
           [ 1.  ,  0.5 , -0.75]])
    """
    return values.table(HERMITE_E, x, deg)


def hermevander2d(x: Any, y: Any, deg: Any) -> Any:
    """The products of HermiteE polynomials of x and of y up to two degrees.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite_e
    >>> hermite_e.hermevander2d([0.5], [2.0], [1, 1])
    array([[1. , 2. , 0.5, 1. ]])
    """
    return values.table_of_points(HERMITE_E, (x, y), deg)


def hermevander3d(x: Any, y: Any, z: Any, deg: Any) -> Any:
    """The products of HermiteE polynomials of x, y and z up to three degrees.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite_e
    >>> hermite_e.hermevander3d([0.5], [2.0], [3.0], [1, 0, 1])
    array([[1. , 3. , 0.5, 1.5]])
    """
    return values.table_of_points(HERMITE_E, (x, y, z), deg)


def hermefit(
    x: Any, y: Any, deg: Any, rcond: Any = None, full: bool = False, w: Any = None
) -> Any:
    """The HermiteE series nearest to points by least squares. Looks at the rank.

    `deg` is the highest degree or a list of all; `w` says how much each point counts.
    With `full`, what `linalg.lstsq` says is returned, too. Gradients flow.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite_e
    >>> hermite_e.hermefit([0.0, 1.0, 2.0], [1.0, 3.0, 5.0], 1).round(6)
    array([1., 2.])
    """
    return problems.fit(HERMITE_E, x, y, deg, rcond, full, w)


def hermecompanion(c: Any) -> Any:
    """A matrix with the roots as eigenvalues. Looks for trailing zeros.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite_e
    >>> hermite_e.hermecompanion([1, 2, 3])
    array([[ 0.        ,  0.66666667],
           [ 1.        , -0.66666667]])
    """
    return problems.companion(HERMITE_E, c)


def hermeroots(c: Any) -> Any:
    """The roots of a HermiteE series, sorted. Computes.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite_e
    >>> hermite_e.hermeroots([1.0, 2.0])
    array([-0.5])
    """
    return problems.roots(HERMITE_E, c)


def hermegauss(deg: Any) -> Any:
    """Points and weights of Gauss's quadrature; computed by NumPy.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite_e
    >>> hermite_e.hermegauss(2)
    (array([-1.,  1.]), array([1.25331414, 1.25331414]))
    """
    return library_call("hermegauss", theirs.hermegauss, deg)


def hermeweight(x: Any) -> Any:
    """The weight under which the polynomials are orthogonal.

    Examples
    --------
    >>> from engine.numpy.polynomial import hermite_e
    >>> hermite_e.hermeweight([0.0, 0.5])
    array([1.       , 0.8824969])
    """
    place = as_array(x)
    return ufuncs.exp(-0.5 * place**2)
