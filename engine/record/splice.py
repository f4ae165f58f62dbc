"""Splice: a stretch of events that was recorded before, recorded again at once.

A trace is a path in the trie. A function of values that has taken it from one node to
another takes it there again when its values have the same places in the trace: then
nothing need be called. The nodes know all about the events; the values in between,
which nobody holds when the function is done, need not be made.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from engine.errors import user_line

from .frames import UNKNOWN, is_shifted, shift_places
from .node import LEAF, Node
from .trace import Trace, current_trace
from .trie import LARGE
from .value import History, Scalar, Value

SPENT = Value(np.dtype(bool), (), np.zeros((), bool))
"""Stands in a trace for a value that nobody holds any more."""

PASSED: Final = (ctypes.c_int64 * 1)()
"""How many passages were recorded again; native code counts here too."""

TRIALS = 16
"""How often a function is noted at one node before it is left alone."""


class Start(NamedTuple):
    """Where a trace stands when a function begins to record."""

    trace: Trace
    node: Node
    values: list[Value]
    scalars: int

    @classmethod
    def here(cls) -> Start:
        """Where the trace of this thread stands now."""
        trace = current_trace()
        return cls(trace, trace.node, trace.values, len(trace.scalars))

    def nodes(self) -> list[Node] | None:
        """The nodes since then; None where the trace has run or was left meanwhile."""
        trace = current_trace()
        if trace is not self.trace or trace.values is not self.values:
            return None
        nodes: list[Node] = []
        node: Node | None = trace.node
        while node is not self.node:
            if node is None:
                return None
            nodes.append(node)
            node = node.parent
        return nodes[::-1]


class Made(NamedTuple):
    """A value that a passage makes: the value of the event at `place` in the passage.

    `inputs` are those of its history, None without. They are places in a pool: the
    table, then the constants, then what is made.
    """

    node: Node
    place: int
    inputs: tuple[int, ...] | None


class Passage(NamedTuple):
    """What a function recorded, and where its values stood.

    Values are named by their places in a table that is given anew each time. Native
    code knows the items by their numbers.

    Parameters
    ----------
    start, end : Node
    operands : tuple of (place, number)
        Values that were in the trace before.
    entering : tuple of (place, Node)
        Computed values that entered the trace.
    scalars : tuple
        The numbers that were recorded.
    open : tuple of (position, index)
        Which of those are given anew each time.
    constants : tuple of Scalar
        The numbers in histories.
    made : tuple of Made
        The events whose values somebody holds.
    results : tuple of int
        The places of results in the pool.
    has_histories : bool
        Whether values that it makes have histories.
    spent : tuple of Value
        `SPENT` for each event.
    line : str or None
        The user's line, where events are at it.
    regions : tuple of int
        The leaves of which it records regions, see `frames`.
    """

    start: Node
    end: Node
    operands: tuple[tuple[int, int], ...]
    entering: tuple[tuple[int, Node], ...]
    scalars: tuple[Any, ...]
    open: tuple[tuple[int, int], ...]
    constants: tuple[Scalar, ...]
    made: tuple[Made, ...]
    results: tuple[int, ...]
    has_histories: bool
    spent: tuple[Value, ...]
    line: str | None
    regions: tuple[int, ...]

    def tells_all(self, table: Sequence[Value]) -> bool:
        """Whether each value of a table has a place of its own in the trace."""
        places = [place for place, _ in (*self.operands, *self.entering)]
        numbers = {
            *(number for _, number in self.operands),
            *(node.number for _, node in self.entering),
        }
        return sorted(places) == list(range(len(table))) and len(numbers) == len(table)

    def again(
        self, table: Sequence[Value], numbers: Sequence[Any] = ()
    ) -> list[Value] | None:
        """Record the events again; their results, or None where they do not fit.

        Nothing has changed where they do not.
        """
        if not self.is_at_line():
            return None
        if _native:
            results = _native[0].record_again(self, table, numbers)
            if results is not None:
                return results
        trace = current_trace()
        with trace.lock:
            if trace.node is not self.start or is_shifted(trace):
                return None
            if not self._fits(trace, table):
                return None
            return self._append(trace, table, numbers)

    def is_at_line(self) -> bool:
        """Whether the user's line is the one that was recorded, if that matters."""
        return self.line is None or self.line == user_line()

    def _fits(self, trace: Trace, table: Sequence[Value]) -> bool:
        """Whether values stand where they stood, and new ones are like those then."""
        known = trace.leaf_numbers
        for place, number in self.operands:
            x = table[place]
            if x.buffer is not None:
                if known.get(id(x)) != number:
                    return False
            elif x.trace is not trace or x.number != number:
                return False
        for place, node in self.entering:
            x = table[place]
            if x.buffer is None or id(x) in known:
                return False
            if x.shape != node.shape or x.dtype != node.dtype:
                return False
            if x.device != node.device:
                return False
        return True

    def _append(
        self, trace: Trace, table: Sequence[Value], numbers: Sequence[Any]
    ) -> list[Value] | None:
        first = self.start.number + 1
        stretch = [*self.spent]
        pool: list[Any] = [*table, *self.constants]
        histories = trace.histories or self.has_histories
        make_values(trace, self.made, pool, stretch)
        leaves, entered, room = [], {}, trace.room
        for place, node in self.entering:
            leaf = table[place]
            stretch[node.number - first] = leaf
            leaves.append(leaf)
            entered[id(leaf)] = node.number
            room -= node.size
        scalars = list(self.scalars)
        for position, index in self.open:
            scalars[position] = numbers[index]
        results = [pool[place] for place in self.results]
        new, touched = shift_places(entered.values()), shift_places(self.regions)
        if room < 0 or len(entered) != len(leaves):
            return None
        if trace.node is not self.start:  # a finalizer has recorded meanwhile
            return None
        # Nothing is called from here on, so the collector runs no finalizers.
        try:
            trace.values += stretch
            trace.scalars += scalars
            trace.leaves += leaves
            trace.leaf_numbers |= entered
            trace.shifts[new] = UNKNOWN
            trace.shifts[touched] = 0
            trace.room = room
            trace.histories = histories
            trace.node = self.end
        except BaseException:
            trace.repair()
            raise
        PASSED[0] += 1
        return results


