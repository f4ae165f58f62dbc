"""Indexing of tensors: PyTorch's rules, which differ from NumPy's in small things.

An integer takes a view, steps are positive, and integers in front of index tensors are
applied before them. Index tensors are checked when they are used; what a pending one
reads stays pending, and it is checked when it is computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Self, TypeAlias

import numpy as np

from engine.array import Array
from engine.errors import named
from engine.kernels.backend import HOST
from engine.movement import reshape_value
from engine.ops.op import cast
from engine.ops.regions import put, put_add, take
from engine.ops.scans import indices
from engine.recipe import Recipe, index_basic, whole
from engine.record.registry import REGISTRY
from engine.record.runtime import watchers
from engine.record.value import Value, constant
from engine.torch.operands import (
    NUMBERS,
    as_value,
    check_broadcast,
    expanded,
    filled,
    wrap_dim,
)

NDArray = np.ndarray[Any, Any]
Index: TypeAlias = NDArray | Value


class Places(NamedTuple):
    """What a key with index tensors means: flat positions within a base."""

    positions: Value
    base: Value
    in_place: bool
    """Whether the base is the storage's own, so that a write can go there."""


class _Key(NamedTuple):
    """A key in two steps: a basic one, then index arrays on axes of its result."""

    basic: list[Any]
    arrays: list[tuple[int, Index]]


def _split_key(key: Any, shape: tuple[int, ...], look: bool = True) -> _Key:
    """Separate what makes a view from index arrays (host memory, integers).

    With `look` pending indices are computed; else they stay Values, checked later.
    """
    given = key if isinstance(key, tuple) else (key,)
    parts = [
        part if not look and _is_pending(part) else _simple(part) for part in given
    ]
    taken = sum(_axes_taken(part) for part in parts)
    if taken > len(shape):
        raise IndexError(
            named(
                f"too many indices for tensor of dimension {len(shape)}; {taken} were "
                "given"
            )
        )
    if sum(part is Ellipsis for part in parts) > 1:
        raise IndexError(named("an index can only have a single ellipsis ('...')"))
    if not any(part is Ellipsis for part in parts):
        parts.append(Ellipsis)
    basic: list[Any] = []
    arrays: list[tuple[int, Index]] = []
    axis = place = 0  # of the tensor, and of the result of the basic step
    for part in parts:
        width = len(shape) - taken if part is Ellipsis else _axes_taken(part)
        if part is Ellipsis:
            basic += [slice(None)] * width
            place += width
        elif isinstance(part, (np.ndarray, Array)):
            found = _index_arrays(part, shape, axis)
            basic += [slice(None)] * width or [None]
            arrays += [(place + k, array) for k, array in enumerate(found)]
            place += max(width, 1)
        else:
            basic.append(part)
            place += not isinstance(part, int)
        axis += width
    return _Key(basic, arrays)


def _simple(part: Any) -> Any:
    """A part of a key as an int, slice, None, Ellipsis or ndarray."""
    if isinstance(part, slice):
        if part.step is not None and int(part.step) <= 0:
            raise ValueError(
                named(
                    "step must be greater than zero; "
                    f"{part.step} was given; flip() reads backwards"
                )
            )
        return slice(*(None if x is None else int(x) for x in _ends(part)))
    if part is None or part is Ellipsis:
        return part
    if isinstance(part, (bool, np.bool_)):
        return np.asarray(bool(part))
    if isinstance(part, (int, np.integer)):
        return int(part)
    if isinstance(part, Array):
        array = part.computed()
    elif isinstance(part, (list, tuple, range, np.ndarray)):
        array = np.asarray(part)
        array = array.astype(np.int64) if array.size == 0 else array
    else:
        array = None
    if array is None or array.dtype.kind not in "biu":
        kind = TypeError if isinstance(part, str) else IndexError
        raise kind(
            named(
                "only integers, slices (`:`), ellipsis (`...`), None and long or byte "
                f"Variables are valid indices (got {type(part).__name__})"
            )
        )
    return int(array) if array.ndim == 0 and array.dtype.kind != "b" else array


