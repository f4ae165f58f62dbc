"""Products of vectors and matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine.numpy.handle as face
import engine.numpy.reductions as reductions
from engine import composites
from engine.errors import named
from engine.movement import reshape_value
from engine.record.registry import REGISTRY

from . import elementwise
from .reductions import deliver
from .views import normal_axis

__all__ = [
    "cross",
    "dot",
    "einsum",
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
    return delivered("matmul", value, out)


def delivered(name: str, value: Any, out: Any) -> Any:
    """A value as a new array, or stored in `out`."""
    if out is None:
        return face.fresh(value)
    out = out[0] if isinstance(out, tuple) else out
    target = elementwise.check_out(out)
    elementwise.store_out(name, value, target, "same_kind", True)
    return target


def dot(a: Any, b: Any, out: Any = None) -> Any:
    """The dot product: of the last axis of `a` and the last but one of `b`."""
    x, y = face.asarray(a), face.asarray(b)
    if x.ndim == 0 or y.ndim == 0:
        return deliver("dot", elementwise.apply(REGISTRY["multiply"], x, y), out)
    if x.ndim <= 2 and y.ndim <= 2:
        return delivered("dot", _checked_product(x, y), out)
    axes = (x.ndim - 1,), (max(y.ndim - 2, 0),)
    value = composites.tensordot(x.read(), y.read(), *axes)
    return delivered("dot", value, out)


def _checked_product(x: Any, y: Any) -> Any:
    inner = y.shape[-2] if y.ndim > 1 else y.shape[0]
    if x.shape[-1] != inner:
        raise ValueError(
            f"dot: shapes {x.shape} and {y.shape} not aligned: {x.shape[-1]} (dim "
            f"{x.ndim - 1}) != {inner} (dim {max(y.ndim - 2, 0)})"
        )
    return composites.matrix_product(x.read(), y.read())


def vdot(a: Any, b: Any, /) -> Any:
    """The dot product of all elements, the first conjugated."""
    x, y = face.asarray(a).ravel(), face.asarray(b).ravel()
    if x.dtype.kind == "c":
        x = x.conjugate()
    return dot(x, y)


def inner(a: Any, b: Any, /) -> Any:
    """The product over the last axes of both."""
    x, y = face.asarray(a), face.asarray(b)
    if x.ndim == 0 or y.ndim == 0:
        return elementwise.apply(REGISTRY["multiply"], x, y)
    if x.shape[-1] != y.shape[-1]:
        raise ValueError(
            f"inner: shapes {x.shape} and {y.shape} not aligned: {x.shape[-1]} (dim "
            f"{x.ndim - 1}) != {y.shape[-1]} (dim {y.ndim - 1})"
        )
    return tensordot(x, y, axes=((x.ndim - 1,), (y.ndim - 1,)))


def outer(a: Any, b: Any, out: Any = None) -> Any:
    """All products of an element of one with an element of the other."""
    x, y = face.asarray(a).ravel(), face.asarray(b).ravel()
    result = elementwise.apply(REGISTRY["multiply"], x[:, None], y[None, :])
    return deliver("outer", result, out)


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """The sum of products over pairs of axes."""
    x, y = face.asarray(a), face.asarray(b)
    if isinstance(axes, (int, np.integer)):
        left = tuple(range(x.ndim - int(axes), x.ndim))
        right = tuple(range(int(axes)))
    else:
        left, right = (
            (one,) if isinstance(one, (int, np.integer)) else tuple(one) for one in axes
        )
    if len(left) != len(right):
        raise ValueError(named("shape-mismatch for sum"))
    return face.ndarray.wrap(composites.tensordot(x.read(), y.read(), left, right))


def kron(a: Any, b: Any) -> Any:
    """The Kronecker product."""
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
    """The cross product of vectors of three elements."""
    from .joining import stack
    from .manipulation import moveaxis

    if axis is not None:
        axisa = axisb = axisc = axis
    x = moveaxis(face.asarray(a), axisa, -1)
    y = moveaxis(face.asarray(b), axisb, -1)
    if x.shape[-1] != 3 or y.shape[-1] != 3:
        raise ValueError(
            "cross: vectors of 3 elements were required; "
            f"{x.shape[-1]} and {y.shape[-1]} were given"
        )
    parts = [
        x[..., i] * y[..., j] - x[..., j] * y[..., i]
        for i, j in ((1, 2), (2, 0), (0, 1))
    ]
    return stack(parts, -1 if axisc == -1 else axisc)


def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """The dot products of vectors along an axis, the first conjugated."""
    x, y = face.asarray(x1), face.asarray(x2)
    lengths = [a.shape[normal_axis(axis, a.ndim)] for a in (x, y)]
    if lengths[0] != lengths[1]:
        raise ValueError(
            named(
                "vectors of one length were required; shapes "
                f"{x.shape} and {y.shape} were given, with axis {axis}"
            )
        )
    if x.dtype.kind == "c":
        x = x.conjugate()
    return reductions.sum(x * y, axis=axis, dtype=np.result_type(x.dtype, y.dtype))


def matvec(x1: Any, x2: Any, /) -> Any:
    """The products of matrices with vectors."""
    return matmul(x1, face.asarray(x2)[..., None])[..., 0]


def vecmat(x1: Any, x2: Any, /) -> Any:
    """The products of vectors (conjugated) with matrices."""
    x = face.asarray(x1)
    x = x.conjugate() if x.dtype.kind == "c" else x
    return matmul(x[..., None, :], x2)[..., 0, :]


def trace(
    a: Any,
    offset: int = 0,
    axis1: int = 0,
    axis2: int = 1,
    dtype: Any = None,
    out: Any = None,
) -> Any:
    """The sum of a diagonal."""
    line = face.asarray(a).diagonal(offset, axis1, axis2)
    return reductions.sum(line, axis=-1, dtype=dtype, out=out)


# -- einsum ---------------------------------------------------------------------------
def einsum(subscripts: Any, /, *operands: Any, **options: Any) -> Any:
    """Sums of products, given by subscripts as ``"ij,jk->ik"``.

    Two operands at a time, as a product of matrices where they share summed axes.
    """
    arrays = [face.asarray(x) for x in operands]
    out = options.pop("out", None)
    options.pop("optimize", None)
    simple = isinstance(subscripts, str) and "." not in subscripts
    if options or not simple:
        from .fallback import library_call

        made = library_call("einsum", np.einsum, subscripts, *operands, **options)
        return deliver("einsum", made, out)
    terms, result = _parsed(subscripts.replace(" ", ""), len(arrays))
    for term, x in zip(terms, arrays, strict=True):
        if len(term) != x.ndim:
            raise ValueError(
                named(
                    f"einstein sum subscripts string {subscripts!r} gives {len(term)} "
                    f"axes to an operand of shape {x.shape}"
                )
            )
    pairs = [_single(x, term) for x, term in zip(arrays, terms, strict=True)]
    while len(pairs) > 1:
        (x, left), (y, right) = pairs.pop(0), pairs.pop(0)
        later = set(result).union(*(set(term) for _, term in pairs))
        pairs.insert(0, _contract(x, left, y, right, later))
    return deliver("einsum", _final(*pairs[0], result), out)


def _parsed(subscripts: str, count: int) -> tuple[list[str], str]:
    inputs, arrow, result = subscripts.partition("->")
    terms = inputs.split(",")
    if len(terms) != count:
        raise ValueError(
            f"einsum: as many operands as terms were required; {subscripts!r} has "
            f"{len(terms)}, and {count} were given"
        )
    if not arrow:
        letters = "".join(terms)
        result = "".join(sorted(x for x in set(letters) if letters.count(x) == 1))
    return terms, result


def _single(x: Any, term: str) -> tuple[Any, str]:
    """Repeated letters in one term select a diagonal."""
    while len(set(term)) < len(term):
        letter = next(x for x in term if term.count(x) > 1)
        one = term.index(letter)
        two = term.index(letter, one + 1)
        x = x.diagonal(0, one, two)
        term = term[:one] + term[one + 1 : two] + term[two + 1 :] + letter
    return x, term


def _contract(
    x: Any, left: str, y: Any, right: str, later: set[str]
) -> tuple[Any, str]:
    x, left = _summed(x, left, later | set(right))
    y, right = _summed(y, right, later | set(left))
    shared = [k for k in left if k in right]
    batch = [k for k in shared if k in later]
    inner = [k for k in shared if k not in later]
    rows = [k for k in left if k not in shared]
    columns = [k for k in right if k not in shared]
    sizes = {
        **dict(zip(left, x.shape, strict=True)),
        **dict(zip(right, y.shape, strict=True)),
    }
    if not inner:
        order = batch + rows + columns
        return _aligned(x, left, order) * _aligned(y, right, order), "".join(order)
    one = x.transpose([left.index(k) for k in batch + rows + inner])
    two = y.transpose([right.index(k) for k in batch + inner + columns])

    def size(letters: list[str]) -> int:
        return int(np.prod([sizes[k] for k in letters], dtype=int))

    lead = tuple(sizes[k] for k in batch)
    one = one.reshape((*lead, size(rows), size(inner)))
    two = two.reshape((*lead, size(inner), size(columns)))
    order = batch + rows + columns
    made = matmul(one, two).read()
    return (
        face.ndarray.wrap(reshape_value(made, tuple(sizes[k] for k in order))),
        "".join(order),
    )


def _summed(x: Any, term: str, needed: set[str]) -> tuple[Any, str]:
    gone = tuple(k for k, letter in enumerate(term) if letter not in needed)
    if not gone:
        return x, term
    return (
        reductions.sum(x, axis=gone, dtype=x.dtype),
        "".join(letter for letter in term if letter in needed),
    )


def _aligned(x: Any, term: str, order: list[str]) -> Any:
    x = x.transpose([term.index(k) for k in order if k in term])
    extents = iter(x.shape)
    return x.reshape(tuple(next(extents) if k in term else 1 for k in order))


def _final(x: Any, term: str, result: str) -> Any:
    x, term = _summed(x, term, set(result))
    if sorted(term) != sorted(result):
        raise ValueError(
            f"einsum: output subscripts from the inputs were required; {result!r} given"
        )
    return x.transpose([term.index(k) for k in result]) if len(result) > 1 else x
