"""Stage 6, emit: Kernel -> readable Python text for Numba.

Every kernel becomes one function of flat memory, with the range ``lo .. hi`` of the
flattened parallel index as its last two parameters: elements of a ``map``, rows of a
``row`` kernel, blocks of columns of a ``column`` kernel.
"""

from __future__ import annotations

import re

from ..check import check
from ..kernel import Kernel
from ..text import Lines, fill, function_name
from .columns import emit_columns
from .rows import emit_rows
from .scope import Scope, UnsupportedKernel, parameters
from .split import buffers, check_split, emit_phases

__all__ = ["UnsupportedKernel", "emit", "emit_split"]

OWN_NAME = re.compile(
    r"([asnopqiv]\d+|d\d+_\d+|(row|lanes|best|new|wins|total|rest|block)\d*|\w+_all"
    r"|(mean|trail|near|away|squares|part|spread|count|joined|doubt)\d+"
    r"|block_(mean|trail|total|rest)\d+|(center|trail)_of\d+"
    r"|(partial|place|result)\d+|lo|hi|r|start|stop|end|first|count|width|unit|piece"
    r"|blocks|phase|plane)$"
)


def emit(kernel: Kernel) -> str:
    """The readable Python source of `kernel`.

    Raises
    ------
    UnsupportedKernel
        If the kernel needs what this backend does not generate.
    """
    check(kernel, OWN_NAME)
    scope = Scope(kernel, Lines())
    _header(scope.lines, function_name(kernel), parameters(kernel))
    with scope.lines.indented():
        BODIES[kernel.kind](scope)
    return scope.lines.text()


def emit_split(kernel: Kernel) -> str:
    """The source of the form of `kernel` that shares few long rows among threads.

    Raises
    ------
    UnsupportedKernel
        If it has none.
    """
    check(kernel, OWN_NAME)
    check_split(kernel)
    scope = Scope(kernel, Lines())
    *pairs, lo, hi = parameters(kernel)
    pairs += [(buffer.name, f"CPointer({buffer.dtype})") for buffer in buffers(kernel)]
    pairs += [("phase", "int64"), lo, hi]
    _header(scope.lines, f"{function_name(kernel)}_split", pairs)
    with scope.lines.indented():
        emit_phases(scope)
    return scope.lines.text()


def _header(lines: Lines, name: str, pairs: list[tuple[str, str]]) -> None:
    """Write the decorator and the ``def`` line."""
    lines.add("@numba.jit(")
    with lines.indented():
        for line in _signature([kind for _, kind in pairs]):
            lines.add(line)
        lines.add("nogil=True, error_model='numpy',")
    lines.add(")  # and no two arguments overlap (noalias)")
    lines.call(f"def {name}", [name for name, _ in pairs], ":")


def _signature(types: list[str]) -> list[str]:
    """String literals of ``void(...)``, to be read as one."""
    pieces = fill(types, 74)
    pieces[-1] = pieces[-1].rstrip(",") + ")"
    texts = [f"{piece} " for piece in pieces[:-1]] + pieces[-1:]
    texts[0] = f"void({texts[0]}"
    return [f"'{text}'" for text in texts[:-1]] + [f"'{texts[-1]}',"]


def emit_map(scope: Scope) -> None:
    """``map``: a range of elements of the flattened outer axes.

    No element that one step reads is written by another, as steps are shared among
    threads: so says `prange`, which also lets LLVM make vectors where what is read and
    what is written are in one array.
    """
    kernel, lines = scope.kernel, scope.lines
    axes = kernel.outer
    if axes == 0:
        for statement in kernel.body:
            scope.statement(statement, range(0))
        return
    last = axes - 1
    if axes == 1:
        with lines.block("for i0 in prange(lo, hi):"):
            for statement in kernel.body:
                scope.statement(statement, range(1))
        return
    n = f"n{last}"
    rows = f"lo // {n}", f"(hi + {n} - 1) // {n}"
    if axes == 2:
        with lines.block(f"for row in range({', '.join(rows)}):"):
            scope.outer_indices(last)
            scope.place(range(last))
            _emit_row(scope, last)
        return
    m = f"n{last - 1}"
    lines.add(f"first = {rows[0]}")
    lines.add(f"end = {rows[1]}")
    with lines.block(f"for plane in range(first // {m}, (end + {m} - 1) // {m}):"):
        scope.outer_indices(last - 1, "plane")
        scope.place(range(last - 1))
        top, bottom = f"max(first - plane * {m}, 0)", f"min(end - plane * {m}, {m})"
        with lines.block(f"for i{last - 1} in range({top}, {bottom}):"):
            lines.add(f"row = plane * {m} + i{last - 1}")
            scope.place(range(last - 1, last), "q")
            _emit_row(scope, last)


def _emit_row(scope: Scope, last: int) -> None:
    """Write those elements of ``row`` that are in the range."""
    lines, n = scope.lines, f"n{last}"
    lines.add(f"start = max(lo - row * {n}, 0)")
    lines.add(f"stop = min(hi - row * {n}, {n})")
    with lines.block(f"for i{last} in prange(start, stop):"):
        for statement in scope.kernel.body:
            scope.statement(statement, range(last, last + 1))


BODIES = {"map": emit_map, "row": emit_rows, "column": emit_columns}
