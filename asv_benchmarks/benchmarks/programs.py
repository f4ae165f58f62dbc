"""Whole programs as people write them: how much faster, unchanged?"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from engine.demo.blocks import black_scholes

from .libraries import by_copying, by_engine, by_jax, by_numba, by_numpy
from .race import Race, Target, Timed


def options(count: int) -> tuple[Any, ...]:
    """Spot, strike, years to expiry, rate, volatility."""
    draw = np.random.default_rng(1)
    spot, strike = draw.uniform(50, 150, (2, count))
    years, volatility = draw.uniform(0.1, 2, count), draw.uniform(0.1, 0.5, count)
    return spot, strike, years, 0.03, volatility


def black_scholes_jax(jax: Any) -> Any:
    jnp = jax.numpy
    normal_cdf = jax.scipy.stats.norm.cdf

    def prices(spot: Any, strike: Any, years: Any, rate: Any, volatility: Any) -> Any:
        deviation = volatility * jnp.sqrt(years)
        d1 = (jnp.log(spot / strike) + rate * years) / deviation + 0.5 * deviation
        d2 = d1 - deviation
        paid = strike * jnp.exp(-rate * years)
        call = spot * normal_cdf(d1) - paid * normal_cdf(d2)
        return call, paid * normal_cdf(-d2) - spot * normal_cdf(-d1)

    return jax.jit(prices)


def n_body(position: Any, velocity: Any, mass: Any, steps: int) -> Any:
    """Bodies that attract each other; `position` and `velocity` are (3, bodies)."""
    step, softening = 0.01, 0.1
    for _ in range(steps):
        dx, dy, dz = (x[None, :] - x[:, None] for x in position)
        pull = mass * (dx**2 + dy**2 + dz**2 + softening**2) ** -1.5
        force = [(d * pull).sum(axis=1) for d in (dx, dy, dz)]
        velocity = velocity + step * np.stack(force)
        position = position + step * velocity
    return position, velocity


def n_body_jax(jax: Any) -> Any:
    jnp = jax.numpy

    def step(_: int, state: Any) -> Any:
        position, velocity, mass = state
        dx, dy, dz = (x[None, :] - x[:, None] for x in position)
        pull = mass * (dx**2 + dy**2 + dz**2 + 0.1**2) ** -1.5
        force = jnp.stack([(d * pull).sum(axis=1) for d in (dx, dy, dz)])
        velocity = velocity + 0.01 * force
        return position + 0.01 * velocity, velocity, mass

    def run(position: Any, velocity: Any, mass: Any, steps: int) -> Any:
        return jax.lax.fori_loop(0, steps, step, (position, velocity, mass))[:2]

    return jax.jit(run)


def bodies(count: int, steps: int) -> tuple[Any, ...]:
    draw = np.random.default_rng(2)
    position, velocity = draw.standard_normal((2, 3, count))
    return position, velocity, draw.uniform(0.5, 1.5, count) / count, steps


def mandelbrot(c: Any, steps: int) -> Any:
    """After how many steps each point has left the circle of radius 2."""
    z = np.zeros_like(c)
    count = np.zeros_like(c, dtype=np.int64)
    for _ in range(steps):
        inside = z.real * z.real + z.imag * z.imag < 4.0
        z[inside] = z[inside] ** 2 + c[inside]
        count[inside] += 1
    return count


def mandelbrot_selected(x: Any, y: Any, steps: int) -> Any:
    """The same in real numbers, where all points take each step."""
    a, b = np.zeros_like(x), np.zeros_like(y)
    count = np.zeros_like(x)
    for _ in range(steps):
        inside = a * a + b * b < 4.0
        a, b = (
            np.where(inside, a * a - b * b + x, a),
            np.where(inside, 2.0 * a * b + y, b),
        )
        count += inside
    return count


def mandelbrot_jax(jax: Any) -> Any:
    jnp = jax.numpy

    def run(c: Any, steps: int) -> Any:
        def step(_: int, state: Any) -> Any:
            z, count = state
            inside = z.real * z.real + z.imag * z.imag < 4.0
            return jnp.where(inside, z * z + c, z), count + inside

        start = (jnp.zeros_like(c), jnp.zeros(c.shape, jnp.int64))
        return jax.lax.fori_loop(0, steps, step, start)[1]

    return jax.jit(run)


def mandelbrot_selected_numba(numba: Any) -> Any:
    @numba.njit
    def run(x: Any, y: Any, steps: int) -> Any:
        count = np.zeros_like(x)
        for i in range(x.shape[0]):
            for j in range(x.shape[1]):
                a = b = 0.0
                for _ in range(steps):
                    if a * a + b * b >= 4.0:
                        break
                    a, b = a * a - b * b + x[i, j], 2.0 * a * b + y[i, j]
                    count[i, j] += 1
        return count

    return run


def plane(rows: int, columns: int, steps: int) -> tuple[Any, int]:
    x, y, _ = real_plane(rows, columns, steps)
    return x + 1j * y, steps


def real_plane(rows: int, columns: int, steps: int) -> tuple[Any, Any, int]:
    across, down = np.linspace(-2.25, 0.75, columns), np.linspace(-1.25, 1.25, rows)
    return *np.meshgrid(across, down), steps


def develop(image: Any, x: Any, y: Any) -> Any:
    """Twenty ops on an image: tone curve, contrast, vignette, gamma.

    `x` and `y` are the places of its columns and rows, -1 to 1.
    """
    light = np.maximum(image, 0.02) * 1.25  # 2 ops
    toned = light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14)  # 8
    contrast = 0.5 + 0.5 * np.tanh(3.0 * (toned - 0.5))  # 5
    shaded = contrast * np.exp(-0.25 * (x * x + y * y))  # 4, and 2 on edges
    return np.sqrt(shaded)


def develop_jax(jax: Any) -> Any:
    jnp = jax.numpy

    def run(image: Any, x: Any, y: Any) -> Any:
        light = jnp.maximum(image, 0.02) * 1.25
        toned = light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14)
        contrast = 0.5 + 0.5 * jnp.tanh(3.0 * (toned - 0.5))
        shaded = contrast * jnp.exp(-0.25 * (x * x + y * y))
        return jnp.sqrt(shaded)

    return jax.jit(run)


def photograph(rows: int, columns: int, dtype: Any = np.float32) -> tuple[Any, ...]:
    """Light, and the places of columns and rows."""
    image = np.random.default_rng(3).random((rows, columns)).astype(dtype)
    x, y = (np.linspace(-1, 1, size, dtype=dtype) for size in (columns, rows))
    return image, x, y[:, None]


FIVE_TIMES = (Target(5.0),)

RACES = [
    Race(
        "Black-Scholes, 1,000,000 options",
        data=partial(options, 1_000_000),
        small=partial(options, 40),
        by={
            "numpy": by_numpy(black_scholes),
            "jax.jit": by_jax(black_scholes_jax),
            "copy": by_copying(3),  # four arrays are read and two are written
            "engine": by_engine(black_scholes),
        },
        targets=FIVE_TIMES,
        limited_by_copy=True,
    ),
    Race(
        "N-body, 1,000 bodies, 50 steps",
        data=partial(bodies, 1_000, 50),
        small=partial(bodies, 9, 3),
        by={
            "numpy": by_numpy(n_body),
            "jax.jit": by_jax(n_body_jax),
            "engine": by_engine(n_body),
        },
        targets=FIVE_TIMES,
        tolerance=1e-10,
    ),
    Race(
        "mandelbrot by masks, 500 x 600, 50 steps",
        data=partial(plane, 500, 600, 50),
        small=partial(plane, 9, 12, 10),
        by={
            "numpy": by_numpy(mandelbrot),
            "jax.jit": by_jax(mandelbrot_jax),
            "engine": by_engine(mandelbrot),
        },
        targets=FIVE_TIMES,
        strays=1e-3,
    ),
    Race(
        "mandelbrot by where, 500 x 600, 50 steps",
        data=partial(real_plane, 500, 600, 50),
        small=partial(real_plane, 9, 12, 10),
        by={
            "numpy": by_numpy(mandelbrot_selected),
            "@njit": by_numba(mandelbrot_selected_numba),
            "engine": by_engine(mandelbrot_selected),
        },
        targets=FIVE_TIMES,
        strays=1e-3,
    ),
    Race(
        "image pipeline, 20 ops, 2000 x 2000, float32",
        data=partial(photograph, 2000, 2000),
        small=partial(photograph, 9, 12),
        by={
            "numpy": by_numpy(develop),
            "jax.jit": by_jax(develop_jax),
            "copy": by_copying(1),
            "engine": by_engine(develop),
        },
        targets=FIVE_TIMES,
        tolerance=1e-5,
        limited_by_copy=True,
    ),
]


class Programs(Timed):
    """Programs of some ten to some hundred ops."""

    races = RACES
    params = (
        [race.name for race in RACES],
        ["numpy", "jax.jit", "@njit", "copy", "engine"],
    )
    param_names = ("work", "by")

    def time_program(self, work: str, by: str) -> None:
        self.run()
