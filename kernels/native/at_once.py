"""Elements of computed arrays read, and numbers written to them, without recording.

Where nothing is pending a look is cheaper than a plan: a loop that looks at an element,
and then writes somewhere, would be another path in each of its steps. `cells` has the
code that touches memory.
"""

from __future__ import annotations

from .cells import FILL, SIGNED, UNSIGNED
from .flushing import is_free
from .handles import base_of, line_of
from .language import invoke, load, reserve, slot, state, store
from .macros import DecRef, IncRef, IntAs, TupleItem, TupleSize
from .matching import (
    RECIPE_DTYPE,
    RECIPE_OFFSET,
    RECIPE_SHAPE,
    RECIPE_STRIDES,
    field,
    has,
    kind,
    replace,
    row_for,
)
from .python import DictSize, ErrClear, IntFrom
from .recycling import fresh
from .scalars import become, is_idle, new_cell
from .writing import may_write

MANY = 2**19
"""Elements whose writing is worth a plan, as threads may share it.

One thread stores so many in some 0.2 ms; a plan costs a part of that, and where other
programs run, its second thread may come late.
"""


def memory_of(value: int, recipe: int) -> int:
    """The computed memory (borrowed) that a recipe shows a part of; 0 if pending."""
    buffer = load(value + slot.value_buffer)
    if kind(buffer) != state.array_type or has(value + slot.value_history):
        return 0
    if load(value + slot.value_device) != state.host:
        return 0
    if load(value + slot.value_dtype) != TupleItem(recipe, RECIPE_DTYPE):
        return 0
    return buffer


def first_of(buffer: int, recipe: int, row: int) -> int:
    """The address of the first element of a region."""
    offset = IntAs(TupleItem(recipe, RECIPE_OFFSET))
    return load(buffer + slot.buffer_data) + offset * load(row + 16)


def element_of(handle: int, recipe: int, own: int) -> int:
    """A computed value that is one element of a handle's memory; 0 to record it.

    `own` is the recipe of the handle for which that of the element was found: Python
    code, which may run meanwhile, may give the handle another shape, and less memory.
    """
    row = row_for(TupleItem(recipe, RECIPE_DTYPE))
    if row == 0 or not may_look(row):
        return 0
    value = fresh(state.value_row)  # where the collector may run, so this comes first
    if value == 0:
        ErrClear()
        return 0
    cell = 0
    if may_look(row) and load(handle + slot.array_recipe) == own:
        base = base_of(handle)
        if base != 0:
            cell = copied(base, recipe, row)
    if cell == 0:
        DecRef(value)
        return 0
    become(value, row, cell)
    return value


def may_look(row: int) -> int:
    """Whether an element of a dtype is read at once, if it is computed.

    An integer mostly is to be looked at, as a place or a count: that would have all
    computed that is pending.
    """
    if DictSize(state.watchers) != 0:
        return 0
    if load(row + 24) == SIGNED or load(row + 24) == UNSIGNED:
        return 1
    return is_idle()


def copied(base: int, recipe: int, row: int) -> int:
    """A new array without axes that holds one element; 0 where it is pending."""
    buffer = memory_of(base, recipe)
    if buffer == 0:
        return 0
    return new_cell(row, first_of(buffer, recipe, row))


def write_number(handle: int, recipe: int, own: int, number: int) -> int:
    """Write a number to a region of at most one axis; 0 where that is not done here.

    Only where nobody but the handle's own memory holds the elements. `own` is the
    recipe of the handle for which that of the region was found, see `element_of`.
    """
    row = row_for(TupleItem(recipe, RECIPE_DTYPE))
    shape = TupleItem(recipe, RECIPE_SHAPE)
    if row == 0 or TupleSize(shape) > 1 or line_of(handle) == 0 or not is_idle():
        return 0
    # From here on no Python code runs: the handle has its line.
    line = field(handle + slot.array_line, state.line_type)
    if line == 0 or load(handle + slot.array_recipe) != own or not may_write(handle):
        return 0
    count = 1
    step = 0
    if TupleSize(shape) == 1:
        count = IntAs(TupleItem(shape, 0))
        step = IntAs(TupleItem(TupleItem(recipe, RECIPE_STRIDES), 0))
    if count < 1 or count > MANY or (step == 0 and count > 1):
        return 0
    buffer = own_buffer(line, recipe)
    if buffer == 0:
        return 0
    version = next_version(line)
    if version == 0:
        return 0
    there = first_of(buffer, recipe, row)
    if not fill(there, count, step * load(row + 16), row, number):
        DecRef(version)
        return 0
    count_write(line, version)
    return 1


def own_buffer(line: int, recipe: int) -> int:
    """The computed memory (borrowed) of a line that nobody else holds; 0 without such.

    `recipe` is that of the part to be written.
    """
    base = load(load(line + slot.line_storage) + slot.storage_latest)
    if base != load(line + slot.line_value):
        return 0
    buffer = memory_of(base, recipe)
    if buffer == 0 or not is_free(base, buffer):
        return 0
    return buffer


def fill(there: int, count: int, step: int, row: int, number: int) -> int:
    """Write a number to elements that are `step` bytes apart; 0 if it does not fit."""
    words = reserve(5)
    store(words, there)
    store(words + 8, count)
    store(words + 16, step)
    store(words + 24, load(row + 24))
    store(words + 32, load(row + 16))
    return invoke(load(state.cells + FILL), words, number, 0)


def next_version(line: int) -> int:
    """What counts the writes to a line's memory, with one more; or 0."""
    storage = load(line + slot.line_storage)
    version = IntFrom(IntAs(load(storage + slot.storage_version)) + 1)
    if version == 0:
        ErrClear()
    return version


def count_write(line: int, version: int) -> int:
    """Let a line and its memory have a version; takes over the reference."""
    IncRef(version)
    replace(load(line + slot.line_storage) + slot.storage_version, version)
    replace(line + slot.line_version, version)
    return 0
