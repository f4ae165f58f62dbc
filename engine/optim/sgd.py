"""SGD: steps against the gradient, with momentum."""

from __future__ import annotations

from typing import Any

from engine.errors import named
from engine.optim.optimizer import Group, Optimizer, require
from engine.record.runtime import setting
from engine.torch.tensor import Tensor


class SGD(Optimizer):
    """Stochastic gradient descent.

    Parameters
    ----------
    params : iterable
        Parameters, or groups of them.
    lr : float
        The step size; changing it compiles nothing.
    momentum, dampening : float
        The share of earlier steps that is kept, and of the gradient that is left out.
    weight_decay : float
        The factor of the parameter that is added to its gradient.
    nesterov : bool
        Whether to look ahead along the momentum.
    maximize : bool
        Whether to climb.

    Examples
    --------
    >>> import engine
    >>> x = engine.tensor([4.0], requires_grad=True)
    >>> optimizer = engine.optim.SGD([x], lr=0.25)
    >>> (x * x).sum().backward()
    >>> optimizer.step()
    >>> x
    tensor([2.], requires_grad=True)
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        require(lr >= 0.0, "learning rate", lr)
        require(momentum >= 0.0, "momentum", momentum)
        require(weight_decay >= 0.0, "weight_decay", weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError(
                named("Nesterov momentum requires a momentum and zero dampening")
            )
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def _update(
        self, parameter: Tensor, grad: Tensor, state: dict[str, Any], group: Group
    ) -> None:
        momentum = group["momentum"]
        step = -grad if group["maximize"] else grad
        if group["weight_decay"]:
            step = step.add(parameter.detach(), alpha=group["weight_decay"])
        if momentum:
            kept = state.get("momentum_buffer")
            if kept is None:
                kept = state["momentum_buffer"] = step.clone()
            else:
                kept.mul_(momentum).add_(step, alpha=1 - group["dampening"])
            step = step.add(kept, alpha=momentum) if group["nesterov"] else kept
        parameter.add_(step, alpha=-setting(group, "lr"))
