"""Recipe: which elements of flat memory a handle shows, and the arithmetic of views.

A view of a view of a view is one recipe, never a chain. The rules are NumPy's, down to
the strides, because layout decides which later operations view and which copy.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

import numpy as np

from engine.errors import named
from engine.shapes import check_axes

Shape = tuple[int, ...]


class Recipe(NamedTuple):
    """A strided selection; `offset` and `strides` count items of `dtype`."""

    dtype: np.dtype[Any]
    offset: int
    shape: Shape
    strides: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.offset}+{list(self.shape)}*{list(self.strides)}"

    @property
    def size(self) -> int:
        """The number of elements."""
        return prod(self.shape)

    def is_whole(self, size: int, dtype: np.dtype[Any]) -> bool:
        """Whether this is all of a flat base, in order: a reshape of it."""
        return (
            self.offset == 0
            and _dense_size(self.shape, self.strides) == size
            and self.dtype == dtype
        )


class Whole(Recipe):
    """All of a base, in order, as a view of it shows it: no recipe of a handle's own.

    What it reads is a region, whose gradient can be told apart from the base's.
    """

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return type(other) is Whole and tuple(self) == tuple(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = Recipe.__hash__

    def plain(self) -> Recipe:
        """The same region as any handle may have it."""
        return Recipe(*self)


def c_strides(shape: Sequence[int]) -> tuple[int, ...]:
    """Strides, in items, of a C-contiguous array."""
    return _c_strides(tuple(shape))


# Programs have few shapes, and every op that is recorded asks for these.
@lru_cache(maxsize=4096)
def _c_strides(shape: Shape) -> tuple[int, ...]:
    strides, step = [], 1
    for extent in reversed(shape):
        strides.append(step)
        step *= max(extent, 1)
    return tuple(reversed(strides))


def whole(dtype: np.dtype[Any], shape: Shape) -> Recipe:
    """The recipe of a C-contiguous array that owns its memory."""
    return Recipe(dtype, 0, shape, c_strides(shape))


CANONICAL = {
    np.dtype(name): np.dtype(name)
    for name in (
        "bool",
        *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
        *("float16", "float32", "float64", "complex64", "complex128"),
    )
}
"""Of dtypes that are equal, the one that is kept, whoever is first.

