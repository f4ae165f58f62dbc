"""The scalar library for Numba's CPU compiler."""

from __future__ import annotations

from llvmlite import ir
from numba.extending import intrinsic

from ..builders import VECTOR_MATH, builders
from ..intrinsics import c_symbol, namespace
from ..term import Place
from .scaling import scale
from .target import scales_vectors


def _place(builder: ir.IRBuilder) -> Place:
    return Place(builder, c_symbol, scale=scale if scales_vectors() else None)


NAMESPACE = namespace(builders(VECTOR_MATH), _place, intrinsic)
"""What the names in a kernel's text mean when Numba compiles it for this machine."""