def _ends(part: slice) -> tuple[Any, Any, Any]:
    return part.start, part.stop, part.step


def _axes_taken(part: Any) -> int:
    """How many axes of the tensor a part of a key speaks of."""
    if part is None or part is Ellipsis:
        return 0
    if isinstance(part, np.ndarray) and part.dtype.kind == "b":
        return part.ndim
    return 1


def _is_pending(part: Any) -> bool:
    """Whether an index, of one dimension or more, has not been computed.

    While somebody watches the trace, to run it again, all count as that.
    """
    if not isinstance(part, Array) or part.recipe.dtype.kind not in "iu":
        return False
    value = part._value if part._line is None else part._line.value
    if value is None or value.device != HOST or 0 in part.recipe.shape:
        return False
    return bool(part.recipe.shape) and (value.buffer is None or bool(watchers))


def _index_arrays(part: Any, shape: tuple[int, ...], axis: int) -> Sequence[Index]:
    """Checked, non-negative indices for each axis that a part speaks of."""
    if isinstance(part, Array):
        wide = cast(part.read(), np.dtype(np.int64))
        return [indices(wide, attributes=(shape[axis], f"dimension {axis}"))]
    if part.dtype.kind == "b":
        for k, extent in enumerate(part.shape):
            if extent != shape[axis + k]:
                raise IndexError(
                    named(
                        f"The shape of the mask {list(part.shape)} at index {k} does "
                        f"not match the shape of the indexed tensor {list(shape)} at "
                        f"index {axis + k}"
                    )
                )
        if part.ndim == 0:
            return [np.zeros(int(part), np.int64)]
        return list(part.nonzero())
    return [checked_index(part, shape[axis], axis)]


def checked_index(index: NDArray, extent: int, dim: int) -> NDArray:
    """Indices counted from the front; IndexError for the first that is outside."""
    wide = index.astype(np.int64)
    outside = (wide < -extent) | (wide >= extent)
    if outside.any():
        raise IndexError(
            named(
                f"index {wide[outside][0]} is out of bounds for dimension {dim} with "
                f"size {extent}"
            )
        )
    return np.where(wide < 0, wide + extent, wide)


def _positions(recipe: Recipe, arrays: Sequence[tuple[int, Index]]) -> Value:
    """Flat positions of what index arrays on axes of a recipe select."""
    try:
        inner = np.broadcast_shapes(*(array.shape for _, array in arrays))
    except ValueError:
        shapes = ", ".join(str(list(array.shape)) for _, array in arrays)
        raise IndexError(
            named(
                "shape mismatch: indexing tensors could not be broadcast together with "
                f"shapes {shapes}"
            )
        ) from None
    axes = [axis for axis, _ in arrays]
    together = axes == list(range(axes[0], axes[0] + len(axes)))
    front = axes[0] if together else 0
    rest = [a for a in range(len(recipe.shape)) if a not in axes]
    shape = [recipe.shape[a] for a in rest]
    place: Any = np.full(inner, recipe.offset, np.int64)
    for axis, index in arrays:
        if isinstance(index, np.ndarray):
            place += index * recipe.strides[axis]
    place = constant(place)
    for axis, index in arrays:
        if isinstance(index, Value):
            place = place + index * recipe.strides[axis]
    after = len(rest) - front
    value = reshape_value(place, (1,) * front + inner + (1,) * after)
    for k, axis in enumerate(rest):
        dims = [1] * (len(rest) + len(inner))
        dims[k if k < front else k + len(inner)] = shape[k]
        steps = REGISTRY["iota"](attributes=(shape[k],)) * recipe.strides[axis]
        value = value + reshape_value(steps, dims)
    return value


