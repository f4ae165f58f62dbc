"""Statistics and learning by hand: clusters, components, regressions, networks."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import Block


def k_means(points: Any, count: int) -> Any:
    """Lloyd's algorithm, with masks for the clusters."""
    centres = points[:count].copy()
    for _ in range(8):
        distance = ((points[:, None, :] - centres[None, :, :]) ** 2).sum(axis=-1)
        label = np.argmin(distance, axis=1)
        for k in range(count):
            chosen = points[label == k]
            if len(chosen):
                centres[k] = chosen.mean(axis=0)
    return centres, label


def pca(points: Any, count: int) -> Any:
    """Principal components by eigenvectors of the covariance."""
    centred = points - points.mean(axis=0)
    covariance = centred.T @ centred / (len(points) - 1)
    values, vectors = np.linalg.eigh(covariance)
    order = np.argsort(values)[::-1][:count]
    vectors = vectors[:, order] * np.sign(vectors[0, order])
    return values[order], centred @ vectors


def logistic_regression(points: Any, steps: int) -> Any:
    """Gradient descent with momentum."""
    target = (points[:, 0] + 0.5 * points[:, 1] > 0).astype(float)
    weights = np.zeros(points.shape[1])
    velocity = np.zeros_like(weights)
    for _ in range(steps):
        chance = 1 / (1 + np.exp(-(points @ weights)))
        slope = points.T @ (chance - target) / len(target) + 0.01 * weights
        velocity = 0.9 * velocity - 0.5 * slope
        weights = weights + velocity
    loss = -np.mean(target * np.log(chance) + (1 - target) * np.log1p(-chance))
    return weights, loss


def perceptron_network(points: Any, steps: int) -> Any:
    """Two layers with tanh, gradients by hand."""
    n, d = points.shape
    target = np.sin(points.sum(axis=1, keepdims=True))
    w1 = np.cos(np.arange(d * 32)).reshape(d, 32) / np.sqrt(d)
    b1, w2 = np.zeros(32), np.sin(np.arange(32.0)).reshape(32, 1) / 6
    for _ in range(steps):
        hidden = np.tanh(points @ w1 + b1)
        error = hidden @ w2 - target
        back = (error @ w2.T) * (1 - hidden**2)
        w2 -= 0.05 * hidden.T @ error / n
        w1 -= 0.05 * points.T @ back / n
        b1 -= 0.05 * back.mean(axis=0)
    return w1, w2, (error**2).mean()


def gaussian_mixture(points: Any, steps: int) -> Any:
    """Expectation and maximisation for three diagonal Gaussians."""
    means = points[:3].copy()
    spread = np.ones((3, points.shape[1]))
    share = np.full(3, 1 / 3)
    for _ in range(steps):
        z = (points[:, None, :] - means) ** 2 / spread
        logs = np.log(share) - 0.5 * (z + np.log(2 * np.pi * spread)).sum(axis=-1)
        top = logs.max(axis=1, keepdims=True)
        weight = np.exp(logs - top)
        weight /= weight.sum(axis=1, keepdims=True)
        total = weight.sum(axis=0)
        means = weight.T @ points / total[:, None]
        gap = (points[:, None, :] - means) ** 2
        spread = (weight[:, :, None] * gap).sum(axis=0) / total[:, None] + 1e-6
        share = total / len(points)
    return means, spread, share


def attention(points: Any, heads: int) -> Any:
    """Softmax attention, by einsum."""
    n, d = points.shape
    x = points.reshape(n, heads, d // heads)
    score = np.einsum("ihd,jhd->hij", x, x) / np.sqrt(d // heads)
    score = np.exp(score - score.max(axis=-1, keepdims=True))
    score /= score.sum(axis=-1, keepdims=True)
    return np.einsum("hij,jhd->ihd", score, x).reshape(n, d)


def nearest_neighbours(points: Any, count: int) -> Any:
    """All distances, the nearest few of each point, and a vote."""
    square = (points**2).sum(axis=1)
    distance = square[:, None] + square[None, :] - 2 * points @ points.T
    np.fill_diagonal(distance, np.inf)
    nearest = np.argsort(distance, axis=1)[:, :count]
    label = (points[:, 0] > 0).astype(int)
    return (label[nearest].mean(axis=1) > 0.5).astype(int)


def ridge(points: Any, folds: int) -> Any:
    """Ridge regression, its penalty chosen by cross validation."""
    y = points @ np.arange(points.shape[1]) + np.sin(points[:, 0])
    fold = np.arange(len(y)) % folds
    errors = []
    for penalty in (0.01, 0.1, 1.0, 10.0):
        error = 0.0
        for k in range(folds):
            a, b = points[fold != k], y[fold != k]
            gram = a.T @ a + penalty * np.eye(a.shape[1])
            weights = np.linalg.solve(gram, a.T @ b)
            error += ((points[fold == k] @ weights - y[fold == k]) ** 2).mean()
        errors.append(error / folds)
    return errors


def standardise(points: Any, digits: int) -> Any:
    """Scores, correlations and outliers."""
    scores = (points - points.mean(axis=0)) / points.std(axis=0, ddof=1)
    correlation = np.corrcoef(scores, rowvar=False)
    outliers = (np.abs(scores) > 2.5).any(axis=1)
    return correlation.round(digits), scores[~outliers].mean(axis=0), outliers.sum()


def compress(points: Any, rank: int) -> Any:
    """A matrix from its largest singular values."""
    u, s, vh = np.linalg.svd(points, full_matrices=False)
    return (u[:, :rank] * s[:rank]) @ vh[:rank], (s[:rank] ** 2).sum() / (s**2).sum()


def cloud(n: int) -> Any:
    """Points around three centres in eight dimensions."""
    draw = np.random.default_rng(13)
    return draw.standard_normal((n, 8)) + 3 * (np.arange(n) % 3)[:, None]


BLOCKS = [
    Block(k_means, lambda n: (cloud(n), 3), 60, 50_000),
    Block(pca, lambda n: (cloud(n), 2), 60, 200_000),
    Block(logistic_regression, lambda n: (cloud(n) / 4, 30), 60, 50_000),
    Block(perceptron_network, lambda n: (cloud(n) / 4, 20), 60, 5000),
    Block(gaussian_mixture, lambda n: (cloud(n), 5), 60, 50_000),
    Block(attention, lambda n: (cloud(n) / 4, 2), 24, 1000),
    Block(nearest_neighbours, lambda n: (cloud(n), 5), 40, 1000),
    Block(ridge, lambda n: (cloud(n), 4), 60, 50_000),
    Block(standardise, lambda n: (cloud(n), 6), 60, 200_000),
    Block(compress, lambda n: (cloud(n), 3), 40, 20_000),
]
