"""Hooks, `retain_grad` and `inputs=`: gradients of what is no leaf.

The expected numbers are PyTorch's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import engine
from engine import Tensor

FULL: list[tuple[str, Callable[[Tensor], Tensor]]] = [
    ("T", lambda x: x.T),
    ("T.T", lambda x: x.T.T),
    ("reshape", lambda x: x.reshape(-1)),
    ("view", lambda x: x.view(4, 1)),
    ("view of its shape", lambda x: x.view(2, 2)),
    ("[:]", lambda x: x[:]),
    ("[...]", lambda x: x[...]),
    ("permute", lambda x: x.permute(0, 1)),
    ("unsqueeze", lambda x: x.unsqueeze(0)),
    ("expand", lambda x: x.expand(2, 2)),
]


def base(leaf: bool) -> tuple[Tensor, Tensor]:
    x = engine.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    return x, x if leaf else x * 1


@pytest.mark.parametrize("leaf", [True, False])
@pytest.mark.parametrize("view", [each for _, each in FULL], ids=[n for n, _ in FULL])
def test_views_of_all_of_a_base_have_gradients_of_their_own(
    view: Callable[[Tensor], Tensor], leaf: bool
) -> None:
    x, y = base(leaf)
    shown = view(y)
    assert not shown.is_leaf and shown.grad is None
    loss = (shown * shown).sum() + (y * 3).sum()
    found = engine.autograd.grad(loss, [shown, y, x], retain_graph=True)
    assert found[0].tolist() == (shown * 2).tolist()
    assert [g.tolist() for g in found[1:]] == [[[5.0, 7.0], [9.0, 11.0]]] * 2
    with pytest.raises(RuntimeError, match="not have been used in the graph"):
        engine.autograd.grad((y * 3).sum(), shown)
    (first,) = engine.autograd.grad((shown**3).sum(), shown, create_graph=True)
    (second,) = engine.autograd.grad(first.sum(), x)
    assert second.tolist() == [[6.0, 12.0], [18.0, 24.0]]


@pytest.mark.parametrize("leaf", [True, False])
@pytest.mark.parametrize("view", [each for _, each in FULL], ids=[n for n, _ in FULL])
def test_hooks_on_views_of_all_of_a_base_are_none_on_the_base(
    view: Callable[[Tensor], Tensor], leaf: bool
) -> None:
    for _ in range(3):
        x, y = base(leaf)
        shown, seen = view(y), []
        shown.register_hook(lambda g, seen=seen: (seen.append(g.tolist()), g * 10)[1])
        shown.retain_grad()
        ((shown * shown).sum() + (y * 3).sum()).backward()
        assert seen == [(shown * 2).tolist()]
        assert shown.grad.tolist() == (shown * 20).tolist()
        assert x.grad.tolist() == [[23.0, 43.0], [63.0, 83.0]]


def test_views_of_all_of_a_base_are_written_through() -> None:
    for _, view in FULL[:-1]:
        x, y = base(False)
        shown = view(y)
        shown.mul_(2)
        shown += 1
        y.sum().backward()
        assert y.tolist() == [[3.0, 5.0], [7.0, 9.0]]
        assert x.grad.tolist() == [[2.0] * 2] * 2


WRITES: list[tuple[Callable[[Tensor], Any], list[float], list[float]]] = [
    (lambda y: y.mul_(3), [12.0, 24.0, 36.0], [72.0, 144.0, 216.0]),
    (lambda y: y.__setitem__(0, 5.0), [10.0, 8.0, 12.0], [0.0, 16.0, 24.0]),
    (lambda y: y[1:].mul_(3), [4.0, 24.0, 36.0], [8.0, 144.0, 216.0]),
    (lambda y: y.zero_(), [0.0] * 3, [0.0] * 3),
    (lambda y: y.__setitem__(slice(None), 7.0), [14.0] * 3, [0.0] * 3),
    (lambda y: y.copy_(engine.ones(3)), [2.0] * 3, [0.0] * 3),
    (lambda y: y.view(3, 1).mul_(2), [8.0, 16.0, 24.0], [32.0, 64.0, 96.0]),
]


@pytest.mark.parametrize(("write", "own", "below"), WRITES)
def test_retained_gradients_are_those_after_writes(
    write: Callable[[Tensor], Any], own: list[float], below: list[float]
) -> None:
    for through in (lambda y: y, lambda y: y[:]):
        x = engine.tensor([1.0, 2.0, 3.0], requires_grad=True)
        y = x * 2
        shown = through(y)
        shown.retain_grad()
        write(y)
        assert y.requires_grad and not y.is_leaf
        (shown * shown).sum().backward()
        assert shown.grad.tolist() == own and shown.retains_grad
        assert x.grad.tolist() == below


def test_hooks_stay_with_the_value_before_a_write() -> None:
    x = engine.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x * 2
    y.retain_grad()
    seen: list[Any] = []
    first = y.register_hook(lambda g: (seen.append(g.tolist()), g * 10)[1])
    y.mul_(3)
    y.register_hook(lambda g: seen.append(g.tolist()))
    (y * y).sum().backward(retain_graph=True)
    assert seen == [[12.0, 24.0, 36.0], [36.0, 72.0, 108.0]]
    assert y.grad.tolist() == [12.0, 24.0, 36.0]
    assert x.grad.tolist() == [720.0, 1440.0, 2160.0]
    first.remove()
    (y * y).sum().backward()
    assert len(seen) == 3
    assert x.grad.tolist() == [792.0, 1584.0, 2376.0]


def test_what_is_written_over_a_result_leaves_it_a_result() -> None:
    x = engine.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    y.zero_()
    assert y.requires_grad
    (y.sum() + 1).backward()
    assert x.grad.tolist() == [0.0, 0.0]


ANSWERS: list[tuple[Callable[[Tensor], Any], type[Exception], str]] = [
    (lambda g: engine.zeros(3), RuntimeError, "has changed the size of value"),
    (lambda g: g.sum(), RuntimeError, "has changed the size of value"),
    (lambda g: g[None], RuntimeError, "has changed the size of value"),
    (lambda g: g.double(), RuntimeError, "has changed the type of value"),
    (lambda g: g > 0, RuntimeError, "has changed the type of value"),
    (lambda g: 3.0, TypeError, "hook returned 'float'"),
    (lambda g: g.numpy(), TypeError, "hook returned 'ndarray'"),
]


@pytest.mark.parametrize(("hook", "kind", "text"), ANSWERS)
def test_hooks_answer_with_a_gradient_or_none(
    hook: Callable[[Tensor], Any], kind: type[Exception], text: str
) -> None:
    makers: list[Callable[[Tensor], Tensor]]
    makers = [lambda x: x, lambda x: x * 2, lambda x: x[:1], lambda x: (x * 2).T]
    for make in makers:
        x = engine.tensor([1.0, 2.0], requires_grad=True)
        y = make(x)
        y.register_hook(hook)
        with pytest.raises(kind, match=text):
            (y * y).sum().backward()
        assert x.grad is None
    x = engine.tensor([1.0, 2.0], requires_grad=True)
    x.register_hook(hook)
    with pytest.raises(kind, match=text):
        engine.autograd.grad((x * x).sum(), x)


def test_handles_take_away_one_hook_each() -> None:
    x = engine.ones(2, requires_grad=True)

    def doubled(gradient: Tensor) -> Tensor:
        return gradient * 2

    first = x.register_hook(doubled)
    x.register_hook(doubled)
    first.remove()
    first.remove()
    with x.register_hook(lambda g: g * 10):
        x.sum().backward()
    x.sum().backward()
    assert x.grad.tolist() == [22.0, 22.0]


def product() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    x = engine.tensor([1.0, 2.0], requires_grad=True)
    w = engine.tensor([3.0, 4.0], requires_grad=True)
    y = x * w
    return x, w, y, (y * y).sum()


def test_backward_adds_to_the_inputs_that_are_named() -> None:
    x, w, y, z = product()
    z.backward(inputs=[x, x], retain_graph=True)
    assert x.grad.tolist() == [18.0, 64.0] and w.grad is None
    z.backward(None, True, False, w)
    assert x.grad.tolist() == [18.0, 64.0] and w.grad.tolist() == [6.0, 32.0]
    y.backward(engine.ones(2), inputs=(x,), create_graph=True)
    assert x.grad.tolist() == [21.0, 68.0] and x.grad.requires_grad
    x, w, y, z = product()
    z.backward(inputs=[y])  # a result: it retains its gradient from then on
    assert y.grad.tolist() == [6.0, 16.0] and y.retains_grad and x.grad is None
    x, w, y, z = product()
    part = x[:1]
    (part * 2).sum().backward(inputs=[part])
    assert part.grad.tolist() == [2.0] and x.grad is None
    with pytest.raises(RuntimeError, match="cannot be empty"):
        z.backward(inputs=[])
    with pytest.raises(RuntimeError, match="requires_grad=False"):
        z.backward(inputs=[engine.ones(2)])


def test_results_retain_gradients_of_walks_to_chosen_inputs() -> None:
    for _ in range(4):
        x, _, y, z = product()
        y.retain_grad()
        z.backward(inputs=[x], retain_graph=True)
        assert y.grad.tolist() == [6.0, 16.0]
        engine.autograd.grad(z, x)
        assert y.grad.tolist() == [12.0, 32.0] and x.grad.tolist() == [18.0, 64.0]


def test_views_of_all_of_a_base_are_told_apart_by_their_descent() -> None:
    x, y = base(False)
    turned, flat = y.T, y.reshape(-1)
    row = turned[0]
    for each in (turned, flat, row):
        each.retain_grad()
    picked = turned[[1, 0]] * engine.tensor([[1.0], [2.0]])
    loss = (turned * 1).sum() + (flat * 2).sum() + (row * 3).sum() + picked.sum()
    (loss + (y[0] * 5).sum() + (y[[1]] * 7).sum()).backward()
    assert turned.grad.tolist() == [[6.0, 6.0], [2.0, 2.0]]
    assert flat.grad.tolist() == [2.0] * 4
    assert row.grad.tolist() == [3.0, 3.0]
    assert x.grad.tolist() == [[13.0, 9.0], [15.0, 11.0]]
