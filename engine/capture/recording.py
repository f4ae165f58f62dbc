"""Recording: all that a captured call has done, as data; two of them are compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from engine.capture.numbers import Program
from engine.capture.specs import Effect, Spec
from engine.record.node import Node
from engine.record.runtime import RunTime


@dataclass(frozen=True)
class Segment:
    """One flush of a call.

    Parameters
    ----------
    node : Node
        The end of its path.
    alive : tuple of bool
        The values that it computes.
    donated : frozenset of int
        Leaf values whose memory it may overwrite.
    numbers : tuple of int
        The numbers of its leaf values, and
    leaves : tuple of int
        their slots.
    scalars : tuple
        Python scalars; a `RunTime` where one changes.
    outputs : dict of int to int
        The slots of what it computes, by number.
    """

    node: Node
    alive: tuple[bool, ...]
    donated: frozenset[int]
    numbers: tuple[int, ...]
    leaves: tuple[int, ...]
    scalars: tuple[Any, ...]
    outputs: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Recording:
    """All that a call has done.

    Parameters
    ----------
    segments : tuple of Segment
    constants : dict of int to ndarray
        Arrays that the call made from Python's data, by slot.
    program : Program
        How numbers that change are computed.
    specs : tuple of Spec
        The handles that it makes.
    result : tree
        What it returns, with `Made` in the place of what differs from call to call.
    effects : tuple of Effect
        The arrays that it has written.
    grads : tuple
        For each leaf: None, "kept", or the number of a spec.
    """

    segments: tuple[Segment, ...]
    constants: dict[int, Any]
    program: Program
    specs: tuple[Spec, ...]
    result: Any
    effects: tuple[Effect, ...]
    grads: tuple[Any, ...]

    def difference(self, other: Recording) -> tuple[str, str] | None:
        """Why another call is not the same, and the line; None where it is."""
        for mine, theirs in zip(self.segments, other.segments, strict=False):
            if not _is_same_path(mine.node, theirs.node):
                return "two calls record other operations", _parting(mine, theirs)
            line = mine.node.line
            if mine.alive != theirs.alive or mine.leaves != theirs.leaves:
                return "two calls keep other arrays", line
            for x, y in zip(mine.scalars, theirs.scalars, strict=True):
                if type(x) is not type(y) or (
                    type(x) is not RunTime and repr(x) != repr(y)
                ):
                    return f"a number was {x} in one call and {y} in another", line
        line = self.segments[-1].node.line if self.segments else "its end"
        if len(self.segments) != len(other.segments):
            return "two calls are computed in other parts", line
        if not _equal(self.constants, other.constants):
            return "an array made from Python's numbers has changed", line
        if self.program != other.program:
            return "two calls compute other Python numbers", line
        if (self.specs, self.effects, self.grads) != (
            other.specs,
            other.effects,
            other.grads,
        ) or repr(self.result) != repr(other.result):
            return "two calls return or write other arrays", line
        return None


def _is_same_path(one: Node, other: Node) -> bool:
    """Whether two paths are of the same events: all nodes may have been made anew."""
    while one is not other:
        mine, theirs = (
            (x.op, x.operands, x.attributes, x.scalars, x.dtype, x.shape, x.device)
            for x in (one, other)
        )
        if mine != theirs or one.number != other.number:
            return False
        if one.parent is None or other.parent is None:
            return one.parent is other.parent
        one, other = one.parent, other.parent
    return True


def _parting(one: Segment, other: Segment) -> str:
    """The line at which two paths part."""
    line = one.node.line
    for mine, theirs in zip(one.node.path(), other.node.path(), strict=False):
        if mine is not theirs:
            return mine.line
    return line


def _equal(one: dict[int, Any], other: dict[int, Any]) -> bool:
    return one.keys() == other.keys() and all(
        one[slot].dtype == other[slot].dtype
        and one[slot].shape == other[slot].shape
        and one[slot].tobytes() == other[slot].tobytes()
        for slot in one
    )


@dataclass(frozen=True)
class Made:
    """What a result has in the place of a handle or a number that changes."""

    kind: str
    number: int


def mapped(
    tree: Any,
    function: Callable[[Any], Any],
    is_leaf: Callable[[Any], bool] = lambda _: False,
) -> Any:
    """A tree of tuples, lists and dicts with other leaves."""
    kind = type(tree)
    if kind in (list, dict) and is_leaf(tree):
        return function(tree)
    if kind is list:
        return [mapped(item, function, is_leaf) for item in tree]
    if kind is dict:
        return {key: mapped(item, function, is_leaf) for key, item in tree.items()}
    if kind is tuple or (isinstance(tree, tuple) and hasattr(tree, "_fields")):
        items = [mapped(item, function, is_leaf) for item in tree]
        return kind(*items) if hasattr(tree, "_fields") else tuple(items)
    return function(tree)
