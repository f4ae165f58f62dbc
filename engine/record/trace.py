"""Trace: what one thread has recorded since its last flush (the Python recorder)."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator, Sequence
from math import prod
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from engine.errors import named, user_line
from engine.kernels import memory
from engine.kernels.backend import HOST
from engine.kernels.locks import new_lock
from engine.shapes import check_axes

from .frames import (
    LEAVES,
    UNKNOWN,
    Place,
    leader_key,
    new_shifts,
    place_of,
)
from .inferred import Found, infer
from .loops import ends_iterations
from .node import END, LEAF, Node
from .trie import LARGE, MAX_EVENTS, TRIE, leaf_node
from .value import LEAF_HISTORY, Freed, History, Scalar, Value

if TYPE_CHECKING:
    from engine.ops.op import Op


class Trace:
    """Events of one thread that have not run: a path in the trie and its data.

    `room` says how many more bytes of computed arrays it may keep alive.
    `grad` says whether the thread records gradient histories, `histories` whether any
    of the values has one. While it is `flushing`, `donating` says whether that may
    overwrite leaves. Somebody wants to hear of the `loud` kinds of floating-point
    errors: each event is run at once then, and native code, which finds None in
    `flushing`, leaves the trace alone. The `shifts` are those of `frames`.

    Of its thread it knows the trace that is to stand in for it (`spare`), how many
    `flushes` the thread is in the middle of while it records here, and its `quiet`.
    """

    __slots__ = (
        "aliases",
        "donating",
        "flushes",
        "flushing",
        "grad",
        "histories",
        "leaf_numbers",
        "leaves",
        "lock",
        "loud",
        "node",
        "quiet",
        "room",
        "scalars",
        "shifts",
        "spare",
        "values",
    )

    def __init__(self, lock: threading.RLock) -> None:
        self.lock = lock
        self.node = TRIE.root
        self.values: list[Value] = []
        self.aliases: list[Value] = []
        self.leaves: list[Value] = []
        self.leaf_numbers: dict[int, int] = {}
        self.scalars: list[Any] = []
        self.room = TRIE.room
        self.flushing: bool | None = False
        self.donating = False
        self.loud: frozenset[str] = frozenset()
        self.grad = True
        self.histories = False
        self.shifts = new_shifts()
        self.spare: Trace | None = None
        self.flushes = 0
        self.quiet: memory.Quiet | None = None

    def extend(
        self,
        parent: Node,
        place: Place,
        inputs: Sequence[Value | Scalar],
        given: tuple[Any, ...],
        found: Found | None = None,
    ) -> Node:
        """A new node for an event that never followed this path before.

        This is where shapes and dtypes are inferred, from the attributes that are given
        and not from those in the key, and where the user's errors rise, if they were
        not found before.
        """
        key = place.key
        op, operands, attributes, dtypes = key[:4]
        dtype, shape = found or infer(op, inputs, given)
        check_axes(shape)
        line = user_line()
        size = prod(shape) * dtype.itemsize
        if size > LARGE:  # may find no memory, and then names its own line
            if size > sys.maxsize:
                raise ValueError(
                    named(
                        f"array is too big: at most {sys.maxsize} bytes were required; "
                        f"shape {shape} of {dtype.name} was given"
                    )
                )
            key = (*key[:4], line)
            known = parent.child(key)
            if known is not None:
                return known
        device = _device_of(op, inputs, attributes)
        node = Node(
            op,
            operands,
            attributes,
            dtypes,
            dtype,
            shape,
            parent,
            line,
            device,
            place.owner,
            place.first,
        )
        TRIE.grow()
        if op.name == "update" and ends_iterations(node):
            node.last = END
        # The key is made of what the node has: there are few things for the collector.
        own = (op, node.operands, node.attributes, node.scalars, *key[4:])
        made = parent.add(own, node)
        if place.first and size <= LARGE:
            parent.add(leader_key(key), made)
        return made

    def repair(self) -> None:
        """Take back an event that an interrupt has left half recorded.

        Its node, or its value, stands there alone; what came before is whole.
        """
        while self.node.number >= len(self.values):
            assert self.node.parent is not None
            self.node = self.node.parent
        del self.values[self.node.number + 1 :]
        path = self.node.path()
        del self.scalars[sum(len(node.scalars) for node in path) :]
        entered = [i for i, node in enumerate(path) if node.op is LEAF]
        self.leaves = [self.values[i] for i in entered]
        self.leaf_numbers = {id(self.values[i]): i for i in entered}

    def enter(self, value: Value) -> int:
        """The number of a computed value in this trace."""
        number = self.leaf_numbers.get(id(value))
        if number is not None:
            return number
        parent = self.node
        node = leaf_node(parent, value)
        place = id(value)
        self.leaves.append(value)
        if self.node is not parent:  # a finalizer has recorded meanwhile
            self.leaves.remove(value)
            return self.enter(value)
        if node.number < LEAVES:  # none of its regions was recorded yet
            self.shifts[1 + node.number] = UNKNOWN
        parent.last = self.node = node
        self.values.append(value)
        self.leaf_numbers[place] = node.number
        self.room -= node.size
        return node.number

    def advance(
        self,
        op: Op,
        inputs: Sequence[Value | Scalar],
        attributes: tuple[Any, ...],
        has_history: bool,
    ) -> Value | None:
        """Record an event. None when a finalizer has recorded meanwhile.

        Where objects are made or functions called the collector may run, and with it
        finalizers that record; so the trace is changed at the end, where there is
        nothing of that between the steps.
        """
        values = self.values  # another list when a finalizer has the trace flushed
        operands: list[int] = []
        numbers: list[Any] = []
        dtypes: tuple[np.dtype[Any], ...] = ()
        first = len(self.scalars)
        for x in inputs:
            if type(x) is Value:
                operands.append(x.number if x.buffer is None else self.enter(x))
            else:
                operands.append(~(first + len(numbers)))
                numbers.append(x.value)  # type: ignore[union-attr]
                dtypes += (x.dtype,)
        key: tuple[Any, ...] = (op, tuple(operands), attributes, dtypes)
        if op.fails_late:
            key += (user_line(),)
        parent = self.node
        if self.values is not values:
            return None
        place = place_of(self, parent, key, inputs)
        node = parent.child(place.key)
        if node is None:
            node = self.extend(parent, place, inputs, attributes)
        value = Value(
            node.dtype,
            node.shape,
            None,
            self,
            node.number,
            None,
            node.device,
            node.layout,
        )
        if has_history and node.differentiable and self.grad:
            own = attributes if self.shifts[0] else node.attributes
            value.history = History(op, tuple(inputs), own)
            self.histories = True
        whole = self.values is values and len(self.scalars) == first
        if self.node is not parent or not whole:
            return None
        if not op.fails_late and node.size <= LARGE:  # others name their own line
            parent.last = node
        self.node = node
        self.scalars += numbers
        self.values.append(value)
        return value


def _device_of(
    op: Op, inputs: Sequence[Value | Scalar], attributes: tuple[Any, ...]
) -> str:
    """Where a result is: with the operands that are not in the memory of the host."""
    if op.kind == "transfer":
        return str(attributes[0])
    for x in inputs:
        if type(x) is Value and x.device != HOST:
            return x.device
    return HOST


class _Thread(threading.local):
    """What recording needs to know of a thread."""

    trace: Trace

    def __getattr__(self, name: str) -> Any:
        """The trace, when it is first needed; a finalizer may need it meanwhile."""
        if name != "trace":
            raise AttributeError(name)
        return self.__dict__.setdefault(name, Trace(new_lock()))


HERE = _Thread()
"""What this thread records into; the engine's own flush sets it, too."""


