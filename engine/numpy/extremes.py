"""The largest and smallest elements, and where they are."""

from __future__ import annotations

from math import prod as product
from typing import Any

import numpy as np

import engine.numpy.elementwise as elementwise
import engine.numpy.handle as face
from engine.errors import named
from engine.movement import reshape_value
from engine.ops.regions import full_value
from engine.ops.transfer import on_device
from engine.record.registry import REGISTRY
from engine.shapes import reduced_shape

from .masked import over_selections
from .quick import by_method
from .reductions import (
    Axis,
    deliver,
    dtype_of,
    finished,
    first_value,
    normal,
    reduce,
    selected,
)

__all__ = [
    "amax",
    "amin",
    "argmax",
    "argmin",
    "max",
    "min",
]


def _extreme(
    name: str,
    ufunc: str,
    a: Any,
    axis: Axis,
    out: Any,
    keepdims: bool,
    initial: Any,
    where: Any,
) -> Any:
    array = face.asarray(a)
    axes = normal(name, axis, array.ndim)
    if out is not None:
        array = array.astype(dtype_of(out), copy=False)
    if where is not True:
        if initial is None:
            raise ValueError(
                f"{name}: reduction operation '{ufunc}' does not have an identity, so "
                "to use a where mask one has to specify 'initial'"
            )
        array = selected(array, where, initial)
    if initial is None:
        if product(array.shape[axis] for axis in axes) == 0:
            raise ValueError(
                named(
                    f"zero-size array to reduction operation {ufunc} which has no "
                    "identity"
                )
            )
        return reduce(name, array, axes, keepdims, None, out)
    first = first_value(name, initial, array.dtype)
    if array.size == 0:
        shape = reduced_shape(array.shape, axes, keepdims)
        value = on_device(full_value(shape, initial, array.dtype), array.place)
        return deliver(name, face.ndarray.wrap(value, scalar=not shape), out)
    result = reduce(name, array, axes, keepdims)
    started = elementwise.apply(REGISTRY[ufunc], result, first)
    return deliver(name, started, out)


@by_method
@over_selections
def max(
    a: Any,
    axis: Axis = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """The largest element over axes; NaN if there is one. Parameters as of `sum`.

    Examples
    --------
    >>> import engine.numpy as np
    >>> x = np.array([[1, 5], [4, 2]])
    >>> np.max(x), np.max(x, axis=0), np.max(x, axis=1, keepdims=True)
    (np.int64(5), array([4, 5]), array([[5],
           [4]]))
    """
    return _extreme("max", "maximum", a, axis, out, keepdims, initial, where)


@by_method
@over_selections
def min(
    a: Any,
    axis: Axis = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """The smallest element over axes; NaN if there is one. Parameters as of `sum`.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.min(np.array([3.0, np.nan, 1.0])), np.min(np.array([3, 1]), initial=0)
    (np.float64(nan), np.int64(0))
    """
    return _extreme("min", "minimum", a, axis, out, keepdims, initial, where)


amax = max
amin = min


# -- positions ------------------------------------------------------------------------
def _position(name: str, a: Any, axis: Axis, out: Any, keepdims: bool) -> Any:
    array = face.asarray(a)
    if isinstance(axis, tuple):
        raise TypeError(f"{name}: one axis or None was required; {axis} was given")
    axes = normal(name, axis, array.ndim)
    if product(array.shape[axis] for axis in axes) == 0:
        raise ValueError(named(f"attempt to get {name} of an empty sequence"))
    if out is not None and not np.can_cast(dtype_of(out), np.int64):
        raise TypeError(
            named(
                f"Cannot cast array data from {dtype_of(out)!r} to dtype('int64') "
                "according to the rule 'safe'"
            )
        )
    value = array.read()
    if not value.shape:
        value = reshape_value(value, (1,))
        result = REGISTRY[name](value, attributes=((0,),))
    else:
        result = REGISTRY[name](value, attributes=(axes,))
    return finished(name, result, tuple(range(array.ndim)), axes, keepdims, out)


@by_method
def argmax(
    a: Any, axis: Axis = None, out: Any = None, *, keepdims: bool = False
) -> Any:
    """The first position of the largest element, along one axis or of all.

    NaN counts as the largest. Raises ValueError for no elements.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.argmax(np.array([[1, 5, 2], [7, 0, 7]]), axis=1)
    array([1, 0])
    """
    return _position("argmax", a, axis, out, keepdims)


@by_method
def argmin(
    a: Any, axis: Axis = None, out: Any = None, *, keepdims: bool = False
) -> Any:
    """The first position of the smallest element, along one axis or of all.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.argmin(np.array([[3, 1, 1], [0, 5, 2]]), axis=1)
    array([1, 0])
    """
    return _position("argmin", a, axis, out, keepdims)
