"""Reductions alone, which NumPy is good at: is anything lost?"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from .chains import normal
from .libraries import by_engine, by_jax, by_numpy, by_torch
from .race import Race, Target, Timed


def total(x: Any) -> Any:
    return x.sum()


def variance(x: Any) -> Any:
    return x.var()


def variance_torch(torch: Any) -> Any:
    return lambda x: x.var(correction=0)


def largest(x: Any) -> Any:
    return x.max()


def place(x: Any) -> Any:
    return x.argmax()


def reduction(
    name: str, function: Callable[[Any], Any], size: int, ratio: float
) -> Race:
    in_torch = variance_torch if function is variance else lambda torch: function
    return Race(
        f"{name}, {size:,}",
        data=partial(normal, 1, size),
        small=partial(normal, 1, 50),
        by={
            "numpy": by_numpy(function),
            "jax.jit": by_jax(lambda jax: jax.jit(function)),
            "torch": by_torch(in_torch),
            "engine": by_engine(function),
        },
        targets=(Target(ratio),),
        # Of a sum of normal numbers little is left; its rounding is that of its terms.
        tolerance=1e-10,
    )


RACES = [
    reduction(name, function, size, ratio)
    for name, function, ratio in (
        ("sum", total, 0.9),
        ("var", variance, 5.0),
        ("max", largest, 0.9),
        ("argmax", place, 0.9),
    )
    for size in (100_000, 10_000_000)
]


class Reductions(Timed):
    """Of all elements."""

    races = RACES
    params = ([race.name for race in RACES], ["numpy", "jax.jit", "torch", "engine"])
    param_names = ("work", "by")

    def time_reduction(self, work: str, by: str) -> None:
        self.run()
