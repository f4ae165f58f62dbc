"""Bound segments over arrays of other extents: the same calls, with other words.

Of the words of a segment most are the same whatever the extents of its arrays, and
others follow from them by formulas. Where temporaries stand, and how launches are
shared between threads, is found anew.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from .runner import FIELDS
from .table import RELEASE, Bound, Segment, Temporary, functions, place

Words = np.ndarray[Any, Any]

_CALL, _TOTAL, _CHUNK = 4, 2, 3
"""The words of a call at the head of a segment, and two of them."""


def words_of(bound: Bound) -> Words:
    """The words of a bound segment."""
    return np.frombuffer(bound.kept[0], np.int64)


def extents_of(segment: Segment, bound: Bound) -> dict[int, tuple[int, ...]]:
    """The extents of the new arrays of a bound segment, by their slots."""
    at, words = len(FIELDS), words_of(bound)
    found = {}
    for slot, _, shape in segment.fresh:
        found[slot] = tuple(words[at : at + len(shape)].tolist())
        at += len(shape)
    return found


def _table(words: Words, name: str) -> int:
    """Where a table begins among the words."""
    return int(words[FIELDS.index(f"{name}_at")]) // 8


def loose_places(segment: Segment, words: Words) -> list[int]:
    """The words of a segment that are not fitted to the extents of its arrays."""
    first = _table(words, "calls")
    places = [FIELDS.index("release"), *places_of_memory(words)]
    for k, call in enumerate(segment.calls):
        places.append(first + _CALL * k + _CHUNK)
        if call.launch is not None:
            places.append(first + _CALL * k + _TOTAL)
    return places


def places_of_memory(words: Words) -> list[int]:
    """The words that say where temporaries stand, and last how much memory they have.

    There are none where a segment has no temporaries.
    """
    count = int(words[FIELDS.index("temporaries")])
    if not count:
        return []
    first = _table(words, "temporaries")
    size = _table(words, "calls") - 1  # behind the extents of new arrays
    return [*range(first, first + count), size]


def columns_of(segment: Segment, words: Words) -> list[tuple[int, int, int]]:
    """The launches that take columns together: their length among the words.

    And of how many columns, how often. `WIDTH` of them are a step.
    """
    first, at = _table(words, "calls"), _table(words, "template")
    found = []
    for k, call in enumerate(segment.calls):
        if call.launch is not None and call.launch[0].kernel.kind == "column":
            launch, begin = call.launch
            outer = words[at + begin : at + begin + launch.kernel.outer].tolist()
            found.append((first + _CALL * k + _TOTAL, outer[-1], prod(outer[:-1])))
        at += len(call.words)
    return found


def shared_places(words: Words) -> list[int]:
    """The words that may be those for the longest arrays, for all that are shorter.

    They say where temporaries stand, and how much a thread takes at a time.
    """
    first, count = _table(words, "calls"), int(words[FIELDS.index("calls")])
    chunks = range(first + _CHUNK, first + _CALL * count, _CALL)
    return [FIELDS.index("helpers"), *places_of_memory(words), *chunks]


def _share(segment: Segment, words: Words) -> int | None:
    """Find how launches are shared: how many chunks one has, at most.

    None where one is better done in phases.
    """
    first, at = _table(words, "calls"), _table(words, "template")
    chunks, work = 1, 0.0
    for k, call in enumerate(segment.calls):
        if call.launch is not None:
            launch, begin = call.launch
            begin += at
            extents = words[begin : begin + len(launch.extents)].tolist()
            shares = launch.shares(extents)
            if shares is None:
                return None
            place = first + _CALL * k
            words[place + _TOTAL] = shares.total
            words[place + _CHUNK] = shares.chunk
            if shares.chunk:
                chunks = max(chunks, -(-shares.total // shares.chunk))
            work += shares.work
        at += len(call.words)
    words[FIELDS.index("release")] = work >= RELEASE
    return chunks


def straight_again(straight: bytes, words: Words, helpers: int) -> bytes:
    """The bytes of a segment that is all of a flush, over arrays of other extents.

    `straight` are those for the first extents, `words` those of the segment for the
    others, of which as many threads can help.
    """
    made = np.frombuffer(straight, np.int64).copy()
    begin = len(FIELDS), len(FIELDS)  # the extents of new arrays, and the calls
    end = _table(words, "patches")
    parts = [(*begin, end - len(FIELDS))]
    for name, count in (
        ("temporaries", words[FIELDS.index("temporaries")]),
        ("template", words[FIELDS.index("template_size")] // 8),
    ):
        parts.append((_table(made, name), _table(words, name), int(count)))
    for to, at, count in parts:
        made[to : to + count] = words[at : at + count]
    made[FIELDS.index("release")] = words[FIELDS.index("release")]
    made[FIELDS.index("helpers")] = helpers
    return made.tobytes()


def bind_again(
    bound: Bound, segment: Segment, words: Words, sizes: Sequence[int]
) -> tuple[Bound, int] | None:
    """A bound segment with other words, and temporaries of other sizes, in bytes.

    And how many chunks a launch has, at most. None where one would rather be several.
    """
    native = functions()
    assert native is not None
    offsets = bound.offsets
    chunks = _share(segment, words)
    if chunks is None:
        return None
    if sizes:
        pairs = zip(segment.temporaries, sizes, strict=True)
        own = [Temporary(one.key, size, one.first, one.last) for one, size in pairs]
        offsets, total = place(own)
        words[places_of_memory(words)] = [*offsets.values(), total]
    kept = (words.tobytes(), *bound.kept[1:])
    run = native.make(ctypes.addressof(native.method), kept, None)
    return Bound(run, offsets, kept), chunks
