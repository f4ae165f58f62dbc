"""Looks at arrays: their elements, computed where they are pending.

`engine.array` and `engine.evaluation` say what they mean. Here are handles that show a
value as it is, not a part of it, and traces that were flushed in this way before.
"""

from __future__ import annotations

from .flushing import flushed
from .handles import FACE, OTHER, PYTHON, at_hand, is_tensor
from .language import load, load_byte, reserve, slot, state, store
from .macros import DecRef, IncRef, ListItem, ListSize, TupleItem, TupleSize
from .matching import RECIPE_DTYPE, RECIPE_SHAPE, field, has, kind
from .python import Call, DictSize
from .settling import DONE, FAILED, LEFT


def settled(value: int) -> int:
    """Compute a value, if that can be done here: what `flushed` answers."""
    if has(value + slot.value_buffer):
        return DONE
    trace = load(value + slot.value_trace)
    if trace == state.none:
        return LEFT
    done = flushed(trace)
    if done == DONE and not has(value + slot.value_buffer):
        return LEFT
    return done


def computed(self: int, nothing: int, entry: int) -> int:
    """``self.computed()``: the computed elements, for reading."""
    items = reserve(1)
    value = 0
    if kind(self) == load(entry + FACE) and DictSize(state.watchers) == 0:
        value = at_hand(self)
    if value != 0:
        IncRef(value)
        done = settled(value)
        buffer = load(value + slot.value_buffer)
        if done == DONE and kind(buffer) != state.array_type:
            done = LEFT
        if done == DONE:
            IncRef(buffer)
        DecRef(value)
        if done == DONE:
            return buffer
        if done == FAILED:
            return 0
    store(items, self)
    return Call(load(entry + PYTHON), items, 1, 0)


def truth(self: int, nothing: int, entry: int) -> int:
    """``bool(self)`` of an array of one bool, without axes."""
    items = reserve(1)
    recipe = field(self + slot.array_recipe, state.recipe_type)
    known = kind(self) == load(entry + FACE) and recipe != 0
    known = known and TupleItem(recipe, RECIPE_DTYPE) == state.bool_dtype
    if known and TupleSize(TupleItem(recipe, RECIPE_SHAPE)) == 0:
        buffer = computed(self, 0, load(entry + OTHER))
        if buffer == 0:
            return 0
        answer = state.false
        if load_byte(load(buffer + slot.buffer_data)):
            answer = state.true
        DecRef(buffer)
        IncRef(answer)
        return answer
    store(items, self)
    return Call(load(entry + PYTHON), items, 1, 0)


def evaluate(self: int, arrays: int) -> int:
    """``evaluate(arrays)``: whether all arrays of a tuple could be computed here.

    Among them may be lists of arrays.
    """
    count = TupleSize(arrays)
    done = DONE
    i = 0
    while done == DONE and i < count:
        thing = TupleItem(arrays, i)
        if kind(thing) == state.list_type:
            done = settled_all(thing)
        else:
            done = settled_handle(thing)
        i += 1
    if done == FAILED:
        return 0
    answer = state.false
    if done == DONE:
        answer = state.true
    IncRef(answer)
    return answer


def settled_all(handles: int) -> int:
    """Compute what the handles of a list show: what `flushed` answers."""
    done = DONE
    i = 0
    while done == DONE and i < ListSize(handles):
        handle = ListItem(handles, i)
        IncRef(handle)  # another thread may change the list while this one computes
        done = settled_handle(handle)
        DecRef(handle)
        i += 1
    return done


def settled_handle(handle: int) -> int:
    """Compute what a handle shows: what `flushed` answers."""
    value = 0
    if kind(handle) == state.ndarray_type or is_tensor(handle):
        value = at_hand(handle)
    if value == 0:
        return LEFT
    IncRef(value)
    done = settled(value)
    DecRef(value)
    return done
