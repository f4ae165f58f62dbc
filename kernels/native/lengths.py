"""Calls whose extents may change: the plan for them, and the recipes of what is made.

`engine.capture.stretching` says what follows from extents: numbers, of which each is a
sum of some products of these. The words of the plan come first.
"""

from __future__ import annotations

from ..cpu.deviations import WIDTH
from .arguments import STRETCH
from .language import load, reserve, slot, state, store
from .leaving import DTYPE_OF, EFFECTS, LAYOUTS, RECIPE_OF, RECIPES, SHAPE_OF, SPECS
from .macros import DecRef, IncRef, IntAs, TupleItem, TupleSize
from .python import (
    BytesAt,
    BytesNew,
    Call,
    IntFrom,
    ListNew,
    ListSet,
    TupleNew,
    TupleSet,
)
from .reckoning import OWN_PLAN, number_in_row


def has_lengths(steady: int, made: int, extents: int) -> int:
    """Make the plan and the recipes of a call whose extents may change."""
    stretch = TupleItem(steady, STRETCH)
    rows = load(load(TupleItem(stretch, 3) + slot.numpy_extents) + 8)
    numbers = BytesNew(0, 8 * rows)
    store(made + OWN_PLAN, numbers)
    if numbers == 0:
        return 0
    fill_numbers(stretch, BytesAt(numbers), rows, extents)
    if not are_told_apart(TupleItem(stretch, 4), BytesAt(numbers)):
        return 0
    fill_columns(TupleItem(stretch, 6), BytesAt(numbers))
    effects = TupleItem(steady, EFFECTS)
    specs = TupleItem(steady, SPECS)
    written = TupleSize(effects)
    layouts = ListNew(written + TupleSize(specs))
    store(made + LAYOUTS, layouts)
    recipes = ListNew(TupleSize(specs))
    store(made + RECIPES, recipes)
    if layouts == 0 or recipes == 0:
        return 0
    i = 0
    while i < written + TupleSize(specs):
        filled = TupleItem(effects, i)
        if i >= written:
            filled = TupleItem(specs, i - written)
        layout = recipe_of_rows(filled, made)
        ListSet(layouts, i, layout)
        if layout == 0:
            return 0
        if i >= written:
            recipe = recipe_of_view(TupleItem(filled, RECIPE_OF), made)
            ListSet(recipes, i - written, recipe)
            if recipe == 0:
                return 0
        i += 1
    return 1


def fill_numbers(stretch: int, numbers: int, rows: int, extents: int) -> int:
    """Compute all numbers: for each term, what it adds to each of them."""
    terms = TupleItem(stretch, 2)
    factors = load(TupleItem(stretch, 3) + slot.buffer_data)
    k = 0
    while k < TupleSize(terms):
        value = product_of(TupleItem(terms, k), extents)
        own = factors + 8 * rows * k
        i = 0
        while i < rows:
            before = 0
            if k > 0:
                before = load(numbers + 8 * i)
            store(numbers + 8 * i, before + load(own + 8 * i) * value)
            i += 1
        k += 1
    return 0


def fill_columns(columns: int, numbers: int) -> int:
    """Count the steps of launches that take some columns together."""
    i = 0
    while i < TupleSize(columns):
        one = TupleItem(columns, i)
        count = load(numbers + 8 * IntAs(TupleItem(one, 1)))
        steps = (count + WIDTH - 1) // WIDTH
        often = load(numbers + 8 * IntAs(TupleItem(one, 2)))
        store(numbers + 8 * IntAs(TupleItem(one, 0)), steps * often)
        i += 1
    return 0


def product_of(term: int, extents: int) -> int:
    """The product of some extents."""
    value = 1
    i = 0
    while i < TupleSize(term):
        value *= load(extents + 8 * IntAs(TupleItem(term, i)))
        i += 1
    return value


def are_told_apart(labels: int, numbers: int) -> int:
    """Whether lengths are as short as they were, and no two of them are equal."""
    i = 0
    while i < TupleSize(labels):
        label = TupleItem(labels, i)
        length = load(numbers + 8 * IntAs(TupleItem(label, 0)))
        if length < IntAs(TupleItem(label, 1)) or length > IntAs(TupleItem(label, 2)):
            return 0
        k = 0
        while k < i:
            other = IntAs(TupleItem(TupleItem(labels, k), 0))
            if load(numbers + 8 * other) == length:
                return 0
            k += 1
        i += 1
    return 1


def recipe_of_rows(filled: int, made: int) -> int:
    """The recipe (a new reference) of what is written or made; or 0.

    None for what was there before.
    """
    if TupleItem(filled, DTYPE_OF) == state.none:
        IncRef(state.none)
        return state.none
    return whole_of_rows(TupleItem(filled, DTYPE_OF), TupleItem(filled, SHAPE_OF), made)


def whole_of_rows(dtype: int, rows: int, made: int) -> int:
    """The recipe (a new reference) of all memory of a dtype; or 0."""
    shape = numbers_of_rows(rows, made)
    if shape == 0:
        return 0
    items = reserve(2)
    store(items, dtype)
    store(items + 8, shape)
    layout = Call(state.owned, items, 2, 0)
    DecRef(shape)
    return layout


def numbers_of_rows(rows: int, made: int) -> int:
    """A tuple (a new reference) of numbers that follow from extents; or 0."""
    numbers = TupleNew(TupleSize(rows))
    i = 0
    while numbers != 0 and i < TupleSize(rows):
        TupleSet(numbers, i, IntFrom(number_in_row(IntAs(TupleItem(rows, i)), made)))
        i += 1
    return numbers


def recipe_of_view(recipe: int, made: int) -> int:
    """What a view selects (a new reference); None for no view, 0 with an error."""
    if recipe == state.none:
        IncRef(recipe)
        return recipe
    if TupleItem(recipe, 1) == state.true:
        return whole_of_rows(TupleItem(recipe, 0), TupleItem(recipe, 3), made)
    items = reserve(4)
    store(items, TupleItem(recipe, 0))
    store(items + 8, IntFrom(number_in_row(IntAs(TupleItem(recipe, 2)), made)))
    store(items + 16, numbers_of_rows(TupleItem(recipe, 3), made))
    store(items + 24, numbers_of_rows(TupleItem(recipe, 4), made))
    found = 0
    if load(items + 8) != 0 and load(items + 16) != 0 and load(items + 24) != 0:
        found = Call(state.recipe_type, items, 4, 0)
    DecRef(load(items + 8))
    DecRef(load(items + 16))
    DecRef(load(items + 24))
    return found
