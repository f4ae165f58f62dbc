"""Elements of computed arrays read, changed and written back, without recording.

Where nothing is pending a look is cheaper than a plan: a loop that looks at an element,
and then writes somewhere, would be another path in each of its steps. Arithmetic on
such elements is done at once, too, where every way to do it gives the same bits. Native
code does the same (`kernels/native/at_once.py` and `kernels/native/scalars.py`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from engine.array import Array
from engine.execute import done_at_once, evaluate
from engine.kernels.backend import HOST
from engine.kernels.native.at_once import MANY
from engine.kernels.native.cells import CODES, WHOLE
from engine.ops.op import ElementwiseOp, Op
from engine.recipe import CANONICAL, Recipe, owned, strided
from engine.record.trace import current_trace
from engine.record.value import Value
from engine.record.watchers import watchers
from engine.storage import Line, changing

from .operands import NDArray

_USUAL = frozenset("?bhilqBHILQefdFD")
"""NumPy's letters of the dtypes whose elements are read here."""


_REAL = frozenset("?bhilBHILfd")
"""Those of dtypes whose arithmetic is done here."""


def is_idle() -> bool:
    """Whether this thread has nothing pending, and nobody watches what is recorded."""
    return not watchers and not current_trace().values


def element_of(handle: Array, recipe: Recipe) -> Value | None:
    """A computed value that is one element of a handle's memory; None to record it."""
    found = elements_of(handle, recipe, recipe.dtype.kind in "iu" and not watchers)
    if found is None:
        return None
    done_at_once()
    return Value(recipe.dtype, (), np.array(found), layout=owned(recipe.dtype, ()))


def elements_of(handle: Array, recipe: Recipe, always: bool = False) -> NDArray | None:
    """Elements of a handle's memory, not to be written; None where they are pending.

    And where anything else is, unless they are `always` wanted: an integer mostly is to
    be looked at, as a place or a count, and that would have all computed.
    """
    if not always and not is_idle():
        return None
    base, line = handle._value, handle._line
    if base is None:
        assert line is not None
        if not line.is_current():
            return None
        base = line.value
    buffer = _memory_of(base, recipe)
    return None if buffer is None else strided(buffer.reshape(-1), recipe)


def write_number(handle: Array, recipe: Recipe, number: Any) -> bool:
    """Write a number to a region of at most one axis; False where that is not done.

    Only where nobody but the handle's own memory holds the elements.
    """
    count = recipe.size
    if not is_idle() or len(recipe.shape) > 1 or not 0 < count <= MANY:
        return False
    if not handle.writeable or handle.scalar or (count > 1 and not recipe.strides[0]):
        return False
    if not _fits(number, recipe.dtype):
        return False

    def fill(flat: NDArray) -> None:
        strided(flat, recipe)[...] = number

    return _write_alone(handle, recipe, fill)


def put_at_once(handle: Array, parts: tuple[Any, ...], value: Any) -> bool:
    """``handle[parts] = value`` by NumPy itself; False where that is not done.

    `value` is a number, or an array of this very dtype. What is pending is computed: no
    kernel spans such a write, and the index arrays had to be computed before. What
    NumPy refuses, before it writes anything, is left to the caller, whose error names
    the function.
    """
    if watchers or not handle.writeable or handle.scalar:
        return False
    for part in parts:
        if isinstance(part, np.ndarray) and part.size > MANY:
            return False
    stored = number_of(value, handle.dtype)
    is_array = isinstance(stored, Array)
    if not (stored.dtype == handle.dtype if is_array else _fits(stored, handle.dtype)):
        return False  # a cast may have something to say
    if not is_idle() and not _are_computed(handle, stored):
        return False
    if is_array:
        stored = elements_of(stored, stored.recipe)
        if stored is None:
            return False
        stored = stored.copy()  # it may be a part of this memory, which it would hold
    recipe = handle.recipe

    def put(flat: NDArray) -> None:
        strided(flat, recipe)[parts] = stored

    try:
        return _write_alone(handle, recipe, put)
    except (IndexError, ValueError):
        return False


def _are_computed(handle: Array, stored: Any) -> bool:
    """Compute what is to be written to, and what is written; not what has a history."""
    values = [
        handle.line.value,
        *([stored.read()] if isinstance(stored, Array) else ()),
    ]
    if any(x.history is not None or x.device != HOST for x in values):
        return False
    evaluate(values)
    return True


def _write_alone(
    handle: Array, recipe: Recipe, write: Callable[[NDArray], None]
) -> bool:
    """Write to a handle's memory, which is given flat, if nobody else holds that."""
    with changing:  # no other thread writes between the look and the write
        done = _written_alone(handle.line, recipe, write)
    if done:
        done_at_once()
    return done


