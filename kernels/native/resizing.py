"""Bound segments over arrays of other extents: the same calls, with other words.

Of the words of a segment most are the same whatever the extents of its arrays. Some say
how fast it runs, not what it does, and may be those of other extents: what a thread
takes of a call at a time, and whether others may run meanwhile. Where temporaries stand
is found anew, as is how many blocks a call has.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from .runner import FIELDS
from .table import Bound, Segment, Temporary, functions, place

Words = np.ndarray[Any, Any]

_CALL, _TOTAL, _CHUNK = 4, 2, 3
"""The words of a call at the head of a segment, and two of them."""


def words_of(bound: Bound) -> Words:
    """The words of a bound segment."""
    return np.frombuffer(bound.kept[0], np.int64)


def _table(words: Words, name: str) -> int:
    """Where a table begins among the words."""
    return int(words[FIELDS.index(f"{name}_at")]) // 8


def loose_places(segment: Segment, words: Words) -> list[int]:
    """The words of a segment that are not fitted to the extents of its arrays."""
    first = _table(words, "calls")
    places = [FIELDS.index("release"), *_places_of_memory(segment, words)]
    for k, call in enumerate(segment.calls):
        places.append(first + _CALL * k + _CHUNK)
        if call.blocks is not None:
            places.append(first + _CALL * k + _TOTAL)
    return places


def _places_of_memory(segment: Segment, words: Words) -> list[int]:
    """The words that say where temporaries stand, and last how much memory they have.

    There are none where a segment has no temporaries.
    """
    count = int(words[FIELDS.index("temporaries")])
    if not count:
        return []
    first = _table(words, "temporaries")
    ranks = sum([len(shape) for _, _, shape in segment.fresh])
    size = len(FIELDS) + ranks  # extents come first
    return [*range(first, first + count), size]


def _count_blocks(segment: Segment, words: Words) -> None:
    first, template = _table(words, "calls"), _table(words, "template")
    for k, call in enumerate(segment.calls):
        if call.blocks is not None:
            begin, count, width = call.blocks
            at = template + begin
            *others, last = words[at : at + count].tolist()
            words[first + _CALL * k + _TOTAL] = prod(others) * -(-last // width)
        template += len(call.words)


def bind_again(
    bound: Bound, segment: Segment, words: Words, sizes: Sequence[int]
) -> Bound:
    """A bound segment with other words, and temporaries of other sizes, in bytes."""
    native = functions()
    assert native is not None
    offsets = bound.offsets
    if any(call.blocks for call in segment.calls):
        _count_blocks(segment, words)
    if sizes:
        pairs = zip(segment.temporaries, sizes, strict=True)
        own = [Temporary(one.key, size, one.first, one.last) for one, size in pairs]
        offsets, total = place(own)
        words[_places_of_memory(segment, words)] = [*offsets.values(), total]
    kept = (words.tobytes(), *bound.kept[1:])
    run = native.make(ctypes.addressof(native.method), kept, None)
    return Bound(run, offsets, kept)


def most_work(words: Sequence[Words]) -> Words:
    """Of segments that differ in extents alone, the words of the one with most work."""
    first, count = _table(words[0], "calls"), int(words[0][FIELDS.index("calls")])
    totals = [first + _CALL * k + _TOTAL for k in range(count)]
    return max(words, key=lambda one: int(one[totals].sum()))
