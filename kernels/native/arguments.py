"""The arguments of a compiled function: whether they are of the kinds recorded.

`engine.capture.steady` says what is known of them. The k-th extent that may change is
``~k`` there; the first array that has it says what it is.
"""

from __future__ import annotations

from .handles import base_of
from .interpreting import ALIGNED, IN_C_ORDER, has_flags
from .language import load, load_half, reserve, slot, state, store
from .macros import IntAs, ListAppend, ListSize, TupleItem, TupleSize
from .matching import equal, field, has, kind, same_extents, same_recipe
from .python import DictNext, DictSize, FloatAs
from .settling import WRITEABLE

NAMES, ARGUMENTS, STRETCH = 3, 4, 27
"""Items of `engine.capture.steady.Steady`."""

FORM_FACE, FORM_RECIPE, FORM_SHAPE, FORM_DTYPE, FORM_SCALAR = 0, 1, 2, 3, 4
FORM_WRITEABLE, FORM_HISTORY, FORM_OWN = 5, 6, 7
"""The items of the form of an array, see `engine.capture.arguments.form_of`."""

EXTENTS = 3
"""So many extents may change, see `engine.capture.formulas`."""

HELD, FLOATS = 72, 80
"""Where two lists of a replay are: of the handles that come in, and of the floats."""


def are_arguments(
    steady: int, given: int, count: int, names: int, lists: int, extent: int
) -> int:
    """Whether arguments are of the kinds that were recorded.

    Their arrays and floats are put into two lists, if these are given; extents that
    may change are noted.
    """
    i = 0
    while i < EXTENTS:
        store(extent + 8 * i, 0)
        i += 1
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
        if not is_argument(TupleItem(known, i), load(given + 8 * i), lists, extent):
            return 0
        i += 1
    stretch = TupleItem(steady, STRETCH)
    return stretch == state.none or are_between(stretch, extent)


def are_between(stretch: int, extent: int) -> int:
    """Whether extents that may change are between those that were seen."""
    lowest = TupleItem(stretch, 0)
    highest = TupleItem(stretch, 1)
    i = 0
    while i < TupleSize(lowest):
        given = load(extent + 8 * i)
        if given < IntAs(TupleItem(lowest, i)) or given > IntAs(TupleItem(highest, i)):
            return 0
        i += 1
    return 1


def is_argument(known: int, thing: int, lists: int, extent: int) -> int:
    """Whether an argument has a form, is a float, holds such, or is what it was."""
    its = kind(known)
    if its == state.tuple_type or its == state.host_type:
        if its == state.tuple_type and not has_form(known, thing, extent):
            return 0
        if its == state.host_type and not is_host(known, thing, extent):
            return 0
        return lists == 0 or ListAppend(load(lists + HELD), thing) >= 0
    if its == state.nested_type:
        return is_container(known, thing, lists, extent)
    if known == state.float_type:
        if kind(thing) != state.float_type:
            return 0
        if lists == 0 or load(lists + FLOATS) == 0:
            return 1
        return ListAppend(load(lists + FLOATS), thing) >= 0
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


def is_container(known: int, thing: int, lists: int, extent: int) -> int:
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
            if not is_argument(TupleItem(items, i), load(place + 16), lists, extent):
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
        if not is_argument(TupleItem(items, i), item, lists, extent):
            return 0
        i += 1
    return 1


def is_extent(given: int, wanted: int, extent: int) -> int:
    """Whether an extent is the one that was recorded, or one that may change."""
    if wanted >= 0:
        return given == wanted
    place = extent + 8 * ~wanted
    if load(place) == 0:
        store(place, given)
    return load(place) == given


def is_host(known: int, array: int, extent: int) -> int:
    """Whether something is an array of NumPy's of a dtype and shape, in C order."""
    if kind(array) != state.array_type:
        return 0
    shape = TupleItem(known, 1)
    rank = TupleSize(shape)
    if not has_flags(array, IN_C_ORDER | ALIGNED):
        return 0
    if load_half(array + slot.numpy_rank) != rank:
        return 0
    if load(array + slot.numpy_descr) != TupleItem(known, 0):
        return 0
    if has_flags(array, WRITEABLE) != (TupleItem(known, 2) == state.true):
        return 0
    extents = load(array + slot.numpy_extents)
    i = 0
    while i < rank:
        if not is_extent(load(extents + 8 * i), IntAs(TupleItem(shape, i)), extent):
            return 0
        i += 1
    return 1


def memory_on_host(handle: int) -> int:
    """`base_of` a handle, where that is the host's."""
    value = base_of(handle)
    if value == 0 or load(value + slot.value_device) != state.host:
        return 0
    return value


def has_form(form: int, handle: int, extent: int) -> int:
    """Whether an array has the form that was recorded."""
    if kind(handle) != TupleItem(form, FORM_FACE):
        return 0
    recipe = field(handle + slot.array_recipe, state.recipe_type)
    wanted = TupleItem(form, FORM_RECIPE)
    if recipe == 0 or (wanted != state.none and not same_recipe(recipe, wanted)):
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
    value = memory_on_host(handle)
    if value == 0 or load(value + slot.value_dtype) != TupleItem(form, FORM_DTYPE):
        return 0
    shape = load(value + slot.value_shape)
    if wanted == state.none:  # it is all of its memory, of some extent
        if recipe != load(value + slot.value_layout):
            return 0
        if not has_extents(shape, TupleItem(form, FORM_SHAPE), extent):
            return 0
    elif not same_extents(shape, TupleItem(form, FORM_SHAPE)):
        return 0
    past = TupleItem(form, FORM_HISTORY) == state.true
    return has(value + slot.value_history) == past


def has_extents(shape: int, wanted: int, extent: int) -> int:
    """Whether a shape is one that was recorded, but for extents that may change."""
    count = TupleSize(wanted)
    if TupleSize(shape) != count:
        return 0
    i = 0
    while i < count:
        given = IntAs(TupleItem(shape, i))
        if not is_extent(given, IntAs(TupleItem(wanted, i)), extent):
            return 0
        i += 1
    return 1
