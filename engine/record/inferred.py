"""What shape and dtype rules have found for ops, on operands like these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from .value import Scalar, Value

if TYPE_CHECKING:
    from engine.ops.op import Op

Found: TypeAlias = tuple[np.dtype[Any], tuple[int, ...]]

MOST = 100_000
"""So many are kept; past this many they are forgotten, all of them."""

KINDS = frozenset(("elementwise", "source", "library"))
"""Kinds of ops that are recorded so often that it is worth while."""

_found: dict[tuple[Any, ...], Found] = {}


def signature(
    op: Op, inputs: Sequence[Value | Scalar], attributes: tuple[Any, ...]
) -> tuple[Any, ...]:
    """What the dtype and shape of a result depend on; `growth` knows it."""
    return op, attributes, *[(type(x), x.dtype, x.shape) for x in inputs]


def find(event: tuple[Any, ...]) -> Found | None:
    """The dtype and shape that were found for such an event before."""
    return _found.get(event)


def infer(
    op: Op, inputs: Sequence[Value | Scalar], attributes: tuple[Any, ...]
) -> Found:
    """The dtype and shape of a result; errors are the user's."""
    found: Found = op.infer(*inputs, *attributes)
    if op.kind in KINDS:
        if len(_found) >= MOST:
            _found.clear()
        _found[signature(op, inputs, attributes)] = found
    return found
