"""Random numbers from counters: Philox, lazily, the same on every backend.

A draw is a pure function of the generator's seed and a running counter, so it is
recorded like any op, fuses with what uses it, and does not depend on how many threads
run it. Seed and counter are run-time numbers: a new seed compiles nothing.
"""

from __future__ import annotations

import operator
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from engine import composites
from engine.record.runtime import Kept, from_source
from engine.record.trace import current_trace
from engine.record.value import Scalar, Value
from engine.record.watchers import watchers
from engine.steps import Step, replayed, steps_on

__all__ = ["Generator", "default_generator"]

_MASK = (1 << 64) - 1
_NUMBER = np.dtype(np.uint64)
"""What seeds and counters are."""

_DOUBLE = np.dtype(np.float64)


@dataclass(frozen=True, slots=True)
class Drawn(Kept):
    """How many numbers a generator has drawn before more are drawn."""

    generator: Any = None

    def __call__(self) -> int:
        return int(self.generator._advance(self.more))

    def undo(self) -> None:
        """Let the generator have drawn none of them."""
        self.generator._advance(-self.more)


class Generator:
    """A stream of random numbers: a seed, and how many were drawn.

    Examples
    --------
    >>> import engine
    >>> generator = engine.Generator().manual_seed(7)
    >>> a = engine.rand(2, generator=generator)
    >>> b = engine.rand(2, generator=generator.manual_seed(7))
    >>> bool((a == b).all())
    True
    """

    def __init__(self, device: Any = "cpu") -> None:
        if str(device) != "cpu":
            raise RuntimeError(f"Generator: device cpu was required; {device!r} given")
        self._lock = threading.Lock()
        self.seed()

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream of a seed, and return this generator."""
        key = int(seed) & _MASK  # nothing is called with the lock: it survives a fork
        with self._lock:
            self._seed, self._drawn = key, 0
        return self

    def seed(self) -> int:
        """Start the stream of a seed that nobody knows, and return the seed."""
        self.manual_seed(int.from_bytes(os.urandom(8), "little") >> 1)
        return self._seed

    def initial_seed(self) -> int:
        """The seed of the stream."""
        return self._seed

    def get_state(self) -> tuple[int, int]:
        """The seed, and how many numbers were drawn."""
        return self._seed, self._drawn

    def set_state(self, state: tuple[int, int]) -> Generator:
        """Go to where `get_state` was called."""
        try:
            seed, drawn = map(operator.index, state)
        except (TypeError, ValueError):
            raise TypeError(
                f"set_state: what get_state gives was required; {state!r:.60} was given"
            ) from None
        with self._lock:
            self._seed, self._drawn = seed & _MASK, drawn & _MASK
        return self

    @property
    def state(self) -> dict[str, Any]:
        """Where the stream is, as NumPy's bit generators say it; it can be set."""
        seed, drawn = self.get_state()
        return {"bit_generator": "Philox", "state": {"key": seed, "drawn": drawn}}

    @state.setter
    def state(self, state: Any) -> None:
        known = isinstance(state, dict) and state.get("bit_generator") == "Philox"
        if not known or set(state["state"]) != {"key", "drawn"}:
            raise ValueError(
                f"state: one of a stream of Engine was required; {state!r} was given"
            )
        self.set_state((int(state["state"]["key"]), int(state["state"]["drawn"])))

    def __getstate__(self) -> tuple[int, int]:
        return self.get_state()

    def __setstate__(self, state: tuple[int, int]) -> None:
        self._lock = threading.Lock()
        self.set_state(state)

    def _next(self, count: int) -> tuple[int, int]:
        """The seed, and the first of `count` counters that nobody used before."""
        if not watchers:
            return self._seed, self._advance(count)
        seed = from_source(Kept(vars(self), "_seed"), (self, "seed"))
        drawn = Drawn(vars(self), "_drawn", count, True, self)
        return seed, from_source(drawn, (self, "drawn"))

    def _advance(self, count: int) -> int:
        with self._lock:
            start = self._drawn
            self._drawn = (start + count) & _MASK
            return start

    def uniform(self, shape: Sequence[int], dtype: np.dtype[Any]) -> Value:
        """Uniform numbers in [0, 1)."""
        extents = tuple(shape)

        def draw(seed: Any, start: Any) -> Value:
            return composites.uniform(seed, start, extents, dtype)

        return _drawn(("uniform", extents, dtype), self._next(prod(extents)), draw)

    def normal(self, shape: Sequence[int], dtype: np.dtype[Any]) -> Value:
        """Normal numbers of mean 0 and variance 1."""
        extents = tuple(shape)
        count = prod(extents)
        seed, start = self._next(2 * count)
        numbers: tuple[Any, ...] = (seed, start)
        if dtype == _DOUBLE:
            numbers = seed, start, start + count

        def draw(seed: Any, start: Any, second: Any = None) -> Value:
            return composites.normal(seed, start, extents, dtype, second)

        return _drawn(("normal", extents, dtype), numbers, draw)

    def integers(
        self, low: int, high: int, shape: Sequence[int], dtype: np.dtype[Any]
    ) -> Value:
        """Integers from `low` to below `high`."""
        extents, width = tuple(shape), high - low
        seed, start = self._next(prod(extents))
        if not 0 < width <= _MASK:
            return composites.integers(seed, start, extents, low, high, dtype)
        numbers = seed, start, width, low & _MASK

        def draw(seed: Any, start: Any, width: Any, low: Any) -> Value:
            return composites.integers_of(seed, start, width, low, extents, dtype)

        return _drawn(("integers", extents, dtype), numbers, draw)

    def permutation(self, n: int) -> Value:
        """The integers below `n` in random order, as int64."""

        def draw(seed: Any, start: Any) -> Value:
            return composites.permutation(seed, start, n)

        return _drawn(("permutation", n), self._next(n), draw)


_known: dict[tuple[Any, ...], tuple[Step, ...] | None] = {}
"""The steps of draws, of some shapes."""

_MOST = 1000
"""So many are kept; past this many all are forgotten."""


def _drawn(
    what: tuple[Any, ...], numbers: tuple[Any, ...], draw: Callable[..., Value]
) -> Value:
    """What is drawn with a seed and counters; native code records it where it can.

    What `draw` records must depend on `what` alone.
    """
    if watchers or any(type(x) is not int for x in numbers):
        return draw(*numbers)
    given = tuple([Scalar(_NUMBER.type(x & _MASK), _NUMBER) for x in numbers])
    steps = _known.get(what)
    made = None if steps is None else replayed(steps, given)
    if made is not None:
        return made
    trace = current_trace()
    kept = trace.values
    before, unknown = len(kept), what not in _known
    made = draw(*given)
    if unknown and trace.values is kept:
        if len(_known) >= _MOST:
            _known.clear()
        _known[what] = steps_on(trace, before, given, made)
    return made


default_generator = Generator()
"""What is drawn from where no generator is given."""
