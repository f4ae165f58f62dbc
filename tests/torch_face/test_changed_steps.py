"""An optimizer's step is as if nothing were known of the one before, whatever changes.

A program trains for some steps, and in the middle of them something changes. What it
gives is compared with what it gives where each step looks at everything anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from steps import numbers_of

import engine
from engine import Tensor, optim
from engine.nn import Parameter
from engine.optim.optimizer import Optimizer
from engine.record import splice

pytestmark = pytest.mark.usefixtures("interpreted")

STEPS = 9

MAKERS: list[Callable[[Any], Optimizer]] = [
    lambda p: optim.Adam(p, lr=0.1),
    lambda p: optim.SGD(p, lr=0.1, momentum=0.5),
    lambda p: optim.SGD(p, lr=0.1),
]


def parameters() -> list[Parameter]:
    return [Parameter(engine.tensor([1.0, 2.0])), Parameter(engine.tensor([[3.0]]))]


def options(optimizer: Optimizer, **new: Any) -> None:
    optimizer.param_groups[0].update(new)


def reloaded(optimizer: Optimizer) -> None:
    optimizer.load_state_dict(optimizer.state_dict())


def counted_anew(optimizer: Optimizer) -> None:
    for kept in optimizer.state.values():
        if "step" in kept:
            kept["step"] = 100


def forgotten(optimizer: Optimizer) -> None:
    optimizer.state.clear()


def replaced(optimizer: Optimizer) -> None:
    for kept in optimizer.state.values():
        for name, x in kept.items():
            if isinstance(x, Tensor):
                kept[name] = x + 1.0


def in_place(optimizer: Optimizer) -> None:
    for kept in optimizer.state.values():
        for x in kept.values():
            if isinstance(x, Tensor):
                x.mul_(2.0)


def kept_besides(optimizer: Optimizer) -> None:
    for kept in optimizer.state.values():
        kept["mine"] = "a word"


def of_doubles(optimizer: Optimizer) -> None:
    for parameter in optimizer.param_groups[0]["params"]:
        parameter.data = parameter.data.double()


def exchanged(optimizer: Optimizer) -> None:
    optimizer.param_groups[0]["params"].reverse()


def fewer(optimizer: Optimizer) -> None:
    optimizer.param_groups[0]["params"] = optimizer.param_groups[0]["params"][:1]


def one_more(optimizer: Optimizer) -> None:
    optimizer.add_param_group({"params": [Parameter(engine.ones(2))], "lr": 0.5})


def frozen(optimizer: Optimizer) -> None:
    optimizer.param_groups[0]["params"][1].requires_grad_(False)


def without_gradient(optimizer: Optimizer) -> None:
    optimizer.param_groups[0]["params"][0].grad = None


def transposed_gradient(optimizer: Optimizer) -> None:
    parameter = optimizer.param_groups[0]["params"][0]
    parameter.grad = (engine.ones(2, 2) * 3.0)[:, 0]


CHANGES: list[Callable[[Optimizer], None]] = [
    lambda o: options(o, lr=0.01),
    lambda o: options(o, lr=0),
    lambda o: options(o, weight_decay=0.1),
    lambda o: options(o, maximize=True),
    *(reloaded, counted_anew, forgotten, replaced, in_place, kept_besides),
    *(of_doubles, exchanged, fewer, one_more, frozen),
    *(without_gradient, transposed_gradient),
]


def trained(make: Callable[[Any], Optimizer], change: Callable[..., None]) -> Any:
    """All that an optimizer has, after steps of which some begin with a change."""
    own = parameters()
    optimizer = make(own)
    for step in range(STEPS):
        everything = [p for g in optimizer.param_groups for p in g["params"]]
        optimizer.zero_grad()
        for number, parameter in enumerate(everything):
            if parameter.requires_grad:
                (parameter * parameter * (number + 1)).sum().backward()
        if step in (4, 7):
            change(optimizer)
        optimizer.step()
    kept = [
        (name, numbers_of(x) if isinstance(x, Tensor) else x)
        for things in optimizer.state.values()
        for name, x in things.items()
    ]
    return [(numbers_of(p), p.dtype, p.requires_grad) for p in own], kept


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("make", MAKERS)
def test_a_change_between_steps_is_seen(
    make: Callable[[Any], Optimizer],
    change: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [trained(make, change) for _ in range(3)]
    with monkeypatch.context() as patch:
        patch.setattr(Optimizer, "_again", lambda _: False)
        want = trained(make, change)
    assert found == [want] * 3


def test_native_code_knows_a_step_like_the_last_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    again, found = Optimizer._again, []

    def noted(optimizer: Optimizer) -> bool:
        found.append(again(optimizer))
        return found[-1]

    monkeypatch.setattr(Optimizer, "_again", noted)
    trained(MAKERS[0], lambda o: options(o, lr=0.2))
    want = STEPS - 2 if splice.native() is not None else 0
    assert found.count(True) == want


def test_parameters_that_others_see_are_written_through() -> None:
    w = Parameter(engine.tensor([1.0, 2.0]))
    optimizer = optim.Adam([w], lr=0.1)
    seen = None
    for step in range(STEPS):
        w.grad = engine.ones_like(w)
        optimizer.step()
        if step == 4:
            seen = w.detach().numpy()
    assert seen is not None
    np.testing.assert_array_equal(seen, w.tolist())
    assert abs(seen[0] - (1.0 - 0.1 * STEPS)) < 1e-5
