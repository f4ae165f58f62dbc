"""Moves: which arrays' regions may begin elsewhere when a plan runs.

The regions of a leaf begin further on than where a plan has them by the difference of
two shifts (see `engine.record.frames`). A plan follows where it depends on nothing but
how far apart they are, which `pieces` knows; then native code adds the difference to
the address of the leaf's memory, and Python moves the plan (`engine.likeness`).
"""

from __future__ import annotations

from array import array as packed
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.description import WRITERS, Piece
from engine.extents import REGIONS
from engine.kernels.native import MOVED
from engine.record.frames import LEAVES
from engine.record.node import LEAF, Node

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Moves:
    """How a plan follows the regions of leaves.

    Parameters
    ----------
    places : tuple of int
        For each place of regions (see `engine.likeness`) the leaf that they are of, by
        its number among the leaves, or -1.
    pinned : frozenset of int
        The leaves whose regions have to begin where the plan has them.
    """

    places: tuple[int, ...]
    pinned: frozenset[int]

    def of_places(self, moves: Sequence[int]) -> Array | None:
        """By how much each place moves, of how much leaves do; None if one may not."""
        if any(moves[leaf] for leaf in self.pinned):
            return None
        found = [moves[leaf] if leaf >= 0 else 0 for leaf in self.places]
        return np.array(found, np.int64)


def moves_of(
    nodes: Sequence[Node], parts: Sequence[Piece], fixed: Sequence[int]
) -> Moves:
    """How the plan of a path, put together from pieces, follows regions.

    Parameters
    ----------
    nodes : sequence of Node
        The path.
    parts : sequence of Piece
        Its pieces; none where it was planned as one.
    fixed : sequence of int
        The places that may not move.
    """
    entering = [i for i, node in enumerate(nodes) if node.op is LEAF]
    order = {number: k for k, number in enumerate(entering)}
    if not parts:
        return Moves((), frozenset(order.values()))
    memory: list[int] = []
    pinned: set[int] = set()
    for i, node in enumerate(nodes):
        memory.append(memory[node.operands[0]] if node.op.name in WRITERS else i)
        for position, k in enumerate(node.operands):
            owner = memory[k] if k >= 0 else -1
            by_region = node.op.name in REGIONS and position == 0
            # What is read as a whole stays, and a region that begins where it says.
            if owner in order and not (by_region and node.owner == owner):
                pinned.add(order[owner])
    places: list[int] = []
    for part in parts:
        owners = [memory[part.values[number]] for number in part.origins]
        places += [order.get(owner, -1) for owner in owners]
        stay = [memory[part.values[number]] for number in part.pinned]
        pinned.update(order[owner] for owner in stay if owner in order)
    pinned.update(places[number] for number in fixed if places[number] >= 0)
    return Moves(tuple(places), frozenset(pinned))


def frame_of(
    nodes: Sequence[Node], shifts: Sequence[int], pinned: frozenset[int]
) -> bytes | None:
    """What native code needs to follow regions: four words for each leaf.

    Its number; the shift with which the plan was made; the size of an element in bytes;
    1 where its regions have to begin there. None where no leaf has any, or too many.
    The number is -1 of one that has no shift.
    """
    leaves = [node for node in nodes if node.op is LEAF]
    regions = {node.owner for node in nodes}
    if len(leaves) > MOVED or regions <= {-1}:
        return None
    words: list[int] = []
    for k, leaf in enumerate(leaves):
        number = leaf.number if leaf.number < LEAVES else -1
        words += [number, shifts[k], leaf.dtype.itemsize, k in pinned]
    return packed("q", words).tobytes()
