"""Backward walks over graphs like those before, see `engine.rewalk`.

The histories of a graph are compared, one by one, and the events that a walk recorded
are recorded again. None and False mean that Python must do it, from the start.
"""

from __future__ import annotations

from .language import load, reserve, slot, state, store
from .macros import (
    DecRef,
    IncRef,
    IntAs,
    ListAppend,
    ListItem,
    ListSize,
    TupleItem,
    TupleSize,
)
from .matching import field, has, kind, replace, same_extents
from .python import (
    Call,
    DictItem,
    DictNew,
    DictSet,
    DictSize,
    ErrClear,
    FloatAs,
    IntFromAddress,
    ListNew,
)
from .splicing import append_again
from .threads import current

AT, OP, ATTRIBUTES, HAS_CELL, ARITY, FRESH, KNOWN, NUMBERS = 0, 1, 2, 3, 4, 5, 6, 7
"""The items of `Step`."""

LAST = (1 << 63) - 1
"""The largest number: all events come before it."""


STARTS, STEPS, CELLS, OTHERS, FORMS, WANTED, PASSAGE = 0, 1, 2, 3, 4, 5, 6
"""The items of `Walk` that are looked at here."""


def walk_again(self: int, given: int, count: int, names: int) -> int:
    """``walk_again(walk, given, wanted)``: the pool of the walk, or None."""
    walk = load(given)
    table = 0
    if count == 3 and names == 0:
        table = ListNew(0)
    done = table != 0 and is_graph(walk, load(given + 8), table)
    done = done and asks_for(walk, load(given + 16), table)
    if done and append_again(TupleItem(walk, PASSAGE), table, 0):
        return table
    DecRef(table)
    ErrClear()
    IncRef(state.none)
    return state.none


def is_graph(walk: int, seeds: int, table: int) -> int:
    """Whether the graph below some seeds is like that of a walk.

    The table is filled with its values.
    """
    if not enter_seeds(TupleItem(walk, STARTS), seeds, table):
        return 0
    steps = TupleItem(walk, STEPS)
    before = LAST
    i = 0
    while before >= 0 and i < TupleSize(steps):
        before = follow_step(table, TupleItem(steps, i), before)
        i += 1
    if before < 0 or has_hooks(TupleItem(walk, CELLS), table):
        return 0
    if not are_apart(TupleItem(walk, OTHERS), table):
        return 0
    return have_forms(TupleItem(walk, FORMS), table)


def enter_seeds(starts: int, seeds: int, table: int) -> int:
    """Put the seeds into the table, each once; None stands for ones."""
    if kind(seeds) != state.list_type or ListSize(seeds) != TupleSize(starts):
        return 0
    i = 0
    while i < TupleSize(starts):
        place = IntAs(TupleItem(starts, i))
        value = ListItem(seeds, i)
        if (value == state.none) != (place < 0):
            return 0
        if place >= 0 and not enter_seed(table, place, value):
            return 0
        i += 1
    return 1


def enter_seed(table: int, place: int, value: int) -> int:
    """Put a seed at its place, where it may be already."""
    if kind(value) != state.value_type:
        return 0
    if place == ListSize(table):
        return ListAppend(table, value) >= 0
    return place < ListSize(table) and ListItem(table, place) == value


def has_hooks(cells: int, table: int) -> int:
    """Whether a hook on a result may change its gradient within the walk."""
    i = 0
    while i < TupleSize(cells):
        value = ListItem(table, IntAs(TupleItem(cells, i)))
        history = load(value + slot.value_history)  # a step has looked at it
        cell = field(history + slot.history_cell, state.cell_type)
        if cell == 0 or ListSize(load(cell + slot.cell_result_hooks)) != 0:
            return 1
        i += 1
    return 0


def are_apart(others: int, table: int) -> int:
    """Whether values have no history, and none of them stands in two places.

    Those with histories cannot, as each step has met an older history.
    """
    seen = DictNew()
    apart = seen != 0
    i = 0
    while apart and i < TupleSize(others):
        value = ListItem(table, IntAs(TupleItem(others, i)))
        key = IntFromAddress(value)
        apart = key != 0 and not has(value + slot.value_history)
        apart = apart and DictSet(seen, key, key) >= 0
        DecRef(key)
        i += 1
    apart = apart and DictSize(seen) == TupleSize(others)
    DecRef(seen)
    return apart


def have_forms(forms: int, table: int) -> int:
    """Whether values have the dtypes and shapes that they had, and where they were."""
    i = 0
    while i < TupleSize(forms):
        form = TupleItem(forms, i)
        value = ListItem(table, IntAs(TupleItem(form, 0)))
        if load(value + slot.value_dtype) != TupleItem(form, 1):
            return 0
        if not same_extents(load(value + slot.value_shape), TupleItem(form, 2)):
            return 0
        if load(value + slot.value_device) != TupleItem(form, 3):
            return 0
        i += 1
    return 1


def asks_for(walk: int, wanted: int, table: int) -> int:
    """Whether the same gradients are asked for."""
    places = TupleItem(walk, WANTED)
    if wanted == state.none or places == state.none:
        return wanted == places
    if kind(wanted) != state.list_type or ListSize(wanted) != TupleSize(places):
        return 0
    i = 0
    while i < TupleSize(places):
        if place_in(table, ListItem(wanted, i)) != IntAs(TupleItem(places, i)):
            return 0
        i += 1
    return 1


