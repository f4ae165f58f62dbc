"""What `engine.compile` saves: the Python of a loop, of a training step, of a call.

``python -m benchmarks.compiled`` in asv_benchmarks/ prints what docs/compile.md shows.
"""

from __future__ import annotations

import itertools
import random
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

import engine
import engine.numpy
from engine import nn, optim

WAYS = ["undecorated", "compiled"]


def sweep(x: Any, y: Any, c: float) -> None:
    """1,600 statements, as plain NumPy has them."""
    for _ in range(800):
        y[1:-1] = (x[:-2] + x[1:-1] + x[2:]) * c
        x[1:-1] = (y[:-2] + y[1:-1] + y[2:]) * c


def decorated(function: Callable[..., Any], by: str) -> Callable[..., Any]:
    """The function, or the compiled one."""
    return engine.compile(function) if by == "compiled" else function


class Sweep:
    """A loop over statements on 3,200 elements."""

    params = (["numpy", *WAYS],)
    param_names = ("by",)

    def setup(self, by: str) -> None:
        make = np.array if by == "numpy" else engine.numpy.array
        self.x: Any = make(np.linspace(0, 1, 3200))
        self.y: Any = make(np.linspace(0, 1, 3200))
        self.sweep = decorated(sweep, by)
        self.look = (lambda *_: None) if by == "numpy" else engine.eval
        for _ in range(3):
            self.time_1600_statements(by)

    def time_1600_statements(self, by: str) -> None:
        self.sweep(self.x, self.y, 0.33)
        self.look(self.x, self.y)


class Training:
    """A step of a network 64-128-10 with Adam, batch 64."""

    params = (WAYS,)
    param_names = ("by",)
    sizes: Sequence[int] = [64]
    steps = 30

    def setup(self, by: str) -> None:
        engine.manual_seed(0)
        layers = nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10)
        model, loss_function = nn.Sequential(*layers), nn.CrossEntropyLoss()
        optimiser = optim.Adam(model.parameters())
        sizes = list(self.sizes)
        random.Random(3).shuffle(sizes)
        batches = [(engine.randn(n, 64), engine.randint(0, 10, (n,))) for n in sizes]
        self.batches = itertools.cycle(batches)
        self.parameters = list(model.parameters())

        def step(x: Any, labels: Any) -> Any:
            optimiser.zero_grad()
            loss = loss_function(model(x), labels)
            loss.backward()
            optimiser.step()
            return loss

        self.step = decorated(step, by)
        for _ in range(self.steps):
            self.time_step(by)

    def time_step(self, by: str) -> None:
        engine.eval(self.step(*next(self.batches)), self.parameters)


class NewBatches(Training):
    """The same on batches of another size each time, from 20 to 106."""

    sizes = range(20, 107)
    steps = 400


class Small:
    """Calls that do next to nothing."""

    params = (["x + 1.0", "nothing"], WAYS)
    param_names = ("what", "by")

    def setup(self, what: str, by: str) -> None:
        self.x = engine.numpy.ones(3)
        functions = {"x + 1.0": lambda x: x + 1.0, "nothing": lambda x: x}
        self.call = decorated(functions[what], by)
        for _ in range(30):
            self.time_call(what, by)

    def time_call(self, what: str, by: str) -> None:
        engine.eval(self.call(self.x))


def smoothed(x: Any) -> Any:
    """A stencil on a vector, which is written to a copy."""
    y = x.copy()
    y[1:-1] = (x[:-2] + x[1:-1] + x[2:]) / 3
    return y


def moved(x: Any, c: float) -> None:
    """Writes to an array of NumPy's."""
    x[1:] += x[:-1]
    x *= c


class Written:
    """A call that writes an array of NumPy's, of 1,000 elements."""

    params = (["numpy", "compiled"],)
    param_names = ("by",)

    def setup(self, by: str) -> None:
        self.x: Any = np.ones(1000)
        self.call = decorated(moved, by)
        for _ in range(30):
            self.time_call(by)

    def time_call(self, by: str) -> None:
        self.call(self.x, 0.5)


class NewLengths:
    """Calls with vectors of another length each time, from 100 to 3,100."""

    params = (["numpy", *WAYS],)
    param_names = ("by",)

    def setup(self, by: str) -> None:
        make = np.array if by == "numpy" else engine.numpy.array
        lengths = list(range(100, 3100))
        random.Random(3).shuffle(lengths)
        self.vectors = itertools.cycle([make(np.ones(n)) for n in lengths])
        self.call = decorated(smoothed, by)
        self.look = (lambda *_: None) if by == "numpy" else engine.eval
        for _ in range(1500):
            self.time_new_length(by)

    def time_new_length(self, by: str) -> None:
        self.look(self.call(next(self.vectors)))


def timings(call: Callable[[], Any]) -> list[float]:
    """Microseconds of a thousand calls, or of those of a second: three at least."""
    taken: list[float] = []
    end = time.perf_counter() + 1.0
    while len(taken) < 3 or (len(taken) < 1000 and time.perf_counter() < end):
        start = time.perf_counter()
        call()
        taken.append((time.perf_counter() - start) * 1e6)
    return taken


def report() -> None:
    """Print all of them."""
    rows: list[tuple[Any, str, tuple[str, ...]]] = [
        *((Sweep(), "time_1600_statements", (by,)) for by in ("numpy", *WAYS)),
        *((Training(), "time_step", (by,)) for by in WAYS),
        *((Small(), "time_call", ("x + 1.0", by)) for by in WAYS),
        (Small(), "time_call", ("nothing", "compiled")),
        *((NewBatches(), "time_step", (by,)) for by in WAYS),
        *((Written(), "time_call", (by,)) for by in ("numpy", "compiled")),
        *((NewLengths(), "time_new_length", (by,)) for by in ("numpy", *WAYS)),
    ]
    for benchmark, name, by in rows:
        benchmark.setup(*by)
        call = getattr(benchmark, name)
        # Calls of new lengths are other ones each time.
        new = isinstance(benchmark, (NewLengths, NewBatches))
        summary = statistics.median if new else min
        taken = summary(timings(partial(call, *by)))
        print(f"{type(benchmark).__name__:10} {', '.join(by):24} {taken:12.1f} us")


if __name__ == "__main__":
    report()
