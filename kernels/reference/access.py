"""Memory of arguments as strided arrays: what loads, stores and gathers are in texts.

Nothing is copied and nothing is checked: as for any backend, an address that the
kernel computes must lie in the memory of its argument.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Memory:
    """The flat memory of one argument: the address of its item 0, and its dtype."""

    address: int
    dtype: np.dtype[Any]


class _Items:
    """Items of memory, as NumPy's array interface describes them."""

    def __init__(
        self, memory: Memory, offset: int, shape: tuple[int, ...], strides: list[int]
    ) -> None:
        self.__array_interface__ = {
            "version": 3,
            "data": (memory.address + offset * memory.dtype.itemsize, False),
            "typestr": memory.dtype.str,
            "shape": shape,
            "strides": tuple(step * memory.dtype.itemsize for step in strides),
        }


def items(
    memory: Memory, offset: int, shape: tuple[int, ...], strides: Sequence[int]
) -> Array:
    """A view of the items ``offset + sum(strides[k] * index[k])``."""
    return np.asarray(_Items(memory, offset, shape, list(strides)))


def load(
    memory: Memory, offset: int, shape: tuple[int, ...], strides: Sequence[int]
) -> Array:
    """The values of these items; those of float16 in float32."""
    return _values(items(memory, offset, shape, strides))


def store(
    memory: Memory,
    offset: int,
    shape: tuple[int, ...],
    strides: Sequence[int],
    value: Any,
) -> None:
    """Write `value` into these items."""
    items(memory, offset, shape, strides)[...] = value


def gather(memory: Memory, index: Any) -> Array:
    """The values of the items at computed positions.

    Raises
    ------
    IndexError
        If a position is negative; the size of the memory is not known here.
    """
    positions = np.asarray(index)
    if positions.size == 0:
        return _values(np.empty(positions.shape, memory.dtype))
    if positions.min() < 0:
        raise IndexError(
            f"gather: positions of at least 0 were required; {positions.min()} was "
            "given"
        )
    return _values(items(memory, 0, (int(positions.max()) + 1,), (1,))[positions])


def addresses(offset: int, shape: tuple[int, ...], strides: Sequence[int]) -> Array:
    """What a load from the iota buffer gives: the positions themselves, in int64."""
    total = np.full(shape, offset, np.int64)
    for axis, (extent, step) in enumerate(zip(shape, strides, strict=True)):
        along = np.arange(extent, dtype=np.int64) * step
        total += along.reshape(extent, *[1] * (len(shape) - axis - 1))
    return total


def copy(values: Array) -> Array:
    """The values as they are now: the kernel writes into their memory later."""
    return values.copy()


def _values(found: Array) -> Array:
    return found.astype(np.float32) if found.dtype == np.float16 else found


FUNCTIONS = {
    "load": load,
    "store": store,
    "gather": gather,
    "addresses": addresses,
    "copy": copy,
}
"""Name in generated text -> function."""
