"""Running extremes: the greatest and least elements so far, as library calls."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.cotangent import AtPositions, Cotangent
from engine.movement import broadcast_value, reshape_value
from engine.recipe import Shape
from engine.record.value import Value
from engine.shared_work import along

from .comparison import equal, not_equal
from .op import DType, operation
from .scans import flat_positions
from .selection import where
from .sources import iota


def _same(x: Any, axis: int) -> tuple[DType, Shape]:
    return x.dtype, x.shape


def _accumulated(function: np.ufunc, x: Any, axis: int) -> Any:
    """NumPy's running extreme, whose lines threads share."""

    def accumulate(some: Any, there: Any) -> None:
        function.accumulate(some, axis, None, there)

    return along(x, axis, 4.0 * x.size, np.empty(x.shape, x.dtype), accumulate)


@operation("library", _same)
def cummax(x: Any, axis: Any) -> Any:
    """The greatest of all elements up to each one; NaN from the first NaN on."""
    return _accumulated(np.maximum, x, axis)


@operation("library", _same)
def cummin(x: Any, axis: Any) -> Any:
    """The least of all elements up to each one; NaN from the first NaN on."""
    return _accumulated(np.minimum, x, axis)


@cummax.cotangent
@cummin.cotangent
def _(cotangent: Cotangent, out: Value, x: Value, axis: int) -> Any:
    """To the element that is the extreme: of equal ones the last, as in PyTorch."""
    shape = x.shape
    own = iota(attributes=(shape[axis],))
    own = reshape_value(own, (shape[axis],) + (1,) * (len(shape) - axis - 1))
    extreme = equal(x, out) | not_equal(x, x)
    places = where(extreme, broadcast_value(own, shape), 0)
    places = cummax(places, attributes=(axis,))
    return (AtPositions(cotangent, flat_positions(places, axis, shape)),)
