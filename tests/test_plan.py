"""Plans compute what NumPy computes, in every tier, and write only their own memory."""

from __future__ import annotations

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
    empty_trace,
    op,
    put_part,
    reduced,
    reshaped,
    take_part,
    turned,
)
from program_maker import ProgramMaker, draw, draw_products

import engine.cold
import engine.plan
import engine.row
from engine import counters
from engine.cold import ColdPlan
from engine.config import config
from engine.execute import compute, flush
from engine.explain import explain
from engine.kernels import memory
from engine.kernels.cpu import target
from engine.kernels.cpu.backend import CompileError, backend
from engine.kernels.cpu.emit import emit
from engine.kernels.kernel import Kernel
from engine.kernels.native import table as native
from engine.pieces import pieces
from engine.recipe import Recipe
from engine.record.trace import current_trace
from engine.record.value import Value


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    with empty_trace():
        yield


def softmax(x: Value) -> Value:
    n, _ = x.shape
    e = op("exp", x - reshaped(reduced("max", x, 1), n, 1))
    return e / reshaped(reduced("sum", e, 1), n, 1)


# -- random programs ------------------------------------------------------------------
@pytest.mark.parametrize("first", range(0, 600, 100))
def test_random_programs_agree_with_numpy(first: int) -> None:
    for seed in range(first, first + 100):
        draw(seed).check(1e-6)


