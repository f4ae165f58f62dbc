"""RMSprop: steps divided by the running root mean square of gradients."""

from __future__ import annotations

from typing import Any

from engine.optim.optimizer import Group, Optimizer, require
from engine.record.runtime import setting
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
        require(lr >= 0.0, "learning rate", lr)
        require(eps >= 0.0, "epsilon", eps)
        require(momentum >= 0.0, "momentum", momentum)
        require(weight_decay >= 0.0, "weight_decay", weight_decay)
        require(alpha >= 0.0, "alpha", alpha)
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

    def _update(
        self, parameter: Tensor, grad: Tensor, state: dict[str, Any], group: Group
    ) -> None:
        if not state:
            state["square_avg"] = zeros_like(parameter)
            if group["momentum"]:
                state["momentum_buffer"] = zeros_like(parameter)
            if group["centered"]:
                state["grad_avg"] = zeros_like(parameter)
        if group["maximize"]:
            grad = -grad
        if group["weight_decay"]:
            grad = grad.add(parameter.detach(), alpha=group["weight_decay"])
        alpha, square = group["alpha"], state["square_avg"]
        square.mul_(alpha).addcmul_(grad, grad, value=1 - alpha)
        spread = square
        if group["centered"]:
            mean = state["grad_avg"]
            mean.lerp_(grad, 1 - alpha)
            spread = square.addcmul(mean, mean, value=-1)
        divisor = spread.sqrt() + group["eps"]
        if group["momentum"]:
            kept = state["momentum_buffer"]
            kept.mul_(group["momentum"]).addcdiv_(grad, divisor)
            parameter.add_(kept, alpha=-setting(group, "lr"))
        else:
            parameter.addcdiv_(grad, divisor, value=-setting(group, "lr"))
