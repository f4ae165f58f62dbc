"""Masks and arrays of indices as subscripts: of a few elements, done at once.

`engine.numpy.masked` and `engine.numpy.picking` say what they mean. Here are handles
that show a value as it is, with a mask of their shape, or indices that are computed. A
number under a mask is recorded, as a choice.
"""

from __future__ import annotations

from .at_once import (
    count_write,
    fill,
    memory_of,
    next_version,
    own_buffer,
)
from .handles import at_hand, base_of, is_number
from .language import (
    load,
    load_byte,
    reserve,
    slot,
    state,
    store,
    store_byte,
)
from .looking import settled
from .macros import DecRef, IncRef, IntAs, TupleItem, TupleSize
from .matching import (
    RECIPE_DTYPE,
    RECIPE_OFFSET,
    RECIPE_SHAPE,
    RECIPE_STRIDES,
    field,
    has,
    kind,
    row_for,
    same_extents,
)
from .python import Call, DictSize, ErrClear, GetItem
from .recording import follow
from .settling import DONE, FAILED
from .writing import may_write, write

SMALL = 512
"""NumPy's own indexing picks from so few places as fast as can be."""

PLACES, COUNT, SHAPE = 0, 8, 16
"""Where indices are, how many, and their shape (borrowed)."""


def mask_for(key: int, value: int) -> int:
    """The value (borrowed) of a mask of another value's shape; 0 for other keys."""
    flags = at_hand(key)
    if flags == 0 or load(flags + slot.value_dtype) != state.bool_dtype:
        return 0
    shape = load(value + slot.value_shape)
    if TupleSize(shape) == 0 or not is_here(flags) or not is_here(value):
        return 0
    if not same_extents(load(flags + slot.value_shape), shape):
        return 0
    return flags


def is_here(value: int) -> int:
    """Whether a value is one of the host, and has no history."""
    if load(value + slot.value_device) != state.host:
        return 0
    return not has(value + slot.value_history)


def count_of(shape: int) -> int:
    """How many elements there are."""
    count = 1
    i = 0
    while i < TupleSize(shape):
        count *= IntAs(TupleItem(shape, i))
        i += 1
    return count


def both_settled(one: int, other: int) -> int:
    """Compute two values that are held: what `flushed` answers."""
    done = settled(one)
    if done == DONE:
        done = settled(other)
    if done == DONE and (
        kind(load(one + slot.value_buffer)) != state.array_type
        or kind(load(other + slot.value_buffer)) != state.array_type
    ):
        return 0
    return done


def selected(handle: int, key: int) -> int:
    """``handle[key]`` for a mask or indices: 0 for Python to do, -1 an error."""
    value = at_hand(handle)
    if value == 0 or DictSize(state.watchers) != 0:
        return 0
    flags = mask_for(key, value)
    if flags == 0:
        flags = places_for(key, value)
    elif count_of(load(value + slot.value_shape)) > state.few:
        flags = 0
    if flags == 0:
        return 0
    IncRef(value)
    IncRef(flags)
    done = both_settled(flags, value)
    found = 0
    if done == DONE:
        found = picked_elements(
            load(value + slot.value_buffer), load(flags + slot.value_buffer)
        )
    DecRef(flags)
    DecRef(value)
    if done == FAILED:
        return -1
    return found


def places_for(key: int, value: int) -> int:
    """The value (borrowed) of a few computed indices of another computed value."""
    places = at_hand(key)
    if places == 0 or load(places + slot.value_dtype) != state.int64:
        return 0
    if not has(places + slot.value_buffer) or not has(value + slot.value_buffer):
        return 0
    shape = load(places + slot.value_shape)
    if TupleSize(shape) == 0 or not is_here(places) or not is_here(value):
        return 0
    if TupleSize(load(value + slot.value_shape)) == 0 or count_of(shape) > SMALL:
        return 0
    return places


def picked_elements(buffer: int, key: int) -> int:
    """A handle of what NumPy picks from an array; 0 for Python, -1 an error."""
    items = reserve(1)
    IncRef(buffer)
    IncRef(key)
    found = GetItem(buffer, key)
    DecRef(key)
    DecRef(buffer)
    if found == 0:
        ErrClear()
        return 0
    store(items, found)
    made = Call(state.gathered, items, 1, 0)
    DecRef(found)
    if made == 0:
        return -1
    return made


