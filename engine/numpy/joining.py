"""Joining arrays: concatenate, stack and their kin."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from operator import index
from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine import composites
from engine.composites.joining import steps_of_join
from engine.errors import called, named
from engine.ops.op import cast
from engine.recipe import transposed
from engine.record.value import DATES, Value

from . import quick
from .axes import no_boolean
from .operands import WEAK, checked_dtype, promoted, read_as
from .reductions import deliver, dtype_of

__all__ = [
    "append",
    "block",
    "column_stack",
    "concat",
    "concatenate",
    "dstack",
    "hstack",
    "stack",
    "vstack",
]


_PROMOTING = frozenset(("safe", "same_kind", "unsafe"))
"""Rules by which whatever is promoted may be cast."""


def _handles(arrays: Any, name: str) -> list[face.ndarray]:
    if isinstance(arrays, face.ndarray):
        return list(arrays)
    if not hasattr(arrays, "__getitem__"):
        raise TypeError(
            f"{name or called()}: arrays to stack must be passed as a sequence such as "
            f"a list or a tuple; {type(arrays).__name__} was given"
        )
    return [face.asarray(x) for x in arrays]


def _joined_dtype(
    arrays: Sequence[face.ndarray], given: Any, dtype: Any, casting: str
) -> np.dtype[Any]:
    target = promoted(given, arrays) if dtype is None else checked_dtype(dtype)
    if dtype is None and target.kind not in DATES and casting in _PROMOTING:
        return target
    for x in arrays:
        if not np.can_cast(x.dtype, target, casting):  # type: ignore[arg-type]
            raise TypeError(
                named(
                    f"Cannot cast array data from {x.dtype!r} to {target!r} according "
                    f"to the rule '{casting}'"
                )
            )
    return target


def concatenate(
    arrays: Any,
    /,
    axis: int | None = 0,
    out: Any = None,
    *,
    dtype: Any = None,
    casting: str = "same_kind",
) -> Any:
    """Arrays one after the other along an axis; None: their elements in C order.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.concatenate([np.ones(2), np.zeros(1)])
    array([1., 1., 0.])
    """
    if out is None and dtype is None and casting == "same_kind":
        made = quick.again(arrays, axis)
        if made is not None:
            return made
    parts = _handles(arrays, "concatenate")
    if not parts:
        raise ValueError(named("need at least one array to concatenate"))
    asked = axis = None if axis is None else index(no_boolean(axis))
    if axis is None:
        parts = [x if len(x.recipe.shape) == 1 else x.ravel() for x in parts]
        axis = 0
    if out is not None and dtype is not None:
        message = "only takes `out` or `dtype` as an argument, but both were provided"
        raise TypeError(named(message))
    wanted = dtype_of(out) if dtype is None else dtype
    given = arrays if isinstance(arrays, (list, tuple)) else parts
    target = _joined_dtype(parts, given, wanted, casting)
    order = _common_order(parts)
    if order is None:
        usual = wanted is None and casting == "same_kind"
        usual = usual and not any(x.__class__ in WEAK for x in given)
        joined = _joined(asked, axis, parts, target, usual)
    else:
        joined = _joined_in_order(axis, parts, target, order)
    return deliver("concatenate", joined, out, "unsafe")


def _joined(
    asked: int | None,
    axis: int,
    parts: Sequence[face.ndarray],
    target: np.dtype[Any],
    usual: bool,
) -> face.ndarray:
    """The join of parts in C order; `usual` ones, whose dtype follows, are remembered.

    `asked` is the axis that was asked for; None where their elements are joined.
    """
    values = [x.read() for x in parts]
    join = partial(_join, values, axis, target)
    if len(parts) == 1 or not usual:
        return join()
    joined: face.ndarray
    if any(x.dtype != target for x in parts):
        joined = quick.noted_on(asked, parts, values, join)
        return joined
    joined = join()  # which raises for what cannot be joined: that is never known
    shapes = tuple([x.shape for x in parts])
    steps = steps_of_join(shapes, target, axis % len(shapes[0]))
    quick.remember(asked, [x.recipe for x in parts], steps)
    return joined


def _joined_in_order(
    axis: int,
    parts: Sequence[face.ndarray],
    target: np.dtype[Any],
    order: tuple[int, ...],
) -> face.ndarray:
    """The join of parts whose axes lie in another order, which it has as well."""
    place = order.index(np.arange(len(order))[axis])
    values = [cast(read_as(x, transposed(x.recipe, order)), target) for x in parts]
    return face.ndarray.wrap(composites.concatenate(values, place), order)


def _join(values: Sequence[Value], axis: int, target: np.dtype[Any]) -> face.ndarray:
    cast_values = [cast(value, target) for value in values]
    return face.ndarray.wrap(composites.concatenate(cast_values, axis))


def _common_order(parts: Sequence[face.ndarray]) -> tuple[int, ...] | None:
    """The memory order that NumPy gives a join; None for C order.

    Axes are sorted by strides, as those of the parts agree; where they contradict each
    other or say nothing, C order wins.
    """
    layouts = [x.recipe for x in parts]
    rank = len(layouts[0].shape)
    if any(len(one.shape) != rank for one in layouts):
        return None
    order = list(range(rank))
    for i in range(1, rank):
        place = i
        for j in range(i - 1, -1, -1):
            votes = [
                abs(one.strides[order[i]]) > abs(one.strides[order[j]])
                for one in layouts
                if one.shape[order[i]] != 1 and one.shape[order[j]] != 1
            ]
            if votes and not all(votes):
                break
            if votes:
                place = j
        order.insert(place, order.pop(i))
    return None if order == list(range(rank)) else tuple(order)


concat = concatenate


def stack(
    arrays: Any,
    axis: int = 0,
    out: Any = None,
    *,
    dtype: Any = None,
    casting: str = "same_kind",
) -> Any:
    """Arrays of one shape along a new axis.

    Parameters
    ----------
    arrays : sequence of array_like
        At least one; their dtypes promote.
    axis : int
        Where the new axis stands in the result.
    out, dtype, casting
        As of `concatenate`.

    Raises
    ------
    ValueError
        For no arrays, and for different shapes.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.stack([np.arange(3), np.ones(3, int)], axis=1)
    array([[0, 1],
           [1, 1],
           [2, 1]])
    """
    parts = _handles(arrays, "stack")
    if not parts:
        raise ValueError(named("need at least one array to stack"))
    if len({x.shape for x in parts}) > 1:
        raise ValueError(
            named(
                "all input arrays must have the same shape: "
                f"{' and '.join(str(x.shape) for x in parts)} were given"
            )
        )
    axis, rank = index(axis), parts[0].ndim + 1
    if not -rank <= axis < rank:
        raise np.exceptions.AxisError(axis, rank, called())
    key = (slice(None),) * (axis % rank) + (None,)
    expanded = [x[(*key, ...)] for x in parts]
    return concatenate(expanded, axis % rank, out, dtype=dtype, casting=casting)


def _at_least(arrays: Any, name: str, rank: int) -> list[face.ndarray]:
    from .manipulation import atleast_1d, atleast_2d, atleast_3d

    grow = (atleast_1d, atleast_2d, atleast_3d)[rank - 1]
    return [grow(x) for x in _handles(arrays, name)]


def vstack(tup: Any, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    """Arrays below each other, row after row.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.vstack([np.arange(2), np.ones(2)])
    array([[0., 1.],
           [1., 1.]])
    """
    parts = _at_least(tup, "vstack", 2)
    return concatenate(parts, 0, dtype=dtype, casting=casting)


def hstack(tup: Any, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    """Arrays beside each other, column after column.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.hstack([np.arange(2), np.array([7])])
    array([0, 1, 7])
    """
    parts = _at_least(tup, "hstack", 1)
    axis = 0 if parts and parts[0].ndim == 1 else 1
    return concatenate(parts, axis, dtype=dtype, casting=casting)


def dstack(tup: Any) -> Any:
    """Arrays along the third axis.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.dstack([np.arange(2), np.ones(2, int)]).shape
    (1, 2, 2)
    """
    return concatenate(_at_least(tup, "dstack", 3), 2)


def column_stack(tup: Any) -> Any:
    """One-dimensional arrays as columns; others beside each other.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.column_stack([np.arange(3), np.arange(3) * 10])
    array([[ 0,  0],
           [ 1, 10],
           [ 2, 20]])
    """
    parts = [x[:, None] if x.ndim == 1 else x for x in _at_least(tup, "", 1)]
    return concatenate(parts, 1)


def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    """An array with values after its end.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.append(np.arange(2), [[5], [6]])
    array([0, 1, 5, 6])
    """
    if axis is None and values.__class__ in WEAK:
        values = np.array([values])  # what `ravel` would make of it
    return concatenate((face.asarray(arr), face.asarray(values)), axis)


def block(arrays: Any) -> Any:
    """An array from nested lists of blocks.

    Examples
    --------
    >>> import engine.numpy as np
    >>> unit, column = np.eye(2, dtype=int), np.zeros((2, 1), int)
    >>> np.block([[unit, column], [np.ones((1, 3), int)]])
    array([[1, 0, 0],
           [0, 1, 0],
           [1, 1, 1]])
    """
    depth = _depth(arrays, "arrays")
    rank = max([depth, *[face.asarray(x).ndim for x in _leaves(arrays)]])
    joined = _block(arrays, depth, rank)
    return joined if depth else joined.copy()


def _depth(tree: Any, place: str) -> int:
    """How many lists stand around each leaf; `place` is how the tree is reached."""
    if isinstance(tree, tuple):
        raise TypeError(
            named(f"lists of blocks were required; {place} is a tuple: write a list")
        )
    if not isinstance(tree, list):
        return 0
    if not tree:
        raise ValueError(
            named(f"lists of blocks cannot be empty; [] was given as {place}")
        )
    depths = [_depth(part, f"{place}[{k}]") for k, part in enumerate(tree)]
    for k, depth in enumerate(depths):
        if depth != depths[0]:
            raise ValueError(
                named(
                    f"blocks at one depth of lists were required; {place}[0] holds "
                    f"{depths[0]} levels of lists, {place}[{k}] holds {depth}"
                )
            )
    return 1 + depths[0]


def _leaves(tree: Any) -> list[Any]:
    if not isinstance(tree, list):
        return [tree]
    return [leaf for part in tree for leaf in _leaves(part)]


def _block(tree: Any, depth: int, rank: int) -> Any:
    if not depth:
        leaf = face.asarray(tree)
        return leaf.reshape((1,) * (rank - leaf.ndim) + leaf.shape)
    parts = [_block(part, depth - 1, rank) for part in tree]
    return concatenate(parts, rank - depth)
