"""Text of ``column`` kernels: reductions over an axis that is not the innermost.

A unit of work is `WIDTH` neighbouring columns; everything that belongs to a row of the
kernel (accumulators, values between loops) is a stack array with an item per column.
"""

from __future__ import annotations

from ..kernel import Compute, Gather, Load, Loop, Reduce, Statement, Store
from . import deviations
from .deviations import TALL, WIDTH
from .reductions import (
    BLOCK,
    Accumulator,
    accumulators,
    kept,
    merged,
    names_in,
    start_value,
)
from .scope import STORED, Scope, loaded, stored
from .tables import combine_rows, rows_of_memory


def emit_columns(scope: Scope) -> None:
    """``column``: a range of units, each with its loops."""
    kernel, lines = scope.kernel, scope.lines
    last = kernel.outer - 1
    writer = ColumnWriter(scope)
    writer.declare()
    lines.add(f"width = (n{last} + {WIDTH - 1}) // {WIDTH}")
    with lines.block("for unit in range(lo, hi):"):
        writer.unit("unit")
        for segment in writer.segments:
            if isinstance(segment, Loop):
                writer.loop(segment)
            else:
                writer.columnwise(segment)


class ColumnWriter:
    """Writes the segments of one column kernel into a scope.

    A segment is a `Loop`, or the statements between two of them.
    """

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        kernel = scope.kernel
        self.last = kernel.outer - 1
        self.column = f"i{self.last}"
        self.extent = f"n{kernel.outer}"
        self.segments = _segments(kernel.body)
        self.loops: dict[int, list[Accumulator]] = {}
        number = 0
        for segment in self.segments:
            if isinstance(segment, Loop):
                found = accumulators(kernel, segment, number)
                self.loops[id(segment)] = found
                number += len(found)
        self.shared = _shared(self.segments)

    def declare(self) -> None:
        """Write the stack arrays."""
        add = self.scope.lines.add
        for found in self.loops.values():
            for acc in found:
                for name in _state(acc):
                    add(f"{name} = stack({acc.carrier}, {WIDTH})")
                if acc.order == "moments":
                    add(f"v{acc.number} = stack({acc.carrier}, {TALL * WIDTH})")
        for name in sorted(self.shared):
            carrier = _carrier(self.scope.dtypes[name])
            add(f"{name}_all = stack({carrier}, {WIDTH})")

    def unit(self, unit: str) -> None:
        """Write the indices and positions of the first column of a unit."""
        scope, add = self.scope, self.scope.lines.add
        if self.last:
            add(f"row = {unit} // width")
            scope.outer_indices(self.last)
        add(f"first = {unit} % width * {WIDTH}")
        add(f"count = min({WIDTH}, n{self.last} - first)")
        scope.indices[self.last] = "first"
        scope.place(range(scope.kernel.outer))
        scope.indices[self.last] = self.column

    def each_column(self) -> str:
        """The header of a loop over the columns of a unit."""
        return f"for {self.column} in range(count):"

    def columnwise(self, segment: list[Statement]) -> None:
        """Write statements that run once a column."""
        with self.scope.lines.block(self.each_column()):
            self.recall(segment)
            for statement in segment:
                self.scope.statement(statement, self.axes())
                self.remember(statement)

    def axes(self) -> range:
        """Axes that are not in the position of a unit: the columns."""
        return range(self.last, self.last + 1)

    def recall(self, segment: list[Statement]) -> None:
        """Write the loads of values from earlier segments."""
        made = {getattr(statement, "target", None) for statement in segment}
        for name in sorted(_used(segment) & self.shared):
            if name not in made:
                dtype = self.scope.dtypes[name]
                item = _plain(f"{name}_all[{self.column}]", dtype)
                self.scope.lines.add(f"{name} = {item}")

    def remember(self, statement: Statement) -> None:
        """Write the store of a value that later segments use."""
        name = getattr(statement, "target", None)
        if name in self.shared:
            value = _packed(name, self.scope.dtypes[name])
            self.scope.lines.add(f"{name}_all[{self.column}] = {value}")

    # -- loops --------------------------------------------------------------------
    def loop(self, loop: Loop) -> None:
        """Write a loop over the whole inner axis, and what it reduces to."""
        lines, found = self.scope.lines, self.loops[id(loop)]
        item = f"[{self.column}]"
        self.start(found)
        if any(acc.by_blocks for acc in found):
            with lines.block(f"for block in range(0, {self.extent}, {BLOCK}):"):
                lines.add(f"end = min(block + {BLOCK}, {self.extent})")
                self.clear(found)
                self.block(loop, found)
                with lines.block(self.each_column()):
                    for acc in found:
                        if acc.order == "blocks":
                            self.add_block(acc, f"block{acc.number}[{self.column}]")
                        elif acc.order == "moments":
                            self.join_block(acc, deviations.block_moments(acc, item))
        else:
            self.elements(loop, "0", self.extent)
        finished = [acc for acc in found if self.finishes(acc)]
        if finished:
            with lines.block(self.each_column()):
                for acc in finished:
                    self.finish(acc)

    def start(self, found: list[Accumulator]) -> None:
        """Write the state of all columns before the first element."""
        if found:
            with self.scope.lines.block(self.each_column()):
                for acc in found:
                    self.begin(acc)

    def clear(self, found: list[Accumulator]) -> None:
        """Write the start of a block."""
        if not any(acc.by_blocks for acc in found):
            return
        with self.scope.lines.block(self.each_column()):
            for acc in found:
                if acc.order == "blocks":
                    start = "1.0" if acc.op == "prod" else "-0.0"
                    self.scope.lines.add(
                        f"block{acc.number}[{self.column}] = {acc.carrier}({start})"
                    )
                elif acc.order == "moments":
                    for name in deviations.block_state(acc, f"[{self.column}]"):
                        self.scope.lines.add(f"{name} = 0.0")

    def block(self, loop: Loop, found: list[Accumulator]) -> None:
        """Write the elements of a block; some rows at a time where moments need it."""
        lines, item = self.scope.lines, f"[{self.column}]"
        moments = [acc for acc in found if acc.order == "moments"]
        if not moments:
            self.elements(loop, "block", "end")
            return
        with lines.block(f"for start in range(block, end, {TALL}):"):
            lines.add(f"stop = min(start + {TALL}, end)")
            with lines.block(self.each_column()):
                for acc in moments:
                    lines.add(f"away{acc.number}{item} = -0.0")
            self.each_element(loop, "start, stop")
            deviations.tall_blocks(lines, moments, self.each_column(), item)

    def elements(self, loop: Loop, first: str, end: str) -> None:
        """Write the elements from `first` to `end`, some rows at a time if they can."""
        found = self.loops[id(loop)]
        loads = rows_of_memory(self.scope.kernel, loop, found)
        if not loads:
            self.each_element(loop, end if first == "0" else f"{first}, {end}")
            return
        lines = self.scope.lines
        with lines.block(f"for start in range({first}, {end}, {TALL}):"):
            lines.add(f"stop = min(start + {TALL}, {end})")
            for acc, load in zip(found, loads, strict=True):
                if combine_rows(self.scope, acc, load.access):
                    with lines.block(f"if doubt{acc.number}:"):
                        alone = Loop((load, acc.reduce))
                        self.each_element(alone, "start, stop", [acc])

    def each_element(
        self, loop: Loop, span: str, some: list[Accumulator] | None = None
    ) -> None:
        """Write the statements of the elements of `span`, column by column."""
        scope, lines = self.scope, self.scope.lines
        known = self.loops[id(loop)] if some is None else some
        found = {acc.reduce.target: acc for acc in known}
        inner = range(scope.kernel.outer, scope.kernel.outer + 1)
        with lines.block(f"for r in range({span}):"):
            before = dict(scope.bases)
            used = [s.access for s in loop.body if isinstance(s, Load | Store)]
            scope.place(inner, "q", frozenset(used))
            with lines.block(self.each_column()):
                self.recall(list(loop.body))
                for statement in loop.body:
                    if isinstance(statement, Reduce):
                        self.combine(found[statement.target])
                    else:
                        scope.statement(statement, self.axes())
            scope.bases = before

    def begin(self, acc: Accumulator) -> None:
        """Write the state of a column before its first element."""
        add, i, k = self.scope.lines.add, self.column, acc.number
        if acc.order == "first":
            add(f"best{k}[{i}] = 0")
            add(f"{acc.reduce.target}_all[{i}] = -1")
        elif acc.order == "any":
            add(f"best{k}[{i}] = {start_value(acc)}")
        elif acc.order == "moments":
            deviations.begin(self.scope.lines, acc, f"[{i}]")
        elif acc.op == "prod":
            add(f"total{k}[{i}] = 1.0")
        else:
            add(f"total{k}[{i}] = -0.0 if {self.extent} > 0 else 0.0")
            add(f"rest{k}[{i}] = 0.0")

    def combine(self, acc: Accumulator) -> None:
        """Write how one element joins its column."""
        add, i, k = self.scope.lines.add, self.column, acc.number
        value = kept(acc.reduce.value, self.scope.dtypes, acc)
        if acc.order == "blocks":
            add(f"block{k}[{i}] = {merged(acc, f'block{k}[{i}]', value)}")
        elif acc.order == "any":
            add(f"best{k}[{i}] = {merged(acc, f'best{k}[{i}]', value)}")
        elif acc.order == "moments":
            place = deviations.tall_item("(r - start)", f"[{i}]")
            add(f"new{k} = {value}")
            add(f"v{k}{place} = new{k}")
            add(f"away{k}[{i}] = away{k}[{i}] + new{k}")
        else:
            self.combine_first(acc, value, "r")

    def combine_first(self, acc: Accumulator, value: str, position: str) -> None:
        """Write how `value`, found at `position`, may take the place of the best."""
        add, i, k = self.scope.lines.add, self.column, acc.number
        best, places = f"best{k}[{i}]", f"{acc.reduce.target}_all[{i}]"
        compare = ">" if acc.op == "max" else "<"
        add(f"new{k} = {value}")
        add(f"wins{k} = ({places} < 0) | (new{k} {compare} {best})")
        if "float" in acc.carrier:
            add(f"wins{k} |= (new{k} != new{k}) & ({best} == {best})")
        add(f"{best} = select(wins{k}, new{k}, {best})")
        add(f"{places} = select(wins{k}, {position}, {places})")

    def add_block(self, acc: Accumulator, block: str) -> None:
        """Write the merge of one block into the total of a column."""
        add, i, k = self.scope.lines.add, self.column, acc.number
        total, rest = f"total{k}[{i}]", f"rest{k}[{i}]"
        if acc.op == "sum":
            add(f"{rest} = {rest} + lost({total}, {block})")
            add(f"{total} = {total} + {block}")
        else:
            add(f"{total} = {total} * {block}")

    def join_block(self, acc: Accumulator, moments: list[str]) -> None:
        """Write the merge of the moments of one block into those of a column."""
        state = deviations.state_of(acc, f"[{self.column}]")
        deviations.join(self.scope.lines, state, acc, "block", moments, "end - block")

    def finishes(self, acc: Accumulator) -> bool:
        """Whether a reduced value is still to be written where others read it."""
        return acc.order != "first" and acc.reduce.target in self.shared

    def finish(self, acc: Accumulator) -> None:
        """Write the reduced value of a column."""
        target = f"{acc.reduce.target}_all[{self.column}]"
        self.scope.lines.add(f"{target} = {rounded(acc, self.total(acc))}")

    def total(self, acc: Accumulator) -> str:
        """The text of the reduced value of a column, as its lanes carry it."""
        i, k = self.column, acc.number
        if acc.order == "first":
            return f"{acc.reduce.target}_all[{i}]"
        if acc.order == "any":
            return f"best{k}[{i}]"
        if acc.op == "prod":
            return f"total{k}[{i}]"
        return f"compensated(total{k}[{i}], rest{k}[{i}])"


