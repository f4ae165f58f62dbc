"""Paths whose pieces are alike but for where regions begin share one bound plan.

Paths all of whose regions begin as much further on are one path (see
`engine.record.frames`). In others only some move, as in a loop that also reads one row
again and again, or arrays move that are made on the way. Where the pieces of a path are
like those of one that was planned and bound before, its plan is that plan with other
words for where regions begin: it takes a hundredth of the time that placing and binding
all rows again takes. So are the first runs of a path in another place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.chain import Assembly
from engine.description import Piece
from engine.record.node import LEAF, Node

if TYPE_CHECKING:
    from engine.plan import Plan

MOST = 1024
"""Plans that are kept; past this many they are dropped, all of them."""


@dataclass(frozen=True)
class Like:
    """A plan for all paths that are like one.

    Parameters
    ----------
    plan : Plan
    places : tuple of int
        Where the regions of each array begin in it, piece by piece.
    fixed : tuple of int
        Which of them have to begin there.
    """

    plan: Plan
    places: tuple[int, ...]
    fixed: tuple[int, ...]


_known: dict[Any, Like] = {}
_spent: dict[Any, float] = {}


def key_of(nodes: Sequence[Node], parts: Sequence[Piece]) -> tuple[Any, ...] | None:
    """What is the same for paths that are alike; None where no region could move."""
    if not any(part.origins for part in parts):
        return None
    entering = tuple([i for i, node in enumerate(nodes) if node.op is LEAF])
    return entering, tuple([_about(part) for part in parts])


def _about(part: Piece) -> tuple[Any, ...]:
    """What a plan depends on, and how it is joined to the pieces before it."""
    joined = (part.values, part.entering, part.final, part.first_scalar, part.numbers)
    return (part.key, *joined)


def spent(key: Any, seconds: float) -> float:
    """What NumPy has taken for paths that are alike, with these seconds."""
    if len(_spent) >= MOST:
        _spent.clear()
    _spent[key] = total = _spent.get(key, 0.0) + seconds
    return total


def remember(key: Any, plan: Plan, assembly: Assembly) -> None:
    """Let paths that are like this one have its plan, once it is bound."""
    if len(_known) >= MOST:
        _known.clear()
    _known[key] = Like(plan, assembly.places, assembly.fixed)


def places_of(parts: Sequence[Piece]) -> tuple[int, ...]:
    """Where the regions of each array begin in it, piece by piece."""
    return tuple([begin for part in parts for begin in part.origins.values()])


def find(key: Any, places: Sequence[int]) -> tuple[Plan, np.ndarray[Any, Any]] | None:
    """The plan of a path like this one, and by how much its regions are to be moved."""
    like = _known.get(key)
    if like is None:
        return None
    if any(places[number] != like.places[number] for number in like.fixed):
        return None
    return like.plan, np.array(places, np.int64) - np.array(like.places, np.int64)
