"""What takes time when a stretch of events is recorded at once, see `record.splice`.

Values with histories are made, and histories are compared, one by one. Nothing here
changes a trace; 0 and False mean that Python must do it, from the start.
"""

from __future__ import annotations

from .language import load, slot, state
from .macros import DecRef, IncRef, IntAs, ListAppend, ListItem, TupleItem, TupleSize
from .matching import field, has, kind, put
from .python import ErrClear, ListSet, TupleNew, TupleSet
from .recording import dated, new_history
from .recycling import fresh

NODE, PLACE, INPUTS = 0, 1, 2
"""The items of `Made`."""

AT, OP, ATTRIBUTES, HAS_CELL, ARITY, FRESH, KNOWN, NUMBERS = 0, 1, 2, 3, 4, 5, 6, 7
"""The items of `Step`."""

LAST = (1 << 63) - 1
"""The largest number: all events come before it."""


def answer(done: int) -> int:
    """True or False, for Python."""
    ErrClear()
    result = state.false
    if done:
        result = state.true
    IncRef(result)
    return result


def make_values(self: int, given: int, count: int, names: int) -> int:
    """``make_values(trace, made, pool, stretch)``: whether all values could be made.

    Each is put at the end of the pool, and at its place in the stretch.
    """
    if count != 4 or names != 0:
        return answer(0)
    made = load(given + 8)
    done = 1
    i = 0
    while done and i < TupleSize(made):
        spec = TupleItem(made, i)
        done = make_value(load(given), spec, load(given + 16), load(given + 24))
        i += 1
    return answer(done)


def make_value(trace: int, spec: int, pool: int, stretch: int) -> int:
    """The value of one event, with its history."""
    node = TupleItem(spec, NODE)
    history = 0
    if TupleItem(spec, INPUTS) != state.none:
        inputs = picked(pool, TupleItem(spec, INPUTS))
        if inputs == 0:
            return 0
        history = new_history(load(node + slot.node_op), inputs)
        DecRef(inputs)
        if history == 0:
            return 0
        if not dated(history, node):
            DecRef(history)
            return 0
    value = fresh(state.value_row)
    if value == 0:
        DecRef(history)
        return 0
    put(value + slot.value_dtype, load(node + slot.node_dtype))
    put(value + slot.value_shape, load(node + slot.node_shape))
    put(value + slot.value_layout, load(node + slot.node_layout))
    put(value + slot.value_device, load(node + slot.node_device))
    put(value + slot.value_number, load(node + slot.node_number))
    put(value + slot.value_trace, trace)
    put(value + slot.value_buffer, state.none)
    if history != 0:
        put(value + slot.value_history, history)
        DecRef(history)
    else:
        put(value + slot.value_history, state.none)
    if ListAppend(pool, value) < 0:
        DecRef(value)
        return 0
    return ListSet(stretch, IntAs(TupleItem(spec, PLACE)), value) >= 0


def picked(pool: int, places: int) -> int:
    """A tuple of things of a pool, or 0."""
    count = TupleSize(places)
    made = TupleNew(count)
    i = 0
    while made != 0 and i < count:
        thing = ListItem(pool, IntAs(TupleItem(places, i)))
        if thing == 0:
            DecRef(made)
            return 0
        IncRef(thing)
        TupleSet(made, i, thing)
        i += 1
    return made


def follow_steps(self: int, given: int, count: int, names: int) -> int:
    """``follow_steps(table, steps)``: whether the histories are known to be the steps'.

    The table is filled with the values that are come upon.
    """
    if count != 2 or names != 0:
        return answer(0)
    table = load(given)
    steps = load(given + 8)
    before = LAST
    i = 0
    while before >= 0 and i < TupleSize(steps):
        before = follow_step(table, TupleItem(steps, i), before)
        i += 1
    return answer(before >= 0)


def follow_step(table: int, step: int, before: int) -> int:
    """The number of a history in the sequence of all; -1 where it may be another."""
    value = ListItem(table, IntAs(TupleItem(step, AT)))
    if value == 0 or kind(value) != state.value_type:
        return -1
    history = field(value + slot.value_history, state.history_type)
    if history == 0 or load(history + slot.history_op) != TupleItem(step, OP):
        return -1
    if load(history + slot.history_attributes) != TupleItem(step, ATTRIBUTES):
        return -1
    if has(history + slot.history_cell) != (TupleItem(step, HAS_CELL) == state.true):
        return -1
    sequence = IntAs(load(history + slot.history_sequence))
    inputs = field(history + slot.history_inputs, state.tuple_type)
    if sequence >= before or inputs == 0:
        return -1
    if TupleSize(inputs) != IntAs(TupleItem(step, ARITY)):
        return -1
    if not enter_fresh(table, inputs, TupleItem(step, FRESH)):
        return -1
    if not agree_with(table, inputs, TupleItem(step, KNOWN)):
        return -1
    if not same_numbers(inputs, TupleItem(step, NUMBERS)):
        return -1
    return sequence


def enter_fresh(table: int, inputs: int, fresh: int) -> int:
    """Put the inputs at some positions into the table; all have to be values."""
    i = 0
    while i < TupleSize(fresh):
        thing = TupleItem(inputs, IntAs(TupleItem(fresh, i)))
        if kind(thing) != state.value_type or ListAppend(table, thing) < 0:
            return 0
        i += 1
    return 1


def agree_with(table: int, inputs: int, known: int) -> int:
    """Whether the inputs at some positions are the values of given places."""
    i = 0
    while i < TupleSize(known):
        pair = TupleItem(known, i)
        thing = TupleItem(inputs, IntAs(TupleItem(pair, 0)))
        if thing != ListItem(table, IntAs(TupleItem(pair, 1))):
            return 0
        i += 1
    return 1


def same_numbers(inputs: int, numbers: int) -> int:
    """Whether the inputs at some positions are these very numbers."""
    i = 0
    while i < TupleSize(numbers):
        pair = TupleItem(numbers, i)
        if TupleItem(inputs, IntAs(TupleItem(pair, 0))) != TupleItem(pair, 1):
            return 0
        i += 1
    return 1
