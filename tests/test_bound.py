"""Plans that are bound natively compute what their rows compute, bit by bit."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from planning import (
    Recorded,
    array,
    bits,
    chain,
    check_bound,
    compiled_plans,
    op,
    parts,
    reduced,
    reshaped,
    sweep,
    turned,
)
from test_plan import draw

from engine.bound import NativeRows, PythonRow
from engine.config import config
from engine.errors import Unfinished
from engine.evaluation import stats
from engine.kernels import memory, pool
from engine.kernels.native import blas, table
from engine.record.registry import REGISTRY
from engine.record.trace import current_trace, renew

pytestmark = pytest.mark.skipif(
    not table.available(), reason=f"no native runner: {table.reason()}"
)


@pytest.fixture(autouse=True)
def _compiled() -> Iterator[None]:
    with compiled_plans():
        yield


# -- results --------------------------------------------------------------------------
@pytest.mark.parametrize("first", range(1000, 1040, 10))
def test_random_programs_have_the_bits_of_their_rows(first: int) -> None:
    native = 0
    for seed in range(first, first + 10):
        renew(current_trace())
        native += NativeRows in parts(check_bound(draw(seed)))
    assert native > 5


def test_results_own_their_memory_and_may_be_kept() -> None:
    recorded = Recorded([array(4, 6) * 2.0])
    plan = recorded.plan()
    kept = [next(iter(recorded.run(plan).values())) for _ in range(5)]
    assert all(result.flags.owndata for result in kept)
    assert len({memory.pointer(result) for result in kept}) == 5


def test_a_donated_array_takes_the_result() -> None:
    x = array(1000)
    recorded = Recorded([op("exp", x)], donated=[x])
    plan = recorded.plan()
    recorded.run(plan)
    leaves = [leaf.copy() for leaf in recorded.leaves if leaf is not None]
    (result,) = plan.run(leaves, recorded.scalars).values()
    assert result is leaves[0]


@pytest.mark.parametrize(
    ("dtype", "number"),
    [
        ("float64", 1e300),
        ("float32", 0.1),
        ("float16", 0.1),
        ("int8", -7),
        ("int64", -(2**63)),
        ("uint64", 2**64 - 1),
        ("bool", True),
        ("float64", 3),
        ("float32", True),
        ("complex128", 1.5 - 2j),
        ("complex64", 0.1 + 3j),
        ("complex64", True),
        ("complex128", 3),
        ("complex128", 0.1),
    ],
)
def test_every_kind_of_number_reaches_the_kernel(dtype: str, number: Any) -> None:
    name = "logical_xor" if dtype == "bool" else "multiply"
    check_bound(Recorded([op(name, array(9, dtype=dtype), number)]))


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_numbers_are_read_anew_in_each_run(dtype: str) -> None:
    recorded = Recorded([op("add", array(3, dtype=dtype), 2.0)])
    plan = recorded.plan()
    recorded.run(plan)
    (leaf,) = recorded.leaves
    assert leaf is not None
    of_both = (2.5, 7, True, np.float64(1.5))
    complex_ones = (1.0 - 2j, np.complex64(0.5 + 3j)) if leaf.dtype.kind == "c" else ()
    for number in (*of_both, *complex_ones):
        (result,) = plan.run([leaf], [number]).values()
        assert result.tolist() == (leaf + leaf.dtype.type(number)).tolist()


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_bits_do_not_depend_on_the_number_of_threads(threads: int) -> None:
    x = array(300, 1000)
    y = reduced("sum", op("exp", x), 1) * 2.0
    long = reduced("sum", array(2, 100_000) * 3.0, 1)
    recorded = Recorded([y, long, op("sin", x) * 0.5])
    plan = recorded.plan()
    pool.set_num_threads(1)
    expected = [bits(result) for result in recorded.run(plan).values()]
    pool.set_num_threads(threads)
    for _ in range(3):
        assert [bits(result) for result in recorded.run(plan).values()] == expected
        assert plan.bound is not None and plan.bound.threads == threads


# -- what is one segment --------------------------------------------------------------
def test_a_product_in_the_middle_leaves_one_native_run() -> None:
    x, y = array(7, 5), array(5, 3)
    z = op("tanh", op("matmul", op("exp", x), turned(turned(y)))) + 1.0
    plan = check_bound(Recorded([z, turned(z)]))
    assert blas.available()
    assert parts(plan) == [NativeRows]


def test_rows_that_only_python_can_run_split_a_plan() -> None:
    x = op("exp", array(40) * 0.1)
    y = op("sin", op("sort", x, attributes=(0,))) * 2.0
    plan = check_bound(Recorded([sweep(y, 1), x]))
    assert parts(plan) == [NativeRows, PythonRow, NativeRows]


def test_cold_rows_are_not_bound() -> None:
    recorded = Recorded([op("arcsinh", op("cosh", array(11) * 0.321) + 3.0)])
    plan = recorded.plan()
    with config(tier="auto"):
        recorded.run(plan)
        recorded.run(plan)
    assert plan.bound is None


def test_the_first_run_is_row_by_row() -> None:
    recorded = Recorded([op("matmul", array(3, 4), array(4, 2))])
    plan = recorded.plan()
    recorded.run(plan)
    assert plan.bound is None
    recorded.run(plan)
    assert parts(plan) == [NativeRows]


def test_launches_are_counted_as_they_are_row_by_row() -> None:
    recorded = Recorded([op("matmul", reshaped(chain(3, 6), 2, 3), array(3, 2))])
    plan = recorded.plan()
    counts = []
    for _ in range(3):
        before = stats()["launches"]
        recorded.run(plan)
        counts.append(stats()["launches"] - before)
    assert counts[0] == counts[1] == counts[2] == len(plan.rows)


# -- memory ---------------------------------------------------------------------------
def test_temporaries_make_room_for_each_other() -> None:
    recorded = Recorded([chain(20, 100_000)])
    plan = recorded.plan()
    recorded.run(plan)
    memory.reset_peak()
    before = memory.bytes_in_use()
    kept = recorded.run(plan)
    assert memory.bytes_in_use() - before == 800_000
    assert memory.peak_bytes() - before <= 4 * 800_000
    assert parts(plan) == [NativeRows]
    del kept
    assert memory.bytes_in_use() == before


def test_a_fused_block_needs_its_result_and_nothing_else() -> None:
    recorded = Recorded([op("exp", array(100_000) * 2.0) + 1.0])
    plan = recorded.plan()
    recorded.run(plan)
    memory.reset_peak()
    before = memory.bytes_in_use()
    recorded.run(plan)
    assert memory.peak_bytes() - before == 800_000


def test_temporaries_that_live_at_once_never_overlap() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        first = np.sort(rng.integers(0, 30, 40))
        made = [
            table.Temporary(-k, int(size), int(start), int(start + length))
            for k, (start, length, size) in enumerate(
                zip(
                    first, rng.integers(0, 9, 40), rng.integers(0, 999, 40), strict=True
                )
            )
        ]
        offsets, total = table.place(made)
        for one in made:
            assert offsets[one.key] % 64 == 0
            assert offsets[one.key] + one.size <= total
            for two in made:
                if one is two or one.last < two.first or two.last < one.first:
                    continue
                ends = offsets[one.key] + one.size, offsets[two.key] + two.size
                assert ends[0] <= offsets[two.key] or ends[1] <= offsets[one.key]


def test_100000_runs_leave_nothing_behind() -> None:
    recorded = Recorded([sweep(op("exp", array(20)), 1), array(3) * 2.0])
    plan = recorded.plan()
    leaves = [leaf for leaf in recorded.leaves if leaf is not None]
    for _ in range(100):
        plan.run(leaves, recorded.scalars)
    before = memory.bytes_in_use(), sys.getallocatedblocks(), _resident()
    for _ in range(100_000):
        plan.run(leaves, recorded.scalars)
    after = memory.bytes_in_use(), sys.getallocatedblocks(), _resident()
    assert after[0] == before[0]
    assert after[1] - before[1] < 100
    assert after[2] - before[2] < 1_000_000


def _resident() -> int:
    """Bytes of this process in memory; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


