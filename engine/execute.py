"""Execution: what is alive at a flush is computed, by a plan or by the interpreter."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from engine import counters
from engine.cold import ColdPlan
from engine.config import config
from engine.errors import Unfinished, called, same_kind
from engine.interpret import interpret, moved, outline_of
from engine.interrupts import BUT_CTRL_C, SIGNALS, run_whole
from engine.kernels.backend import HOST
from engine.liveness import donated_leaves, live_values
from engine.loud import Listener
from engine.promises import wait_for
from engine.record.frames import events, shifts_of
from engine.record.node import LEAF
from engine.record.runtime import looked
from engine.record.trace import (
    HERE,
    Trace,
    current_trace,
    have_spare,
    put_aside,
    record,
    renew,
    set_executor,
)
from engine.record.trie import settle
from engine.record.value import Marker, Value
from engine.record.watchers import watchers

Array = np.ndarray[Any, Any]


def ready(value: Value, trace: Trace) -> None:
    """Make a value without a buffer usable as an operand in `trace`."""
    buffer = value.buffer
    while buffer is None:
        pending = value.trace  # read once: another thread may run it meanwhile
        if pending is trace:
            return
        if pending is None:
            _record_again(value)  # here, or in the trace of a thread that was faster
        else:
            flush(pending)
            if value.buffer is None and value.trace is pending:
                _compute_aside(value, pending)
        buffer = value.buffer


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
            pending = value.trace
            if pending is not None:
                flush(pending)
            if value.buffer is None:  # its memory was not kept
                ready(value, current_trace())
                pending = value.trace
                if pending is not None:
                    flush(pending)
            assert value.buffer is not None


def flush(trace: Trace) -> None:
    """Compute every live value of a trace and start it anew.

    A signal is heard when the computation is done. Ctrl-C is heard at once where that
    overwrites no memory, and all stays pending.
    """
    if _native and _native[0].flush(trace):
        return
    # A finalizer in the middle of a flush must not wait for ever: the thread that has
    # the other trace may be waiting for this one.
    here = current_trace()
    if here.flushes == 0 or trace is here:
        with trace.lock:
            _flush_held(trace)
    elif trace.lock.acquire(timeout=PATIENCE):
        try:
            _flush_held(trace)
        finally:
            trace.lock.release()
    else:
        raise RuntimeError(
            f"{called()}: an array that can be computed now was required; another "
            "thread computes it, and may be waiting for this one, which a finalizer "
            "has interrupted"
        )


PATIENCE = 1.0
"""Seconds that a finalizer in the middle of a flush waits for another thread's."""


def _flush_held(trace: Trace) -> None:
    """`flush` of a trace whose lock is held."""
    if trace.flushing:
        if current_trace().flushes == 0:  # it is no finalizer that asks
            _left_behind(trace)
        return
    have_spare()
    here, events = current_trace(), len(trace.values)
    spare = None
    # Signals are heard at calls: there is none from here to `try`, nor in `finally`.
    trace.flushing = True  # from here on native code leaves the trace alone
    here.flushes += 1
    try:
        if events:
            spare = put_aside(trace)
            _compute(trace)
    finally:
        here.flushes -= 1
        trace.flushing = None if trace.loud else False
        trace.donating = False
        if spare is not None:
            trace.spare, HERE.trace = spare, trace
    watcher = _watcher  # read once: another thread may have seen enough
    if watcher is not None:
        watcher(events)
    if spare is not None and spare.values:
        flush(spare)


_watcher: Callable[[int], None] | None = None


def watch_flushes(watcher: Callable[[int], None] | None) -> None:
    """Let a function know how many events a flush had, when it is over."""
    global _watcher
    _watcher = watcher


def done_at_once() -> None:
    """Count what was done without a flush: native code would have done it faster."""
    if _watcher is not None:
        _watcher(1)


def _compute_aside(value: Value, trace: Trace) -> None:
    """Interpret what a value of a trace needs that this very thread is flushing.

    A finalizer asks: it runs in the middle of the flush, so it cannot wait for its end.
    """
    if trace.donating:
        raise RuntimeError(
            f"{called()}: a value that can be read was required; this one is being "
            "computed in memory that its operands leave, in the thread that a "
            "finalizer has interrupted"
        )
    nodes = events(trace)[: value.number + 1]
    entered = sum(node.op is LEAF for node in nodes)
    leaves = [leaf.buffer for leaf in trace.leaves[:entered]]
    alive = [False] * value.number + [True]
    try:
        outputs = interpret(nodes, outline_of(nodes, alive), leaves, trace.scalars)
    except Unfinished as unfinished:
        raise unfinished.error from unfinished.error.__cause__
    value.buffer = outputs[value.number]


