"""Attention, cosines and smooth losses; starting values that are orthogonal."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import pytest

import engine
from engine import nn
from engine.nn import functional as F

INF = float("inf")


def numbers(*shape: int, seed: int = 0) -> np.ndarray[Any, Any]:
    made = np.random.default_rng(seed).standard_normal(shape)
    return made.astype(np.float32)


def attention(q: Any, k: Any, v: Any, added: Any = 0.0) -> np.ndarray[Any, Any]:
    """The definition, in float64."""
    q, k, v = (x.astype(np.float64) for x in (q, k, v))
    scores = q @ k.swapaxes(-1, -2) / sqrt(q.shape[-1]) + added
    most = scores.max(-1, keepdims=True)
    parts = np.exp(scores - np.where(np.isfinite(most), most, 0))
    total = parts.sum(-1, keepdims=True)
    found: np.ndarray[Any, Any] = parts / np.where(total == 0, 1, total) @ v
    return found


def test_attention_is_as_defined() -> None:
    q, k, v = numbers(2, 3, 4), numbers(2, 5, 4, seed=1), numbers(2, 5, 6, seed=2)
    tensors = [engine.tensor(x) for x in (q, k, v)]
    mask = numbers(3, 5, seed=3) > 0
    mask[1] = False
    hidden = np.where(mask, 0, -INF)
    causal = np.where(np.tri(3, 5), 0, -INF)
    for options, added in (
        ({}, 0.0),
        ({"attn_mask": engine.tensor(mask)}, hidden),
        ({"attn_mask": engine.tensor(hidden.astype(np.float32))}, hidden),
        ({"is_causal": True}, causal),
    ):
        found = F.scaled_dot_product_attention(*tensors, **options)  # type: ignore[arg-type]
        np.testing.assert_allclose(
            found.numpy(), attention(q, k, v, added), rtol=1e-5, atol=1e-6
        )
    even = F.scaled_dot_product_attention(*tensors, scale=0.0)
    np.testing.assert_allclose(
        even.numpy(), np.broadcast_to(v.mean(1, keepdims=True), (2, 3, 6)), rtol=1e-5
    )
    with pytest.raises(RuntimeError, match="Explicit attn_mask"):
        F.scaled_dot_product_attention(
            *tensors, attn_mask=engine.tensor(mask), is_causal=True
        )


def test_queries_that_see_nothing_have_no_gradient() -> None:
    q, k, v = (
        engine.tensor(numbers(2, 3, seed=seed), requires_grad=True) for seed in range(3)
    )
    mask = engine.tensor([[True, False], [False, False]])
    F.scaled_dot_product_attention(q, k, v, mask).sum().backward()
    assert q.grad is not None and v.grad is not None
    assert q.grad[1].tolist() == [0.0] * 3
    assert v.grad.tolist() == [[1.0] * 3, [0.0] * 3]


def test_cosines_and_smooth_losses() -> None:
    x = engine.tensor([[3.0, 4.0], [0.0, 0.0]], requires_grad=True)
    alike = F.cosine_similarity(x, engine.tensor([[4.0, 3.0]]))
    assert alike.tolist() == pytest.approx([0.96, 0.0])
    a, b = engine.tensor([0.0, 0.0, 0.0]), engine.tensor([0.5, -2.0, 5.0])
    each = nn.SmoothL1Loss("none", beta=2.0)(a, b)
    assert each.tolist() == pytest.approx([0.0625, 1.0, 4.0])
    assert F.smooth_l1_loss(a, b, beta=0.0).item() == 2.5
    with pytest.raises(RuntimeError, match="negative values for beta"):
        F.smooth_l1_loss(a, b, beta=-1.0)


def test_they_are_those_of_torch() -> None:
    torch = pytest.importorskip("torch", reason="compares with torch where it is")
    q, k, v = numbers(2, 3, 4), numbers(2, 5, 4, seed=1), numbers(2, 5, 6, seed=2)
    mask = numbers(3, 5, seed=3) > 0
    mask[1] = False

    def found(t: Any) -> list[Any]:
        f, (x, y, z) = t.nn.functional, map(t.tensor, (q, k, v))
        made = [
            f.scaled_dot_product_attention(x, y, z),
            f.scaled_dot_product_attention(x, y, z, t.tensor(mask)),
            f.scaled_dot_product_attention(x, y, z, is_causal=True, scale=2.0),
            f.cosine_similarity(x, y[:, :3], dim=-1),
            f.cosine_similarity(x * 0, y[:, :3]),
            f.smooth_l1_loss(x, y[:, :3], beta=0.3),
        ]
        return [item.numpy() for item in made]

    for own, wanted in zip(found(engine), found(torch), strict=True):
        np.testing.assert_allclose(own, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 2, 3)])
def test_orthogonal_starting_values(shape: tuple[int, ...]) -> None:
    engine.manual_seed(0)
    x = nn.init.orthogonal_(engine.empty(*shape), gain=2.0).reshape(shape[0], -1)
    rows, columns = x.shape
    square = x @ x.T if rows <= columns else x.T @ x
    np.testing.assert_allclose(square.numpy(), 4 * np.eye(len(square)), atol=1e-5)
    with pytest.raises(ValueError, match="2 or more dimensions"):
        nn.init.orthogonal_(engine.empty(3))
    with pytest.raises(ValueError, match="2 dimensions"):
        nn.init.eye_(engine.empty(3))
