"""Methods of tensors that read and write parts of them, by keys and index tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from engine.array import Array
from engine.contributions import is_view
from engine.errors import named
from engine.kernels.backend import HOST
from engine.movement import reshape_value
from engine.ops import bounded, iota, places_along
from engine.ops.op import cast
from engine.ops.regions import put, put_add, take
from engine.recipe import Recipe, index_basic, whole, whole_order
from engine.record.registry import REGISTRY
from engine.record.trace import grad_enabled
from engine.record.value import Value
from engine.record.watchers import watchers
from engine.torch.keys import (
    Index,
    Places,
    flat_places,
    is_pending,
    require_from_front,
    split_key,
)
from engine.torch.known import is_checked
from engine.torch.operands import (
    NUMBERS,
    as_value,
    check_broadcast,
    expanded,
    filled,
    wrap_dim,
)

NDArray = np.ndarray[Any, Any]


class Indexing(Array):
    """Reading and writing parts of tensors."""

    __slots__ = ()

    def __getitem__(self, key: Any) -> Self:
        split = split_key(key, self.recipe.shape, look=self.place != HOST)
        recipe, _ = index_basic(self.recipe, split.basic)
        if not split.arrays:
            return self.view_as(recipe)
        places = self._places(recipe, split.arrays)
        return self.wrap(take(places.base, places.positions))

    def _places(self, recipe: Recipe, arrays: list[tuple[int, Index]]) -> Places:
        base = self.line.current()
        if base.dtype == recipe.dtype and not self._is_apart(base):
            return Places(flat_places(recipe, arrays), base, True)
        part = self.view_as(recipe).read()
        flat = whole(part.dtype, part.shape)
        return Places(flat_places(flat, arrays), part, False)

    def _is_apart(self, base: Value) -> bool:
        """Whether this shows all of a base, and its gradient is told apart from it."""
        return (
            base.history is not None
            and grad_enabled()
            and is_view(self.recipe, base)
            and whole_order(self.recipe, base.size) is not None
        )

    def __setitem__(self, key: Any, value: Any) -> None:
        if self._is_full_mask(key) and _single(value):
            fill = self._fitted(value, self.recipe.shape)
            mask = as_value(key)
            self.store(REGISTRY["where"](mask, fill, self.read()))
            return
        split = split_key(key, self.recipe.shape)
        recipe, _ = index_basic(self.recipe, split.basic)
        if split.arrays:
            self._put(recipe, split.arrays, value, accumulate=False)
        elif not self._holds(value, recipe):
            self.store(self._fitted(value, recipe.shape), recipe)

    def _holds(self, value: Any, recipe: Recipe) -> bool:
        """Whether a value is this very region: what ``x[1:] += 1`` stores at last."""
        return (
            isinstance(value, Array)
            and tuple(value.recipe) == tuple(recipe)
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
        split = split_key(tuple(indices), self.recipe.shape)
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
        return self[self._at(dim, self._from_front(dim, index))]

    def index_add_(
        self, dim: int, index: Any, source: Any, *, alpha: float = 1
    ) -> Self:
        """Add ``alpha * source`` at places of a dimension; repeated places add up."""
        places = self._at(dim, self._from_front(dim, index))
        added = source if alpha == 1 else source * alpha
        return self.index_put_(places, added, accumulate=True)

    def index_copy_(self, dim: int, index: Any, source: Any) -> Self:
        """Copy `source` to places of a dimension."""
        return self.index_put_(self._at(dim, self._from_front(dim, index)), source)

    def index_fill_(self, dim: int, index: Any, value: Any) -> Self:
        """Store one number at places of a dimension."""
        return self.index_put_(self._at(dim, index), value)

    def _at(self, dim: int, index: Any) -> tuple[Any, ...]:
        return (*[slice(None)] * wrap_dim(dim, len(self.recipe.shape)), index)

    def _from_front(self, dim: int, index: Any) -> Any:
        """A vector of places of a dimension, none of which is counted from its end."""
        if not isinstance(index, Array):
            return index
        given = index.recipe
        if given.dtype.kind not in "iu":
            raise RuntimeError(
                named(f"an index of integers was required; {given.dtype} was given")
            )
        if len(given.shape) > 1:
            raise IndexError(
                named(
                    f"a vector of indices was required; {len(given.shape)} dimensions "
                    "were given"
                )
            )
        place = wrap_dim(dim, len(self.recipe.shape))
        extent = self.recipe.shape[place] if self.recipe.shape else 1
        if not is_checked(
            index,
            ("places", extent),
            lambda found: require_from_front(found, extent, place, IndexError),
        ):
            wide = cast(index.read(), np.dtype(np.int64))
            index = self.wrap(bounded(wide, attributes=(extent, 0)))
        return index if given.shape else index.reshape(1)

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
        if not watchers or self.place != HOST or not is_pending(index):
            return self[self._along(dim, index)]
        shape, given = self.recipe.shape, index.recipe.shape
        place = self._dimension_of(dim, given)
        arrays: list[tuple[int, Index]] = [
            (axis, reshape_value(iota(attributes=(n,)), _across(axis, n, len(given))))
            for axis, n in enumerate(given)
        ]
        wide = cast(index.read(), np.dtype(np.int64))
        arrays[place] = place, places_along(wide, attributes=(shape[place], place))
        found = self._places(self.recipe, arrays)
        return self.wrap(take(found.base, found.positions))

    def scatter_(self, dim: int, index: Any, src: Any) -> Self:
        """``self[index[i][j]][j] = src[i][j]``, for dim 0 of a matrix."""
        return self.index_put_(self._along(dim, index), _cut(src, index))

    def scatter_add_(self, dim: int, index: Any, src: Any) -> Self:
        """``self[index[i][j]][j] += src[i][j]``, for dim 0 of a matrix."""
        return self.index_put_(self._along(dim, index), _cut(src, index), True)

    def _along(self, dim: int, index: Any) -> tuple[Any, ...]:
        """Index arrays for each dimension: `index` along `dim`, places elsewhere."""
        array = host_memory(index)
        shape = self.recipe.shape
        if array.dtype.kind not in "iu":
            raise RuntimeError(
                named(f"an index of integers was required; {array.dtype} was given")
            )
        place = self._dimension_of(dim, array.shape)
        parts: list[Any] = list(np.ogrid[tuple(slice(n) for n in array.shape)])
        extent = shape[place] if shape else 1
        require_from_front(array, extent, place, RuntimeError)
        parts[place] = array.astype(np.int64)
        return tuple(parts)

    def _dimension_of(self, dim: int, given: tuple[int, ...]) -> int:
        """The number of a dimension along which an index of a shape goes."""
        shape = self.recipe.shape
        if len(given) != len(shape):
            raise RuntimeError(
                named(
                    "Index tensor must have the same number of dimensions as input "
                    f"tensor; {len(given)} and {len(shape)} were given"
                )
            )
        place = wrap_dim(dim, len(shape))
        for axis, (n, extent) in enumerate(zip(given, shape, strict=True)):
            if axis != place and n > extent and 0 not in given:
                raise RuntimeError(
                    named(
                        f"Size does not match at dimension {axis} expected index "
                        f"{list(given)} to be no larger than self {list(shape)} "
                        f"apart from dimension {place}"
                    )
                )
        return place

    def masked_select(self, mask: Any) -> Self:
        """The elements where a mask holds, in one dimension.

        Examples
        --------
        >>> import engine
        >>> x = engine.tensor([1, -2, 3])
        >>> x.masked_select(x > 0)
        tensor([1, 3])
        """
        flags = host_memory(mask)
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


def host_memory(x: Any) -> NDArray:
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


def _across(axis: int, n: int, rank: int) -> tuple[int, ...]:
    """The shape of a line along one of some axes."""
    return (*[1] * axis, n, *[1] * (rank - axis - 1))
