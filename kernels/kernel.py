"""The small loop IR: what one generated kernel does, independent of any device.

A `Kernel` is the only thing that crosses from the graph side (stage 5, lower) to the
code generators (stage 6, emit). It has no extents, no strides and no pointers: those
are run-time arguments, so that one kernel serves every shape.

Iteration. A kernel has `outer` axes, which are independent of each other and are
shared among threads or blocks, and `inner` axes.

* ``map``: no inner axes. The body runs once for every index of the outer axes; the
  last outer axis is the vector axis.
* ``row``: the body runs once for every index of the outer axes ("a row"). A `Loop` in
  it runs over the inner axis; statements outside of a `Loop` run once a row.
* ``column``: as ``row``, but the reduced (inner) axes lie *before* the last outer axis
  in memory, or are short; so the emitter blocks the last outer axis and keeps one
  accumulator for each of its elements.

Indices are independent: what one index of the axes stores, no other index loads or
stores, so that each statement may as well run for all indices before the next one does.
Outside of a `Loop` no access moves along the inner axis. With an outer extent of 0
nothing runs; with an inner extent of 0, what stands outside of loops does.

The order of a reduction is part of its meaning, so that results do not depend on
threads, devices or how a graph was cut: see `Reduce`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from .cache import digest

IOTA = -1
"""Argument number of the virtual buffer whose element number i has the value i."""

DTYPES = frozenset(
    {"bool", "float16", "float32", "float64", "complex64", "complex128"}
    | {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
)
"""The dtypes of memory, scalars and values, by NumPy's names."""

StrideClass: TypeAlias = Literal["0", "1", "n"]
"""How an access moves along an axis: not at all, by an item, by a run-time stride."""

ReduceKind: TypeAlias = Literal[
    "sum",
    "prod",
    "max",
    "min",
    "argmax",
    "argmin",
    "any",
    "all",
    "squared_deviations",
]


@dataclass(frozen=True)
class Argument:
    """A buffer that a kernel is given: flat memory of one dtype.

    `dtype` is NumPy's name ("float64", "bool"). Two arguments never overlap: the
    same memory, read and written, is one argument with the role ``"update"``.
    """

    dtype: str
    role: Literal["read", "write", "update"]


@dataclass(frozen=True)
class Access:
    """Where a load or store goes: ``offset + sum(stride[k] * index[k])``, in items.

    There is one stride class for each axis (outer axes first, then inner axes). The
    offset and every ``"n"`` stride are run-time arguments.
    """

    argument: int
    strides: tuple[StrideClass, ...]


@dataclass(frozen=True)
class Load:
    """``target = argument[address]``; from `IOTA` the address itself, an int64."""

    target: str
    access: int


@dataclass(frozen=True)
class Gather:
    """``target = argument[index]``, `index` being the name of an int64 value."""

    target: str
    argument: int
    index: str


@dataclass(frozen=True)
class Compute:
    """``target = dtype(text)``: scalar Python over earlier names, typed constants.

    Function names in `text` come from the scalar library that every backend provides
    (`engine.kernels.scalars.NAMES`); ``and``, ``or``, ``not`` and ``if`` do not occur.
    float16 is computed in float32 and rounded here. Floats that do not fit the integer
    they are turned to become any integer.
    """

    target: str
    dtype: str
    text: str


@dataclass(frozen=True)
class Store:
    """``argument[address] = value``."""

    access: int
    value: str


@dataclass(frozen=True)
class Reduce:
    """Inside a `Loop`: combine `value` over the inner axis; `target` is set after it.

    `dtype` is that of the accumulator. The order is fixed: row kernels cut the inner
    axis in blocks of 4096 elements; within a block, element i goes to lane i % 32, and
    the lanes are merged as a balanced tree (k with k + 16, then k with k + 8, ...); the
    blocks are merged in order, sums with a compensation term (Neumaier), which is left
    out where it is 0 or not finite. The lanes of a sum of floats are added on three
    levels: 8 elements of each lane in order, whose sums are merged to 8 lanes by the
    first two steps of the tree; 4 of those in order; then these, in order. Column
    kernels add the elements of a block in order and merge blocks the same way.

    max and min keep NaN, and to them -0.0 is below 0.0. argmax and argmin give the
    first position (int64) of the extreme, the two zeros being equal, or of the first
    NaN. any and all ask whether values are not 0.

    squared_deviations is the sum of squared distances from the mean, of real floats,
    in one walk. Each 1024 elements of a block (32 in column kernels) have the mean m,
    which is their sum, as above, over their number n; d being the distances from it, in
    16 lanes (in order), the mean ``m + sum(d) / n`` and the deviations ``sum(d * d) -
    sum(d) ** 2 / n``, where each square is added with one rounding (by a CPU that can),
    those of 8 elements of a lane at a time, and then these sums, in order.
    Those of a block are merged in order, and so are then those of all blocks, by Chan's
    update, which `cpu.moments.joined_moments` writes down: with a mean in two parts,
    and a compensated total.

    The sum of bools is any, their product all. Of no elements the sum is 0, the product
    1, the position -1, and max and min are what any other value replaces.
    """

    target: str
    kind: ReduceKind
    value: str
    dtype: str


@dataclass(frozen=True)
class Loop:
    """Statements that run for every index of the inner axis of one row."""

    body: tuple[Load | Gather | Compute | Store | Reduce, ...]


Statement: TypeAlias = Load | Gather | Compute | Store | Reduce | Loop


@dataclass(frozen=True)
class Kernel:
    """One fused kernel.

    Parameters
    ----------
    name : str
        A readable name, from the ops in it ("subtract_exp_sum"). Not part of the key.
    kind : {"map", "row", "column"}
    outer, inner : int
        Number of axes. `inner` is 0 for ``map``, 1 for ``row`` and ``column``.
    arguments : tuple of Argument
    accesses : tuple of Access
    scalars : tuple of str
        dtypes of the run-time scalars; they are named ``s0``, ``s1``, ... in texts.
    body : tuple of Statement
    """

    name: str = field(compare=False)
    kind: Literal["map", "row", "column"]
    outer: int
    inner: int
    arguments: tuple[Argument, ...]
    accesses: tuple[Access, ...]
    scalars: tuple[str, ...]
    body: tuple[Statement, ...]

    @property
    def key(self) -> str:
        """A digest of everything that decides the generated code."""
        # not a cached_property: that of Python 3.11 has a lock, which a forked child
        # would find held for ever where another thread of the parent had it
        known: str | None = self.__dict__.get("_key")
        if known is None:
            parts = (self.kind, self.outer, self.inner, self.arguments, self.accesses)
            text = repr((*parts, self.scalars, self.body))
            known = digest(text.encode()).hex()[:32]
            self.__dict__["_key"] = known
        return known

    def statements(self) -> Iterator[Statement]:
        """All statements, those inside loops included, in order."""
        for statement in self.body:
            yield statement
            if isinstance(statement, Loop):
                yield from statement.body


@dataclass(frozen=True, slots=True)
class Layout:
    """The run-time numbers of one launch, but for pointers and scalar values.

    `extents` has one entry per axis (outer, then inner). `places` has, for each access
    of the kernel, its offset followed by its ``"n"`` strides, in items.
    """

    extents: tuple[int, ...]
    places: tuple[tuple[int, ...], ...]
