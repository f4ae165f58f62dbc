"""Training that changes on the way: what is kept of gradients, steps and modules.

The expected numbers are PyTorch's.
"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import numpy
import pytest

import engine
from engine import nn


def with_gradients(count: int) -> list[engine.Tensor]:
    """Leaves whose gradients are threes; nothing is pending."""
    leaves = [engine.ones(4, requires_grad=True) for _ in range(count)]
    for each in leaves:
        each.grad = engine.full((4,), 3.0)
    assert float(engine.ones(1)) == 1
    return leaves


@pytest.mark.parametrize("counts", [(1, 1, 1, 2), (2, 2, 2, 1)])
def test_gradients_are_clipped_however_many_there_are(counts: tuple[int, ...]) -> None:
    for count in counts:
        leaves = with_gradients(count)
        nn.utils.clip_grad_norm_(leaves, 1.0)
        for each in leaves:
            wanted = [0.5 / count**0.5] * 4
            assert each.grad.tolist() == pytest.approx(wanted, rel=1e-6)
        leaves = with_gradients(count)
        nn.utils.clip_grad_value_(leaves, 2.0)
        assert [each.grad.tolist() for each in leaves] == count * [[2.0] * 4]


def test_a_mean_without_gradients_before_one_with_them() -> None:
    metric = engine.ones(4, dtype=engine.float64)
    for _ in range(300):
        assert float(2 * metric.mean()) == 2.0
    x = engine.ones(4, dtype=engine.float64, requires_grad=True)
    x.mean().backward()
    assert x.grad.tolist() == [0.25] * 4


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
)
def test_optimizers_are_copied_after_steps(copied: Callable[[Any], Any]) -> None:
    x = engine.ones(3, requires_grad=True)
    optimizer = engine.optim.Adam([x], lr=0.1)
    for _ in range(5):
        optimizer.zero_grad()
        (x * x).sum().backward()
        optimizer.step()
    other = copied(optimizer)
    (own,) = other.param_groups[0]["params"]
    for leaf, each in ((x, optimizer), (own, other)):
        each.zero_grad()
        (leaf * leaf).sum().backward()
        each.step()
    assert own is not x and own.tolist() == x.tolist()


def test_what_is_assigned_again_keeps_its_place() -> None:
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(1, 1), nn.Linear(1, 1)

    module = Two()
    names = list(module.state_dict())
    module.a = nn.Linear(1, 1)
    module.a.weight = nn.Parameter(engine.ones(1, 1))
    module.add_module("a", nn.Linear(1, 1))
    assert (
        list(module.state_dict())
        == names
        == [
            "a.weight",
            "a.bias",
            "b.weight",
            "b.bias",
        ]
    )


def test_a_frozen_leaf_keeps_its_gradient() -> None:
    x = engine.ones(3, requires_grad=True)
    optimizer = engine.optim.SGD([x], lr=0.1)
    (x * x).sum().backward()
    x.requires_grad_(False)
    assert x.grad.tolist() == [2.0] * 3
    optimizer.step()
    assert x.tolist() == pytest.approx([0.8] * 3)
    x.requires_grad_(True)
    (x * 3).sum().backward()
    assert x.grad.tolist() == [5.0] * 3
    x.requires_grad_(False)
    optimizer.zero_grad()
    optimizer.step()
    assert x.grad is None and x.tolist() == pytest.approx([0.8] * 3)


def test_a_gradient_may_be_given_and_taken_away() -> None:
    x = engine.ones(3)
    x.grad = engine.full((3,), 2.0)
    assert x.grad.tolist() == [2.0] * 3 and not x.requires_grad
    del x.grad
    assert x.grad is None
    leaf = engine.ones(3, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"float32.*was required; float64"):
        leaf.grad = engine.ones(3, dtype=engine.float64)
    with pytest.raises(RuntimeError, match="as its own grad"):
        leaf.grad = leaf
    with pytest.raises(RuntimeError, match="floating point"):
        leaf.data = engine.ones(3, dtype=engine.int64)
    (leaf * 2).sum().backward()
    other = copy.deepcopy(leaf)
    assert other.grad.tolist() == [2.0] * 3 and other.grad is not leaf.grad


def test_only_what_was_walked_is_let_go() -> None:
    for _ in range(5):
        x = engine.ones(3, requires_grad=True)
        y = x * x
        total = (y * y).sum()
        (gradient,) = engine.autograd.grad(total, y)
        y.backward(gradient)
        assert x.grad.tolist() == [4.0] * 3
        with pytest.raises(RuntimeError, match="second time"):
            total.backward()


def test_one_walk_for_several_results() -> None:
    x = engine.ones(2, requires_grad=True)
    y = engine.ones(3, requires_grad=True)
    z = x.sum() * y
    engine.autograd.backward([z.sum(), z], [None, engine.ones(3)])
    assert x.grad.tolist() == [6.0] * 2 and y.grad.tolist() == [4.0] * 3
    engine.autograd.backward((x * y.sum()).sum(), inputs=[x])
    assert x.grad.tolist() == [9.0] * 2 and y.grad.tolist() == [4.0] * 3
    with pytest.raises(RuntimeError, match="each of 1 tensors"):
        engine.autograd.backward(x.sum(), [None, None])


def test_hooks_of_leaves_change_what_grad_gives() -> None:
    x = engine.ones(3, requires_grad=True)
    x.register_hook(lambda gradient: gradient * 2)
    (gradient,) = engine.autograd.grad((x * x).sum(), x)
    assert gradient.tolist() == [4.0] * 3


def test_modes_take_a_flag_and_hold_in_generators() -> None:
    x = engine.ones(2, requires_grad=True)
    with engine.inference_mode(False):
        assert (x * 2).requires_grad
    with engine.inference_mode(True):
        assert not (x * 2).requires_grad
    assert not engine.inference_mode(lambda: x * 2)().requires_grad

    @engine.no_grad()
    def doubled() -> Iterator[Any]:
        try:
            sent = yield (x * 2).requires_grad
        except ValueError:
            sent = None
        yield sent, (x * 2).requires_grad

    generator: Any = doubled()
    assert next(generator) is False and engine.is_grad_enabled()
    assert generator.send(5) == (5, False)
    generator = doubled()
    next(generator)
    assert generator.throw(ValueError) == (None, False)
    assert list(doubled()) == [False, (None, False)]


def test_schedulers_take_in_groups_that_are_added() -> None:
    first, second = (engine.ones(1, requires_grad=True) for _ in range(2))
    optimizer = engine.optim.SGD([first], lr=1.0)
    scheduler = engine.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)
    scheduler.step()
    optimizer.add_param_group({"params": [second], "lr": 0.3})
    scheduler.step()
    assert scheduler.get_last_lr() == [0.25, 0.15]


def test_an_empty_batch_says_nothing_of_the_mean() -> None:
    layer = nn.BatchNorm1d(2)
    layer(engine.ones(0, 2))
    assert layer.running_mean.tolist() == [0.0, 0.0]
    assert layer.running_var.tolist() == [1.0, 1.0]


def test_the_gradient_of_a_view_is_what_comes_through_it() -> None:
    for _ in range(4):
        x = engine.tensor([1.0, 2.0, 3.0], requires_grad=True)
        view = x[1:]
        loss = (view * view).sum() + (x**3).sum()
        (gradient,) = engine.autograd.grad(loss, view)
        assert gradient.tolist() == [4.0, 6.0]
        with pytest.raises(RuntimeError, match="not have been used"):
            engine.autograd.grad((x**3).sum(), view)
    table = engine.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    row = table[1]
    last = row[1:]
    loss = (row * row).sum() + last.sum() * 10 + table[0].sum()
    found = engine.autograd.grad(loss, [row, last, table])
    assert [each.tolist() for each in found] == [
        [6.0, 18.0],
        [10.0],
        [[1.0, 1.0], [6.0, 18.0]],
    ]
    (first,) = engine.autograd.grad((row**3).sum(), row, create_graph=True)
    (second,) = engine.autograd.grad(first.sum(), row)
    assert second.tolist() == [18.0, 24.0]


def test_hooks_on_views_see_the_view() -> None:
    for _ in range(4):
        x = engine.ones(4, requires_grad=True)
        view = x[1:3]
        seen: list[Any] = []

        def tripled(gradient: Any, seen: list[Any] = seen) -> Any:
            seen.append(gradient.tolist())
            return gradient * 3

        handle = view.register_hook(tripled)
        (view.sum() * 2 + x.sum()).backward()
        assert seen == [[2.0, 2.0]]
        assert x.grad.tolist() == [1.0, 7.0, 7.0, 1.0]
        handle.remove()
        (x[1:3].sum() * 2).backward()
        assert x.grad.tolist() == [1.0, 9.0, 9.0, 1.0]


def test_views_retain_gradients_of_their_own() -> None:
    for first in ("view", "base"):
        x = engine.ones(3, requires_grad=True)
        base = x * x
        view = base[1:]
        for each in (view, base) if first == "view" else (base, view):
            each.retain_grad()
        (view.sum() + base.sum()).backward()
        assert view.grad.tolist() == [1.0, 1.0]
        assert base.grad.tolist() == [1.0, 2.0, 2.0]
        assert x.grad.tolist() == [2.0, 4.0, 4.0]


def test_classes_that_are_known_are_checked_before_the_step() -> None:
    layer = nn.Linear(3, 4)
    optimizer = engine.optim.Adam(layer.parameters(), lr=0.1)
    x, labels = engine.ones(6, 3), engine.tensor([0, 1, 2, 3, 0, 9])
    for k in range(40):
        before = layer.weight.tolist()
        part = labels[k % 3 : k % 3 + 4]  # the third one has the 9
        optimizer.zero_grad()
        try:
            nn.functional.cross_entropy(layer(x[:4]), part).backward()
            optimizer.step()
        except IndexError as error:
            assert k % 3 == 2
            assert "cross_entropy: classes from 0 to 3 were required" in str(error)
            assert layer.weight.tolist() == before
        else:
            assert k % 3 < 2
    with pytest.raises(IndexError, match=r"nll_loss: .* Target 9"):
        nn.functional.nll_loss(engine.zeros(6, 4), labels)
    with pytest.raises(ValueError, match="Expected target of size"):
        nn.functional.cross_entropy(engine.zeros(5, 4), labels)


def test_views_are_read_by_index_expanded_and_as_parts_of_complex_numbers() -> None:
    x = engine.tensor([1.0, 2.0, 3.0], requires_grad=True)
    view, index = x[1:], engine.tensor([0, 0, 1])
    for places in (index, index + 0):
        (gradient,) = engine.autograd.grad(view[places].sum() + view.sum(), view)
        assert gradient.tolist() == [3.0, 2.0]
    spread = view.expand(4, 2)
    (gradient,) = engine.autograd.grad(spread.sum() + (x * 3).sum(), view)
    assert gradient.tolist() == [4.0, 4.0]
    (gradient,) = engine.autograd.grad((spread * spread).sum(), spread)
    assert gradient.tolist() == [[4.0, 6.0]] * 4
    z = engine.tensor([1 + 1j, 2 + 0j, 3 + 0j], requires_grad=True)
    part = z[1:]
    (gradient,) = engine.autograd.grad(part.real.sum(), part)
    assert gradient.tolist() == [1.0, 1.0]
    real = z.real
    (gradient,) = engine.autograd.grad((real * real).sum() + z.abs().sum(), real)
    assert gradient.tolist() == [2.0, 4.0, 6.0]
    view.register_hook(lambda gradient: gradient * 10)
    view[index].sum().backward()
    assert x.grad.tolist() == [0.0, 20.0, 10.0]


def test_hooks_on_views_end_with_the_view_and_follow_their_order() -> None:
    x = engine.ones(4, requires_grad=True)
    for _ in range(4):
        x.grad = None
        view = x[1:3]
        view.register_hook(lambda gradient: gradient * 3)
        view.sum().backward()
        assert x.grad.tolist() == [0.0, 3.0, 3.0, 0.0]
    assert len(x.line.cell.result_hooks) == 1
    del view
    x[1:3].sum().backward()
    assert not x.line.cell.result_hooks
    y = engine.tensor([1.0, 2.0, 3.0], requires_grad=True) * 2
    wide = y[:]
    outer = y[0:2]
    outer.retain_grad()
    outer.register_hook(lambda gradient: gradient * 10)
    inner = outer[:1]
    inner.register_hook(lambda gradient: gradient * 3)
    (inner * inner).sum().backward()
    assert outer.grad.tolist() == [120.0, 0.0] and wide.requires_grad
    outer.grad = None
    assert outer.grad is None


def test_hooks_on_a_copy_are_none_on_its_source() -> None:
    x = engine.ones(3, requires_grad=True)
    copied = x.clone()
    copied.register_hook(lambda gradient: gradient * 2)
    x.sum().backward()
    assert x.grad.tolist() == [1.0] * 3
    copied.sum().backward()
    assert x.grad.tolist() == [3.0] * 3
    other = x.clone()
    (gradient,) = engine.autograd.grad((x * 2 + other).sum(), other)
    assert gradient.tolist() == [1.0] * 3


def test_graphs_of_before_do_not_lead_to_a_frozen_leaf() -> None:
    x = engine.ones(2, requires_grad=True)
    loss = (x * x).sum()
    (x * 3).sum().backward()
    x.requires_grad_(False)
    loss.backward()
    assert x.grad.tolist() == [3.0] * 2
    y = engine.ones(2, requires_grad=True)
    y.sum().backward()
    view = y[1:]
    view.grad = None
    assert y.grad.tolist() == [1.0] * 2
    parameter = nn.Parameter(engine.ones(2))
    parameter.sum().backward()
    assert copy.deepcopy(parameter).grad is None


def test_inputs_of_backward_require_grad() -> None:
    x = engine.ones(2, requires_grad=True)
    for wrong in ([engine.ones(2)], [x, engine.ones(2)], []):
        with pytest.raises(RuntimeError, match=r"requires_grad=False|be empty"):
            engine.autograd.backward((x * x).sum(), inputs=wrong)
    assert x.grad is None


def test_a_decorator_leaves_the_mode_as_it_was() -> None:
    x = engine.ones(1, requires_grad=True)

    @engine.set_grad_enabled(False)
    def doubled() -> Any:
        return (x * 2).requires_grad

    assert engine.is_grad_enabled() and not doubled() and engine.is_grad_enabled()


def test_classes_in_memory_of_others_are_checked_each_time() -> None:
    labels = numpy.zeros(4, "int64")
    target, logits = engine.from_numpy(labels), engine.ones(4, 3)
    assert nn.functional.cross_entropy(logits, target).item() > 1
    labels[2] = 7
    with pytest.raises(IndexError, match="Target 7"):
        nn.functional.cross_entropy(logits, target)
    small = engine.tensor([0, 1, 2, 0], dtype=engine.uint8)
    assert nn.functional.cross_entropy(logits, small).item() > 1


def test_a_buffer_may_be_saved_again() -> None:
    module = nn.Module()
    module.register_buffer("kept", engine.ones(1), persistent=False)
    assert list(module.state_dict()) == []
    module.register_buffer("kept", engine.ones(1))
    assert list(module.state_dict()) == ["kept"]
