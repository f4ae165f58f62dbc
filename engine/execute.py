"""Execution: what is alive at a flush is computed, by a plan or by the interpreter."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine import counters
from engine.config import config
from engine.errors import Unfinished, called
from engine.interpret import interpret, moved
from engine.interrupts import run_whole
from engine.kernels.backend import HOST
from engine.record.runtime import looked, watchers
from engine.record.trace import Trace, current_trace, record, renew, set_executor
from engine.record.value import History, Marker, Value

Array = np.ndarray[Any, Any]


def ready(value: Value, trace: Trace) -> None:
    """Make a value without a buffer usable as an operand in `trace`."""
    pending = value.trace  # read once: another thread may run it meanwhile
    if pending is trace:
        return
    if pending is not None:
        flush(pending)
    if value.buffer is None:
        _record_again(value)


def compute(values: Sequence[Value]) -> list[Array]:
    """The elements of values as NumPy arrays, computed where they are pending.

    Those of values on the host are the values' own memory; others are copies.
    """
    looked()
    evaluate(values)
    return [moved(value.buffer, HOST) for value in values]


def evaluate(values: Sequence[Value]) -> None:
    """Give every value its buffer, by a flush when one of them is pending."""
    for value in values:
        if value.buffer is None:
            ready(value, current_trace())
        pending = value.trace
        if pending is not None:
            flush(pending)
    assert all(value.buffer is not None for value in values)


def flush(trace: Trace) -> None:
    """Compute every live value of a trace and start it anew."""
    with trace.lock:
        if not trace.values or trace.flushing:
            return
        trace.flushing = True
        try:
            run_whole(_run, trace)
        finally:
            trace.flushing = False


def _run(trace: Trace) -> None:
    counters.add("synchronisations")
    counters.add("ops_recorded", len(trace.values) - len(trace.leaves))
    alive = tuple(live_values(trace))
    donated = donated_leaves(trace)  # before anything else here refers to buffers
    leaves = [leaf.buffer for leaf in trace.leaves]
    node, values, scalars = trace.node, trace.values, trace.scalars
    watcher = watchers.get(id(trace)) if watchers else None
    if watcher is not None:
        watcher.flushing(trace, alive, donated)
    try:
        if config.tier == "numpy":
            outputs = interpret(node.path(), alive, leaves, scalars)
        else:
            from engine.plan import ColdPlan  # plan imports this module

            key = (alive, donated)
            plan = node.plans.get(key)
            if plan is None:
                plan = node.plans[key] = ColdPlan(node.path(), alive, donated)
            outputs = plan.run(leaves, scalars)
        if watcher is not None:
            watcher.flushed(outputs)
    except Unfinished as unfinished:
        # What cannot be computed is lost, and what depends on it; all else is not.
        outputs, error = unfinished.outputs, unfinished.error
        raise error from error.__cause__
    except BaseException:
        outputs = {}
        raise
    finally:
        for value in (*values, *trace.aliases):
            if value.buffer is None:
                value.trace = None
                value.buffer = outputs.get(value.number)
        renew(trace)


def live_values(trace: Trace) -> list[bool]:
    """Which events must be materialised: those whose values somebody can still read.

    A value is held by handles, storages and other traces, or by the history of a value
    that may still be differentiated; of the latter, only what a gradient rule reads is
    kept, and elementwise ops are rather done again from what is kept (they fuse with
    the gradient that reads them). References are counted, so the answer is exact.
    """
    values = trace.values
    by_history = _held_by_histories(values)
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
        history = value.history
        if history is not None and (held or tape[i]):
            needed = needed or 0 in history.op.reads
            again = needed and not saved[i] and _is_elementwise(history)
            saved[i] = saved[i] or (needed and not again)
            _mark_inputs(history, trace, tape, read, again)
        else:
            saved[i] = saved[i] or needed
    return saved


def _is_elementwise(history: History) -> bool:
    return not isinstance(history.op, Marker) and history.op.kind == "elementwise"


def _held_by_histories(values: list[Value]) -> dict[int, int]:
    held: dict[int, int] = {}
    for value in values:
        if value.history is not None and value.buffer is None:
            for x in value.history.inputs:
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
    free = []
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


def _record_again(value: Value) -> None:
    """Record the history of a value whose memory was not kept, oldest event first."""
    stack = [value]
    while stack:
        top = stack[-1]
        if top.buffer is not None or top.trace is not None:
            stack.pop()
            continue
        if top.history is None or isinstance(top.history.op, Marker):
            raise RuntimeError(
                f"{called()}: a value that can be computed was required; this one was "
                "lost when an earlier computation failed"
            )
        missing = [
            x
            for x in top.history.inputs
            if type(x) is Value and x.buffer is None and x.trace is None
        ]
        if missing:
            stack.extend(missing)
            continue
        again = record(top.history.op, top.history.inputs, top.history.attributes)
        if again.trace is not None:
            again.trace.values[again.number] = top
        top.trace, top.number, top.buffer = again.trace, again.number, again.buffer
        stack.pop()


class _Executor:
    """The functions of this module that recording calls."""

    ready = staticmethod(ready)
    flush = staticmethod(flush)


set_executor(_Executor())
