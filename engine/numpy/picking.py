"""Elements picked by masks and index arrays from what is computed already."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine.recipe import Recipe, strided
from engine.record.runtime import watchers
from engine.record.value import Value

from .fallback import adopt


def picked(base: Value, recipe: Recipe, parts: tuple[Any, ...]) -> face.ndarray | None:
    """What NumPy picks at once; None where the pick is to be recorded.

    The masks and index arrays of `parts` are computed, so that nothing is gained by
    waiting, and the positions that a record needs take as long to find as the elements.
    It is recorded where the base is pending, where gradients flow, and where somebody
    watches the trace; and where it fails, for the message.
    """
    memory = base.buffer
    if watchers or base.history is not None or not isinstance(memory, np.ndarray):
        return None
    try:
        found = strided(memory.reshape(-1), recipe)[parts]
    except IndexError:
        return None
    return adopt(found) if isinstance(found, np.ndarray) else None
