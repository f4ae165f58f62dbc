"""Operands of this face: handles, foreign arrays, NumPy scalars and Python numbers.

Python numbers stay weak and become run-time scalars of kernels; NumPy scalars have
their dtype; foreign arrays are copied in as constants.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

from engine.array import Array
from engine.errors import called, named, naming
from engine.recipe import Recipe, broadcast_strides, keep_order
from engine.record.runtime import RunTime
from engine.record.trace import current_trace
from engine.record.value import DATES, Scalar, Value, constant
from engine.shapes import broadcast_shapes
from engine.storage import read_region

from .nested import holds_handles, joined, without_handles

NDArray = np.ndarray[Any, Any]
Shape: TypeAlias = tuple[int, ...]
Layout: TypeAlias = tuple[Shape, Shape]
"""Shape and strides."""


class _NotGiven:
    """The default of parameters for which None says something else."""

    def __repr__(self) -> str:
        return "<no value>"


NOT_GIVEN: Any = _NotGiven()

NUMBERS = (bool, int, float, complex)

_LETTERS: dict[Any, str] = {float: "d", int: "l", bool: "?", complex: "D"}
for _dtype in map(np.dtype, "?bhilBHILefdFD"):
    _LETTERS |= dict.fromkeys((_dtype.type, _dtype.name, _dtype.str[1:]), _dtype.char)


def letter_of(dtype: Any) -> str | None:
    """NumPy's letter of a dtype that is given as a class or by name; None for others.

    Examples
    --------
    >>> letter_of(float), letter_of(np.float32), letter_of("int64"), letter_of("f4,i4")
    ('d', 'f', 'l', None)
    """
    return _LETTERS.get(dtype) if type(dtype) in (type, str) else None


WEAK = frozenset(NUMBERS)
KINDS = "biufc" + DATES


def read_as(handle: Array, recipe: Recipe) -> Value:
    """What the handle's memory shows through another recipe."""
    line = handle._line
    if line is None:
        assert handle._value is not None
        return read_region(handle._value, recipe)
    return line.read(recipe)


def plain_value(handle: Array) -> Value | None:
    """The value of a handle that owns it in C order; None for views and the like."""
    value = handle._value
    if value is None or handle.recipe is value.layout:
        return value
    return None


def is_square(base: Any, exponent: Any) -> bool:
    """Whether a power is a square of floats: NumPy's loops look for 2, too.

    Where somebody wants to hear of overflows, they are to be told of a power.
    """
    if exponent.__class__ not in (int, float) or exponent != 2:
        return False
    if not isinstance(base, Array) or base.scalar or current_trace().loud:
        return False
    return base.recipe.dtype in (np.float64, np.float32)


def operand(x: Any, name: str) -> Any:
    """`x` as an operand: a handle, an ndarray, a typed scalar or a weak number.

    Raises TypeError for what has no numeric dtype.
    """
    kind = type(x)
    if kind in NUMBERS or isinstance(x, Array) or kind is RunTime:
        return x
    if isinstance(x, np.generic):
        if x.dtype.kind in KINDS:
            return Scalar(x, x.dtype)
    elif isinstance(x, NUMBERS):
        plain: Any = next(kind for kind in NUMBERS if isinstance(x, kind))
        return plain(x)
    whole = joined(x)
    if isinstance(whole, Array):
        return whole
    array = host_array(x)
    if array.dtype.kind not in KINDS:
        raise TypeError(
            f"{name}: operands of boolean, integer, floating or complex dtype, or of "
            f"dates, were required; {_described(x, array)} was given"
        )
    return array


def _described(x: Any, array: NDArray) -> str:
    if isinstance(x, (np.ndarray, np.generic)):
        return f"an array of dtype {array.dtype}"
    return f"{type(x).__name__} {x!r}"[:60]


def host_array(x: Any) -> NDArray:
    """An ndarray of anything; nested sequences may hold handles."""
    if holds_handles(x):
        return np.array(without_handles(x))
    return native(foreign_array(x))


def is_masked(x: Any) -> bool:
    """Whether something is a masked array; only subclasses make `numpy.ma` load."""
    subclass = isinstance(x, np.ndarray) and type(x) is not np.ndarray
    return subclass and isinstance(x, np.ma.MaskedArray)


