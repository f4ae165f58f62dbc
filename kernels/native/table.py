"""A segment of a plan: native calls over a table of arrays, bound into one function.

The segment is packed into bytes, which never change: the calls, a template of their
words, and what is to be filled in for each run. `runner` has the code that reads it.
"""

from __future__ import annotations

import ctypes
import os
from array import array as packed
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from .. import memory, pool
from ..firsts import first
from . import numpy_api
from .runner import FIELDS, FORMATS, text

if TYPE_CHECKING:
    from ..cpu.launch import Launch


class Pointer(NamedTuple):
    """A word that is the address of a slot (0 and above) or a temporary (below 0)."""

    key: int


class Scalar(NamedTuple):
    """A word that is the k-th number given to a run, packed in a format."""

    number: int
    format: str


class Offset(NamedTuple):
    """A word that says where something begins, and moves with a region of arrays.

    It counts in units of which there are `scale` in an item.
    """

    number: int
    region: int
    scale: int = 1


Word: TypeAlias = Pointer | Scalar | Offset | int
Run: TypeAlias = Callable[[list[Any], Sequence[Any]], int]
"""Makes the new arrays of a segment in the table, and its calls; how many it made."""


class Call(NamedTuple):
    """One native call, or one that is shared in chunks.

    Parameters
    ----------
    entry : int
        The address of ``int32 entry(void*, void*, int64* words, int64 lo, int64 hi)``.
    words : tuple of Word
    total, chunk : int
        The range, and what a thread takes of it at a time; 0: one call for all.
    work : float
        Estimated nanoseconds.
    checks : bool
        Whether the call may give a status, by what it finds in the data.
    launch : (Launch, int) or None
        The launch that it is all of, and the word at which the layout of that begins.
    """

    entry: int
    words: tuple[Word, ...]
    total: int
    chunk: int
    work: float
    checks: bool = False
    launch: tuple[Launch, int] | None = None


class Temporary(NamedTuple):
    """Memory that is needed from one call to another, both included."""

    key: int
    size: int
    first: int
    last: int


class Segment(NamedTuple):
    """Calls that are made in order.

    Parameters
    ----------
    calls : tuple of Call
    inputs : tuple of int
        Slots of the table whose arrays are there when it starts.
    fresh : tuple of (slot, dtype, shape)
        Arrays that it makes.
    temporaries : tuple of Temporary
        Memory that only it needs, all in one array.
    arena : int
        The slot for that array.
    overwrites : int
        The first call that writes into memory that came in; their number, if none does.
    """

    calls: tuple[Call, ...]
    inputs: tuple[int, ...]
    fresh: tuple[tuple[int, np.dtype[Any], tuple[int, ...]], ...]
    temporaries: tuple[Temporary, ...]
    arena: int
    overwrites: int

    @property
    def work(self) -> float:
        """Estimated nanoseconds of all calls."""
        return sum([call.work for call in self.calls])

    def offsets(self) -> Offsets:
        """The words that move with regions: which, with which one, how far for each."""
        words = (word for call in self.calls for word in call.words)
        found = [(k, *w[1:]) for k, w in enumerate(words) if isinstance(w, Offset)]
        which = np.array(found, np.int64).reshape(-1, 3)
        return which[:, 0], which[:, 1], which[:, 2]


Offsets: TypeAlias = tuple[
    np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]
]


class Ends(NamedTuple):
    """What a segment that is all of a flush takes, and what it leaves.

    Parameters
    ----------
    leaves : dict of int to int
        For each slot that comes in, which leaf of the trace it is.
    results : tuple of (int, int)
        The numbers of the recorded values that are computed, and their slots.
    launches : int
        By how much it counts.
    """

    leaves: dict[int, int]
    results: tuple[tuple[int, int], ...]
    launches: int


RELEASE = 5_000.0
"""Estimated nanoseconds from which other Python threads may run meanwhile."""

ALIGNMENT = 64


