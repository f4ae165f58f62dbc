"""Leaves, detach, no_grad, writes, accumulation, hooks: what gradients mean.

The expected numbers are worked out by hand, or are finite differences.
"""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable

import numpy as np
import pytest

import engine
from engine import Tensor

FLOAT = engine.float64


def leaf(*numbers: float) -> Tensor:
    return engine.tensor(numbers, dtype=FLOAT, requires_grad=True)


def numbers(x: Tensor | None) -> list[float]:
    assert x is not None
    found: list[float] = x.detach().tolist()
    return found


# -- backward -----------------------------------------------------------------------
def test_backward_leaves_the_gradient_in_grad() -> None:
    x = leaf(1.0, 2.0, 3.0)
    (x * x).sum().backward()
    assert numbers(x.grad) == [2.0, 4.0, 6.0]
    assert type(x.grad) is Tensor and not x.grad.requires_grad


def test_backward_with_a_gradient_argument() -> None:
    x = leaf(1.0, 2.0)
    (x * x).backward(engine.tensor([1.0, 10.0], dtype=FLOAT))
    assert numbers(x.grad) == [2.0, 40.0]


def test_gradients_accumulate_in_place() -> None:
    x = leaf(1.0, 2.0)
    (x * 2).sum().backward()
    alias = x.grad
    (x * 3).sum().backward()
    assert numbers(alias) == [5.0, 5.0] and alias is x.grad
    assert x.grad is not None
    x.grad.zero_()
    assert numbers(alias) == [0.0, 0.0]


def test_a_graph_is_walked_once_unless_it_is_retained() -> None:
    x = leaf(3.0)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert numbers(x.grad) == [12.0]
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()
    z = (x * x).sum()
    engine.autograd.grad(z, x, retain_graph=True)
    engine.autograd.grad(z, x)
    with pytest.raises(RuntimeError, match="second time"):
        engine.autograd.grad(z, x)


def test_create_graph_gives_second_and_third_order() -> None:
    x = leaf(2.0)
    (first,) = engine.autograd.grad((x**3).sum(), x, create_graph=True)
    (second,) = engine.autograd.grad(first.sum(), x, create_graph=True)
    (third,) = engine.autograd.grad(second.sum(), x)
    assert (numbers(first), numbers(second), numbers(third)) == ([12], [12], [6])
    assert x.grad is None


def test_backward_of_a_created_graph() -> None:
    x = leaf(0.5, 1.0, 2.0)
    y = x * 1
    y[1:] *= y[:-1].clone()
    (y * y).sum().backward(create_graph=True)
    gradient, x.grad = x.grad, None
    assert gradient is not None
    (gradient * gradient).sum().backward()
    # The loss is a^2 + (ab)^2 + (bc)^2 at (0.5, 1, 2); this is twice H times its
    # gradient (2, 8.5, 4).
    assert numbers(x.grad) == [
        2 * (4 * 2 + 2 * 8.5),
        2 * (2 * 2 + 8.5 * 8.5 + 8 * 4),
        2 * (8 * 8.5 + 2 * 4),
    ]


def test_autograd_grad_of_several_outputs_and_inputs() -> None:
    x, y = leaf(2.0), leaf(5.0)
    found = engine.autograd.grad([(x * y).sum(), (x * x).sum()], [x, y])
    assert [numbers(g) for g in found] == [[9.0], [2.0]]
    assert x.grad is None and y.grad is None


def test_autograd_grad_with_respect_to_a_result() -> None:
    x = leaf(3.0)
    middle = x * 2
    (found,) = engine.autograd.grad((middle * middle).sum(), middle)
    assert numbers(found) == [12.0]


def test_unused_inputs_raise_or_are_none() -> None:
    x, y = leaf(1.0), leaf(1.0)
    with pytest.raises(RuntimeError, match="appears to not have been used"):
        engine.autograd.grad(x.sum(), [x, y])
    with pytest.raises(ValueError, match=r"only_inputs=True was required"):
        engine.autograd.grad(x.sum(), x, only_inputs=False)
    _, none = engine.autograd.grad(x.sum(), [x, y], only_inputs=True, allow_unused=True)
    assert none is None
    _, zeros = engine.autograd.grad(x.sum(), [x, y], materialize_grads=True)
    assert numbers(zeros) == [0.0]


def test_where_no_gradient_can_start() -> None:
    x = leaf(1.0, 2.0)
    with pytest.raises(RuntimeError, match="only for scalar outputs"):
        (x * x).backward()
    with pytest.raises(RuntimeError, match="does not require grad"):
        engine.ones(1).backward()
    with pytest.raises(RuntimeError, match="gradient of shape"):
        (x * x).backward(engine.ones(3))
    with pytest.raises(RuntimeError, match="floating point"):
        engine.tensor([1]).requires_grad_()


