"""Methods that record the same events each time: reductions, means, running sums.

What ``x.var()`` records depends on the layout of `x` and on its axes alone. Python says
once which events those are (`engine.native`), as steps on the value of `x`; then they
are recorded from here, if the path goes on with them as it did the last time.
"""

from __future__ import annotations

from .frames import has_none, size_of
from .handles import (
    FACE,
    OP,
    PYTHON,
    at_hand,
    in_c_order,
    is_plain,
    shown,
    wrapped,
)
from .keys import NUMBER, described_part
from .language import load, reserve, slot, state, store
from .macros import DecRef, IncRef, IntAs, ListSize, TupleItem, TupleSize
from .matching import (
    RECIPE_SHAPE,
    field,
    forget_error,
    has,
    kind,
    same_attributes,
)
from .python import Call, DictItem, IntFrom
from .recording import follow, with_self
from .remembered import remember_result, result_of
from .threads import current
from .writing import is_empty

STEPS = 24
"""A call that records more events is left to Python."""

RESULTS = 1 + STEPS
"""A value, and what steps on it make."""

PARTS = 8
"""So many operands steps have at most, and so many arrays they start from."""

FLOWS = 2
"""What a key has more where gradients flow: other events may be recorded then."""

RANK = 8
"""By so many bits the number of axes is shifted in a key by rank."""

AXES, NEAR_AXIS = 6, 64
"""So many axes in a tuple are looked at, and numbers of them that are so near to 0."""


def reduced(self: int, given: int, count: int, names: int, entry: int) -> int:
    """``self.name(axis)``, the axis and whether axes are kept by position or name."""
    parts = reserve(4)
    face = load(entry + FACE)
    if kind(self) != face or not are_axes(given, count, names, entry, parts):
        return with_self(load(entry + PYTHON), self, given, count, names)
    if at_hand(self) != 0:
        return reduced_value(self, given, count, names, entry, parts)
    handle = 0
    if is_region(self):
        handle = wrapped(face, shown(self))
    if handle == 0:
        return with_self(load(entry + PYTHON), self, given, count, names)
    result = reduced_value(handle, given, count, names, entry, parts)
    DecRef(handle)
    return result


def is_region(handle: int) -> int:
    """Whether a handle shows a region whose axes lie in C order, and that has some."""
    recipe = field(handle + slot.array_recipe, state.recipe_type)
    if recipe == 0 or load(handle + slot.array_scalar) != state.false:
        return 0
    if TupleSize(TupleItem(recipe, RECIPE_SHAPE)) == 0 or is_empty(recipe):
        return 0
    return in_c_order(handle)


def reduced_value(
    self: int, given: int, count: int, names: int, entry: int, parts: int
) -> int:
    """`reduced` for a handle that shows a value in C order."""
    value = at_hand(self)
    if value == 0:
        return with_self(load(entry + PYTHON), self, given, count, names)
    layout = load(value + slot.value_layout)
    IncRef(value)
    if flows(value):
        store(parts + 24, load(parts + 24) + FLOWS)
    known = result_of(layout, entry, parts, 1)
    if known == 0:
        known = result_by_rank(value, entry, parts)
    result = 0
    if known != 0:
        IncRef(known)
        result = wrapped(load(entry + FACE), replay(known, value))
        DecRef(known)
    if result == 0 and known == 0:
        result = noted(self, given, count, names, entry, value, parts)
    elif result == 0:
        result = with_self(load(entry + PYTHON), self, given, count, names)
    DecRef(value)
    return result


def flows(value: int) -> int:
    """Whether gradients flow to a value: a deviation then has a slope of 0 at 0."""
    trace = current()
    if trace == 0 or load(trace + slot.trace_grad) != state.true:
        return 0
    return has(value + slot.value_history)


