"""Loops on rows and columns are one path of the trie, wherever they stand."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy
import pytest
from loop_programs import program
from planning import empty_trace

import engine
import engine.numpy as np
import engine.record.frames
import engine.record.growth
import engine.record.trace
import engine.record.trie
from engine import native_code
from engine.execute import flush
from engine.record import loops
from engine.record.frames import events, is_shifted
from engine.record.node import END
from engine.record.trace import current_trace, renew
from engine.record.trie import TRIE, Trie, settle

PROGRAMS = int(os.environ.get("ENGINE_FUZZ_PROGRAMS", "2000")) // 40


@pytest.fixture(autouse=True)
def _own_trie(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    flush(current_trace())
    monkeypatch.setattr(TRIE, "root", Trie().root)
    monkeypatch.setattr(TRIE, "size", 0)
    renew(current_trace())
    yield
    flush(current_trace())
    monkeypatch.undo()
    renew(current_trace())


def numbers(*shape: int, seed: int = 0) -> Any:
    return numpy.random.default_rng(seed).normal(size=shape) + 2.0


# -- what a loop leaves behind -----------------------------------------------------
def smooth(x: Any, y: Any) -> None:
    for i in range(1, x.shape[0]):
        y[i] = 0.5 * y[i - 1] + x[i]


def solve(x: Any, y: Any) -> None:
    for i in range(1, x.shape[0] - 1):
        below = 3.0 - 0.25 * y[i - 1]
        y[i] = x[i] / below
        x[i + 1] = x[i + 1] * 0.5 + y[i]
    for i in range(x.shape[0] - 2, -1, -1):
        x[i] += y[i] * x[i + 1]


def along_columns(x: Any, y: Any) -> None:
    for j in range(2, x.shape[1]):
        y[:, j] = 0.3 * x[:, j] + 0.2 * x[:, j - 1] + 0.1 * y[:, j - 2]


def eliminate(x: Any, y: Any) -> None:
    for k in range(min(x.shape) - 1):
        x[k + 1 :, k] /= x[k, k] + 5.0
        x[k + 1 :, k + 1 :] -= x[k + 1 :, k : k + 1] * x[k, k + 1 :]


def multiply(x: Any, y: Any) -> None:
    for i in range(1, x.shape[0] - 9):
        y[i] = 0.5 * y[i - 1] + (x[i] @ x[i + 1]) * 1e-3
        y[i, :9] += y[i - 1, 5:14] @ x[i : i + 9, 3:12] * 1e-3


def swept(sweep: Callable[[Any, Any], None], given: Any) -> tuple[Any, Any]:
    """What a sweep leaves of arrays, and of NumPy's."""
    found, want = [np.array(x) for x in given], [x.copy() for x in given]
    sweep(*found)
    sweep(*want)
    return found, want


SWEEPS = [smooth, solve, along_columns, eliminate, multiply]


@pytest.mark.parametrize("sweep", SWEEPS)
def test_sweeps_compute_what_numpy_computes(
    sweep: Callable[[Any, Any], None], recorder: str
) -> None:
    given = numbers(120, 90), numbers(120, 90, seed=1)
    for _ in range(6):
        found, want = swept(sweep, given)
        for one, other in zip(found, want, strict=True):
            numpy.testing.assert_allclose(numpy.asarray(one), other, rtol=1e-13)


@pytest.mark.parametrize("sweep", [smooth, solve, along_columns])
def test_a_loop_is_a_few_nodes_whatever_its_length(
    sweep: Callable[[Any, Any], None], recorder: str
) -> None:
    sizes = []
    for length in (150, 600, 600):
        x, y = np.array(numbers(length, length)), np.array(numbers(length, length))
        sweep(x, y)
        engine.eval(x, y)
        sizes.append(TRIE.size)
    assert sizes[0] < 800
    assert sizes[1] - sizes[0] < 700  # the ends of another length
    assert sizes[2] == sizes[1]


def test_a_loop_elsewhere_is_computed_by_the_plan_of_the_first(recorder: str) -> None:
    x = np.array(numbers(500, 8))

    def row(i: int) -> Any:
        return float((x[i] * 2.0 + x[i + 1]).sum())

    want = [
        (numbers(500, 8)[i] * 2.0 + numbers(500, 8)[i + 1]).sum() for i in range(90)
    ]
    found = [row(i) for i in range(90)]
    numpy.testing.assert_allclose(found, want)
    assert TRIE.size < 40


