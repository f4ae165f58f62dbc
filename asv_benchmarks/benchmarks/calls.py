"""Single calls on small arrays: what each function of the NumPy face costs by itself.

    cd asv_benchmarks && python -m benchmarks.calls             prints all of them

On 100 elements NumPy takes some hundred nanoseconds to some microseconds. What Engine
takes is recording, a flush, and the arithmetic, again and again on one path.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import engine.numpy

from .small_loops import evaluated

CALLS = """
x + y
x * np.int64(3)
x > 0.5
np.exp(x)
np.sign(x)
np.power(x, 2)
np.where(x > 0.5, x, y)
np.clip(x, 0.2, 0.8)
x.sum()
x.sum(dtype=np.float32)
np.add.reduce(a, 0)
x.std()
np.nanmax(x)
np.nanmean(x)
np.median(x)
a @ v
np.dot(v, v)
np.outer(v, v)
np.linalg.solve(a, v)
np.linalg.norm(x)
x[i]
x[x > 0.5]
a[:, i]
np.take(x, i)
x[1:] - x[:-1]
a.T + 1
np.concatenate([x, y])
np.stack([x, y])
np.roll(x, 3)
np.diag(v)
np.pad(a, 1)
np.sort(x)
np.argsort(x)
np.cumsum(x)
np.searchsorted(s, x)
np.interp(x, s, y)
np.bincount(i)
np.unique(i)
np.histogram(x, 10)[0]
np.fft.rfft(x)
""".strip().splitlines()

REPEATS = 200
"""Calls of one sample."""

ROUNDS, PAUSE = 4, 0.5
"""Samples are taken so often, with a pause of so many seconds before each."""


def data(make: Callable[[Any], Any]) -> dict[str, Any]:
    """The arrays that the calls work on."""
    random = np.random.default_rng(0)
    return {
        "x": make(random.random(100)),
        "y": make(random.random(100) + 0.5),
        "s": make(np.sort(random.random(100))),
        "a": make(random.random((10, 10)) + 10 * np.eye(10)),
        "v": make(random.random(10)),
        "i": make(random.integers(0, 10, 8)),
    }


def called(code: str, by: str) -> Callable[[], Any]:
    """A call by NumPy, or by Engine, with nothing left pending."""
    module: Any = np if by == "numpy" else engine.numpy
    names = data(module.array) | {"np": module}
    function = eval(f"lambda: {code}", names)
    return function if by == "numpy" else lambda: evaluated(function())


class Calls:
    """Each call by NumPy and by Engine, when its path is known."""

    params = (CALLS, ["numpy", "engine"])
    param_names = ("call", "by")
    warmup_time = 0.5

    def setup(self, call: str, by: str) -> None:
        self.call = called(call, by)

    def time_call(self, call: str, by: str) -> None:
        self.call()


def least(call: Callable[[], Any]) -> float:
    """The least time of a call, in microseconds: the mean of a sample."""
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(REPEATS):
            call()
        best = min(best, time.perf_counter() - start)
    return 1e6 * best / REPEATS


def main() -> None:
    """Print all calls: NumPy's least time, and Engine's."""
    chosen = sys.argv[1:] or CALLS
    pairs = [(called(code, "numpy"), called(code, "engine")) for code in chosen]
    times = [[float("inf")] * 2 for _ in chosen]
    for _ in range(ROUNDS):
        time.sleep(PAUSE)
        for found, (theirs, ours) in zip(times, pairs, strict=True):
            found[:] = min(found[0], least(theirs)), min(found[1], least(ours))
    print("| call | NumPy, us | Engine, us | ratio |")
    print("|---|---|---|---|")
    for code, (one, other) in zip(chosen, times, strict=True):
        print(f"| `{code}` | {one:.2f} | {other:.2f} | {other / one:.1f} x |")


if __name__ == "__main__":
    main()