class Indexing(Array):
    """Reading and writing parts of tensors."""

    __slots__ = ()

    def __getitem__(self, key: Any) -> Self:
        split = _split_key(key, self.recipe.shape, look=self.place != HOST)
        recipe, _ = index_basic(self.recipe, split.basic)
        if not split.arrays:
            return self.view_as(recipe)
        places = self._places(recipe, split.arrays)
        return self.wrap(take(places.base, places.positions))

    def _places(self, recipe: Recipe, arrays: list[tuple[int, Index]]) -> Places:
        base = self.line.current()
        if base.dtype == recipe.dtype:
            return Places(_positions(recipe, arrays), base, True)
        part = self.view_as(recipe).read()
        flat = whole(part.dtype, part.shape)
        return Places(_positions(flat, arrays), part, False)

    def __setitem__(self, key: Any, value: Any) -> None:
        if self._is_full_mask(key) and _single(value):
            fill = self._fitted(value, self.recipe.shape)
            mask = as_value(key)
            self.store(REGISTRY["where"](mask, fill, self.read()))
            return
        split = _split_key(key, self.recipe.shape)
        recipe, _ = index_basic(self.recipe, split.basic)
        if split.arrays:
            self._put(recipe, split.arrays, value, accumulate=False)
        elif not self._holds(value, recipe):
            self.store(self._fitted(value, recipe.shape), recipe)

    def _holds(self, value: Any, recipe: Recipe) -> bool:
        """Whether a value is this very region: what ``x[1:] += 1`` stores at last."""
        return (
            isinstance(value, Array)
            and value.recipe == recipe
            and value.line.storage is self.line.storage
        )

    def _is_full_mask(self, key: Any) -> bool:
        return (
            isinstance(key, Array)
            and key.recipe.dtype.kind == "b"
            and key.recipe.shape == self.recipe.shape
            and key.recipe.shape != ()
        )

    def _fitted(self, value: Any, shape: tuple[int, ...]) -> Value:
        """What is stored: cast to this dtype and broadcast."""
        dtype = self.recipe.dtype
        if isinstance(value, NUMBERS):
            return filled(shape, value, dtype)
        stored = as_value(value)
        if stored.dtype.kind not in "biufc":
            raise TypeError(
                named(f"numbers were required; {type(value).__name__} was given")
            )
        while len(stored.shape) > len(shape) and stored.shape[0] == 1:
            stored = reshape_value(stored, stored.shape[1:])
        try:
            return expanded("index_put", cast(stored, dtype), shape)
        except RuntimeError:
            raise RuntimeError(
                named(
                    f"shape mismatch: value tensor of shape {list(stored.shape)} "
                    f"cannot be broadcast to indexing result of shape {list(shape)}"
                )
            ) from None

    def _put(
        self,
        recipe: Recipe,
        arrays: list[tuple[int, Index]],
        value: Any,
        accumulate: bool,
    ) -> None:
        """Store, or add, values at the places of index arrays."""
        places = self._places(recipe, arrays)
        positions = places.positions
        if not positions.size:
            return
        stored = self._fitted(value, positions.shape)
        write = put_add if accumulate else put
        if places.in_place:
            self.line.write(lambda base: write(base, positions, stored), None)
        else:
            self.store(write(places.base, positions, stored), recipe)

    # -- named forms --------------------------------------------------------------
    def index_put_(
        self, indices: Sequence[Any], values: Any, accumulate: bool = False
    ) -> Self:
        """Store `values` at index tensors; with `accumulate` add them instead."""
        split = _split_key(tuple(indices), self.recipe.shape)
        recipe, _ = index_basic(self.recipe, split.basic)
        if not split.arrays:
            raise RuntimeError("index_put_: index tensors were required; none given")
        self._put(recipe, split.arrays, values, accumulate)
        return self

    def index_select(self, dim: int, index: Any) -> Self:
        """The places of a dimension that a vector of indices names.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([[1, 2, 3], [4, 5, 6]]).index_select(1, engine.tensor([2, 0]))
        tensor([[3, 1],
                [6, 4]])
        """
        return self[self._at(dim, index)]

    def index_add_(self, dim: int, index: Any, source: Any) -> Self:
        """Add `source` at places of a dimension; repeated places add up."""
        return self.index_put_(self._at(dim, index), source, accumulate=True)

    def index_copy_(self, dim: int, index: Any, source: Any) -> Self:
        """Copy `source` to places of a dimension."""
        return self.index_put_(self._at(dim, index), source)

    def index_fill_(self, dim: int, index: Any, value: Any) -> Self:
        """Store one number at places of a dimension."""
        return self.index_put_(self._at(dim, index), value)

    def _at(self, dim: int, index: Any) -> tuple[Any, ...]:
        return (*[slice(None)] * wrap_dim(dim, len(self.recipe.shape)), index)

    def gather(self, dim: int, index: Any) -> Self:
        """``out[i][j] = self[index[i][j]][j]``, for dim 0 of a matrix.

        Examples
        --------
        >>> import engine
        >>> x = engine.tensor([[1, 2], [3, 4]])
        >>> x.gather(1, engine.tensor([[0, 0], [1, 0]]))
        tensor([[1, 1],
                [4, 3]])
        """
        return self[self._along(dim, index)]

    def scatter_(self, dim: int, index: Any, src: Any) -> Self:
        """``self[index[i][j]][j] = src[i][j]``, for dim 0 of a matrix."""
        return self.index_put_(self._along(dim, index), _cut(src, index))

    def scatter_add_(self, dim: int, index: Any, src: Any) -> Self:
        """``self[index[i][j]][j] += src[i][j]``, for dim 0 of a matrix."""
        return self.index_put_(self._along(dim, index), _cut(src, index), True)

    def _along(self, dim: int, index: Any) -> tuple[Any, ...]:
        """Index arrays for each dimension: `index` along `dim`, places elsewhere."""
        array = _host(index)
        shape = self.recipe.shape
        if array.dtype.kind not in "iu":
            raise RuntimeError(
                named(f"an index of integers was required; {array.dtype} was given")
            )
        if array.ndim != len(shape):
            raise RuntimeError(
                named(
                    "Index tensor must have the same number of dimensions as input "
                    f"tensor; {array.ndim} and {len(shape)} were given"
                )
            )
        place = wrap_dim(dim, len(shape))
        parts: list[Any] = list(np.ogrid[tuple(slice(n) for n in array.shape)])
        try:
            parts[place] = checked_index(array, shape[place], place)
        except IndexError as error:  # as PyTorch's gather and scatter raise
            raise RuntimeError(str(error)) from None
        return tuple(parts)

    def masked_select(self, mask: Any) -> Self:
        """The elements where a mask holds, in one dimension.

        Examples
        --------
        >>> import engine
        >>> x = engine.tensor([1, -2, 3])
        >>> x.masked_select(x > 0)
        tensor([1, 3])
        """
        flags = _host(mask)
        if flags.dtype != np.bool_:
            raise RuntimeError(
                f"masked_select: a mask of dtype bool was required; {flags.dtype} was "
                "given"
            )
        shape = check_broadcast("masked_select", [self.recipe.shape, flags.shape])
        flags = np.broadcast_to(flags, shape)
        return self.broadcast_whole(shape)[flags]

    def broadcast_whole(self, shape: tuple[int, ...]) -> Self:
        """This tensor expanded to a shape."""
        return self.wrap(expanded("masked_select", self.read(), shape))


def _host(x: Any) -> NDArray:
    return x.computed() if isinstance(x, Array) else np.asarray(x)


def _cut(source: Any, index: Any) -> Any:
    """The part of a scattered source that has indices."""
    if isinstance(source, NUMBERS):
        return source
    return source[tuple(slice(n) for n in index.shape)]


def _single(value: Any) -> bool:
    """Whether one number is stored everywhere."""
    if isinstance(value, Array):
        return value.recipe.shape == ()
    return isinstance(value, NUMBERS)
