"""The vector math is within 2 units in the last place, and right at the edges."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from exact import log_gamma, of_arrays
from fit_tables import coefficients, fits
from ulp_table import CASES, evaluate, largest_error

from engine.kernels import vecmath_tables


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", CASES)
def test_errs_by_less_than_two_units_in_the_last_place(name: str, dtype: str) -> None:
    error, where = largest_error(name, dtype, 600)
    assert error < 2, f"{name}{where}: {error:.2f} ULP"


LIMITS = {
    "exp": {-math.inf: 0, math.inf: math.inf, 710.0: math.inf, -746.0: 0},
    "expm1": {-math.inf: -1, math.inf: math.inf, -0.0: -0.0, 1e-310: 1e-310},
    "log": {0.0: -math.inf, -1.0: math.nan, math.inf: math.inf},
    "log1p": {-1.0: -math.inf, -2.0: math.nan, -0.0: -0.0, 1.7e308: math.log(1.7e308)},
    "sin": {-0.0: -0.0, math.inf: math.nan, 1e22: -0.8522008497671888},
    "cos": {0.0: 1, -math.inf: math.nan, 1e22: 0.5232147853951389},
    "tanh": {-0.0: -0.0, math.inf: 1, -math.inf: -1, 5e-324: 5e-324},
    "sinh": {-0.0: -0.0, -math.inf: -math.inf, 711.0: math.inf},
    "cosh": {-0.0: 1, -math.inf: math.inf, 711.0: math.inf},
    "sigmoid": {-math.inf: 0, math.inf: 1, 0.0: 0.5, -745.0: 5e-324},
    "erf": {-0.0: -0.0, math.inf: 1, -math.inf: -1},
    "arcsin": {-0.0: -0.0, 1.0: math.pi / 2, 1.5: math.nan, 1e-310: 1e-310},
    "arccos": {1.0: 0.0, -1.0: math.pi, -0.0: math.pi / 2, -1.5: math.nan},
    "arctan": {-0.0: -0.0, math.inf: math.pi / 2, -math.inf: -math.pi / 2},
    "arcsinh": {-0.0: -0.0, -math.inf: -math.inf, 1e-310: 1e-310, 1e300: 691.468675},
    "arccosh": {1.0: 0.0, math.inf: math.inf, 0.5: math.nan, 1e300: 691.468675},
    "arctanh": {-0.0: -0.0, 1.0: math.inf, -1.0: -math.inf, 1.5: math.nan},
    "cbrt": {-0.0: -0.0, -math.inf: -math.inf, -27.0: -3.0, 5e-324: 1.7031839360e-108},
    "rsqrt": {-0.0: -math.inf, math.inf: 0, -1.0: math.nan, 4.0: 0.5},
    "lgamma": {0.0: math.inf, 1.0: 0, 2.0: 0, -3.0: math.inf, -math.inf: math.inf},
    "erfc": {math.inf: 0, -math.inf: 2, 28.0: 0, 0.0: 1},
}


@pytest.mark.parametrize("name", LIMITS)
def test_limits_and_signed_zeros(name: str) -> None:
    given = np.array([*LIMITS[name], math.nan])
    expected = np.array([*LIMITS[name].values(), math.nan])
    result = evaluate(name, [given])
    np.testing.assert_allclose(result, expected, rtol=1e-9, atol=0)
    signs = np.signbit(result) == np.signbit(expected)
    assert (signs | np.isnan(expected)).all()


def test_large_arguments_are_right_wherever_they_stand_in_a_vector() -> None:
    x = np.linspace(-3, 3, 67)
    x[[0, 5, 31, 66]] = [1e13, -1e15, 1e300, 2e12]
    for name in ("sin", "cos", "tan"):
        exact = [getattr(math, name)(float(a)) for a in x]
        np.testing.assert_allclose(evaluate(name, [x]), exact, rtol=4e-16)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_lgamma_of_negative_numbers_errs_little_against_what_it_is_a_sum_of(
    dtype: str,
) -> None:
    generator = np.random.default_rng(2)
    near, far = generator.uniform(0, 6, 300), 10 ** generator.uniform(-4, 4, 100)
    x = -np.concatenate([near, far, np.arange(1, 9)]).astype(dtype)
    with mpmath.workprec(140):
        exact, size = of_arrays(log_gamma)(x), of_arrays(log_gamma)(-x)
    with np.errstate(invalid="ignore"):  # at the poles
        error = np.abs(evaluate("lgamma", [x]) - exact)
    bound = 2 * np.finfo(dtype).eps * np.maximum(1, np.maximum(abs(size), abs(exact)))
    np.testing.assert_array_equal(np.isnan(error), np.isinf(exact))
    assert (error[np.isfinite(exact)] < bound[np.isfinite(exact)]).all()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_ldexp_rounds_once(dtype: str) -> None:
    generator = np.random.default_rng(3)
    whole = np.dtype(dtype.replace("float", "int"))
    info = np.iinfo(whole)
    x = generator.integers(info.min, info.max, 20_000, whole).view(dtype)
    n = generator.integers(-300, 300, 20_000)
    n[:5000] = generator.integers(-(2**31), 2**31, 5000)
    with np.errstate(all="ignore"):
        expected = np.ldexp(x, n)
    np.testing.assert_array_equal(evaluate("ldexp", [x, n]), expected)


def test_tables_are_what_the_fits_give() -> None:
    found = {name: tuple(map(float, coefficients(fit))) for name, fit in fits().items()}
    tables = {name: x for name, x in vars(vecmath_tables).items() if name.isupper()}
    assert tables == found


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_remainders_are_exact(dtype: str) -> None:
    generator = np.random.default_rng(1)
    x, y = (
        generator.normal(size=20_000) * 10.0 ** generator.integers(-8, 9, 20_000)
        for _ in range(2)
    )
    y[:9000] = generator.integers(1, 50, 9000) * 0.1
    x[:9000] = generator.integers(-1000, 1000, 9000) * y[:9000]
    x[:3000] = np.nextafter(x[:3000], 0)
    given = [x.astype(dtype), y.astype(dtype)]
    for name in ("fmod", "remainder", "floor_divide"):
        np.testing.assert_array_equal(
            evaluate(name, given), getattr(np, name)(*given), strict=True
        )
