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

    return least(recorded, 50) / OPS * 1e9


def nanoseconds_to_launch() -> float:
    """A flush of 200 rows that do next to nothing, divided by its launches.

    All that a flush does beside launching is in it, so it is an upper bound.
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


def least(measure: Callable[[], float], times: int) -> float:
    """The least of some measurements."""
    return min(measure() for _ in range(times))


def nanoseconds_allowed_to_record() -> float:
    """By the recorder that runs: in Python, or native."""
    return 600.0 if information()["recorder"].startswith("python") else 100.0


LIMITS = [
    Limit("record one op", nanoseconds_to_record, "ns", nanoseconds_allowed_to_record),
    Limit("launch, in a flush of 200", nanoseconds_to_launch, "ns", lambda: 20.0),
]
