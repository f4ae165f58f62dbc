"""Bodies, walks and sampling."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import Block


def n_body(position: Any, steps: int) -> Any:
    """Bodies that attract each other, all pairs by broadcasting."""
    velocity = np.zeros_like(position)
    for _ in range(steps):
        gap = position[None, :, :] - position[:, None, :]
        square = (gap**2).sum(axis=-1) + 0.01
        force = (gap * square[:, :, None] ** -1.5).sum(axis=1) / len(position)
        velocity += 0.01 * force
        position = position + 0.01 * velocity
    return position, 0.5 * (velocity**2).sum()


def lennard_jones(position: Any, steps: int) -> Any:
    """Energy and forces in a periodic box, velocity Verlet."""
    box = 10.0
    velocity = np.zeros_like(position)
    force = np.zeros_like(position)
    energy = 0.0
    for _ in range(steps):
        position = (position + 0.001 * velocity + 0.5e-6 * force) % box
        gap = position[:, None, :] - position[None, :, :]
        gap -= box * np.round(gap / box)
        square = (gap**2).sum(axis=-1) + np.eye(len(position))
        inverse = np.where(square < 9.0, 1.0 / np.maximum(square, 0.5), 0.0) ** 3
        inverse[np.diag_indices(len(position))] = 0.0
        pull = 24 * (2 * inverse**2 - inverse) / square
        before, force = force, (pull[:, :, None] * gap).sum(axis=1)
        velocity = velocity + 0.0005 * (before + force)
        energy = 2 * (inverse**2 - inverse).sum()
    return position, energy


def random_walks(draws: Any) -> Any:
    """Walks on a line: where they end, how far they get, when they return."""
    step = np.where(draws > 0, 1, -1)
    walk = np.cumsum(step, axis=1)
    back = (walk == 0).argmax(axis=1)
    return walk[:, -1], np.abs(walk).max(axis=1), back


def metropolis(draws: Any) -> Any:
    """Many chains that sample a double well at once."""
    x = draws[:, 0].copy()
    total = np.zeros_like(x)
    for k in range(1, draws.shape[1]):
        proposal = x + 0.5 * draws[:, k]
        change = (x**2 - 1) ** 2 - (proposal**2 - 1) ** 2
        accept = np.log(np.abs(np.sin(1e3 * draws[:, k]))) < change
        x = np.where(accept, proposal, x)
        total += x**2
    return x, total / draws.shape[1]


def estimate_pi(draws: Any) -> Any:
    """Points of a square that lie in a circle."""
    x, y = np.tanh(draws[:, ::2]), np.tanh(draws[:, 1::2])
    inside = x * x + y * y <= 1.0
    return inside.mean(), inside.mean(axis=1).std()


def ising(draws: Any) -> Any:
    """Spins on a torus, updated in two colours."""
    n = len(draws)
    draws = draws[:, :n]
    spin = np.where(draws > 0, 1, -1)
    chess = np.indices((n, draws.shape[1])).sum(axis=0) % 2
    for sweep in range(6):
        for colour in (0, 1):
            near = (
                np.roll(spin, 1, 0)
                + np.roll(spin, -1, 0)
                + np.roll(spin, 1, 1)
                + np.roll(spin, -1, 1)
            )
            chance = np.exp(-0.8 * spin * near)
            luck = np.abs(np.sin((sweep + 1) * 37.0 * draws))
            flip = (luck < chance) & (chess == colour)
            spin[flip] *= -1
    return spin, spin.sum()


def annealing(draws: Any) -> Any:
    """Many searches for the minimum of a bumpy function."""
    x = 3 * draws[:, :2]
    best = x.copy()

    def energy(p: Any) -> Any:
        return (p**2).sum(axis=1) + 4 * (1 - np.cos(2 * np.pi * p)).sum(axis=1)

    lowest = energy(best)
    for k in range(2, draws.shape[1] - 1):
        heat = 5.0 * 0.9**k
        step = x + 0.3 * draws[:, k : k + 2]
        gain = energy(x) - energy(step)
        accept = np.exp(np.minimum(gain / heat, 0.0)) > 0.5
        x = np.where(accept[:, None], step, x)
        now = energy(x)
        better = now < lowest
        best[better] = x[better]
        lowest = np.minimum(lowest, now)
    return best, lowest


def bodies(n: int) -> tuple[Any, ...]:
    """Positions in a box, and five steps."""
    return 10 * np.random.default_rng(17).random((n, 3)), 5


def draws(n: int) -> tuple[Any, ...]:
    """Normal numbers: a row for each walk."""
    return (np.random.default_rng(19).standard_normal((n, 50)),)


def square(n: int) -> tuple[Any, ...]:
    """Normal numbers on a square."""
    return (np.random.default_rng(23).standard_normal((n, n)),)


BLOCKS = [
    Block(n_body, bodies, 12, 400),
    Block(lennard_jones, bodies, 12, 300),
    Block(random_walks, draws, 12, 20_000),
    Block(metropolis, draws, 12, 20_000),
    Block(estimate_pi, draws, 12, 40_000),
    Block(ising, square, 12, 500),
    Block(annealing, draws, 12, 10_000),
]
