"""Values of series and of their polynomials, at points and on grids."""

from __future__ import annotations

from typing import Any

import engine.numpy.handle as face
from engine.errors import named

from ..creation import as_index
from ..joining import stack
from ..manipulation import moveaxis
from ..reductions import prod
from .families import Family
from .polyutils import as_array, as_points, at_least_1d
from .recurrences import downwards, times_points, upwards


def inexact(c: Any) -> Any:
    """Coefficients along a first axis; integers and truth values as float64."""
    weights = at_least_1d(c)
    return weights.astype(float) if weights.dtype.kind in "biu" else weights


def value(family: Family, x: Any, c: Any, tensor: bool = True) -> Any:
    """The sum of coefficients, each times its polynomial at points."""
    weights, points = inexact(c), as_points(x)
    if weights.ndim > 1 and isinstance(points, face.ndarray) and tensor:
        weights = weights.reshape(weights.shape + (1,) * points.ndim)
    rows = [weights[k] for k in range(len(weights))]
    if len(rows) == 1 or family.has_shifts:  # NumPy's value at infinity is NaN
        rows[-1] = rows[-1] + points * 0
    if len(rows) == 1:
        return rows[0]
    return downwards(family, rows, times_points(points))


def value_of_points(family: Family, c: Any, *points: Any) -> Any:
    """Values at points of several coordinates."""
    places = [as_array(x) for x in points]
    if any(x.shape != places[0].shape for x in places):
        names = ", ".join("xyz"[: len(places)])
        given = " and ".join(str(x.shape) for x in places)
        message = f"{names} are incompatible: equal shapes were required; {given} given"
        raise ValueError(named(message))
    found = value(family, places[0], c)
    for place in places[1:]:
        found = value(family, place, found, tensor=False)
    return found


def value_on_grid(family: Family, c: Any, *axes: Any) -> Any:
    """Values at all combinations of coordinates."""
    for x in axes:
        c = value(family, x, c)
    return c


def value_from_roots(x: Any, r: Any, tensor: bool = True) -> Any:
    """Products of the distances to roots."""
    roots, points = inexact(r), as_points(x)
    if isinstance(points, face.ndarray):
        if tensor:
            roots = roots.reshape(roots.shape + (1,) * points.ndim)
        elif points.ndim >= roots.ndim:
            message = f"x.ndim must be < r.ndim when tensor == False; {points.ndim} and"
            raise ValueError(named(f"{message} {roots.ndim} given"))
    return prod(points - roots, axis=0)


# -- tables ---------------------------------------------------------------------------
def table(family: Family, x: Any, deg: Any) -> Any:
    """The values of all polynomials up to a degree, along a new last axis."""
    degree = as_index(deg, "deg")
    if degree < 0:
        raise ValueError(named(f"deg must be non-negative; {degree} given"))
    points = at_least_1d(x) + 0.0
    rows = upwards(family, points * 0 + 1, times_points(points), degree + 1)
    return moveaxis(stack(rows), 0, -1)


def table_of_points(family: Family, points: tuple[Any, ...], deg: Any) -> Any:
    """The products of polynomials in each coordinate, along a new last axis."""
    if len(points) != len(deg):
        message = f"Expected {len(points)} dimensions of degrees, got {len(deg)}"
        raise ValueError(named(message))
    places = [x + 0.0 for x in stack([as_array(x) for x in points])]
    made, rank = None, len(places)
    for k, (place, degree) in enumerate(zip(places, deg, strict=True)):
        factor = table(family, place, degree)
        at = factor.shape[:-1] + (1,) * k + factor.shape[-1:] + (1,) * (rank - 1 - k)
        factor = factor.reshape(at)
        made = factor if made is None else made * factor
    assert made is not None
    return made.reshape((*made.shape[:-rank], -1))
