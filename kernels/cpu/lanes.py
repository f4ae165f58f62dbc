"""Intrinsics for reductions of contiguous values.

They work on 32 lanes, one LLVM vector, so that their order is written down here and not
left to the optimiser: element i goes to lane i % 32, and the lanes are merged as a
balanced tree (k with k + 16, then k + 8, ...).

Floats are added on levels: see `levels`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from .levels import Levels, has_levels, look_ahead, walk_by_levels
from .target import is_x86
from .vectors import (
    BOOL,
    COMBINE,
    INDEX,
    INT32,
    LANES,
    Combine,
    cgutils,
    combiner,
    fold,
    is_signed,
    item_bytes,
    lanes_of,
    load_vectors,
    local_with,
    masked_load,
    neutral,
    places,
    repeated,
    splat,
    vectors_of,
    wide_load,
)


class Combined:
    """All lanes, each combined with its next value at every step."""

    long = False
    """Whether the code of a step is so long that there is to be one copy of it."""

    def __init__(self, builder: Any, item: Any, op: str, lanes: Any) -> None:
        self.builder, self.signed = builder, is_signed(item)
        self.combine = combiner(item, op)
        self.lanes = local_with(builder, lanes)

    @staticmethod
    def merging(item: Any, op: str) -> Combine:
        """How lanes are merged."""
        return combiner(item, op)

    def step(self, new: Any) -> None:
        """Combine the lanes with the values `new`."""
        old = self.builder.load(self.lanes)
        combined = self.combine(self.builder, old, new, self.signed)
        self.builder.store(combined, self.lanes)

    def end(self) -> Any:
        """The lanes after the last step."""
        return self.builder.load(self.lanes)


class ComparedFloats:
    """Extremes of floats by comparisons, where an exact minimum is no instruction.

    ``new > old ? new : old`` is one instruction of x86, but it skips NaN and does not
    tell zeros apart. Whether there was any NaN is noted beside it; so are the signs of
    all values, which give that of a zero: where the maximum is 0 no value is above, so
    that it is +0.0 if any sign is not set. All lanes become the NaN, or the zero, that
    one of them is. The merged lanes are those of `COMBINE`, but for the payload of NaN.
    """

    long = True

    def __init__(self, builder: Any, item: Any, op: str, lanes: Any) -> None:
        self.builder, self.larger = builder, op == "max"
        self.better = self.merging(item, op)
        self.kind = lanes.type.element
        self.whole = ir.IntType(8 * item_bytes(self.kind))
        best, signs, missing = self._parts(lanes)
        self.best = local_with(builder, best)
        self.signs = local_with(builder, signs)
        self.missing = local_with(builder, missing)

    @staticmethod
    def merging(item: Any, op: str) -> Combine:
        """How lanes are merged: NaN is in all of them, and zeros are alike."""
        return _larger if op == "max" else _smaller

    def step(self, new: Any) -> None:
        """Combine the lanes with the values `new`."""
        b = self.builder
        best, signs, missing = self._parts(new)
        b.store(self.better(b, best, b.load(self.best), True), self.best)
        b.store(self._join(b, signs, b.load(self.signs), True), self.signs)
        b.store(b.or_(missing, b.load(self.missing)), self.missing)

    def end(self) -> Any:
        """The lanes after the last step."""
        b, best = self.builder, self.builder.load(self.best)
        top = self.whole(1 << self.whole.width - 1)
        signs = self._narrow(b.load(self.signs), 1, self._join)
        sign = b.and_(b.extract_element(signs, INT32(0)), top)
        zero = splat(b, b.bitcast(sign, self.kind), best.type.count)
        is_zero = b.fcmp_ordered("==", best, repeated(best.type, 0))
        best = b.select(is_zero, zero, best)
        missing = self._narrow(b.load(self.missing), 1, COMBINE["any"])
        missing = b.extract_element(missing, INT32(0))
        any_missing = b.icmp_signed("!=", missing, self.whole(0))
        nan = repeated(best.type, float("nan"))
        return self._repeated(b.select(any_missing, nan, best))

    def _parts(self, values: Any) -> tuple[Any, Any, Any]:
        """Of values: the best, the signs and whether any is NaN, each in few lanes."""
        b, size = self.builder, item_bytes(self.kind)
        bits = b.bitcast(values, ir.VectorType(self.whole, values.type.count))
        missing = fold(b, values, self._unordered, True)
        return (
            self._narrow(values, 128 // size, self.better),
            self._narrow(bits, 32 // size, self._join),
            self._narrow(missing, 32 // size, COMBINE["any"]),
        )

    def _narrow(self, values: Any, count: int, step: Combine) -> Any:
        """`values` folded to `count` lanes: the order of extremes changes nothing."""
        while values.type.count > count:
            values = fold(self.builder, values, step, True)
        return values

    def _repeated(self, values: Any) -> Any:
        """All lanes from the few that `values` has."""
        order = places(*(k % values.type.count for k in range(LANES)))
        return self.builder.shuffle_vector(values, values, order)

    def _join(self, builder: Any, x: Any, y: Any, signed: bool) -> Any:
        """Signs of both: set if all are (max), or if any is (min)."""
        return builder.and_(x, y) if self.larger else builder.or_(x, y)

    def _unordered(self, builder: Any, x: Any, y: Any, signed: bool) -> Any:
        found = builder.fcmp_unordered("uno", x, y)
        return builder.sext(found, ir.VectorType(self.whole, x.type.count))


def _larger(builder: Any, new: Any, old: Any, signed: bool) -> Any:
    return builder.select(builder.fcmp_ordered(">", new, old), new, old)


def _smaller(builder: Any, new: Any, old: Any, signed: bool) -> Any:
    return builder.select(builder.fcmp_ordered("<", new, old), new, old)


def _way(item: Any, op: str) -> Any:
    """How values are combined into lanes on this machine."""
    extreme = op in ("max", "min") and isinstance(item, types.Float)
    return ComparedFloats if extreme and is_x86() else Combined


def _kept(item: Any, vector: Any, op: str) -> Any:
    """The type of the lanes that are kept from one chunk to the next."""
    count = vector.count // 4 if has_levels(item, op) else vector.count
    return ir.VectorType(vector.element, count)


def _lanes(op: str, ahead: bool) -> Any:
    """``lanes_sum(lanes, values, count)`` and the like: combine values into lanes.

    ``lanes_sum_ahead`` is for values in memory, and has those that follow brought near:
    the CPU's own look ahead ends with a page. 100,000 numbers take a tenth less.
    """

    @intrinsic
    def combine_into(context: Any, lanes: Any, values: Any, count: Any) -> Any:
        item = lanes.dtype

        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            vector, target = lanes_of(context, builder, item, arguments[0])
            _, source = lanes_of(context, builder, item, arguments[1])
            numbers = builder.mul(arguments[2], INDEX(vector.count // LANES))
            before = wide_load(builder, target, _kept(item, vector, op), 64)
            others = neutral(item, vector, op)
            state: Any
            if has_levels(item, op):
                state = Levels(builder, before, others)
                walk_by_levels(builder, state, source, numbers, others, ahead)
            else:
                state = _way(item, op)(builder, item, op, before)
                walk = _walk_in_one if state.long else _walk_to_the_rest
                walk(builder, state, source, numbers, others, ahead)
            lanes = state.end()
            wide = builder.bitcast(target, lanes.type.as_pointer())
            builder.store(lanes, wide, align=64)
            return context.get_dummy_value()

        return types.void(lanes, values, types.int64), build

    return combine_into


def _walk_in_one(
    builder: Any, state: Any, source: Any, numbers: Any, others: Any, ahead: bool
) -> None:
    """Steps over all numbers, of which the last may have fewer than a vector."""
    vector = others.type
    with vectors_of(builder, numbers, vector) as index:
        place = builder.gep(source, [index])
        left = builder.sub(numbers, index)
        whole = builder.icmp_signed(">=", left, INDEX(vector.count))
        (new,) = load_vectors(builder, [place], whole, left, [others])
        state.step(new)
        if ahead:
            look_ahead(builder, place, vector)


def _walk_to_the_rest(
    builder: Any, state: Any, source: Any, numbers: Any, others: Any, ahead: bool
) -> None:
    """Steps over whole vectors, and one over the rest: 5 to 10 % faster for sums."""
    vector = others.type
    rest = builder.and_(numbers, INDEX(vector.count - 1))
    full = builder.sub(numbers, rest)
    with vectors_of(builder, full, vector) as index:
        place = builder.gep(source, [index])
        state.step(wide_load(builder, place, vector, item_bytes(vector.element)))
        if ahead:
            look_ahead(builder, place, vector)
    with builder.if_then(builder.icmp_signed("!=", rest, INDEX(0))):
        place = builder.gep(source, [full])
        state.step(masked_load(builder, place, vector, rest, others))


def _clear(op: str) -> Any:
    """``clear_sum(lanes)`` and the like: set every lane to the identity."""

    @intrinsic
    def clear(context: Any, lanes: Any) -> Any:
        item = lanes.dtype

        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            vector, target = lanes_of(context, builder, item, arguments[0])
            vector = _kept(item, vector, op)
            wide = builder.bitcast(target, vector.as_pointer())
            value = neutral(item, vector, op)
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
            vector, target = lanes_of(context, builder, item, arguments[0])
            value = wide_load(builder, target, _kept(item, vector, op), 64)
            step = _way(item, op).merging(item, op)
            while value.type.count > vector.count // LANES:
                value = fold(builder, value, step, is_signed(item))
            if isinstance(item, types.Complex):
                number = context.make_complex(builder, item)
                number.real = builder.extract_element(value, INT32(0))
                number.imag = builder.extract_element(value, INT32(1))
                return number._getvalue()
            return builder.extract_element(value, INT32(0))

        return item(lanes), build

    return merge


Hits = Callable[[Any, Any], Any]


@intrinsic
def first_of(context: Any, values: Any, count: Any, best: Any) -> Any:
    """The first position of `best` among `count` values; where it is NaN, of a NaN.

    `best` is one of the values, and they have no NaN where it is none.
    """
    item = values.dtype

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector, source = lanes_of(context, builder, item, arguments[0])
        count, best = arguments[1:]
        found = local_with(builder, ir.Constant(INDEX, -1))
        wanted = splat(builder, best, LANES)

        def equal(builder: Any, new: Any) -> Any:
            if isinstance(item, types.Float):
                return builder.fcmp_ordered("==", new, wanted)
            return builder.icmp_signed("==", new, wanted)

        def missing(builder: Any, new: Any) -> Any:
            return builder.fcmp_unordered("uno", new, new)

        if not isinstance(item, types.Float):
            _search(builder, source, vector, count, equal, found)
            return builder.load(found)
        is_nan = builder.fcmp_unordered("uno", best, best)
        with builder.if_else(is_nan, likely=False) as (then, otherwise):
            with then:
                _search(builder, source, vector, count, missing, found)
            with otherwise:
                _search(builder, source, vector, count, equal, found)
        return builder.load(found)

    return types.int64(values, types.int64, item), build


def _search(
    builder: Any, source: Any, vector: Any, count: Any, hits: Hits, found: Any
) -> None:
    """Store the first position of a hit; there is one."""
    rest = builder.and_(count, ir.Constant(INDEX, LANES - 1))
    groups = builder.lshr(count, ir.Constant(INDEX, 5))
    with cgutils.for_range(builder, groups, intp=INDEX) as loop:
        start = builder.mul(loop.index, ir.Constant(INDEX, LANES))
        place = builder.gep(source, [start])
        new = wide_load(builder, place, vector, item_bytes(vector.element))
        bits = builder.bitcast(hits(builder, new), INT32)
        with builder.if_then(builder.icmp_signed("!=", bits, INT32(0))):
            first = builder.zext(builder.cttz(bits, BOOL(1)), INDEX)
            builder.store(builder.add(start, first), found)
            loop.do_break()
    with builder.if_then(builder.icmp_signed("<", builder.load(found), INDEX(0))):
        start = builder.sub(count, rest)
        place = builder.gep(source, [start])
        zeros = repeated(vector, 0)
        new = masked_load(builder, place, vector, rest, zeros)
        bits = builder.bitcast(hits(builder, new), INT32)
        first = builder.zext(builder.cttz(bits, BOOL(0)), INDEX)
        builder.store(builder.add(start, first), found)


LANE_PRIMITIVES: dict[str, Any] = {
    "first_of": first_of,
    **{f"lanes_{op}": _lanes(op, ahead=False) for op in COMBINE},
    **{f"lanes_{op}_ahead": _lanes(op, ahead=True) for op in COMBINE},
    **{f"clear_{op}": _clear(op) for op in COMBINE},
    **{f"merge_{op}": _merge(op) for op in COMBINE},
}
"""Name in generated text -> intrinsic."""
