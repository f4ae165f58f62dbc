"""The protocol that every backend fills, and the names of those that exist."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from .kernel import Kernel, Layout


class UnsupportedKernel(Exception):
    """A backend does not generate such kernels."""


class CompileError(Exception):
    """A kernel could not be compiled: its name, and the reason in one line."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.reason = reason


class Launcher(Protocol):
    """A compiled kernel bound to one layout: what a plan row calls."""

    def __call__(self, pointers: Sequence[int], scalars: Sequence[Any]) -> None:
        """Run on buffers (addresses of element 0) and scalar values."""


class Compiled(Protocol):
    """Machine code of one kernel."""

    source: str
    """The generated Python text."""

    loaded: bool
    """Whether the machine code came from the disk cache."""

    def bind(self, layout: Layout) -> Launcher:
        """Fix extents, offsets and strides."""


class Backend(Protocol):
    """Turns kernels into machine code: stages 6 to 8 of one device."""

    name: str

    def emit(self, kernel: Kernel) -> str:
        """The readable Python source of `kernel` (stage 6)."""

    def compile(self, kernel: Kernel) -> Compiled:
        """Machine code of `kernel`, from the cache when it is known (stage 7)."""


if TYPE_CHECKING:  # so that the type checker says where one does not fill the protocol
    from .cpu.backend import CpuBackend
    from .cuda.backend import CudaBackend
    from .reference.backend import ReferenceBackend

    BACKENDS: tuple[Backend, ...] = (CpuBackend(), CudaBackend(), ReferenceBackend())
