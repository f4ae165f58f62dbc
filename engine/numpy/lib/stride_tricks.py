"""Views that strides make: windows, and whatever fits into the memory of an array."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine.errors import named, warn_user
from engine.numpy.axes import normal_axis
from engine.ops.regions import overlapping_axes
from engine.recipe import Recipe, c_strides, is_c_contiguous

__all__ = ["as_strided", "sliding_window_view"]


def sliding_window_view(
    x: Any,
    window_shape: Any,
    axis: Any = None,
    *,
    subok: bool = False,
    writeable: bool = False,
) -> Any:
    """A view of all windows of a shape; the windows' axes come last.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.lib.stride_tricks.sliding_window_view(np.arange(4), 3)
    array([[0, 1, 2],
           [1, 2, 3]])
    """
    array = face.asarray(x)
    wanted = (window_shape,) if np.ndim(window_shape) == 0 else window_shape
    window = tuple(map(index, wanted))
    if axis is None:
        axes = tuple(range(array.ndim))
    else:
        places = (axis,) if np.ndim(axis) == 0 else tuple(axis)
        axes = tuple(normal_axis(place, array.ndim) for place in places)
    if len(window) != len(axes):
        raise ValueError(
            named(
                "as many extents of a window as axes were required; window_shape "
                f"{window} and {len(axes)} axes were given"
            )
        )
    shape = list(array.shape)
    for extent, place in zip(window, axes, strict=True):
        if extent < 0:
            raise ValueError(named("window_shape cannot contain negative values"))
        if extent > shape[place]:
            raise ValueError(
                named("window shape cannot be larger than input array shape")
            )
        shape[place] -= extent - 1
    recipe = array.recipe
    strides = recipe.strides + tuple(recipe.strides[place] for place in axes)
    view = Recipe(recipe.dtype, recipe.offset, (*shape, *window), strides)
    return array.view_as(view, array.writeable and writeable)


def as_strided(
    x: Any,
    shape: Any = None,
    strides: Any = None,
    subok: bool = False,
    writeable: bool = True,
    *,
    check_bounds: bool | None = None,
) -> Any:
    """A view of any shape and strides (in bytes) within the memory of an array.

    It is read-only where elements share memory, since kernels write in any order.

    Raises
    ------
    ValueError
        When an element would lie outside of the array's memory: that is always
        checked. Or when a stride is no multiple of the size of an element.
    """
    array = face.asarray(x)
    recipe = array.recipe
    extents = recipe.shape if shape is None else tuple(map(index, shape))
    if strides is not None:
        steps = tuple(map(index, strides))
    elif is_c_contiguous(recipe):  # NumPy then takes the memory as it comes
        steps = tuple(n * recipe.dtype.itemsize for n in c_strides(extents))
    else:
        steps = array.strides
    if len(extents) != len(steps):
        raise ValueError(
            named(f"mismatch in length of strides {steps} and shape {extents}")
        )
    items = []
    for step in steps:
        count, rest = divmod(step, recipe.dtype.itemsize)
        if rest:
            raise ValueError(
                named(
                    f"strides in multiples of {recipe.dtype.itemsize} bytes were "
                    f"required; {step} was given"
                )
            )
        items.append(count)
    view = Recipe(recipe.dtype, recipe.offset, extents, tuple(items))
    _check_bounds(array, view)
    once = not overlapping_axes(view)
    return array.view_as(view, array.writeable and writeable and once)


def set_strides(array: face.ndarray, strides: Any) -> None:
    """``array.strides = strides``, which NumPy deprecates since it has `as_strided`."""
    steps = (strides,) if hasattr(strides, "__index__") else tuple(strides)
    view = as_strided(array, strides=steps)
    warn_user(
        "Setting the strides of an array is deprecated; make a view with "
        "np.lib.stride_tricks.as_strided",
        DeprecationWarning,
    )
    array.recipe, array.writeable = view.recipe, view.writeable


def _check_bounds(array: face.ndarray, view: Recipe) -> None:
    if view.size == 0:
        return
    reach = [(n - 1) * s for n, s in zip(view.shape, view.strides, strict=True)]
    first = view.offset + sum(r for r in reach if r < 0)
    last = view.offset + sum(r for r in reach if r > 0)
    base = array.line.value
    size = base.size * base.dtype.itemsize // view.dtype.itemsize
    if first < 0 or last >= size:
        raise ValueError(
            named(
                f"elements 0 to {size - 1} of the memory were required; {first} to "
                f"{last} were asked for"
            )
        )
