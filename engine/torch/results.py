"""Named results: what functions give that find several things at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple


def result_text(name: str, fields: Sequence[str], items: Sequence[Any]) -> str:
    """Named results as PyTorch prints them, each in a line of its own.

    Examples
    --------
    >>> print(result_text("max", ["values", "indices"], [3, 1]))
    engine.return_types.max(
    values=3,
    indices=1)
    """
    pairs = [f"{field}={item!r}" for field, item in zip(fields, items, strict=True)]
    return f"engine.return_types.{name}(\n" + ",\n".join(pairs) + ")"


class Extreme(NamedTuple):
    """What is found along one dimension: `values`, and where they were."""

    values: Any
    indices: Any

    def __repr__(self) -> str:
        return result_text(type(self).__name__.lower(), self._fields, self)


class Max(Extreme):
    """What `max` gives along a dimension."""

    __slots__ = ()


class Min(Extreme):
    """What `min` gives along a dimension."""

    __slots__ = ()


class Sort(Extreme):
    """What `sort` gives."""

    __slots__ = ()


class TopK(Extreme):
    """What `topk` gives."""

    __slots__ = ()


class Median(Extreme):
    """What `median` gives along a dimension."""

    __slots__ = ()
