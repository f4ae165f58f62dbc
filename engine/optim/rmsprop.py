"""RMSprop: steps divided by the running root mean square of gradients."""

from __future__ import annotations

from typing import Any

from engine.ops import sqrt
from engine.optim.optimizer import Group, Optimizer, require_not_negative
from engine.record.runtime import setting
from engine.record.value import Scalar, Value
from engine.torch.creation import zeros_like
from engine.torch.tensor import Tensor


class RMSprop(Optimizer):
    """RMSprop, with PyTorch's update rule.

    Parameters
    ----------
    params : iterable
        Parameters, or groups of them.
    lr : float
        The step size; changing it compiles nothing.
    alpha : float
        The share of the running mean of squares that is kept.
    eps : float
        What is added to the divisor.
    weight_decay : float
        The factor of the parameter that is added to its gradient.
    momentum : float
        The share of earlier steps that is kept.
    centered : bool
        Whether to divide by the deviation from the running mean.
    maximize : bool
        Whether to climb.

    Examples
    --------
    >>> import engine
    >>> x = engine.tensor([4.0], requires_grad=True)
    >>> optimizer = engine.optim.RMSprop([x], lr=0.1)
    >>> (x * x).sum().backward()
    >>> optimizer.step()
    >>> x
    tensor([3.], requires_grad=True)
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        require_not_negative("learning rate", lr)
        require_not_negative("epsilon", eps)
        require_not_negative("momentum", momentum)
        require_not_negative("weight_decay", weight_decay)
        require_not_negative("alpha", alpha)
        defaults = {
            "lr": lr,
            "alpha": alpha,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "centered": centered,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def _form(self, group: Group, first: bool) -> tuple[bool, ...]:
        return (
            bool(group["momentum"]),
            bool(group["weight_decay"]),
            group["centered"],
            group["maximize"],
        )

    def _begun(self, parameter: Tensor, group: Group) -> dict[str, Any]:
        names = ["square_avg"]
        if group["momentum"]:
            names.append("momentum_buffer")
        if group["centered"]:
            names.append("grad_avg")
        return {name: zeros_like(parameter) for name in names}

    def _numbers(self, step: Any, group: Group) -> dict[str, Any]:
        numbers = {
            "alpha": group["alpha"],
            "new": 1 - group["alpha"],
            "eps": group["eps"],
            "rate": -setting(group, "lr"),
        }
        if group["weight_decay"]:
            numbers["decay"] = group["weight_decay"]
        if group["momentum"]:
            numbers["momentum"] = group["momentum"]
        return numbers

    def _update(
        self,
        form: tuple[bool, ...],
        parameter: Value,
        grad: Value,
        kept: dict[str, Value],
        numbers: dict[str, Scalar],
    ) -> Value:
        momentum, decays, centered, maximize = form
        if maximize:
            grad = -grad
        if decays:
            grad = grad + parameter * numbers["decay"]
        square = kept["square_avg"] * numbers["alpha"] + grad * numbers["new"] * grad
        kept["square_avg"] = spread = square
        if centered:
            mean = kept["grad_avg"]
            mean = mean + (grad - mean) * numbers["new"]
            kept["grad_avg"] = mean
            spread = square - mean * mean
        divisor = sqrt(spread) + numbers["eps"]
        if momentum:
            step = kept["momentum_buffer"] * numbers["momentum"] + grad / divisor
            kept["momentum_buffer"] = step
            return parameter + step * numbers["rate"]
        return parameter + grad * numbers["rate"] / divisor
