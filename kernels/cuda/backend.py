"""The CUDA backend: generated numba-cuda kernels on the first device."""

from __future__ import annotations

import threading
import time

from .. import cache
from ..backend import Launcher
from ..counts import COUNTS
from ..kernel import Kernel, Layout
from . import launch
from .emit import emit
from .forms import ENTRY, Team


class CompiledKernel:
    """Machine code of one kernel, a form for each team that shares its rows."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.source = emit(kernel)
        self.loaded = True
        self._modules: dict[Team, launch.Module] = {}
        self._lock = threading.Lock()

    def bind(self, layout: Layout) -> Launcher:
        """Fix extents, offsets and strides; pointers are those of the device."""
        team = launch.choose_team(self.kernel, layout)
        return launch.bind(self.kernel, layout, team, self.module)

    def module(self, team: Team) -> launch.Module:
        """The machine code of one form, in the device."""
        with self._lock:
            if team not in self._modules:
                self._modules[team] = self._build(team)
            return self._modules[team]

    def _build(self, team: Team) -> launch.Module:
        """The module of one form, from the disk cache when it is known."""
        architecture = launch.device().architecture
        source = emit(self.kernel, team)
        name = cache.key(source, "cuda", repr(architecture))
        code = cache.load(name)
        if code is None:
            started = time.perf_counter()
            from .compile import compile_text

            title = f"<kernel {self.kernel.name} {name[:8]}>"
            code = compile_text(source, title, architecture).code
            COUNTS.compiled += 1
            COUNTS.compile_seconds += time.perf_counter() - started
            cache.save(name, code)
            self.loaded = False
        else:
            COUNTS.loaded += 1
        return launch.Module(code, ENTRY)


class CudaBackend:
    """Stages 6 to 8 for CUDA devices."""

    name = "cuda"

    def __init__(self) -> None:
        self._kernels: dict[str, CompiledKernel] = {}

    def emit(self, kernel: Kernel) -> str:
        """The readable Python source of `kernel` (stage 6)."""
        return emit(kernel)

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
