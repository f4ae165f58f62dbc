"""Functions of the NumPy face that record the same events each time.

Ranges of integers, joins, what indices pick, products of matrices: what they record
depends on their arguments, and on the dtypes and shapes of arrays among them. All else
is left to Python, which is told so by None.
"""

from __future__ import annotations

from .calls import PARTS, STEPS, play
from .casting import follow_cast
from .handles import (
    FACE,
    OP,
    PYTHON,
    base_of,
    in_c_order,
    is_plain,
    shown,
    wrapped,
)
from .language import load, reserve, slot, state, store
from .macros import DecRef, IncRef, IntAs, ListItem, ListSize, TupleItem, TupleSize
from .matching import (
    RECIPE_DTYPE,
    RECIPE_SHAPE,
    drop_items,
    has,
    hold_items,
    kind,
    put_item,
)
from .python import Call, DictItem, ErrClear, ErrOccurred, IntFrom, TupleNew
from .recording import follow

FAR = 1 << 31
"""Bounds of ranges are nearer to 0."""


ROOM = PARTS + STEPS
"""What is given and what each step makes, see `play`."""


def nothing() -> int:
    """None, for Python to do it."""
    IncRef(state.none)
    return state.none


def bound_of(thing: int, default: int) -> int:
    """A bound of a range, `FAR` for what is no small integer."""
    if thing == state.none:
        return default
    if kind(thing) != state.int_type:
        return FAR
    number = IntAs(thing)
    if number == -1 and ErrOccurred() != 0:
        ErrClear()
        return FAR
    if number >= FAR or number <= -FAR:
        return FAR
    return number


def count_between(start: int, stop: int, step: int) -> int:
    """How many numbers there are from one to below another one."""
    if step > 0 and stop > start:
        return (stop - start + step - 1) // step
    if step < 0 and stop < start:
        return (start - stop - step - 1) // -step
    return 0


def counted(self: int, given: int, count: int, names: int) -> int:
    """``counted(start, stop, step)``: `arange` of small integers, or None."""
    if count != 3 or names != 0 or load(given) == state.none:
        return nothing()
    begin = load(given)
    start = bound_of(begin, 0)
    stop = bound_of(load(given + 8), FAR)
    step = bound_of(load(given + 16), 1)
    if load(given + 8) == state.none:
        stop = start
        start = 0
    if start == FAR or stop == FAR or step == FAR or step == 0:
        return nothing()
    numbers = count_between(start, stop, step)
    length = IntFrom(numbers)
    if length == 0:
        ErrClear()
        return nothing()
    items = reserve(2)
    value = follow(state.iota_op, 0, length, items, 0, 0)
    DecRef(length)
    if value != 0 and step != 1 and numbers > 1:
        value = changed(state.multiply_op, value, load(given + 16))
    if value != 0 and start != 0:
        value = changed(state.add_op, value, begin)
    result = wrapped(state.ndarray_type, value)
    if result == 0:
        return nothing()
    return result


def changed(op: int, value: int, number: int) -> int:
    """A value (a reference that it takes over) with a number, by an op."""
    items = reserve(2)
    store(items, value)
    store(items + 8, number)
    made = follow(op, 0, 0, items, 2, 0)
    DecRef(value)
    return made


def again(self: int, given: int, count: int, names: int) -> int:
    """``again(arrays, what)``: what was done with such arrays before, or None."""
    if count != 2 or names != 0 or not is_word(load(given + 8)):
        return nothing()
    items = reserve(PARTS)
    parts = parts_of(load(given), items)
    if parts == 0 and load(given) != state.empty:  # what is made of no array
        return nothing()
    result = done_again(load(given + 8), items, parts)
    drop_items(items, parts)
    if result == 0:
        return nothing()
    return result


def played(self: int, given: int, count: int, names: int) -> int:
    """``played(steps, given)``: the result of steps on values and numbers, or None."""
    if count != 2 or names != 0 or kind(load(given)) != state.tuple_type:
        return nothing()
    things = load(given + 8)
    if kind(things) != state.tuple_type or TupleSize(things) > PARTS:
        return nothing()
    values = reserve(ROOM)
    parts = TupleSize(things)
    i = 0
    while i < parts:
        store(values + 8 * i, TupleItem(things, i))
        i += 1
    result = play(load(given), values, parts)
    if result == 0:
        return nothing()
    return result


def done_again(what: int, items: int, parts: int) -> int:
    """What was done with arrays like these, which are in C order; 0 for Python."""
    steps = steps_for(what, items, parts)
    if steps == 0:
        return 0
    result = 0
    values = reserve(ROOM)
    known = read_parts(items, values, parts)
    if known and is_of_host(what):
        known = all_on_host(values, parts)
    if known:
        result = wrapped(state.ndarray_type, play(steps, values, parts))
    drop_items(values, parts)
    DecRef(steps)
    return result


