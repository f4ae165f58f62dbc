"""Memory: several elements in one instruction, and tickets drawn by blocks."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils as _cgutils
from numba.cuda.extending import intrinsic

cgutils: Any = _cgutils  # Numba's own helpers have no types
tuple_of: Any = types.UniTuple
INDEX = ir.IntType(32)
COUNTS = (2, 4, 8)


def _place(builder: Any, pointer: Any, index: Any, count: int) -> tuple[Any, Any]:
    """The vector type, and the place of the vector that starts at `index`."""
    item = pointer.type.pointee
    vector = ir.VectorType(item, count)
    place = builder.gep(pointer, [index])
    return vector, builder.bitcast(place, vector.as_pointer())


def _bytes(kind: Any, count: int) -> int:
    return int(kind.bitwidth) // 8 * count


def load(count: int) -> Any:
    """``load_4(pointer, index)``: a tuple of that many elements."""

    @intrinsic
    def load_vector(context: Any, pointer: Any, index: Any) -> Any:
        kind = pointer.dtype

        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            _, place = _place(builder, arguments[0], arguments[1], count)
            value = builder.load(place)
            value.align = _bytes(kind, count)
            items = [builder.extract_element(value, INDEX(k)) for k in range(count)]
            return cgutils.pack_array(builder, items)

        return tuple_of(kind, count)(pointer, types.int64), build

    return load_vector


def _store(count: int, context: Any, pointer: Any, *items: Any) -> Any:
    kind = pointer.dtype

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        target, index, *values = arguments
        vector, place = _place(builder, target, index, count)
        whole = ir.Constant(vector, ir.Undefined)
        for k, value in enumerate(values):
            whole = builder.insert_element(whole, value, INDEX(k))
        instruction = builder.store(whole, place)
        instruction.align = _bytes(kind, count)
        return context.get_dummy_value()

    return types.void(pointer, types.int64, *[kind] * count), build


@intrinsic
def store_2(context: Any, pointer: Any, index: Any, a: Any, b: Any) -> Any:
    """Store two neighbouring elements."""
    return _store(2, context, pointer)


@intrinsic
def store_4(
    context: Any, pointer: Any, index: Any, a: Any, b: Any, c: Any, d: Any
) -> Any:
    """Store four neighbouring elements."""
    return _store(4, context, pointer)


@intrinsic
def store_8(
    context: Any,
    pointer: Any,
    index: Any,
    a: Any,
    b: Any,
    c: Any,
    d: Any,
    e: Any,
    f: Any,
    g: Any,
    h: Any,
) -> Any:
    """Store eight neighbouring elements."""
    return _store(8, context, pointer)


@intrinsic
def take_ticket(context: Any, tickets: Any, row: Any) -> Any:
    """Add 1 to ``tickets[row]``, as one step, and give what was there."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = builder.gep(arguments[0], [arguments[1]])
        return builder.atomic_rmw("add", place, INDEX(1), "monotonic")

    return types.int32(tickets, types.int64), build


FUNCTIONS = {f"load_{count}": load(count) for count in COUNTS} | {
    "store_2": store_2,
    "store_4": store_4,
    "store_8": store_8,
}
