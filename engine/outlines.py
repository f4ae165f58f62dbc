"""Outlines: what paths are that differ by where regions begin, found in one walk.

To cut a path in pieces and to describe them takes ten times as long as to interpret it.
Paths have the same outline where their events are the same but for where regions
begin, and all regions of an array begin as much further on: then `pieces` cuts them
alike, and what it found for the first of them is told of the others. That is as long as
no array moves of which the key of a piece holds where its regions begin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.extents import REGIONS
from engine.kernels.backend import HOST
from engine.pieces import WRITERS, Piece
from engine.record.node import Node

TOUCH = REGIONS | WRITERS
"""Ops whose first operand is an array that they read or write a part of."""

MOST = 256
"""Outlines that are kept; past this many they are dropped, all of them."""


@dataclass(frozen=True)
class Outline:
    """A path but for where its regions begin.

    Parameters
    ----------
    key : tuple
        What the path is otherwise.
    arrays : tuple of int
        For each value the first value in the same memory.
    begins : dict of int to int
        Where the first region of an array begins, by the number of that value.
    """

    key: tuple[Any, ...]
    arrays: tuple[int, ...]
    begins: dict[int, int]


@dataclass(frozen=True)
class Told:
    """What was found for the first path of an outline.

    Parameters
    ----------
    key : tuple
        That of `likeness.key_of`.
    places : tuple of int
        Where the regions of each array begin, piece by piece.
    arrays : tuple of int
        Whose regions they are.
    begins : dict of int to int
        See `Outline`.
    pinned : frozenset of int
        The arrays that may not move.
    """

    key: tuple[Any, ...]
    places: tuple[int, ...]
    arrays: tuple[int, ...]
    begins: dict[int, int]
    pinned: frozenset[int]

    def places_in(self, outline: Outline) -> tuple[int, ...] | None:
        """The places in another path of the outline; None where they are not told."""
        begins = outline.begins
        moved = {array: begins[array] - self.begins[array] for array in begins}
        if any(moved[array] for array in self.pinned):
            return None
        both = zip(self.places, self.arrays, strict=True)
        return tuple([place + moved[array] for place, array in both])


_told: dict[tuple[Any, ...], Told] = {}


def outline_of(
    nodes: Sequence[Node], alive: Sequence[bool], donated: frozenset[int]
) -> Outline | None:
    """The outline of a path; None of one without regions, or with other devices.

    Parameters
    ----------
    nodes : sequence of Node
        The path.
    alive : sequence of bool
        The values to compute.
    donated : frozenset of int
        Leaf values whose memory may be overwritten.
    """
    arrays: list[int] = []
    begins: dict[int, int] = {}
    rows: list[tuple[Any, ...]] = []
    for i, node in enumerate(nodes):
        op, operands, attributes = node.op, node.operands, node.attributes
        if node.device != HOST:
            return None
        owner = arrays[operands[0]] if op.name in TOUCH else i
        arrays.append(owner if op.name in WRITERS else i)
        if op.name in REGIONS:
            dtype, offset, shape, strides = attributes[0]
            begin = offset - begins.setdefault(owner, offset)
            attributes = (dtype, begin, shape, strides, *attributes[1:])
        about = (node.scalars, node.dtype, node.shape, node.line)
        rows.append((op, operands, attributes, *about))
    if not begins:
        return None
    return Outline((tuple(rows), tuple(alive), donated), tuple(arrays), begins)


def recall(outline: Outline) -> tuple[tuple[Any, ...], tuple[int, ...]] | None:
    """The key, and the places, of a path whose outline is known."""
    told = _told.get(outline.key)
    places = None if told is None else told.places_in(outline)
    return None if told is None or places is None else (told.key, places)


def tell(outline: Outline, key: tuple[Any, ...], parts: Sequence[Piece]) -> None:
    """Remember what was found for a path."""
    if len(_told) >= MOST:
        _told.clear()
    places, arrays = [], []
    pinned: set[int] = set()
    for part in parts:
        for number, begin in part.origins.items():
            places.append(begin)
            arrays.append(outline.arrays[part.values[number]])
        pinned.update(outline.arrays[part.values[number]] for number in part.pinned)
    _told[outline.key] = Told(
        key, tuple(places), tuple(arrays), outline.begins, frozenset(pinned)
    )
