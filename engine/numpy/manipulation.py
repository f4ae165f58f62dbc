"""Functions that change shapes and orders of axes, and repeat or reverse elements."""

from __future__ import annotations

from typing import Any, SupportsIndex

import numpy as np

import engine.numpy.handle as face
from engine.errors import called, named
from engine.movement import integers, normal_axes
from engine.ops.op import broadcast_shape
from engine.recipe import Recipe, broadcast_strides

from .axes import normal_axis

__all__ = [
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "broadcast_arrays",
    "broadcast_shapes",
    "broadcast_to",
    "expand_dims",
    "matrix_transpose",
    "moveaxis",
    "permute_dims",
    "ravel",
    "reshape",
    "rollaxis",
    "squeeze",
    "swapaxes",
    "transpose",
]


def _given(a: Any) -> face.ndarray:
    return face.asarray(a)


def reshape(
    a: Any, /, shape: Any, order: str = "C", *, copy: bool | None = None
) -> Any:
    """The same elements in another shape: a view where strides allow it.

    Parameters
    ----------
    a : array_like
    shape : int or sequence of int
        One of them may be -1: what is left.
    order : {"C", "F", "A"}
        Which axis varies fastest.
    copy : bool, optional
        True copies always, False never.

    Raises
    ------
    ValueError
        Where the number of elements is another one, or a copy is refused and needed.

    Examples
    --------
    >>> import engine.numpy as np
    >>> x = np.arange(6)
    >>> y = np.reshape(x, (2, -1))
    >>> y[0, 0] = 9
    >>> y, x[0]
    (array([[9, 1, 2],
           [3, 4, 5]]), np.int64(9))
    """
    return _given(a).reshape(shape, order=order, copy=copy)


def ravel(a: Any, order: str = "C") -> Any:
    """The elements along one axis: a view where they lie together.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.ravel(np.array([[1, 2], [3, 4]]), order="F")
    array([1, 3, 2, 4])
    """
    return _given(a).ravel(order)


def transpose(a: Any, axes: Any = None) -> Any:
    """The array with its axes in another order, by default reversed.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.transpose(np.ones((2, 3, 4)), (1, 0, 2)).shape
    (3, 2, 4)
    """
    return _given(a).transpose(axes)


permute_dims = transpose


def matrix_transpose(x: Any, /) -> Any:
    """The array with its last two axes exchanged.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.matrix_transpose(np.arange(4).reshape(1, 2, 2))
    array([[[0, 2],
            [1, 3]]])
    """
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
    """The array with two axes exchanged.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.swapaxes(np.ones((2, 3, 4)), 0, -1).shape
    (4, 3, 2)
    """
    return _given(a).swapaxes(axis1, axis2)


def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    """The array with axes moved to other places, the others in order.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.moveaxis(np.ones((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
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
    is_one = isinstance(axes, SupportsIndex)
    found = [normal_axis(axis, rank) for axis in ((axes,) if is_one else axes)]
    if len(set(found)) < len(found):
        raise ValueError(named("repeated axis"))
    return found


def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    """The array with one axis moved before another.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.rollaxis(np.ones((2, 3, 4)), 2).shape
    (4, 2, 3)
    """
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
    """The array with axes of extent 1 put in.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.expand_dims(np.arange(3), (0, 2)).shape
    (1, 3, 1)
    """
    array = _given(a)
    given = axis if isinstance(axis, (tuple, list)) else (axis,)
    rank = array.ndim + len(given)
    places = set(normal_axes(tuple(given), rank))
    extents = iter(array.shape)
    shape = tuple(1 if k in places else next(extents) for k in range(rank))
    return array.reshape(shape)


def squeeze(a: Any, axis: Any = None) -> Any:
    """The array without axes of extent 1.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.squeeze(np.ones((1, 3, 1))).shape
    (3,)
    """
    return _given(a).squeeze(axis)


def atleast_1d(*arys: Any) -> Any:
    """Arrays with at least one axis.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.atleast_1d(5.0)
    array([5.])
    """
    made = tuple(x.reshape(1) if x.ndim == 0 else x for x in map(_given, arys))
    return made[0] if len(made) == 1 else made


def atleast_2d(*arys: Any) -> Any:
    """Arrays with at least two axes.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.atleast_2d(np.arange(3))
    array([[0, 1, 2]])
    """
    made = tuple(
        x.reshape(1, 1) if x.ndim == 0 else x[None, :] if x.ndim == 1 else x
        for x in map(_given, arys)
    )
    return made[0] if len(made) == 1 else made


def atleast_3d(*arys: Any) -> Any:
    """Arrays with at least three axes.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.atleast_3d(np.arange(3)).shape
    (1, 3, 1)
    """
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
    """Arrays, each as a view of the shape that they have together.

    Examples
    --------
    >>> import engine.numpy as np
    >>> x, y = np.broadcast_arrays(np.arange(3), np.arange(2)[:, None])
    >>> y
    array([[0, 0, 0],
           [1, 1, 1]])
    """
    arrays = [_given(x) for x in args]
    shape = broadcast_shape("broadcast_arrays", [x.shape for x in arrays] or [()])
    return tuple(x if x.shape == shape else broadcast_to(x, shape) for x in arrays)


def broadcast_shapes(*args: Any) -> tuple[int, ...]:
    """The shape that shapes have together.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.broadcast_shapes((2, 1), (3,))
    (2, 3)
    """
    from .fallback import ask

    shape: tuple[int, ...] = ask("broadcast_shapes", np.broadcast_shapes, *args)
    return shape
