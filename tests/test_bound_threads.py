"""Bound plans in threads, forked processes, and processes that end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from planning import Recorded, array, bits, compiled_plans, op, reduced, reshaped, sweep

from engine.kernels import pool
from engine.kernels.native import table
from engine.plan import Plan
from engine.row import Row

pytestmark = pytest.mark.skipif(
    not table.available(), reason=f"no native runner: {table.reason()}"
)


@pytest.fixture(autouse=True)
def _compiled() -> Iterator[None]:
    with compiled_plans():
        yield


def busy() -> Recorded:
    """A plan with small, shared and split launches, and a product."""
    x = op("exp", array(200, 1000) * 0.1)
    rows = reduced("sum", x, 1)
    long = reduced("sum", array(1, 300_000) * 2.0, 1)
    y = op("matmul", reshaped(rows, 10, 20), array(20, 30))
    return Recorded([x * 3.0, sweep(rows, 1), long, op("tanh", y)])


def run_at_once(count: int, work: Callable[[int], None], interval: float) -> None:
    """Run a function in threads, by numbers, that are switched so often."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(interval)
    try:
        threads = [threading.Thread(target=work, args=(k,)) for k in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)


def test_eight_threads_may_run_one_plan_at_once() -> None:
    pool.set_num_threads(3)
    recorded = busy()
    plan = recorded.plan()
    expected = [bits(result) for result in recorded.run(plan).values()]
    wrong: list[object] = []

    def work() -> None:
        try:
            for _ in range(20):
                results = recorded.run(plan)
                if [bits(result) for result in results.values()] != expected:
                    wrong.append(results)
        except BaseException as error:
            wrong.append(error)

    run_at_once(8, lambda _: work(), 2e-5)
    assert not wrong


def test_threads_make_the_steps_and_rows_of_a_plan_at_once() -> None:
    recorded = busy()
    plans = [Plan(recorded.plan().rows, [], [], []) for _ in range(20)]
    rows = []
    for _ in range(40_000):
        row = Row.__new__(Row)
        row._steps = lambda: ()
        rows.append(row)
    wrong: list[object] = []
    start = threading.Barrier(4)

    def work(number: int) -> None:
        start.wait()
        try:
            for k, row in enumerate(rows):
                plan = plans[k % len(plans)]
                if number == 0:  # as binding does
                    plan._make, plan._rows = lambda: rows[:1], None
                wrong.extend([] if row.steps == () and plan.rows else [row])
        except Exception as error:
            wrong.append(error)

    run_at_once(4, work, 1e-6)
    assert not wrong


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_child_runs_plans_of_its_parent() -> None:
    pool.set_num_threads(3)
    recorded = busy()
    plan = recorded.plan()
    expected = [bits(result) for result in recorded.run(plan).values()]
    recorded.run(plan)
    for _ in range(5):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # fork with threads
            child = os.fork()
        if child == 0:
            signal.alarm(60)
            results = [bits(result) for result in recorded.run(plan).values()]
            os._exit(0 if results == expected else 1)
        recorded.run(plan)
        assert os.waitpid(child, 0)[1] == 0


PROGRAM = """
import engine, engine.numpy as np
from engine.kernels import pool
pool.set_num_threads(2)
x = np.ones(300_000)
with engine.config(tier="compiled"):
    for _ in range(5):
        y = np.exp(x) * 2 + 1
        engine.eval(y)
print(float(y[0]))
"""


@pytest.mark.parametrize("native", ["0", "1"])
def test_a_process_ends_while_helpers_wait_for_work(native: str) -> None:
    environment = {**os.environ, "ENGINE_NATIVE": native}
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, env=environment, capture_output=True, check=True)
    assert float(done.stdout) == pytest.approx(2 * np.e + 1)
    assert not done.stderr
