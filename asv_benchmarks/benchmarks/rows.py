"""Rows of a matrix: what do softmax and layer normalisation take as NumPy source?"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from .chains import normal
from .libraries import Start, by_engine, by_jax, by_numpy, by_torch
from .race import Race, Target, Timed


def softmax(x: Any) -> Any:
    y = np.exp(x - x.max(axis=1, keepdims=True))
    return y / y.sum(axis=1, keepdims=True)


def softmax_jax(jax: Any) -> Any:
    return jax.jit(lambda x: jax.nn.softmax(x, axis=1))


def softmax_torch(torch: Any) -> Any:
    return lambda x: torch.softmax(x, dim=1)


def layer_norm(x: Any) -> Any:
    mean = x.mean(axis=1, keepdims=True)
    return (x - mean) / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)


def layer_norm_jax(jax: Any) -> Any:
    def function(x: Any) -> Any:
        mean = x.mean(axis=1, keepdims=True)
        return (x - mean) / jax.numpy.sqrt(x.var(axis=1, keepdims=True) + 1e-5)

    return jax.jit(function)


def layer_norm_torch(torch: Any) -> Any:
    return lambda x: torch.nn.functional.layer_norm(x, x.shape[1:], eps=1e-5)


SOFTMAX: dict[str, Start] = {
    "numpy": by_numpy(softmax),
    "jax.jit": by_jax(softmax_jax),
    "torch": by_torch(softmax_torch),
    "engine": by_engine(softmax),
}

LAYER_NORM: dict[str, Start] = {
    "numpy": by_numpy(layer_norm),
    "jax.jit": by_jax(layer_norm_jax),
    "torch": by_torch(layer_norm_torch),
    "engine": by_engine(layer_norm),
}

RACES = [
    Race(
        f"{name}, 1000 x 1000, {dtype.__name__}",
        data=partial(normal, 1, 1000, 1000, dtype=dtype),
        small=partial(normal, 1, 5, 7, dtype=dtype),
        by=by,
        targets=(Target(ratio), Target(1.0, ("jax.jit", "torch"))),
        tolerance=1e-12 if dtype is np.float64 else 1e-5,
    )
    for name, by, ratio in (("softmax", SOFTMAX, 3.0), ("layer_norm", LAYER_NORM, 8.0))
    for dtype in (np.float32, np.float64)
]


class Rows(Timed):
    """Along rows; one kernel in Engine."""

    races = RACES
    params = ([race.name for race in RACES], list(SOFTMAX))
    param_names = ("work", "by")

    def time_rows(self, work: str, by: str) -> None:
        self.run()
