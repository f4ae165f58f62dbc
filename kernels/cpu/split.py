"""Text of the split form of a kernel: few long rows, shared by blocks.

A row (or a unit of columns) too long for one thread is computed in phases with a
barrier after each. A ``blocks`` phase runs one loop on blocks of `BLOCK` elements and
leaves what they reduce to in ``partial`` buffers; a ``units`` phase merges those of a
row in their order, exactly as the plain form does, and leaves the value in ``result``
buffers; the last phase runs the statements outside of loops. Statements outside of
loops are computed again where a phase needs them. The bits are those of the plain form.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from ..backend import UnsupportedKernel
from ..kernel import IOTA, Kernel, Load, Loop, Reduce, Statement, Store
from ..text import Lines
from . import deviations
from .columns import ColumnWriter, rounded
from .deviations import WIDTH
from .reductions import BLOCK, Accumulator, accumulators, merged, start_value
from .rows import RowWriter
from .scope import Scope

Phase: TypeAlias = Literal["blocks", "units"]


def loops_of(kernel: Kernel) -> list[Loop]:
    """The loops of a kernel, in order."""
    return [statement for statement in kernel.body if isinstance(statement, Loop)]


def phases(kernel: Kernel) -> list[Phase]:
    """What each phase of the split form runs over."""
    found: list[Phase] = []
    for loop in loops_of(kernel):
        reduces = any(isinstance(statement, Reduce) for statement in loop.body)
        found += ["blocks", "units"] if reduces else ["blocks"]
    ends = any(isinstance(statement, Store) for statement in kernel.body)
    return [*found, "units"] if ends else found


class Buffer(NamedTuple):
    """A scratch buffer of the split form, with an item for each piece or unit."""

    name: str
    dtype: str
    over: Phase


def buffers(kernel: Kernel) -> list[Buffer]:
    """The scratch buffers, in the order of the parameters.

    They have an item for each piece or unit, and for each of its columns.
    """
    found: list[Buffer] = []
    number = 0
    for loop in loops_of(kernel):
        for acc in accumulators(kernel, loop, number):
            number += 1
            first = acc.order == "first"
            found.append(Buffer(f"partial{acc.number}", acc.carrier, "blocks"))
            if first:
                found.append(Buffer(f"place{acc.number}", "int64", "blocks"))
            if acc.order == "moments":
                for name in ("center", "trail"):
                    name = f"{name}_of{acc.number}"
                    found.append(Buffer(name, acc.carrier, "blocks"))
            dtype = "int64" if first else acc.carrier
            found.append(Buffer(f"result{acc.number}", dtype, "units"))
    return found


def check_split(kernel: Kernel) -> None:
    """Raise if computing statements outside of loops again could see other values."""
    written = {
        kernel.accesses[statement.access].argument
        for statement in kernel.statements()
        if isinstance(statement, Store)
    }
    for statement in kernel.body:
        if isinstance(statement, Load):
            argument = kernel.accesses[statement.access].argument
            if argument != IOTA and argument in written:
                raise UnsupportedKernel("a row reads what the kernel writes")
    if kernel.kind == "map" or not loops_of(kernel):
        raise UnsupportedKernel("nothing to split")


def emit_phases(scope: Scope) -> None:
    """Write every phase of the split form."""
    lines = scope.lines
    rows = scope.kernel.kind == "row"
    writer = SplitRows(scope) if rows else SplitColumns(scope)
    writer.declare()
    lines.add(f"blocks = ({writer.extent} + {BLOCK - 1}) // {BLOCK}")
    body = scope.kernel.body
    phase = 0
    for number, statement in enumerate(body):
        if not isinstance(statement, Loop):
            continue
        with (
            lines.block(f"if phase == {phase}:"),
            lines.block("for piece in range(lo, hi):"),
        ):
            lines.add("unit = piece // blocks")
            block_of_piece(lines, writer.extent)
            writer.before(body[:number])
            writer.piece(statement)
        phase += 1
        if writer.loops[id(statement)]:
            with (
                lines.block(f"if phase == {phase}:"),
                lines.block("for unit in range(lo, hi):"),
            ):
                writer.merge(statement)
            phase += 1
    if phase < len(phases(scope.kernel)):
        with (
            lines.block(f"if phase == {phase}:"),
            lines.block("for unit in range(lo, hi):"),
        ):
            writer.before(body, stores=True)


class SplitRows(RowWriter):
    """Writes the phases of a ``row`` kernel."""

    def before(self, body: tuple[Statement, ...], stores: bool = False) -> None:
        """Write the position of row ``unit`` and the statements of `body`."""
        scope = self.scope
        scope.reset()
        scope.outer_indices(scope.kernel.outer, "unit")
        scope.place(range(scope.kernel.outer))
        for statement in body:
            if isinstance(statement, Loop):
                for acc in self.loops[id(statement)]:
                    value = acc.result(f"result{acc.number}[unit]")
                    scope.lines.add(f"{acc.reduce.target} = {value}")
            elif stores or not isinstance(statement, Store):
                scope.statement(statement, range(0))

    def piece(self, loop: Loop) -> None:
        """Write one block of `loop`."""
        add, found = self.scope.lines.add, self.loops[id(loop)]
        for acc in found:
            if acc.order == "first":
                self.begin(acc)
            elif acc.order == "any":
                add(f"clear_{acc.op}(lanes{acc.number})")
        self.clear(found)
        self.chunks(loop, found, "block", "end")
        for acc in found:
            k = acc.number
            if acc.order == "first":
                add(f"partial{k}[piece] = best{k}")
                add(f"place{k}[piece] = {acc.reduce.target}")
            elif acc.order == "moments":
                values = deviations.block_moments(acc)
                for item, value in zip(moments_of(acc, "piece"), values, strict=True):
                    add(f"{item} = {value}")
            else:
                add(f"partial{k}[piece] = merge_{acc.op}(lanes{k})")

    def merge(self, loop: Loop) -> None:
        """Write the merge of the blocks of row ``unit``."""
        lines = self.scope.lines
        for acc in self.loops[id(loop)]:
            k = acc.number
            if acc.order == "any":
                lines.add(f"total{k} = {acc.carrier}({start_value(acc)})")
            else:
                self.begin(acc)
            with lines.block("for piece in range(unit * blocks, (unit + 1) * blocks):"):
                if acc.order == "blocks":
                    self.add_block(acc, f"partial{k}[piece]")
                elif acc.order == "moments":
                    block_of_piece(lines, self.extent)
                    self.join_block(acc, moments_of(acc, "piece"))
                elif acc.order == "any":
                    text = merged(acc, f"total{k}", f"partial{k}[piece]")
                    lines.add(f"total{k} = {text}")
                else:
                    lines.add(f"new{k} = partial{k}[piece]")
                    self.take_best(acc, f"place{k}[piece]")
            lines.add(f"result{k}[unit] = {_total(acc)}")


def moments_of(acc: Accumulator, item: str) -> list[str]:
    """The items of the buffers that keep mean, trail and deviations of a block."""
    names = ("center_of", "trail_of", "partial")
    return [f"{name}{acc.number}[{item}]" for name in names]


def block_of_piece(lines: Lines, extent: str) -> None:
    """Write which elements are those of ``piece``."""
    lines.add(f"block = piece % blocks * {BLOCK}")
    lines.add(f"end = min(block + {BLOCK}, {extent})")


def _total(acc: Accumulator) -> str:
    """The text of the merged value of a row, as lanes carry it."""
    if acc.order == "first":
        return acc.reduce.target
    if acc.lanes_op == "sum" and acc.by_blocks:
        return f"compensated(total{acc.number}, rest{acc.number})"
    return f"total{acc.number}"


class SplitColumns(ColumnWriter):
    """Writes the phases of a ``column`` kernel."""

    def declare(self) -> None:
        super().declare()
        self.scope.lines.add(f"width = (n{self.last} + {WIDTH - 1}) // {WIDTH}")

    def before(self, body: tuple[Statement, ...], stores: bool = False) -> None:
        """Write the position of unit ``unit`` and the statements of `body`."""
        self.scope.reset()
        self.unit("unit")
        for segment in self.segments:
            statements = segment.body if isinstance(segment, Loop) else segment
            if not isinstance(segment, Loop):
                run = [s for s in segment if stores or not isinstance(s, Store)]
                if run and any(run[0] is s for s in body):
                    self.columnwise(run)
                continue
            if not any(segment is s for s in body):
                return
            found = [
                a for a in self.loops[id(segment)] if a.reduce.target in self.shared
            ]
            if found and statements:
                with self.scope.lines.block(self.each_column()):
                    for acc in found:
                        item = f"result{acc.number}[unit * {WIDTH} + {self.column}]"
                        value = rounded(acc, item)
                        self.scope.lines.add(
                            f"{acc.reduce.target}_all[{self.column}] = {value}"
                        )

    def piece(self, loop: Loop) -> None:
        """Write one block of `loop`."""
        lines, found, i = self.scope.lines, self.loops[id(loop)], self.column
        self.start(found)
        self.clear(found)
        self.block(loop, found)
        if not found:
            return
        with lines.block(self.each_column()):
            for acc in found:
                k = acc.number
                kept = f"block{k}" if acc.order == "blocks" else f"best{k}"
                at = f"piece * {WIDTH} + {i}"
                if acc.order == "moments":
                    values = deviations.block_moments(acc, f"[{i}]")
                    for item, value in zip(moments_of(acc, at), values, strict=True):
                        lines.add(f"{item} = {value}")
                    continue
                lines.add(f"partial{k}[{at}] = {kept}[{i}]")
                if acc.order == "first":
                    lines.add(f"place{k}[{at}] = {acc.reduce.target}_all[{i}]")

    def merge(self, loop: Loop) -> None:
        """Write the merge of the blocks of unit ``unit``."""
        lines, found, i = self.scope.lines, self.loops[id(loop)], self.column
        lines.add(f"first = unit % width * {WIDTH}")
        lines.add(f"count = min({WIDTH}, n{self.last} - first)")
        self.start(found)
        with lines.block("for piece in range(unit * blocks, (unit + 1) * blocks):"):
            if any(acc.order == "moments" for acc in found):
                block_of_piece(lines, self.extent)
            with lines.block(self.each_column()):
                for acc in found:
                    self.merge_piece(acc)
        with lines.block(self.each_column()):
            for acc in found:
                at = f"result{acc.number}[unit * {WIDTH} + {i}]"
                lines.add(f"{at} = {self.total(acc)}")

    def merge_piece(self, acc: Accumulator) -> None:
        """Write how one block joins a column of its unit."""
        i, k = self.column, acc.number
        part = f"partial{k}[piece * {WIDTH} + {i}]"
        if acc.order == "blocks":
            self.add_block(acc, part)
        elif acc.order == "moments":
            self.join_block(acc, moments_of(acc, f"piece * {WIDTH} + {i}"))
        elif acc.order == "any":
            text = merged(acc, f"best{k}[{i}]", part)
            self.scope.lines.add(f"best{k}[{i}] = {text}")
        else:
            self.combine_first(acc, part, f"place{k}[piece * {WIDTH} + {i}]")
