"""Methods of tensors that reduce dimensions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np

from engine import composites
from engine.array import Array
from engine.errors import named
from engine.movement import expand_axes, reshape_value
from engine.ops.op import cast
from engine.record.registry import REGISTRY
from engine.record.value import Value
from engine.torch.dtypes import known, numpy_dtype
from engine.torch.once import Once
from engine.torch.operands import wrap_dim, wrap_dims
from engine.torch.results import Max, Min
from engine.torch.sorting import Sorting, accumulator

INT64 = np.dtype(np.int64)


def reduce(
    name: str, value: Value, dims: tuple[int, ...], keepdim: bool = False
) -> Value:
    """Record a reduction over dimensions."""
    if not value.shape:
        value = reshape_value(value, (1,))
        dims = (0,)
        keepdim = False
    result = REGISTRY[name](value, attributes=(dims,))
    return expand_axes(result, dims) if keepdim else result


class Reductions(Sorting):
    """Reductions over dimensions."""

    __slots__ = ()

    # -- sums ---------------------------------------------------------------------
    def sum(self, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Self:
        """The sum over dimensions; integers and bool are summed as int64.

        Parameters
        ----------
        dim : int or tuple of int, optional
            Over which dimensions; over all when it is left out.
        keepdim : bool
            Whether they stay, with size 1.
        dtype : dtype, optional
            What to cast to before.

        Examples
        --------
        >>> import engine
        >>> x = engine.tensor([[1.0, 2.0], [3.0, 4.0]])
        >>> x.sum(), x.sum(dim=0), x.sum(1, keepdim=True)
        (tensor(10.), tensor([4., 6.]), tensor([[3.],
                [7.]]))
        """
        dims = wrap_dims(dim, len(self.recipe.shape))
        return self._accumulated("sum", dims, keepdim, dtype)

    def prod(
        self, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
    ) -> Self:
        """The product over dimensions.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([[1, 2], [3, 4]]).prod(dim=1)
        tensor([ 2, 12])
        """
        dims = wrap_dims(dim, len(self.recipe.shape))
        return self._accumulated("prod", dims, keepdim, dtype)

    def _accumulated(
        self, name: str, dims: tuple[int, ...], keepdim: bool, dtype: Any
    ) -> Self:
        own = self.recipe.dtype
        wanted = accumulator(own) if dtype is None else numpy_dtype(dtype)
        # Sums of float16 would soon exceed its range: they are made in float32.
        inner = np.dtype(np.float32) if wanted == np.float16 else wanted
        total = reduce(name, cast(self.read(), inner), dims, keepdim)
        return self.wrap(cast(total, wanted))

    def nansum(self, dim: Any = None, keepdim: bool = False) -> Self:
        """The sum over dimensions; NaN counts as 0.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([1.0, engine.nan, 2.0]).nansum()
        tensor(3.)
        """
        value = self.read()
        kept = REGISTRY["where"](REGISTRY["isnan"](value), 0, value)
        dims = wrap_dims(dim, len(self.recipe.shape))
        return self.wrap(kept)._accumulated("sum", dims, keepdim, None)

    def mean(
        self, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
    ) -> Self:
        """The mean over dimensions.

        Raises RuntimeError for integers, unless `dtype` names a floating dtype.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([[1.0, 2.0], [3.0, 4.0]]).mean(dim=0)
        tensor([2., 3.])
        """
        wanted = self.recipe.dtype if dtype is None else numpy_dtype(dtype)
        if wanted.kind not in "fc":
            raise RuntimeError(
                "mean: could not infer output dtype. Input dtype must be either a "
                f"floating point or complex dtype. Got: {known(wanted)!r}"
            )
        dims = wrap_dims(dim, len(self.recipe.shape))
        value = cast(self.read(), wanted)
        return self.wrap(composites.mean(value, dims, keepdims=keepdim))

    def var(
        self,
        dim: Any = None,
        unbiased: bool = True,
        keepdim: bool = False,
        *,
        correction: float | None = None,
    ) -> Self:
        """The variance over dimensions, by default divided by n - 1.

        Examples
        --------
        >>> import engine
        >>> x = engine.tensor([1.0, 2.0, 3.0, 4.0])
        >>> x.var(), x.var(unbiased=False)
        (tensor(1.6667), tensor(1.2500))
        """
        return self.wrap(
            self._spread(composites.var, dim, unbiased, keepdim, correction)
        )

    def std(
        self,
        dim: Any = None,
        unbiased: bool = True,
        keepdim: bool = False,
        *,
        correction: float | None = None,
    ) -> Self:
        """The standard deviation over dimensions, the root of `var`.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([[1.0, 3.0], [2.0, 8.0]]).std(dim=1)
        tensor([1.4142, 4.2426])
        """
        return self.wrap(
            self._spread(composites.std, dim, unbiased, keepdim, correction)
        )

    def _spread(
        self,
        measure: Callable[..., Value],
        dim: Any,
        unbiased: bool,
        keepdim: bool,
        correction: float | None,
    ) -> Value:
        """A variance or standard deviation, with PyTorch's arguments."""
        if isinstance(dim, bool):  # var(False): the dims were left out
            dim, unbiased = None, dim
        if self.recipe.dtype.kind not in "fc":
            raise RuntimeError(
                named(
                    "std and var only support floating point and complex dtypes; "
                    f"{known(self.recipe.dtype)!r} was given"
                )
            )
        dims = wrap_dims(dim, len(self.recipe.shape))
        less = float(unbiased) if correction is None else float(correction)
        return measure(self.read(), dims, less, keepdims=keepdim)

    def logsumexp(self, dim: Any, keepdim: bool = False) -> Self:
        """log(sum(exp(x))) over dimensions, without overflow.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([1000.0, 1000.0]).logsumexp(0)
        tensor(1000.6932)
        """
        dims = wrap_dims(dim, len(self.recipe.shape))
        return self.wrap(composites.logsumexp(self._real(), dims, keepdim))

    def softmax(self, dim: int, dtype: Any = None) -> Self:
        """exp(x) / sum(exp(x)) along a dimension.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([[0.0, 0.0], [0.0, 1.0]]).softmax(dim=1)
        tensor([[0.5000, 0.5000],
                [0.2689, 0.7311]])
        """
        return self._normalized(composites.softmax, dim, dtype)

    def log_softmax(self, dim: int, dtype: Any = None) -> Self:
        """log(softmax(x)) along a dimension, without overflow.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([0.0, 1000.0]).log_softmax(0)
        tensor([-1000.,     0.])
        """
        return self._normalized(composites.log_softmax, dim, dtype)

    def _normalized(self, function: Callable[..., Value], dim: int, dtype: Any) -> Self:
        """A function along a dimension, in a floating dtype."""
        x = self
        if dtype is not None or self.recipe.dtype.kind not in "fc":
            x = self.wrap(self._real(dtype))
        place = wrap_dim(dim, len(x.recipe.shape))
        normalized: Self = _along(function, x, place)
        return normalized

    def _real(self, dtype: Any = None) -> Value:
        """The value in a floating dtype, the default one for integers."""
        value = self.read()
        if dtype is not None:
            return cast(value, numpy_dtype(dtype))
        return floating(value)

    # -- truth --------------------------------------------------------------------
    def any(self, dim: Any = None, keepdim: bool = False) -> Self:
        """Whether an element is true.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([[False, True], [False, False]]).any(dim=1)
        tensor([ True, False])
        """
        dims = wrap_dims(dim, len(self.recipe.shape))
        return self.wrap(reduce("any", self.read(), dims, keepdim))

    def all(self, dim: Any = None, keepdim: bool = False) -> Self:
        """Whether every element is true.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([[True, True], [False, True]]).all(dim=1)
        tensor([ True, False])
        """
        dims = wrap_dims(dim, len(self.recipe.shape))
        return self.wrap(reduce("all", self.read(), dims, keepdim))

    def count_nonzero(self, dim: Any = None) -> Self:
        """How many elements are not 0.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([[0, 1], [2, 3]]).count_nonzero()
        tensor(3)
        """
        flags = REGISTRY["not_equal"](self.read(), 0)
        dims = wrap_dims(dim, len(self.recipe.shape))
        return self.wrap(reduce("sum", cast(flags, INT64), dims))

    # -- extremes -----------------------------------------------------------------
    def max(self, dim: Any = None, keepdim: bool = False) -> Any:
        """The largest element; with `dim`, or another tensor, see below.

        With a dimension the result is a named tuple of `values` and `indices`; with
        another tensor it is the larger of each pair of elements.

        Examples
        --------
        >>> import engine
        >>> x = engine.tensor([[1.0, 5.0], [4.0, 2.0]])
        >>> x.max(), x.max(engine.tensor(3.0))
        (tensor(5.), tensor([[3., 5.],
                [4., 3.]]))
        >>> values, indices = x.max(dim=1)
        >>> values, indices
        (tensor([5., 4.]), tensor([1, 0]))
        """
        return self._extreme("max", dim, keepdim)

    def min(self, dim: Any = None, keepdim: bool = False) -> Any:
        """The smallest element; arguments and results as those of `max`.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([[1.0, 5.0], [4.0, 2.0]]).min(dim=0).indices
        tensor([0, 1])
        """
        return self._extreme("min", dim, keepdim)

    def _extreme(self, name: str, dim: Any, keepdim: bool) -> Any:
        if isinstance(dim, Array):
            from engine.torch.operands import elementwise

            return self.wrap(elementwise(REGISTRY[name + "imum"], self, dim))
        if dim is None:
            self._require_elements(name)
            everything = wrap_dims(None, len(self.recipe.shape))
            return self.wrap(reduce(name, self.read(), everything))
        place = wrap_dim(dim, len(self.recipe.shape))
        value, result = self.read(), Max if name == "max" else Min
        if not value.shape:
            return result(self.wrap(value), self.wrap(cast(value, INT64) * 0))
        if not value.shape[place]:
            raise IndexError(
                f"{name}: at least one element was required; Expected reduction dim "
                f"{place} to have non-zero size; shape {list(value.shape)} was given"
            )
        where = reduce("arg" + name, value, (place,), True)
        return result(*self._picked(value, where, place, keepdim))

    def _require_elements(self, name: str) -> None:
        if self.recipe.size == 0:
            kind = IndexError if name.startswith("arg") else RuntimeError
            raise kind(
                f"{name}: at least one element was required; Expected reduction dim to "
                "be specified for input.numel() == 0. Specify the reduction dim with "
                "the 'dim' argument."
            )

    def amax(self, dim: Any = None, keepdim: bool = False) -> Self:
        """The largest elements over dimensions; ties share the gradient.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([[1.0, 5.0], [4.0, 2.0]]).amax(dim=1)
        tensor([5., 4.])
        """
        dims = wrap_dims(dim, len(self.recipe.shape))
        return self.wrap(reduce("max", self.read(), dims, keepdim))

    def amin(self, dim: Any = None, keepdim: bool = False) -> Self:
        """The smallest elements over dimensions; ties share the gradient.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([[1.0, 5.0], [4.0, 2.0]]).amin(dim=1)
        tensor([1., 2.])
        """
        dims = wrap_dims(dim, len(self.recipe.shape))
        return self.wrap(reduce("min", self.read(), dims, keepdim))

    def argmax(self, dim: int | None = None, keepdim: bool = False) -> Self:
        """Where the largest element is: along a dimension, or among all.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([[1.0, 5.0], [4.0, 2.0]]).argmax(dim=1)
        tensor([1, 0])
        """
        return self._position("max", dim, keepdim)

    def argmin(self, dim: int | None = None, keepdim: bool = False) -> Self:
        """Where the smallest element is: along a dimension, or among all.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([[3.0, 5.0], [4.0, 2.0]]).argmin()
        tensor(3)
        """
        return self._position("min", dim, keepdim)

    def _position(self, name: str, dim: int | None, keepdim: bool) -> Self:
        self._require_elements("arg" + name)
        dims = wrap_dims(dim, len(self.recipe.shape))
        return self.wrap(reduce("arg" + name, self.read(), dims, keepdim))


@Once
def _along(function: Callable[..., Value], x: Any, place: int) -> Any:
    """A function along a dimension; a 0-d tensor has one of size 1."""
    value = x.read()
    if value.shape:
        return x.wrap(function(value, place))
    return x.wrap(reshape_value(function(reshape_value(value, (1,)), 0), ()))


def floating(value: Value) -> Value:
    """A value in its own floating dtype, or in the default one."""
    from engine.torch.dtypes import Default

    return value if value.dtype.kind in "fc" else cast(value, Default.dtype)
