"""Elements picked by masks and index arrays from what is computed already."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine.execute import evaluate
from engine.kernels.backend import HOST
from engine.kernels.native.masking import SMALL
from engine.kernels.native.picks import AXES, pick
from engine.kernels.native.places import true_places
from engine.recipe import Recipe, strided
from engine.record.value import Value
from engine.record.watchers import watchers

from .fallback import adopt
from .operands import NDArray

MANY = 2**16
"""So many positions, to be checked and kept, are worth computing a small base early."""


def picked(base: Value, recipe: Recipe, parts: tuple[Any, ...]) -> face.ndarray | None:
    """What is picked at once; None where the pick is to be recorded.

    The masks and index arrays of `parts` are computed, so that nothing is gained by
    waiting, and the positions that a record needs take as long to find as the elements.
    It is recorded where the base is pending, unless there are many more positions than
    elements; where gradients flow, and where somebody watches the trace; and where it
    fails, for the message.
    """
    if watchers or base.history is not None or base.device != HOST:
        return None
    if base.buffer is None and _picks_many(base, parts):
        evaluate([base])
    buffer = base.buffer
    if not isinstance(buffer, np.ndarray):
        return None
    try:
        found = elements(strided(buffer.reshape(-1), recipe), parts)
    except IndexError:
        return None
    return adopt(found) if isinstance(found, np.ndarray) else None


def _picks_many(base: Value, parts: tuple[Any, ...]) -> bool:
    """Whether one index array has many more positions than the base has elements."""
    (part, *others) = parts
    if others or type(part) is not np.ndarray or part.dtype == np.bool_:
        return False
    return part.size >= max(MANY, 2 * base.size)


def elements(x: NDArray, parts: tuple[Any, ...]) -> Any:
    """``x[parts]``; threads share it where a few arrays pick from plain memory."""
    first = parts[0] if parts else None
    if not x.flags.c_contiguous or type(first) is not np.ndarray or first.size <= SMALL:
        return x[parts]
    found = None
    if first.dtype == np.bool_ and len(parts) == 1:
        if first.shape == x.shape[: first.ndim] and first.flags.c_contiguous:
            rows = x.reshape(prod(first.shape), *x.shape[first.ndim :])
            found = pick(rows, [true_places(first)])
    elif len(parts) <= min(x.ndim, AXES) and all(_fits(part, first) for part in parts):
        found = pick(x, parts)
    return x[parts] if found is None else found


def _fits(part: Any, first: NDArray) -> bool:
    """Whether a part is an array of int64 like the first one."""
    return (
        type(part) is np.ndarray
        and part.dtype == np.int64
        and part.shape == first.shape
        and part.flags.c_contiguous
    )
