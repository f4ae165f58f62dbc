"""The CPU backend; see `backend`."""

from .backend import CompiledKernel, CompileError, CpuBackend, backend
from .emit import UnsupportedKernel

__all__ = [
    "CompileError",
    "CompiledKernel",
    "CpuBackend",
    "UnsupportedKernel",
    "backend",
]
