"""Powers with constant exponents: near the exact ones, and NumPy's at the edges."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy
import pytest

import engine
import engine.numpy as np
from engine.ops.powers import CONSTANT_POWERS

EXPONENTS = sorted(CONSTANT_POWERS)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("exponent", EXPONENTS)
def test_powers_are_within_two_units_in_the_last_place(
    exponent: float, dtype: Any
) -> None:
    info = numpy.finfo(dtype)
    draw = numpy.random.default_rng(1)
    low, high = float(numpy.log2(info.tiny)) - 10, float(numpy.log2(info.max))
    x = (2.0 ** draw.uniform(low, high, 400)).astype(dtype)
    near = (2.0 ** draw.uniform(-2, 2, 100)).astype(dtype)
    x = numpy.concatenate([x, near])
    with engine.config(tier="compiled"):
        found = (np.array(x) ** exponent).computed()
    assert found.dtype == x.dtype
    with mpmath.workprec(200):
        for given, power in zip(x.tolist(), found.tolist(), strict=True):
            exact = mpmath.mpf(given) ** mpmath.mpf(exponent)
            if exact > float(info.max):
                assert power == numpy.inf or exact < float(info.max) * 1.0000005
                continue
            unit = numpy.spacing(numpy.asarray(float(exact)).astype(dtype))
            assert abs(mpmath.mpf(power) - exact) <= 2 * float(unit), (given, power)


@pytest.mark.parametrize("tier", ["numpy", "compiled"])
def test_powers_of_infinities_zeros_and_negative_numbers_are_numpys(tier: Any) -> None:
    x = numpy.array([0.0, -0.0, numpy.inf, -numpy.inf, numpy.nan, -4.0, 1.0])
    with engine.config(tier=tier), numpy.errstate(all="ignore"):
        for exponent in EXPONENTS:
            found = (np.array(x) ** exponent).computed()
            # NumPy takes roots for single exponents, which differ at -inf.
            expected = numpy.power(x, numpy.full(x.shape, float(exponent)))
            numpy.testing.assert_array_equal(found, expected)
            kept = ~numpy.isnan(expected)
            signs = numpy.signbit(found[kept]), numpy.signbit(expected[kept])
            numpy.testing.assert_array_equal(*signs)


@pytest.mark.parametrize("tier", ["numpy", "compiled"])
def test_powers_of_integers_wrap_around(tier: Any) -> None:
    with engine.config(tier=tier):
        for dtype in ("int8", "uint16", "int64"):
            x = numpy.arange(-9, 100).astype(dtype)
            for exponent in (3, 4):
                found = np.array(x) ** exponent
                assert found.dtype == dtype
                assert found.tolist() == (x**exponent).tolist()
            assert (np.array(x) ** 3.0).dtype == float


def test_powers_of_other_dtypes_are_numpys() -> None:
    for x in (
        numpy.array([1 + 2j, -1j]),
        numpy.array([0.5, 3], "float16"),
        numpy.array([True, False]),
        numpy.array([1, 5], "uint8"),
    ):
        for exponent in (3, 4, 1.5):
            found, expected = np.array(x) ** exponent, x**exponent
            assert found.dtype == expected.dtype
            assert numpy.allclose(found.computed(), expected, rtol=1e-3)
