"""New nodes: what an event that is new to a path needs to be followed.

`engine.record.growth` says what is done, and does what is not done here. That is done
for results on the host: regions that are neither all of an array nor nothing, and ops
whose dtypes and shapes are remembered, see `results`. It takes a third of the time.

What is allocated here may let finalizers record meanwhile. So nothing is seen by others
until the node is whole, and it is given up if the trace has gone on.
"""

from __future__ import annotations

from .frames import form_of, shift_of
from .indexing import new_recipe
from .language import inline, load, reserve, slot, state, store
from .lines import user_line
from .macros import DecRef, IncRef, IntAs, TupleItem, TupleSize
from .matching import (
    RECIPE_DTYPE,
    RECIPE_OFFSET,
    RECIPE_SHAPE,
    RECIPE_STRIDES,
    equal,
    forget_error,
    kind,
    put,
    put_item,
    replace,
    row_for,
)
from .python import (
    Allocate,
    Attribute,
    Call,
    DictItem,
    DictNew,
    DictSet,
    DictSize,
    ErrClear,
    IntFrom,
    TupleNew,
    TupleSet,
    Untrack,
)
from .results import form_of_result

NAMED = 5
"""The length of a key with a line, that of an op that fails late."""

FORM_DTYPE, FORM_LAYOUT, FORM_SIZE, FORM_INEXACT = 0, 1, 2, 3
"""The items of what nodes of one dtype and shape have in common."""


def made_node(
    trace: int, parent: int, event: int, recipe: int, owner: int, items: int, count: int
) -> int:
    """Make the node of an event, the next one after `parent`: 1, or 0 for Python.

    `event` is its key, `recipe` its region, and `owner` the leaf that it is about, or
    -1.
    """
    shift = 0
    if owner >= 0:
        shift = shift_of(trace, owner)
    opens = shift == state.no_shift
    if not is_room():
        return 0
    form = form_of_result(event, recipe, items, count)
    if form == 0:
        return 0
    attributes = TupleItem(event, 2)
    IncRef(attributes)
    if shift != 0 and not opens:
        DecRef(attributes)
        attributes = shifted_attributes(recipe, shift)
    node = 0
    if attributes != 0 and IntAs(TupleItem(form, FORM_SIZE)) <= state.large:
        node = filled_node(parent, event, attributes, form, owner, opens)
    DecRef(form)
    DecRef(attributes)
    done = 0
    if node != 0:
        done = planted(trace, parent, node, recipe, owner, shift)
    ErrClear()
    DecRef(node)
    return done


def leaf_key(value: int) -> int:
    """The key of a value that enters."""
    key = TupleNew(4)
    if key != 0:
        put_item(key, 0, state.leaf_op)
        put_item(key, 1, load(value + slot.value_dtype))
        put_item(key, 2, load(value + slot.value_shape))
        put_item(key, 3, load(value + slot.value_device))
    return key


def made_leaf(trace: int, parent: int, value: int) -> int:
    """Make the node of a value that enters, the next one after `parent`: 1, or 0.

    It is made for the sake of an event that may be left to Python; this enters it then.
    """
    if load(value + slot.value_device) != state.host or not is_room():
        return 0
    pair = reserve(2)
    store(pair, load(value + slot.value_dtype))
    store(pair + 8, load(value + slot.value_shape))
    form = Call(state.form, pair, 2, 0)
    event = TupleNew(4)
    node = 0
    if event != 0 and form != 0:
        put_item(event, 0, state.leaf_op)
        put_item(event, 1, state.empty)
        put_item(event, 2, state.empty)
        put_item(event, 3, state.empty)
        node = filled_node(parent, event, state.empty, form, -1, 0)
    forget_error()
    done = 0
    if node != 0:
        key = leaf_key(value)
        if key != 0 and is_behind(trace, parent, -1, 0):
            done = become_next(parent, key, node)
        DecRef(key)
    DecRef(node)
    DecRef(event)
    DecRef(form)
    ErrClear()
    return done


