"""Calls of functions that are recorded at once where they were called before.

`engine.torch.once` says what they mean. Here are calls like those that were noted where
the trace stands; all others are left to Python.
"""

from __future__ import annotations

from .handles import at_hand, wrapped
from .language import load, slot, state
from .macros import DecRef, IncRef, IntAs, ListAppend, ListItem, TupleItem, TupleSize
from .matching import forget_error, has, kind, same_attribute
from .python import Call, DictItem, DictSize, ErrClear, FloatAs, ListNew, TextCompare
from .recording import with_self
from .splicing import LINE, RESULTS, append_again
from .threads import current

ARGUMENTS, GRADS, PASSAGE = 0, 1, 2
"""The items of `Call`."""


def call_once(self: int, given: int, count: int, names: int) -> int:
    """``Once.__call__(*arguments)``."""
    if names == 0 and DictSize(state.watchers) == 0:
        result = wrapped(state.tensor_type, called_again(self, given, count))
        if result != 0:
            return result
    return with_self(state.call_once, self, given, count, names)


def called_again(self: int, given: int, count: int) -> int:
    """The result of a call like one that was noted where the trace stands, or 0."""
    trace = current()
    if trace == 0:
        return 0
    noted = load(load(trace + slot.trace_node) + slot.node_passages)
    if noted == state.none:
        return 0
    calls = DictItem(noted, self)
    result = 0
    IncRef(calls)
    i = 0
    while calls != 0 and result == 0 and i < TupleSize(calls):
        call = TupleItem(calls, i)
        if is_alike(trace, call, given, count):
            result = value_again(call, given, count)
        i += 1
    DecRef(calls)
    return result


def is_alike(trace: int, call: int, given: int, count: int) -> int:
    """Whether arguments are like those of a call, and gradients recorded as in it."""
    known = TupleItem(call, ARGUMENTS)
    grads = TupleItem(call, GRADS)
    recorded = load(trace + slot.trace_grad) == state.true
    if TupleSize(known) != count or recorded != (grads != state.none):
        return 0
    tensors = 0
    i = 0
    while i < count:
        thing = load(given + 8 * i)
        if kind(thing) == TupleItem(known, i):
            value = at_hand(thing)
            if value == 0:
                return 0
            if recorded:
                has_one = has(value + slot.value_history)
                if has_one != (TupleItem(grads, tensors) == state.true):
                    return 0
            tensors += 1
        elif not same_argument(TupleItem(known, i), thing):
            return 0
        i += 1
    return 1


def same_argument(known: int, thing: int) -> int:
    """Whether two arguments that are no tensors are the same."""
    if known == thing:
        return 1
    if kind(known) != kind(thing):
        return 0
    if kind(known) == state.float_type:
        return FloatAs(known) == FloatAs(thing)  # their bits: -0.0 is not 0.0
    if kind(known) == state.text_type:
        return TextCompare(known, thing) == 0
    return same_attribute(known, thing)


def value_again(call: int, given: int, count: int) -> int:
    """Record the passage of a call again, on other tensors: the result, or 0."""
    passage = TupleItem(call, PASSAGE)
    if TupleItem(passage, LINE) != state.none and not is_at_line(passage):
        return 0
    pool = ListNew(0)
    result = 0
    done = pool != 0
    i = 0
    while done and i < count:
        thing = load(given + 8 * i)
        if kind(thing) == TupleItem(TupleItem(call, ARGUMENTS), i):
            value = at_hand(thing)
            done = value != 0 and ListAppend(pool, value) >= 0
        i += 1
    if done and append_again(passage, pool, 0):
        result = ListItem(pool, IntAs(TupleItem(TupleItem(passage, RESULTS), 0)))
        IncRef(result)
    DecRef(pool)
    if result == 0:
        ErrClear()
    return result


def is_at_line(passage: int) -> int:
    """Whether the user's line is the one that a passage was recorded at."""
    line = Call(state.user_line, 0, 0, 0)
    if line == 0:
        forget_error()
        return 0
    same = TextCompare(line, TupleItem(passage, LINE)) == 0
    DecRef(line)
    return same
