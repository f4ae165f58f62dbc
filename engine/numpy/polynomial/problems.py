"""What is solved by linear algebra: roots and fits."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine.errors import named, warn_user

from ..creation import zeros
from ..fallback import to_host
from ..joining import concatenate, stack
from ..linalg import eigvals, lstsq
from ..sorting import sort
from .families import POWERS, Family
from .polyutils import as_array, as_series
from .values import table

NDArray = np.ndarray[Any, Any]


# -- roots ----------------------------------------------------------------------------
def companion(family: Family, c: Any) -> Any:
    """The matrix of multiplication by x modulo a series, scaled to near symmetry."""
    (series,) = as_series([c])
    if len(series) < 2:
        message = "Series must have maximum degree of at least 1."
        raise ValueError(named(f"{message} {len(series)} coefficient given"))
    fixed, last = _multiplication(family, len(series) - 1)
    column = series[:-1] / series[-1] * last.astype(series.dtype)
    blank = zeros((len(last), len(last) - 1), series.dtype)
    return fixed.astype(series.dtype) - concatenate((blank, column[:, None]), axis=1)


def _multiplication(family: Family, n: int) -> tuple[NDArray, NDArray]:
    """What of a companion matrix is the same for all series; its last column's scale.

    The polynomials are scaled so that up and down are equal where both are there.
    """
    up, middle, down = family.times_x(n, float)
    ratios = np.ones(n - 1) if family.has_shifts else np.sqrt(down[1:] / up[:-1])
    fixed = np.diag(middle) + np.diag(up[:-1] * ratios, -1)
    fixed += np.diag(down[1:] / ratios, 1)
    scales = np.multiply.accumulate(np.append(1.0, 1.0 / ratios[::-1]))[::-1]
    return fixed, scales * up[-1]


def roots(family: Family, c: Any) -> Any:
    """The roots of a series, sorted. Computes."""
    (series,) = as_series([c])
    if len(series) < 2:
        return face.ndarray(0, series.dtype)
    matrix = companion(family, series)
    if len(series) == 2:
        return matrix[0]
    turned = matrix if family is POWERS else matrix[::-1, ::-1]
    return sort(eigvals(turned))


# -- fits -----------------------------------------------------------------------------
def fit(
    family: Family, x: Any, y: Any, deg: Any, rcond: Any, full: bool, w: Any
) -> Any:
    """The series nearest to points by least squares, in all or in some degrees."""
    places, values = as_array(x) + 0.0, as_array(y) + 0.0
    degrees = _degrees(deg)
    _check_points(places, values)
    left = table(family, places, degrees[-1])
    if np.ndim(to_host(deg)):
        left = left[:, degrees]
    if w is not None:
        weights = _weights(w, places)
        left = left * weights[:, None]
        values = values * (weights if values.ndim == 1 else weights[:, None])
    limit = len(places) * np.finfo(places.dtype).eps if rcond is None else rcond
    scale = _lengths(left)
    found, residuals, rank, singular = lstsq(left / scale, values, limit)
    found = (found.T / scale).T
    if np.ndim(to_host(deg)):
        found = _spread(found, degrees)
    if full:
        return found, [residuals, rank, singular, limit]
    if rank != left.shape[1]:
        message = f"{family.prefix}fit: The fit may be poorly conditioned"
        warn_user(message, np.exceptions.RankWarning)
    return found


def _degrees(deg: Any) -> Any:
    """The degrees of a fit, rising."""
    host = np.asarray(to_host(deg))
    if host.ndim > 1 or host.dtype.kind not in "iu" or host.size == 0:
        message = "deg must be an int or non-empty 1-D array of int"
        raise TypeError(named(f"{message}; {deg!r} given"))
    if host.min() < 0:
        raise ValueError(named(f"expected deg >= 0; {deg!r} given"))
    return np.sort(np.atleast_1d(host))


def _check_points(x: Any, y: Any) -> None:
    if x.ndim != 1:
        raise TypeError(named(f"expected 1D vector for x; shape {x.shape} given"))
    if not x.size:
        raise TypeError(named("expected non-empty vector for x"))
    if y.ndim not in (1, 2):
        raise TypeError(named(f"expected 1D or 2D array for y; shape {y.shape} given"))
    if len(x) != len(y):
        given = f"{len(x)} and {len(y)} given"
        raise TypeError(named(f"expected x and y to have same length; {given}"))


def _weights(w: Any, x: Any) -> Any:
    weights = as_array(w) + 0.0
    if weights.ndim != 1:
        raise TypeError(named(f"expected 1D vector for w; shape {weights.shape} given"))
    if len(weights) != len(x):
        given = f"{len(x)} and {len(weights)} given"
        raise TypeError(named(f"expected x and w to have same length; {given}"))
    return weights


def _lengths(columns: Any) -> Any:
    """The Euclidean lengths of columns, 1 for those of zeros."""
    square = (columns * columns.conj()).real.sum(axis=0)
    return (square + (square == 0)) ** 0.5


def _spread(found: Any, degrees: NDArray) -> Any:
    """Coefficients of some degrees, with zeros for those between."""
    rows = [zeros(found.shape[1:], found.dtype)] * (int(degrees[-1]) + 1)
    for degree, row in zip(degrees, found, strict=True):
        rows[degree] = row
    return stack(rows)
