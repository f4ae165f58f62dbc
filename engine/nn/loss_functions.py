"""Losses as functions: what `engine.nn.functional` has of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from engine import composites
from engine.array import Array
from engine.composites.activations import Reduction
from engine.errors import named
from engine.ops import bounded, shares
from engine.ops.op import cast
from engine.record.registry import REGISTRY
from engine.record.value import Value
from engine.torch.creation import ones_like
from engine.torch.functions import one_hot as one_hot
from engine.torch.known import is_checked
from engine.torch.once import Once
from engine.torch.operands import (
    as_value,
    check_broadcast,
    check_devices,
    common_dtype,
    wrap_dim,
)
from engine.torch.tensor import Tensor

NDArray = np.ndarray[Any, Any]


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
    """The squared difference.

    Examples
    --------
    >>> import engine
    >>> x, target = engine.tensor([1.0, 2.0]), engine.tensor([1.0, 4.0])
    >>> engine.nn.functional.mse_loss(x, target)
    tensor(2.)
    >>> engine.nn.functional.mse_loss(x, target, reduction="none")
    tensor([0., 4.])
    """
    how = _reduction("mse_loss", reduction)
    return _loss_of_pair("mse_loss", composites.mse_loss, input, target, how)


def l1_loss(input: Any, target: Any, reduction: str = "mean") -> Tensor:
    """The absolute difference.

    Examples
    --------
    >>> import engine
    >>> x, target = engine.tensor([1.0, 2.0]), engine.tensor([1.0, 4.0])
    >>> engine.nn.functional.l1_loss(x, target)
    tensor(1.)
    """
    how = _reduction("l1_loss", reduction)
    return _loss_of_pair("l1_loss", composites.l1_loss, input, target, how)


def huber_loss(
    input: Any, target: Any, reduction: str = "mean", delta: float = 1.0
) -> Tensor:
    """Half the squared difference, linear where it is larger than `delta`.

    Examples
    --------
    >>> import engine
    >>> x, target = engine.tensor([1.0, 2.0]), engine.tensor([1.5, 5.0])
    >>> engine.nn.functional.huber_loss(x, target, reduction="none")
    tensor([0.1250, 2.5000])
    """
    how = _reduction("huber_loss", reduction)
    if not delta > 0:
        raise RuntimeError(f"huber_loss: delta above 0 was required; {delta} was given")
    composite = composites.huber_loss
    return _loss_of_pair("huber_loss", composite, input, target, delta, how)


def smooth_l1_loss(
    input: Any, target: Any, reduction: str = "mean", beta: float = 1.0
) -> Tensor:
    """The absolute difference less ``beta / 2``, quadratic where it is below `beta`.

    Examples
    --------
    >>> import engine
    >>> x, target = engine.tensor([1.0, 2.0]), engine.tensor([1.5, 5.0])
    >>> engine.nn.functional.smooth_l1_loss(x, target, reduction="none")
    tensor([0.1250, 2.5000])
    """
    if beta < 0:
        raise RuntimeError(
            "smooth_l1_loss: does not support negative values for beta; "
            f"{beta} was given"
        )
    if beta == 0:
        return l1_loss(input, target, reduction)
    return huber_loss(input, target, reduction, beta) / beta


def binary_cross_entropy(
    input: Any, target: Any, weight: Any = None, reduction: str = "mean"
) -> Tensor:
    """-log of the probability of targets in [0, 1], given probabilities.

    Elements are multiplied by `weight` before they are reduced.

    Examples
    --------
    >>> import engine
    >>> x, target = engine.tensor([0.5, 0.9]), engine.tensor([0.0, 1.0])
    >>> engine.nn.functional.binary_cross_entropy(x, target)
    tensor(0.3993)
    """
    name = "binary_cross_entropy"
    how = _reduction(name, reduction)
    if weight is not None:
        each = binary_cross_entropy(input, target, reduction="none")
        return _reduced(each * weight, how)
    _require_alike(name, input, target)
    # Probabilities by `sigmoid` are between 0 and 1: they stay in one kernel with it.
    pending = not _is_sigmoid(input) and not _is_checked_share(name, input, "input")
    doubted = pending, not _is_checked_share(name, target, "target")
    return _loss_of_pair(name, _of_shares, input, target, how, *doubted)


def _of_shares(
    x: Value, target: Value, how: Reduction, pending: bool, doubted: bool
) -> Value:
    """The loss of probabilities, after a check of those that are pending."""
    if pending:
        x = shares(x, attributes=("input",))
    if doubted:
        target = shares(target, attributes=("target",))
    return composites.binary_cross_entropy(x, target, how)


def _is_checked_share(name: str, x: Array, of: str) -> bool:
    """Whether elements are computed already, and between 0 and 1."""

    def require(found: NDArray) -> None:
        try:
            shares.reference(found, of)
        except RuntimeError as error:
            raise RuntimeError(f"{name}: {error}") from None

    return is_checked(x, ("shares", of), require)


def _is_sigmoid(x: Array) -> bool:
    """Whether this is a result of `sigmoid`, or a view of one."""
    value = x._value if x._line is None else x._line.value
    history = None if value is None else value.history
    return history is not None and history.op is REGISTRY["sigmoid"]


def _require_alike(name: str, input: Any, target: Any) -> None:
    """Raise for what is no tensors of one shape and dtype."""
    if not (isinstance(input, Array) and isinstance(target, Array)):
        given = type(target if isinstance(input, Array) else input).__name__
        raise TypeError(f"{name}: two tensors were required; {given} was given")
    x, y = input.recipe, target.recipe
    if x.shape != y.shape:
        raise ValueError(
            f"{name}: a target of the size {list(x.shape)} of the input was required; "
            f"{list(y.shape)} was given"
        )
    if x.dtype != y.dtype:
        raise RuntimeError(
            f"{name}: a target of the dtype {x.dtype.name} of the input was required; "
            f"{y.dtype.name} was given"
        )


def binary_cross_entropy_with_logits(
    input: Any,
    target: Any,
    weight: Any = None,
    reduction: str = "mean",
    pos_weight: Any = None,
) -> Tensor:
    """-log of the probability of targets in [0, 1], given log-odds.

    Elements are multiplied by `weight` before they are reduced, and what comes from
    targets of 1 by `pos_weight`.

    Examples
    --------
    >>> import engine
    >>> x, target = engine.tensor([0.0, 100.0]), engine.tensor([0.0, 1.0])
    >>> engine.nn.functional.binary_cross_entropy_with_logits(x, target)
    tensor(0.3466)
    """
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
    if weight is None and pos_weight is None:
        return _loss_of_pair(name, composite, input, target, how)
    each = _loss_of_pair(name, composite, input, target, "none")
    if pos_weight is not None:
        of_ones = _loss_of_pair(name, composite, input, ones_like(input), "none")
        each = (1 - target) * input + (1 + (pos_weight - 1) * target) * of_ones
    return _reduced(each if weight is None else each * weight, how)


def _reduced(each: Tensor, how: Reduction) -> Tensor:
    """The losses of all elements, made one where that is wanted."""
    if how == "none":
        return each
    return each.mean() if how == "mean" else each.sum()


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

    Examples
    --------
    >>> import engine
    >>> logits = engine.tensor([[2.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    >>> target = engine.tensor([0, 2])
    >>> engine.nn.functional.cross_entropy(logits, target, reduction="none")
    tensor([0.2395, 1.0986])
    """
    how = _reduction("cross_entropy", reduction)
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(
            "cross_entropy: label_smoothing must be between 0.0 and 1.0; "
            f"{label_smoothing} was given"
        )
    of_shares = isinstance(target, Array) and target.recipe.dtype.kind in "fc"
    if of_shares and ignore_index >= 0:
        raise RuntimeError(
            "cross_entropy: ignore_index is not supported for floating point target; "
            f"{ignore_index} was given"
        )
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
    """-log of the probability of the target classes, given log-probabilities.

    Examples
    --------
    >>> import engine
    >>> logits = engine.tensor([[2.0, 0.0, 0.0]]).log_softmax(1)
    >>> engine.nn.functional.nll_loss(logits, engine.tensor([0]))
    tensor(0.2395)
    """
    options = ignore_index, _reduction("nll_loss", reduction)
    composite = composites.nll_loss
    return _class_loss("nll_loss", composite, input, target, weight, *options)


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
    _check_known(name, input, target, ignored)
    return _recorded_loss(name, composite, input, target, weight, ignored, *options)


