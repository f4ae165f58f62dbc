"""Subscripts of handles by slices, integers, None and dots: views, elements, writes.

The faces say what they mean; all but the cases of everyday is left to their methods.
"""

from __future__ import annotations

from .at_once import element_of, write_number
from .functions import picked_again
from .handles import (
    FACE,
    OTHER,
    PYTHON,
    is_number,
    is_plain,
    line_of,
    part_of,
    shown,
    wrapped,
)
from .keys import described, is_element
from .language import load, reserve, slot, state, store
from .macros import DecRef, IncRef, TupleItem
from .masking import put_at, selected
from .matching import RECIPE_DTYPE, field, forget_error, has, kind, put
from .python import Call, ErrClear
from .recycling import fresh, keep, row_of
from .regions import region, remember
from .scalars import (
    cell_of,
    is_idle,
    number_to_write,
)
from .writing import filled, fits, is_empty, may_write, stands_there, write


def getitem(self: int, key: int, entry: int) -> int:
    """``self[key]`` where it is a view: slices, and integers and None beside them."""
    face = load(entry + FACE)
    parts = reserve(20)
    items = reserve(2)
    count = 0
    recipe = field(self + slot.array_recipe, state.recipe_type)
    plain = kind(self) == face and load(self + slot.array_scalar) == state.false
    if plain and recipe != 0:
        count = described(key, face, parts)
    if count != 0 and face == state.ndarray_type and is_element(recipe, parts, count):
        read = element(self, key, parts, count)
        if read != 0:
            return read
        count = 0
    if count != 0:
        found = region(recipe, face, parts, count)
        if found != 0 and load(self + slot.array_recipe) == recipe:
            IncRef(found)
            view = view_of(self, found, face)
            DecRef(found)
            if view != 0:
                return view
    if plain and face == state.ndarray_type and kind(key) == face:
        view = selected(self, key)
        if view == -1:
            return 0
        if view == 0:
            view = picked_again(self, key)
        if view != 0:
            return view
    store(items, self)
    store(items + 8, key)
    recipe = load(self + slot.array_recipe)  # what ran so far may have changed it
    IncRef(recipe)
    view = Call(load(entry + PYTHON), items, 2, 0)
    line = 0
    same = load(self + slot.array_recipe) == recipe
    if view != 0 and count != 0 and same and kind(view) == face:
        line = load(view + slot.array_line)
    if line != 0 and line != state.none and line == load(self + slot.array_line):
        found = field(view + slot.array_recipe, state.recipe_type)
        if found != 0:
            remember(recipe, face, parts, count, found)
    DecRef(recipe)
    return view


def element(handle: int, key: int, parts: int, count: int) -> int:
    """One element of NumPy's face: a scalar of its own."""
    own = load(handle + slot.array_recipe)
    IncRef(own)  # what it is when this ends may be another
    found = located(handle, key, parts, count)
    if found == 0:
        DecRef(own)
        return 0
    IncRef(found)
    value = element_of(handle, found, own)
    if value == 0 and load(handle + slot.array_recipe) == own:
        value = part_of(handle, found)
    DecRef(own)
    DecRef(found)
    return wrapped(state.ndarray_type, value)


def located(handle: int, key: int, parts: int, count: int) -> int:
    """The recipe (borrowed) of a subscript of NumPy's face; Python finds it once."""
    recipe = load(handle + slot.array_recipe)
    face = state.ndarray_type
    found = region(recipe, face, parts, count)
    if found != 0:
        return found
    items = reserve(2)
    store(items, handle)
    store(items + 8, key)
    IncRef(recipe)
    made = Call(state.locate, items, 2, 0)
    if made == 0:
        forget_error()
        DecRef(recipe)
        return 0
    if kind(made) == state.recipe_type and load(handle + slot.array_recipe) == recipe:
        remember(recipe, face, parts, count, made)
        found = region(recipe, face, parts, count)
    DecRef(made)
    DecRef(recipe)
    return found


def view_of(handle: int, recipe: int, face: int) -> int:
    """Another handle on a handle's memory."""
    line = line_of(handle)
    if line == 0:
        return 0
    base = field(line + slot.line_value, state.value_type)
    if base == 0 or has(base + slot.value_history):
        return 0
    IncRef(recipe)
    IncRef(line)
    view = fresh(row_of(face))
    if view == 0:
        ErrClear()
        DecRef(recipe)
        DecRef(line)
        return 0
    store(view + slot.array_recipe, recipe)
    store(view + slot.array_line, line)
    put(view + slot.array_value, state.none)
    keep(view + slot.array_scalar, state.false)
    keep(view + slot.array_writeable, load(handle + slot.array_writeable))
    if face == state.ndarray_type:
        owner = load(handle + state.ndarray_base)
        if owner == 0 or owner == state.none:
            owner = handle
        put(view + state.ndarray_base, owner)
    return view


