"""Loops are planned in pieces, once for all that are alike, and compute the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from planning import Recorded, array, bits, empty_trace, op, put_part, take_part, turned

import engine.chain
from engine.chain import assemble, unknown
from engine.cold import ColdPlan
from engine.config import config
from engine.description import Piece
from engine.errors import Unfinished
from engine.pieces import pieces
from engine.plan import Plan, build_plan
from engine.record.registry import REGISTRY
from engine.record.value import Value
from engine.repeats import cuts, runs


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(engine.chain, "_templates", {})
    with empty_trace():
        yield


def parts_of(recorded: Recorded) -> list[Piece]:
    return pieces(recorded.nodes, recorded.alive, recorded.donated)


def chained(recorded: Recorded) -> Plan:
    parts = parts_of(recorded)
    assert len(parts) > 1
    made = assemble(recorded.nodes, recorded.alive, parts, build_plan)
    return Plan(made.rows, made.contents, made.leaves, made.outputs)


def check(recorded: Recorded, tolerance: float = 1e-9) -> None:
    """The results of pieces have the bits of those of the whole, and are NumPy's."""
    with config(tier="compiled"):
        whole = recorded.run(recorded.plan())
        plan = chained(recorded)
        first, second = recorded.run(plan), recorded.run(plan)
    expected = recorded.expected()
    assert whole.keys() == first.keys() == second.keys() == expected.keys()
    for value, result in whole.items():
        assert result.shape == first[value].shape == expected[value].shape
        assert bits(result) == bits(first[value]) == bits(second[value])
        np.testing.assert_allclose(result, expected[value], rtol=tolerance)


# -- loops ----------------------------------------------------------------------------
def line(sweeps: int = 40) -> list[Value]:
    a, b = array(30), array(30, seed=1)
    for _ in range(sweeps):
        for _ in range(2):
            near = take_part(a, slice(0, 28)) + take_part(a, slice(2, 30))
            b = put_part(b, near * 0.3, slice(1, 29))
            a, b = b, a
    return [a, b]


def columns(apart: int = 1, first: int = 2, size: int = 48) -> list[Value]:
    x, y = array(6, size), array(6, size) * 0.0
    for j in range(first, size):
        given = take_part(x, slice(None), j) * 0.5
        before = take_part(y, slice(None), j - apart) * 0.25
        y = put_part(y, given + before, slice(None), j)
    return [y]


def rows_to_and_fro(size: int = 48) -> list[Value]:
    p, v = array(size, 7), turned(array(7, size))
    for i in range(1, size):
        p = put_part(p, 0.5 / (4.0 - take_part(p, i - 1) * 0.1), i)
    for i in range(size - 2, -1, -1):
        p = put_part(p, take_part(p, i + 1) * take_part(v, i), i)
    return [p]


def rebound(steps: int = 80) -> list[Value]:
    x, v = array(20), array(20, seed=1)
    for _ in range(steps):
        v = v - x * 0.01
        x = x + v * 0.01
    return [x, v]


def eliminated(size: int = 28) -> list[Value]:
    a = op("add", array(size, size), array(size, 1, seed=1)) * 0.1
    for k in range(size - 1):
        left = (slice(k + 1, None), slice(k, k + 1))
        column = take_part(a, *left) / (take_part(a, k, slice(k, k + 1)) + 9.0)
        a = put_part(a, column, *left)
        right = take_part(a, slice(k, k + 1), slice(k + 1, None))
        rest = (slice(k + 1, None), slice(k + 1, None))
        less = take_part(a, *rest) - take_part(a, *left) * right
        a = put_part(a, less, *rest)
    return [a]


LOOPS = [line, columns, rows_to_and_fro, rebound, eliminated]


@pytest.mark.parametrize("loop", LOOPS)
def test_a_loop_in_pieces_has_the_bits_of_the_whole(
    loop: Callable[[], list[Value]],
) -> None:
    check(Recorded(loop()))


@pytest.mark.parametrize("seed", range(12))
def test_random_sweeps_in_pieces_have_the_bits_of_the_whole(seed: int) -> None:
    check(Recorded(random_sweep(np.random.default_rng(seed))))