# -- failures -------------------------------------------------------------------------
FAIL = pool.Entry(lambda *_: 1)


@pytest.fixture(params=["native", "rows"])
def runner(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to run a plan."""
    if request.param == "rows":
        monkeypatch.setattr(table, "available", lambda: False)
    return str(request.param)


def three_results() -> tuple[Recorded, list[int]]:
    """Two chains, side by side, and the first value of one of them."""
    x, y = op("exp", array(30)), op("sin", array(40))
    one, two = sweep(sweep(x, 1), 2), sweep(sweep(sweep(y, 3), 4), 5)
    recorded = Recorded([x, one, two])
    return recorded, recorded.numbers


def test_a_row_that_fails_loses_what_depends_on_it_alone(runner: str) -> None:
    recorded, (first, one, two) = three_results()
    plan, expected = recorded.plan(), recorded.expected()
    recorded.run(plan)
    row = plan.rows[2]  # the second of the first chain; the other one is unfinished
    row.launcher.entry, row.launcher.address = (
        FAIL,
        ctypes.cast(FAIL, ctypes.c_void_p).value,
    )
    for _ in range(3):
        with pytest.raises(Unfinished) as caught:
            recorded.run(plan)
        message = str(caught.value.error)
        assert "status 0 was required; its kernel gave 1" in message
        outputs = caught.value.outputs
        assert outputs.keys() == {first, two} and one not in outputs
        for number, result in outputs.items():
            np.testing.assert_allclose(result, expected[number], 1e-12)
    assert (plan.bound is not None) == (runner == "native")


def test_a_library_call_that_fails_loses_what_depends_on_it_alone(
    runner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = op("exp", array(30))
    lost = sweep(op("sort", x, attributes=(0,)), 1)
    apart = sweep(op("sin", array(40)), 2)
    recorded = Recorded([x, lost, apart])
    first, one, two = recorded.numbers
    plan, expected = recorded.plan(), recorded.expected()
    recorded.run(plan)
    recorded.run(plan)

    def fail(*_: object) -> None:
        raise ValueError("no order")

    monkeypatch.setattr(REGISTRY["sort"], "reference", fail)
    with pytest.raises(Unfinished, match="no order") as caught:
        recorded.run(plan)
    assert isinstance(caught.value.error, ValueError)
    outputs = caught.value.outputs
    assert outputs.keys() == {first, two} and one not in outputs
    for number, result in outputs.items():
        np.testing.assert_allclose(result, expected[number], 1e-12)
    assert (plan.bound is not None) == (runner == "native")


CHECKS = [
    *[("bounded", -100, wrong) for wrong in (5, -1, -(2**63), 2**62)],
    *[("indices", "axis 0", wrong) for wrong in (5, -6, -(2**63), 2**63 - 1)],
]


@pytest.mark.parametrize(("name", "other", "wrong"), CHECKS)
def test_a_number_out_of_bounds_is_named_as_row_by_row(
    runner: str, name: str, other: object, wrong: int
) -> None:
    numbers_of = array(9, dtype="int64") * 0 + 4
    inside = op(name, numbers_of, attributes=(5, other))
    lost, apart = inside * 2, sweep(op("sin", array(40)), 2)
    recorded = Recorded([lost, apart])
    plan, expected = recorded.plan(), recorded.expected()
    for _ in range(3):
        results = recorded.run(plan)
        assert {k: bits(v) for k, v in results.items()} == {
            k: bits(v) for k, v in expected.items()
        }
    leaves = [leaf for leaf in recorded.leaves if leaf is not None]
    numbers = [wrong if number == 4 else number for number in recorded.scalars]
    with pytest.raises(Unfinished, match=f"{wrong} is out of bounds") as caught:
        plan.run(leaves, numbers)
    assert isinstance(caught.value.error, IndexError)
    assert caught.value.outputs.keys() == {recorded.numbers[1]}
    if runner == "native":
        assert parts(plan) == [NativeRows]


def test_a_number_that_does_not_fit_loses_what_depends_on_it_alone(runner: str) -> None:
    recorded = Recorded([array(3, dtype="int64") * 5, op("exp", array(4))])
    plan = recorded.plan()
    before = recorded.run(plan)
    assert recorded.run(plan).keys() == before.keys()
    leaves = [leaf for leaf in recorded.leaves if leaf is not None]
    with pytest.raises(Unfinished) as caught:
        plan.run(leaves, [2**70])
    assert caught.value.outputs.keys() == {recorded.numbers[1]}
    assert recorded.run(plan).keys() == before.keys()


def test_memory_that_is_not_there_loses_what_needs_it_alone(
    runner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded, (first, one, two) = three_results()
    plan = recorded.plan()
    recorded.run(plan)
    recorded.run(plan)
    gc.collect()  # of what tests before this one left
    bytes_before = memory.bytes_in_use()

    def refuse(dtype: Any, shape: tuple[int, ...]) -> Any:
        if shape == (40,):
            raise MemoryError
        return allocate(dtype, shape)

    allocate = memory.allocate
    monkeypatch.setattr(memory, "allocate", refuse)
    if plan.bound is not None:
        native = plan.bound.parts[0]

        def full(*_: object) -> int:
            raise MemoryError

        monkeypatch.setattr(native, "_run", full)
    with pytest.raises(Unfinished) as caught:
        recorded.run(plan)
    assert isinstance(caught.value.error, MemoryError)
    assert (
        caught.value.outputs.keys() == {first, one} and two not in caught.value.outputs
    )
    del caught
    assert memory.bytes_in_use() == bytes_before


def test_what_is_no_table_of_arrays_is_refused() -> None:
    recorded = Recorded([array(3) * 2.0])
    plan = recorded.plan()
    recorded.run(plan)
    recorded.run(plan)
    assert plan.bound is not None
    run: Any = plan.bound.parts[0]._run  # type: ignore[union-attr]
    for wrong in ((), ([],), ([], [1.0]), ((), [1.0]), ([None] * 3, [1.0])):
        with pytest.raises((TypeError, IndexError, SystemError)):
            run(*wrong)
