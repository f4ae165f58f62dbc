"""``mgrid``, ``ogrid``, ``r_`` and ``c_``: arrays written as slices."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine.array import Array

from .fallback import to_host

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

        arrays = [
            face.asarray(x if isinstance(x, Array) else self._maker_of(x))
            for x in parts
        ]
        if self._columns:
            return column_stack(arrays)
        return concatenate([x.reshape(1) if x.ndim == 0 else x for x in arrays], 0)

    @staticmethod
    def _maker_of(part: Any) -> Any:
        return np.r_[part]


mgrid = _Grid(np.mgrid)
ogrid = _Grid(np.ogrid)
r_ = _Joined(np.r_, False)
c_ = _Joined(np.c_, True)
