"""What macros of CPython's do, where a call would cost more than its work.

References, and the items of tuples and lists. `objects` finds where the fields are.
"""

from __future__ import annotations

from .language import inline, load, load_half, slot, store
from .python import Dealloc, IntOf, ListGrow


@inline
def IncRef(thing: int) -> int:
    """One reference more to an object, or nothing to do for 0."""
    if thing == 0:
        return 0
    count = load(thing)
    if count & slot.immortal:
        return 0
    store(thing, count + 1)
    return 0


@inline
def DecRef(thing: int) -> int:
    """One reference less to an object, or nothing to do for 0."""
    if thing == 0:
        return 0
    count = load(thing) - 1
    if count & slot.immortal:
        return 0
    store(thing, count)
    if count == 0:
        Dealloc(thing)
    return 0


@inline
def TupleSize(thing: int) -> int:
    """The number of items of a tuple."""
    return load(thing + slot.tuple_size)


@inline
def TupleItem(thing: int, i: int) -> int:
    """An item of a tuple (borrowed)."""
    if i < 0 or i >= load(thing + slot.tuple_size):
        return 0
    return load(thing + slot.tuple_items + 8 * i)


@inline
def ListSize(thing: int) -> int:
    """The number of items of a list."""
    return load(thing + slot.list_size)


@inline
def ListItem(thing: int, i: int) -> int:
    """An item of a list (borrowed)."""
    if i < 0 or i >= load(thing + slot.list_size):
        return 0
    return load(load(thing + slot.list_items) + 8 * i)


@inline
def ListAppend(thing: int, item: int) -> int:
    """Put an item at the end of a list: 0, or -1 with an error."""
    count = load(thing + slot.list_size)
    if count >= load(thing + slot.list_room):
        return ListGrow(thing, item)
    IncRef(item)
    store(load(thing + slot.list_items) + 8 * count, item)
    store(thing + slot.list_size, count + 1)
    return 0


@inline
def IntAs(thing: int) -> int:
    """An integer as a word; -1 with an error where it is none, or too large."""
    if load(thing + slot.int_tag) == slot.int_one_digit:
        return load_half(thing + slot.int_digit)
    if load(thing + slot.int_tag) == slot.int_zero:
        return 0
    return IntElse(thing)


def IntElse(thing: int) -> int:
    """`IntAs` of an integer below zero, or of more than one digit."""
    if load(thing + slot.int_tag) == slot.int_negative:
        return -load_half(thing + slot.int_digit)
    return IntOf(thing)
