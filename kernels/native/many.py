"""Many handles at once: what they show, and new values for all of them.

`engine.many` says what that means. Handles are read, and written to, as long as that is
as simple as can be; from the first one on with which it is not, Python does it.
"""

from __future__ import annotations

from .handles import at_hand, is_tensor, line_of
from .language import load, slot, state, store
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
from .matching import RECIPE_DTYPE, equal, field, has, kind, put, replace
from .python import (
    DictItem,
    DictSet,
    DictSize,
    ErrClear,
    IntFrom,
    ListNew,
    ListSet,
    Next,
)
from .recording import new_history

PARAMETER, DTYPE, STATE, SIZE, NAMES, KEPT = 0, 1, 2, 3, 4, 5
"""The items of `Entry`, see `engine.optim.steps`."""


def read_first(self: int, handles: int) -> int:
    """``read_first(handles)``: the values of the handles of a list, from the first on.

    Those of plain tensors at whose values nothing is to be recorded.
    """
    found = ListNew(0)
    if found == 0 or kind(handles) != state.list_type:
        return found
    i = 0
    while i < ListSize(handles):
        value = 0
        handle = ListItem(handles, i)
        if is_tensor(handle):
            value = at_hand(handle)
        if value == 0 or ListAppend(found, value) < 0:
            ErrClear()
            return found
        i += 1
    return found


def values_again(self: int, given: int, count: int, names: int) -> int:
    """``values_again(entries, lists, states)``: what a step reads, or None."""
    found = 0
    if count == 3 and names == 0:
        found = ListNew(0)
    entries = load(given)
    whole = found != 0 and are_listed(entries, load(given + 8))
    i = 0
    while whole and i < TupleSize(entries):
        whole = add_values(TupleItem(entries, i), load(given + 16), found) != 0
        i += 1
    if whole:
        return found
    DecRef(found)
    ErrClear()
    IncRef(state.none)
    return state.none


def are_listed(entries: int, lists: int) -> int:
    """Whether some lists together have the parameters of the entries."""
    place = 0
    i = 0
    while i < ListSize(lists):
        parameters = ListItem(lists, i)
        if kind(parameters) != state.list_type:
            return 0
        k = 0
        while k < ListSize(parameters):
            if place >= TupleSize(entries):
                return 0
            entry = TupleItem(entries, place)
            if ListItem(parameters, k) != TupleItem(entry, PARAMETER):
                return 0
            place += 1
            k += 1
        i += 1
    return place == TupleSize(entries)


def add_values(entry: int, states: int, found: int) -> int:
    """Add what a step reads for a parameter, if it is what the last one read."""
    parameter = TupleItem(entry, PARAMETER)
    if not is_tensor(parameter):
        return 0
    line = field(parameter + slot.array_line, state.line_type)
    if line == 0:
        return 0
    cell = field(line + slot.line_cell, state.cell_type)
    recipe = field(parameter + slot.array_recipe, state.recipe_type)
    if cell == 0 or recipe == 0 or load(cell + slot.cell_recipe) != recipe:
        return 0
    if TupleItem(recipe, RECIPE_DTYPE) != TupleItem(entry, DTYPE):
        return 0
    grad = load(cell + slot.cell_grad)
    own = TupleItem(entry, STATE)
    if grad == state.none or own == state.none:
        return grad == own
    if DictItem(states, parameter) != own:
        return 0
    if DictSize(own) != IntAs(TupleItem(entry, SIZE)):
        return 0
    return (
        add_value(parameter, found)
        and add_kept(own, TupleItem(entry, NAMES), TupleItem(entry, KEPT), found)
        and add_value(grad, found)
    )


def add_kept(own: int, names: int, kept: int, found: int) -> int:
    """Add the values of tensors that are kept under some names, if they still are."""
    i = 0
    while i < TupleSize(names):
        thing = TupleItem(kept, i)
        if DictItem(own, TupleItem(names, i)) != thing or not add_value(thing, found):
            return 0
        i += 1
    return 1


def add_value(handle: int, found: int) -> int:
    """Add the value of a tensor to a list."""
    if not is_tensor(handle):
        return 0
    value = at_hand(handle)
    return value != 0 and ListAppend(found, value) >= 0


def forget_first(self: int, handles: int) -> int:
    """``forget_first(handles)``: how many, from the first on, have no gradient now.

    Those of plain tensors that are leaves.
    """
    done = 0
    whole = kind(handles) == state.list_type
    while whole and done < ListSize(handles):
        handle = ListItem(handles, done)
        line = 0
        if is_tensor(handle):
            line = field(handle + slot.array_line, state.line_type)
        cell = 0
        if line != 0:
            cell = field(line + slot.line_cell, state.cell_type)
        whole = cell != 0
        if whole:
            done += 1
            IncRef(state.none)
            replace(cell + slot.cell_grad, state.none)
    return IntFrom(done)


