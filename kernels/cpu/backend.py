"""The CPU backend: generated Numba kernels on all cores."""

from __future__ import annotations

import contextlib
import re

from .. import cache
from ..backend import CompileError, UnsupportedKernel, reason
from ..counts import COUNTS
from ..host import HostMemory
from ..kernel import Compute, Kernel, Layout
from ..locks import new_lock
from ..scalars import COMPLEX_FUSED, FUSED, PARTS
from . import launch
from .emit import emit, emit_split
from .scope import value_dtypes
from .target import (
    MissingSymbol,
    compiling,
    converts_halves,
    has_fused_multiply_add,
    identity,
    load,
)

CALL = re.compile(r"\b([a-z]\w*)\(")

_lock = new_lock()  # Numba compiles one kernel at a time


class CompiledKernel:
    """Machine code of one kernel in this process."""

    def __init__(self, kernel: Kernel, source: str, address: int, loaded: bool) -> None:
        self.kernel = kernel
        self.source = source
        self.address = address
        self.loaded = loaded
        self._split: int | None = None
        self._split_tried = False

    def bind(self, layout: Layout) -> launch.Launch:
        """Fix extents, offsets and strides."""
        return launch.Launch(self.kernel, layout, self.address, self._split_address)

    def _split_address(self) -> int | None:
        """The form for few long rows, compiled when first needed, if there is one."""
        if not self._split_tried:
            with _lock:
                if not self._split_tried:
                    with contextlib.suppress(UnsupportedKernel, CompileError):
                        source = emit_split(self.kernel)
                        self._split, _ = build(source, self.kernel.name)
                    self._split_tried = True
        return self._split


class CpuBackend(HostMemory):
    """Stages 6 to 8 for CPUs."""

    name = "cpu"

    def __init__(self) -> None:
        self._kernels: dict[str, CompiledKernel] = {}
        self._absent: set[str] = set()

    def emit(self, kernel: Kernel) -> str:
        """The readable Python source of `kernel` (stage 6)."""
        return source_of(kernel)

    def is_known(self, kernel: Kernel) -> bool:
        """Whether machine code of `kernel` exists, in this process or on disk.

        The disk is asked once for each kernel: cold groups ask before each run, and
        emitting the source that names the file costs more than many of these runs.
        """
        if kernel.key in self._kernels:
            return True
        if kernel.key in self._absent:
            return False
        found = cache.has(cache.key(source_of(kernel), identity()))
        if not found:
            self._absent.add(kernel.key)
        return found

    def compile(self, kernel: Kernel) -> CompiledKernel:
        """Machine code of `kernel` (stage 7).

        Raises
        ------
        UnsupportedKernel
            If the backend does not generate such kernels.
        CompileError
            If Numba or LLVM fails.
        """
        known = self._kernels.get(kernel.key)
        if known is not None:
            return known
        with _lock:
            known = self._kernels.get(kernel.key)
            if known is None:
                known = self._kernels[kernel.key] = self._build(kernel)
        return known

    def _build(self, kernel: Kernel) -> CompiledKernel:
        source = source_of(kernel)
        address, loaded = build(source, kernel.name)
        return CompiledKernel(kernel, source, address, loaded)


def source_of(kernel: Kernel) -> str:
    """The source of `kernel`, where this CPU runs it well.

    Raises
    ------
    UnsupportedKernel
        If the backend does not generate such kernels, or if this CPU has to call a
        function for each of the multiply-adds that vector math consists of, or for
        each float16.
    CompileError
        If the generator itself fails.
    """
    if not has_fused_multiply_add():
        fused = FUSED if dtypes(kernel).isdisjoint(PARTS) else COMPLEX_FUSED
        for name in sorted(functions(kernel) & fused):
            raise UnsupportedKernel(f"{name} on a CPU without fused multiply-add")
    if not converts_halves() and "float16" in dtypes(kernel):
        raise UnsupportedKernel("float16 on a CPU that does not convert it")
    try:
        return emit(kernel)
    except UnsupportedKernel:
        raise
    except Exception as error:
        raise CompileError(kernel.name, reason(error)) from None


def functions(kernel: Kernel) -> set[str]:
    """The names that the texts of `kernel` call."""
    statements = (s for s in kernel.statements() if isinstance(s, Compute))
    return {name for s in statements for name in CALL.findall(s.text)}


def dtypes(kernel: Kernel) -> set[str]:
    """The dtypes of the memory, scalars and values of `kernel`."""
    return {*(a.dtype for a in kernel.arguments), *value_dtypes(kernel).values()}


def build(source: str, title: str) -> tuple[int, bool]:
    """The address of the machine code of `source`, and whether it was on disk.

    Numba is imported only where the code is not on disk.
    """
    name = cache.key(source, identity())
    entry = f"kernel_{name[:32]}"
    known = cache.load(name)
    if known is not None:
        try:
            (address,) = load(known, entry, fresh=False)
        except (MissingSymbol, ValueError):
            pass  # written by another process that had more libraries loaded
        else:
            COUNTS.loaded += 1
            return address, True
    try:
        with compiling():
            from .compile import compile_text

            code = compile_text(source, entry, f"<kernel {title} {name[:8]}>")
        (address,) = load(code, entry)
    except Exception as error:
        raise CompileError(title, reason(error)) from None
    COUNTS.compiled += 1
    COUNTS.kept += cache.save(name, code)
    return address, False


backend = CpuBackend()