def make_values(
    trace: Trace, made: Sequence[Made], pool: list[Any], stretch: list[Value]
) -> None:
    """Make the values of a passage: at the end of the pool, and at their places."""
    for node, place, inputs in made:
        history = None
        if inputs is not None:
            operands = tuple([pool[k] for k in inputs])
            history = History(node.op, operands, node.attributes)
        value = Value(
            node.dtype,
            node.shape,
            None,
            trace,
            node.number,
            history,
            node.device,
            node.layout,
        )
        pool.append(value)
        stretch[place] = value


class Native(NamedTuple):
    """Native code for `Passage.again` and `rewalk.Walk.again`, but for their lines.

    They give None or False where it was not done; Python is to begin anew then. The
    pool of a walk is its table, and what is made comes behind it. `backward_again` is
    all of a walk from a number, see `engine.rewalk.backward_again`.
    """

    record_again: Callable[
        [Passage, Sequence[Value], Sequence[Any]], list[Value] | None
    ]
    walk_again: Callable[[Any, list[Any], list[Value] | None], list[Any] | None]
    free_graph: Callable[[list[Value], Sequence[int]], bool]
    backward_again: Callable[[Any, bool], list[tuple[Any, Value]] | None]


_native: list[Native] = []


def use_native(functions: Native | None) -> None:
    """Let native code do what it can, or nothing."""
    _native[:] = [] if functions is None else [functions]


def native() -> Native | None:
    """What native code does."""
    return _native[0] if _native else None


def passage(
    start: Start,
    table: Sequence[Value],
    results: Sequence[Value],
    numbers: Sequence[Any] = (),
) -> Passage | None:
    """What a function has recorded since `start`, to be recorded again.

    None where that depends on more than the values of the table and the numbers, which
    are given as the very objects that were recorded.
    """
    nodes = start.nodes()
    if not nodes:
        return None
    trace, values, first = start.trace, start.values, start.node.number + 1
    if is_shifted(trace):
        return None
    places = {id(x): place for place, x in enumerate(table)}
    needed: set[int] = set()
    entering: list[tuple[int, Node]] = []
    for node in nodes:
        if node.op is LEAF:
            place = places.get(id(values[node.number]))
            if place is None:
                return None
            entering.append((place, node))
        needed.update(k for k in node.operands if 0 <= k < first)
    operands = [
        (place, number)
        for place, number in enumerate(map(trace_number, table))
        if number in needed
    ]
    if needed - {number for _, number in operands}:
        return None
    scalars = tuple(trace.scalars[start.scalars :])
    index = {id(number): k for k, number in enumerate(numbers)}
    opened = [(i, index[id(x)]) for i, x in enumerate(scalars) if id(x) in index]
    if len({k for _, k in opened}) != len(numbers):
        return None
    kept = _kept(values, nodes, table, results)
    if kept is None or (numbers and kept[0]):
        return None
    if trace.values is not values or trace.node is not nodes[-1]:
        return None  # a finalizer has recorded meanwhile
    named = any(node.op.fails_late or node.size > LARGE for node in nodes)
    return Passage(
        start.node,
        nodes[-1],
        tuple(operands),
        tuple(entering),
        scalars,
        tuple(opened),
        *kept,
        bool(kept[0]) or any(one.inputs is not None for one in kept[1]),
        (SPENT,) * len(nodes),
        user_line() if named else None,
        tuple({node.owner for node in nodes} - {-1}),
    )


def _kept(
    recorded: Sequence[Value],
    nodes: Sequence[Node],
    table: Sequence[Value],
    results: Sequence[Value],
) -> tuple[tuple[Scalar, ...], tuple[Made, ...], tuple[int, ...]] | None:
    """The constants, the values made, and the results of a passage.

    What is made are results, values with a history, and what is read by histories.
    """
    values = [recorded[node.number] for node in nodes if node.op is not LEAF]
    inputs = [x for v in values if v.history for x in v.history.inputs]
    constants = [x for x in inputs if isinstance(x, Scalar)]
    held = {id(x) for x in (*inputs, *results)}
    made = [v for v in values if v.history or id(v) in held]
    pool = {id(x): place for place, x in enumerate((*table, *constants, *made))}
    if not held <= pool.keys():
        return None
    specs = []
    for value in made:
        history, own = value.history, None
        if history is not None:
            own = tuple(pool[id(x)] for x in history.inputs)
        place = value.number - nodes[0].number
        specs.append(Made(nodes[place], place, own))
    return tuple(constants), tuple(specs), tuple(pool[id(x)] for x in results)


def passages_from(node: Node) -> dict[Any, Any]:
    """What is known of functions that begin to record at a node."""
    passages = node.passages  # read once: all nodes may be forgotten at any time
    if passages is None:
        passages = node.passages = {}
    return passages


def trace_number(value: Value) -> int:
    """The number of a value in the trace of this thread, -1 where it is not in it."""
    trace = current_trace()
    if value.buffer is not None:
        return trace.leaf_numbers.get(id(value), -1)
    return value.number if value.trace is trace else -1
