"""Node: one recorded event, an entry of the trie of known traces."""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from engine.kernels.backend import HOST
from engine.recipe import CANONICAL, Recipe, owned

if TYPE_CHECKING:
    from engine.ops.op import Op


NUMBERS = tuple(range(10_000))
"""The numbers of nodes: one object each, as for what else nodes have in common.

Recording is slow where what it reads of nodes is not in the CPU's cache, and paths that
are alike but for their regions have some 20,000 nodes.
"""

MOST = 100_000
"""So many things are kept as common ones; past this many they are forgotten."""

COMMON: dict[Any, Any] = {}
"""What nodes have in common, by itself."""

_one = COMMON.setdefault


class _Form(NamedTuple):
    """What nodes of one dtype and shape have in common."""

    dtype: np.dtype[Any]
    layout: Recipe
    size: int
    inexact: bool


@lru_cache(maxsize=4096)
def form(dtype: np.dtype[Any], shape: tuple[int, ...]) -> _Form:
    """The form of nodes with a result of this dtype and shape."""
    size = prod(shape) * dtype.itemsize
    layout = owned(dtype, shape)
    return _Form(CANONICAL.get(dtype, dtype), layout, size, dtype.kind in "fc")


class Node:
    """One event of a trace: an op on earlier values of the same trace.

    The path from the root to a node is a trace; the number of a value is the depth of
    its node. `operands` are numbers of values, or ``~k`` for the k-th Python scalar of
    the trace, whose dtypes stand in `scalars`. `device` is where the result is when it
    is kept, `size` counts its bytes. `owner` is the number of the leaf of which it
    reads or writes a region (see `engine.record.frames`), else -1, and `opens` says
    whether it is the first one; it is None for an op that fails late, whose events are
    known by their lines, too, and which no `last` names. All but the caches is
    immutable: `only`, the first child, which has its `key`, and other `children` by
    theirs; `plans` by key; `last`, the child that was last gone to, or `END`; and the
    `passages` that begin here (see `engine.record.splice`). They are None as long as
    there are none: the collector, which looks at all that there is, comes the more
    often the more a node is made of, and most have one child.
    """

    # What native code reads of each node that it follows comes first: two cache lines.
    __slots__ = (
        "attributes",
        "children",
        "device",
        "differentiable",
        "dtype",
        "key",
        "last",
        "layout",
        "line",
        "number",
        "only",
        "op",
        "opens",
        "operands",
        "owner",
        "parent",
        "passages",
        "plans",
        "scalars",
        "shape",
        "size",
    )

    def __init__(
        self,
        op: Op,
        operands: tuple[int, ...],
        attributes: tuple[Any, ...],
        scalars: tuple[np.dtype[Any], ...],
        dtype: np.dtype[Any],
        shape: tuple[int, ...],
        parent: Node | None,
        line: str,
        device: str = HOST,
        owner: int = -1,
        opens: bool = False,
    ) -> None:
        if len(COMMON) >= MOST:
            COMMON.clear()
        self.op = op
        self.operands: tuple[int, ...] = _one(operands, operands)
        self.attributes = attributes
        if len(attributes) == 1 and type(attributes[0]) is Recipe:
            self.attributes = _one(attributes, attributes)
        self.scalars = _one(scalars, scalars) if scalars else scalars
        self.dtype, self.layout, self.size, inexact = form(dtype, shape)
        self.shape = self.layout.shape
        self.parent = parent
        number = -1 if parent is None else parent.number + 1
        self.number: int = NUMBERS[number] if 0 <= number < len(NUMBERS) else number
        self.line = line
        self.device = device
        self.owner = owner
        self.opens = None if op.fails_late else opens
        self.differentiable = inexact and op.rule is not None
        self.key: tuple[Any, ...] | None = None
        self.only: Node | None = None
        self.children: dict[Any, Node] | None = None
        self.last: Node | None = None
        self.plans: dict[Any, Known] | None = None
        self.passages: dict[Any, Any] | None = None

    def child(self, key: tuple[Any, ...]) -> Node | None:
        """The node of an event, by its key; None where no path went on with it."""
        only, children = self.only, self.children
        if only is not None and only.key == key:
            return only
        return None if children is None else children.get(key)

    def add(self, key: tuple[Any, ...], node: Node) -> Node:
        """Let paths go on with a node, if there is none for its event; which it is."""
        if self.only is None:
            node.key = key
            self.only = node  # at once: no other thread sees it without its key
            return node
        known = self.child(key)
        if known is not None:
            return known
        children = self.children  # read once: all nodes may be forgotten at any time
        if children is None:
            children = self.children = {}
        return children.setdefault(key, node)

    def path(self) -> list[Node]:
        """All nodes from the first event to this one; ``path()[i].number == i``."""
        nodes = []
        node: Node | None = self
        while node is not None and node.parent is not None:
            nodes.append(node)
            node = node.parent
        nodes.reverse()
        return nodes

    def known(self, key: Any) -> Known | None:
        """What is known of a way to flush the path that ends here."""
        known = None if self.plans is None else self.plans.get(key)
        return known if isinstance(known, Known) else None

    def learn(self, key: Any, plan: Any) -> Known:
        """Remember what computes the path that ends here, in a way to flush it."""
        plans = self.plans
        if plans is None:
            plans = self.plans = {}
        known = plans[key] = Known(plan)
        return known

    def forget(self, key: Any) -> None:
        """Forget what computes the path that ends here, in a way to flush it."""
        plans = self.plans
        if plans is not None:
            plans.pop(key, None)

    def like(self, attributes: tuple[Any, ...], parent: Node | None) -> Node:
        """The same event with other attributes, as another node behind `parent`."""
        return Node(
            self.op,
            self.operands,
            attributes,
            self.scalars,
            self.dtype,
            self.shape,
            parent,
            self.line,
            self.device,
            self.owner,
            self.opens is True,
        )

    def __repr__(self) -> str:
        return event_text(self, self.number)