def place(temporaries: Sequence[Temporary]) -> tuple[dict[int, int], int]:
    """Where each temporary stands in one piece of memory, and the size of that.

    Two may share memory when no call needs both. `temporaries` are in the order of
    their first call.

    Examples
    --------
    >>> place([Temporary(-1, 64, 0, 1), Temporary(-2, 8, 1, 2), Temporary(-3, 9, 2, 3)])
    ({-1: 0, -2: 64, -3: 0}, 128)
    """
    offsets: dict[int, int] = {}
    alive: list[tuple[int, int, int]] = []  # start, end, last call; by start
    total = 0
    for one in temporaries:
        alive = [piece for piece in alive if piece[2] >= one.first]
        size = -(-max(one.size, 1) // ALIGNMENT) * ALIGNMENT
        start = 0
        for begin, end, _ in alive:
            if begin - start >= size:
                break
            start = max(start, end)
        offsets[one.key] = start
        alive.append((start, start + size, one.last))
        alive.sort()
        total = max(total, start + size)
    return offsets, total


class Bound(NamedTuple):
    """A segment that can run, and where its temporaries stand in their array.

    `kept` is what the function holds; the bytes of the segment first.
    """

    run: Run
    offsets: dict[int, int]
    kept: tuple[Any, ...]

    def moved(self, which: Offsets, moves: np.ndarray[Any, Any]) -> Bound:
        """The same, its regions moved: by how much, for each."""
        native = functions()
        assert native is not None
        kept = (moved(self.kept[0], which, moves), *self.kept[1:])
        run = native.make(ctypes.addressof(native.method), kept, None)
        return Bound(run, self.offsets, kept)


def moved(content: bytes, which: Offsets, moves: np.ndarray[Any, Any]) -> bytes:
    """The bytes of a segment whose regions are moved: by how much, for each."""
    words = np.frombuffer(content, np.int64).copy()
    begin = words[FIELDS.index("template_at")] // 8
    words[begin + which[0]] += moves[which[1]] * which[2]
    return words.tobytes()


def bind(segment: Segment, threads: int) -> Bound:
    """Pack a segment for a number of threads; `available` must have said yes."""
    native = functions()
    assert native is not None
    offsets, size = place(segment.temporaries)
    fresh = list(segment.fresh)
    if offsets:
        fresh.append((segment.arena, np.dtype(np.uint8), (size,)))
    fields = dict(native.fields, threads=threads)
    content = _pack(segment, fresh, offsets, fields, segment.inputs)
    kept = (content, native.context, *(dtype for _, dtype, _ in fresh))
    run = native.make(ctypes.addressof(native.method), kept, None)
    return Bound(run, offsets, kept)


def straight(segment: Segment, threads: int, ends: Ends) -> tuple[Any, ...]:
    """A segment that is all of a flush, for native code: its bytes, what they need.

    Inputs are then found by the numbers of leaves, and new arrays, in the order in
    which they are made, behind them.
    """
    native = functions()
    assert native is not None
    offsets, size = place(segment.temporaries)
    new = [(dtype, shape) for _, dtype, shape in segment.fresh]
    if offsets:
        new.append((np.dtype(np.uint8), (size,)))
    fields = dict(native.fields, threads=threads, launches=ends.launches)
    fields["helpers"] = helpers(segment, threads)
    found = {slot: ~k for k, (slot, *_) in enumerate(segment.fresh)}
    found |= ends.leaves
    inputs = [found[slot] for slot in segment.inputs]
    results = [n for value, slot in ends.results for n in (value, found[slot])]
    fresh = [(-1, *one) for one in new]
    content = _pack(segment, fresh, offsets, fields, inputs, results)
    return (content, *(dtype for dtype, _ in new))


def helpers(segment: Segment, threads: int) -> int:
    """How many threads can help with a launch of a segment."""
    chunks = [-(-call.total // call.chunk) for call in segment.calls if call.chunk]
    return min(threads, max(chunks, default=1)) - 1


def _pack(
    segment: Segment,
    fresh: Sequence[tuple[int, np.dtype[Any], tuple[int, ...]]],
    offsets: dict[int, int],
    fields: dict[str, int],
    inputs: Sequence[int],
    results: Sequence[int] = (),
) -> bytes:
    """The bytes that native code reads."""
    keys = [*segment.inputs, *(slot for slot, _, _ in segment.fresh)]
    numbers = {key: k for k, key in enumerate(keys)}
    temporaries = len(segment.inputs) + len(fresh)
    for key in offsets:
        numbers[key] = temporaries + len(numbers) - len(keys)
    head = 8 * (temporaries + len(offsets))
    template: list[int] = []
    patches: list[int] = []
    scalars: list[int] = []
    calls: list[int] = []
    for call in segment.calls:
        calls += [call.entry, head + 8 * len(template), call.total, call.chunk]
        for word in call.words:
            match word:
                case Pointer(key):
                    patches += [len(template), numbers[key]]
                case Scalar(number, form):
                    scalars += [len(template), number, FORMATS.index(form)]
                case Offset(begin):
                    word = begin
            template.append(word if isinstance(word, int) else 0)
    at = len(FIELDS)
    extents: list[int] = []
    arrays: list[int] = []
    for slot, dtype, shape in fresh:
        arrays += [slot, id(dtype), len(shape), 8 * (at + len(extents))]
        extents += shape
    tables = {
        "extents": (extents, 1),
        "calls": (calls, 4),
        "patches": (patches, 2),
        "scalars": (scalars, 3),
        "inputs": ([*inputs], 1),
        "results": ([*results], 2),
        "fresh": (arrays, 4),
        "temporaries": ([*offsets.values()], 1),
        "template": (template, 1),
    }
    body: list[int] = []
    for name, (table, width) in tables.items():
        fields[name] = len(table) // width
        fields[f"{name}_at"] = 8 * (at + len(body))
        body += table
    fields["template_size"] = 8 * len(template)
    fields["words_at"] = head
    fields["overwrites"] = segment.overwrites
    fields["frame_size"] = head + 8 * len(template) + 8  # malloc(0) may give nothing
    fields["release"] = segment.work >= RELEASE
    return packed("q", [*(fields[name] for name in FIELDS), *body]).tobytes()


class _Method(ctypes.Structure):
    """Python's PyMethodDef."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


_FASTCALL = 0x80


class Functions(NamedTuple):
    """What makes a segment a function, and addresses that all segments hold."""

    make: Callable[[int, tuple[Any, ...], None], Run]
    method: _Method
    context: Any
    fields: dict[str, int]


@cache
def functions() -> Functions | None:
    """The native runner; None where it cannot be had."""
    from ..cpu.target import MissingSymbol, forever, load_text

    sharing = pool.sharing()
    context = memory.context()
    if sharing is None or context is None or not memory.has_plain_layout():
        return None
    try:
        run, flush = load_text(text(), "engine_run", "engine_straight")
    except MissingSymbol:  # a Python that does not export its C API
        return None
    method = _Method(b"run", run, _FASTCALL, None)
    forever(method)
    thing = ctypes.py_object
    shape = ctypes.PYFUNCTYPE(thing, ctypes.c_void_p, thing, ctypes.c_void_p)
    fields = {
        "straight": flush,
        "context": id(context),
        "launches": 0,
        "helpers": 0,
        "pool": sharing.state,
        "share": sharing.address,
        "array_type": numpy_api.address(numpy_api.ARRAY_TYPE),
        "new_array": numpy_api.address(numpy_api.NEW_ARRAY),
        "data": memory.DATA,
        "none": id(None),
    }
    make: Any = shape(("PyCFunction_NewEx", ctypes.pythonapi))
    return first("functions", Functions(make, method, context, fields))


@cache
def reason() -> str:
    """Why plans are run by Python, row by row; nothing where the native runner is."""
    if os.environ.get("ENGINE_NATIVE", "1") == "0":
        return "ENGINE_NATIVE is 0"
    if functions() is None:
        return "this Python, or this system, lacks a symbol that it needs"
    return ""


def available() -> bool:
    """Whether plans are run natively.

    Examples
    --------
    >>> available() == (reason() == "")
    True
    """
    return not reason()
