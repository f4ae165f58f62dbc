"""`RandomState`: NumPy's older generator, with its own names for what it draws."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.random import SeedSequence

from engine.errors import named
from engine.random import Generator as Stream

from .random_generator import Generator


def number_of(seed: Any) -> int:
    """A seed as one number."""
    if isinstance(seed, SeedSequence):
        return int(seed.generate_state(1, np.uint64)[0])
    is_one = hasattr(seed, "__index__") and not getattr(seed, "ndim", 0)
    try:
        numbers = tuple(operator.index(x) for x in ((seed,) if is_one else seed))
    except TypeError:
        raise TypeError(
            named(f"an integer or a sequence of them was required; {seed!r} given")
        ) from None
    if any(number < 0 for number in numbers):
        raise ValueError(named("expected non-negative integer"))
    return numbers[0] if is_one else hash(numbers)


class RandomState(Generator):
    """Draws from distributions, under the names of `numpy.random.RandomState`.

    The functions of `engine.numpy.random` are methods of one. The numbers are those of
    a `Generator` with the same seed, and other ones than NumPy's.

    Parameters
    ----------
    seed : int, sequence of int, SeedSequence or BitGenerator, optional
        The same seed gives the same numbers; without one nobody can predict them.

    Examples
    --------
    >>> import engine.numpy as np
    >>> one, two = np.random.RandomState(3), np.random.RandomState(3)
    >>> bool((one.rand(4) == two.rand(4)).all()), one.randint(5, size=(2, 3)).shape
    (True, (2, 3))
    """

    def __init__(self, seed: Any = None) -> None:
        if isinstance(seed, (np.random.BitGenerator, Stream)):
            super().__init__(seed)
        else:
            super().__init__(Stream())
            if seed is not None:
                self.seed(seed)

    def seed(self, seed: Any = None) -> None:
        """Start anew."""
        if seed is None:
            self._stream.seed()
        else:
            self._stream.manual_seed(number_of(seed))

    def get_state(self, legacy: bool = True) -> dict[str, Any]:
        """Where it is, for `set_state`."""
        return self._stream.state

    def set_state(self, state: Any) -> None:
        """Go to where `get_state` was called."""
        self._stream.state = state

    def rand(self, *args: int) -> Any:
        """Uniform numbers in [0, 1), of a shape."""
        return self.random(args)

    def randn(self, *args: int) -> Any:
        """Normal numbers, of a shape."""
        return self.standard_normal(args)

    def random_sample(self, size: Any = None) -> Any:
        """Uniform numbers in [0, 1)."""
        return self.random(size)

    def randint(
        self, low: Any, high: Any = None, size: Any = None, dtype: Any = int
    ) -> Any:
        """Integers from low to below high."""
        return self.integers(low, high, size, dtype)

    def random_integers(self, low: Any, high: Any = None, size: Any = None) -> Any:
        """Integers from low to high; from 1 where only one number is given."""
        low, high = (1, low) if high is None else (low, high)
        return self.integers(low, high, size, endpoint=True)

    def tomaxint(self, size: Any = None) -> Any:
        """Integers from 0 to the greatest that there is."""
        return self.integers(0, np.iinfo(np.int64).max, size, endpoint=True)
