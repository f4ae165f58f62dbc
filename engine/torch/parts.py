"""Methods of tensors that show a part of the same memory, and where it lies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from engine.array import Array
from engine.errors import named
from engine.recipe import (
    Recipe,
    index_basic,
    is_c_contiguous,
    positions,
)
from engine.record.extent import shown
from engine.record.watchers import watchers
from engine.torch.dtypes import Size
from engine.torch.operands import wrap_dim


class Parts(Array):
    """Parts of tensors, which share memory with them; sizes and strides."""

    __slots__ = ()

    def narrow(self, dim: int, start: int, length: int) -> Self:
        """`length` places of a dimension from `start` on.

        Examples
        --------
        >>> import engine
        >>> engine.arange(5).narrow(0, 1, 3)
        tensor([1, 2, 3])
        """
        extent = self.size(dim)
        first = start + extent if start < 0 else start
        if first < 0 or length < 0 or first + length > extent:
            raise RuntimeError(
                named(
                    f"start ({start}) + length ({length}) exceeds dimension size "
                    f"({extent})."
                )
            )
        return self._part(dim, slice(first, first + length))

    def select(self, dim: int, index: int) -> Self:
        """One place of a dimension; the dimension goes.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([[1, 2], [3, 4]]).select(1, 0)
        tensor([1, 3])
        """
        extent = self.size(dim)
        if not -extent <= index < extent:
            raise IndexError(
                f"select: index {index} out of range for tensor of size "
                f"{list(self.recipe.shape)} at dimension {dim}"
            )
        return self._part(dim, index)

    def _part(self, dim: int, key: Any) -> Self:
        place = wrap_dim(dim, len(self.recipe.shape))
        keys = [slice(None)] * place + [key]
        return self.view_as(index_basic(self.recipe, keys)[0])

    def unbind(self, dim: int = 0) -> tuple[Self, ...]:
        """The parts along a dimension, each without it.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([[1, 2], [3, 4]]).unbind()
        (tensor([1, 2]), tensor([3, 4]))
        """
        return tuple(self.select(dim, i) for i in range(self.size(dim)))

    def split(self, split_size: int | Sequence[int], dim: int = 0) -> tuple[Self, ...]:
        """Parts of a size (the last may be smaller), or of given sizes.

        Examples
        --------
        >>> import engine
        >>> engine.arange(5).split(2)
        (tensor([0, 1]), tensor([2, 3]), tensor([4]))
        """
        extent = self.size(dim)
        if isinstance(split_size, int):
            if split_size <= 0:
                raise RuntimeError(
                    f"split: a positive size was required; {split_size} was given"
                )
            starts = range(0, max(extent, 1), split_size)
            lengths = [min(split_size, extent - start) for start in starts]
        else:
            lengths = list(split_size)
            if sum(lengths) != extent:
                raise RuntimeError(
                    f"split: sizes that sum up to {extent} were required; {lengths} "
                    "were given"
                )
        places = [sum(lengths[:i]) for i in range(len(lengths))]
        return tuple(
            self.narrow(dim, at, n) for at, n in zip(places, lengths, strict=True)
        )

    def chunk(self, chunks: int, dim: int = 0) -> tuple[Self, ...]:
        """At most `chunks` parts of equal size, but for the last.

        Examples
        --------
        >>> import engine
        >>> engine.arange(5).chunk(2)
        (tensor([0, 1, 2]), tensor([3, 4]))
        """
        if chunks <= 0:
            raise RuntimeError(
                f"chunk: a positive number was required; {chunks} was given"
            )
        return self.split(max(1, -(-self.size(dim) // chunks)), dim)

    def diagonal(self, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Self:
        """The diagonal of two dimensions, as the last one.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([[1, 2], [3, 4]]).diagonal()
        tensor([1, 4])
        """
        recipe = self.recipe
        rank = len(recipe.shape)
        a, b = wrap_dim(dim1, rank), wrap_dim(dim2, rank)
        if a == b:
            raise RuntimeError(
                f"diagonal: two dimensions were required; {dim1} and {dim2} were given"
            )
        rows, columns = recipe.shape[a], recipe.shape[b]
        length = max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
        start = max(offset, 0) * recipe.strides[b] - min(offset, 0) * recipe.strides[a]
        rest = [axis for axis in range(rank) if axis not in (a, b)]
        return self.view_as(
            Recipe(
                recipe.dtype,
                recipe.offset + (start if length else 0),
                (*(recipe.shape[axis] for axis in rest), length),
                (
                    *(recipe.strides[axis] for axis in rest),
                    recipe.strides[a] + recipe.strides[b],
                ),
            )
        )

    def unfold(self, dimension: int, size: int, step: int) -> Self:
        """All windows of a size along a dimension; the window is the last one.

        A copy where windows overlap, else a view.

        Examples
        --------
        >>> import engine
        >>> engine.arange(5).unfold(0, 3, 2)
        tensor([[0, 1, 2],
                [2, 3, 4]])
        """
        recipe = self.recipe
        place = wrap_dim(dimension, len(recipe.shape))
        extent = recipe.shape[place]
        if size > extent or step <= 0:
            raise RuntimeError(
                f"unfold: a size up to {extent} and a positive step were required; "
                f"{size} and {step} were given"
            )
        shape, strides = list(recipe.shape), list(recipe.strides)
        window = strides[place]
        shape[place] = (extent - size) // step + 1
        strides[place] = window * step
        windows = recipe._replace(shape=(*shape, size), strides=(*strides, window))
        if step >= size:
            return self.view_as(windows)
        return self.wrap(self.take_positions(np.ascontiguousarray(positions(windows))))

    # -- facts --------------------------------------------------------------------
    def size(self, dim: int | None = None) -> Any:
        """The shape, or the size of one dimension."""
        shape = self.recipe.shape
        if watchers:
            shape = shown(shape)
        return Size(shape) if dim is None else shape[wrap_dim(dim, len(shape))]

    def stride(self, dim: int | None = None) -> Any:
        """Steps in memory, in elements, of all dimensions or of one."""
        strides = self.recipe.strides
        return strides if dim is None else strides[wrap_dim(dim, len(strides))]

    def storage_offset(self) -> int:
        """The place of the first element in memory, in elements."""
        return self.recipe.offset

    def is_contiguous(self) -> bool:
        """Whether the elements lie in memory in order and without gaps."""
        return is_c_contiguous(self.recipe)
