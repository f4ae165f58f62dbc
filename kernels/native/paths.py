"""The events of a trace, as `engine.record.frames.events` gives them."""

from __future__ import annotations

from .frames import shifts
from .growing import shifted_attributes
from .language import load, slot, state, store
from .macros import DecRef, IncRef, IntAs, ListItem, TupleItem
from .matching import put
from .python import Allocate, ErrClear, ListNew, ListSet


def events(self: int, trace: int) -> int:
    """``events(trace)``: its nodes; those about regions say where the regions begin."""
    node = load(trace + slot.trace_node)
    count = IntAs(load(node + slot.node_number)) + 1
    made = ListNew(count)
    if made == 0:
        return 0
    i = count - 1
    while i >= 0:
        IncRef(node)
        ListSet(made, i, node)
        node = load(node + slot.node_parent)
        i -= 1
    if load(shifts(trace)) != 0 and not follow_shifts(trace, made, count):
        DecRef(made)
        return 0
    return made


def follow_shifts(trace: int, nodes: int, count: int) -> int:
    """Put nodes in the place of those whose leaf is shifted; 0 with an error."""
    i = 0
    while i < count:
        node = ListItem(nodes, i)
        owner = IntAs(load(node + slot.node_owner))
        if owner >= 0:
            shift = load(shifts(trace) + 8 + 8 * owner)
            if shift != 0 and shift != state.no_shift:
                moved = moved_node(node, shift)
                if moved == 0:
                    return 0
                ListSet(nodes, i, moved)
        i += 1
    return 1


def moved_node(node: int, shift: int) -> int:
    """A node like one about a region, which begins further on; 0 with an error."""
    recipe = TupleItem(load(node + slot.node_attributes), 0)
    attributes = shifted_attributes(recipe, -shift)
    made = Allocate(state.node_type, 0)
    if attributes == 0 or made == 0:
        DecRef(attributes)
        DecRef(made)
        return 0
    put(made + slot.node_op, load(node + slot.node_op))
    put(made + slot.node_operands, load(node + slot.node_operands))
    store(made + slot.node_attributes, attributes)
    put(made + slot.node_scalars, load(node + slot.node_scalars))
    put(made + slot.node_dtype, load(node + slot.node_dtype))
    put(made + slot.node_layout, load(node + slot.node_layout))
    put(made + slot.node_shape, load(node + slot.node_shape))
    put(made + slot.node_size, load(node + slot.node_size))
    put(made + slot.node_parent, load(node + slot.node_parent))
    put(made + slot.node_number, load(node + slot.node_number))
    put(made + slot.node_line, load(node + slot.node_line))
    put(made + slot.node_device, load(node + slot.node_device))
    put(made + slot.node_owner, load(node + slot.node_owner))
    put(made + slot.node_opens, load(node + slot.node_opens))
    put(made + slot.node_differentiable, load(node + slot.node_differentiable))
    put(made + slot.node_key, state.none)
    put(made + slot.node_only, state.none)
    put(made + slot.node_children, state.none)
    put(made + slot.node_last, state.none)
    put(made + slot.node_plans, state.none)
    put(made + slot.node_passages, state.none)
    ErrClear()
    return made
