"""Stage 6, emit: Kernel -> readable NumPy text.

Every statement becomes one statement on whole arrays, over all indices at once: those
of the outer axes, and in loops those of the inner axis too. Statements outside of loops
have the inner extent 1, so that what they compute broadcasts in loops.
"""

from __future__ import annotations

import re

from ..backend import UnsupportedKernel
from ..check import check
from ..kernel import (
    IOTA,
    Access,
    Compute,
    Gather,
    Kernel,
    Load,
    Loop,
    Reduce,
    Statement,
    Store,
)
from ..text import Lines, function_name

OWN_NAME = re.compile(r"([asno]\d+|d\d+_\d+|each|row|loop)$")


def emit(kernel: Kernel) -> str:
    """The readable Python source of `kernel`.

    Raises
    ------
    UnsupportedKernel
        If the kernel needs what this backend does not generate.
    """
    check(kernel, OWN_NAME)
    lines = Lines()
    lines.call(f"def {function_name(kernel)}", parameters(kernel), ":")
    writer = Writer(kernel, lines)
    with lines.indented():
        writer.shapes()
        for statement in kernel.body:
            if isinstance(statement, Loop):
                for inside in statement.body:
                    writer.statement(inside, "loop")
            else:
                writer.statement(statement, "row" if kernel.inner else "each")
    return lines.text()


def parameters(kernel: Kernel) -> list[str]:
    """Names of the generated function's parameters, as the other backends order them.

    Memory, scalars, extents, and for each access its offset and strides.
    """
    names = [f"a{k}" for k in range(len(kernel.arguments))]
    names += [f"s{k}" for k in range(len(kernel.scalars))]
    names += [f"n{axis}" for axis in range(kernel.outer + kernel.inner)]
    for k, access in enumerate(kernel.accesses):
        names.append(f"o{k}")
        names += [f"d{k}_{i}" for i, kind in enumerate(access.strides) if kind == "n"]
    return names


class Writer:
    """Writes the statements of one kernel."""

    def __init__(self, kernel: Kernel, lines: Lines) -> None:
        self.kernel = kernel
        self.lines = lines

    def shapes(self) -> None:
        """Write the shapes of values: inside of loops and outside, or of a map."""
        outer = [f"n{axis}" for axis in range(self.kernel.outer)]
        if not self.kernel.inner:
            self.lines.add(f"each = {_tuple(outer)}")
            return
        self.lines.add(f"row = {_tuple([*outer, '1'])}")
        self.lines.add(f"loop = {_tuple([*outer, f'n{self.kernel.outer}'])}")

    def statement(self, statement: Statement, shape: str) -> None:
        """Write a statement for all indices of `shape`."""
        match statement:
            case Load(target, access):
                self.load(target, access, shape)
            case Gather(target, argument, index):
                self.lines.add(f"{target} = gather(a{argument}, {index})")
            case Compute(target, dtype, text):
                self.lines.add(f"{target} = {dtype}({text})")
            case Store(access, value):
                argument = self.kernel.accesses[access].argument
                place = self.place(access, shape)
                self.lines.call("store", [f"a{argument}", *place, value], "")
            case Reduce() if shape == "loop":
                self.reduce(statement)
            case _:
                raise UnsupportedKernel(f"a {type(statement).__name__} is out of place")

    def load(self, target: str, access: int, shape: str) -> None:
        """Write a load; of memory that the kernel writes, as it is at this time."""
        argument = self.kernel.accesses[access].argument
        place = self.place(access, shape)
        if argument == IOTA:
            self.lines.call(f"{target} = addresses", place, "")
        elif self.kernel.arguments[argument].role == "read":
            self.lines.call(f"{target} = load", [f"a{argument}", *place], "")
        else:
            self.lines.call(f"{target} = copy(load", [f"a{argument}", *place], ")")

    def place(self, access: int, shape: str) -> list[str]:
        """Offset, extents and strides of an access, as texts."""
        strides = _strides(access, self.kernel.accesses[access])
        if shape == "row":
            strides[-1] = "0"
        return [f"o{access}", shape, _tuple(strides)]

    def reduce(self, reduce: Reduce) -> None:
        """Write a reduction over the inner axis."""
        kind, value = reduce.kind, reduce.value
        name = f"{self.kernel.kind}_{kind}"
        if "complex" in reduce.dtype and kind not in ("sum", "prod"):
            raise UnsupportedKernel(f"{kind} of {reduce.dtype}")
        if kind in ("sum", "prod", "max", "min", "squared_deviations"):
            carrier = "float32" if reduce.dtype == "float16" else reduce.dtype
            text = f"{name}({carrier}({value}), loop)"
            if carrier != reduce.dtype:
                text = f"{reduce.dtype}({text})"
        else:
            text = f"{name}({value}, loop)"
        self.lines.add(f"{reduce.target} = {text}")


def _strides(number: int, access: Access) -> list[str]:
    """The texts of the strides of an access, one for each axis."""
    return [
        f"d{number}_{axis}" if kind == "n" else kind
        for axis, kind in enumerate(access.strides)
    ]


def _tuple(items: list[str]) -> str:
    """The text of a tuple.

    Examples
    --------
    >>> _tuple(["n0", "1"]), _tuple(["n0"])
    ('(n0, 1)', '(n0,)')
    """
    return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"
