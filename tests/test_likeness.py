"""Paths that differ by where regions begin have one plan, whose words are moved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy
import pytest
from planning import Recorded, array, bits, empty_trace, op, put_part, take_part

import engine
import engine.chain
import engine.cold
import engine.likeness
import engine.numpy as np
import engine.plan
import engine.row
from engine.cold import ColdPlan
from engine.config import config
from engine.description import Piece
from engine.kernels import pool
from engine.kernels.backend import HOST, backend_of
from engine.kernels.native import table as native
from engine.likeness import key_of, places_of
from engine.pieces import pieces


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(engine.chain, "_templates", {})
    monkeypatch.setattr(engine.likeness, "_known", {})
    monkeypatch.setattr(engine.likeness, "_spent", {})
    with empty_trace(), config(tier="compiled"):
        yield


@pytest.fixture
def assembled(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The lengths of the paths whose rows were placed one by one."""
    seen: list[int] = []

    def counted(nodes: Any, *rest: Any) -> Any:
        seen.append(len(nodes))
        return engine.chain.assemble(nodes, *rest)

    monkeypatch.setattr(engine.cold, "assemble", counted)
    return seen


def columns(first: int, apart: int = 1, size: int = 60) -> Recorded:
    """A stretch of a filter, in the memory of its result."""
    x, y = array(6, 80), array(6, 80, seed=1)
    memory = y
    for j in range(first, first + size // 3):
        given = take_part(x, slice(None), j) * 0.5
        before = take_part(y, slice(None), j - apart) * 0.25
        y = put_part(y, given + before, slice(None), j)
    return Recorded([y], donated=[memory])


def rows(first: int) -> Recorded:
    """A stretch of an elimination, in the memory of its result."""
    p, v = array(90, 7), array(7, 90, seed=1)
    memory = p
    for i in range(first, first + 40):
        below = take_part(p, i - 1) * 0.1 + take_part(v, slice(None), i)
        p = put_part(p, 0.5 / (4.0 - below), i)
    return Recorded([p], donated=[memory])


def run(recorded: Recorded, times: int = 1) -> tuple[ColdPlan, list[bytes]]:
    """A plan as a flush has it, and the results of its last run."""
    plan = ColdPlan(recorded.nodes, recorded.alive, recorded.donated)
    results = [recorded.run(plan) for _ in range(times)]  # type: ignore[arg-type]
    return plan, [bits(result) for result in results[-1].values()]


def whole(recorded: Recorded) -> list[bytes]:
    return [bits(result) for result in recorded.run(recorded.plan()).values()]


@pytest.mark.parametrize("sweep", [columns, rows])
def test_a_stretch_further_on_has_the_plan_of_the_first(
    sweep: Callable[[int], Recorded], assembled: list[int]
) -> None:
    first = sweep(3)
    run(first, 2)
    before = len(assembled)
    for begin in (4, 17, 31, 3, 1):
        recorded = sweep(begin)
        plan, found = run(recorded)
        assert found == whole(recorded)
        assert plan.plan is not None
        assert plan.plan.bound is not None
        assert plan.straight() is not None
    assert len(assembled) == before
    assert run(first)[1] == whole(first)


def test_rows_that_are_bound_are_dropped_and_can_be_made_again() -> None:
    recorded = rows(3)
    cold, found = run(recorded, 2)
    plan = cold.plan
    assert plan is not None
    assert plan.bound is not None
    assert plan._rows is None
    made = plan.rows
    assert made[0].settle()
    plan.bound, plan.recurs = None, False  # so they are run one by one
    assert [bits(x) for x in recorded.run(plan).values()] == found
    assert plan.rows is made


def watched(first: int) -> Recorded:
    """A stretch of a filter; a row of its input is looked up, and another one moves."""
    x, y = array(90, 7), array(90, 7, seed=1)
    memory = y
    for i in range(first, first + 40):
        y = put_part(y, take_part(x, 5) * take_part(x, i) + take_part(y, i - 1), i)
    return Recorded([y], donated=[memory])


def with_a_whole(first: int) -> Recorded:
    """A stretch, in one piece, of a filter whose input is also read as it is."""
    x, y = array(90, 7), array(90, 7, seed=1)
    memory = y
    for i in range(first, first + 20):
        y = put_part(y, take_part(x, i) * 0.5 + take_part(y, i - 1), i)
    return Recorded([y, x + 1.0], donated=[memory])


def described(recorded: Recorded) -> tuple[Any, Any, list[Piece]]:
    parts = pieces(recorded.nodes, recorded.alive, recorded.donated)
    return key_of(recorded.nodes, parts), places_of(parts), parts


def test_other_distances_are_other_plans(assembled: list[int]) -> None:
    run(columns(9), 2)
    before = len(assembled)
    recorded = columns(9, apart=2)
    assert run(recorded)[1] == whole(recorded)
    assert len(assembled) > before


def test_what_was_not_bound_is_not_moved(assembled: list[int]) -> None:
    first, second = columns(3), columns(5)
    run(first, 1)
    assert run(second)[1] == whole(second)
    if engine.kernels.native.table.available():  # it is bound when it is asked for
        assert len(assembled) == 1


@pytest.mark.skipif(
    not native.available(), reason=f"no native runner: {native.reason()}"
)
@pytest.mark.parametrize("sweep", [columns, rows])
def test_cold_rows_are_moved_too_and_bound_when_they_are_warm(
    sweep: Callable[[int], Recorded],
    assembled: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine.row, "_heat", {})
    monkeypatch.setattr(engine.row, "COMPILE", float("inf"))
    monkeypatch.setattr(engine.plan, "LOOK", 0.0)
    monkeypatch.setattr(backend_of(HOST), "is_known", lambda kernel: False)
    with config(tier="auto"):
        for cost in ("PIECE", "PLAN", "PLACE", "LOOK", "LOOKS"):
            monkeypatch.setattr(engine.cold, cost, 0.0)
        run(sweep(3), 2)
        before = len(assembled)
        moved = [(begin, *run(sweep(begin))) for begin in (4, 17, 31, 1)]
        for begin, plan, found in moved:
            assert found == whole(sweep(begin))
            assert plan.straight() is None
        monkeypatch.setattr(engine.row, "COMPILE", 0.0)
        for begin, plan, _ in moved:
            recorded = sweep(begin)
            for _ in range(2):
                found = [bits(x) for x in recorded.run(plan).values()]  # type: ignore[arg-type]
            assert found == whole(recorded)
            assert plan.straight() is not None
    assert len(assembled) == before


@pytest.mark.parametrize("sweep", [columns, rows])
def test_numpy_computes_a_path_whose_kernels_are_cold_as_one(
    sweep: Callable[[int], Recorded], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine.row, "_heat", {})
    monkeypatch.setattr(engine.row, "COMPILE", float("inf"))
    monkeypatch.setattr(engine.plan, "LOOK", 0.0)
    monkeypatch.setattr(backend_of(HOST), "is_known", lambda kernel: False)
    interpreted: list[str] = []
    monkeypatch.setattr(
        engine.row, "interpret_group", lambda group, *_: interpreted.append(group.kind)
    )
    for cost in ("PIECE", "PLAN", "PLACE", "LOOK", "LOOKS"):
        monkeypatch.setattr(engine.cold, cost, 0.0)
    expected = whole(sweep(3))
    with config(tier="auto"):
        plan, found = run(sweep(3), 4)
        assert plan.plan is not None
        assert plan.plan.overhead() > 0
        assert plan.straight() is None
        elsewhere = [run(sweep(begin))[1] for begin in (4, 17)]
        assert not interpreted
        monkeypatch.setattr(engine.row, "COMPILE", 1e-9)  # that is what it has taken
        assert plan.plan.overhead() == 0
        warm = [bits(x) for x in sweep(3).run(plan).values()]  # type: ignore[arg-type]
    assert found == warm == expected
    assert elsewhere == [whole(sweep(begin)) for begin in (4, 17)]
    assert not interpreted


@pytest.mark.parametrize(("size", "as_one"), [(7, True), (200_000, False)])
def test_numpy_computes_a_path_of_many_small_calls_of_libraries_as_one(
    size: int, as_one: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = array(size)
    for _ in range(30):
        x = op("sort", x * 0.5 + 1.0, attributes=(0,))
    recorded = Recorded([x])
    cold = ColdPlan(recorded.nodes, recorded.alive, recorded.donated)
    cold.warm()
    first = [recorded.run(cold) for _ in range(3)]  # type: ignore[arg-type]
    if native.available():
        assert cold.plan is not None and cold.plan.bound is not None
        groups: list[str] = []
        interpret_group = engine.row.interpret_group
        monkeypatch.setattr(
            engine.row,
            "interpret_group",
            lambda group, *rest: [
                groups.append(group.kind),
                interpret_group(group, *rest),
            ],
        )
        with config(tier="auto"):
            again = recorded.run(cold)  # type: ignore[arg-type]
        assert [bits(x) for x in again.values()] == [bits(x) for x in first[0].values()]
        assert (not groups) == as_one


def test_rows_are_made_when_a_moved_plan_needs_them(assembled: list[int]) -> None:
    run(columns(3), 2)
    recorded = columns(8)
    plan, found = run(recorded)
    assert len(assembled) == 1
    assert plan.plan is not None
    assert len(plan.plan.rows) > 0
    assert len(assembled) == 2
    threads = pool.num_threads()
    engine.set_num_threads(1)
    try:
        assert [bits(x) for x in recorded.run(plan.plan).values()] == found
    finally:
        engine.set_num_threads(threads)


def sweep(xp: Any, n: int) -> Any:
    u = xp.linspace(0.0, 1.0, n * n).reshape(n, n) ** 2
    p, q = xp.zeros_like(u), xp.zeros_like(u)
    for v in (u, u.T):
        for i in range(1, n - 1):
            below = 1.5 - 0.25 * p[i - 1]
            p[i] = 0.25 / below
            q[i] = (v[i] + 0.25 * q[i - 1]) / below
        for i in range(n - 2, 0, -1):
            v[i] = p[i] * v[i + 1] + q[i]
    return u


@pytest.mark.parametrize("tier", ["auto", "compiled"])
def test_sweeps_over_rows_and_columns_are_those_of_numpy(tier: str) -> None:
    expected = sweep(numpy, 150)
    with config(tier=tier):
        for _ in range(4):
            numpy.testing.assert_allclose(sweep(np, 150), expected, rtol=1e-12)
