"""Text of kernels whose rows are shared by teams of threads."""

from __future__ import annotations

from ..cpu.reductions import (
    Accumulator,
    accumulators,
    joined,
    kept,
    merged,
    start_value,
)
from ..cpu.scope import Scope
from ..kernel import Kernel, Load, Loop, Reduce, Statement, Store
from .copies import Copies, at_a_time, loads_first
from .forms import COLUMNS, LANES, THREADS, WARP, Team

MOMENTS = ("count", "mean", "trail", "total", "rest")
"""The state of `moments.joined_moments`."""


class TeamWriter:
    """Writes the text of a kernel whose rows are shared by teams of threads."""

    def __init__(self, scope: Scope, team: Team) -> None:
        self.scope = scope
        self.team = team
        kernel = scope.kernel
        self.inner = range(kernel.outer, kernel.outer + 1)
        self.limit = "limit" if team == "column" else f"n{kernel.outer}"
        self.number = 0
        self.shared = _read_and_written(kernel)

    def write(self) -> None:
        """The whole body of the function."""
        lines = self.scope.lines
        self.lanes()
        if self.team == "warp":
            lines.add(f"row = cuda.grid(1) // {WARP}")
            step = f"{THREADS // WARP} * cuda.gridDim.x"
        else:
            lines.add("row = int64(cuda.blockIdx.x)")
            step = "cuda.gridDim.x"
        with lines.block(f"while row < {' * '.join(self.rows()) or '1'}:"):
            self.row()
            lines.add(f"row += {step}")

    def lanes(self) -> None:
        """What a thread is in its team, whatever the row."""
        add = self.scope.lines.add
        if self.team == "column":
            outer = self.scope.kernel.outer
            add(f"lane = cuda.threadIdx.x // {COLUMNS}")
            add(f"width = (n{outer - 1} + {COLUMNS - 1}) // {COLUMNS}")
            return
        add("lane = cuda.threadIdx.x" + f" % {WARP}" * (self.team == "warp"))
        add("leader = lane == 0")

    def rows(self) -> list[str]:
        """The factors of the number of rows; 32 neighbouring columns are one."""
        factors = [f"n{axis}" for axis in range(self.scope.kernel.outer)]
        return [*factors[:-1], "width"] if self.team == "column" else factors

    def row(self) -> None:
        """One row of the kernel, from its indices to its stores."""
        scope = self.scope
        self.row_indices()
        scope.place(range(scope.kernel.outer))
        for statement in scope.kernel.body:
            if isinstance(statement, Loop):
                self.loop(statement)
            else:
                self.once(statement)
        scope.reset()

    def row_indices(self) -> None:
        """The outer indices of a row; of columns also which threads have one."""
        scope, add = self.scope, self.scope.lines.add
        outer = scope.kernel.outer
        if self.team != "column":
            scope.outer_indices(outer)
            return
        column = f"i{outer - 1}"
        if outer > 1:
            add("place = row // width")
            scope.outer_indices(outer - 1, "place")
        add(f"{column} = row % width * {COLUMNS} + cuda.threadIdx.x % {COLUMNS}")
        add(f"active = {column} < n{outer - 1}")
        add(f"{column} = min({column}, n{outer - 1} - 1)")
        add(f"limit = n{outer} if active else 0")
        add("leader = active and lane == 0")

    def once(self, statement: Statement) -> None:
        """A statement that runs once a row: all compute, the leader stores."""
        if not isinstance(statement, Store):
            self.scope.statement(statement, range(0))
            return
        self.wait_for(statement)
        with self.scope.lines.block("if leader:"):
            self.scope.statement(statement, range(0))
        self.wait_for(statement)

    def loop(self, loop: Loop) -> None:
        """A loop over the inner axis, shared by the team, and what it reduces to."""
        found = accumulators(self.scope.kernel, loop, self.number)
        self.number += len(found)
        for acc in found:
            self.begin(acc)
        self.walk("lane", self.limit, loop, found)
        for acc in found:
            self.finish(acc)
        for statement in loop.body:
            if isinstance(statement, Store) and self.wait_for(statement):
                return

    def walk(self, first: str, end: str, loop: Loop, found: list[Accumulator]) -> None:
        """Every so-many-th element from `first`: some at a time, then those left."""
        lines, step = self.scope.lines, LANES[self.team]
        lines.add(f"r = {first}")
        count = at_a_time(loop.body)
        if count > 1:
            with lines.block(f"while r + {(count - 1) * step} < {end}:"):
                self.several(loop, found, count)
                lines.add(f"r += {count * step}")
        with lines.block(f"while r < {end}:"):
            for statement in loop.body:
                self.element(statement, found)
            lines.add(f"r += {step}")

    def element(
        self, statement: Statement, found: list[Accumulator], index: str = "r"
    ) -> None:
        """One statement of one element."""
        if not isinstance(statement, Reduce):
            self.scope.statement(statement, self.inner)
            return
        acc = next(acc for acc in found if acc.reduce.target == statement.target)
        self.combine(acc, kept(statement.value, self.scope.dtypes, acc), index)

    def several(self, loop: Loop, found: list[Accumulator], count: int) -> None:
        """The statements of some elements: where that may be, all loads come first."""
        scope, copies = self.scope, Copies(loop.body)
        scope.dtypes |= copies.dtypes(scope.dtypes, count)
        fours = [acc for acc in found if acc.order == "moments"]
        joined = [acc.reduce for acc in fours]
        body = [statement for statement in loop.body if statement not in joined]
        loads, rest = loads_first(body, scope.kernel.accesses)
        indices = ["r", *[f"r_{k}" for k in range(1, count)]]
        for k in range(1, count):
            scope.lines.add(f"{indices[k]} = r + {k * LANES[self.team]}")
        inner = scope.kernel.outer
        for statements in (loads, rest):
            for k, index in enumerate(indices):
                scope.indices[inner] = index
                for statement in statements:
                    self.element(copies.statement(statement, k), found, index)
        scope.indices[inner] = "r"
        for acc in fours:
            values = [copies.own(acc.reduce.value, k) for k in range(count)]
            for first in range(0, count, 4):
                self.join_four(acc, values[first : first + 4])

    def wait_for(self, store: Store) -> bool:
        """Let the team meet where it also reads the memory that `store` changes."""
        access = self.scope.kernel.accesses[store.access]
        if access.argument not in self.shared:
            return False
        meet = "cuda.syncwarp()" if self.team == "warp" else "cuda.syncthreads()"
        self.scope.lines.add(meet)
        return True

    # -- reductions ---------------------------------------------------------------
    def begin(self, acc: Accumulator) -> None:
        """What precedes the first element of a thread."""
        add, k = self.scope.lines.add, acc.number
        if acc.order == "first":
            add(f"best{k} = {acc.carrier}(0)")
            add(f"place{k} = int64(-1)")
        elif acc.order == "any":
            add(f"best{k} = {typed(start_value(acc), acc.carrier)}")
        elif acc.order == "moments":
            for name in MOMENTS:
                add(f"{name}{k} = {acc.carrier}(0.0)")
        elif acc.op == "prod":
            add(f"total{k} = {acc.carrier}(1.0)")
        else:
            add(f"total{k} = {acc.carrier}(-0.0 if {self.limit} > 0 else 0.0)")
            add(f"rest{k} = {acc.carrier}(0.0)")

    def combine(self, acc: Accumulator, value: str, index: str = "r") -> None:
        """How one value joins what its thread has."""
        lines, k = self.scope.lines, acc.number
        if acc.order == "first":
            lines.add(f"new{k} = {value}")
            beats = f"new{k} {'>' if acc.op == 'max' else '<'} best{k}"
            if "float" in acc.carrier:
                beats += f" or (new{k} != new{k} and best{k} == best{k})"
            with lines.block(f"if place{k} < 0 or {beats}:"):
                lines.add(f"best{k} = {acc.carrier}(new{k})")
                lines.add(f"place{k} = {index}")
        elif acc.order == "any":
            lines.add(f"best{k} = {merged(acc, f'best{k}', value)}")
        elif acc.order == "moments":
            lines.add(f"new{k} = {value}")  # new - new is NaN where that is not finite
            one, zero = f"{acc.carrier}(1.0)", f"{acc.carrier}(0.0)"
            self.join(acc, [one, f"new{k}", zero, f"new{k} - new{k}"])
        elif acc.op == "prod":
            lines.add(f"total{k} = {joined(acc, f'total{k}', value)}")
        else:
            lines.add(f"new{k} = {value}")
            lines.add(f"rest{k} += lost(total{k}, new{k})")
            lines.add(f"total{k} += new{k}")

    def join_four(self, acc: Accumulator, values: list[str]) -> None:
        """How four values join the moments of `acc`: one division for all."""
        lines, k, dtypes = self.scope.lines, acc.number, self.scope.dtypes
        given = [f"{acc.carrier}(0.25)", *[kept(v, dtypes, acc) for v in values]]
        lines.call(f"four{k} = moments_of_four", given, "")
        moments = [f"four{k}[{item}]" for item in range(3)]
        self.join(acc, [f"{acc.carrier}(4.0)", *moments])

    def join(self, acc: Accumulator, others: list[str]) -> None:
        """How other moments (number, mean, trail, deviations) join those of `acc`."""
        state = [f"{name}{acc.number}" for name in MOMENTS]
        head = f"{', '.join(state)} = joined_moments"
        self.scope.lines.call(head, [*state, *others], "")

    def finish(self, acc: Accumulator) -> None:
        """The reduced value of the team, in all of its threads."""
        value = self.merged(acc)
        if acc.order == "moments":  # and before it their number and mean
            self.scope.lines.add(f"whole{acc.number} = {value}")
            value = f"whole{acc.number}[3]"
        self.scope.lines.add(f"{acc.reduce.target} = {acc.result(value)}")

    def merged(self, acc: Accumulator) -> str:
        """The text of what the threads of the team have, merged."""
        k = acc.number
        name = f"{self.team}_{acc.reduce.kind}_{acc.carrier}"
        if acc.order == "first":
            return f"{name}(best{k}, place{k})"
        if acc.order == "any":
            return f"{name}(best{k})"
        if acc.order == "moments":
            self.scope.lines.add(f"total{k} = compensated(total{k}, rest{k})")
            return f"{name}(count{k}, mean{k}, trail{k}, total{k})"
        if acc.op == "prod":
            return f"{name}(total{k})"
        return f"{name}(compensated(total{k}, rest{k}))"


def typed(text: str, dtype: str) -> str:
    """`text` as a value of `dtype`, said only once."""
    return text if text.startswith(f"{dtype}(") else f"{dtype}({text})"


def _read_and_written(kernel: Kernel) -> frozenset[int]:
    """Arguments that a kernel both loads from and stores to."""
    read: set[int] = set()
    written: set[int] = set()
    for statement in kernel.statements():
        match statement:
            case Load(_, access):
                read.add(kernel.accesses[access].argument)
            case Store(access, _):
                written.add(kernel.accesses[access].argument)
    return frozenset(read & written)
