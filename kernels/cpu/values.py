"""Values of generated text and their operators, as Numba types them.

A value is a Numba type and an LLVM value, which is a struct of two floats for a complex
number. Operators are those of numbers of one type: integers of one sign are taken to 64
bits, as Numba does. All else raises `Beyond`.
"""

from __future__ import annotations

import ast
import operator
from dataclasses import dataclass
from typing import Any

from llvmlite import ir
from numba.core import types

from ..complexes import Complex, chosen, put_together, taken_apart
from ..intrinsics import dtype_name
from ..scalars import PARTS
from ..term import BITS, Place, Term, convert
from .vectors import is_signed

INT64 = ir.IntType(64)

FLOATS = (types.float32, types.float64)

COMPLEX = (types.complex64, types.complex128)

COMPARISONS: dict[type[ast.cmpop], Any] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}

EQUALITIES: dict[type[ast.cmpop], Any] = {
    ast.Eq: Complex.same,
    ast.NotEq: lambda x, y: ~x.same(y),
}

FLOATING = {ast.Add: "fadd", ast.Sub: "fsub", ast.Mult: "fmul", ast.Div: "fdiv"}

PAIRWISE: dict[type[ast.operator], Any] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
}

WHOLE = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul"}

BITWISE = {ast.BitAnd: "and_", ast.BitOr: "or_", ast.BitXor: "xor"}


class Beyond(Exception):
    """The text has something that is left to Numba's own front end."""


@dataclass(frozen=True)
class Item:
    """A value: its Numba type and its LLVM value."""

    type: Any
    value: Any


def constant(number: float) -> Item:
    """An int64 or a float64."""
    if isinstance(number, int):
        if not -(2**63) <= number < 2**63:
            raise Beyond(f"{number} is no int64")
        return Item(types.int64, INT64(number))
    return Item(types.float64, ir.DoubleType()(number))


def cast(place: Place, item: Item, kind: Any) -> Item:
    """The value in another type."""
    if item.type == kind:
        return item
    names = [dtype_name(each) for each in (item.type, kind)]
    if names[1] in PARTS:
        part = PARTS[names[1]]
        if item.type in COMPLEX:
            number = taken_apart(place, item.value, names[0])
            parts = (convert(number.real, part), convert(number.imag, part))
        else:
            real = cast(place, item, getattr(types, part))
            term = Term(place, real.value, part)
            parts = (term, term.like(0.0))
        return Item(kind, put_together(Complex(*parts)))
    if not BITS.keys() >= set(names):
        raise Beyond(f"{kind} of {item.type}")
    term = Term(place, item.value, names[0])
    return Item(kind, convert(term, names[1]).value)


def alike(place: Place, left: Item, right: Item) -> tuple[Item, Item]:
    """Both in one type, as Numba has them: integers of one sign in 64 bits.

    An integer that meets a float64 becomes one.
    """
    if left.type == right.type and left.type in (*FLOATS, *COMPLEX, types.boolean):
        return left, right
    for wide in (types.int64, types.uint64):
        if all(
            isinstance(kind, types.Integer) and is_signed(kind) == is_signed(wide)
            for kind in (left.type, right.type)
        ):
            return cast(place, left, wide), cast(place, right, wide)
    double = types.float64
    if double in (left.type, right.type) and all(
        kind == double or isinstance(kind, types.Integer)
        for kind in (left.type, right.type)
    ):
        return cast(place, left, double), cast(place, right, double)
    raise Beyond(f"{left.type} with {right.type}")


def negative(place: Place, item: Item) -> Item:
    """``-x``"""
    build = place.builder
    if item.type in FLOATS:
        return Item(item.type, build.fneg(item.value))
    if item.type in COMPLEX:
        return _complex(place, operator.neg, item)
    if not isinstance(item.type, types.Integer):
        raise Beyond(f"the negative of {item.type}")
    return Item(types.int64, build.neg(cast(place, item, types.int64).value))


