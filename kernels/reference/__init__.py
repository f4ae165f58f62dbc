"""The reference backend: generated NumPy text, run by Python alone; see `backend`."""

from .backend import CompiledKernel, ReferenceBackend, backend

__all__ = ["CompiledKernel", "ReferenceBackend", "backend"]
