"""Pieces: a long path is cut where it repeats itself, and like pieces are planned once.

A piece is planned as if the trace had been flushed before and behind it, which never
changes a result. A path that does not repeat itself is one piece. What the plan of a
piece depends on is its key. Two pieces of a loop such as
``for i in ...: p[i] = f(p[i - 1])`` differ by where the regions of `p` begin; the key
holds only how far apart they are, since nothing that is decided depends on more:

* whether two regions of one array meet, or are the same, is not changed by moving both;
* arrays that are read otherwise than by regions, or by a region that is all of them,
  keep their offsets in the key; so do those that a plan copies, whole or in part;
* kernels take offsets as arguments.

Where all ops of a piece are elementwise or reduce, as in
``A[k+1:, k:] -= A[k+1:, k:k+1] * A[k, k:]``, the key says no number, but what is
compared of them: see `extents`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

from engine.description import WRITERS, Description, Piece, needed
from engine.interpret import last_uses
from engine.kernels.backend import HOST
from engine.record.node import Node
from engine.repeats import cuts

LONG = 20
"""Paths of fewer events are one piece."""


def pieces(
    nodes: Sequence[Node], alive: Sequence[bool], donated: frozenset[int]
) -> list[Piece]:
    """A path cut where it repeats itself; nothing where devices have a say."""
    if any(node.device != HOST for node in nodes):
        return []
    last = last_uses(nodes, alive)
    events = needed(nodes, alive, last)
    if not events:
        return []
    places: list[int] = []
    if len(events) >= LONG:
        names = [(nodes[i].op, len(nodes[i].shape)) for i in events]
        ends = [op.name in WRITERS for op, _ in names]
        shapes = [nodes[i].shape for i in events]
        places = cuts(names, ends, shapes, _crossed(nodes, events, last))
    return [
        Description(nodes, alive, donated, last, events[a:b]).piece
        for a, b in pairwise([0, *places, len(events)])
    ]


def _crossed(
    nodes: Sequence[Node], events: Sequence[int], last: Sequence[int]
) -> list[bool]:
    """For each event whether a value from before it is read then or later.

    What writes leave does not count: it is in memory in any case.
    """
    place = {number: k for k, number in enumerate(events)}
    more = [0] * (len(events) + 1)
    for k, i in enumerate(events):
        if last[i] >= 0 and nodes[i].op.name not in WRITERS:
            more[k + 1] += 1
            more[place[last[i]] + 1] -= 1
    return [count > 0 for count in accumulate(more[:-1])]
