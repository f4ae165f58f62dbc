"""Steps: what is recorded on some values, for native code to do it as well."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from engine.ops.op import Op
from engine.recipe import Shape, owned
from engine.record.frames import is_shifted
from engine.record.node import LEAF, Node
from engine.record.trace import Trace
from engine.record.value import Scalar, Value, typed
from engine.shapes import reduced_shape

Step: TypeAlias = tuple[Op, tuple[object, ...], tuple[object, ...]]
"""An op, its attributes, its operands: typed scalars, or numbers of results.

The values that are given have the first numbers.
"""

_PLAIN = (np.generic, int, float)


def recorded(steps: Sequence[Step], values: Sequence[Value]) -> Value:
    """Record steps on values; the result of the last one."""
    results: list[Any] = [*values]
    for op, attributes, operands in steps:
        given: list[Any] = [results[x] if type(x) is int else x for x in operands]
        results.append(op(*given, attributes=attributes))
    last: Value = results[-1]
    return last


_native: list[Callable[[Any, Any], Any]] = []


def use_native(played: Callable[[Any, Any], Any] | None) -> None:
    """Let native code, ``played(steps, given)``, do what it can, or nothing."""
    _native[:] = [] if played is None else [played]


def replayed(steps: Sequence[Step], given: tuple[Value | Scalar, ...]) -> Value | None:
    """The result of steps that native code records again; None where it does not."""
    return _native[0](steps, given) if _native else None


def steps_of(
    trace: Trace, before: int, value: Value, result: Value
) -> tuple[Step, ...] | None:
    """`steps_on` a single value."""
    return steps_on(trace, before, (value,), result)


def steps_on(
    trace: Trace, before: int, values: Sequence[Value | Scalar], result: Value
) -> tuple[Step, ...] | None:
    """The events of a call as steps on values; None where it did something else, too.

    Parameters
    ----------
    trace : Trace
    before : int
        How many values the trace had before the call.
    values : sequence of Value or Scalar
        What the call was about: the first numbers among the operands of steps. It must
        have recorded the number of each scalar, that very object.
    result : Value
        What came of it: the result of the last step. Those of steps have the numbers
        behind those of the values.
    """
    if any(0 in value.shape for value in values):  # it may have warned, and will again
        return None
    numbers: dict[int, int] = {}
    scalars: dict[int, int] = {}
    for k, value in enumerate(values):
        if isinstance(value, Scalar):
            scalars[id(value.value)] = k
            continue
        own = trace.leaf_numbers.get(id(value))
        if own is None:
            if value.trace is not trace:
                return None
            own = value.number
        if trace.values[own] is not value:
            return None
        numbers[own] = k
    if trace.values[-1] is not result or len(numbers) + len(scalars) < len(values):
        return None
    given = frozenset(numbers)
    steps: list[Step] = []
    for node in _since(trace.node, before):
        if node.number in given:
            continue
        operands = _operands(node, numbers, trace.scalars, scalars)
        if node.op is LEAF or operands is None:
            return None
        if node.owner >= 0 and is_shifted(trace):  # it says where another region is
            return None
        steps.append((node.op, node.attributes, operands))
        numbers[node.number] = len(values) + len(steps) - 1
    return tuple(steps) or None


def _since(last: Node, before: int) -> list[Node]:
    """The nodes from a number on to the last one."""
    nodes = []
    node: Node | None = last
    while node is not None and node.number >= before:
        nodes.append(node)
        node = node.parent
    return nodes[::-1]


def _operands(
    node: Node,
    numbers: dict[int, int],
    scalars: list[object],
    given: dict[int, int],
) -> tuple[object, ...] | None:
    """The operands of a node as those of a step; `given` are numbers of scalars."""
    dtypes = iter(node.scalars)
    found: list[object] = []
    for k in node.operands:
        if k >= 0:
            if k not in numbers:
                return None
            found.append(numbers[k])
        else:
            number = scalars[~k]
            if id(number) in given:
                found.append(given[id(number)])
                next(dtypes)
                continue
            if not isinstance(number, _PLAIN):  # one that changes from run to run
                return None
            found.append(_scalar(number, next(dtypes)))
    return tuple(found)


class Count(NamedTuple):
    """An operand: how many elements are reduced to one, or one less."""

    dtype: np.dtype[Any]
    less: int


class Shaped(NamedTuple):
    """An attribute: all of an array, of the shape of a reduction's result."""

    dtype: np.dtype[Any]
    keepdims: bool


