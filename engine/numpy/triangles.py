"""Diagonals and triangles of matrices."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine.errors import named, naming
from engine.movement import normal_axes
from engine.recipe import Recipe
from engine.record.registry import REGISTRY
from engine.record.value import constant, typed

from .devices import placed
from .elementwise import apply
from .fallback import into_foreign
from .manipulation import broadcast_to
from .quick import remembered
from .ranges import lower_triangle
from .rearrangement import resize
from .views import diagonal_recipe

__all__ = [
    "diag",
    "diagflat",
    "diagonal",
    "fill_diagonal",
    "tril",
    "trim_zeros",
    "triu",
    "vander",
]


def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """A read-only view of a diagonal.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.diagonal(np.arange(6).reshape(2, 3), 1)
    array([1, 5])
    """
    return face.asarray(a).diagonal(offset, axis1, axis2)


def diag(v: Any, k: int = 0) -> Any:
    """A copy of a diagonal, or a matrix with one.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.diag(np.array([1, 2])), np.diag(np.arange(4).reshape(2, 2))
    (array([[1, 0],
           [0, 2]]), array([0, 3]))
    """
    array = face.asarray(v)
    if array.ndim == 2:
        return array.diagonal(k)
    if array.ndim != 1:
        raise ValueError(named("Input must be 1- or 2-d."))
    with naming():
        k = index(k)
    return _with_diagonal(array, k)


@remembered()
def _with_diagonal(array: face.ndarray, k: int) -> face.ndarray:
    """A matrix of zeros but for a diagonal."""
    n = array.shape[0] + abs(k)
    out = placed(face.ndarray((n, n), array.dtype), None, array)
    recipe = diagonal_recipe(out, k, 0, 1)
    out.store(array.read(), recipe)
    return out


def diagflat(v: Any, k: int = 0) -> Any:
    """A matrix with the elements on a diagonal.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.diagflat([[1], [2]], 1)
    array([[0, 1, 0],
           [0, 0, 2],
           [0, 0, 0]])
    """
    return diag(face.asarray(v).ravel(), k)


def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    """Store values on the main diagonal, in place.

    Examples
    --------
    >>> import engine.numpy as np
    >>> x = np.zeros((2, 2), int)
    >>> np.fill_diagonal(x, 5)
    >>> x
    array([[5, 0],
           [0, 5]])
    """
    if isinstance(a, np.ndarray):
        into_foreign("fill_diagonal", np.fill_diagonal, a, val, wrap)
        return
    if not isinstance(a, face.ndarray):
        raise TypeError(
            named(f"an engine array was required; {type(a).__name__} was given")
        )
    if a.ndim < 2:
        raise ValueError(named("array must be at least 2-d"))
    if not a.writeable:
        raise ValueError(named("underlying array is read-only"))
    recipe = a.recipe
    if a.ndim > 2 and len(set(a.shape)) != 1:
        raise ValueError(named("All dimensions of input must be of equal length"))
    from .indexing import set_, stored_value

    if a.ndim == 2 and wrap and a.shape[0] > a.shape[1]:
        places = _wrapped_places(a)
        given = face.asarray(val)
        if not given.size:
            return
        if given.ndim:
            val = resize(given.ravel(), places[0].shape)
        set_(a.flat.base, places, val)
        return
    n = min(recipe.shape)
    line = Recipe(recipe.dtype, recipe.offset, (n,), (sum(recipe.strides),))
    values = face.asarray(val)
    if values.size == 0:
        return
    if values.ndim and values.size != n:
        values = resize(values.ravel(), (n,))
    a.store(stored_value(a, values.ravel() if values.ndim else val, (n,)), line)


def _wrapped_places(a: Any) -> Any:
    places = np.arange(0, a.size, a.shape[1] + 1)
    return np.unravel_index(places, a.shape)


@remembered()
def tril(m: Any, k: int = 0) -> Any:
    """The lower triangle; zeros above it.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.tril(np.arange(1, 10).reshape(3, 3), -1)
    array([[0, 0, 0],
           [4, 0, 0],
           [7, 8, 0]])
    """
    return _triangle(m, k, True)


@remembered()
def triu(m: Any, k: int = 0) -> Any:
    """The upper triangle; zeros below it.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.triu(np.arange(1, 10).reshape(3, 3))
    array([[1, 2, 3],
           [0, 5, 6],
           [0, 0, 9]])
    """
    return _triangle(m, k - 1, False)


def _triangle(m: Any, k: Any, lower: bool) -> Any:
    array = face.asarray(m)
    if array.ndim == 1:
        array = broadcast_to(array, (array.shape[0],) * 2)
    mask = face.ndarray.wrap(lower_triangle(array.shape[-2], array.shape[-1], k))
    zero = typed(0, array.dtype)
    choices = (array, zero) if lower else (zero, array)
    return apply(REGISTRY["where"], mask, *choices)


@remembered()
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """The powers of a vector's elements, as columns.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.vander(np.array([1, 2, 3]), 3)
    array([[1, 1, 1],
           [4, 2, 1],
           [9, 3, 1]])
    """
    array = face.asarray(x)
    if array.ndim != 1:
        raise ValueError(named("x must be a one-dimensional array or sequence."))
    with naming():
        columns = array.shape[0] if N is None else index(N)
    if columns < 0:
        raise ValueError(named(f"negative dimensions are not allowed; {N} was given"))
    powers = constant(np.arange(columns))
    exponents = face.ndarray.wrap(powers)
    made = array[:, None] ** (exponents if increasing else exponents[::-1])
    return made


def trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    """The array without zeros at the front and the back of axes. Computes.

    What is given as a list or a tuple of numbers stays one.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.trim_zeros(np.array([0, 0, 3, 0, 4, 0]))
    array([3, 0, 4])
    """
    array = face.asarray(filt)
    ends = trim.lower()
    if ends not in ("fb", "bf", "f", "b"):
        raise ValueError(named(f"unexpected character(s) in `trim`: {trim!r}"))
    places = np.argwhere(array.computed())
    cuts = [slice(None)] * array.ndim
    for k in normal_axes(axis, array.ndim):
        if not len(places):
            cuts[k] = slice(0, 0)
            continue
        first = int(places[:, k].min()) if "f" in ends else None
        last = int(places[:, k].max()) + 1 if "b" in ends else None
        cuts[k] = slice(first, last)
    return filt[cuts[0]] if array.ndim == 1 else array[tuple(cuts)]
