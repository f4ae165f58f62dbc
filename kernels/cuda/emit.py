"""Stage 6, emit: Kernel -> readable Python text for numba-cuda.

A thread of a ``map`` kernel takes elements in a grid-stride loop, one at a time or,
where their addresses allow, as vectors (``wide``). In the other kinds a
*team* of threads shares a row of the kernel, each thread taking every so-many-th
element of the inner axis:

* ``warp``: 32 neighbouring threads, for short rows;
* ``block``: the 256 threads of a block, for long rows;
* ``column``: 8 threads of a block for each of 32 neighbouring columns.

The order of a reduction depends on the team alone, never on the grid: thread by thread
in order, then the threads of the team as a tree. Sums of floats carry what rounding
loses (Neumaier).
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

from ..cpu.reductions import Accumulator, accumulators, joined, kept, start_value
from ..cpu.scope import Scope, UnsupportedKernel, parameters
from ..kernel import IOTA, Compute, Kernel, Load, Loop, Reduce, Statement, Store
from ..text import Lines, fill
from .wide import emit_wide, width

Team: TypeAlias = Literal["map", "wide", "warp", "block", "column"]

THREADS = 256
"""Threads of a block, in every kernel."""

ENTRY = "engine_kernel"
"""The name of every kernel in its machine code."""

WARP = 32
COLUMNS = 32
LANES = {"warp": WARP, "block": THREADS, "column": THREADS // COLUMNS}
"""Threads of a team."""


PLAIN: dict[str, Team] = {"map": "map", "row": "block", "column": "column"}
"""The form that is shown when none is named."""


def teams(kernel: Kernel) -> tuple[Team, ...]:
    """The forms in which a kernel can be emitted."""
    if kernel.kind == "row":
        return "warp", "block"
    if kernel.kind == "column":
        return ("column",)
    return ("map", "wide") if width(kernel) > 1 else ("map",)


def emit(kernel: Kernel, team: Team | None = None) -> str:
    """The readable Python source of `kernel`, in the form `team` of its `teams`.

    Raises
    ------
    UnsupportedKernel
        If the kernel needs what this backend does not generate.
    """
    team = team or PLAIN[kernel.kind]
    _check(kernel)
    lines = Lines()
    names, kinds = zip(*parameters(kernel)[:-2], strict=True)
    lines.add("@cuda.jit(")
    pieces = fill(kinds, 80)
    for piece in pieces[:-1]:
        lines.add(f"    '{piece} '")
    lines.add(f"    '{pieces[-1].rstrip(',')}'")
    lines.add(")")
    name = re.sub(r"\W", "_", kernel.name)[:60]
    lines.call(f"def {name}_{team}", names, ":")
    scope = Scope(kernel, lines)
    with lines.indented():
        if team == "map":
            emit_map(scope)
        elif team == "wide":
            emit_wide(scope)
        else:
            TeamWriter(scope, team).write()
    return lines.text()


def _check(kernel: Kernel) -> None:
    for statement in kernel.statements():
        if isinstance(statement, Store):
            if kernel.accesses[statement.access].argument == IOTA:
                raise UnsupportedKernel("a store into the virtual iota buffer")
        elif isinstance(statement, Compute | Reduce) and "complex" in statement.dtype:
            raise UnsupportedKernel(f"dtype {statement.dtype} on CUDA")


def emit_map(scope: Scope) -> None:
    """``map``: every thread takes elements, a grid apart."""
    kernel, lines = scope.kernel, scope.lines
    total = " * ".join(f"n{axis}" for axis in range(kernel.outer)) or "1"
    lines.add("index = cuda.grid(1)")
    with lines.block(f"while index < {total}:"):
        scope.outer_indices(kernel.outer, "index")
        for statement in kernel.body:
            scope.statement(statement, range(kernel.outer))
        lines.add("index += cuda.gridsize(1)")


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
        by_target = {acc.reduce.target: acc for acc in found}
        for acc in found:
            self.begin(acc)
        with lines.block(f"for r in range(lane, {self.limit}, {LANES[self.team]}):"):
            for statement in loop.body:
                if isinstance(statement, Reduce):
                    self.combine(by_target[statement.target])
                else:
                    self.scope.statement(statement, self.inner)
        for acc in found:
            self.finish(acc)
            self.scope.dtypes[acc.reduce.target] = acc.reduce.dtype
        for statement in loop.body:
            if isinstance(statement, Store) and self.wait_for(statement):
                return

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
        elif acc.op == "prod":
            add(f"total{k} = {acc.carrier}(1.0)")
        else:
            add(f"total{k} = {acc.carrier}(-0.0 if {self.limit} > 0 else 0.0)")
            add(f"rest{k} = {acc.carrier}(0.0)")

    def combine(self, acc: Accumulator) -> None:
        """How one element joins what its thread has."""
        lines, k = self.scope.lines, acc.number
        value = kept(acc.reduce.value, self.scope.dtypes, acc)
        if acc.order == "first":
            lines.add(f"new{k} = {value}")
            beats = f"new{k} {'>' if acc.op == 'max' else '<'} best{k}"
            if "float" in acc.carrier:
                beats += f" or (new{k} != new{k} and best{k} == best{k})"
            with lines.block(f"if place{k} < 0 or {beats}:"):
                lines.add(f"best{k} = {acc.carrier}(new{k})")
                lines.add(f"place{k} = r")
        elif acc.order == "any":
            lines.add(f"best{k} = {joined(acc, f'best{k}', value)}")
        elif acc.op == "prod":
            lines.add(f"total{k} = {joined(acc, f'total{k}', value)}")
        else:
            lines.add(f"new{k} = {value}")
            lines.add(f"rest{k} += lost(total{k}, new{k})")
            lines.add(f"total{k} += new{k}")

    def finish(self, acc: Accumulator) -> None:
        """The reduced value of the team, in all of its threads."""
        k = acc.number
        name = f"{self.team}_{acc.reduce.kind}_{acc.carrier}"
        if acc.order == "first":
            value = f"{name}(best{k}, place{k})"
        elif acc.order == "any":
            value = f"{name}(best{k})"
        elif acc.op == "prod":
            value = f"{name}(total{k})"
        else:
            value = f"{name}(compensated(total{k}, rest{k}))"
        self.scope.lines.add(f"{acc.reduce.target} = {acc.result(value)}")


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
