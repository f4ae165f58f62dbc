"""The first CUDA device, its memory and its machine code, through NVIDIA's driver.

The driver is called through its Python bindings, on the default stream. Nothing here
runs on a machine without a GPU but `available`; `simulator` has the same names for
machines that have none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from math import prod
from typing import Any

import numpy as np
from cuda.bindings import driver

from .forms import THREADS
from .sharing import Sharing


class CudaError(RuntimeError):
    """A call of the CUDA driver failed: its name, and what the driver says."""


def available() -> bool:
    """Whether there is a CUDA device and a driver for it.

    Examples
    --------
    >>> available() in (True, False)
    True
    """
    try:
        return bool(device())
    except CudaError:
        return False


def check(call: Callable[..., tuple[Any, ...]], *arguments: Any) -> Any:
    """The result of a call of the driver.

    Raises
    ------
    CudaError
        If the driver reports one.
    """
    status, *results = call(*arguments)
    if int(status) != 0:
        raise CudaError(f"{call.__name__}: {status.name}")
    return results[0] if len(results) == 1 else tuple(results)


class Device:
    """The first CUDA device of this machine, with its primary context."""

    def __init__(self) -> None:
        check(driver.cuInit, 0)
        self.handle = check(driver.cuDeviceGet, 0)
        self.context = check(driver.cuDevicePrimaryCtxRetain, self.handle)
        name = check(driver.cuDeviceGetName, 256, self.handle)
        self.name = name.split(b"\0")[0].decode()
        attribute = driver.CUdevice_attribute
        self.architecture = (
            self._get(attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
            self._get(attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR),
        )
        self.multiprocessors = self._get(
            attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT
        )

    def _get(self, attribute: Any) -> int:
        return int(check(driver.cuDeviceGetAttribute, attribute, self.handle))

    def use(self) -> None:
        """Make this the device of the calling thread."""
        check(driver.cuCtxSetCurrent, self.context)

    def synchronize(self) -> None:
        """Wait until everything launched is done."""
        self.use()
        check(driver.cuCtxSynchronize)


@cache
def device() -> Device:
    """The device; the first call starts the driver.

    Raises
    ------
    CudaError
        If there is no device, or no driver.
    """
    try:
        return Device()
    except RuntimeError as error:  # the bindings found no driver library
        raise CudaError(str(error).splitlines()[0]) from None


class Memory:
    """Bytes of the device, given back when nobody holds them."""

    def __init__(self, nbytes: int) -> None:
        device().use()
        self.pointer = int(check(driver.cuMemAlloc, max(nbytes, 1)))

    def __del__(self) -> None:
        if hasattr(self, "pointer"):
            driver.cuMemFree(self.pointer)


class DeviceArray(Sharing):
    """A C-contiguous array in the memory of the device.

    Parameters
    ----------
    shape : tuple of int
    dtype : dtype
    """

    def __init__(self, shape: tuple[int, ...], dtype: Any) -> None:
        self.shape = shape
        self.dtype = np.dtype(dtype)
        self.nbytes = prod(shape) * self.dtype.itemsize
        self.memory = Memory(self.nbytes)
        self.pointer = self.memory.pointer

    @classmethod
    def of(cls, host: Any) -> DeviceArray:
        """A copy of a NumPy array."""
        contiguous = np.ascontiguousarray(host)
        new = cls(contiguous.shape, contiguous.dtype)
        if new.nbytes:
            check(driver.cuMemcpyHtoD, new.pointer, contiguous.ctypes.data, new.nbytes)
        return new

    def numpy(self) -> np.ndarray[Any, Any]:
        """A copy as a NumPy array, once everything launched before is done."""
        host = np.empty(self.shape, self.dtype)
        if self.nbytes:
            device().use()
            check(driver.cuMemcpyDtoH, host.ctypes.data, self.pointer, self.nbytes)
        return host


def _flat(
    words: Sequence[Any], kinds: Sequence[Any]
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Parameters and their C types, those of complex numbers part by part.

    Examples
    --------
    >>> _flat([7, 1 + 2j], ["c_int", ("c_float", "c_float")])
    ((7, 1.0, 2.0), ('c_int', 'c_float', 'c_float'))
    """
    flat: list[tuple[Any, Any]] = []
    for word, kind in zip(words, kinds, strict=True):
        if isinstance(kind, tuple):
            flat += [(word.real, kind[0]), (word.imag, kind[1])]
        else:
            flat.append((word, kind))
    return tuple(word for word, _ in flat), tuple(kind for _, kind in flat)


class Module:
    """Machine code in the device, with its one kernel."""

    def __init__(self, code: bytes, entry: str) -> None:
        device().use()
        self.module = check(driver.cuModuleLoadData, code)
        self.function = check(driver.cuModuleGetFunction, self.module, entry.encode())

    def launch(self, grid: int, words: Sequence[Any], kinds: Sequence[Any]) -> None:
        """Start the kernel on `grid` blocks; it runs on while the caller goes on."""
        device().use()
        sizes = (grid, 1, 1, THREADS, 1, 1)
        given = _flat(words, kinds)
        check(driver.cuLaunchKernel, self.function, *sizes, 0, 0, given, 0)
