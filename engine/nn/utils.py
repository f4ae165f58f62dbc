"""Gradients kept within bounds, and parameters as one vector."""

from __future__ import annotations

from collections.abc import Iterable

from engine.array import Array
from engine.torch.creation import tensor
from engine.torch.functions import cat, stack
from engine.torch.gradients import no_grad
from engine.torch.tensor import Tensor


def _gradients(parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    """The gradients that there are, of one parameter or of several."""
    several = [parameters] if isinstance(parameters, Array) else parameters
    return [p.grad for p in several if p.grad is not None]


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
) -> Tensor:
    """Scale all gradients together, so that their norm is at most `max_norm`.

    Parameters
    ----------
    parameters : Tensor or iterable of Tensor
        Those without a gradient are left out.
    max_norm : float
        The largest norm that is left as it is.
    norm_type : float
        The order of the norm; inf is the largest absolute value.
    error_if_nonfinite : bool
        Raise when the norm is not finite; this looks at the gradients.

    Returns
    -------
    Tensor
        The norm of all gradients as one vector, before they were scaled.

    Raises
    ------
    RuntimeError
        When the norm is not finite, if `error_if_nonfinite`.

    Examples
    --------
    >>> import engine
    >>> x = engine.tensor([3.0, 4.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> engine.nn.utils.clip_grad_norm_(x, max_norm=1.0)
    tensor(10.)
    >>> x.grad
    tensor([0.6000, 0.8000])
    """
    gradients = _gradients(parameters)
    if not gradients:
        return tensor(0.0)
    with no_grad():
        return _clipped(gradients, max_norm, float(norm_type), error_if_nonfinite)


def _clipped(
    gradients: list[Tensor], max_norm: float, order: float, error_if_nonfinite: bool
) -> Tensor:
    """Scale gradients to a norm of at most `max_norm`; give the norm they had."""
    total: Tensor = stack([gradient.norm(order) for gradient in gradients]).norm(order)
    if error_if_nonfinite and not total.isfinite().item():
        raise RuntimeError(
            f"clip_grad_norm_: a finite norm of order {order} was required; "
            f"{total.item()} was found; error_if_nonfinite=False scales by it anyway"
        )
    factor = (max_norm / (total + 1e-6)).clamp(max=1.0)
    for gradient in gradients:
        gradient.mul_(factor.to(gradient.dtype))
    return total


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float) -> None:
    """Bring each element of all gradients to within `clip_value` of 0."""
    with no_grad():
        for gradient in _gradients(parameters):
            gradient.clamp_(-float(clip_value), float(clip_value))


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """The elements of all parameters, one after the other."""
    joined: Tensor = cat([parameter.reshape(-1) for parameter in parameters])
    return joined


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Give parameters the elements that `parameters_to_vector` joined."""
    start = 0
    for parameter in parameters:
        end = start + parameter.numel()
        parameter.data = vec[start:end].detach().reshape(parameter.shape).clone()
        start = end
