"""Events one by one, each by its NumPy reference: the loop of `engine.interpret`.

It goes on as long as events are plain: views and writes of parts of arrays, and
references whose results are as nearly all are. At any other it stops, before anything
of that event has changed, and Python does it. Errors are found out in this way, too: a
reference that fails is called again.

Any reference may run Python code, and let other threads run; all that is held here
belongs to the one flush.
"""

from __future__ import annotations

from .language import (
    inline,
    invoke,
    load,
    load_byte,
    load_half,
    reserve,
    slot,
    state,
    store,
)
from .macros import DecRef, IncRef, IntAs, ListItem, ListSize, TupleItem, TupleSize
from .matching import (
    RECIPE_DTYPE,
    RECIPE_OFFSET,
    RECIPE_SHAPE,
    RECIPE_STRIDES,
    drop_items,
    forget_error,
    kind,
    row_for,
    tuple_of,
)
from .python import (
    Attribute,
    BytesAt,
    BytesNew,
    Call,
    DictItem,
    ErrClear,
    IntFrom,
    ListSet,
)
from .settling import WRITEABLE

MOST_THINGS, AXES = 16, 16
"""Operands and attributes of an event, and axes, at most; more are left to Python."""

IN_C_ORDER, ALIGNED = 0x1, 0x100
"""NumPy's flags of arrays."""

LOW_HALF = 0xFFFFFFFF

INTERPRETED = 24
"""The place of the number of interpreted ops among the counts."""


def last_words(self: int, given: int, count: int, names: int) -> int:
    """``last_words(nodes, alive)``: a word for each value, the last node that reads it.

    It is -1 where no node does that is needed. `alive` has a byte for each value.
    """
    return words_of_last(load(given), BytesAt(load(given + 8)))


def words_of_last(nodes: int, alive: int) -> int:
    """What `last_words` gives, of a list and some bytes."""
    total = ListSize(nodes)
    made = BytesNew(0, 8 * total)
    if made == 0:
        return 0
    last = BytesAt(made)
    i = 0
    while i < total:
        store(last + 8 * i, -1)
        i += 1
    i = total - 1
    while i >= 0:
        if load_byte(alive + i) or load(last + 8 * i) >= 0:
            operands = load(ListItem(nodes, i) + slot.node_operands)
            j = 0
            while j < TupleSize(operands):
                k = IntAs(TupleItem(operands, j))
                if k >= 0 and load(last + 8 * k) < 0:
                    store(last + 8 * k, i)
                j += 1
        i -= 1
    return made


def interpreted(self: int, given: int, count: int, names: int) -> int:
    """``interpreted(nodes, alive, last, environment, scalars, first)``: where it stops.

    Events from the first one on are done, and their results put into the environment.
    """
    nodes = load(given)
    alive = BytesAt(load(given + 8))
    last = BytesAt(load(given + 16))
    environment = load(given + 24)
    scalars = load(given + 32)
    i = IntAs(load(given + 40))
    total = ListSize(nodes)
    if kind(scalars) != state.list_type:
        total = i
    while i < total and carried_out(nodes, i, alive, last, environment, scalars):
        i += 1
    forget_error()
    return IntFrom(i)


def carried_out(
    nodes: int, i: int, alive: int, last: int, environment: int, scalars: int
) -> int:
    """Do one event, if it is needed; 0 for one that is left to Python.

    An error is set where a reference has raised it.
    """
    node = ListItem(nodes, i)
    if load(node + slot.node_op) == state.leaf_op:
        return 1
    if load(last + 8 * i) < 0 and not load_byte(alive + i):
        return 1
    things = reserve(MOST_THINGS)
    held = operands_of(node, environment, scalars, things)
    result = 0
    if held == TupleSize(load(node + slot.node_operands)):
        free = is_spare_base(nodes, node, i, alive, last)
        result = result_of_event(node, things, held, free)
    drop_items(things, held)
    if result == 0:
        return 0
    ListSet(environment, i, result)
    release_operands(node, i, alive, last, environment)
    place = state.counts + INTERPRETED
    store(place, load(place) + 1)
    return 1


def operands_of(node: int, environment: int, scalars: int, things: int) -> int:
    """Fill in the operands of an event, as new references; how many there could be."""
    operands = load(node + slot.node_operands)
    dtypes = load(node + slot.node_scalars)
    if TupleSize(operands) + TupleSize(load(node + slot.node_attributes)) > MOST_THINGS:
        return 0
    used = 0
    i = 0
    while i < TupleSize(operands):
        number = IntAs(TupleItem(operands, i))
        if number >= 0:
            thing = ListItem(environment, number)
            if thing == 0 or thing == state.none:
                return i
            IncRef(thing)
        else:
            store(things + 8 * i, ListItem(scalars, ~number))
            dtype = TupleItem(dtypes, used)
            if load(things + 8 * i) == 0 or dtype == 0:
                return i
            used += 1
            thing = Call(load(dtype + slot.dtype_type), things + 8 * i, 1, 0)
            if thing == 0:
                return i
        store(things + 8 * i, thing)
        i += 1
    return i


@inline
def is_spare_base(nodes: int, node: int, i: int, alive: int, last: int) -> int:
    """Whether the first operand was made here and is not read after this event."""
    operands = load(node + slot.node_operands)
    if TupleSize(operands) == 0:
        return 0
    base = IntAs(TupleItem(operands, 0))
    if base < 0 or load(last + 8 * base) != i or load_byte(alive + base):
        return 0
    if load(ListItem(nodes, base) + slot.node_op) == state.leaf_op:
        return 0
    k = 1
    while k < TupleSize(operands):
        if IntAs(TupleItem(operands, k)) == base:
            return 0
        k += 1
    return 1


