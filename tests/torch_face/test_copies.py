"""Copies and pickles of tensors.

What is expected is PyTorch's.
"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

import engine


def leaf(*numbers: float) -> engine.Tensor:
    return engine.tensor(numbers, dtype=engine.float64, requires_grad=True)


def test_pickles_and_copies() -> None:
    x = leaf(1.0, 2.0)
    again = pickle.loads(pickle.dumps(x))
    assert again.tolist() == [1.0, 2.0] and again.requires_grad and again.is_leaf
    parameter = pickle.loads(pickle.dumps(engine.nn.Parameter(engine.ones(1))))
    assert type(parameter) is engine.nn.Parameter
    shared, separate = copy.copy(x.detach()), copy.deepcopy(x)
    shared[0] = 9.0
    assert x.tolist() == [9.0, 2.0] and separate.tolist() == [1.0, 2.0]
    with pytest.raises(RuntimeError, match="graph leaves"):
        copy.deepcopy(x * 2)


def unpickled(x: Any) -> Any:
    return pickle.loads(pickle.dumps(x))


class Special(engine.Tensor):
    """A class of a user's own."""


class Named(engine.nn.Parameter):
    """One of parameters, made as the user likes."""

    def __init__(self, name: str, data: engine.Tensor) -> None:
        super().__init__(data)
        self.name = name


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, unpickled])
def test_copies_keep_class_dtype_and_attributes(copied: Callable[[Any], Any]) -> None:
    given = [Special([1.0, 2.0]).double(), Named("w", leaf(1.0)), engine.arange(3)]
    given[0].requires_grad_()
    given[1].others = given  # which leads back
    given[2].note = {"a": [1]}
    for x, again in zip(given, map(copied, given), strict=True):
        assert type(again) is type(x) and again.dtype is x.dtype
        assert again.requires_grad == x.requires_grad and again.is_leaf
        assert vars(again).keys() == vars(x).keys()
        assert again.tolist() == x.tolist()
    module = engine.nn.Module()
    module.weight = copied(engine.nn.Parameter(engine.ones(1)))
    assert len(list(module.parameters())) == 1


def test_a_shallow_copy_is_a_leaf_of_its_own() -> None:
    x = leaf(1.0, 2.0)
    x.grad = leaf(3.0, 3.0).detach()
    again = copy.copy(x)
    assert again.grad is None
    (again * 2).sum().backward()
    assert again.grad.tolist() == [2.0, 2.0] and x.grad.tolist() == [3.0, 3.0]
    again.detach()[0] = 9.0
    assert x.tolist() == [9.0, 2.0]
    assert copy.copy(x * 2).is_leaf


def test_what_shares_memory_is_copied_so() -> None:
    x = engine.zeros(2, 3)
    one, row, turned, whole = copy.deepcopy((x, x[1], x.t(), x.detach()))
    row += 1.0
    assert one.tolist() == whole.tolist() == [[0.0] * 3, [1.0] * 3]
    assert turned.tolist() == whole.t().tolist() and turned.stride() == (1, 3)
    assert not x.any()
