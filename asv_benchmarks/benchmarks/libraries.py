"""How each library starts on NumPy's arrays, and how its results are waited for.

Libraries are imported where they start, so that a missing one is only missing there.
All are given as many threads as Engine has.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

import numpy as np

import engine
import engine.numpy
from engine.kernels.pool import num_threads

Run: TypeAlias = Callable[[], Any]
"""Does the work once, to the end, and returns its results."""

Start: TypeAlias = Callable[..., Run]
"""Takes the arguments of the work and returns what runs it."""

Make: TypeAlias = Callable[[Any], Callable[..., Any]]
"""Takes the module of a library and returns the work written for it."""


def by_numpy(function: Callable[..., Any]) -> Start:
    """The function as it stands."""
    return lambda *arguments: lambda: function(*arguments)


def by_engine(function: Callable[..., Any]) -> Start:
    """The same function on Engine's arrays, undecorated; its results are evaluated."""

    def start(*arguments: Any) -> Run:
        given = converted(engine.numpy.array, arguments)

        def run() -> Any:
            results = function(*given)
            engine.eval(results)
            return results

        return run

    return start


def by_compiled(function: Callable[..., Any]) -> Start:
    """The same function as `engine.compile` replays it."""
    return by_engine(engine.compile(function))


def by_jax(make: Make) -> Start:
    """What `make` makes of the module jax, in float64 where the arguments are."""

    def start(*arguments: Any) -> Run:
        jax = load_jax()
        function = make(jax)
        given = converted(jax.numpy.asarray, arguments)
        return lambda: jax.block_until_ready(function(*given))

    return start


def by_torch(make: Make) -> Start:
    """What `make` makes of the module torch; on the CPU it returns when it is done."""

    def start(*arguments: Any) -> Run:
        torch = load_torch()
        function = make(torch)
        given = converted(lambda x: torch.from_numpy(x.copy()), arguments)
        return lambda: function(*given)

    return start


def by_numexpr(make: Make) -> Start:
    """What `make` makes of the module numexpr."""

    def start(*arguments: Any) -> Run:
        numexpr = importlib.import_module("numexpr")
        numexpr.set_num_threads(num_threads())
        function = make(numexpr)
        return lambda: function(*arguments)

    return start


def by_numba(make: Make) -> Start:
    """What `make` makes of the module numba: loops written by hand."""

    def start(*arguments: Any) -> Run:
        numba = importlib.import_module("numba")
        numba.set_num_threads(min(num_threads(), numba.config.NUMBA_NUM_THREADS))
        function = make(numba)
        return lambda: function(*arguments)

    return start


def by_copying(arrays: int) -> Start:
    """No work: copies of as many arrays like the first argument, on all threads."""

    def start(*arguments: Any) -> Run:
        source = arguments[0].reshape(-1)
        target = np.zeros_like(source)
        parts = num_threads()
        pool = ThreadPoolExecutor(parts)
        targets, sources = np.array_split(target, parts), np.array_split(source, parts)

        def copy(target: Any, source: Any) -> None:
            for _ in range(arrays):
                np.copyto(target, source)

        def run() -> None:
            list(pool.map(copy, targets, sources))

        return run

    return start


def converted(make: Callable[[Any], Any], arguments: Sequence[Any]) -> list[Any]:
    """The arguments with the arrays among them made another library's."""
    return [make(x) if isinstance(x, np.ndarray) else x for x in arguments]


def load_jax() -> Any:
    """The module jax; float64 is switched on, else it would compute in float32."""
    jax = importlib.import_module("jax")
    jax.config.update("jax_enable_x64", True)
    return jax


def load_torch() -> Any:
    """The module torch, with as many threads as Engine has."""
    torch = importlib.import_module("torch")
    torch.set_num_threads(num_threads())
    return torch


def as_numpy(results: Any) -> list[np.ndarray[Any, Any]]:
    """The results of a run as a list of NumPy arrays."""
    if not isinstance(results, (tuple, list)):
        results = [results]
    return [
        np.asarray(x.detach() if hasattr(x, "detach") else x).copy() for x in results
    ]
