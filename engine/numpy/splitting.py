"""Splitting arrays into views of their parts."""

from __future__ import annotations

from itertools import pairwise
from operator import index
from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine.errors import called, named, naming

__all__ = [
    "array_split",
    "dsplit",
    "hsplit",
    "split",
    "unstack",
    "vsplit",
]


def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Views of consecutive parts along an axis, as equal as possible.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.array_split(np.arange(5), 3)
    [array([0, 1]), array([2, 3]), array([4])]
    """
    array = face.asarray(ary)
    axis = _axis(axis, array.ndim)
    total = array.shape[axis]
    if np.ndim(indices_or_sections):
        cuts = [0, *[int(x) for x in indices_or_sections], None]
    else:
        sections = int(indices_or_sections)
        if sections <= 0:
            raise ValueError(named("number sections must be larger than 0."))
        each, extra = divmod(total, sections)
        sizes = [each + 1] * extra + [each] * (sections - extra)
        cuts = [0, *np.cumsum(sizes).tolist()]
    lead = (slice(None),) * axis
    return [array[(*lead, slice(start, stop))] for start, stop in pairwise(cuts)]


def _axis(axis: int, rank: int) -> int:
    axis = index(axis)
    if not -rank <= axis < rank:
        raise np.exceptions.AxisError(axis, rank, called())
    return axis % rank


def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Views of consecutive parts along an axis, all equal when a number is given.

    Parameters
    ----------
    ary : array_like
    indices_or_sections : int or sequence of int
        How many parts, or where the later ones begin.
    axis : int

    Raises
    ------
    ValueError
        When the extent is no multiple of the number of parts; see `array_split`.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.split(np.arange(5), [2, 3])
    [array([0, 1]), array([2]), array([3, 4])]
    """
    array = face.asarray(ary)
    if not np.ndim(indices_or_sections):
        total = array.shape[_axis(axis, array.ndim)]
        with naming():
            rest = total % int(indices_or_sections)
        if rest:
            raise ValueError(
                named(
                    "array split does not result in an equal division: "
                    f"{indices_or_sections} parts of {total} were asked for"
                )
            )
    return array_split(array, indices_or_sections, axis)


def vsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """`split` along the first axis.

    Examples
    --------
    >>> import engine.numpy as np
    >>> upper, lower = np.vsplit(np.arange(4).reshape(2, 2), 2)
    >>> lower
    array([[2, 3]])
    """
    if face.asarray(ary).ndim < 2:
        raise ValueError(named("vsplit only works on arrays of 2 or more dimensions"))
    return split(ary, indices_or_sections, 0)


def hsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """`split` along the second axis, the first of one-dimensional arrays.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.hsplit(np.arange(4), [1])
    [array([0]), array([1, 2, 3])]
    """
    array = face.asarray(ary)
    if array.ndim == 0:
        raise ValueError(named("hsplit only works on arrays of 1 or more dimensions"))
    return split(array, indices_or_sections, 1 if array.ndim > 1 else 0)


def dsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """`split` along the third axis.

    Examples
    --------
    >>> import engine.numpy as np
    >>> [part.shape for part in np.dsplit(np.zeros((1, 2, 4)), 2)]
    [(1, 2, 2), (1, 2, 2)]
    """
    if face.asarray(ary).ndim < 3:
        raise ValueError(named("dsplit only works on arrays of 3 or more dimensions"))
    return split(ary, indices_or_sections, 2)


def unstack(x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
    """The slices along an axis.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.unstack(np.array([[1, 2], [3, 4]]), axis=1)
    (array([1, 3]), array([2, 4]))
    """
    from .manipulation import moveaxis

    array = face.asarray(x)
    if array.ndim == 0:
        raise ValueError(named("Input array must be at least 1-d."))
    return tuple(moveaxis(array, axis, 0))
