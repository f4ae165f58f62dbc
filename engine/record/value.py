"""Value: one immutable array of a program, pending or computed. Knows no face."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from engine.kernels import memory
from engine.kernels.backend import HOST
from engine.recipe import CANONICAL

from .registry import REGISTRY

if TYPE_CHECKING:
    from engine.ops.op import Op
    from engine.recipe import Recipe

    from .trace import Trace

sequence = itertools.count()

DATES = "mM"
"""Kinds of the dtypes of durations and dates: no kernel computes with them."""


class Scalar(NamedTuple):
    """A Python number that enters an op with a decided dtype; its value is no key."""

    value: Any
    dtype: np.dtype[Any]

    @property
    def shape(self) -> tuple[int, ...]:
        """``()``: so that shape rules take scalars as they take values."""
        return ()


def typed(number: Any, dtype: np.dtype[Any]) -> Any:
    """A number as NumPy's scalar of a dtype; that of a date has the dtype's unit.

    Examples
    --------
    >>> typed(2, np.dtype("float32"))
    np.float32(2.0)
    >>> typed(2, np.dtype("timedelta64[h]"))
    np.timedelta64(2,'h')
    """
    if dtype.kind in DATES:
        if type(number) is int:
            number = np.int64(number)  # raises where it is too large
        return np.asarray(number).astype(dtype)[()]
    return dtype.type(number)


class Marker:
    """The op of histories that are no events."""

    rule = None
    reads: frozenset[int] = frozenset()

    def __init__(self, name: str) -> None:
        self.name = name


class Freed(Marker):
    """The op of the history of a value whose graph was walked and let go."""


LEAF_HISTORY: Any = Marker("leaf")
"""The start of a history: a leaf that requires grad, or an argument of a function."""


class History:
    """How a value that requires grad was made: what `backward` walks.

    `sequence` grows with every recorded event, so that falling order is a reverse
    topological order. `cell` is set on leaves only.
    """

    __slots__ = ("attributes", "cell", "inputs", "op", "sequence")

    def __init__(
        self,
        op: Op | Marker,
        inputs: tuple[Value | Scalar, ...],
        attributes: tuple[Any, ...],
        cell: Any = None,
    ) -> None:
        self.op = op
        self.inputs = inputs
        self.attributes = attributes
        self.cell = cell
        self.sequence = next(sequence)


class Value:
    """One immutable array: C-contiguous, of a dtype and a shape.

    A value is *pending* (`trace` and `number` say which event makes it) or *computed*
    (`buffer` is its memory, on `device`). A handle that writes takes a new value; a
    value itself never changes. `layout` is the recipe of the handles that own it in C
    order, which all have this very object; None until the first one is made.
    """

    __slots__ = (
        "__weakref__",
        "buffer",
        "device",
        "dtype",
        "history",
        "layout",
        "number",
        "shape",
        "trace",
    )

    trace: Trace | None
    number: int
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    buffer: Any
    history: History | None
    device: str
    layout: Recipe | None

    def __init__(
        self,
        dtype: np.dtype[Any],
        shape: tuple[int, ...],
        buffer: Any = None,
        trace: Trace | None = None,
        number: int = -1,
        history: History | None = None,
        device: str = HOST,
        layout: Recipe | None = None,
    ) -> None:
        self.dtype = dtype
        self.shape = shape
        self.buffer = buffer
        self.trace = trace
        self.number = number
        self.history = history
        self.device = device
        self.layout = layout

    @property
    def size(self) -> int:
        """The number of elements."""
        size = 1
        for extent in self.shape:
            size *= extent
        return size

    @property
    def needs_grad(self) -> bool:
        """Whether gradients flow to or through this value."""
        return self.history is not None

    def __repr__(self) -> str:
        state = "pending" if self.buffer is None else "computed"
        return f"<Value {self.dtype.name}{list(self.shape)} {state}>"

    # Operators record ops, with NumPy's promotion: gradient rules are written in them.
    def __add__(self, other: Any) -> Value:
        return REGISTRY["add"](self, other)

    def __radd__(self, other: Any) -> Value:
        return REGISTRY["add"](other, self)

    def __sub__(self, other: Any) -> Value:
        return REGISTRY["subtract"](self, other)

    def __rsub__(self, other: Any) -> Value:
        return REGISTRY["subtract"](other, self)

    def __mul__(self, other: Any) -> Value:
        return REGISTRY["multiply"](self, other)

    def __rmul__(self, other: Any) -> Value:
        return REGISTRY["multiply"](other, self)

    def __truediv__(self, other: Any) -> Value:
        return REGISTRY["divide"](self, other)

    def __rtruediv__(self, other: Any) -> Value:
        return REGISTRY["divide"](other, self)

    def __pow__(self, other: Any) -> Value:
        return REGISTRY["power"](self, other)

    def __rpow__(self, other: Any) -> Value:
        return REGISTRY["power"](other, self)

    def __neg__(self) -> Value:
        return REGISTRY["negative"](self)

    def __and__(self, other: Any) -> Value:
        return REGISTRY["bitwise_and"](self, other)

    def __or__(self, other: Any) -> Value:
        return REGISTRY["bitwise_or"](self, other)

    def __invert__(self) -> Value:
        return REGISTRY["invert"](self)

    def __lt__(self, other: Any) -> Value:
        return REGISTRY["less"](self, other)

    def __le__(self, other: Any) -> Value:
        return REGISTRY["less_equal"](self, other)

    def __gt__(self, other: Any) -> Value:
        return REGISTRY["greater"](self, other)

    def __ge__(self, other: Any) -> Value:
        return REGISTRY["greater_equal"](self, other)


def constant(array: Any) -> Value:
    """A computed value that copies `array`."""
    source = np.asarray(array)
    buffer = memory.allocate(CANONICAL.get(source.dtype, source.dtype), source.shape)
    buffer[...] = source
    return Value(buffer.dtype, buffer.shape, buffer)
