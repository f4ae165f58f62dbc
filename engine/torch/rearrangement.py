"""Methods of tensors that arrange elements anew: always copies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from engine import composites
from engine.array import Array
from engine.composites import concatenate, tile
from engine.errors import named
from engine.movement import flip_value, reshape_value, slice_value
from engine.ops.transfer import on_device
from engine.record.value import Value, constant
from engine.torch.operands import wrap_dim
from engine.torch.views import sizes


class Rearrangement(Array):
    """Flipping, rolling, repeating; and what depends on the elements themselves."""

    __slots__ = ()

    def flip(self, *dims: Any) -> Self:
        """The elements in reverse order along dimensions.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([[1, 2], [3, 4]]).flip(1)
        tensor([[2, 1],
                [4, 3]])
        """
        axes = [wrap_dim(d, len(self.recipe.shape)) for d in sizes(dims)]
        if len(set(axes)) < len(axes):
            raise RuntimeError(
                "flip: each dimension once was required; "
                f"{tuple(sizes(dims))} was given"
            )
        return self.wrap(flip_value(self.read(), axes if self.recipe.shape else ()))

    def roll(
        self, shifts: int | Sequence[int], dims: int | Sequence[int] | None = None
    ) -> Self:
        """The elements moved along dimensions; those at the end come first.

        Examples
        --------
        >>> import engine
        >>> engine.arange(5).roll(2)
        tensor([3, 4, 0, 1, 2])
        """
        value = self.read()
        moves = [shifts] if isinstance(shifts, int) else list(shifts)
        along = [dims] if isinstance(dims, int) else list(dims or ())
        if not along and len(moves) == 1:
            flat = reshape_value(value, (value.size,))
            return self.wrap(reshape_value(_rolled(flat, moves[0], 0), value.shape))
        if len(moves) != len(along):
            raise RuntimeError(
                named(
                    f"shifts and dimensions must align. shifts: {len(moves)}, "
                    f"dims:{len(along)}"
                )
            )
        for shift, dim in zip(moves, along, strict=True):
            value = _rolled(value, shift, wrap_dim(dim, len(value.shape)))
        return self.wrap(value)

    def tril(self, diagonal: int = 0) -> Self:
        """The elements on and below a diagonal, 0 above it.

        Examples
        --------
        >>> import engine
        >>> engine.ones(2, 3).tril()
        tensor([[1., 0., 0.],
                [1., 1., 0.]])
        """
        return self.wrap(composites.tril(self._matrices(), diagonal))

    def triu(self, diagonal: int = 0) -> Self:
        """The elements on and above a diagonal, 0 below it.

        Examples
        --------
        >>> import engine
        >>> engine.ones(2, 3).triu(1)
        tensor([[0., 1., 1.],
                [0., 0., 1.]])
        """
        return self.wrap(composites.triu(self._matrices(), diagonal))

    def _matrices(self) -> Value:
        if len(self.recipe.shape) < 2:
            raise RuntimeError(
                named(
                    "a tensor of at least 2 dimensions was required; shape "
                    f"{list(self.recipe.shape)} was given"
                )
            )
        return self.read()

    def repeat(self, *repeats: Any) -> Self:
        """The tensor as a whole, so many times along each dimension.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([1, 2]).repeat(2, 2)
        tensor([[1, 2, 1, 2],
                [1, 2, 1, 2]])
        """
        times = sizes(repeats)
        if len(times) < len(self.recipe.shape):
            raise RuntimeError(
                named(
                    "Number of dimensions of repeat dims can not be smaller than "
                    f"number of dimensions of tensor; {len(times)} and "
                    f"{len(self.recipe.shape)} were given"
                )
            )
        return self.wrap(tile(self.read(), times))

    def tile(self, *dims: Any) -> Self:
        """The tensor as a whole, so many times along the last dimensions.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([1, 2]).tile(2)
        tensor([1, 2, 1, 2])
        """
        return self.wrap(tile(self.read(), sizes(dims)))

    def repeat_interleave(self, repeats: int, dim: int | None = None) -> Self:
        """Each element so many times, along a dimension or of all in one.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([1, 2]).repeat_interleave(2)
        tensor([1, 1, 2, 2])
        """
        value = self.read()
        if dim is None:
            value = reshape_value(value, (value.size,))
            dim = 0
        place = wrap_dim(dim, len(value.shape))
        return self.wrap(composites.repeat_axis(value, repeats, place))

    def nonzero(self, *, as_tuple: bool = False) -> Any:
        """The indices of the elements that are not 0: one row each, or by dimension.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([[0, 3], [4, 0]]).nonzero()
        tensor([[0, 1],
                [1, 0]])
        """
        array = self.computed()
        if as_tuple:
            places = np.nonzero(np.atleast_1d(array))
            return tuple(self._located(place) for place in places)
        return self._located(np.argwhere(array))

    def unique(
        self,
        sorted: bool = True,
        return_inverse: bool = False,
        return_counts: bool = False,
        dim: int | None = None,
    ) -> Any:
        """The different elements, or slices along a dimension, in rising order.

        Parameters
        ----------
        sorted : bool
            They are sorted in any case.
        return_inverse : bool
            Give, for each element or slice, which one of them it is.
        return_counts : bool
            Give how often each one occurs.
        dim : int, optional
            The dimension of slices that are compared.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([3, 1, 3]).unique()
        tensor([1, 3])
        >>> engine.tensor([3, 1, 3]).unique(return_counts=True)
        (tensor([1, 3]), tensor([1, 2]))
        """
        axis = None if dim is None else wrap_dim(dim, len(self.recipe.shape))
        wanted: dict[str, Any] = {"axis": axis, "equal_nan": False}
        wanted |= {"return_inverse": return_inverse, "return_counts": return_counts}
        found = np.unique(self.computed(), **wanted)
        if isinstance(found, tuple):
            return tuple([self._located(np.asarray(part)) for part in found])
        return self._located(found)

    def _located(self, found: np.ndarray[Any, Any]) -> Self:
        """What NumPy found in this tensor, as a tensor where this one is."""
        return self.wrap(on_device(constant(found), self.place))


def _rolled(value: Value, shifts: int, axis: int) -> Value:
    extent = value.shape[axis]
    at = extent - shifts % extent if extent else 0
    if at == extent:
        return value
    lead: Sequence[Any] = [slice(None)] * axis
    end = slice_value(value, [*lead, slice(at, None)])
    return concatenate([end, slice_value(value, [*lead, slice(None, at)])], axis)
