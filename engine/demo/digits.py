"""A small network on scikit-learn's handwritten digits, through the PyTorch face."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import engine
from engine import nn, optim

Array = np.ndarray[Any, Any]


class Digits(NamedTuple):
    """Images (n, 64) in 0 .. 1 and their labels, split once and for all."""

    train_images: Array
    train_labels: Array
    test_images: Array
    test_labels: Array


class Training(NamedTuple):
    """A trained model, the mean loss of each epoch, and its held-out accuracy."""

    model: nn.Module
    losses: list[float]
    accuracy: float


def load_digits() -> Digits:
    """The 1,797 real digits, a fifth of them held out."""
    from sklearn import datasets

    images, labels = datasets.load_digits(return_X_y=True)
    images = (images / 16).astype(np.float32)
    order = np.random.default_rng(0).permutation(len(labels))
    held_out, rest = np.split(order, [len(order) // 5])
    return Digits(images[rest], labels[rest], images[held_out], labels[held_out])


def network() -> nn.Module:
    """64 pixels, 64 hidden units, 10 classes."""
    return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))


def train(
    digits: Digits,
    epochs: int = 30,
    progress: Callable[[int, float], None] | None = None,
) -> Training:
    """Train with Adam and the cross entropy; `progress` is told of every epoch."""
    engine.manual_seed(0)
    model = network()
    loss_function = nn.CrossEntropyLoss()
    optimiser = optim.Adam(model.parameters(), lr=3e-3)
    losses = []
    for epoch in range(epochs):
        total = 0.0
        parts = list(batches(len(digits.train_labels), 64, seed=epoch))
        for part in parts:
            images = engine.tensor(digits.train_images[part])
            labels = engine.tensor(digits.train_labels[part])
            optimiser.zero_grad()
            loss = loss_function(model(images), labels)
            loss.backward()
            optimiser.step()
            total += loss.item()
        losses.append(total / len(parts))
        if progress is not None:
            progress(epoch + 1, losses[-1])
    correct = predict(model, digits.test_images) == digits.test_labels
    return Training(model, losses, float(correct.mean()))


def batches(count: int, size: int, seed: int) -> Iterator[Array]:
    """Shuffled positions, in whole batches, so that one shape serves all steps."""
    order = np.random.default_rng(seed).permutation(count)
    for start in range(0, count - size + 1, size):
        yield order[start : start + size]


def predict(model: nn.Module, images: Array) -> Array:
    """The most probable class of each image."""
    model.eval()
    with engine.no_grad():
        scores = model(engine.tensor(images))
    model.train()
    return np.asarray(scores.numpy().argmax(axis=1))


def save_and_load(model: nn.Module, path: Path) -> nn.Module:
    """The weights written as safetensors, read back into a new network."""
    engine.save(model.state_dict(), path)
    loaded = network()
    loaded.load_state_dict(engine.load(path))
    return loaded


def curve(values: Sequence[float], height: int = 8, width: int = 2) -> str:
    """A bar of text for each value, on a scale from 0.

    Examples
    --------
    >>> print(curve([3.0, 2.0, 1.0], height=3, width=1))
    3.00 |#
         |##
         |###
    """
    top = max(values)
    lines = []
    for level in range(height, 0, -1):
        least = top * (level - 0.5) / height
        bars = "".join(("#" if v >= least else " ") * width for v in values)
        label = f"{top:.2f}" if level == height else ""
        lines.append(f"{label:>4} |{bars}".rstrip())
    return "\n".join(lines)
