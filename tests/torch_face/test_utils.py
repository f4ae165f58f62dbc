"""nn.utils: gradients within bounds, parameters as one vector."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest

import engine
from engine import nn


def trained() -> list[engine.Tensor]:
    """Parameters with the gradients (3, 0), 4 and none."""
    parameters = [engine.ones(2), engine.tensor(1.0), engine.ones(3)]
    for parameter in parameters:
        parameter.requires_grad_()
    (parameters[0][0] * 3 + parameters[1] * 4).backward()
    return parameters


@pytest.mark.parametrize(("order", "norm"), [(2, 5.0), (1, 7.0), (inf, 4.0)])
def test_gradients_are_scaled_to_a_norm_all_together(order: float, norm: float) -> None:
    parameters = trained()
    found = nn.utils.clip_grad_norm_((p for p in parameters), norm / 2, order)
    assert found.item() == pytest.approx(norm)
    assert parameters[0].grad is not None and parameters[1].grad is not None
    np.testing.assert_allclose(parameters[0].grad.numpy(), [1.5, 0], rtol=1e-5)
    np.testing.assert_allclose(parameters[1].grad.numpy(), 2, rtol=1e-5)
    assert parameters[2].grad is None
    # Within the norm nothing changes, and one tensor will do.
    assert nn.utils.clip_grad_norm_(parameters[1], 1e3).item() == pytest.approx(2)
    np.testing.assert_allclose(parameters[1].grad.numpy(), 2, rtol=1e-5)
    assert nn.utils.clip_grad_norm_([parameters[2]], 1.0).item() == 0


def test_a_norm_that_is_not_finite_is_an_error_when_asked() -> None:
    x = engine.tensor([1.0], requires_grad=True)
    (x * inf).backward()
    with pytest.raises(RuntimeError, match=r"finite norm of order 2.0.*inf was found"):
        nn.utils.clip_grad_norm_(x, 1.0, error_if_nonfinite=True)
    assert nn.utils.clip_grad_norm_(x, 1.0).item() == inf


def test_gradients_are_brought_within_a_value() -> None:
    parameters = trained()
    nn.utils.clip_grad_value_(parameters, 3.5)
    assert [p.grad.tolist() for p in parameters[:2] if p.grad is not None] == [
        [3, 0],
        3.5,
    ]


def test_parameters_as_one_vector_and_back() -> None:
    layer = nn.Linear(2, 3)
    other = nn.Linear(2, 3)
    vector = nn.utils.parameters_to_vector(layer.parameters())
    assert vector.shape == (9,) and vector.requires_grad
    nn.utils.vector_to_parameters(vector, other.parameters())
    assert other.weight.tolist() == layer.weight.tolist()
    assert other.weight.is_leaf and other.weight.requires_grad