def _compute(trace: Trace) -> None:
    key, leaves = _survey(trace)
    trace.donating = 1 in key[len(trace.values) :]
    waiting = SIGNALS if trace.donating or not _native else BUT_CTRL_C
    run_whole(_run, trace, key, leaves, waiting=waiting)


def _run(trace: Trace, key: bytes, leaves: list[Any]) -> None:
    count = len(trace.values)
    counters.add_flush(count - len(leaves))
    watcher = watchers.get(id(trace)) if watchers else None
    if watcher is not None:  # before the scalars are read, which it makes plain
        alive = tuple(map(bool, key[:count]))
        watcher.flushing(trace, alive, _donated(trace, key))
    try:
        outputs = _outputs(trace, key, leaves)
        if watcher is not None:
            watcher.flushed(outputs)
    except Unfinished as unfinished:
        # What cannot be computed is lost, and what depends on it; all else is not.
        _lose(trace, unfinished)
        raise unfinished.error from unfinished.error.__cause__
    except Exception:
        _hand_out_all(trace, {})
        raise
    except BaseException:
        if 1 in key[count:]:
            _hand_out_all(trace, {})
        raise
    if trace.histories or trace.aliases:
        _hand_out_all(trace, outputs)
    elif _native:
        _native[0].settle(trace, outputs)
    else:
        _hand_out(trace, outputs)


def _outputs(trace: Trace, key: bytes, leaves: list[Any]) -> dict[int, Any]:
    """Compute what a key says of a trace, by number."""
    node, scalars = trace.node, trace.scalars
    alive = key[: len(trace.values)]
    if config.tier == "numpy" or trace.loud:
        listener = Listener(trace.loud) if trace.loud else None
        nodes = events(trace)
        outline = outline_of(nodes, [*map(bool, alive)])
        return interpret(nodes, outline, leaves, scalars, listener)
    known, shifts = node.known(key), shifts_of(trace)
    if known is None:
        wanted = tuple(map(bool, alive))
        plan = ColdPlan(events(trace), wanted, _donated(trace, key), shifts)
        known = node.learn(key, plan)
    outputs: dict[int, Any] | None
    if known.plan.shifts == shifts:
        outputs = known.plan.run(leaves, scalars)
    else:
        outputs = known.plan.run_elsewhere(
            partial(events, trace), shifts, leaves, scalars
        )
    if outputs is None:  # it has to be planned as it is
        settle(trace)
        if trace.node is node:
            node.forget(key)
        return _outputs(trace, key, leaves)
    if _native:
        straight = known.plan.straight()
        if known.plan.frame is not None:  # looked at, and set, before what needs it
            known.frame = known.plan.frame
        known.straight = straight
        known.cold = known.plan.cold
    return outputs


def _donated(trace: Trace, key: bytes) -> frozenset[int]:
    """The numbers of the leaves whose memory may be overwritten."""
    numbers = [trace.leaf_numbers[id(leaf)] for leaf in trace.leaves]
    flags = zip(numbers, key[len(trace.values) :], strict=True)
    return frozenset(number for number, free in flags if free)


def _hand_out(trace: Trace, outputs: dict[int, Any]) -> None:
    """Give values their buffers; nobody holds those that are no outputs."""
    values = trace.values
    for number, buffer in outputs.items():
        value = values[number]
        value.buffer, value.trace = buffer, None
    renew(trace)


def _hand_out_all(trace: Trace, outputs: dict[int, Any]) -> None:
    """Give values their buffers; the others are lost, or can be recorded again."""
    for value in (*trace.values, *trace.aliases):
        if value.buffer is None:
            # In this order: another thread takes a value with neither for a lost one.
            value.buffer = outputs.get(value.number)
            value.trace = None
    renew(trace)


def _lose(trace: Trace, unfinished: Unfinished) -> None:
    """Give values their buffers, and note of the others why they have none."""
    outputs = unfinished.outputs
    error = same_kind(unfinished.error, str(unfinished.error))  # of no frames
    values = [x for x in (*trace.values, *trace.aliases) if x.buffer is None]
    _lost.update((x, error) for x in values if x.number not in outputs)
    _hand_out_all(trace, outputs)


