"""Methods of tensors that show the same memory in another way."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from operator import index
from typing import Any, Self

import numpy as np

from engine.array import Array
from engine.errors import named
from engine.movement import reshape_value
from engine.recipe import (
    Recipe,
    index_basic,
    is_c_contiguous,
    positions,
    transposed,
)
from engine.recipe import reshape as reshaped
from engine.torch.dtypes import Size, numpy_dtype
from engine.torch.operands import wrap_dim


def sizes(given: Sequence[Any]) -> tuple[int, ...]:
    """A shape from arguments: ``f(2, 3)`` and ``f((2, 3))`` mean the same."""
    if len(given) == 1 and isinstance(given[0], (tuple, list)):
        given = given[0]
    try:
        return tuple([index(n) for n in given])
    except TypeError:
        raise TypeError(
            named(f"integers were required for a shape; {given} was given")
        ) from None


def _filled(size: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    """A requested shape with its -1 filled in; RuntimeError when it does not fit."""
    unknown = shape.count(-1)
    known = prod(n for n in shape if n != -1)
    if unknown > 1:
        raise RuntimeError(named("only one dimension can be inferred"))
    fits = known != 0 and size % known == 0 if unknown else known == size
    if not fits or any(n < -1 for n in shape):
        raise RuntimeError(
            named(f"shape '{list(shape)}' is invalid for input of size {size}")
        )
    return tuple(size // known if n == -1 else n for n in shape)


class Views(Array):
    """Reshaping, transposing, slicing: the results share memory with the tensor."""

    __slots__ = ()

    # -- shape --------------------------------------------------------------------
    def view(self, *shape: Any) -> Self:
        """The same memory under another shape, or as another dtype.

        Raises RuntimeError when that needs a copy; `reshape` makes one.
        """
        if len(shape) == 1 and not isinstance(shape[0], (int, tuple, list)):
            return self._viewed_as(numpy_dtype(shape[0]))
        wanted = _filled(self.recipe.size, sizes(shape))
        recipe = reshaped(self.recipe, wanted)
        if recipe is None:
            raise RuntimeError(
                named(
                    "view size is not compatible with input tensor's size and stride "
                    "(at least one dimension spans across two contiguous subspaces). "
                    "Use .reshape(...) instead."
                )
            )
        return self.view_as(recipe)

    def _viewed_as(self, dtype: Any) -> Self:
        recipe = self.recipe
        if dtype.itemsize != recipe.dtype.itemsize:
            raise RuntimeError(
                f"view: a dtype of {recipe.dtype.itemsize} bytes was required; "
                f"{dtype.name} was given"
            )
        return self.view_as(recipe._replace(dtype=dtype))

    def reshape(self, *shape: Any) -> Self:
        """The same elements under another shape: a view where that is possible."""
        wanted = _filled(self.recipe.size, sizes(shape))
        recipe = reshaped(self.recipe, wanted)
        if recipe is None:
            return self.wrap(reshape_value(self.read(), wanted))
        return self.view_as(recipe)

    def view_as(self, recipe: Any, writeable: bool | None = None) -> Self:
        """A view with the shape of another tensor (or of a recipe)."""
        if isinstance(recipe, Array):
            return self.view(recipe.recipe.shape)
        return super().view_as(recipe, writeable)

    def reshape_as(self, other: Array) -> Self:
        """The same elements with the shape of another tensor."""
        return self.reshape(other.recipe.shape)

    def flatten(self, start_dim: int = 0, end_dim: int = -1) -> Self:
        """Dimensions `start_dim` to `end_dim` merged into one."""
        shape = self.recipe.shape
        if not shape:
            return self.reshape(1)
        first, last = wrap_dim(start_dim, len(shape)), wrap_dim(end_dim, len(shape))
        if first > last:
            raise RuntimeError(
                named("flatten() has invalid args: start_dim cannot come after end_dim")
            )
        if first == last:
            return self
        merged = prod(shape[first : last + 1])
        return self.reshape(*shape[:first], merged, *shape[last + 1 :])

    def ravel(self) -> Self:
        """All elements in one dimension."""
        return self.flatten()

    def unflatten(self, dim: int, sizes: Sequence[int]) -> Self:
        """One dimension split into several."""
        shape = self.recipe.shape
        place = wrap_dim(dim, len(shape))
        split = _filled(shape[place], tuple(sizes))
        return self.reshape(*shape[:place], *split, *shape[place + 1 :])

    def squeeze(self, dim: int | Sequence[int] | None = None) -> Self:
        """Without dimensions of size 1: all of them, or only those named."""
        recipe = self.recipe
        rank = len(recipe.shape)
        if dim is None:
            named = set(range(rank))
        else:
            given = dim if isinstance(dim, (tuple, list)) else (dim,)
            named = {wrap_dim(d, rank) for d in given}
        kept = [a for a in range(rank) if recipe.shape[a] != 1 or a not in named]
        return self.view_as(transposed(recipe, kept))

    def unsqueeze(self, dim: int) -> Self:
        """With a dimension of size 1 put in at `dim`."""
        recipe = self.recipe
        place = wrap_dim(dim, len(recipe.shape) + 1)
        key = [slice(None)] * place + [None, Ellipsis]
        return self.view_as(index_basic(recipe, key)[0])

    def expand(self, *shape: Any) -> Self:
        """Dimensions of size 1 repeated without a copy; -1 keeps a size."""
        wanted = sizes(shape)
        recipe = self.recipe
        lead = len(wanted) - len(recipe.shape)
        if lead < 0:
            raise RuntimeError(
                f"expand: at least {len(recipe.shape)} sizes were required; "
                f"{list(wanted)} were given"
            )
        own = (1,) * lead + recipe.shape
        strides = (0,) * lead + recipe.strides
        target = []
        for axis, (n, m) in enumerate(zip(own, wanted, strict=True)):
            if m == -1 and axis >= lead:
                m = n
            if m < 0 or n not in (1, m):
                raise RuntimeError(
                    named(
                        f"The expanded size of the tensor ({m}) must match the "
                        f"existing size ({n}) at non-singleton dimension {axis}.  "
                        f"Target sizes: {list(wanted)}.  Tensor sizes: "
                        f"{list(recipe.shape)}"
                    )
                )
            target.append(m)
        moved = tuple(
            0 if n == 1 and m != 1 else s
            for n, m, s in zip(own, target, strides, strict=True)
        )
        return self.view_as(recipe._replace(shape=tuple(target), strides=moved))

    def expand_as(self, other: Array) -> Self:
        """Expanded to the shape of another tensor."""
        return self.expand(other.recipe.shape)

    def broadcast_to(self, shape: Sequence[int]) -> Self:
        """Expanded to a shape."""
        return self.expand(tuple(shape))

    # -- order of dimensions ------------------------------------------------------
    def permute(self, *dims: Any) -> Self:
        """The dimensions in another order."""
        recipe = self.recipe
        rank = len(recipe.shape)
        given = sizes(dims)
        axes = [wrap_dim(d, rank) for d in given]
        if sorted(axes) != list(range(rank)):
            raise RuntimeError(
                f"permute: each of {rank} dimensions once was required; "
                f"{list(given)} was given"
            )
        return self.view_as(transposed(recipe, axes))

    def transpose(self, dim0: int, dim1: int) -> Self:
        """Two dimensions exchanged."""
        rank = len(self.recipe.shape)
        first, second = wrap_dim(dim0, rank), wrap_dim(dim1, rank)
        axes = list(range(rank))
        if rank:
            axes[first], axes[second] = axes[second], axes[first]
        return self.view_as(transposed(self.recipe, axes))

    def movedim(self, source: int, destination: int) -> Self:
        """One dimension moved to another place."""
        rank = len(self.recipe.shape)
        axes = [a for a in range(rank) if a != wrap_dim(source, rank)]
        axes.insert(wrap_dim(destination, rank), wrap_dim(source, rank))
        return self.view_as(transposed(self.recipe, axes))

    def t(self) -> Self:
        """The transpose of a matrix; vectors stay as they are."""
        rank = len(self.recipe.shape)
        if rank > 2:
            raise RuntimeError(
                named(f"t() expects a tensor with <= 2 dimensions, but self is {rank}D")
            )
        return self.T

    @property
    def T(self) -> Self:
        """The dimensions in reverse order."""
        rank = len(self.recipe.shape)
        return self.view_as(transposed(self.recipe, range(rank)[::-1]))

    @property
    def mT(self) -> Self:
        """The last two dimensions exchanged."""
        return self.transpose(-2, -1)

    # -- parts --------------------------------------------------------------------
    def narrow(self, dim: int, start: int, length: int) -> Self:
        """`length` places of a dimension from `start` on."""
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
        """One place of a dimension; the dimension goes."""
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
        """The parts along a dimension, each without it."""
        return tuple(self.select(dim, i) for i in range(self.size(dim)))

    def split(self, split_size: int | Sequence[int], dim: int = 0) -> tuple[Self, ...]:
        """Parts of a size (the last may be smaller), or of given sizes."""
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
        """At most `chunks` parts of equal size, but for the last."""
        if chunks <= 0:
            raise RuntimeError(
                f"chunk: a positive number was required; {chunks} was given"
            )
        return self.split(max(1, -(-self.size(dim) // chunks)), dim)

    def diagonal(self, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Self:
        """The diagonal of two dimensions, as the last one."""
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
