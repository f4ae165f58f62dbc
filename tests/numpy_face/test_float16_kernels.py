"""float16 in kernels has NumPy's bits: every op is computed in float32 and rounded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import engine.numpy as enp
from engine import stats
from engine.config import config

ALL = np.arange(2**16, dtype=np.uint16).view(np.float16)
"""Every float16 there is."""

OTHERS = np.random.default_rng(2).permutation(ALL)

PROGRAMS: dict[str, Callable[..., Any]] = {
    "sum": lambda np, x, y: x + y,
    "difference": lambda np, x, y: x - y,
    "product": lambda np, x, y: x * y,
    "quotient": lambda np, x, y: x / y,
    "root": lambda np, x, y: np.sqrt(x),
    "comparisons": lambda np, x, y: (x < y) | (y >= 2) & (x == x) ^ (x != y),
    "chain": lambda np, x, y: (x * y + x) / y - x * 3.1 + np.square(y),
    "remainders": lambda np, x, y: np.remainder(x, y) + np.fmod(y, x),
    "extremes": lambda np, x, y: np.maximum(x, y) - np.minimum(x, 1.5),
    "rounded": lambda np, x, y: np.rint(x) + np.floor(y),
    "neighbours": lambda np, x, y: np.nextafter(x, y),
    "in float64": lambda np, x, y: x.astype("float64") * 1.1,
    "from float64": lambda np, x, y: (x.astype("float64") * 1.0001).astype("float16"),
    "in int32": lambda np, x, y: np.where(np.isfinite(x), x, 0.0).astype("int32"),
    "from int64": lambda np, x, y: np.arange(-70_000, 70_000, 3).astype("float16"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_all_numbers_have_numpys_bits(name: str) -> None:
    with np.errstate(all="ignore"):
        wanted = PROGRAMS[name](np, ALL, OTHERS)
    with config(tier="compiled"):
        before = stats()["interpreted_ops"]
        found = np.asarray(PROGRAMS[name](enp, enp.array(ALL), enp.array(OTHERS)))
        assert stats()["interpreted_ops"] == before
    assert found.dtype == wanted.dtype
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(found, wanted)
    if found.dtype.kind == "f":
        zero = wanted == 0
        np.testing.assert_array_equal(np.signbit(found[zero]), np.signbit(wanted[zero]))


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("name", ["sum", "mean", "std", "max", "argmin"])
def test_reductions_accumulate_in_float32(name: str, axis: int) -> None:
    x = np.random.default_rng(4).normal(size=(300, 200)).astype("float16")
    with config(tier="compiled"):
        found = np.asarray(getattr(enp.array(x), name)(axis=axis))
    exact = getattr(x.astype("float64"), name)(axis=axis)
    assert found.dtype == getattr(x, name)(axis=axis).dtype
    np.testing.assert_allclose(found, exact.astype(found.dtype), rtol=1e-3, atol=2e-3)


def test_a_sum_does_not_overflow_on_the_way() -> None:
    x = np.tile(np.array([60000, -60000], "float16"), 5000)
    x[:20] = 3000.0
    with config(tier="compiled"):
        assert enp.array(x).sum() == np.float16(60000)
