"""Methods of tensors that are a few others."""

from __future__ import annotations

from math import inf
from typing import Any

from engine.array import Array
from engine.torch.operands import wrap_dim
from engine.torch.results import Median


class Derived(Array):
    """Diagonals, differences, medians; and writes to places of a copy."""

    __slots__ = ()

    def diag(self: Any, diagonal: int = 0) -> Any:
        """A copy of a diagonal of a matrix, or the matrix that a vector is one of.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([1, 2]).diag()
        tensor([[1, 0],
                [0, 2]])
        >>> engine.tensor([[1, 2], [3, 4]]).diag(1)
        tensor([2])
        """
        rank = len(self.recipe.shape)
        if rank == 2:
            return self.diagonal(diagonal).clone()
        if rank != 1:
            raise RuntimeError(
                f"diag: a vector or a matrix was required; {rank} dimensions were given"
            )
        extent = self.recipe.size + abs(diagonal)
        matrix = self.new_zeros((extent, extent))
        matrix.diagonal(diagonal).copy_(self)
        return matrix

    def trace(self: Any) -> Any:
        """The sum of the diagonal of a matrix.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([[1, 2], [3, 4]]).trace()
        tensor(5)
        """
        rank = len(self.recipe.shape)
        if rank != 2:
            raise RuntimeError(
                f"trace: expected a matrix; {rank} dimensions were given"
            )
        return self.diagonal().sum()

    def diff(
        self: Any, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None
    ) -> Any:
        """Differences of neighbours along a dimension, `n` times.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([1, 4, 9]).diff()
        tensor([3, 5])
        """
        from engine.torch.functions import cat

        rank = len(self.recipe.shape)
        if not rank:
            raise RuntimeError("diff: at least one dimension was required; none is")
        if n < 0:
            raise RuntimeError(f"diff: n of at least 0 was required; {n} was given")
        place = wrap_dim(dim, rank)
        ends = [x for x in (prepend, self, append) if x is not None]
        x = self if len(ends) == 1 else cat(ends, place)
        for _ in range(n):
            rest = max(x.size(place) - 1, 0)
            later = x.narrow(place, min(1, x.size(place)), rest)
            before = x.narrow(place, 0, rest)
            x = later ^ before if x.recipe.dtype.kind == "b" else later - before
        return x.clone() if n == 0 else x

    def median(self: Any, dim: int | None = None, keepdim: bool = False) -> Any:
        """The middle element, the lower one of two; NaN if there is one.

        Along a dimension also where it was.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([4.0, 1.0, 3.0, 2.0]).median()
        tensor(2.)
        >>> engine.tensor([[4, 1, 3]]).median(dim=1).indices
        tensor([2])
        """
        if dim is None:
            flat = self.reshape(-1)
            return flat.median(0).values if self.numel() else flat.sum() / 0
        place = wrap_dim(dim, len(self.recipe.shape))
        if not self.recipe.shape:
            return Median(*self.sort())
        extent = self.size(place)
        if not extent:
            raise IndexError(
                "median: at least one element was required; Expected reduction dim "
                f"{place} to have non-zero size"
            )
        order = self.argsort(place)
        where, last = (
            order.narrow(place, at, 1) for at in ((extent - 1) // 2, extent - 1)
        )
        if self.recipe.dtype.kind == "f":  # NaN is sorted to the end
            where = last.where(self.gather(place, last).isnan(), where)
        values = self.gather(place, where)
        if keepdim:
            return Median(values, where)
        return Median(values.squeeze(place), where.squeeze(place))

    def nan_to_num(
        self: Any,
        nan: float | None = None,
        posinf: float | None = None,
        neginf: float | None = None,
    ) -> Any:
        """Other numbers, by default 0 and the extreme ones, for what is not finite.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([engine.nan, -engine.inf]).nan_to_num(neginf=-1.0)
        tensor([ 0., -1.])
        """
        from engine.torch.dtypes import finfo

        if self.recipe.dtype.kind != "f":
            return self.clone()
        limits = finfo(self.dtype)
        x = self.masked_fill(self.isnan(), 0.0 if nan is None else nan)
        x = x.masked_fill(self == inf, limits.max if posinf is None else posinf)
        return x.masked_fill(self == -inf, limits.min if neginf is None else neginf)

    # -- writes to places of a copy ------------------------------------------------
    def scatter(self: Any, dim: int, index: Any, src: Any) -> Any:
        """A copy, written to as by `scatter_`.

        Examples
        --------
        >>> import engine
        >>> engine.zeros(3).scatter(0, engine.tensor([2]), 5.0)
        tensor([0., 0., 5.])
        """
        return self.clone().scatter_(dim, index, src)

    def scatter_add(self: Any, dim: int, index: Any, src: Any) -> Any:
        """A copy, added to as by `scatter_add_`.

        Examples
        --------
        >>> import engine
        >>> engine.zeros(2).scatter_add(0, engine.tensor([1, 1]), engine.ones(2))
        tensor([0., 2.])
        """
        return self.clone().scatter_add_(dim, index, src)

    def index_add(
        self: Any, dim: int, index: Any, source: Any, *, alpha: float = 1
    ) -> Any:
        """A copy, added to as by `index_add_`.

        Examples
        --------
        >>> import engine
        >>> engine.zeros(2).index_add(0, engine.tensor([1, 1]), engine.ones(2))
        tensor([0., 2.])
        """
        return self.clone().index_add_(dim, index, source, alpha=alpha)

    def index_fill(self: Any, dim: int, index: Any, value: Any) -> Any:
        """A copy, filled as by `index_fill_`.

        Examples
        --------
        >>> import engine
        >>> engine.zeros(2).index_fill(0, engine.tensor([1]), 3.0)
        tensor([0., 3.])
        """
        return self.clone().index_fill_(dim, index, value)

    def swapaxes(self: Any, axis0: int, axis1: int) -> Any:
        """Two dimensions exchanged, as by `transpose`.

        Examples
        --------
        >>> import engine
        >>> engine.zeros(2, 3).swapaxes(0, 1).shape
        engine.Size([3, 2])
        """
        return self.transpose(axis0, axis1)
