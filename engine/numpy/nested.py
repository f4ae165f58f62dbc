"""Nested lists that hold arrays: gradients flow through them, others are looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from engine.array import Array
from engine.record.trace import grad_enabled

_DEEPEST = 65
"""Levels of lists that are looked at: NumPy takes 64."""

_NUMBERS = frozenset((float, int, bool, complex))


def joined(x: Any) -> Any:
    """Nested lists as one array, where one in them needs a gradient; else `x`."""
    if not isinstance(x, (list, tuple)) or not grad_enabled():
        return x
    return stacked(x) if any(y.requires_grad for y in _handles(x)) else x


def stacked(x: Any) -> Any:
    """Nested lists that hold handles as one array, which looks at none; else `x`."""
    if not holds_handles(x):
        return x
    from .joining import stack

    return stack([stacked(y) for y in x])


def holds_handles(x: Any) -> bool:
    """Whether something is nested lists that hold handles."""
    return isinstance(x, (list, tuple)) and next(_handles(x), None) is not None


def _handles(x: Sequence[Any]) -> Iterator[Array]:
    """The handles in nested lists, asked level by level and not of each part."""
    level = x
    for _ in range(_DEEPEST):
        kinds = set(map(type, level))
        if kinds <= _NUMBERS:
            return
        if any(issubclass(kind, Array) for kind in kinds):
            yield from (y for y in level if isinstance(y, Array))
        nested = {kind for kind in kinds if issubclass(kind, (list, tuple))}
        if not nested:
            return
        parts = level if nested == kinds else [y for y in level if type(y) in nested]
        level = list(chain.from_iterable(parts))


def without_handles(x: Any) -> Any:
    """Nested lists with elements of NumPy in place of handles. Computes."""
    if isinstance(x, Array):
        return x.computed() if x.recipe.shape else x.computed()[()]
    if isinstance(x, (list, tuple)):
        return [without_handles(part) for part in x]
    return x
