"""The rows of a plan, bound for replay: native segments, and rows that Python runs.

Rows that stand side by side and are native calls (compiled kernels, BLAS) become one
segment, which `kernels.native` runs in a single call; library rows and groups that are
interpreted stay rows of Python and split the plan. Memory is planned here, once: what
only a segment needs lies in one piece of memory, where what is dead makes room.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from copy import copy
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from engine.kernels import pool
from engine.kernels.counts import COUNTS
from engine.kernels.cpu.launch import Launch, failure, scalar_formats
from engine.kernels.native import resizing
from engine.kernels.native import table as native
from engine.kernels.native.runner import words_of
from engine.kernels.native.table import Call, Offset, Pointer, Scalar, Temporary, Word
from engine.library_calls import library_call

if TYPE_CHECKING:
    from engine.row import Row

Array = np.ndarray[Any, Any]
Contents = Sequence[tuple[np.dtype[np.generic], tuple[int, ...]]]


class Stop(NamedTuple):
    """Where a run ended before its end.

    Parameters
    ----------
    row : int
        The first row that was not done.
    error : Exception or None
        Why that row failed; None: Python is to run it, and to find out.
    """

    row: int
    error: Exception | None


class PythonRow:
    """A row that Python runs."""

    def __init__(self, row: Row, number: int) -> None:
        self.row, self.number = row, number

    def run(self, table: list[Any], scalars: Sequence[Any]) -> Stop | None:
        """Run the row; where it failed."""
        try:
            self.row.run(table, scalars)
        except Exception as error:
            return Stop(self.number, error)
        return None

    def moved(self, moves: Sequence[int], shared: dict[int, Any]) -> PythonRow:
        """The same row, its regions moved, see `Row.moved`."""
        return PythonRow(self.row.moved(moves, shared), self.number)


class NativeRows:
    """Neighbouring rows that are run by one native call."""

    def __init__(self, draft: _Draft, contents: Contents, threads: int) -> None:
        segment = draft.segment()
        self.segment, self.launches = segment, draft.launches
        self._bound = bound = native.bind(segment, threads)
        self._run = bound.run
        self._moves: Array | None = None
        self._known: dict[Any, tuple[Any, ...]] = {}
        self._known_offsets: native.Offsets | None = None
        self._count = len(segment.calls)
        self._first, self._rows = draft.first, tuple(draft.rows)
        self._dead = tuple(draft.dead)
        self._names, self._arena = draft.names, segment.arena
        self._helpers = native.helpers(segment, threads)
        self._temporaries = [
            (slot, offset, *contents[slot])
            for slot, offset in ((~key, at) for key, at in bound.offsets.items())
            if slot < len(contents)
        ]

    def run(self, table: list[Any], scalars: Sequence[Any]) -> Stop | None:
        """Run the rows; where they stopped."""
        if self._helpers:
            pool.have_helpers(self._helpers)
        try:
            done = self._run(table, scalars)
        except Exception:  # before the first call; the rows one by one find who fails
            return Stop(self._first, None)
        COUNTS.launches += self.launches
        if done != self._count:
            return self._stopped(done, table)
        for slot in self._dead:
            table[slot] = None
        return None

    def run_resized(
        self,
        bound: native.Bound,
        helpers: int,
        table: list[Any],
        scalars: Sequence[Any],
    ) -> bool:
        """Run what `resized` gave; False where a check failed, before any overwrites.

        Raises
        ------
        MemoryError
            Before anything is written.
        RuntimeError
            If the machine code gives another status than 0.
        """
        if helpers:
            pool.have_helpers(helpers)
        done = bound.run(table, scalars)
        COUNTS.launches += self.launches
        if done == self._count:
            return True
        if self.segment.calls[done].checks:
            return False
        raise failure(self._names[done] or "a library call", 1)

    def words(self) -> Array:
        """The words of the segment."""
        return resizing.words_of(self._bound)

    def resized(
        self, words: Array, sizes: Sequence[int]
    ) -> tuple[native.Bound, int] | None:
        """The rows bound to arrays of other extents, and how many threads can help.

        None where other rows are better. `words` are those of their segment, `sizes`
        the bytes of its temporaries.
        """
        found = resizing.bind_again(self._bound, self.segment, words, sizes)
        if found is None:
            return None
        bound, chunks = found
        return bound, min(pool.num_threads(), chunks) - 1

    def moved(self, moves: Array) -> NativeRows:
        """The same rows, their regions moved: by how much, for each."""
        rows = copy(self)
        rows._bound = self._bound.moved(self._offsets, moves)
        rows._run = rows._bound.run
        rows._moves = moves
        return rows

    @property
    def _offsets(self) -> native.Offsets:
        known = self._known_offsets  # no cached_property: see `Kernel.key`
        if known is None:
            known = self._known_offsets = self.segment.offsets()
        return known

    def straight(
        self,
        leaves: dict[int, int],
        results: Sequence[tuple[int, int]],
        donated: bool,
        threads: int,
    ) -> tuple[Any, ...] | None:
        """The rows as a segment that is all of a flush; None where they cannot be one.

        A call that failed is found by doing all again, in Python. So none may fail
        behind the first that overwrites memory that came in.

        Parameters
        ----------
        leaves : dict of int to int
            For each slot that comes in, which leaf of the trace it is.
        results : sequence of (value, slot)
        donated : bool
            Whether memory that comes in may be overwritten.
        threads : int
        """
        segment = self.segment
        there = {slot for slot, *_ in segment.fresh} | leaves.keys()
        whole = there.issuperset((*segment.inputs, *(slot for _, slot in results)))
        late = segment.calls[segment.overwrites :]
        if not whole or (donated and any(call.checks for call in late)):
            return None
        ends = native.Ends(leaves, tuple(results), self.launches)
        key = (tuple(ends.leaves.items()), ends.results)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = native.straight(self.segment, threads, ends)
        if self._moves is None:
            return known
        return (native.moved(known[0], self._offsets, self._moves), *known[1:])

    def _stopped(self, done: int, table: list[Any]) -> Stop:
        """A call failed: what was computed before is put into the table."""
        for slot, offset, dtype, shape in self._temporaries:
            arena: Array = table[self._arena]
            size = dtype.itemsize * prod(shape)
            table[slot] = arena[offset : offset + size].view(dtype).reshape(shape)
        name = self._names[done]
        return Stop(self._rows[done], None if name is None else failure(name, 1))


Part = PythonRow | NativeRows


class Bound:
    """The parts of a plan, for a number of threads.

    `overhead` says how many seconds it takes that Python runs some of them.
    """

    def __init__(self, parts: Sequence[Part], threads: int) -> None:
        self.parts, self.threads = tuple(parts), threads
        self.overhead = sum(
            [part.row.overhead for part in parts if isinstance(part, PythonRow)]
        )

    def run(self, table: list[Any], scalars: Sequence[Any]) -> Stop | None:
        """Run all parts over a table of arrays; where they stopped."""
        for part in self.parts:
            stop = part.run(table, scalars)
            if stop is not None:
                return stop
        return None

    def whole(self) -> NativeRows | None:
        """All of it, where that is one native call."""
        if len(self.parts) == 1 and isinstance(self.parts[0], NativeRows):
            return self.parts[0]
        return None

    def moved(self, moves: Array) -> Bound:
        """The same, its regions moved.

        Parameters
        ----------
        moves : array of int
            By how many items the regions of each array are moved, see `Row.moving`.
        """
        each: list[int] = moves.tolist()
        shared: dict[int, Any] = {}
        parts: list[Part] = []
        for part in self.parts:
            if isinstance(part, PythonRow):
                parts.append(part.moved(each, shared))
            else:
                parts.append(part.moved(moves))
        return Bound(parts, self.threads)

    def cold(self) -> list[Row]:
        """The rows of which it is not known yet how they will run."""
        rows = [part.row for part in self.parts if isinstance(part, PythonRow)]
        return [row for row in rows if not row.settle()]


def bind(
    rows: Sequence[Row],
    contents: Contents,
    shapes: dict[int, tuple[int, ...]],
    threads: int,
) -> Bound:
    """Bind rows whose ways of running are settled.

    Parameters
    ----------
    rows : sequence of Row
    contents : sequence of (dtype, shape)
        What each slot holds.
    shapes : dict of int to tuple of int
        The slots of results, and the shapes that results have.
    threads : int
        How many threads share a launch.
    """
    parts: list[Part] = []
    draft = _Draft(0, contents, shapes)

    def close() -> None:
        if draft.rows or draft.fresh:
            parts.append(NativeRows(draft, contents, threads))

    for number, row in enumerate(rows):
        if not draft.take(row, number):
            close()
            parts.append(PythonRow(row, number))
            draft = _Draft(number + 1, contents, shapes)
    close()
    return Bound(parts, threads)


@dataclass
class _Draft:
    """A segment that still grows."""

    first: int
    contents: Contents
    shapes: dict[int, tuple[int, ...]]
    calls: list[Call] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    fresh: list[int] = field(default_factory=list)
    begin: dict[int, int] = field(default_factory=dict)
    end: dict[int, int] = field(default_factory=dict)
    own: list[Temporary] = field(default_factory=list)
    used: dict[int, None] = field(default_factory=dict)
    dead: list[int] = field(default_factory=list)
    overwrites: int | None = None
    launches: int = 0

    def take(self, row: Row, number: int) -> bool:
        """Add a row, if it is native."""
        library = library_call(row) if row.group.kind == "library" else None
        if library is None and not isinstance(row.launcher, Launch):
            return False
        before = len(self.calls)
        for slot, *_ in row.fresh:
            self.fresh.append(slot)
            self.begin[slot] = before
        if self.overwrites is None and not row.written() <= self.begin.keys():
            self.overwrites = before
        if library is None:
            self._launch(row)
        else:
            self._call(library)
        added = len(self.calls) - before
        self.rows += [number] * added
        self.launches += added > 0
        for slot in row.dead:
            if slot in self.begin:
                self.end[slot] = max(len(self.calls) - 1, before)
            else:
                self.dead.append(slot)
        return True

    def _launch(self, row: Row) -> None:
        """The calls of a kernel: one, or one for each phase of the split form."""
        launch: Launch = row.launcher
        lowered = row.lowered
        assert lowered is not None
        if launch.total == 0:
            return
        split = launch.split_address()
        plan = launch.split if split is not None else None
        steps = plan.steps() if plan else [(launch.total, launch.chunk)]
        last = len(self.calls) + len(steps) - 1
        own = [
            self._temporary(dtype.itemsize * size, last)
            for dtype, size in lowered.temporaries
        ]
        words: list[Word] = []
        for slot in row.arguments:
            words.append(self._pointer(slot) if slot >= 0 else own[~slot])
        formats = scalar_formats(launch.kernel)
        for k, form in zip(row.scalar_numbers, formats, strict=True):
            words += [Scalar(k, word) for word in words_of(form)]
        whole = (launch, len(words)) if plan is None else None
        words += _numbers(row, launch)
        if plan is not None:
            for dtype, shape in plan.buffers:
                words.append(self._temporary(dtype.itemsize * prod(shape), last))
        for phase, (total, chunk) in enumerate(steps):
            entry = launch.address if split is None else split
            ending = () if plan is None else (phase,)
            work = launch.work / len(steps)
            own_words = (*words, *ending)
            self.calls.append(Call(entry, own_words, total, chunk, work, False, whole))
            self.names.append(launch.kernel.name)

    def _call(self, call: Call) -> None:
        """The call of a library row; why it failed is found by Python."""
        for word in call.words:
            if isinstance(word, Pointer):
                self._pointer(word.key)
        self.calls.append(call)
        self.names.append(None)

    def _pointer(self, slot: int) -> Pointer:
        self.used[slot] = None
        return Pointer(slot)

    def _temporary(self, size: int, last: int) -> Pointer:
        """Memory for one row alone."""
        key = ~(len(self.contents) + len(self.own))
        self.own.append(Temporary(key, size, len(self.calls), last))
        return Pointer(key)

    def segment(self) -> native.Segment:
        """The segment as it is now."""
        private = {slot for slot in self.end if slot not in self.shapes}
        temporaries = [
            *self.own,
            *(
                Temporary(~slot, self._size(slot), self.begin[slot], self.end[slot])
                for slot in private
            ),
        ]
        temporaries.sort(key=lambda one: one.first)
        kept = [slot for slot in self.fresh if slot not in private]
        return native.Segment(
            tuple(_keyed(call, private) for call in self.calls),
            tuple(slot for slot in self.used if slot not in self.begin),
            tuple(
                (
                    slot,
                    self.contents[slot][0],
                    self.shapes.get(slot, self.contents[slot][1]),
                )
                for slot in kept
            ),
            tuple(temporaries),
            len(self.contents),
            len(self.calls) if self.overwrites is None else self.overwrites,
        )

    def _size(self, slot: int) -> int:
        dtype, shape = self.contents[slot]
        return dtype.itemsize * prod(shape)


def _numbers(row: Row, launch: Launch) -> list[Word]:
    """The words of a layout; those where regions begin say which."""
    numbers: list[Word] = [*memoryview(launch.numbers).cast("q").tolist()]
    lowered = row.lowered
    assert lowered is not None
    at = len(lowered.layout.extents)
    for owner, place in zip(lowered.owners, lowered.layout.places, strict=True):
        if owner in row.moving:
            numbers[at] = Offset(place[0], row.moving[owner])
        at += len(place)
    return numbers


def _keyed(call: Call, private: Set[int]) -> Call:
    """The call with slots that only the segment needs named as temporaries."""
    if not private:
        return call
    words = tuple(
        Pointer(~word.key)
        if isinstance(word, Pointer) and word.key in private
        else word
        for word in call.words
    )
    return call._replace(words=words)
