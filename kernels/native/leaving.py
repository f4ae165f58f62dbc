"""What a replayed call leaves: arrays that it writes, results, gradients, counts.

All of it was made before the plan ran (`captured`), so that here nothing can fail, and
nobody sees it half done.
"""

from __future__ import annotations

from .guarding import CELLS, EACH, HANDLES
from .handles import fill_line
from .language import load, load_byte, load_half, slot, state, store, store_byte
from .macros import DecRef, IncRef, IntAs, ListAppend, ListItem, TupleItem, TupleSize
from .matching import RECIPE_SHAPE, kind, put
from .python import DictNew, DictSet, ErrClear, ListNew, ListSet, TupleNew, TupleSet
from .reckoning import COUNTED, SOURCES
from .recycling import keep

LEAVES = 11
EFFECTS, SPECS, LEFT_GRADS, RESULT, COUNTS = 20, 21, 22, 23, 24
"""Items of `engine.capture.steady.Steady`."""

ROOT, BUFFER, DTYPE_OF, SHAPE_OF, LAYOUT, PAST = 0, 1, 2, 3, 4, 5
FACE_OF, SCALAR_OF, WRITEABLE_OF, LINE_OF, BASE_OF, RECIPE_OF = 6, 7, 8, 9, 10, 11
"""The items of `engine.capture.steady.Filled`."""

NOTHING, KEPT = -1, -2
"""Instead of a number: there is none; it stays what it was."""

BUFFERS, MADE_VALUES, MADE_PASTS = 0, 24, 32
MADE_VERSIONS, MADE_HANDLES, OLD, LAYOUTS, ROOM = 40, 48, 64, 88, 104
MADE_LINES, MADE_STORAGES, RECIPES = 112, 120, 128
THINGS_MADE = 17
"""The lists of a replay, those it needs: arrays; what is made for what is written and
then for results: values, the starts of histories, versions, handles; what is let go at
the end. Where extents may change, recipes of what is written and made. Room for what
is found of many arrays. Lines and storages that views share, and where extents may
change what these select. `arguments` and `reckoning` have the others."""

REPLAYED, MISSED = 0, 8
"""The places of how often a recording was replayed here, and was left to Python."""


def write_arrays(steady: int, made: int, found: int) -> int:
    """Let what is written, made and counted be there."""
    effects = TupleItem(steady, EFFECTS)
    i = 0
    while i < TupleSize(effects):
        effect = TupleItem(effects, i)
        handle = load(found + HANDLES + EACH * IntAs(TupleItem(effect, ROOT)))
        if is_of_numpy(effect):
            copy_elements(handle, buffer_of(steady, effect, made))
        else:
            write_array(handle, filled_value(steady, effect, i, made), i, made)
        i += 1
    specs = TupleItem(steady, SPECS)
    i = 0
    while i < TupleSize(specs):
        spec = TupleItem(specs, i)
        handle = ListItem(load(made + MADE_HANDLES), i)
        if IntAs(TupleItem(spec, LINE_OF)) != NOTHING:
            line = line_of_view(steady, spec, TupleSize(effects) + i, made, found)
            recipe = recipe_of_spec(spec, i, made)
            fill_handle(handle, spec, recipe, state.none, line)
            base = IntAs(TupleItem(spec, BASE_OF))
            if base >= 0:
                put(handle + state.ndarray_base, handle_of(steady, base, made, found))
        elif IntAs(TupleItem(spec, ROOT)) < 0:
            value = filled_value(steady, spec, TupleSize(effects) + i, made)
            recipe = recipe_of_spec(spec, i, made)
            if recipe == state.none:
                recipe = load(value + slot.value_layout)
            fill_handle(handle, spec, recipe, value, state.none)
        i += 1
    write_gradients(steady, made, found)
    write_counts(steady, made)
    store(state.counts + 8, load(state.counts + 8) + 1)
    counts = load(TupleItem(steady, COUNTS) + slot.buffer_data)
    store(counts + REPLAYED, load(counts + REPLAYED) + 1)
    return 0


def write_array(handle: int, value: int, i: int, made: int) -> int:
    """Let an array show another value."""
    line = load(handle + slot.array_line)
    storage = load(line + slot.line_storage)
    version = ListItem(load(made + MADE_VERSIONS), i)
    old = load(made + OLD)
    exchange_old(storage + slot.storage_latest, value, old)
    exchange_old(line + slot.line_value, value, old)
    exchange_old(storage + slot.storage_version, version, old)
    exchange_old(line + slot.line_version, version, old)
    return 0


def is_of_numpy(effect: int) -> int:
    """Whether what is written is an array of NumPy's."""
    return TupleItem(effect, FACE_OF) == state.array_type


def bytes_of(array: int) -> int:
    """The size of an array of NumPy's in C order; of a single element at least that.

    What the stride of an axis of one element is NumPy leaves open.
    """
    extents = load(array + slot.numpy_extents)
    strides = load(array + slot.numpy_strides)
    i = 0
    while i < load_half(array + slot.numpy_rank):
        if load(extents + 8 * i) > 1:
            return load(extents + 8 * i) * load(strides + 8 * i)
        i += 1
    return 16


def copy_elements(array: int, source: int) -> int:
    """Copy all elements of an array into another one, if that is not the same."""
    target = load(array + slot.buffer_data)
    start = load(source + slot.buffer_data)
    size = bytes_of(array)
    i = 0
    if start != target:
        while i + 8 <= size:
            store(target + i, load(start + i))
            i += 8
        while i < size:
            store_byte(target + i, load_byte(start + i))
            i += 1
    return 0


