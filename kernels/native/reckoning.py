"""The Python numbers of a replayed call: read, counted on, computed from each other.

`engine.capture.numbers` says what they are. Here are those of which no Python code has
a part: floats among the arguments, numbers kept in dicts, functions of C.
"""

from __future__ import annotations

from .language import load, reserve, state, store
from .macros import DecRef, IncRef, IntAs, ListAppend, ListItem, TupleItem, TupleSize
from .matching import kind, number_as
from .python import Call, DictItem, IntFrom, ListSet

SCALARS, CHANGING, NUMBERS, PLACES, SOURCES, STEPS = 14, 15, 16, 17, 18, 19
"""The items of `engine.capture.steady.Steady` that say how."""

WORDS, TABLE, COUNTED, FLOATS = 8, 16, 56, 80
"""The lists that are filled here: scalars of the plan, all numbers, new counts; and the
floats among the arguments."""


def has_reckoned(steady: int, made: int) -> int:
    """Compute the Python numbers of a call; 0 where Python has to."""
    places = TupleItem(steady, CHANGING)
    if TupleSize(places) == 0 and TupleSize(TupleItem(steady, SOURCES)) == 0:
        return 1
    table = load(made + TABLE)
    copy_items(table, TupleItem(steady, NUMBERS))
    i = 0
    while i < TupleSize(TupleItem(steady, PLACES)):
        number = ListItem(load(made + FLOATS), i)
        IncRef(number)
        ListSet(table, IntAs(TupleItem(TupleItem(steady, PLACES), i)), number)
        i += 1
    i = 0
    while i < TupleSize(TupleItem(steady, SOURCES)):
        if not has_read(TupleItem(TupleItem(steady, SOURCES), i), table, made):
            return 0
        i += 1
    i = 0
    while i < TupleSize(TupleItem(steady, STEPS)):
        if not has_stepped(TupleItem(TupleItem(steady, STEPS), i), table):
            return 0
        i += 1
    words = load(made + WORDS)
    copy_items(words, TupleItem(steady, SCALARS))
    i = 0
    while i < TupleSize(places):
        one = TupleItem(places, i)
        number = ListItem(table, IntAs(TupleItem(one, 1)))
        IncRef(number)
        ListSet(words, IntAs(TupleItem(one, 0)), number)
        i += 1
    return 1


def copy_items(target: int, items: int) -> int:
    """Fill a list of that size with the items of a tuple."""
    i = 0
    while i < TupleSize(items):
        IncRef(TupleItem(items, i))
        ListSet(target, i, TupleItem(items, i))
        i += 1
    return 0


def has_read(source: int, table: int, made: int) -> int:
    """Read a number that is kept in a dict: as it is, or counted on."""
    number = DictItem(TupleItem(source, 2), TupleItem(source, 3))
    if number == 0 or not is_exact(number):
        return 0
    IncRef(number)
    if TupleItem(source, 0) == state.true:
        count = IntAs(number)
        whole = kind(number) == state.int_type and count >= 0
        DecRef(number)
        if not whole:
            return 0
        number = IntFrom(count + 1)
        if number == 0 or ListAppend(load(made + COUNTED), number) < 0:
            DecRef(number)
            return 0
    ListSet(table, IntAs(TupleItem(source, 1)), number)
    return 1


def has_stepped(step: int, table: int) -> int:
    """Compute a number from others, by a function of C that takes and gives numbers.

    Without a function it is the number as one of a dtype.
    """
    items = reserve(2)
    first = ListItem(table, IntAs(TupleItem(step, 2)))
    count = 1
    store(items, first)
    if IntAs(TupleItem(step, 3)) >= 0:
        count = 2
        store(items + 8, ListItem(table, IntAs(TupleItem(step, 3))))
    function = TupleItem(step, 1)
    if function == state.none:
        dtype = load(items + 8)
        number = 0
        if kind(first) == state.float_type:
            number = number_as(first, dtype, dtype)
    else:
        number = Call(function, items, count, 0)
    if number == 0:
        return 0
    if not is_exact(number):
        DecRef(number)
        return 0
    ListSet(table, IntAs(TupleItem(step, 0)), number)
    return 1


def is_exact(number: int) -> int:
    """Whether something is a Python float or integer, and no more."""
    return kind(number) == state.float_type or kind(number) == state.int_type
