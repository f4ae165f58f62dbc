"""Text of reductions of columns whose values lie in memory as they are.

Some rows are combined at a time (`strips`), and where that leaves a doubt once more,
element by element.
"""

from __future__ import annotations

from ..kernel import IOTA, Kernel, Load, Loop, Reduce
from .reductions import Accumulator
from .scope import Scope

KINDS = frozenset({"sum", "max", "min", "argmax", "argmin"})


def rows_of_memory(
    kernel: Kernel, loop: Loop, found: list[Accumulator]
) -> list[Load] | None:
    """For each reduction the load of its values, if `loop` does nothing else."""
    by_name = {s.target: s for s in loop.body if isinstance(s, Load)}
    loads = [by_name.get(acc.reduce.value) for acc in found]
    used = [load for load in loads if load is not None]
    if len(used) < len(found) or not all(
        map(_fits, [kernel] * len(found), found, used)
    ):
        return None
    rest = [s for s in loop.body if not isinstance(s, Reduce) and s not in used]
    return None if rest else used


def _fits(kernel: Kernel, acc: Accumulator, load: Load) -> bool:
    """Whether neighbouring numbers of memory are what is reduced."""
    access = kernel.accesses[load.access]
    if access.argument == IOTA or access.strides[-2:] != ("1", "n"):
        return False
    plain = acc.dtype not in ("bool", "float16") and "complex" not in acc.dtype
    same = kernel.arguments[access.argument].dtype == acc.dtype
    return plain and same and acc.reduce.kind in KINDS


def combine_rows(scope: Scope, acc: Accumulator, access: int) -> bool:
    """Write how the rows from ``start`` to ``stop`` join; whether with a doubt."""
    lines, k = scope.lines, acc.number
    stride = f"d{access}_{scope.kernel.outer}"
    argument = scope.kernel.accesses[access].argument
    values = f"at(a{argument}, {scope.bases[access]} + start * {stride})"
    rows = [values, stride, "count", "stop - start"]
    floats = "float" in acc.carrier
    if acc.op == "sum":
        known = f"block{k}" if acc.order == "blocks" else f"best{k}"
        lines.call("columns_sum", [known, *rows], "")
        return False
    if acc.order == "any":
        head = f"doubt{k} = " if floats else ""
        lines.call(f"{head}columns_{acc.op}", [f"best{k}", *rows], "")
        return floats
    places = f"{acc.reduce.target}_all"
    lines.add(f"doubt{k} = {places}[0] < 0")  # nothing is known yet
    with lines.block(f"if {places}[0] >= 0:"):
        head = f"doubt{k} = columns_arg{acc.op}"
        lines.call(head, [f"best{k}", places, *rows, "start"], "")
    return True
