"""Whether a call of a compiled function is as it was recorded, to be replayed.

`engine.capture.steady` makes the tuples that are read here, and says what is in them.
Nothing here runs Python code, so that what was found still holds when it is acted on;
what is not the very same, by identity or as a plain number, is left to Python.
"""

from __future__ import annotations

from .arguments import has_form, is_host, memory_on_host
from .language import load, reserve, slot, state, store
from .macros import DecRef, IntAs, ListItem, ListSize, TupleItem, TupleSize
from .matching import field, has, kind
from .python import (
    Attribute,
    BytesAt,
    BytesNew,
    DictItem,
    DictNext,
    DictSize,
    ErrClear,
    SetSize,
)
from .threads import is_tier

TIER, DTYPE, GRAD, REACHED = 0, 1, 2, 5
LOOKUPS, TABLES, GRADS, FORMS, PATTERN = 6, 7, 8, 9, 28
"""Items of `engine.capture.steady.Steady` that say what has to be as it was."""

KEY, CLASS, CELL, FIELD, EMPTY, ABSENT = 0, 1, 2, 3, 4, 5
"""How something is looked up: in a dict, as the class of an object, in a cell of a
function, as a field of an object of C; an empty set; nothing, in a dict."""

FEW_ARRAYS, FEW_FOUND, FEW_SEEN = 64, 3 + 3 * 64, 512
"""So many arrays are noted on the stack, in so many words, and so large a table of
addresses is there.

The stacks of threads may be small.
"""

ARRAYS_FOUND, CELLS_FOUND, PENDING = 0, 8, 16
HANDLES, VALUES, CELLS, EACH = 24, 32, 40, 24
"""Where what was found of a call is noted: how many arrays there are, and cells of
leaves; a trace in which an array is still to be computed; for each array the handle,
what it shows (0 for an array of NumPy), and beside them the cells, one by one."""


def is_recorded(steady: int, trace: int, held: int, found: int, extent: int) -> int:
    """Whether a call is as it was recorded; what was found of its arrays is noted."""
    store(found + ARRAYS_FOUND, 0)
    store(found + CELLS_FOUND, 0)
    store(found + PENDING, 0)
    if not is_set_up(steady, trace) or not are_guarded(steady):
        return 0
    forms = TupleItem(steady, FORMS)
    i = 0
    while i < TupleSize(forms):
        form = TupleItem(forms, i)
        thing = ListItem(held, i)
        if kind(form) == state.host_type:
            if not is_host(form, thing, extent):
                return 0
            store(found + HANDLES + EACH * i, thing)
            store(found + VALUES + EACH * i, 0)
            store(found + ARRAYS_FOUND, i + 1)
        elif not has_form(form, thing, extent) or not note_array(found, thing):
            return 0
        i += 1
    known = TupleItem(steady, REACHED)
    i = 0
    while i < TupleSize(known):
        one = TupleItem(known, i)
        if not is_reached(one) or not note_array(found, TupleItem(one, 0)):
            return 0
        i += 1
    if not are_gradients(TupleItem(steady, GRADS), found):
        return 0
    pattern = TupleItem(steady, PATTERN)
    if TupleSize(pattern) != 0:
        return is_pattern(pattern, found)
    return are_distinct(found)


def is_set_up(steady: int, trace: int) -> int:
    """Whether the settings of this thread are those that were recorded."""
    if load(trace + slot.trace_flushing) != state.false:
        return 0
    if load(trace + slot.trace_grad) != TupleItem(steady, GRAD):
        return 0
    if DictSize(state.watchers) or not is_tier(TupleItem(steady, TIER)):
        return 0
    dtype = Attribute(state.default, state.dtype_name)
    DecRef(dtype)
    return dtype == TupleItem(steady, DTYPE)