def put_at(handle: int, key: int, value: int) -> int:
    """``handle[key] = value`` for a mask, or a few computed indices of one axis.

    1 done, 0 for Python to do, -1 an error.
    """
    if DictSize(state.watchers) != 0 or not may_write(handle):
        return 0
    own = at_hand(handle)
    if own == 0 or count_of(load(own + slot.value_shape)) == 0:
        return 0
    flags = mask_for(key, own)
    if flags != 0 and is_number(value):
        return choose_number(handle, own, flags, value)
    where = reserve(3)
    if flags == 0 and not places_at(key, own, where):
        return 0
    if flags == 0 and is_number(value):
        return put_elements(handle, own, 0, where, 0, value)
    given = given_for(value, own)
    if given == 0:
        return 0
    shape = load(given + slot.value_shape)
    if flags != 0 and TupleSize(shape) == 1:
        return put_settled(handle, own, flags, key, given)
    if flags == 0 and same_extents(shape, load(where + SHAPE)):
        return put_settled(handle, own, 0, key, given)
    return 0


def places_at(key: int, own: int, where: int) -> int:
    """Say where a few computed indices of a value of one axis are; 0 for other keys.

    They are all of an array, or a part of one without gaps. It is not the value itself:
    a place may be written before it is read then, and NumPy makes a copy.
    """
    if TupleSize(load(own + slot.value_shape)) != 1:
        return 0
    places = places_for(key, own)
    first = 0
    if places != 0:
        shape = load(places + slot.value_shape)
    else:
        places = part_for(key)
        if places == 0 or not has(own + slot.value_buffer) or not is_here(own):
            return 0
        recipe = load(key + slot.array_recipe)
        shape = TupleItem(recipe, RECIPE_SHAPE)
        first = IntAs(TupleItem(recipe, RECIPE_OFFSET))
    if places == own:
        return 0
    memory = load(load(places + slot.value_buffer) + slot.buffer_data)
    store(where + PLACES, memory + 8 * first)
    store(where + COUNT, count_of(shape))
    store(where + SHAPE, shape)
    return 1


def part_for(key: int) -> int:
    """The value (borrowed) of which a handle shows a few indices side by side, or 0."""
    if kind(key) != state.ndarray_type:
        return 0
    recipe = field(key + slot.array_recipe, state.recipe_type)
    if recipe == 0 or TupleItem(recipe, RECIPE_DTYPE) != state.int64:
        return 0
    shape = TupleItem(recipe, RECIPE_SHAPE)
    if TupleSize(shape) != 1 or count_of(shape) > SMALL:
        return 0
    if IntAs(TupleItem(TupleItem(recipe, RECIPE_STRIDES), 0)) != 1:
        return 0
    base = base_of(key)
    if base == 0 or memory_of(base, recipe) == 0:
        return 0
    return base


def given_for(value: int, own: int) -> int:
    """The value (borrowed) of an array, to be put into another one of its dtype."""
    if kind(value) != state.ndarray_type:
        return 0
    given = at_hand(value)
    if given == 0 or given == own or not is_here(given):
        return 0
    if load(given + slot.value_dtype) != load(own + slot.value_dtype):
        return 0
    return given


def put_settled(handle: int, own: int, flags: int, key: int, given: int) -> int:
    """Compute what is pending, and put elements where flags hold, or else at places.

    1 done, 0 for Python to do, -1 an error.
    """
    where = reserve(3)
    IncRef(own)
    IncRef(flags)
    IncRef(given)
    done = both_settled(given, own)
    if done == DONE and flags != 0:
        done = both_settled(flags, own)
    same = done == DONE and at_hand(handle) == own and may_write(handle)
    if same and flags == 0:  # Python code may have run
        same = places_at(key, own, where) != 0
        same = same and same_extents(
            load(given + slot.value_shape), load(where + SHAPE)
        )
    DecRef(own)  # the handle's memory holds it alone, or it is not written
    written = 0
    if same:
        written = put_elements(handle, own, flags, where, given, 0)
    DecRef(given)
    DecRef(flags)
    if done == FAILED:
        return -1
    return written


