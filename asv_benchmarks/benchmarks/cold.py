"""What comes first in a process: the import, the first call, a new size."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import engine
import engine.numpy

from .chains import chain
from .programs import develop
from .race import Limit

PROCESSES = 5
EXTENTS = 1000


def python(*arguments: str, cache: str) -> str:
    """What a fresh process prints whose machine code is kept in `cache`."""
    done = subprocess.run(
        [sys.executable, *arguments],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent.parent,
        env={**os.environ, "ENGINE_CACHE_DIR": cache},
    )
    return done.stdout


def first_call(by: str) -> float:
    """Seconds of the first call of a block of 20 ops on a million elements."""
    image = np.random.default_rng(0).random((1000, 1000))
    if by == "numpy":
        start = time.perf_counter()
        develop(image)
    else:
        given = engine.numpy.array(image)
        start = time.perf_counter()
        engine.eval(develop(given))
    return time.perf_counter() - start


def compiled_for_extents() -> int:
    """How many kernels a chain takes at a thousand sizes up to 100,000.

    NumPy's tier is left out: a size that comes once would never be compiled.
    """
    sizes = np.random.default_rng(0).choice(100_000, EXTENTS, replace=False) + 1
    with engine.config(tier="compiled"):
        for size in sizes:
            x = engine.numpy.array(np.full(size, 0.5))
            engine.eval(chain(x, x))
    return engine.stats()["kernels_compiled"]


def compared_first_call(warm: bool) -> float:
    """The first call over NumPy's, in fresh processes: the median of some pairs."""
    with tempfile.TemporaryDirectory() as folder:
        kept = os.path.join(folder, "kept")
        for _ in range(3 if warm else 0):
            python("-m", "benchmarks.cold", "first", "engine", cache=kept)
        ratios = []
        for number in range(PROCESSES):
            cache = kept if warm else os.path.join(folder, str(number))
            by_numpy, by_engine = (
                float(python("-m", "benchmarks.cold", "first", by, cache=cache))
                for by in ("numpy", "engine")
            )
            ratios.append(by_engine / by_numpy)
    return statistics.median(ratios)


def kernels_for_extents() -> float:
    """`compiled_for_extents` of a fresh process with an empty cache."""
    with tempfile.TemporaryDirectory() as cache:
        return float(python("-m", "benchmarks.cold", "extents", cache=cache))


def seconds_to_import() -> float:
    """What importing Engine adds to a process that imports NumPy: least of each."""
    taken: dict[str, list[float]] = {"import numpy": [], "import numpy, engine": []}
    with tempfile.TemporaryDirectory() as cache:
        for _ in range(2 * PROCESSES):
            for code, times in taken.items():
                start = time.perf_counter()
                python("-c", code, cache=cache)
                times.append(time.perf_counter() - start)
    return min(taken["import numpy, engine"]) - min(taken["import numpy"])


class ColdStart:
    """A process that imports Engine, or calls a block of 20 ops for the first time."""

    number, repeat, warmup_time = 1, 3, 0
    timeout = 120

    def setup(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.warm = os.path.join(self.folder.name, "warm")
        for _ in range(3):
            self.time_first_call_from_the_cache()

    def teardown(self) -> None:
        self.folder.cleanup()

    def time_import(self) -> None:
        python("-c", "import engine", cache=self.warm)

    def time_first_call_from_the_cache(self) -> None:
        python("-m", "benchmarks.cold", "first", "engine", cache=self.warm)

    def time_first_call(self) -> None:
        with tempfile.TemporaryDirectory(dir=self.folder.name) as empty:
            python("-m", "benchmarks.cold", "first", "engine", cache=empty)


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
    Limit("1,000 extents of a chain", kernels_for_extents, "kernels", lambda: 3.0),
    Limit("import engine, over import numpy", seconds_to_import, "s", lambda: 0.1),
]


if __name__ == "__main__":
    if sys.argv[1] == "first":
        print(first_call(sys.argv[2]))
    else:
        print(compiled_for_extents())
