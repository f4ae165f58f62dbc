"""Adam and AdamW: steps scaled by running means of gradients and of their squares."""

from __future__ import annotations

from typing import Any

from engine.optim.optimizer import Group, Optimizer, require
from engine.record.runtime import counted, setting
from engine.torch.creation import zeros_like
from engine.torch.tensor import Tensor


class Adam(Optimizer):
    """Adam, with PyTorch's update rule.

    Parameters
    ----------
    params : iterable
        Parameters, or groups of them.
    lr : float
        The step size; changing it compiles nothing.
    betas : pair of float
        The shares of the running means that are kept.
    eps : float
        What is added to the divisor.
    weight_decay : float
        The factor of the parameter that is added to its gradient.
    amsgrad : bool
        Whether to divide by the largest mean so far.
    maximize : bool
        Whether to climb.

    Examples
    --------
    >>> import engine
    >>> x = engine.tensor([1.0], requires_grad=True)
    >>> optimizer = engine.optim.Adam([x], lr=0.5)
    >>> (x * x).sum().backward()
    >>> optimizer.step()
    >>> x
    tensor([0.5000], requires_grad=True)
    """

    decoupled = False

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        require(lr >= 0.0, "learning rate", lr)
        require(eps >= 0.0, "epsilon", eps)
        require(weight_decay >= 0.0, "weight_decay", weight_decay)
        for number, beta in enumerate(betas):
            require(0.0 <= beta < 1.0, f"beta parameter at index {number}", beta)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def _update(
        self, parameter: Tensor, grad: Tensor, state: dict[str, Any], group: Group
    ) -> None:
        if not state:
            state["step"] = 0
            state["exp_avg"] = zeros_like(parameter)
            state["exp_avg_sq"] = zeros_like(parameter)
            if group["amsgrad"]:
                state["max_exp_avg_sq"] = zeros_like(parameter)
        step = counted(state, "step")
        lr, decay = setting(group, "lr"), group["weight_decay"]
        if group["maximize"]:
            grad = -grad
        if decay and self.decoupled:
            parameter.mul_(1 - lr * decay)
        elif decay:
            grad = grad.add(parameter.detach(), alpha=decay)
        beta1, beta2 = group["betas"]
        mean, square = state["exp_avg"], state["exp_avg_sq"]
        mean.lerp_(grad, 1 - beta1)
        square.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        if group["amsgrad"]:
            largest = state["max_exp_avg_sq"]
            largest.copy_(largest.maximum(square))
            square = largest
        # Both corrections of the means' start are numbers, made on the host.
        correction1 = 1 - beta1**step
        correction2 = 1 - beta2**step
        divisor = square.sqrt() / correction2**0.5 + group["eps"]
        parameter.addcdiv_(mean, divisor, value=-lr / correction1)


class AdamW(Adam):
    """Adam whose weight decay shrinks the parameters directly."""

    decoupled = True

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize
        )
