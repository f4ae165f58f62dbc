"""A subset of Python in which everything is a 64-bit integer, compiled to LLVM text.

Functions of native code are written in it: `if`, `while`, assignments to names, calls,
arithmetic, comparisons (signed), `and`, `or`, `not`. They may call each other,
functions of the process that `External` names, and the primitives of this module. Two
names are special: attributes of `slot` are numbers known when the text is made (where a
field of an object lies), those of `state` are words of one global block, which is all
that such code remembers. LLVM turns it into machine code without Numba.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Mapping, Sequence, Set
from types import FunctionType, ModuleType
from typing import TypeAlias

from ..text import Lines
from .externals import External, external
from .primitives import (
    PRIMITIVES,
    inline,
    invoke,
    load,
    load_byte,
    load_half,
    load_single,
    prefetch,
    reserve,
    single,
    slot,
    state,
    store,
    store_byte,
    store_half,
)

__all__ = [
    "PREFIX",
    "STATE",
    "External",
    "Source",
    "compile_sources",
    "external",
    "inline",
    "invoke",
    "load",
    "load_byte",
    "load_half",
    "load_single",
    "prefetch",
    "reserve",
    "single",
    "slot",
    "source_of",
    "state",
    "store",
    "store_byte",
    "store_half",
    "word_at",
]


_PREFETCH = external("llvm.prefetch.p0", "ptr i32 i32 i32 -> void")

_ODDS = (1, 1000), (1000, 1)
"""How a branch is weighed whose first or second way is rare."""

PREFIX = "native_"
"""What the symbols of functions begin with, and no others: LLVM has one table."""

STATE = PREFIX + "state"
"""The global block, and the function that gives its address."""

_CHANGING = {"thread", "trace", "locks"}
"""The words of it that native code changes; the others are set before it runs."""

_FIXED = len(_ODDS)
"""The metadata of loads of the others: what they find never changes."""

_BINARY = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.FloorDiv: "udiv",
    ast.BitAnd: "and",
    ast.BitOr: "or",
    ast.BitXor: "xor",
    ast.LShift: "shl",
    ast.RShift: "lshr",
}
_COMPARED = {
    **{ast.Eq: "eq", ast.NotEq: "ne", ast.Lt: "slt"},
    **{ast.LtE: "sle", ast.Gt: "sgt", ast.GtE: "sge"},
}


Source: TypeAlias = tuple[str, Mapping[str, object]]
"""The text of functions, and the names that it may use."""


def source_of(module: ModuleType) -> Source:
    """The functions of a module of native code."""
    assert module.__file__ is not None
    with open(module.__file__, encoding="utf-8") as file:
        return file.read(), vars(module)


def compile_sources(
    sources: Sequence[Source],
    slots: Mapping[str, int],
    words: Sequence[str],
    entries: Set[str],
) -> str:
    """LLVM text of all functions that are written in this language.

    Parameters
    ----------
    slots : mapping of str to int
        The attributes of `slot`.
    words : sequence of str
        The attributes of `state`, in their order in the block.
    entries : set of str
        The functions that can be called from outside.
    """
    lines = Lines()
    block = f"@{STATE}_words = internal global [{len(words)} x i64] zeroinitializer"
    lines.add(block)
    address = f"ptrtoint (ptr @{STATE}_words to i64)"
    lines.add(f"define i64 @{STATE}() {{\n  ret i64 {address}\n}}")
    externals: dict[str, External] = {}
    for source, namespace in sources:
        for function in ast.parse(source).body:
            if isinstance(function, ast.FunctionDef):
                writer = _Function(function, namespace, slots, words)
                linkage = "" if function.name in entries else "internal "
                lines.add(writer.text(linkage))
                externals.update(writer.externals)
    for name, one in sorted(externals.items()):
        lines.add(f"declare {one.result} @{name}({', '.join(one.parameters)})")
    for number, (yes, no) in enumerate(_ODDS):
        lines.add(f'!{number} = !{{!"branch_weights", i32 {yes}, i32 {no}}}')
    lines.add(f"!{_FIXED} = !{{}}")
    return lines.text()


def word_at(words: Sequence[str], name: str) -> str:
    """The place of a word of the global block, as LLVM's texts have it."""
    return f"getelementptr (i64, ptr @{STATE}_words, i64 {words.index(name)})"


