"""Masks of selections: whether two are the same, and how much one selects.

A mask is computed only where the alternative is to compute it too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.array import Array
from engine.execute import compute
from engine.kernels.backend import HOST
from engine.movement import broadcast_value, reshape_value
from engine.recipe import Recipe, Shape, owned, strided
from engine.record.node import Node
from engine.record.registry import REGISTRY
from engine.record.runtime import RunTime
from engine.record.trace import current_trace, grad_enabled
from engine.record.value import Value, constant
from engine.record.watchers import watchers
from engine.storage import read_region, stop

from .operands import NDArray

SPARSE = 16
"""A known mask that selects less than one element in so many is sparse."""

MANY = 4096
"""A sparse mask has so many elements at least: for fewer, full size is no matter."""

_REACH = 64
"""How many events back, and how many of them, a comparison of masks looks."""

_PURE = ("elementwise", "region")


class Region:
    """What a handle shows at one time: a part of an immutable value."""

    __slots__ = ("base", "recipe")

    def __init__(self, base: Value, recipe: Recipe) -> None:
        self.base = base
        self.recipe = recipe

    @classmethod
    def of(cls, handle: Array) -> Region:
        """What a handle shows now; later writes do not change it."""
        line = handle._line
        if line is None:
            assert handle._value is not None
            base, recipe = handle._value, handle.recipe
        elif line.storage.shared():
            return cls.whole(handle.read())
        else:
            base, recipe = line.current(), handle.recipe
        return cls(base if grad_enabled() else stop(base), recipe)

    @classmethod
    def whole(cls, value: Value) -> Region:
        """All of a value."""
        if value.layout is None:
            value.layout = owned(value.dtype, value.shape)
        return cls(value, value.layout)

    def read(self) -> Value:
        """Its elements in C order."""
        if self.recipe is self.base.layout:
            return self.base
        return read_region(self.base, self.recipe)

    def known(self) -> NDArray | None:
        """Its elements where that takes no computation, and nobody minds the look."""
        buffer = self.base.buffer
        if watchers or self.base.device != HOST or type(buffer) is not np.ndarray:
            return None
        return strided(buffer.reshape(-1), self.recipe)

    def agrees(self, other: Region) -> bool:
        """Whether both show equal elements; they are compared where nothing else tells.

        That costs nothing: whoever is told "no" computes both.
        """
        if self.recipe.shape != other.recipe.shape:
            return False
        same = self.base is other.base or _same_events(self.base, other.base)
        if same and self.recipe == other.recipe:
            return True
        mine, others = self.known(), other.known()
        if mine is None or others is None:
            mine, others = compute([self.read(), other.read()])
        return bool(np.array_equal(mine, others))


class Mask:
    """A boolean array that selects along the leading axes of others."""

    __slots__ = ("_sparse", "given")

    def __init__(self, given: Region) -> None:
        self.given = given
        self._sparse: bool | None = None

    @classmethod
    def of(cls, given: Any) -> Mask:
        """The mask that a handle shows, or that an ndarray holds now."""
        if isinstance(given, Array):
            return cls(Region.of(given))
        return cls(Region.whole(constant(given)))

    @property
    def shape(self) -> Shape:
        """The axes that it selects along."""
        return self.given.recipe.shape

    @property
    def value(self) -> Value:
        """Its elements in C order."""
        return self.given.read()

    def agrees(self, other: Mask) -> bool:
        """Whether both select the same elements."""
        return self is other or self.given.agrees(other.given)

    @property
    def is_sparse(self) -> bool:
        """Whether it is known, without computing, to select few elements."""
        if self._sparse is None:
            if self.given.recipe.size < MANY:
                return False
            known = self.given.known()
            if known is None:
                return False
            self._sparse = bool(np.count_nonzero(known) * SPARSE < known.size)
        return self._sparse

    def spread(self, shape: Shape) -> Value:
        """The mask of every element of arrays of a shape."""
        if shape == self.shape:
            return self.value
        rest = (1,) * (len(shape) - len(self.shape))
        return broadcast_value(reshape_value(self.value, self.shape + rest), shape)

    def choose(self, inside: Any, outside: Any, shape: Shape) -> Value:
        """`inside` where the mask holds, `outside` elsewhere."""
        chosen: Value = REGISTRY["where"](self.spread(shape), inside, outside)
        return chosen


# -- the same events ------------------------------------------------------------------
def _same_events(one: Value, other: Value) -> bool:
    """Whether two pending values were recorded as the same ops on the same values.

    As in ``y[x > 0] = log(x[x > 0])``, where the mask is written twice.
    """
    trace = current_trace()
    node: Node | None = trace.node
    scalars, pairs = trace.scalars, [(one.number, other.number)]
    # Looked at last: a finalizer may have the trace flushed at any time before.
    if one.trace is not trace or other.trace is not trace:
        return False
    nodes: dict[int, Node] = {}
    while node is not None and node.number >= 0 and len(nodes) < _REACH:
        nodes[node.number] = node
        node = node.parent
    for _ in range(_REACH):
        if not pairs:
            return True
        left, right = pairs.pop()
        if left == right:
            continue
        first, second = nodes.get(left), nodes.get(right)
        if first is None or second is None or not _alike(first, second):
            return False
        for k, m in zip(first.operands, second.operands, strict=True):
            if k >= 0 and m >= 0:
                pairs.append((k, m))
                continue
            numbers = k < 0 and m < 0
            if not numbers or not _equal(scalars[~k], scalars[~m]):
                return False
    return False


def _alike(first: Node, second: Node) -> bool:
    """Whether two events are the same op, their operands left out."""
    return (
        first.op is second.op
        and first.op.kind in _PURE
        and first.attributes == second.attributes
        and first.scalars == second.scalars
        and len(first.operands) == len(second.operands)
    )


def _equal(one: Any, other: Any) -> bool:
    if one is other:
        return True
    if type(one) is RunTime or type(other) is RunTime:
        return False
    first, second = _plain(one), _plain(other)
    return type(first) is type(second) and repr(first) == repr(second)


def _plain(number: Any) -> Any:
    """A Python number, which either recorder may have kept as one of NumPy's."""
    return number.item() if isinstance(number, np.generic) else number
