"""Squared deviations: in one walk, as accurate as in two, in one order."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from by_hand import reduce_with, reductions

from engine.kernels import pool
from engine.kernels.backend import Backend, UnsupportedKernel
from engine.kernels.cpu import launch
from engine.kernels.cpu.emit import emit
from engine.kernels.reference import backend as reference
from engine.kernels.reference.fused import fused

pytestmark = pytest.mark.usefixtures("threads")

FORMS = ("row", "column")
LENGTHS = (0, 1, 17, 33, 1023, 1025, 4097, 9000)

SAMPLES: dict[str, Any] = {
    "noise": lambda noise: noise,
    "far from zero": lambda noise: noise + 1e8,
    "farther": lambda noise: 30 * noise + 1e12,
    "a slope": lambda noise: np.arange(len(noise)) + noise,
    "one far away": lambda noise: np.where(noise == noise[0], 1e10, noise),
    "small beside its mean": lambda noise: 1 + noise / 1e3,
}


def exact(values: np.ndarray[Any, Any]) -> Fraction:
    """The squared deviations without rounding: n * sum(x * x) - sum(x) ** 2, over n."""
    scaled = [Fraction(float(value)) for value in values]
    total, squares = sum(scaled), sum(value * value for value in scaled)
    return squares - Fraction(total) ** 2 / len(scaled)


def distance(found: Any, wanted: Fraction) -> float:
    """The relative error, in units of the dtype's epsilon."""
    epsilon = float(np.finfo(found.dtype).eps)
    return float(abs(Fraction(float(found)) - wanted) / wanted) / epsilon


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", SAMPLES)
def test_no_less_accurate_than_numpy(form: str, name: str, backend: Backend) -> None:
    x = SAMPLES[name](np.random.default_rng(5).normal(size=9000))
    wanted = exact(x)
    kernel = reductions(("squared_deviations",), "float64", form)
    (found,) = reduce_with(kernel, x[None, :], backend)
    of_numpy = distance(np.var(x) * x.size, wanted)
    assert distance(found[0], wanted) <= max(of_numpy, 2.0)


@pytest.mark.parametrize("form", FORMS)
def test_float32_far_from_zero(form: str, backend: Backend) -> None:
    noise = np.random.default_rng(5).normal(size=9000)
    x = (noise + 10_000).astype(np.float32)
    kernel = reductions(("squared_deviations",), "float32", form)
    (found,) = reduce_with(kernel, x[None, :], backend)
    assert distance(found[0], exact(x)) < 4.0
    assert not reduce_with(kernel, np.full((1, 9000), 0.1, np.float32), backend)[0]


def unlike_rows(dtype: str, length: int) -> np.ndarray[Any, Any]:
    """Rows of all sizes, one with an infinity and one with a NaN."""
    noise = np.random.default_rng(length).normal(size=(8, length))
    scales = np.array([1, 1e3, 1, 1e-20, 0, 1e30, 1, 1])[:, None]
    centers = np.array([5, 1e6, -1e4, 0, 0.1, 1e35, 0, 0])[:, None]
    x: np.ndarray[Any, Any] = (noise * scales + centers).astype(dtype)
    if length:
        x[6, length // 2], x[7, length - 1] = np.inf, np.nan
    return x


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("computed", [False, True])
def test_the_same_bits_from_all_who_compute_them(
    form: str, dtype: str, computed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = reductions(("squared_deviations", "sum"), dtype, form, computed)
    for length in LENGTHS:
        x = unlike_rows(dtype, length)
        with np.errstate(all="ignore"):
            wanted = reduce_with(kernel, x, reference)
        pool.set_num_threads(1)
        alone = reduce_with(kernel, x)
        pool.set_num_threads(3)
        with monkeypatch.context() as patch:
            patch.setattr(launch, "SPLIT", 0)
            shared = reduce_with(kernel, x)
        for of_numpy, one, many in zip(wanted, alone, shared, strict=True):
            np.testing.assert_array_equal(one, of_numpy)
            np.testing.assert_array_equal(many, of_numpy)


def test_the_first_chunk_of_a_block_is_summed_once_for_sum_and_mean() -> None:
    text = emit(reductions(("squared_deviations", "sum"), "float64", "row"))
    once = text.index("new0 = merge_sum(lanes1)")
    assert text.index("lanes_sum(lanes1,") < once < text.index("lanes_sum(lanes0,")


@pytest.mark.parametrize("form", FORMS)
def test_what_is_too_large_is_infinite_as_numpy_says(
    form: str, backend: Backend
) -> None:
    largest = np.finfo(float).max
    x = np.full((3, 5000), largest / 2)
    x[1] = 1e200
    x[1, ::2] = -1e200
    x[2, 4500] = np.inf
    kernel = reductions(("squared_deviations",), "float64", form)
    with np.errstate(all="ignore"):
        (found,) = reduce_with(kernel, x, backend)
    assert found[:2].tolist() == [np.inf, np.inf]
    assert np.isnan(found[2])


def test_only_of_real_floats(backend: Backend) -> None:
    for dtype in ("int64", "bool", "complex128"):
        kernel = reductions(("squared_deviations",), dtype, "row")
        with pytest.raises(UnsupportedKernel, match=f"squared_deviations of {dtype}"):
            backend.emit(kernel)


# -- fused multiply-adds by NumPy ------------------------------------------------------
def rounded(number: Fraction, dtype: type[np.floating[Any]]) -> np.floating[Any]:
    """The float that is nearest to a number, of two the one whose last bit is 0."""
    near = dtype(float(number))
    around = [near, *(np.nextafter(near, dtype(end)) for end in (-np.inf, np.inf))]

    def away(x: Any) -> tuple[Fraction, int]:
        bits = x.view("i4" if dtype is np.float32 else "i8")
        return abs(Fraction(float(x)) - number), int(bits & 1)

    return min([x for x in around if np.isfinite(x)], key=away)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_multiply_adds_of_the_reference_are_rounded_once(dtype: Any) -> None:
    rng = np.random.default_rng(1)
    sizes = (0, 3) if dtype is np.float32 else (0, 3, 40, 120, 150)
    for size in sizes:
        x, y, z = rng.normal(size=(3, 2000)) * 10.0 ** rng.uniform(-size, size, (3, 1))
        x, y, z = (part.astype(dtype) for part in (x, y, z))
        z[::2] = -(x * y)[::2]  # so that what the product lost is all that is left
        z[::8] *= dtype(1 + np.finfo(dtype).eps)
        found = fused(x, y, z)
        assert found.dtype == dtype
        for a, b, c, one in zip(x, y, z, found, strict=True):
            exact = Fraction(float(a)) * Fraction(float(b)) + Fraction(float(c))
            assert one == rounded(exact, dtype), (a, b, c)


def test_multiply_adds_of_the_reference_reach_the_ends_of_the_range() -> None:
    big, tiny = np.finfo(float).max, 5e-324
    x, y, z = np.array(
        [
            *([big, 2.0, -big], [big, 2.0, 0.0], [-big, big, 1.0], [tiny, 0.5, 0.0]),
            *([tiny, 0.75, 0.0], [1e-200, 1e-200, tiny], [0.0, -1.0, 0.0]),
            *([np.inf, 0.0, 1.0], [np.inf, 1.0, 1.0], [0.0, 1.0, np.nan]),
        ]
    ).T
    found = fused(x, y, z).tolist()
    wanted = [big, np.inf, -np.inf, 0.0, tiny, tiny, 0.0, np.nan, np.inf, np.nan]
    np.testing.assert_array_equal(found, wanted)
