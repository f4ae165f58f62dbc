"""SGD: steps against the gradient, with momentum."""

from __future__ import annotations

from typing import Any

from engine.errors import named
from engine.optim.optimizer import Group, Optimizer, require_not_negative
from engine.record.runtime import setting
from engine.record.value import Scalar, Value
from engine.torch.creation import zeros_like
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
        require_not_negative("learning rate", lr)
        require_not_negative("momentum", momentum)
        require_not_negative("weight_decay", weight_decay)
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

    def _form(self, group: Group, first: bool) -> tuple[bool, ...]:
        return (
            bool(group["momentum"]),
            bool(group["weight_decay"]),
            group["nesterov"],
            group["maximize"],
            first,
        )

    def _begun(self, parameter: Tensor, group: Group) -> dict[str, Any]:
        return {"momentum_buffer": zeros_like(parameter)} if group["momentum"] else {}

    def _numbers(self, step: Any, group: Group) -> dict[str, Any]:
        numbers = {"rate": -setting(group, "lr")}
        if group["weight_decay"]:
            numbers["decay"] = group["weight_decay"]
        if group["momentum"]:
            numbers["momentum"] = group["momentum"]
            numbers["new"] = 1 - group["dampening"]
        return numbers

    def _update(
        self,
        form: tuple[bool, ...],
        parameter: Value,
        grad: Value,
        kept: dict[str, Value],
        numbers: dict[str, Scalar],
    ) -> Value:
        momentum, decays, nesterov, maximize, first = form
        step = -grad if maximize else grad
        if decays:
            step = step + parameter * numbers["decay"]
        if momentum:
            buffer = kept["momentum_buffer"]
            if first:  # it begins with the first gradient, as in PyTorch
                buffer = step
            else:
                buffer = buffer * numbers["momentum"] + step * numbers["new"]
            kept["momentum_buffer"] = buffer
            step = step + buffer * numbers["momentum"] if nesterov else buffer
        return parameter + step * numbers["rate"]
