"""What shape and dtype rules have found for ops, on operands like these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from engine.shapes import broadcast_shapes, reduced_shape

from .value import Scalar, Value

if TYPE_CHECKING:
    from engine.ops.op import Op

Found: TypeAlias = tuple[np.dtype[Any], tuple[int, ...]]

MOST = 100_000
"""So many are kept; past this many they are forgotten, all of them."""

KINDS = frozenset(("elementwise", "reduce", "gather", "source", "library"))
"""Kinds of ops that are recorded so often that it is worth while."""

FOUND: dict[tuple[Any, ...], Found] = {}

RANKED: dict[tuple[Any, ...], tuple[np.dtype[Any], tuple[int, ...] | None]] = {}
"""What is the same for operands on as many axes, whatever their extents, but for none.

That is the dtype of the result of an elementwise op or a reduction, whose shape stands
as None, and all of a product of vectors of one length.
"""


def signature(
    op: Op, inputs: Sequence[Value | Scalar], attributes: tuple[Any, ...]
) -> tuple[Any, ...]:
    """What the dtype and shape of a result depend on; native code knows it, too."""
    return op, attributes, *[(type(x), x.dtype, x.shape) for x in inputs]


def find(event: tuple[Any, ...]) -> Found | None:
    """The dtype and shape that were found for an event of this signature before.

    Errors are those of operands that cannot be broadcast.
    """
    found = FOUND.get(event)
    if found is None:
        ranked = RANKED.get(_ranked(event))
        if ranked is not None and (event[0].name != "matmul" or event[2] == event[3]):
            dtype, shape = ranked
            if shape is None and event[0].kind == "reduce":
                shape = reduced_shape(event[2][2], event[1][0])
            elif shape is None:
                shape = broadcast_shapes(*[own for _, _, own in event[2:]])
            found = dtype, shape
    return found


def _ranked(event: tuple[Any, ...]) -> tuple[Any, ...]:
    """A signature with numbers of axes for the shapes, inverted where one is empty.

    Then a reduction may be an error.
    """
    op, attributes, *operands = event
    ranks = [(kind, d, ~len(s) if 0 in s else len(s)) for kind, d, s in operands]
    return op, attributes, *ranks


def infer(
    op: Op, inputs: Sequence[Value | Scalar], attributes: tuple[Any, ...]
) -> Found:
    """The dtype and shape of a result; errors are the user's."""
    found: Found = op.infer(*inputs, *attributes)
    if op.kind in KINDS:
        if len(FOUND) >= MOST:
            FOUND.clear()
            RANKED.clear()
        event = signature(op, inputs, attributes)
        FOUND[event] = found
        if op.kind == "elementwise" or is_left(found[1], event):
            RANKED[_ranked(event)] = found[0], None
        elif found[1] == () and op.name == "matmul":
            RANKED[_ranked(event)] = found
    return found


def is_left(shape: tuple[int, ...], event: tuple[Any, ...]) -> bool:
    """Whether a result has the shape that a reduction leaves."""
    op, attributes, *operands = event
    return op.kind == "reduce" and shape == reduced_shape(operands[0][2], attributes[0])