def foreign_array(x: Any, dtype: Any = None) -> NDArray:
    """`numpy.asarray`, also of objects whose `__array__` gives an array of Engine.

    Raises TypeError for arrays whose mask hides elements, which would be lost.
    """
    hidden = int(np.sum(x.mask)) if is_masked(x) else 0
    if hidden:
        raise TypeError(
            named(
                f"an array without a mask was required; one that masks {hidden} of "
                f"{x.size} elements was given; use x.filled(value) or x.compressed()"
            )
        )
    try:
        return np.asarray(x, dtype)
    except ValueError:
        made = x.__array__() if hasattr(type(x), "__array__") else None
        if not isinstance(made, Array):
            raise
        return np.asarray(made.computed(), dtype)


def checked_dtype(wanted: Any) -> np.dtype[Any]:
    """The dtype that a user asks for; TypeError for one that arrays do not have."""
    with naming():
        found: np.dtype[Any] = np.dtype(wanted)
    check_kind(called(), found)
    return found


def check_kind(name: str, dtype: np.dtype[Any]) -> None:
    """Raise TypeError for a dtype that arrays do not have."""
    wanted = "" if dtype.isnative else " in this machine's order of bytes"
    if wanted or dtype.kind not in KINDS:
        raise TypeError(
            f"{name}: a dtype of numbers or of dates{wanted} was required; {dtype} was "
            "given"
        )


def native(array: NDArray) -> NDArray:
    """The same elements in this machine's order of bytes."""
    if array.dtype.isnative:
        return array
    return array.astype(array.dtype.newbyteorder("="))


def strong(x: Any) -> Any:
    """A weak number as the scalar of NumPy's default dtype."""
    if x.__class__ in WEAK:
        scalar = np.asarray(x)
        if scalar.dtype.kind not in KINDS:
            raise OverflowError(named(f"int {x} is too large for a 64-bit integer"))
        return Scalar(scalar[()], scalar.dtype)
    return x


def promoted(given: Iterable[Any], arrays: Iterable[Array]) -> np.dtype[Any]:
    """The dtype of arrays together; Python's numbers among what was given are weak."""
    together = zip(given, arrays, strict=True)
    kinds: Any = [x if x.__class__ in WEAK else array.dtype for x, array in together]
    found: np.dtype[Any] = np.result_type(*kinds)
    return found


def to_value(x: Any, name: str = "array") -> Value:
    """The value of any operand, in C order; weak numbers get NumPy's default dtype."""
    part = operand(x, name)
    if isinstance(part, Array):
        return part.read()
    if isinstance(part, Scalar):
        return constant(part.value)
    return constant(part)


# -- layout ---------------------------------------------------------------------------
def layout_of(x: Any) -> Layout:
    """Shape and strides of an operand, strides in items."""
    if isinstance(x, Array):
        return x.recipe.shape, x.recipe.strides
    if isinstance(x, np.ndarray):
        step = max(x.itemsize, 1)
        return x.shape, tuple(s // step for s in x.strides)
    return (), ()


@lru_cache(maxsize=4096)
def result_order(layouts: tuple[Layout, ...]) -> tuple[int, ...] | None:
    """NumPy's K order for the result of an elementwise op; None for C order."""
    shape = broadcast_shapes(*(shape for shape, _ in layouts))
    if len(shape) < 2:
        return None
    spread = [broadcast_strides(Recipe(_BYTE, 0, *one), shape) for one in layouts]
    order = keep_order(shape, spread)
    return None if order == tuple(range(len(shape))) else order


_BYTE: np.dtype[Any] = np.dtype(np.uint8)


def ordered_value(x: Any, order: tuple[int, ...] | None) -> Value | Any:
    """An operand with its axes (those of the result) in memory order."""
    if isinstance(x, Array):
        if order is None:
            value = plain_value(x)
            return x.read() if value is None else value
        recipe = x.recipe
        lead = len(order) - len(recipe.shape)
        shape = (1,) * lead + recipe.shape
        strides = (0,) * lead + recipe.strides
        recipe = Recipe(
            recipe.dtype,
            recipe.offset,
            tuple(shape[axis] for axis in order),
            tuple(strides[axis] for axis in order),
        )
        return read_as(x, recipe)
    if isinstance(x, np.ndarray):
        if order is not None:
            x = x.reshape((1,) * (len(order) - x.ndim) + x.shape).transpose(order)
        return constant(x)
    return x
