"""Generated text to LLVM without Numba's front end: its tree, walked once.

Numba analyses, types and lowers a kernel by rules for any Python there is, which took
longer than LLVM does with the result. The text of a kernel is a small part of Python:
typed assignments, items of pointers, loops over ranges, ``if``, and calls of Numba's
intrinsics, which are carried out here as they are there. What is not of that small part
raises `Beyond`, and Numba compiles the text instead. Both must give the same bits: see
``tests/kernels/test_bodies.py``.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from llvmlite import ir
from numba.core import sigutils, types

from ..intrinsics import c_symbol
from ..term import Place
from .entry import add_entry, context, passed_types, received
from .values import (
    INT64,
    Beyond,
    Item,
    binary,
    cast,
    choice,
    compare,
    constant,
    extreme,
    negative,
)
from .vectors import AccessGroup, about_loop, local, not_unrolled

literal: Any = types.literal  # Numba's own modules have no types
unliteral: Any = types.unliteral
normalize_signature: Any = sigutils.normalize_signature

# A polynomial is a chain of multiply-adds, each of which waits for the one before. LLVM
# leaves a loop with one at one vector a step. Two or four go on meanwhile: a softmax of
# 1000 x 1000 takes three quarters to four fifths of the time, a sum of tanh two thirds.
CHAIN = 6
"""Multiply-adds that make a formula of a step."""

LONG = 48
"""Sums and products, as of many iterations in a row, that do, too."""

SHORT = 64
"""Instructions of a step that is a formula or two: four vectors of them, else two. LLVM
makes vectors of the last elements then, too; else rows of 12 took a quarter more."""

ARITHMETIC = frozenset({"fadd", "fsub", "fmul", "fdiv"})


def lower(
    text: str, names: Mapping[str, Any], entry: str, body: type[Body] | None = None
) -> ir.Module:
    """The LLVM module of `text`, with the uniform `entry` of `compile_text`.

    `names` is what the text may name: dtypes, intrinsics and constants; `body` is the
    walk, if it is not the plain one.

    Raises
    ------
    Beyond
        If the text is for Numba's own front end.
    """
    match ast.parse(text).body:
        case [
            ast.FunctionDef(
                decorator_list=[ast.Call(args=[ast.Constant(value=str(signature))])]
            ) as function
        ]:
            pass
        case _:
            raise Beyond("one function with a signature was required")
    kinds, _ = normalize_signature(signature)
    module = ir.Module(entry)
    stored = [part for kind in kinds for part in passed_types(kind)]
    inner = ir.Function(module, ir.FunctionType(ir.VoidType(), stored), "inner")
    inner.linkage = "internal"
    inner.attributes.add("alwaysinline")
    for argument in inner.args:
        if isinstance(argument.type, ir.PointerType):
            argument.add_attribute("noalias")
    builder = ir.IRBuilder(inner.append_basic_block("start"))
    place = Place(builder, c_symbol)
    parameters = [argument.arg for argument in function.args.args]
    arguments = received(place, parameters, kinds, inner.args)
    (body or Body)(place, names, arguments, function.body)
    builder.ret_void()
    add_entry(module, inner, entry)
    return module


class Body:
    """The walk over the tree of one function, which appends to its LLVM function.

    Names that are assigned once are values, bound until their block ends; others are
    places on the stack, which LLVM turns into values.
    """

    def __init__(
        self,
        place: Place,
        names: Mapping[str, Any],
        arguments: Mapping[str, Item],
        statements: Sequence[ast.stmt],
    ) -> None:
        self.place, self.builder, self.names = place, place.builder, names
        self.bound: dict[str, Item] = dict(arguments)
        self.slots: dict[str, Item] = {}
        self.accesses: AccessGroup | None = None  # those of the innermost `prange`
        self.varying = _varying(statements)
        if self.varying & arguments.keys():
            raise Beyond("an argument is assigned")
        self.block(statements)

    # -- statements --------------------------------------------------------------------
    def block(
        self, statements: Sequence[ast.stmt], more: Mapping[str, Item] | None = None
    ) -> None:
        """Statements; the names that they bind, and `more`, are theirs alone."""
        outside = self.bound
        self.bound = {**outside, **(more or {})}
        for statement in statements:
            self.statement(statement)
        self.bound = outside

    def statement(self, statement: ast.stmt) -> None:
        """One statement."""
        match statement:
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=value):
                for target, part in zip(targets, self.parts(value), strict=True):
                    self.assign(target, part)
            case ast.Assign(targets=[target], value=value):
                self.assign(target, self.expression(value))
            case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                old = self.name(name)
                self.bind(name, binary(self.place, op, old, self.expression(value)))
            case ast.Expr(value=ast.Call() as call):
                self.call(call)
            case ast.For(
                target=ast.Name(id=name),
                iter=ast.Call(
                    func=ast.Name(id="range" | "prange" as order),
                    args=bounds,
                    keywords=[],
                ),
                body=body,
                orelse=[],
            ):
                numbers = [self.index(bound) for bound in bounds]
                if order == "prange":
                    self.accesses = AccessGroup(self.builder.module)
                self.loop(name, numbers, body)
                self.accesses = None
            case ast.If(test=test, body=body, orelse=[]):
                with self.builder.if_then(self.truth(test)):
                    self.block(body)
            case ast.Pass():
                pass
            case _:
                raise Beyond(type(statement).__name__)

    def assign(self, target: ast.expr, item: Item) -> None:
        """``name = item`` or ``name[index] = item``."""
        match target:
            case ast.Subscript(value=ast.Name(id=name), slice=index):
                kind, address = self.element(name, index)
                value = cast(self.place, item, kind).value
                self.access(self.builder.store(value, address))
            case ast.Name(id=name):
                self.bind(name, item)
            case _:
                raise Beyond(type(target).__name__)

    def bind(self, name: str, item: Item) -> None:
        """Let a name have a value from here on."""
        if name not in self.varying:
            self.bound[name] = item
            return
        slot = self.slots.get(name)
        if slot is None:
            memory = local(self.builder, item.value.type)
            slot = self.slots[name] = Item(item.type, memory)
        if slot.type != item.type:
            raise Beyond(f"{name} is {slot.type} and {item.type}")
        self.builder.store(item.value, slot.value)

    def loop(
        self, name: str, bounds: Sequence[Any], statements: Sequence[ast.stmt]
    ) -> None:
        """``for name in range(*bounds)``, with a step that is a positive constant."""
        build = self.builder
        step = bounds[2] if len(bounds) == 3 else INT64(1)
        if not isinstance(step, ir.Constant) or step.constant <= 0:
            raise Beyond("a step that is no positive constant")
        start, stop = bounds[:2] if len(bounds) > 1 else (INT64(0), bounds[0])
        before = build.block
        inside = build.append_basic_block(f"{name}.inside")
        after = build.append_basic_block(f"{name}.after")
        build.cbranch(build.icmp_signed("<", start, stop), inside, after)
        build.position_at_end(inside)
        index = build.phi(INT64, name)
        index.add_incoming(start, before)
        first = Item(types.int64, index)
        if name in self.varying:
            self.bind(name, first)
        self.block(statements, {} if name in self.varying else {name: first})
        following = build.add(index, step, flags=["nsw"])
        index.add_incoming(following, build.block)
        more = build.icmp_signed("<", following, stop)
        jump = build.cbranch(more, inside, after)
        if build.block is not inside:  # loops of loops: twice the code for nothing
            jump.set_metadata("llvm.loop", not_unrolled(build.module))
        else:
            at_a_time = vectors_at_once(inside)
            said = about_loop(build.module, self.accesses, at_a_time)
            if said is not None:
                jump.set_metadata("llvm.loop", said)
        build.position_at_end(after)

    # -- expressions -------------------------------------------------------------------
    def expression(self, node: ast.expr) -> Item:
        """The value of an expression."""
        place = self.place
        match node:
            case ast.Name(id=name):
                return self.name(name)
            case ast.Constant(value=bool()):
                raise Beyond("True or False")
            case ast.Constant(value=int() | float() as number):
                return constant(number)
            case ast.UnaryOp(
                op=ast.USub(), operand=ast.Constant(value=int() | float() as number)
            ):
                return constant(-number)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return negative(place, self.expression(operand))
            case ast.BinOp(left=left, op=op, right=right):
                sides = self.expression(left), self.expression(right)
                return binary(place, op, *sides)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                sides = self.comparable(left, right)
                return compare(place, op, *sides)
            case ast.BoolOp(op=op, values=values):
                return self.combined(op, [self.truth(value) for value in values])
            case ast.IfExp(test=test, body=body, orelse=orelse):
                sides = self.expression(body), self.expression(orelse)
                return choice(place, self.truth(test), *sides)
            case ast.Subscript(
                value=ast.Name(id=name) as whole, slice=ast.Constant(value=int(k))
            ) if isinstance(self.name(name).type, types.UniTuple):
                return self.parts(whole)[k]
            case ast.Subscript(value=ast.Name(id=name), slice=index):
                kind, address = self.element(name, index)
                return Item(kind, self.access(self.builder.load(address)))
            case ast.Call():
                return self.call(node)
        raise Beyond(type(node).__name__)

    def name(self, name: str) -> Item:
        """The value that a name has here."""
        if name in self.bound:
            return self.bound[name]
        if name in self.slots:
            slot = self.slots[name]
            return Item(slot.type, self.builder.load(slot.value))
        known = self.names.get(name)
        if isinstance(known, float):
            return constant(known)
        raise Beyond(f"{name} is not bound here")

    def parts(self, node: ast.expr) -> list[Item]:
        """The items of a tuple, which some intrinsics give."""
        whole = self.expression(node)
        if not isinstance(whole.type, types.UniTuple):
            raise Beyond(f"items of {whole.type}")
        return [
            Item(whole.type.dtype, self.builder.extract_value(whole.value, k))
            for k in range(whole.type.count)
        ]

    def element(self, name: str, index: ast.expr) -> tuple[Any, Any]:
        """The type and the address of an item of a pointer."""
        pointer = self.name(name)
        if not isinstance(pointer.type, types.CPointer):
            raise Beyond(f"an item of {pointer.type}")
        kind = pointer.type.dtype
        if not isinstance(kind, types.Integer | types.Float | types.Complex):
            raise Beyond(f"an item of type {kind}")
        return kind, self.builder.gep(pointer.value, [self.index(index)])

    def access(self, instruction: Any) -> Any:
        """A load or a store of an item, which is one of the present loop."""
        if self.accesses is not None:
            instruction.set_metadata("llvm.access.group", self.accesses)
        return instruction

    def index(self, node: ast.expr) -> Any:
        """The LLVM value of an int64."""
        item = self.expression(node)
        if item.type != types.int64:
            raise Beyond(f"{item.type} as an index")
        return item.value

    def truth(self, node: ast.expr) -> Any:
        """The LLVM value of a bool."""
        item = self.expression(node)
        if item.type != types.boolean:
            raise Beyond(f"{item.type} as a condition")
        return item.value

    def comparable(self, left: ast.expr, right: ast.expr) -> tuple[Item, Item]:
        """Both sides; a 0 has the type of the other one."""
        one, other = self.expression(left), self.expression(right)
        match right:
            case ast.Constant(value=int(number)) if number == 0:
                return one, cast(self.place, other, one.type)
        return one, other

    def combined(self, op: ast.boolop, values: Sequence[Any]) -> Item:
        """``and`` and ``or``: nothing that is skipped would have had an effect."""
        total = values[0]
        for value in values[1:]:
            join = self.builder.and_ if isinstance(op, ast.And) else self.builder.or_
            total = join(total, value)
        return Item(types.boolean, total)

    # -- calls -------------------------------------------------------------------------
    def call(self, node: ast.Call) -> Item:
        """A conversion, ``min`` or ``max``, or an intrinsic."""
        if not isinstance(node.func, ast.Name) or node.keywords:
            raise Beyond("a call of no name")
        name, given = node.func.id, node.args
        if name in ("min", "max") and len(given) == 2:
            return extreme(self.place, name, *map(self.expression, given))
        called = types.boolean if name == "bool" else self.names.get(name)
        if isinstance(called, types.Type) and len(given) == 1:
            return cast(self.place, self.expression(given[0]), called)
        if not hasattr(called, "_defn"):
            raise Beyond(f"a call of {name}")
        return self.intrinsic(called, [self.operand(x) for x in given])

    def operand(self, node: ast.expr) -> Item:
        """What an intrinsic is given: a type, a literal or a value."""
        match node:
            case ast.Name(id=name) if isinstance(self.names.get(name), types.Type):
                return Item(types.NumberClass(self.names[name]), None)
            case ast.Constant(value=int(number)):
                return Item(literal(number), INT64(number))
        return self.expression(node)

    def intrinsic(self, called: Any, operands: Sequence[Item]) -> Item:
        """A call of one of Numba's intrinsics."""
        kinds = [item.type for item in operands]
        if not called._prefer_literal:
            kinds = [unliteral(kind) for kind in kinds]
        signature, build = called._defn(None, *kinds)
        values = [
            item.value if item.type == kind else cast(self.place, item, kind).value
            for item, kind in zip(operands, signature.args, strict=True)
        ]
        value = build(context(), self.builder, signature, values)
        return Item(signature.return_type, value)


