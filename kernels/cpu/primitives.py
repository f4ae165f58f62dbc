"""Numba intrinsics that generated text uses besides the scalar library."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from .lanes import LANE_PRIMITIVES
from .moments import MOMENT_PRIMITIVES
from .strips import STRIP_PRIMITIVES
from .vectors import COMBINE, INDEX, local

pointer_to: Any = types.CPointer


# -- memory ---------------------------------------------------------------------------
@intrinsic(prefer_literal=True)
def stack(context: Any, dtype: Any, count: Any) -> Any:
    """A pointer to `count` items on the stack, aligned for vectors."""
    item = dtype.instance_type

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = context.get_data_type(item)
        memory = local(builder, ir.ArrayType(kind, count.literal_value))
        memory.align = 64
        return builder.bitcast(memory, kind.as_pointer())

    return pointer_to(item)(dtype, count), build


@intrinsic
def at(context: Any, pointer: Any, offset: Any) -> Any:
    """The pointer `offset` items further."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.gep(arguments[0], [arguments[1]])

    return pointer(pointer, types.int64), build


# -- float16: stored in 16 bits, computed in float32 ----------------------------------
@intrinsic
def half_to_single(context: Any, bits: Any) -> Any:
    """The float32 value of the bits of a float16."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        half = builder.bitcast(arguments[0], ir.HalfType())
        return builder.fpext(half, ir.FloatType())

    return types.float32(types.uint16), build


@intrinsic
def single_to_half(context: Any, value: Any) -> Any:
    """The bits of the float16 nearest to a float32."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        half = builder.fptrunc(arguments[0], ir.HalfType())
        return builder.bitcast(half, ir.IntType(16))

    return types.uint16(types.float32), build


@intrinsic
def float16(context: Any, value: Any) -> Any:
    """`value` rounded to float16, in a float32."""
    exact = types.float32, types.boolean, types.int8, types.uint8, types.int16
    wide = types.float32 if value in (*exact, types.uint16) else types.float64

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        single = arguments[0]
        if wide == types.float64:
            single = _single_to_odd(builder, single)
        return builder.fpext(builder.fptrunc(single, ir.HalfType()), ir.FloatType())

    return types.float32(wide), build


def _single_to_odd(builder: Any, double: Any) -> Any:
    """The float32 that rounds to float16 as a float64 does.

    Bits beyond those of a float32 set the last one, so that nothing looks like a tie;
    no machine but the newest has an instruction for the whole conversion.
    """
    bits = builder.bitcast(double, INDEX)
    beyond = builder.and_(bits, INDEX((1 << 29) - 1))
    some = builder.icmp_signed("!=", beyond, INDEX(0))
    kept = builder.and_(bits, INDEX(-(1 << 29)))
    odd = builder.or_(kept, builder.select(some, INDEX(1 << 29), INDEX(0)))
    return builder.fptrunc(builder.bitcast(odd, double.type), ir.FloatType())


# -- extremes -------------------------------------------------------------------------
def _extreme(op: str) -> Any:
    """``larger(x, y)`` and ``smaller(x, y)`` of floats: NaN if any, -0.0 below 0.0."""

    @intrinsic
    def choose(context: Any, x: Any, y: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return COMBINE[op](builder, arguments[0], arguments[1], True)

        return x(x, x), build

    return choose


# -- merging of blocks ----------------------------------------------------------------
def _each(context: Any, builder: Any, item: Any, values: Any, act: Any) -> Any:
    """`act` on real values, or on the parts of complex ones."""
    if not isinstance(item, types.Complex):
        return act(*values)
    parts = [context.make_complex(builder, item, value=value) for value in values]
    number = context.make_complex(builder, item)
    number.real = act(*(part.real for part in parts))
    number.imag = act(*(part.imag for part in parts))
    return number._getvalue()


@intrinsic
def lost(context: Any, total: Any, block: Any) -> Any:
    """What rounding loses in ``total + block``."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        def error(a: Any, b: Any) -> Any:
            t = builder.fadd(a, b)
            z = builder.fsub(t, a)
            left = builder.fsub(a, builder.fsub(t, z))
            return builder.fadd(left, builder.fsub(b, z))

        return _each(context, builder, total, arguments, error)

    return total(total, total), build


@intrinsic
def compensated(context: Any, total: Any, rest: Any) -> Any:
    """``total + rest``, but `total` where the rest is 0, infinite or NaN."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        def add(t: Any, r: Any) -> Any:
            # r - r is 0 for finite r alone, and x * 0.0 keeps no bit of the sum
            finite = builder.fcmp_ordered("==", builder.fsub(r, r), t.type(0.0))
            used = builder.and_(finite, builder.fcmp_ordered("!=", r, t.type(0.0)))
            return builder.select(used, builder.fadd(t, r), t)

        return _each(context, builder, total, arguments, add)

    return total(total, total), build


PRIMITIVES: dict[str, Any] = {
    "stack": stack,
    "at": at,
    "half_to_single": half_to_single,
    "single_to_half": single_to_half,
    "float16": float16,
    "lost": lost,
    "compensated": compensated,
    "larger": _extreme("max"),
    "smaller": _extreme("min"),
    **LANE_PRIMITIVES,
    **MOMENT_PRIMITIVES,
    **STRIP_PRIMITIVES,
}
"""Name in generated text -> intrinsic."""
