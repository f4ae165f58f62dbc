"""What a call costs beside its arithmetic: to record an op, to launch a kernel."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

import engine
import engine.numpy
from engine.info import information

from .race import Limit
from .rows import softmax

OPS = 1000


class Recording:
    """Ops of a known trace, for 1,000 of them, without running them."""

    def setup(self) -> None:
        self.x = engine.numpy.array(np.ones(16))
        for _ in range(3):
            self.time_record_1000_ops()

    def time_record_1000_ops(self) -> None:
        y = self.x
        for _ in range(OPS):
            y = y + self.x


class Launch:
    """One small expression, recorded, run and freed: mostly the launch."""

    params = (["numpy", "engine"],)
    param_names = ("by",)

    def setup(self, by: str) -> None:
        data = np.ones(100)
        self.x: Any = engine.numpy.array(data) if by == "engine" else data
        self.look = engine.eval if by == "engine" else lambda x: x
        for _ in range(5):
            self.time_add_100_elements(by)

    def time_add_100_elements(self, by: str) -> None:
        self.look(self.x + self.x)


def five_ops(x: Any) -> Any:
    return np.exp(-x * x) * 2.0 + x


def thirty_ops(x: Any) -> Any:
    y = x
    for k in range(15):
        y = y * x + (0.5 + k)
    return y


class Compile:
    """Machine code of one kernel from its text, Numba imported already; median."""

    params = (["5 ops", "30 ops", "softmax"], ["float32", "float64"])
    param_names = ("kernel", "dtype")
    unit = "ms"

    def setup(self, kernel: str, dtype: str) -> None:
        function = {"5 ops": five_ops, "30 ops": thirty_ops, "softmax": softmax}[kernel]
        x = engine.numpy.array(np.ones((20, 30), dtype))
        (self.source,) = set(engine.explain(function(x)).sources)
        self.compile(0)

    def compile(self, number: int) -> float:
        """Milliseconds for the text, with a comment that nobody has compiled."""
        from engine.kernels.cpu.compile import compile_text

        name = f"compile_{number}"
        start = time.perf_counter()
        compile_text(f"{self.source}\n# {name}\n", name, f"<{name}>")
        return (time.perf_counter() - start) * 1e3

    def track_milliseconds(self, kernel: str, dtype: str) -> float:
        return float(np.median([self.compile(number) for number in range(1, 10)]))


def milliseconds_to_load() -> float:
    """To bring machine code of one kernel in from the disk cache, Numba not used.

    The median of some; each is another file, of the same kernel of 30 ops.
    """
    from engine.kernels import cache
    from engine.kernels.cpu.compile import compile_text
    from engine.kernels.cpu.target import load

    x = engine.numpy.array(np.ones((20, 30)))
    (source,) = set(engine.explain(thirty_ops(x)).sources)
    names = {}
    for number in range(20):
        entry = f"load_{number}"
        text = f"{source}\n# {entry}\n"
        names[entry] = cache.key(text)
        cache.save(names[entry], compile_text(text, entry, f"<{entry}>"))
    taken = []
    for entry, name in names.items():
        start = time.perf_counter()
        load(cache.load(name) or b"", entry, fresh=False)
        taken.append((time.perf_counter() - start) * 1e3)
    return float(np.median(taken))


def nanoseconds_to_record() -> float:
    """For one op of a known trace, the least of many runs."""
    recording = Recording()
    recording.setup()

    def recorded() -> float:
        start = time.perf_counter()
        recording.time_record_1000_ops()
        taken = time.perf_counter() - start
        engine.eval(recording.x + recording.x)  # an empty trace for the next
        return taken

    return least(recorded, 2000) / OPS * 1e9


NOTHING = """
define i32 @engine_nothing(ptr %r, ptr %e, ptr %words, i64 %lo, i64 %hi) {
  ret i32 0
}
"""
"""A kernel that does nothing, as LLVM text."""


def nanoseconds_of_a_row() -> float:
    """What a plan takes for one row more, whose kernel does nothing.

    The plans are made by hand, so that nothing but the native loop is timed: it puts
    the pointers of three arrays among ten words, and calls the kernel.
    """
    from engine.kernels.cpu.target import load_text
    from engine.kernels.native import table

    (entry,) = load_text(NOTHING, "engine_nothing")
    words = (table.Pointer(0), table.Pointer(1), table.Pointer(2), *range(7))
    arrays = [np.ones(16) for _ in range(3)]

    def taken(rows: int) -> float:
        calls = (table.Call(entry, words, 1, 0, 0.0),) * rows
        segment = table.Segment(calls, (0, 1, 2), (), (), 3, rows)
        run = table.bind(segment, 1).run

        def once() -> float:
            start = time.perf_counter()
            run(arrays, ())
            return time.perf_counter() - start

        return least(once, 200)

    return (taken(1100) - taken(100)) / 1000 * 1e9


def nanoseconds_to_launch() -> float:
    """A flush of 200 rows of 16 elements, divided by its launches.

    All that a flush does is in it, and the kernels, every second of which is a sum.
    """
    x = engine.numpy.array(np.ones(16))

    def program() -> Any:
        y = x
        for _ in range(100):  # a sum cannot be fused into the ops that follow it
            y = x + y.sum()
        return y

    def flushed() -> float:
        y = program()
        start = time.perf_counter()
        engine.eval(y)
        return time.perf_counter() - start

    with engine.config(tier="compiled"):
        for _ in range(3):
            flushed()
        engine.reset_stats()
        flushed()
        launches = engine.stats()["launches"]
        return least(flushed, 30) / launches * 1e9


def microseconds_to_flush() -> float:
    """The flush of a known graph of five ops on 100 elements, by `engine.eval`."""
    x = engine.numpy.array(np.ones(100))

    def flushed() -> float:
        y = five_ops(x)
        start = time.perf_counter()
        engine.eval(y)
        return time.perf_counter() - start

    with engine.config(tier="compiled"):
        return least(flushed, 2000) * 1e6


def least(measure: Callable[[], float], times: int) -> float:
    """The least of some measurements."""
    return min(measure() for _ in range(times))


def nanoseconds_allowed_to_record() -> float:
    """By the recorder that runs: in Python, or native."""
    return 600.0 if information()["recorder"].startswith("python") else 100.0


def milliseconds_to_compile(*kernels: str) -> float:
    """For the slowest of some kernels and dtypes, the median of nine compilations."""
    return max(
        milliseconds(kernel, dtype)
        for kernel in kernels
        for dtype in ("float32", "float64")
    )


def milliseconds(kernel: str, dtype: str) -> float:
    """To compile one kernel."""
    benchmark = Compile()
    benchmark.setup(kernel, dtype)
    return benchmark.track_milliseconds(kernel, dtype)


def quick(
    name: str, measure: Callable[[], float], unit: str, limit: Callable[[], float]
) -> Limit:
    """A limit of something that takes seconds to measure."""
    return Limit(name, measure, unit, limit, again=True)


LIMITS = [
    quick(
        "compile a kernel of 5 to 30 ops",
        lambda: milliseconds_to_compile("5 ops", "30 ops"),
        "ms",
        lambda: 30.0,
    ),
    quick(
        "compile a softmax",
        lambda: milliseconds_to_compile("softmax"),
        "ms",
        lambda: 90.0,
    ),
    quick("load a kernel from the cache", milliseconds_to_load, "ms", lambda: 0.3),
    quick("record one op", nanoseconds_to_record, "ns", nanoseconds_allowed_to_record),
    quick("launch, one row more of a plan", nanoseconds_of_a_row, "ns", lambda: 20.0),
    quick("launch, share of a flush of 200", nanoseconds_to_launch, "ns", lambda: 200),
    quick("flush of five ops on 100", microseconds_to_flush, "us", lambda: 2.0),
]
