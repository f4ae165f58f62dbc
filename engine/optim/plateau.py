"""A learning rate that falls where training gets no better."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any, SupportsFloat

from engine.optim.optimizer import Optimizer


class ReduceLROnPlateau:
    """The rate times `factor` once a number was no better for `patience` epochs.

    Parameters
    ----------
    optimizer : Optimizer
    mode : {"min", "max"}
        Whether smaller numbers are better, or larger ones.
    factor : float
        What the rate is multiplied by; below 1.
    patience : int
        After so many epochs without a better number the next one reduces the rate.
    threshold : float
        By how much a number has to be better than the best one.
    threshold_mode : {"rel", "abs"}
        Whether that is a share of the best number, or a difference.
    cooldown : int
        For so many epochs after a reduction none is counted.
    min_lr : float or sequence of float
        The least rate, of all groups or of each one.
    eps : float
        Smaller changes of a rate are not made.

    Examples
    --------
    >>> import engine
    >>> x = engine.tensor([1.0], requires_grad=True)
    >>> optimizer = engine.optim.SGD([x], lr=1.0)
    >>> plateau = engine.optim.lr_scheduler.ReduceLROnPlateau
    >>> scheduler = plateau(optimizer, factor=0.5, patience=1)
    >>> for loss in (3.0, 2.0, 2.0, 2.0):
    ...     scheduler.step(loss)
    >>> scheduler.get_last_lr()
    [0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | Sequence[float] = 0.0,
        eps: float = 1e-8,
    ) -> None:
        if factor >= 1.0:
            raise ValueError(
                f"ReduceLROnPlateau: Factor should be < 1.0; {factor} was given"
            )
        if not isinstance(optimizer, Optimizer):
            raise TypeError(
                "ReduceLROnPlateau: an optimizer was required; "
                f"{type(optimizer).__name__} was given"
            )
        if mode not in ("min", "max"):
            raise ValueError(f"ReduceLROnPlateau: mode {mode!r} is unknown!")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(
                f"ReduceLROnPlateau: threshold mode {threshold_mode!r} is unknown!"
            )
        groups = len(optimizer.param_groups)
        if isinstance(min_lr, Sequence) and len(min_lr) != groups:
            raise ValueError(
                f"ReduceLROnPlateau: expected {groups} min_lrs, got {len(min_lr)}"
            )
        self.optimizer = optimizer
        self.mode, self.factor, self.patience = mode, factor, patience
        self.threshold, self.threshold_mode = threshold, threshold_mode
        self.cooldown, self.min_lr, self.eps = cooldown, min_lr, eps
        self.best = inf if mode == "min" else -inf
        self.last_epoch = self.num_bad_epochs = self.cooldown_counter = 0

    def step(self, metrics: SupportsFloat) -> None:
        """Go to the next epoch, given the number that tells how good the last one was.

        A tensor is computed.
        """
        number = float(metrics)
        self.last_epoch += 1
        self.num_bad_epochs += 1
        if self._is_better(number):
            self.best, self.num_bad_epochs = number, 0
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0

    def _is_better(self, number: float) -> bool:
        sign = 1 if self.mode == "max" else -1
        if self.threshold_mode == "rel":
            limit = self.best * (1 + sign * self.threshold)
        else:
            limit = self.best + sign * self.threshold
        return number > limit if self.mode == "max" else number < limit

    def _reduce(self) -> None:
        groups, least = self.optimizer.param_groups, self.min_lr
        each = least if isinstance(least, Sequence) else [least] * len(groups)
        if len(each) != len(groups):
            raise RuntimeError(
                f"ReduceLROnPlateau: a min_lr for each of {len(groups)} groups was "
                f"required; {len(each)} were given"
            )
        for group, lowest in zip(groups, each, strict=True):
            reduced = max(group["lr"] * self.factor, lowest)
            if group["lr"] - reduced > self.eps:
                group["lr"] = reduced

    def get_last_lr(self) -> list[float]:
        """The rates of all groups now."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """What to keep of the scheduler: all but its optimizer."""
        return {k: v for k, v in self.__dict__.items() if k != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` gave, options too."""
        self.__dict__.update({k: v for k, v in state_dict.items() if k != "optimizer"})
