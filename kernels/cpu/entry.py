"""How a kernel is called: words for its arguments, parts of numbers, strides."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache as once
from typing import Any

from llvmlite import ir
from numba.core import cpu, types
from numba.core.typing import context as typing_context

from ..complexes import Complex, put_together
from ..intrinsics import dtype_name
from ..term import Place, Term
from .values import INT64, Beyond, Item

POINTER = ir.IntType(8).as_pointer()

STRIDE = re.compile(r"d\d+_\d+$")

make_context: Any = cpu.CPUContext  # Numba's own modules have no types
make_typing: Any = typing_context.Context


@once
def context() -> Any:
    """What intrinsics ask for the LLVM types of Numba's types."""
    return make_context(make_typing(), "cpu")


def passed_types(kind: Any) -> list[Any]:
    """The LLVM types in which a value of a type is passed: two of a complex number."""
    value = context().get_value_type(kind)
    return list(value.elements) if isinstance(kind, types.Complex) else [value]


def received(
    place: Place, names: Sequence[str], kinds: Sequence[Any], passed: Sequence[Any]
) -> dict[str, Item]:
    """The arguments of a function by name, from the values that were passed."""
    values = iter(passed)
    items = {
        name: _received(place, kind, values)
        for name, kind in zip(names, kinds, strict=True)
    }
    strides = {name: items[name] for name in names if STRIDE.match(name)}
    return items | {k: _unguessed(place.builder, item) for k, item in strides.items()}


def _received(place: Place, kind: Any, values: Iterator[Any]) -> Item:
    """The argument of a type, from as many of the values that were passed."""
    if not isinstance(kind, types.Complex):
        return Item(kind, next(values))
    part = dtype_name(kind.underlying_float)
    real, imag = (Term(place, next(values), part) for _ in range(2))
    return Item(kind, put_together(Complex(real, imag)))


def _unguessed(builder: ir.IRBuilder, stride: Item) -> Item:
    """A stride of which LLVM supposes nothing.

    It supposes of a plain argument that it is 1, and makes vectors of a loop in that
    case alone. Of a maximum it does not.
    """
    kind = ir.FunctionType(INT64, [INT64, INT64])
    maximum = builder.module.declare_intrinsic("llvm.smax", [INT64], kind)
    return Item(stride.type, builder.call(maximum, [stride.value, INT64(-(2**62))]))


def add_entry(module: ir.Module, inner: ir.Function, name: str) -> None:
    """Unpack the words, call `inner`."""
    kinds = [POINTER, POINTER, INT64.as_pointer(), INT64, INT64]
    entry = ir.Function(module, ir.FunctionType(ir.IntType(32), kinds), name)
    builder = ir.IRBuilder(entry.append_basic_block("start"))
    _, _, words, *span = entry.args
    passed = []
    for k, argument in enumerate(inner.args[:-2]):
        word = builder.gep(words, [INT64(k)])
        kind = argument.type
        if isinstance(kind, ir.IntType):
            value = builder.load(word)
            passed.append(builder.trunc(value, kind) if kind.width < 64 else value)
        elif isinstance(kind, ir.PointerType | ir.FloatType | ir.DoubleType):
            passed.append(builder.load(builder.bitcast(word, kind.as_pointer())))
        else:
            raise Beyond(f"a parameter of type {kind}")
    builder.call(inner, [*passed, *span])
    builder.ret(ir.IntType(32)(0))
