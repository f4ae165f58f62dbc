"""Adam and AdamW: steps scaled by running means of gradients and of their squares."""

from __future__ import annotations

from typing import Any

from engine.errors import named
from engine.ops import maximum, sqrt
from engine.optim.optimizer import Group, Optimizer, require, require_not_negative
from engine.record.runtime import setting
from engine.record.value import Scalar, Value
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
        betas: Any = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        require_not_negative("learning rate", lr)
        require_not_negative("epsilon", eps)
        require_not_negative("weight_decay", weight_decay)
        if not isinstance(betas, (tuple, list)) or len(betas) != 2:
            raise TypeError(
                named(f"a pair of numbers was required as betas; {betas!r} was given")
            )
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

    def _form(self, group: Group, first: bool) -> tuple[bool, ...]:
        return bool(group["weight_decay"]), group["amsgrad"], group["maximize"]

    def _begun(self, parameter: Tensor, group: Group) -> dict[str, Any]:
        names = ["exp_avg", "exp_avg_sq"]
        if group["amsgrad"]:
            names.append("max_exp_avg_sq")
        return {"step": 0, **{name: zeros_like(parameter) for name in names}}

    def _numbers(self, step: Any, group: Group) -> dict[str, Any]:
        lr, decay = setting(group, "lr"), group["weight_decay"]
        beta1, beta2 = group["betas"]
        # Both corrections of the means' start are numbers, made on the host.
        numbers = {
            "new": 1 - beta1,
            "beta2": beta2,
            "new_square": 1 - beta2,
            "correction": (1 - beta2**step) ** 0.5,
            "eps": group["eps"],
            "rate": -lr / (1 - beta1**step),
        }
        if decay:
            numbers["decay"] = 1 - lr * decay if self.decoupled else decay
        return numbers

    def _update(
        self,
        form: tuple[bool, ...],
        parameter: Value,
        grad: Value,
        kept: dict[str, Value],
        numbers: dict[str, Scalar],
    ) -> Value:
        decays, amsgrad, maximize = form
        if maximize:
            grad = -grad
        if decays and self.decoupled:
            parameter = parameter * numbers["decay"]
        elif decays:
            grad = grad + parameter * numbers["decay"]
        mean, square = kept["exp_avg"], kept["exp_avg_sq"]
        mean = mean + (grad - mean) * numbers["new"]
        square = square * numbers["beta2"] + grad * numbers["new_square"] * grad
        kept["exp_avg"], kept["exp_avg_sq"] = mean, square
        if amsgrad:
            square = maximum(kept["max_exp_avg_sq"], square)
            kept["max_exp_avg_sq"] = square
        divisor = sqrt(square) / numbers["correction"] + numbers["eps"]
        return parameter + mean * numbers["rate"] / divisor


class AdamW(Adam):
    """Adam whose weight decay shrinks the parameters directly.

    Examples
    --------
    >>> import engine
    >>> x = engine.tensor([4.0], requires_grad=True)
    >>> optimizer = engine.optim.AdamW([x], lr=0.5, weight_decay=0.0)
    >>> (x * x).sum().backward()
    >>> optimizer.step()
    >>> x.detach()
    tensor([3.5000])
    """

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
