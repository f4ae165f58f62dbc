"""Backward walks of everyday: a number, whose leaves have no gradients so far.

`Array.backward` says what they do. Where a walk like one before can be recorded at once
(see `walking`), the histories are let go and the gradients left at their leaves here,
too. Those that are to be added to others, or that somebody hooks, are left to Python.
"""

from __future__ import annotations

from .handles import at_hand, is_tensor, wrapped
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
from .matching import field, has, kind, put_item, replace
from .python import DictItem, DictSize, ErrClear, ListCut, ListNew, TupleNew, TupleSet
from .repeating import is_at_line
from .splicing import LINE, append_again
from .threads import current
from .walking import PASSAGE, asks_for, is_graph, let_all_go

GRAPH, FOUND = 7, 8
"""More items of `engine.rewalk.Walk`."""


def backward_again(self: int, given: int, count: int, names: int) -> int:
    """``backward_again(handle, retain)``: what is left to be added, or None.

    A list of pairs of a cell and a gradient. None: nothing was done.
    """
    place = reserve(1)
    done = 0
    if count == 2 and names == 0 and DictSize(state.watchers) == 0:
        handle = load(given)
        value = 0
        if is_tensor(handle):
            value = at_hand(handle)
        IncRef(value)
        if value != 0 and is_one_number(value):
            done = walked(value, load(given + 8) == state.true, place)
        DecRef(value)
    if done:
        return load(place)
    ErrClear()
    IncRef(state.none)
    return state.none


def is_one_number(value: int) -> int:
    """Whether a value is one real number, whose gradient is 1 if none is given."""
    dtype = load(value + slot.value_dtype)
    if dtype != state.float32 and dtype != state.float64:
        return 0
    shape = load(value + slot.value_shape)
    i = 0
    while i < TupleSize(shape):
        if IntAs(TupleItem(shape, i)) != 1:
            return 0
        i += 1
    return 1


def walked(value: int, retain: int, place: int) -> int:
    """Walk from a value as before: whether that was done; then what is left, or 0.

    With 0 there is an error.
    """
    trace = current()
    if trace == 0:
        return 0
    noted = load(load(trace + slot.trace_node) + slot.node_passages)
    if noted == state.none:
        return 0
    seen = DictItem(noted, state.backward_name)
    if seen == 0 or kind(seen) != state.seen_type:
        return 0
    walks = load(seen + slot.seen_walks)
    IncRef(walks)
    seeds = ListNew(0)
    done = 0
    whole = seeds != 0 and ListAppend(seeds, value) >= 0
    whole = whole and ListAppend(seeds, state.none) >= 0
    i = 0
    while whole and not done and i < TupleSize(walks):
        done = walked_as(TupleItem(walks, i), seeds, retain, place)
        i += 1
    DecRef(seeds)
    DecRef(walks)
    return done


def walked_as(walk: int, seeds: int, retain: int, place: int) -> int:
    """Walk as one certain time before, if the graph is as it was then."""
    passage = TupleItem(walk, PASSAGE)
    if TupleItem(passage, LINE) != state.none and not is_at_line(passage):
        return 0
    table = ListNew(0)
    left = 0
    alike = table != 0 and is_graph(walk, seeds, table) != 0
    if alike and asks_for(walk, state.none, table):
        left = cells_of(TupleItem(walk, FOUND), table)
    done = left != 0 and append_again(passage, table, 0) != 0
    if done:
        store(place, handed_out(walk, table, left, retain))
    else:
        DecRef(left)
        ErrClear()
    DecRef(table)
    return done


def cells_of(found: int, table: int) -> int:
    """A list of pairs, of the cell of each leaf and None; 0 where a leaf has none."""
    pairs = ListNew(0)
    i = 0
    while pairs != 0 and i < TupleSize(found):
        value = ListItem(table, IntAs(TupleItem(TupleItem(found, i), 0)))
        history = field(value + slot.value_history, state.history_type)
        cell = 0
        if history != 0:
            cell = field(history + slot.history_cell, state.cell_type)
        IncRef(cell)  # the collector may run
        pair = TupleNew(2)
        if cell != 0 and pair != 0:
            put_item(pair, 0, cell)
            put_item(pair, 1, state.none)
        if cell == 0 or pair == 0 or ListAppend(pairs, pair) < 0:
            DecRef(pairs)
            pairs = 0
        DecRef(pair)
        DecRef(cell)
        i += 1
    return pairs


def handed_out(walk: int, pool: int, pairs: int, retain: int) -> int:
    """Leave gradients at their leaves: the pairs that are left, or 0 with an error."""
    found = TupleItem(walk, FOUND)
    i = 0
    while i < TupleSize(found):
        grad = ListItem(pool, IntAs(TupleItem(TupleItem(found, i), 1)))
        IncRef(grad)
        if grad == 0 or TupleSet(ListItem(pairs, i), 1, grad) < 0:
            DecRef(pairs)
            return 0
        i += 1
    if not retain and not let_all_go(pool, TupleItem(walk, GRAPH)):
        DecRef(pairs)
        return 0
    done = 0
    simple = 1
    while simple and done < ListSize(pairs):
        pair = ListItem(pairs, done)
        simple = left_at(TupleItem(pair, 0), TupleItem(pair, 1))
        if simple:
            done += 1
    if ListCut(pairs, 0, done, 0) < 0:
        DecRef(pairs)
        return 0
    return pairs


def left_at(cell: int, grad: int) -> int:
    """Let a cell have a gradient, if it has none, and nobody is to be told."""
    if not is_vacant(cell) or load(grad + slot.value_layout) != load(
        cell + slot.cell_recipe
    ):
        return 0
    IncRef(grad)
    handle = wrapped(state.tensor_type, grad)
    if handle == 0:
        return 0
    if not is_vacant(cell):  # making the handle may have run the collector
        DecRef(handle)
        return 0
    replace(cell + slot.cell_grad, handle)
    return 1


def is_vacant(cell: int) -> int:
    """Whether a cell of a tensor has no gradient and no hooks."""
    if has(cell + slot.cell_grad):
        return 0
    hooks = field(cell + slot.cell_hooks, state.list_type)
    if hooks == 0 or ListSize(hooks) != 0:
        return 0
    i = 0
    while i < ListSize(state.faces):
        if load(cell + slot.cell_face) == ListItem(state.faces, i):
            return 1
        i += 1
    return 0
