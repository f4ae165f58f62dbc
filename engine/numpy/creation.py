"""Arrays made from nothing, from numbers, or from what others hold."""

from __future__ import annotations

from functools import partial
from operator import index
from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine.array import Array
from engine.errors import named, naming
from engine.kernels.backend import HOST
from engine.ops.op import as_operand
from engine.ops.regions import full_value
from engine.recipe import is_c_contiguous

from .axes import is_fortran, order_letter
from .devices import checked_device, placed
from .methods import memory_order
from .operands import KINDS, NUMBERS, letter_of
from .quick import again, noted_on, remembered

__all__ = [
    "empty",
    "empty_like",
    "full",
    "full_like",
    "ones",
    "ones_like",
    "zeros",
    "zeros_like",
]

_FLOAT = np.dtype(float)


def extents_of(shape: Any) -> tuple[int, ...]:
    """A shape as a tuple. Raises ValueError for a negative extent."""
    is_one = isinstance(shape, (Array, np.ndarray)) and not shape.ndim
    if is_one or isinstance(shape, (int, np.integer)):
        extents: tuple[int, ...] = (as_index(shape, "a shape"),)
    elif hasattr(shape, "__iter__") and not isinstance(shape, str):
        extents = tuple(as_index(extent, "a shape") for extent in shape)
    else:
        extents = (as_index(shape, "a shape"),)
    if any(extent < 0 for extent in extents):
        raise ValueError(
            named(f"negative dimensions are not allowed: shape {extents} was given")
        )
    return extents


def as_index(number: Any, meaning: str) -> int:
    """An integer of any class. Raises TypeError for anything else."""
    try:
        return index(number)
    except TypeError:
        raise TypeError(
            named(
                f"integers were required for {meaning}; {number!r} was given: "
                f"'{type(number).__name__}' object cannot be interpreted as an integer"
            )
        ) from None


def numeric_dtype(dtype: Any, name: str) -> np.dtype[Any]:
    """A dtype that the engine has. Raises TypeError for the others."""
    with naming():
        found = np.dtype(float if dtype is None else dtype)
    if found.kind not in KINDS or found.itemsize > 16 or not found.isnative:
        raise TypeError(
            f"{name}: a boolean, integer, floating or complex dtype, or one of dates, "
            f"was required; {found} was given"
        )
    return found


def check_device(device: Any, like: Any = None) -> None:
    if device is not None:
        checked_device(device)
    if like is not None and not isinstance(like, Array):
        raise TypeError("like: an array of Engine was required")


def _filled(shape: Any, number: Any, dtype: np.dtype[Any], order: str) -> face.ndarray:
    extents = extents_of(shape)
    axes = tuple(range(len(extents)))
    if is_fortran(order):
        axes = axes[::-1]
    value = full_value(tuple(extents[axis] for axis in axes), number, dtype)
    return face.ndarray.wrap(value, axes)


def _constant(
    name: str,
    number: int,
    shape: Any,
    dtype: Any,
    order: str,
    device: Any = None,
    like: Any = None,
) -> face.ndarray:
    """An array of one number; what says no more than a shape is known by that."""
    plain = order == "C" and device is None and like is None
    if plain and type(shape) in (int, tuple) and shape != ():
        letter = "d" if dtype is None else letter_of(dtype)
        if letter is not None:
            what = (name, shape, letter)
            made: face.ndarray | None = again((), what)
            if made is None:
                fill = partial(_filled, shape, number, np.dtype(letter), "C")
                made = noted_on(what, (), (), fill)
            return made
    check_device(device, like)
    return placed(_filled(shape, number, numeric_dtype(dtype, name), order), device)


def zeros(
    shape: Any,
    dtype: Any = None,
    order: str = "C",
    *,
    device: Any = None,
    like: Any = None,
) -> face.ndarray:
    """An array of zeros.

    Parameters
    ----------
    shape : int or tuple of int
    dtype : dtype, optional
        float64 when none is given.
    order : {"C", "F"}

    Returns
    -------
    ndarray

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.zeros((2, 2), dtype=np.int32)
    array([[0, 0],
           [0, 0]], dtype=int32)
    """
    return _constant("zeros", 0, shape, dtype, order, device, like)


def ones(
    shape: Any,
    dtype: Any = None,
    order: str = "C",
    *,
    device: Any = None,
    like: Any = None,
) -> face.ndarray:
    """An array of ones; parameters as of `zeros`.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.ones((2, 3), dtype=int)
    array([[1, 1, 1],
           [1, 1, 1]])
    """
    return _constant("ones", 1, shape, dtype, order, device, like)