@Once
def _recorded_loss(
    name: str,
    composite: Callable[..., Value],
    input: Any,
    target: Any,
    weight: Any,
    ignored: int,
    *options: Any,
) -> Tensor:
    """`_class_loss`, where pending classes are checked when they are computed."""
    logits, classes, axis = _classified(name, input, target)
    scale = None if weight is None else cast(as_value(weight), logits.dtype)
    if scale is not None and scale.shape != (logits.shape[axis],):
        raise RuntimeError(
            f"{name}: weight tensor should be defined either for all "
            f"{logits.shape[axis]} classes or no classes; shape {list(scale.shape)} "
            "was given"
        )
    if classes.dtype.kind not in "fc":
        classes = bounded(classes, attributes=(logits.shape[axis], ignored))
    return Tensor.wrap(composite(logits, classes, axis, scale, ignored, *options))


def _check_known(name: str, input: Any, target: Any, ignored: int) -> None:
    """Raise at once for classes that are computed already, and out of bounds."""
    if not (isinstance(input, Array) and isinstance(target, Array)):
        return
    shape, axis = input.recipe.shape, min(len(input.recipe.shape), 2) - 1
    classes = target.recipe
    fits = axis >= 0 and classes.shape == shape[:axis] + shape[axis + 1 :]
    if classes.dtype.kind in "fc" or not fits:
        return  # probabilities, or an error that is told in a moment
    extent = shape[axis]

    def require(found: NDArray) -> None:
        try:
            bounded.reference(found, extent, ignored)
        except IndexError as error:
            raise IndexError(f"{name}: {error}") from None

    is_checked(target, ("classes", extent, ignored), require)


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
    # So that `ignored`, which may be negative, is a number of their dtype.
    return x, cast(y, np.dtype(np.int64)) if y.dtype.kind == "u" else y, axis
