"""Fields on grids: diffusion, waves, flows, cellular automata."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import Block


def heat(u: Any, steps: int) -> Any:
    """Explicit diffusion with fixed borders."""
    u = u.copy()
    for _ in range(steps):
        u[1:-1, 1:-1] += 0.1 * (
            u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4 * u[1:-1, 1:-1]
        )
    return u


def wave(u: Any, steps: int) -> Any:
    """The wave equation, leapfrog, periodic in both directions."""
    before, now = u, u.copy()
    for _ in range(steps):
        curvature = (
            np.roll(now, 1, 0)
            + np.roll(now, -1, 0)
            + np.roll(now, 1, 1)
            + np.roll(now, -1, 1)
            - 4 * now
        )
        before, now = now, 2 * now - before + 0.2 * curvature
    return now


def gray_scott(u: Any, steps: int) -> Any:
    """Two substances that react and diffuse."""
    v = 1.0 - u
    u = u.copy()
    for _ in range(steps):
        total = [
            c[:-2, 1:-1] + c[2:, 1:-1] + c[1:-1, :-2] + c[1:-1, 2:] - 4 * c[1:-1, 1:-1]
            for c in (u, v)
        ]
        inner_u, inner_v = u[1:-1, 1:-1], v[1:-1, 1:-1]
        reaction = inner_u * inner_v**2
        inner_u += 0.16 * total[0] - reaction + 0.06 * (1 - inner_u)
        inner_v += 0.08 * total[1] + reaction - 0.122 * inner_v
    return u, v


def life(u: Any, steps: int) -> Any:
    """Conway's game of life."""
    board = (u > 0.6).astype(np.uint8)
    for _ in range(steps):
        near = np.zeros(board.shape, dtype=np.uint8)
        for dy in (-1, 0, 1):
            for dx in (-1, 0, 1):
                if dx or dy:
                    near += np.roll(board, (dy, dx), (0, 1))
        board = ((near == 3) | ((board == 1) & (near == 2))).astype(np.uint8)
    return board


def poisson_red_black(u: Any, steps: int) -> Any:
    """Gauss-Seidel in two colours, by strided slices."""
    f = u
    p = np.zeros_like(u)
    for _ in range(steps):
        for start in (1, 2):
            for row in (1, 2):
                column = 1 + (start + row) % 2
                p[row:-1:2, column:-1:2] = 0.25 * (
                    p[row - 1 : -2 : 2, column:-1:2]
                    + p[row + 1 :: 2, column:-1:2][: p[row:-1:2].shape[0]]
                    + p[row:-1:2, column - 1 : -2 : 2]
                    + p[row:-1:2, column + 1 :: 2][:, : p[:, column:-1:2].shape[1]]
                    - f[row:-1:2, column:-1:2]
                )
    return p


def advection(u: Any, steps: int) -> Any:
    """Upwind advection with limiter, along rows."""
    for _ in range(steps):
        slope = np.diff(u, axis=1, prepend=u[:, -1:])
        other = np.roll(slope, -1, axis=1)
        limited = np.where(
            slope * other > 0, np.sign(slope) * np.minimum(abs(slope), abs(other)), 0.0
        )
        flux = u + 0.5 * (1 - 0.4) * limited
        u = u - 0.4 * (flux - np.roll(flux, 1, axis=1))
    return u


def lattice_boltzmann(u: Any, steps: int) -> Any:
    """D2Q9 lattice Boltzmann on a periodic square."""
    cx = np.array([0, 1, 0, -1, 0, 1, -1, -1, 1])
    cy = np.array([0, 0, 1, 0, -1, 1, 1, -1, -1])
    w = np.array([4 / 9] + [1 / 9] * 4 + [1 / 36] * 4)
    f = w[:, None, None] * (1 + 0.1 * u)
    for _ in range(steps):
        for k in range(9):
            f[k] = np.roll(f[k], (int(cx[k]), int(cy[k])), (0, 1))
        rho = f.sum(axis=0)
        ux = (cx[:, None, None] * f).sum(axis=0) / rho
        uy = (cy[:, None, None] * f).sum(axis=0) / rho
        cu = 3 * (cx[:, None, None] * ux + cy[:, None, None] * uy)
        square = 1.5 * (ux**2 + uy**2)
        equilibrium = rho * w[:, None, None] * (1 + cu + 0.5 * cu**2 - square)
        f = f + 0.6 * (equilibrium - f)
    return f.sum(axis=0)


def curl(u: Any, steps: int) -> Any:
    """Gradients, divergence and curl by central differences."""
    v = u.T.copy()
    for _ in range(steps):
        du_dy, du_dx = np.gradient(u)
        dv_dy, dv_dx = np.gradient(v)
        divergence, rotation = du_dx + dv_dy, dv_dx - du_dy
        u, v = u - 0.01 * divergence, v + 0.01 * rotation
    return u, v, np.hypot(u, v).max()


def grid(n: int) -> Any:
    """Random numbers in [0, 1) on a square."""
    return np.random.default_rng(7).random((n, n))


BLOCKS = [
    Block(heat, lambda n: (grid(n), n // 10), 32, 500),
    Block(wave, lambda n: (grid(n), n // 10), 32, 500),
    Block(gray_scott, lambda n: (grid(n), n // 10), 32, 400),
    Block(life, lambda n: (grid(n), n // 20), 40, 1000),
    Block(poisson_red_black, lambda n: (grid(n), n // 10), 31, 401),
    Block(advection, lambda n: (grid(n), n // 20), 40, 800),
    Block(lattice_boltzmann, lambda n: (grid(n), n // 10), 20, 200),
    Block(curl, lambda n: (grid(n), n // 20), 40, 800),
]
