"""What the modules of polynomials share: coefficients, trimming, domains, printing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.polynomial import polyutils as theirs

import engine.numpy.handle as face
from engine.errors import named

from ..conversion import array
from ..fallback import host_value, to_host
from ..joining import stack
from ..nested import stacked

__all__ = [
    "as_series",
    "format_float",
    "getdomain",
    "mapdomain",
    "mapparms",
    "trimcoef",
    "trimseq",
]

EMPTY: list[Any] = []
"""The default of parameters for lists: of constants of integration, or no domain."""


def trimseq(seq: Any) -> Any:
    """A sequence without trailing zeros, of which at least one is left. Computes.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.polynomial.polyutils.trimseq(np.array([1.0, 2.0, 0.0]))
    array([1., 2.])
    """
    host = np.asarray(to_host(seq))
    if not len(host) or host[-1] != 0:
        return seq
    kept = np.flatnonzero(host)
    return seq[: kept[-1] + 1 if kept.size else 1]


def as_series(alist: Any, trim: bool = True) -> list[Any]:
    """Series of one axis each and of one dtype. Looks for trailing zeros.

    Parameters
    ----------
    alist : sequence of array_like
        Coefficients, that of the lowest degree first.
    trim : bool
        Whether trailing zeros are removed.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.polynomial.polyutils.as_series([2, [1.1, 0.0]])
    [array([2.]), array([1.1])]
    """
    series = [at_least_1d(x) for x in alist]
    for x in series:
        if not x.size:
            raise ValueError(named("Coefficient array is empty"))
        if x.ndim != 1:
            raise ValueError(named(f"Coefficient array is not 1-d; {x.shape} given"))
    if trim:
        series = [trimseq(x) for x in series]
    try:
        dtype = np.common_type(*[np.empty(0, x.dtype) for x in series])
    except TypeError:
        given = " and ".join(str(x.dtype) for x in series)
        message = f"Coefficient arrays have no common type; {given} given"
        raise ValueError(named(message)) from None
    return [array(x, dtype, copy=True) for x in series]


def trimcoef(c: Any, tol: Any = 0) -> Any:
    """Coefficients without trailing ones of at most `tol`. Computes.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.polynomial.polyutils.trimcoef([0, 0, 3, 0, 5, 0, 0])
    array([0., 0., 3., 0., 5.])
    """
    if tol < 0:
        raise ValueError(named(f"tol must be non-negative; {tol} given"))
    (series,) = as_series([c])
    kept = np.flatnonzero(np.abs(series.computed()) > to_host(tol))
    return series[: kept[-1] + 1].copy() if kept.size else series[:1] * 0


def as_array(x: Any) -> Any:
    """Anything as an array; what holds arrays is stacked, so that gradients flow."""
    return array(stacked(x), copy=None)


def at_least_1d(x: Any) -> Any:
    """As `as_array`, with one axis where there is none."""
    return array(as_array(x), ndmin=1, copy=None)


# -- domains --------------------------------------------------------------------------
def getdomain(x: Any) -> Any:
    """The smallest interval that holds points; of complex ones, the corners of a box.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.polynomial.polyutils.getdomain(np.array([-5.0, -4.0, 4.0]))
    array([-5.,  4.])
    """
    (points,) = as_series([x], trim=False)
    if points.dtype.kind != "c":
        return stack([points.min(), points.max()])
    real, imaginary = getdomain(points.real), getdomain(points.imag)
    return (real + imaginary * 1j).astype(complex)


def mapparms(old: Any, new: Any) -> tuple[Any, Any]:
    """Offset and scale of the linear map of one domain onto another.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.polynomial.polyutils.mapparms((-1, 1), (0, 4))
    (2.0, 2.0)
    """
    length = old[1] - old[0]
    offset = (old[1] * new[0] - old[0] * new[1]) / length
    return offset, (new[1] - new[0]) / length


def mapdomain(x: Any, old: Any, new: Any) -> Any:
    """Points, mapped from one domain to another.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.polynomial.polyutils.mapdomain(np.array([-1.0, 0.0, 1.0]), (-1, 1), (0, 4))
    array([0., 2., 4.])
    """
    offset, scale = mapparms(old, new)
    return offset + scale * as_points(x)


def as_points(x: Any) -> Any:
    """Places for values of a series: arrays of Engine, Python's numbers, or series."""
    if type(x) in (int, float, complex) or hasattr(x, "has_samecoef"):
        return x
    return as_array(x)


# -- numbers --------------------------------------------------------------------------
def format_float(x: Any, parens: bool = False) -> str:
    """A number as coefficients of series are printed. Computes.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.polynomial.polyutils.format_float(np.array(0.1)[()])
    '0.1'
    """
    number = host_value(x) if isinstance(x, face.ndarray) else x
    return str(theirs.format_float(number, parens))