def binary(place: Place, op: ast.operator, left: Item, right: Item) -> Item:
    """``x + y`` and the like."""
    left, right = alike(place, left, right)
    kind, build, type_ = type(op), place.builder, left.type
    pair = left.value, right.value
    if type_ in FLOATS and kind in FLOATING:
        return Item(type_, getattr(build, FLOATING[kind])(*pair))
    if type_ in COMPLEX and kind in PAIRWISE:
        return _complex(place, PAIRWISE[kind], left, right)
    if type_ not in (*FLOATS, *COMPLEX) and kind in BITWISE:
        return Item(type_, getattr(build, BITWISE[kind])(*pair))
    if type_ == types.uint64 and kind in WHOLE:
        return Item(type_, getattr(build, WHOLE[kind])(*pair))
    if type_ == types.int64 and kind in WHOLE:
        return Item(type_, getattr(build, WHOLE[kind])(*pair, flags=["nsw"]))
    if type_ == types.int64 and kind in (ast.FloorDiv, ast.Mod):
        quotient, rest = _divided(build, *pair)
        return Item(type_, quotient if kind is ast.FloorDiv else rest)
    raise Beyond(f"{kind.__name__} of {type_}")


def _complex(place: Place, act: Any, *items: Item) -> Item:
    """What `act` makes of complex numbers of one type."""
    dtype = dtype_name(items[0].type)
    found = act(*(taken_apart(place, item.value, dtype) for item in items))
    if isinstance(found, Complex):
        return Item(items[0].type, put_together(found))
    return Item(types.boolean, found.value)


def _divided(build: ir.IRBuilder, top: Any, bottom: Any) -> tuple[Any, Any]:
    """The quotient rounded down and its remainder; 0 and 0 where `bottom` is 0."""
    usual = isinstance(bottom, ir.Constant) and bottom.constant > 0
    divisor = bottom
    if not usual:  # the machine divides by neither 0 nor, sometimes, -1
        is_zero = build.icmp_signed("==", bottom, INT64(0))
        is_minus_one = build.icmp_signed("==", bottom, INT64(-1))
        divisor = build.select(build.or_(is_zero, is_minus_one), INT64(1), bottom)
    quotient = build.sdiv(top, divisor)
    rest = build.sub(top, build.mul(quotient, divisor))
    opposite = build.icmp_signed("<", build.xor(rest, divisor), INT64(0))
    wrong = build.and_(opposite, build.icmp_signed("!=", rest, INT64(0)))
    quotient = build.select(wrong, build.sub(quotient, INT64(1)), quotient)
    rest = build.select(wrong, build.add(rest, divisor), rest)
    if not usual:
        quotient = build.select(is_minus_one, build.neg(top), quotient)
        quotient = build.select(is_zero, INT64(0), quotient)
    return quotient, rest


def compare(place: Place, op: ast.cmpop, left: Item, right: Item) -> Item:
    """``x < y`` and the like."""
    order = COMPARISONS.get(type(op))
    if order is None:
        raise Beyond(type(op).__name__)
    left, right = alike(place, left, right)
    if left.type in COMPLEX:
        if type(op) not in EQUALITIES:
            raise Beyond(f"{type(op).__name__} of {left.type}")
        return _complex(place, EQUALITIES[type(op)], left, right)
    dtype = dtype_name(left.type)
    sides = (Term(place, item.value, dtype) for item in (left, right))
    return Item(types.boolean, order(*sides).value)


def choice(place: Place, condition: Any, yes: Item, no: Item) -> Item:
    """``yes if condition else no``, both being computed."""
    if yes.type != no.type:
        raise Beyond(f"{yes.type} or {no.type}")
    if yes.type in COMPLEX:
        wins = Term(place, condition, "bool")
        return _complex(place, lambda x, y: chosen(wins, x, y), yes, no)
    return Item(yes.type, place.builder.select(condition, yes.value, no.value))


def extreme(place: Place, name: str, left: Item, right: Item) -> Item:
    """``min(x, y)`` and ``max(x, y)`` of int64."""
    if left.type != types.int64 or right.type != types.int64:
        raise Beyond(f"{name} of {left.type} and {right.type}")
    order = "<" if name == "min" else ">"
    wins = place.builder.icmp_signed(order, right.value, left.value)
    return choice(place, wins, right, left)