# -- where it must not be taken for the same -------------------------------------------
def test_rows_in_any_order_are_read_and_written(recorder: str) -> None:
    rng = numpy.random.default_rng(3)
    for _ in range(4):
        a, b = numbers(90, 4), numbers(90, 4, seed=1)
        x, y = np.array(a), np.array(b)
        order, other = rng.permutation(90), rng.permutation(90)
        for i, j in zip(order.tolist(), other.tolist(), strict=True):
            x[i] = x[j] * 0.5 + y[i]
            y[j] += x[i]
            a[i] = a[j] * 0.5 + b[i]
            b[j] += a[i]
        numpy.testing.assert_allclose(numpy.asarray(x), a, rtol=1e-12)
        numpy.testing.assert_allclose(numpy.asarray(y), b, rtol=1e-12)


def test_an_array_that_somebody_holds_is_not_written(recorder: str) -> None:
    a = numbers(200, 5)
    x = np.array(a)
    for start in (1, 40, 70, 11):
        kept, want = x.copy(), a.copy()
        for i in range(start, start + 60):
            x[i] = x[i - 1] * 0.5 + kept[i]
            a[i] = a[i - 1] * 0.5 + want[i]
        numpy.testing.assert_array_equal(numpy.asarray(kept), want)
        numpy.testing.assert_allclose(numpy.asarray(x), a, rtol=1e-13)


def test_a_row_and_all_of_the_array(recorder: str) -> None:
    a = numbers(60, 5)
    for _ in range(3):
        x, want = np.array(a), a.copy()
        for i in range(1, 50):
            x[i] = x[i - 1] + x.sum(0) * 0.01
            want[i] = want[i - 1] + want.sum(0) * 0.01
            y = x.T[1:3, i] * 2.0
            assert y.tolist() == pytest.approx((want.T[1:3, i] * 2.0).tolist())
        numpy.testing.assert_allclose(numpy.asarray(x), want, rtol=1e-12)


def test_rows_and_elsewhere_all_of_the_array(recorder: str) -> None:
    a = numbers(400, 6)
    x = np.array(a)
    for tier in ("auto", "compiled"):
        for start in (3, 40, 71, 200, 3, 160, 11, 90):
            y, want = np.zeros_like(x), numpy.zeros_like(a)
            engine.eval(y)
            with engine.config(tier=tier):
                for i in range(start, start + 24):
                    y[i] = x[i] * 0.5 + y[i - 1]
                    want[i] = a[i] * 0.5 + want[i - 1]
                total = x.sum()
                engine.eval(y, total)
            assert float(total) == pytest.approx(a.sum())
            numpy.testing.assert_allclose(numpy.asarray(y), want, rtol=1e-13)


def test_one_row_stays_and_another_moves(recorder: str) -> None:
    a = numbers(100, 5)
    for first in (3, 9, 30, 3):
        x, want = np.array(a), a.copy()
        for i in range(first, first + 60):
            x[i] = x[2] * 0.1 + x[i - 1]
            want[i] = want[2] * 0.1 + want[i - 1]
        numpy.testing.assert_allclose(numpy.asarray(x), want, rtol=1e-12)


def test_more_leaves_than_native_code_follows(recorder: str) -> None:
    given = [numbers(30, 3, seed=k) for k in range(80)]
    arrays = [np.array(x) for x in given]
    for i in (3, 8, 9, 20, 3):
        total = sum((x[i] for x in arrays[1:]), arrays[0][i])
        want = sum((x[i] for x in given[1:]), given[0][i])
        numpy.testing.assert_allclose(numpy.asarray(total), want, rtol=1e-12)


def test_a_plan_that_was_made_elsewhere_follows_no_more_leaves(recorder: str) -> None:
    given = [numbers(30, 3, seed=k) for k in range(70)]
    arrays = [np.array(x) for x in given]

    def rows(i: int) -> list[Any]:
        total = sum((x[i] for x in arrays[1:]), arrays[0][i])
        return [total, total * 2.0]

    engine.eval(rows(3)[0])  # the path, but another plan
    with engine.config(tier="compiled"):
        for i in (8, 8, 8, 3, 3, 3, 8, 5):
            want = sum(x[i] for x in given)
            found = rows(i)
            engine.eval(found)
            numpy.testing.assert_allclose(numpy.asarray(found[0]), want, rtol=1e-12)
            numpy.testing.assert_allclose(numpy.asarray(found[1]), 2 * want, rtol=1e-12)


