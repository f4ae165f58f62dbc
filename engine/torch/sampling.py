"""Functions that make tensors of random numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine import random
from engine.array import Array
from engine.ops.op import cast
from engine.random import Generator
from engine.torch.creation import (
    INT64,
    checked_sizes,
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
    (n,) = checked_sizes(n)
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


def multinomial(
    input: Tensor,
    num_samples: int,
    replacement: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Places drawn in proportion to weights, which are computed and checked.

    Parameters
    ----------
    input : Tensor
        Weights, of one row of places or of several.
    num_samples : int
        How many to draw of each row.
    replacement : bool
        Whether a place may be drawn again.
    generator : Generator, optional
        The stream to draw from.

    Examples
    --------
    >>> import engine
    >>> engine.multinomial(engine.tensor([0.0, 1.0, 0.0]), 1)
    tensor([1])
    >>> engine.multinomial(engine.ones(2, 3), 3).sort().values
    tensor([[0, 1, 2],
            [0, 1, 2]])
    """
    weights = input.detach()
    _check_weights(weights, num_samples, replacement)
    shape, dtype = weights.recipe.shape, weights.recipe.dtype
    source = _source(generator)
    if not replacement:  # the first ones of independent exponential times
        times = -Tensor.wrap(source.uniform(shape, dtype)).neg().log1p()
        return (times / weights).topk(num_samples, largest=False).indices  # type: ignore[no-any-return]
    ends = weights.cumsum(-1)
    drawn = Tensor.wrap(source.uniform((*shape[:-1], num_samples), dtype))
    below = 1 - 2 * float(np.finfo(dtype).eps)  # the end itself is no place
    reached = drawn.clamp_max(below) * ends[..., -1:]
    return (ends.unsqueeze(-2) <= reached.unsqueeze(-1)).sum(-1)


def _check_weights(weights: Tensor, count: int, replacement: bool) -> None:
    shape = weights.recipe.shape
    if weights.recipe.dtype.kind != "f":
        raise RuntimeError(
            "multinomial: only supports floating-point dtypes for input; "
            f"{weights.dtype} was given"
        )
    if len(shape) not in (1, 2):
        raise RuntimeError(
            f"multinomial: prob_dist must be 1 or 2 dim; {len(shape)} was given"
        )
    if count <= 0:
        raise RuntimeError(
            f"multinomial: cannot sample n_sample <= 0 samples; {count} was given"
        )
    array = weights.computed()
    if not (np.isfinite(array).all() and (array >= 0).all()):
        raise RuntimeError(
            "multinomial: probability tensor contains either `inf`, `nan` or element < "
            "0"
        )
    if not (array.sum(-1) > 0).all():
        raise RuntimeError(
            "multinomial: invalid multinomial distribution (sum of probabilities <= 0)"
        )
    if not replacement and count > np.count_nonzero(array, -1).min(initial=count):
        raise RuntimeError(
            "multinomial: cannot sample n_sample > the places of positive weight "
            f"without replacement; {count} was given"
        )
