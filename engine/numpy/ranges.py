"""Ranges, coordinate grids, and matrices given by their indices."""

from __future__ import annotations

from math import ceil
from operator import index
from typing import Any

import numpy as np

import engine.numpy.elementwise as elementwise
import engine.numpy.handle as face
from engine import composites
from engine.array import Array
from engine.errors import named, naming
from engine.ops.op import cast
from engine.record.registry import REGISTRY
from engine.record.value import DATES, Value, constant

from . import quick
from .axes import is_fortran, normal_axis
from .creation import as_index, check_device, extents_of, numeric_dtype, zeros
from .devices import placed
from .fallback import library_call, need_gradients, refuse_gradients, to_host
from .operands import NUMBERS, WEAK

__all__ = [
    "arange",
    "eye",
    "fromfunction",
    "geomspace",
    "identity",
    "indices",
    "linspace",
    "logspace",
    "meshgrid",
    "tri",
]

_PLAIN = frozenset((int, float, type(None)))


def _number(x: Any) -> Any:
    """A bound of a range as a Python number; a handle is computed."""
    if isinstance(x, (Array, np.ndarray, np.generic)):
        return x.item()
    return x


def arange(
    start: Any = None,
    stop: Any = None,
    step: Any = None,
    dtype: Any = None,
    *,
    device: Any = None,
    like: Any = None,
) -> face.ndarray:
    """Evenly spaced numbers: start, start + step, ... up to below stop.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.arange(0, 1, 0.25)
    array([0.  , 0.25, 0.5 , 0.75])
    """
    if start is None:
        if stop is None:
            raise TypeError("arange: where to stop was required; nothing was given")
        start = 0
    if dtype is None and device is None and like is None:
        made = quick.counted(start, stop, step)
        if made is not None:
            return made  # type: ignore[no-any-return]
    counted: face.ndarray = _counted(start, stop, step, dtype, device, like)
    return counted


@quick.remembered(0)
def _counted(
    start: Any, stop: Any, step: Any, dtype: Any, device: Any, like: Any
) -> face.ndarray:
    """`arange` of numbers of all kinds."""
    check_device(device, like)
    dtype = None if dtype is None else np.dtype(dtype)
    given = start, stop, step, dtype
    if not _PLAIN.issuperset(map(type, given)) and any(map(_is_of_dates, given)):
        return placed(_counted_by_numpy(start, stop, step, dtype), device)
    if stop is None:
        start, stop = 0, start
    step = 1 if step is None else step
    if isinstance(step, NUMBERS) and step == 0:
        raise ZeroDivisionError(
            f"arange: a step that is not 0 was required; {step} was given: division by "
            "zero"
        )
    ends = start, stop, step
    if any(isinstance(x, (str, bytes)) for x in ends):  # else the name of a dtype
        raise TypeError(f"arange: numbers were required; {ends} were given")
    refuse_gradients("arange", "the ends say how many numbers there are", ends)
    kinds = [x.dtype if hasattr(x, "dtype") else x for x in ends]
    found = np.result_type(np.int64, *kinds) if dtype is None else dtype
    found = numeric_dtype(found, "arange")
    if _is_wide(found):
        return placed(_counted_by_numpy(*ends, found), device)
    value = composites.arange(_number(start), _number(stop), _number(step), found)
    return placed(face.ndarray.wrap(value), device)


def _is_wide(dtype: np.dtype[Any]) -> bool:
    """Whether Python's floating numbers are narrower, so that NumPy has to count."""
    return dtype.kind == "f" and dtype.itemsize > 8


def _is_of_dates(x: Any) -> bool:
    """Whether an operand has the dtype of dates, or is that dtype."""
    return getattr(getattr(x, "dtype", x), "kind", "O") in DATES


def _counted_by_numpy(start: Any, stop: Any, step: Any, dtype: Any) -> face.ndarray:
    """Evenly spaced dates or durations, also in months, or long doubles."""
    with naming():
        made = np.arange(*to_host((start, stop, step)), dtype=dtype)
    return face.ndarray.wrap(constant(made))


