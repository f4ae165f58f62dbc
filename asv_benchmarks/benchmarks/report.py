"""The races and limits of all files, and the Markdown table of what they gave."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from typing import TypeVar

from engine.info import information

from . import (
    chains,
    cold,
    collection,
    overhead,
    programs,
    reductions,
    rows,
    stencils,
    sweeps,
    tiers,
    training,
)
from .contest import Outcome, Pace, hold
from .race import Limit, Race, Target

FILES = (chains, rows, reductions, stencils, sweeps, programs, training)
Row = TypeVar("Row", bound=Race | Limit)
RACES = [race for file in FILES for race in file.RACES]
LIMITS = [*overhead.LIMITS, *tiers.LIMITS, *cold.LIMITS]

HEAD = "| work | NumPy | peers | Engine | first call, calls | ratio, target | met |"
LIMITS_HEAD = "| figure | measured | limit | met |"


def selected(names: Sequence[str]) -> list[Race | Limit]:
    """The rows whose names contain one of `names`; all, where none is given."""
    return chosen([*RACES, *LIMITS], names)


def chosen(rows: Sequence[Row], names: Sequence[str]) -> list[Row]:
    """Those rows whose names contain one of `names`; all, where none is given."""
    words = [name.lower() for name in names] or [""]
    return [row for row in rows if any(word in row.name.lower() for word in words)]


def median_of_blocks(names: Sequence[str], pace: Pace) -> tuple[str, bool]:
    """Run the collection of blocks: a line for each, and whether all agreed."""
    ratios, lines, right = [], [], True
    head = "| block | NumPy | Engine | first call, calls | ratio |"

    def write(line: str) -> None:
        print(line, flush=True)
        lines.append(line)

    write(f"{circumstances()}\n\n{head}\n{rule(head)}")
    for race in chosen(collection.RACES, names):
        outcome = hold(race, pace)
        ratio = outcome.ratio(race.targets[0])
        if ratio is None:
            right = False
            write(f"| {race.name} | | | | {'; '.join(outcome.notes)} |")
            continue
        ratios.append(ratio)
        cells = [
            race.name.removeprefix("block "),
            milliseconds(outcome, "numpy"),
            milliseconds(outcome, "engine"),
            f"{digits(outcome.first * 1e3)}, {outcome.calls}",
            f"**{ratio:.2f}**",
        ]
        write(f"| {' | '.join(cells)} |")
    if not ratios:
        return "\n".join(lines), right
    slow = sum(ratio < collection.WORST for ratio in ratios)
    write(
        f"\nOf {len(ratios)} blocks the median is {statistics.median(ratios):.2f} "
        f"times NumPy's speed ({collection.MEDIAN} is the target); {slow} are slower "
        f"than {collection.WORST} of it (none is the target)."
    )
    return "\n".join(lines), right


def table(picked: Sequence[Race | Limit], pace: Pace) -> tuple[str, bool]:
    """Run the rows, printing each; the whole text, and whether all results agreed."""
    lines, notes, right = [], [], True

    def write(line: str) -> None:
        print(line, flush=True)
        lines.append(line)

    write(circumstances() + "\n")
    races = [row for row in picked if isinstance(row, Race)]
    limits = [row for row in picked if isinstance(row, Limit)]
    if races:
        write(f"{HEAD}\n{rule(HEAD)}")
    for race in races:
        outcome = hold(race, pace)
        write(line_of(outcome))
        right = right and outcome.right
        notes += [f"- {race.name}: {note}" for note in outcome.notes]
    if limits:
        write(("\n" if races else "") + f"{LIMITS_HEAD}\n{rule(LIMITS_HEAD)}")
    for limit, measured in least_of_limits(limits):
        write(line_of_limit(limit, measured))
    if notes:
        write("\n" + "\n".join(notes))
    return "\n".join(lines), right


def rule(head: str) -> str:
    """The line below the head of a table."""
    return "|" + "---|" * (head.count("|") - 1)


def circumstances() -> str:
    """Where and with what the figures were measured."""
    facts = information()
    parts = [
        facts["cpu"].split(" (")[0],
        f"{facts['threads']} threads each",
        f"Python {platform.python_version()}",
        f"NumPy {facts['numpy']}",
        f"Numba {facts['numba']}",
        f"recorder {facts['recorder'].split(' ')[0]}",
        f"load {os.getloadavg()[0]:.1f}",
    ]
    return ", ".join(parts) + ". Least / median, in ms."


def line_of(outcome: Outcome) -> str:
    """A row of the table of races."""
    race, times = outcome.race, outcome.times
    peers = [
        f"{name} {milliseconds(outcome, name)}"
        for name in times
        if name not in ("numpy", "engine")
    ]
    cells = [
        race.name,
        milliseconds(outcome, "numpy"),
        ", ".join(peers),
        milliseconds(outcome, "engine"),
        f"{digits(outcome.first * 1e3)}, {outcome.calls}",
        "; ".join(compared(outcome, target) for target in race.targets),
        word(outcome.met()),
    ]
    return f"| {' | '.join(cells)} |"


def milliseconds(outcome: Outcome, name: str) -> str:
    """The times of a library."""
    if name not in outcome.times:
        return "-"
    times = outcome.times[name]
    return f"{digits(times.least * 1e3)} / {digits(times.median * 1e3)}"


def compared(outcome: Outcome, target: Target) -> str:
    """The ratio that a target asks for, and the target."""
    ratio = outcome.ratio(target)
    over = "NumPy" if target.over == ("numpy",) else "best of " + ", ".join(target.over)
    if len(target.over) == 1 and target.over != ("numpy",):
        over = target.over[0]
    given = "not compared" if ratio is None else f"**{ratio:.2f}**"
    return f"{given} of {target.ratio:g} x {over}"


def least_of_limits(limits: Sequence[Limit]) -> list[tuple[Limit, float]]:
    """What is measured of each; the less of two takings of those that are quick."""
    takings = [[limit.measure()] for limit in limits]
    for limit, taken in zip(limits, takings, strict=True):
        if limit.again:
            taken.append(limit.measure())
    return [(limit, min(taken)) for limit, taken in zip(limits, takings, strict=True)]


def line_of_limit(limit: Limit, measured: float) -> str:
    """A row of the table of limits."""
    most = limit.limit()
    cells = [
        limit.name,
        f"{digits(measured)} {limit.unit}",
        f"{digits(most)} {limit.unit}",
        word(measured <= most),
    ]
    return f"| {' | '.join(cells)} |"


def digits(number: float) -> str:
    """Three of them."""
    return f"{number:.0f}" if number >= 100 else f"{number:.3g}"


def word(met: bool | None) -> str:
    """Yes, no, or that nothing can be said."""
    return {True: "yes", False: "no", None: "?"}[met]
