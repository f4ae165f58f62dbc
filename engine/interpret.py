"""The tier ``numpy``: nodes one by one, by their NumPy references.

It is the oracle of the tests, the tier that runs what is cold or small, and the
fallback where a kernel cannot be made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from engine import counters
from engine.errors import Unfinished, same_kind
from engine.kernels import memory
from engine.kernels.backend import HOST, backend_of
from engine.ops.op import Op
from engine.recipe import strided
from engine.record.node import LEAF, Node

if TYPE_CHECKING:
    from engine.loud import Listener
    from engine.program import Step

Array = np.ndarray[Any, Any]


def interpret(
    nodes: Sequence[Node],
    alive: Sequence[bool],
    leaves: Sequence[Array | None],
    scalars: Sequence[Any],
    listener: Listener | None = None,
) -> dict[int, Array]:
    """Run nodes one by one with their NumPy references.

    Returns the buffers of the alive values by number. An update writes into its base
    when that was made here and nobody reads it later. A `listener` hears of
    floating-point errors.

    Raises
    ------
    Unfinished
        When a node fails, after those that do not depend on it have run.
    """
    outputs: dict[int, Array] = memory.counted(
        _interpret, nodes, alive, leaves, scalars, listener
    )
    return outputs


def _interpret(
    nodes: Sequence[Node],
    alive: Sequence[bool],
    leaves: Sequence[Array | None],
    scalars: Sequence[Any],
    listener: Listener | None,
) -> dict[int, Array]:
    last = last_uses(nodes, alive)
    environment: dict[int, Array] = {}
    entering = iter(leaves)
    count = 0
    lost: set[int] = set()
    failure: Exception | None = None
    for i, node in enumerate(nodes):
        if node.op is LEAF:
            leaf = next(entering)
            assert leaf is not None
            environment[i] = moved(leaf, HOST)
            continue
        if last[i] < 0 and not alive[i]:
            continue
        if lost and not lost.isdisjoint(node.operands):
            lost.add(i)
            continue
        free = _is_free(node, i, nodes, last, alive)
        operands = _operands(node, environment, scalars)
        try:
            if listener is None:
                environment[i] = call_reference(node, operands, free)
            else:
                environment[i] = listener.call(node, call_reference, operands, free)
        except Exception as error:
            failure = failure or error
            lost.add(i)
            continue
        count += 1
        for k in node.operands:
            if k >= 0 and last[k] == i and not alive[k]:
                environment.pop(k, None)
    counters.add("interpreted_ops", count)
    wanted = [i for i, kept in enumerate(alive) if kept and i not in lost]
    outputs = {i: moved(environment[i], nodes[i].device) for i in wanted}
    if failure is not None:
        raise Unfinished(failure, outputs)
    return outputs


def moved(buffer: Any, device: str) -> Any:
    """A buffer's elements in the memory of a device: itself where it is there."""
    if isinstance(buffer, np.ndarray):
        return buffer if device == HOST else backend_of(device).upload(buffer)
    if device == HOST:
        return backend_of("cuda").download(buffer)
    return buffer


def _is_free(
    node: Node,
    number: int,
    nodes: Sequence[Node],
    last: list[int],
    alive: Sequence[bool],
) -> bool:
    """Whether the first operand was made here and is not read after this node."""
    if node.op.name not in IN_PLACE:
        return False
    base = node.operands[0]
    return (
        base >= 0
        and last[base] == number
        and nodes[base].op is not LEAF
        and not alive[base]
        and base not in node.operands[1:]
    )


def _operands(
    node: Node, environment: dict[int, Array], scalars: Sequence[Any]
) -> list[Any]:
    if not node.scalars:
        return [environment[k] for k in node.operands]
    typed = iter(node.scalars)
    return [
        environment[k] if k >= 0 else next(typed).type(scalars[~k])
        for k in node.operands
    ]


def needed_values(nodes: Sequence[Node], alive: Sequence[bool]) -> list[bool]:
    """Which values an alive one is computed from."""
    needed = list(alive)
    for i in range(len(nodes) - 1, -1, -1):
        if needed[i]:
            for k in nodes[i].operands:
                if k >= 0:
                    needed[k] = True
    return needed


def last_uses(nodes: Sequence[Node], alive: Sequence[bool]) -> list[int]:
    """For each value the number of the last needed node that reads it."""
    needed = needed_values(nodes, alive)
    last = [-1] * len(nodes)
    for i, node in enumerate(nodes):
        if needed[i]:
            for k in node.operands:
                if k >= 0:
                    last[k] = i
    return last


def call_reference(node: Node | Step, inputs: list[Any], overwrite: bool) -> Array:
    """The result of a node's reference, as an array of its own or in the first input.

    Raises what the reference raises, with the user's line. The caller silences NumPy's
    warnings about floating point.
    """
    op: Op = node.op
    if op.name == "view" and inputs[0].flags.c_contiguous:
        return strided(inputs[0], node.attributes[0]).copy()
    if overwrite and op.name in IN_PLACE and inputs[0].flags.writeable:
        IN_PLACE[op.name](*inputs, *node.attributes)
        written: Array = inputs[0]
        return written
    try:
        return own_array(op.reference(*inputs, *node.attributes), node, inputs)
    except Exception as error:
        raise late_error(error, node) from None


def late_error(error: Exception, node: Node | Step) -> Exception:
    """The same error, with the op and the user's line that recorded it."""
    where = f"; recorded at {node.line}" if node.line else ""
    return same_kind(error, f"{node.op.name}: {error}{where}")


def own_array(result: Any, node: Node | Step, inputs: Sequence[Any]) -> Array:
    """A result as a C-contiguous array that shares no memory with the operands."""
    if isinstance(result, np.generic):  # of no axes
        return np.array(result, node.dtype).reshape(node.shape)
    if (
        type(result) is np.ndarray
        and result.base is None
        and result.dtype is node.dtype
        and result.shape == node.shape
        and result.flags.carray
    ):
        for x in inputs:
            if x is result:
                break
        else:  # what nearly all ops give: no more is asked than that
            return result
    array = np.asarray(result, dtype=node.dtype, order="C").reshape(node.shape)
    if not (array.flags.c_contiguous and array.flags.writeable) or any(
        isinstance(x, np.ndarray) and np.may_share_memory(array, x) for x in inputs
    ):
        return array.copy()
    return array


def _update_in_place(base: Array, value: Array, recipe: Any) -> None:
    if recipe.size:
        strided(base.reshape(-1), recipe)[...] = value


def _update_add_in_place(base: Array, value: Array, recipe: Any) -> None:
    if recipe.size:
        strided(base.reshape(-1), recipe)[...] += value


def _put_in_place(base: Array, positions: Array, value: Array) -> None:
    base.reshape(-1)[positions] = value


def _put_add_in_place(base: Array, positions: Array, value: Array) -> None:
    np.add.at(base.reshape(-1), positions.reshape(-1), value.reshape(-1))


IN_PLACE = {
    "update": _update_in_place,
    "update_add": _update_add_in_place,
    "put": _put_in_place,
    "put_add": _put_add_in_place,
}
