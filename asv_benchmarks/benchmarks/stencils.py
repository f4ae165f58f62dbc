"""Stencils on grids, written with in-place slices: what does a time step take?"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from .libraries import by_engine, by_jax, by_numba, by_numpy
from .race import Race, Target, Timed


def jacobi_2d(a: Any, steps: int) -> Any:
    """Each point becomes the mean of itself and its four neighbours."""
    a, b = a.copy(), a.copy()
    for _ in range(steps // 2):
        for old, new in ((a, b), (b, a)):
            new[1:-1, 1:-1] = 0.2 * (
                old[1:-1, 1:-1]
                + old[1:-1, :-2]
                + old[1:-1, 2:]
                + old[2:, 1:-1]
                + old[:-2, 1:-1]
            )
    return a


def jacobi_2d_jax(jax: Any) -> Any:
    def step(_: int, a: Any) -> Any:
        centre = a[1:-1, 1:-1]
        around = a[1:-1, :-2] + a[1:-1, 2:] + a[2:, 1:-1] + a[:-2, 1:-1]
        return with_edges_of(jax, a, 0.2 * (centre + around))

    return jax.jit(lambda a, steps: jax.lax.fori_loop(0, steps, step, a))


def with_edges_of(jax: Any, a: Any, inner: Any) -> Any:
    """A grid from its inside; JAX is faster with it than with ``a.at[...].set``."""
    inside = jax.numpy.ones(inner.shape, bool)
    return jax.numpy.where(jax.numpy.pad(inside, 1), jax.numpy.pad(inner, 1), a)


def jacobi_2d_numba(numba: Any, parallel: bool = False) -> Any:
    @numba.njit(parallel=parallel)
    def sweep(old: Any, new: Any) -> None:
        for i in numba.prange(1, old.shape[0] - 1):
            for j in range(1, old.shape[1] - 1):
                new[i, j] = 0.2 * (
                    old[i, j]
                    + old[i, j - 1]
                    + old[i, j + 1]
                    + old[i + 1, j]
                    + old[i - 1, j]
                )

    def run(a: Any, steps: int) -> Any:
        a, b = a.copy(), a.copy()
        for _ in range(steps // 2):
            sweep(a, b)
            sweep(b, a)
        return a

    return run


def heat_3d(a: Any, steps: int) -> Any:
    """Explicit diffusion in a block whose faces keep their temperature."""
    a, b = a.copy(), a.copy()
    for _ in range(steps // 2):
        for old, new in ((a, b), (b, a)):
            centre = old[1:-1, 1:-1, 1:-1]
            new[1:-1, 1:-1, 1:-1] = (
                centre
                + 0.125 * (old[2:, 1:-1, 1:-1] - 2.0 * centre + old[:-2, 1:-1, 1:-1])
                + 0.125 * (old[1:-1, 2:, 1:-1] - 2.0 * centre + old[1:-1, :-2, 1:-1])
                + 0.125 * (old[1:-1, 1:-1, 2:] - 2.0 * centre + old[1:-1, 1:-1, :-2])
            )
    return a


def heat_3d_jax(jax: Any) -> Any:
    def step(_: int, a: Any) -> Any:
        centre = a[1:-1, 1:-1, 1:-1]
        change = (
            (a[2:, 1:-1, 1:-1] - 2.0 * centre + a[:-2, 1:-1, 1:-1])
            + (a[1:-1, 2:, 1:-1] - 2.0 * centre + a[1:-1, :-2, 1:-1])
            + (a[1:-1, 1:-1, 2:] - 2.0 * centre + a[1:-1, 1:-1, :-2])
        )
        return with_edges_of(jax, a, centre + 0.125 * change)

    return jax.jit(lambda a, steps: jax.lax.fori_loop(0, steps, step, a))


def heat_3d_numba(numba: Any, parallel: bool = False) -> Any:
    @numba.njit(parallel=parallel)
    def sweep(old: Any, new: Any) -> None:
        for i in numba.prange(1, old.shape[0] - 1):
            for j in range(1, old.shape[1] - 1):
                for k in range(1, old.shape[2] - 1):
                    centre = old[i, j, k]
                    new[i, j, k] = (
                        centre
                        + 0.125 * (old[i + 1, j, k] - 2.0 * centre + old[i - 1, j, k])
                        + 0.125 * (old[i, j + 1, k] - 2.0 * centre + old[i, j - 1, k])
                        + 0.125 * (old[i, j, k + 1] - 2.0 * centre + old[i, j, k - 1])
                    )

    def run(a: Any, steps: int) -> Any:
        a, b = a.copy(), a.copy()
        for _ in range(steps // 2):
            sweep(a, b)
            sweep(b, a)
        return a

    return run


def grid(*shape: int, steps: int) -> tuple[Any, int]:
    """A grid of random temperatures, and how many steps to go."""
    return np.random.default_rng(0).random(shape), steps


HANDWRITTEN = ("@njit", "@njit parallel")

RACES = [
    Race(
        "jacobi_2d, 1000 x 1000, 100 steps",
        data=partial(grid, 1000, 1000, steps=100),
        small=partial(grid, 8, 9, steps=4),
        by={
            "numpy": by_numpy(jacobi_2d),
            "jax.jit": by_jax(jacobi_2d_jax),
            "@njit": by_numba(jacobi_2d_numba),
            "@njit parallel": by_numba(partial(jacobi_2d_numba, parallel=True)),
            "engine": by_engine(jacobi_2d),
        },
        targets=(Target(6.0), Target(0.95, HANDWRITTEN)),
    ),
    Race(
        "heat_3d, 120 x 120 x 120, 50 steps",
        data=partial(grid, 120, 120, 120, steps=50),
        small=partial(grid, 6, 7, 8, steps=4),
        by={
            "numpy": by_numpy(heat_3d),
            "jax.jit": by_jax(heat_3d_jax),
            "@njit": by_numba(heat_3d_numba),
            "@njit parallel": by_numba(partial(heat_3d_numba, parallel=True)),
            "engine": by_engine(heat_3d),
        },
        targets=(Target(10.0), Target(0.95, HANDWRITTEN)),
    ),
]


class Stencils(Timed):
    """Time steps on a grid; those of Engine are planned once, and run in place."""

    races = RACES
    params = (
        [race.name for race in RACES],
        ["numpy", "jax.jit", *HANDWRITTEN, "engine"],
    )
    param_names = ("work", "by")

    def time_stencil(self, work: str, by: str) -> None:
        self.run()
