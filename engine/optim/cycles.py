"""Learning rates that rise again."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi
from typing import Any, NamedTuple

from engine.optim.optimizer import Optimizer
from engine.optim.schedule import LRScheduler


class CosineAnnealingWarmRestarts(LRScheduler):
    """The rate falls to `eta_min` along half a cosine, again and again.

    It takes `T_0` epochs at first, and `T_mult` times as many each time.

    Examples
    --------
    >>> import engine
    >>> x = engine.tensor([1.0], requires_grad=True)
    >>> optimizer = engine.optim.SGD([x], lr=1.0)
    >>> restarts = engine.optim.lr_scheduler.CosineAnnealingWarmRestarts
    >>> scheduler = restarts(optimizer, T_0=2)
    >>> rates = []
    >>> for epoch in range(4):
    ...     rates += scheduler.get_last_lr()
    ...     optimizer.step()
    ...     scheduler.step()
    >>> [round(rate, 6) for rate in rates]
    [1.0, 0.5, 1.0, 0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        T_0: int,
        T_mult: int = 1,
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        if type(T_0) is not int or T_0 <= 0:
            raise ValueError(
                "CosineAnnealingWarmRestarts: Expected positive integer T_0, but got "
                f"{T_0}"
            )
        if type(T_mult) is not int or T_mult < 1:
            raise ValueError(
                "CosineAnnealingWarmRestarts: Expected integer T_mult >= 1, but got "
                f"{T_mult}"
            )
        self.T_0, self.T_mult, self.eta_min = T_0, T_mult, eta_min
        super().__init__(optimizer, last_epoch)

    def rate(self, now: float, first: float) -> float:
        """The rate of this epoch."""
        epoch, span = self.last_epoch, self.T_0
        while epoch >= span:
            epoch, span = epoch - span, span * self.T_mult
        return self.eta_min + (first - self.eta_min) * (1 + cos(pi * epoch / span)) / 2


class _Phase(NamedTuple):
    """A part of one cycle: the step it ends at, and what it goes from and to."""

    end: float
    rates: tuple[str, str]
    momenta: tuple[str, str]


class OneCycleLR(LRScheduler):
    """The rate rises to `max_lr` and falls far below its start, once.

    The momentum, or the first beta, does the opposite. `step` is for each batch.

    Parameters
    ----------
    optimizer : Optimizer
    max_lr : float or sequence of float
        The highest rate, of all groups or of each one.
    total_steps : int, optional
        How many steps there are; or else `epochs` times `steps_per_epoch`.
    epochs, steps_per_epoch : int, optional
    pct_start : float
        The share of the steps in which the rate rises.
    anneal_strategy : {"cos", "linear"}
        Along what it rises and falls.
    cycle_momentum : bool
        Whether the momentum changes.
    base_momentum, max_momentum : float or sequence of float
        What it is at the highest rate, and at both ends.
    div_factor, final_div_factor : float
        The first rate is `max_lr / div_factor`, the last one is that over this.
    three_phase : bool
        Whether to fall to the first rate as fast as it rose, and then to the last one.
    last_epoch : int

    Examples
    --------
    >>> import engine
    >>> x = engine.tensor([1.0], requires_grad=True)
    >>> optimizer = engine.optim.SGD([x], lr=1.0, momentum=0.9)
    >>> cycle = engine.optim.lr_scheduler.OneCycleLR
    >>> scheduler = cycle(optimizer, max_lr=1.0, total_steps=10)
    >>> for step in range(2):
    ...     optimizer.step()
    ...     scheduler.step()
    >>> scheduler.get_last_lr(), round(optimizer.param_groups[0]["momentum"], 6)
    ([1.0], 0.85)
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | Sequence[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | Sequence[float] = 0.85,
        max_momentum: float | Sequence[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(
                "OneCycleLR: an optimizer was required; "
                f"{type(optimizer).__name__} was given"
            )
        self.total_steps = _steps(total_steps, epochs, steps_per_epoch)
        if not 0 <= pct_start <= 1:
            raise ValueError(
                "OneCycleLR: Expected float between 0 and 1 pct_start, but got "
                f"{pct_start}"
            )
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                "OneCycleLR: anneal_strategy must be one of 'cos' or 'linear', instead "
                f"got {anneal_strategy!r}"
            )
        self.anneal_strategy, self.cycle_momentum = anneal_strategy, cycle_momentum
        self._phases = _phases(self.total_steps, pct_start, three_phase)
        groups = optimizer.param_groups
        if last_epoch == -1:
            for group, most in zip(
                groups, _each("max_lr", max_lr, groups), strict=True
            ):
                group["initial_lr"], group["max_lr"] = most / div_factor, most
                group["min_lr"] = group["initial_lr"] / final_div_factor
        if cycle_momentum:
            if not {"momentum", "betas"} & optimizer.defaults.keys():
                raise ValueError(
                    "OneCycleLR: optimizer must support momentum or beta1 with "
                    "`cycle_momentum` option enabled"
                )
            momenta = {"base_momentum": base_momentum, "max_momentum": max_momentum}
            for name, given in momenta.items() if last_epoch == -1 else ():
                for group, own in zip(groups, _each(name, given, groups), strict=True):
                    group[name] = own
        super().__init__(optimizer, last_epoch)

    _not_kept = ("optimizer", "_begins", "_phases")

    def get_lr(self) -> list[float]:
        """The rates of all groups in this step; the momenta are set."""
        step = self.last_epoch
        if step > self.total_steps:
            raise ValueError(
                f"OneCycleLR: Tried to step {step} times. The specified number of "
                f"total steps is {self.total_steps}"
            )
        begin = 0.0
        for phase in self._phases:
            if step <= phase.end:
                break
            if phase is not self._phases[-1]:
                begin = phase.end
        share = (step - begin) / (phase.end - begin)
        groups = self.optimizer.param_groups
        for group in groups if self.cycle_momentum else ():
            start, end = phase.momenta
            momentum = self._between(group[start], group[end], share)
            if "betas" in group:
                group["betas"] = (momentum, *group["betas"][1:])
            else:
                group["momentum"] = momentum
        start, end = phase.rates
        return [self._between(group[start], group[end], share) for group in groups]

    def _between(self, start: float, end: float, share: float) -> float:
        if self.anneal_strategy == "linear":
            return start + (end - start) * share
        return end + (start - end) / 2 * (1 + cos(pi * share))


def _steps(total: int | None, epochs: int | None, of_each: int | None) -> int:
    if total is None and (epochs is None or of_each is None):
        raise ValueError(
            "OneCycleLR: You must define either total_steps OR (epochs AND "
            "steps_per_epoch)"
        )
    given = [total] if total is not None else [epochs, of_each]
    steps = 1
    for number in given:
        if type(number) is not int or number <= 0:
            raise ValueError(
                f"OneCycleLR: positive integers of steps were required; {number} was "
                "given"
            )
        steps *= number
    return steps


def _phases(steps: int, rising: float, three: bool) -> list[_Phase]:
    up, down = ("max_momentum", "base_momentum"), ("base_momentum", "max_momentum")
    rise = _Phase(rising * steps - 1, ("initial_lr", "max_lr"), up)
    if not three:
        return [rise, _Phase(steps - 1, ("max_lr", "min_lr"), down)]
    back = _Phase(2 * rising * steps - 2, ("max_lr", "initial_lr"), down)
    still = ("max_momentum", "max_momentum")
    return [rise, back, _Phase(steps - 1, ("initial_lr", "min_lr"), still)]


def _each(name: str, given: Any, groups: Sequence[Any]) -> Sequence[float]:
    """A number for each group."""
    if not isinstance(given, list | tuple):
        return [given] * len(groups)
    if len(given) != len(groups):
        raise ValueError(
            f"OneCycleLR: expected {len(groups)} values for {name}, got {len(given)}"
        )
    return given