def result_of_event(node: int, things: int, count: int, free: int) -> int:
    """The result of an event, an array of its own; 0 where Python has to find it."""
    op = load(node + slot.node_op)
    attributes = load(node + slot.node_attributes)
    base = load(things)
    if op == state.view_op or op == state.update_op:
        if kind(base) != state.array_type or not has_flags(base, IN_C_ORDER):
            return 0
        if op == state.view_op:
            return copy_of_part(base, TupleItem(attributes, 0))
        return updated(base, load(things + 8), TupleItem(attributes, 0), free)
    if DictItem(state.writing_ops, op) != 0:
        return 0
    reference = Attribute(op, state.reference_name)
    if reference == 0:
        ErrClear()
        return 0
    i = 0
    while i < TupleSize(attributes):
        store(things + 8 * (count + i), TupleItem(attributes, i))
        i += 1
    result = Call(reference, things, count + i, 0)
    DecRef(reference)
    if result == 0:
        return 0
    return own(result, node, things, count)


def own(result: int, node: int, things: int, count: int) -> int:
    """What a reference gave (taken over), as `engine.interpret.own_array` has it."""
    dtype = load(node + slot.node_dtype)
    shape = load(node + slot.node_shape)
    if kind(result) == state.array_type:
        if is_own(result, dtype, shape, things, count):
            return result
    elif kind(result) == load(dtype + slot.dtype_type) and TupleSize(shape) == 0:
        made = invoke(state.from_scalar, result, 0)
        if made != 0 and load(made + slot.numpy_descr) == dtype:
            DecRef(result)
            return made
        DecRef(made)
    arguments = reserve(3)
    store(arguments, result)
    store(arguments + 8, node)
    store(arguments + 16, tuple_of(things, count))
    made = 0
    if load(arguments + 16) != 0:
        made = Call(state.own_array, arguments, 3, 0)
    DecRef(load(arguments + 16))
    DecRef(result)
    return made


def is_own(result: int, dtype: int, shape: int, things: int, count: int) -> int:
    """Whether an array is what nearly all references give: new, in C order."""
    if load(result + slot.numpy_base) != 0 or load(result + slot.numpy_descr) != dtype:
        return 0
    if not has_flags(result, IN_C_ORDER | ALIGNED | WRITEABLE):
        return 0
    if load_half(result + slot.numpy_rank) != TupleSize(shape):
        return 0
    extents = load(result + slot.numpy_extents)
    i = 0
    while i < TupleSize(shape):
        if load(extents + 8 * i) != IntAs(TupleItem(shape, i)):
            return 0
        i += 1
    i = 0
    while i < count:
        if load(things + 8 * i) == result:
            return 0
        i += 1
    return 1


@inline
def has_flags(array: int, flags: int) -> int:
    """Whether an array has all of some flags."""
    return (load_half(array + slot.array_flags) & flags) == flags


def copy_of_part(base: int, recipe: int) -> int:
    """What a recipe says of an array in C order, as a new array; or 0."""
    part = window(base, recipe)
    if part == 0:
        return 0
    made = invoke(state.copy_array, part, 0)
    if made == 0:
        forget_error()
    DecRef(part)
    return made


def updated(base: int, value: int, recipe: int, free: int) -> int:
    """An array with a part that is replaced: itself where it is `free`, or 0."""
    if free and has_flags(base, WRITEABLE):
        target = base
        IncRef(base)
    else:
        target = invoke(state.copy_array, base, 0)
    part = 0
    if target != 0:
        part = window(target, recipe)
    if part == 0 or (invoke(state.copy_object, part, value) & LOW_HALF) != 0:
        forget_error()
        DecRef(target)
        target = 0
    DecRef(part)
    return target


def window(base: int, recipe: int) -> int:
    """What a recipe says of an array in C order, as an array in its memory, or 0.

    It does not hold the memory. Parts of no elements are left to Python.
    """
    shape = TupleItem(recipe, RECIPE_SHAPE)
    strides = TupleItem(recipe, RECIPE_STRIDES)
    dtype = TupleItem(recipe, RECIPE_DTYPE)
    row = row_for(dtype)
    rank = TupleSize(shape)
    if row == 0 or rank > AXES:
        return 0
    size = load(row + 16)
    extents = reserve(AXES)
    steps = reserve(AXES)
    i = 0
    while i < rank:
        store(extents + 8 * i, IntAs(TupleItem(shape, i)))
        store(steps + 8 * i, IntAs(TupleItem(strides, i)) * size)
        if load(extents + 8 * i) == 0:
            return 0
        i += 1
    begin = (
        load(base + slot.buffer_data) + IntAs(TupleItem(recipe, RECIPE_OFFSET)) * size
    )
    cls = state.array_type
    IncRef(dtype)  # NumPy takes it over
    flags = WRITEABLE
    made = invoke(state.new_array, cls, dtype, rank, extents, steps, begin, flags, 0)
    if made == 0:
        forget_error()
    return made


@inline
def release_operands(node: int, i: int, alive: int, last: int, environment: int) -> int:
    """Let operands go that no later event reads."""
    operands = load(node + slot.node_operands)
    j = 0
    while j < TupleSize(operands):
        k = IntAs(TupleItem(operands, j))
        if k >= 0 and load(last + 8 * k) == i and not load_byte(alive + k):
            IncRef(state.none)
            ListSet(environment, k, state.none)
        j += 1
    return 0
