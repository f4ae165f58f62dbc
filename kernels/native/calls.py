"""Methods that record the same events each time: reductions, means, variances.

What ``x.var()`` records depends on the layout of `x` and on the axis alone. Python says
once which events those are (`engine.native`), as steps on the value of `x`; then they
are recorded from here, if the path goes on with them as it did the last time.
"""

from __future__ import annotations

from .handles import FACE, PYTHON, at_hand, is_plain, wrapped
from .language import load, reserve, slot, state, store
from .macros import DecRef, IncRef, IntAs, ListSize, TupleItem, TupleSize
from .matching import forget_error, has, kind, same_attributes
from .python import Call, IntFrom
from .recording import current, follow, with_self
from .subscripts import described_part, region, remember

STEPS = 24
"""A call that records more events is left to Python."""


def reduced(self: int, given: int, count: int, names: int, entry: int) -> int:
    """``self.name()`` or ``self.name(axis)``."""
    python = load(entry + PYTHON)
    parts = reserve(4)
    value = 0
    plain = names == 0 and kind(self) == load(entry + FACE)
    if plain and is_axis(given, count, parts):
        value = at_hand(self)
    if value == 0:
        return with_self(python, self, given, count, names)
    layout = load(value + slot.value_layout)
    IncRef(value)
    known = region(layout, entry, parts, 1)
    result = 0
    if known != 0:
        IncRef(known)
        result = wrapped(load(entry + FACE), replay(known, value))
        DecRef(known)
    if result == 0 and known == 0:
        result = noted(self, given, count, entry, value, parts)
    elif result == 0:
        result = with_self(python, self, given, count, names)
    DecRef(value)
    return result


def is_axis(given: int, count: int, parts: int) -> int:
    """Describe the arguments of a call, if they are none or one integer."""
    if count == 1:
        return kind(load(given)) == state.int_type and described_part(
            load(given), parts
        )
    store(parts, 3)
    store(parts + 8, 0)
    store(parts + 16, 0)
    store(parts + 24, 0)
    return count == 0


def noted(self: int, given: int, count: int, entry: int, value: int, parts: int) -> int:
    """Let Python do a call, and remember what it has recorded."""
    trace = current()
    if trace == 0:
        return with_self(load(entry + PYTHON), self, given, count, 0)
    IncRef(trace)
    values = load(trace + slot.trace_values)
    before = ListSize(values)
    IncRef(values)
    result = with_self(load(entry + PYTHON), self, given, count, 0)
    same = load(trace + slot.trace_values) == values
    DecRef(values)
    if result != 0 and same and is_wrapped(result, load(entry + FACE)):
        items = reserve(4)
        store(items, trace)
        store(items + 8, IntFrom(before))
        store(items + 16, value)
        store(items + 24, load(result + slot.array_value))
        steps = Call(state.steps_of, items, 4, 0)
        DecRef(load(items + 8))
        if steps == 0:
            forget_error()
        elif steps != state.none:
            remember(load(value + slot.value_layout), entry, parts, 1, steps)
        DecRef(steps)
    DecRef(trace)
    return result


def is_wrapped(result: int, face: int) -> int:
    """Whether `wrapped` would make such a handle of its value."""
    if kind(result) != face or not is_plain(result):
        return 0
    value = load(result + slot.array_value)
    scalar = face == state.ndarray_type and not TupleSize(
        load(value + slot.value_shape)
    )
    is_scalar = load(result + slot.array_scalar) == state.true
    is_writeable = load(result + slot.array_writeable) == state.true
    return is_scalar == scalar and is_writeable != scalar


def replay(steps: int, value: int) -> int:
    """Record steps on a value, all or none; the last result, or 0."""
    values = reserve(25)
    if TupleSize(steps) > STEPS or not goes_on(steps, value):
        return 0
    store(values, value)
    return play(steps, values, 1)


def play(steps: int, values: int, given: int) -> int:
    """Record steps on some values; the last result, or 0.

    In `values` there is room for a result of each step behind those that are given. The
    given ones, and the steps, are held by the caller.
    """
    items = reserve(8)
    count = TupleSize(steps)
    if count > STEPS:
        return 0
    done = 0
    whole = 1
    while whole and done < count:
        step = TupleItem(steps, done)
        operands = TupleItem(step, 2)
        i = 0
        while i < TupleSize(operands):
            thing = TupleItem(operands, i)
            if kind(thing) == state.int_type:
                thing = load(values + 8 * IntAs(thing))
            store(items + 8 * i, thing)
            i += 1
        made = follow(
            TupleItem(step, 0), TupleItem(step, 1), 0, items, TupleSize(operands), 0
        )
        if made == 0:
            whole = 0
        else:
            store(values + 8 * (given + done), made)
            done += 1
    result = 0
    if whole and done > 0:
        done -= 1
        result = load(values + 8 * (given + done))
    while done > 0:
        done -= 1
        DecRef(load(values + 8 * (given + done)))
    return result


def goes_on(steps: int, value: int) -> int:
    """Whether the path went on with these steps the last time."""
    trace = current()
    if trace == 0:
        return 0
    node = load(load(trace + slot.trace_node) + slot.node_last)
    enters = has(value + slot.value_buffer) and node != state.none
    if enters and load(node + slot.node_op) == state.leaf_op:
        node = load(node + slot.node_last)
    i = 0
    while i < TupleSize(steps):
        step = TupleItem(steps, i)
        if node == state.none or load(node + slot.node_op) != TupleItem(step, 0):
            return 0
        if not same_attributes(
            load(node + slot.node_attributes), TupleItem(step, 1), 0
        ):
            return 0
        node = load(node + slot.node_last)
        i += 1
    return 1
