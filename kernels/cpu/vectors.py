"""LLVM vectors that hold all lanes of a reduction, and what combines them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache as once
from typing import Any

from llvmlite import ir
from llvmlite.binding import llvm_version_info
from numba.core import cgutils as _cgutils
from numba.core import types

from ..term import mangled, same_everywhere
from .target import has_fused_multiply_add

cgutils: Any = _cgutils  # Numba's own helpers have no types

LANES = 32
"""Numbers that go into as many sums at a time: eight registers of float64, four of
float32.

An addition takes four cycles, and two begin in each, so that fewer would wait.
"""

CACHE_LINE = 64
"""Bytes."""

PIECE = 32
"""Bytes of a register, of which `copy_some` makes pieces."""

INDEX = ir.IntType(64)
INT32 = ir.IntType(32)
BOOL = ir.IntType(1)

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
            builder.module, shape, f"{name}.{mangled(x.type)}"
        )
        return builder.call(function, [x, y])

    return combine


def with_square(builder: Any, total: Any, x: Any) -> Any:
    """``x * x + total``, rounded once by CPUs that can.

    That spares the adders, which the sums of distances keep busy: the variance of
    100,000 numbers takes a seventh less.
    """
    if not has_fused_multiply_add():
        return builder.fadd(builder.fmul(x, x), total)
    shape = ir.FunctionType(x.type, [x.type] * 3)
    name = f"llvm.fma.{mangled(x.type)}"
    fused = cgutils.get_or_insert_function(builder.module, shape, name)
    return builder.call(fused, [x, x, total])


COMBINE: dict[str, Combine] = {
    "sum": _by_kind("fadd", "add"),
    "prod": _by_kind("fmul", "mul"),
    "max": _by_kind("llvm.maximum", "llvm.?max"),
    "min": _by_kind("llvm.minimum", "llvm.?min"),
    "any": _by_kind("", "or_"),
    "all": _by_kind("", "and_"),
}


def combiner(item: Any, op: str) -> Combine:
    """How values of a Numba type are combined."""
    if op == "prod" and isinstance(item, types.Complex):
        return _complex_products
    return COMBINE[op]


def _complex_products(builder: Any, x: Any, y: Any, signed: bool) -> Any:
    """Of complex numbers whose parts alternate; every product and sum is rounded."""
    even, odd = (places(*range(k, x.type.count, 2)) for k in (0, 1))
    unknown = Unknown(x.type)
    (a, b), (c, d) = (
        [builder.shuffle_vector(z, unknown, part) for part in (even, odd)]
        for z in (x, y)
    )
    real = builder.fsub(builder.fmul(a, c), builder.fmul(b, d))
    imag = builder.fadd(builder.fmul(a, d), builder.fmul(b, c))
    count = x.type.count // 2
    pairs = places(*(k + part for k in range(count) for part in (0, count)))
    return builder.shuffle_vector(real, imag, pairs)


def local(builder: Any, kind: Any) -> Any:
    """Memory for one `kind` on the stack, not yet written.

    Numba's own helper fills it with zeros, at each call of a kernel; and LLVM takes the
    filling of an array apart, for as long as it takes for all the rest.
    """
    with builder.goto_entry_block():
        return builder.alloca(kind)


def local_with(builder: Any, value: Any) -> Any:
    """Memory on the stack that holds `value`."""
    memory = local(builder, value.type)
    builder.store(value, memory)
    return memory


def is_signed(item: Any) -> bool:
    """Whether a Numba type is that of signed integers."""
    return bool(getattr(item, "signed", False))


def parts_of(item: Any, context: Any) -> tuple[Any, int]:
    """LLVM type of one number of `item`, and how many there are: 2 if complex."""
    if isinstance(item, types.Complex):
        return context.get_data_type(item.underlying_float), 2
    return context.get_data_type(item), 1


def item_bytes(kind: Any) -> int:
    """The size of a number of an LLVM type."""
    sizes = {ir.FloatType(): 4, ir.DoubleType(): 8}
    return sizes[kind] if kind in sizes else kind.width // 8


def identity(item: Any, kind: Any, op: str) -> Any:
    """What changes nothing: for float sums -0.0, since 0.0 + -0.0 is 0.0."""
    if not isinstance(kind, ir.IntType):
        table = {"sum": -0.0, "prod": 1.0, "max": float("-inf"), "min": float("inf")}
        return table[op]
    if op == "max":
        return item.minval
    if op == "min":
        return item.maxval
    return {"sum": 0, "prod": 1, "any": 0, "all": 1}[op]


def neutral(item: Any, vector: Any, op: str) -> Any:
    """A vector that changes nothing, of the numbers that `item` consists of."""
    if op == "prod" and isinstance(item, types.Complex):
        return ir.Constant(vector, [1.0, 0.0] * (vector.count // 2))
    return repeated(vector, identity(item, vector.element, op))


def lanes_of(context: Any, builder: Any, item: Any, pointer: Any) -> tuple[Any, Any]:
    """The type of all lanes, and `pointer` as a pointer to numbers."""
    kind, parts = parts_of(item, context)
    return ir.VectorType(kind, LANES * parts), builder.bitcast(
        pointer, kind.as_pointer()
    )


def wide_load(builder: Any, pointer: Any, vector: Any, align: int) -> Any:
    """As many numbers at `pointer` as the type `vector` has."""
    return builder.load(builder.bitcast(pointer, vector.as_pointer()), align=align)


class AccessGroup(ir.MDValue):  # type: ignore[misc]
    """Metadata of the loads and stores of a loop; see `about_loop`."""

    def __init__(self, module: Any) -> None:
        super().__init__(module, [], str(len(module.metadata)))

    def descr(self, buf: list[str]) -> None:
        """Write it down: no two of them are the same."""
        buf += ("distinct !{}", "\n")


def about_loop(
    module: Any, accesses: AccessGroup | None = None, at_a_time: int = 1
) -> Any:
    """Metadata of the jump that closes a loop; None where there is nothing to say.

    Parameters
    ----------
    accesses : AccessGroup, optional
        The group that all of its loads and stores are in, if its steps do not depend on
        each other.
    at_a_time : int
        How many of its vectors go on together. LLVM decides whether there are any.
    """
    wishes: list[tuple[Any, ...]] = []
    if accesses is not None:
        wishes.append(("llvm.loop.parallel_accesses", accesses))
    if at_a_time > 1:
        wishes.append(("llvm.loop.interleave.count", INT32(at_a_time)))
    return _about_loop(module, *wishes) if wishes else None


def not_unrolled(module: Any) -> Any:
    """Metadata of the jump that closes a loop which LLVM is not to unroll."""
    return _about_loop(module, ("llvm.loop.unroll.disable",))


def _about_loop(module: Any, *wishes: tuple[Any, ...]) -> Any:
    said = [
        module.add_metadata([ir.MetaDataString(module, name), *operands])
        for name, *operands in wishes
    ]
    loop = ir.MDValue(module, [], str(len(module.metadata)))
    loop.operands = (loop, *said)  # the first one is itself: LLVM knows loops by that
    return loop


def vectors_of(builder: Any, numbers: Any, vector: Any) -> Any:
    """A loop over the starts of whole vectors among `numbers`, a multiple of them."""
    return steps_between(builder, INDEX(0), numbers, vector.count)


@contextmanager
def steps_between(builder: Any, start: Any, stop: Any, step: int) -> Iterator[Any]:
    """A loop over ``range(start, stop, step)``, mostly over the starts of vectors.

    LLVM is told not to unroll it: a step has several registers' worth of independent
    work already, and unrolled eight times it took longer to compile than all the rest
    of a sum.
    """
    inside = builder.append_basic_block("vectors")
    after = builder.append_basic_block("vectors.after")
    before = builder.block
    builder.cbranch(builder.icmp_signed("<", start, stop), inside, after)
    builder.position_at_end(inside)
    index = builder.phi(INDEX)
    index.add_incoming(start, before)
    yield index
    following = builder.add(index, INDEX(step), flags=["nsw"])
    index.add_incoming(following, builder.block)
    more = builder.icmp_signed("<", following, stop)
    jump = builder.cbranch(more, inside, after)
    jump.set_metadata("llvm.loop", not_unrolled(builder.module))
    builder.position_at_end(after)


@contextmanager
def groups_of(builder: Any, numbers: Any, count: int) -> Iterator[tuple[Any, Any]]:
    """A loop over groups of `count` among `numbers`: the start and the end of each."""
    with steps_between(builder, INDEX(0), numbers, count) as first:
        last = builder.add(first, INDEX(count), flags=["nsw"])
        beyond = builder.icmp_signed(">", last, numbers)
        yield first, builder.select(beyond, numbers, last)


def add_to(builder: Any, total: Any, new: Any) -> None:
    """Add floats to those in memory."""
    builder.store(builder.fadd(builder.load(total), new), total)


def copy_some(
    builder: Any, values: Sequence[Any], places: Sequence[Any], count: Any
) -> None:
    """Store the first `count` numbers of vectors, at least one, at places.

    They are copied from the stack in pieces of a register, of which the last one begins
    where it ends with the last number; fewer than those of a piece go one by one. CPUs
    that have masks for stores may take longer for one than for a call; and branches
    that stored half of the lanes, then a quarter, and so on, took LLVM as long as all
    the rest of a short kernel.
    """
    pairs = [
        (builder.bitcast(local_with(builder, value), place.type), place)
        for value, place in zip(values, places, strict=True)
    ]
    widest = max(item_bytes(value.type.element) for value in values)
    piece = INDEX(PIECE // widest)
    last = builder.sub(count, piece)
    enough = builder.icmp_signed(">=", last, INDEX(0))
    with builder.if_else(enough) as (then, otherwise):
        with then:
            _copy_pieces(builder, pairs, piece, last)
        with otherwise:
            _copy_pieces(builder, pairs, INDEX(1), builder.sub(count, INDEX(1)))


def _copy_pieces(builder: Any, pairs: Sequence[Any], piece: Any, last: Any) -> None:
    """Copy pieces of numbers from 0 on, and at `last` the last one."""
    inside = builder.append_basic_block("pieces")
    after = builder.append_basic_block("pieces.after")
    before = builder.block
    builder.branch(inside)
    builder.position_at_end(inside)
    index = builder.phi(INDEX)
    index.add_incoming(INDEX(0), before)
    for source, target in pairs:
        kind = source.type.pointee
        align = item_bytes(kind)
        if piece.constant > 1:
            kind = ir.VectorType(kind, piece.constant)
        places = [
            builder.bitcast(builder.gep(each, [index]), kind.as_pointer())
            for each in (source, target)
        ]
        builder.store(builder.load(places[0], align=align), places[1], align=align)
    following = builder.add(index, piece, flags=["nsw"])
    beyond = builder.icmp_signed(">", following, last)
    index.add_incoming(builder.select(beyond, last, following), inside)
    more = builder.icmp_signed("<", index, last)
    jump = builder.cbranch(more, inside, after)
    jump.set_metadata("llvm.loop", not_unrolled(builder.module))
    builder.position_at_end(after)


def load_vectors(
    builder: Any,
    pointers: Sequence[Any],
    whole: Any,
    count: Any,
    others: Sequence[Any],
) -> list[Any]:
    """Vectors of numbers at pointers.

    Where that is not the `whole`, the first `count` numbers, and those of the vectors
    `others` in the other lanes.
    """
    if not pointers:
        return []
    pairs = list(zip(pointers, others, strict=True))
    with builder.if_else(whole) as (then, otherwise):
        with then:
            all_ = [
                wide_load(builder, pointer, other.type, item_bytes(other.type.element))
                for pointer, other in pairs
            ]
            before = builder.block
        with otherwise:
            some = [
                masked_load(builder, pointer, other.type, count, other)
                for pointer, other in pairs
            ]
            after = builder.block
    found = []
    for x, y in zip(all_, some, strict=True):
        value = builder.phi(x.type)
        value.add_incoming(x, before)
        value.add_incoming(y, after)
        found.append(value)
    return found


def masked_load(
    builder: Any, pointer: Any, vector: Any, count: Any, neutral: Any
) -> Any:
    """The first `count` numbers at `pointer`; the identity in the other lanes."""
    width, align = vector.count, item_bytes(vector.element)
    mask = prefix(builder, count, width)
    pointed = builder.bitcast(pointer, vector.as_pointer())
    name = f"llvm.masked.load.{mangled(vector)}.p0"
    arguments = [pointed, INT32(align), mask, neutral]
    if llvm_version_info >= (22,):  # the alignment became an attribute
        arguments.remove(arguments[1])
    shape = ir.FunctionType(vector, [value.type for value in arguments])
    load = cgutils.get_or_insert_function(builder.module, shape, name)
    if len(arguments) == 3:
        load.args[0].add_attribute("noundef")
        load.args[0].attributes.align = align
    return builder.call(load, arguments)


def prefetch(builder: Any, pointer: Any, size: int) -> None:
    """Have `size` bytes brought near; there may be no memory at `pointer`."""
    byte = ir.IntType(8).as_pointer()
    shape = ir.FunctionType(ir.VoidType(), [byte, INT32, INT32, INT32])
    function = cgutils.get_or_insert_function(builder.module, shape, "llvm.prefetch.p0")
    first = builder.bitcast(pointer, byte)
    for line in range(0, size, CACHE_LINE):
        read, near, data = INT32(0), INT32(3), INT32(1)
        builder.call(function, [builder.gep(first, [INDEX(line)]), read, near, data])


def prefix(builder: Any, count: Any, width: int) -> Any:
    """A mask of the first `count` of some lanes."""
    limit = splat(builder, builder.trunc(count, INT32), width)
    return builder.icmp_unsigned("<", places(*range(width)), limit)


@once
def places(*numbers: int) -> ir.Constant:
    """Places of a shuffle. Writing such constants out is work, so they are kept."""
    return ir.Constant(ir.VectorType(INT32, len(numbers)), numbers)


def repeated(vector: Any, number: float) -> ir.Constant:
    """A constant vector with `number` in every lane."""
    return same_everywhere(number, vector)


class Unknown(ir.Constant):  # type: ignore[misc]
    """A vector of what does not matter, which llvmlite would write as a list."""

    def __init__(self, kind: ir.VectorType) -> None:
        self.type, self.constant = kind, ir.Undefined

    def _get_reference(self) -> str:
        return "poison"


def splat(builder: Any, value: Any, width: int) -> Any:
    """A vector with `value` in every lane."""
    unknown = Unknown(ir.VectorType(value.type, width))
    first = builder.insert_element(unknown, value, INT32(0))
    return builder.shuffle_vector(first, unknown, places(*[0] * width))


def part(builder: Any, value: Any, first: int, count: int) -> Any:
    """Some lanes of a vector, one after the other."""
    order = places(*range(first, first + count))
    return builder.shuffle_vector(value, Unknown(value.type), order)


def fold(builder: Any, value: Any, step: Combine, signed: bool) -> Any:
    """The lower half of a vector, combined with the upper half."""
    half = value.type.count // 2
    low, high = (part(builder, value, first, half) for first in (0, half))
    return step(builder, low, high, signed)
