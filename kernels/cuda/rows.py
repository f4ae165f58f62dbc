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
        add = self.scope.lines.add
        outer = self.scope.kernel.outer
        if self.team == "block":
            add("lane = cuda.threadIdx.x")
            add("row = int64(cuda.blockIdx.x)")
            step = "cuda.gridDim.x"
        elif self.team == "warp":
            teams_in_block = THREADS // WARP
            add(f"lane = cuda.threadIdx.x % {WARP}")
            add("row = cuda.grid(1) // 32")
            step = f"{teams_in_block} * cuda.gridDim.x"
        else:
            add(f"lane = cuda.threadIdx.x // {COLUMNS}")
            add(f"width = (n{outer - 1} + {COLUMNS - 1}) // {COLUMNS}")
            add("row = int64(cuda.blockIdx.x)")
            step = "cuda.gridDim.x"
        factors = [f"n{axis}" for axis in range(outer)]
        if self.team == "column":
            factors[-1] = "width"
        with self.scope.lines.block(f"while row < {' * '.join(factors) or '1'}:"):
            self.row()
            add(f"row += {step}")

    def row(self) -> None:
        """One row of the kernel, from its indices to its stores."""
        scope, add = self.scope, self.scope.lines.add
        outer = scope.kernel.outer
        if self.team == "column":
            column = f"i{outer - 1}"
            if outer > 1:
                add("place = row // width")
                scope.outer_indices(outer - 1, "place")
            add(f"{column} = row % width * {COLUMNS} + cuda.threadIdx.x % {COLUMNS}")
            add(f"active = {column} < n{outer - 1}")
            add(f"{column} = min({column}, n{outer - 1} - 1)")
            add(f"limit = n{outer} if active else 0")
            add("leader = active and lane == 0")
        else:
            scope.outer_indices(outer)
            add("leader = lane == 0")
        scope.place(range(outer))
        for statement in scope.kernel.body:
            if isinstance(statement, Loop):
                self.loop(statement)
            else:
                self.once(statement)
        scope.reset()

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
        lines = self.scope.lines
        found = accumulators(self.scope.kernel, loop, self.number)
        self.number += len(found)
        for acc in found:
            self.begin(acc)
        with lines.block(f"for r in range(lane, {self.limit}, {LANES[self.team]}):"):
            self.elements(loop, found)
        for acc in found:
            self.finish(acc)
        for statement in loop.body:
            if isinstance(statement, Store) and self.wait_for(statement):
                return

    def elements(self, loop: Loop, found: list[Accumulator]) -> None:
        """The statements of one element."""
        by_target = {acc.reduce.target: acc for acc in found}
        for statement in loop.body:
            if isinstance(statement, Reduce):
                acc = by_target[statement.target]
                self.combine(acc, kept(acc.reduce.value, self.scope.dtypes, acc))
            else:
                self.scope.statement(statement, self.inner)

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

    def combine(self, acc: Accumulator, value: str) -> None:
        """How one value joins what its thread has."""
        lines, k = self.scope.lines, acc.number
        if acc.order == "first":
            lines.add(f"new{k} = {value}")
            beats = f"new{k} {'>' if acc.op == 'max' else '<'} best{k}"
            if "float" in acc.carrier:
                beats += f" or (new{k} != new{k} and best{k} == best{k})"
            with lines.block(f"if place{k} < 0 or {beats}:"):
                lines.add(f"best{k} = {acc.carrier}(new{k})")
                lines.add(f"place{k} = r")
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
