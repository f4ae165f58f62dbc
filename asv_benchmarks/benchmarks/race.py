"""What is measured: the same work done by several libraries, and what Engine owes.

Each file beside this one asks one question. It has the work as a plain function that
only says ``np.``, the same by other libraries, and a `Race` of all of them. The classes
are benchmarks of airspeed velocity; ``table.py`` runs the same races interleaved.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .libraries import Start

SETTLING = 2.0
"""Seconds in which Engine compiles what recurs, before it is timed."""


@dataclass(frozen=True)
class Target:
    """Engine takes at most 1 / `ratio` of the time of the fastest of `over`.

    Those of `over` that are not installed are left out, and said to be.
    """

    ratio: float
    over: tuple[str, ...] = ("numpy",)


@dataclass(frozen=True)
class Race:
    """One piece of work, as several libraries do it.

    Attributes
    ----------
    name : str
        What is printed; `table.py` selects by any part of it.
    data : callable
        Makes the arguments; arrays among them are NumPy's.
    small : callable
        Makes arguments of the same kind that take no time, for the tests.
    by : mapping
        How each library starts on the arguments; ``"numpy"`` is the reference.
    targets : sequence of Target
        All are to be met.
    tolerance : float
        How far results may lie from NumPy's, relative to the largest of them.
    strays : float
        The share of elements that may differ by more, where the work is chaotic.
    stateful : bool
        Whether each run goes on from where the one before it ended.
    limited_by_copy : bool
        The targets are met too where Engine moves 90 % of the bytes that ``"copy"``
        moves in the same time: no library can be faster than the memory.
    """

    name: str
    data: Callable[[], tuple[Any, ...]]
    small: Callable[[], tuple[Any, ...]]
    by: Mapping[str, Start]
    targets: Sequence[Target] = ()
    tolerance: float = 1e-12
    strays: float = 0.0
    limited_by_copy: bool = False
    stateful: bool = False


@dataclass(frozen=True)
class Limit:
    """One figure of Engine's that has an upper limit.

    Attributes
    ----------
    again : bool
        Whether it is so quick that all of it may fall into a stretch in which other
        programs slow the machine: it is measured again after the others.
    """

    name: str
    measure: Callable[[], float]
    unit: str
    limit: Callable[[], float]
    again: bool = False


class Timed:
    """The part of a benchmark class that starts a race: subclasses list theirs."""

    races: Sequence[Race] = ()

    def setup(self, name: str, by: str) -> None:
        """Start, and run until Engine has compiled what it compiles."""
        race = next(race for race in self.races if race.name == name)
        if by not in race.by:
            raise NotImplementedError(f"{name}: not written for {by}")
        try:
            self.run = race.by[by](*race.data())
        except ModuleNotFoundError as missing:
            raise NotImplementedError(f"{by}: {missing}") from missing
        deadline = time.perf_counter() + SETTLING
        self.run()
        while by == "engine" and time.perf_counter() < deadline:
            self.run()
