"""What shape and dtype rules have found for ops, on operands like these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from engine.shapes import broadcast_shapes

from .value import Scalar, Value

if TYPE_CHECKING:
    from engine.ops.op import Op

Found: TypeAlias = tuple[np.dtype[Any], tuple[int, ...]]

MOST = 100_000
"""So many are kept; past this many they are forgotten, all of them."""

KINDS = frozenset(("elementwise", "source", "library"))
"""Kinds of ops that are recorded so often that it is worth while."""

_found: dict[tuple[Any, ...], Found] = {}
_dtypes: dict[tuple[Any, ...], np.dtype[Any]] = {}
"""The dtypes of elementwise results, by the dtypes and the numbers of axes alone."""


def signature(
    op: Op, inputs: Sequence[Value | Scalar], attributes: tuple[Any, ...]
) -> tuple[Any, ...]:
    """What the dtype and shape of a result depend on; `growth` knows it."""
    return op, attributes, *[(type(x), x.dtype, x.shape) for x in inputs]


def find(event: tuple[Any, ...]) -> Found | None:
    """The dtype and shape that were found for such an event before.

    Of elementwise ops they follow from events on as many axes of other extents. Errors
    are those of operands that cannot be broadcast.
    """
    found = _found.get(event)
    if found is None and event[0].kind == "elementwise":
        dtype = _dtypes.get(_ranked(event))
        if dtype is not None:
            found = dtype, broadcast_shapes(*[shape for _, _, shape in event[2:]])
    return found


def _ranked(event: tuple[Any, ...]) -> tuple[Any, ...]:
    """A signature with numbers of axes for the shapes."""
    op, attributes, *operands = event
    return op, attributes, *[(kind, d, len(shape)) for kind, d, shape in operands]


def infer(
    op: Op, inputs: Sequence[Value | Scalar], attributes: tuple[Any, ...]
) -> Found:
    """The dtype and shape of a result; errors are the user's."""
    found: Found = op.infer(*inputs, *attributes)
    if op.kind in KINDS:
        if len(_found) >= MOST:
            _found.clear()
            _dtypes.clear()
        event = signature(op, inputs, attributes)
        _found[event] = found
        if op.kind == "elementwise":
            _dtypes[_ranked(event)] = found[0]
    return found
