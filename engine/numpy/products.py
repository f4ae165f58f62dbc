"""Products of vectors and matrices."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np

import engine.numpy.handle as face
import engine.numpy.reductions as reductions
from engine import composites
from engine.errors import named, warn_user
from engine.installed import NUMPY_2_5
from engine.movement import integers, reshape_value
from engine.record.registry import REGISTRY

from . import elementwise
from .axes import normal_axis
from .elementwise import check_out
from .quick import remembered
from .reductions import deliver

__all__ = [
    "cross",
    "dot",
    "inner",
    "kron",
    "matmul",
    "matvec",
    "outer",
    "tensordot",
    "trace",
    "vdot",
    "vecdot",
    "vecmat",
]


def matmul(x1: Any, x2: Any, /, out: Any = None, **options: Any) -> Any:
    """The product of matrices in the last two axes; 1-d operands are vectors.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.matmul(np.eye(2), np.array([1.0, 2.0]))
    array([1., 2.])
    """
    dtype = options.pop("dtype", None)
    if options:
        raise TypeError(f"matmul: no such options here: {sorted(options)}")
    x, y = face.asarray(x1), face.asarray(x2)
    if dtype is not None:
        x, y = x.astype(dtype), y.astype(dtype)
    value = composites.matrix_product(x.read(), y.read())
    _check_core(value.shape, out, min(x.ndim, 2) + min(y.ndim, 2) - 2)
    return delivered("matmul", value, out)


def _check_core(shape: tuple[int, ...], out: Any, count: int) -> None:
    """Raise ValueError for an `out` with other last axes: they are not broadcast."""
    out = out[0] if isinstance(out, tuple) else out
    given = getattr(out, "shape", shape)
    last = len(shape) - count
    if given[max(len(given) - count, 0) :] != shape[last:]:
        raise ValueError(
            named(
                f"an output of the shape {shape} was required; {given} was given: it "
                "has a mismatch in its core dimensions"
            )
        )


def delivered(name: str, value: Any, out: Any) -> Any:
    """A value as a new array, or stored in `out`."""
    if out is None:
        return face.fresh(value)
    out = out[0] if isinstance(out, tuple) else out
    target = elementwise.check_out(out)
    elementwise.store_out(name, value, target, "same_kind", True)
    return target


@remembered(2)
def dot(a: Any, b: Any, out: Any = None) -> Any:
    """The dot product: of the last axis of `a` and the last but one of `b`.

    Parameters
    ----------
    a, b : array_like
        A number multiplies the other one.
    out : ndarray, optional
        Where to store the result; of its dtype, in C order.

    Raises
    ------
    ValueError
        For axes of different extents, and for another `out`.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.dot(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 10.0]))
    array([21., 43.])
    """
    x, y = face.asarray(a), face.asarray(b)
    rest = y.shape[:-2] + y.shape[-1:] if y.ndim > 1 else ()
    scaled = x.ndim == 0 or y.ndim == 0
    shape = x.shape + y.shape if scaled else x.shape[:-1] + rest
    _check_dot_out(out, np.result_type(x.dtype, y.dtype), shape)
    if scaled:
        return deliver("dot", _scaled(x, y), out)
    if x.ndim <= 2 and y.ndim <= 2:
        value = _checked_product(x, y)
        if shape in _SINGLE and x.shape[-1] == 1 and _is_of_blas(value.dtype):
            return deliver("dot", _scaled(x, y, shape), out)
        return delivered("dot", value, out)
    axes = (x.ndim - 1,), (max(y.ndim - 2, 0),)
    value = composites.tensordot(x.read(), y.read(), *axes)
    return delivered("dot", value, out)


_SINGLE = frozenset({(), (1,), (1, 1)})
"""Shapes of one element."""


def _is_of_blas(dtype: np.dtype[Any]) -> bool:
    return dtype.char in "fdFD"


def _scaled(x: Any, y: Any, shape: Any = None) -> Any:
    """The products with the only element of one operand.

    BLAS adds them to zeros, in C order, so that none is -0.0, but a lone one may be.
    """
    made = elementwise.apply(REGISTRY["multiply"], x, y)
    if not _is_of_blas(made.dtype) or max(x.ndim, y.ndim) > 2:
        return made
    if x.size > 1 or y.size > 1:
        made = elementwise.apply(REGISTRY["add"], made, 0)
    value = made.read()
    return face.fresh(value if shape is None else reshape_value(value, shape))


def _check_dot_out(out: Any, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    """Raise ValueError for an output that NumPy's `dot` would not write to."""
    if out is None:
        return
    if out.dtype != dtype or not check_out(out).flags.c_contiguous:
        raise ValueError(
            f"dot: an output of {dtype} in C order was required; the output array of "
            f"{out.dtype} with strides {out.strides} is not acceptable"
        )
    if out.shape != shape:
        raise ValueError(
            f"dot: an output of shape {shape} was required; the output array of shape "
            f"{out.shape} is not acceptable"
        )