def are_axes(given: int, count: int, names: int, entry: int, parts: int) -> int:
    """Describe the arguments of a call, if they are axes and whether these are kept.

    That they are given by name is part of it: Python says which names there are.
    """
    store(parts, 0)
    store(parts + 8, 0)
    store(parts + 16, 0)
    store(parts + 24, 0)
    if count > 1 or (count == 1 and not described_axes(load(given), parts)):
        return 0
    i = 0
    while names != 0 and i < TupleSize(names):
        name = TupleItem(names, i)
        thing = load(given + 8 * (count + i))
        if name == TupleItem(load(entry + OP), 0):
            if load(parts) != 0 or not described_axes(thing, parts):
                return 0
            store(parts + 24, 1)
        elif name == TupleItem(load(entry + OP), 1):
            if thing != state.true and thing != state.false:
                return 0
            store(parts + 16, 1 + (thing == state.true))
        else:
            return 0
        i += 1
    return 1


def described_axes(thing: int, parts: int) -> int:
    """Describe None, an integer or a tuple of some small ones, by its bits."""
    single = reserve(5)
    if thing == state.none:
        store(parts, 1)
        return 1
    if kind(thing) == state.int_type:
        if not described_part(thing, single):
            return 0
        store(parts, 2)
        store(parts + 8, load(single + NUMBER))
        return 1
    if kind(thing) != state.tuple_type or TupleSize(thing) > AXES:
        return 0
    bits = 0
    i = 0
    while i < TupleSize(thing):
        if kind(TupleItem(thing, i)) != state.int_type:
            return 0
        if not described_part(TupleItem(thing, i), single):
            return 0
        axis = load(single + NUMBER)
        if axis < -NEAR_AXIS or axis >= NEAR_AXIS:
            return 0
        bits = bits * (2 * NEAR_AXIS) + axis + NEAR_AXIS
        i += 1
    store(parts, 3 + TupleSize(thing))
    store(parts + 8, bits)
    return 1


def noted(
    self: int, given: int, count: int, names: int, entry: int, value: int, parts: int
) -> int:
    """Let Python do a call, and remember what it has recorded."""
    trace = current()
    if trace == 0:
        return with_self(load(entry + PYTHON), self, given, count, names)
    IncRef(trace)
    values = load(trace + slot.trace_values)
    before = ListSize(values)
    IncRef(values)
    result = with_self(load(entry + PYTHON), self, given, count, names)
    same = load(trace + slot.trace_values) == values
    DecRef(values)
    if result != 0 and same and is_wrapped(result, load(entry + FACE)):
        items = reserve(4)
        store(items, trace)
        store(items + 8, IntFrom(before))
        store(items + 16, value)
        store(items + 24, load(result + slot.array_value))
        steps = Call(state.steps_of, items, 4, 0)
        DecRef(load(items + 8))
        if steps == 0:
            forget_error()
        elif steps != state.none:
            layout = load(value + slot.value_layout)
            remember_result(layout, entry, parts, 1, steps)
            remember_by_rank(value, entry, parts, steps)
        DecRef(steps)
    DecRef(trace)
    return result


def result_by_rank(value: int, entry: int, parts: int) -> int:
    """The steps (borrowed) that serve all values of a dtype and rank; or 0."""
    shape = load(value + slot.value_shape)
    if has_none(shape):  # that may be an error
        return 0
    found = known_by_rank(value, entry, parts)
    if found == 0 or kind(found) == state.tuple_type:
        return found
    one = reserve(1)
    store(one, value)
    IncRef(found)
    steps = Call(found, one, 1, 0)
    DecRef(found)
    if steps == 0:
        forget_error()
        return 0
    if steps != state.none:
        remember_result(load(value + slot.value_layout), entry, parts, 1, steps)
    DecRef(steps)
    if steps == state.none:
        return 0
    return steps


def known_by_rank(value: int, entry: int, parts: int) -> int:
    """What is known (borrowed) of all values of a dtype and rank; or 0."""
    named = load(parts + 24)
    rank = TupleSize(load(value + slot.value_shape))
    store(parts + 24, named + (rank << RANK))
    found = result_of(load(value + slot.value_dtype), entry, parts, 1)
    store(parts + 24, named)
    return found


