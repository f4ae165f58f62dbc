"""Memory of others: arrays that a handle shares with whoever made them."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.recipe import Recipe
from engine.record.value import Value, constant
from engine.storage import Line, Storage

NDArray = np.ndarray[Any, Any]


def shared_line(array: NDArray) -> tuple[Line, Recipe]:
    """A line over a foreign array's memory, and the recipe that shows the array.

    The memory is shared as long as somebody else holds the array; when we are its only
    owner, the storage becomes private, and lazy.

    Raises
    ------
    ValueError
        When elements do not lie whole items apart.
    """
    size = array.itemsize
    if any(step % size for step in array.strides):
        raise ValueError(
            f"from_numpy: strides in multiples of {size} bytes were required; "
            f"{array.strides} were given; copy the array"
        )
    if array.size == 0:
        empty = Storage(constant(array))
        return Line(empty, empty.latest), Recipe(
            array.dtype, 0, array.shape, (0,) * array.ndim
        )
    memory, offset = _flat(array)
    value = Value(memory.dtype, memory.shape, memory)
    storage = Storage(value)
    storage.memory = memory
    storage.root = _root(array)
    strides = tuple(step // size for step in array.strides)
    return Line(storage, value), Recipe(array.dtype, offset, array.shape, strides)


def _flat(array: NDArray) -> tuple[NDArray, int]:
    """All memory from an array's first to its last element, and where it begins."""
    size = array.itemsize
    backwards = tuple(slice(None, None, -1 if s < 0 else 1) for s in array.strides)
    steps = [
        (n - 1) * abs(s) // size
        for n, s in zip(array.shape, array.strides, strict=True)
    ]
    memory = np.lib.stride_tricks.as_strided(
        array[backwards], (1 + sum(steps),), (size,), writeable=array.flags.writeable
    )
    below = zip(steps, array.strides, strict=True)
    return memory, sum(step for step, stride in below if stride < 0)


def _root(array: NDArray) -> NDArray:
    """The array that owns the memory, as far as NumPy knows."""
    root = array
    while isinstance(root.base, np.ndarray):
        root = root.base
    return root
