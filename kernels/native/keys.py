"""Keys of subscripts taken apart: integers, slices, None and dots."""

from __future__ import annotations

from .language import inline, load, slot, state, store
from .macros import IntAs, TupleItem, TupleSize
from .matching import RECIPE_SHAPE, kind
from .python import DictSize, ErrClear, ErrOccurred, SliceUnpack
from .remembered import PART, PARTS
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


def spare_axes(recipe: int, parts: int, count: int) -> int:
    """How many axes of an array no part is about; below 0 for too many parts."""
    spare = TupleSize(TupleItem(recipe, RECIPE_SHAPE))
    i = 0
    while i < count:
        spare -= takes_axis(parts + PART * i)
        i += 1
    return spare


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
