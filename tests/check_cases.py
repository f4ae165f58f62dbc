"""Operands and right results for ops that check what passes through them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from cases import Case, Generator


def boundeds(rng: Generator) -> list[Case]:
    """Classes that are within their bounds, or do not count."""
    classes = np.array([[0, 3], [-100, 1]])
    return [
        Case((classes,), (4, -100), classes, 0.0),
        Case((np.zeros((0, 2), np.uint8),), (1, -100), np.zeros((0, 2), np.uint8)),
    ]


def places(rng: Generator) -> list[Case]:
    """Places of a dimension."""
    given, empty = np.array([[0, 3], [2, 1]]), np.zeros((0, 2), np.int64)
    return [Case((given,), (4, 1), given, 0.0), Case((empty,), (1, 0), empty)]


def divisors(rng: Generator) -> list[Case]:
    """Sums of weights, none of which is 0."""
    x = np.array([[2.0, -0.5], [np.nan, np.inf]])
    return [
        Case((x,), (), x),
        Case((x[:1],), (), x[:1], differentiable=True),
        Case((x[:0],), (), x[:0]),
    ]


def share_cases(rng: Generator) -> list[Case]:
    """Numbers between 0 and 1."""
    x = np.array([[0.5, 0.25], [-0.0, 1.0]])
    return [
        Case((x,), ("input",), x),
        Case((x[:1],), ("target",), x[:1], differentiable=True),
        Case((x[:0],), ("input",), x[:0]),
    ]


def index_cases(rng: Generator) -> list[Case]:
    """Indices from the front and from the back."""
    given = np.array([[0, -1, 3], [-4, 2, -2]])
    empty = np.zeros((0, 2), np.int64)
    return [
        Case((given,), (4, "axis 0"), given % 4, 0.0),
        Case((np.arange(-3, 70),), (70, "axis 1"), np.arange(-3, 70) % 70, 0.0),
        Case((empty,), (1, "axis 0"), empty),
    ]


def unwarned(rng: Generator) -> list[Case]:
    """Elements of which nothing is flagged: nobody warns."""
    x, calm = rng.normal(size=(2, 3)), np.zeros((2, 3), bool)
    return [
        Case((x, calm), ("unheard", "nowhere.py:1"), x, differentiable=True),
        Case((x[:0], calm[:0]), ("unheard", "nowhere.py:1"), x[:0]),
    ]


CASES: dict[str, Callable[[Generator], list[Case]]] = {
    "bounded": boundeds,
    "places_along": places,
    "divisor": divisors,
    "indices": index_cases,
    "shares": share_cases,
    "warned": unwarned,
}
"""For every op, what draws its cases."""
