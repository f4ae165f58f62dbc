"""cuBLAS, called by ctypes; found by NVIDIA's own search for its libraries."""

from __future__ import annotations

import ctypes
import threading
from functools import cache
from typing import Any

import numpy as np

from .blas import Product, Side
from .device import CudaError, device

LETTERS = {"float32": "S", "float64": "D", "complex64": "C", "complex128": "Z"}
PLAIN, TURNED = 0, 1
NO_MEMORY = 3
"""The status of a call that could not allocate."""

_lock = threading.Lock()


class _Library:
    """The library, with its handle for the device."""

    def __init__(self) -> None:
        from cuda.pathfinder import load_nvidia_dynamic_lib

        found = load_nvidia_dynamic_lib("cublas")
        self.functions = ctypes.CDLL(found.abs_path)
        self.handle = ctypes.c_void_p()
        device().use()
        self.check("cublasCreate_v2", ctypes.byref(self.handle))

    def check(self, name: str, *arguments: Any) -> None:
        """Call a function, again where it has found no memory of its own to take.

        Raises
        ------
        CudaError
            If it reports an error.
        """
        function = getattr(self.functions, name)
        status = function(*arguments)
        if status == NO_MEMORY:
            device().empty_cache()
            status = function(*arguments)
        if status != 0:
            raise CudaError(f"{name}: status {status}")


@cache
def _library() -> _Library | None:
    """The library; None where it is not installed."""
    try:
        return _Library()
    except (ImportError, OSError, RuntimeError):
        return None


def has_gemm() -> bool:
    """Whether cuBLAS is installed.

    Examples
    --------
    >>> has_gemm() in (True, False)
    True
    """
    return _library() is not None


def gemm(product: Product, number: int, x: int, y: int, result: int) -> None:
    """Start the products of one outer number of a batch."""
    library = _library()
    assert library is not None
    dtype = np.dtype(product.dtype)
    one, zero = np.ones(1, dtype), np.zeros(1, dtype)
    int64, address = ctypes.c_int64, ctypes.c_void_p

    def given(place: Side, base: int) -> tuple[Any, ...]:
        start = place.offset + number * place.outer
        at = address(base + start * dtype.itemsize)
        return at, place.distance, int64(place.inner)

    with _lock:
        device().use()
        library.check(
            f"cublas{LETTERS[product.dtype]}gemmStridedBatched",
            library.handle,
            TURNED if product.y.turned else PLAIN,
            TURNED if product.x.turned else PLAIN,
            product.n,
            product.m,
            product.k,
            address(one.ctypes.data),
            *given(product.y, y),
            *given(product.x, x),
            address(zero.ctypes.data),
            *given(product.result, result),
            product.inner,
        )
