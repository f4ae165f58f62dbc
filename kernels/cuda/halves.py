"""float16 on CUDA: stored in 16 bits, computed in float32."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.cuda.extending import intrinsic

HALF, SINGLE, BITS = ir.HalfType(), ir.FloatType(), ir.IntType(16)


@intrinsic
def half_to_single(context: Any, bits: Any) -> Any:
    """The float32 value of the bits of a float16."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fpext(builder.bitcast(arguments[0], HALF), SINGLE)

    return types.float32(types.uint16), build


@intrinsic
def single_to_half(context: Any, value: Any) -> Any:
    """The bits of the float16 nearest to a float32."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(builder.fptrunc(arguments[0], HALF), BITS)

    return types.uint16(types.float32), build


@intrinsic
def float16(context: Any, value: Any) -> Any:
    """`value` rounded to float16, in a float32."""
    exact = types.float32, types.boolean, types.int8, types.uint8, types.int16
    wide = types.float32 if value in (*exact, types.uint16) else types.float64

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fpext(builder.fptrunc(arguments[0], HALF), SINGLE)

    return types.float32(wide), build


FUNCTIONS = {
    "half_to_single": half_to_single,
    "single_to_half": single_to_half,
    "float16": float16,
}