def _left_behind(trace: Trace) -> None:
    """Give up a trace that another thread was flushing when this process was forked."""
    why = "another thread was computing it when this process was forked"
    _lose(trace, Unfinished(RuntimeError(why), {}))
    trace.flushing = trace.donating = False


def failed(trace: Trace) -> None:
    """Give up a trace of which a kernel failed after it had overwritten memory."""
    _hand_out_all(trace, {})
    raise RuntimeError("flush: status 0 was required; a kernel gave another")


class Native(NamedTuple):
    """Functions of native code that do what some of this module do.

    ``survey(trace)`` is `_survey` for values without histories and aliases, or None;
    ``settle(trace, outputs)`` is `_hand_out`, which no interrupt can cut; and
    ``flush(trace)`` is `flush`, where the present thread's trace has been flushed in
    this way before: it says whether it did. So does ``evaluate(arrays)``, which is
    `engine.eval` of handles.
    """

    flush: Callable[[Trace], bool]
    survey: Callable[[Trace], tuple[bytes, list[Any]] | None]
    settle: Callable[[Trace, dict[int, Any]], None]
    evaluate: Callable[[tuple[Any, ...]], bool]


_native: list[Native] = []


def use_native(functions: Native | None) -> None:
    """Let native code do what it can of a flush, or none."""
    _native[:] = [] if functions is None else [functions]


def evaluated(arrays: tuple[Any, ...]) -> bool:
    """Whether native code could compute all arrays."""
    return bool(_native) and _native[0].evaluate(arrays)


def _survey(trace: Trace) -> tuple[bytes, list[Any]]:
    """What a plan depends on, and the buffers of the leaves.

    A byte for each value: whether it is to be computed; a byte for each leaf: whether
    its memory may be overwritten.
    """
    if _native and not trace.histories and not trace.aliases:
        found = _native[0].survey(trace)
        if found is not None:
            return found
    alive = live_values(trace)
    donated = donated_leaves(trace)  # before anything else here refers to buffers
    numbers = trace.leaf_numbers
    free = [numbers[id(leaf)] in donated for leaf in trace.leaves]
    return bytes(alive) + bytes(free), [leaf.buffer for leaf in trace.leaves]


_lost: weakref.WeakKeyDictionary[Value, Exception] = weakref.WeakKeyDictionary()
"""Why values are lost: whoever asks for one hears of that."""


def _of_lost(value: Value) -> Exception:
    """The error of a look at a lost value, of the same kind as the first one."""
    what = (
        f"{called()}: a value that can be computed was required; this one was lost "
        "when an earlier computation failed"
    )
    error = _lost.get(value)
    if error is None:
        return RuntimeError(what)
    return same_kind(error, f"{what}: {error}")


def _record_again(value: Value) -> None:
    """Record the history of a value whose memory was not kept, oldest event first."""
    stack = [value]
    while stack:
        top = stack[-1]
        if top.buffer is not None or top.trace is not None:
            stack.pop()
            continue
        history = top.history  # read once: another thread may let it go
        if history is None or isinstance(history.op, Marker):
            if not wait_for(top, PATIENCE if current_trace().flushes else -1):
                raise _of_lost(top)
            continue
        missing = [
            x
            for x in history.inputs
            if type(x) is Value and x.buffer is None and x.trace is None
        ]
        if missing:
            stack.extend(missing)
            continue
        again = record(history.op, history.inputs, history.attributes)
        trace = current_trace()
        with trace.lock:  # another thread may run it
            _recorded_again(again, top, trace)
        stack.pop()


def _recorded_again(again: Value, lost: Value, trace: Trace) -> None:
    """Let a lost value be one that was recorded again, unless it is another already.

    Several threads may need it at once: it is pending in the trace of the first.
    """
    if lost.buffer is not None or lost.trace is not None:
        return
    if again.trace is trace:
        trace.values[again.number] = lost
        trace.histories = True
        lost.number, lost.trace = again.number, trace
    else:
        lost.buffer = again.buffer


class _Executor:
    """The functions of this module that recording calls."""

    ready = staticmethod(ready)
    flush = staticmethod(flush)


set_executor(_Executor())
