"""The scalar library for Numba's CPU compiler."""

from __future__ import annotations

from llvmlite import ir
from numba.extending import intrinsic

from ..builders import VECTOR_MATH, builders
from ..intrinsics import c_symbol, namespace
from ..term import Place


def _place(builder: ir.IRBuilder) -> Place:
    return Place(builder, c_symbol)


NAMESPACE = namespace(builders(VECTOR_MATH), _place, intrinsic)
"""What the names in a kernel's text mean when Numba compiles it for this machine."""