# -- what else is recorded then ---------------------------------------
def test_gradients_flow_through_rows(recorder: str) -> None:
    for first in (1, 5, 9, 5):
        w = engine.tensor(numbers(20, 4).tolist(), requires_grad=True)
        x = np.array(numbers(20, 4, seed=1))
        row = x[first] * 1.0  # has the trace another place of `x`
        loss = (w[first] * w[first + 1]).sum()
        (found,) = engine.autograd.grad(loss, [w])
        want = numpy.zeros((20, 4))
        want[first], want[first + 1] = numbers(20, 4)[first + 1], numbers(20, 4)[first]
        numpy.testing.assert_allclose(numpy.asarray(found.tolist()), want, rtol=1e-6)
        assert row.tolist() == numbers(20, 4, seed=1)[first].tolist()


def test_a_function_is_captured_in_the_middle_of_a_sweep(recorder: str) -> None:
    @engine.compile
    def double(x: Any, i: int) -> Any:
        return x[i] * 2.0 + x[i + 1]

    a = numbers(40, 3)
    x, y = np.array(a), np.array(a)
    for i in range(2, 30):
        y[i] = x[i] + y[i - 1]  # pending
        found = double(x, i)
        assert found.tolist() == pytest.approx((a[i] * 2.0 + a[i + 1]).tolist())


def test_a_function_recorded_again_stands_where_it_stood(recorder: str) -> None:
    a = numbers(50, 6)
    x = np.array(a)
    for i in range(40):
        row = x[i] * 2.0
        found = np.diff(x[i + 1]) + np.var(x[i + 2])
        want = numpy.diff(a[i + 1]) + numpy.var(a[i + 2])
        assert found.tolist() == pytest.approx(want.tolist())
        assert row.tolist() == (a[i] * 2.0).tolist()


def test_what_is_explained_says_where_regions_begin(recorder: str) -> None:
    x = np.array(numbers(30, 4))
    for i in range(5, 9):
        y = x[i] * 2.0
        text = str(engine.explain(y))
        assert f"{4 * i}+[4]" in text
        assert "test_sweeps.py" in text
        shift = is_shifted(current_trace())
        assert shift == (i > 5)
        assert f"{4 * i}+[4]" in str(events(current_trace()))
        engine.eval(y)


def test_errors_name_the_row_that_was_given(recorder: str) -> None:
    x = np.array(numbers(30, 4))
    for i in (3, 7):
        y = x[i] + 1.0
        with pytest.raises(ValueError, match="broadcast"):
            x[i + 1] + x[:3, 0]
        with pytest.raises(IndexError, match="index 30 is out of bounds"):
            x[30]
        assert y.tolist() == (numbers(30, 4)[i] + 1.0).tolist()


