"""Objects that come and go with each op: the memory of one is used for the next.

CPython clears, counts and frees an object of a class with ``__slots__`` in some 40 ns,
makes one in 25, and its collector looks through all young objects after every 700: half
of what recording an op took. Here an object that dies is cleared, and waits in a list
for the next of its class; waiting ones are not counted by the collector.

A *row* is what is known of a class: the class, the first object that waits, how many
wait, where the weak references to an object are, and where its fields are. The link to
the next that waits is in the first field. Subclasses have memory of their own: for them
the clearing alone is done here, at the end of what CPython does.

The last of the fields stay as they are while an object waits: those that are likely to
be the same the next time, such as a dtype. What is in them has no finalizer.
"""

from __future__ import annotations

from .language import inline, load, prefetch, state, store
from .macros import DecRef, IncRef
from .python import Allocate, ClearWeak, Free, Track, Untrack

CLASS, FIRST, WAITING, WEAK, COUNT, KEPT, FIELDS = 0, 8, 16, 24, 32, 40, 48
"""The words of a row; the last are the places of the fields, `COUNT` of them, of which
the last `KEPT` stay as they are."""

ROW = 8 * 24
"""The size of a row."""

MOST_FIELDS = 18

LINE = 64
"""The bytes of a line of a cache."""

HEAD = 16
"""Those that the collector has in front of an object."""

ENOUGH = 8192
"""So many objects of a class wait at most: as many as a trace has events."""


@inline
def fresh(row: int) -> int:
    """A new object whose fields are empty, or have what `keep` changes; or 0."""
    thing = load(row + FIRST)
    if thing == 0:
        return Allocate(load(row + CLASS), 0)
    link = thing + load(row + FIELDS)
    store(row + FIRST, load(link))
    store(row + WAITING, load(row + WAITING) - 1)
    store(link, 0)
    store(thing, 1)
    Track(thing)
    return thing


def allocate(its: int, items: int, row: int) -> int:
    """``tp_alloc``: a new object of a class or of a subclass, for Python."""
    if its != load(row + CLASS):
        return Allocate(its, items)
    thing = fresh(row)
    if thing != 0:
        clear(thing, row, load(row + COUNT) - load(row + KEPT), load(row + COUNT))
    return thing


@inline
def waiting(row: int) -> int:
    """Have the object at hand that is the next to be made."""
    thing = load(row + FIRST)
    if thing != 0:
        prefetch(thing - HEAD)
        prefetch(thing - HEAD + LINE)
    return 0


@inline
def keep(place: int, thing: int) -> int:
    """Let a field hold an object, where it does not have it from the last time."""
    held = load(place)
    if held != thing:
        IncRef(thing)
        store(place, thing)
        DecRef(held)
    return 0


@inline
def clear(thing: int, row: int, first: int, last: int) -> int:
    """Empty fields of an object, in the order of its row."""
    i = first
    while i < last:
        place = thing + load(row + FIELDS + 8 * i)
        held = load(place)
        store(place, 0)
        DecRef(held)
        i += 1
    return 0


@inline
def row_of(face: int) -> int:
    """The row of a face."""
    if face == state.ndarray_type:
        return state.ndarray_row
    return state.tensor_row


def free(thing: int, row: int) -> int:
    """``tp_dealloc``: nothing refers to an object any longer."""
    Untrack(thing)
    weak = load(row + WEAK)
    if weak != 0 and load(thing + weak) != 0:
        ClearWeak(thing)
    its = load(thing + 8)
    changing = load(row + COUNT) - load(row + KEPT)
    clear(thing, row, 0, changing)
    if its != load(row + CLASS) or load(row + WAITING) >= ENOUGH:
        clear(thing, row, changing, load(row + COUNT))
        Free(thing)
        DecRef(its)
        return 0
    store(thing + load(row + FIELDS), load(row + FIRST))
    store(row + FIRST, thing)
    store(row + WAITING, load(row + WAITING) + 1)
    return 0
