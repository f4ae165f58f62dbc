"""Layers, activations and losses as functions, as in ``torch.nn.functional``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from engine import composites
from engine.array import Array
from engine.errors import named
from engine.movement import transpose_value
from engine.nn.attention import cosine_similarity as cosine_similarity
from engine.nn.attention import (
    scaled_dot_product_attention as scaled_dot_product_attention,
)
from engine.nn.lookup import embedding as embedding
from engine.nn.loss_functions import binary_cross_entropy as binary_cross_entropy
from engine.nn.loss_functions import (
    binary_cross_entropy_with_logits as binary_cross_entropy_with_logits,
)
from engine.nn.loss_functions import cross_entropy as cross_entropy
from engine.nn.loss_functions import huber_loss as huber_loss
from engine.nn.loss_functions import l1_loss as l1_loss
from engine.nn.loss_functions import mse_loss as mse_loss
from engine.nn.loss_functions import nll_loss as nll_loss
from engine.nn.loss_functions import smooth_l1_loss as smooth_l1_loss
from engine.nn.padding import pad as pad
from engine.record.value import Value
from engine.torch.functions import one_hot as one_hot
from engine.torch.functions import where
from engine.torch.gradients import no_grad
from engine.torch.once import Once
from engine.torch.operands import (
    as_value,
    check_devices,
)
from engine.torch.products import product
from engine.torch.reductions import floating
from engine.torch.sampling import rand
from engine.torch.tensor import Tensor


def linear(input: Any, weight: Any, bias: Any = None) -> Tensor:
    """``input @ weight.T + bias``.

    Examples
    --------
    >>> import engine
    >>> x, weight = engine.tensor([[1.0, 2.0]]), engine.tensor([[3.0, 4.0]])
    >>> engine.nn.functional.linear(x, weight, engine.tensor([10.0]))
    tensor([[21.]])
    """
    return _linear(input, weight, bias)


@Once
def _linear(input: Any, weight: Any, bias: Any) -> Tensor:
    matrix, given = as_value(weight), as_value(input)
    shape = given.shape
    if len(matrix.shape) != 2 or not shape or shape[-1] != matrix.shape[1]:
        raise RuntimeError(
            "linear: an input whose last dimension is that of the weight was required; "
            f"mat1 and mat2 shapes cannot be multiplied: input {list(shape)} and "
            f"weight {list(matrix.shape)} were given"
        )
    out, rows = product(given, transpose_value(matrix), "linear"), matrix.shape[0]
    if bias is None:
        return Tensor.wrap(out)
    shift = as_value(bias)
    check_devices("linear", out, shift)
    if len(shift.shape) > 1 or (shift.shape and shift.shape[0] not in (1, rows)):
        raise RuntimeError(
            f"linear: a bias of {rows} elements was required, as many as the weight "
            f"has rows; shape {list(shift.shape)} was given"
        )
    return Tensor.wrap(out + shift)


# -- activations ----------------------------------------------------------------------
def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """Negative elements replaced by 0.

    Examples
    --------
    >>> import engine
    >>> engine.nn.functional.relu(engine.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    return input.relu_() if inplace else input.relu()


def _activated(composite: Any, input: Any, *options: Any) -> Tensor:
    if isinstance(input, Array) and input.recipe.dtype.kind in "fc":
        return _composed(composite, input, *options)
    # Integers become what the default dtype is, which may be another one each time.
    return Tensor.wrap(composite(floating(as_value(input)), *options))


def _written(input: Tensor, out: Tensor, inplace: bool) -> Tensor:
    """A result, which takes the place of the input if it is to."""
    return input.copy_(out) if inplace else out


@Once
def _composed(composite: Callable[..., Value], input: Any, *options: Any) -> Tensor:
    return Tensor.wrap(composite(as_value(input), *options))


def leaky_relu(
    input: Any, negative_slope: float = 0.01, inplace: bool = False
) -> Tensor:
    """Negative elements multiplied by a small slope.

    Examples
    --------
    >>> import engine
    >>> engine.nn.functional.leaky_relu(engine.tensor([-1.0, 2.0]), 0.1)
    tensor([-0.1000,  2.0000])
    """
    out = _activated(composites.leaky_relu, input, negative_slope)
    return _written(input, out, inplace)


def elu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """``alpha * (exp(x) - 1)`` below 0.

    Examples
    --------
    >>> import engine
    >>> engine.nn.functional.elu(engine.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """
    out = _activated(composites.elu, input, alpha)
    return _written(input, out, inplace)


def gelu(input: Any, approximate: Literal["none", "tanh"] = "none") -> Tensor:
    """x times the normal distribution function of x.

    Examples
    --------
    >>> import engine
    >>> engine.nn.functional.gelu(engine.tensor([-1.0, 2.0]))
    tensor([-0.1587,  1.9545])
    """
    if approximate not in ("none", "tanh"):
        raise RuntimeError(
            named(
                "approximate argument must be either none or tanh; "
                f"{approximate!r} was given"
            )
        )
    return _activated(composites.gelu, input, approximate)


def silu(input: Any, inplace: bool = False) -> Tensor:
    """``x * sigmoid(x)``.

    Examples
    --------
    >>> import engine
    >>> engine.nn.functional.silu(engine.tensor([-1.0, 2.0]))
    tensor([-0.2689,  1.7616])
    """
    return _written(input, _activated(composites.silu, input), inplace)


def mish(input: Any, inplace: bool = False) -> Tensor:
    """``x * tanh(softplus(x))``.

    Examples
    --------
    >>> import engine
    >>> engine.nn.functional.mish(engine.tensor([-1.0, 2.0]))
    tensor([-0.3034,  1.9440])
    """
    return _written(input, _activated(composites.mish, input), inplace)


def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """``log(1 + exp(beta * x)) / beta``; x where `beta * x` is above a threshold.

    Of thresholds of 20 and more the formula is used everywhere: it does not overflow.

    Examples
    --------
    >>> import engine
    >>> engine.nn.functional.softplus(engine.tensor([-1.0, 100.0]))
    tensor([  0.3133, 100.0000])
    """
    out = _activated(composites.softplus, input, beta)
    return out if threshold >= 20 else where(input * beta > threshold, input, out)


def logsigmoid(input: Any) -> Tensor:
    """``log(sigmoid(x))``, accurate far from 0.

    Examples
    --------
    >>> import engine
    >>> engine.nn.functional.logsigmoid(engine.tensor([-100.0, 0.0]))
    tensor([-100.0000,   -0.6931])
    """
    return _activated(composites.log_sigmoid, input)


def sigmoid(input: Tensor) -> Tensor:
    """``1 / (1 + exp(-x))``.

    Examples
    --------
    >>> import engine
    >>> engine.nn.functional.sigmoid(engine.tensor([0.0, 2.0]))
    tensor([0.5000, 0.8808])
    """
    return input.sigmoid()


def tanh(input: Tensor) -> Tensor:
    """Hyperbolic tangents.

    Examples
    --------
    >>> import engine
    >>> engine.nn.functional.tanh(engine.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7616])
    """
    return input.tanh()


def softmax(input: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """``exp(x) / sum(exp(x))`` along a dimension.

    Examples
    --------
    >>> import engine
    >>> engine.nn.functional.softmax(engine.tensor([[0.0, 1.0]]), dim=1)
    tensor([[0.2689, 0.7311]])
    """
    return input.softmax(dim, dtype)


def log_softmax(input: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """``log(softmax(x))`` along a dimension.

    Examples
    --------
    >>> import engine
    >>> engine.nn.functional.log_softmax(engine.tensor([[0.0, 1.0]]), dim=1)
    tensor([[-1.3133, -0.3133]])
    """
    return input.log_softmax(dim, dtype)


def dropout(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Elements replaced by 0 with a probability, the others scaled up to match.

    Examples
    --------
    >>> import engine
    >>> engine.nn.functional.dropout(engine.ones(3), p=0.5, training=False)
    tensor([1., 1., 1.])
    """
    if not 0.0 <= p <= 1.0:
        raise ValueError(
            named(f"dropout probability has to be between 0 and 1, but got {p}")
        )
    if not training or p == 0.0:
        return input
    scale = 0.0 if p == 1.0 else 1.0 / (1.0 - p)
    out = _dropped(input, rand(input.shape, device=input.device), p, scale)
    return input.copy_(out) if inplace else out


@Once
def _dropped(input: Tensor, drawn: Tensor, p: float, scale: float) -> Tensor:
    return (input * scale).masked_fill(drawn < p, 0)


# -- normalisation --------------------------------------------------------------------
def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
) -> Tensor:
    """Mean 0 and variance 1 over the last dimensions, then a scale and a shift.

    Examples
    --------
    >>> import engine
    >>> engine.nn.functional.layer_norm(engine.tensor([[1.0, 3.0]]), (2,))
    tensor([[-1.0000,  1.0000]])
    """
    shape = tuple(normalized_shape)
    if tuple(input.shape[len(input.shape) - len(shape) :]) != shape:
        raise RuntimeError(
            named(
                f"Given normalized_shape={list(shape)}, expected input with shape "
                f"[*, {', '.join(map(str, shape))}], but got input of size"
                f"{list(input.shape)}"
            )
        )
    for name, each in (("weight", weight), ("bias", bias)):
        if each is not None and tuple(each.shape) != shape:
            raise RuntimeError(
                named(
                    f"Expected {name} to be of same shape as normalized_shape, "
                    f"{list(shape)}, but got {list(each.shape)}"
                )
            )
    axes = tuple(range(len(input.shape) - len(shape), len(input.shape)))
    return _layer_norm(input, axes, weight, bias, eps)


@Once
def _layer_norm(
    input: Any, axes: tuple[int, ...], weight: Any, bias: Any, eps: float
) -> Tensor:
    scale = None if weight is None else as_value(weight)
    shift = None if bias is None else as_value(bias)
    return Tensor.wrap(composites.layer_norm(as_value(input), axes, scale, shift, eps))


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: Any = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Mean 0 and variance 1 over all dimensions but the second one.

    In training the running statistics move towards those of the batch, by `momentum`.

    Raises
    ------
    ValueError
        When a channel has one element only: its variance says nothing.

    Examples
    --------
    >>> import engine
    >>> x = engine.tensor([[1.0], [3.0]])
    >>> engine.nn.functional.batch_norm(x, None, None, training=True)
    tensor([[-1.0000],
            [ 1.0000]])
    """
    if input.dim() < 2:
        raise ValueError(
            "batch_norm: an input of at least 2 dimensions was required; shape "
            f"{list(input.shape)} was given"
        )
    given = {"running_mean": running_mean, "running_var": running_var}
    for name, each in {**given, "weight": weight, "bias": bias}.items():
        if each is not None and tuple(each.shape) != (input.shape[1],):
            raise RuntimeError(
                f"batch_norm: {name} should contain {input.shape[1]} elements, as many "
                f"as the input has channels; shape {list(each.shape)} was given"
            )
    if training and input.numel() == input.shape[1]:
        raise ValueError(
            "batch_norm: Expected more than 1 value per channel when training, got "
            f"input size {input.shape}"
        )
    if training or running_mean is None or running_var is None:
        dims = tuple(d for d in range(input.dim()) if d != 1)
        mean = input.mean(dims)
        var = _variance(input, dims)
        follow = training and input.numel() > 0  # an empty batch has no mean
        if follow and running_mean is not None and running_var is not None:
            count = input.numel() // max(input.shape[1], 1)
            with no_grad():
                running_mean *= 1 - momentum
                running_mean += mean * momentum
                running_var *= 1 - momentum
                running_var += var * count / max(count - 1, 1) * momentum
    else:
        mean, var = running_mean, running_var
    return _batch_norm(input, mean, var, weight, bias, eps)


@Once
def _variance(input: Any, dims: tuple[int, ...]) -> Tensor:
    var: Tensor = input.var(dims, unbiased=False)
    return var


@Once
def _batch_norm(
    input: Any, mean: Any, var: Any, weight: Any, bias: Any, eps: float
) -> Tensor:
    wide = (1, -1) + (1,) * (input.dim() - 2)
    out: Tensor = (input - mean.reshape(wide)) * (var + eps).rsqrt().reshape(wide)
    if weight is not None:
        out = out * weight.reshape(wide)
    return out if bias is None else out + bias.reshape(wide)


def normalize(
    input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12
) -> Tensor:
    """Vectors along a dimension divided by their length.

    Examples
    --------
    >>> import engine
    >>> engine.nn.functional.normalize(engine.tensor([[3.0, 4.0]]))
    tensor([[0.6000, 0.8000]])
    """
    return input / input.norm(p, dim, keepdim=True).clamp_min(eps)
