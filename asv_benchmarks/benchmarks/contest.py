"""How a race is run: results are compared first, then all are timed in turns."""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import engine

from .libraries import Run, as_numpy
from .race import Race, Target


@dataclass(frozen=True)
class Pace:
    """How long a race may take.

    Attributes
    ----------
    seconds : float
        For the rounds; one round is one sample of each.
    rounds : tuple of int
        At least and at most as many.
    sample : float
        Seconds of a sample at least; a short run is repeated within it.
    warming : float
        Seconds for Engine to stop compiling and interpreting.
    """

    seconds: float
    rounds: tuple[int, int]
    sample: float
    warming: float


UNSETTLED = ("interpreted_ops", "kernels_compiled", "kernels_loaded")

PAUSE = 0.01
"""Seconds before a sample: threads of others look for work for some milliseconds."""

THOROUGH = Pace(seconds=10.0, rounds=(5, 100), sample=0.005, warming=20.0)
QUICK = Pace(seconds=1.0, rounds=(3, 20), sample=0.001, warming=5.0)


@dataclass(frozen=True)
class Times:
    """Seconds of one run."""

    least: float
    median: float


@dataclass(frozen=True)
class Outcome:
    """What a race gave.

    Attributes
    ----------
    times : mapping of str to Times
        By library, of those that ran.
    first : float
        Seconds of Engine's first call.
    calls : int
        Calls of Engine before the comparison and the timing.
    notes : sequence of str
        What is missing, what was wrong, and what Engine still does in each call.
    right : bool
        Whether all results agreed with NumPy's.
    """

    race: Race
    times: Mapping[str, Times]
    first: float
    calls: int
    notes: Sequence[str]
    right: bool

    def ratio(self, target: Target) -> float | None:
        """The least time of the fastest that ran over Engine's; None if none ran."""
        ran = [self.times[name].least for name in target.over if name in self.times]
        if not ran or "engine" not in self.times:
            return None
        return min(ran) / self.times["engine"].least

    def met(self) -> bool | None:
        """Whether all targets are met; None where there is nothing to compare."""
        at_the_copy = Target(0.9, ("copy",))
        if self.race.limited_by_copy and self._reached(at_the_copy):
            return True
        reached = [self._reached(target) for target in self.race.targets]
        if False in reached:
            return False
        return None if None in reached or not reached else True

    def _reached(self, target: Target) -> bool | None:
        ratio = self.ratio(target)
        return None if ratio is None else ratio >= target.ratio


def hold(race: Race, pace: Pace) -> Outcome:
    """Run a race.

    An exception of one library, or a result that is not NumPy's, puts it out of the
    race and into the notes.
    """
    data = race.data()
    notes: list[str] = []
    runs: dict[str, Run] = {}
    for name, start in race.by.items():
        try:
            runs[name] = start(*data)
        except ModuleNotFoundError as missing:
            notes.append(f"without {name}: {missing.name} is not installed")
    wrong: list[str] = []
    wanted = as_numpy(runs["numpy"]())
    first, calls = math.nan, 0
    for name in [name for name in runs if name not in ("numpy", "copy")]:
        try:
            begun = time.perf_counter()
            results = runs[name]()
            taken = time.perf_counter() - begun
            fault = difference(race, wanted, as_numpy(results))
            if name == "engine" and fault is None:
                first = taken
                calls, left = settle(runs[name], pace)
                notes += [f"Engine: {left[key]} {key} in each call" for key in left]
                fault = still_right(race, runs[name], wanted, data)
        except Exception as error:
            fault = f"{type(error).__name__}: {error}".splitlines()[0]
        if fault is not None:
            wrong.append(f"{name}: {fault}")
            del runs[name]
    times = take_turns(runs, pace)
    return Outcome(race, times, first, calls, [*notes, *wrong], not wrong)


def settle(run: Run, pace: Pace) -> tuple[int, dict[str, int]]:
    """Call until three calls neither interpret nor compile, within the pace.

    Returns
    -------
    calls : int
        How many there were, with the first.
    left : dict
        What the last one still counted of these; empty where Engine has settled.
    """
    deadline = time.perf_counter() + pace.warming
    quiet, calls = 0, 1
    left: dict[str, int] = {}
    while quiet < 3 and (calls < 8 or time.perf_counter() < deadline):
        before = engine.stats()
        run()
        after = engine.stats()
        left = {name: after[name] - before[name] for name in UNSETTLED}
        left = {name: count for name, count in left.items() if count}
        quiet = 0 if left else quiet + 1
        calls += 1
    return calls, left


def still_right(race: Race, run: Run, wanted: Any, data: Sequence[Any]) -> str | None:
    """What is wrong with the results of the kernels; work with a memory starts anew."""
    if race.stateful:
        again, reference = race.by["engine"](*data), race.by["numpy"](*data)
        for _ in range(3):
            wanted, results = as_numpy(reference()), as_numpy(again())
        return difference(race, wanted, results)
    return difference(race, wanted, as_numpy(run()))


def difference(race: Race, wanted: Sequence[Any], got: Sequence[Any]) -> str | None:
    """What is wrong with results, in words; None if nothing is."""
    for a, b in zip(wanted, got, strict=True):
        if a.shape != b.shape:
            return f"a result of shape {a.shape} was required; {b.shape} was given"
        if a.dtype.kind in "bui":  # whose differences may wrap around
            a, b = a.astype(float), b.astype(float)
        scale = float(np.max(np.abs(a), initial=0.0, where=np.isfinite(a)))
        far = ~((np.abs(a - b) <= race.tolerance * scale) | (a == b))
        if far.size and far.mean() > race.strays:
            worst = float(np.max(np.abs(a - b)))
            return f"{far.sum()} of {a.size} elements differ, by {worst:.1e} at most"
    return None


def take_turns(runs: Mapping[str, Run], pace: Pace) -> dict[str, Times]:
    """Times of all, a sample of each in every round."""
    numbers = {name: repetitions(run, pace) for name, run in runs.items()}
    samples: dict[str, list[float]] = {name: [] for name in runs}
    begun = time.perf_counter()
    least, most = pace.rounds
    for number in range(most):
        gc.collect()
        for name, run in runs.items():
            time.sleep(PAUSE)
            if numbers[name] > 1 or number == 0:
                run()
            start = time.perf_counter()
            for _ in range(numbers[name]):
                run()
            samples[name].append((time.perf_counter() - start) / numbers[name])
        if number + 1 >= least and time.perf_counter() - begun > pace.seconds:
            break
    return {
        name: Times(min(taken), statistics.median(taken))
        for name, taken in samples.items()
    }


def repetitions(run: Run, pace: Pace) -> int:
    """How many runs make a sample."""
    start = time.perf_counter()
    run()
    return max(1, math.ceil(pace.sample / (time.perf_counter() - start)))