def remember_by_rank(value: int, entry: int, parts: int, steps: int) -> int:
    """Let steps serve all values of a dtype and rank, where they can.

    One reduction is known by its axes alone. Of means and the like Python says what
    depends on the extents.
    """
    step = TupleItem(steps, 0)
    known = TupleSize(steps) == 1 and TupleSize(TupleItem(step, 2)) == 1
    if known and DictItem(state.reductions, TupleItem(step, 0)) != 0:
        IncRef(steps)
    else:
        three = reserve(3)
        store(three, steps)
        store(three + 8, load(value + slot.value_shape))
        former = known_by_rank(value, entry, parts)
        if former == 0 or kind(former) == state.tuple_type:
            former = state.none
        store(three + 16, former)
        IncRef(former)
        steps = Call(state.by_rank, three, 3, 0)
        DecRef(former)
    if steps == 0:
        forget_error()
    elif steps != state.none:
        named = load(parts + 24)
        rank = TupleSize(load(value + slot.value_shape))
        store(parts + 24, named + (rank << RANK))
        remember_result(load(value + slot.value_dtype), entry, parts, 1, steps)
        store(parts + 24, named)
    DecRef(steps)
    return 0


def is_wrapped(result: int, face: int) -> int:
    """Whether `wrapped` would make such a handle of its value."""
    if kind(result) != face or not is_plain(result):
        return 0
    value = load(result + slot.array_value)
    scalar = face == state.ndarray_type and not TupleSize(
        load(value + slot.value_shape)
    )
    is_scalar = load(result + slot.array_scalar) == state.true
    is_writeable = load(result + slot.array_writeable) == state.true
    return is_scalar == scalar and is_writeable != scalar


def replay(steps: int, value: int) -> int:
    """Record steps on a value, all or none; the last result, or 0."""
    values = reserve(RESULTS)
    # One is recorded or not, on a new path as well; so are several on a small value.
    small = size_of(load(value + slot.value_shape)) <= state.large
    if TupleSize(steps) > STEPS:
        return 0
    if not (small or TupleSize(steps) == 1 or goes_on(steps, value)):
        return 0
    store(values, value)
    return play(steps, values, 1)


def play(steps: int, values: int, given: int) -> int:
    """Record steps on some values; the last result, or 0.

    In `values` there is room for a result of each step behind those that are given. The
    given ones, and the steps, are held by the caller.
    """
    items = reserve(PARTS)
    count = TupleSize(steps)
    if count > STEPS:
        return 0
    done = 0
    whole = 1
    while whole and done < count:
        step = TupleItem(steps, done)
        operands = TupleItem(step, 2)
        made = 0
        if TupleSize(operands) <= PARTS:
            i = 0
            while i < TupleSize(operands):
                thing = TupleItem(operands, i)
                if kind(thing) == state.int_type:
                    thing = load(values + 8 * IntAs(thing))
                store(items + 8 * i, thing)
                i += 1
            made = follow(TupleItem(step, 0), TupleItem(step, 1), 0, items, i, 0)
        if made == 0:
            whole = 0
        else:
            store(values + 8 * (given + done), made)
            done += 1
    result = 0
    if whole and done > 0:
        done -= 1
        result = load(values + 8 * (given + done))
    while done > 0:
        done -= 1
        DecRef(load(values + 8 * (given + done)))
    return result


def goes_on(steps: int, value: int) -> int:
    """Whether the path went on with these steps the last time."""
    trace = current()
    if trace == 0:
        return 0
    node = load(load(trace + slot.trace_node) + slot.node_last)
    enters = has(value + slot.value_buffer) and node != state.none
    if enters and load(node + slot.node_op) == state.leaf_op:
        node = load(node + slot.node_last)
    i = 0
    while i < TupleSize(steps):
        step = TupleItem(steps, i)
        if node == state.none or load(node + slot.node_op) != TupleItem(step, 0):
            return 0
        if not same_attributes(
            load(node + slot.node_attributes), TupleItem(step, 1), 0
        ):
            return 0
        node = load(node + slot.node_last)
        i += 1
    return 1
