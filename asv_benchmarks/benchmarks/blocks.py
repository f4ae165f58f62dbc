"""Whole blocks: how much faster than NumPy is code that only says `np.`?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import engine
import engine.numpy
from engine.demo import compare


def chain(a: Any, b: Any) -> Any:
    return np.exp(-a * a) * b + 1


def softmax(x: Any) -> Any:
    y = np.exp(x - x.max(axis=1, keepdims=True))
    return y / y.sum(axis=1, keepdims=True)


def layer_norm(x: Any) -> Any:
    mean = x.mean(axis=1, keepdims=True)
    return (x - mean) / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)


def jacobi(a: Any, steps: int = 20) -> Any:
    a = a.copy()
    for _ in range(steps):
        a[1:-1, 1:-1] = 0.2 * (
            a[1:-1, 1:-1] + a[1:-1, :-2] + a[1:-1, 2:] + a[2:, 1:-1] + a[:-2, 1:-1]
        )
    return a


class _Both:
    """Time a function on arrays of the engine named by the last parameter."""

    function: Callable[..., Any]
    engines = ("numpy", "engine")

    def prepare(self, name: str, *arrays: Any) -> None:
        self.arrays = arrays
        if name == "engine":
            self.arrays = tuple(engine.numpy.array(array) for array in arrays)
        self.run = self.evaluate if name == "engine" else self.call
        for _ in range(3):  # compiled, and known to the recorder
            self.run()

    def call(self) -> Any:
        return type(self).function(*self.arrays)

    def evaluate(self) -> None:
        with engine.config(tier="compiled"):
            engine.eval(self.call())


class Chain(_Both):
    """``np.exp(-a * a) * b + 1``, from 100 elements to 4 million."""

    function = chain
    params = ([100, 10_000, 1_000_000, 4_000_000], _Both.engines)
    param_names = ("elements", "by")

    def setup(self, elements: int, by: str) -> None:
        draw = np.random.default_rng(0)
        self.prepare(by, *draw.standard_normal((2, elements)))

    def time_chain(self, elements: int, by: str) -> None:
        self.run()


class _Rows(_Both):
    params = ([(100, 100), (1_000, 1_000), (100_000, 32)], _Both.engines)
    param_names = ("shape", "by")

    def setup(self, shape: tuple[int, int], by: str) -> None:
        self.prepare(by, np.random.default_rng(0).standard_normal(shape))


class Softmax(_Rows):
    """Along rows; one kernel in Engine."""

    function = softmax

    def time_softmax(self, shape: tuple[int, int], by: str) -> None:
        self.run()


class LayerNorm(_Rows):
    """Along rows; one kernel in Engine."""

    function = layer_norm

    def time_layer_norm(self, shape: tuple[int, int], by: str) -> None:
        self.run()


class Jacobi(_Both):
    """20 in-place sweeps of a five-point stencil."""

    function = jacobi
    params = ([40, 1_000], _Both.engines)
    param_names = ("extent", "by")

    def setup(self, extent: int, by: str) -> None:
        self.prepare(by, np.random.default_rng(0).random((extent, extent)))

    def time_jacobi(self, extent: int, by: str) -> None:
        self.run()


class Demo:
    """The three blocks of ``make demo``."""

    params = (["photograph", "options", "plate"], _Both.engines)
    param_names = ("block", "by")

    def setup(self, block: str, by: str) -> None:
        case = getattr(compare, block)()
        function, self.arrays = case.by_numpy, case.data
        if by == "engine":
            function = case.by_engine
            self.arrays = tuple(engine.numpy.array(array) for array in case.data)
        self.function, self.engine = function, by == "engine"
        for _ in range(3 if self.engine else 1):  # compiled, and known
            self.time_block(block, by)

    def time_block(self, block: str, by: str) -> None:
        if not self.engine:
            self.function(*self.arrays)
            return
        with engine.config(tier="compiled"):
            engine.eval(*self.function(*self.arrays))
