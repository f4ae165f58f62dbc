"""Loops over elements for functions that Numba has compiled; see `vectorize`."""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

import numpy as np

from engine.shapes import broadcast_shapes

from .operands import NDArray

WORTH = 500_000
"""Elements from which on a loop is worth its compilation: NumPy's takes a second."""

_PLAIN: dict[str, Any] = {
    "b": np.bool_,
    "i": np.int64,
    "u": np.int64,
    "f": np.float64,
    "c": np.complex128,
}
"""What a function compiled for numbers of Python is given, for each kind of dtype."""


def is_compiled(function: Any) -> bool:
    """Whether a function is one that ``numba.njit`` gave."""
    numba = sys.modules.get("numba")  # who compiled it has imported it
    return numba is not None and isinstance(function, numba.core.registry.CPUDispatcher)


def elementwise(function: Any, arguments: tuple[Any, ...]) -> NDArray | None:
    """A compiled function of every element; None where NumPy's loop has to do.

    Elements are handed over as numbers of Python, as NumPy does, and the first result
    says what dtype all have.
    """
    arrays = [np.asarray(x) for x in arguments]
    if not 1 <= len(arrays) <= len(_LOOPS):
        return None
    if any(x.dtype.kind not in _PLAIN or x.dtype.char in "QgG" for x in arrays):
        return None
    shape = broadcast_shapes(*[x.shape for x in arrays])
    out_size = int(np.prod(shape, dtype=int))
    if out_size < WORTH:
        return None
    typed: list[NDArray] = [
        np.broadcast_to(x.astype(_PLAIN[x.dtype.kind]), shape) for x in arrays
    ]
    first = function(*[x.flat[0].item() for x in typed])
    if not isinstance(first, (bool, int, float, complex)):
        return None
    out = np.empty(out_size, np.asarray(first).dtype)
    _loop(len(typed))(function, out, *[x.ravel() for x in typed])
    return out.reshape(shape)


@cache
def _loop(count: int) -> Any:
    from numba import njit

    return njit(_LOOPS[count - 1], nogil=True)


def _of_one(function: Any, out: Any, x: Any) -> None:
    for i in range(out.size):
        out[i] = function(x[i])


def _of_two(function: Any, out: Any, x: Any, y: Any) -> None:
    for i in range(out.size):
        out[i] = function(x[i], y[i])


def _of_three(function: Any, out: Any, x: Any, y: Any, z: Any) -> None:
    for i in range(out.size):
        out[i] = function(x[i], y[i], z[i])


_LOOPS = (_of_one, _of_two, _of_three)
