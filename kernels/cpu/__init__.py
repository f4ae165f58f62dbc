"""The CPU backend; see `backend`."""

from ..backend import CompileError, UnsupportedKernel
from .backend import CompiledKernel, CpuBackend, backend

__all__ = [
    "CompileError",
    "CompiledKernel",
    "CpuBackend",
    "UnsupportedKernel",
    "backend",
]