def is_room() -> int:
    """Whether the tables of nodes have room; Python empties them else."""
    nodes = IntAs(load(state.trie + slot.trie_size))
    return nodes < state.most_nodes and DictSize(state.common) < state.most_common


def shifted_attributes(recipe: int, shift: int) -> int:
    """The attributes of a region that begins as much sooner; or 0."""
    made = TupleNew(1)
    own = new_recipe(
        TupleItem(recipe, RECIPE_DTYPE),
        IntAs(TupleItem(recipe, RECIPE_OFFSET)) - shift,
        TupleItem(recipe, RECIPE_SHAPE),
        TupleItem(recipe, RECIPE_STRIDES),
    )
    if made == 0 or own == 0:
        ErrClear()
        DecRef(made)
        DecRef(own)
        return 0
    TupleSet(made, 0, own)
    Untrack(made)
    return made


def filled_node(
    parent: int, event: int, attributes: int, form: int, owner: int, opens: int
) -> int:
    """A node with all of its fields, or 0; `parent` does not know of it."""
    op = TupleItem(event, 0)
    line = user_line()
    rule = Attribute(op, state.rule_name)
    node = Allocate(state.node_type, 0)
    number = IntAs(load(parent + slot.node_number)) + 1
    if line == 0 or rule == 0 or node == 0:
        forget_error()
        DecRef(line)
        DecRef(rule)
        DecRef(node)
        return 0
    put(node + slot.node_op, op)
    put(node + slot.node_operands, shared(TupleItem(event, 1)))
    own = attributes
    only = TupleItem(attributes, 0)
    if TupleSize(attributes) == 1 and kind(only) == state.recipe_type:
        own = shared(attributes)
    put(node + slot.node_attributes, own)
    dtypes = TupleItem(event, 3)
    if TupleSize(dtypes) != 0:
        dtypes = shared(dtypes)
    put(node + slot.node_scalars, dtypes)
    layout = TupleItem(form, FORM_LAYOUT)
    put(node + slot.node_dtype, TupleItem(form, FORM_DTYPE))
    put(node + slot.node_layout, layout)
    put(node + slot.node_shape, TupleItem(layout, RECIPE_SHAPE))
    put(node + slot.node_size, TupleItem(form, FORM_SIZE))
    put(node + slot.node_parent, parent)
    store(node + slot.node_number, shared_number(number))
    store(node + slot.node_line, line)
    put(node + slot.node_device, state.host)
    store(node + slot.node_owner, IntFrom(owner))
    if TupleSize(event) == NAMED:
        put(node + slot.node_opens, state.none)
    else:
        put(node + slot.node_opens, truth_of(opens))
    inexact = TupleItem(form, FORM_INEXACT) == state.true
    put(node + slot.node_differentiable, truth_of(inexact and rule != state.none))
    put(node + slot.node_key, state.none)
    put(node + slot.node_only, state.none)
    put(node + slot.node_children, state.none)
    put(node + slot.node_last, state.none)
    put(node + slot.node_plans, state.none)
    put(node + slot.node_passages, state.none)
    DecRef(rule)
    return node


@inline
def truth_of(holds: int) -> int:
    """True or False (borrowed)."""
    if holds:
        return state.true
    return state.false


def shared(thing: int) -> int:
    """The one object (borrowed) that nodes have for all that are equal to it."""
    found = DictItem(state.common, thing)
    if found != 0:
        return found
    DictSet(state.common, thing, thing)
    ErrClear()
    return thing


def shared_number(number: int) -> int:
    """The number of a node (a new reference)."""
    if number < TupleSize(state.node_numbers):
        found = TupleItem(state.node_numbers, number)
        IncRef(found)
        return found
    return IntFrom(number)


