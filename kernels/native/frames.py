"""Regions of leaves in the frame of a path, see `engine.record.frames`.

A node says where a region begins in the path that was there first. An event is that of
the node if its region begins as much further on as the others of the same leaf do,
which is the leaf's shift; the first region of a leaf in a trace decides on it.
"""

from __future__ import annotations

from .language import inline, load, slot, state, store
from .macros import DecRef, IntAs, ListSize, TupleItem, TupleSize
from .matching import (
    RECIPE_DTYPE,
    RECIPE_OFFSET,
    RECIPE_SHAPE,
    RECIPE_STRIDES,
    kind,
    put_item,
    same_attributes,
    same_extents,
)
from .python import DictSize, IntFrom, TupleNew, TupleSet


@inline
def shifts(trace: int) -> int:
    """Where the shifts of a trace are; the first word says whether there are any."""
    return load(load(trace + slot.trace_shifts) + slot.buffer_data)


def forget_shift(trace: int, number: int) -> int:
    """A leaf has come into a trace: none of its regions was recorded yet."""
    if number < state.shift_leaves:
        store(shifts(trace) + 8 + 8 * number, state.no_shift)
    return 0


def shift_of(trace: int, owner: int) -> int:
    """The shift of a leaf, which may be about to enter."""
    if owner >= ListSize(load(trace + slot.trace_values)):
        return state.no_shift
    return load(shifts(trace) + 8 + 8 * owner)


@inline
def agrees(trace: int, node: int, given: int, only: int, open_to_all: int) -> int:
    """Whether an event has the attributes of a node: a tuple, one object, or none.

    The first region of a leaf may begin anywhere if it is `open_to_all`.
    """
    if only == 0 and given == 0:
        return TupleSize(load(node + slot.node_attributes)) == 0
    return agree_on(trace, node, given, only, open_to_all)


def agree_on(trace: int, node: int, given: int, only: int, open_to_all: int) -> int:
    """`agrees` for an event with attributes."""
    known = load(node + slot.node_attributes)
    if load(node + slot.node_owner) == state.no_owner:
        return same_attributes(known, given, only)
    if load(shifts(trace)) == 0 and TupleItem(known, 0) == only:
        return 1
    return is_there(trace, node, recipe_of(given, only), open_to_all)


def recipe_of(given: int, only: int) -> int:
    """The recipe (borrowed) among the attributes of an event; 0 where it is not all."""
    if only == 0 and given != 0 and TupleSize(given) == 1:
        only = TupleItem(given, 0)
    if only == 0 or kind(only) != state.recipe_type:
        return 0
    return only


def is_there(trace: int, node: int, recipe: int, open_to_all: int) -> int:
    """Whether the region of an event is where that of a node is, in this trace."""
    if recipe == 0:
        return 0
    move = move_from(node, recipe)
    if move == state.no_shift:
        return 0
    shift = shift_of(trace, IntAs(load(node + slot.node_owner)))
    if shift == state.no_shift:
        return move == 0 or (open_to_all and DictSize(state.watchers) == 0)
    return move == shift


def move_from(node: int, recipe: int) -> int:
    """By how much a region begins further on than a node's; `no_shift` for no such."""
    known = TupleItem(load(node + slot.node_attributes), 0)
    if known == recipe:
        return 0
    if TupleItem(recipe, RECIPE_DTYPE) != TupleItem(known, RECIPE_DTYPE):
        return state.no_shift
    shape = TupleItem(recipe, RECIPE_SHAPE)
    if not same_extents(shape, TupleItem(known, RECIPE_SHAPE)):
        return state.no_shift
    strides = TupleItem(recipe, RECIPE_STRIDES)
    if not same_extents(strides, TupleItem(known, RECIPE_STRIDES)):
        return state.no_shift
    begin = IntAs(TupleItem(recipe, RECIPE_OFFSET))
    return begin - IntAs(TupleItem(known, RECIPE_OFFSET))


def is_moved(node: int, given: int, only: int) -> int:
    """Whether a region begins elsewhere than the node says, as a history would."""
    if load(node + slot.node_owner) == state.no_owner:
        return 0
    return move_from(node, recipe_of(given, only)) != 0


def note_region(trace: int, node: int, given: int, only: int) -> int:
    """An event about a region is recorded: the leaf has a shift from now on."""
    place = shifts(trace) + 8 + 8 * IntAs(load(node + slot.node_owner))
    if load(place) == state.no_shift:
        move = move_from(node, recipe_of(given, only))
        store(place, move)
        if move != 0:
            store(shifts(trace), 1)
    return 0


def region_leaf(node: int, op: int, recipe: int, items: int, numbers: int) -> int:
    """The leaf of which an event behind a node reads or writes a region; -1 for none.

    `numbers` has those of the operands, which may be about to enter.
    """
    if op != state.view_op and op != state.update_op:
        return -1
    base = load(items)
    if recipe == 0 or kind(base) != state.value_type:
        return -1
    if TupleItem(recipe, RECIPE_DTYPE) != load(base + slot.value_dtype):
        return -1
    size = size_of(TupleItem(recipe, RECIPE_SHAPE))
    if size == 0 or size == size_of(load(base + slot.value_shape)):
        return -1
    number = IntAs(load(numbers))
    while IntAs(load(node + slot.node_number)) > number:
        node = load(node + slot.node_parent)
    if load(node + slot.node_op) == state.leaf_op:
        if number < state.shift_leaves:
            return number
        return -1
    if load(node + slot.node_op) == state.update_op:
        return IntAs(load(node + slot.node_owner))
    return -1


def size_of(shape: int) -> int:
    """The number of elements of a shape."""
    size = 1
    i = 0
    while i < TupleSize(shape):
        size = size * IntAs(TupleItem(shape, i))
        i += 1
    return size


def has_none(shape: int) -> int:
    """Whether an array of a shape has no elements."""
    i = 0
    while i < TupleSize(shape):
        if IntAs(TupleItem(shape, i)) == 0:
            return 1
        i += 1
    return 0


def in_frame(recipe: int, shift: int) -> int:
    """A tuple that is equal to the recipe of a region that begins before this one."""
    offset = IntFrom(IntAs(TupleItem(recipe, RECIPE_OFFSET)) - shift)
    made = form_of(recipe, 1)
    if offset == 0 or made == 0:
        DecRef(offset)
        DecRef(made)
        return 0
    TupleSet(made, RECIPE_OFFSET, offset)
    return made


def form_of(recipe: int, room: int) -> int:
    """A tuple of what a recipe is but for where it begins, with room for that, or 0."""
    made = TupleNew(3 + room)
    if made == 0:
        return 0
    put_item(made, RECIPE_DTYPE, TupleItem(recipe, RECIPE_DTYPE))
    put_item(made, room + 1, TupleItem(recipe, RECIPE_SHAPE))
    put_item(made, room + 2, TupleItem(recipe, RECIPE_STRIDES))
    return made


def follow_regions(trace: int, frame: int, entered: int, moves: int) -> int:
    """By how many bytes the memory of each leaf moves for a plan; 0 if one may not.

    The frame is that of `engine.moves.frame_of`, which describes `MOVED` at most.
    """
    i = 0
    while i < entered:
        words = frame + 32 * i
        shift = 0
        if load(words) >= 0:
            shift = load(shifts(trace) + 8 + 8 * load(words))
            if shift == state.no_shift:
                shift = 0
        move = shift - load(words + 8)
        if move != 0 and load(words + 24):
            return 0
        store(moves + 8 * i, move * load(words + 16))
        i += 1
    return 1
