"""Outlines: what paths are that differ by where regions begin, found in one walk.

To cut a path in pieces and to describe them takes ten times as long as to interpret it.
Paths have the same outline where their events are the same but for where regions
begin, and all regions of an array begin as much further on: then `pieces` cuts them
alike, and what it found for the first of them is told of the others. That is as long as
no array moves of which the key of a piece holds where its regions begin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
    parts : tuple of Piece
        Its pieces.
    outline : Outline
        That of the path itself.
    pinned : frozenset of int
        The arrays that may not move.
    """

    key: tuple[Any, ...]
    parts: tuple[Piece, ...]
    outline: Outline
    pinned: frozenset[int]

    def moves_to(self, outline: Outline) -> dict[int, int] | None:
        """By how much the regions of each array begin further on in another path.

        None where such a path is not told of.
        """
        own, begins = self.outline.begins, outline.begins
        moves = {array: begins[array] - own[array] for array in begins}
        return None if any(moves[array] for array in self.pinned) else moves


@dataclass(frozen=True)
class Recalled:
    """What is known of a path whose outline is known.

    Parameters
    ----------
    told : Told
    moves : dict of int to int
        By how much the regions of each array begin further on than there.
    """

    told: Told
    moves: dict[int, int]

    @property
    def key(self) -> tuple[Any, ...]:
        """What `likeness.key_of` would give."""
        return self.told.key

    def places(self) -> tuple[int, ...]:
        """What `likeness.places_of` would give."""
        return tuple(
            [
                begin
                for part in self.told.parts
                for begin in self._origins(part).values()
            ]
        )

    def parts(self) -> list[Piece]:
        """What `pieces` would give."""
        return [
            replace(part, origins=self._origins(part)) if part.origins else part
            for part in self.told.parts
        ]

    def _origins(self, part: Piece) -> dict[int, int]:
        arrays, values = self.told.outline.arrays, part.values
        return {
            number: begin + self.moves[arrays[values[number]]]
            for number, begin in part.origins.items()
        }


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


def recall(outline: Outline) -> Recalled | None:
    """What is known of a path; None where nothing is."""
    told = _told.get(outline.key)
    moves = None if told is None else told.moves_to(outline)
    return None if told is None or moves is None else Recalled(told, moves)


def tell(outline: Outline, key: tuple[Any, ...], parts: Sequence[Piece]) -> None:
    """Remember what was found for a path."""
    if len(_told) >= MOST:
        _told.clear()
    pinned = [outline.arrays[part.values[n]] for part in parts for n in part.pinned]
    _told[outline.key] = Told(key, tuple(parts), outline, frozenset(pinned))
