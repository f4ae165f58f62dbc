"""Liveness: which values of a trace somebody can still read, and whose memory is free.

References are counted, by CPython itself; the offsets below are those that this module
and the trace hold.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from engine.record.trace import Trace
from engine.record.value import History, Marker, Value


def live_values(trace: Trace) -> list[bool]:
    """Which events must be materialised: those whose values somebody can still read.

    A value is held by handles, storages and other traces, or by the history of a value
    that may still be differentiated; of the latter, only what a gradient rule reads is
    kept, and elementwise ops are rather done again from what is kept (they fuse with
    the gradient that reads them). References are counted, so the answer is exact.
    """
    values = trace.values
    if not trace.histories and not trace.aliases:
        return _held_values(values)
    # Held until the end: another thread, or a finalizer, may free a history meanwhile.
    histories = [x.history if x.buffer is None else None for x in values]
    by_history = _held_by_histories(histories)
    saved = [False] * len(values)
    tape = [False] * len(values)
    read: set[int] = set()
    for value in trace.aliases:
        if _references(value) > 0:
            saved[value.number] = True
    for i in range(len(values) - 1, -1, -1):
        value = values[i]
        if value.buffer is not None:
            saved[i] = False
            continue
        held = _references(value) > by_history.get(id(value), 0)
        saved[i] = saved[i] or held
        needed = id(value) in read
        history = histories[i]
        if history is not None and (held or tape[i]):
            needed = needed or 0 in history.op.reads
            again = needed and not saved[i] and _is_elementwise(history)
            saved[i] = saved[i] or (needed and not again)
            _mark_inputs(history, trace, tape, read, again)
        else:
            saved[i] = saved[i] or needed
    return saved


def _held_values(values: list[Value]) -> list[bool]:
    """Which of values without histories somebody holds."""
    count = sys.getrefcount
    return [value.buffer is None and count(value) > _UNHELD for value in values]


def _references_by_list() -> int:
    """What `_held_values` counts for a value that nothing but its list holds."""
    values, count = [Value(np.dtype(bool), ())], sys.getrefcount
    (references,) = [count(value) for value in values]
    return references


_UNHELD = _references_by_list()


def _is_elementwise(history: History) -> bool:
    return not isinstance(history.op, Marker) and history.op.kind == "elementwise"


def _held_by_histories(histories: list[History | None]) -> dict[int, int]:
    held: dict[int, int] = {}
    for history in histories:
        if history is not None:
            for x in history.inputs:
                held[id(x)] = held.get(id(x), 0) + 1
    return held


def _mark_inputs(
    history: History, trace: Trace, tape: list[bool], read: set[int], again: bool
) -> None:
    """Mark what an event on the tape needs; all operands, when it is done `again`."""
    for position, x in enumerate(history.inputs, start=1):
        if type(x) is Value and x.trace is trace:
            tape[x.number] = True
            if again or position in history.op.reads:
                read.add(id(x))


def _references(value: Value) -> int:
    # The trace's list, the loop variable of live_values, our argument, getrefcount's.
    return sys.getrefcount(value) - 4


def donated_leaves(trace: Trace) -> frozenset[int]:
    """Leaves that nobody else holds: their memory may be overwritten."""
    numbers = trace.leaf_numbers
    free: list[int] = []
    for leaf in trace.leaves:
        if sys.getrefcount(leaf) > 4:  # leaves, values, the loop variable, the argument
            continue
        buffer = leaf.buffer
        if buffer is not None and _only_ours(buffer):
            free.append(numbers[id(leaf)])
    return frozenset(free)


def _only_ours(buffer: Any) -> bool:
    # The value's slot, donated_leaves' variable, our argument, getrefcount's.
    if sys.getrefcount(buffer) > 4:
        return False
    if isinstance(buffer, np.ndarray):
        return buffer.flags.writeable
    return bool(buffer.exclusive)
