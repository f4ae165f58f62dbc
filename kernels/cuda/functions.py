"""The scalar library for numba-cuda: the same formulas, and NVIDIA's libdevice."""

from __future__ import annotations

from llvmlite import ir
from numba.cuda.extending import intrinsic

from ..builders import VECTOR_MATH, builders
from ..intrinsics import c_symbol, namespace
from ..term import Place

MISSING = frozenset({"fabs", "rint", "copysign", "floor", "ceil", "trunc", "sqrt"})
"""LLVM intrinsics that NVVM does not take, or that libdevice does better."""


def libdevice_symbol(name: str, dtype: str) -> str:
    """The name in libdevice: ``arcsin`` of float32 is ``__nv_asinf``."""
    return f"__nv_{c_symbol(name, dtype)}"


def place(builder: ir.IRBuilder) -> Place:
    return Place(builder, libdevice_symbol, MISSING, vector_loops=False)


OWN = {"hypot": VECTOR_MATH["hypot"]}
"""Functions that are Engine's own: libdevice's overflows below the largest float."""

NAMESPACE = namespace(builders(OWN), place, intrinsic)
"""What the names in a kernel's text mean when numba-cuda compiles it."""