def rounded(acc: Accumulator, value: str) -> str:
    """A reduced value as the stack array of its name keeps it."""
    return f"float16({value})" if acc.reduce.dtype == "float16" else value


def _state(acc: Accumulator) -> list[str]:
    """Names of the stack arrays of an accumulator."""
    k = acc.number
    if acc.order == "moments":
        return deviations.column_arrays(acc)
    if acc.order != "blocks":
        return [f"best{k}"]
    names = [f"block{k}", f"total{k}"]
    return [*names, f"rest{k}"] if acc.op == "sum" else names


def _carrier(dtype: str) -> str:
    return "float32" if dtype == "float16" else STORED.get(dtype, dtype)


def _packed(name: str, dtype: str) -> str:
    return name if dtype == "float16" else stored(name, dtype)


def _plain(item: str, dtype: str) -> str:
    return item if dtype == "float16" else loaded(item, dtype)


def _segments(body: tuple[Statement, ...]) -> list[Loop | list[Statement]]:
    segments: list[Loop | list[Statement]] = []
    for statement in body:
        if isinstance(statement, Loop):
            segments.append(statement)
        elif segments and isinstance(segments[-1], list):
            segments[-1].append(statement)
        else:
            segments.append([statement])
    return segments


def _statements(segment: Loop | list[Statement]) -> list[Statement]:
    return list(segment.body) if isinstance(segment, Loop) else segment


def _used(statements: list[Statement]) -> set[str]:
    """Names that statements read."""
    names: set[str] = set()
    for statement in statements:
        match statement:
            case Compute(_, _, text):
                names |= names_in(text)
            case Gather(_, _, index):
                names.add(index)
            case Store(_, value) | Reduce(_, _, value, _):
                names.add(value)
    return names


def _shared(segments: list[Loop | list[Statement]]) -> set[str]:
    """Names that a later segment reads, and positions of extremes."""
    made: set[str] = set()
    shared: set[str] = set()
    for segment in segments:
        statements = _statements(segment)
        shared |= _used(statements) & made
        for statement in statements:
            match statement:
                case Reduce(target, kind, _, _):
                    made.add(target)
                    if kind in ("argmax", "argmin"):
                        shared.add(target)
                case Load(target, _) | Gather(target, _, _) | Compute(target, _, _):
                    if not isinstance(segment, Loop):
                        made.add(target)
    return shared
