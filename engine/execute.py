"""Execution: what is alive at a flush is computed, by a plan or by the interpreter."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from engine import counters
from engine.config import config
from engine.ops.op import Op
from engine.recipe import strided
from engine.record.node import LEAF, Node
from engine.record.trace import Trace, current_trace, record, renew, set_executor
from engine.record.value import History, Marker, Value

if TYPE_CHECKING:
    from engine.program import Step

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
    """The buffers of values, after a flush when one of them is pending."""
    for value in values:
        if value.buffer is None:
            ready(value, current_trace())
        pending = value.trace
        if pending is not None:
            flush(pending)
    buffers = [value.buffer for value in values]
    assert all(buffer is not None for buffer in buffers)
    return buffers  # type: ignore[return-value]


def flush(trace: Trace) -> None:
    """Compute every live value of a trace and start it anew."""
    with trace.lock:
        if not trace.values or trace.flushing:
            return
        trace.flushing = True
        try:
            _run(trace)
        finally:
            trace.flushing = False


def _run(trace: Trace) -> None:
    counters.add("synchronisations")
    counters.add("ops_recorded", len(trace.values) - len(trace.leaves))
    saved = live_values(trace)
    donated = donated_leaves(trace, saved)
    alive = tuple(saved)
    key = (alive, donated, config.tier == "numpy")
    leaves = [leaf.buffer for leaf in trace.leaves]
    node, values, scalars = trace.node, trace.values, trace.scalars
    try:
        if config.tier == "numpy":
            outputs = interpret(node.path(), alive, leaves, scalars)
        else:
            from engine.plan import ColdPlan  # plan imports this module

            plan = node.plans.get(key)
            if plan is None:
                plan = node.plans[key] = ColdPlan(node.path(), alive, donated)
            outputs = plan.run(leaves, scalars)
    except BaseException:
        # What cannot be computed is lost; the leaves and everything earlier are not.
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


def donated_leaves(trace: Trace, saved: list[bool]) -> frozenset[int]:
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


def _only_ours(buffer: Array) -> bool:
    # The value's slot, donated_leaves' variable, our argument, getrefcount's.
    return sys.getrefcount(buffer) <= 4 and buffer.flags.writeable


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
                "evaluate: a value that can be computed was required; this one was "
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


# -- the interpreter ------------------------------------------------------------------
def interpret(
    nodes: Sequence[Node],
    alive: Sequence[bool],
    leaves: Sequence[Array | None],
    scalars: Sequence[Any],
) -> dict[int, Array]:
    """Run nodes one by one with their NumPy references: the backend ``numpy``.

    Returns the buffers of the alive values by number. An update writes into its base
    when that was made here and nobody reads it later.
    """
    last = last_uses(nodes, alive)
    needed = needed_values(nodes, alive)
    environment: dict[int, Array] = {}
    entering = iter(leaves)
    for i, node in enumerate(nodes):
        if node.op is LEAF:
            leaf = next(entering)
            if needed[i]:
                assert leaf is not None
                environment[i] = leaf
            continue
        if not needed[i]:
            continue
        own = [
            k
            for k in node.operands[:1]
            if k >= 0 and last[k] == i and nodes[k].op is not LEAF and not alive[k]
        ]
        environment[i] = evaluate_node(node, environment, scalars, bool(own))
        for k in {k for k in node.operands if k >= 0 and last[k] == i}:
            if not alive[k]:
                del environment[k]
    return {i: environment[i] for i, wanted in enumerate(alive) if wanted}


def needed_values(nodes: Sequence[Node], alive: Sequence[bool]) -> list[bool]:
    """Which values an alive one is computed from."""
    needed = list(alive)
    for i in range(len(nodes) - 1, -1, -1):
        if needed[i]:
            for k in nodes[i].operands:
                if k >= 0:
                    needed[k] = True
    return needed


def last_uses(nodes: Sequence[Node], alive: Sequence[bool]) -> list[int]:
    """For each value the number of the last needed node that reads it."""
    needed = needed_values(nodes, alive)
    last = [-1] * len(nodes)
    for i, node in enumerate(nodes):
        if needed[i]:
            for k in node.operands:
                if k >= 0:
                    last[k] = i
    return last


def evaluate_node(
    node: Node,
    environment: dict[int, Array],
    scalars: Sequence[Any],
    overwrite: bool = False,
) -> Array:
    """One node by its reference; `overwrite`: the first operand's memory is free."""
    counters.add("interpreted_ops")
    typed = iter(node.scalars)
    inputs = [
        environment[k] if k >= 0 else next(typed).type(scalars[~k])
        for k in node.operands
    ]
    return call_reference(node, inputs, overwrite)


def call_reference(node: Node | Step, inputs: list[Any], overwrite: bool) -> Array:
    """The result of a node's reference, as an array of its own or in the first input.

    Raises what the reference raises, with the user's line.
    """
    op: Op = node.op
    with np.errstate(all="ignore"):
        if overwrite and op.name in IN_PLACE and inputs[0].flags.writeable:
            IN_PLACE[op.name](*inputs, *node.attributes)
            written: Array = inputs[0]
            return written
        try:
            result = op.reference(*inputs, *node.attributes)
        except Exception as error:
            raise late_error(error, node) from error
    return own_array(result, node, inputs)


def late_error(error: Exception, node: Node | Step) -> Exception:
    """The same error, with the user's line that recorded the op."""
    message = f"{node.op.name}: {error}; recorded at {node.line}"
    try:
        return type(error)(message)
    except TypeError:  # an exception class with a signature of its own
        return RuntimeError(message)


def own_array(result: Any, node: Node | Step, inputs: Sequence[Any]) -> Array:
    """A result as a C-contiguous array that shares no memory with the operands."""
    array = np.asarray(result, dtype=node.dtype, order="C").reshape(node.shape)
    if not (array.flags.c_contiguous and array.flags.writeable) or any(
        isinstance(x, np.ndarray) and np.may_share_memory(array, x) for x in inputs
    ):
        return array.copy()
    return array


def _update_in_place(base: Array, value: Array, recipe: Any) -> None:
    if recipe.size:
        strided(base.reshape(-1), recipe)[...] = value


def _update_add_in_place(base: Array, value: Array, recipe: Any) -> None:
    if recipe.size:
        strided(base.reshape(-1), recipe)[...] += value


def _put_in_place(base: Array, positions: Array, value: Array) -> None:
    base.reshape(-1)[positions] = value


def _put_add_in_place(base: Array, positions: Array, value: Array) -> None:
    np.add.at(base.reshape(-1), positions.reshape(-1), value.reshape(-1))


IN_PLACE = {
    "update": _update_in_place,
    "update_add": _update_add_in_place,
    "put": _put_in_place,
    "put_add": _put_add_in_place,
}


class _Executor:
    """The functions of this module that recording calls."""

    ready = staticmethod(ready)
    flush = staticmethod(flush)


set_executor(_Executor())