def test_fuzz_programs_of_products_agree_with_numpy() -> None:
    for seed in range(int(os.environ.get("ENGINE_FUZZ_PROGRAMS", "2000")) // 10):
        draw_products(seed).check(1e-9)


@pytest.mark.parametrize("first", range(1000, 1040, 10))
def test_compiled_random_programs_agree_with_numpy(first: int) -> None:
    with config(tier="compiled"):
        for seed in range(first, first + 10):
            draw(seed).check(1e-6)


def test_random_programs_of_rare_dtypes_and_ops_agree() -> None:
    for seed in range(5000, 5100):
        draw(seed, rare=True).check(1e-2)


def test_arrays_that_were_not_donated_are_never_written() -> None:
    for seed in range(2000, 2100):
        recorded = draw(seed)
        leaves = [leaf for leaf in recorded.leaves if leaf is not None]
        before = [leaf.copy() for leaf in leaves]
        recorded.plan().run(leaves, recorded.scalars)
        numbers = [i for i, n in enumerate(recorded.nodes) if n.op.name == "leaf"]
        for number, leaf, old in zip(numbers, leaves, before, strict=True):
            assert number in recorded.donated or bits(leaf) == bits(old)


def test_results_share_no_memory() -> None:
    for seed in range(2200, 2300):
        results = list(draw(seed).run().values())
        for i, one in enumerate(results):
            assert not any(np.may_share_memory(one, other) for other in results[:i])


def test_bits_do_not_depend_on_where_a_program_is_cut() -> None:
    def run(seed: int, cuts: int) -> list[bytes]:
        maker, rng = ProgramMaker(seed), np.random.default_rng(seed)
        length = maker.integer(4, 12)
        places = set(rng.integers(0, length, cuts).tolist())
        for i in range(length):
            maker.step()
            if i in places:
                flush(current_trace())
        return [bits(buffer) for buffer in compute(maker.values)]

    with config(tier="compiled"):
        for seed in range(3000, 3025):
            assert run(seed, 2) == run(seed, 0), seed


# -- blocks ---------------------------------------------------------------------------
def test_softmax_is_one_launch() -> None:
    with config(tier="compiled"):
        plan = Recorded([softmax(array(30, 5000))]).check()
    assert len(plan.rows) == 1


def test_matrix_products_and_what_surrounds_them() -> None:
    x, y = array(7, 5), array(5, 3)
    z = op("tanh", op("matmul", op("exp", x), turned(turned(y)))) + 1.0
    with config(tier="compiled"):
        Recorded([z, turned(z)]).check()


@pytest.mark.parametrize("dtype", ["complex128", "float16", "complex64"])
def test_dtypes_with_few_kernels_give_what_numpy_gives(dtype: str) -> None:
    v = array(4, 6, dtype=dtype)
    y = op("multiply", v, v) + turned(array(6, 4, dtype=dtype))
    z = put_part(y, take_part(y, slice(0, 2)), slice(2, 4))
    with config(tier="compiled"):
        Recorded([y, z, reduced("sum", z, 0)]).check(1e-2)


def test_parts_of_complex_numbers_are_views_of_another_dtype() -> None:
    x = array(6, dtype=np.complex128)
    real = np.dtype(np.float64)
    imaginary = op("view", x, attributes=(Recipe(real, 1, (6,), (2,)),))
    part = Recipe(real, 0, (6,), (2,))
    y = op("update", x, op("exp", imaginary), attributes=(part,))
    with config(tier="compiled"):
        Recorded([y, imaginary * 2.0], donated=[x]).check()


@pytest.mark.parametrize("dtype", ["complex128", "complex64"])
def test_complex_arithmetic_is_one_kernel(dtype: str) -> None:
    z, c = array(5, 7, dtype=dtype), array(5, 7, seed=1, dtype=dtype)
    z, c = op("multiply", z, 1 + 2j), op("add", c, 0.5j)
    width = np.finfo(dtype).dtype
    real, imaginary = (
        op("view", z, attributes=(Recipe(width, k, (5, 7), (14, 2)),)) for k in (0, 1)
    )
    inside = op("less", real * real + imaginary * imaginary, 9.0)
    moved = op("where", inside, op("square", z) + op("conjugate", c), -z)
    size, equal = op("absolute", moved), op("equal", moved, c)
    with config(tier="compiled"):
        recorded = Recorded([moved, size, equal])
        recorded.check(1e-6 if dtype == "complex64" else 1e-14)
        assert [row.group.kind for row in recorded.plan().rows] == ["map"]
        w = op("square", array(5, 7, dtype=dtype))
        Recorded([reduced("sum", w, 1), turned(w) - 2j]).check(1e-5)


def test_many_puts_are_in_place() -> None:
    x = y = array(1000)
    positions = op("iota", attributes=(3,))
    for i in range(20):
        y = op("put", y, positions * (i + 1), array(3, seed=i))
        y = op("put_add", y, positions, array(3, seed=i))
    recorded = Recorded([y], donated=[x])
    recorded.check()
    assert len(recorded.plan().buffers.contents) < 70


def test_empty_arrays_are_no_obstacle() -> None:
    x = array(0, 5)
    total = reduced("sum", op("exp", x), 0)
    with config(tier="compiled"):
        Recorded([total, op("exp", x), total + 1.0]).check()


def test_a_donated_array_takes_the_result() -> None:
    x = array(1000)
    recorded = Recorded([op("exp", x)], donated=[x])
    memory = recorded.leaves[0]
    with config(tier="compiled"):
        (result,) = recorded.plan().run(recorded.leaves, recorded.scalars).values()
    assert np.may_share_memory(result, memory)


def test_temporaries_are_given_back_during_a_run() -> None:
    x = array(100_000)
    y = x
    for _ in range(20):
        y = op("exp", take_part(y, slice(None, None, -1)) * 0.1)
    recorded = Recorded([y])
    with config(tier="compiled"):
        recorded.run()
        memory.reset_peak()
        before = memory.bytes_in_use()
        recorded.run()
    assert memory.peak_bytes() - before <= 4 * 800_000


def test_numpy_gives_values_back_when_they_have_been_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(backend, "is_known", lambda kernel: False)
    x = array(100_000)
    y = x
    for _ in range(10):
        y = op("exp", y * take_part(x, slice(None, None, -1)))
    recorded = Recorded([y, op("sin", x)])
    with config(tier="auto"):
        memory.reset_peak()
        before = memory.bytes_in_use()
        recorded.check()
    assert memory.peak_bytes() - before <= 8 * 800_000


@pytest.mark.parametrize("axes", [(0,), (1,), (0, 1)])
@pytest.mark.parametrize("along", [0, 1])
@pytest.mark.parametrize("shape", [(6, 9), (40, 50)])
def test_lines_that_are_walked_backwards_are_stored_where_they_belong(
    shape: tuple[int, int], along: int, axes: tuple[int, ...]
) -> None:
    back = [slice(None, None, -1 if axis in axes else 1) for axis in range(2)]
    x, weights = array(*shape), array(*shape, seed=1)
    y = put_part(x, op("tanh", take_part(x, *back) * 0.5), *back)
    recorded = Recorded([y, reduced("sum", y * weights, along)], donated=[x])
    with config(tier="compiled"):
        results = recorded.run(recorded.plan())
    for number, expected in recorded.expected().items():
        np.testing.assert_allclose(results[number], expected, rtol=1e-12)


# -- tiers ----------------------------------------------------------------------------
def interpreted_runs(recorded: Recorded, most: int) -> int:
    """How many runs of one plan NumPy interprets before a kernel takes over."""
    plan = recorded.plan()
    for run in range(most):
        before = counters.read()["interpreted_ops"]
        recorded.run(plan)
        if counters.read()["interpreted_ops"] == before:
            return run
    return most


def test_a_group_is_interpreted_until_that_cost_its_compilation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x = array(11)
    y = op("arctan", op("cosh", x * 0.123) * x) - op("cbrt", x)
    monkeypatch.setattr(engine.row, "_heat", {})  # other tests run such kernels too
    run = engine.row.GROUP + 6 * engine.row.CALL
    monkeypatch.setattr(engine.row, "COMPILE", 3.5 * run)
    monkeypatch.setattr(backend, "is_known", lambda kernel: False)
    with config(tier="auto"):
        assert interpreted_runs(Recorded([y]), 9) == 3


@pytest.mark.skipif(
    not native.available(), reason=f"no native runner: {native.reason()}"
)
def test_a_cold_group_among_native_ones_is_compiled_sooner(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x, y, z = array(11), array(13), array(17)
    cold = op("arctan", op("cosh", x * 0.321) * x) - op("cbrt", x)
    recorded = Recorded([cold, y * 2.5 + 1.0, z * 3.5 - 1.0])
    run = engine.row.GROUP + 6 * engine.row.CALL
    monkeypatch.setattr(engine.row, "_heat", {})
    monkeypatch.setattr(engine.row, "COMPILE", 9.5 * run)
    monkeypatch.setattr(engine.plan, "ASUNDER", 2 * run)
    monkeypatch.setattr(backend, "is_known", lambda kernel: "arctan" not in kernel.name)
    with config(tier="auto"):
        # 1, then in three native runs 2, 5 and 8, each with 2 more behind it
        assert interpreted_runs(recorded, 12) == 4


def test_the_source_of_a_cold_kernel_is_emitted_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x = array(13)
    recorded = Recorded([op("arctan", op("sinh", x * 0.321) * x) - op("cbrt", x)])
    emitted: list[str] = []

    def counting(kernel: Kernel) -> str:
        emitted.append(kernel.key)
        return emit(kernel)

    module = sys.modules["engine.kernels.cpu.backend"]  # `backend` is an object of it
    monkeypatch.setattr(module, "emit", counting)
    plan = recorded.plan()
    with config(tier="auto"):
        for _ in range(5):
            recorded.run(plan)
    assert len(emitted) == len(set(emitted)) == 1


def test_a_path_is_planned_when_interpreting_it_cost_as_much() -> None:
    recorded = Recorded([op("exp", array(7) * 0.77)])
    cold = ColdPlan(recorded.nodes, recorded.alive, recorded.donated)
    with config(tier="auto"):
        runs = 0
        while cold.plan is None:
            (result,) = cold.run(recorded.leaves, recorded.scalars).values()
            runs += 1
    events = len(recorded.nodes)
    price = engine.cold.PIECE + engine.cold.PLAN * events
    run = engine.cold.FLUSH + engine.cold.EVENT * events
    assert runs == pytest.approx(price / run, abs=2)
    (expected,) = recorded.expected().values()
    np.testing.assert_allclose(result, expected)


@pytest.mark.parametrize(("size", "runs"), [(7, 3), (100_000, 1)])
def test_what_is_small_and_new_is_computed_before_it_is_compared(
    size: int, runs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = Recorded([op("exp", array(size) * 0.77)])
    cold = ColdPlan(recorded.nodes, recorded.alive, recorded.donated)
    compared: list[int] = []

    def noted(nodes: Any, *rest: Any) -> Any:
        compared.append(len(nodes))
        return pieces(nodes, *rest)

    monkeypatch.setattr(engine.cold, "pieces", noted)
    (expected,) = recorded.expected().values()
    with config(tier="auto"):
        for run in range(1, 4):
            (result,) = cold.run(recorded.leaves, recorded.scalars).values()
            np.testing.assert_allclose(result, expected)
            assert len(compared) == (run >= runs)


def test_a_cold_path_is_planned_where_everything_is_compiled() -> None:
    recorded = Recorded([op("exp", array(7) * 0.77)])
    cold = ColdPlan(recorded.nodes, recorded.alive, recorded.donated)
    with config(tier="compiled"):
        cold.run(recorded.leaves, recorded.scalars)
    assert cold.plan is not None


def test_large_work_is_compiled_at_once() -> None:
    x = op("arcsinh", array(4_000_000) * 0.321)
    for _ in range(10):
        x = x * 0.5 + 0.25
    recorded = Recorded([x])
    before = counters.read()["interpreted_ops"]
    with config(tier="auto"):
        recorded.run()
    assert counters.read()["interpreted_ops"] == before


def test_a_failed_compilation_warns_once_and_is_computed_by_numpy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(kernel: Kernel) -> None:
        raise CompileError(kernel.name, "LoweringError: no")

    monkeypatch.setattr(backend, "compile", fail)
    recorded = Recorded([op("exp", array(5) * 7.0)])
    with config(tier="compiled"):
        with pytest.warns(RuntimeWarning, match="multiply_exp"):
            recorded.check()
        recorded.check()  # and silently from then on


def test_numpy_does_the_vector_math_of_a_cpu_without_fused_multiply_add(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    target.machine()  # of this CPU as it is
    monkeypatch.setattr(target, "is_x86", lambda: True)
    monkeypatch.setattr(target, "features", lambda: frozenset(["avx"]))
    y = op("exp", array(5) * 0.77)
    assert "NumPy computes it: exp on a CPU without fused" in str(explain(y))
    recorded = Recorded([y])
    before = counters.read()["interpreted_ops"]
    with config(tier="compiled"):
        recorded.check()
    assert counters.read()["interpreted_ops"] > before


def test_library_calls_count_as_launches() -> None:
    recorded = Recorded([op("matmul", array(3, 4), array(4, 2))])
    before = counters.read()["launches"]
    recorded.run()
    assert counters.read()["launches"] == before + 1


# -- explain --------------------------------------------------------------------------
def test_explain_shows_every_stage_and_computes_nothing() -> None:
    x = array(4, 50)
    y = softmax(op("negative", op("negative", x)))
    text = str(explain(y))
    assert y.buffer is None
    for part in (
        "9 ops on 1 arrays",
        "planning.py:",
        "undone at once: 1",
        "row: max subtract exp sum divide",
        "max_subtract_exp_sum_divide",
        "def max_subtract_exp_sum_divide(",
    ):
        assert part in text


def test_explain_of_a_computed_array_says_so() -> None:
    assert "computed already" in str(explain(array(3)))


def test_explain_wants_an_array() -> None:
    with pytest.raises(
        TypeError, match="explain: an array was required; int was given"
    ):
        explain(3)  # type: ignore[arg-type]
