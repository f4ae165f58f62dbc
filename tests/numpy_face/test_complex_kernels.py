"""What is computed with complex numbers is computed in kernels, as NumPy does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import engine.numpy as enp
from engine import stats
from engine.config import config

RNG = np.random.default_rng(11)
Z = RNG.normal(size=(2, 6, 7)) + 1j * RNG.normal(size=(2, 6, 7))
Z[1, 0, :3] = [np.nan, complex(1.0, np.nan), complex(np.nan, 1.0)]

PROGRAMS: dict[str, Callable[[Any, Any], Any]] = {
    "less": lambda x, y: x < y,
    "less_equal": lambda x, y: x <= x.real + 1j * y.imag,
    "greater": lambda x, y: x > y,
    "greater_equal": lambda x, y: y >= y,
    "equal": lambda x, y: x == y,
    "not_equal": lambda x, y: y != y,
    "logical": lambda x, y: enp_like(x).logical_and(x, y),
    "quotient and square": lambda x, y: x / (y * y + 2.0) - x**2,
    "powers": lambda x, y: x**3 + x**-2 - x**4,
    "negative powers": lambda x, y: x**-1 - x**0.5,
    "whole powers": lambda x, y: x**5 - y**-7 + x**0 - x**6 * y**1,
    "other powers": lambda x, y: x**2.5 + x**y,
    "newton": lambda x, y: x - (x**3 - 1) / (3 * x**2),
    "waves": lambda x, y: enp_like(x).exp(2j * x.real) * enp_like(x).conj(y),
    "angles": lambda x, y: enp_like(x).angle(x) + enp_like(x).abs(y),
    "unit": lambda x, y: enp_like(x).sign(x),
    "finite": lambda x, y: enp_like(x).isfinite(y) | enp_like(x).isnan(y),
    "truth": lambda x, y: enp_like(x).where(x.astype(bool), x, y),
    "mean": lambda x, y: x.mean(axis=0),
    "product": lambda x, y: x.prod(axis=1),
    "variance": lambda x, y: x.var(axis=1) + x.std(axis=1),
    "sum of roots": lambda x, y: enp_like(x).sqrt(x).sum(),
}


def enp_like(x: Any) -> Any:
    """The functions for arrays of this kind."""
    return np if isinstance(x, np.ndarray) else enp


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_run_in_kernels_and_give_numpys_numbers(name: str, dtype: str) -> None:
    x, y = Z.astype(dtype)
    with np.errstate(all="ignore"):
        wanted = np.asarray(PROGRAMS[name](x, y))
    with config(tier="compiled"):
        before = stats()["interpreted_ops"]
        found = np.asarray(PROGRAMS[name](enp.array(x), enp.array(y)))
        assert stats()["interpreted_ops"] == before
    assert found.dtype == wanted.dtype
    near = 2e-5 if dtype == "complex64" else 1e-13
    np.testing.assert_allclose(found, wanted, rtol=near, atol=near)


def test_the_real_part_is_what_a_real_dtype_takes() -> None:
    x = Z[0]
    with pytest.warns(np.exceptions.ComplexWarning):
        wanted = x.astype(np.float32)
    with config(tier="compiled"):
        before = stats()["interpreted_ops"]
        with pytest.warns(np.exceptions.ComplexWarning):
            found = enp.array(x).astype(np.float32) + 0.0
        np.testing.assert_array_equal(np.asarray(found), wanted)
        assert stats()["interpreted_ops"] == before
