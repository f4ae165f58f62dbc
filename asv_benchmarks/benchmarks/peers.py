"""The same chain by other libraries, where they are installed (extra ``bench``)."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

import engine
import engine.numpy

from .blocks import chain


def by_engine(a: Any, b: Any) -> Callable[[], Any]:
    x, y = engine.numpy.array(a), engine.numpy.array(b)

    def run() -> None:
        with engine.config(tier="compiled"):
            engine.eval(chain(x, y))

    return run


def by_numexpr(a: Any, b: Any) -> Callable[[], Any]:
    numexpr = importlib.import_module("numexpr")
    return lambda: numexpr.evaluate("exp(-a * a) * b + 1", {"a": a, "b": b})


def by_jax(a: Any, b: Any) -> Callable[[], Any]:
    jax = importlib.import_module("jax")
    jax.config.update("jax_enable_x64", True)
    x, y = jax.numpy.asarray(a), jax.numpy.asarray(b)
    compiled = jax.jit(lambda a, b: jax.numpy.exp(-a * a) * b + 1)
    return lambda: compiled(x, y).block_until_ready()


def by_torch(a: Any, b: Any) -> Callable[[], Any]:
    torch = importlib.import_module("torch")
    x, y = torch.from_numpy(a), torch.from_numpy(b)
    return lambda: torch.exp(-x * x) * y + 1


LIBRARIES = {
    "engine": by_engine,
    "numexpr": by_numexpr,
    "jax": by_jax,
    "torch": by_torch,
}


class ChainByPeers:
    """``exp(-a * a) * b + 1`` on 4 million float64."""

    params = (list(LIBRARIES),)
    param_names = ("by",)

    def setup(self, by: str) -> None:
        a, b = np.random.default_rng(0).standard_normal((2, 4_000_000))
        try:
            self.run = LIBRARIES[by](a, b)
        except ModuleNotFoundError as missing:
            raise NotImplementedError(f"{by} is not installed") from missing
        self.run()

    def time_chain(self, by: str) -> None:
        self.run()
