"""Activations, normalisations and losses: plain functions of ops.

They take the dtype of their operand; Python numbers are weak, so float32 stays float32.
"""

from __future__ import annotations

from math import pi, sqrt
from typing import Literal, TypeAlias

from engine import ops
from engine.movement import broadcast_value, expand_axes, reshape_value
from engine.ops.op import cast
from engine.record.value import Value

from .reductions import Axis, mean, reduce_sum, shift

Reduction: TypeAlias = Literal["mean", "sum", "none"]


def relu(x: Value) -> Value:
    """x where it is above 0, else 0; the gradient at 0 is 0."""
    return ops.where(x <= 0, 0, x)


def leaky_relu(x: Value, slope: float = 0.01) -> Value:
    """x above 0, slope * x below."""
    return ops.where(x > 0, x, x * slope)


def elu(x: Value, alpha: float = 1.0) -> Value:
    """x above 0, alpha * (exp(x) - 1) below."""
    return ops.where(x > 0, x, ops.expm1(x) * alpha)


def gelu(x: Value, approximate: Literal["none", "tanh"] = "none") -> Value:
    """x times the normal distribution function at x.

    Raises
    ------
    ValueError
        If `approximate` is neither "none" nor "tanh".
    """
    if approximate == "none":
        return x * (ops.erf(x * sqrt(0.5)) + 1.0) * 0.5
    if approximate == "tanh":
        inner = (x + x * x * x * 0.044715) * sqrt(2.0 / pi)
        return x * (ops.tanh(inner) + 1.0) * 0.5
    raise ValueError(
        f"gelu: approximate='none' or 'tanh' was required; {approximate!r} was given"
    )


def silu(x: Value) -> Value:
    """x * sigmoid(x)."""
    return x * ops.sigmoid(x)


def softplus(x: Value, beta: float = 1.0) -> Value:
    """log(1 + exp(beta * x)) / beta, without overflow."""
    if beta == 1.0:
        return ops.logaddexp(x, 0.0)
    return ops.logaddexp(x * beta, 0.0) / beta


def log_sigmoid(x: Value) -> Value:
    """log(sigmoid(x)), without underflow."""
    return -ops.logaddexp(-x, 0.0)


def mish(x: Value) -> Value:
    """x * tanh(softplus(x))."""
    return x * ops.tanh(softplus(x))


def softmax(x: Value, axis: Axis = -1) -> Value:
    """exp(x) / sum(exp(x)) over axes, without overflow."""
    exponential = ops.exp(x - shift(x, axis))
    return exponential / reduce_sum(exponential, axis, keepdims=True)


def log_softmax(x: Value, axis: Axis = -1) -> Value:
    """log(softmax(x)) over axes, without underflow."""
    shifted = x - shift(x, axis)
    total = reduce_sum(ops.exp(shifted), axis, keepdims=True)
    return shifted - ops.log(total)


def layer_norm(
    x: Value,
    axis: Axis,
    weight: Value | None = None,
    bias: Value | None = None,
    epsilon: float = 1e-5,
) -> Value:
    """x with the mean 0 and the variance 1 over axes, then scaled and shifted.

    `weight` and `bias` have the shape of those axes, which are the last ones.
    """
    centred = x - mean(x, axis, keepdims=True)
    variance = mean(ops.square(centred), axis, keepdims=True)
    # One division a row rather than one an element.
    out = centred * (1.0 / ops.sqrt(variance + epsilon))
    if weight is not None:
        out = out * weight
    return out if bias is None else out + bias


def xlogy(x: Value, y: Value) -> Value:
    """x * log(y), and 0 where x is 0; NaN where y is."""
    empty = ops.equal(x, 0) & ops.logical_not(ops.isnan(y))
    return ops.where(empty, 0.0, x * ops.log(y))


# -- losses ----------------------------------------------------------------------------
def reduced(loss: Value, reduction: Reduction) -> Value:
    """The mean or the sum of a loss, or the loss of each element.

    Raises
    ------
    ValueError
        If `reduction` is another word.
    """
    if reduction == "mean":
        return mean(loss)
    if reduction == "sum":
        return reduce_sum(loss)
    if reduction == "none":
        return loss
    raise ValueError(
        f"reduction: 'mean', 'sum' or 'none' was required; {reduction!r} was given"
    )


