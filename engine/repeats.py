"""Repeats: where a recorded path does the same again and again, as loops do.

Only the ops are compared here, so this is a guess at where to cut a path; whether two
pieces are the same is for `pieces` to say.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

MAX_PERIOD = 512
"""The longest body of a loop that is looked for."""

LEAST = 3
"""So many times something must be done before it counts as a loop."""

PIECE = 96
"""About how many events a piece has: what is in one piece can be one kernel."""

STATEMENTS = 16
"""A piece has so many at least where nothing but writes to regions leaves an iteration.

Then no kernel would span two of them, and the shorter a piece, the sooner it is planned
and the more paths have it.
"""

_WINDOW = 3
"""So many events are looked for again; fewer would be found in too many places."""

_TRIES = 8
"""So many places are tried: a body may have the window several times within it."""


class Run(NamedTuple):
    """Events from `start` to `stop` that repeat after `period` of them."""

    start: int
    stop: int
    period: int


def runs(events: Sequence[Hashable]) -> list[Run]:
    """Where a sequence repeats itself, whole periods only.

    Examples
    --------
    >>> runs("copy" + 5 * "abc" + "end")
    [Run(start=4, stop=19, period=3)]
    """
    numbers: dict[Hashable, int] = {}
    # As a text, for Python searches and compares texts fast.
    text = "".join(chr(numbers.setdefault(e, len(numbers))) for e in events)
    found: list[Run] = []
    start = 0
    while start < len(text) - _WINDOW:
        run = _run_at(text, start)
        if run is None:
            start += 1
        else:
            found.append(run)
            start = run.stop
    return found


def _run_at(text: str, start: int) -> Run | None:
    """The repeat that begins at a place, None where there is none."""
    window = text[start : start + _WINDOW]
    again = start
    for _ in range(_TRIES):
        again = text.find(window, again + 1, start + MAX_PERIOD + _WINDOW)
        if again < 0:
            return None
        period = again - start
        stop, body = again + period, text[start:again]
        while text.startswith(body, stop - period):
            stop += period
        stop -= period
        if stop - start >= LEAST * period:
            return Run(start, stop, period)
    return None


def cuts(
    events: Sequence[Hashable],
    ends: Sequence[bool],
    shapes: Sequence[tuple[int, ...]] = (),
    crossed: Sequence[bool] = (),
) -> list[int]:
    """Where to cut a path so that pieces of a loop are alike; none without a loop.

    Parameters
    ----------
    events : sequence
        What is done, in order.
    ends : sequence of bool
        Which events end a statement: a loop is cut behind one, where it has any.
    shapes : sequence of tuple of int, optional
        What they are done on. Where that changes each time, each time is a piece; the
        cut is where a piece has the fewest extents.
    crossed : sequence of bool, optional
        Whether a cut before an event would part a value from what reads it.

    Examples
    --------
    >>> cuts(100 * "ab", 200 * [False])
    [96, 192, 194, 196, 198]
    >>> cuts(10 * "copy", 10 * [False, False, False, True], crossed=40 * [False])
    [16, 32, 36]
    """
    places: list[int] = []
    for start, stop, period in runs(events):
        firsts = [k for k in range(start, start + period) if ends[k + period - 1]]
        if firsts:
            start = min(firsts, key=lambda k: len(_extents(shapes[k : k + period])))
        parted = crossed[start + period : stop : period]
        if firsts and parted and not any(parted):
            long = -(-STATEMENTS // period) * period
        elif stop - start < PIECE:
            continue
        else:
            long = max(PIECE // period, 1) * period
        following = shapes[start + period : start + 2 * period]
        if shapes[start : start + period] != following:
            long = period
        places.append(start)
        while start + long <= stop:
            start += long
            places.append(start)
        while start + period <= stop:
            start += period
            places.append(start)
    inside = {place for place in places if 0 < place < len(events)}
    return sorted(inside)


def _extents(shapes: Sequence[tuple[int, ...]]) -> set[int]:
    """All extents of some shapes."""
    return {extent for shape in shapes for extent in shape}
