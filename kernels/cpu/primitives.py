"""Numba intrinsics that generated text uses besides the scalar library.

Reductions of contiguous values work on 32 lanes, one LLVM vector, so that their order
is written down here and not left to the optimiser: element i goes to lane i % 32, and
the lanes are merged as a balanced tree (k with k + 16, then k + 8, ...).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from llvmlite.binding import llvm_version_info
from numba.core import cgutils as _cgutils
from numba.core import types
from numba.extending import intrinsic

cgutils: Any = _cgutils  # Numba's own helpers have no types
pointer_to: Any = types.CPointer

LANES = 32

INDEX = ir.IntType(64)
INT32 = ir.IntType(32)
BOOL = ir.IntType(1)


# -- memory ---------------------------------------------------------------------------
@intrinsic(prefer_literal=True)
def stack(context: Any, dtype: Any, count: Any) -> Any:
    """A pointer to `count` items on the stack, aligned for vectors."""
    item = dtype.instance_type

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = context.get_data_type(item)
        memory = cgutils.alloca_once(builder, ir.ArrayType(kind, count.literal_value))
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
    wide = types.float64 if value == types.float64 else types.float32

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        half = builder.fptrunc(arguments[0], ir.HalfType())
        return builder.fpext(half, ir.FloatType())

    return types.float32(wide), build


# -- extremes -------------------------------------------------------------------------
def _extreme(op: str) -> Any:
    """``larger(x, y)`` and ``smaller(x, y)`` of floats: NaN if any, -0.0 below 0.0."""

    @intrinsic
    def choose(context: Any, x: Any, y: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return COMBINE[op](builder, arguments[0], arguments[1], True)

        return x(x, x), build

    return choose


# -- lanes ----------------------------------------------------------------------------
Combine = Callable[[Any, Any, Any, bool], Any]


def _by_kind(floating: str, whole: str) -> Combine:
    def combine(builder: Any, x: Any, y: Any, signed: bool) -> Any:
        kind = x.type.element if isinstance(x.type, ir.VectorType) else x.type
        exact = isinstance(kind, ir.IntType)
        name = whole if exact else floating
        if not name.startswith("llvm."):
            return getattr(builder, name)(x, y)
        name = name.replace("?", "s" if signed else "u")
        shape = ir.FunctionType(x.type, [x.type, x.type])
        function = cgutils.get_or_insert_function(
            builder.module, shape, f"{name}.{_mangled(x.type)}"
        )
        return builder.call(function, [x, y])

    return combine


COMBINE: dict[str, Combine] = {
    "sum": _by_kind("fadd", "add"),
    "prod": _by_kind("fmul", "mul"),
    "max": _by_kind("llvm.maximum", "llvm.?max"),
    "min": _by_kind("llvm.minimum", "llvm.?min"),
    "any": _by_kind("", "or_"),
    "all": _by_kind("", "and_"),
}


def _signed(item: Any) -> bool:
    return bool(getattr(item, "signed", False))


def _parts(item: Any, context: Any) -> tuple[Any, int]:
    """LLVM type of one number of `item`, and how many there are: 2 if complex."""
    if isinstance(item, types.Complex):
        return context.get_data_type(item.underlying_float), 2
    return context.get_data_type(item), 1


def _bytes(kind: Any) -> int:
    sizes = {ir.FloatType(): 4, ir.DoubleType(): 8}
    return sizes[kind] if kind in sizes else kind.width // 8


def _identity(item: Any, kind: Any, op: str) -> Any:
    """What changes nothing: for float sums -0.0, since 0.0 + -0.0 is 0.0."""
    if not isinstance(kind, ir.IntType):
        table = {"sum": -0.0, "prod": 1.0, "max": float("-inf"), "min": float("inf")}
        return table[op]
    if op == "max":
        return item.minval
    if op == "min":
        return item.maxval
    return {"sum": 0, "prod": 1, "any": 0, "all": 1}[op]


def _vector(context: Any, builder: Any, item: Any, pointer: Any) -> tuple[Any, Any]:
    """The type of all lanes, and `pointer` as a pointer to numbers."""
    kind, parts = _parts(item, context)
    return ir.VectorType(kind, LANES * parts), builder.bitcast(
        pointer, kind.as_pointer()
    )


def _wide_load(builder: Any, pointer: Any, vector: Any, align: int) -> Any:
    return builder.load(builder.bitcast(pointer, vector.as_pointer()), align=align)


def _masked_load(
    builder: Any, pointer: Any, vector: Any, count: Any, neutral: Any
) -> Any:
    """The first `count` numbers at `pointer`; the identity in the other lanes."""
    width, align = vector.count, _bytes(vector.element)
    lanes = ir.VectorType(INT32, width)
    splat = _splat(builder, builder.trunc(count, INT32), width)
    mask = builder.icmp_unsigned("<", ir.Constant(lanes, list(range(width))), splat)
    pointed = builder.bitcast(pointer, vector.as_pointer())
    name = f"llvm.masked.load.{_mangled(vector)}.p0"
    arguments = [pointed, INT32(align), mask, neutral]
    if llvm_version_info >= (22,):  # the alignment became an attribute
        arguments.remove(arguments[1])
    shape = ir.FunctionType(vector, [value.type for value in arguments])
    load = cgutils.get_or_insert_function(builder.module, shape, name)
    if len(arguments) == 3:
        load.args[0].add_attribute("noundef")
        load.args[0].attributes.align = align
    return builder.call(load, arguments)


def _splat(builder: Any, value: Any, width: int) -> Any:
    """A vector with `value` in every lane."""
    unknown = ir.Constant(ir.VectorType(value.type, width), ir.Undefined)
    first = builder.insert_element(unknown, value, INT32(0))
    zeros = ir.Constant(ir.VectorType(INT32, width), [0] * width)
    return builder.shuffle_vector(first, unknown, zeros)


def _mangled(kind: Any) -> str:
    """The name of a type in the name of an LLVM intrinsic: v32f64."""
    if isinstance(kind, ir.VectorType):
        return f"v{kind.count}{_mangled(kind.element)}"
    if isinstance(kind, ir.IntType):
        return f"i{kind.width}"
    return f"f{8 * _bytes(kind)}"


def _lanes(op: str) -> Any:
    """``lanes_sum(lanes, values, count)`` and the like: combine values into lanes."""

    @intrinsic
    def combine_into(context: Any, lanes: Any, values: Any, count: Any) -> Any:
        item = lanes.dtype

        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            vector, target = _vector(context, builder, item, arguments[0])
            _, source = _vector(context, builder, item, arguments[1])
            width = ir.Constant(INDEX, vector.count)
            numbers = builder.mul(
                arguments[2], ir.Constant(INDEX, vector.count // LANES)
            )
            rest = builder.and_(numbers, ir.Constant(INDEX, vector.count - 1))
            full = builder.sub(numbers, rest)
            state = cgutils.alloca_once(builder, vector)
            builder.store(_wide_load(builder, target, vector, 64), state)
            align = _bytes(vector.element)
            step = COMBINE[op]
            with cgutils.for_range_slice(
                builder, ir.Constant(INDEX, 0), full, width, INDEX
            ) as (index, _):
                new = _wide_load(builder, builder.gep(source, [index]), vector, align)
                old = builder.load(state)
                builder.store(step(builder, old, new, _signed(item)), state)
            with builder.if_then(builder.icmp_signed("!=", rest, INDEX(0))):
                neutral = _identity(item, vector.element, op)
                neutral = ir.Constant(vector, [neutral] * vector.count)
                place = builder.gep(source, [full])
                new = _masked_load(builder, place, vector, rest, neutral)
                old = builder.load(state)
                builder.store(step(builder, old, new, _signed(item)), state)
            wide = builder.bitcast(target, vector.as_pointer())
            builder.store(builder.load(state), wide, align=64)
            return context.get_dummy_value()

        return types.void(lanes, values, types.int64), build

    return combine_into


def _clear(op: str) -> Any:
    """``clear_sum(lanes)`` and the like: set every lane to the identity."""

    @intrinsic
    def clear(context: Any, lanes: Any) -> Any:
        item = lanes.dtype

        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            vector, target = _vector(context, builder, item, arguments[0])
            neutral = _identity(item, vector.element, op)
            wide = builder.bitcast(target, vector.as_pointer())
            value = ir.Constant(vector, [neutral] * vector.count)
            builder.store(value, wide, align=64)
            return context.get_dummy_value()

        return types.void(lanes), build

    return clear


def _merge(op: str) -> Any:
    """``merge_sum(lanes)`` and the like: the lanes, merged as a balanced tree."""

    @intrinsic
    def merge(context: Any, lanes: Any) -> Any:
        item = lanes.dtype

        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            vector, target = _vector(context, builder, item, arguments[0])
            value = _wide_load(builder, target, vector, 64)
            while value.type.count > vector.count // LANES:
                value = _fold(builder, value, COMBINE[op], _signed(item))
            if isinstance(item, types.Complex):
                number = context.make_complex(builder, item)
                number.real = builder.extract_element(value, INT32(0))
                number.imag = builder.extract_element(value, INT32(1))
                return number._getvalue()
            return builder.extract_element(value, INT32(0))

        return item(lanes), build

    return merge


def _fold(builder: Any, value: Any, step: Combine, signed: bool) -> Any:
    """The lower half of a vector, combined with the upper half."""
    half = value.type.count // 2
    low, high = (
        builder.shuffle_vector(
            value,
            ir.Constant(value.type, ir.Undefined),
            ir.Constant(ir.VectorType(INT32, half), list(range(first, first + half))),
        )
        for first in (0, half)
    )
    return step(builder, low, high, signed)


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


@intrinsic
def first_of(context: Any, values: Any, count: Any, best: Any) -> Any:
    """The first position of `best`, or of a NaN, among `count` values.

    `best` is one of the values.
    """
    item = values.dtype

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector, source = _vector(context, builder, item, arguments[0])
        count = arguments[1]
        found = cgutils.alloca_once_value(builder, ir.Constant(INDEX, -1))
        wanted = _splat(builder, arguments[2], LANES)
        rest = builder.and_(count, ir.Constant(INDEX, LANES - 1))
        groups = builder.lshr(count, ir.Constant(INDEX, 5))
        with cgutils.for_range(builder, groups, intp=INDEX) as loop:
            start = builder.mul(loop.index, ir.Constant(INDEX, LANES))
            place = builder.gep(source, [start])
            new = _wide_load(builder, place, vector, _bytes(vector.element))
            bits = _hits(builder, item, new, wanted)
            with builder.if_then(builder.icmp_signed("!=", bits, INT32(0))):
                first = builder.zext(builder.cttz(bits, BOOL(1)), INDEX)
                builder.store(builder.add(start, first), found)
                loop.do_break()
        missing = builder.icmp_signed("<", builder.load(found), INDEX(0))
        with builder.if_then(missing):
            start = builder.sub(count, rest)
            zeros = ir.Constant(vector, None)
            place = builder.gep(source, [start])
            new = _masked_load(builder, place, vector, rest, zeros)
            bits = _hits(builder, item, new, wanted)
            first = builder.zext(builder.cttz(bits, BOOL(0)), INDEX)
            builder.store(builder.add(start, first), found)
        return builder.load(found)

    return types.int64(values, types.int64, item), build


def _hits(builder: Any, item: Any, values: Any, wanted: Any) -> Any:
    """A bit for each lane that is `wanted`, or NaN."""
    if isinstance(item, types.Float):
        equal = builder.fcmp_ordered("==", values, wanted)
        hit = builder.or_(equal, builder.fcmp_unordered("uno", values, values))
    else:
        hit = builder.icmp_signed("==", values, wanted)
    return builder.bitcast(hit, INT32)


PRIMITIVES: dict[str, Any] = {
    "stack": stack,
    "at": at,
    "half_to_single": half_to_single,
    "single_to_half": single_to_half,
    "float16": float16,
    "lost": lost,
    "compensated": compensated,
    "first_of": first_of,
    "larger": _extreme("max"),
    "smaller": _extreme("min"),
    **{f"lanes_{op}": _lanes(op) for op in COMBINE},
    **{f"clear_{op}": _clear(op) for op in COMBINE},
    **{f"merge_{op}": _merge(op) for op in COMBINE},
}
"""Name in generated text -> intrinsic."""
