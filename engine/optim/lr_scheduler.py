"""Learning rates that change from epoch to epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import cos, pi
from types import FunctionType
from typing import Any

from engine.optim.cycles import (
    CosineAnnealingWarmRestarts as CosineAnnealingWarmRestarts,
)
from engine.optim.cycles import OneCycleLR as OneCycleLR
from engine.optim.optimizer import Optimizer
from engine.optim.plateau import ReduceLROnPlateau as ReduceLROnPlateau
from engine.optim.schedule import LRScheduler as LRScheduler
from engine.optim.sequence import SequentialLR as SequentialLR


class StepLR(LRScheduler):
    """The rate times `gamma` every `step_size` epochs.

    Examples
    --------
    >>> import engine
    >>> x = engine.tensor([1.0], requires_grad=True)
    >>> optimizer = engine.optim.SGD([x], lr=1.0)
    >>> scheduler = engine.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        step_size: int,
        gamma: float = 0.1,
        last_epoch: int = -1,
    ) -> None:
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def rate(self, now: float, first: float) -> float:
        """The rate of this epoch."""
        turns = self.last_epoch > 0 and self.last_epoch % self.step_size == 0
        return now * self.gamma if turns else now


class MultiStepLR(LRScheduler):
    """The rate times `gamma` at each of the epochs `milestones`.

    Examples
    --------
    >>> import engine
    >>> x = engine.tensor([1.0], requires_grad=True)
    >>> optimizer = engine.optim.SGD([x], lr=1.0)
    >>> scheduler = engine.optim.lr_scheduler.MultiStepLR(optimizer, [1, 3], gamma=0.5)
    >>> rates = []
    >>> for epoch in range(4):
    ...     rates += scheduler.get_last_lr()
    ...     optimizer.step()
    ...     scheduler.step()
    >>> rates
    [1.0, 0.5, 0.5, 0.25]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        milestones: Iterable[int],
        gamma: float = 0.1,
        last_epoch: int = -1,
    ) -> None:
        self.milestones, self.gamma = sorted(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def rate(self, now: float, first: float) -> float:
        """The rate of this epoch."""
        return float(now * self.gamma ** self.milestones.count(self.last_epoch))


class ExponentialLR(LRScheduler):
    """The rate times `gamma` every epoch.

    Examples
    --------
    >>> import engine
    >>> x = engine.tensor([1.0], requires_grad=True)
    >>> optimizer = engine.optim.SGD([x], lr=1.0)
    >>> scheduler = engine.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.5]
    """

    def __init__(
        self, optimizer: Optimizer, gamma: float, last_epoch: int = -1
    ) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def rate(self, now: float, first: float) -> float:
        """The rate of this epoch."""
        return now * self.gamma if self.last_epoch > 0 and not self._begins else now


class LambdaLR(LRScheduler):
    """The first rate times what a function of the epoch says.

    There may be one for each group, in a list. `state_dict` has none of them, but for
    the attributes of those that are objects.

    Examples
    --------
    >>> import engine
    >>> x = engine.tensor([1.0], requires_grad=True)
    >>> optimizer = engine.optim.SGD([x], lr=1.0)
    >>> halved = lambda epoch: 0.5**epoch
    >>> scheduler = engine.optim.lr_scheduler.LambdaLR(optimizer, halved)
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]],
        last_epoch: int = -1,
    ) -> None:
        groups = len(optimizer.param_groups)
        self.lr_lambdas = (
            list(lr_lambda) if isinstance(lr_lambda, Sequence) else [lr_lambda] * groups
        )
        if len(self.lr_lambdas) != groups:
            raise ValueError(
                f"LambdaLR: Expected {groups} lr_lambdas, but got "
                f"{len(self.lr_lambdas)}"
            )
        super().__init__(optimizer, last_epoch)

    _not_kept = ("optimizer", "_begins", "lr_lambdas")

    def state_dict(self) -> dict[str, Any]:
        """What to keep of the scheduler, and of functions that are objects."""
        objects = [
            None if isinstance(function, FunctionType) else dict(_attributes(function))
            for function in self.lr_lambdas
        ]
        return {**super().state_dict(), "lr_lambdas": objects}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` gave, options and attributes of objects too."""
        super().load_state_dict(state_dict)
        objects = state_dict.get("lr_lambdas") or []
        for function, kept in zip(self.lr_lambdas, objects, strict=False):
            _attributes(function).update(kept or {})

    def get_lr(self) -> list[float]:
        """The rates of all groups in this epoch, which `step` begins."""
        functions = self.lr_lambdas
        # Groups that were added meanwhile follow the last function.
        functions = functions + functions[-1:] * (len(self.base_lrs) - len(functions))
        return [
            first * function(self.last_epoch)
            for first, function in zip(self.base_lrs, functions, strict=True)
        ]


def _attributes(function: Any) -> dict[str, Any]:
    found: dict[str, Any] = getattr(function, "__dict__", {})
    return found


class CosineAnnealingLR(LRScheduler):
    """The rate falls to `eta_min` along half a cosine in `T_max` epochs, and back.

    Examples
    --------
    >>> import engine
    >>> x = engine.tensor([1.0], requires_grad=True)
    >>> optimizer = engine.optim.SGD([x], lr=1.0)
    >>> scheduler = engine.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=2)
    >>> optimizer.step()
    >>> scheduler.step()
    >>> round(scheduler.get_last_lr()[0], 6)
    0.5
    """

    def __init__(
        self,
        optimizer: Optimizer,
        T_max: int,
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def rate(self, now: float, first: float) -> float:
        """The rate of this epoch."""
        epoch, span, low = self.last_epoch, self.T_max, self.eta_min
        if epoch <= 0 or self._begins:
            return now
        if (epoch - 1 - span) % (2 * span) == 0:  # the rate before was the lowest one
            return now + (first - low) * (1 - cos(pi / span)) / 2
        fallen = (1 + cos(pi * epoch / span)) / (1 + cos(pi * (epoch - 1) / span))
        return fallen * (now - low) + low


class ConstantLR(LRScheduler):
    """The rate times `factor` for the first `total_iters` epochs.

    Examples
    --------
    >>> import engine
    >>> x = engine.tensor([1.0], requires_grad=True)
    >>> optimizer = engine.optim.SGD([x], lr=1.0)
    >>> scheduler = engine.optim.lr_scheduler.ConstantLR(optimizer, 0.5, total_iters=2)
    >>> rates = []
    >>> for epoch in range(4):
    ...     rates += scheduler.get_last_lr()
    ...     optimizer.step()
    ...     scheduler.step()
    >>> rates
    [0.5, 0.5, 1.0, 1.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        factor: float = 1 / 3,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0 <= factor <= 1:
            raise ValueError(
                "ConstantLR: Constant multiplicative factor expected to be between 0 "
                f"and 1; {factor} was given"
            )
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def rate(self, now: float, first: float) -> float:
        """The rate of this epoch."""
        if self.last_epoch == 0:
            return now * self.factor
        return now if self.last_epoch != self.total_iters else now * (1 / self.factor)


class LinearLR(LRScheduler):
    """The rate times a factor that goes straight from one number to another.

    Examples
    --------
    >>> import engine
    >>> x = engine.tensor([1.0], requires_grad=True)
    >>> optimizer = engine.optim.SGD([x], lr=1.0)
    >>> scheduler = engine.optim.lr_scheduler.LinearLR(optimizer, 0.5, total_iters=2)
    >>> rates = []
    >>> for epoch in range(4):
    ...     rates += scheduler.get_last_lr()
    ...     optimizer.step()
    ...     scheduler.step()
    >>> rates
    [0.5, 0.75, 1.0, 1.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0 < start_factor <= 1:
            raise ValueError(
                "LinearLR: Starting multiplicative factor expected to be greater than "
                f"0 and less or equal to 1; {start_factor} was given"
            )
        if not 0 <= end_factor <= 1:
            raise ValueError(
                "LinearLR: Ending multiplicative factor expected to be between 0 and "
                f"1; {end_factor} was given"
            )
        self.start_factor, self.end_factor = start_factor, end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def rate(self, now: float, first: float) -> float:
        """The rate of this epoch."""
        epoch = self.last_epoch
        if epoch == 0:
            return now * self.start_factor
        if self._begins or epoch > self.total_iters:
            return now
        step = (self.end_factor - self.start_factor) / self.total_iters
        before = self.start_factor + (epoch - 1) * step
        return now * (1 + step / before)


class PolynomialLR(LRScheduler):
    """The rate falls to 0 in `total_iters` epochs, as a power of the epochs left.

    Examples
    --------
    >>> import engine
    >>> x = engine.tensor([1.0], requires_grad=True)
    >>> optimizer = engine.optim.SGD([x], lr=1.0)
    >>> scheduler = engine.optim.lr_scheduler.PolynomialLR(optimizer, 2)
    >>> rates = []
    >>> for epoch in range(4):
    ...     rates += scheduler.get_last_lr()
    ...     optimizer.step()
    ...     scheduler.step()
    >>> rates
    [1.0, 0.5, 0.0, 0.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        total_iters: int = 5,
        power: float = 1.0,
        last_epoch: int = -1,
    ) -> None:
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    def rate(self, now: float, first: float) -> float:
        """The rate of this epoch."""
        epoch, span = self.last_epoch, self.total_iters
        if self._begins or epoch > span:
            return now
        left: float = ((span - epoch) / (span - epoch + 1)) ** self.power
        return now * left
