"""Methods of tensors that scan along a dimension, or sort it."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from engine.array import Array
from engine.movement import flip_value, reshape_value
from engine.ops.op import cast
from engine.ops.scans import flat_positions
from engine.record.registry import REGISTRY
from engine.record.value import Value
from engine.torch.dtypes import NumpyDType, numpy_dtype
from engine.torch.operands import wrap_dim
from engine.torch.results import Sort, TopK

INT64 = np.dtype(np.int64)


class Sorting(Array):
    """Running sums and products, and sorting."""

    __slots__ = ()

    def cumsum(self, dim: int, *, dtype: Any = None) -> Self:
        """Sums of all elements up to each one, along a dimension.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([1, 2, 3]).cumsum(0)
        tensor([1, 3, 6])
        """
        return self._scanned("cumsum", dim, dtype)

    def cumprod(self, dim: int, *, dtype: Any = None) -> Self:
        """Products of all elements up to each one, along a dimension.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([1.0, 2.0, 3.0]).cumprod(0)
        tensor([1., 2., 6.])
        """
        return self._scanned("cumprod", dim, dtype)

    def _scanned(self, name: str, dim: int, dtype: Any) -> Self:
        own = self.recipe.dtype
        wanted = accumulator(own) if dtype is None else numpy_dtype(dtype)
        place = wrap_dim(dim, len(self.recipe.shape))
        value = cast(self.read(), wanted)
        if not value.shape:
            return self.wrap(value)
        return self.wrap(REGISTRY[name](value, attributes=(place,)))

    def argsort(
        self, dim: int = -1, descending: bool = False, *, stable: bool = True
    ) -> Self:
        """Positions along a dimension in the order of their elements; always stable.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([3, 1, 2]).argsort(descending=True)
        tensor([0, 2, 1])
        """
        order: Self = self.sort(dim, descending, stable=stable).indices
        return order

    def sort(
        self, dim: int = -1, descending: bool = False, *, stable: bool = True
    ) -> Sort:
        """The elements in order along a dimension, and where they were.

        Examples
        --------
        >>> import engine
        >>> values, indices = engine.tensor([3, 1, 2]).sort()
        >>> values, indices
        (tensor([1, 2, 3]), tensor([1, 2, 0]))
        """
        value = self.read()
        place = wrap_dim(dim, len(value.shape))
        if not value.shape:
            return Sort(self.wrap(value), self.wrap(cast(value, INT64) * 0))
        order = _order(value, place, descending)
        return Sort(*self._picked(value, order, place, True))

    def topk(
        self, k: int, dim: int = -1, largest: bool = True, sorted: bool = True
    ) -> TopK:
        """The `k` largest elements along a dimension, in order, and where they were.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([3, 1, 2]).topk(2).values
        tensor([3, 2])
        """
        place = wrap_dim(dim, len(self.recipe.shape))
        extent = self.recipe.shape[place] if self.recipe.shape else 1
        if not 0 <= k <= extent:
            raise RuntimeError(
                f"topk: a k up to {extent} was required; {k} was given: selected index "
                "k out of range"
            )
        found = self.sort(place, largest)
        if not self.recipe.shape:
            return TopK(*found)
        key = (slice(None),) * place + (slice(k),)
        return TopK(found.values[key], found.indices[key])

    def _picked(
        self, value: Value, where: Value, place: int, keepdim: bool
    ) -> tuple[Self, Self]:
        """The elements at positions along a dimension, and the positions."""
        positions = flat_positions(where, place, value.shape)
        picked = REGISTRY["take"](value, positions)
        if not keepdim:
            shape = value.shape[:place] + value.shape[place + 1 :]
            picked, where = reshape_value(picked, shape), reshape_value(where, shape)
        return self.wrap(picked), self.wrap(where)


def accumulator(dtype: NumpyDType) -> NumpyDType:
    """The dtype in which sums and products are made."""
    return INT64 if dtype.kind in "biu" else dtype


def _order(value: Value, place: int, descending: bool) -> Value:
    """Positions in rising or falling order; equal elements keep their order."""
    argsort = REGISTRY["argsort"]
    if not descending:
        return argsort(value, attributes=(place,))
    # Reversed before and after, so that equal elements stay in order.
    backwards = argsort(flip_value(value, (place,)), attributes=(place,))
    extent = value.shape[place]
    return flip_value((extent - 1) - backwards, (place,))
