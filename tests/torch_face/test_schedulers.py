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


MORE: list[tuple[Callable[[Any, Any], Any], list[float]]] = [
    (lambda s, o: s.ConstantLR(o, 0.25, 2), [0.25, 0.25, 1, 1, 1, 1]),
    (lambda s, o: s.LinearLR(o, 0.5, 0.8, 3), [0.5, 0.6, 0.7, 0.8, 0.8, 0.8]),
    (lambda s, o: s.PolynomialLR(o, 4, 2.0), [1, 0.5625, 0.25, 0.0625, 0, 0]),
    (
        lambda s, o: s.CosineAnnealingWarmRestarts(o, 2, 2, 0.1),
        [1, 0.55, 1, 0.868198, 0.55, 0.231802],
    ),
    (
        lambda s, o: s.OneCycleLR(o, 2.0, 6),
        [0.08, 1.988831, 1.623491, 0.925274, 0.266955, 0.000008],
    ),
    (
        lambda s, o: s.OneCycleLR(
            o,
            [2.0],
            epochs=2,
            steps_per_epoch=3,
            pct_start=0.4,
            anneal_strategy="linear",
            div_factor=10.0,
            final_div_factor=2.0,
            three_phase=True,
            base_momentum=0.5,
        ),
        [0.2, 1.485714, 1.228571, 0.190909, 0.145455, 0.1],
    ),
    (
        lambda s, o: s.SequentialLR(
            o, [s.LinearLR(o, 0.1, total_iters=2), s.StepLR(o, 2, 0.5)], [3]
        ),
        [0.1, 0.55, 1, 1, 1, 0.5],
    ),
    (
        lambda s, o: s.SequentialLR(
            o,
            [s.ConstantLR(o, 0.5), s.ExponentialLR(o, 0.5), s.PolynomialLR(o)],
            [1, 3],
        ),
        [0.5, 1, 0.5, 1, 0.8, 0.6],
    ),
]


@pytest.mark.parametrize(("make", "expected"), MORE)
def test_schedules_of_the_rate(
    make: Callable[[Any, Any], Any], expected: list[float]
) -> None:
    def begun() -> Any:
        groups = [{"params": [engine.ones(1)], "lr": 1.0}]
        return make(lr_scheduler, SGD(groups, momentum=0.9))

    scheduler = begun()
    found = [scheduler.get_last_lr()[0], *rates(scheduler, 5)]
    assert found == pytest.approx(expected, abs=1e-6)
    first, again = begun(), begun()
    rates(first, 2)
    again.load_state_dict(first.state_dict())
    again.optimizer.load_state_dict(first.optimizer.state_dict())
    assert rates(again, 3) == pytest.approx(expected[3:], abs=1e-6)


def test_one_cycle_moves_the_momentum_against_the_rate() -> None:
    moving = SGD([engine.ones(1)], lr=1.0, momentum=0.9)
    scheduler = lr_scheduler.OneCycleLR(moving, 1.0, 10)
    found = []
    for _ in range(4):
        found.append(moving.param_groups[0]["momentum"])
        moving.step()
        scheduler.step()
    assert found == pytest.approx([0.95, 0.9, 0.85, 0.854952], abs=1e-6)
    adam = engine.optim.Adam([engine.ones(1)])
    lr_scheduler.OneCycleLR(adam, 1.0, 10)
    assert adam.param_groups[0]["betas"] == (0.95, 0.999)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"patience": 1}, [1, 1, 1, 1, 0.1, 0.1, 0.1]),
        ({"patience": 0, "factor": 0.5, "cooldown": 2}, [1, 1, 1, 0.5, 0.5, 0.5, 0.25]),
        ({"patience": 0, "mode": "max", "min_lr": 0.05}, [1, 0.1, 0.05] + [0.05] * 4),
        (
            {"patience": 0, "threshold": 1.5, "threshold_mode": "abs"},
            [1, 0.1, 0.1, 0.01, 0.001, 0.001, 0.0001],
        ),
    ],
)
def test_a_plateau_reduces_the_rate(
    options: dict[str, Any], expected: list[float]
) -> None:
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer(), **options)
    found = []
    for loss in (5.0, 4.0, 3.0, 3.0, 2.9999, 1.0, 1.5):
        scheduler.step(engine.tensor(loss))
        found += scheduler.get_last_lr()
    assert found == pytest.approx(expected, abs=1e-9)
    again = lr_scheduler.ReduceLROnPlateau(optimizer())
    again.load_state_dict(scheduler.state_dict())
    assert again.state_dict() == scheduler.state_dict()


def test_schedules_that_mean_nothing_are_refused() -> None:
    o = optimizer()
    for make in (
        lambda: lr_scheduler.LinearLR(o, 0.0),
        lambda: lr_scheduler.ConstantLR(o, 2.0),
        lambda: lr_scheduler.OneCycleLR(o, 1.0),
        lambda: lr_scheduler.OneCycleLR(o, 1.0, 0),
        lambda: lr_scheduler.OneCycleLR(o, 1.0, 9, pct_start=2.0),
        lambda: lr_scheduler.OneCycleLR(o, [1.0, 2.0], 9),
        lambda: lr_scheduler.CosineAnnealingWarmRestarts(o, 0),
        lambda: lr_scheduler.ReduceLROnPlateau(o, factor=1.0),
        lambda: lr_scheduler.ReduceLROnPlateau(o, "mean"),
        lambda: lr_scheduler.ReduceLROnPlateau(o, min_lr=[0.0, 0.0]),
        lambda: lr_scheduler.SequentialLR(o, [], []),
        lambda: lr_scheduler.SequentialLR(o, [lr_scheduler.StepLR(optimizer(), 1)], []),
    ):
        with pytest.raises(ValueError):
            make()
    scheduler = lr_scheduler.OneCycleLR(
        SGD([engine.ones(1)], 1.0, momentum=0.5), 1.0, 2
    )
    rates(scheduler, 2)
    with pytest.raises(ValueError, match="Tried to step 3 times"):
        scheduler.step()
