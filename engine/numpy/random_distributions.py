"""Distributions that `Generator` and `RandomState` draw from.

Most are functions of uniform numbers, recorded like any other: lazy, fused with what
uses them, and differentiable with respect to their parameters. The others are drawn by
a generator of NumPy that the stream seeds, and are computed at once.
"""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine.array import Array
from engine.errors import named
from engine.random import Generator as Stream
from engine.record.registry import REGISTRY
from engine.record.value import Value
from engine.shapes import broadcast_shapes

from .creation import extents_of
from .elementwise import apply
from .fallback import ask, place_of, refuse_gradients, to_host, wrapped
from .random_hosted import Hosted

Shape = tuple[int, ...]

_NUMBERS = frozenset((int, float))

_TINY = 2.0**-54
"""Below all uniform numbers that are not 0."""

_MOST_TRIALS = 64
"""More trials of a binomial distribution than these are left to NumPy."""


def shape_of(size: Any) -> Shape:
    """The shape that a `size` asks for."""
    if type(size) is int and size >= 0:
        return (size,)
    return () if size is None else extents_of(size)


def broadcast_size(size: Any, *parameters: Any) -> Shape:
    """The shape of a draw with parameters; they must fit into `size`."""
    if _NUMBERS.issuperset(map(type, parameters)):
        return shape_of(size)
    shapes = [x.shape if hasattr(x, "shape") else np.shape(x) for x in parameters]
    if size is None:
        return broadcast_shapes(*shapes)
    wanted = shape_of(size)
    try:
        fits = broadcast_shapes(wanted, *shapes) == wanted
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(
            named(
                f"parameters that fit into size {wanted} were required; {shapes} given"
            )
        )
    return wanted


def required(holds: str, name: str, x: Any) -> None:
    """Raise ValueError where a parameter is out of range; lazy ones are not looked at.

    `holds` is what must be true of it: ``">= 0"``, ``"> 0"`` or ``"in [0, 1]"``.
    """
    if isinstance(x, Array) or (type(x) in _NUMBERS and 0 < x <= 1):
        return  # as of the usual ones: they are in all of these ranges
    numbers = np.asarray(x)
    wrong = {
        ">= 0": numbers < 0,
        "> 0": numbers <= 0,
        "in [0, 1]": (numbers < 0) | (numbers > 1),
        "in (0, 1]": (numbers <= 0) | (numbers > 1),
    }[holds]
    if np.any(wrong) or np.any(np.isnan(numbers)):
        given = {">= 0": f"{name} < 0", "> 0": f"{name} <= 0"}.get(
            holds, f"{name} is not"
        )
        raise ValueError(
            named(f"{name} {holds} was required; {given}: {x!r} was given")
        )


def numeric(x: Any) -> Any:
    """A parameter to compute with: a list is an ndarray."""
    return np.asarray(x, float) if isinstance(x, (list, tuple)) else x


