"""Steps: what is recorded on some values, for native code to do it as well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from engine.ops.op import Op
from engine.record.frames import is_shifted
from engine.record.node import LEAF, Node
from engine.record.trace import Trace
from engine.record.value import Scalar, Value, typed

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


def steps_of(
    trace: Trace, before: int, value: Value, result: Value
) -> tuple[Step, ...] | None:
    """`steps_on` a single value."""
    return steps_on(trace, before, (value,), result)


def steps_on(
    trace: Trace, before: int, values: Sequence[Value], result: Value
) -> tuple[Step, ...] | None:
    """The events of a call as steps on values; None where it did something else, too.

    Parameters
    ----------
    trace : Trace
    before : int
        How many values the trace had before the call.
    values : sequence of Value
        What the call was about: the first numbers among the operands of steps.
    result : Value
        What came of it: the result of the last step. Those of steps have the numbers
        behind those of the values.
    """
    if any(0 in value.shape for value in values):  # it may have warned, and will again
        return None
    numbers: dict[int, int] = {}
    for k, value in enumerate(values):
        own = trace.leaf_numbers.get(id(value))
        if own is None:
            if value.trace is not trace:
                return None
            own = value.number
        if trace.values[own] is not value:
            return None
        numbers[own] = k
    if trace.values[-1] is not result or len(numbers) < len(values):
        return None
    given = frozenset(numbers)
    steps: list[Step] = []
    for node in _since(trace.node, before):
        if node.number in given:
            continue
        operands = _operands(node, numbers, trace.scalars)
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
    node: Node, numbers: dict[int, int], scalars: list[object]
) -> tuple[object, ...] | None:
    """The operands of a node as those of a step."""
    dtypes = iter(node.scalars)
    found: list[object] = []
    for k in node.operands:
        if k >= 0:
            if k not in numbers:
                return None
            found.append(numbers[k])
        else:
            number = scalars[~k]
            if not isinstance(number, _PLAIN):  # one that changes from run to run
                return None
            # As rules of gradients need it; native code records plain numbers.
            dtype = next(dtypes)
            found.append(Scalar(typed(number, dtype), dtype))
    return tuple(found)
