"""Keys of subscripts taken apart, and the regions that they mean, which are remembered.

Python finds the recipe of a region once. Here it is found again by the recipe that it
is a region of, the class, and the parts of the key. Integers, and where slices of one
length begin, are the numbers of a key: they decide on nothing but where a region
begins, which is computed. So the rows of an array have one entry, however many.
"""

from __future__ import annotations

from .language import inline, load, reserve, slot, state, store
from .macros import DecRef, IncRef, IntAs, TupleItem, TupleSize
from .matching import (
    RECIPE_DTYPE,
    RECIPE_OFFSET,
    RECIPE_SHAPE,
    RECIPE_STRIDES,
    kind,
    put_item,
    references,
    replace,
)
from .python import (
    Allocate,
    DictSize,
    ErrClear,
    ErrOccurred,
    IntFrom,
    SliceUnpack,
    TupleSet,
)
from .remembered import (
    AXES,
    BASE,
    FOUND,
    NEXT,
    PART,
    PARTS,
    PLACES,
    RESULT,
    WIDTH,
    entry_of,
    is_entry,
    new_entry,
)
from .scalars import cell_of, dtype_of, int32_at, is_int32

SLICE, INTEGER, NONE, DOTS, WINDOW = 1, 2, 3, 4, 5
"""The forms of parts, their first word.

A slice has its start, stop and step; a window, which is one with a length, the length
and the step, and begins at its number. An integer has the length of a window, 1.
"""

NUMBER = 32
"""The number of a part, behind its key."""

LARGEST = (1 << 63) - 1
"""Where a slice without an end ends."""


def described(key: int, face: int, parts: int) -> int:
    """The parts of a key; how many, or 0 for one that is not basic."""
    if kind(key) != state.tuple_type:
        return described_item(key, face, parts)
    count = TupleSize(key)
    if count > PARTS:
        return 0
    i = 0
    while i < count:
        if not described_item(TupleItem(key, i), face, parts + PART * i):
            return 0
        i += 1
    return count


def described_item(key: int, face: int, words: int) -> int:
    """Describe a part of a key; whether it is a basic one."""
    if kind(key) == state.ndarray_type and face == state.ndarray_type:
        return described_scalar(key, words)
    return described_part(key, words)


@inline
def takes_axis(words: int) -> int:
    """Whether a part is about an axis of the array."""
    return load(words) != NONE and load(words) != DOTS


@inline
def has_number(words: int) -> int:
    """Whether the number of a part says where its region begins."""
    return load(words) == INTEGER or load(words) == WINDOW


def is_element(recipe: int, parts: int, count: int) -> int:
    """Whether integers leave no axis: that is no view in NumPy.

    Where None adds one, or dots stand among them, it is a view.
    """
    integers = 0
    i = 0
    while i < count:
        words = parts + PART * i
        if load(words) == INTEGER:
            integers += 1
        elif not takes_axis(words):
            return 0
        i += 1
    return integers == TupleSize(TupleItem(recipe, RECIPE_SHAPE))


@inline
def describe_as(words: int, form: int, first: int, step: int, number: int) -> int:
    """Describe a part that has two words and a number at most."""
    store(words, form)
    store(words + 8, first)
    store(words + 16, step)
    store(words + 24, 0)
    store(words + NUMBER, number)
    return 1


def described_part(key: int, words: int) -> int:
    """Describe an integer, a plain slice, None or dots; whether it is one of these."""
    if key == state.none or key == state.ellipsis:
        return describe_as(words, NONE + (key == state.ellipsis), 0, 0, 0)
    if kind(key) == state.int_type:
        number = IntAs(key)
        if number == -1 and ErrOccurred() != 0:
            ErrClear()
            return 0
        return describe_as(words, INTEGER, 1, 0, number)
    if kind(key) != state.slice_type:
        return 0
    if not described_slice(key, words):
        return 0
    return as_window(words)


@inline
def described_slice(key: int, words: int) -> int:
    """Describe a slice between plain integers, as ``PySlice_Unpack`` has it."""
    start = load(key + slot.slice_start)
    stop = load(key + slot.slice_stop)
    step = load(key + slot.slice_step)
    if not is_bound(start) or not is_bound(stop) or not is_bound(step):
        return 0
    store(words, SLICE)
    if step == state.none:
        store(words + 8, bound(start, 0))
        store(words + 16, bound(stop, LARGEST))
        store(words + 24, 1)
        if load(words + 8) != -1 and load(words + 16) != -1:
            return 1
        if ErrOccurred() == 0:
            return 1
        ErrClear()  # more than a word: it is cut down to one
    if SliceUnpack(key, words + 8, words + 16, words + 24) < 0:
        ErrClear()
        return 0
    return 1


@inline
def bound(thing: int, otherwise: int) -> int:
    """A bound of a slice that goes forward."""
    if thing == state.none:
        return otherwise
    return IntAs(thing)


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
    return describe_as(words, INTEGER, 1, 0, number)


@inline
def is_bound(thing: int) -> int:
    """Whether a bound of a slice is None or a plain integer."""
    return thing == state.none or kind(thing) == state.int_type


@inline
def as_window(words: int) -> int:
    """Describe a slice as a window, where both of its ends are said from the front."""
    start = load(words + 8)
    stop = load(words + 16)
    if start < 0 or stop <= start or stop == LARGEST or load(words + 24) < 1:
        return 1
    return describe_as(words, WINDOW, stop - start, load(words + 24), start)


