"""Reductions in generated text: their order, their names, where their values lie."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from ..backend import UnsupportedKernel
from ..kernel import (
    IOTA,
    Compute,
    Gather,
    Kernel,
    Load,
    Loop,
    Reduce,
    Statement,
    Store,
)
from .scope import ARG, STORED, stored, value_dtypes

BLOCK = 4096
"""Elements that are merged before compensation; part of the meaning of a kernel."""

CHUNK = 1024
"""Elements whose values are kept on the stack at a time; divides `BLOCK`. They are 8
KiB, a quarter of the nearest cache, where their reduction finds them."""

OF_BOOLS = {"sum": "any", "prod": "all"}
"""Reductions of bools, whose bytes must not be counted: 256 of them would be 0."""


@dataclass(frozen=True)
class Accumulator:
    """One `Reduce` and the names it uses in the text."""

    number: int
    reduce: Reduce
    dtype: str
    access: int | None
    """The access whose memory holds the values as they are, if one does."""

    @property
    def op(self) -> str:
        """The kind that lanes work by."""
        kinds = {**ARG, **OF_BOOLS} if self.dtype == "bool" else ARG
        return kinds.get(self.reduce.kind, self.reduce.kind)

    @property
    def carrier(self) -> str:
        """The dtype of lanes and of values on the stack."""
        if self.dtype == "float16":
            return "float32"
        return STORED.get(self.dtype, self.dtype)

    @property
    def by_blocks(self) -> bool:
        """Whether blocks of values are merged in their order."""
        return self.order in ("blocks", "moments")

    @property
    def lanes_op(self) -> str:
        """What the values of a block are combined by in lanes."""
        return "sum" if self.order == "moments" else self.op

    @property
    def order(self) -> Literal["blocks", "moments", "any", "first"]:
        """Whether the order of values decides bits, nothing, or the position."""
        if self.reduce.kind in ARG:
            return "first"
        if self.reduce.kind == "squared_deviations":
            return "moments"
        rounds = "float" in self.dtype or "complex" in self.dtype
        return "blocks" if self.op in ("sum", "prod") and rounds else "any"

    def result(self, value: str) -> str:
        """The text of the reduced value from that of the merged lanes."""
        if self.order == "first":
            return value  # a position
        if self.reduce.dtype == "bool":
            return f"{value} != 0"
        return f"float16({value})" if self.reduce.dtype == "float16" else value


def start_value(acc: Accumulator) -> str:
    """What changes nothing, for a reduction in any order."""
    if acc.op in ("sum", "any"):
        return "0"
    if acc.op in ("prod", "all"):
        return "1"
    if "float" in acc.carrier:
        return f"{acc.carrier}({'-' if acc.op == 'max' else ''}inf)"
    bits = int(acc.carrier.lstrip("uint"))
    low, high = (
        (0, 2**bits - 1)
        if acc.carrier[0] == "u"
        else (
            -(2 ** (bits - 1)),
            2 ** (bits - 1) - 1,
        )
    )
    return f"{acc.carrier}({low if acc.op == 'max' else high})"


def joined(acc: Accumulator, old: str, value: str) -> str:
    """The text of two values combined, for a reduction of one step at a time."""
    match acc.op:
        case "sum":
            text = f"{old} + {value}"
        case "prod":
            text = f"{old} * {value}"
        case "any":
            text = f"{old} | {value}"
        case "all":
            text = f"{old} & {value}"
        case "max":
            text = f"maximum({old}, {value})"
        case _:
            text = f"minimum({old}, {value})"
    return f"{acc.carrier}({text})"


def merged(acc: Accumulator, old: str, value: str) -> str:
    """As `joined`, but -0.0 is below 0.0, as it is where lanes are merged."""
    if acc.op in ("max", "min") and "float" in acc.carrier:
        return f"{'larger' if acc.op == 'max' else 'smaller'}({old}, {value})"
    return joined(acc, old, value)


def kept(value: str, dtypes: dict[str, str], acc: Accumulator) -> str:
    """The text of `value` as an item of the values of `acc`."""
    if acc.reduce.kind in ("any", "all") and dtypes[value] != "bool":
        return f"uint8({value} != 0)"
    if acc.dtype == "bool":
        return stored(value, "bool")
    if acc.dtype == dtypes[value]:
        return value
    return f"{acc.carrier}({value})"


def accumulators(kernel: Kernel, loop: Loop, number: int) -> list[Accumulator]:
    """The reductions of a loop, numbered from `number`."""
    dtypes = value_dtypes(kernel)
    found: list[Accumulator] = []
    for statement in loop.body:
        if isinstance(statement, Reduce):
            dtype = (
                dtypes[statement.value] if statement.kind in ARG else statement.dtype
            )
            if "complex" in dtype and statement.kind not in ("sum", "prod"):
                raise UnsupportedKernel(f"{statement.kind} of {dtype}")
            access = direct_access(kernel, loop, statement, dtype)
            found.append(Accumulator(number + len(found), statement, dtype, access))
    return found


def direct_access(kernel: Kernel, loop: Loop, reduce: Reduce, dtype: str) -> int | None:
    """The access whose memory holds the values of `reduce` in a row, if any."""
    written = {
        kernel.accesses[statement.access].argument
        for statement in loop.body
        if isinstance(statement, Store)
    }
    for statement in loop.body:
        if not isinstance(statement, Load) or statement.target != reduce.value:
            continue
        access = kernel.accesses[statement.access]
        argument = access.argument
        if argument == IOTA or argument in written or access.strides[-1] != "1":
            return None
        same = kernel.arguments[argument].dtype == dtype != "float16"
        return statement.access if same else None
    return None


def needed(loop: Loop, found: list[Accumulator]) -> list[Statement]:
    """The statements of `loop` that its stores and values on the stack need."""
    wanted: set[str] = set()
    kept: list[Statement] = []
    direct = {acc.reduce.target for acc in found if acc.access is not None}
    for statement in reversed(loop.body):
        match statement:
            case Store(_, value):
                wanted.add(value)
            case Reduce(target, _, value, _):
                if target in direct:
                    continue
                wanted.add(value)
            case Load(target, _) | Gather(target, _, _) | Compute(target, _, _):
                if target not in wanted:
                    continue
                if isinstance(statement, Gather):
                    wanted.add(statement.index)
                elif isinstance(statement, Compute):
                    wanted.update(names_in(statement.text))
        kept.append(statement)
    return kept[::-1]


def names_in(text: str) -> set[str]:
    """The identifiers in the text of an expression.

    Examples
    --------
    >>> sorted(names_in("exp(x0 - m)"))
    ['exp', 'm', 'x0']
    """
    return set(re.findall(r"[A-Za-z_]\w*", text))
