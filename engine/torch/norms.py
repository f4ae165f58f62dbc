"""Norms of vectors and matrices, and what is measured by them."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

import numpy as np

from engine import composites, ops
from engine.composites import matrices, norms
from engine.errors import named
from engine.movement import expand_axes
from engine.record.value import Value
from engine.torch.dtypes import known
from engine.torch.operands import as_value, check_devices, wrap_dims
from engine.torch.tensor import Tensor


def inexact(*tensors: Any) -> list[Value]:
    """The values of tensors of one floating dtype, or RuntimeError."""
    values = [as_value(x) for x in tensors]
    for value in values:
        if value.dtype.kind not in "fc" or value.dtype.itemsize < 4:
            raise RuntimeError(
                named(
                    "Expected a floating point or complex tensor as input; "
                    f"{known(value.dtype)!r} was given"
                )
            )
        if value.dtype != values[0].dtype:
            raise RuntimeError(
                named(
                    "Expected tensors of the same dtype; "
                    f"{known(values[0].dtype)!r} and {known(value.dtype)!r} were given"
                )
            )
    check_devices("linalg", *values)
    return values


def recorded(function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function records; its complaints of shapes in PyTorch's class."""
    try:
        return function(*arguments)
    except ValueError as error:
        raise RuntimeError(str(error)) from None


def vector_norm(
    x: Any, ord: float = 2, dim: Any = None, keepdim: bool = False
) -> Tensor:
    """A norm of vectors along dimensions, by default of all elements.

    Examples
    --------
    >>> import engine
    >>> engine.linalg.vector_norm(engine.tensor([[3.0, 4.0], [6.0, 8.0]]), dim=1)
    tensor([ 5., 10.])
    """
    (value,) = inexact(x)
    dims = None if dim is None else wrap_dims(dim, len(value.shape))
    return Tensor.wrap(recorded(norms.vector_norm, value, ord, dims, keepdim))


def matrix_norm(
    A: Any, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False
) -> Tensor:
    """A norm of matrices: ``"fro"``, ``"nuc"``, 1, 2, infinity, and negative ones.

    Examples
    --------
    >>> import engine
    >>> engine.linalg.matrix_norm(engine.tensor([[3.0, 0.0], [0.0, 4.0]]))
    tensor(5.)
    """
    (a,) = inexact(A)
    dims = tuple(d for one in dim for d in wrap_dims(one, len(a.shape)))
    if len(set(dims)) != 2:
        raise RuntimeError(named(f"two dimensions were required; {dim} were given"))
    return Tensor.wrap(recorded(norms.matrix_norm, a, ord, dims, keepdim))


def norm(A: Any, ord: Any = None, dim: Any = None, keepdim: bool = False) -> Tensor:
    """A norm of vectors or matrices, as `dim` names one dimension or two.

    Examples
    --------
    >>> import engine
    >>> engine.linalg.norm(engine.tensor([3.0, 4.0]))
    tensor(5.)
    """
    rank = len(as_value(A).shape)
    if ord is None and (dim is None or len(wrap_dims(dim, rank)) > 2):
        return vector_norm(A, 2, dim, keepdim)
    dims = tuple(range(rank)) if dim is None else dim
    if isinstance(dims, int) or len(dims) == 1:
        return vector_norm(A, 2 if ord is None else ord, dims, keepdim)
    if len(dims) != 2:
        raise RuntimeError(
            named(f"one or two dimensions were required; {list(dims)} were given")
        )
    return matrix_norm(A, "fro" if ord is None else ord, dims, keepdim)


def cond(A: Any, p: Any = None) -> Tensor:
    """The condition number.

    Examples
    --------
    >>> import engine
    >>> engine.linalg.cond(engine.tensor([[10.0, 0.0], [0.0, 1.0]]))
    tensor(10.)
    """
    (a,) = inexact(A)
    return Tensor.wrap(recorded(norms.condition, a, p))


def matrix_rank(
    A: Any, *, atol: Any = None, rtol: Any = None, hermitian: bool = False
) -> Tensor:
    """How many singular values are above both tolerances.

    Examples
    --------
    >>> import engine
    >>> engine.linalg.matrix_rank(engine.ones(3, 3))
    tensor(1)
    """
    (a,) = inexact(A)
    s = recorded(matrices.singular_values, a, hermitian)
    if rtol is None:
        rtol = 0.0 if atol else max(a.shape[-2:]) * float(np.finfo(s.dtype).eps)
    largest = norms.vector_norm(s, inf, (len(s.shape) - 1,), False)
    bound = ops.maximum(largest * _number(rtol), 0.0 if atol is None else _number(atol))
    above = s > expand_axes(bound, (-1,))
    return Tensor.wrap(composites.reduce_sum(above, -1))


def _number(x: Any) -> Any:
    return as_value(x) if isinstance(x, Tensor) else float(x)
