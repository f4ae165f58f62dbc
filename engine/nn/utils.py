"""Gradients kept within bounds, and parameters as one vector."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from engine.array import Array
from engine.many import read_all, renew_all
from engine.record.once import repeated
from engine.torch.creation import tensor
from engine.torch.functions import cat, stack
from engine.torch.gradients import no_grad
from engine.torch.tensor import Tensor

__all__ = [
    "clip_grad_norm_",
    "clip_grad_value_",
    "parameters_to_vector",
    "vector_to_parameters",
]


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
    order, limit = float(norm_type), float(max_norm)
    with no_grad():
        if error_if_nonfinite:
            _require_finite(_norm(gradients, order), order)
        total, *_ = _changed(
            ("clip_grad_norm_", repr(limit), order),
            gradients,
            lambda old: _scaled(old, limit, order),
        )
    return total


def _norm(gradients: list[Tensor], order: float) -> Tensor:
    """The norm of all gradients as one vector."""
    total: Tensor = stack([gradient.norm(order) for gradient in gradients]).norm(order)
    return total


def _require_finite(total: Tensor, order: float) -> None:
    if not total.isfinite().item():
        raise RuntimeError(
            f"clip_grad_norm_: a finite norm of order {order} was required; "
            f"{total.item()} was found; error_if_nonfinite=False scales by it anyway"
        )


def _scaled(gradients: list[Tensor], max_norm: float, order: float) -> list[Tensor]:
    """The norm of gradients, and gradients scaled to a norm of at most `max_norm`."""
    total = _norm(gradients, order)
    factor = (max_norm / (total + 1e-6)).clamp(max=1.0)
    return [total, *[x * factor.to(x.dtype) for x in gradients]]


def _changed(
    key: tuple[object, ...],
    gradients: list[Tensor],
    change: Callable[[list[Tensor]], list[Tensor]],
) -> list[Tensor]:
    """Give gradients new values: the last that `change` gives. The first are returned.

    It is recorded at once where it was called before, so it must depend on nothing but
    the key and the gradients.
    """
    table = read_all([*gradients])
    results = repeated(
        key, lambda: [x.read() for x in change([*map(Tensor.wrap, table)])], table
    )
    renew_all([*gradients], results[len(results) - len(gradients) :])
    return [*map(Tensor.wrap, results[: len(results) - len(gradients)])]


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float) -> None:
    """Bring each element of all gradients to within `clip_value` of 0.

    Examples
    --------
    >>> import engine
    >>> x = engine.tensor([1.0, 2.0], requires_grad=True)
    >>> (x * x * x).sum().backward()
    >>> engine.nn.utils.clip_grad_value_([x], 5.0)
    >>> x.grad
    tensor([3., 5.])
    """
    gradients, limit = _gradients(parameters), float(clip_value)
    if gradients:
        with no_grad():
            _changed(
                ("clip_grad_value_", repr(limit)),
                gradients,
                lambda old: [x.clamp(-limit, limit) for x in old],
            )


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """The elements of all parameters, one after the other.

    Examples
    --------
    >>> import engine
    >>> layer = engine.nn.Linear(2, 1)
    >>> engine.nn.utils.parameters_to_vector(layer.parameters()).shape
    engine.Size([3])
    """
    joined: Tensor = cat([parameter.reshape(-1) for parameter in parameters])
    return joined


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Give parameters the elements that `parameters_to_vector` joined.

    Examples
    --------
    >>> import engine
    >>> layer = engine.nn.Linear(2, 1)
    >>> engine.nn.utils.vector_to_parameters(engine.arange(3.0), layer.parameters())
    >>> layer.bias.detach()
    tensor([2.])
    """
    start = 0
    for parameter in parameters:
        end = start + parameter.numel()
        parameter.data = vec[start:end].detach().reshape(parameter.shape).clone()
        start = end
