"""Learning rates that change from epoch to epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import cos, pi
from typing import Any

from engine.optim.optimizer import Optimizer


class LRScheduler:
    """Base class: subclasses define `rate`.

    Most change the rate that the group has now, as PyTorch's do: schedulers can be
    combined, and one that is made for a loaded optimizer leaves its rate.
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(
                f"{type(self).__name__}: an optimizer was required; "
                f"{type(optimizer).__name__} was given"
            )
        self.optimizer = optimizer
        for group in optimizer.param_groups:
            group.setdefault("initial_lr", group["lr"])
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self.step()

    def rate(self, now: float, first: float) -> float:
        """The rate of this epoch, given the one of the last epoch and the first one."""
        raise NotImplementedError

    def step(self) -> None:
        """Go to the next epoch."""
        groups = self.optimizer.param_groups
        for group in groups[len(self.base_lrs) :]:  # that were added meanwhile
            self.base_lrs.append(group.setdefault("initial_lr", group["lr"]))
        self.last_epoch += 1
        rates = [
            self.rate(group["lr"], first)
            for group, first in zip(groups, self.base_lrs, strict=True)
        ]
        for group, rate in zip(groups, rates, strict=True):
            group["lr"] = rate

    def get_last_lr(self) -> list[float]:
        """The rates of all groups now."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """What to keep of the scheduler."""
        return {"last_epoch": self.last_epoch, "base_lrs": list(self.base_lrs)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        self.last_epoch = state_dict["last_epoch"]
        self.base_lrs = list(state_dict["base_lrs"])


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
        return now * self.gamma if self.last_epoch > 0 else now


class LambdaLR(LRScheduler):
    """The first rate times what a function of the epoch says.

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
        lr_lambda: Callable[[int], float],
        last_epoch: int = -1,
    ) -> None:
        self.lr_lambda = lr_lambda
        super().__init__(optimizer, last_epoch)

    def rate(self, now: float, first: float) -> float:
        """The rate of this epoch."""
        return first * self.lr_lambda(self.last_epoch)


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
        if epoch <= 0:
            return now
        if (epoch - 1 - span) % (2 * span) == 0:  # the rate before was the lowest one
            return now + (first - low) * (1 - cos(pi / span)) / 2
        fallen = (1 + cos(pi * epoch / span)) / (1 + cos(pi * (epoch - 1) / span))
        return fallen * (now - low) + low