def empty(
    shape: Any,
    dtype: Any = None,
    order: str = "C",
    *,
    device: Any = None,
    like: Any = None,
) -> face.ndarray:
    """An array whose elements are to be written: zeros; parameters as of `zeros`.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.empty((2, 2)).shape
    (2, 2)
    """
    return _constant("empty", 0, shape, dtype, order, device, like)


@remembered(0)
def full(
    shape: Any,
    fill_value: Any,
    dtype: Any = None,
    order: str = "C",
    *,
    device: Any = None,
    like: Any = None,
) -> face.ndarray:
    """An array of one value, or of values broadcast to the shape.

    Parameters
    ----------
    shape : int or sequence of int
    fill_value : scalar or array_like
    dtype : dtype, optional
        That of `fill_value` when it is left out.
    order : {"C", "F"}
        Which axis varies fastest in memory.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.full((2, 2), [1, 7])
    array([[1, 7],
           [1, 7]])
    """
    check_device(device, like)
    if dtype is None:
        dtype = fill_value.dtype if hasattr(fill_value, "dtype") else None
        dtype = np.asarray(fill_value).dtype if dtype is None else dtype
    found = numeric_dtype(dtype, "full")
    if isinstance(fill_value, (*NUMBERS, np.generic)):
        number = _number(fill_value, found, "full")
        return placed(_filled(shape, number, found, order), device)
    out = _filled(shape, 0, found, order)
    out[...] = fill_value
    return placed(out, device)


def _number(number: Any, dtype: np.dtype[Any], name: str) -> Any:
    """A number in a dtype. Raises OverflowError for a Python integer out of range."""
    if type(number) is int and dtype.kind in "iu":
        return as_operand(number, dtype, name).value  # type: ignore[union-attr]
    return np.asarray(number).astype(dtype)[()]


def _like(
    a: Any, number: Any, dtype: Any, order: str, shape: Any, name: str
) -> face.ndarray:
    plain = dtype is shape is None and order == "K" and name != "full_like"
    if plain and type(a) is face.ndarray:
        recipe = a.recipe
        kind = recipe.dtype.type  # of dates it says no unit
        known = recipe.shape and a.place == HOST and is_c_contiguous(recipe)
        if known and letter_of(kind) is not None:
            return _constant(name, number, recipe.shape, kind, "C")
    array = face.asarray(a)
    found = array.dtype if dtype is None else numeric_dtype(dtype, name)
    order = order_letter(order)
    if shape is not None and extents_of(shape) != array.shape:
        extents = extents_of(shape)
        same_rank = len(extents) == array.ndim and order in ("K", "A")
        axes = memory_order(array, order) if same_rank else tuple(range(len(extents)))
        axes = axes[::-1] if order == "F" else axes
    else:
        extents, axes = array.shape, memory_order(array, order)
    value = full_value(tuple(extents[axis] for axis in axes), number, found)
    return face.ndarray.wrap(value, axes)


def zeros_like(
    a: Any,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    device: Any = None,
) -> face.ndarray:
    """Zeros of the shape, dtype and layout of an array.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.zeros_like(np.array([[1, 2], [3, 4]]))
    array([[0, 0],
           [0, 0]])
    """
    check_device(device)
    return placed(_like(a, 0, dtype, order, shape, "zeros_like"), device, a)


def ones_like(
    a: Any,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    device: Any = None,
) -> face.ndarray:
    """Ones of the shape, dtype and layout of an array.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.ones_like(np.arange(3.0), dtype=int)
    array([1, 1, 1])
    """
    check_device(device)
    return placed(_like(a, 1, dtype, order, shape, "ones_like"), device, a)


def empty_like(
    prototype: Any,
    /,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    device: Any = None,
) -> face.ndarray:
    """An array like another one, whose elements are to be written: zeros.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.empty_like(np.ones((2, 3), "float32")).dtype
    dtype('float32')
    """
    check_device(device)
    made = _like(prototype, 0, dtype, order, shape, "empty_like")
    return placed(made, device, prototype)


@remembered()
def full_like(
    a: Any,
    fill_value: Any,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    device: Any = None,
) -> face.ndarray:
    """One value, in the shape, dtype and layout of an array.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.full_like(np.arange(3), 2.7)
    array([2, 2, 2])
    """
    check_device(device)
    out = _like(a, 0, dtype, order, shape, "full_like")
    if isinstance(fill_value, NUMBERS):
        number = _number(fill_value, out.dtype, "full_like")
        out = _like(a, number, dtype, order, shape, "full_like")
    else:
        out[...] = fill_value
    return placed(out, device, a)
