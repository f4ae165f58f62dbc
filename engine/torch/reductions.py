"""Methods of tensors that reduce dimensions, scan along them or sort them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Self

import numpy as np

from engine import composites
from engine.array import Array
from engine.errors import named
from engine.movement import expand_axes, flip_value, reshape_value
from engine.ops.op import cast
from engine.ops.scans import flat_positions
from engine.record.registry import REGISTRY
from engine.record.value import Value
from engine.torch.dtypes import NumpyDType, known, numpy_dtype
from engine.torch.once import Once
from engine.torch.operands import wrap_dim, wrap_dims

INT64 = np.dtype(np.int64)


class Extreme(NamedTuple):
    """What reductions along one dimension give: `values`, and where they were."""

    values: Any
    indices: Any


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


class Reductions(Array):
    """Reductions, scans and sorting."""

    __slots__ = ()

    # -- sums ---------------------------------------------------------------------
    def sum(self, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Self:
        """The sum over dimensions; integers and bool are summed as int64."""
        dims = wrap_dims(dim, len(self.recipe.shape))
        return self._accumulated("sum", dims, keepdim, dtype)

    def prod(
        self, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
    ) -> Self:
        """The product over dimensions."""
        dims = wrap_dims(dim, len(self.recipe.shape))
        return self._accumulated("prod", dims, keepdim, dtype)

    def _accumulated(
        self, name: str, dims: tuple[int, ...], keepdim: bool, dtype: Any
    ) -> Self:
        own = self.recipe.dtype
        wanted = _accumulator(own) if dtype is None else numpy_dtype(dtype)
        # Sums of float16 would soon exceed its range: they are made in float32.
        inner = np.dtype(np.float32) if wanted == np.float16 else wanted
        total = reduce(name, cast(self.read(), inner), dims, keepdim)
        return self.wrap(cast(total, wanted))

    def nansum(self, dim: Any = None, keepdim: bool = False) -> Self:
        """The sum over dimensions; NaN counts as 0."""
        value = self.read()
        kept = REGISTRY["where"](REGISTRY["isnan"](value), 0, value)
        dims = wrap_dims(dim, len(self.recipe.shape))
        return self.wrap(kept)._accumulated("sum", dims, keepdim, None)

    def mean(
        self, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
    ) -> Self:
        """The mean over dimensions.

        Raises RuntimeError for integers, unless `dtype` names a floating dtype.
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
        """The variance over dimensions, by default divided by n - 1."""
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
        """The standard deviation over dimensions, the root of `var`."""
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
        """log(sum(exp(x))) over dimensions, without overflow."""
        dims = wrap_dims(dim, len(self.recipe.shape))
        return self.wrap(composites.logsumexp(self._real(), dims, keepdim))

    def softmax(self, dim: int, dtype: Any = None) -> Self:
        """exp(x) / sum(exp(x)) along a dimension."""
        return self._normalized(composites.softmax, dim, dtype)

    def log_softmax(self, dim: int, dtype: Any = None) -> Self:
        """log(softmax(x)) along a dimension, without overflow."""
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
        """Whether an element is true."""
        dims = wrap_dims(dim, len(self.recipe.shape))
        return self.wrap(reduce("any", self.read(), dims, keepdim))

    def all(self, dim: Any = None, keepdim: bool = False) -> Self:
        """Whether every element is true."""
        dims = wrap_dims(dim, len(self.recipe.shape))
        return self.wrap(reduce("all", self.read(), dims, keepdim))

    def count_nonzero(self, dim: Any = None) -> Self:
        """How many elements are not 0."""
        flags = REGISTRY["not_equal"](self.read(), 0)
        dims = wrap_dims(dim, len(self.recipe.shape))
        return self.wrap(reduce("sum", cast(flags, INT64), dims))

    # -- extremes -----------------------------------------------------------------
    def max(self, dim: Any = None, keepdim: bool = False) -> Any:
        """The largest element; with `dim`, or another tensor, see below.

        With a dimension the result is a named tuple of `values` and `indices`; with
        another tensor it is the larger of each pair of elements.
        """
        return self._extreme("max", dim, keepdim)

    def min(self, dim: Any = None, keepdim: bool = False) -> Any:
        """The smallest element; arguments and results as those of `max`."""
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
        value = self.read()
        if not value.shape:
            return Extreme(self.wrap(value), self.wrap(cast(value, INT64) * 0))
        if not value.shape[place]:
            raise IndexError(
                f"{name}: at least one element was required; Expected reduction dim "
                f"{place} to have non-zero size; shape {list(value.shape)} was given"
            )
        where = reduce("arg" + name, value, (place,), True)
        return self._picked(value, where, place, keepdim)

    def _picked(self, value: Value, where: Value, place: int, keepdim: bool) -> Extreme:
        """The elements at positions along a dimension, and the positions."""
        positions = flat_positions(where, place, value.shape)
        picked = REGISTRY["take"](value, positions)
        if not keepdim:
            shape = value.shape[:place] + value.shape[place + 1 :]
            picked, where = reshape_value(picked, shape), reshape_value(where, shape)
        return Extreme(self.wrap(picked), self.wrap(where))

    def _require_elements(self, name: str) -> None:
        if self.recipe.size == 0:
            kind = IndexError if name.startswith("arg") else RuntimeError
            raise kind(
                f"{name}: at least one element was required; Expected reduction dim to "
                "be specified for input.numel() == 0. Specify the reduction dim with "
                "the 'dim' argument."
            )

    def amax(self, dim: Any = None, keepdim: bool = False) -> Self:
        """The largest elements over dimensions; ties share the gradient."""
        dims = wrap_dims(dim, len(self.recipe.shape))
        return self.wrap(reduce("max", self.read(), dims, keepdim))

    def amin(self, dim: Any = None, keepdim: bool = False) -> Self:
        """The smallest elements over dimensions; ties share the gradient."""
        dims = wrap_dims(dim, len(self.recipe.shape))
        return self.wrap(reduce("min", self.read(), dims, keepdim))

    def argmax(self, dim: int | None = None, keepdim: bool = False) -> Self:
        """Where the largest element is: along a dimension, or among all."""
        return self._position("max", dim, keepdim)

    def argmin(self, dim: int | None = None, keepdim: bool = False) -> Self:
        """Where the smallest element is: along a dimension, or among all."""
        return self._position("min", dim, keepdim)

    def _position(self, name: str, dim: int | None, keepdim: bool) -> Self:
        self._require_elements("arg" + name)
        dims = wrap_dims(dim, len(self.recipe.shape))
        return self.wrap(reduce("arg" + name, self.read(), dims, keepdim))

    # -- scans and sorting --------------------------------------------------------
    def cumsum(self, dim: int, *, dtype: Any = None) -> Self:
        """Sums of all elements up to each one, along a dimension."""
        return self._scanned("cumsum", dim, dtype)

    def cumprod(self, dim: int, *, dtype: Any = None) -> Self:
        """Products of all elements up to each one, along a dimension."""
        return self._scanned("cumprod", dim, dtype)

    def _scanned(self, name: str, dim: int, dtype: Any) -> Self:
        own = self.recipe.dtype
        wanted = _accumulator(own) if dtype is None else numpy_dtype(dtype)
        place = wrap_dim(dim, len(self.recipe.shape))
        value = cast(self.read(), wanted)
        if not value.shape:
            return self.wrap(value)
        return self.wrap(REGISTRY[name](value, attributes=(place,)))

    def argsort(
        self, dim: int = -1, descending: bool = False, *, stable: bool = True
    ) -> Self:
        """Positions along a dimension in the order of their elements; always stable."""
        order: Self = self.sort(dim, descending, stable=stable).indices
        return order

    def sort(
        self, dim: int = -1, descending: bool = False, *, stable: bool = True
    ) -> Extreme:
        """The elements in order along a dimension, and where they were."""
        value = self.read()
        place = wrap_dim(dim, len(value.shape))
        if not value.shape:
            return Extreme(self.wrap(value), self.wrap(cast(value, INT64) * 0))
        order = _order(value, place, descending)
        return self._picked(value, order, place, True)

    def topk(
        self, k: int, dim: int = -1, largest: bool = True, sorted: bool = True
    ) -> Extreme:
        """The `k` largest elements along a dimension, in order, and where they were."""
        place = wrap_dim(dim, len(self.recipe.shape))
        extent = self.recipe.shape[place] if self.recipe.shape else 1
        if not 0 <= k <= extent:
            raise RuntimeError(
                f"topk: a k up to {extent} was required; {k} was given: selected index "
                "k out of range"
            )
        found = self.sort(place, largest)
        if not self.recipe.shape:
            return found
        key = (slice(None),) * place + (slice(k),)
        return Extreme(found.values[key], found.indices[key])


def _accumulator(dtype: NumpyDType) -> NumpyDType:
    return INT64 if dtype.kind in "biu" else dtype


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


def _order(value: Value, place: int, descending: bool) -> Value:
    """Positions in rising or falling order; equal elements keep their order."""
    argsort = REGISTRY["argsort"]
    if not descending:
        return argsort(value, attributes=(place,))
    # Reversed before and after, so that equal elements stay in order.
    backwards = argsort(flip_value(value, (place,)), attributes=(place,))
    extent = value.shape[place]
    return flip_value((extent - 1) - backwards, (place,))
