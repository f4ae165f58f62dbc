"""NumPy's C API by address: what it exports stands in one table, fixed by its ABI."""

from __future__ import annotations

import ctypes
from typing import Final

ARRAY_TYPE: Final = 2
"""The place of PyArray_Type in the table."""

FROM_SCALAR: Final = 61
"""The place of PyArray_FromScalar."""

COPY_OBJECT: Final = 84
"""The place of PyArray_CopyObject."""

COPY_ARRAY: Final = 85
"""The place of PyArray_NewCopy."""

NEW_ARRAY: Final = 94
"""The place of PyArray_NewFromDescr."""

SET_HANDLER: Final = 304
"""The place of PyDataMem_SetHandler."""


def address(place: int) -> int:
    """The address of the function or type at a place of the table."""
    from numpy._core import multiarray

    look = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)
    get = look(("PyCapsule_GetPointer", ctypes.pythonapi))
    table = get(multiarray._ARRAY_API, None)
    return ctypes.c_void_p.from_address(table + 8 * place).value or 0
