"""Elements in another order, repeated, or with others around them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine import composites
from engine.array import Array
from engine.errors import named, naming
from engine.movement import integers, normal_axes
from engine.recipe import transposed

from .axes import normal_axis, strict_axis
from .keys import as_positions
from .operands import host_array, read_as
from .quick import remembered

__all__ = [
    "flip",
    "fliplr",
    "flipud",
    "pad",
    "repeat",
    "resize",
    "roll",
    "rot90",
    "tile",
]


# -- reversing and shifting -----------------------------------------------------------
def flip(m: Any, axis: Any = None) -> Any:
    """A view that runs backwards along axes.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.flip(np.array([[0.5, 1.0], [1.5, 2.0]]), axis=1)
    array([[1. , 0.5],
           [2. , 1.5]])
    """
    array = face.asarray(m)
    axes = normal_axes(axis, array.ndim)
    key = tuple(
        slice(None, None, -1) if k in axes else slice(None) for k in range(array.ndim)
    )
    return array[key]


def fliplr(m: Any) -> Any:
    """A view that runs backwards along the second axis.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.fliplr(np.array([[1, 2], [3, 4]]))
    array([[2, 1],
           [4, 3]])
    """
    if face.asarray(m).ndim < 2:
        raise ValueError(named("Input must be >= 2-d."))
    return flip(m, 1)


def flipud(m: Any) -> Any:
    """A view that runs backwards along the first axis.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.flipud(np.array([[1, 2], [3, 4]]))
    array([[3, 4],
           [1, 2]])
    """
    if face.asarray(m).ndim < 1:
        raise ValueError(named("Input must be >= 1-d."))
    return flip(m, 0)


def rot90(m: Any, k: int = 1, axes: Sequence[int] = (0, 1)) -> Any:
    """A view turned by `k` quarters in a plane.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.rot90(np.array([[1, 2], [3, 4]]))
    array([[2, 4],
           [1, 3]])
    """
    array = face.asarray(m)
    if len(axes) != 2:
        raise ValueError(named("len(axes) must be 2."))
    one, two = (normal_axis(axis, array.ndim) for axis in axes)
    if one == two:
        raise ValueError(named("Axes must be different."))
    k %= 4
    if k == 0:
        return array[...]
    if k == 2:
        return flip(flip(array, one), two)
    if k == 1:
        return flip(array, two).swapaxes(one, two)
    return flip(array.swapaxes(one, two), two)


@remembered()
def roll(a: Any, shift: Any, axis: Any = None) -> Any:
    """A copy whose elements are moved on along axes, around the end.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.roll(np.arange(5), 2)
    array([3, 4, 0, 1, 2])
    """
    array = face.asarray(a)
    if axis is None:
        flat = roll(array.ravel(), shift, 0)
        return face.fresh(flat.reshape(array.shape).read())
    axes = axis if isinstance(axis, tuple) else (axis,)
    shifts = shift if isinstance(shift, (tuple, list)) else (shift,)
    pairs = np.broadcast(np.asarray(axes), np.asarray(shifts))
    moved: dict[int, int] = {}
    for one, by in pairs:
        place = normal_axis(one, array.ndim)
        moved[place] = moved.get(place, 0) + int(by)
    out = array
    for place, by in moved.items():
        out = _rolled(out, by, place)
    return out.copy("K") if out is array else out


def _rolled(array: Any, by: int, axis: int) -> Any:
    extent = array.shape[axis]
    by = by % extent if extent else 0
    if not by:
        return array
    out = array.copy("K")  # of its layout; every element is written below
    lead = (slice(None),) * axis
    out[(*lead, slice(by, None))] = array[(*lead, slice(None, -by))]
    out[(*lead, slice(None, by))] = array[(*lead, slice(-by, None))]
    return out


# -- repeating ------------------------------------------------------------------------
@remembered()
def repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    """Each element several times.

    Parameters
    ----------
    a : array_like
    repeats : int or array_like of int
        How often; an array has one number for each place along the axis.
    axis : int, optional
        Without one the elements in C order.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.repeat(np.arange(3), [1, 0, 2])
    array([0, 2, 2])
    """
    array = face.asarray(a)
    if axis is None:
        array, axis = array.ravel(), 0
    elif not array.ndim:
        array = array.reshape(1)
    axis = strict_axis(axis, array.ndim)
    if isinstance(repeats, (int, np.integer)):
        if repeats < 0:
            raise ValueError(named("repeats may not contain negative values."))
        value = composites.repeat_axis(array.read(), int(repeats), axis)
        return face.ndarray.wrap(value)
    counts = as_positions(repeats, safe=True)
    from .fallback import ask

    places = ask("repeat", np.repeat, np.arange(array.shape[axis]), counts)
    return array[(slice(None),) * axis + (places,)]


@remembered()
def tile(A: Any, reps: Any) -> Any:
    """The array repeated as a whole.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.tile(np.arange(2), 3)
    array([0, 1, 0, 1, 0, 1])
    """
    array = face.asarray(A)
    try:
        with naming():
            times = integers(reps)
    except TypeError:
        ones = _whole_ones(A, reps)
        if ones is None:
            raise
        times = ones
    if isinstance(A, Array) and all(n == 1 for n in times):
        made = array.copy("K")
        return made.reshape((1,) * (len(times) - made.ndim) + made.shape)
    if any(n < 0 for n in times):
        raise ValueError(
            named(f"negative dimensions are not allowed: {times} repetitions given")
        )
    return face.ndarray.wrap(composites.tile(array.read(), times))


def _whole_ones(array: Any, reps: Any) -> tuple[int, ...] | None:
    """Repetitions that NumPy takes as floating numbers, too: an array once."""
    given = np.atleast_1d(host_array(reps))
    ones = given.dtype.kind == "f" and bool((given == 1).all())
    return (1,) * len(given) if ones and isinstance(array, Array) else None


def resize(a: Any, new_shape: Any) -> Any:
    """The elements in another shape, repeated or cut off as needed.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.resize(np.arange(3), (2, 4))
    array([[0, 1, 2, 0],
           [1, 2, 0, 1]])
    """
    array = face.asarray(a).ravel()
    shape = integers(new_shape)
    size = int(np.prod(shape))
    if any(n < 0 for n in shape):
        raise ValueError(named("all elements of `new_shape` must be non-negative"))
    if not array.size or not size:
        return face.ndarray(shape, array.dtype)
    times = -(-size // array.size)
    return tile(array, times)[:size].reshape(shape)


# -- padding --------------------------------------------------------------------------
@remembered()
def pad(array: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    """The array with elements put around it.

    The modes ``constant`` (one value), ``edge``, ``reflect``, ``symmetric`` and
    ``wrap`` are lazy; the others are computed by NumPy.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.pad(np.array([1, 2, 3]), (1, 2), mode="edge")
    array([1, 1, 2, 3, 3, 3])
    """
    from .fallback import library_call
    from .methods import memory_order

    x = face.asarray(array)
    widths = _widths(pad_width, x.ndim)
    order = memory_order(x, "A")  # that of the result, too
    widths = [widths[axis] for axis in order]
    number = kwargs.get("constant_values", 0)
    if (
        mode == "constant"
        and set(kwargs) <= {"constant_values"}
        and np.ndim(number) == 0
    ):
        typed = np.asarray(number).astype(x.dtype)[()]
        value = read_as(x, transposed(x.recipe, order))
        return face.ndarray.wrap(composites.pad(value, widths, typed), order)
    if mode in ("edge", "reflect", "symmetric", "wrap") and not kwargs:
        value = read_as(x, transposed(x.recipe, order))
        value = composites.pad_with_itself(value, widths, mode)
        return face.ndarray.wrap(value, order)
    return library_call("pad", np.pad, array, pad_width, mode, **kwargs)


def _widths(pad_width: Any, rank: int) -> list[tuple[int, int]]:
    if isinstance(pad_width, dict):
        spread = [(0, 0)] * rank
        for axis, width in pad_width.items():
            pair = (width, width) if isinstance(width, int) else tuple(width)
            spread[axis] = (int(pair[0]), int(pair[1]))
        return spread
    given = np.asarray(pad_width)
    if given.dtype.kind not in "iu":
        raise TypeError(named("`pad_width` must be of integral type."))
    if (given < 0).any():
        raise ValueError(named("index can't contain negative values"))
    from .fallback import ask

    table = ask("pad", np.broadcast_to, given, (rank, 2))
    return [(int(before), int(after)) for before, after in table]