@quick.remembered(0)
def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    *,
    device: Any = None,
) -> Any:
    """`num` evenly spaced numbers from start to stop, or to below it.

    Parameters
    ----------
    start, stop : array_like
        The ends; of arrays the numbers run along a new axis.
    num : int
        How many numbers, at least 0.
    endpoint : bool
        Whether `stop` is the last one.
    retstep : bool
        Whether the distance of neighbours is returned, too.
    dtype : dtype, optional
        float64, or complex128, when none is given.
    axis : int
        Where the new axis stands.
    device : str, optional

    Raises
    ------
    ValueError
        For a negative `num`.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.linspace(0, 1, 5)
    array([0.  , 0.25, 0.5 , 0.75, 1.  ])
    """
    check_device(device)
    if axis != 0:
        normal_axis(axis, 1 + max(np.ndim(start), np.ndim(stop)))
    num = as_index(num, "a number of samples")
    if num < 0:
        raise ValueError(named(f"Number of samples, {num}, must be non-negative."))
    parts = num - 1 if endpoint else num
    if _has_axes(start) or _has_axes(stop) or need_gradients(start, stop):
        made, step = _linspace_of_arrays(start, stop, num, parts, endpoint)
        found = made.dtype if dtype is None else numeric_dtype(dtype, "linspace")
        if found.kind in "iu":
            made = elementwise.apply(REGISTRY["floor"], made)
        made = made.astype(found) if found != made.dtype else made
        from .manipulation import moveaxis

        made = placed(moveaxis(made, 0, axis) if axis != 0 else made, device)
        return (made, step) if retstep else made
    natural = _natural(start, stop)
    if _is_wide(natural):
        made = library_call(
            "linspace", np.linspace, start, stop, num, endpoint, retstep, dtype
        )
        return (placed(made[0], device), made[1]) if retstep else placed(made, device)
    low, high = _number(start), _number(stop)
    low, high = (float(x) if isinstance(x, int) else x for x in (low, high))
    found = natural if dtype is None else numeric_dtype(dtype, "linspace")
    value = composites.linspace(low, high, num, bool(endpoint), found)
    made = placed(face.ndarray.wrap(value), device)
    step = np.asarray((high - low) / parts if parts > 0 else np.nan)[()]
    return (made, step) if retstep else made


def _natural(start: Any, stop: Any) -> np.dtype[Any]:
    """The dtype of numbers between two ends: at least that of a Python float."""
    ends = (start, stop)
    kinds: Any = [x if x.__class__ in WEAK else face.asarray(x).dtype for x in ends]
    found: np.dtype[Any] = np.result_type(*kinds, 1.0)
    return found


def _has_axes(x: Any) -> bool:
    return bool(np.ndim(x)) if not isinstance(x, Array) else x.ndim > 0


def _linspace_of_arrays(
    start: Any, stop: Any, num: int, parts: int, endpoint: bool
) -> tuple[Any, Any]:
    low, high = (face.asarray(x) * 1.0 for x in (start, stop))
    delta = high - low
    step = delta / parts if parts > 0 else delta * np.nan
    place = arange(num, dtype=float).reshape((num,) + (1,) * delta.ndim)
    made = (place * step if parts > 0 else place * delta) + low
    if endpoint and num > 1:
        made[-1] = high
    natural = _natural(start, stop)
    if made.dtype != natural:
        made, step = made.astype(natural), step.astype(natural)
    return made, step


@quick.remembered(0)
def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10.0,
    dtype: Any = None,
    axis: int = 0,
) -> face.ndarray:
    """Numbers evenly spaced on a logarithmic scale.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.logspace(0, 3, 4)
    array([   1.,   10.,  100., 1000.])
    """
    if np.ndim(base):
        from .manipulation import broadcast_arrays, expand_dims

        start, stop, base = broadcast_arrays(start, stop, base)
        base = expand_dims(base, axis)
    exponents = linspace(start, stop, num, endpoint, axis=axis)
    made: face.ndarray = elementwise.apply(REGISTRY["power"], base, exponents)
    return made if dtype is None else made.astype(dtype)


def geomspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    dtype: Any = None,
    axis: int = 0,
) -> face.ndarray:
    """Numbers in geometric progression.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.geomspace(1, 8, 4)
    array([1., 2., 4., 8.])
    """
    made: face.ndarray = library_call(
        "geomspace", np.geomspace, start, stop, num, endpoint, dtype, axis
    )
    return made


