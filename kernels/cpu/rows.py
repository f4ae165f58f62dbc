"""Text of ``row`` kernels: loops over the inner axis, reductions in their fixed order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..kernel import (
    IOTA,
    Compute,
    Gather,
    Kernel,
    Load,
    Loop,
    Reduce,
    Statement,
    Store,
)
from .scope import STORED, Scope, UnsupportedKernel, stored

BLOCK = 4096
"""Elements that are merged before compensation; part of the meaning of a kernel."""

CHUNK = 1024
"""Elements whose values are kept on the stack at a time; divides `BLOCK`."""

ARG = {"argmax": "max", "argmin": "min"}


@dataclass(frozen=True)
class Accumulator:
    """One `Reduce` and the names it uses in the text."""

    number: int
    reduce: Reduce
    dtype: str
    access: int | None
    """The access whose memory holds the values as they are, if one does."""

    @property
    def op(self) -> str:
        """The kind that lanes work by."""
        return ARG.get(self.reduce.kind, self.reduce.kind)

    @property
    def carrier(self) -> str:
        """The dtype of lanes and of values on the stack."""
        if self.dtype == "float16":
            return "float32"
        return STORED.get(self.dtype, self.dtype)

    @property
    def order(self) -> Literal["blocks", "any", "first"]:
        """Whether the order of values decides bits, nothing, or the position."""
        if self.reduce.kind in ARG:
            return "first"
        rounds = "float" in self.dtype or "complex" in self.dtype
        return "blocks" if self.op in ("sum", "prod") and rounds else "any"

    def result(self, value: str) -> str:
        """The text of the reduced value from that of the merged lanes."""
        if self.reduce.dtype == "bool":
            return f"{value} != 0"
        return f"float16({value})" if self.reduce.dtype == "float16" else value


def emit_rows(scope: Scope) -> None:
    """``row``: a range of rows, each with its loops."""
    kernel, lines = scope.kernel, scope.lines
    writer = RowWriter(scope)
    writer.declare()
    with lines.block("for row in range(lo, hi):"):
        scope.outer_indices(kernel.outer)
        scope.place(range(kernel.outer))
        for statement in kernel.body:
            if isinstance(statement, Loop):
                writer.loop(statement)
            else:
                scope.statement(statement, range(0))


def value_dtypes(kernel: Kernel) -> dict[str, str]:
    """The dtype of every name in a kernel."""
    dtypes = {f"s{k}": dtype for k, dtype in enumerate(kernel.scalars)}
    for statement in kernel.statements():
        match statement:
            case Load(target, access):
                argument = kernel.accesses[access].argument
                iota = argument == IOTA
                dtypes[target] = "int64" if iota else kernel.arguments[argument].dtype
            case Gather(target, argument, _):
                dtypes[target] = kernel.arguments[argument].dtype
            case Compute(target, dtype, _):
                dtypes[target] = dtype
            case Reduce(target, kind, _, dtype):
                dtypes[target] = "int64" if kind in ARG else dtype
    return dtypes


class RowWriter:
    """Writes the loops of one row kernel into a scope."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.axes = range(scope.kernel.outer, scope.kernel.outer + 1)
        self.extent = f"n{scope.kernel.outer}"
        self.loops: dict[int, list[Accumulator]] = {}
        number = 0
        for statement in scope.kernel.body:
            if isinstance(statement, Loop):
                found = accumulators(scope.kernel, statement, number)
                self.loops[id(statement)] = found
                number += len(found)

    def declare(self) -> None:
        """Write the stack arrays that all rows use again."""
        for found in self.loops.values():
            for acc in found:
                self.scope.lines.add(
                    f"lanes{acc.number} = stack({acc.carrier}, 32)"
                )
                if acc.access is None:
                    self.scope.lines.add(
                        f"v{acc.number} = stack({acc.carrier}, {CHUNK})"
                    )

    def loop(self, loop: Loop) -> None:
        """Write a loop over the whole inner axis, and what it reduces to."""
        lines, found = self.scope.lines, self.loops[id(loop)]
        if not found:
            with lines.block(f"for r in range({self.extent}):"):
                self.body(loop)
            return
        for acc in found:
            self.begin(acc)
        self.blocks(loop, found)
        for acc in found:
            self.finish(acc)
            self.scope.dtypes[acc.reduce.target] = acc.reduce.dtype

    def blocks(self, loop: Loop, found: list[Accumulator]) -> None:
        """Write the loop over blocks, if the order of any reduction needs it."""
        lines = self.scope.lines
        ordered = [acc for acc in found if acc.order == "blocks"]
        if not ordered:
            self.chunks(loop, found, "0", self.extent)
            return
        with lines.block(f"for block in range(0, {self.extent}, {BLOCK}):"):
            lines.add(f"end = min(block + {BLOCK}, {self.extent})")
            for acc in ordered:
                lines.add(f"clear_{acc.op}(lanes{acc.number})")
            self.chunks(loop, found, "block", "end")
            for acc in ordered:
                self.add_block(acc, f"merge_{acc.op}(lanes{acc.number})")

    def chunks(
        self, loop: Loop, found: list[Accumulator], first: str, end: str
    ) -> None:
        """Write the elements of ``first .. end``, a few on the stack at a time."""
        lines = self.scope.lines
        simple = all(acc.access is not None for acc in found) and not any(
            isinstance(statement, Store) for statement in loop.body
        )
        if simple and all(acc.order != "first" for acc in found):
            count = end if first == "0" else f"{end} - {first}"
            for acc in found:
                self.combine(acc, first, count)
            return
        with lines.block(f"for start in range({first}, {end}, {CHUNK}):"):
            lines.add(f"stop = min(start + {CHUNK}, {end})")
            if not simple:
                with lines.block("for r in range(start, stop):"):
                    self.body(loop)
            for acc in found:
                self.combine(acc, "start", "stop - start")

    def body(self, loop: Loop) -> None:
        """Write the statements of one element."""
        found = {acc.reduce.target: acc for acc in self.loops[id(loop)]}
        for statement in needed(loop, list(found.values())):
            if not isinstance(statement, Reduce):
                self.scope.statement(statement, self.axes)
                continue
            acc = found[statement.target]
            if acc.access is None:
                value = kept(statement.value, self.scope.dtypes, acc)
                self.scope.lines.add(f"v{acc.number}[r - start] = {value}")

    def begin(self, acc: Accumulator) -> None:
        """Write what precedes the first element of a row."""
        add, k = self.scope.lines.add, acc.number
        if acc.order == "first":
            add(f"best{k} = {acc.carrier}(0)")
            add(f"{acc.reduce.target} = -1")
        elif acc.order == "any":
            add(f"clear_{acc.op}(lanes{k})")
        elif acc.op == "prod":
            add(f"total{k} = {acc.carrier}(1.0)")
        else:
            add(f"total{k} = {acc.carrier}(-0.0 if {self.extent} > 0 else 0.0)")
            add(f"rest{k} = {acc.carrier}(0.0)")

    def combine(self, acc: Accumulator, start: str, count: str) -> None:
        """Write the reduction of `count` values from index `start` on."""
        lines, k = self.scope.lines, acc.number
        values = f"v{k}"
        if acc.access is not None:
            argument = self.scope.kernel.accesses[acc.access].argument
            place = self.scope.address(acc.access, self.axes, start)
            values = f"at(a{argument}, {place.removesuffix(' + 0')})"
        if acc.order != "first":
            lines.add(f"lanes_{acc.op}(lanes{k}, {values}, {count})")
            return
        compare = ">" if acc.op == "max" else "<"
        lines.add(f"clear_{acc.op}(lanes{k})")
        lines.add(f"lanes_{acc.op}(lanes{k}, {values}, {count})")
        lines.add(f"new{k} = merge_{acc.op}(lanes{k})")
        target = acc.reduce.target
        beats = f"new{k} {compare} best{k}"
        if "float" in acc.carrier:
            beats += f" or (new{k} != new{k} and best{k} == best{k})"
        with lines.block(f"if {target} < 0 or {beats}:"):
            lines.add(f"best{k} = new{k}")
            lines.add(f"{target} = {start} + first_of({values}, {count}, new{k})")

    def add_block(self, acc: Accumulator, block: str) -> None:
        """Write the merge of one block into the total of a row."""
        add, k = self.scope.lines.add, acc.number
        if acc.op == "prod":
            add(f"total{k} = total{k} * {block}")
            return
        add(f"block{k} = {block}")
        add(f"rest{k} = rest{k} + lost(total{k}, block{k})")
        add(f"total{k} = total{k} + block{k}")

    def finish(self, acc: Accumulator) -> None:
        """Write the reduced value of a row."""
        k, target = acc.number, acc.reduce.target
        if acc.order == "first":
            return
        value = f"total{k}"
        if acc.order == "any":
            value = f"merge_{acc.op}(lanes{k})"
        elif acc.op == "sum":
            value = f"compensated(total{k}, rest{k})"
        self.scope.lines.add(f"{target} = {acc.result(value)}")


