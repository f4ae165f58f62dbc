"""Functions that change shapes and orders of axes, and repeat or reverse elements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine import composites
from engine.errors import called, named, naming
from engine.movement import integers, normal_axes
from engine.ops.op import broadcast_shape
from engine.recipe import Recipe, broadcast_strides

from . import quick
from .keys import as_positions
from .views import normal_axis

__all__ = [
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "broadcast_arrays",
    "broadcast_shapes",
    "broadcast_to",
    "expand_dims",
    "flip",
    "fliplr",
    "flipud",
    "matrix_transpose",
    "moveaxis",
    "pad",
    "permute_dims",
    "ravel",
    "repeat",
    "reshape",
    "resize",
    "roll",
    "rollaxis",
    "rot90",
    "squeeze",
    "swapaxes",
    "tile",
    "transpose",
]


def _given(a: Any) -> face.ndarray:
    return face.asarray(a)


def reshape(
    a: Any, /, shape: Any, order: str = "C", *, copy: bool | None = None
) -> Any:
    """The same elements in another shape: a view where strides allow it."""
    return _given(a).reshape(shape, order=order, copy=copy)


def ravel(a: Any, order: str = "C") -> Any:
    """The elements along one axis: a view where they lie together."""
    return _given(a).ravel(order)


def transpose(a: Any, axes: Any = None) -> Any:
    """The array with its axes in another order, by default reversed."""
    return _given(a).transpose(axes)


permute_dims = transpose


def matrix_transpose(x: Any, /) -> Any:
    """The array with its last two axes exchanged."""
    array = _given(x)
    if array.ndim < 2:
        raise ValueError(
            named(
                "Input array must be at least 2-dimensional, but it is "
                f"{array.ndim}-dimensional"
            )
        )
    return array.mT


def swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    """The array with two axes exchanged."""
    return _given(a).swapaxes(axis1, axis2)


def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    """The array with axes moved to other places, the others in order."""
    array = _given(a)
    rank = array.ndim
    sources = _axes_in_order(source, rank)
    targets = _axes_in_order(destination, rank)
    if len(sources) != len(targets):
        raise ValueError(
            named(
                "`source` and `destination` arguments must have the same number of "
                "elements"
            )
        )
    order = [axis for axis in range(rank) if axis not in sources]
    for target, one in sorted(zip(targets, sources, strict=True)):
        order.insert(target, one)
    return array.transpose(order)


def _axes_in_order(axes: Any, rank: int) -> list[int]:
    given = axes if isinstance(axes, (tuple, list)) else (axes,)
    found = [normal_axis(axis, rank) for axis in given]
    if len(set(found)) < len(found):
        raise ValueError(named("repeated axis"))
    return found


def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    """The array with one axis moved before another."""
    array = _given(a)
    axis = normal_axis(axis, array.ndim)
    if start < 0:
        start += array.ndim
    if not 0 <= start <= array.ndim:
        raise np.exceptions.AxisError(start, array.ndim, called())
    order = [k for k in range(array.ndim) if k != axis]
    order.insert(start - (axis < start), axis)
    return array.transpose(order)


def expand_dims(a: Any, axis: Any) -> Any:
    """The array with axes of extent 1 put in."""
    array = _given(a)
    given = axis if isinstance(axis, (tuple, list)) else (axis,)
    rank = array.ndim + len(given)
    places = set(normal_axes(tuple(given), rank))
    extents = iter(array.shape)
    shape = tuple(1 if k in places else next(extents) for k in range(rank))
    return array.reshape(shape)


def squeeze(a: Any, axis: Any = None) -> Any:
    """The array without axes of extent 1."""
    return _given(a).squeeze(axis)


def atleast_1d(*arys: Any) -> Any:
    """Arrays with at least one axis."""
    made = tuple(x.reshape(1) if x.ndim == 0 else x for x in map(_given, arys))
    return made[0] if len(made) == 1 else made


def atleast_2d(*arys: Any) -> Any:
    """Arrays with at least two axes."""
    made = tuple(
        x.reshape(1, 1) if x.ndim == 0 else x[None, :] if x.ndim == 1 else x
        for x in map(_given, arys)
    )
    return made[0] if len(made) == 1 else made


def atleast_3d(*arys: Any) -> Any:
    """Arrays with at least three axes."""
    made = []
    for x in map(_given, arys):
        if x.ndim == 0:
            made.append(x.reshape(1, 1, 1))
        elif x.ndim == 1:
            made.append(x[None, :, None])
        else:
            made.append(x[:, :, None] if x.ndim == 2 else x)
    return made[0] if len(made) == 1 else tuple(made)


# -- broadcasting ---------------------------------------------------------------------
def broadcast_to(array: Any, shape: Any, subok: bool = False) -> Any:
    """A read-only view that repeats the array to a shape.

    Raises ValueError for a shape that the array does not broadcast to.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.broadcast_to(np.arange(2), (3, 2))
    array([[0, 1],
           [0, 1],
           [0, 1]])
    """
    x = _given(array)
    if x.scalar:
        x = face.ndarray.wrap(x.read())  # an array, which can be viewed
    extents = integers(shape)
    if min(extents, default=0) < 0:
        message = "all elements of broadcast shape must be non-negative"
        raise ValueError(named(f"{message}; {extents} was given"))
    recipe = x.recipe
    try:
        strides = broadcast_strides(recipe, extents)
    except ValueError:
        raise ValueError(
            "broadcast_to: operands could not be broadcast together: a shape that fits "
            f"{recipe.shape} was required; {extents} was given"
        ) from None
    return x.view_as(Recipe(recipe.dtype, recipe.offset, extents, strides), False)


def broadcast_arrays(*args: Any, subok: bool = False) -> tuple[Any, ...]:
    """Arrays, each as a view of the shape that they have together."""
    arrays = [_given(x) for x in args]
    shape = broadcast_shape("broadcast_arrays", [x.shape for x in arrays] or [()])
    return tuple(x if x.shape == shape else broadcast_to(x, shape) for x in arrays)


def broadcast_shapes(*args: Any) -> tuple[int, ...]:
    """The shape that shapes have together."""
    from .fallback import ask

    shape: tuple[int, ...] = ask("broadcast_shapes", np.broadcast_shapes, *args)
    return shape


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
    array = _given(m)
    axes = normal_axes(axis, array.ndim)
    key = tuple(
        slice(None, None, -1) if k in axes else slice(None) for k in range(array.ndim)
    )
    return array[key]


def fliplr(m: Any) -> Any:
    """A view that runs backwards along the second axis."""
    if _given(m).ndim < 2:
        raise ValueError(named("Input must be >= 2-d."))
    return flip(m, 1)


def flipud(m: Any) -> Any:
    """A view that runs backwards along the first axis."""
    if _given(m).ndim < 1:
        raise ValueError(named("Input must be >= 1-d."))
    return flip(m, 0)


def rot90(m: Any, k: int = 1, axes: Sequence[int] = (0, 1)) -> Any:
    """A view turned by `k` quarters in a plane."""
    array = _given(m)
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


def roll(a: Any, shift: Any, axis: Any = None) -> Any:
    """A copy whose elements are moved on along axes, around the end."""
    what = ("roll", shift, axis)
    made = quick.again((a,), what)
    if made is not None:
        return made
    array = _given(a)
    if axis is None:
        return roll(array.ravel(), shift, 0).reshape(array.shape)
    return quick.noted(what, array, lambda: _rolled_along(array, shift, axis))


def _rolled_along(array: Any, shift: Any, axis: Any) -> Any:
    """`roll` along axes."""
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
    array = _given(a)
    if axis is None:
        array, axis = array.ravel(), 0
    axis = normal_axis(axis, array.ndim)
    if isinstance(repeats, (int, np.integer)):
        if repeats < 0:
            raise ValueError(named("repeats may not contain negative values."))
        value = composites.repeat_axis(array.read(), int(repeats), axis)
        return face.ndarray.wrap(value)
    counts = as_positions(repeats)
    from .fallback import ask

    places = ask("repeat", np.repeat, np.arange(array.shape[axis]), counts)
    return array[(slice(None),) * axis + (places,)]


def tile(A: Any, reps: Any) -> Any:
    """The array repeated as a whole.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.tile(np.arange(2), 3)
    array([0, 1, 0, 1, 0, 1])
    """
    array = _given(A)
    with naming():
        times = integers(reps)
    if any(n < 0 for n in times):
        raise ValueError(
            named(f"negative dimensions are not allowed: {times} repetitions given")
        )
    return face.ndarray.wrap(composites.tile(array.read(), times))


def resize(a: Any, new_shape: Any) -> Any:
    """The elements in another shape, repeated or cut off as needed."""
    array = _given(a).ravel()
    shape = integers(new_shape)
    size = int(np.prod(shape))
    if any(n < 0 for n in shape):
        raise ValueError(named("all elements of `new_shape` must be non-negative"))
    if not array.size or not size:
        return face.ndarray(shape, array.dtype)
    times = -(-size // array.size)
    return tile(array, times)[:size].reshape(shape)


# -- padding --------------------------------------------------------------------------
def pad(array: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    """The array with elements put around it.

    The modes ``constant`` (one value), ``edge``, ``reflect``, ``symmetric`` and
    ``wrap`` are lazy; the others are computed by NumPy.
    """
    x = _given(array)
    widths = _widths(pad_width, x.ndim)
    number = kwargs.get("constant_values", 0)
    if (
        mode == "constant"
        and set(kwargs) <= {"constant_values"}
        and np.ndim(number) == 0
    ):
        typed = np.asarray(number).astype(x.dtype)[()]
        return face.ndarray.wrap(composites.pad(x.read(), widths, typed))
    if mode in ("edge", "reflect", "symmetric", "wrap") and not kwargs:
        value = composites.pad_with_itself(x.read(), widths, mode)
        return face.ndarray.wrap(value)
    from .fallback import library_call

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