def exchange_old(place: int, thing: int, old: int) -> int:
    """Let a field hold another object; what it had is let go at the end."""
    if ListAppend(old, load(place)) < 0:
        ErrClear()
        IncRef(load(place))  # rather never than now: it may have a finalizer
    DecRef(load(place))
    put(place, thing)
    return 0


def filled_value(steady: int, filled: int, i: int, made: int) -> int:
    """A value that was made before, with what was computed."""
    value = ListItem(load(made + MADE_VALUES), i)
    layout = layout_of(filled, i, made)
    keep(value + slot.value_dtype, TupleItem(filled, DTYPE_OF))
    keep(value + slot.value_shape, TupleItem(layout, RECIPE_SHAPE))
    keep(value + slot.value_layout, layout)
    keep(value + slot.value_device, state.host)
    put(value + slot.value_number, state.zero)
    put(value + slot.value_trace, state.none)
    put(value + slot.value_buffer, buffer_of(steady, filled, made))
    put(value + slot.value_history, ListItem(load(made + MADE_PASTS), i))
    return value


def buffer_of(steady: int, filled: int, made: int) -> int:
    """The memory (borrowed) of what is written or made."""
    place = IntAs(TupleItem(filled, BUFFER))
    if place < 0:
        place = TupleSize(TupleItem(steady, LEAVES)) + ~place
    return ListItem(load(made + BUFFERS), place)


def layout_of(filled: int, i: int, made: int) -> int:
    """The recipe of all memory of what is written or made."""
    if load(made + LAYOUTS) == 0:
        return TupleItem(filled, LAYOUT)
    return ListItem(load(made + LAYOUTS), i)


def fill_handle(handle: int, spec: int, recipe: int, value: int, line: int) -> int:
    """Let a handle that was made before show what a recipe says of a value, or line."""
    put(handle + slot.array_recipe, recipe)
    put(handle + slot.array_value, value)
    put(handle + slot.array_line, line)
    keep(handle + slot.array_scalar, TupleItem(spec, SCALAR_OF))
    keep(handle + slot.array_writeable, TupleItem(spec, WRITEABLE_OF))
    return 0


def line_of_view(steady: int, spec: int, i: int, made: int, found: int) -> int:
    """The line (borrowed) that a view shares: of an argument, or a new one."""
    number = IntAs(TupleItem(spec, LINE_OF))
    if number < 0:
        return load(load(found + HANDLES + EACH * (-2 - number)) + slot.array_line)
    line = ListItem(load(made + MADE_LINES), number)
    if load(line + slot.line_value) == 0:
        value = filled_value(steady, spec, i, made)
        fill_line(line, ListItem(load(made + MADE_STORAGES), number), value)
    return line


def recipe_of_spec(spec: int, i: int, made: int) -> int:
    """What a view selects (borrowed); None for a handle that shows all of a value."""
    if load(made + RECIPES) != 0:
        return ListItem(load(made + RECIPES), i)
    return TupleItem(spec, RECIPE_OF)


def write_gradients(steady: int, made: int, found: int) -> int:
    """Let leaves have the gradients that a call leaves them."""
    left = TupleItem(steady, LEFT_GRADS)
    i = 0
    while i < TupleSize(left):
        number = IntAs(TupleItem(left, i))
        grad = state.none
        if number >= 0:
            grad = handle_of(steady, number, made, found)
        if number != KEPT:
            cell = load(found + CELLS + EACH * i)
            exchange_old(cell + slot.cell_grad, grad, load(made + OLD))
        i += 1
    return 0


def write_counts(steady: int, made: int) -> int:
    """Let what counts calls have counted this one."""
    sources = TupleItem(steady, SOURCES)
    counted = 0
    i = 0
    while i < TupleSize(sources):
        source = TupleItem(sources, i)
        if IntAs(TupleItem(source, 0)) != 0:
            number = ListItem(load(made + COUNTED), counted)
            if DictSet(TupleItem(source, 2), TupleItem(source, 3), number) < 0:
                ErrClear()
            counted += 1
        i += 1
    return 0


def handle_of(steady: int, number: int, made: int, found: int) -> int:
    """A handle that a call returns (borrowed): a new one, or one that was there."""
    root = IntAs(TupleItem(TupleItem(TupleItem(steady, SPECS), number), ROOT))
    if root >= 0:
        return load(found + HANDLES + EACH * root)
    return ListItem(load(made + MADE_HANDLES), number)


def returned(result: int, steady: int, made: int, found: int) -> int:
    """What a call returns: a handle, a container of such, or what it always is."""
    if kind(result) == state.int_type:
        handle = handle_of(steady, IntAs(result), made, found)
        IncRef(handle)
        return handle
    if kind(result) != state.nested_type:
        IncRef(result)
        return result
    its = TupleItem(result, 0)
    if its == state.int_type:
        whole = TupleItem(TupleItem(result, 1), 0)
        IncRef(whole)
        return whole
    items = TupleItem(result, 2)
    count = TupleSize(items)
    if its == state.tuple_type:
        parts = TupleNew(count)
    elif its == state.list_type:
        parts = ListNew(count)
    else:
        parts = DictNew()
    i = 0
    while parts != 0 and i < count:
        item = returned(TupleItem(items, i), steady, made, found)
        failed = item == 0
        if not failed and its == state.tuple_type:
            TupleSet(parts, i, item)
        elif not failed and its == state.list_type:
            ListSet(parts, i, item)
        elif not failed:
            failed = DictSet(parts, TupleItem(TupleItem(result, 1), i), item) < 0
            DecRef(item)
        if failed:
            DecRef(parts)
            return 0
        i += 1
    return parts