def test_a_finalizer_may_record_another_row_meanwhile(
    recorder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    a = numbers(30, 4)
    x = np.array(a)
    engine.eval(x[3] * 2.0)
    rows: list[Any] = []
    whole = engine.record.frames.leader_key

    def leader_key(key: Any) -> Any:
        if not rows:
            rows.append(None)
            rows[0] = x[20] * 2.0
        return whole(key)

    monkeypatch.setattr(engine.record.frames, "leader_key", leader_key)
    row = x[7] * 2.0
    monkeypatch.undo()
    assert row.tolist() == (a[7] * 2.0).tolist()
    assert bool(rows) == (recorder == "python")
    assert all(z.tolist() == (a[20] * 2.0).tolist() for z in rows)


def test_threads_are_in_different_places_of_one_path() -> None:
    a = numbers(400, 16)
    failed: list[int] = []

    def work(first: int) -> None:
        x, want = np.array(a), a.copy()
        for _ in range(8):
            for i in range(first, first + 60):
                x[i] = x[i - 1] * 0.5 + x[i + 1]
                want[i] = want[i - 1] * 0.5 + want[i + 1]
            if not numpy.allclose(numpy.asarray(x), want):
                failed.append(first)

    threads = [threading.Thread(target=work, args=(k,)) for k in (1, 50, 201, 330)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


@pytest.fixture
def all_is_large(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Results of 5,000 bytes count as large ones."""
    for module in (engine.record.trace, engine.record.growth, engine.record.trie):
        monkeypatch.setattr(module, "LARGE", 5_000)
    code = native_code._code
    if code is not None:
        code.number("large", 5_000)
    yield
    monkeypatch.undo()
    if code is not None:
        code.number("large", engine.record.trie.LARGE)


def test_large_results_name_their_lines(recorder: str, all_is_large: None) -> None:
    given = numbers(300, 5), numbers(300, 5, seed=1)
    for _ in range(4):
        found, want = swept(smooth, given)
        numpy.testing.assert_allclose(numpy.asarray(found[1]), want[1], rtol=1e-13)
        for i in (3, 9):
            found[1][i] = found[0][i] * 2.0
            end = events(current_trace())[-1]
            assert end.op.name == "update"
            assert "test_sweeps.py" in end.line
            assert current_trace().node.parent.last is not current_trace().node


# -- where traces end ---------------------------------------------------------------
def test_a_trace_ends_behind_whole_iterations(recorder: str) -> None:
    x, y = np.array(numbers(300, 4)), np.array(numbers(300, 4))
    seen = set()
    for i in range(1, 300):
        y[i] = 0.5 * y[i - 1] + x[i]
        seen.add(len(current_trace().values))
    assert loops.LEAST < max(seen) < loops.LEAST + 16


def test_a_trace_that_has_to_stay_ends_there_too(recorder: str) -> None:
    x, y = np.array(numbers(500, 4)), np.array(numbers(500, 4))
    for first in (1, 40):
        flush(current_trace())
        for i in range(first, first + 200):
            y[i] = 0.5 * y[i - 1] + x[i]
            if current_trace().node.last is END:
                break
    trace = current_trace()
    assert trace.node.last is END
    assert is_shifted(trace)
    settle(trace)
    assert trace.node.last is END
    assert not is_shifted(trace)
    y[i] = 0.0
    assert len(trace.values) < 9  # what was pending has been flushed


def test_what_does_not_write_regions_is_one_trace() -> None:
    with empty_trace():
        y = np.array(numbers(7))
        for _ in range(60):
            y = y * 0.5 + 0.25
        assert len(current_trace().values) == 121


def test_a_loop_that_computes_in_pieces_gives_errors_where_they_belong(
    recorder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = np.array(numbers(80, 3).astype(int))
    with numpy.errstate(all="ignore"):
        for i in range(1, 80):
            x[i] = x[i - 1] // 2 + x[i]
    want = numbers(80, 3).astype(int)
    for i in range(1, 80):
        want[i] = want[i - 1] // 2 + want[i]
    assert x.tolist() == want.tolist()


# -- random loops ---------------------------------------
SIZE = 52


def computed(code: Any, xp: Any, given: dict[str, Any], **rest: Any) -> dict[str, Any]:
    """What a program leaves behind."""
    space: dict[str, Any] = {name: xp.array(x) for name, x in given.items()}
    with numpy.errstate(all="ignore"):  # some grow without bounds
        exec(code, {"n": SIZE, **rest}, space)
        return {name: numpy.asarray(space[name]) for name in "xyz"}


@pytest.mark.parametrize("tier", ["auto", "compiled"])
def test_fuzz_loops_compute_what_numpys_compute(tier: str, recorder: str) -> None:
    given = {name: numbers(SIZE, SIZE, seed=k) for k, name in enumerate("xyz")}
    first, count = (0, PROGRAMS) if tier == "auto" else (1_000_000, PROGRAMS // 6)
    with engine.config(tier=tier):
        for seed in range(first, first + count):
            source = program(seed)
            code = compile(source, f"<loop {seed}>", "exec")
            order = numpy.random.default_rng(seed).permutation(SIZE).tolist()
            for o in (0, 5, 0, 2, 7, 2):
                rest = {"m": order, "o": o}
                want = computed(code, numpy, given, look=lambda *_: None, **rest)
                found = computed(code, np, given, look=engine.eval, **rest)
                for name in "xyz":
                    numpy.testing.assert_allclose(
                        found[name],
                        want[name],
                        rtol=1e-7,
                        atol=1e-9,
                        err_msg=f"seed {seed}, {name}, o = {o}\n{source}",
                    )