class Known:
    """What is known of one way to flush a path.

    Attributes
    ----------
    plan
        What computes it.
    straight : tuple or None
        The plan as native code takes it, where it is one stretch of native calls.
    frame : bytes or None
        How it follows the regions of leaves, see `engine.moves.frame_of`; None where
        none of them has a region, or too many.
    cold : Cold or None
        How native code is to interpret it, see `engine.cold`.
    """

    __slots__ = ("cold", "frame", "plan", "straight")

    def __init__(self, plan: Any) -> None:
        self.plan = plan
        self.straight: tuple[Any, ...] | None = None
        self.frame: bytes | None = None
        self.cold: tuple[Any, ...] | None = None


class Event(Protocol):
    """What recorded and simplified events have in common."""

    @property
    def op(self) -> Any:
        """The operation."""

    @property
    def operands(self) -> tuple[int, ...]:
        """Numbers of values, or ``~k`` for the k-th Python scalar."""

    @property
    def attributes(self) -> tuple[Any, ...]:
        """What the op needs to know besides its operands."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the result."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the result."""


def event_text(event: Event, number: int) -> str:
    """One line about an event, ``v3: float64[4] = exp(v2)``."""
    names = [f"v{k}" if k >= 0 else f"s{~k}" for k in event.operands]
    names += [str(attribute) for attribute in event.attributes]
    kind = f"{event.dtype.name}{list(event.shape)}"
    return f"v{number}: {kind} = {event.op.name}({', '.join(names)})"


class _Source:
    """The op of events that bring a computed array into a trace."""

    name = "leaf"
    kind = "leaf"
    rule = None
    fails_late = False


LEAF: Any = _Source()

_NOTHING: Any = _Source()

END = Node(_NOTHING, (), (), (), np.dtype(bool), (), None, "")
"""What `last` is where a trace is flushed before it goes on, see `loops`.

It is no child of any node: no event is the one that it says.
"""