class _Function:
    """The text of one function. Variables are places on the stack; LLVM lifts them."""

    def __init__(
        self,
        function: ast.FunctionDef,
        namespace: Mapping[str, object],
        slots: Mapping[str, int],
        words: Sequence[str],
    ) -> None:
        self.function = function
        self.namespace = namespace
        self.slots = slots
        self.words = words
        self.externals: dict[str, External] = {}
        self.places: list[str] = []
        self.known: set[str] = set()
        self.rare: set[str] = set()
        self.depth_of_rare = 0
        self.body: list[str] = []
        self.numbers = itertools.count()

    def text(self, linkage: str) -> str:
        """The definition in LLVM's language."""
        parameters = [argument.arg for argument in self.function.args.args]
        for name in parameters:
            self.assign(name, f"%a.{name}")
        self.statements(self.function.body)
        self.body.append("  ret i64 0")
        given = ", ".join(f"i64 %a.{name}" for name in parameters)
        head = f"define {linkage}i64 @{PREFIX}{self.function.name}({given})"
        head += " alwaysinline {" if self.function.decorator_list else " {"
        return "\n".join([head, "start:", *self.places, *self.body, "}"])

    # -- writing ------------------------------------------------------------------
    def new(self, instruction: str) -> str:
        name = f"%t{next(self.numbers)}"
        self.body.append(f"  {name} = {instruction}")
        return name

    def label(self, name: str) -> None:
        self.body += [f"  br label %{name}", f"{name}:"]

    def labels(self, *names: str) -> tuple[str, ...]:
        number = next(self.numbers)
        return tuple(f"{name}{number}" for name in names)

    def branch(self, test: ast.expr, yes: str, no: str) -> None:
        """Go to `yes` where a test holds, else to `no`, without a value between."""
        if isinstance(test, ast.BoolOp):
            for part in test.values[:-1]:
                (further,) = self.labels("and")
                if isinstance(test.op, ast.And):
                    self.branch(part, further, no)
                else:
                    self.branch(part, yes, further)
                self.body.append(f"{further}:")
            self.branch(test.values[-1], yes, no)
            return
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            self.branch(test.operand, no, yes)
            return
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            left, right = self.value(test.left), self.value(test.comparators[0])
            holds = self.new(f"icmp {_COMPARED[type(test.ops[0])]} i64 {left}, {right}")
        else:
            holds = self.new(f"icmp ne i64 {self.value(test)}, 0")
        odds = [f", !prof !{k}" for k, to in enumerate((yes, no)) if to in self.rare]
        hint = "".join(odds[:1])
        self.body.append(f"  br i1 {holds}, label %{yes}, label %{no}{hint}")

    def assign(self, name: str, value: str) -> None:
        if name not in self.known:
            self.known.add(name)
            self.places.append(f"  %v.{name} = alloca i64")
        self.body.append(f"  store i64 {value}, ptr %v.{name}")

    # -- statements ---------------------------------------------------------------
    def statements(self, statements: Sequence[ast.stmt]) -> None:
        for statement in statements:
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Expr(ast.Constant()) | ast.Pass():
                pass
            case ast.Expr(value):
                self.value(value)
            case ast.Assign([target], value):
                self.store(target, self.value(value))
            case ast.AugAssign(target, operator, value):
                both = ast.BinOp(_read(target), operator, value)
                self.store(target, self.value(both))
            case ast.Return(value):
                given = "0" if value is None else self.value(value)
                self.body.append(f"  ret i64 {given}")
                (dead,) = self.labels("dead")
                self.body.append(f"{dead}:")
            case ast.If(test, body, otherwise):
                yes, no, end = self.labels("yes", "no", "end")
                rare = not otherwise and _gives_up(body)
                if rare:
                    self.rare.add(yes)
                self.branch(test, yes, no)
                self.body.append(f"{yes}:")
                self.depth_of_rare += rare
                self.statements(body)
                self.depth_of_rare -= rare
                self.body += [f"  br label %{end}", f"{no}:"]
                self.statements(otherwise)
                self.label(end)
            case ast.While(test, body, []):
                again, inside, end = self.labels("again", "inside", "end")
                self.label(again)
                self.branch(test, inside, end)
                self.body.append(f"{inside}:")
                self.statements(body)
                self.body += [f"  br label %{again}", f"{end}:"]
            case _:
                raise SyntaxError(f"{self.function.name}: {ast.unparse(node)}")

    def store(self, target: ast.expr, value: str) -> None:
        match target:
            case ast.Name(name):
                self.assign(name, value)
            case ast.Attribute(ast.Name("state"), name):
                self.body.append(f"  store i64 {value}, ptr {self.word(name)}")
            case _:
                raise SyntaxError(f"{self.function.name}: {ast.unparse(target)}")

    def word(self, name: str) -> str:
        return word_at(self.words, name)

    # -- expressions --------------------------------------------------------------
    def value(self, node: ast.expr) -> str:
        match node:
            case ast.Constant(int(number)):
                return _signed(number)
            case ast.Name(name) if name in self.known:
                return self.new(f"load i64, ptr %v.{name}")
            case ast.Name(name) if isinstance(self.namespace.get(name), int):
                return _signed(int(str(self.namespace[name])))
            case ast.Attribute(ast.Name("slot"), name):
                return str(self.slots[name])
            case ast.Attribute(ast.Name("state"), name):
                fixed = "" if name in _CHANGING else f", !invariant.load !{_FIXED}"
                return self.new(f"load i64, ptr {self.word(name)}{fixed}")
            case ast.BinOp(left, operator, right):
                first, second = self.value(left), self.value(right)
                return self.new(f"{_BINARY[type(operator)]} i64 {first}, {second}")
            case ast.UnaryOp(ast.USub(), operand):
                return self.new(f"sub i64 0, {self.value(operand)}")
            case ast.UnaryOp(ast.Invert(), operand):
                return self.new(f"xor i64 -1, {self.value(operand)}")
            case ast.Call(ast.Name(name), arguments, []):
                return self.call(name, arguments)
            case ast.Compare() | ast.BoolOp() | ast.UnaryOp(ast.Not()):
                return self.truth(node)
        raise SyntaxError(f"{self.function.name}: {ast.unparse(node)}")

    def truth(self, test: ast.expr) -> str:
        """1 where a test holds, else 0."""
        yes, no, end = self.labels("true", "false", "tested")
        self.branch(test, yes, no)
        self.body += [f"{yes}:", f"  br label %{end}", f"{no}:"]
        self.label(end)
        return self.new(f"phi i64 [ 1, %{yes} ], [ 0, %{no} ]")

    def call(self, name: str, arguments: Sequence[ast.expr]) -> str:
        target = self.namespace[name]
        if target is reserve:
            return self.reserved(arguments)
        given = [self.value(argument) for argument in arguments]
        if target in PRIMITIVES:
            return self.primitive(name, given)
        if isinstance(target, External):
            return self.outside(target, given)
        assert isinstance(target, FunctionType)
        if len(given) != target.__code__.co_argcount:
            raise SyntaxError(f"{self.function.name}: {name!s} takes other arguments")
        passed = ", ".join(f"i64 {x}" for x in given)
        hint = " noinline" if self.depth_of_rare else ""
        return self.new(f"call i64 @{PREFIX}{name}({passed}){hint}")

    def reserved(self, arguments: Sequence[ast.expr]) -> str:
        (words,) = map(self.value, arguments)
        name = f"%r{next(self.numbers)}"
        self.places.append(f"  {name} = alloca [{words} x i64]")
        return self.new(f"ptrtoint ptr {name} to i64")

    def primitive(self, name: str, given: Sequence[str]) -> str:
        if name == "single":
            double = self.new(f"bitcast i64 {given[0]} to double")
            rounded = self.new(f"fptrunc double {double} to float")
            wide = self.new(f"fpext float {rounded} to double")
            return self.new(f"bitcast double {wide} to i64")
        address = self.new(f"inttoptr i64 {given[0]} to ptr")
        if name == "invoke":
            passed = ", ".join(f"i64 {word}" for word in given[1:])
            return self.new(f"call i64 {address}({passed})")
        if name == "prefetch":  # to read, into all caches, of data
            return self.outside(_PREFETCH, [address, "0", "3", "1"])
        if name == "store":
            self.body.append(f"  store i64 {given[1]}, ptr {address}")
            return "0"
        if name in ("store_half", "store_byte"):
            kind = "i32" if name == "store_half" else "i8"
            part = self.new(f"trunc i64 {given[1]} to {kind}")
            self.body.append(f"  store {kind} {part}, ptr {address}")
            return "0"
        if name == "load":
            return self.new(f"load i64, ptr {address}")
        if name == "load_single":
            narrow = self.new(f"load float, ptr {address}")
            double = self.new(f"fpext float {narrow} to double")
            return self.new(f"bitcast double {double} to i64")
        bits = "i32" if name == "load_half" else "i8"
        part = self.new(f"load {bits}, ptr {address}")
        return self.new(f"zext {bits} {part} to i64")

    def outside(self, function: External, given: Sequence[str]) -> str:
        self.externals[function.name] = function
        passed = []
        for kind, value in zip(function.parameters, given, strict=True):
            if kind == "double":
                value = self.new(f"bitcast i64 {value} to double")
            elif kind == "i32" and not value.isdigit():  # a literal stays one
                value = self.new(f"trunc i64 {value} to i32")
            passed.append(f"{kind} {value}")
        text = f"call {function.result} @{function.name}({', '.join(passed)})"
        if function.result == "void":
            self.body.append(f"  {text}")
            return "0"
        result = self.new(text)
        if function.result == "i32":
            return self.new(f"sext i32 {result} to i64")
        if function.result == "double":
            return self.new(f"bitcast double {result} to i64")
        return result


def _gives_up(body: Sequence[ast.stmt]) -> bool:
    """Whether statements end in ``return 0``: that is rare where time matters."""
    return ast.unparse(body[-1]) in ("return 0", "return -1")


def _signed(number: int) -> str:
    """A word as LLVM's texts have it."""
    return str((number + (1 << 63)) % (1 << 64) - (1 << 63))


def _read(target: ast.expr) -> ast.expr:
    if isinstance(target, ast.Name):
        return ast.Name(target.id, ast.Load())
    raise SyntaxError(ast.unparse(target))
