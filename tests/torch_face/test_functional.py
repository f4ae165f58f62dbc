"""`engine.grad` and its kin: against mathematics, on both faces and on trees."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import engine
import engine.numpy as enp
from engine import Tensor


def tensor(numbers: Any) -> Tensor:
    return engine.tensor(numbers, dtype=engine.float64)


def cubes(x: Any) -> Any:
    return (x * x * x).sum()


def test_grad_on_either_face() -> None:
    for made in (tensor([1.0, 2.0]), enp.array([1.0, 2.0])):
        found = engine.grad(cubes)(made)
        assert type(found) is type(made) and found.tolist() == [3.0, 12.0]
        assert not found.requires_grad


def test_numbers_and_numpy_arrays_are_taken_in() -> None:
    assert float(engine.grad(lambda x: x**3)(2.0)) == 12.0
    assert engine.grad(cubes)(np.array([1.0, 2.0])).tolist() == [3.0, 12.0]


def test_value_and_grad_with_several_arguments() -> None:
    def f(a: Tensor, b: Tensor, scale: float) -> Tensor:
        return (a * a * b).sum() * scale

    a, b = tensor([1.0, 2.0]), tensor([3.0, 4.0])
    value, (da, db) = engine.value_and_grad(f, argnums=(0, 1))(a, b, 10.0)
    assert value.item() == 190.0 and not value.requires_grad
    assert da.tolist() == [60.0, 160.0] and db.tolist() == [10.0, 40.0]


def test_trees_of_arrays() -> None:
    def f(tree: dict[str, Any]) -> Tensor:
        (a, [b]) = tree["pair"]
        return (a * b).sum() + tree["c"].sum()

    a, b, c = tensor([1.0]), tensor([2.0]), tensor([3.0])
    found = engine.grad(f)({"pair": (a, [b]), "c": c, "name": "kept"})
    assert found["name"] == "kept"
    assert [x.item() for x in (found["pair"][0], found["pair"][1][0], found["c"])] == [
        2.0,
        1.0,
        1.0,
    ]


def test_aux_comes_along() -> None:
    found, aux = engine.grad(lambda x: (cubes(x), "aux"), has_aux=True)(tensor([1.0]))
    assert found.tolist() == [3.0] and aux == "aux"
    (_, again), _ = engine.value_and_grad(lambda x: (cubes(x), 7), has_aux=True)(
        tensor([1.0])
    )
    assert again == 7


def test_functions_may_write_into_their_arguments() -> None:
    def f(x: Tensor) -> Tensor:
        x[1:] += x[:-1] * x[1:]
        x[x > 2] = 0.5
        return (x * x).sum()

    at = np.array([1.0, 1.5, 0.3])
    a = tensor(at)
    found = engine.grad(f)(a)
    assert a.tolist() == at.tolist()
    step = 1e-6
    for k, direction in enumerate(np.eye(3) * step):
        up, down = f(tensor(at + direction)).item(), f(tensor(at - direction)).item()
        assert found[k].item() == pytest.approx((up - down) / (2 * step), abs=1e-6)


def test_gradients_of_gradients() -> None:
    second = engine.grad(lambda x: engine.grad(cubes)(x).sum())
    assert second(tensor([1.0, 2.0])).tolist() == [6.0, 12.0]
    # An inner derivative that uses an outer variable.
    mixed = engine.grad(lambda x: engine.grad(lambda y: x * x * y * y)(3.0) * 1.0)
    assert float(mixed(2.0)) == 24.0


def test_inside_a_graph_that_is_differentiated_the_other_way() -> None:
    w = tensor([2.0]).requires_grad_()
    penalty = engine.grad(lambda x: (w * x * x).sum())(tensor([3.0]))
    penalty.sum().backward()
    assert w.grad is not None and w.grad.tolist() == [6.0]


def test_vjp_pulls_cotangents_back() -> None:
    x, y = tensor([1.0, 2.0]), tensor([5.0, 7.0])
    value, pull = engine.vjp(lambda x, y: {"p": x * y, "s": x.sum()}, x, y)
    assert value["p"].tolist() == [5.0, 14.0]
    dx, dy = pull({"p": tensor([1.0, 10.0]), "s": tensor(100.0)})
    assert dx.tolist() == [105.0, 170.0] and dy.tolist() == [1.0, 20.0]
    with pytest.raises(ValueError, match="shapes"):
        pull({"p": tensor([1.0]), "s": tensor(1.0)})


def test_jvp_pushes_tangents_forward() -> None:
    x = tensor([1.0, 2.0, 3.0])
    direction = tensor([1.0, 10.0, 100.0])
    value, pushed = engine.jvp(lambda x: x[1:] * x[:-1], (x,), (direction,))
    assert value.tolist() == [2.0, 6.0]
    assert pushed.tolist() == [2 * 1 + 1 * 10, 3 * 10 + 2 * 100]


def test_jvp_is_where_safe() -> None:
    def f(x: Tensor) -> Tensor:
        return engine.where(x > 0, engine.sqrt(x), 0.0)

    _, pushed = engine.jvp(f, (tensor([0.0, 4.0]),), (tensor([1.0, 1.0]),))
    assert pushed.tolist() == [0.0, 0.25]


def test_hessian() -> None:
    def f(x: Tensor) -> Tensor:
        return x[0, 0] ** 2 * x[0, 1] + engine.sin(x[1, 0]) * x[1, 1]

    at = tensor([[3.0, 5.0], [1.0, 2.0]])
    found = engine.hessian(f)(at)
    assert found.shape == (2, 2, 2, 2)
    want = np.zeros((4, 4))
    want[0, 0], want[0, 1], want[1, 0] = 10.0, 6.0, 6.0
    want[2, 2], want[2, 3], want[3, 2] = -2 * np.sin(1.0), np.cos(1.0), np.cos(1.0)
    np.testing.assert_allclose(found.reshape(4, 4).numpy(), want)


def test_hessian_where_a_branch_is_not_taken() -> None:
    def f(x: Tensor) -> Tensor:
        return engine.where(x > 0, x * engine.log(x), 0.0).sum()

    found = engine.hessian(f)(tensor([0.0, 2.0]))
    assert found.tolist() == [[0.0, 0.0], [0.0, 0.5]]


def test_what_cannot_be_differentiated() -> None:
    with pytest.raises(TypeError, match=r"one element.*shape \(2,\)"):
        engine.grad(lambda x: x)(tensor([1.0, 2.0]))
    with pytest.raises(TypeError, match="one element was required; float"):
        engine.grad(lambda x: 3.0)(tensor([1.0]))
    with pytest.raises(TypeError, match="floating dtype were required; int64"):
        engine.grad(cubes)(engine.tensor([1, 2]))


def test_no_grad_around_does_not_matter() -> None:
    with engine.no_grad():
        assert engine.grad(cubes)(tensor([2.0])).tolist() == [12.0]


@pytest.mark.parametrize("tier", ["numpy", "compiled"])
def test_softmax_of_infinities_is_that_of_its_formula(tier: Any) -> None:
    """As PyTorch's: what is divided by NaN is NaN."""
    inf, nan = float("inf"), float("nan")
    rows = (
        ([inf, 1.0, 2.0], [nan] * 3, inf),
        ([inf, inf, 1.0], [nan] * 3, inf),
        ([-inf, -inf, -inf], [nan] * 3, -inf),
        ([-inf, 0.0, -inf], [0.0, 1.0, 0.0], 0.0),
    )
    for given, wanted, total in rows:
        with engine.config(tier=tier):
            x = engine.tensor(given)
            np.testing.assert_array_equal(x.softmax(0).tolist(), wanted)
            logs = [nan] * 3 if np.isnan(total - max(given)) else given
            np.testing.assert_array_equal(x.log_softmax(0).tolist(), logs)
            assert x.logsumexp(0).item() == total
