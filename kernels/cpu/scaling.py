"""Powers of two as factors: AVX-512 has an instruction for vectors, ``vscalef``."""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from ..term import Term
from .vectors import part, places

REGISTER = 512
"""The bits of a vector register of AVX-512."""

AS_SET = 4
"""The rounding of an instruction that has none of its own: that of the thread."""


def scale(x: Term, n: Term) -> Term | None:
    """``x * 2**n``, rounded once, of vectors that fill registers; None of others.

    The whole floats `n` may be far beyond the exponents that a float can hold.
    """
    kind, lanes = x.value.type, REGISTER // x.bits
    if not x.is_vector or kind.count % lanes:
        return None
    build = x.place.builder
    whole, mask = ir.VectorType(kind.element, lanes), ir.IntType(lanes)
    name = f"llvm.x86.avx512.mask.scalef.{'pd' if x.bits == 64 else 'ps'}.512"
    function: Any = build.module.globals.get(name)
    if function is None:
        given = [whole, whole, whole, mask, ir.IntType(32)]
        function = ir.Function(build.module, ir.FunctionType(whole, given), name)

    def scaled(first: int) -> Any:
        left, right = (part(build, z, first, lanes) for z in (x.value, n.value))
        return build.call(
            function, [left, right, left, mask(-1), ir.IntType(32)(AS_SET)]
        )

    def joined(left: Any, right: Any) -> Any:
        order = places(*range(2 * left.type.count))
        return build.shuffle_vector(left, right, order)

    done = [scaled(first) for first in range(0, kind.count, lanes)]
    while len(done) > 1:
        done = [joined(*pair) for pair in zip(done[::2], done[1::2], strict=True)]
    return Term(x.place, done[0], x.dtype)