# -- in-place writes ----------------------------------------------------------------
def test_writes_of_single_elements() -> None:
    a = leaf(3.0, 4.0)
    b = engine.zeros(2, dtype=FLOAT)
    b[0] = a[0] * 2
    b[1] = b[0] * a[1]
    b.sum().backward()
    # b = (2 a0, 2 a0 a1), so the gradient of its sum is (2 + 2 a1, 2 a0).
    assert numbers(a.grad) == [10.0, 6.0]


def test_overlapping_writes_read_old_values() -> None:
    x = leaf(1.0, 2.0, 3.0)
    y = x * 1
    y[1:] += y[:-1]
    y[0] *= 10
    y.backward(engine.tensor([1.0, 100.0, 1000.0], dtype=FLOAT))
    assert y.tolist() == [10, 3, 5]
    assert numbers(x.grad) == [110.0, 1100.0, 1000.0]


@pytest.mark.parametrize(
    "write",
    [
        lambda x: x.add_(1),
        lambda x: x.__setitem__(0, 5.0),
        lambda x: x[1:].mul_(2),
        lambda x: x.zero_(),
        lambda x: x.__isub__(1),
        lambda x: x.copy_(engine.ones(2, dtype=FLOAT)),
        lambda x: x.__setitem__(x > 0, 0.0),
    ],
)
def test_leaves_refuse_writes_while_gradients_are_recorded(
    write: Callable[[Tensor], object],
) -> None:
    x = leaf(1.0, 2.0)
    with pytest.raises(RuntimeError, match=r"leaf that requires grad.*no_grad"):
        write(x)
    assert x.tolist() == [1.0, 2.0]
    with engine.no_grad():
        write(x)
    assert x.tolist() != [1.0, 2.0] and x.requires_grad and x.is_leaf


def test_gradient_descent_by_hand() -> None:
    x = leaf(1.0, 2.0)
    for _ in range(3):
        (x * x).sum().backward()
        with engine.no_grad():
            assert x.grad is not None
            x -= 0.25 * x.grad
        x.grad = None
    assert x.tolist() == [0.125, 0.25]


def test_a_graph_recorded_before_an_update_keeps_the_old_values() -> None:
    x = leaf(1.0, 2.0)
    loss = (x * x * x).sum()
    with engine.no_grad():
        x.fill_(100.0)
    loss.backward()
    assert numbers(x.grad) == [3.0, 12.0]


def test_detach_and_data_share_memory_but_no_history() -> None:
    x = leaf(1.0, 2.0, 3.0)
    y = x * 2
    y.detach()[0] = 50.0
    (y * y).sum().backward()
    # The product sees the 50; the history of y is still 2 x.
    assert numbers(x.grad) == [200.0, 16.0, 24.0]
    x.data[1] = 9.0
    assert x.tolist() == [1.0, 9.0, 3.0] and x.is_leaf


def test_data_can_be_replaced_or_changed_in_place() -> None:
    x = leaf(1.0, 2.0)
    loss = (x * x).sum()
    x.data -= engine.tensor([0.5, 0.5], dtype=FLOAT)
    loss.backward()
    assert numbers(x.grad) == [2.0, 4.0] and x.tolist() == [0.5, 1.5]
    x.data = engine.tensor([7.0, 8.0, 9.0], dtype=FLOAT)
    assert x.is_leaf and x.requires_grad and x.shape == (3,)
    x.grad = None
    (x * 2).sum().backward()
    assert numbers(x.grad) == [2.0, 2.0, 2.0]


def test_a_detached_view_may_get_a_history_of_its_own() -> None:
    w, x = leaf(3.0), leaf(1.0, 2.0)
    y = x * 2
    d = y.detach()
    d[0:1] = w * w
    (d.sum() + (y * y).sum()).backward()
    assert numbers(w.grad) == [6.0]
    assert numbers(x.grad) == [36.0, 16.0]


def test_writes_under_no_grad_into_results() -> None:
    x = leaf(1.0, 2.0)
    y = x * 3
    with engine.no_grad():
        y[0] = 7.0
    (y * y).sum().backward()
    assert numbers(x.grad) == [42.0, 36.0]


def test_repeated_indices_only_the_last_write_has_a_gradient() -> None:
    v = leaf(1.0, 2.0, 3.0)
    y = engine.zeros(3, dtype=FLOAT)
    y[[0, 0, 1]] = v
    (y * engine.tensor([10.0, 20.0, 30.0], dtype=FLOAT)).sum().backward()
    assert numbers(v.grad) == [0.0, 10.0, 20.0]


