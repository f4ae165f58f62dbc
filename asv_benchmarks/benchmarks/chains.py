"""Chains of elementwise ops: how much does fusion gain, and from which size on?"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

import engine.numpy

from .libraries import by_copying, by_engine, by_jax, by_numexpr, by_numpy, by_torch
from .race import Race, Target, Timed


def chain(module: Any) -> Any:
    return lambda a, b: module.exp(-a * a) * b + 1


def chain_numexpr(numexpr: Any) -> Any:
    return lambda a, b: numexpr.evaluate("exp(-a * a) * b + 1", {"a": a, "b": b})


def chain_jax(jax: Any) -> Any:
    return jax.jit(chain(jax.numpy))


def chain_torch_compiled(torch: Any) -> Any:
    return torch.compile(chain(torch), dynamic=False)


def bandwidth(a: Any, b: Any, c: Any, d: Any, e: Any) -> Any:
    return a * b + c * d - e


def bandwidth_numexpr(numexpr: Any) -> Any:
    names = "abcde"
    return lambda *arrays: numexpr.evaluate(
        "a * b + c * d - e", dict(zip(names, arrays, strict=True))
    )


def bandwidth_jax(jax: Any) -> Any:
    return jax.jit(bandwidth)


def bandwidth_torch(torch: Any) -> Any:
    return bandwidth


def normal(arrays: int, *shape: int, dtype: Any = np.float64) -> tuple[Any, ...]:
    """Arrays of normally distributed numbers, the same in each process."""
    draw = np.random.default_rng(0)
    return tuple(draw.standard_normal((arrays, *shape)).astype(dtype))


PEERS = ("numexpr", "jax.jit", "torch.compile")

CHAIN = {
    "numpy": by_numpy(chain(np)),
    "numexpr": by_numexpr(chain_numexpr),
    "jax.jit": by_jax(chain_jax),
    "torch": by_torch(chain),
    "torch.compile": by_torch(chain_torch_compiled),
    "engine": by_engine(chain(engine.numpy)),
}

SIZES = {100: 1.0, 1_000: 1.5, 10_000: 2.0, 100_000: 2.5, 1_000_000: 4.0}

CHAINS = [
    Race(
        "chain exp(-a * a) * b + 1, 4,000,000",
        data=partial(normal, 2, 4_000_000),
        small=partial(normal, 2, 50),
        by=CHAIN,
        targets=(Target(4.0), Target(2.5, PEERS)),
    ),
    *(
        Race(
            f"chain exp(-a * a) * b + 1, {size:,}",
            data=partial(normal, 2, size),
            small=partial(normal, 2, 50),
            by={name: CHAIN[name] for name in CHAIN if name != "torch.compile"},
            targets=(Target(ratio),),
        )
        for size, ratio in SIZES.items()
    ),
]

BANDWIDTH = [
    Race(
        "bandwidth a * b + c * d - e, 16,000,000",
        data=partial(normal, 5, 16_000_000),
        small=partial(normal, 5, 50),
        by={
            "numpy": by_numpy(bandwidth),
            "numexpr": by_numexpr(bandwidth_numexpr),
            "jax.jit": by_jax(bandwidth_jax),
            "torch": by_torch(bandwidth_torch),
            "copy": by_copying(3),  # moves six arrays, as the work does
            "engine": by_engine(bandwidth),
        },
        targets=(Target(0.9, ("copy",)),),
    )
]

RACES = [*CHAINS, *BANDWIDTH]


class Chains(Timed):
    """Elementwise chains, from 100 elements to 16 million."""

    races = RACES
    params = ([race.name for race in RACES], [*CHAIN, "copy"])
    param_names = ("work", "by")

    def time_chain(self, work: str, by: str) -> None:
        self.run()
