"""The protocol that every backend fills, and which backend serves which device."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from .kernel import Kernel, Layout

HOST: Final = "cpu"
"""The device whose memory holds NumPy arrays."""


class UnsupportedKernel(Exception):
    """A backend does not generate such kernels."""


class CompileError(Exception):
    """A kernel could not be compiled: its name, and the reason in one line."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.reason = reason


def reason(error: Exception) -> str:
    """The first line of a compiler's complaint that says something."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0] if lines else ''}"[:300]


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
        """The readable Python source of `kernel` (stage 6).

        Raises
        ------
        UnsupportedKernel
            If the backend does not generate such kernels.
        """

    def is_known(self, kernel: Kernel) -> bool:
        """Whether machine code of `kernel` exists, in this process or on disk."""

    def compile(self, kernel: Kernel) -> Compiled:
        """Machine code of `kernel`, from the cache when it is known (stage 7).

        Raises
        ------
        UnsupportedKernel
            If the backend does not generate such kernels.
        CompileError
            If the compiler fails.
        """

    def allocate(self, dtype: Any, shape: tuple[int, ...]) -> Any:
        """A C-contiguous buffer of undefined content in the memory of the device."""

    def pointer(self, buffer: Any) -> int:
        """The address of element 0 of a buffer."""

    def upload(self, array: Any) -> Any:
        """A buffer with the elements of a NumPy array."""

    def download(self, buffer: Any) -> Any:
        """A NumPy array with the elements of a buffer, once it is computed."""


@cache
def backend_of(name: str) -> Backend:
    """The backend of a name: ``"cpu"`` or ``"cuda"``, its device, or ``"numpy"``.

    Examples
    --------
    >>> backend_of("cpu").name
    'cpu'
    """
    # A process loads the one it uses: the others may not even be installed.
    if name == HOST:
        from .cpu.backend import backend as cpu

        return cpu
    if name == "numpy":
        from .reference.backend import backend as reference

        return reference
    from .cuda.backend import backend as cuda

    return cuda


if TYPE_CHECKING:  # so that the type checker says where one does not fill the protocol
    from .cpu.backend import CpuBackend
    from .cuda.backend import CudaBackend
    from .reference.backend import ReferenceBackend

    BACKENDS: tuple[Backend, ...] = (CpuBackend(), CudaBackend(), ReferenceBackend())