def as_slices(parts: int, count: int) -> int:
    """Describe windows as slices; whether there were any."""
    windows = 0
    i = 0
    while i < count:
        words = parts + PART * i
        if load(words) == WINDOW:
            store(words, SLICE)
            store(words + 24, load(words + 16))
            store(words + 16, load(words + NUMBER) + load(words + 8))
            store(words + 8, load(words + NUMBER))
            windows = 1
        i += 1
    return windows


def region(recipe: int, face: int, parts: int, count: int) -> int:
    """The recipe of a subscript (borrowed), 0 where it is not remembered.

    To make one may run Python code, which may give a handle another recipe.
    """
    found = known_region(recipe, face, parts, count)
    if found == 0 and as_slices(parts, count):  # it may go past an end
        return known_region(recipe, face, parts, count)
    return found


@inline
def known_region(recipe: int, face: int, parts: int, count: int) -> int:
    """`region` of a key whose windows are in the array."""
    entry = entry_of(recipe, face, parts, count)
    if entry == 0:
        return 0
    if load(entry + RESULT) != 0:
        return load(entry + RESULT)
    begin = beginning(entry, parts, count)
    if begin == state.no_shift:
        return 0
    place = entry + PLACES
    i = 0
    while i < FOUND:
        if load(place) == begin and load(place + 8) != 0:
            return load(place + 8)
        place += WIDTH
        i += 1
    return moved_region(entry, face, parts, count, begin)


def beginning(entry: int, parts: int, count: int) -> int:
    """Where the numbers of a key let a region begin; `no_shift` past an end."""
    begin = 0
    i = 0
    while i < count:
        words = parts + PART * i
        if has_number(words):
            extent = load(entry + AXES + 16 * i)
            number = load(words + NUMBER)
            if number < 0:
                number += extent
            if number < 0 or number > extent - load(words + 8):
                return state.no_shift
            begin += number * load(entry + AXES + 16 * i + 8)
        i += 1
    return begin


def moved_region(entry: int, face: int, parts: int, count: int, begin: int) -> int:
    """The recipe (borrowed) of a region that begins elsewhere than those at hand.

    One that only the entry holds is changed: nobody has seen it.
    """
    place = entry + PLACES
    i = 0
    while i < FOUND:
        old = load(place + 8)
        if old != 0 and references(old) == 1:
            offset = IntFrom(load(entry + BASE) + begin)
            if offset == 0:
                ErrClear()
                return 0
            replace(old + slot.tuple_items + 8 * RECIPE_OFFSET, offset)
            store(place, begin)
            return old
        place += WIDTH
        i += 1
    recipe = load(entry)
    IncRef(recipe)
    made = new_region(entry, begin)
    same = made != 0 and is_entry(entry, recipe, face, parts, count)
    DecRef(recipe)
    if not same:
        DecRef(made)
        return 0
    place = entry + PLACES + WIDTH * (load(entry + NEXT) & (FOUND - 1))
    store(entry + NEXT, load(entry + NEXT) + 1)
    store(place, begin)
    replace(place + 8, made)
    return made


def new_region(entry: int, begin: int) -> int:
    """A recipe like those of an entry that begins elsewhere, or 0."""
    like = load(entry + PLACES + 8)
    IncRef(like)
    offset = IntFrom(load(entry + BASE) + begin)
    made = Allocate(state.recipe_type, 4)
    if offset == 0 or made == 0:
        ErrClear()
        DecRef(offset)
        DecRef(made)
        made = 0
    else:
        put_item(made, RECIPE_DTYPE, TupleItem(like, RECIPE_DTYPE))
        TupleSet(made, RECIPE_OFFSET, offset)
        put_item(made, RECIPE_SHAPE, TupleItem(like, RECIPE_SHAPE))
        put_item(made, RECIPE_STRIDES, TupleItem(like, RECIPE_STRIDES))
    DecRef(like)
    return made


def remember(recipe: int, face: int, parts: int, count: int, found: int) -> int:
    """Keep the recipe that Python found for a subscript."""
    axes = reserve(8)
    i = 0
    while i < count:
        if load(parts + PART * i) == SLICE:
            as_window(parts + PART * i)
        i += 1
    if not described_by(recipe, parts, count, axes):
        as_slices(parts, count)
    numbers = 0
    i = 0
    while i < count:
        numbers = numbers | has_number(parts + PART * i)
        i += 1
    entry = new_entry(recipe, face, parts, count)
    IncRef(found)
    if not numbers:
        store(entry + RESULT, found)
        return 0
    i = 0
    while i < 2 * count:
        store(entry + AXES + 8 * i, load(axes + 8 * i))
        i += 1
    begin = beginning(entry, parts, count)
    store(entry + BASE, IntAs(TupleItem(found, RECIPE_OFFSET)) - begin)
    store(entry + PLACES, begin)
    store(entry + PLACES + 8, found)
    store(entry + NEXT, 1)
    return 0


def described_by(recipe: int, parts: int, count: int, axes: int) -> int:
    """Write down the extent and the stride for each part; whether windows are in it."""
    shape = TupleItem(recipe, RECIPE_SHAPE)
    strides = TupleItem(recipe, RECIPE_STRIDES)
    taken = 0
    i = 0
    while i < count:
        taken += takes_axis(parts + PART * i)
        i += 1
    axis = 0
    inside = 1
    i = 0
    while i < count:
        words = parts + PART * i
        if load(words) == DOTS:
            axis += TupleSize(shape) - taken
        if takes_axis(words):
            extent = IntAs(TupleItem(shape, axis))
            store(axes + 16 * i, extent)
            store(axes + 16 * i + 8, IntAs(TupleItem(strides, axis)))
            left = extent - load(words + 8)
            if load(words) == WINDOW and load(words + NUMBER) > left:
                inside = 0
            axis += 1
        i += 1
    return inside
