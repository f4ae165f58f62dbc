"""What the tests of compiled functions with ever new extents have in common."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import numpy

import engine.numpy as np
from engine.capture.sized import SizedPlan

Program = Callable[..., Any]


def with_numpy(function: Program) -> Program:
    """The same function, of NumPy."""
    names = {**function.__globals__, "np": numpy}
    return types.FunctionType(
        function.__code__, names, function.__name__, None, function.__closure__
    )


def numbers(*shape: int) -> Any:
    rng = numpy.random.default_rng(sum(shape) + len(shape))
    return rng.uniform(0.5, 2.0, shape)


def families(compiled: Any) -> list[Any]:
    return list(compiled._families.values())


def sized_replays(compiled: Any) -> int:
    """How many calls were replayed by what was recorded of other extents."""
    stretched = [int(x.counts[0]) for one in families(compiled) for x in one.sized]
    return sum(stretched) + sum(
        signature.replays()
        for signature in compiled._signatures.values()
        if any(type(x.steps[0].plan) is SizedPlan for x in signature.entries)
    )


def trees(result: Any) -> list[Any]:
    if isinstance(result, tuple):
        return [numpy.asarray(x) for x in result]
    return [] if result is None else [numpy.asarray(result)]


def compare(compiled: Any, function: Program, *args: Any, **options: Any) -> None:
    """A call gives what NumPy gives, and writes what NumPy writes."""
    own = [np.array(x) if isinstance(x, numpy.ndarray) else x for x in args]
    want = with_numpy(function)(*args, **options)
    found = compiled(*own, **options)
    for one, other in zip(trees(found), trees(want), strict=True):
        assert one.dtype == other.dtype
        assert one.shape == other.shape
        assert numpy.allclose(one, other, rtol=1e-12, equal_nan=True)
    for one, other in zip(own, args, strict=True):
        if isinstance(other, numpy.ndarray):
            assert numpy.allclose(numpy.asarray(one), other, rtol=1e-12, equal_nan=True)