def current_trace() -> Trace:
    """The trace that this thread records into."""
    return HERE.trace


def have_spare() -> None:
    """Make the trace that `put_aside` needs, before a flush begins.

    Where objects are made finalizers may run, and record into the trace as ever.
    """
    trace = HERE.trace
    if trace.quiet is None:
        trace.quiet = memory.quiet()
    spare = trace.spare
    if spare is None:
        trace.spare = Trace(new_lock())
    elif not spare.values:
        spare.node = TRIE.root  # another one since all nodes were forgotten


def put_aside(trace: Trace) -> Trace | None:
    """Let this thread record elsewhere while its trace is flushed: finalizers may.

    Gives the trace that stands in; None when `trace` is another thread's.
    """
    if HERE.trace is not trace:
        return None
    spare = trace.spare or Trace(new_lock())
    spare.grad, spare.flushes = trace.grad, trace.flushes
    trace.spare, HERE.trace = None, spare
    return spare


def renew(trace: Trace) -> None:
    """Empty a trace that has run: its nodes stay in the trie, its data goes."""
    trace.node, trace.room = TRIE.root, TRIE.room
    trace.values = []
    trace.aliases = []
    trace.leaves = []
    trace.leaf_numbers = {}
    trace.scalars = []
    trace.histories = False
    trace.shifts[0] = 0


