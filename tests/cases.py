"""What one call of an op should give."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.record.value import Value

Array = np.ndarray[Any, Any]
Generator = np.random.Generator


@dataclass(frozen=True)
class Case:
    """One call of an op: operands, attributes, and the right result.

    `differentiable`: gradients are checked at these operands, to second order; those
    of ``after(op(before(x), ...))`` where the op reads only a part of its operand, or
    where a part of its result is arbitrary.
    """

    arrays: tuple[Array, ...]
    attributes: tuple[Any, ...]
    expected: Any
    ulps: float = 0.0
    differentiable: bool = False
    scalars: tuple[Any, ...] = ()
    before: Callable[[Value], Value] | None = None
    after: Callable[[Value], Value] | None = None


def numbers(rng: Generator, shape: tuple[int, ...], dtype: Any) -> Array:
    """Numbers of a dtype: small ones, where it is an integer."""
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return rng.uniform(size=shape) < 0.5
    if dtype.kind in "iu":
        return rng.integers(0, 9, shape).astype(dtype)
    if dtype.kind == "c":
        return (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(dtype)
    return rng.normal(size=shape).astype(dtype)