def mse_loss(x: Value, target: Value, reduction: Reduction = "mean") -> Value:
    """The squared difference."""
    return reduced(ops.square(x - target), reduction)


def l1_loss(x: Value, target: Value, reduction: Reduction = "mean") -> Value:
    """The absolute difference."""
    return reduced(ops.absolute(x - target), reduction)


def huber_loss(
    x: Value, target: Value, delta: float = 1.0, reduction: Reduction = "mean"
) -> Value:
    """Half the squared difference, linear where that is larger than delta."""
    size = ops.absolute(x - target)
    inner = ops.square(size) * 0.5
    outer = (size - 0.5 * delta) * delta
    return reduced(ops.where(size <= delta, inner, outer), reduction)


def binary_cross_entropy_with_logits(
    x: Value, target: Value, reduction: Reduction = "mean"
) -> Value:
    """-log of the probability of a target in [0, 1], x being the log-odds of 1."""
    return reduced(ops.logaddexp(x, 0.0) - x * target, reduction)


def binary_cross_entropy(
    x: Value, target: Value, reduction: Reduction = "mean"
) -> Value:
    """-log of the probability of a target in [0, 1], x being the probability of 1.

    Logarithms are at least -100, as in PyTorch, so that the loss is finite.
    """
    yes = ops.maximum(ops.log(x), -100.0)
    no = ops.maximum(ops.log1p(-x), -100.0)
    return reduced((target - 1.0) * no - target * yes, reduction)


def one_hot(target: Value, classes: int, axis: int) -> Value:
    """Whether each position along a new axis is the target's: bool."""
    wide = expand_axes(target, (axis,))
    rank = len(wide.shape)
    shape = [1] * rank
    shape[axis] = classes
    places = reshape_value(ops.iota(attributes=(classes,)), shape)
    return ops.equal(wide, places)


def nll_loss(
    log_probabilities: Value,
    target: Value,
    axis: int = 1,
    weight: Value | None = None,
    ignored: int = -100,
    reduction: Reduction = "mean",
    smoothing: float = 0.0,
) -> Value:
    """-log of the probability of the target classes.

    Parameters
    ----------
    log_probabilities : Value
        Classes lie along `axis`.
    target : Value
        Integers, of the same shape without that axis. Elements that are `ignored`
        do not count; the mean is over the others, weighted.
    weight : Value, optional
        The weight of each class.
    smoothing : float
        The share of the target that is spread over all classes.
    """
    shape = log_probabilities.shape
    axis %= len(shape)
    chosen = one_hot(target, shape[axis], axis)
    kept = ops.not_equal(target, ignored)
    weights = cast(kept, log_probabilities.dtype)
    losses = -log_probabilities
    if weight is not None:
        wide = [1] * len(shape)
        wide[axis] = shape[axis]
        by_class = broadcast_value(reshape_value(weight, wide), shape)
        weights = reduce_sum(ops.where(chosen, by_class, 0.0), axis)
        weights = ops.where(kept, weights, 0.0)
        losses = losses * by_class
    loss = reduce_sum(ops.where(chosen, losses, 0.0), axis)
    if smoothing:
        even = reduce_sum(losses, axis) / float(shape[axis])
        loss = loss * (1.0 - smoothing) + even * smoothing
    loss = ops.where(kept, loss, 0.0)
    if reduction == "mean":
        return reduce_sum(loss) / reduce_sum(weights)
    return reduced(loss, reduction)


def cross_entropy(
    logits: Value,
    target: Value,
    axis: int = 1,
    weight: Value | None = None,
    ignored: int = -100,
    reduction: Reduction = "mean",
    smoothing: float = 0.0,
) -> Value:
    """-log of the softmax of the target classes; see `nll_loss`.

    A target of floats has the shape of the logits: a probability of each class.
    """
    axis %= len(logits.shape)
    logs = log_softmax(logits, axis)
    if target.dtype.kind not in "fc":
        return nll_loss(logs, target, axis, weight, ignored, reduction, smoothing)
    if smoothing:
        even = smoothing / logits.shape[axis]
        target = target * (1.0 - smoothing) + even
    if weight is not None:
        wide = [1] * len(logits.shape)
        wide[axis] = logits.shape[axis]
        target = target * reshape_value(weight, wide)
    loss = -reduce_sum(logs * target, axis)
    if reduction == "mean":
        return reduce_sum(loss) / float(max(loss.size, 1))
    return reduced(loss, reduction)
