"""Keys of subscripts taken apart, and the regions that they mean, which are remembered.

Python finds the recipe of a region once. Here it is found again by the recipe that it
is a region of, the class, and the parts of the key, four words each.
"""

from __future__ import annotations

from .language import inline, load, slot, state, store
from .macros import DecRef, IncRef, IntAs, TupleItem, TupleSize
from .matching import RECIPE_SHAPE, kind
from .python import DictSize, ErrClear, ErrOccurred, SliceUnpack
from .scalars import cell_of, dtype_of, int32_at, is_int32

PARTS = 4
RESULT, FIRST = 24, 32
ENTRY = 8 * 24
ENTRIES = 8191
"""A remembered region: recipe, class, parts, the result, four words for each part.

Sweeps over the rows of a few arrays have some thousand of them, which no fast cache
holds: a region of one part lies in one line of a cache.
"""

LARGEST = (1 << 63) - 1
"""Where a slice without an end ends."""

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


@inline
def describe_as(words: int, form: int, number: int) -> int:
    """Describe a part that is one number at most."""
    store(words, form)
    store(words + 8, number)
    store(words + 16, 0)
    store(words + 24, 0)
    return 1


def described_part(key: int, words: int) -> int:
    """Describe an integer, a plain slice, None or dots; whether it is one of these."""
    if key == state.none or key == state.ellipsis:
        return describe_as(words, 3 + (key == state.ellipsis), 0)
    if kind(key) == state.int_type:
        number = IntAs(key)
        if number == -1 and ErrOccurred() != 0:
            ErrClear()
            return 0
        return describe_as(words, 2, number)
    if kind(key) != state.slice_type:
        return 0
    return described_slice(key, words)


@inline
def described_slice(key: int, words: int) -> int:
    """Describe a slice between plain integers, as ``PySlice_Unpack`` has it."""
    start = load(key + slot.slice_start)
    stop = load(key + slot.slice_stop)
    step = load(key + slot.slice_step)
    if not is_bound(start) or not is_bound(stop) or not is_bound(step):
        return 0
    store(words, 1)
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
    return describe_as(words, 2, number)


@inline
def is_bound(thing: int) -> int:
    """Whether a bound of a slice is None or a plain integer."""
    return thing == state.none or kind(thing) == state.int_type


def mixed(recipe: int, face: int, parts: int, count: int) -> int:
    """A hash of a key, and of what it is a key of."""
    found = recipe ^ (face << 7)
    odd = 0x9E3779B97F4A7C15
    i = 0
    while i < 4 * count:
        found += load(parts + 8 * i) * odd  # none waits for the one before
        odd += 0x7F4A7C15F39CC060
        i += 1
    found = (found ^ (found >> 32)) * 0x9E3779B97F4A7C15
    return found ^ (found >> 29)


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
