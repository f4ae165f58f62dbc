"""Text of kernels whose rows or columns are so long that many blocks share one.

Each block reduces a part of a row, a fixed number of elements, into memory, or a part
of each of 32 neighbouring columns. It then takes a ticket of the row; the block with
the last ticket merges all parts in their order and does what follows. Neither the size
of the grid nor the order in which blocks run changes the result.
"""

from __future__ import annotations

from ..cpu.reductions import Accumulator, accumulators
from ..cpu.scope import ARG, Scope
from ..kernel import Kernel, Loop, Reduce, Store
from .forms import COLUMNS, LANES, PARTS, Team
from .rows import TeamWriter

SHARED: dict[str, Team] = {"row": "grid", "column": "column_grid"}
"""The form of the kernels of a kind whose rows many blocks share."""


def fits(kernel: Kernel) -> bool:
    """Whether a kernel has this form: one loop that only reduces, nothing before it."""
    if kernel.kind not in SHARED or not kernel.body:
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
        (name, f"CPointer({acc.carrier})")
        for acc in partial_accumulators(kernel)
        for name in part_names(acc)
    ]
    return [("tickets", "CPointer(int32)"), *parts]


def part_names(acc: Accumulator) -> list[str]:
    """Names of the memory in which the parts of a row wait; moments need three."""
    names = ["part"] if acc.order != "moments" else ["part_mean", "part_trail", "part"]
    return [f"{name}{acc.number}" for name in names]


class GridWriter(TeamWriter):
    """Writes the text of one kernel: blocks that reduce, and a last one that merges."""

    def __init__(self, scope: Scope) -> None:
        by_columns = scope.kernel.kind == "column"
        super().__init__(scope, "column" if by_columns else "block")
        self.part_size = PARTS[SHARED[scope.kernel.kind]]
        # The memory of a part has an item for each column that the block works on.
        self.columns = f" * {COLUMNS} + cuda.threadIdx.x % {COLUMNS}" * by_columns

    def write(self) -> None:
        """The whole body of the function."""
        lines, kernel = self.scope.lines, self.scope.kernel
        add, size, inner = lines.add, self.part_size, f"n{kernel.outer}"
        self.lanes()
        add(f"parts = max(({inner} + {size - 1}) // {size}, 1)")
        add("unit = int64(cuda.blockIdx.x)")
        with lines.block(f"while unit < {' * '.join([*self.rows(), 'parts'])}:"):
            add("row = unit // parts")
            self.row_indices()
            self.scope.place(range(kernel.outer))
            add(f"first = unit % parts * {size}")
            add(f"end = min(first + {size}, {self.limit})")
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
        self.walk("first + lane", "end", loop, found)
        for acc in found:
            self.scope.lines.add(f"whole{acc.number} = {self.merged(acc)}")
        with self.scope.lines.block("if leader:"):
            for acc in found:
                k, names = acc.number, part_names(acc)
                for item, name in enumerate(names, 1):
                    value = f"whole{k}[{item}]" if len(names) > 1 else f"whole{k}"
                    self.scope.lines.add(f"{name}[unit{self.columns}] = {value}")

    def merge(self) -> None:
        """All parts of a row, merged in their order; then what follows the loop."""
        add, size = self.scope.lines.add, self.part_size
        found = partial_accumulators(self.scope.kernel)
        for acc in found:
            self.begin(acc)
        step = LANES[self.team]
        end = "parts if active else 0" if self.columns else "parts"
        with self.scope.lines.block(f"for r in range(lane, {end}, {step}):"):
            part = (
                f"(row * parts + r){self.columns}"
                if self.columns
                else "row * parts + r"
            )
            add(f"at = {part}")
            for acc in found:
                values = [f"{name}[at]" for name in part_names(acc)]
                if acc.order == "moments":
                    count = f"min({size}, {self.limit} - r * {size})"
                    self.join(acc, [f"{acc.carrier}({count})", *values])
                else:
                    self.combine(acc, *values)
        for acc in found:
            self.finish(acc)
        for statement in self.scope.kernel.body[1:]:
            self.once(statement)