@dataclass(frozen=True)
class ByRank:
    """Steps of a reduction, a mean or the like, whatever the extents of its operand.

    Parameters
    ----------
    steps : tuple of Step
        With `Count` and `Shaped` in the places of what depends on the extents.
    axes : tuple of int
        Of its reductions.
    shape : tuple of int
        Those of one operand. Other rules may hold where other axes have an extent of 1.
    believed : bool
        Whether they were the same for another one: what is a constant is no count.
    """

    steps: tuple[Step, ...]
    axes: tuple[int, ...]
    shape: Shape
    believed: bool = False

    def __call__(self, value: Value) -> tuple[Step, ...] | None:
        """The steps on another value of this dtype and rank, or None."""
        shape = value.shape
        if not self.believed or _single(shape) != _single(self.shape):
            return None
        count = _count(shape, self.axes)
        made = []
        for op, attributes, operands in self.steps:
            own = [x.less for x in operands if type(x) is Count]
            if own and count <= max(own):  # it may have warned
                return None
            given = [
                _scalar(count - x.less, x.dtype) if type(x) is Count else x
                for x in operands
            ]
            if attributes and type(attributes[0]) is Shaped:
                dtype, keepdims = attributes[0]
                attributes = (owned(dtype, reduced_shape(shape, self.axes, keepdims)),)
            made.append((op, attributes, tuple(given)))
        return tuple(made)


def by_rank(
    steps: Sequence[Step], shape: Shape, former: ByRank | None
) -> ByRank | None:
    """What steps on a value of this shape have to do with its extents.

    None where that is unknown. `former` is what the last ones had to do with theirs.
    """
    axes: list[Any] = [step[1][0] for step in steps if step[0].kind == "reduce"]
    if not axes or any(axes[0] != other for other in axes):
        return None
    count = _count(shape, axes[0])
    made: list[Step] = []
    for op, attributes, operands in steps:
        if op.name == "view":
            found = _shaped(attributes[0], shape, axes[0])
            if found is None:
                return None
            attributes = (found,)
        elif op.kind == "elementwise":
            if op.name == "divide":
                operands = tuple([_counted(x, count) for x in operands])
        elif op.kind != "reduce":
            return None
        made.append((op, attributes, operands))
    new = ByRank(tuple(made), axes[0], shape)
    if former is None or (new.steps, new.axes) != (former.steps, former.axes):
        return new
    if _single(shape) != _single(former.shape):
        return new
    return replace(new, believed=former.believed or shape != former.shape)


def _single(shape: Shape) -> list[bool]:
    return [extent == 1 for extent in shape]


def _count(shape: Shape, axes: Sequence[int]) -> int:
    return prod([shape[axis] for axis in axes])


def _shaped(recipe: Any, shape: Shape, axes: Sequence[int]) -> Shaped | None:
    """What a reshape makes of the result of a reduction, or of one with axes kept."""
    for keepdims in (True, False):
        if recipe == owned(recipe.dtype, reduced_shape(shape, axes, keepdims)):
            return Shaped(recipe.dtype, keepdims)
    return None


def _counted(operand: object, count: int) -> object:
    """A divisor: `Count` where it is one."""
    if type(operand) is Scalar and operand.dtype.kind in "fiu":
        less = count - operand.value
        if less in (0, 1):
            return Count(operand.dtype, int(less))
    return operand


def _scalar(number: Any, dtype: np.dtype[Any]) -> Scalar:
    """A number as rules of gradients need it; native code records plain ones."""
    return Scalar(typed(number, dtype), dtype)