def test_index_add_gives_every_addend_its_gradient() -> None:
    v = leaf(1.0, 2.0, 3.0)
    y = engine.zeros(2, dtype=FLOAT).index_add_(0, engine.tensor([0, 0, 1]), v)
    (y * y).sum().backward()
    assert y.tolist() == [3.0, 3.0]
    assert numbers(v.grad) == [6.0, 6.0, 6.0]


def test_casts_and_mixed_dtypes() -> None:
    x = engine.tensor([1.0, 2.0], requires_grad=True)
    y = x.double() * engine.tensor([3.0, 4.0], dtype=FLOAT)
    y.sum().backward()
    assert x.grad is not None and x.grad.dtype is engine.float32
    assert numbers(x.grad) == [3.0, 4.0]


# -- modes and leaves -----------------------------------------------------------------
def test_no_grad_as_context_and_decorator() -> None:
    x = leaf(1.0)

    @engine.no_grad()
    def with_brackets() -> Tensor:
        return x * 2

    @engine.no_grad
    def without() -> Tensor:
        return x * 2

    assert not with_brackets().requires_grad and not without().requires_grad
    with engine.no_grad():
        assert not engine.is_grad_enabled()
        with engine.enable_grad():
            assert (x * 2).requires_grad
    assert engine.is_grad_enabled()


def test_no_grad_ends_with_an_error() -> None:
    with pytest.raises(ZeroDivisionError), engine.no_grad():
        raise ZeroDivisionError
    assert engine.is_grad_enabled()


def test_set_grad_enabled_at_once_and_as_context() -> None:
    engine.set_grad_enabled(False)
    assert not engine.is_grad_enabled()
    engine.set_grad_enabled(True)
    with engine.set_grad_enabled(False):
        assert not engine.is_grad_enabled()
    assert engine.is_grad_enabled()


def test_what_is_a_leaf() -> None:
    x = leaf(1.0, 2.0)
    assert x.is_leaf and engine.ones(1).is_leaf
    assert not (x * 2).is_leaf and not x[0].is_leaf
    assert x.grad_fn is None and repr((x * 2).grad_fn) == "<MulBackward0>"
    assert x[0].grad is None


def test_retain_grad_of_a_result() -> None:
    x = leaf(1.0, 2.0)
    y = x * 3
    y.retain_grad()
    (y * y).sum().backward()
    assert numbers(y.grad) == [6.0, 12.0]
    assert numbers(x.grad) == [18.0, 36.0]
    assert (x * 2).grad is None


def test_hooks_see_and_replace_gradients() -> None:
    x = leaf(1.0, 2.0)
    seen: list[list[float]] = []
    y = x * 3
    y.register_hook(lambda g: g * 10)
    handle = x.register_hook(lambda g: seen.append(numbers(g)))
    y.sum().backward()
    assert seen == [[30.0, 30.0]] and numbers(x.grad) == [30.0, 30.0]
    handle.remove()
    (x * 2).sum().backward()
    assert len(seen) == 1


def test_requires_grad_can_be_set() -> None:
    x = engine.ones(2)
    x.requires_grad = True
    assert x.requires_grad and x.is_leaf
    with pytest.raises(RuntimeError, match="leaf was required"):
        (x * 2).requires_grad_(False)


def test_the_other_face_shares_memory_and_gradients() -> None:
    p = leaf(1.0, 2.0)
    (p.array() * p.array()).sum().backward()
    assert numbers(p.grad) == [2.0, 4.0] and type(p.grad) is Tensor
    t = engine.zeros(3)
    t.array()[1] = 8
    assert t.tolist() == [0.0, 8.0, 0.0]
    again = engine.tensor(t.array())
    again[0] = 5
    assert t.tolist() == [5.0, 8.0, 0.0]


# -- cost -----------------------------------------------------------------------------
def test_results_die_with_their_handles() -> None:
    x = leaf(1.0)
    y = (x * 2).sum()
    value = weakref.ref(y.read())
    y.backward()
    assert numbers(x.grad) == [2.0]
    del y
    gc.collect()
    assert value() is None


def test_long_chains_need_no_recursion() -> None:
    x = leaf(0.5)
    y = x * 1
    for _ in range(20_000):
        y *= 1.0001
    y.sum().backward()
    assert np.allclose(numbers(x.grad), 1.0001**20_000)


def test_results_that_require_grad_may_be_told_so() -> None:
    x = leaf(1.0, 2.0)
    y = x * 3
    assert y.requires_grad_() is y and not y.is_leaf
    y.sum().backward()
    assert numbers(x.grad) == [3.0, 3.0]


def test_integers_take_no_fractions_that_are_drawn() -> None:
    for name in ("normal_", "uniform_"):
        with pytest.raises(NotImplementedError, match="floating dtype"):
            getattr(engine.zeros(2, dtype=engine.int64), name)()
