"""Layers, activations and losses as functions, as in ``torch.nn.functional``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from engine import composites
from engine.array import Array
from engine.composites.activations import Reduction
from engine.errors import named
from engine.movement import transpose_value
from engine.ops import bounded
from engine.ops.op import cast
from engine.record.value import Value
from engine.torch.creation import rand
from engine.torch.functions import one_hot as one_hot
from engine.torch.once import Once
from engine.torch.operands import (
    as_value,
    check_broadcast,
    check_devices,
    common_dtype,
    wrap_dim,
)
from engine.torch.products import product
from engine.torch.reductions import floating
from engine.torch.tensor import Tensor


def linear(input: Any, weight: Any, bias: Any = None) -> Tensor:
    """``input @ weight.T + bias``."""
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
    out = product(given, transpose_value(matrix), "linear")
    if bias is None:
        return Tensor.wrap(out)
    shift = as_value(bias)
    check_devices("linear", out, shift)
    return Tensor.wrap(out + shift)


# -- activations ----------------------------------------------------------------------
def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """Negative elements replaced by 0."""
    return input.relu_() if inplace else input.relu()


def _activated(composite: Any, input: Any, *options: Any) -> Tensor:
    if isinstance(input, Array) and input.recipe.dtype.kind in "fc":
        return _composed(composite, input, *options)
    # Integers become what the default dtype is, which may be another one each time.
    return Tensor.wrap(composite(floating(as_value(input)), *options))


@Once
def _composed(composite: Callable[..., Value], input: Any, *options: Any) -> Tensor:
    return Tensor.wrap(composite(as_value(input), *options))


def leaky_relu(input: Any, negative_slope: float = 0.01) -> Tensor:
    """Negative elements multiplied by a small slope."""
    return _activated(composites.leaky_relu, input, negative_slope)


def elu(input: Any, alpha: float = 1.0) -> Tensor:
    """``alpha * (exp(x) - 1)`` below 0."""
    return _activated(composites.elu, input, alpha)


def gelu(input: Any, approximate: Literal["none", "tanh"] = "none") -> Tensor:
    """x times the normal distribution function of x."""
    if approximate not in ("none", "tanh"):
        raise RuntimeError(
            named(
                "approximate argument must be either none or tanh; "
                f"{approximate!r} was given"
            )
        )
    return _activated(composites.gelu, input, approximate)


def silu(input: Any) -> Tensor:
    """``x * sigmoid(x)``."""
    return _activated(composites.silu, input)


def mish(input: Any) -> Tensor:
    """``x * tanh(softplus(x))``."""
    return _activated(composites.mish, input)


def softplus(input: Any, beta: float = 1.0) -> Tensor:
    """``log(1 + exp(beta * x)) / beta``."""
    return _activated(composites.softplus, input, beta)


def logsigmoid(input: Any) -> Tensor:
    """``log(sigmoid(x))``, accurate far from 0."""
    return _activated(composites.log_sigmoid, input)


def sigmoid(input: Tensor) -> Tensor:
    """``1 / (1 + exp(-x))``."""
    return input.sigmoid()


def tanh(input: Tensor) -> Tensor:
    """Hyperbolic tangents."""
    return input.tanh()


def softmax(input: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """``exp(x) / sum(exp(x))`` along a dimension."""
    return input.softmax(dim, dtype)


def log_softmax(input: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """``log(softmax(x))`` along a dimension."""
    return input.log_softmax(dim, dtype)


def dropout(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Elements replaced by 0 with a probability, the others scaled up to match."""
    if not 0.0 <= p <= 1.0:
        raise ValueError(
            named(f"dropout probability has to be between 0 and 1, but got {p}")
        )
    if not training or p == 0.0:
        return input
    scale = 0.0 if p == 1.0 else 1.0 / (1.0 - p)
    out = _dropped(input, rand(input.shape), p, scale)
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
    """Mean 0 and variance 1 over the last dimensions, then a scale and a shift."""
    shape = tuple(normalized_shape)
    if tuple(input.shape[len(input.shape) - len(shape) :]) != shape:
        raise RuntimeError(
            named(
                f"Given normalized_shape={list(shape)}, expected input with shape "
                f"[*, {', '.join(map(str, shape))}], but got input of size"
                f"{list(input.shape)}"
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
    dims = [d for d in range(input.dim()) if d != 1]
    if training or running_mean is None or running_var is None:
        mean = input.mean(dims)
        var = input.var(dims, unbiased=False)
        if training and running_mean is not None and running_var is not None:
            count = input.numel() // max(input.shape[1], 1)
            sample = var.detach() * (count / max(count - 1, 1))
            running_mean.mul_(1 - momentum).add_(mean.detach() * momentum)
            running_var.mul_(1 - momentum).add_(sample * momentum)
    else:
        mean, var = running_mean, running_var
    wide = (1, -1) + (1,) * (input.dim() - 2)
    out = (input - mean.reshape(wide)) * (var + eps).rsqrt().reshape(wide)
    if weight is not None:
        out = out * weight.reshape(wide)
    return out if bias is None else out + bias.reshape(wide)


def normalize(
    input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12
) -> Tensor:
    """Vectors along a dimension divided by their length."""
    return input / input.norm(p, dim, keepdim=True).clamp_min(eps)


def embedding(input: Tensor, weight: Tensor) -> Tensor:
    """The rows of a table that indices name."""
    return weight[input]


def pad(
    input: Tensor,
    pad: Sequence[int],
    mode: str = "constant",
    value: float | None = None,
) -> Tensor:
    """A number (0) around a tensor: widths before and after, last dimension first."""
    if mode != "constant":
        raise NotImplementedError(
            f"pad: mode 'constant' was required; {mode!r} was given"
        )
    if len(pad) % 2 or len(pad) > 2 * input.dim() or min(pad, default=0) < 0:
        raise RuntimeError(
            f"pad: pairs of widths of at least 0 for up to {input.dim()} dimensions "
            f"were required; {list(pad)} were given"
        )
    pairs = [(pad[i], pad[i + 1]) for i in range(0, len(pad), 2)]
    widths = [(0, 0)] * (input.dim() - len(pairs)) + pairs[::-1]
    return Tensor.wrap(composites.pad(as_value(input), widths, value or 0))


# -- losses ---------------------------------------------------------------------------
def _reduction(name: str, reduction: str) -> Reduction:
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{name}: {reduction!r} is not a valid value for reduction")
    return reduction  # type: ignore[return-value]


@Once
def _loss_of_pair(
    name: str, composite: Callable[..., Value], input: Any, target: Any, *options: Any
) -> Tensor:
    """A loss of input and target in the dtype in which they meet."""
    dtype = common_dtype(name, input, target)
    check_broadcast(name, [tuple(input.shape), tuple(target.shape)])
    x, y = as_value(input, dtype), as_value(target, dtype)
    check_devices(name, x, y)
    return Tensor.wrap(composite(x, y, *options))


def mse_loss(input: Any, target: Any, reduction: str = "mean") -> Tensor:
    """The squared difference."""
    how = _reduction("mse_loss", reduction)
    return _loss_of_pair("mse_loss", composites.mse_loss, input, target, how)


def l1_loss(input: Any, target: Any, reduction: str = "mean") -> Tensor:
    """The absolute difference."""
    how = _reduction("l1_loss", reduction)
    return _loss_of_pair("l1_loss", composites.l1_loss, input, target, how)


def huber_loss(
    input: Any, target: Any, reduction: str = "mean", delta: float = 1.0
) -> Tensor:
    """Half the squared difference, linear where it is larger than `delta`."""
    how = _reduction("huber_loss", reduction)
    composite = composites.huber_loss
    return _loss_of_pair("huber_loss", composite, input, target, delta, how)


def binary_cross_entropy(input: Any, target: Any, reduction: str = "mean") -> Tensor:
    """-log of the probability of targets in [0, 1], given probabilities."""
    name = "binary_cross_entropy"
    how = _reduction(name, reduction)
    return _loss_of_pair(name, composites.binary_cross_entropy, input, target, how)


def binary_cross_entropy_with_logits(
    input: Any, target: Any, reduction: str = "mean"
) -> Tensor:
    """-log of the probability of targets in [0, 1], given log-odds."""
    name = "binary_cross_entropy_with_logits"
    how = _reduction(name, reduction)
    if tuple(input.shape) != tuple(target.shape):
        raise ValueError(
            named(
                f"Target size ({list(target.shape)}) must be the same as input size "
                f"({list(input.shape)})"
            )
        )
    composite = composites.binary_cross_entropy_with_logits
    return _loss_of_pair(name, composite, input, target, how)


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """-log of the softmax of the target classes.

    Parameters
    ----------
    input : Tensor
        Logits; classes lie along dimension 1, or 0 for a vector.
    target : Tensor
        Integer classes; or, of the input's shape and dtype, their probabilities.
    weight : Tensor, optional
        The weight of each class.
    ignore_index : int
        A class that does not count.
    reduction : {"mean", "sum", "none"}
        What to make of the losses of all elements.
    label_smoothing : float
        The share of the target that is spread over all classes.
    """
    how = _reduction("cross_entropy", reduction)
    return _class_loss(
        "cross_entropy",
        composites.cross_entropy,
        input,
        target,
        weight,
        ignore_index,
        how,
        label_smoothing,
    )


def nll_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    """-log of the probability of the target classes, given log-probabilities."""
    options = ignore_index, _reduction("nll_loss", reduction)
    composite = composites.nll_loss
    return _class_loss("nll_loss", composite, input, target, weight, *options)


@Once
def _class_loss(
    name: str,
    composite: Callable[..., Value],
    input: Any,
    target: Any,
    weight: Any,
    ignored: int,
    *options: Any,
) -> Tensor:
    """A loss of class numbers, which are checked, or of probabilities."""
    logits, classes, axis = _classified(name, input, target)
    scale = None if weight is None else cast(as_value(weight), logits.dtype)
    if classes.dtype.kind not in "fc":
        classes = bounded(classes, attributes=(logits.shape[axis], ignored))
    return Tensor.wrap(composite(logits, classes, axis, scale, ignored, *options))


def _classified(name: str, input: Any, target: Any) -> tuple[Value, Value, int]:
    """Input, target and the dimension of classes, when they fit each other."""
    x, y = as_value(input), as_value(target)
    check_devices(name, x, y)
    if not isinstance(input, Array) or x.dtype.kind != "f":
        raise RuntimeError(
            f"{name}: an input of a floating dtype was required; {x.dtype.name} was "
            "given"
        )
    axis = wrap_dim(1 if len(x.shape) > 1 else 0, len(x.shape))
    expected = x.shape[:axis] + x.shape[axis + 1 :]
    if y.dtype.kind in "fc":
        if y.shape != x.shape:
            raise RuntimeError(
                f"{name}: probabilities of the shape {list(x.shape)} of the input were "
                f"required; {list(y.shape)} was given"
            )
        return x, cast(y, x.dtype), axis
    if y.shape != expected:
        raise ValueError(
            f"{name}: Expected target of size {list(expected)} for an input of size "
            f"{list(x.shape)}; {list(y.shape)} was given"
        )
    return x, y, axis
