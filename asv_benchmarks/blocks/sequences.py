"""Sequences and graphs: filters, models, sweeps, sparse products."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import Block


def kalman(signal: Any) -> Any:
    """A filter of position and speed over many tracks at once."""
    tracks, steps = signal.shape
    x, v = np.zeros(tracks), np.zeros(tracks)
    pxx, pxv, pvv = np.ones(tracks), np.zeros(tracks), np.ones(tracks)
    out = np.zeros_like(signal)
    for k in range(steps):
        x = x + v
        pxx, pxv, pvv = pxx + 2 * pxv + pvv + 0.01, pxv + pvv, pvv + 0.01
        gain, speed_gain = pxx / (pxx + 0.5), pxv / (pxx + 0.5)
        error = signal[:, k] - x
        x, v = x + gain * error, v + speed_gain * error
        pxx, pxv, pvv = (1 - gain) * pxx, (1 - gain) * pxv, pvv - speed_gain * pxv
        out[:, k] = x
    return out


def hidden_markov(signal: Any) -> Any:
    """The forward algorithm in logarithms, and Viterbi's path."""
    states, steps = 8, signal.shape[1]
    levels = np.linspace(-2, 2, states)
    logs = -np.abs(levels[:, None] - levels[None, :])
    emission = -0.5 * (signal[:, :, None] - levels) ** 2
    alpha = best = emission[:, 0]
    back = np.zeros((len(signal), steps, states), dtype=int)
    for t in range(1, steps):
        score = alpha[:, :, None] + logs
        top = score.max(axis=1)
        alpha = top + np.log(np.exp(score - top[:, None, :]).sum(axis=1))
        alpha = alpha + emission[:, t]
        step = best[:, :, None] + logs
        back[:, t] = step.argmax(axis=1)
        best = step.max(axis=1) + emission[:, t]
    return alpha, best.argmax(axis=1), back.sum()


def moving_median(signal: Any) -> Any:
    """Medians in windows, by a view."""
    window = np.lib.stride_tricks.sliding_window_view(signal, 5, axis=1)
    return np.median(window, axis=-1)


def exponential_smoothing(signal: Any) -> Any:
    """A recursion along columns, written in place."""
    out = signal.copy()
    for k in range(1, out.shape[1]):
        out[:, k] = 0.3 * out[:, k] + 0.7 * out[:, k - 1]
    return out


def convolve_rows(signal: Any) -> Any:
    """Convolution of rows by slices."""
    kernel = np.array([0.1, 0.2, 0.4, 0.2, 0.1])
    width = signal.shape[1] - len(kernel) + 1
    out = np.zeros((len(signal), width))
    for k, weight in enumerate(kernel):
        out += weight * signal[:, k : k + width]
    return out


def edit_distance(signal: Any) -> Any:
    """Dynamic time warping along anti-diagonals, many pairs at once."""
    a, b = signal[:-1], signal[1:]
    pairs, n = a.shape
    previous = np.full((pairs, n + 1), np.inf)
    previous[:, 0] = 0.0
    for i in range(n):
        current = np.full((pairs, n + 1), np.inf)
        cost = np.abs(a[:, i : i + 1] - b)
        reach = np.minimum(previous[:, 1:], previous[:, :-1])
        total = np.cumsum(cost, axis=1)
        current[:, 1:] = total + np.minimum.accumulate(reach - total + cost, axis=1)
        previous = current
    return previous[:, -1]


def page_rank(signal: Any) -> Any:
    """Power iteration with a dense matrix of links."""
    n = min(signal.shape)
    link = (signal[:n, :n] > 0.5).astype(float)
    link = link / np.maximum(link.sum(axis=0), 1.0)
    rank = np.full(n, 1.0 / n)
    for _ in range(30):
        rank = 0.85 * (link @ rank) + 0.15 / n
        rank /= rank.sum()
    return rank


def sparse_product(signal: Any) -> Any:
    """A sparse matrix times a vector: take, multiply, add.at."""
    n = signal.size
    rows = np.arange(3 * n) % n
    columns = (np.arange(3 * n) * 7919) % n
    values = np.concatenate([signal.ravel()] * 3)
    x = np.cos(np.arange(n))
    for _ in range(3):
        y = np.zeros(n)
        np.add.at(y, rows, values * x[columns])
        x = y / np.abs(y).max()
    return x


def tridiagonal(signal: Any) -> Any:
    """Thomas's algorithm for many systems at once, in place by columns."""
    d = signal.copy()
    n = d.shape[1]
    ratio = np.zeros(n)
    for k in range(n):
        below = ratio[k - 1] if k else 0.0
        ratio[k] = -1.0 / (4.0 + below)
        d[:, k] = (d[:, k] + (d[:, k - 1] if k else 0.0)) / (4.0 + below)
    for k in range(n - 2, -1, -1):
        d[:, k] -= ratio[k] * d[:, k + 1]
    return d


def gauss_elimination(signal: Any) -> Any:
    """LU decomposition without pivots, in place."""
    n = min(signal.shape)
    a = signal[:n, :n] + n * np.eye(n)
    for k in range(n - 1):
        a[k + 1 :, k] /= a[k, k]
        a[k + 1 :, k + 1 :] -= a[k + 1 :, k, None] * a[k, k + 1 :]
    return a


def tracks(n: int) -> tuple[Any, ...]:
    """Random walks, a row each."""
    draw = np.random.default_rng(29)
    return (draw.standard_normal((n, max(20, n // 50))),)


def matrix(n: int) -> tuple[Any, ...]:
    """A square of normal numbers."""
    return (np.random.default_rng(31).standard_normal((n, n)),)


BLOCKS = [
    Block(kalman, tracks, 10, 10_000),
    Block(hidden_markov, tracks, 10, 1000),
    Block(moving_median, tracks, 10, 2000),
    Block(exponential_smoothing, tracks, 10, 10_000),
    Block(convolve_rows, tracks, 10, 5000),
    Block(edit_distance, tracks, 10, 3000),
    Block(page_rank, matrix, 20, 1000),
    Block(sparse_product, matrix, 10, 400),
    Block(tridiagonal, tracks, 10, 10_000),
    Block(gauss_elimination, matrix, 12, 300),
]
