"""Each block run by NumPy and by Engine on the same data, and the table of results."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

import engine
import engine.numpy

from . import blocks

Arrays = tuple[Any, ...]


class Case(NamedTuple):
    """One block with its data: how NumPy runs it, and how Engine does."""

    name: str
    data: tuple[np.ndarray[Any, Any], ...]
    by_numpy: Callable[..., Arrays]
    by_engine: Callable[..., Arrays]


class Result(NamedTuple):
    """Seconds and the largest difference, relative where values exceed 1."""

    name: str
    numpy: float
    engine: float
    first: float
    difference: float


def photograph() -> Case:
    """The photo filter on the photograph that comes with scikit-learn."""
    from sklearn.datasets import load_sample_image

    def run(photo: Any) -> Arrays:
        return (blocks.photo_filter(photo),)

    photo = load_sample_image("china.jpg")
    rows, columns, _ = photo.shape
    return Case(f"photo filter, {columns} x {rows}", (photo,), run, run)


def options(count: int = 1_000_000) -> Case:
    """Prices and deltas; NumPy is given the textbook's formula for the delta."""
    draw = np.random.default_rng(1)
    spot, strike = draw.uniform(50, 150, (2, count))
    years, volatility = draw.uniform(0.1, 2, count), draw.uniform(0.1, 0.5, count)

    def by_numpy(spot: Any, *others: Any) -> Arrays:
        strike, years, volatility = others
        data = (spot, strike, years, 0.03, volatility)
        return (*blocks.black_scholes(*data), blocks.call_delta(*data))

    def by_engine(spot: Any, *others: Any) -> Arrays:
        strike, years, volatility = others
        spot = spot.detach().requires_grad_()
        call, put = blocks.black_scholes(spot, strike, years, 0.03, volatility)
        call.sum().backward()
        return call.detach(), put.detach(), spot.grad

    name = f"Black-Scholes and its delta, {count:,}"
    return Case(name, (spot, strike, years, volatility), by_numpy, by_engine)


def plate(extent: int = 500, steps: int = 200) -> Case:
    """A cold plate with one hot edge."""
    start = np.zeros((extent, extent))
    start[0] = 100.0

    def run(plate: Any) -> Arrays:
        return (blocks.heat(plate, steps),)

    return Case(f"heat, {extent} x {extent}, {steps} steps", (start,), run, run)


def cases() -> list[Callable[[], Case]]:
    """What makes each case of the demo; making one loads or draws its data."""
    return [photograph, options, plate]


def measure(case: Case, runs: int = 5) -> Result:
    """Run a case by both; times are the best of `runs`, after a first one.

    Engine compiles in its first run, rather than when it has seen that a block recurs.
    """
    wanted = case.by_numpy(*case.data)
    numpy_time = min(seconds(lambda: case.by_numpy(*case.data)) for _ in range(runs))

    arrays = [engine.numpy.array(array) for array in case.data]

    def by_engine() -> Arrays:
        with engine.config(tier="compiled"):
            results = case.by_engine(*arrays)
            engine.eval(*results)
        return results

    first = seconds(by_engine)
    engine_time = min(seconds(by_engine) for _ in range(runs))
    got = [np.asarray(result) for result in by_engine()]
    return Result(case.name, numpy_time, engine_time, first, difference(wanted, got))


def seconds(call: Callable[[], Any]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def difference(wanted: Sequence[Any], got: Sequence[Any]) -> float:
    """The largest ``|a - b| / max(1, |a|)`` of all elements.

    Examples
    --------
    >>> difference([np.array([1.0, 200.0])], [np.array([1.0, 202.0])])
    0.01
    """
    return max(
        float(np.max(np.abs(a - b) / np.maximum(np.abs(a), 1.0)))
        for a, b in zip(wanted, got, strict=True)
    )


def table(results: Sequence[Result]) -> str:
    """The results in columns."""
    head = ("", "NumPy", "Engine", "speed-up", "first run", "difference")
    rows = [head] + [
        (
            result.name,
            f"{result.numpy * 1e3:.1f} ms",
            f"{result.engine * 1e3:.1f} ms",
            f"{result.numpy / result.engine:.1f}",
            f"{result.first:.2f} s",
            f"{result.difference:.1e}",
        )
        for result in results
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        row[0].ljust(widths[0])
        + "".join(f"  {cell:>{w}}" for cell, w in zip(row[1:], widths[1:], strict=True))
        for row in rows
    )
