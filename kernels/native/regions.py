"""The regions that subscripts mean, which are remembered.

A region is found by the recipe that it is a region of, the class, and the parts of the
key. Integers, and where slices of one length begin, are the numbers of a key: they
decide on nothing but where a region begins, which is computed. So the rows of an array
have one entry, however many.
"""

from __future__ import annotations

from .indexing import computed_region, copy_axis, new_recipe
from .keys import (
    DOTS,
    NUMBER,
    SLICE,
    WINDOW,
    as_slices,
    as_window,
    has_number,
    spare_axes,
    takes_axis,
)
from .language import inline, load, reserve, slot, state, store, store_half
from .macros import DecRef, IncRef, IntAs, TupleItem
from .matching import (
    RECIPE_DTYPE,
    RECIPE_OFFSET,
    RECIPE_SHAPE,
    RECIPE_STRIDES,
    references,
    replace,
)
from .python import ErrClear, IntFrom
from .remembered import (
    AXES,
    BASE,
    FOUND,
    NEXT,
    PART,
    PLACES,
    RESULT,
    WIDTH,
    entry_of,
    is_entry,
    new_entry,
)

ONE_DIGIT = 1 << 30
"""Integers below it have one digit."""


def region(recipe: int, face: int, parts: int, count: int) -> int:
    """The recipe of a subscript (borrowed), 0 where Python is to find it.

    To make one may run Python code, which may give a handle another recipe.
    """
    found = known_region(recipe, face, parts, count)
    if found != 0:
        return found
    return found_region(recipe, face, parts, count)


def found_region(recipe: int, face: int, parts: int, count: int) -> int:
    """`region` of a key that may go past an end, or is new."""
    found = 0
    if as_slices(parts, count):
        found = known_region(recipe, face, parts, count)
    if found == 0:
        IncRef(recipe)
        found = computed_region(recipe, parts, count)
        if found != 0:
            remember(recipe, face, parts, count, found)
        DecRef(found)  # the entry holds it
        DecRef(recipe)
    return found


@inline
def known_region(recipe: int, face: int, parts: int, count: int) -> int:
    """`region` of a key whose windows are in the array."""
    entry = entry_of(recipe, face, parts, count)
    if entry == 0:
        return 0
    if load(entry + RESULT) != 0:
        return load(entry + RESULT)
    begin = beginning(entry, parts, count)
    if begin == state.no_shift:
        return 0
    place = entry + PLACES
    i = 0
    while i < FOUND:
        if load(place) == begin and load(place + 8) != 0:
            return load(place + 8)
        place += WIDTH
        i += 1
    return moved_region(entry, face, parts, count, begin)


def beginning(entry: int, parts: int, count: int) -> int:
    """Where the numbers of a key let a region begin; `no_shift` past an end."""
    begin = 0
    i = 0
    while i < count:
        words = parts + PART * i
        if has_number(words):
            extent = load(entry + AXES + 16 * i)
            number = load(words + NUMBER)
            if number < 0:
                number += extent
            if number < 0 or number > extent - load(words + 8):
                return state.no_shift
            begin += number * load(entry + AXES + 16 * i + 8)
        i += 1
    return begin


def moved_region(entry: int, face: int, parts: int, count: int, begin: int) -> int:
    """The recipe (borrowed) of a region that begins elsewhere than those at hand.

    One that only the entry holds is changed: nobody has seen it.
    """
    place = entry + PLACES
    i = 0
    while i < FOUND:
        old = load(place + 8)
        if old != 0 and references(old) == 1:
            if not move_to(old, load(entry + BASE) + begin):
                return 0
            store(place, begin)
            return old
        place += WIDTH
        i += 1
    recipe = load(entry)
    IncRef(recipe)
    made = new_region(entry, begin)
    same = made != 0 and is_entry(entry, recipe, face, parts, count)
    DecRef(recipe)
    if not same:
        DecRef(made)
        return 0
    place = entry + PLACES + WIDTH * (load(entry + NEXT) & (FOUND - 1))
    store(entry + NEXT, load(entry + NEXT) + 1)
    store(place, begin)
    replace(place + 8, made)
    return made


@inline
def move_to(recipe: int, offset: int) -> int:
    """Let a recipe that nobody has seen begin elsewhere; whether it does.

    So does its integer where nobody else holds that: a new one takes 20 ns.
    """
    place = recipe + slot.tuple_items + 8 * RECIPE_OFFSET
    number = load(place)
    own = references(number) == 1 and load(number + slot.int_tag) == slot.int_one_digit
    if own and offset > 0 and offset < ONE_DIGIT:
        store_half(number + slot.int_digit, offset)
        return 1
    return move_elsewhere(place, offset)


def move_elsewhere(place: int, offset: int) -> int:
    """`move_to` by another integer."""
    number = IntFrom(offset)
    if number == 0:
        ErrClear()
        return 0
    replace(place, number)
    return 1


def new_region(entry: int, begin: int) -> int:
    """A recipe like those of an entry that begins elsewhere, or 0."""
    like = load(entry + PLACES + 8)
    return new_recipe(
        TupleItem(like, RECIPE_DTYPE),
        load(entry + BASE) + begin,
        TupleItem(like, RECIPE_SHAPE),
        TupleItem(like, RECIPE_STRIDES),
    )


def remember(recipe: int, face: int, parts: int, count: int, found: int) -> int:
    """Keep the recipe that Python found for a subscript."""
    axes = reserve(8)
    i = 0
    while i < count:
        if load(parts + PART * i) == SLICE:
            as_window(parts + PART * i)
        i += 1
    if not described_by(recipe, parts, count, axes):
        as_slices(parts, count)
    numbers = 0
    i = 0
    while i < count:
        numbers = numbers | has_number(parts + PART * i)
        i += 1
    entry = new_entry(recipe, face, parts, count)
    IncRef(found)
    if not numbers:
        store(entry + RESULT, found)
        return 0
    i = 0
    while i < 2 * count:
        store(entry + AXES + 8 * i, load(axes + 8 * i))
        i += 1
    begin = beginning(entry, parts, count)
    store(entry + BASE, IntAs(TupleItem(found, RECIPE_OFFSET)) - begin)
    store(entry + PLACES, begin)
    store(entry + PLACES + 8, found)
    store(entry + NEXT, 1)
    return 0


def described_by(recipe: int, parts: int, count: int, axes: int) -> int:
    """Write down the extent and the stride for each part; whether windows are in it."""
    axis = 0
    inside = 1
    i = 0
    while i < count:
        words = parts + PART * i
        if load(words) == DOTS:
            axis += spare_axes(recipe, parts, count)
        if takes_axis(words):
            own = copy_axis(recipe, axis, axes, i)
            left = load(own) - load(words + 8)
            if load(words) == WINDOW and load(words + NUMBER) > left:
                inside = 0
            axis += 1
        i += 1
    return inside