def _checked_product(x: Any, y: Any) -> Any:
    inner = y.shape[-2] if y.ndim > 1 else y.shape[0]
    if x.shape[-1] != inner:
        raise ValueError(
            f"dot: shapes {x.shape} and {y.shape} not aligned: {x.shape[-1]} (dim "
            f"{x.ndim - 1}) != {inner} (dim {max(y.ndim - 2, 0)})"
        )
    return composites.matrix_product(x.read(), y.read())


@remembered(2)
def vdot(a: Any, b: Any, /) -> Any:
    """The dot product of all elements, the first conjugated.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.vdot(np.array([1 + 2j, 3]), np.array([1j, 1]))
    np.complex128(5+1j)
    """
    x, y = face.asarray(a).ravel(), face.asarray(b).ravel()
    if x.dtype.kind == "c":
        x = x.conjugate()
    return face.fresh(_checked_product(x, y))


@remembered(2)
def inner(a: Any, b: Any, /) -> Any:
    """The product over the last axes of both.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.inner(np.array([[1, 2], [3, 4]]), np.array([1, 10]))
    array([21, 43])
    """
    x, y = face.asarray(a), face.asarray(b)
    if x.ndim == 0 or y.ndim == 0:
        return _scaled(x, y)
    if x.shape[-1] != y.shape[-1]:
        raise ValueError(
            f"inner: shapes {x.shape} and {y.shape} not aligned: {x.shape[-1]} (dim "
            f"{x.ndim - 1}) != {y.shape[-1]} (dim {y.ndim - 1})"
        )
    product = tensordot(x, y, axes=((x.ndim - 1,), (y.ndim - 1,)))
    return face.fresh(product.read())


@remembered(2)
def outer(a: Any, b: Any, out: Any = None) -> Any:
    """All products of an element of one with an element of the other.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.outer(np.arange(3), np.array([1, 10]))
    array([[ 0,  0],
           [ 1, 10],
           [ 2, 20]])
    """
    x, y = face.asarray(a).ravel(), face.asarray(b).ravel()
    result = elementwise.apply(REGISTRY["multiply"], x[:, None], y[None, :])
    return deliver("outer", result, out)


@remembered(2)
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """The sum of products over pairs of axes.

    Parameters
    ----------
    a, b : array_like
    axes : int or pair of sequences of int
        The last `axes` of `a` with the first ones of `b`; or which of each.

    Examples
    --------
    >>> import engine.numpy as np
    >>> a, b = np.arange(6).reshape(2, 3), np.arange(3)
    >>> np.tensordot(a, b, 1), np.tensordot(a, a, ([0, 1], [0, 1]))
    (array([ 5, 14]), array(55))
    """
    x, y = face.asarray(a), face.asarray(b)
    if not np.ndim(axes):
        count = index(axes)
        if count > min(x.ndim, y.ndim):
            given = min(x.ndim, y.ndim)
            raise IndexError(named(f"at most {given} axes are there; {count} given"))
        left, right = tuple(range(x.ndim - count, x.ndim)), tuple(range(count))
    else:
        left, right = map(integers, axes)
    if len(left) != len(right):
        raise ValueError(named("shape-mismatch for sum"))
    for places, rank in ((left, x.ndim), (right, y.ndim)):
        if not all(-rank <= place < rank for place in places):
            raise IndexError(
                named(f"axes below {rank} were required; {places} were given")
            )
        if len({place % rank if rank else place for place in places}) < len(places):
            raise ValueError(named(f"duplicate axes are not allowed; {axes} given"))
    product = composites.tensordot(x.read(), y.read(), left, right)
    if x.size == y.size == 1 and left and _is_of_blas(product.dtype):
        return face.ndarray.wrap(_scaled(x, y, product.shape).read())
    return face.ndarray.wrap(product)