C has two types of 64 bits, and NumPy makes new dtypes for arrays that are unpickled or
were in another order of bytes. Native code knows dtypes by their addresses.
"""


_owned: dict[tuple[np.dtype[Any], Shape], Recipe] = {}
_most = [4096]
"""How many recipes there may be before those are forgotten that nobody holds."""


def owned(dtype: np.dtype[Any], shape: Shape) -> Recipe:
    """The recipe of a handle that owns a value of this shape, in C order.

    It is one object as long as somebody holds it: handles that own their value are
    known by that, natively, too.
    """
    dtype = CANONICAL.get(dtype, dtype)
    found = _owned.get((dtype, shape))
    if found is not None:
        return found
    shape = tuple(map(int, shape))
    if 0 in shape:  # NumPy's fresh empty arrays have strides 0
        made = Recipe(dtype, 0, shape, (0,) * len(shape))
    else:
        made = whole(dtype, shape)
    if len(_owned) >= _most[0]:
        _forget_unheld()
    return _owned.setdefault((dtype, shape), made)


def _forget_unheld() -> None:
    """Leave out of the table what only the table holds."""
    for key in list(_owned):
        if sys.getrefcount(_owned.get(key)) <= 2:  # the table's, and the argument's
            _owned.pop(key, None)
    _most[0] = max(4096, 2 * len(_owned))


def is_c_contiguous(recipe: Recipe) -> bool:
    """Whether the elements lie in C order without gaps (true when there are none)."""
    return _dense_size(recipe.shape, recipe.strides) >= 0


@lru_cache(maxsize=4096)
def _dense_size(shape: Shape, strides: tuple[int, ...]) -> int:
    """The number of elements where they lie in C order without gaps, else -1."""
    if 0 in shape:
        return 0
    step = 1
    for extent, stride in zip(reversed(shape), reversed(strides), strict=True):
        if extent != 1 and stride != step:
            return -1
        step *= extent
    return step


def is_f_contiguous(recipe: Recipe) -> bool:
    """Whether the elements lie in Fortran order without gaps."""
    return is_c_contiguous(transposed(recipe, range(len(recipe.shape))[::-1]))


def transposed(recipe: Recipe, axes: Sequence[int]) -> Recipe:
    """The recipe with its axes in another order."""
    return _transposed(recipe, tuple(axes))


@lru_cache(maxsize=4096)
def _transposed(recipe: Recipe, axes: tuple[int, ...]) -> Recipe:
    """`transposed`; one object each time, by which native code knows its subscripts."""
    return recipe._replace(
        shape=tuple(recipe.shape[a] for a in axes),
        strides=tuple(recipe.strides[a] for a in axes),
    )


def canonical(recipe: Recipe) -> tuple[Any, ...]:
    """Same elements in the same order, fewest axes: for keys and equality only."""
    if recipe.size == 0:
        return (recipe.dtype, 0, (0,), (0,))
    merged: list[tuple[int, int]] = []
    for extent, stride in zip(recipe.shape, recipe.strides, strict=True):
        if extent == 1:
            continue
        if merged and merged[-1][1] == extent * stride:
            merged[-1] = (merged[-1][0] * extent, stride)
        else:
            merged.append((extent, stride))
    return (recipe.dtype, recipe.offset, *zip(*merged, strict=True))


def strided(array: np.ndarray[Any, Any], recipe: Recipe) -> np.ndarray[Any, Any]:
    """The ndarray that a recipe selects from a C-contiguous one, sharing its memory."""
    dtype, offset, shape, strides = recipe
    if 0 in shape:
        return np.empty(shape, dtype)
    step = dtype.itemsize
    places = tuple([stride * step for stride in strides])
    return np.ndarray(shape, dtype, array, offset * step, places)


def positions(recipe: Recipe) -> np.ndarray[Any, Any]:
    """The flat position (int64) of every element, laid out in memory as the view."""
    order = storage_order(recipe)
    ordered = transposed(recipe, order)
    place = np.full(ordered.shape, ordered.offset, np.int64)
    rank = len(ordered.shape)
    for axis, (extent, stride) in enumerate(
        zip(ordered.shape, ordered.strides, strict=True)
    ):
        place += (np.arange(extent) * stride).reshape(
            (extent,) + (1,) * (rank - axis - 1)
        )
    return place.transpose(np.argsort(order)) if rank else place


def _along(recipe: Recipe, length: int, stride: int, step: int) -> int:
    """The stride of an axis that a slice leaves.

    Of no more than one element it is NumPy's, for which any would do: it is as it was
    for none, and for one the step is cut down to a word, and bytes wrap around.
    """
    if length > 1:
        return stride * step
    if length == 0:
        return stride
    step = min(max(step, -sys.maxsize), sys.maxsize)
    size = recipe.dtype.itemsize
    return ((stride * step * size + 2**63) % 2**64 - 2**63) // size


def index_basic(recipe: Recipe, key: Sequence[Any]) -> tuple[Recipe, bool]:
    """Basic indexing: integers, slices, None and one ellipsis.

    Returns the recipe and whether integers alone took every axis (NumPy then gives a
    scalar). Raises IndexError with NumPy's messages.
    """
    dotted = any(part is Ellipsis for part in key)
    key = _without_ellipsis(recipe, list(key))
    offset, shape, strides, axis, integers = recipe.offset, [], [], 0, 0
    for part in key:
        if part is None:
            shape.append(1)
            strides.append(0)
            continue
        extent, stride = recipe.shape[axis], recipe.strides[axis]
        if isinstance(part, slice):
            if part.step == 0:
                raise ValueError(named("slice step cannot be zero"))
            start, stop, step = part.indices(extent)
            length = len(range(start, stop, step))
            if length > 0:
                offset += start * stride
            shape.append(length)
            strides.append(_along(recipe, length, stride, step))
        else:
            place = int(part)
            if not -extent <= place < extent:
                raise IndexError(
                    named(
                        f"index {place} is out of bounds for axis {axis} with size "
                        f"{extent}"
                    )
                )
            offset += (place + extent if place < 0 else place) * stride
            integers += 1
        axis += 1
    check_axes(shape, IndexError)
    all_taken = integers == len(recipe.shape) and not shape and not dotted
    return Recipe(
        recipe.dtype, offset, *same_axes(tuple(shape), tuple(strides))
    ), all_taken


@lru_cache(maxsize=4096)
def same_axes(shape: Shape, strides: Shape) -> tuple[Shape, Shape]:
    """A shape and strides: one object each time, that of arrays of this shape."""
    return owned(_FLOAT, shape).shape, strides


_FLOAT: np.dtype[Any] = np.dtype(float)


def _without_ellipsis(recipe: Recipe, key: list[Any]) -> list[Any]:
    rank = len(recipe.shape)
    real = sum(part is not None and part is not Ellipsis for part in key)
    if real > rank:
        raise IndexError(
            named(
                f"too many indices for array: array is {rank}-dimensional, "
                f"but {real} were indexed"
            )
        )
    dots = [i for i, part in enumerate(key) if part is Ellipsis]
    if len(dots) > 1:
        raise IndexError(named("an index can only have a single ellipsis ('...')"))
    at = dots[0] if dots else len(key)
    return [*key[:at], *[slice(None)] * (rank - real), *key[at + 1 :]]


def resolve_shape(size: int, shape: Any) -> Shape:
    """A requested shape with its -1 filled in; ValueError when it does not fit."""
    wanted = shape if isinstance(shape, (tuple, list)) else (shape,)
    resolved = tuple([int(n) for n in wanted])
    unknown = resolved.count(-1)
    known = prod(resolved) if not unknown else prod([n for n in resolved if n != -1])
    if unknown > 1:
        raise ValueError(named("can only specify one unknown dimension"))
    fits = known == size if not unknown else known != 0 and size % known == 0
    if not fits or (resolved and min(resolved) < -1):
        raise ValueError(
            named(f"cannot reshape array of size {size} into shape {resolved}")
        )
    return tuple(size // known if n == -1 else n for n in resolved)


@lru_cache(maxsize=4096)
def reshape(recipe: Recipe, shape: Shape, order: str = "C") -> Recipe | None:
    """The reshaped view, or None where NumPy would copy (`_attempt_nocopy_reshape`)."""
    if recipe.size == 0:
        return recipe._replace(shape=shape, strides=c_strides(shape))
    if order == "F":
        flipped = transposed(recipe, range(len(recipe.shape))[::-1])
        back = reshape(flipped, shape[::-1])
        return back and recipe._replace(shape=shape, strides=back.strides[::-1])
    old = [(n, s) for n, s in zip(recipe.shape, recipe.strides, strict=True) if n != 1]
    new = [0] * len(shape)
    old_at = new_at = 0
    while old_at < len(old) and new_at < len(shape):
        new_size, old_size = shape[new_at], old[old_at][0]
        new_end, old_end = new_at + 1, old_at + 1
        while new_size != old_size:
            if new_size < old_size:
                new_size *= shape[new_end]
                new_end += 1
            else:
                old_size *= old[old_end][0]
                old_end += 1
        for k in range(old_at, old_end - 1):
            if old[k][1] != old[k + 1][0] * old[k + 1][1]:
                return None
        new[new_end - 1] = old[old_end - 1][1]
        for k in range(new_end - 1, new_at, -1):
            new[k - 1] = new[k] * shape[k]
        new_at, old_at = new_end, old_end
    last = new[new_at - 1] if new_at else 1
    new[new_at:] = [last] * (len(shape) - new_at)
    return recipe._replace(shape=shape, strides=tuple(new))


def whole_order(recipe: Recipe, size: int) -> tuple[int, ...] | None:
    """For a view of a whole base, permuted and broadcast: its axes in memory order.

    Axes of stride 0 are left out. None when the view does not show every element of a
    base of `size` elements, once along the axes that move.
    """
    if recipe.offset:
        return None
    pairs = enumerate(zip(recipe.shape, recipe.strides, strict=True))
    moving = [a for a, (n, s) in pairs if s != 0 and n != 1]
    order = tuple(sorted(moving, key=lambda a: -recipe.strides[a]))
    ordered = transposed(recipe, order)
    if ordered.size != size or not is_c_contiguous(ordered) or 0 in recipe.shape:
        return None
    return order


def broadcast_strides(recipe: Recipe, shape: Shape) -> tuple[int, ...]:
    """Strides with which the recipe fills `shape`; ValueError when it does not."""
    lead = len(shape) - len(recipe.shape)
    if lead < 0 or any(
        n not in (m, 1) for n, m in zip(recipe.shape, shape[lead:], strict=True)
    ):
        raise ValueError(
            named(
                f"could not broadcast input array from shape {recipe.shape} "
                f"into shape {shape}"
            )
        )
    own = zip(recipe.shape, shape[lead:], recipe.strides, strict=True)
    return (0,) * lead + tuple(0 if n == 1 and m != 1 else s for n, m, s in own)


def keep_order(shape: Shape, operands: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """nditer's K order: the axes of a ufunc's result, outermost first.

    `operands` are the broadcast strides of the operands.
    """
    rank = len(shape)
    if rank < 2:
        return tuple(range(rank))
    contiguous = c_strides(shape)
    if all(
        all(
            n == 1 or abs(s) == c
            for n, s, c in zip(shape, strides, contiguous, strict=True)
        )
        for strides in operands
    ):
        return tuple(range(rank))
    order = list(range(rank))[::-1]  # innermost first, as nditer keeps them
    for i in range(1, rank):
        order.insert(_k_place(order, i, shape, operands), order.pop(i))
    return tuple(order[::-1])


def _k_place(
    order: list[int], i: int, shape: Shape, operands: Sequence[Sequence[int]]
) -> int:
    """Where nditer's insertion sort puts entry `i` among those before it."""
    axis, place = order[i], i
    for j in range(i - 1, -1, -1):
        ambiguous, swap = True, False
        for strides in operands:
            outer = abs(strides[axis]) if shape[axis] != 1 else 0
            inner = abs(strides[order[j]]) if shape[order[j]] != 1 else 0
            if outer and inner:
                if inner <= outer:
                    swap = False
                elif ambiguous:
                    swap = True
                ambiguous = False
        if ambiguous:
            continue
        if not swap:
            break
        place = j
    return place


def storage_order(recipe: Recipe) -> tuple[int, ...]:
    """Order of axes of `copy(order="K")`, `astype` and `empty_like`."""
    rank = len(recipe.shape)
    if is_c_contiguous(recipe):
        return tuple(range(rank))
    if is_f_contiguous(recipe):
        return tuple(range(rank))[::-1]
    return tuple(sorted(range(rank), key=lambda a: -abs(recipe.strides[a])))