def setitem(self: int, given: int, entry: int) -> int:
    """``self[key] = value`` for views, and values of their shape and dtype."""
    face = load(entry + FACE)
    key = load(given)
    value = load(given + 8)
    parts = reserve(20)
    items = reserve(3)
    done = filled_at_once(self, key, value, face, parts)
    numpy = face == state.ndarray_type and kind(self) == face
    if not done and numpy and kind(key) == face:
        done = put_at(self, key, value)
    if done < 0:
        return 0
    if done:
        IncRef(state.none)
        return state.none
    store(items, self)
    store(items + 8, key)
    store(items + 16, value)
    if cell_of(value) != 0 and is_idle():  # Python may write it at once
        return Call(load(entry + PYTHON), items, 3, 0)
    own = load(self + slot.array_recipe)
    IncRef(own)  # Python code may give the array another shape, and less memory
    found = target_of(self, key, value, face, load(entry + OTHER), parts)
    if found != 0 and is_empty(found):
        found = 0
    read = 0
    if found != 0:
        IncRef(found)
        if kind(value) == face and stands_there(self, value, found):
            DecRef(found)
            DecRef(own)
            IncRef(state.none)
            return state.none
        if may_write(self):
            read = value_for(value, face, found)
        if read != 0:
            answer = 0
            if fits(read, found) and load(self + slot.array_recipe) == own:
                answer = write(self, found, read)
            if answer != 0:
                DecRef(read)
                DecRef(found)
                DecRef(own)
                if answer < 0:
                    return 0
                IncRef(state.none)
                return state.none
        DecRef(found)
    DecRef(own)
    if read == 0:
        return Call(load(entry + PYTHON), items, 3, 0)
    if kind(value) == face and is_plain(value):
        DecRef(read)
        return Call(load(entry + PYTHON), items, 3, 0)
    other = wrapped(face, read)
    if other == 0:
        return 0
    store(items + 16, other)
    answer = Call(load(entry + PYTHON), items, 3, 0)
    DecRef(other)
    return answer


def filled_at_once(self: int, key: int, value: int, face: int, parts: int) -> int:
    """Whether a number was written to computed memory, and nothing recorded."""
    if face != state.ndarray_type or kind(self) != face:
        return 0
    if kind(value) == face and load(value + slot.array_scalar) != state.true:
        return 0  # what most writes store: nothing else is to be asked
    own = field(self + slot.array_recipe, state.recipe_type)
    if own == 0 or not is_idle():
        return 0
    number = number_to_write(value, TupleItem(own, RECIPE_DTYPE))
    if number == 0:
        return 0
    count = described(key, face, parts)
    own = load(self + slot.array_recipe)
    IncRef(own)
    found = 0
    if count != 0:
        found = located(self, key, parts, count)
    done = 0
    if found != 0:
        IncRef(found)
        done = write_number(self, found, own, number)
        DecRef(found)
    DecRef(own)
    DecRef(number)
    return done


def value_for(thing: int, face: int, recipe: int) -> int:
    """What is to be stored in a region, of a handle or of a Python number."""
    if kind(thing) == face:
        return shown(thing)
    return filled(thing, recipe)


def target_of(
    self: int, key: int, value: int, face: int, other: int, parts: int
) -> int:
    """The recipe (borrowed) of the region that is to be written, or 0."""
    recipe = field(self + slot.array_recipe, state.recipe_type)
    if kind(self) != face or recipe == 0:
        return 0
    numpy = face == state.ndarray_type
    if kind(value) != face and not (numpy and is_number(value)):
        return 0
    count = described(key, face, parts)
    if count == 0:
        return 0
    if is_element(recipe, parts, count) or kind(value) != face:
        if numpy:
            return located(self, key, parts, count)
        return 0
    found = region(recipe, face, parts, count)
    if found == 0:
        view = getitem(self, key, other)
        if view == 0:
            forget_error()
        else:
            DecRef(view)
        found = region(recipe, face, parts, count)
    return found
