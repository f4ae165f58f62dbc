"""Arrays made from nothing: ranges, identities, triangles, random numbers.

Random numbers are counter-based: element i of a draw is a function of a key and of
``offset + i`` alone, so that every backend draws the same. A stream of draws is a key
and an offset that grows by what each draw has used.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, copysign, isfinite, pi, prod
from typing import Any

import numpy as np

from engine import ops
from engine.movement import reshape_value
from engine.ops.op import DType, cast
from engine.ops.regions import full_value
from engine.record.value import Scalar, Value

_DOUBLE = np.dtype(np.float64)
_HALF = np.dtype(np.float16)
_SINGLE = np.dtype(np.float32)
_UNSIGNED = np.dtype(np.uint64)


def arange(start: Any, stop: Any, step: Any, dtype: DType) -> Value:
    """start, start + step, ... up to below stop.

    The first two elements are rounded to `dtype`, the others follow from them, as in
    NumPy.

    Raises
    ------
    ZeroDivisionError
        If the step is 0.
    """
    length = _length_of_range(start, stop, step)
    if dtype.kind == "b":
        if length > 2:
            raise TypeError(
                "arange: at most two elements of dtype bool were required; "
                f"{length} were given"
            )
        place = ops.iota(attributes=(length,))
        return ops.where(ops.equal(place, 0), bool(start), bool(start + step))
    with np.errstate(over="ignore"):
        ends = np.asarray([start, start + step]).astype(dtype)
        first, delta = ends[0].item(), (ends[1:] - ends[:1]).item()
    work = _SINGLE if dtype == _HALF else dtype
    place = cast(ops.iota(attributes=(length,)), work)
    if delta != 1 and length > 1:  # 0 times an infinite one is no number
        place = place * delta
    below = dtype.kind == "f" and copysign(1.0, first) < 0  # -0.0 is, too
    if first != 0 or (dtype.kind == "f" and delta < 0 and not below):
        place = place + first
    elif below and delta > 0:
        place = ops.where(ops.equal(place, 0), first, place)
    return cast(place, dtype)


def _length_of_range(start: Any, stop: Any, step: Any) -> int:
    parts: float = (stop - start) / step
    if not isfinite(parts):
        raise ValueError(
            "arange: ends and a step for finitely many numbers were required; "
            f"{start}, {stop} and {step} were given"
        )
    if parts == 0 and start != stop:  # the step is so much larger
        return int(copysign(1, parts) > 0)
    return max(ceil(parts), 0)


def linspace(
    start: float, stop: float, number: int, endpoint: bool, dtype: DType
) -> Value:
    """`number` evenly spaced numbers from start to stop (or to below it)."""
    parts = number - 1 if endpoint else number
    place = ops.iota(attributes=(number,))
    kind = np.result_type(_DOUBLE, start.__class__(0), stop.__class__(0))
    if parts > 0:
        step = (stop - start) / parts
        if step:
            out = cast(place, kind) * step + start
        else:  # of ends that are as near as numbers get
            out = cast(place, kind) / parts * (stop - start) + start
        if endpoint:
            out = ops.where(ops.equal(place, parts), stop, out)
    else:
        out = cast(place, kind) * (stop - start) + start
    if dtype.kind in "iu":
        out = ops.floor(out)
    return cast(out, dtype)


def eye(rows: int, columns: int, k: int, dtype: DType) -> Value:
    """1 on the k-th diagonal, 0 elsewhere."""
    row, column = grid(rows, columns)
    return cast(ops.equal(column, row + k), dtype)


def grid(rows: int, columns: int) -> tuple[Value, Value]:
    """The row numbers as a column, and the column numbers as a row."""
    row = reshape_value(ops.iota(attributes=(rows,)), (rows, 1))
    return row, reshape_value(ops.iota(attributes=(columns,)), (1, columns))


def lower_triangle(rows: int, columns: int, k: int = 0) -> Value:
    """Whether a place is on or below the k-th diagonal: bool."""
    row, column = grid(rows, columns)
    return column <= row + k


def tril(x: Value, k: int = 0) -> Value:
    """x on and below the k-th diagonal, 0 above it."""
    return ops.where(lower_triangle(x.shape[-2], x.shape[-1], k), x, _nothing(x))


def triu(x: Value, k: int = 0) -> Value:
    """x on and above the k-th diagonal, 0 below it."""
    return ops.where(lower_triangle(x.shape[-2], x.shape[-1], k - 1), _nothing(x), x)


def _nothing(x: Value) -> int:
    """A zero beside which booleans stay booleans."""
    return False if x.dtype.kind == "b" else 0


# -- random numbers --------------------------------------------------------------------
def bits(key: int | Scalar, offset: int | Scalar, shape: Sequence[int]) -> Value:
    """64 random bits for each element (uint64). Uses one counter per element."""
    counter = cast(ops.iota(attributes=(prod(shape),)), _UNSIGNED)
    return reshape_value(ops.random_bits(counter + offset, key), tuple(shape))


def uniform(
    key: int | Scalar,
    offset: int | Scalar,
    shape: Sequence[int],
    dtype: DType = _DOUBLE,
) -> Value:
    """Numbers in [0, 1), as dense as the dtype allows. Uses one counter per element."""
    return _fraction(bits(key, offset, shape), dtype)


def _fraction(random: Value, dtype: DType) -> Value:
    """The upper bits as a number in [0, 1)."""
    if dtype == _DOUBLE:
        return cast(ops.right_shift(random, 11), _DOUBLE) * 2.0**-53
    digits = 11 if dtype == _HALF else 24
    short = cast(ops.right_shift(random, 64 - digits), _SINGLE)
    return cast(short * 2.0**-digits, dtype)


def normal(
    key: int | Scalar,
    offset: Any,
    shape: Sequence[int],
    dtype: DType = _DOUBLE,
    second_offset: int | Scalar | None = None,
) -> Value:
    """Normally distributed numbers (Box-Muller). Uses two counters per element.

    In float64 both uniform numbers have 53 bits, and the second ones have the counters
    from `second_offset` on, which is behind the first ones; in narrower dtypes they are
    the two halves of the first 64.
    """
    first = bits(key, offset, shape)
    if dtype == _DOUBLE:
        behind = offset + prod(shape) if second_offset is None else second_offset
        second = bits(key, behind, shape)
        # 1 - u is in (0, 1], so that its logarithm is finite.
        radius = ops.sqrt(ops.log(1.0 - _fraction(first, dtype)) * -2.0)
        return radius * ops.cos(_fraction(second, dtype) * (2.0 * pi))
    upper = cast(ops.right_shift(first, 32), _SINGLE)
    lower = cast(ops.bitwise_and(first, 0xFFFFFF), _SINGLE)
    radius = ops.sqrt(ops.log((upper + 0.5) * 2.0**-32) * -2.0)
    return cast(radius * ops.cos(lower * (2.0 * pi * 2.0**-24)), dtype)


def integers(
    key: int | Scalar,
    offset: int | Scalar,
    shape: Sequence[int],
    low: int,
    high: int,
    dtype: DType,
) -> Value:
    """Integers from low to below high. Uses one counter per element.

    Raises
    ------
    ValueError
        If there is no such integer.
    """
    if high <= low:
        raise ValueError(f"integers: low < high was required; {low}, {high} were given")
    width = high - low if high - low < 2**64 else None
    return integers_of(key, offset, width, low % 2**64, shape, dtype)


def integers_of(
    key: int | Scalar,
    offset: int | Scalar,
    width: int | Scalar | None,
    low: int | Scalar,
    shape: Sequence[int],
    dtype: DType,
) -> Value:
    """Integers from `low`, modulo 2**64, to below `width` more; None: any of 64 bits.

    Wrapping around in 64 bits gives the right number for every `low`.
    """
    drawn = bits(key, offset, shape)
    if width is not None:
        drawn = ops.remainder(drawn, width)
    return cast(drawn + low, dtype)


def bernoulli(
    key: int | Scalar,
    offset: int | Scalar,
    shape: Sequence[int],
    probability: float | Value,
) -> Value:
    """True with a probability. Uses one counter per element."""
    return uniform(key, offset, shape) < probability


def permutation(key: int | Scalar, offset: int | Scalar, length: int) -> Value:
    """The integers below `length` in random order. Uses `length` counters."""
    return ops.argsort(bits(key, offset, (length,)), attributes=(0,))


def zeros(shape: Sequence[int], dtype: DType) -> Value:
    """0 everywhere."""
    return full_value(tuple(shape), 0, dtype)