def random_sweep(rng: np.random.Generator) -> list[Value]:
    """Statements that write and read lines of arrays near a place that moves on."""
    arrays = [array(60, 5, seed=k) for k in range(3)]
    body = [
        [*rng.integers(0, 3, 3), *rng.integers(-3, 4, 3), rng.integers(3)]
        for _ in range(rng.integers(2, 5))
    ]
    across = bool(rng.integers(2))
    if across:
        arrays = [array(5, 60, seed=k) for k in range(3)]

    def line_at(i: int) -> tuple[Any, ...]:
        return (slice(None), i) if across else (i,)

    for i in range(5, 53)[:: int(rng.choice([1, -1]))]:
        for written, one, other, to, at, near, kind in body:
            x = take_part(arrays[one], *line_at(i + at))
            y = take_part(arrays[other], *line_at(i + near))
            value = [x * 0.5 + y * 0.25, op("maximum", x, y) * 0.9, x * 0.5 - 0.1][kind]
            arrays[written] = put_part(arrays[written], value, *line_at(i + to))
    return arrays


@pytest.mark.parametrize("seed", range(16))
def test_random_eliminations_have_the_bits_of_the_whole(seed: int) -> None:
    check(Recorded(random_elimination(np.random.default_rng(seed))))


def random_elimination(rng: np.random.Generator) -> list[Value]:
    """Statements on rows, columns and corners of matrices, ever smaller ones."""
    size = 36
    arrays = [array(size, size, seed=k) for k in range(2)]
    body = [rng.integers(0, [4, 2, 2, 4, 4, 4, 4]) for _ in range(rng.integers(2, 4))]

    def part(x: Value, m: int, form: str, i: int, j: int) -> Value:
        return take_part(x, *place(m, form, i, j))

    def place(m: int, form: str, i: int, j: int) -> tuple[Any, ...]:
        k = size - m - 4
        lines = slice(k + i, k + i + m), slice(k + j, k + j + m)
        rows: dict[str, tuple[Any, ...]] = {
            "corner": lines,
            "row": (k + i, lines[1]),
            "column": (lines[0], k + j),
            "flat column": (lines[0], slice(k + j, k + j + 1)),
            "number": (k + i, slice(k + j, k + j + 1)),
        }
        return rows[form]

    for m in range(size - 4, 0, -1):
        for kind, written, read, i, j, p, q in body:
            x, y = arrays[written], arrays[read]
            form = ["corner", "row", "column", "corner"][kind]
            value = part(x, m, form, i, j) * 0.5
            if kind == 0:
                value = value - part(y, m, "flat column", p, q) * part(
                    y, m, "row", q, p
                )
            elif kind == 3:
                value = op("maximum", value, part(y, m, "corner", p, q))
            else:
                value = value + part(y, m, form, p, q) * part(y, m, "number", q, p)
            arrays[written] = put_part(x, value * 0.5, *place(m, form, i, j))
    return arrays


# -- what is planned ------------------------------------------------------------------
def test_a_sweep_is_planned_as_a_few_pieces() -> None:
    recorded = Recorded(columns(size=400))
    assert unknown(parts_of(recorded))[1] < len(recorded.nodes) / 4


def test_a_sweep_elsewhere_plans_nothing_but_its_ends_anew() -> None:
    chained(Recorded(columns(first=2, size=200)))
    parts = parts_of(Recorded(columns(first=20, size=200)))
    assert sum(unknown([part])[0] == 0 for part in parts) >= len(parts) - 3


def test_slices_that_shrink_are_planned_a_few_times() -> None:
    recorded = Recorded(eliminated(size=90))
    assert unknown(parts_of(recorded))[1] < len(recorded.nodes) / 10


def test_slices_that_shrink_are_planned_anew_where_an_array_is_copied() -> None:
    a = b = array(60, 60)
    for k in range(50):
        part = slice(k + 1, None), slice(k + 1, None)
        b = put_part(b, take_part(a, *part) * 0.5 + take_part(b, *part), *part)
    recorded = Recorded([b])
    check(recorded)


