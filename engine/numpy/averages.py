"""Weighted means."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine.numpy.handle as face
import engine.numpy.reductions as reductions
from engine.errors import named
from engine.movement import broadcast_value
from engine.ops.op import cast
from engine.ops.regions import full_value
from engine.ops.transfer import on_device
from engine.record.registry import REGISTRY
from engine.record.value import DATES

from .axes import normal_axis
from .statistics import mean

__all__ = ["average"]


def average(
    a: Any,
    axis: Any = None,
    weights: Any = None,
    returned: bool = False,
    *,
    keepdims: bool = False,
) -> Any:
    """The mean over axes, weighted.

    Parameters
    ----------
    a : array_like
    axis : int or tuple of int, optional
        All axes when none is given.
    weights : array_like, optional
        Of the shape of `a`, or with an axis for each of `axis`.
    returned : bool
        Whether to give the sum of the weights, too.
    keepdims : bool
        Whether to keep the axes, with extent 1.

    Raises
    ------
    ZeroDivisionError
        Where weights sum to 0, when the result is computed.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.average([1.0, 2.0, 4.0], weights=[2, 1, 1])
    np.float64(2.0)
    """
    array = face.asarray(a)
    axis = tuple(axis) if isinstance(axis, list) else axis
    if weights is None:
        result = mean(array, axis, keepdims=keepdims)
        if not returned:
            return result
        count = array.size / max(result.size, 1)
        counts = full_value(result.shape, count, result.dtype)
        sums = face.fresh(on_device(counts, result.place))
        return result, sums
    if array.dtype.kind in DATES:
        raise TypeError(named(f"numbers to weigh were required; {array.dtype} given"))
    axes = reductions.normal("average", axis, array.ndim)
    weight = _fitting(face.asarray(weights), array, axis)
    kinds = [array.dtype, weight.dtype]
    if array.dtype.kind in "biu":
        kinds.append(np.dtype(float))
    dtype = np.result_type(*kinds)
    total = reductions.sum(weight, axes, dtype, keepdims=keepdims)
    scale = face.fresh(REGISTRY["divisor"](total.read()))
    products = array.astype(dtype) * weight.astype(dtype)
    result = reductions.sum(products, axes, keepdims=keepdims) / scale
    if not returned:
        return result
    return result, face.fresh(broadcast_value(cast(scale.read(), dtype), result.shape))


def _fitting(weight: Any, array: Any, axis: Any) -> Any:
    """Weights with as many axes as the array; theirs are in the order of `axis`."""
    if weight.shape == array.shape:
        return weight
    given = axis if isinstance(axis, tuple) else () if axis is None else (axis,)
    axes = [normal_axis(k, array.ndim) for k in given]
    if axis is None or weight.shape != tuple(array.shape[k] for k in axes):
        raise (TypeError if axis is None else ValueError)(
            "average: weights of the array's shape, or of the axes, were required; "
            f"shape {weight.shape} was given for {array.shape} and axis {axis}"
        )
    ordered = weight.transpose([axes.index(k) for k in sorted(axes)])
    return ordered.reshape([n if k in axes else 1 for k, n in enumerate(array.shape)])
