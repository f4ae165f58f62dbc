"""What schedulers of learning rates have in common."""

from __future__ import annotations

from typing import Any

from engine.optim.optimizer import Optimizer


class LRScheduler:
    """Base class: subclasses define `rate`, or `get_lr` for all groups at once.

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
        for number, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise KeyError(
                    f"{type(self).__name__}: 'initial_lr' was required in "
                    f"param_groups[{number}] of an optimizer that goes on after epoch "
                    f"{last_epoch}"
                )
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self._begin_at(last_epoch)

    def begin(self) -> None:
        """Go to the first epoch, from the first rates."""
        for group, first in zip(
            self.optimizer.param_groups, self.base_lrs, strict=False
        ):
            group["lr"] = first
        self._begin_at(-1)

    def _begin_at(self, last_epoch: int) -> None:
        self.last_epoch, self._begins = last_epoch, True
        self.step()
        self._begins = False

    def rate(self, now: float, first: float) -> float:
        """The rate of this epoch, given the one of the last epoch and the first one."""
        raise NotImplementedError

    def step(self) -> None:
        """Go to the next epoch."""
        groups = self.optimizer.param_groups
        for group in groups[len(self.base_lrs) :]:  # that were added meanwhile
            self.base_lrs.append(group.setdefault("initial_lr", group["lr"]))
        self.last_epoch += 1
        for group, rate in zip(groups, self.get_lr(), strict=True):
            group["lr"] = rate

    def get_lr(self) -> list[float]:
        """The rates of all groups in this epoch, which `step` begins."""
        groups = self.optimizer.param_groups
        return [
            self.rate(group["lr"], first)
            for group, first in zip(groups, self.base_lrs, strict=True)
        ]

    def get_last_lr(self) -> list[float]:
        """The rates of all groups now."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """What to keep of the scheduler: all but its optimizer and functions."""
        kept = {k: v for k, v in self.__dict__.items() if k not in self._not_kept}
        return {k: [*v] if isinstance(v, list) else v for k, v in kept.items()}

    _not_kept: tuple[str, ...] = ("optimizer", "_begins")

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` gave, options too."""
        for name, item in state_dict.items():
            if name not in self._not_kept:
                setattr(self, name, [*item] if isinstance(item, list) else item)