class Distributions(Hosted):
    """What can be drawn from a stream; see `Generator`."""

    _stream: Stream

    def _made(self, value: Value) -> face.ndarray:
        return face.ndarray.wrap(value, scalar=not value.shape)

    def _uniform(self, size: Any, *parameters: Any) -> face.ndarray:
        shape = broadcast_size(size, *parameters)
        return self._made(self._stream.uniform(shape, np.dtype(float)))

    def _inside(self, size: Any, *parameters: Any) -> face.ndarray:
        """Uniform numbers that are neither 0 nor 1."""
        return apply(REGISTRY["maximum"], self._uniform(size, *parameters), _TINY)

    def _exponential(self, size: Any, *parameters: Any) -> Any:
        return -apply(REGISTRY["log1p"], -self._uniform(size, *parameters))

    def _hosted(self, name: str, *args: Any, **options: Any) -> Any:
        refuse_gradients(f"random.{name}", "NumPy draws the numbers", args)
        # Looking at both numbers says that what is recorded cannot be run again.
        key, counter = (int(x) for x in self._stream._next(1))
        host = np.random.Generator(np.random.Philox(key=[key, counter]))
        found = ask(name, getattr(host, name), *to_host(args), **options)
        return wrapped(found, place_of(args))

    def normal(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
        """Normal numbers."""
        required(">= 0", "scale", scale)
        shape = broadcast_size(size, loc, scale)
        drawn: Any = self._made(self._stream.normal(shape, np.dtype(float)))
        if type(scale) not in _NUMBERS or scale != 1:
            drawn = drawn * scale
        return drawn if type(loc) in _NUMBERS and loc == 0 else drawn + loc

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Any:
        """Uniform numbers in [low, high)."""
        low, high = numeric(low), numeric(high)
        width: Any = high - low
        plain = type(width) in _NUMBERS and 0 < width < inf
        if not isinstance(width, Array) and not plain:
            if not np.all(np.isfinite(width)):
                raise OverflowError(
                    named(f"high - low range exceeds valid bounds: {low} and {high}")
                )
            required(">= 0", "high - low", width)
        return self._uniform(size, low, high) * width + low

    def exponential(self, scale: Any = 1.0, size: Any = None) -> Any:
        """Exponentially distributed numbers."""
        required(">= 0", "scale", scale)
        return self._exponential(size, scale) * scale

    def lognormal(self, mean: Any = 0.0, sigma: Any = 1.0, size: Any = None) -> Any:
        """Numbers whose logarithm is normal."""
        required(">= 0", "sigma", sigma)
        return apply(REGISTRY["exp"], self.normal(mean, sigma, size))

    def laplace(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
        """Numbers of a double exponential distribution."""
        required(">= 0", "scale", scale)
        drawn = self._inside(size, loc, scale) - 0.5
        size_of = apply(REGISTRY["log1p"], -2.0 * abs(drawn))
        return loc - scale * apply(REGISTRY["sign"], drawn) * size_of

    def gumbel(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
        """Numbers of the Gumbel distribution: of largest elements."""
        required(">= 0", "scale", scale)
        log = REGISTRY["log"]
        return loc - scale * apply(log, -apply(log, self._inside(size, loc, scale)))

    def logistic(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
        """Numbers whose distribution is a logistic function."""
        required(">= 0", "scale", scale)
        drawn = self._inside(size, loc, scale)
        return loc + scale * apply(REGISTRY["log"], drawn / (1.0 - drawn))

    def rayleigh(self, scale: Any = 1.0, size: Any = None) -> Any:
        """Lengths of vectors of two normal numbers."""
        required(">= 0", "scale", scale)
        return apply(REGISTRY["sqrt"], self._exponential(size, scale) * 2.0) * scale

    def weibull(self, a: Any, size: Any = None) -> Any:
        """Numbers of the Weibull distribution of one parameter."""
        required(">= 0", "a", a)
        a = numeric(a)
        if not isinstance(a, Array) and not np.all(a):
            return self._hosted("weibull", a, size)  # of 0 all are 0
        return self._exponential(size, a) ** (1.0 / a)

    def pareto(self, a: Any, size: Any = None) -> Any:
        """Numbers of the Lomax (Pareto II) distribution."""
        required("> 0", "a", a)
        return apply(REGISTRY["expm1"], self._exponential(size, a) / a)

    def power(self, a: Any, size: Any = None) -> Any:
        """Numbers in [0, 1] whose density is a power."""
        required("> 0", "a", a)
        return self._uniform(size, a) ** (1.0 / numeric(a))

    def standard_cauchy(self, size: Any = None) -> Any:
        """Quotients of two normal numbers."""
        return apply(REGISTRY["tan"], (self._inside(size) - 0.5) * np.pi)

    def triangular(self, left: Any, mode: Any, right: Any, size: Any = None) -> Any:
        """Numbers whose density is a triangle."""
        left, mode, right = numeric(left), numeric(mode), numeric(right)
        required(">= 0", "mode - left", mode - left)
        required(">= 0", "right - mode", right - mode)
        required("> 0", "right - left", right - left)
        drawn = self._uniform(size, left, mode, right)
        sqrt, width = REGISTRY["sqrt"], right - left
        rising = left + apply(sqrt, drawn * width * (mode - left))
        falling = right - apply(sqrt, (1.0 - drawn) * width * (right - mode))
        return apply(REGISTRY["where"], drawn * width <= mode - left, rising, falling)

    def geometric(self, p: Any, size: Any = None) -> Any:
        """How many trials there are up to the first that succeeds."""
        required("in (0, 1]", "p", p)
        odds = apply(REGISTRY["log1p"], -face.asarray(p) * 1.0)
        trials = apply(REGISTRY["ceil"], -self._exponential(size, p) / odds)
        return apply(REGISTRY["maximum"], trials, 1.0).astype(np.int64)

    def binomial(self, n: Any, p: Any, size: Any = None) -> Any:
        """How many of n trials succeed."""
        if not isinstance(n, (int, np.integer)) or not 0 <= n <= _MOST_TRIALS:
            return self._hosted("binomial", n, p, size)
        required("in [0, 1]", "p", p)
        return (self._uniform((int(n), *broadcast_size(size, p))) < p).sum(axis=0)

    def bytes(self, length: int) -> bytes:
        """Random bytes."""
        made = self._stream.integers(0, 256, (int(length),), np.dtype(np.uint8))
        data: bytes = self._made(made).tobytes()
        return data