def is_of_host(what: int) -> int:
    """Whether what is done is known of the host alone, see `engine.numpy.quick`."""
    if kind(what) != state.tuple_type:
        return 1
    return TupleSize(what) == 0 or kind(TupleItem(what, 0)) == state.int_type


def picked_again(handle: int, key: int) -> int:
    """What an array of indices that is pending picks, where that is known; or 0."""
    if not is_pending(key):
        return 0
    items = reserve(2)
    store(items, handle)
    store(items + 8, key)
    if not is_in_order(handle) or not is_in_order(key):
        return 0
    hold_items(items, 2)
    result = done_again(state.picked, items, 2)
    drop_items(items, 2)
    return result


def is_pending(handle: int) -> int:
    """Whether the value that a handle shows a part of is yet to be computed."""
    base = base_of(handle)
    return base != 0 and not has(base + slot.value_buffer)


def is_in_order(handle: int) -> int:
    """Whether a handle's axes lie in C order."""
    return is_plain(handle) or in_c_order(handle)


def is_word(what: int) -> int:
    """Whether something is made of integers, strings and None, in tuples of tuples."""
    if kind(what) != state.tuple_type:
        return is_letter(what)
    i = 0
    while i < TupleSize(what):
        part = TupleItem(what, i)
        k = 0
        if kind(part) == state.tuple_type:
            while k < TupleSize(part):
                if not is_letter(TupleItem(part, k)):
                    return 0
                k += 1
        elif not is_letter(part):
            return 0
        i += 1
    return 1


def is_letter(thing: int) -> int:
    """Whether something is an integer, a string or None, of no subclass."""
    if thing == state.none or kind(thing) == state.int_type:
        return 1
    return kind(thing) == state.text_type


def parts_of(arrays: int, items: int) -> int:
    """How many arrays in C order there are; 0 for too many or others.

    They are put into `items`, with references.
    """
    its = kind(arrays)
    parts = 0
    if its == state.list_type:
        parts = ListSize(arrays)
    elif its == state.tuple_type:
        parts = TupleSize(arrays)
    if parts > PARTS:
        return 0
    i = 0
    while i < parts:
        thing = item_of(arrays, i)
        if kind(thing) != state.ndarray_type:
            return 0
        if not is_in_order(thing):
            return 0
        store(items + 8 * i, thing)
        i += 1
    hold_items(items, parts)
    return parts


def item_of(things: int, i: int) -> int:
    """An item of a list or of a tuple (borrowed)."""
    if kind(things) == state.list_type:
        return ListItem(things, i)
    return TupleItem(things, i)


def steps_for(what: int, items: int, parts: int) -> int:
    """The steps that do something with arrays like these; 0 where none are known.

    They are in C order: what is recorded depends on their dtypes and shapes alone.
    """
    key = TupleNew(1 + 2 * parts)
    if key == 0:
        ErrClear()
        return 0
    put_item(key, 0, what)
    i = 0
    while i < parts:
        recipe = load(load(items + 8 * i) + slot.array_recipe)
        put_item(key, 1 + 2 * i, TupleItem(recipe, RECIPE_DTYPE))
        put_item(key, 2 + 2 * i, TupleItem(recipe, RECIPE_SHAPE))
        i += 1
    steps = DictItem(state.known_steps, key)
    IncRef(steps)
    DecRef(key)
    if steps == 0:
        ErrClear()
    return steps


def read_parts(items: int, values: int, parts: int) -> int:
    """Put the values that handles show into `values`; whether all could be read."""
    whole = 1
    i = 0
    while i < parts:
        value = 0
        if whole:
            value = shown(load(items + 8 * i))
            whole = value != 0
        store(values + 8 * i, value)
        i += 1
    return whole


def all_on_host(values: int, count: int) -> int:
    """Whether values are in the memory of the host."""
    i = 0
    while i < count:
        if load(load(values + 8 * i) + slot.value_device) != state.host:
            return 0
        i += 1
    return 1


def product(self: int, other: int, entry: int) -> int:
    """``self @ other``."""
    items = reserve(2)
    store(items, self)
    store(items + 8, other)
    face = load(entry + FACE)
    result = 0
    if kind(self) == face and kind(other) == face:
        values = reserve(2)
        if read_parts(items, values, 2):
            result = wrapped(face, follow_cast(load(entry + OP), values, 2))
        DecRef(load(values))
        DecRef(load(values + 8))
    if result != 0:
        return result
    return Call(load(entry + PYTHON), items, 2, 0)