def place_in(table: int, value: int) -> int:
    """Where a value is in a table, -1 where it is not."""
    i = 0
    while i < ListSize(table):
        if ListItem(table, i) == value:
            return i
        i += 1
    return -1


def free_graph(self: int, given: int, count: int, names: int) -> int:
    """``free_graph(table, places)``: whether all histories were let go, see `Found`."""
    if count != 2 or names != 0:
        return answer(0)
    table = load(given)
    places = load(given + 8)
    if kind(places) != state.tuple_type or kind(table) != state.list_type:
        return answer(0)
    return answer(let_each_go(table, places))


def let_each_go(table: int, places: int) -> int:
    """Whether the histories at some places of a table could all be let go."""
    i = 0
    while i < TupleSize(places):
        value = ListItem(table, IntAs(TupleItem(places, i)))
        if value == 0 or not let_go(value):
            return 0
        i += 1
    trace = current()
    if trace == 0:
        return 0
    histories = state.false
    if keeps_histories(load(trace + slot.trace_values)):
        histories = state.true
    IncRef(histories)
    replace(trace + slot.trace_histories, histories)
    return 1


def let_all_go(table: int, places: int) -> int:
    """Let the histories at some places of a table go; 0 with an error."""
    if let_each_go(table, places):
        return 1
    ErrClear()
    items = reserve(2)
    store(items, table)
    store(items + 8, places)
    done = Call(state.let_graph_go, items, 2, 0)
    DecRef(done)
    return done != 0


def let_go(value: int) -> int:
    """Let a value have the history of those whose graph was walked; leaves keep it."""
    history = field(value + slot.value_history, state.history_type)
    if history == 0:
        return load(value + slot.value_history) == state.none
    op = load(history + slot.history_op)
    if op == state.leaf_history:
        return 1
    freed = DictItem(state.freed, op)
    if freed == 0:
        return 0
    IncRef(freed)
    replace(value + slot.value_history, freed)
    return 1


def keeps_histories(values: int) -> int:
    """Whether a pending value has a history that can be walked."""
    i = 0
    while i < ListSize(values):
        value = ListItem(values, i)
        history = field(value + slot.value_history, state.history_type)
        if history != 0 and not has(value + slot.value_buffer):
            op = load(history + slot.history_op)
            if op != state.leaf_history and kind(op) != state.freed_type:
                return 1
        i += 1
    return 0


def answer(done: int) -> int:
    """True or False, for Python."""
    ErrClear()
    result = state.false
    if done:
        result = state.true
    IncRef(result)
    return result


def follow_step(table: int, step: int, before: int) -> int:
    """The number of a history in the sequence of all; -1 where it may be another."""
    value = ListItem(table, IntAs(TupleItem(step, AT)))
    if value == 0 or kind(value) != state.value_type:
        return -1
    history = field(value + slot.value_history, state.history_type)
    if history == 0 or load(history + slot.history_op) != TupleItem(step, OP):
        return -1
    if load(history + slot.history_attributes) != TupleItem(step, ATTRIBUTES):
        return -1
    if has(history + slot.history_cell) != (TupleItem(step, HAS_CELL) == state.true):
        return -1
    sequence = IntAs(load(history + slot.history_sequence))
    inputs = field(history + slot.history_inputs, state.tuple_type)
    if sequence >= before or inputs == 0:
        return -1
    if TupleSize(inputs) != IntAs(TupleItem(step, ARITY)):
        return -1
    if not enter_fresh(table, inputs, TupleItem(step, FRESH)):
        return -1
    if not agree_with(table, inputs, TupleItem(step, KNOWN)):
        return -1
    if not same_numbers(inputs, TupleItem(step, NUMBERS)):
        return -1
    return sequence


def enter_fresh(table: int, inputs: int, fresh: int) -> int:
    """Put the inputs at some positions into the table; all have to be values."""
    i = 0
    while i < TupleSize(fresh):
        thing = TupleItem(inputs, IntAs(TupleItem(fresh, i)))
        if kind(thing) != state.value_type or ListAppend(table, thing) < 0:
            return 0
        i += 1
    return 1


def agree_with(table: int, inputs: int, known: int) -> int:
    """Whether the inputs at some positions are the values of given places."""
    i = 0
    while i < TupleSize(known):
        pair = TupleItem(known, i)
        thing = TupleItem(inputs, IntAs(TupleItem(pair, 0)))
        if thing != ListItem(table, IntAs(TupleItem(pair, 1))):
            return 0
        i += 1
    return 1


def same_numbers(inputs: int, numbers: int) -> int:
    """Whether the inputs at some positions are these numbers, see `same_scalar`."""
    i = 0
    while i < TupleSize(numbers):
        pair = TupleItem(numbers, i)
        given = TupleItem(inputs, IntAs(TupleItem(pair, 0)))
        if given != TupleItem(pair, 1) and not same_scalar(given, TupleItem(pair, 1)):
            return 0
        i += 1
    return 1


def same_scalar(one: int, other: int) -> int:
    """Whether two typed numbers are known to be the same float: not 0.0 for -0.0."""
    if one == 0 or kind(one) != state.scalar_type or kind(other) != state.scalar_type:
        return 0
    if TupleItem(one, 1) != TupleItem(other, 1):
        return 0
    left = TupleItem(one, 0)
    right = TupleItem(other, 0)
    its = kind(left)
    if its != kind(right):
        return 0
    if its != state.single_type and its != state.double_type:
        return 0
    return FloatAs(left) == FloatAs(right)  # their bits
