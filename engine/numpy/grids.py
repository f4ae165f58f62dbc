"""``mgrid``, ``ogrid``, ``r_`` and ``c_``: arrays written as slices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine.array import Array

from .comparing import result_type
from .fallback import to_host
from .nested import joined
from .operands import WEAK

__all__ = [
    "c_",
    "mgrid",
    "ogrid",
    "r_",
]


class _Grid:
    """Grids of coordinates, made of slices as `numpy.mgrid` and `ogrid` are."""

    def __init__(self, maker: Any) -> None:
        self._maker = maker

    def __getitem__(self, key: Any) -> Any:
        made = self._maker[_host_slices(key)]
        if isinstance(made, (tuple, list)):
            return tuple(face.asarray(grid) for grid in made)
        return face.asarray(made)


def _host_slices(key: Any) -> Any:
    if isinstance(key, tuple):
        return tuple(_host_slices(part) for part in key)
    if isinstance(key, slice):
        return slice(*(to_host(x) for x in (key.start, key.stop, key.step)))
    return key


class _Joined:
    """Arrays joined along an axis, written as an index."""

    def __init__(self, maker: Any, columns: bool) -> None:
        self._maker = maker
        self._columns = columns

    def __getitem__(self, key: Any) -> Any:
        parts = key if isinstance(key, tuple) else (key,)
        if any(isinstance(part, str) for part in parts):
            return face.asarray(self._maker[to_host(parts)])
        from .joining import column_stack, concatenate

        arrays = _promoted(parts)
        if self._columns:
            return column_stack(arrays)
        return concatenate([x.reshape(1) if x.ndim == 0 else x for x in arrays], 0)


def _promoted(parts: Sequence[Any]) -> list[face.ndarray]:
    """The parts of an index as arrays: Python's numbers in the dtype of the others.

    A number that does not fit into that dtype raises OverflowError.
    """
    made = [_part(x) for x in parts]
    dtype = result_type(*made)
    return [
        face.asarray(np.array(x, dtype) if x.__class__ in WEAK else x) for x in made
    ]


def _part(x: Any) -> Any:
    whole = joined(x)
    return whole if x.__class__ in WEAK or isinstance(whole, Array) else np.r_[x]


mgrid = _Grid(np.mgrid)
ogrid = _Grid(np.ogrid)
r_ = _Joined(np.r_, False)
c_ = _Joined(np.c_, True)
