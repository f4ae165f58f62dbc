"""The generator of `engine.numpy.random`."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine.array import Array
from engine.errors import named
from engine.random import Generator as Stream
from engine.record.registry import REGISTRY

from .axes import normal_axis
from .elementwise import apply
from .random_distributions import Distributions, shape_of
from .selection import take, take_along_axis
from .sorting import argsort


class Generator(Distributions):
    """Draws from distributions, as `numpy.random.Generator` does.

    The numbers of a seed are the same on every backend, for any number of threads, and
    other ones than NumPy's.

    Parameters
    ----------
    bit_generator : engine.Generator or numpy.random.BitGenerator
        A stream to draw from; of NumPy's generators a seed is drawn.

    Examples
    --------
    >>> import engine.numpy as np
    >>> one, two = np.random.default_rng(3), np.random.default_rng(3)
    >>> bool((one.random(4) == two.random(4)).all())
    True
    """

    def __init__(self, bit_generator: Any) -> None:
        if isinstance(bit_generator, np.random.BitGenerator):
            seed = int(bit_generator.random_raw())
            bit_generator = Stream().manual_seed(seed)
        if not isinstance(bit_generator, Stream):
            raise TypeError(
                "Generator: a bit generator or a stream was required; "
                f"{type(bit_generator).__name__} was given"
            )
        self._stream = bit_generator

    def __str__(self) -> str:
        return f"{type(self).__name__}(Philox)"

    def __repr__(self) -> str:
        return f"{self} at {id(self):#x}"

    @property
    def bit_generator(self) -> Stream:
        """The stream that the numbers come from."""
        return self._stream

    def spawn(self, n_children: int) -> list[Generator]:
        """New generators, independent of each other and of this one."""
        seeds = self._hosted("integers", 0, 2**63, int(n_children)).tolist()
        return [Generator(Stream().manual_seed(seed)) for seed in seeds]

    def random(self, size: Any = None, dtype: Any = np.float64, out: Any = None) -> Any:
        """Uniform numbers in [0, 1)."""
        shape = _size_of(size, out)
        return _stored(self._made(self._stream.uniform(shape, _floating(dtype))), out)

    def standard_normal(
        self, size: Any = None, dtype: Any = np.float64, out: Any = None
    ) -> Any:
        """Normal numbers of mean 0 and variance 1."""
        shape = _size_of(size, out)
        return _stored(self._made(self._stream.normal(shape, _floating(dtype))), out)

    def standard_exponential(
        self,
        size: Any = None,
        dtype: Any = np.float64,
        method: str = "zig",
        out: Any = None,
    ) -> Any:
        """Exponentially distributed numbers of mean 1, always by inversion."""
        if method not in ("zig", "inv"):
            raise ValueError(
                named(f"method 'zig' or 'inv' was required; {method!r} given")
            )
        drawn = self._stream.uniform(_size_of(size, out), _floating(dtype))
        return _stored(-apply(REGISTRY["log1p"], -self._made(drawn)), out)

    def standard_gamma(
        self, shape: Any, size: Any = None, dtype: Any = np.float64, out: Any = None
    ) -> Any:
        """Numbers of the gamma distribution of scale 1. NumPy draws them."""
        size = out.shape if size is None and out is not None else size
        drawn = self._hosted("standard_gamma", shape, size, _floating(dtype))
        return _stored(drawn, out)

    def integers(
        self,
        low: Any,
        high: Any = None,
        size: Any = None,
        dtype: Any = np.int64,
        endpoint: bool = False,
    ) -> Any:
        """Integers from low to below high (or to high); limits may be arrays."""
        if not (_is_number(low) and (high is None or _is_number(high))):
            return self._hosted("integers", low, high, size, dtype, endpoint)
        if high is None:
            low, high = 0, low
        first, last = int(low), int(high) + bool(endpoint)
        kind = np.dtype(dtype)
        if kind.kind not in "biu":
            raise TypeError(named(f"an integer dtype was required; {kind} was given"))
        least, most = _limits(kind)
        if first < least or last - 1 > most:
            raise ValueError(
                named(f"low or high is out of bounds for {kind}: {low}, {high} given")
            )
        shape = shape_of(size)
        if first >= last:
            if 0 in shape:
                return face.ndarray(shape, kind)
            raise ValueError(named(f"low >= high: {low} and {high} were given"))
        return self._made(self._stream.integers(first, last, shape, kind))

    def multivariate_hypergeometric(
        self, colors: Any, nsample: Any, size: Any = None, method: str = "marginals"
    ) -> Any:
        """How many of a sample have each color. NumPy draws them."""
        name = "multivariate_hypergeometric"
        return self._hosted(name, colors, nsample, size, method)

    def multivariate_normal(
        self,
        mean: Any,
        cov: Any,
        size: Any = None,
        check_valid: str = "warn",
        tol: float = 1e-8,
        *,
        method: str = "svd",
    ) -> Any:
        """Vectors of normal numbers with a covariance. NumPy draws them."""
        name = "multivariate_normal"
        return self._hosted(name, mean, cov, size, check_valid, tol, method=method)

    def permutation(self, x: Any, axis: int = 0) -> Any:
        """A shuffled copy, or shuffled integers below a number."""
        is_number = isinstance(x, Array) and x.scalar and x.dtype.kind in "iu"
        if is_number or isinstance(x, (int, np.integer)):
            return self._made(self._stream.permutation(operator.index(x)))
        array = face.asarray(x)
        place = normal_axis(axis, array.ndim)
        order = self._made(self._stream.permutation(array.shape[place]))
        return take(array, order, place)

    def permuted(self, x: Any, *, axis: int | None = None, out: Any = None) -> Any:
        """A copy with each row along an axis shuffled by itself, or all elements."""
        array = face.asarray(x)
        if axis is None:
            shuffled = self.permutation(array.ravel()).reshape(array.shape)
        else:
            bits = self._made(self._stream.uniform(array.shape, np.dtype(float)))
            shuffled = take_along_axis(array, argsort(bits, axis, "stable"), axis)
        if out is None:
            return shuffled
        if _size_of(None, out) != array.shape:
            raise ValueError(
                named(f"an out of shape {array.shape} was required; {out.shape} given")
            )
        if not np.can_cast(array.dtype, out.dtype):
            raise TypeError(named(f"{array.dtype} cannot be cast to {out.dtype}"))
        out[...] = shuffled
        return out

    def shuffle(self, x: Any, axis: int = 0) -> None:
        """Shuffle along an axis, in place."""
        if isinstance(x, list):
            x[:] = [x[place] for place in self.permutation(len(x)).tolist()]
        else:
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
        """Elements drawn from an array, or from the integers below a number.

        Parameters
        ----------
        a : int or array_like
            What to draw from; a number stands for ``arange(a)``.
        size : int or sequence of int, optional
            The shape of the result; one element when it is left out.
        replace : bool
            Whether an element may be drawn more than once.
        p : array_like of float, optional
            The probability of each element; all are alike when it is left out.
        axis : int
            Along which axis of `a` the elements lie.
        shuffle : bool
            Of no effect: the order is random always.

        Raises
        ------
        ValueError
            When there is nothing, or not enough, to draw from, and when `p` does not
            sum to 1.
        """
        if isinstance(a, Array) and not a.ndim and a.recipe.dtype.kind in "iu":
            a = a.item()
        count = _count_of(a)
        shape = shape_of(size)
        if count <= 0 and 0 not in shape:
            raise ValueError(
                named(
                    "a must be a positive integer or a sequence that is not empty "
                    f"unless no samples are taken; {count} elements were given"
                )
            )
        if p is not None:
            places = self._weighted(p, count, shape, replace)
        elif replace:
            places = self.integers(0, max(count, 1), shape)
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

    def _weighted(
        self, p: Any, count: int, shape: tuple[int, ...], replace: bool
    ) -> Any:
        weights = np.asarray(p, float)
        if weights.shape != (count,):
            raise ValueError(
                named(
                    f"one probability for each of {count} elements was required; 'a' "
                    f"and 'p' must have same size: shape {weights.shape} was given"
                )
            )
        if not (weights >= 0).all():  # NaN neither
            raise ValueError(
                named(f"Probabilities are not non-negative: {p} was given")
            )
        if abs(weights.sum() - 1) > 1e-8:
            raise ValueError(
                named(f"Probabilities do not sum to 1: {weights.sum()} is their sum")
            )
        if not replace:
            # The largest of u**(1 / p) are a weighted sample without replacement.
            keys = np.log(self.random(weights.shape).computed()) / weights
            wanted = int(np.prod(shape, dtype=int))
            if wanted > np.count_nonzero(weights):
                raise ValueError(named("Fewer non-zero entries in p than size"))
            return face.asarray(np.argsort(-keys)[:wanted].reshape(shape))
        edges = np.cumsum(weights)
        drawn = self.random(shape).computed()
        found = np.searchsorted(edges / edges[-1], drawn, side="right")
        return face.asarray(found.astype(np.int64))


def _stored(drawn: face.ndarray, out: Any) -> Any:
    if out is None:
        return drawn
    if out.dtype != drawn.dtype:
        raise TypeError(
            named(f"an output of {drawn.dtype} was required; {out.dtype} was given")
        )
    out[...] = drawn
    return out


def _size_of(size: Any, out: Any) -> tuple[int, ...]:
    """The shape of a draw, which is that of `out` where there is one."""
    if out is None:
        return shape_of(size)
    if not isinstance(out, (Array, np.ndarray)):
        raise TypeError(named("an array was required as out"))
    shape: tuple[int, ...] = out.shape
    if size is not None and shape_of(size) != shape:
        raise ValueError(
            named(f"size {shape_of(size)} and out of shape {shape} differ")
        )
    return shape


_DOUBLE = np.dtype(np.float64)


def _floating(dtype: Any) -> np.dtype[Any]:
    if dtype is np.float64:
        return _DOUBLE
    found: np.dtype[Any] = np.dtype(dtype)
    if found not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise TypeError(named(f"float32 or float64 was required; {found} was given"))
    return found


def _count_of(a: Any) -> int:
    """How many elements there are to choose from."""
    if isinstance(a, (int, np.integer)):
        return int(a)
    if not hasattr(a, "__len__"):
        raise ValueError(
            named(f"a must be a sequence or an integer, not {type(a).__name__}")
        )
    return len(a)


def _is_number(x: Any) -> bool:
    return not isinstance(x, (list, tuple, np.ndarray)) and getattr(x, "ndim", 0) == 0


def _limits(dtype: np.dtype[Any]) -> tuple[int, int]:
    """The least and the greatest number of an integer dtype."""
    if dtype.kind == "b":
        return 0, 1
    info = np.iinfo(dtype)
    return int(info.min), int(info.max)