def kept(value: str, dtypes: dict[str, str], acc: Accumulator) -> str:
    """The text of `value` as an item of the values of `acc`."""
    if acc.reduce.kind in ("any", "all") and dtypes[value] != "bool":
        return f"uint8({value} != 0)"
    if acc.dtype == "bool":
        return stored(value, "bool")
    if acc.dtype == dtypes[value]:
        return value
    return f"{acc.carrier}({value})"


def accumulators(kernel: Kernel, loop: Loop, number: int) -> list[Accumulator]:
    """The reductions of a loop, numbered from `number`."""
    dtypes = value_dtypes(kernel)
    found = []
    for statement in loop.body:
        if isinstance(statement, Reduce):
            dtype = dtypes[statement.value] if statement.kind in ARG else statement.dtype
            if "complex" in dtype and statement.kind != "sum":
                raise UnsupportedKernel(f"{statement.kind} of {dtype}")
            access = direct_access(kernel, loop, statement, dtype)
            found.append(Accumulator(number + len(found), statement, dtype, access))
    return found


def direct_access(
    kernel: Kernel, loop: Loop, reduce: Reduce, dtype: str
) -> int | None:
    """The access whose memory holds the values of `reduce` in a row, if any."""
    written = {
        kernel.accesses[statement.access].argument
        for statement in loop.body
        if isinstance(statement, Store)
    }
    for statement in loop.body:
        if not isinstance(statement, Load) or statement.target != reduce.value:
            continue
        access = kernel.accesses[statement.access]
        argument = access.argument
        if argument == IOTA or argument in written or access.strides[-1] != "1":
            return None
        same = kernel.arguments[argument].dtype == dtype != "float16"
        return statement.access if same else None
    return None


def needed(loop: Loop, found: list[Accumulator]) -> list[Statement]:
    """The statements of `loop` that its stores and values on the stack need."""
    wanted: set[str] = set()
    kept: list[Statement] = []
    direct = {acc.reduce.target for acc in found if acc.access is not None}
    for statement in reversed(loop.body):
        match statement:
            case Store(_, value):
                wanted.add(value)
            case Reduce(target, _, value, _):
                if target in direct:
                    continue
                wanted.add(value)
            case Load(target, _) | Gather(target, _, _) | Compute(target, _, _):
                if target not in wanted:
                    continue
                if isinstance(statement, Gather):
                    wanted.add(statement.index)
                elif isinstance(statement, Compute):
                    wanted.update(names_in(statement.text))
        kept.append(statement)
    return kept[::-1]


def names_in(text: str) -> set[str]:
    """The identifiers in the text of an expression.

    Examples
    --------
    >>> sorted(names_in("exp(x0 - m)"))
    ['exp', 'm', 'x0']
    """
    import re

    return set(re.findall(r"[A-Za-z_]\w*", text))
