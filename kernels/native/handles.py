"""Handles as native code reads and makes them: `engine.array` says what they mean."""

from __future__ import annotations

from .language import inline, load, reserve, slot, state, store
from .macros import DecRef, IncRef, IntAs, ListItem, ListSize, TupleItem, TupleSize
from .matching import (
    RECIPE_SHAPE,
    RECIPE_STRIDES,
    field,
    has,
    kind,
    put,
    replace,
    same_recipe,
)
from .python import Allocate, ErrClear
from .recording import follow
from .recycling import fresh, keep, row_of

OP, PYTHON, FACE, OTHER = 0, 8, 16, 24
"""A method's words: its op, Python's method, its class, and one that differs."""


def shown(handle: int) -> int:
    """The value that a handle shows, where no work but a `view` is needed for it."""
    value = field(handle + slot.array_value, state.value_type)
    if value != 0:
        if load(handle + slot.array_recipe) != load(value + slot.value_layout):
            return 0
        IncRef(value)
        return value
    line = field(handle + slot.array_line, state.line_type)
    if line == 0 or not is_current(line):
        return 0
    base = field(line + slot.line_value, state.value_type)
    recipe = field(handle + slot.array_recipe, state.recipe_type)
    if base == 0 or recipe == 0:
        return 0
    layout = field(base + slot.value_layout, state.recipe_type)
    if layout != 0 and same_recipe(recipe, layout):
        IncRef(base)
        return base
    return region_of(base, recipe)


def region_of(base: int, recipe: int) -> int:
    """The value of a region of a value, which is not all of it."""
    items = reserve(1)
    IncRef(base)  # recording may run Python code at first, which may write
    IncRef(recipe)  # or give the handle another shape
    store(items, base)
    value = follow(state.view_op, 0, recipe, items, 1, 0)
    DecRef(recipe)
    DecRef(base)
    return value


@inline
def base_of(handle: int) -> int:
    """The value that a handle shows a part of (borrowed); 0 without a current one."""
    value = field(handle + slot.array_value, state.value_type)
    if value == 0:
        line = field(handle + slot.array_line, state.line_type)
        if line == 0 or not is_current(line):
            return 0
        value = field(line + slot.line_value, state.value_type)
    return value


def part_of(handle: int, recipe: int) -> int:
    """The value of a region of a handle's memory."""
    base = base_of(handle)
    if base == 0:
        return 0
    return region_of(base, recipe)


def at_hand(handle: int) -> int:
    """The value that a handle shows (borrowed), where nothing is recorded for it."""
    recipe = load(handle + slot.array_recipe)
    value = base_of(handle)
    if value == 0 or recipe != load(value + slot.value_layout):
        return 0
    return value


def is_current(line: int) -> int:
    """Whether a line shows the latest value of memory that nobody outside sees."""
    storage = field(line + slot.line_storage, state.storage_type)
    if storage == 0 or has(storage + slot.storage_memory):
        return 0
    own = load(line + slot.line_version)
    latest = load(storage + slot.storage_version)
    return own == latest or IntAs(own) == IntAs(latest)


def in_c_order(handle: int) -> int:
    """Whether the axes of a handle lie in C order."""
    return is_ordered(handle, 0)


def is_ordered(handle: int, backwards: int) -> int:
    """Whether axes lie in C order; they may be walked `backwards`.

    Those of the results of elementwise ops lie in C order then.
    """
    recipe = field(handle + slot.array_recipe, state.recipe_type)
    if recipe == 0:
        return 0
    strides = TupleItem(recipe, RECIPE_STRIDES)
    rank = TupleSize(strides)
    if rank < 2:
        return 1
    shape = TupleItem(recipe, RECIPE_SHAPE)
    above = 1 << 62
    i = 0
    while i < rank:
        stride = IntAs(TupleItem(strides, i))
        if stride < 0 and backwards:
            stride = -stride
        if stride != 0 or IntAs(TupleItem(shape, i)) != 1:  # no axis by None
            if stride <= 0 or stride >= above:
                return 0
            above = stride
        i += 1
    return 1


@inline
def is_plain(handle: int) -> int:
    """Whether a handle owns its value, in C order."""
    value = field(handle + slot.array_value, state.value_type)
    if value == 0:
        return 0
    return load(handle + slot.array_recipe) == load(value + slot.value_layout)


def is_tensor(thing: int) -> int:
    """Whether something is a handle of a class that reads and writes as `Array`."""
    i = 0
    while i < ListSize(state.faces):
        if kind(thing) == ListItem(state.faces, i):
            return 1
        i += 1
    return 0


@inline
def is_number(thing: int) -> int:
    """Whether something is a Python float or integer."""
    return kind(thing) == state.float_type or kind(thing) == state.int_type


def is_operand_number(thing: int, face: int) -> int:
    """Whether something is a Python number that operators of a face take here."""
    if kind(thing) == state.complex_type:
        return face == state.ndarray_type
    return is_number(thing)


@inline
def wrapped(face: int, value: int) -> int:
    """A handle of a value in C order; takes over the reference."""
    if value == 0:
        return 0
    handle = fresh(row_of(face))
    if handle == 0:
        ErrClear()
        DecRef(value)
        return 0
    put(handle + slot.array_recipe, load(value + slot.value_layout))
    store(handle + slot.array_value, value)
    put(handle + slot.array_line, state.none)
    if face == state.ndarray_type and TupleSize(load(value + slot.value_shape)) == 0:
        keep(handle + slot.array_scalar, state.true)
        keep(handle + slot.array_writeable, state.false)
    else:
        keep(handle + slot.array_scalar, state.false)
        keep(handle + slot.array_writeable, state.true)
    return handle


def fill_line(line: int, storage: int, value: int) -> int:
    """Let a new line, of new memory, show a value."""
    put(storage + slot.storage_latest, value)
    put(storage + slot.storage_version, state.zero)
    put(storage + slot.storage_memory, state.none)
    put(storage + slot.storage_root, state.none)
    put(storage + slot.storage_owner, state.none)
    put(line + slot.line_storage, storage)
    put(line + slot.line_value, value)
    put(line + slot.line_version, state.zero)
    put(line + slot.line_cell, state.none)
    return 0


def line_of(handle: int) -> int:
    """The line of a handle (borrowed), made when it is first needed; 0 without one."""
    line = field(handle + slot.array_line, state.line_type)
    if line != 0:
        return line
    value = field(handle + slot.array_value, state.value_type)
    if value == 0 or has(handle + slot.array_line):
        return 0
    storage = Allocate(state.storage_type, 0)
    line = Allocate(state.line_type, 0)
    if storage == 0 or line == 0 or load(handle + slot.array_value) != value:
        ErrClear()
        DecRef(storage)
        DecRef(line)
        return 0
    fill_line(line, storage, value)
    DecRef(storage)
    replace(handle + slot.array_line, line)
    IncRef(state.none)
    replace(handle + slot.array_value, state.none)
    return line
