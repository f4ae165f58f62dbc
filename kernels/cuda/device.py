"""The first CUDA device, its memory and its machine code, through NVIDIA's driver.

The driver is called through its Python bindings, on the default stream. Nothing here
runs on a machine without a GPU but `available`; `simulator` has the same names for
machines that have none.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
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
        self.process = os.getpid()
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
        """Make this the device of the calling thread.

        Raises
        ------
        CudaError
            If the driver reports an error, as in every forked process.
        """
        try:
            check(driver.cuCtxSetCurrent, self.context)
        except CudaError:
            if os.getpid() == self.process:
                raise
            raise CudaError(
                "a process in which CUDA was started was required; this one was forked "
                "after that: start it by the method 'spawn' of multiprocessing"
            ) from None

    def synchronize(self) -> None:
        """Wait until everything launched is done."""
        self.use()
        check(driver.cuCtxSynchronize)

    def empty_cache(self) -> None:
        """Give the memory that no array holds back to the driver."""
        self.synchronize()
        for blocks in list(_free.values()):
            with suppress(IndexError):  # other threads take from them, too
                while True:
                    check(driver.cuMemFree, blocks.pop())


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


SMALL, LARGE = 512, 2**21
"""Blocks of memory are multiples of `SMALL` bytes, those above `LARGE` of `LARGE`."""

_free: dict[int, list[int]] = {}
"""Blocks that no array holds, by their size.

To map memory takes longer than most kernels, and to unmap it waits for all of them.
All kernels and copies run on one stream, so that a block can be used again at once:
what was started before is done with it when the next kernel begins. There is no lock,
as finalizers give blocks back in the middle of anything; lists need none.
"""


class Memory:
    """Bytes of the device, given back when nobody holds them.

    Raises
    ------
    MemoryError
        If the device has too little memory left.
    """

    def __init__(self, nbytes: int) -> None:
        unit = SMALL if nbytes <= LARGE else LARGE
        self.size = max(-(-nbytes // unit), 1) * unit
        blocks = _free.setdefault(self.size, [])
        try:
            self.pointer = blocks.pop()
        except IndexError:
            self.pointer = _mapped(self.size)
        self._blocks = blocks  # when the interpreter ends, `_free` goes before us

    def __del__(self) -> None:
        if hasattr(self, "_blocks"):
            self._blocks.append(self.pointer)


def _taking(call: Callable[..., tuple[Any, ...]], *arguments: Any) -> tuple[Any, ...]:
    """What a call gives that takes memory, if need be of what no array holds."""
    found = call(*arguments)
    if found[0] == driver.CUresult.CUDA_ERROR_OUT_OF_MEMORY:
        device().empty_cache()
        found = call(*arguments)
    return found


def _mapped(size: int) -> int:
    """A new block of memory."""
    here = device()
    here.use()
    status, pointer = _taking(driver.cuMemAlloc, size)
    if int(status) == 0:
        return int(pointer)
    if status != driver.CUresult.CUDA_ERROR_OUT_OF_MEMORY:
        raise CudaError(f"cuMemAlloc: {status.name}")
    raise MemoryError(
        f"{size} bytes of the memory of {here.name} were required; it has too little "
        "left"
    )


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
        contiguous = np.ascontiguousarray(host)  # makes 0-d arrays 1-d
        new = cls(host.shape, host.dtype)
        if new.nbytes:
            device().use()
            check(driver.cuMemcpyHtoD, new.pointer, contiguous.ctypes.data, new.nbytes)
        return new

    def numpy(self) -> np.ndarray[Any, Any]:
        """A copy as a NumPy array, once everything launched before is done."""
        host = np.empty(self.shape, self.dtype)
        if self.nbytes:
            device().use()
            check(driver.cuMemcpyDtoH, host.ctypes.data, self.pointer, self.nbytes)
        return host


class Module:
    """Machine code in the device, with its one kernel.

    Attributes
    ----------
    resident : int
        Blocks of it that a multiprocessor holds at a time: its registers decide.
    """

    def __init__(self, code: bytes, entry: str) -> None:
        device().use()
        status, self.module = _taking(driver.cuModuleLoadData, code)
        if int(status) != 0:
            raise CudaError(f"cuModuleLoadData: {status.name}")
        self.function = check(driver.cuModuleGetFunction, self.module, entry.encode())
        fitting = driver.cuOccupancyMaxActiveBlocksPerMultiprocessor
        self.resident = max(int(check(fitting, self.function, THREADS, 0)), 1)

    def starter(
        self, grid: int, kinds: Sequence[Any]
    ) -> Callable[[Sequence[Any]], None]:
        """What starts the kernel on `grid` blocks, given words of these C types.

        The kernel runs on while the caller goes on. The driver takes the addresses of
        the words: they are those of the members of a structure.
        """
        plain = [k for kind in kinds for k in (kind if _is_pair(kind) else (kind,))]
        fields = [(f"word{n}", kind) for n, kind in enumerate(plain)]
        words_of = type("Words", (ctypes.Structure,), {"_fields_": fields})
        offsets = [getattr(words_of, name).offset for name, _ in fields]
        addresses_of = ctypes.c_void_p * len(offsets)
        function, sizes = self.function, (grid, 1, 1, THREADS, 1, 1)
        pairs = len(plain) > len(kinds)

        def start(words: Sequence[Any]) -> None:
            device().use()
            given = words_of(*(_parts(words, kinds) if pairs else words))
            base = ctypes.addressof(given)
            places = addresses_of(*[base + offset for offset in offsets])
            parameters = ctypes.addressof(places)
            check(driver.cuLaunchKernel, function, *sizes, 0, 0, parameters, 0)

        return start


def _is_pair(kind: Any) -> bool:
    return isinstance(kind, tuple)


def _parts(words: Sequence[Any], kinds: Sequence[Any]) -> list[Any]:
    """Parameters, those of complex numbers part by part.

    Examples
    --------
    >>> _parts([7, 1 + 2j], ["c_int", ("c_float", "c_float")])
    [7, 1.0, 2.0]
    """
    parts: list[Any] = []
    for word, kind in zip(words, kinds, strict=True):
        parts += [word.real, word.imag] if _is_pair(kind) else [word]
    return parts
