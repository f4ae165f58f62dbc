"""Trace: what one thread has recorded since its last flush (the Python recorder)."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from engine import counters
from engine.errors import user_line

from .node import LEAF, Node
from .value import History, Scalar, Value

if TYPE_CHECKING:
    from engine.ops.op import Op

MAX_EVENTS = 8192
"""A trace never grows past this: laziness is bounded by pending ops ..."""

SOFT_EVENTS = 2048
"""... and is flushed past this after a write, where few temporaries are alive."""

MAX_BYTES = 1 << 30
"""... and by the bytes of the arrays that it keeps alive."""

MAX_TRIE_NODES = 100_000
"""The trie is a cache: past this many nodes it is dropped whole."""

_DTYPE = np.dtype(np.float64)


def _new_root() -> Node:
    return Node(LEAF, (), (), (), _DTYPE, (), None, "")


class _Trie:
    """The root of all known traces and the number of nodes below it."""

    root = _new_root()
    size = 0

    @classmethod
    def grow(cls) -> None:
        cls.size += 1
        if cls.size > MAX_TRIE_NODES:
            cls.root, cls.size = _new_root(), 0


class Trace:
    """Events of one thread that have not run: a path in the trie and its data."""

    __slots__ = (
        "aliases",
        "flushing",
        "leaf_bytes",
        "leaf_numbers",
        "leaves",
        "lock",
        "node",
        "scalars",
        "values",
    )

    def __init__(self, lock: threading.RLock) -> None:
        self.lock = lock
        self.node = _Trie.root
        self.values: list[Value] = []
        self.aliases: list[Value] = []
        self.leaves: list[Value] = []
        self.leaf_numbers: dict[int, int] = {}
        self.scalars: list[Any] = []
        self.leaf_bytes = 0
        self.flushing = False

    def step(
        self,
        op: Op,
        operands: tuple[int, ...],
        attributes: tuple[Any, ...],
        dtypes: tuple[np.dtype[Any], ...],
        inputs: Sequence[Value | Scalar],
    ) -> Node:
        """The node for one more event: found in the trie, else inferred and added."""
        key = (op, operands, attributes, dtypes)
        node = self.node.children.get(key)
        if node is None:
            dtype, shape = op.infer(*inputs, *attributes)
            node = Node(
                op, operands, attributes, dtypes, dtype, shape, self.node, user_line()
            )
            node = self.node.children.setdefault(key, node)
            _Trie.grow()
        self.node = node
        return node

    def enter(self, value: Value) -> int:
        """The number of a computed value in this trace."""
        number = self.leaf_numbers.get(id(value))
        if number is not None:
            return number
        key = (LEAF, value.dtype, value.shape)
        node = self.node.children.get(key)
        if node is None:
            node = Node(
                LEAF, (), (), (), value.dtype, value.shape, self.node, user_line()
            )
            node = self.node.children.setdefault(key, node)
            _Trie.grow()
        self.node = node
        self.leaf_numbers[id(value)] = node.number
        self.leaves.append(value)
        self.values.append(value)
        self.leaf_bytes += value.size * value.dtype.itemsize
        return node.number


class _Thread(threading.local):
    """What recording needs to know of a thread."""

    def __init__(self) -> None:
        self.trace = Trace(threading.RLock())
        self.grad = True


_thread = _Thread()


def current_trace() -> Trace:
    """The trace that this thread records into."""
    return _thread.trace


def renew(trace: Trace) -> None:
    """Empty a trace that has run: its nodes stay in the trie, its data goes."""
    trace.node = _Trie.root
    trace.values = []
    trace.aliases = []
    trace.leaves = []
    trace.leaf_numbers = {}
    trace.scalars = []
    trace.leaf_bytes = 0


def grad_enabled() -> bool:
    """Whether ops of this thread record a gradient history."""
    return _thread.grad


@contextlib.contextmanager
def grad_mode(enabled: bool) -> Iterator[None]:
    """Switch the recording of gradient histories on or off in this thread."""
    before = _thread.grad
    _thread.grad = enabled
    try:
        yield
    finally:
        _thread.grad = before


def record(
    op: Op, inputs: Sequence[Value | Scalar], attributes: tuple[Any, ...] = ()
) -> Value:
    """Record one event and return its value. Errors leave the trace as it was."""
    from engine import execute  # execute imports this module

    for x in inputs:
        if type(x) is Value and x.buffer is None:
            execute.ready(x, _thread.trace)
    trace = _thread.trace
    with trace.lock:
        node = _append(trace, op, inputs, attributes)
        value = Value(node.dtype, node.shape, None, trace, node.number)
        trace.values.append(value)
    counters.add("ops_recorded")
    if _thread.grad and op.rule is not None:
        for x in inputs:
            if type(x) is Value and x.history is not None:
                if node.dtype.kind in "fc":
                    value.history = History(op, tuple(inputs), attributes)
                break
    if node.number >= MAX_EVENTS or trace.leaf_bytes > MAX_BYTES:
        execute.flush(trace)
    return value


def alias(value: Value, history: History | None) -> Value:
    """The same array with another gradient history: no event, no copy."""
    trace = value.trace
    if value.buffer is None and trace is None:
        raise RuntimeError("the value was lost when an earlier computation failed")
    other = Value(
        value.dtype, value.shape, value.buffer, trace, value.number, history
    )
    if trace is not None:
        with trace.lock:
            if value.trace is trace:
                trace.aliases.append(other)
            else:  # another thread ran it meanwhile
                other.trace, other.buffer = None, value.buffer
    return other


def _append(
    trace: Trace, op: Op, inputs: Sequence[Value | Scalar], attributes: tuple[Any, ...]
) -> Node:
    operands: list[int] = []
    dtypes: tuple[np.dtype[Any], ...] = ()
    n_scalars = len(trace.scalars)
    for x in inputs:
        if type(x) is Value:
            operands.append(x.number if x.buffer is None else trace.enter(x))
        else:
            operands.append(~len(trace.scalars))
            trace.scalars.append(x.value)
            dtypes += (x.dtype,)
    try:
        return trace.step(op, tuple(operands), attributes, dtypes, inputs)
    except BaseException:
        del trace.scalars[n_scalars:]
        raise
