"""numba-cuda's simulator in the place of a device: the same names as in `device`.

It runs generated text in Python, thread by thread, which shows on any machine that the
text does what it should; some milliseconds a block make it useful for tiny arrays
alone. "Device memory" is memory of the host. It is chosen when Numba is imported, so
``NUMBA_ENABLE_CUDASIM=1`` is set before the process starts.
"""

from __future__ import annotations

import ctypes
import sys
import threading
import weakref
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from numba import cuda
from numba.cuda.simulator import kernelapi
from numpy.lib.stride_tricks import as_strided

from ..reference.functions import FUNCTIONS
from . import moments
from .blas import Product, Side
from .forms import THREADS
from .sharing import Sharing
from .teams import device_functions, last_of

STORED = {np.dtype(bool): np.uint8, np.dtype(np.float16): np.uint16}
"""dtypes that kernels read and write as another type."""


def available() -> bool:
    """Whether the simulator was chosen before Numba was imported.

    Examples
    --------
    >>> available() in (True, False)
    True
    """
    return hasattr(cuda, "simulator") or "simulator" in cuda.jit.__module__


class Device:
    """What kernels are told about the simulated device."""

    name = "numba-cuda's simulator"
    architecture = (0, 0)
    multiprocessors = 1

    def synchronize(self) -> None:
        """Nothing is ever under way: a launch returns when it is done."""

    def empty_cache(self) -> None:
        """Nothing is kept."""


@cache
def device() -> Device:
    """The simulated device."""
    _complete()
    return Device()


_memory: weakref.WeakValueDictionary[int, np.ndarray[Any, Any]] = (
    weakref.WeakValueDictionary()
)


class DeviceArray(Sharing):
    """A C-contiguous array in what stands for the memory of the device."""

    def __init__(self, shape: tuple[int, ...], dtype: Any) -> None:
        self.shape = shape
        self.dtype = np.dtype(dtype)
        self.memory = np.zeros(int(np.prod(shape)) + 1, self.dtype)  # never empty
        self.nbytes = self.memory.nbytes - self.dtype.itemsize
        self.pointer = self.memory.ctypes.data
        _memory[self.pointer] = self.memory

    @classmethod
    def of(cls, host: Any) -> DeviceArray:
        """A copy of a NumPy array."""
        new = cls(host.shape, host.dtype)
        new.memory[:-1] = host.reshape(-1)
        return new

    def numpy(self) -> np.ndarray[Any, Any]:
        """A copy as a NumPy array."""
        host: np.ndarray[Any, Any] = self.memory[:-1].copy().reshape(self.shape)
        return host


QUIET = """
def quiet(*words):
    with errstate(all="ignore"):
        kernel(*words)
"""
"""Each simulated thread has NumPy's warnings to itself, and the kernel's globals."""


class Module:
    """The Python function of one generated text."""

    resident = 8

    def __init__(self, source: str) -> None:
        device()
        namespace = {**_library(), "cuda": cuda, "errstate": np.errstate}
        exec(source, namespace)
        namespace["kernel"] = next(reversed(namespace.values())).fn
        exec(QUIET, namespace)
        self.function = cuda.jit(namespace["quiet"])

    def starter(
        self, grid: int, kinds: Sequence[Any]
    ) -> Callable[[Sequence[Any]], None]:
        """What runs the kernel on `grid` blocks, one after the other."""

        def start(words: Sequence[Any]) -> None:
            given = [_word(word, kind) for word, kind in zip(words, kinds, strict=True)]
            self.function[grid, THREADS](*given)

        return start


def _word(word: Any, kind: Any) -> Any:
    """A parameter as the text needs it: flat memory, or a number of the right type."""
    if kind is ctypes.c_void_p:
        memory = _memory[word]
        return memory.view(STORED.get(memory.dtype, memory.dtype))
    if kind is ctypes.c_int64:
        return int(word)
    if isinstance(kind, tuple):
        return np.complex64(word) if kind[0] is ctypes.c_float else np.complex128(word)
    return np.ctypeslib.as_array(kind(word))[()]


def has_gemm() -> bool:
    """Always: NumPy stands in for cuBLAS."""
    return True


def gemm(product: Product, number: int, x: int, y: int, result: int) -> None:
    """The products of one outer number of a batch, from the arguments of cuBLAS."""

    def given(place: Side, base: int, rows: int, columns: int) -> Any:
        flat = _memory[base][place.offset + number * place.outer :]
        steps = (1, place.distance) if place.turned else (place.distance, 1)
        strides = [step * flat.itemsize for step in (place.inner, *steps)]
        return as_strided(flat, (product.inner, rows, columns), strides)

    left = given(product.x, x, product.m, product.k)
    right = given(product.y, y, product.k, product.n)
    given(product.result, result, product.m, product.n)[...] = left @ right


# -- what the simulator lacks ---------------------------------------------------------
def _exchange(self: Any, mask: int, value: Any, step: int) -> Any:
    """``shfl_xor_sync``; all threads of a block call it, for it waits for them."""
    here = threading.current_thread().thread_id  # type: ignore[attr-defined]
    values = self.__dict__.setdefault("_exchanged", {})
    values[here] = value
    self.syncthreads()
    found = values[here ^ step]
    self.syncthreads()
    return found


def _shared_array(self: Any, shape: int, dtype: Any) -> Any:
    """As the simulator's, which takes arrays of one line for one, of any dtype."""
    caller = sys._getframe(1)
    key = (caller.f_code.co_filename, caller.f_lineno, str(dtype))
    return self._allocations.setdefault(key, np.empty(shape, str(dtype)))


@cache
def _complete() -> None:
    kernelapi.FakeCUDAShared.array = _shared_array
    kernelapi.FakeCUDAModule.shfl_xor_sync = _exchange
    kernelapi.FakeCUDAModule.syncwarp = lambda self, mask=None: None


def _take_ticket(tickets: Any, row: int) -> int:
    """One thread of a block draws, and the simulator runs block after block."""
    tickets[row] += 1
    return int(tickets[row]) - 1


def _loader(count: int) -> Any:
    return lambda array, at: array[at : at + count]


def _storer(count: int) -> Any:
    def store(array: Any, index: int, *values: Any) -> None:
        # What one store of the device needs.
        place = array.ctypes.data + index * array.itemsize
        assert place % (count * array.itemsize) == 0
        array[index : index + count] = values

    return store


def _half_to_single(bits: Any) -> Any:
    return np.float32(np.uint16(bits).view(np.float16))


def _single_to_half(value: Any) -> Any:
    return np.float32(value).astype(np.float16).view(np.uint16)


@cache
def _library() -> dict[str, Any]:
    """What generated text may name."""
    found: dict[str, Any] = dict(FUNCTIONS)
    for count in (2, 4, 8):
        found |= {f"load_{count}": _loader(count), f"store_{count}": _storer(count)}
    found |= {"half_to_single": _half_to_single, "single_to_half": _single_to_half}
    found |= {**device_functions(), **moments.device_functions()}
    return {**found, "last_of": last_of(_take_ticket)}
