"""Losses as modules."""

from __future__ import annotations

from typing import Any

from engine.nn import functional
from engine.nn.module import Module
from engine.torch.tensor import Tensor


class _Loss(Module):
    """A loss with a `reduction`: "mean", "sum" or "none"."""

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        if reduction not in ("mean", "sum", "none"):
            raise ValueError(
                f"{type(self).__name__}: reduction 'mean', 'sum' or 'none' was "
                f"required; {reduction!r} was given"
            )
        self.reduction = reduction


class MSELoss(_Loss):
    """The mean squared difference.

    Examples
    --------
    >>> import engine
    >>> engine.nn.MSELoss()(engine.tensor([1.0, 2.0]), engine.tensor([1.0, 4.0]))
    tensor(2.)
    """

    def forward(self, input: Any, target: Any) -> Tensor:
        """Compute the loss."""
        return functional.mse_loss(input, target, self.reduction)


class L1Loss(_Loss):
    """The mean absolute difference.

    Examples
    --------
    >>> import engine
    >>> engine.nn.L1Loss()(engine.tensor([1.0, 2.0]), engine.tensor([1.0, 4.0]))
    tensor(1.)
    """

    def forward(self, input: Any, target: Any) -> Tensor:
        """Compute the loss."""
        return functional.l1_loss(input, target, self.reduction)


class HuberLoss(_Loss):
    """Half the squared difference, linear where it is larger than `delta`.

    Examples
    --------
    >>> import engine
    >>> engine.nn.HuberLoss(delta=2.0)(engine.tensor([1.0]), engine.tensor([5.0]))
    tensor(6.)
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction)
        self.delta = delta

    def forward(self, input: Any, target: Any) -> Tensor:
        """Compute the loss."""
        return functional.huber_loss(input, target, self.reduction, self.delta)


class SmoothL1Loss(_Loss):
    """The absolute difference less ``beta / 2``, quadratic where it is below `beta`.

    Examples
    --------
    >>> import engine
    >>> engine.nn.SmoothL1Loss(beta=2.0)(engine.tensor([1.0]), engine.tensor([5.0]))
    tensor(3.)
    """

    def __init__(self, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction)
        self.beta = beta

    def forward(self, input: Any, target: Any) -> Tensor:
        """Compute the loss."""
        return functional.smooth_l1_loss(input, target, self.reduction, self.beta)


class BCELoss(_Loss):
    """-log of the probability of targets in [0, 1], given probabilities.

    Examples
    --------
    >>> import engine
    >>> engine.nn.BCELoss()(engine.tensor([0.5, 0.9]), engine.tensor([0.0, 1.0]))
    tensor(0.3993)
    """

    weight: Tensor | None

    def __init__(self, weight: Tensor | None = None, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)

    def forward(self, input: Any, target: Any) -> Tensor:
        """Compute the loss."""
        return functional.binary_cross_entropy(
            input, target, self.weight, self.reduction
        )


class BCEWithLogitsLoss(_Loss):
    """-log of the probability of targets in [0, 1], given log-odds.

    Examples
    --------
    >>> import engine
    >>> loss = engine.nn.BCEWithLogitsLoss()
    >>> loss(engine.tensor([0.0, 100.0]), engine.tensor([0.0, 1.0]))
    tensor(0.3466)
    """

    weight: Tensor | None
    pos_weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Any, target: Any) -> Tensor:
        """Compute the loss."""
        return functional.binary_cross_entropy_with_logits(
            input, target, self.weight, self.reduction, self.pos_weight
        )


class CrossEntropyLoss(_Loss):
    """-log of the softmax of the target classes; see `functional.cross_entropy`.

    Examples
    --------
    >>> import engine
    >>> logits = engine.tensor([[2.0, 0.0], [0.0, 0.0]])
    >>> engine.nn.CrossEntropyLoss()(logits, engine.tensor([0, 1]))
    tensor(0.4100)
    """

    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing

    def forward(self, input: Any, target: Any) -> Tensor:
        """Compute the loss."""
        own = self._buffers
        is_own = "weight" in own  # found sooner than as an attribute
        return functional.cross_entropy(
            input,
            target,
            own["weight"] if is_own else self.weight,
            self.ignore_index,
            self.reduction,
            self.label_smoothing,
        )


class NLLLoss(_Loss):
    """-log of the probability of the target classes, given log-probabilities.

    Examples
    --------
    >>> import engine
    >>> logits = engine.tensor([[2.0, 0.0, 0.0]]).log_softmax(1)
    >>> engine.nn.NLLLoss()(logits, engine.tensor([0]))
    tensor(0.2395)
    """

    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        ignore_index: int = -100,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index

    def forward(self, input: Any, target: Any) -> Tensor:
        """Compute the loss."""
        return functional.nll_loss(
            input, target, self.weight, self.ignore_index, self.reduction
        )
