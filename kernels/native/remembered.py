"""A table of what Python has found, by a recipe, a class or method, and words.

An entry stands in one of `NEAR` places from the one that the hash of its key says. One
that is not used is overwritten when its place is needed.
"""

from __future__ import annotations

from .language import inline, load, state, store
from .macros import DecRef, IncRef

PARTS, PART = 4, 8 * 5
"""Parts of a key, at most, and their size: four words that are the key, then a number.

What numbers mean depends on who uses the table, see `regions`.
"""

RECIPE, FACE, COUNT, RESULT, KEY = 0, 8, 16, 24, 32
"""The words of an entry: the key, and what was found for it; 0 where numbers decide."""

BASE, NEXT, AXES, PLACES = 160, 168, 176, 240
"""Where numbers decide: what `regions` knows of each part, and what it found last."""

WIDTH, FOUND = 16, 4
"""The size of a place, and how many there are. A place: where a region begins, and its
recipe."""

ENTRY = 8 * 40
ENTRIES = 8191
"""The size of an entry, and how many there are, less one.

Of a key of one part that has no number one line of a cache is read.
"""

NEAR = 4
"""In so many places, from the one that its hash says, an entry is looked for."""


@inline
def mixed(recipe: int, face: int, parts: int, count: int) -> int:
    """A hash of a key, and of what it is a key of."""
    found = recipe ^ (face << 7)
    end = parts + PART * count
    while parts < end:
        found += load(parts) * 0x9E3779B97F4A7C15  # no product waits for another
        found += load(parts + 8) * 0xC2B2AE3D27D4EB4F
        found += load(parts + 16) * 0x165667B19E3779F9
        found += load(parts + 24) * 0xD6E8FEB86659FD93
        found = found ^ (found >> 32)
        parts += PART
    found = found * 0x9E3779B97F4A7C15
    return found ^ (found >> 29)


@inline
def same_part(one: int, other: int) -> int:
    """Whether the keys of two parts are the same."""
    if load(one) != load(other) or load(one + 8) != load(other + 8):
        return 0
    return load(one + 16) == load(other + 16) and load(one + 24) == load(other + 24)


@inline
def is_entry(entry: int, recipe: int, face: int, parts: int, count: int) -> int:
    """Whether a key is remembered at a place."""
    if load(entry) != recipe or load(entry + FACE) != face:
        return 0
    if load(entry + COUNT) != count:
        return 0
    i = 0
    while i < count:
        if not same_part(entry + KEY + 32 * i, parts + PART * i):
            return 0
        i += 1
    return 1


@inline
def entry_of(recipe: int, face: int, parts: int, count: int) -> int:
    """Where a key is remembered, or 0."""
    first = mixed(recipe, face, parts, count)
    i = 0
    while i < NEAR:
        entry = state.regions + ENTRY * ((first + i) & ENTRIES)
        if is_entry(entry, recipe, face, parts, count):
            return entry
        i += 1
    return 0


def result_of(recipe: int, face: int, parts: int, count: int) -> int:
    """What is remembered (borrowed) for a key without numbers, or 0."""
    entry = entry_of(recipe, face, parts, count)
    if entry == 0:
        return 0
    return load(entry + RESULT)


def place_for(first: int) -> int:
    """Where a key of this hash may be put: a free place near it, or a taken one."""
    i = 0
    while i < NEAR:
        entry = state.regions + ENTRY * ((first + i) & ENTRIES)
        if load(entry) == 0:
            return entry
        i += 1
    chosen = (first >> 40) & (NEAR - 1)
    return state.regions + ENTRY * ((first + chosen) & ENTRIES)


def new_entry(recipe: int, face: int, parts: int, count: int) -> int:
    """A place for a key, without a result yet.

    What stood there is given up: tuples of numbers, which run no code.
    """
    entry = place_for(mixed(recipe, face, parts, count))
    IncRef(recipe)
    empty_entry(entry)
    store(entry, recipe)
    store(entry + FACE, face)
    store(entry + COUNT, count)
    i = 0
    while i < count:
        own = entry + KEY + 32 * i
        part = parts + PART * i
        store(own, load(part))
        store(own + 8, load(part + 8))
        store(own + 16, load(part + 16))
        store(own + 24, load(part + 24))
        i += 1
    return entry


def empty_entry(entry: int) -> int:
    """Empty an entry."""
    DecRef(load(entry))
    DecRef(load(entry + RESULT))
    store(entry + RESULT, 0)
    i = 0
    while i < FOUND:
        DecRef(load(entry + PLACES + WIDTH * i + 8))
        store(entry + PLACES + WIDTH * i + 8, 0)
        i += 1
    return 0


def remember_result(recipe: int, face: int, parts: int, count: int, found: int) -> int:
    """Keep what Python found for a key without numbers, and nothing that was before."""
    IncRef(found)
    entry = entry_of(recipe, face, parts, count)
    if entry == 0:
        entry = new_entry(recipe, face, parts, count)
    former = load(entry + RESULT)
    store(entry + RESULT, found)
    DecRef(former)
    return 0
