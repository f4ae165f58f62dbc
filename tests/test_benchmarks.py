"""The benchmarks are what they claim: equal work, compared before it is timed."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import table
from benchmarks import calls, contest, libraries, overhead, race, report, small_loops
from engine.kernels.native import table as native

PACE = contest.Pace(seconds=0.0, rounds=(1, 1), sample=0.0, warming=0.0)


@pytest.mark.parametrize("work", report.RACES, ids=lambda work: work.name)
def test_the_work_gives_what_numpy_gives(work: Any) -> None:
    data = work.small()
    by_numpy, by_engine = work.by["numpy"](*data), work.by["engine"](*data)
    for _ in range(2):
        wanted = libraries.as_numpy(by_numpy())
        got = libraries.as_numpy(by_engine())
        assert [x.dtype for x in got] == [x.dtype for x in wanted]
        assert contest.difference(work, wanted, got) is None


@pytest.mark.parametrize("code", calls.CALLS)
def test_calls_give_what_numpy_gives(code: str) -> None:
    wanted = np.array(calls.called(code, "numpy")())
    found = calls.called(code, "engine")
    for _ in range(3):
        result = np.array(found())
        assert result.dtype == wanted.dtype
        np.testing.assert_allclose(result, wanted, rtol=1e-6)


@pytest.mark.parametrize("name", small_loops.LOOPS)
def test_small_loops_give_what_numpy_gives(name: str) -> None:
    wanted = np.array(small_loops.run(name, "numpy")(), float)
    by_engine = small_loops.run(name, "engine")
    for _ in range(2):
        assert np.allclose(np.array(by_engine(), float), wanted, rtol=1e-9)


@pytest.mark.parametrize("work", report.RACES, ids=lambda work: work.name)
def test_targets_name_those_that_take_part(work: Any) -> None:
    assert work.targets
    assert {name for target in work.targets for name in target.over} <= set(work.by)


def made_up(engine: Any, **more: Any) -> Any:
    """A race with a result of ones, and `engine` in the place of Engine."""
    return race.Race(
        "made up",
        data=lambda: (np.ones(3),),
        small=lambda: (np.ones(3),),
        by={"numpy": libraries.by_numpy(lambda x: x), "engine": engine, **more},
        targets=(race.Target(1e-9),),
    )


def test_a_race_is_timed_where_results_agree() -> None:
    outcome = contest.hold(made_up(libraries.by_engine(lambda x: x * 1)), PACE)
    assert outcome.right
    assert outcome.met() is True
    assert set(outcome.times) == {"numpy", "engine"}


def test_a_wrong_result_is_reported_and_not_timed() -> None:
    outcome = contest.hold(made_up(libraries.by_engine(lambda x: x * 2)), PACE)
    assert not outcome.right
    assert outcome.met() is None
    assert outcome.notes == ["engine: 3 of 3 elements differ, by 1.0e+00 at most"]


def test_a_result_of_numpy_does_not_pass_for_one_of_engine() -> None:
    outcome = contest.hold(made_up(libraries.by_engine(lambda x: np.ones(3))), PACE)
    assert not outcome.right
    assert "an array was required" in outcome.notes[0]


def test_a_missing_library_is_left_out_and_named() -> None:
    def start(*arguments: Any) -> Any:
        importlib.import_module("no_such_library")

    by_engine = libraries.by_engine(lambda x: x * 1)
    outcome = contest.hold(made_up(by_engine, other=start), PACE)
    assert outcome.right
    assert outcome.notes[:1] == ["without other: no_such_library is not installed"]


def test_met_needs_all_targets() -> None:
    work = race.Race(
        "times",
        data=tuple,
        small=tuple,
        by={},
        targets=(race.Target(2.0), race.Target(1.0, ("fast", "slow"))),
    )

    def met(numpy: float, **others: float) -> bool | None:
        seconds = {"numpy": numpy, "engine": 1.0, **others}
        times = {name: contest.Times(t, t) for name, t in seconds.items()}
        return contest.Outcome(work, times, 0.0, 1, [], True).met()

    assert met(2.0, fast=1.0, slow=9.0) is True
    assert met(1.9, fast=1.0, slow=9.0) is False
    assert met(2.0, fast=0.9, slow=9.0) is False
    assert met(2.0, slow=9.0) is True
    assert met(2.0) is None
    assert met(1.9) is False


@pytest.mark.skipif(not native.available(), reason=native.reason())
def test_one_row_more_of_a_plan_is_a_matter_of_nanoseconds() -> None:
    assert 0 < overhead.nanoseconds_of_a_row() < 2000


def test_of_quick_limits_the_less_of_two_takings_counts() -> None:
    taken: list[str] = []

    def measure(name: str, figures: list[float]) -> Any:
        return lambda: (taken.append(name), figures.pop(0))[1]

    limits = [
        race.Limit("quick", measure("quick", [7.0, 5.0]), "ms", lambda: 6.0, True),
        race.Limit("slow", measure("slow", [3.0]), "s", lambda: 2.0),
    ]
    found = report.least_of_limits(limits)
    assert taken == ["quick", "slow", "quick"]
    lines = [report.line_of_limit(*pair) for pair in found]
    assert lines == ["| quick | 5 ms | 6 ms | yes |", "| slow | 3 s | 2 s | no |"]


def test_rows_are_selected_by_parts_of_names() -> None:
    names = [row.name for row in report.selected(["SOFTMAX", "import"])]
    assert len(names) == 4
    assert all("softmax" in name or "import" in name for name in names)
    assert len(report.selected([])) == len(report.RACES) + len(report.LIMITS)


def test_the_table_takes_the_place_of_the_last_one(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"a\n{table.PAGE_MARKS[0]}\nold\n{table.PAGE_MARKS[1]}\nb\n")
    table.replace_between_marks(page, "new")
    wanted = f"a\n{table.PAGE_MARKS[0]}\n\nnew\n\n{table.PAGE_MARKS[1]}\nb\n"
    assert page.read_text() == wanted
