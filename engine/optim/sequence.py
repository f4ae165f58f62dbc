"""Schedulers that take turns."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from engine.optim.optimizer import Optimizer
from engine.optim.schedule import LRScheduler


class SequentialLR(LRScheduler):
    """One scheduler after the other: the next one begins at each of the milestones.

    Examples
    --------
    >>> import engine
    >>> x = engine.tensor([1.0], requires_grad=True)
    >>> optimizer = engine.optim.SGD([x], lr=1.0)
    >>> rates = engine.optim.lr_scheduler
    >>> warm = rates.LinearLR(optimizer, 0.5, total_iters=2)
    >>> fall = rates.ExponentialLR(optimizer, 0.5)
    >>> scheduler = rates.SequentialLR(optimizer, [warm, fall], milestones=[2])
    >>> found = []
    >>> for epoch in range(4):
    ...     found += scheduler.get_last_lr()
    ...     optimizer.step()
    ...     scheduler.step()
    >>> found
    [0.5, 0.75, 1.0, 0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: Sequence[LRScheduler],
        milestones: Sequence[int],
        last_epoch: int = -1,
    ) -> None:
        if not schedulers or len(milestones) != len(schedulers) - 1:
            raise ValueError(
                "SequentialLR: schedulers, and a milestone between each two of them, "
                f"were required; {len(schedulers)} schedulers and {len(milestones)} "
                "milestones were given"
            )
        for scheduler in schedulers:
            if not isinstance(scheduler, LRScheduler):
                raise TypeError(
                    "SequentialLR: schedulers whose step takes nothing were required; "
                    f"{type(scheduler).__name__} was given"
                )
            if scheduler.optimizer is not optimizer:
                raise ValueError(
                    "SequentialLR: expects all schedulers to belong to the same "
                    "optimizer"
                )
        self.optimizer, self.last_epoch = optimizer, last_epoch + 1
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self._schedulers, self._milestones = list(schedulers), list(milestones)
        self._schedulers[bisect_right(self._milestones, 0)].begin()

    def step(self) -> None:
        """Go to the next epoch."""
        self.last_epoch += 1
        number = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[number]
        if number and self._milestones[number - 1] == self.last_epoch:
            scheduler.begin()
        else:
            scheduler.step()

    def begin(self) -> None:
        """Go to the first epoch, from the first rates."""
        self.last_epoch = 0
        self._schedulers[bisect_right(self._milestones, 0)].begin()

    def state_dict(self) -> dict[str, Any]:
        """What to keep: the epoch, and what the schedulers keep."""
        kept = [scheduler.state_dict() for scheduler in self._schedulers]
        own = {"last_epoch": self.last_epoch, "_milestones": [*self._milestones]}
        return own | {"base_lrs": [*self.base_lrs], "_schedulers": kept}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        self.last_epoch = state_dict["last_epoch"]
        self._milestones = [*state_dict["_milestones"]]
        pairs = zip(self._schedulers, state_dict["_schedulers"], strict=True)
        for scheduler, kept in pairs:
            scheduler.load_state_dict(kept)
