"""Quotients of many by one, which are made of products, are those of divisions."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from by_hand import run

from engine.kernels.cpu.quotients import RANGES
from engine.kernels.kernel import (
    Access,
    Argument,
    Compute,
    Kernel,
    Layout,
    Load,
    Loop,
    Reduce,
    Store,
)

DTYPES = ["float32", "float64"]

BITS = 5
"""Of the small floats of which all pairs are tried."""


def quotients(dtype: str) -> Kernel:
    """Rows divided by a scalar; they are summed, too, so that loops are of vectors."""
    return Kernel(
        name="quotients",
        kind="row",
        outer=1,
        inner=1,
        arguments=(Argument(dtype, "read"), *[Argument(dtype, "write")] * 2),
        accesses=(Access(0, ("n", "1")), Access(1, ("n", "1")), Access(2, ("1", "0"))),
        scalars=(dtype,),
        body=(
            Loop((Load("x0", 0), Reduce("t0", "sum", "x0", dtype))),
            Store(2, "t0"),
            Loop(
                (
                    Load("x1", 0),
                    Compute("t1", dtype, "divide(x1, s0)"),
                    Store(1, "t1"),
                )
            ),
        ),
    )


def by_kernel(x: Any, divisor: float) -> Any:
    """``x / divisor`` by the CPU's kernel."""
    out, sums = np.empty_like(x), np.empty(1, x.dtype)
    layout = Layout((1, x.size), ((0, x.size), (0, x.size), (0, 1)))
    with np.errstate(all="ignore"):
        run(quotients(x.dtype.name), layout, [x, out, sums], (divisor,))
    return out


def assert_quotients(x: Any, divisors: Any) -> None:
    """All quotients are NumPy's, to the bit; NaN is NaN."""
    for divisor in divisors:
        with np.errstate(all="ignore"):
            wanted = x / divisor
        got = by_kernel(x, float(divisor))
        nan = np.isnan(wanted)
        np.testing.assert_array_equal(nan, np.isnan(got))
        bits = [np.where(nan, 0, out).astype(x.dtype) for out in (wanted, got)]
        bits = [out.view(f"u{x.itemsize}") for out in bits]
        np.testing.assert_array_equal(*bits, err_msg=f"by {divisor!r}")


def between(dtype: str, low: float, high: float, count: int, seed: int) -> Any:
    """Numbers of all sizes from `low` to `high`, of few bits and of many."""
    random = np.random.default_rng(seed)
    logs = random.uniform(np.log2(low), np.log2(high), count)
    fraction = 1 + random.random(count)
    few = 1 + random.integers(0, 16, count) / 16
    fraction = np.where(random.random(count) < 0.3, few, fraction)
    x = np.ldexp(fraction.astype(dtype), np.floor(logs).astype(int))
    return np.clip(x, low, np.nextafter(x.dtype.type(high), x.dtype.type(0)))


def in_range(dtype: str) -> tuple[Any, Any]:
    """What may be divided without a division, and by what."""
    known, half = RANGES[dtype], np.finfo(dtype).maxexp
    x = between(dtype, known.least, float(np.ldexp(known.least, half)), 16_000, 0)
    signs = np.random.default_rng(2).choice([-1, 1], x.size).astype(dtype)
    return x * signs, between(dtype, *known.divisors, 200, 1)


def special(dtype: str) -> Any:
    """Zeros, infinities, NaN, ends of ranges and what is next to them."""
    info, known = np.finfo(dtype), RANGES[dtype]
    top = np.ldexp(known.least, info.maxexp)
    ends = [known.least, top, *known.divisors, 1.0, 3.0]
    ends = np.array([*ends, info.max, info.tiny, info.smallest_subnormal], dtype)
    with np.errstate(over="ignore"):
        near = [np.nextafter(ends, np.dtype(dtype).type(way)) for way in (0, np.inf)]
    x = np.concatenate([np.array([0.0, np.inf, np.nan], dtype), ends, *near])
    return np.concatenate([x, -x])


@pytest.mark.parametrize("dtype", DTYPES)
def test_quotients_in_the_range_are_those_of_divisions(dtype: str) -> None:
    assert_quotients(*in_range(dtype))


@pytest.mark.parametrize("dtype", DTYPES)
def test_quotients_next_to_halfway_are_rounded_to_the_right_side(dtype: str) -> None:
    """As near as they can be: ``x * 2**p = d * m + 1`` or ``- 1``, `m` halfway."""
    digits = np.finfo(dtype).nmant + 1
    low, high = 2 ** (digits - 1), 2**digits
    random = np.random.default_rng(3)
    odd = (2 * random.integers(low // 2, high // 2, 400) + 1).tolist()
    for divisor in [*range(low + 1, low + 60, 2), *range(high - 59, high, 2), *odd]:
        inverse = pow(divisor, -1, high)
        found = []
        for halfway, one in ((2 * high - inverse, 1), (high + inverse, -1)):
            x, rest = divmod(divisor * halfway + one, high)
            assert rest == 0
            if x < high or x % 2 == 0:  # it has no more digits than a float
                found.append(x)
        if found:
            assert_quotients(
                np.array(found * 32, dtype), [np.dtype(dtype).type(divisor)]
            )


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_is_out_of_the_range_is_divided(dtype: str) -> None:
    x, divisors = in_range(dtype)
    among_others = x[:2_000].copy()
    odd = special(dtype)
    among_others[:: among_others.size // odd.size][: odd.size] = odd
    assert_quotients(among_others, np.concatenate([divisors[:50], odd]))
    assert_quotients(x[:500], odd)


@pytest.mark.parametrize("extent", [0, 1, 7, 31, 32, 33, 95])
def test_rows_of_any_length(extent: int) -> None:
    x = np.linspace(-3, 5, extent)
    assert_quotients(x, [np.float64(0.7)])


def test_the_theorem_holds_for_all_floats_of_few_bits() -> None:
    numbers = [Fraction(k, 2 ** (BITS - 1)) for k in range(2 ** (BITS - 1), 2**BITS)]
    for x, divisor in itertools.product(numbers, numbers):
        reciprocal = rounded(1 / divisor, BITS)
        guess = rounded(x * reciprocal, BITS)
        excess = rounded(guess * divisor - x, BITS)
        found = rounded(guess - excess * reciprocal, BITS)
        assert found == rounded(x / divisor, BITS)


def rounded(number: Fraction, digits: int) -> Fraction:
    """To the nearest one of so many binary digits, to an even one if two are."""
    if number == 0:
        return number
    unit = Fraction(1)
    while abs(number) >= 2**digits * unit:
        unit *= 2
    while abs(number) < 2 ** (digits - 1) * unit:
        unit /= 2
    return round(number / unit) * unit
