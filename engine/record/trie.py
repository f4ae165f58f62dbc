"""Trie: all paths that are known, and the limits of what one trace may hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import user_line
from engine.kernels.memory import total_bytes

from .frames import events, forget_shifts, is_shifted
from .node import END, LEAF, Node
from .value import Value

if TYPE_CHECKING:
    from .trace import Trace

MAX_EVENTS = 8192
"""A trace never grows past so many events: laziness is bounded."""

SOFT_EVENTS = 512
"""Events past which a trace is flushed after a write: few temporaries live then."""

MAX_BYTES = max(1 << 30, total_bytes() // 8)
"""A trace never keeps arrays of more bytes alive.

Too few would cut expressions of a few large arrays apart, which then run op by op.
"""

LARGE = 1 << 26
"""Results of more bytes are looked up by their line too."""

MAX_TRIE_NODES = 100_000
"""The trie is a cache: past this many nodes it is dropped whole."""

_DTYPE = np.dtype(np.float64)


def _new_root() -> Node:
    return Node(LEAF, (), (), (), _DTYPE, (), None, "")


class Trie:
    """The root of all known traces, and the number of nodes below it.

    `room` says how many bytes of computed arrays a trace that begins may keep alive.
    """

    __slots__ = ("room", "root", "size")

    def __init__(self) -> None:
        self.root = _new_root()
        self.size = 0
        self.room = MAX_BYTES

    def grow(self) -> None:
        """Count one more node; past the most there may be, all are forgotten."""
        self.size += 1
        if self.size > MAX_TRIE_NODES:
            self.forget()

    def forget(self) -> None:
        """Forget all nodes; whoever holds one has the path to it, and nothing else."""
        nodes = [self.root]
        self.root, self.size = _new_root(), 0
        for node in nodes:  # those behind it are added meanwhile
            if node.only is not None:
                nodes.append(node.only)
            if node.children is not None:
                nodes.extend(node.children.values())
            node.only = node.children = node.last = None
            node.plans = node.passages = None
        while nodes:
            nodes.pop()  # from the ends of paths on: none takes all before it along


TRIE = Trie()
"""The one trie; several threads may follow it and add to it at once."""


def leaf_node(parent: Node, value: Value) -> Node:
    """The node behind `parent` of a computed value that enters a trace."""
    dtype, shape, device = value.dtype, value.shape, value.device
    key = (LEAF, dtype, shape, device)
    node = parent.child(key)
    if node is None:
        line = user_line()
        node = Node(LEAF, (), (), (), dtype, shape, parent, line, device)
        node = parent.add(key, node)
        TRIE.grow()
    return node


def settle(trace: Trace) -> None:
    """Let a trace take the path on which none of its leaves is shifted."""
    if not is_shifted(trace):
        return
    parent = TRIE.root
    for event in events(trace):
        key: tuple[Any, ...] = (
            event.op,
            event.operands,
            event.attributes,
            event.scalars,
        )
        if event.op is LEAF:
            key = (LEAF, event.dtype, event.shape, event.device)
        elif event.op.fails_late or event.size > LARGE:
            key += (event.line,)
        node = parent.child(key)
        if node is None:
            node = parent.add(key, event.like(event.attributes, parent))
            TRIE.grow()
        parent = node
    if trace.node.last is END:  # it ends behind whole iterations there, too
        parent.last = END
    forget_shifts(trace)
    trace.node = parent
