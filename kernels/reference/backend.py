"""The reference backend: kernels as NumPy text, run as they are written.

It needs neither Numba nor LLVM. Every statement of a kernel runs on whole arrays, in
the order of the text and, for reductions, in the order that the loop IR documents: so
it is the oracle of the other backends, bit by bit wherever the scalar functions of a
kernel are exact.
"""

from __future__ import annotations

import linecache
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..backend import CompileError, Launcher
from ..counts import COUNTS
from ..host import HostMemory
from ..kernel import Kernel, Layout
from . import access, deviations, functions, reductions
from .access import Memory
from .emit import emit

NAMESPACE = {
    **functions.FUNCTIONS,
    **access.FUNCTIONS,
    **reductions.FUNCTIONS,
    **deviations.FUNCTIONS,
}
"""What the names in generated text mean."""


class CompiledKernel:
    """The Python function of one kernel."""

    loaded = False  # nothing is worth keeping on disk

    def __init__(self, kernel: Kernel, source: str, function: Callable[..., None]):
        self.kernel = kernel
        self.source = source
        self.function = function

    def bind(self, layout: Layout) -> Launcher:
        """Fix extents, offsets and strides."""
        kernel, function = self.kernel, self.function
        if 0 in layout.extents[: kernel.outer]:
            return _nothing
        numbers = [*layout.extents, *(n for place in layout.places for n in place)]
        dtypes = [np.dtype(argument.dtype) for argument in kernel.arguments]
        scalar_types = [_scalar_type(dtype) for dtype in kernel.scalars]

        def launch(pointers: Sequence[int], scalars: Sequence[Any]) -> None:
            COUNTS.launches += 1
            arguments = map(Memory, pointers, dtypes)
            values = [t(s) for t, s in zip(scalar_types, scalars, strict=True)]
            with np.errstate(all="ignore"):
                function(*arguments, *values, *numbers)

        return launch


class ReferenceBackend(HostMemory):
    """Stages 6 to 8 by NumPy alone."""

    name = "numpy"

    def __init__(self) -> None:
        self._kernels: dict[str, CompiledKernel] = {}
        self._lock = threading.Lock()

    def emit(self, kernel: Kernel) -> str:
        """The readable Python source of `kernel` (stage 6)."""
        return emit(kernel)

    def is_known(self, kernel: Kernel) -> bool:
        """Always: there is no compiler to wait for."""
        return True

    def compile(self, kernel: Kernel) -> CompiledKernel:
        """The Python function of `kernel` (stage 7).

        Raises
        ------
        UnsupportedKernel
            If the backend does not generate such kernels.
        CompileError
            If the text of a kernel is not Python, or names what does not exist.
        """
        known = self._kernels.get(kernel.key)
        if known is not None:
            return known
        with self._lock:
            known = self._kernels.get(kernel.key)
            if known is None:
                known = self._kernels[kernel.key] = _build(kernel)
        return known


def _build(kernel: Kernel) -> CompiledKernel:
    source = emit(kernel)
    filename = f"<kernel {kernel.name} {kernel.key[:8]} numpy>"
    try:
        code = compile(source, filename, "exec")
    except SyntaxError as error:
        raise CompileError(kernel.name, f"SyntaxError: {error.msg}") from None
    defined: dict[str, Any] = {}
    exec(code, dict(NAMESPACE), defined)
    (function,) = defined.values()
    unknown = set(function.__code__.co_names) - set(NAMESPACE)
    if unknown:
        raise CompileError(kernel.name, f"NameError: {', '.join(sorted(unknown))}")
    lines = source.splitlines(keepends=True)
    linecache.cache[filename] = (len(source), None, lines, filename)
    return CompiledKernel(kernel, source, function)


def _scalar_type(dtype: str) -> Any:
    """The type of a scalar's value; float16 is computed in float32."""
    return np.float32 if dtype == "float16" else np.dtype(dtype).type


def _nothing(pointers: Sequence[int], scalars: Sequence[Any]) -> None:
    """The launcher of a kernel without any elements."""


backend = ReferenceBackend()
