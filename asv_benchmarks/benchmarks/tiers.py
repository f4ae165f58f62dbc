"""Small graphs that never recur: what do they take, as nothing is worth compiling?"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import numpy as np

import engine
import engine.numpy

from .race import Limit

Step: TypeAlias = tuple[str, int, int, float]
"""An operation, the numbers of its operands among the values so far, and a number."""

OPERATIONS: dict[str, Callable[[Any, Any, Any, float], Any]] = {
    "add": lambda np, x, y, c: x + y,
    "multiply": lambda np, x, y, c: x * y,
    "maximum": lambda np, x, y, c: np.maximum(x, y),
    "exp": lambda np, x, y, c: np.exp(-np.abs(x)),
    "sqrt": lambda np, x, y, c: np.sqrt(np.abs(x) + c),
    "tanh": lambda np, x, y, c: np.tanh(x),
    "centre": lambda np, x, y, c: x - x.sum(axis=0),
    "scale": lambda np, x, y, c: x * x.mean(),
    "reverse": lambda np, x, y, c: x[::-1] + c,
    "where": lambda np, x, y, c: np.where(x > y, x, y * c),
}

GRAPHS = 10_000
TURN = 100
"""So many graphs are computed by one library before it is the other's turn."""


def graphs(count: int, seed: int) -> list[tuple[Step, ...]]:
    """Programs of 4 to 10 steps, no two of which are alike."""
    rng = random.Random(seed)
    found: dict[tuple[Step, ...], None] = {}
    while len(found) < count:
        found[tuple(step(rng, k + 2) for k in range(rng.randint(4, 10)))] = None
    return [*found]


def step(rng: random.Random, values: int) -> Step:
    """A step after so many values."""
    name, number = rng.choice([*OPERATIONS]), round(rng.uniform(0.1, 2.0), 3)
    return name, rng.randrange(values), rng.randrange(values), number


def compute(module: Any, a: Any, b: Any, graph: Iterable[Step]) -> Any:
    """The last value of a graph, by NumPy or by Engine."""
    values = [a, b]
    for name, i, k, number in graph:
        values.append(OPERATIONS[name](module, values[i], values[k], number))
    return values[-1]


def operands(make: Callable[[Any], Any]) -> tuple[Any, Any]:
    a = np.random.default_rng(0).random((4, 5))
    return make(a), make(a[::-1].copy())


def compared_graphs() -> float:
    """Engine's time over NumPy's for all of them, in turns."""
    work = graphs(GRAPHS, seed=0)
    theirs, ours = operands(np.array), operands(engine.numpy.array)
    for graph in graphs(300, seed=1):  # modules and native code are loaded
        engine.eval(compute(engine.numpy, *ours, graph))
    spent = {"numpy": 0.0, "engine": 0.0}
    for first in range(0, GRAPHS, TURN):
        turn = work[first : first + TURN]
        start = time.perf_counter()
        for graph in turn:
            compute(np, *theirs, graph)
        middle = time.perf_counter()
        for graph in turn:
            engine.eval(compute(engine.numpy, *ours, graph))
        spent["numpy"] += middle - start
        spent["engine"] += time.perf_counter() - middle
    return spent["engine"] / spent["numpy"]


class Graphs:
    """A hundred small graphs that were never seen before."""

    params = (["numpy", "engine"],)
    param_names = ("by",)
    number, warmup_time = 1, 0

    seeds = itertools.count(1)  # of a process: each sample has others

    def setup(self, by: str) -> None:
        self.module: Any = np if by == "numpy" else engine.numpy
        self.look = (lambda x: None) if by == "numpy" else engine.eval
        self.operands = operands(self.module.array)
        self.graphs = graphs(TURN, next(self.seeds))
        for graph in graphs(300, seed=0):
            self.look(compute(self.module, *self.operands, graph))

    def time_100_graphs(self, by: str) -> None:
        for graph in self.graphs:
            self.look(compute(self.module, *self.operands, graph))


LIMITS = [
    Limit(
        "10,000 small graphs, none like another, over NumPy's",
        compared_graphs,
        "x",
        lambda: 20.0,
    ),
]
