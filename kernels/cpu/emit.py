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

__all__ = ["UnsupportedKernel", "emit"]

OWN_NAME = re.compile(
    r"([asnopqiv]\d+|d\d+_\d+|(row|lanes|best|new|wins|total|rest|block)\d*|\w+_all"
    r"|lo|hi|r|start|stop|end|first|count|width|unit)$"
)


def emit(kernel: Kernel) -> str:
    """The readable Python source of `kernel`.

    Raises
    ------
    UnsupportedKernel
        If the kernel needs what this backend does not generate.
    """
    _check(kernel)
    lines = Lines()
    scope = Scope(kernel, lines)
    pairs = parameters(kernel)
    types = ", ".join(kind for _, kind in pairs)
    lines.add("@numba.jit(")
    for line in _signature(types):
        lines.add(line)
    lines.add("    nogil=True, error_model='numpy',")
    lines.add(")  # and no two arguments overlap (noalias)")
    name = function_name(kernel)
    lines.call(f"def {name}", [name for name, _ in pairs], ":")
    with lines.indented():
        BODIES[kernel.kind](scope)
    return lines.text()


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


def _signature(types: str) -> list[str]:
    pieces = fill(types.split(", "), 80)
    pieces[-1] = pieces[-1].rstrip(",")
    quoted = [f"    '{piece} '" for piece in pieces]
    quoted[0] = quoted[0].replace("'", "'void(", 1)
    quoted[-1] = quoted[-1].rstrip("' ") + ")',"
    return quoted


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
