"""Calls whose extents may change: the plan for them, and the recipes of what is made.

`engine.capture.stretching` says what follows from extents: numbers, of which each is a
sum of some products of these. The words of the plan come first.
"""

from __future__ import annotations

from ..cpu.deviations import WIDTH
from .arguments import STRETCH
from .language import load, reserve, slot, state, store
from .leaving import DTYPE_OF, EFFECTS, LAYOUTS, SHAPE_OF, SPECS
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
    if layouts == 0:
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
    rows = TupleItem(filled, SHAPE_OF)
    rank = TupleSize(rows)
    shape = TupleNew(rank)
    i = 0
    while shape != 0 and i < rank:
        number = IntFrom(number_in_row(IntAs(TupleItem(rows, i)), made))
        TupleSet(shape, i, number)
        i += 1
    if shape == 0:
        return 0
    items = reserve(2)
    store(items, TupleItem(filled, DTYPE_OF))
    store(items + 8, shape)
    layout = Call(state.owned, items, 2, 0)
    DecRef(shape)
    return layout