def counted_again(self: int, given: int, count: int, names: int) -> int:
    """``counted_again(states, steps)``: whether they count what is known; count on."""
    states = load(given)
    steps = load(given + 8)
    done = count == 2 and names == 0
    done = done and ListSize(states) == ListSize(steps)
    i = 0
    while done and i < ListSize(states):
        own = DictItem(ListItem(states, i), state.step_name)
        done = own != 0 and kind(own) == state.int_type
        done = done and equal(own, ListItem(steps, i)) != 0
        i += 1
    i = 0
    while done and i < ListSize(states):
        more = IntFrom(IntAs(ListItem(steps, i)) + 1)
        done = more != 0 and DictSet(ListItem(states, i), state.step_name, more) >= 0
        if done:
            ListSet(steps, i, more)
        i += 1
    ErrClear()
    answer = state.false
    if done:
        answer = state.true
    IncRef(answer)
    return answer


def renew_first(self: int, given: int, count: int, names: int) -> int:
    """``renew_first(handles, values)``: how many handles, from the first on, have them.

    Each gets the value at its place, see `Array.renew`.
    """
    done = 0
    if count == 2 and names == 0:
        handles = load(given)
        values = load(given + 8)
        whole = kind(handles) == state.list_type and kind(values) == state.list_type
        while whole and done < ListSize(handles) and done < ListSize(values):
            handle = ListItem(handles, done)
            value = ListItem(values, done)
            whole = False
            IncRef(handle)
            IncRef(value)
            if is_tensor(handle) and kind(value) == state.value_type:
                whole = renewed(handle, value) != 0
            DecRef(handle)
            DecRef(value)
            if whole:
                done += 1
    ErrClear()
    return IntFrom(done)


def renewed(handle: int, value: int) -> int:
    """Let what a handle shows be a new value, all of it, that nobody else holds."""
    line = line_of(handle)
    if line == 0 or not takes_all(handle, line, value):
        return 0
    cell = load(line + slot.line_cell)
    history = 0
    IncRef(line)
    IncRef(cell)
    if cell != state.none:
        history = leaf_history(cell)
    # Making a history may have run the collector, and finalizers that write.
    same = load(handle + slot.array_line) == line and takes_all(handle, line, value)
    same = same and load(line + slot.line_cell) == cell
    if same and (history != 0 or cell == state.none):
        done = exchanged(line, value, history)
    else:
        done = 0
    DecRef(history)
    DecRef(cell)
    DecRef(line)
    return done


def exchanged(line: int, value: int, history: int) -> int:
    """Let a line, and its memory, show a value with a history, or with its own (0)."""
    storage = load(line + slot.line_storage)
    version = IntFrom(IntAs(load(storage + slot.storage_version)) + 1)
    if version == 0:
        return 0
    if history != 0:
        IncRef(history)
        replace(value + slot.value_history, history)
    IncRef(value)
    IncRef(value)
    IncRef(version)
    latest = load(storage + slot.storage_latest)
    shown = load(line + slot.line_value)
    store(storage + slot.storage_latest, value)
    store(line + slot.line_value, value)
    replace(storage + slot.storage_version, version)
    replace(line + slot.line_version, version)
    DecRef(latest)
    DecRef(shown)
    return 1


def takes_all(handle: int, line: int, value: int) -> int:
    """Whether a value is all that a line shows from then on, and nobody is to know."""
    recipe = load(handle + slot.array_recipe)
    storage = field(line + slot.line_storage, state.storage_type)
    base = field(line + slot.line_value, state.value_type)
    if load(handle + slot.array_writeable) != state.true or storage == 0 or base == 0:
        return 0
    if recipe != load(value + slot.value_layout):
        return 0
    if recipe != load(base + slot.value_layout) or has(storage + slot.storage_memory):
        return 0
    if load(base + slot.value_device) != state.host:
        return 0
    if load(value + slot.value_device) != state.host:
        return 0
    return has(line + slot.line_cell) or not has(base + slot.value_history)


def leaf_history(cell: int) -> int:
    """The start of a history: that of a leaf."""
    history = new_history(state.leaf_history, state.empty)
    if history == 0:
        return 0
    number = Next(state.sequence)
    if number == 0:
        DecRef(history)
        return 0
    put(history + slot.history_attributes, state.empty)
    store(history + slot.history_sequence, number)
    IncRef(cell)
    replace(history + slot.history_cell, cell)
    return history