def planted(
    trace: int, parent: int, node: int, recipe: int, owner: int, shift: int
) -> int:
    """Let a new node be the child that comes next, if the trace is where it was."""
    if not ends_here(node):
        return 0
    opens = shift == state.no_shift
    key = key_of_node(node, load(node + slot.node_attributes))
    leader = 0
    if opens:
        form = form_of(recipe, 0)
        if form != 0:
            leader = key_of_node(node, form)
        DecRef(form)
    done = 0
    if key != 0 and (leader != 0 or not opens):
        if is_behind(trace, parent, owner, shift):
            done = become_next(parent, key, node)
        if done and leader != 0 and child_of(parent, leader) == 0:
            add_child(parent, leader, node)
    DecRef(key)
    DecRef(leader)
    return done


def become_next(parent: int, key: int, node: int) -> int:
    """Let a new node be the child of another that comes next; 0 where there is one."""
    size = IntFrom(IntAs(load(state.trie + slot.trie_size)) + 1)
    if size == 0 or child_of(parent, key) != 0 or not add_child(parent, key, node):
        DecRef(size)
        return 0
    replace(state.trie + slot.trie_size, size)
    IncRef(node)
    replace(parent + slot.node_last, node)
    return 1


def child_of(node: int, key: int) -> int:
    """The child (borrowed) of a node by the key of its event; 0 without one."""
    only = load(node + slot.node_only)
    if only != state.none and equal(load(only + slot.node_key), key):
        return only
    children = load(node + slot.node_children)
    if children == state.none:
        return 0
    return DictItem(children, key)


def add_child(node: int, key: int, child: int) -> int:
    """Let paths go on with a new child of a node; whether they do."""
    if load(node + slot.node_only) == state.none:
        IncRef(key)
        replace(child + slot.node_key, key)
        IncRef(child)
        replace(node + slot.node_only, child)
        return 1
    children = load(node + slot.node_children)
    if children == state.none:
        children = DictNew()
        if children == 0:
            return 0
        replace(node + slot.node_children, children)
    return DictSet(children, key, child) == 0


def key_of_node(node: int, attributes: int) -> int:
    """The key of a node, with these attributes; or 0."""
    named = load(node + slot.node_opens) == state.none
    key = TupleNew(4 + named)
    if key == 0:
        return 0
    if named:
        put_item(key, 4, load(node + slot.node_line))
    put_item(key, 0, load(node + slot.node_op))
    put_item(key, 1, load(node + slot.node_operands))
    put_item(key, 2, attributes)
    put_item(key, 3, load(node + slot.node_scalars))
    if are_plain(attributes):
        Untrack(key)  # nothing that it is made of refers to nodes
    return key


def are_plain(attributes: int) -> int:
    """Whether attributes are recipes, dtypes, integers and tuples of them, or none.

    The functions and arrays that some ops have may refer to anything.
    """
    i = 0
    while i < TupleSize(attributes):
        thing = TupleItem(attributes, i)
        its = kind(thing)
        if its == state.tuple_type:
            if not are_plain(thing):
                return 0
        elif not (
            its == state.recipe_type or its == state.int_type or row_for(thing) != 0
        ):
            return 0
        i += 1
    return 1


def is_behind(trace: int, parent: int, owner: int, shift: int) -> int:
    """Whether a node, or the leaves before it, still are where the trace ends."""
    node = parent
    while node != load(trace + slot.trace_node):
        if load(node + slot.node_op) != state.leaf_op:
            return 0
        node = load(node + slot.node_parent)
        if node == state.none:
            return 0
    return owner < 0 or shift_of(trace, owner) == shift


def ends_here(node: int) -> int:
    """Let a trace end behind a node where `engine.record.loops` says so.

    0 if it could not be asked.
    """
    if load(node + slot.node_op) != state.update_op:
        return 1
    if IntAs(load(node + slot.node_number)) < state.least_events:
        return 1
    one = reserve(1)
    store(one, node)
    answer = Call(state.ends_iterations, one, 1, 0)
    if answer == 0:
        forget_error()
        return 0
    if answer == state.true:
        IncRef(state.end)
        replace(node + slot.node_last, state.end)
    DecRef(answer)
    return 1