def note_histories(trace: Trace) -> None:
    """Note whether a trace still has a history that can be walked, when some went.

    A flush asks less of a trace that has none.
    """
    for value in trace.values:
        history = value.history
        if history is not None and value.buffer is None:
            op = history.op
            if op is not LEAF_HISTORY and not isinstance(op, Freed):
                trace.histories = True
                return
    trace.histories = False


def grad_enabled() -> bool:
    """Whether ops of this thread record a gradient history."""
    return HERE.trace.grad


def switch_grad(enabled: bool) -> bool:
    """Switch the recording of gradient histories on or off; gives what it was."""
    trace = HERE.trace
    before, trace.grad = trace.grad, enabled
    return before


@contextlib.contextmanager
def grad_mode(enabled: bool) -> Iterator[None]:
    """Switch the recording of gradient histories on or off in this thread."""
    before = switch_grad(enabled)
    try:
        yield
    finally:
        switch_grad(before)


class Executor(Protocol):
    """What recording needs of stage 8; `engine.execute` puts itself here."""

    def ready(self, value: Value, trace: Trace) -> None:
        """Make a value without a buffer usable as an operand in `trace`."""

    def flush(self, trace: Trace) -> None:
        """Compute what is alive in a trace, and empty it."""


_executors: list[Executor] = []


def set_executor(executor: Executor) -> None:
    """Say who computes values."""
    _executors[:] = [executor]


def record(
    op: Op, inputs: Sequence[Value | Scalar], attributes: tuple[Any, ...] = ()
) -> Value:
    """Record one event and return its value. Errors leave the trace as it was."""
    trace = HERE.trace
    if trace.node.last is END:
        _executors[0].flush(trace)
    has_history = False
    for x in inputs:
        if type(x) is Value:
            if x.buffer is None and x.trace is not trace:
                _executors[0].ready(x, trace)
            if x.history is not None:
                has_history = True
    value = None
    with trace.lock:
        try:
            while value is None:
                value = trace.advance(op, inputs, attributes, has_history)
        except BaseException as error:
            whole = trace.node.number + 1 == len(trace.values)
            if not (whole and isinstance(error, Exception)):  # interrupted in between
                trace.repair()
            raise
    if value.number >= MAX_EVENTS or trace.room < 0 or trace.loud:
        _executors[0].flush(trace)
    return value


def flush_trace(trace: Trace) -> None:
    """Compute what is alive in a trace, and empty it."""
    _executors[0].flush(trace)


def alias(value: Value, history: History | None) -> Value:
    """The same array with another gradient history: no event, no copy."""
    trace = value.trace
    if value.buffer is None and trace is None:
        _executors[0].ready(value, HERE.trace)  # raises if it is lost
        trace = value.trace
    other = Value(
        value.dtype,
        value.shape,
        value.buffer,
        trace,
        value.number,
        history,
        value.device,
        value.layout,
    )
    if trace is not None:
        with trace.lock:
            if value.trace is trace:
                trace.aliases.append(other)
            else:  # another thread ran it meanwhile
                other.trace, other.buffer = None, value.buffer
    return other
