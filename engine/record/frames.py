"""Frames: paths that are alike but for where the regions of arrays begin are one path.

A sweep such as ``p[i] = f(p[i - 1])`` does the same to other rows in each iteration. An
event that reads or writes a region of an array that came into the trace is known by
where the region begins, counted from where the array's first region in the trace did
in the path that was there first: that is the array's *shift*. So what a loop records
between two flushes is one path of the trie, and one plan, whatever rows it works on.

The shifts of a trace stand in an array of integers that native code knows. The number
of a leaf, plus one, is the place of its shift; the first word says whether any is not
zero. Nodes say themselves of which leaf they read or write a region (`Node.owner`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from engine.recipe import Recipe

from .node import LEAF, Node
from .value import Scalar, Value
from .watchers import watchers

if TYPE_CHECKING:
    from .trace import Trace

REGION_OPS = frozenset(("view", "update"))
"""The ops that are known by where a region begins: their one attribute says it."""

LEAVES = 1023
"""Leaves whose numbers are not below this have no shift."""

UNKNOWN = -(1 << 63)
"""In the place of a shift: no region of the leaf was recorded yet."""

Shifts = np.ndarray[Any, np.dtype[np.int64]]


def new_shifts() -> Shifts:
    """The shifts of a trace that begins."""
    shifts = np.full(1 + LEAVES, UNKNOWN, np.int64)
    shifts[0] = 0
    return shifts


def owner_of(parent: Node, number: int) -> int:
    """The leaf in whose memory a value is, at the end of a path; -1 for no leaf.

    It is the leaf itself, or what a write to regions of it has made.
    """
    node: Node | None = parent
    while node is not None and node.number > number:
        node = node.parent
    if node is None:
        return -1
    if node.op is LEAF:
        return number if number < LEAVES else -1
    return node.owner if node.op.name == "update" else -1


def is_region(attributes: tuple[Any, ...], base: Value | Scalar) -> bool:
    """Whether attributes say a part of an array, neither all of it nor nothing."""
    if len(attributes) != 1 or type(base) is not Value:
        return False
    recipe = attributes[0]
    return recipe.dtype is base.dtype and recipe.size not in (0, base.size)


def shifted(attributes: tuple[Any, ...], shift: int) -> tuple[Recipe]:
    """The attributes of a region that begins so much further on."""
    dtype, offset, shape, strides = attributes[0]
    return (Recipe(dtype, offset + shift, shape, strides),)


class Place(NamedTuple):
    """Where an event stands: its key in the frame of a path, and about which leaf.

    `owner` is the number of the leaf of which it reads or writes a region, -1 for
    none; `first` says whether it is the leaf's first one in the trace.
    """

    key: tuple[Any, ...]
    owner: int
    first: bool


def place_of(
    trace: Trace,
    parent: Node,
    key: tuple[Any, ...],
    inputs: Sequence[Value | Scalar],
) -> Place:
    """Where an event stands.

    The first region of a leaf decides on its shift: none where a path goes on with this
    very region, or with none that begins elsewhere.
    """
    if key[0].name not in REGION_OPS or not is_region(key[2], inputs[0]):
        return Place(key, -1, False)
    op, operands, attributes, dtypes = key
    owner = owner_of(parent, operands[0])
    if owner < 0:
        return Place(key, -1, False)
    shift = _shift(trace, owner)
    first = shift == UNKNOWN
    if first:
        shift = 0
        if parent.child(key) is None and not watchers:
            leader = parent.child(leader_key(key))
            if leader is not None:
                shift = attributes[0].offset - leader.attributes[0].offset
        if _shift(trace, owner) != UNKNOWN:  # a finalizer has recorded meanwhile
            return place_of(trace, parent, key, inputs)
        if owner < len(trace.values):
            trace.shifts[0] |= shift != 0
            trace.shifts[1 + owner] = shift
    if shift:
        key = (op, operands, shifted(attributes, -shift), dtypes)
    return Place(key, owner, first)


def _shift(trace: Trace, owner: int) -> int:
    """The shift of a leaf, which may be about to enter."""
    return int(trace.shifts[1 + owner]) if owner < len(trace.values) else UNKNOWN


def leader_key(key: tuple[Any, ...]) -> tuple[Any, ...]:
    """The key of the first region of a leaf, wherever it begins."""
    op, operands, (recipe,), dtypes = key
    dtype, _, shape, strides = recipe
    return op, operands, (dtype, shape, strides), dtypes


def shift_places(numbers: Iterable[int]) -> Shifts:
    """Where the shifts of leaves stand, as an index."""
    return np.array([1 + number for number in numbers if number < LEAVES], np.int64)


def forget_shifts(trace: Trace) -> None:
    """The path of a trace is one where regions begin where its nodes say."""
    known = trace.shifts[1:] != UNKNOWN
    trace.shifts[1:][known] = 0
    trace.shifts[0] = 0


def is_shifted(trace: Trace) -> bool:
    """Whether the nodes of a trace say otherwise than its events where regions are."""
    return bool(trace.shifts[0])


def shifts_of(trace: Trace) -> tuple[int, ...]:
    """The shift of each leaf, in order; 0 also for those without."""
    if not is_shifted(trace):
        return (0,) * len(trace.leaves)
    numbers = [trace.leaf_numbers[id(leaf)] for leaf in trace.leaves]
    found = [int(trace.shifts[1 + k]) if k < LEAVES else 0 for k in numbers]
    return tuple([0 if shift == UNKNOWN else shift for shift in found])


def events(trace: Trace) -> list[Node]:
    """The events of a trace, each as a node that says where its region begins."""
    if _native:
        return _native[0](trace)
    path = trace.node.path()
    if not is_shifted(trace):
        return path
    shifts: list[int] = trace.shifts.tolist()
    for i, node in enumerate(path):
        if node.owner >= 0 and shifts[1 + node.owner] not in (0, UNKNOWN):
            attributes = shifted(node.attributes, shifts[1 + node.owner])
            path[i] = node.like(attributes, node.parent)
    return path


_native: list[Callable[[Trace], list[Node]]] = []


def use_native(found: Callable[[Trace], list[Node]] | None) -> None:
    """Let native code do what `events` does, or not."""
    _native[:] = [] if found is None else [found]
