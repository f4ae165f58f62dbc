"""Blocks as NumPy users write them: with the module swapped, and handed arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest

import engine
import engine.numpy


def heat(np: Any, grid: Any) -> Any:
    grid = grid.copy()
    for _ in range(10):
        grid[1:-1, 1:-1] += 0.1 * (
            grid[2:, 1:-1]
            + grid[:-2, 1:-1]
            + grid[1:-1, 2:]
            + grid[1:-1, :-2]
            - 4 * grid[1:-1, 1:-1]
        )
    return grid


def life(np: Any, grid: Any) -> Any:
    board = (grid > 0.5).astype(np.int64)
    for _ in range(4):
        near = sum(
            np.roll(np.roll(board, i, 0), j, 1)
            for i in (-1, 0, 1)
            for j in (-1, 0, 1)
            if (i, j) != (0, 0)
        )
        board = ((near == 3) | ((board == 1) & (near == 2))).astype(np.int64)
    return board


def mandelbrot(np: Any, grid: Any) -> Any:
    x, y = np.meshgrid(np.linspace(-2, 0.5, 16), np.linspace(-1.2, 1.2, 12))
    c = x + 1j * y
    z = np.zeros_like(c)
    count = np.zeros(c.shape, dtype=int)
    for _ in range(12):
        inside = abs(z) <= 2
        z = np.where(inside, z * z + c, z)
        count += inside
    return count


def k_means(np: Any, grid: Any) -> Any:
    points = grid.reshape(-1, 2)
    centres = points[:3].copy()
    for _ in range(5):
        distance = ((points[:, None, :] - centres[None, :, :]) ** 2).sum(axis=-1)
        label = np.argmin(distance, axis=1)
        for k in range(3):
            chosen = points[label == k]
            if len(chosen):
                centres[k] = chosen.mean(axis=0)
    return centres


def attention(np: Any, grid: Any) -> Any:
    scores = grid @ grid.T / np.sqrt(grid.shape[1])
    scores = scores - scores.max(axis=-1, keepdims=True)
    weights = np.exp(scores)
    weights /= weights.sum(axis=-1, keepdims=True)
    return weights @ grid


def n_body(np: Any, grid: Any) -> Any:
    place, speed = grid[:, :3].copy(), np.zeros((len(grid), 3))
    for _ in range(3):
        apart = place[None, :, :] - place[:, None, :]
        cubed = (np.sum(apart**2, axis=-1) + 0.01) ** 1.5
        speed += 0.01 * np.sum(apart / cubed[..., np.newaxis], axis=1)
        place += 0.01 * speed
    return place


def running_mean(np: Any, grid: Any) -> Any:
    total = np.cumsum(np.pad(grid, ((0, 0), (1, 0))), axis=1)
    return (total[:, 4:] - total[:, :-4]) / 4


def standardise(np: Any, grid: Any) -> Any:
    out = np.empty_like(grid)
    out[:] = (grid - np.mean(grid, axis=0)) / np.std(grid, axis=0, ddof=1)
    out[np.abs(out) > 1.5] = 0.0
    return out


def page_rank(np: Any, grid: Any) -> Any:
    n = 8
    links = (grid[:n, :n] > 0.6).astype(float) + np.eye(n)
    links /= links.sum(axis=0)
    rank = np.full(n, 1 / n)
    for _ in range(20):
        rank = 0.15 / n + 0.85 * links @ rank
    return rank


def histogram(np: Any, grid: Any) -> Any:
    bins = np.zeros(10, dtype=int)
    np.add.at(bins, np.clip((grid.ravel() * 10).astype(int), 0, 9), 1)
    return bins


def sweep(np: Any, grid: Any) -> Any:
    for row in range(1, grid.shape[0]):
        grid[row] = 0.5 * grid[row - 1] + grid[row]
    grid[:, ::2] *= -1
    grid[grid < 0] += 1
    return np.concatenate([grid[::-1], grid.T[:1].T * grid], axis=0)


def sieve(np: Any, grid: Any) -> Any:
    prime = np.ones(60, dtype=bool)
    prime[:2] = False
    for k in range(2, 8):
        if prime[k]:
            prime[k * k :: k] = False
    return np.flatnonzero(prime)


def compress(np: Any, grid: Any) -> Any:
    u, s, vt = np.linalg.svd(grid, full_matrices=False)
    return (u[:, :2] * s[:2]) @ vt[:2]


def integrate(np: Any, grid: Any) -> Any:
    t = np.linspace(0.0, 1.0, 51)
    state, path = np.array([1.0, 0.0]), np.zeros((51, 2))
    turn = np.array([[0.0, 1.0], [-1.0, 0.0]])
    for i, _ in enumerate(t):
        path[i] = state
        k1 = turn @ state
        k2 = turn @ (state + 0.01 * k1)
        state = state + 0.02 * k2
    return path


BLOCKS: list[Callable[[Any, Any], Any]] = [
    heat,
    life,
    mandelbrot,
    k_means,
    attention,
    n_body,
    running_mean,
    standardise,
    page_rank,
    histogram,
    sweep,
    sieve,
    compress,
    integrate,
]


def data() -> numpy.ndarray:
    return numpy.random.default_rng(11).random((12, 10))


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_runs_with_the_module_swapped(block: Any) -> None:
    expected = block(numpy, data())
    with engine.config(tier="numpy"):
        found = block(engine.numpy, engine.numpy.array(data()))
    assert isinstance(found, engine.numpy.ndarray)
    assert found.dtype == expected.dtype
    numpy.testing.assert_allclose(found.computed(), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("block", BLOCKS)
def test_an_unchanged_block_takes_arrays_of_engine(block: Any) -> None:
    expected = block(numpy, data())
    found = block(numpy, engine.numpy.array(data()))
    numpy.testing.assert_allclose(
        numpy.asarray(found), expected, rtol=1e-10, atol=1e-10
    )