def test_how_far_apart_regions_are_is_part_of_what_is_planned() -> None:
    chained(Recorded(columns(apart=1)))
    other = Recorded(columns(apart=2))
    parts = parts_of(other)
    assert unknown([parts[len(parts) // 2]])[0]
    check(other)


def test_steps_that_repeat_share_one_plan() -> None:
    plan = chained(Recorded(rebound(200)))
    lowered = {id(row.lowered) for row in plan.rows}
    assert len(plan.rows) >= 2 * len(lowered)


def test_short_paths_and_paths_without_a_loop_are_one_piece() -> None:
    assert len(parts_of(Recorded(rebound(10)))) == 1
    x = array(9)
    names = ["exp", "sin", "cos", "tanh", "sqrt", "square", "negative", "absolute"]
    for k in np.random.default_rng(0).integers(0, 8, 300):
        x = op(names[k], x)
    assert len(parts_of(Recorded([x]))) == 1


def test_a_statement_elsewhere_is_planned_and_run_at_once() -> None:
    results = []
    with config(tier="auto"):
        for row in range(3, 40):
            x = array(100, 1200)  # smaller ones are interpreted at once
            y = put_part(x, take_part(x, row - 1) * take_part(x, row - 3), row)
            recorded = Recorded([y], donated=[x])
            cold = ColdPlan(recorded.nodes, recorded.alive, recorded.donated)
            while cold.plan is None and row == 3:
                cold.run([leaf.copy() for leaf in recorded.leaves], recorded.scalars)
            ((number, expected),) = recorded.expected().items()
            result = cold.run(recorded.leaves, recorded.scalars)[number]
            np.testing.assert_allclose(result, expected, rtol=1e-12)
            results.append(cold.plan is not None)
    assert all(results)


def test_plans_of_pieces_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine.chain, "MAX_TEMPLATES", 3)
    for size in range(48, 52):
        check(Recorded(columns(size=size)))
        assert len(engine.chain._templates) <= 3


# -- memory and errors ----------------------------------------------------------------
@pytest.mark.parametrize("donate", [False, True])
def test_only_donated_arrays_are_written(donate: bool) -> None:
    given = [array(30), array(30, seed=1)]
    a, b = given
    for _ in range(80):
        b = put_part(b, take_part(a, slice(0, 28)) * 0.5, slice(1, 29))
        a, b = b, a
    recorded = Recorded([a], donated=given if donate else [])
    leaves = [leaf for leaf in recorded.leaves if leaf is not None]
    before = [leaf.copy() for leaf in leaves]
    with config(tier="compiled"):
        chained(recorded).run(leaves, recorded.scalars)
    kept = [bits(x) == bits(y) for x, y in zip(leaves, before, strict=True)]
    assert all(kept) or donate


def test_what_does_not_depend_on_a_failure_is_computed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    z, step = array(16), array(16)
    for i in range(100):
        z = z * 0.5 + step
        if i == 50:
            broken = op("sort", z, attributes=(0,))
    recorded = Recorded([z, broken])
    expected = recorded.expected()

    def fail(*_: object) -> None:
        raise ValueError("no order")

    monkeypatch.setattr(REGISTRY["sort"], "reference", fail)
    with pytest.raises(Unfinished, match="no order") as caught:
        recorded.run(chained(recorded))
    ((number, result),) = caught.value.outputs.items()
    assert number == recorded.numbers[0]
    np.testing.assert_allclose(result, expected[number], rtol=1e-12)


# -- where a path repeats itself ------------------------------------------------------
@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ("abcdefgh", []),
        ("abc" * 2, []),
        ("abc" * 3, [(0, 9, 3)]),
        ("xy" + "aab" * 6 + "z", [(2, 20, 3)]),
        ("ab" * 9 + "cd" * 9, [(0, 18, 2), (18, 36, 2)]),
    ],
)
def test_repeats_are_found(
    events: Sequence[str], expected: list[tuple[int, int, int]]
) -> None:
    assert [tuple(run) for run in runs(events)] == expected


def test_loops_are_cut_behind_statements() -> None:
    events = "abc" * 70
    places = cuts(events, [event == "b" for event in events])
    assert places
    assert all(events[place - 1] == "b" for place in places)
