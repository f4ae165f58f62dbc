"""What comes first in a process: the import, the first call, a new size."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

import engine
import engine.numpy

from .chains import chain
from .programs import develop, photograph
from .race import Limit
from .sweeps import RACES as SWEEPS

IMPORT = """
import time, numpy
start = time.perf_counter()
import engine
print(time.perf_counter() - start)
"""

PROCESSES = 5
EXTENTS = 1000
SECOND = ["lu", "adi", "deriche"]
"""Sweeps whose second call in a process is to be twice as fast as NumPy's."""

WARMING = 10
"""Calls until "auto" has compiled the block: it never does in a first one."""


def python(*arguments: str, cache: str) -> str:
    """What a fresh process prints whose machine code is kept in `cache`.

    Python may keep its byte code, as it does for an installed package.
    """
    environment = {**os.environ, "ENGINE_CACHE_DIR": cache}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, *arguments],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent.parent,
        env=environment,
    )
    return done.stdout


def calls(by: str, count: int) -> float:
    """Seconds of the first of some calls of a block of 20 ops on a million elements."""
    data = photograph(1000, 1000, np.float64)
    if by == "engine":
        data = tuple(engine.numpy.array(array) for array in data)
    taken = []
    for _ in range(count):
        start = time.perf_counter()
        result = develop(*data)
        if by == "engine":
            engine.eval(result)
        taken.append(time.perf_counter() - start)
    return taken[0]


def seconds(run: Callable[[], object]) -> float:
    """How long a run takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def sweep_calls(name: str, count: int) -> tuple[float, float]:
    """NumPy's least seconds for a sweep, and those of the last of Engine's calls."""
    race = next(race for race in SWEEPS if race.name.startswith(name))
    by_numpy, by_engine = (race.by[by](*race.data()) for by in ("numpy", "engine"))
    least = min(seconds(by_numpy) for _ in range(5))
    return least, [seconds(by_engine) for _ in range(count)][-1]


def compared_second_call(name: str) -> float:
    """The second call of a sweep over NumPy's, the least of each of some processes."""
    with tempfile.TemporaryDirectory() as cache:
        for _ in range(2):
            sweep_process(name, 5 * WARMING, cache)
        taken = [sweep_process(name, 2, cache) for _ in range(2 * PROCESSES)]
    by_numpy, by_engine = zip(*taken, strict=True)
    return min(by_engine) / min(by_numpy)


def sweep_process(name: str, count: int, cache: str) -> tuple[float, float]:
    """`sweep_calls` in a fresh process."""
    done = python("-m", "benchmarks.cold", "sweep", name, str(count), cache=cache)
    by_numpy, by_engine = map(float, done.split())
    return by_numpy, by_engine


def compiled_for_extents() -> int:
    """How many kernels a chain takes at a thousand sizes up to 100,000.

    NumPy's tier is left out: a size that comes once would never be compiled.
    """
    sizes = np.random.default_rng(0).choice(100_000, EXTENTS, replace=False) + 1
    with engine.config(tier="compiled"):
        for size in sizes:
            x = engine.numpy.array(np.full(size, 0.5))
            engine.eval(chain(engine.numpy)(x, x))
    return engine.stats()["kernels_compiled"]


def compared_first_call(warm: bool) -> float:
    """The first call over NumPy's, in fresh processes: the median of some pairs."""
    with tempfile.TemporaryDirectory() as folder:
        kept = os.path.join(folder, "kept")
        process("engine", WARMING, cache=kept)
        ratios = []
        for number in range(PROCESSES):
            cache = kept if warm else os.path.join(folder, str(number))
            by_numpy, by_engine = (
                process(by, 1, cache=cache) for by in ("numpy", "engine")
            )
            ratios.append(by_engine / by_numpy)
    return statistics.median(ratios)


def process(by: str, count: int, cache: str) -> float:
    """`calls` in a fresh process."""
    return float(python("-m", "benchmarks.cold", by, str(count), cache=cache))


def kernels_for_extents() -> float:
    """`compiled_for_extents` of a fresh process with an empty cache."""
    with tempfile.TemporaryDirectory() as cache:
        return float(python("-m", "benchmarks.cold", "extents", cache=cache))


def seconds_to_import() -> float:
    """How long a process that has NumPy imports Engine: the least of some."""
    with tempfile.TemporaryDirectory() as cache:
        return min(float(python("-c", IMPORT, cache=cache)) for _ in range(10))


class ColdStart:
    """A process that imports Engine, or calls a block of 20 ops for the first time."""

    number, repeat, warmup_time = 1, 3, 0
    timeout = 120

    def setup(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.warm = os.path.join(self.folder.name, "warm")
        process("engine", WARMING, cache=self.warm)

    def teardown(self) -> None:
        self.folder.cleanup()

    def time_import(self) -> None:
        python("-c", "import engine", cache=self.warm)

    def time_first_call_from_the_cache(self) -> None:
        process("engine", 1, cache=self.warm)

    def time_first_call(self) -> None:
        with tempfile.TemporaryDirectory(dir=self.folder.name) as empty:
            process("engine", 1, cache=empty)


class SecondCalls:
    """What a sweep takes the second time in a process, over NumPy's time."""

    unit = "x"
    timeout = 120
    params = SECOND
    param_names = ("work",)

    def track_second_call(self, work: str) -> float:
        return compared_second_call(work)


class Extents:
    """How many kernels a thousand sizes take."""

    unit = "kernels"
    timeout = 120

    def track_kernels_of_1000_extents(self) -> float:
        return kernels_for_extents()


LIMITS = [
    Limit(
        "first call of 20 ops on 1M elements, empty cache, over NumPy's",
        lambda: compared_first_call(warm=False),
        "x",
        lambda: 1.5,
    ),
    Limit(
        "first call of 20 ops on 1M elements, warm cache, over NumPy's",
        lambda: compared_first_call(warm=True),
        "x",
        lambda: 1.0,
    ),
    *(
        Limit(
            f"second call of {name}, over NumPy's",
            partial(compared_second_call, name),
            "x",
            lambda: 0.5,
        )
        for name in SECOND
    ),
    Limit("1,000 extents of a chain", kernels_for_extents, "kernels", lambda: 3.0),
    Limit("import engine, over import numpy", seconds_to_import, "s", lambda: 0.1),
]


if __name__ == "__main__":
    if sys.argv[1] == "extents":
        print(compiled_for_extents())
    elif sys.argv[1] == "sweep":
        print(*sweep_calls(sys.argv[2], int(sys.argv[3])))
    else:
        print(calls(sys.argv[1], int(sys.argv[2])))
