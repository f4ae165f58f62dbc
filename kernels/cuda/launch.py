"""Stage 8 on CUDA: the driver, device memory and launches.

NVIDIA's driver is called through its Python bindings; there is one device, the first,
and its default stream. Nothing here runs on a machine without a GPU but `available`.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import cache
from math import prod
from typing import Any

import numpy as np
from cuda.bindings import driver

from ..backend import Launcher
from ..counts import COUNTS
from ..kernel import Kernel, Layout
from .forms import COLUMNS, PART, THREADS, WARP, Team
from .grid import fits, partial_accumulators
from .wide import BYTES, aligned, width

BLOCKS = 8
"""Blocks of 256 threads that a multiprocessor holds at a time."""


class CudaError(Exception):
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
    except (CudaError, RuntimeError):
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


class DeviceArray:
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
        device().use()
        self.pointer = int(check(driver.cuMemAlloc, max(self.nbytes, 1)))

    def __del__(self) -> None:
        if hasattr(self, "pointer"):
            driver.cuMemFree(self.pointer)

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


class Module:
    """Machine code in the device, with its one kernel."""

    def __init__(self, code: bytes, entry: str) -> None:
        device().use()
        self.module = check(driver.cuModuleLoadData, code)
        self.function = check(driver.cuModuleGetFunction, self.module, entry.encode())


WORDS = {
    "bool": ctypes.c_bool,
    "float16": ctypes.c_float,
    "float32": ctypes.c_float,
    "float64": ctypes.c_double,
    **{f"int{bits}": getattr(ctypes, f"c_int{bits}") for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": getattr(ctypes, f"c_uint{bits}") for bits in (8, 16, 32, 64)},
}
"""C types of scalars by dtype."""


LONG = 8 * PART
"""Elements of a row from which many blocks share it, where they can."""


def choose_team(kernel: Kernel, layout: Layout) -> Team:
    """The form to launch: for rows by their length alone, so that results repeat."""
    if kernel.kind == "row":
        if layout.extents[-1] > LONG and fits(kernel):
            return "grid"
        return "warp" if layout.extents[-1] <= 1024 else "block"
    if kernel.kind == "column":
        return "column"
    return "wide" if width(kernel) > 1 and aligned(kernel, layout.places) else "map"


def blocks_needed(kernel: Kernel, layout: Layout, team: Team) -> int:
    """Blocks that would do all the work with every thread taking one share."""
    outer = layout.extents[: kernel.outer]
    if team == "column":
        return prod(outer[:-1]) * -(-outer[-1] // COLUMNS)
    if team == "grid":
        return prod(outer) * parts_of(layout)
    shares = {
        "map": THREADS,
        "wide": THREADS * width(kernel),
        "warp": THREADS // WARP,
        "block": 1,
    }
    return -(-prod(outer) // shares[team])


def bind(
    kernel: Kernel, layout: Layout, team: Team, module: Callable[[Team], Module]
) -> Launcher:
    """A launcher on `layout`, given device pointers; `module` has the machine code."""
    launch = launcher(kernel, layout, team, module(team))
    if team != "wide":
        return launch

    def launch_aligned(pointers: Sequence[int], scalars: Sequence[Any]) -> None:
        if all(pointer % BYTES == 0 for pointer in pointers):
            launch(pointers, scalars)
        else:
            launcher(kernel, layout, "map", module("map"))(pointers, scalars)

    return launch_aligned


def parts_of(layout: Layout) -> int:
    """Parts of a row, in the ``grid`` form."""
    return max(-(-layout.extents[-1] // PART), 1)


def scratch(kernel: Kernel, layout: Layout, team: Team) -> list[DeviceArray]:
    """The memory that the blocks of a launch share; tickets are 0 between launches."""
    if team != "grid":
        return []
    rows = prod(layout.extents[: kernel.outer])
    sums = [
        DeviceArray((rows * parts_of(layout),), acc.carrier)
        for acc in partial_accumulators(kernel)
    ]
    return [DeviceArray.of(np.zeros(rows, np.int32)), *sums]


def launcher(kernel: Kernel, layout: Layout, team: Team, module: Module) -> Launcher:
    """A launcher of one form of a kernel."""
    here = device()
    blocks = blocks_needed(kernel, layout, team)
    grid = min(blocks, here.multiprocessors * BLOCKS)
    numbers = [*layout.extents, *(n for place in layout.places for n in place)]
    shared = scratch(kernel, layout, team) if blocks else []
    kinds = (
        *[ctypes.c_void_p] * len(kernel.arguments),
        *[WORDS[dtype] for dtype in kernel.scalars],
        *[ctypes.c_int64] * len(numbers),
        *[ctypes.c_void_p] * len(shared),
    )

    def launch(pointers: Sequence[int], scalars: Sequence[Any]) -> None:
        if not blocks:
            return
        COUNTS.launches += 1
        plain = [value.item() if hasattr(value, "item") else value for value in scalars]
        places = [array.pointer for array in shared]
        words = ((*pointers, *plain, *numbers, *places), kinds)
        here.use()
        sizes = (grid, 1, 1, THREADS, 1, 1)
        check(driver.cuLaunchKernel, module.function, *sizes, 0, 0, words, 0)

    return launch
