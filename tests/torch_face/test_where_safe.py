"""Gradients are selected, not multiplied by 0. A row: function, input, gradient."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, e, inf, log, nan, sin
from typing import Any, NamedTuple

import numpy as np
import pytest

import engine
from engine import Tensor


def tensor(numbers: Any) -> Tensor:
    return engine.tensor(numbers, dtype=engine.float64)


def flags(rows: Any) -> Tensor:
    return engine.tensor(rows, dtype=engine.bool)


class Row(NamedTuple):
    name: str
    function: Callable[[Tensor], Tensor]
    at: Any
    gradient: Any


def pairwise(x: Tensor) -> Tensor:
    """Distances between points, with the diagonal cut away."""
    keep = ~engine.eye(x.shape[0], dtype=engine.bool)
    d = x[:, None, :] - x[None, :, :]
    r = engine.sqrt((d * d).sum(-1))
    return engine.where(keep, 1.0 / r, 0.0).sum()


def lengths(x: Tensor) -> Tensor:
    r = engine.sqrt((x * x).sum(1))
    return engine.where(r > 0.5, r, 1.0).sum()


def masked_write(x: Tensor) -> Tensor:
    y = engine.zeros_like(x)
    mask = x > 0
    y[mask] = engine.sqrt(x[mask])
    return y.sum()


def overwritten_log(x: Tensor) -> Tensor:
    y = engine.log(x)
    y[x <= 0] = 0.0
    return y.sum()


def two_uses(x: Tensor) -> Tensor:
    root = engine.sqrt(x)
    first = engine.where(x > 0, root, 0.0).sum()
    return first + engine.where(x > 1, root * x, 0.0).sum()


def nested(x: Tensor) -> Tensor:
    inner = engine.where(x > 0, engine.log(x), -1.0)
    return engine.where(x > 0.5, inner * inner / x, 0.0).sum()


def broadcast_pole(x: Tensor) -> Tensor:
    root = engine.sqrt(x[0:1])  # sqrt(0), broadcast and selected nowhere
    return engine.where(flags([False] * 3), root * x, x).sum()


def matmul_rows(x: Tensor) -> Tensor:
    product = (1.0 / x).reshape(3, 1) @ engine.ones(1, 2, dtype=engine.float64)
    rows = flags([[False] * 2, [True] * 2, [True] * 2])
    return engine.where(rows, product, 0.0).sum()


def exp_overflow(x: Tensor) -> Tensor:
    return engine.where(x < 700.0, engine.exp(x), 0.0).sum()


def root_where_positive(x: Tensor) -> Tensor:
    return engine.where(x > 0, engine.sqrt(x), 0.0).sum()


def log_where_positive(x: Tensor) -> Tensor:
    return engine.where(x > 0, engine.log(x), 0.0).sum()


def sinc(x: Tensor) -> Tensor:
    return engine.where(x != 0, engine.sin(x) / x, 1.0).sum()


def weighted_log(x: Tensor) -> Tensor:
    return (x * engine.where(x > 0, engine.log(x), 0.0)).sum()


def filled(x: Tensor) -> Tensor:
    return engine.log(x).masked_fill(x <= 0, 0.0).sum()


SAFE = [
    Row("where sqrt", root_where_positive, [0.0, 4.0, -1.0], [0.0, 0.25, 0.0]),
    Row("where log", log_where_positive, [0.0, 2.0, -1.0], [0.0, 0.5, 0.0]),
    Row("x * where log", weighted_log, [0.0, 1.0, 2.0], [0.0, 1.0, 1 + log(2.0)]),
    Row("division", sinc, [0.0, 1.0], [0.0, cos(1.0) - sin(1.0)]),
    Row(
        "the other branch",
        lambda x: engine.where(x < 1.0, x, engine.sqrt(x)).sum(),
        [0.0, 4.0],
        [1.0, 0.25],
    ),
    Row(
        "lengths of rows",
        lengths,
        [[1.0, 2.0], [3.0, 4.0], [0.0, 0.0]],
        [[5**-0.5, 2 * 5**-0.5], [0.6, 0.8], [0.0, 0.0]],
    ),
    Row("masked write", masked_write, [0.0, 4.0, -1.0], [0.0, 0.25, 0.0]),
    Row("overwritten log", overwritten_log, [0.0, 2.0, -1.0], [0.0, 0.5, 0.0]),
    Row("masked fill", filled, [0.0, 2.0, -1.0], [0.0, 0.5, 0.0]),
    Row("slice", lambda x: x.sqrt()[1:].sum(), [0.0, 4.0, 1.0], [0.0, 0.25, 0.5]),
    Row("gather", lambda x: x.sqrt()[[1, 2]].sum(), [0.0, 4.0, 1.0], [0.0, 0.25, 0.5]),
    Row("two uses", two_uses, [0.0, 0.25, 4.0], [0.0, 1.0, 3.25]),
    Row("nested", nested, [0.0, 1.0, -1.0], [0.0, 0.0, 0.0]),
    Row("broadcast pole", broadcast_pole, [0.0, 1.0, 2.0], [1.0, 1.0, 1.0]),
    Row("rows of a product", matmul_rows, [0.0, 1.0, 2.0], [0.0, -2.0, -0.5]),
    Row("exp overflow", exp_overflow, [800.0, 1.0], [0.0, e]),
    Row(
        "clamp of log",
        lambda x: engine.clamp(engine.log(x), -3.0, 3.0).sum(),
        [0.0, 1.0, 1e9],
        [0.0, 1.0, 0.0],
    ),
    Row(
        "one-sided clamp of log",
        lambda x: engine.log(x).clamp(min=-3.0).sum(),
        [0.0, 1.0],
        [0.0, 1.0],
    ),
    Row(
        "maximum of sqrt",
        lambda x: engine.maximum(x.sqrt(), tensor([0.5, 0.5])).sum(),
        [0.0, 4.0],
        [0.0, 0.25],
    ),
    Row(
        "maximum at a tie",
        lambda x: engine.maximum(x, tensor([0.0] * 3)).sum(),
        [0.0, 1.0, -1.0],
        [0.5, 1.0, 0.0],
    ),
    Row("relu", lambda x: x.relu().sum(), [0.0, 2.0, -2.0], [0.0, 1.0, 0.0]),
    Row("abs", lambda x: abs(x).sum(), [0.0, -2.0], [0.0, -1.0]),
    Row("norm at 0", lambda x: x.norm(), [0.0, 0.0], [0.0, 0.0]),
    Row("norm", lambda x: x.norm(), [3.0, 4.0], [0.6, 0.8]),
    Row("largest root", lambda x: x.sqrt().amax(), [0.0, 4.0], [0.0, 0.25]),
    Row("largest root by dim", lambda x: x.sqrt().max(0)[0], [0.0, 4.0], [0.0, 0.25]),
]

TRUE = [
    Row("sqrt at 0", lambda x: x.sqrt().sum(), [0.0, 4.0], [inf, 0.25]),
    Row(
        "NaN selected",
        lambda x: engine.where(x > -5, x.sqrt(), 0.0).sum(),
        [-1.0, 4.0],
        [nan, 0.25],
    ),
    Row("NaN given", lambda x: (x * x).sum(), [nan, 1.0], [nan, 2.0]),
    Row("0 * log(0)", lambda x: (x * x.log()).sum(), [0.0, 1.0], [nan, 1.0]),
    Row("root of a sum", lambda x: (x * x).sum().sqrt(), [0.0, 0.0], [nan, nan]),
    Row(
        "times a mask of 0 and 1",
        lambda x: (tensor([0.0, 1.0]) * x.log()).sum(),
        [0.0, 2.0],
        [nan, 0.5],
    ),
]

SECOND = [
    Row("where sqrt", root_where_positive, [0.0, 4.0], [0.0, -1 / 32]),
    Row("where log", log_where_positive, [0.0, 2.0], [0.0, -0.25]),
    Row(
        "x log x",
        lambda x: engine.where(x > 0, x * x.log(), 0.0).sum(),
        [0.0, 2.0],
        [0.0, 0.5],
    ),
    Row(
        "1 / x",
        lambda x: engine.where(x != 0, 1.0 / x, 0.0).sum(),
        [0.0, 2.0],
        [0.0, 0.25],
    ),
    Row("masked write", masked_write, [0.0, 4.0], [0.0, -1 / 32]),
    Row("exp overflow", exp_overflow, [800.0, 1.0], [0.0, e]),
]


def names(rows: list[Row]) -> list[str]:
    return [row.name for row in rows]


@pytest.mark.parametrize("row", SAFE, ids=names(SAFE))
def test_what_is_not_taken_contributes_nothing(row: Row) -> None:
    x = tensor(row.at).requires_grad_()
    row.function(x).backward()
    assert x.grad is not None
    np.testing.assert_allclose(x.grad.numpy(), row.gradient)


@pytest.mark.parametrize("row", TRUE, ids=names(TRUE))
def test_true_infinities_and_nans_still_show(row: Row) -> None:
    found = engine.grad(row.function)(tensor(row.at))
    np.testing.assert_allclose(found.numpy(), row.gradient)


@pytest.mark.parametrize("row", SECOND, ids=names(SECOND))
def test_second_derivatives_are_as_safe(row: Row) -> None:
    first = engine.grad(row.function)
    found = engine.grad(lambda x: first(x).sum())(tensor(row.at))
    np.testing.assert_allclose(found.numpy(), row.gradient)


def test_third_derivatives_are_as_safe() -> None:
    first = engine.grad(root_where_positive)
    second = engine.grad(lambda x: first(x).sum())
    third = engine.grad(lambda x: second(x).sum())
    found = third(tensor([0.0, 4.0]))
    np.testing.assert_allclose(found.numpy(), [0.0, 3 / 8 * 4**-2.5])


def test_distances_with_the_diagonal_cut_away() -> None:
    at = tensor([[1.0, 2.0, 3.0], [0.2, 4.0, 6.0]])
    found = engine.grad(pairwise)(at).numpy()
    # Both ordered pairs count: -2 d / |d|^3 for the first point.
    d = np.array([0.8, -2.0, -3.0])
    want = -2 * d / np.linalg.norm(d) ** 3
    np.testing.assert_allclose(found, [want, -want])


def test_the_forward_value_is_untouched() -> None:
    x = tensor([-1.0, 0.0]).requires_grad_()
    y = engine.where(x > 0, x.sqrt(), 0.0)
    assert y.tolist() == [0.0, 0.0]
    assert np.isnan(x.sqrt().tolist()[0])