def _written_alone(
    line: Line, recipe: Recipe, write: Callable[[NDArray], None]
) -> bool:
    storage = line.storage
    if not line.is_current():
        return False
    base = storage.latest
    if base is not line.value or line.cell is not None:
        return False
    buffer = _memory_of(base, recipe)
    if buffer is None or not _is_alone(base):
        return False
    version = storage.version = storage.version + 1  # native code waits now, too
    try:
        alone = storage.latest is base and _is_alone(base)
        if alone:
            write(buffer.reshape(-1))
    finally:
        if storage.latest is base and storage.version == version:
            line.version = version
    return alone


def _is_alone(base: Value) -> bool:
    """Whether only a storage and a line hold a value, and it alone its memory.

    Besides there are the caller's names and ours, and each time the argument.
    """
    buffer = base.buffer
    alone = sys.getrefcount(base) <= 5 and sys.getrefcount(buffer) <= 4
    return alone and bool(buffer.flags.writeable)


def of_scalars(op: Op, operands: Sequence[Any]) -> Value | None:
    """What an op gives for computed scalars and Python numbers; None to record it.

    Only what is exact, or rounded once: what kernels and NumPy compute alike.
    """
    if op.name not in CODES or not is_idle() or current_trace().loud:
        return None
    cells = [_cell_of(x) for x in operands]
    if any(x is None for x in cells):
        return None
    if op.name in WHOLE and not (all(map(_is_whole, cells)) and cells[1] > 0):
        return None
    assert isinstance(op, ElementwiseOp) and op.ufunc is not None
    try:
        with np.errstate(all="ignore"):
            found = np.array(op.ufunc(*cells))
    except (OverflowError, TypeError):  # it is refused where it is recorded
        return None
    done_at_once()
    dtype = CANONICAL.get(found.dtype, found.dtype)
    return Value(dtype, (), found, layout=owned(dtype, ()))


def _cell_of(x: Any) -> Any:
    """The memory of a computed scalar, or a Python number; None for others."""
    if isinstance(x, Array):
        cell = _computed_scalar(x)
        return cell if cell is not None and cell.dtype.char in _REAL else None
    small = type(x) is int and -(2**63) <= x < 2**63
    return x if small or type(x) in (float, bool) else None


def _is_whole(cell: Any) -> bool:
    return type(cell) is int or (type(cell) is np.ndarray and cell.dtype.kind in "iu")


def _computed_scalar(handle: Array) -> NDArray | None:
    """The memory of a scalar of NumPy's that is computed; None for all else."""
    value = handle._value
    if not handle.scalar or value is None or value.history is not None:
        return None
    buffer = value.buffer
    plain = type(buffer) is np.ndarray and value.device == HOST and not value.shape
    return buffer if plain else None


def number_of(given: Any, dtype: np.dtype[Any]) -> Any:
    """A computed scalar as a Python number, to be written to memory of a dtype.

    Whatever is none is given back, as is one that a cast may change by more than a
    rounding.
    """
    cell = _computed_scalar(given) if isinstance(given, Array) else None
    if cell is None or cell.dtype.char not in _REAL:
        return given
    cast = (cell.dtype.char, dtype.char) in (("l", "d"), ("d", "f"))
    return cell.item() if cell.dtype == dtype or cast else given


def _memory_of(base: Value, recipe: Recipe) -> NDArray | None:
    """The computed memory that a recipe is part of; None where it is pending."""
    buffer = base.buffer
    if type(buffer) is not np.ndarray or base.history is not None:
        return None
    plain = base.device == HOST and base.dtype is recipe.dtype
    return buffer if plain and recipe.dtype.char in _USUAL else None


@cache
def _limits(dtype: np.dtype[Any]) -> tuple[int, int]:
    """The least and the largest integer of a dtype that has 63 bits at most."""
    limits = np.iinfo(dtype)
    return int(limits.min), min(int(limits.max), 2**63 - 1)


def _fits(number: Any, dtype: np.dtype[Any]) -> bool:
    """Whether a Python number becomes one of a dtype without a word."""
    if type(number) not in (float, int, bool):
        return False
    match dtype.kind:
        case "b":
            return True
        case "i" | "u":
            least, most = _limits(dtype)
            return type(number) is not float and least <= number <= most
        case "f" if dtype.char == "d" and type(number) is float:
            return True
        case "f" if dtype.itemsize > 2:
            with np.errstate(over="ignore"):
                try:
                    became = dtype.type(number)
                except OverflowError:
                    return False
            return bool(np.isfinite(became)) or not np.isfinite(float(number))
    return False
