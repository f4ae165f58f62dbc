"""Limits of floating dtypes, whose numbers are of that dtype and floats besides."""

from __future__ import annotations

from functools import lru_cache
from types import GenericAlias
from typing import Any

import numpy as np


class _Half(np.float16):
    """A float16 that `isinstance` takes for a `float`, as every float64 is one."""

    __class__: Any = property(lambda self: float)


class _Single(np.float32):
    """A float32 that `isinstance` takes for a `float`, as every float64 is one."""

    __class__: Any = property(lambda self: float)


_FLOATS = {np.float16: _Half, np.float32: _Single}


class finfo:
    """Limits of a floating or complex dtype.

    The attributes are those of NumPy's `finfo`. The array API standard wants them to
    be floats, NumPy gives them the dtype that is asked about; here they are both.

    Parameters
    ----------
    dtype : dtype, or something that has one
        Floating or complex.

    Examples
    --------
    >>> import engine.numpy as np
    >>> eps = np.finfo(np.float32).eps
    >>> eps, eps.dtype, isinstance(eps, float)
    (np.float32(1.1920929e-07), dtype('float32'), True)
    """

    _info: np.finfo[Any]
    __module__ = "engine.numpy"

    def __new__(cls, dtype: Any) -> finfo:
        return _known(np.finfo(dtype))

    __class_getitem__: Any = classmethod(GenericAlias)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._info, name)
        kind = _FLOATS.get(type(found))
        return found if kind is None else kind(found)

    def __reduce__(self) -> Any:
        return finfo, (self._info.dtype,)

    def __repr__(self) -> str:
        return repr(self._info)

    def __str__(self) -> str:
        return str(self._info)


@lru_cache
def _known(info: np.finfo[Any]) -> finfo:
    """The one object for each that NumPy has."""
    made = object.__new__(finfo)
    made._info = info
    return made
