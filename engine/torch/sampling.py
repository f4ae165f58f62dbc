"""Functions that make tensors of random numbers."""

from __future__ import annotations

from typing import Any

from engine import random
from engine.array import Array
from engine.ops.op import cast
from engine.random import Generator
from engine.torch.creation import (
    INT64,
    check_sizes,
    dtype_or_default,
    finished,
    options_like,
)
from engine.torch.dtypes import numpy_dtype
from engine.torch.tensor import Tensor
from engine.torch.views import sizes


def _source(generator: Generator | None) -> Generator:
    return random.default_generator if generator is None else generator


def manual_seed(seed: int) -> Generator:
    """Start the default generator anew; the same seed gives the same numbers.

    Examples
    --------
    >>> import engine
    >>> generator = engine.manual_seed(3)
    >>> first = engine.rand(2)
    >>> generator = engine.manual_seed(3)
    >>> first.equal(engine.rand(2))
    True
    """
    return random.default_generator.manual_seed(seed)


def initial_seed() -> int:
    """The seed of the default generator.

    Examples
    --------
    >>> import engine
    >>> generator = engine.manual_seed(3)
    >>> engine.initial_seed()
    3
    """
    return random.default_generator.initial_seed()


def rand(
    *size: Any,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Uniform random numbers in [0, 1).

    Examples
    --------
    >>> import engine
    >>> x = engine.rand(100)
    >>> bool(((x >= 0) & (x < 1)).all())
    True
    """
    drawn = _source(generator).uniform(sizes(size), dtype_or_default(dtype))
    return finished(drawn, requires_grad, device)


def randn(
    *size: Any,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Normal random numbers of mean 0 and variance 1.

    Examples
    --------
    >>> import engine
    >>> engine.randn(2, 3).shape
    engine.Size([2, 3])
    """
    drawn = _source(generator).normal(sizes(size), dtype_or_default(dtype))
    return finished(drawn, requires_grad, device)


def randint(
    low: int,
    high: Any = None,
    size: Any = None,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
) -> Tensor:
    """Random integers from `low` (0 when left out) to below `high`.

    Examples
    --------
    >>> import engine
    >>> x = engine.randint(2, 5, (100,))
    >>> bool(((x >= 2) & (x < 5)).all())
    True
    """
    if size is None:
        low, high, size = 0, low, high
    if not low < high:
        raise RuntimeError(
            f"randint: a low below high was required; {low} and {high} were given"
        )
    wanted = INT64 if dtype is None else numpy_dtype(dtype)
    whole = wanted if wanted.kind in "iu" else INT64
    drawn = _source(generator).integers(low, high, sizes(size), whole)
    return finished(cast(drawn, wanted), False, device)


def randperm(
    n: int, *, generator: Generator | None = None, dtype: Any = None, device: Any = None
) -> Tensor:
    """The integers below `n` in random order.

    Examples
    --------
    >>> import engine
    >>> engine.randperm(4).sort().values
    tensor([0, 1, 2, 3])
    """
    check_sizes(n)
    wanted = INT64 if dtype is None else numpy_dtype(dtype)
    drawn = _source(generator).permutation(n)
    return finished(cast(drawn, wanted), False, device)


def rand_like(input: Array, *, dtype: Any = None, **options: Any) -> Tensor:
    """Uniform random numbers in [0, 1) of another tensor's shape and dtype.

    Examples
    --------
    >>> import engine
    >>> engine.rand_like(engine.zeros(2, 3)).shape
    engine.Size([2, 3])
    """
    return rand(input.recipe.shape, **options_like(input, dtype, options))


def randn_like(input: Array, *, dtype: Any = None, **options: Any) -> Tensor:
    """Normal random numbers of another tensor's shape and dtype.

    Examples
    --------
    >>> import engine
    >>> engine.randn_like(engine.zeros(2, dtype=engine.float64)).dtype
    engine.float64
    """
    return randn(input.recipe.shape, **options_like(input, dtype, options))


def bernoulli(input: Tensor, *, generator: Generator | None = None) -> Tensor:
    """1 with the probability that each element gives, else 0.

    Examples
    --------
    >>> import engine
    >>> engine.bernoulli(engine.tensor([0.0, 1.0]))
    tensor([0., 1.])
    """
    drawn = _source(generator).uniform(input.recipe.shape, input.recipe.dtype)
    return Tensor.wrap(cast(drawn < input.detach().read(), input.recipe.dtype))
