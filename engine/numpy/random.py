"""Random numbers: Philox, lazily, the same on every backend for the same seed.

The numbers are not those of `numpy.random`; they have the same distributions.
"""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np
from numpy.random import (
    MT19937,
    PCG64,
    PCG64DXSM,
    SFC64,
    BitGenerator,
    Philox,
    SeedSequence,
)

from engine.random import Generator as Stream

from .names import nearest_message
from .random_generator import Generator
from .random_state import RandomState, number_of

__all__ = [
    "MT19937",
    "PCG64",
    "PCG64DXSM",
    "SFC64",
    "BitGenerator",
    "Generator",
    "Philox",
    "RandomState",
    "SeedSequence",
    "beta",
    "binomial",
    "bytes",
    "chisquare",
    "choice",
    "default_rng",
    "dirichlet",
    "exponential",
    "f",
    "gamma",
    "geometric",
    "get_state",
    "gumbel",
    "hypergeometric",
    "laplace",
    "logistic",
    "lognormal",
    "logseries",
    "multinomial",
    "multivariate_normal",
    "negative_binomial",
    "noncentral_chisquare",
    "noncentral_f",
    "normal",
    "pareto",
    "permutation",
    "poisson",
    "power",
    "rand",
    "randint",
    "randn",
    "random",
    "random_integers",
    "random_sample",
    "ranf",
    "rayleigh",
    "sample",
    "seed",
    "set_state",
    "shuffle",
    "standard_cauchy",
    "standard_exponential",
    "standard_gamma",
    "standard_normal",
    "standard_t",
    "triangular",
    "uniform",
    "vonmises",
    "wald",
    "weibull",
    "zipf",
]


def default_rng(seed: Any = None) -> Generator:
    """A generator; without a seed one that nobody can predict.

    Parameters
    ----------
    seed : int, sequence of int, SeedSequence, BitGenerator or Generator, optional
        The same seed gives the same numbers; a generator is given back.

    Examples
    --------
    >>> import engine.numpy as np
    >>> rng = np.random.default_rng(7)
    >>> rng.normal(size=(2, 3)).shape
    (2, 3)
    """
    if isinstance(seed, Generator):
        return seed
    if isinstance(seed, (np.random.BitGenerator, Stream)):
        return Generator(seed)
    stream = Stream()
    if seed is not None:
        stream.manual_seed(number_of(seed))
    return Generator(stream)


_global = RandomState()


def seed(seed: Any = None) -> None:
    """Start the stream of the functions of this module anew.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.random.seed(7)
    >>> x = np.random.rand(3)
    >>> np.random.seed(7)
    >>> bool((np.random.rand(3) == x).all())
    True
    """
    _global.seed(seed)


def get_state(legacy: bool = True) -> dict[str, Any]:
    """Where the stream of the functions of this module is, for `set_state`."""
    return _global.get_state(legacy)


def set_state(state: Any) -> None:
    """Go to where `get_state` was called."""
    _global.set_state(state)


def rand(*args: int) -> Any:
    """Uniform numbers in [0, 1), of a shape.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.random.rand(2, 3).shape
    (2, 3)
    """
    return _global.random(args)


def randn(*args: int) -> Any:
    """Normal numbers, of a shape.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.random.randn(2, 3).shape
    (2, 3)
    """
    return _global.standard_normal(args)


def random(size: Any = None) -> Any:
    """Uniform numbers in [0, 1).

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.random.random((2, 3)).shape
    (2, 3)
    """
    return _global.random(size)


def random_sample(size: Any = None) -> Any:
    """Uniform numbers in [0, 1)."""
    return _global.random(size)


sample = random_sample
ranf = random_sample


def randint(low: Any, high: Any = None, size: Any = None, dtype: Any = int) -> Any:
    """Integers from low to below high.

    Examples
    --------
    >>> import engine.numpy as np
    >>> x = np.random.randint(2, 5, size=100)
    >>> bool(((x >= 2) & (x < 5)).all())
    True
    """
    return _global.randint(low, high, size, dtype)


def random_integers(low: Any, high: Any = None, size: Any = None) -> Any:
    """Integers from low to high; from 1 where only one number is given."""
    return _global.random_integers(low, high, size)


def bytes(length: int) -> builtins.bytes:
    """Random bytes."""
    return _global.bytes(length)


def choice(a: Any, size: Any = None, replace: bool = True, p: Any = None) -> Any:
    """Elements drawn from an array, or from the integers below a number.

    Examples
    --------
    >>> import engine.numpy as np
    >>> bool(np.isin(np.random.choice([2, 5, 7], size=4), [2, 5, 7]).all())
    True
    """
    return _global.choice(a, size, replace, p)


def permutation(x: Any) -> Any:
    """A shuffled copy, or shuffled integers below a number.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.sort(np.random.permutation(4))
    array([0, 1, 2, 3])
    """
    return _global.permutation(x)


def shuffle(x: Any) -> None:
    """Shuffle along the first axis, in place.

    Examples
    --------
    >>> import engine.numpy as np
    >>> x = np.arange(4)
    >>> np.random.shuffle(x)
    >>> np.sort(x)
    array([0, 1, 2, 3])
    """
    _global.shuffle(x)


def multivariate_normal(
    mean: Any, cov: Any, size: Any = None, check_valid: str = "warn", tol: float = 1e-8
) -> Any:
    """Vectors of normal numbers with a covariance. NumPy draws them."""
    return _global.multivariate_normal(mean, cov, size, check_valid, tol)


def beta(a: Any, b: Any, size: Any = None) -> Any:
    """Numbers in [0, 1] of the beta distribution."""
    return _global.beta(a, b, size)


