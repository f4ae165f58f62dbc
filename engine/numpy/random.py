"""Random numbers: Philox, lazily, the same on every backend for the same seed.

The numbers are not those of `numpy.random`; they have the same distributions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine.errors import named
from engine.random import Generator as Stream
from engine.record.registry import REGISTRY
from engine.record.value import Value

from .creation import extents_of
from .elementwise import apply


def _shape(size: Any) -> tuple[int, ...]:
    return () if size is None else extents_of(size)


def _broadcast_size(size: Any, *parameters: Any) -> tuple[int, ...]:
    if size is not None:
        return _shape(size)
    return np.broadcast_shapes(
        *(x.shape if hasattr(x, "shape") else np.shape(x) for x in parameters)
    )


class Generator:
    """Draws from distributions, as `numpy.random.Generator` does.

    Examples
    --------
    >>> import engine.numpy as np
    >>> one, two = np.random.default_rng(3), np.random.default_rng(3)
    >>> bool((one.random(4) == two.random(4)).all())
    True
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def _made(self, value: Value) -> face.ndarray:
        return face.ndarray.wrap(value, scalar=not value.shape)

    def random(self, size: Any = None, dtype: Any = float, out: Any = None) -> Any:
        """Uniform numbers in [0, 1)."""
        drawn = self._made(self._stream.uniform(_shape(size), np.dtype(dtype)))
        return _stored(drawn, out)

    def standard_normal(
        self, size: Any = None, dtype: Any = float, out: Any = None
    ) -> Any:
        """Normal numbers of mean 0 and variance 1."""
        drawn = self._made(self._stream.normal(_shape(size), np.dtype(dtype)))
        return _stored(drawn, out)

    def normal(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
        """Normal numbers."""
        if not hasattr(scale, "shape") and np.any(np.asarray(scale) < 0):
            raise ValueError(named("scale < 0"))
        drawn = self.standard_normal(_broadcast_size(size, loc, scale) or size)
        return drawn * scale + loc

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Any:
        """Uniform numbers in [low, high)."""
        drawn = self.random(_broadcast_size(size, low, high) or size)
        return drawn * (high - low) + low

    def integers(
        self,
        low: Any,
        high: Any = None,
        size: Any = None,
        dtype: Any = np.int64,
        endpoint: bool = False,
    ) -> Any:
        """Integers from low to below high (or to high)."""
        if high is None:
            low, high = 0, low
        first, last = int(low), int(high) + bool(endpoint)
        if first >= last:
            raise ValueError(named("low >= high"))
        value = self._stream.integers(first, last, _shape(size), np.dtype(dtype))
        return self._made(value)

    def exponential(self, scale: Any = 1.0, size: Any = None) -> Any:
        """Exponentially distributed numbers."""
        drawn = self.random(_broadcast_size(size, scale) or size)
        return apply(REGISTRY["log1p"], -drawn) * -scale

    def standard_exponential(self, size: Any = None) -> Any:
        """Exponentially distributed numbers of mean 1."""
        return self.exponential(1.0, size)

    def lognormal(self, mean: Any = 0.0, sigma: Any = 1.0, size: Any = None) -> Any:
        """Numbers whose logarithm is normal."""
        return apply(REGISTRY["exp"], self.normal(mean, sigma, size))

    def laplace(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
        """Numbers of a double exponential distribution."""
        drawn = self.random(_broadcast_size(size, loc, scale) or size) - 0.5
        size_of = apply(REGISTRY["log1p"], -2.0 * abs(drawn))
        return loc - scale * apply(REGISTRY["sign"], drawn) * size_of

    def binomial(self, n: int, p: Any, size: Any = None) -> Any:
        """How many of n trials succeed."""
        shape = _broadcast_size(size, p)
        drawn = self.random((int(n), *shape))
        return (drawn < p).sum(axis=0)

    def permutation(self, x: Any, axis: int = 0) -> Any:
        """A shuffled copy, or shuffled integers below a number."""
        if isinstance(x, (int, np.integer)):
            return self._made(self._stream.permutation(int(x)))
        array = face.asarray(x)
        from .selection import take

        order = self._made(self._stream.permutation(array.shape[axis]))
        return take(array, order, axis)

    def shuffle(self, x: Any, axis: int = 0) -> None:
        """Shuffle along an axis, in place."""
        x[...] = self.permutation(x, axis)

    def choice(
        self,
        a: Any,
        size: Any = None,
        replace: bool = True,
        p: Any = None,
        axis: int = 0,
        shuffle: bool = True,
    ) -> Any:
        """Elements drawn from an array, or from the integers below a number."""
        from .selection import take

        count = int(a) if isinstance(a, (int, np.integer)) else len(a)
        shape = _shape(size)
        if p is not None:
            places = self._weighted(p, shape, replace)
        elif replace:
            places = self.integers(0, count, shape)
        else:
            wanted = int(np.prod(shape, dtype=int))
            if wanted > count:
                raise ValueError(
                    named(
                        "Cannot take a larger sample than population when replace is "
                        "False"
                    )
                )
            order = self._stream.permutation(count)
            places = self._made(order)[:wanted].reshape(shape)
        if isinstance(a, (int, np.integer)):
            return places[()] if not shape else places
        return take(face.asarray(a), places, axis)

    def _weighted(self, p: Any, shape: tuple[int, ...], replace: bool) -> Any:
        weights = np.asarray(p, float)
        if abs(weights.sum() - 1) > 1e-8:
            raise ValueError(named("Probabilities do not sum to 1."))
        if not replace:
            # The largest of u**(1 / p) are a weighted sample without replacement.
            keys = np.log(self.random(weights.shape).computed()) / weights
            wanted = int(np.prod(shape, dtype=int))
            return face.asarray(np.argsort(-keys)[:wanted].reshape(shape))
        edges = np.cumsum(weights)
        drawn = self.random(shape).computed()
        found = np.searchsorted(edges / edges[-1], drawn, side="right")
        return face.asarray(found.astype(np.int64))

    def bytes(self, length: int) -> bytes:
        """Random bytes."""
        drawn = self.integers(0, 256, length, np.uint8)
        data: bytes = drawn.tobytes()
        return data


def _stored(drawn: face.ndarray, out: Any) -> Any:
    if out is None:
        return drawn
    out[...] = drawn
    return out


def default_rng(seed: Any = None) -> Generator:
    """A generator; without a seed one that nobody can predict."""
    if isinstance(seed, Generator):
        return seed
    stream = Stream()
    if seed is not None:
        number = int(seed) if isinstance(seed, (int, np.integer)) else hash(tuple(seed))
        if number < 0 and isinstance(seed, (int, np.integer)):
            raise ValueError(named("expected non-negative integer"))
        stream.manual_seed(number)
    return Generator(stream)


_global = default_rng()


def seed(seed: int | None = None) -> None:
    """Start the stream of the functions of this module anew."""
    if seed is None:
        _global._stream.seed()
    else:
        _global._stream.manual_seed(int(seed))


def rand(*shape: int) -> Any:
    """Uniform numbers in [0, 1), of a shape."""
    return _global.random(shape or None)


def randn(*shape: int) -> Any:
    """Normal numbers, of a shape."""
    return _global.standard_normal(shape or None)


def random(size: Any = None) -> Any:
    """Uniform numbers in [0, 1)."""
    return _global.random(size)


random_sample = random
sample = random


def randint(low: Any, high: Any = None, size: Any = None, dtype: Any = int) -> Any:
    """Integers from low to below high."""
    return _global.integers(low, high, size, dtype)


def normal(loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
    """Normal numbers."""
    return _global.normal(loc, scale, size)


def standard_normal(size: Any = None) -> Any:
    """Normal numbers of mean 0 and variance 1."""
    return _global.standard_normal(size)


def uniform(low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Any:
    """Uniform numbers in [low, high)."""
    return _global.uniform(low, high, size)


def exponential(scale: Any = 1.0, size: Any = None) -> Any:
    """Exponentially distributed numbers."""
    return _global.exponential(scale, size)


def lognormal(mean: Any = 0.0, sigma: Any = 1.0, size: Any = None) -> Any:
    """Numbers whose logarithm is normal."""
    return _global.lognormal(mean, sigma, size)


def binomial(n: int, p: Any, size: Any = None) -> Any:
    """How many of n trials succeed."""
    return _global.binomial(n, p, size)


def choice(a: Any, size: Any = None, replace: bool = True, p: Any = None) -> Any:
    """Elements drawn from an array, or from the integers below a number."""
    return _global.choice(a, size, replace, p)


def permutation(x: Any) -> Any:
    """A shuffled copy, or shuffled integers below a number."""
    return _global.permutation(x)


def shuffle(x: Any) -> None:
    """Shuffle along the first axis, in place."""
    _global.shuffle(x)


def RandomState(seed: int | None = None) -> Generator:
    """A generator; NumPy's old name for one."""
    return default_rng(seed)
