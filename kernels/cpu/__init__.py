"""The CPU backend: `backend` has its front.

From a `Kernel` to text: `emit`, and for each kind of kernel `rows`, `columns`, `split`,
`tables`, with what they share in `scope`, `reductions`, `deviations`, `entry`.
From text to machine code: `compile`, and `body`, which does without Numba's front end,
with `values`, `functions`, `primitives`. Loops of vectors are made by `wide`, `steps`,
`lanes`, `levels`, `moments`, `quotients`, `strips`, `vectors`.
From machine code to calls: `target`, where LLVM loads it, and `linking`, which does
without, with `object_file`, `room`, `processor`. `launch` calls it, and `estimate`
tells whether threads share a call.
"""

from ..backend import CompileError, UnsupportedKernel
from .backend import CompiledKernel, CpuBackend, backend

__all__ = [
    "CompileError",
    "CompiledKernel",
    "CpuBackend",
    "UnsupportedKernel",
    "backend",
]