def vectors_at_once(step: ir.Block) -> int:
    """How many vectors the loop around `step` is to work on at a time.

    A formula is a chain of dependent multiply-adds, and while one vector goes through
    it the CPU looks hardly further than to the next. LLVM takes that for work enough,
    and leaves loops of more than some twenty instructions one vector at a time: a sum
    of exponentials then takes a fifth longer, the mandelbrot set a quarter. More of
    them need more registers, so it is 2 for long steps. For 8 bytes it is 4 where it
    can be, as LLVM makes vectors of the last elements, too, where a step has 16.
    """
    fused = sum(_is_fused(x) for x in step.instructions)
    others = sum(x.opname in ARITHMETIC for x in step.instructions)
    if fused < CHAIN and fused + others < LONG:
        return 1
    wide = any(x.type == ir.DoubleType() for x in step.instructions)
    return 4 if wide and len(step.instructions) <= SHORT else 2


def _is_fused(instruction: Any) -> bool:
    """Whether an instruction is a multiply-add."""
    called = getattr(instruction, "callee", None)
    return called is not None and called.name.startswith("llvm.fma")


def _varying(statements: Sequence[ast.stmt]) -> set[str]:
    """The names that have more than one value, but for those of indices alone."""
    assigned: Counter[str] = Counter()
    loops: Counter[str] = Counter()
    for statement in statements:
        for node in ast.walk(statement):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)]):
                    assigned[name] += 1
                case ast.Assign(targets=[ast.Tuple(elts=targets)]):
                    assigned.update(t.id for t in targets if isinstance(t, ast.Name))
                case ast.AugAssign(target=ast.Name(id=name)):
                    assigned[name] += 2
                case ast.For(target=ast.Name(id=name)):
                    loops[name] += 1
    return {name for name in assigned if assigned[name] + loops[name] > 1}
