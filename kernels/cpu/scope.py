"""What the emitters of all kinds share: names, dtypes, addresses, statements."""

from __future__ import annotations

from ..backend import UnsupportedKernel as UnsupportedKernel
from ..kernel import (
    IOTA,
    Compute,
    Gather,
    Kernel,
    Load,
    Reduce,
    Statement,
    Store,
)
from ..text import Lines

STORED = {"bool": "uint8", "float16": "uint16"}
"""dtypes whose items lie in memory as another type."""

ARG = {"argmax": "max", "argmin": "min"}
"""Reductions to a position, and what it is the position of."""


class Scope:
    """Names and dtypes while one kernel is written.

    In the text ``a`` are arguments, ``s`` scalars, ``n`` extents, ``o`` offsets,
    ``d`` strides, ``p`` positions of a row, ``i`` outer indices and ``r`` the inner
    one; the names of values (``x``, ``t``, ...) are those of the kernel.
    """

    def __init__(self, kernel: Kernel, lines: Lines) -> None:
        self.kernel = kernel
        self.lines = lines
        self.dtypes = value_dtypes(kernel)
        self.bases: dict[int, str] = {}
        self.indices = {axis: f"i{axis}" for axis in range(kernel.outer)}
        self.indices[kernel.outer] = "r"
        self.reset()

    def reset(self) -> None:
        """Forget the positions: every access starts from its offset again."""
        self.bases = {k: f"o{k}" for k in range(len(self.kernel.accesses))}

    def address(self, access: int, axes: range, inner: str | None = None) -> str:
        """The position of `access` from the indices of `axes`, as text.

        `inner` is what to write for the inner index.
        """
        terms = [self.bases[access]]
        for axis in axes:
            kind = self.kernel.accesses[access].strides[axis]
            index = self.indices[axis]
            if inner is not None and axis == self.kernel.outer:
                index = inner
            if kind == "1":
                terms.append(index)
            elif kind == "n":
                terms.append(f"{index} * d{access}_{axis}")
        return " + ".join(terms)

    def place(
        self, axes: range, name: str = "p", only: frozenset[int] | None = None
    ) -> None:
        """Write ``p0 = ...`` for every access that moves along `axes`: its new base."""
        for access, pattern in enumerate(self.kernel.accesses):
            if only is not None and access not in only:
                continue
            if any(pattern.strides[axis] != "0" for axis in axes):
                self.lines.add(f"{name}{access} = {self.address(access, axes)}")
                self.bases[access] = f"{name}{access}"

    def statement(self, statement: Statement, axes: range) -> None:
        """Write a Load, Gather, Compute or Store; `axes` are not in the base yet."""
        add = self.lines.add
        match statement:
            case Load(target, access):
                address = self.address(access, axes)
                argument = self.kernel.accesses[access].argument
                if argument == IOTA:
                    add(f"{target} = {address}")
                else:
                    dtype = self.kernel.arguments[argument].dtype
                    add(f"{target} = {loaded(f'a{argument}[{address}]', dtype)}")
            case Gather(target, argument, index):
                dtype = self.kernel.arguments[argument].dtype
                add(f"{target} = {loaded(f'a{argument}[{index}]', dtype)}")
            case Compute(target, dtype, text):
                add(f"{target} = {dtype}({text})")
            case Store(access, value):
                argument = self.kernel.accesses[access].argument
                dtype = self.kernel.arguments[argument].dtype
                address = self.address(access, axes)
                add(f"a{argument}[{address}] = {stored(value, dtype)}")
            case _:
                raise UnsupportedKernel(f"a {type(statement).__name__} is out of place")

    def outer_indices(self, axes: int, row: str = "row") -> None:
        """Write ``i0, i1, ...`` of the first `axes` axes from a flattened index."""
        rest = row
        for axis in range(axes - 1, 0, -1):
            self.lines.add(f"i{axis} = {rest} % n{axis}")
            above = f"i{axis - 1}" if axis == 1 else f"row{axis}"
            self.lines.add(f"{above} = {rest} // n{axis}")
            rest = above
        if axes == 1:
            self.lines.add(f"i0 = {row}")


def value_dtypes(kernel: Kernel) -> dict[str, str]:
    """The dtype of every name in a kernel."""
    dtypes = {f"s{k}": dtype for k, dtype in enumerate(kernel.scalars)}
    for statement in kernel.statements():
        match statement:
            case Load(target, access):
                argument = kernel.accesses[access].argument
                iota = argument == IOTA
                dtypes[target] = "int64" if iota else kernel.arguments[argument].dtype
            case Gather(target, argument, _):
                dtypes[target] = kernel.arguments[argument].dtype
            case Compute(target, dtype, _):
                dtypes[target] = dtype
            case Reduce(target, kind, _, dtype):
                dtypes[target] = "int64" if kind in ARG else dtype
    return dtypes


def loaded(item: str, dtype: str) -> str:
    """The value of `item`, memory of `dtype`, as text."""
    if dtype == "bool":
        return f"{item} != 0"
    return f"half_to_single({item})" if dtype == "float16" else item


def stored(value: str, dtype: str) -> str:
    """What to write into memory of `dtype` for `value`, as text."""
    if dtype == "bool":
        return f"uint8({value})"
    return f"single_to_half({value})" if dtype == "float16" else value


def parameters(kernel: Kernel) -> list[tuple[str, str]]:
    """Names and types of the generated function, in the order of the packed words."""
    pairs = [
        (f"a{k}", f"CPointer({STORED.get(a.dtype, a.dtype)})")
        for k, a in enumerate(kernel.arguments)
    ]
    pairs += [
        (f"s{k}", SCALARS.get(dtype, dtype)) for k, dtype in enumerate(kernel.scalars)
    ]
    pairs += [(f"n{axis}", "int64") for axis in range(kernel.outer + kernel.inner)]
    for k, access in enumerate(kernel.accesses):
        pairs.append((f"o{k}", "int64"))
        pairs += [
            (f"d{k}_{axis}", "int64")
            for axis, kind in enumerate(access.strides)
            if kind == "n"
        ]
    return [*pairs, ("lo", "int64"), ("hi", "int64")]


SCALARS = {"bool": "boolean", "float16": "float32"}
"""Types in which scalars of these dtypes are passed."""
