"""The Python numbers of a replayed call: read, counted on, computed from each other.

`engine.capture.numbers` says what they are. Here are those of which no Python code has
a part: floats among the arguments, numbers kept in dicts, functions of C.
"""

from __future__ import annotations

from .arguments import FLOATS, STRETCH
from .language import load, reserve, state, store
from .macros import DecRef, IncRef, IntAs, ListAppend, ListItem, TupleItem, TupleSize
from .matching import equal, kind, number_as
from .python import BytesAt, Call, DictItem, IntFrom, ListSet

SCALARS, CHANGING, NUMBERS, PLACES, SOURCES, STEPS = 14, 15, 16, 17, 18, 19
"""The items of `engine.capture.steady.Steady` that say how."""

WORDS, TABLE, COUNTED, OWN_PLAN = 8, 16, 56, 96
"""The lists that are filled here: scalars of the plan, all numbers, new counts. Where
extents may change, the bytes of the plan for them, and of what else follows."""

OF_PLAN, OF_TABLE = 0, 1
"""Which list has a number that follows from extents."""


def has_reckoned(steady: int, made: int) -> int:
    """Compute the Python numbers of a call; 0 where Python has to."""
    places = TupleItem(steady, CHANGING)
    counts = count_of_counts(steady)
    sources = TupleSize(TupleItem(steady, SOURCES))
    if TupleSize(places) + counts + sources == 0:
        return 1
    table = load(made + TABLE)
    copy_items(table, TupleItem(steady, NUMBERS))
    if not has_counts(steady, OF_TABLE, table, made):
        return 0
    i = 0
    while i < TupleSize(TupleItem(steady, PLACES)):
        number = ListItem(load(made + FLOATS), i)
        IncRef(number)
        ListSet(table, IntAs(TupleItem(TupleItem(steady, PLACES), i)), number)
        i += 1
    i = 0
    while i < sources:
        if not has_read(TupleItem(steady, SOURCES), i, table, made):
            return 0
        i += 1
    i = 0
    while i < TupleSize(TupleItem(steady, STEPS)):
        if not has_stepped(TupleItem(TupleItem(steady, STEPS), i), table):
            return 0
        i += 1
    if TupleSize(places) + counts == 0:
        return 1
    words = load(made + WORDS)
    copy_items(words, TupleItem(steady, SCALARS))
    if not has_counts(steady, OF_PLAN, words, made):
        return 0
    i = 0
    while i < TupleSize(places):
        one = TupleItem(places, i)
        number = ListItem(table, IntAs(TupleItem(one, 1)))
        IncRef(number)
        ListSet(words, IntAs(TupleItem(one, 0)), number)
        i += 1
    return 1


def count_of_counts(steady: int) -> int:
    """How many numbers follow from the extents that may change."""
    stretch = TupleItem(steady, STRETCH)
    if stretch == state.none:
        return 0
    return TupleSize(TupleItem(stretch, 5))


def has_counts(steady: int, which: int, numbers: int, made: int) -> int:
    """Put the numbers that follow from extents into one of the lists."""
    i = 0
    while i < count_of_counts(steady):
        one = TupleItem(TupleItem(TupleItem(steady, STRETCH), 5), i)
        if IntAs(TupleItem(one, 0)) == which:
            number = IntFrom(number_in_row(IntAs(TupleItem(one, 2)), made))
            if number == 0:
                return 0
            ListSet(numbers, IntAs(TupleItem(one, 1)), number)
        i += 1
    return 1


def number_in_row(row: int, made: int) -> int:
    """One of the numbers that follow from extents."""
    return load(BytesAt(load(made + OWN_PLAN)) + 8 * row)


def copy_items(target: int, items: int) -> int:
    """Fill a list of that size with the items of a tuple."""
    i = 0
    while i < TupleSize(items):
        IncRef(TupleItem(items, i))
        ListSet(target, i, TupleItem(items, i))
        i += 1
    return 0


def has_read(sources: int, i: int, table: int, made: int) -> int:
    """Read a number that is kept in a dict, and let it grow."""
    source = TupleItem(sources, i)
    counted = load(made + COUNTED)
    number = last_count(sources, i, counted)
    if number == 0:
        number = DictItem(TupleItem(source, 2), TupleItem(source, 3))
    if number == 0 or not is_exact(number):
        return 0
    more = IntAs(TupleItem(source, 0))
    given = number
    if more < 0:
        more = number_in_row(~more, made)
    if more != 0:
        count = IntAs(number)
        if kind(number) != state.int_type or count < 0:
            return 0
        number = IntFrom(count + more)
        if number == 0 or ListAppend(counted, number) < 0:
            DecRef(number)
            return 0
        DecRef(number)
        if TupleItem(source, 4) == state.false:
            given = number
    IncRef(given)
    ListSet(table, IntAs(TupleItem(source, 1)), given)
    return 1


def last_count(sources: int, i: int, counted: int) -> int:
    """What a number has become by what was read before in this call, or 0."""
    found = 0
    grown = 0
    own = TupleItem(sources, i)
    k = 0
    while k < i:
        other = TupleItem(sources, k)
        if IntAs(TupleItem(other, 0)) != 0:
            same = TupleItem(other, 2) == TupleItem(own, 2)
            if same and equal(TupleItem(other, 3), TupleItem(own, 3)):
                found = ListItem(counted, grown)
            grown += 1
        k += 1
    return found


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
