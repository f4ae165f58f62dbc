"""Sources: ops that make elements from nothing but their position."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.kernels.philox import philox_numpy

from .loops import INT64, common_dtype
from .op import DType, Loop, elementwise, operation

UINT64 = np.dtype(np.uint64)


def _like_attributes(
    number: Any, shape: tuple[int, ...], dtype: DType
) -> tuple[DType, tuple[int, ...]]:
    return dtype, shape


@operation("source", _like_attributes, scalar="{x}", onnx="ConstantOfShape")
def full(number: Any, shape: Any, dtype: Any) -> Any:
    """One number, everywhere."""
    return np.full(shape, number, dtype)


def _counted(length: int) -> tuple[DType, tuple[int, ...]]:
    return INT64, (length,)


@operation("source", _counted, scalar="{x}", onnx="Range")
def iota(length: Any) -> Any:
    """The integers from 0 to below `length`, as int64."""
    return np.arange(length, dtype=np.int64)


def _uint64(kinds: tuple[Any, ...]) -> Loop:
    if any(common_dtype((kind,)).kind not in "iu" for kind in kinds):
        raise TypeError(f"random_bits: integers were required; {kinds} were given")
    return Loop((UINT64, UINT64), UINT64)


@elementwise(
    philox_numpy,
    scalar="philox({x}, {y})",
    loop=_uint64,
    dtypes="u",
    expensive=True,
)
def random_bits(counter: Any, key: Any) -> Any:
    """64 random bits for a counter and a key: Philox 4x32-10.

    The same counter and key always give the same bits, on every backend.
    """