def choose_number(handle: int, own: int, flags: int, number: int) -> int:
    """Record a choice between a number and what is there: 1 done, 0 not, -1 failed."""
    items = reserve(3)
    recipe = load(handle + slot.array_recipe)
    IncRef(recipe)
    IncRef(own)
    IncRef(flags)
    store(items, flags)
    store(items + 8, number)
    store(items + 16, own)
    made = follow(state.where_op, 0, 0, items, 3, 0)
    answer = 0
    same = made != 0 and load(made + slot.value_dtype) == load(own + slot.value_dtype)
    if same and at_hand(handle) == own and may_write(handle):
        answer = write(handle, recipe, made)
    DecRef(made)
    DecRef(flags)
    DecRef(own)
    DecRef(recipe)
    return answer


def put_elements(
    handle: int, own: int, flags: int, where: int, given: int, number: int
) -> int:
    """Write computed elements where flags hold, or at places; 0 for Python to do it.

    That is where nobody else has the memory. At places it may be a `number` instead. No
    Python code runs meanwhile, nor does another thread of Python.
    """
    line = field(handle + slot.array_line, state.line_type)
    if line == 0 or load(line + slot.line_value) != own:
        return 0
    buffer = own_buffer(line, load(handle + slot.array_recipe))
    row = row_for(load(own + slot.value_dtype))
    if buffer == 0 or row == 0:
        return 0
    memory = load(buffer + slot.buffer_data)
    extent = count_of(load(own + slot.value_shape))
    count = 0
    if flags != 0:
        which = load(load(flags + slot.value_buffer) + slot.buffer_data)
    else:
        which = load(where + PLACES)
        count = load(where + COUNT)
    source = 0
    if given != 0:
        source = load(load(given + slot.value_buffer) + slot.buffer_data)
    if source == memory:
        return 0
    if flags != 0 and held(which, extent) != count_of(load(given + slot.value_shape)):
        return 0  # NumPy has a word for it
    if flags == 0 and (count == 0 or not are_within(which, count, extent)):
        return 0
    version = next_version(line)
    if version == 0:
        return 0
    if flags != 0:
        place_elements(memory, source, which, extent, load(row + 16))
    elif not place_at(memory, source, which, count, extent, row, number):
        DecRef(version)
        return 0
    count_write(line, version)
    return 1


def held(mask: int, count: int) -> int:
    """How many flags hold."""
    found = 0
    i = 0
    while i < count:
        if load_byte(mask + i):
            found += 1
        i += 1
    return found


def are_within(places: int, count: int, extent: int) -> int:
    """Whether all places are those of elements, counted from the front or the end."""
    i = 0
    while i < count:
        place = load(places + 8 * i)
        if place < -extent or place >= extent:
            return 0
        i += 1
    return 1


def place_at(
    memory: int,
    source: int,
    places: int,
    count: int,
    extent: int,
    row: int,
    number: int,
) -> int:
    """Copy elements to places in turn, or a number; 0, and nothing, if it is no fit."""
    itemsize = load(row + 16)
    step = itemsize
    if source == 0:  # the first one is converted, and copied to the others
        place = load(places)
        if place < 0:
            place += extent
        source = memory + place * itemsize
        step = 0
        if not fill(source, 1, itemsize, row, number):
            return 0
    i = 0
    while i < count:
        place = load(places + 8 * i)
        if place < 0:
            place += extent
        place_element(memory + place * itemsize, source + i * step, itemsize)
        i += 1
    return 1


def place_elements(
    memory: int, source: int, mask: int, count: int, itemsize: int
) -> int:
    """Copy elements to the places where a mask holds, one after the other."""
    i = 0
    while i < count:
        if load_byte(mask + i):
            place_element(memory + i * itemsize, source, itemsize)
            source += itemsize
        i += 1
    return 0


def place_element(there: int, source: int, itemsize: int) -> int:
    """Copy an element of 1, 2, 4, 8 or 16 bytes."""
    if itemsize == 8:
        store(there, load(source))
    elif itemsize == 16:
        store(there, load(source))
        store(there + 8, load(source + 8))
    else:
        i = 0
        while i < itemsize:
            store_byte(there + i, load_byte(source + i))
            i += 1
    return 0