def are_guarded(steady: int) -> int:
    """Whether all that the function reads by name, and all containers, are the same."""
    known = TupleItem(steady, LOOKUPS)
    i = 0
    while i < TupleSize(known):
        one = TupleItem(known, i)
        way = IntAs(TupleItem(one, 0))
        if not leads_to(way, TupleItem(one, 1), TupleItem(one, 2), TupleItem(one, 3)):
            return 0
        i += 1
    known = TupleItem(steady, TABLES)
    i = 0
    while i < TupleSize(known):
        one = TupleItem(known, i)
        values = TupleItem(one, 2)
        if kind(TupleItem(one, 0)) == state.list_type:
            if not holds_items(TupleItem(one, 0), values):
                return 0
        elif not holds_entries(TupleItem(one, 0), TupleItem(one, 1), values):
            return 0
        i += 1
    return 1


def leads_to(way: int, holder: int, name: int, value: int) -> int:
    """Whether something is found where it was."""
    if way == KEY:
        return DictItem(holder, name) == value
    if way == CLASS:
        return kind(holder) == value
    if way == CELL:
        return load(holder + slot.cell_content) == value
    if way == FIELD:
        found = Attribute(holder, name)
        ErrClear()
        DecRef(found)
        return found == value
    if way == ABSENT:
        return DictItem(holder, name) == 0
    return way == EMPTY and SetSize(holder) == 0


def holds_items(container: int, values: int) -> int:
    """Whether a list has the items that it had."""
    count = TupleSize(values)
    if ListSize(container) != count:
        return 0
    items = load(container + slot.list_items)
    i = 0
    while i < count:
        if load(items + 8 * i) != TupleItem(values, i):
            return 0
        i += 1
    return 1


def holds_entries(container: int, keys: int, values: int) -> int:
    """Whether a dict has the entries that it had, but for those that may change."""
    place = reserve(3)
    store(place, 0)
    i = 0
    while DictNext(container, place, place + 8, place + 16):
        value = TupleItem(values, i)
        if load(place + 8) != TupleItem(keys, i):
            return 0
        if value != load(place + 16) and value != state.anything:
            return 0
        i += 1
    return i == TupleSize(values)


def is_reached(known: int) -> int:
    """Whether an array that the function reads is the same one, of the same shape."""
    handle = TupleItem(known, 0)
    if load(handle + slot.array_line) != TupleItem(known, 1):
        return 0
    if load(handle + slot.array_recipe) != TupleItem(known, 2):
        return 0
    return load(handle + slot.array_writeable) == TupleItem(known, 3)


def note_array(found: int, handle: int) -> int:
    """Note an array that can be part of a replay, what it shows, and where it leaves
    its gradient."""
    count = load(found + ARRAYS_FOUND)
    value = memory_on_host(handle)
    if value == 0:
        return 0
    if not has(value + slot.value_buffer):
        store(found + PENDING, load(value + slot.value_trace))
        return 0
    if kind(load(value + slot.value_buffer)) != state.array_type:
        return 0
    cell = 0
    line = field(handle + slot.array_line, state.line_type)
    if line != 0:
        cell = field(line + slot.line_cell, state.cell_type)
    if has(value + slot.value_history):
        history = field(value + slot.value_history, state.history_type)
        if history == 0 or cell == 0:
            return 0
        if load(history + slot.history_op) != state.leaf_history:
            return 0
        if load(history + slot.history_cell) != cell:
            return 0
    if cell != 0 and not note_cell(found, cell):
        return 0
    store(found + HANDLES + EACH * count, handle)
    store(found + VALUES + EACH * count, value)
    store(found + ARRAYS_FOUND, count + 1)
    return 1


def note_cell(found: int, cell: int) -> int:
    """Note where a leaf has its gradient, if nobody is to hear of that."""
    hooks = field(cell + slot.cell_hooks, state.list_type)
    others = field(cell + slot.cell_result_hooks, state.list_type)
    if hooks == 0 or others == 0 or ListSize(hooks) != 0 or ListSize(others) != 0:
        return 0
    count = load(found + CELLS_FOUND)
    store(found + CELLS + EACH * count, cell)
    store(found + CELLS_FOUND, count + 1)
    return 1


