"""Text of row kernels whose rows are so long that many blocks share one.

Each block reduces a part of a row, a fixed number of elements, into memory. It then
takes a ticket of the row; the block with the last ticket merges all parts in their
order and does what follows. Neither the size of the grid nor the order in which blocks
run changes the result.
"""

from __future__ import annotations

from ..cpu.reductions import Accumulator, accumulators
from ..cpu.scope import ARG, Scope
from ..kernel import Kernel, Loop, Reduce, Store
from .forms import PART, THREADS
from .rows import TeamWriter


def fits(kernel: Kernel) -> bool:
    """Whether a kernel has this form: one loop that only reduces, nothing before it."""
    if kernel.kind != "row" or not kernel.body:
        return False
    first, *rest = kernel.body
    return (
        isinstance(first, Loop)
        and any(isinstance(statement, Reduce) for statement in first.body)
        and not any(isinstance(statement, Loop) for statement in rest)
        and not any(
            isinstance(statement, Store)
            or (isinstance(statement, Reduce) and statement.kind in ARG)
            for statement in first.body
        )
    )


def partial_accumulators(kernel: Kernel) -> list[Accumulator]:
    """The reductions of a kernel that `fits`."""
    loop = kernel.body[0]
    assert isinstance(loop, Loop)
    return accumulators(kernel, loop, 0)


def scratch_parameters(kernel: Kernel) -> list[tuple[str, str]]:
    """Names and types of the memory that blocks share: tickets, and parts of rows."""
    parts = [
        (f"part{acc.number}", f"CPointer({acc.carrier})")
        for acc in partial_accumulators(kernel)
    ]
    return [("tickets", "CPointer(int32)"), *parts]


class GridWriter(TeamWriter):
    """Writes the text of one kernel: blocks that reduce, and a last one that merges."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope, "block")

    def write(self) -> None:
        """The whole body of the function."""
        lines, kernel = self.scope.lines, self.scope.kernel
        add = lines.add
        inner = f"n{kernel.outer}"
        add("lane = cuda.threadIdx.x")
        add("leader = lane == 0")
        add(f"parts = max(({inner} + {PART - 1}) // {PART}, 1)")
        rows = " * ".join(f"n{axis}" for axis in range(kernel.outer)) or "1"
        add("unit = int64(cuda.blockIdx.x)")
        with lines.block(f"while unit < {rows} * parts:"):
            add("row = unit // parts")
            self.scope.outer_indices(kernel.outer)
            self.scope.place(range(kernel.outer))
            add(f"first = unit % parts * {PART}")
            add(f"end = min(first + {PART}, {inner})")
            self.part()
            with lines.block("if last_of(tickets, row, parts):"):
                self.merge()
            add("unit += cuda.gridDim.x")

    def part(self) -> None:
        """One part of a row, reduced into memory."""
        loop = self.scope.kernel.body[0]
        assert isinstance(loop, Loop)
        found = partial_accumulators(self.scope.kernel)
        for acc in found:
            self.begin(acc)
        with self.scope.lines.block(f"for r in range(first + lane, end, {THREADS}):"):
            self.elements(loop, found)
        for acc in found:
            self.scope.lines.add(f"whole{acc.number} = {self.merged(acc)}")
        with self.scope.lines.block("if leader:"):
            for acc in found:
                k = acc.number
                self.scope.lines.add(f"part{k}[unit] = whole{k}")

    def merge(self) -> None:
        """All parts of a row, merged in their order; then what follows the loop."""
        found = partial_accumulators(self.scope.kernel)
        for acc in found:
            self.begin(acc)
        with self.scope.lines.block(f"for r in range(lane, parts, {THREADS}):"):
            for acc in found:
                self.combine(acc, f"part{acc.number}[row * parts + r]")
        for acc in found:
            self.finish(acc)
        for statement in self.scope.kernel.body[1:]:
            self.once(statement)
