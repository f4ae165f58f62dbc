"""Subscripts of handles by slices, integers, None and dots: views, elements, writes.

The faces say what they mean; all but the cases of everyday is left to their methods.
"""

from __future__ import annotations

from .at_once import element_of, write_number
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
from .language import load, reserve, slot, state, store
from .macros import DecRef, IncRef, IntAs, TupleItem, TupleSize
from .matching import RECIPE_DTYPE, RECIPE_SHAPE, field, forget_error, has, kind, put
from .python import Call, DictSize, ErrClear, ErrOccurred, SliceUnpack
from .recycling import fresh, keep, row_of
from .scalars import (
    cell_of,
    dtype_of,
    int32_at,
    is_idle,
    is_int32,
    number_to_write,
)
from .writing import filled, fits, is_empty, may_write, stands_there, write

PARTS = 4
RESULT, FIRST = 24, 32
ENTRY = 8 * 24
ENTRIES = 8191
"""A remembered region: recipe, class, parts, the result, four words for each part.

Sweeps over the rows of a few arrays have some thousand of them, which no fast cache
holds: a region of one part lies in one line of a cache.
"""

NEAR = 4
"""In so many places, from the one that its hash says, a region is looked for."""


def described(key: int, face: int, parts: int) -> int:
    """The parts of a key, four words each; how many, or 0 for one that is not basic."""
    if kind(key) != state.tuple_type:
        return described_item(key, face, parts)
    count = TupleSize(key)
    if count > PARTS:
        return 0
    i = 0
    while i < count:
        if not described_item(TupleItem(key, i), face, parts + 32 * i):
            return 0
        i += 1
    return count


def described_item(key: int, face: int, words: int) -> int:
    """Describe a part of a key; whether it is a basic one."""
    if kind(key) == state.ndarray_type and face == state.ndarray_type:
        return described_scalar(key, words)
    return described_part(key, words)


def is_element(recipe: int, parts: int, count: int) -> int:
    """Whether integers leave no axis: that is no view in NumPy.

    Where None adds one, or dots stand among them, it is a view.
    """
    integers = 0
    i = 0
    while i < count:
        if load(parts + 32 * i) >= 3:
            return 0
        if load(parts + 32 * i) == 2:
            integers += 1
        i += 1
    return integers == TupleSize(TupleItem(recipe, RECIPE_SHAPE))


def described_part(key: int, words: int) -> int:
    """Describe an integer, a plain slice, None or dots; whether it is one of these."""
    if key == state.none or key == state.ellipsis:
        store(words, 3 + (key == state.ellipsis))
        store(words + 8, 0)
        store(words + 16, 0)
        store(words + 24, 0)
        return 1
    if kind(key) == state.int_type:
        number = IntAs(key)
        if number == -1 and ErrOccurred() != 0:
            ErrClear()
            return 0
        store(words, 2)
        store(words + 8, number)
        store(words + 16, 0)
        store(words + 24, 0)
        return 1
    if kind(key) != state.slice_type:
        return 0
    if not is_bound(load(key + slot.slice_start)):
        return 0
    if not is_bound(load(key + slot.slice_stop)):
        return 0
    if not is_bound(load(key + slot.slice_step)):
        return 0
    if SliceUnpack(key, words + 8, words + 16, words + 24) < 0:
        ErrClear()
        return 0
    store(words, 1)
    return 1


def described_scalar(key: int, words: int) -> int:
    """Describe an integer that is a computed scalar; whether it is one.

    While somebody watches the trace, to run it again, it is an index array.
    """
    buffer = cell_of(key)
    if buffer == 0 or DictSize(state.watchers) != 0:
        return 0
    address = load(buffer + slot.buffer_data)
    number = 0
    if dtype_of(key) == state.int64:
        number = load(address)
    elif is_int32(dtype_of(key)):
        number = int32_at(address)
    else:
        return 0
    store(words, 2)
    store(words + 8, number)
    store(words + 16, 0)
    store(words + 24, 0)
    return 1


def is_bound(thing: int) -> int:
    """Whether a bound of a slice is None or a plain integer."""
    return thing == state.none or kind(thing) == state.int_type


def mixed(recipe: int, face: int, parts: int, count: int) -> int:
    """A hash of a key, and of what it is a key of."""
    found = recipe ^ (face << 7)
    i = 0
    while i < 4 * count:
        found = (found ^ load(parts + 8 * i)) * 0x9E3779B97F4A7C15
        found = found ^ (found >> 29)
        i += 1
    return found


def is_entry(entry: int, recipe: int, face: int, parts: int, count: int) -> int:
    """Whether a key is remembered at a place."""
    if load(entry) != recipe or load(entry + 8) != face or load(entry + 16) != count:
        return 0
    i = 0
    while i < 4 * count:
        if load(entry + FIRST + 8 * i) != load(parts + 8 * i):
            return 0
        i += 1
    return 1


def region(recipe: int, face: int, parts: int, count: int) -> int:
    """The recipe of a subscript (borrowed), 0 where it is not remembered."""
    first = mixed(recipe, face, parts, count)
    i = 0
    while i < NEAR:
        entry = state.regions + ENTRY * ((first + i) & ENTRIES)
        if is_entry(entry, recipe, face, parts, count):
            return load(entry + RESULT)
        i += 1
    return 0


def place_for(first: int) -> int:
    """Where a key of this hash may be put: a free place near it, or a taken one."""
    i = 0
    while i < NEAR:
        entry = state.regions + ENTRY * ((first + i) & ENTRIES)
        if load(entry) == 0:
            return entry
        i += 1
    chosen = (first >> 40) & (NEAR - 1)
    return state.regions + ENTRY * ((first + chosen) & ENTRIES)


def remember(recipe: int, face: int, parts: int, count: int, found: int) -> int:
    """Keep the recipe that Python found for a subscript."""
    entry = place_for(mixed(recipe, face, parts, count))
    last = load(entry + RESULT)
    first = load(entry)
    IncRef(recipe)
    IncRef(found)
    store(entry, recipe)
    store(entry + 8, face)
    store(entry + 16, count)
    i = 0
    while i < 4 * count:
        store(entry + FIRST + 8 * i, load(parts + 8 * i))
        i += 1
    store(entry + RESULT, found)
    if first != 0:
        DecRef(first)
        DecRef(last)
    return 0


def getitem(self: int, key: int, entry: int) -> int:
    """``self[key]`` where it is a view: slices, and integers and None beside them."""
    face = load(entry + FACE)
    parts = reserve(16)
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
        if found != 0:
            IncRef(found)
            view = view_of(self, found, face)
            DecRef(found)
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
    found = located(handle, key, parts, count)
    if found == 0:
        return 0
    own = load(handle + slot.array_recipe)
    IncRef(found)
    IncRef(own)
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
    parts = reserve(16)
    items = reserve(3)
    if filled_at_once(self, key, value, face, parts):
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
    own = field(self + slot.array_recipe, state.recipe_type)
    if own == 0 or not is_idle():
        return 0
    number = number_to_write(value, TupleItem(own, RECIPE_DTYPE))
    if number == 0:
        return 0
    count = described(key, face, parts)
    found = 0
    if count != 0:
        found = located(self, key, parts, count)
    done = 0
    if found != 0:
        own = load(self + slot.array_recipe)
        IncRef(found)
        IncRef(own)
        done = write_number(self, found, own, number)
        DecRef(own)
        DecRef(found)
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