def fromfunction(
    function: Any, shape: Any, *, dtype: Any = float, like: Any = None, **kwargs: Any
) -> Any:
    """A function of the index grids of a shape.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.fromfunction(lambda i, j: i == j, (2, 3), dtype=int)
    array([[ True, False, False],
           [False,  True, False]])
    """
    check_device(None, like)
    return function(*indices(shape, dtype=dtype), **kwargs)


@quick.remembered(0)
def eye(
    N: int,
    M: int | None = None,
    k: int = 0,
    dtype: Any = float,
    order: str = "C",
    *,
    device: Any = None,
    like: Any = None,
) -> face.ndarray:
    """Ones on a diagonal, zeros elsewhere.

    Parameters
    ----------
    N, M : int
        Rows, and columns: as many as rows when they are not given.
    k : int
        The diagonal: 0 the main one, those above it positive.
    dtype : dtype
    order : {"C", "F"}

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.eye(2, 3, k=1)
    array([[0., 1., 0.],
           [0., 0., 1.]])
    """
    check_device(device, like)
    rows, columns = extents_of((N, N if M is None else M))
    with naming():
        place = max(-rows, columns if k >= columns else index(k))
    value = composites.eye(rows, columns, place, numeric_dtype(dtype, "eye"))
    made = face.ndarray.wrap(value)
    return placed(made.copy("F") if is_fortran(order) else made, device)


def identity(n: int, dtype: Any = None, *, like: Any = None) -> face.ndarray:
    """The identity matrix.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.identity(2)
    array([[1., 0.],
           [0., 1.]])
    """
    made: face.ndarray = eye(n, dtype=float if dtype is None else dtype, like=like)
    return made


def tri(
    N: int, M: int | None = None, k: int = 0, dtype: Any = float, *, like: Any = None
) -> face.ndarray:
    """Ones at and below a diagonal.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.tri(2, 3, 1)
    array([[1., 1., 0.],
           [1., 1., 1.]])
    """
    check_device(None, like)
    rows, columns = (max(ceil(n), 0) for n in (N, N if M is None else M))
    value = lower_triangle(rows, columns, k)
    return face.ndarray.wrap(cast(value, numeric_dtype(dtype, "tri")))


def lower_triangle(rows: int, columns: int, k: Any) -> Value:
    """Whether a place is on or below a diagonal, which may lie between two: bool."""
    k = _number(k)
    if isinstance(k, int):
        return composites.lower_triangle(rows, columns, max(-rows, min(k, columns)))
    with naming():
        return constant(np.tri(rows, columns, k, bool))


def indices(dimensions: Any, dtype: Any = int, sparse: bool = False) -> Any:
    """The index grids of a shape, one for each axis.

    Examples
    --------
    >>> import engine.numpy as np
    >>> row, column = np.indices((2, 2))
    >>> column
    array([[0, 1],
           [0, 1]])
    """
    extents = extents_of(dimensions)
    rank = len(extents)
    grids = [
        arange(extent, dtype=dtype).reshape((extent,) + (1,) * (rank - axis - 1))
        for axis, extent in enumerate(extents)
    ]
    if sparse:
        return tuple(
            grid.reshape((1,) * axis + grid.shape) for axis, grid in enumerate(grids)
        )
    out = zeros((rank, *extents), dtype)
    for axis, grid in enumerate(grids):
        out[axis] = grid
    return out


def meshgrid(
    *xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy"
) -> tuple[face.ndarray, ...]:
    """Coordinate grids from coordinate vectors.

    Examples
    --------
    >>> import engine.numpy as np
    >>> x, y = np.meshgrid(np.arange(3), np.arange(2))
    >>> x + 10 * y
    array([[ 0,  1,  2],
           [10, 11, 12]])
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(named("Valid values for `indexing` are 'xy' and 'ij'."))
    rank = len(xi)
    made = []
    for axis, x in enumerate(xi):
        place = axis if indexing == "ij" or rank < 2 or axis > 1 else 1 - axis
        shape = [1] * rank
        shape[place] = -1
        made.append(face.asarray(x).reshape(tuple(shape)))
    if sparse:
        return tuple(grid.copy() if copy else grid for grid in made)
    from .manipulation import broadcast_arrays

    spread = broadcast_arrays(*made) if made else ()
    return tuple(grid.copy() if copy else grid for grid in spread)
