"""Calls whose extent may change: the plan for it, and the recipes of what is made.

`engine.capture.stretching` says what follows from an extent `n`: each is ``a + b * n``.
"""

from __future__ import annotations

from .arguments import STRETCH
from .language import load, reserve, slot, state, store
from .leaving import DTYPE_OF, EFFECTS, LAYOUTS, OWN_PLAN, SHAPE_OF, SPECS
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
from .reckoning import SCALARS, WORDS, copy_items


def has_length(steady: int, made: int, extent: int) -> int:
    """Make the plan and the recipes of a call whose extent may change."""
    stretch = TupleItem(steady, STRETCH)
    start = TupleItem(stretch, 3)
    count = load(load(start + slot.numpy_extents))
    plan = BytesNew(0, 8 * count)
    store(made + OWN_PLAN, plan)
    if not has_counts(steady, made, extent):
        return 0
    effects = TupleItem(steady, EFFECTS)
    specs = TupleItem(steady, SPECS)
    written = TupleSize(effects)
    layouts = ListNew(written + TupleSize(specs))
    store(made + LAYOUTS, layouts)
    if plan == 0 or layouts == 0:
        return 0
    words = BytesAt(plan)
    start = load(start + slot.buffer_data)
    step = load(TupleItem(stretch, 4) + slot.buffer_data)
    i = 0
    while i < count:
        store(words + 8 * i, load(start + 8 * i) + load(step + 8 * i) * extent)
        i += 1
    i = 0
    while i < written + TupleSize(specs):
        filled = TupleItem(effects, i)
        if i >= written:
            filled = TupleItem(specs, i - written)
        layout = recipe_of_length(filled, extent)
        ListSet(layouts, i, layout)
        if layout == 0:
            return 0
        i += 1
    return 1


def has_counts(steady: int, made: int, extent: int) -> int:
    """Make the scalars of the plan, where some change with the extent.

    None change with anything else then.
    """
    counts = TupleItem(TupleItem(steady, STRETCH), 5)
    if TupleSize(counts) == 0:
        return 1
    scalars = TupleItem(steady, SCALARS)
    words = ListNew(TupleSize(scalars))
    store(made + WORDS, words)
    if words == 0:
        return 0
    copy_items(words, scalars)
    i = 0
    while i < TupleSize(counts):
        one = TupleItem(counts, i)
        slope = IntAs(TupleItem(one, 2))
        number = IntFrom(IntAs(TupleItem(one, 1)) + slope * extent)
        ListSet(words, IntAs(TupleItem(one, 0)), number)
        if number == 0:
            return 0
        i += 1
    return 1


def recipe_of_length(filled: int, extent: int) -> int:
    """The recipe (a new reference) of what is written or made, for an extent; or 0.

    None for what was there before.
    """
    if TupleItem(filled, DTYPE_OF) == state.none:
        IncRef(state.none)
        return state.none
    lines = TupleItem(filled, SHAPE_OF)
    rank = TupleSize(lines) >> 1
    shape = TupleNew(rank)
    i = 0
    while shape != 0 and i < rank:
        slope = IntAs(TupleItem(lines, 2 * i + 1))
        number = IntFrom(IntAs(TupleItem(lines, 2 * i)) + slope * extent)
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
