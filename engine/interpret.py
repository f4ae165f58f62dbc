"""The tier ``numpy``: nodes one by one, by their NumPy references.

It is the oracle of the tests, the tier that runs what is cold or small, and the
fallback where a kernel cannot be made.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

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


class Outline(NamedTuple):
    """What is the same each time that a path is interpreted.

    `kept` has a byte for each value, `last` a word: see `last_words`. `entering` are
    the numbers of leaves, `wanted` those of what is alive, and `moves` says whether any
    of them is on a device.
    """

    kept: bytes
    last: bytes
    entering: tuple[int, ...]
    wanted: tuple[int, ...]
    moves: bool


def outline_of(nodes: list[Node], alive: Sequence[bool]) -> Outline:
    """The outline of a path, wherever its regions begin."""
    kept = bytes(alive)
    entering = tuple([i for i, node in enumerate(nodes) if node.op is LEAF])
    wanted = tuple([i for i, is_kept in enumerate(kept) if is_kept])
    moves = any([nodes[i].device != HOST for i in (*entering, *wanted)])
    return Outline(kept, last_words(nodes, kept), entering, wanted, moves)


def interpret(
    nodes: list[Node],
    outline: Outline,
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
        _interpret, nodes, outline, leaves, scalars, listener
    )
    return outputs


def _interpret(
    nodes: list[Node],
    outline: Outline,
    leaves: Sequence[Array | None],
    scalars: Sequence[Any],
    listener: Listener | None,
) -> dict[int, Array]:
    kept, words, entering, wanted, moves = outline
    environment: list[Any] = [None] * len(nodes)
    for i, leaf in zip(entering, leaves, strict=True):
        environment[i] = moved(leaf, HOST) if moves else leaf
    quick = _native[0].interpreted if _native and listener is None else None
    count, i = 0, 0
    if quick is not None:
        i = quick(nodes, kept, words, environment, scalars, 0)
        if i == len(nodes) and not moves:
            return {k: environment[k] for k in wanted}
    last = memoryview(words).cast("q")
    lost: set[int] = set()
    failure: Exception | None = None
    while i < len(nodes):
        try:
            count += _carry_out(
                i, nodes, kept, last, environment, scalars, lost, listener
            )
        except Exception as error:
            failure = failure or error
            lost.add(i)
        i += 1
        if quick is not None and not lost:
            i = quick(nodes, kept, words, environment, scalars, i)
    counters.add("interpreted_ops", count)
    outputs = {
        i: moved(environment[i], nodes[i].device) for i in wanted if i not in lost
    }
    if failure is not None:
        raise Unfinished(failure, outputs)
    return outputs


def _carry_out(
    i: int,
    nodes: Sequence[Node],
    alive: bytes,
    last: Sequence[int],
    environment: list[Any],
    scalars: Sequence[Any],
    lost: set[int],
    listener: Listener | None,
) -> bool:
    """Do one event, if it is needed and none of its operands is lost."""
    node = nodes[i]
    if node.op is LEAF or (last[i] < 0 and not alive[i]):
        return False
    if lost and not lost.isdisjoint(node.operands):
        lost.add(i)
        return False
    free = _is_free(node, i, nodes, last, alive)
    operands = _operands(node, environment, scalars)
    if listener is None:
        environment[i] = call_reference(node, operands, free)
    else:
        environment[i] = listener.call(node, call_reference, operands, free)
    for k in node.operands:
        if k >= 0 and last[k] == i and not alive[k]:
            environment[k] = None
    return True


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
    last: Sequence[int],
    alive: bytes,
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
    node: Node, environment: Sequence[Any], scalars: Sequence[Any]
) -> list[Any]:
    if not node.scalars:
        return [environment[k] for k in node.operands]
    typed = iter(node.scalars)
    return [
        environment[k] if k >= 0 else next(typed).type(scalars[~k])
        for k in node.operands
    ]


def last_uses(nodes: Sequence[Node], alive: Sequence[bool]) -> Sequence[int]:
    """For each value the number of the last needed node that reads it, or -1."""
    return memoryview(last_words(nodes, bytes(alive))).cast("q")


def last_words(nodes: Sequence[Node], alive: bytes) -> bytes:
    """`last_uses` as words; `alive` has a byte for each value."""
    if _native and type(nodes) is list:
        return _native[0].last_words(nodes, alive)
    last = [-1] * len(nodes)
    for i in range(len(nodes) - 1, -1, -1):
        if alive[i] or last[i] >= 0:
            for k in nodes[i].operands:
                if k >= 0 and last[k] < 0:
                    last[k] = i
    return array("q", last).tobytes()


class Native(NamedTuple):
    """Functions of native code that do what some of this module do.

    ``last_words(nodes, alive)`` is `last_words` for a list of nodes.
    ``interpreted(nodes, alive, last, environment, scalars, first)`` does events as
    `_carry_out` does, from the first one on, and says where it has stopped.
    """

    last_words: Callable[[list[Node], bytes], bytes]
    interpreted: Callable[
        [list[Node], bytes, bytes, list[Any], Sequence[Any], int], int
    ]


_native: list[Native] = []


def use_native(functions: Native | None) -> None:
    """Let native code interpret what it can, or nothing."""
    _native[:] = [] if functions is None else [functions]


def interprets_natively() -> bool:
    """Whether native code interprets what it can."""
    return bool(_native)


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
