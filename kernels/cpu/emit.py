"""Stage 6, emit: Kernel -> readable Python text for Numba.

Every kernel becomes one function of flat memory, with the range ``lo .. hi`` of the
flattened parallel index as its last two parameters: elements of a ``map``, rows of a
``row`` kernel, blocks of columns of a ``column`` kernel.
"""

from __future__ import annotations

import builtins
import keyword
import re

from ..kernel import IOTA, Compute, Gather, Kernel, Load, Loop, Reduce, Store
from ..scalars import NAMES
from ..text import Lines, fill
from .columns import emit_columns
from .rows import emit_rows
from .scope import SUPPORTED, Scope, UnsupportedKernel, parameters
from .split import buffers, check_split, emit_phases

__all__ = ["UnsupportedKernel", "emit", "emit_split"]

OWN_NAME = re.compile(
    r"([asnopqiv]\d+|d\d+_\d+|(row|lanes|best|new|wins|total|rest|block)\d*|\w+_all"
    r"|(partial|place|result)\d+|lo|hi|r|start|stop|end|first|count|width|unit|piece"
    r"|blocks|phase)$"
)


def emit(kernel: Kernel) -> str:
    """The readable Python source of `kernel`.

    Raises
    ------
    UnsupportedKernel
        If the kernel needs what this backend does not generate.
    """
    _check(kernel)
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
    _check(kernel)
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


def function_name(kernel: Kernel) -> str:
    """`kernel.name`, made an identifier that is no name of the scalar library.

    Examples
    --------
    >>> function_name(Kernel("2-norm", "map", 0, 0, (), (), (), ()))
    'kernel_2_norm'
    >>> function_name(Kernel("exp", "map", 0, 0, (), (), (), ()))
    'exp_kernel'
    """
    name = re.sub(r"\W", "_", kernel.name)[:60]
    if not name.isidentifier() or keyword.iskeyword(name):
        name = f"kernel_{name}"
    return f"{name}_kernel" if name in NAMES or hasattr(builtins, name) else name


def _signature(types: list[str]) -> list[str]:
    """String literals of ``void(...)``, to be read as one."""
    pieces = fill(types, 74)
    pieces[-1] = pieces[-1].rstrip(",") + ")"
    texts = [f"{piece} " for piece in pieces[:-1]] + pieces[-1:]
    texts[0] = f"void({texts[0]}"
    return [f"'{text}'" for text in texts[:-1]] + [f"'{texts[-1]}',"]


def _check(kernel: Kernel) -> None:
    """Raise where the text would not mean what the kernel says."""
    used = [argument.dtype for argument in kernel.arguments]
    used += kernel.scalars
    for statement in kernel.statements():
        match statement:
            case Compute(target, dtype, _) | Reduce(target, _, _, dtype):
                used.append(dtype)
            case Load(target, _) | Gather(target, _, _):
                pass
            case Store(access, _):
                if kernel.accesses[access].argument == IOTA:
                    raise UnsupportedKernel("a store into the virtual iota buffer")
                continue
            case _:
                continue
        if OWN_NAME.match(target):
            raise UnsupportedKernel(f"the name {target!r} is taken by the emitter")
    for dtype in used:
        if dtype not in SUPPORTED:
            raise UnsupportedKernel(f"dtype {dtype}")
    if kernel.inner != (kernel.kind != "map"):
        raise UnsupportedKernel(f"{kernel.inner} inner axes in a {kernel.kind} kernel")


def emit_map(scope: Scope) -> None:
    """``map``: a range of elements of the flattened outer axes."""
    kernel, lines = scope.kernel, scope.lines
    axes = kernel.outer
    if any(isinstance(statement, Loop | Reduce) for statement in kernel.body):
        raise UnsupportedKernel("a loop in a map kernel")
    if axes == 0:
        for statement in kernel.body:
            scope.statement(statement, range(0))
        return
    last = axes - 1
    if axes == 1:
        with lines.block("for i0 in range(lo, hi):"):
            for statement in kernel.body:
                scope.statement(statement, range(1))
        return
    n = f"n{last}"
    with lines.block(f"for row in range(lo // {n}, (hi + {n} - 1) // {n}):"):
        scope.outer_indices(last)
        scope.place(range(last))
        lines.add(f"start = max(lo - row * {n}, 0)")
        lines.add(f"stop = min(hi - row * {n}, {n})")
        with lines.block(f"for i{last} in range(start, stop):"):
            for statement in kernel.body:
                scope.statement(statement, range(last, axes))


BODIES = {"map": emit_map, "row": emit_rows, "column": emit_columns}