@remembered(2)
def kron(a: Any, b: Any) -> Any:
    """The Kronecker product.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.kron(np.array([1, 10]), np.array([[1, 2]]))
    array([[ 1,  2, 10, 20]])
    """
    x, y = face.asarray(a), face.asarray(b)
    rank = max(x.ndim, y.ndim)
    x = x.reshape((1,) * (rank - x.ndim) + x.shape)
    y = y.reshape((1,) * (rank - y.ndim) + y.shape)
    left = tuple(extent for n in x.shape for extent in (n, 1))
    right = tuple(extent for n in y.shape for extent in (1, n))
    product = x.reshape(left) * y.reshape(right)
    return product.reshape(tuple(n * m for n, m in zip(x.shape, y.shape, strict=True)))


def cross(
    a: Any,
    b: Any,
    axisa: int = -1,
    axisb: int = -1,
    axisc: int = -1,
    axis: int | None = None,
) -> Any:
    """The cross product of vectors of three elements.

    Of two vectors of two elements it is the third element of their product.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.cross(np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]))
    array([0., 0., 1.])
    """
    from .creation import zeros_like
    from .joining import concatenate, stack
    from .manipulation import moveaxis

    if axis is not None:
        axisa = axisb = axisc = axis
    x = moveaxis(face.asarray(a), axisa, -1)
    y = moveaxis(face.asarray(b), axisb, -1)
    lengths = {x.shape[-1], y.shape[-1]}
    if not lengths <= ({3} if NUMPY_2_5 else {2, 3}):
        raise ValueError(
            "cross: vectors of 3 elements were required; "
            f"{x.shape[-1]} and {y.shape[-1]} were given"
        )
    if 2 in lengths:
        message = "Arrays of 2-dimensional vectors are deprecated"
        warn_user(f"cross: {message}; use 3-dimensional ones", DeprecationWarning)
    if lengths == {2}:
        return face.ndarray.wrap((x[..., 0] * y[..., 1] - x[..., 1] * y[..., 0]).read())
    x, y = (
        concatenate([v, zeros_like(v[..., :1])], -1) if v.shape[-1] == 2 else v
        for v in (x, y)
    )
    parts = [
        x[..., i] * y[..., j] - x[..., j] * y[..., i]
        for i, j in ((1, 2), (2, 0), (0, 1))
    ]
    return stack(parts, -1 if axisc == -1 else axisc)


def vecdot(x1: Any, x2: Any, /, out: Any = None, *, axis: int = -1) -> Any:
    """The dot products of vectors along an axis, the first conjugated.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.vecdot(np.array([[1, 2], [3, 4]]), np.array([1, 10]))
    array([21, 43])
    """
    from .manipulation import moveaxis

    x, y = face.asarray(x1), face.asarray(x2)
    lengths = [a.shape[normal_axis(axis, a.ndim)] for a in (x, y)]
    if lengths[0] != lengths[1]:
        raise ValueError(
            named(
                "vectors of one length were required; shapes "
                f"{x.shape} and {y.shape} were given, with axis {axis}"
            )
        )
    if axis != -1:
        x, y = moveaxis(x, axis, -1), moveaxis(y, axis, -1)
    if x.dtype.kind == "c":
        x = x.conjugate()
    dtype = np.result_type(x.dtype, y.dtype)
    return deliver("vecdot", reductions.sum(x * y, axis=-1, dtype=dtype), out)


def matvec(x1: Any, x2: Any, /, out: Any = None) -> Any:
    """The products of matrices with vectors.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.matvec(np.array([[1, 2], [3, 4]]), np.array([1, 10]))
    array([21, 43])
    """
    return deliver("matvec", matmul(x1, face.asarray(x2)[..., None])[..., 0], out)


def vecmat(x1: Any, x2: Any, /, out: Any = None) -> Any:
    """The products of vectors (conjugated) with matrices.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.vecmat(np.array([1, 10]), np.array([[1, 2], [3, 4]]))
    array([31, 42])
    """
    x = face.asarray(x1)
    x = x.conjugate() if x.dtype.kind == "c" else x
    return deliver("vecmat", matmul(x[..., None, :], x2)[..., 0, :], out)


@remembered()
def trace(
    a: Any,
    offset: int = 0,
    axis1: int = 0,
    axis2: int = 1,
    dtype: Any = None,
    out: Any = None,
) -> Any:
    """The sum of a diagonal.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.trace(np.arange(9).reshape(3, 3), offset=1)
    np.int64(6)
    """
    line = face.asarray(a).diagonal(offset, axis1, axis2)
    return reductions.sum(line, axis=-1, dtype=dtype, out=out)