def binomial(n: Any, p: Any, size: Any = None) -> Any:
    """How many of n trials succeed."""
    return _global.binomial(n, p, size)


def chisquare(df: Any, size: Any = None) -> Any:
    """Sums of squares of normal numbers."""
    return _global.chisquare(df, size)


def dirichlet(alpha: Any, size: Any = None) -> Any:
    """Shares, which sum to 1."""
    return _global.dirichlet(alpha, size)


def exponential(scale: Any = 1.0, size: Any = None) -> Any:
    """Exponentially distributed numbers."""
    return _global.exponential(scale, size)


def f(dfnum: Any, dfden: Any, size: Any = None) -> Any:
    """Quotients of two means of squares."""
    return _global.f(dfnum, dfden, size)


def gamma(shape: Any, scale: Any = 1.0, size: Any = None) -> Any:
    """Numbers of the gamma distribution."""
    return _global.gamma(shape, scale, size)


def geometric(p: Any, size: Any = None) -> Any:
    """How many trials there are up to the first that succeeds."""
    return _global.geometric(p, size)


def gumbel(loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
    """Numbers of the Gumbel distribution: of largest elements."""
    return _global.gumbel(loc, scale, size)


def hypergeometric(ngood: Any, nbad: Any, nsample: Any, size: Any = None) -> Any:
    """How many of a sample are good."""
    return _global.hypergeometric(ngood, nbad, nsample, size)


def laplace(loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
    """Numbers of a double exponential distribution."""
    return _global.laplace(loc, scale, size)


def logistic(loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
    """Numbers whose distribution is a logistic function."""
    return _global.logistic(loc, scale, size)


def lognormal(mean: Any = 0.0, sigma: Any = 1.0, size: Any = None) -> Any:
    """Numbers whose logarithm is normal."""
    return _global.lognormal(mean, sigma, size)


def logseries(p: Any, size: Any = None) -> Any:
    """Numbers of the logarithmic distribution."""
    return _global.logseries(p, size)


def multinomial(n: Any, pvals: Any, size: Any = None) -> Any:
    """How often each of several outcomes comes."""
    return _global.multinomial(n, pvals, size)


def negative_binomial(n: Any, p: Any, size: Any = None) -> Any:
    """How many trials fail before n succeed."""
    return _global.negative_binomial(n, p, size)


def noncentral_chisquare(df: Any, nonc: Any, size: Any = None) -> Any:
    """Sums of squares of normal numbers with a mean."""
    return _global.noncentral_chisquare(df, nonc, size)


def noncentral_f(dfnum: Any, dfden: Any, nonc: Any, size: Any = None) -> Any:
    """As `f`, the upper numbers with a mean."""
    return _global.noncentral_f(dfnum, dfden, nonc, size)


def normal(loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
    """Normal numbers.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.random.normal(loc=[0.0, 100.0], scale=1.0).shape
    (2,)
    """
    return _global.normal(loc, scale, size)


def pareto(a: Any, size: Any = None) -> Any:
    """Numbers of the Lomax (Pareto II) distribution."""
    return _global.pareto(a, size)


def poisson(lam: Any = 1.0, size: Any = None) -> Any:
    """How often something comes that comes `lam` times on average."""
    return _global.poisson(lam, size)


def power(a: Any, size: Any = None) -> Any:
    """Numbers in [0, 1] whose density is a power."""
    return _global.power(a, size)


def rayleigh(scale: Any = 1.0, size: Any = None) -> Any:
    """Lengths of vectors of two normal numbers."""
    return _global.rayleigh(scale, size)


def standard_cauchy(size: Any = None) -> Any:
    """Quotients of two normal numbers."""
    return _global.standard_cauchy(size)


def standard_exponential(size: Any = None) -> Any:
    """Exponentially distributed numbers of mean 1."""
    return _global.standard_exponential(size)


def standard_gamma(shape: Any, size: Any = None) -> Any:
    """Numbers of the gamma distribution of scale 1. NumPy draws them."""
    return _global.standard_gamma(shape, size)


def standard_normal(size: Any = None) -> Any:
    """Normal numbers of mean 0 and variance 1."""
    return _global.standard_normal(size)


def standard_t(df: Any, size: Any = None) -> Any:
    """Numbers of Student's distribution."""
    return _global.standard_t(df, size)


def triangular(left: Any, mode: Any, right: Any, size: Any = None) -> Any:
    """Numbers whose density is a triangle."""
    return _global.triangular(left, mode, right, size)


def uniform(low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Any:
    """Uniform numbers in [low, high).

    Examples
    --------
    >>> import engine.numpy as np
    >>> x = np.random.uniform(-1.0, 1.0, 100)
    >>> bool((abs(x) <= 1).all())
    True
    """
    return _global.uniform(low, high, size)


def vonmises(mu: Any, kappa: Any, size: Any = None) -> Any:
    """Angles around a direction."""
    return _global.vonmises(mu, kappa, size)


def wald(mean: Any, scale: Any, size: Any = None) -> Any:
    """Numbers of the inverse Gaussian distribution."""
    return _global.wald(mean, scale, size)


def weibull(a: Any, size: Any = None) -> Any:
    """Numbers of the Weibull distribution of one parameter."""
    return _global.weibull(a, size)


def zipf(a: Any, size: Any = None) -> Any:
    """Numbers whose frequency is a power of them."""
    return _global.zipf(a, size)


def __getattr__(name: str) -> Any:
    raise AttributeError(nearest_message(name, __all__, __name__, np.random))
