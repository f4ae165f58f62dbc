"""The CUDA backend: generated numba-cuda kernels on the first device."""

from __future__ import annotations

import threading
from typing import Any

from numpy.typing import NDArray

from .. import cache
from ..backend import CompileError, Launcher, reason
from ..counts import COUNTS
from ..kernel import Kernel, Layout
from . import hardware, launch, simulated
from .emit import emit
from .forms import ENTRY, Team


class CompiledKernel:
    """Machine code of one kernel, a form for each team that shares its rows."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.source = emit(kernel)
        self.loaded = True
        self._modules: dict[Team, Any] = {}
        self._lock = threading.Lock()

    def bind(self, layout: Layout) -> Launcher:
        """Fix extents, offsets and strides; pointers are those of the device."""
        team = launch.choose_team(self.kernel, layout)
        return launch.bind(self.kernel, layout, team, self.module)

    def module(self, team: Team) -> Any:
        """The machine code of one form, in the device."""
        with self._lock:
            if team not in self._modules:
                self._modules[team] = self._build(team)
            return self._modules[team]

    def _build(self, team: Team) -> Any:
        """The module of one form, from the disk cache when it is known."""
        source = emit(self.kernel, team)
        if simulated():
            COUNTS.compiled += 1
            return hardware().Module(source)
        architecture = hardware().device().architecture
        name = cache.key(source, "cuda", repr(architecture))
        code = cache.load(name)
        if code is None:
            code = self._compile(source, name, architecture)
            self.loaded = False
        else:
            COUNTS.loaded += 1
        return hardware().Module(code, ENTRY)

    def _compile(self, source: str, name: str, architecture: tuple[int, int]) -> bytes:
        title = f"<kernel {self.kernel.name} {name[:8]}>"
        try:
            from .compile import compile_text

            code = compile_text(source, title, architecture).code
        except Exception as error:
            raise CompileError(self.kernel.name, reason(error)) from None
        COUNTS.compiled += 1
        COUNTS.kept += cache.save(name, code)
        return code


class CudaBackend:
    """Stages 6 to 8 for CUDA devices."""

    name = "cuda"

    def __init__(self) -> None:
        self._kernels: dict[str, CompiledKernel] = {}

    def emit(self, kernel: Kernel) -> str:
        """The readable Python source of `kernel` (stage 6)."""
        return emit(kernel)

    def is_known(self, kernel: Kernel) -> bool:
        """Always: what is on a device is never worth a way through the host."""
        return True

    def allocate(self, dtype: Any, shape: tuple[int, ...]) -> Any:
        """A C-contiguous array of undefined content on the device."""
        return hardware().DeviceArray(shape, dtype)

    def pointer(self, buffer: Any) -> int:
        """The address of element 0, in the memory of the device."""
        return int(buffer.pointer)

    def upload(self, array: NDArray[Any]) -> Any:
        """A copy on the device."""
        return hardware().DeviceArray.of(array)

    def download(self, buffer: Any) -> NDArray[Any]:
        """A copy in the memory of the host, once everything launched is done."""
        array: NDArray[Any] = buffer.numpy()
        return array

    def compile(self, kernel: Kernel) -> CompiledKernel:
        """The kernel, to be bound to layouts (stage 7).

        Machine code is made when a layout asks for it: which threads share a row
        depends on its length.

        Raises
        ------
        UnsupportedKernel
            If the backend does not generate such kernels.
        """
        known = self._kernels.get(kernel.key)
        if known is None:
            known = self._kernels[kernel.key] = CompiledKernel(kernel)
        return known


backend = CudaBackend()
