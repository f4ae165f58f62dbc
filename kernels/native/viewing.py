"""Methods that show the same memory in another shape or order, as ``x.reshape(3, 4)``.

What they show depends on the recipe of the handle and on a few integers alone. Python
finds it once (`engine.numpy.views`, `engine.torch.views`), and then the view is made
from here, as that of a subscript is.
"""

from __future__ import annotations

from .handles import FACE, PYTHON
from .language import load, reserve, slot, state, store
from .macros import DecRef, IncRef, IntAs, TupleItem, TupleSize
from .matching import field, kind
from .python import ErrClear, ErrOccurred
from .recording import with_self
from .remembered import PART, PARTS, remember_result, result_of
from .subscripts import view_of

INTEGER, NOTHING, TUPLE = 1, 2, 3
"""What an argument is: a word of a key; of a tuple, its length is added."""

LONGEST = 3
"""So many integers of a tuple a key has room for."""


def viewed(self: int, given: int, count: int, names: int, entry: int) -> int:
    """``self.name(...)``, with integers, None and short tuples of integers."""
    face = load(entry + FACE)
    python = load(entry + PYTHON)
    parts = reserve(20)
    recipe = field(self + slot.array_recipe, state.recipe_type)
    known = 0
    if kind(self) == face and recipe != 0 and names == 0 and count <= PARTS:
        known = load(self + slot.array_scalar) == state.false
    i = 0
    while known and i < count:
        known = described_argument(load(given + 8 * i), parts + PART * i)
        i += 1
    if not known:
        return with_self(python, self, given, count, names)
    found = result_of(recipe, entry, parts, count)
    if found != 0:
        IncRef(found)
        view = view_of(self, found, face)
        DecRef(found)
        if view != 0:
            return view
    IncRef(recipe)
    view = with_self(python, self, given, count, names)
    if view != 0 and found == 0 and is_view(view, self, face, recipe):
        own = field(view + slot.array_recipe, state.recipe_type)
        remember_result(recipe, entry, parts, count, own)
    DecRef(recipe)
    return view


def is_view(view: int, handle: int, face: int, recipe: int) -> int:
    """Whether `view_of` would make this of a handle that has such a recipe."""
    if view == handle or kind(view) != face:
        return 0
    if load(handle + slot.array_recipe) != recipe:
        return 0
    line = load(view + slot.array_line)
    if line == 0 or line == state.none or line != load(handle + slot.array_line):
        return 0
    if load(view + slot.array_writeable) != load(handle + slot.array_writeable):
        return 0
    if load(view + slot.array_scalar) != state.false:
        return 0
    return field(view + slot.array_recipe, state.recipe_type) != 0


def described_argument(thing: int, words: int) -> int:
    """Describe an integer, None, or a tuple of a few integers; 0 for all else."""
    store(words + 8, 0)
    store(words + 16, 0)
    store(words + 24, 0)
    if thing == state.none:
        store(words, NOTHING)
        return 1
    if kind(thing) == state.int_type:
        store(words, INTEGER)
        return described_integer(thing, words + 8)
    if kind(thing) != state.tuple_type or TupleSize(thing) > LONGEST:
        return 0
    store(words, TUPLE + TupleSize(thing))
    i = 0
    while i < TupleSize(thing):
        item = TupleItem(thing, i)
        if kind(item) != state.int_type or not described_integer(
            item, words + 8 + 8 * i
        ):
            return 0
        i += 1
    return 1


def described_integer(thing: int, word: int) -> int:
    """Fill in an integer; 0 for one that is too large."""
    number = IntAs(thing)
    if number == -1 and ErrOccurred() != 0:
        ErrClear()
        return 0
    store(word, number)
    return 1
