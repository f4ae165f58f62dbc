"""Methods of tensors that show the same memory in another way."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import prod
from operator import index
from typing import Any, Self

from engine.array import Array
from engine.contributions import is_view, note_view_of_view
from engine.errors import named
from engine.movement import reshape_value
from engine.recipe import (
    Recipe,
    Whole,
    index_basic,
    transposed,
)
from engine.recipe import reshape as reshaped
from engine.record.trace import grad_enabled
from engine.torch.dtypes import numpy_dtype
from engine.torch.operands import wrap_dim
from engine.torch.parts import Parts


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


@lru_cache(maxsize=4096)
def _reshaped(
    recipe: Recipe, shape: tuple[int, ...]
) -> tuple[tuple[int, ...], Recipe | None]:
    """A shape with its -1 filled in, and the view that has it, None if none can."""
    wanted = _filled(recipe.size, shape)
    return wanted, reshaped(recipe, wanted)


class Views(Parts):
    """Reshaping and transposing: the results share memory with the tensor."""

    __slots__ = ()

    # -- shape --------------------------------------------------------------------
    def view(self, *shape: Any) -> Self:
        """The same memory under another shape, or as another dtype.

        Raises RuntimeError when that needs a copy; `reshape` makes one.
        """
        if len(shape) == 1 and not isinstance(shape[0], (int, tuple, list)):
            return self._viewed_as(numpy_dtype(shape[0]))
        _, recipe = _reshaped(self.recipe, sizes(shape))
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
        """The same elements under another shape: a view where that is possible.

        Examples
        --------
        >>> import engine
        >>> engine.arange(6).reshape(2, -1)
        tensor([[0, 1, 2],
                [3, 4, 5]])
        """
        wanted, recipe = _reshaped(self.recipe, sizes(shape))
        if recipe is None:
            return self.wrap(reshape_value(self.read(), wanted))
        return self.view_as(recipe)

    def view_as(self, recipe: Any, writeable: bool | None = None) -> Self:
        """A view with the shape of another tensor (or of a recipe)."""
        if isinstance(recipe, Array):
            return self.view(recipe.recipe.shape)
        if type(recipe) is Whole:
            recipe = recipe.plain()
        line = self._line
        base = self._value if line is None else line.value
        assert base is not None
        if base.history is not None and grad_enabled():
            own = self.recipe
            if own is not base.layout and is_view(own, base):
                note_view_of_view(base, recipe, own)
            if recipe.shape == base.shape and not is_view(recipe, base):
                recipe = Whole(*recipe)  # what it reads is told apart from the base
        return super().view_as(recipe, writeable)

    def reshape_as(self, other: Array) -> Self:
        """The same elements with the shape of another tensor.

        Examples
        --------
        >>> import engine
        >>> engine.arange(4).reshape_as(engine.zeros(2, 2))
        tensor([[0, 1],
                [2, 3]])
        """
        return self.reshape(other.recipe.shape)

    def flatten(self, start_dim: int = 0, end_dim: int = -1) -> Self:
        """Dimensions `start_dim` to `end_dim` merged into one.

        Examples
        --------
        >>> import engine
        >>> engine.zeros(2, 3, 4).flatten(1).shape
        engine.Size([2, 12])
        """
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
        """All elements in one dimension.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([[1, 2], [3, 4]]).ravel()
        tensor([1, 2, 3, 4])
        """
        return self.flatten()

    def unflatten(self, dim: int, sizes: Sequence[int]) -> Self:
        """One dimension split into several.

        Examples
        --------
        >>> import engine
        >>> engine.zeros(6, 2).unflatten(0, (2, -1)).shape
        engine.Size([2, 3, 2])
        """
        shape = self.recipe.shape
        place = wrap_dim(dim, len(shape))
        split = _filled(shape[place], tuple(sizes))
        return self.reshape(*shape[:place], *split, *shape[place + 1 :])

    def squeeze(self, dim: int | Sequence[int] | None = None) -> Self:
        """Without dimensions of size 1: all of them, or only those named.

        Examples
        --------
        >>> import engine
        >>> x = engine.zeros(1, 3, 1)
        >>> x.squeeze().shape, x.squeeze(0).shape
        (engine.Size([3]), engine.Size([3, 1]))
        """
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
        """With a dimension of size 1 put in at `dim`.

        Examples
        --------
        >>> import engine
        >>> engine.zeros(3).unsqueeze(-1).shape
        engine.Size([3, 1])
        """
        recipe = self.recipe
        place = wrap_dim(dim, len(recipe.shape) + 1)
        key = [slice(None)] * place + [None, Ellipsis]
        return self.view_as(index_basic(recipe, key)[0])

    def expand(self, *shape: Any) -> Self:
        """Dimensions of size 1 repeated without a copy; -1 keeps a size.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([[1], [2]]).expand(2, 3)
        tensor([[1, 1, 1],
                [2, 2, 2]])
        """
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
        """Expanded to the shape of another tensor.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([1, 2]).expand_as(engine.zeros(2, 2))
        tensor([[1, 2],
                [1, 2]])
        """
        return self.expand(other.recipe.shape)

    def broadcast_to(self, shape: Sequence[int]) -> Self:
        """Expanded to a shape.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([1, 2]).broadcast_to((2, 2))
        tensor([[1, 2],
                [1, 2]])
        """
        return self.expand(tuple(shape))

    # -- order of dimensions ------------------------------------------------------
    def permute(self, *dims: Any) -> Self:
        """The dimensions in another order.

        Examples
        --------
        >>> import engine
        >>> engine.zeros(2, 3, 4).permute(2, 0, 1).shape
        engine.Size([4, 2, 3])
        """
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
        """Two dimensions exchanged.

        Examples
        --------
        >>> import engine
        >>> x = engine.zeros(2, 3)
        >>> x.transpose(0, 1)[2, 0] = 7.0
        >>> x
        tensor([[0., 0., 7.],
                [0., 0., 0.]])
        """
        rank = len(self.recipe.shape)
        first, second = wrap_dim(dim0, rank), wrap_dim(dim1, rank)
        axes = list(range(rank))
        if rank:
            axes[first], axes[second] = axes[second], axes[first]
        return self.view_as(transposed(self.recipe, axes))

    def movedim(self, source: int, destination: int) -> Self:
        """One dimension moved to another place.

        Examples
        --------
        >>> import engine
        >>> engine.zeros(2, 3, 4).movedim(0, -1).shape
        engine.Size([3, 4, 2])
        """
        rank = len(self.recipe.shape)
        axes = [a for a in range(rank) if a != wrap_dim(source, rank)]
        axes.insert(wrap_dim(destination, rank), wrap_dim(source, rank))
        return self.view_as(transposed(self.recipe, axes))

    def t(self) -> Self:
        """The transpose of a matrix; vectors stay as they are.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([[1, 2], [3, 4]]).t()
        tensor([[1, 3],
                [2, 4]])
        """
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
