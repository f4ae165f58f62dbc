"""Stage 6, emit: Kernel -> readable Python text for numba-cuda.

A thread of a ``map`` kernel takes elements in a grid-stride loop, one at a time or,
where their addresses allow, as vectors (``wide``). In the other kinds a
*team* of threads shares a row of the kernel, each thread taking every so-many-th
element of the inner axis:

* ``warp``: 32 neighbouring threads, for short rows;
* ``block``: the 256 threads of a block, for long rows;
* ``column``: 8 threads of a block for each of 32 neighbouring columns;
* ``grid``, ``column_grid``: many blocks, for the longest; the last to finish merges.

The order of a reduction depends on the team alone, never on the grid: thread by thread
in order, then the threads of the team as a tree. Sums of floats carry what rounding
loses (Neumaier), and so do squared deviations, which values join by Chan's update.
"""

from __future__ import annotations

import re

from ..backend import UnsupportedKernel
from ..check import check
from ..cpu.scope import Scope, parameters
from ..kernel import Kernel, Reduce
from ..text import Lines, fill
from .forms import PARTS, Team
from .grid import GridWriter, fits, scratch_parameters
from .rows import TeamWriter
from .wide import emit_wide, width

OWN_NAME = re.compile(
    r"([asnopiv]\d+|d\d+_\d+|(best|place|new|total|rest|whole|part)\d+|lane|row|leader"
    r"|(count|mean|trail|part_mean|part_trail|four)\d+"
    r"|width|unit|parts|first|end|limit|index|at|tickets|r|lo|hi|cuda)"
    r"(_\d+)?$"
)
"""Names that the emitter needs for itself."""

PLAIN: dict[str, Team] = {"map": "map", "row": "block", "column": "column"}
"""The form that is shown when none is named."""


def teams(kernel: Kernel) -> tuple[Team, ...]:
    """The forms in which a kernel can be emitted."""
    if kernel.kind == "row":
        return ("warp", "block", "grid") if fits(kernel) else ("warp", "block")
    if kernel.kind == "column":
        return ("column", "column_grid") if fits(kernel) else ("column",)
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
    pairs = parameters(kernel)[:-2]
    if team in PARTS:
        pairs += scratch_parameters(kernel)
    names, kinds = zip(*pairs, strict=True)
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
        elif team in PARTS:
            GridWriter(scope).write()
        else:
            TeamWriter(scope, team).write()
    return lines.text()


def _check(kernel: Kernel) -> None:
    check(kernel, OWN_NAME)
    for statement in kernel.statements():
        if isinstance(statement, Reduce) and "complex" in statement.dtype:
            raise UnsupportedKernel(f"{statement.kind} of {statement.dtype} on CUDA")


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
