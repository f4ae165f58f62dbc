"""Text of ``row`` kernels: loops over the inner axis, and their reductions."""

from __future__ import annotations

from ..kernel import Loop, Reduce, Store
from . import deviations
from .reductions import BLOCK, CHUNK, Accumulator, accumulators, kept, needed
from .scope import Scope


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
                self.scope.lines.add(f"lanes{acc.number} = stack({acc.carrier}, 32)")
                if acc.access is None:
                    self.scope.lines.add(
                        f"v{acc.number} = stack({acc.carrier}, {CHUNK})"
                    )

    def loop(self, loop: Loop) -> None:
        """Write a loop over the whole inner axis, and what it reduces to."""
        lines, found = self.scope.lines, self.loops[id(loop)]
        if not found:
            if needed(loop, found):
                with lines.block(f"for r in range({self.extent}):"):
                    self.body(loop)
            return
        for acc in found:
            self.begin(acc)
        self.blocks(loop, found)
        for acc in found:
            self.finish(acc)

    def blocks(self, loop: Loop, found: list[Accumulator]) -> None:
        """Write the loop over blocks, if the order of any reduction needs it."""
        lines = self.scope.lines
        ordered = [acc for acc in found if acc.by_blocks]
        if not ordered:
            self.chunks(loop, found, "0", self.extent)
            return
        with lines.block(f"for block in range(0, {self.extent}, {BLOCK}):"):
            lines.add(f"end = min(block + {BLOCK}, {self.extent})")
            self.clear(found)
            self.chunks(loop, found, "block", "end")
            for acc in ordered:
                if acc.order == "moments":
                    self.join_block(acc, deviations.block_moments(acc))
                else:
                    self.add_block(acc, f"merge_{acc.op}(lanes{acc.number})")

    def clear(self, found: list[Accumulator]) -> None:
        """Write the start of a block."""
        for acc in found:
            if acc.order == "blocks":
                self.scope.lines.add(f"clear_{acc.op}(lanes{acc.number})")

    def chunks(
        self, loop: Loop, found: list[Accumulator], first: str, end: str
    ) -> None:
        """Write the elements of ``first .. end``, a few on the stack at a time."""
        lines = self.scope.lines
        simple = all(acc.access is not None for acc in found) and not any(
            isinstance(statement, Store) for statement in loop.body
        )
        if simple and all(acc.order in ("blocks", "any") for acc in found):
            count = end if first == "0" else f"{end} - {first}"
            for acc in found:
                self.combine(acc, first, count)
            return
        with lines.block(f"for start in range({first}, {end}, {CHUNK}):"):
            lines.add(f"stop = min(start + {CHUNK}, {end})")
            if not simple:
                with lines.block("for r in range(start, stop):"):
                    self.body(loop)
            for acc in sorted(found, key=lambda acc: acc.order == "moments"):
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
        elif acc.order == "moments":
            deviations.begin(self.scope.lines, acc)
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
        lanes = f"lanes_{acc.op}{'_ahead' if self.looks_ahead(acc) else ''}"
        if acc.order in ("blocks", "any"):
            lines.add(f"{lanes}(lanes{k}, {values}, {count})")
            return
        if acc.order == "moments":
            total = self.sum_of_chunk(acc, values, count)
            deviations.join_chunk(lines, acc, total, values, count)
            return
        lines.add(f"clear_{acc.op}(lanes{k})")
        lines.add(f"{lanes}(lanes{k}, {values}, {count})")
        lines.add(f"new{k} = merge_{acc.op}(lanes{k})")
        self.take_best(acc, f"{start} + first_of({values}, {count}, new{k})")

    def looks_ahead(self, acc: Accumulator) -> bool:
        """Whether `acc` has the next values in memory brought near.

        Moments do that themselves, for all that reduce the values with them.
        """
        alike = next(found for found in self.loops.values() if acc in found)
        moments = any(other.order == "moments" for other in alike)
        return acc.access is not None and not moments

    def sum_of_chunk(self, acc: Accumulator, values: str, count: str) -> str:
        """Write the sum of a chunk whose moments are wanted; the text of its value.

        A sum of the same values has it in its lanes after the first chunk of a block.
        """
        lines, k = self.scope.lines, acc.number
        alike = self.sum_alike(acc)
        if alike is None:
            lines.add(f"clear_sum(lanes{k})")
            lines.add(f"lanes_sum(lanes{k}, {values}, {count})")
            return f"merge_sum(lanes{k})"
        lines.add(f"new{k} = merge_sum(lanes{alike.number})")
        with lines.block("if start - block > 0:"):
            lines.add(f"clear_sum(lanes{k})")
            lines.add(f"lanes_sum(lanes{k}, {values}, {count})")
            lines.add(f"new{k} = merge_sum(lanes{k})")
        return f"new{k}"

    def sum_alike(self, acc: Accumulator) -> Accumulator | None:
        """The sum of the values whose moments `acc` wants, if the loop has it."""
        for found in self.loops.values():
            if acc in found:
                for other in found:
                    same = other.reduce.value == acc.reduce.value
                    if same and other.reduce.kind == "sum" and other.dtype == acc.dtype:
                        return other
        return None

    def join_block(self, acc: Accumulator, moments: list[str]) -> None:
        """Write the merge of the moments of one block into those of a row."""
        lines, state = self.scope.lines, deviations.state_of(acc)
        deviations.join_or_begin(lines, state, acc, "block", moments, "end - block")

    def take_best(self, acc: Accumulator, position: str) -> None:
        """Write how the extreme of later values may take the place of the best."""
        lines, k, target = self.scope.lines, acc.number, acc.reduce.target
        beats = f"new{k} {'>' if acc.op == 'max' else '<'} best{k}"
        if "float" in acc.carrier:
            beats += f" or (new{k} != new{k} and best{k} == best{k})"
        with lines.block(f"if {target} < 0 or {beats}:"):
            lines.add(f"best{k} = new{k}")
            lines.add(f"{target} = {position}")

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
        if acc.order == "first":
            return
        value = f"total{acc.number}"
        if acc.order == "any":
            value = f"merge_{acc.op}(lanes{acc.number})"
        elif acc.lanes_op == "sum":
            value = f"compensated(total{acc.number}, rest{acc.number})"
        self.scope.lines.add(f"{acc.reduce.target} = {acc.result(value)}")