def are_gradients(forms: int, found: int) -> int:
    """Whether leaves have the gradients that they had; these are noted as arrays."""
    count = load(found + CELLS_FOUND)
    if TupleSize(forms) != count:
        return 0
    i = 0
    while i < count:
        form = TupleItem(forms, i)
        grad = load(load(found + CELLS + EACH * i) + slot.cell_grad)
        if form == state.none or grad == state.none:
            if form != grad:
                return 0
        elif not has_form(form, grad, 0) or not note_array(found, grad):
            return 0
        i += 1
    # A gradient that is a leaf would have noted a cell of its own.
    return load(found + CELLS_FOUND) == count


def is_pattern(pattern: int, found: int) -> int:
    """Whether arrays share memory as they did: the same, one line, one storage."""
    count = load(found + ARRAYS_FOUND)
    if TupleSize(pattern) != 3 * count:
        return 0
    i = 0
    while i < count:
        way = 0
        while way < 3:
            if first_like(found, i, way) != IntAs(TupleItem(pattern, way * count + i)):
                return 0
            way += 1
        if first_like(found, i, 3) != first_like(found, i, 2):
            return 0
        i += 1
    return 1


def first_like(found: int, i: int, way: int) -> int:
    """The first array that is the same as one, shares its line, storage or elements."""
    thing = part_at(found, i, way)
    k = 0
    while part_at(found, k, way) != thing:
        k += 1
    return k


def part_at(found: int, i: int, way: int) -> int:
    """An array that was found, its line, its storage, or its elements."""
    handle = load(found + HANDLES + EACH * i)
    value = load(found + VALUES + EACH * i)
    if way == 0 or value == 0:
        return handle
    if way == 3:
        return load(value + slot.value_buffer)
    line = load(handle + slot.array_line)
    if line == state.none:
        return handle
    if way == 2:
        return load(line + slot.line_storage)
    return line


def are_distinct(found: int) -> int:
    """Whether no two arrays share memory, or where they leave gradients."""
    seen = reserve(FEW_SEEN)
    room = 0
    size = 16
    while size < 4 * load(found + ARRAYS_FOUND):  # a third of it is used at most
        size *= 2
    if size > FEW_SEEN:
        room = BytesNew(0, 8 * size)
        if room == 0:
            return 0
        seen = BytesAt(room)
    i = 0
    while i < size:
        store(seen + 8 * i, 0)
        i += 1
    distinct = are_all_first(seen, size, found)
    DecRef(room)
    return distinct


def are_all_first(seen: int, size: int, found: int) -> int:
    """`are_distinct`, with a table of addresses, whose size is a power of two."""
    i = 0
    while i < load(found + ARRAYS_FOUND):
        value = load(found + VALUES + EACH * i)
        owner = load(found + HANDLES + EACH * i)
        if value != 0:  # arrays of NumPy's are only read
            line = load(owner + slot.array_line)
            if line != state.none:
                owner = load(line + slot.line_storage)
            if not is_first(seen, size, load(value + slot.value_buffer)):
                return 0
            if not is_first(seen, size, owner):
                return 0
        i += 1
    i = 0
    while i < load(found + CELLS_FOUND):
        if not is_first(seen, size, load(found + CELLS + EACH * i)):
            return 0
        i += 1
    return 1


def is_first(seen: int, size: int, thing: int) -> int:
    """Whether an object was not seen before; it is noted in a table of some size."""
    at = (thing >> 4) & (size - 1)
    while load(seen + 8 * at) != 0:
        if load(seen + 8 * at) == thing:
            return 0
        at = (at + 1) & (size - 1)
    store(seen + 8 * at, thing)
    return 1
