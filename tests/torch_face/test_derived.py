"""Methods that are a few others, and draws of places; the numbers are PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import engine

NAN, INF = float("nan"), float("inf")
VALUES: dict[str, Any] = {
    "v.diag()": [[3, 0, 0], [0, 1, 0], [0, 0, 2]],
    "v[:2].diag(-1)": [[0, 0, 0], [3, 0, 0], [0, 1, 0]],
    "x.diag()": [1.0, 6.0],
    "x.diag(-1)": [4.0],
    "x.trace()": 7.0,
    "v.diff()": [-2, 1],
    "x.diff(dim=0)": [[3.0, 4.0, -6.0]],
    "v.diff(2, prepend=t.tensor([0]))": [-5, 3],
    "v.diff(5)": [],
    "v.diff(0)": [3, 1, 2],
    "t.diff(v > 1)": [True, True],
    "x.median()": 2.0,
    "t.median(x, dim=1).values": [2.0, 4.0],
    "x.median(1, keepdim=True).indices": [[1], [0]],
    "v.median()": 2,
    "t.tensor([1.0, NAN, 0.0]).median()": NAN,
    "t.tensor([[1.0, NAN], [2.0, 0.0]]).median(1).values": [NAN, 0.0],
    "t.tensor([[1.0, NAN], [2.0, 0.0]]).median(1).indices": [1, 1],
    "t.tensor([NAN, INF, -1.0]).nan_to_num(5.0, posinf=7.0)": [5.0, 7.0, -1.0],
    "v.nan_to_num()": [3, 1, 2],
    "t.zeros(2, 3).scatter(1, t.tensor([[2], [0]]), 4.0)": [[0, 0, 4], [4, 0, 0]],
    "v.scatter_add(0, t.tensor([0, 0]), v[:2])": [7, 1, 2],
    "v.index_add(0, t.tensor([2, 2]), v[:2], alpha=-1)": [3, 1, -2],
    "v.index_fill(0, t.tensor([1]), 9)": [3, 9, 2],
    "x.swapaxes(0, 1).shape": (3, 2),
    "t.meshgrid(v, v[:2], indexing='ij')[0]": [[3, 3], [1, 1], [2, 2]],
    "t.meshgrid([v, v[:2]], indexing='xy')[0]": [[3, 1, 2], [3, 1, 2]],
    "t.meshgrid(v, v[:2], v, indexing='xy')[1].shape": (2, 3, 3),
    "t.vstack([v, x])": [[3, 1, 2], [1, 2, 3], [4, 6, -3]],
    "t.hstack([v, v[:1]])": [3, 1, 2, 3],
    "t.hstack([x, x[:, :1]])": [[1, 2, 3, 1], [4, 6, -3, 4]],
}


def evaluated(source: str, t: Any) -> Any:
    x = t.tensor([[1.0, 2.0, 3.0], [4.0, 6.0, -3.0]])
    names = {"x": x, "v": t.tensor([3, 1, 2]), "t": t, "NAN": NAN, "INF": INF}
    return eval(source, names)


@pytest.mark.parametrize("source", VALUES)
def test_values(source: str) -> None:
    found, expected = evaluated(source, engine), VALUES[source]
    if isinstance(expected, tuple):
        assert found == expected
    else:
        np.testing.assert_array_equal(found.numpy(), expected)


@pytest.mark.parametrize("source", VALUES)
def test_they_are_those_of_torch(source: str) -> None:
    torch = pytest.importorskip("torch", reason="compares with torch where it is")
    found, expected = evaluated(source, engine), evaluated(source, torch)
    if isinstance(VALUES[source], tuple):
        assert tuple(found) == tuple(expected)
    else:
        assert str(found.dtype).split(".")[1] == str(expected.dtype).split(".")[1]
        np.testing.assert_array_equal(found.numpy(), expected.numpy())


def test_gradients_go_through() -> None:
    x = engine.tensor([1.0, 5.0, 2.0], requires_grad=True)
    for made, slope in (
        (x.diag().sum(), [1, 1, 1]),
        (x.diff().square().sum(), [-8, 14, -6]),
        (x.median(), [0, 0, 1]),
        (x.scatter_add(0, engine.tensor([0]), x[1:2]).prod(), [10, 22, 30]),
        (x.scatter(0, engine.tensor([1]), 3.0).prod(), [6, 0, 3]),
        (engine.vstack([x, x * 2]).sum(), [3, 3, 3]),
        ((x.outer(x) @ x.diag()).trace(), [3, 75, 12]),
    ):
        (found,) = engine.autograd.grad(made, [x])
        assert found.tolist() == slope
    assert x.tolist() == [1.0, 5.0, 2.0]


def test_what_means_nothing_is_refused() -> None:
    for source in (
        "x[None].diag()",
        "v.trace()",
        "v[0].diff()",
        "v.diff(-1)",
        "t.meshgrid(x, v)",
        "t.meshgrid(v, v, indexing='yx')",
        "t.multinomial(v, 1)",
        "t.multinomial(x, 1)",
        "t.multinomial(x[0], 4)",
        "t.multinomial(x[0], 0)",
        "t.multinomial(x[0] * 0, 1)",
        "t.multinomial(x[0] / 0, 1)",
        "t.multinomial(x[None], 1)",
    ):
        with pytest.raises(RuntimeError):
            evaluated(source, engine)
    with pytest.raises(IndexError):
        engine.zeros(2, 0).median(1)
    assert engine.zeros(0).median().isnan()


@pytest.mark.parametrize("replacement", [True, False])
def test_places_are_drawn_in_proportion_to_weights(replacement: bool) -> None:
    engine.manual_seed(5)
    weights = engine.tensor([[0.0, 1.0, 3.0, 0.0], [2.0, 0.0, 2.0, 4.0]])
    rows = weights.repeat_interleave(2000, 0)
    drawn = engine.multinomial(rows, 2, replacement)
    assert drawn.shape == (4000, 2) and drawn.dtype == engine.int64
    for part, own in zip(drawn[:, 0].split(2000), weights, strict=True):
        share = engine.nn.functional.one_hot(part, 4).float().mean(0)
        np.testing.assert_allclose(share.numpy(), (own / own.sum()).numpy(), atol=0.04)
    again = (drawn[:, 0] == drawn[:, 1]).float().mean().item()
    assert (again > 0.4) == replacement and (again == 0.0) != replacement
    generators = [engine.Generator().manual_seed(1) for _ in range(2)]
    one, other = (
        engine.multinomial(rows, 1, replacement, generator=g) for g in generators
    )
    assert one.equal(other)
