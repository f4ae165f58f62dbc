"""Whether a call of a compiled function is as it was recorded, to be replayed.

`engine.capture.steady` makes the tuples that are read here, and says what is in them.
Nothing here runs Python code, so that what was found still holds when it is acted on;
what is not the very same, by identity or as a plain number, is left to Python.
"""

from __future__ import annotations

from .handles import is_current
from .language import load, load_half, reserve, slot, state, store
from .macros import (
    DecRef,
    IntAs,
    ListAppend,
    ListItem,
    ListSize,
    TupleItem,
    TupleSize,
)
from .matching import equal, field, has, kind, same_extents, same_recipe
from .python import (
    Attribute,
    DictItem,
    DictNext,
    DictSize,
    ErrClear,
    FloatAs,
    SetSize,
)
from .threads import is_tier

TIER, DTYPE, GRAD, NAMES, ARGUMENTS, REACHED = 0, 1, 2, 3, 4, 5
LOOKUPS, TABLES, GRADS, FORMS = 6, 7, 8, 9
"""The items of `engine.capture.steady.Steady` that say what has to be as it was."""

FORM_FACE, FORM_RECIPE, FORM_SHAPE, FORM_DTYPE, FORM_SCALAR = 0, 1, 2, 3, 4
FORM_WRITEABLE, FORM_HISTORY, FORM_OWN = 5, 6, 7
"""The items of the form of an array, see `engine.capture.arguments.form_of`."""

KEY, CLASS, CELL, FIELD, EMPTY, ABSENT = 0, 1, 2, 3, 4, 5
"""How something is looked up: in a dict, as the class of an object, in a cell of a
function, as a field of an object of C; an empty set; nothing, in a dict."""

MOST_ARRAYS = 2048
"""Calls with more of them are left to Python."""

SEEN = 8 * MOST_ARRAYS
"""The places of a table of addresses, at most: a power of two, more than are needed."""

ARRAYS_FOUND, CELLS_FOUND, PENDING = 0, 8, 16
HANDLES = 24
VALUES = HANDLES + 8 * MOST_ARRAYS
CELLS = VALUES + 8 * MOST_ARRAYS
FOUND = 3 + 3 * MOST_ARRAYS
"""Where what was found of a call is noted, and the words that this takes: how many
arrays there are, and cells of leaves; a trace in which an array is still to be
computed; the handles, what they show (0 for an array of NumPy), the cells."""

SHARED, OWN_ORDER = 0x400, 0x101
"""NumPy's flags: an array may be written to; it lies in C order, where C wants it."""


# -- arguments -------------------------------------------------------------------------
def are_arguments(
    steady: int, given: int, count: int, names: int, held: int, floats: int
) -> int:
    """Whether arguments are of the kinds that were recorded.

    Their arrays and floats are put into two lists, if these are given.
    """
    known = TupleItem(steady, ARGUMENTS)
    own = TupleItem(steady, NAMES)
    total = count
    if names != 0:
        total += TupleSize(names)
    if TupleSize(known) != total or total - count != TupleSize(own):
        return 0
    i = 0
    while i < total - count:
        if TupleItem(names, i) != TupleItem(own, i):
            return 0
        i += 1
    i = 0
    while i < total:
        if not is_argument(TupleItem(known, i), load(given + 8 * i), held, floats):
            return 0
        i += 1
    return 1


def is_argument(known: int, thing: int, held: int, floats: int) -> int:
    """Whether an argument has a form, is a float, holds such, or is what it was."""
    its = kind(known)
    if its == state.tuple_type or its == state.host_type:
        if its == state.tuple_type and not has_form(known, thing):
            return 0
        if its == state.host_type and not is_host(known, thing):
            return 0
        return held == 0 or ListAppend(held, thing) >= 0
    if its == state.nested_type:
        return is_container(known, thing, held, floats)
    if known == state.float_type:
        if kind(thing) != state.float_type:
            return 0
        return floats == 0 or ListAppend(floats, thing) >= 0
    return is_constant(known, thing)


def is_constant(known: int, thing: int) -> int:
    """Whether something is the same object, or the same number or text."""
    if thing == known:
        return 1
    if kind(thing) != kind(known):
        return 0
    if kind(known) == state.float_type:
        return FloatAs(known) == FloatAs(thing)  # the bits, of 0.0 and -0.0 too
    if kind(known) == state.int_type or kind(known) == state.text_type:
        return equal(known, thing)
    return 0


def is_container(known: int, thing: int, held: int, floats: int) -> int:
    """Whether a tuple, list or dict holds what it held."""
    if kind(thing) != TupleItem(known, 0):
        return 0
    keys = TupleItem(known, 1)
    items = TupleItem(known, 2)
    count = TupleSize(items)
    i = 0
    if kind(thing) == state.dict_type:
        if DictSize(thing) != count:
            return 0
        place = reserve(3)
        store(place, 0)
        while DictNext(thing, place, place + 8, place + 16):
            if not is_constant(TupleItem(keys, i), load(place + 8)):
                return 0
            if not is_argument(TupleItem(items, i), load(place + 16), held, floats):
                return 0
            i += 1
        return 1
    contents = thing + slot.tuple_items
    size = TupleSize(thing)
    if kind(thing) == state.list_type:
        contents = load(thing + slot.list_items)
        size = ListSize(thing)
    if size != count:
        return 0
    while i < count:
        item = load(contents + 8 * i)
        if not is_argument(TupleItem(items, i), item, held, floats):
            return 0
        i += 1
    return 1


