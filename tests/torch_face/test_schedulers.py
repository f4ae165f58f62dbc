"""Schedulers of learning rates: made again, loaded, or of the user's own.

The expected numbers are PyTorch's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

import engine
from engine.optim import SGD, lr_scheduler


def optimizer(groups: int = 1) -> SGD:
    rates = (1.0, 0.5)[:groups]
    return SGD([{"params": [engine.ones(1)], "lr": rate} for rate in rates])


def rates(scheduler: Any, steps: int) -> list[float]:
    found = []
    for _ in range(steps):
        scheduler.optimizer.step()
        scheduler.step()
        found.append(scheduler.get_last_lr()[0])
    return found


GOES_ON: list[tuple[Callable[..., Any], list[float]]] = [
    (
        lambda o, **k: lr_scheduler.ExponentialLR(o, 0.9, **k),
        [0.59049, 0.531441, 0.478297, 0.430467],
    ),
    (
        lambda o, **k: lr_scheduler.StepLR(o, 2, gamma=0.5, **k),
        [0.125, 0.125, 0.0625, 0.0625],
    ),
    (
        lambda o, **k: lr_scheduler.CosineAnnealingLR(o, 4, **k),
        [0.146447, 0.25, 0.292893, 0.25],
    ),
]


@pytest.mark.parametrize(("make", "expected"), GOES_ON)
def test_schedulers_go_on_after_an_epoch(
    make: Callable[..., Any], expected: list[float]
) -> None:
    first = make(optimizer())
    rates(first, 5)
    again = optimizer()
    again.load_state_dict(first.optimizer.state_dict())
    scheduler = make(again, last_epoch=first.last_epoch)
    found = [scheduler.get_last_lr()[0], *rates(scheduler, 3)]
    assert found == pytest.approx(expected, abs=1e-6)
    with pytest.raises(KeyError, match="'initial_lr' was required"):
        make(optimizer(), last_epoch=3)


def test_schedulers_load_their_options() -> None:
    saved = lr_scheduler.StepLR(optimizer(), 3, gamma=0.5)
    rates(saved, 2)
    state = saved.state_dict()
    assert state == {"base_lrs": [1.0], "last_epoch": 2, "step_size": 3, "gamma": 0.5}
    other = lr_scheduler.StepLR(optimizer(), 1)
    other.load_state_dict(state)
    assert rates(other, 4) == [0.5, 0.5, 0.5, 0.25]
    milestones = lr_scheduler.MultiStepLR(optimizer(), [2, 4])
    kept = milestones.state_dict()
    kept["milestones"].append(9)
    assert milestones.milestones == [2, 4]


def test_each_group_can_have_a_function() -> None:
    functions = [lambda epoch: 0.5**epoch, lambda epoch: float(epoch)]
    scheduler = lr_scheduler.LambdaLR(optimizer(2), functions)
    assert scheduler.get_last_lr() == [1.0, 0.0]
    rates(scheduler, 3)
    assert scheduler.get_last_lr() == [0.125, 1.5]
    assert scheduler.state_dict()["lr_lambdas"] == [None, None]
    scheduler.optimizer.add_param_group({"params": [engine.ones(1)], "lr": 2.0})
    rates(scheduler, 1)
    assert scheduler.get_last_lr() == [0.0625, 2.0, 8.0]
    with pytest.raises(ValueError, match="Expected 1 lr_lambdas, but got 2"):
        lr_scheduler.LambdaLR(optimizer(), functions)


def test_functions_that_are_objects_keep_what_they_have() -> None:
    class Falling:
        def __init__(self, factor: float) -> None:
            self.factor = factor

        def __call__(self, epoch: int) -> float:
            return self.factor**epoch

    first = lr_scheduler.LambdaLR(optimizer(), Falling(0.5))
    rates(first, 1)
    other = lr_scheduler.LambdaLR(optimizer(), Falling(9.0))
    other.load_state_dict(first.state_dict())
    assert rates(other, 2) == [0.25, 0.125]
    plain = lr_scheduler.LambdaLR(optimizer(), math.exp)
    plain.load_state_dict(plain.state_dict())


def test_schedulers_of_the_users_own_give_all_rates() -> None:
    class Growing(lr_scheduler.LRScheduler):
        def get_lr(self) -> list[float]:
            return [first * (self.last_epoch + 1) for first in self.base_lrs]

    scheduler = Growing(optimizer(2))
    rates(scheduler, 2)
    assert scheduler.get_last_lr() == [3.0, 1.5]