def is_host(known: int, array: int) -> int:
    """Whether something is an array of NumPy's of a dtype and shape, in C order."""
    if kind(array) != state.array_type:
        return 0
    shape = TupleItem(known, 1)
    rank = TupleSize(shape)
    flags = load_half(array + slot.array_flags)
    if (flags & OWN_ORDER) != OWN_ORDER or load_half(array + slot.numpy_rank) != rank:
        return 0
    if load(array + slot.numpy_descr) != TupleItem(known, 0):
        return 0
    if ((flags & SHARED) != 0) != (TupleItem(known, 2) == state.true):
        return 0
    extents = load(array + slot.numpy_extents)
    i = 0
    while i < rank:
        if load(extents + 8 * i) != IntAs(TupleItem(shape, i)):
            return 0
        i += 1
    return 1


# -- a call ----------------------------------------------------------------------------
def is_recorded(steady: int, trace: int, held: int, found: int) -> int:
    """Whether a call is as it was recorded; what was found of its arrays is noted."""
    store(found + ARRAYS_FOUND, 0)
    store(found + CELLS_FOUND, 0)
    store(found + PENDING, 0)
    if not is_set_up(steady, trace) or not are_guarded(steady):
        return 0
    forms = TupleItem(steady, FORMS)
    if TupleSize(forms) > MOST_ARRAYS:
        return 0
    i = 0
    while i < TupleSize(forms):
        form = TupleItem(forms, i)
        thing = ListItem(held, i)
        if kind(form) == state.host_type:
            if not is_host(form, thing):
                return 0
            store(found + HANDLES + 8 * i, thing)
            store(found + VALUES + 8 * i, 0)
            store(found + ARRAYS_FOUND, i + 1)
        elif not has_form(form, thing) or not note_array(found, thing):
            return 0
        i += 1
    known = TupleItem(steady, REACHED)
    i = 0
    while i < TupleSize(known):
        one = TupleItem(known, i)
        if not is_reached(one) or not note_array(found, TupleItem(one, 0)):
            return 0
        i += 1
    return are_gradients(TupleItem(steady, GRADS), found) and are_distinct(found)


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


def shown_memory(handle: int) -> int:
    """The value of all memory that a handle is a view of (borrowed), or 0."""
    value = field(handle + slot.array_value, state.value_type)
    line = field(handle + slot.array_line, state.line_type)
    if line != 0:
        value = 0
        if is_current(line):
            value = field(line + slot.line_value, state.value_type)
    if value == 0 or load(value + slot.value_device) != state.host:
        return 0
    return value


def has_form(form: int, handle: int) -> int:
    """Whether an array has the form that was recorded."""
    if kind(handle) != TupleItem(form, FORM_FACE):
        return 0
    recipe = field(handle + slot.array_recipe, state.recipe_type)
    if recipe == 0 or not same_recipe(recipe, TupleItem(form, FORM_RECIPE)):
        return 0
    if load(handle + slot.array_scalar) != TupleItem(form, FORM_SCALAR):
        return 0
    if load(handle + slot.array_writeable) != TupleItem(form, FORM_WRITEABLE):
        return 0
    own = 1
    if kind(handle) == state.ndarray_type:
        base = load(handle + state.ndarray_base)
        own = base == 0 or base == state.none
    if own != (TupleItem(form, FORM_OWN) == state.true):
        return 0
    value = shown_memory(handle)
    if value == 0 or load(value + slot.value_dtype) != TupleItem(form, FORM_DTYPE):
        return 0
    if not same_extents(load(value + slot.value_shape), TupleItem(form, FORM_SHAPE)):
        return 0
    past = TupleItem(form, FORM_HISTORY) == state.true
    return has(value + slot.value_history) == past


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
    value = shown_memory(handle)
    if value == 0 or count >= MOST_ARRAYS:
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
    store(found + HANDLES + 8 * count, handle)
    store(found + VALUES + 8 * count, value)
    store(found + ARRAYS_FOUND, count + 1)
    return 1


def note_cell(found: int, cell: int) -> int:
    """Note where a leaf has its gradient, if nobody is to hear of that."""
    hooks = field(cell + slot.cell_hooks, state.list_type)
    others = field(cell + slot.cell_result_hooks, state.list_type)
    if hooks == 0 or others == 0 or ListSize(hooks) != 0 or ListSize(others) != 0:
        return 0
    count = load(found + CELLS_FOUND)
    store(found + CELLS + 8 * count, cell)
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
        grad = load(load(found + CELLS + 8 * i) + slot.cell_grad)
        if form == state.none or grad == state.none:
            if form != grad:
                return 0
        elif not has_form(form, grad) or not note_array(found, grad):
            return 0
        i += 1
    # A gradient that is a leaf would have noted a cell of its own.
    return load(found + CELLS_FOUND) == count


def are_distinct(found: int) -> int:
    """Whether no two arrays share memory, or where they leave gradients."""
    seen = reserve(SEEN)
    size = 16
    while size < 4 * load(found + ARRAYS_FOUND):  # a third of it is used at most
        size *= 2
    i = 0
    while i < size:
        store(seen + 8 * i, 0)
        i += 1
    i = 0
    while i < load(found + ARRAYS_FOUND):
        value = load(found + VALUES + 8 * i)
        owner = load(found + HANDLES + 8 * i)
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
        if not is_first(seen, size, load(found + CELLS + 8 * i)):
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
