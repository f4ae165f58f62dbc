"""Reductions: the values of NumPy, in one order whoever computes them."""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from by_hand import (
    INTEGERS,
    KINDS,
    REALS,
    layer_norm,
    reduce_with,
    reductions,
    run,
    softmax,
)

from engine.kernels import pool
from engine.kernels.backend import Backend, UnsupportedKernel
from engine.kernels.kernel import Kernel, Layout
from engine.kernels.reference import backend as reference

LENGTHS = (0, 1, 31, 32, 33, 4096, 4097, 100_000)
NEEDS_ELEMENTS = ("max", "min", "argmax", "argmin")
FORMS = ("row", "column")

pytestmark = pytest.mark.usefixtures("threads")


def values(dtype: str, rows: int, length: int) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(length)
    if dtype == "bool":
        return rng.random((rows, length)) < 0.5
    if dtype in INTEGERS:
        info = np.iinfo(dtype)
        return rng.integers(info.min, info.max, (rows, length), dtype, endpoint=True)
    return (rng.standard_normal((rows, length)) + 0.01).astype(dtype)


def oracle(kind: str, x: np.ndarray[Any, Any]) -> Any:
    """NumPy's result; sums and products of floats in float64, then rounded."""
    if kind not in ("sum", "prod") or x.dtype == bool:
        return getattr(np, kind)(x, axis=1)
    if x.dtype.kind in "iu":
        return getattr(np, kind)(x, axis=1, dtype=x.dtype)
    return getattr(np, kind)(x, axis=1, dtype="float64").astype(x.dtype)


def close(got: Any, expected: Any, single: float) -> None:
    """Equal, or within rounding: `single` for types less precise than float64."""
    assert got.dtype == expected.dtype
    if got.dtype.kind in "fc":
        limit = 1e-12 if got.dtype == "float64" else single
        np.testing.assert_allclose(got, expected, rtol=limit, atol=limit)
    else:
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dtype", ["float64", "float32", "int8", "bool"])
def test_every_kind_at_lengths_around_lanes_and_blocks(
    dtype: str, form: str, backend: Backend
) -> None:
    kernel = reductions(KINDS, dtype, form)
    for length in LENGTHS:
        x = values(dtype, 3, length)
        if dtype in REALS:  # near 1, so that products stay finite
            x = np.exp(x / max(length, 1)).astype(dtype)
        for kind, got in zip(KINDS, reduce_with(kernel, x, backend), strict=True):
            if length or kind not in NEEDS_ELEMENTS:
                close(got, oracle(kind, x), 2e-3 if kind == "prod" else 1e-5)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dtype", sorted({*INTEGERS, *REALS, "float16"}))
def test_every_dtype_computed_on_the_way(
    dtype: str, form: str, backend: Backend
) -> None:
    x = values(dtype, 2, 3000)
    kinds = ("sum", "max", "argmin")
    results = reduce_with(
        reductions(kinds, dtype, form, computed=True), x, backend=backend
    )
    for kind, got in zip(kinds, results, strict=True):
        close(got, oracle(kind, x), 2e-3 if dtype == "float16" else 1e-4)


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_complex_sums_and_products(dtype: str, backend: Backend) -> None:
    x = values("float64", 2, 20_006).view("complex128").astype(dtype)
    factors = np.exp(x / 100).astype(dtype)
    near = 1e-4 if x.itemsize == 8 else 1e-12
    for form, computed in itertools.product(FORMS, (False, True)):
        kernel = reductions(("sum", "prod"), dtype, form, computed)
        got, _ = reduce_with(kernel, x, backend)
        np.testing.assert_allclose(got, x.sum(1), near)
        _, got = reduce_with(kernel, factors, backend)
        np.testing.assert_allclose(got, factors.prod(1), 30 * near)
    with pytest.raises(UnsupportedKernel, match="max of complex"):
        backend.emit(reductions(("max",), dtype, "row"))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("computed", [False, True])
def test_nan_wins_and_the_first_one_has_the_position(
    form: str, computed: bool, backend: Backend
) -> None:
    x = values("float64", 5, 9000)
    x[1, 8999] = x[2, 5000] = x[2, 5001] = x[3, 0] = np.nan
    x[4, 17] = x[4, 4500] = np.inf
    results = reduce_with(
        reductions(NEEDS_ELEMENTS, "float64", form, computed), x, backend=backend
    )
    for kind, got in zip(NEEDS_ELEMENTS, results, strict=True):
        np.testing.assert_array_equal(got, getattr(np, kind)(x, axis=1))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("dtype", "length"), [("int16", 10_000), ("bool", 100_000)])
def test_equal_extremes_give_the_first_position(
    form: str, dtype: str, length: int, backend: Backend
) -> None:
    x = np.zeros((2, length), dtype)
    x[1, 7777:] = 1
    highest, lowest = reduce_with(
        reductions(("argmax", "argmin"), dtype, form), x, backend=backend
    )
    assert highest.tolist() == [0, 7777]
    assert lowest.tolist() == [0, 0]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_extremes_see_a_nan_and_the_sign_of_a_zero_in_every_lane(
    dtype: str, form: str, backend: Backend
) -> None:
    kernel = reductions(("max", "min"), dtype, form)
    length = 70
    lane = np.eye(length, dtype=bool)
    nan = np.where(lane, np.nan, -1.0)
    for found in reduce_with(kernel, nan.astype(dtype), backend):
        assert np.isnan(found).all()
    highest, _ = reduce_with(kernel, np.where(lane, 0.0, -0.0).astype(dtype), backend)
    _, lowest = reduce_with(kernel, np.where(lane, -0.0, 0.0).astype(dtype), backend)
    assert not (highest.any() or np.signbit(highest).any())
    assert not lowest.any() and np.signbit(lowest).all()
    mixed = np.where(lane, 0.0, -1.0).astype(dtype)
    mixed[::2, :] *= -1
    highest, lowest = reduce_with(kernel, mixed, backend)
    assert highest.tolist() == [1.0, 0.0] * (length // 2)
    assert lowest.tolist() == [0.0, -1.0] * (length // 2)
    assert np.signbit(highest).tolist() == [False, False] * (length // 2)
    assert np.signbit(lowest).all()


@pytest.mark.parametrize("dtype", ["float64", "float32", "int8", "uint16"])
@pytest.mark.parametrize("kinds", [("max", "argmin"), ("sum", "min", "argmax")])
def test_columns_in_memory_of_any_number(dtype: str, kinds: tuple[str, ...]) -> None:
    """Rows are combined as vectors, where there is no NaN and no zero to look after."""
    kernel = reductions(kinds, dtype, "column")
    for columns, length in ((1, 40), (15, 33), (17, 100), (300, 4500)):
        x = values(dtype, columns, length)
        for look in range(4 if dtype in REALS else 1):
            if look == 1:
                x = np.copysign(np.round(x), x)
            elif look == 2:
                x[:, length // 2] = -np.nan
            elif look == 3:
                x[:] = -np.inf
            wanted = reduce_with(kernel, x, reference)
            for got, right in zip(reduce_with(kernel, x), wanted, strict=True):
                np.testing.assert_array_equal(got, right)
                zeros = got == 0
                assert (np.signbit(got) == np.signbit(right))[zeros].all()


@pytest.mark.parametrize("form", FORMS)
def test_sums_and_products_of_bools_are_any_and_all(
    form: str, backend: Backend
) -> None:
    kernel = reductions(("sum", "prod"), "bool", form, counting=False)
    x = np.ones((3, 256), bool)  # a sum of bytes would wrap around to 0
    x[1, 1:], x[2] = False, False
    sums, products = reduce_with(kernel, x, backend)
    assert sums.tolist() == [True, True, False]
    assert products.tolist() == [True, False, False]


@pytest.mark.parametrize("form", FORMS)
def test_float_sums_are_compensated_between_blocks(form: str, backend: Backend) -> None:
    x = np.full((1, 4096 * 50), 1e-16)
    x[0, 0] = 1.0
    x[0, 1:4096] = 0.0
    (got,) = reduce_with(reductions(("sum",), "float64", form), x, backend)
    assert got[0] == math.fsum(x[0])


@pytest.mark.parametrize("form", FORMS)
def test_sums_of_zeros_and_infinities(form: str, backend: Backend) -> None:
    kernel = reductions(("sum",), "float64", form)
    x = np.full((4, 5000), -0.0)
    x[1] = 1e306
    x[2, 4500] = -np.inf
    x[3, 10], x[3, 4999] = np.inf, -np.inf
    (got,) = reduce_with(kernel, x, backend)
    assert np.signbit(got[0]) and got[0] == 0
    assert got[1] == np.inf and got[2] == -np.inf and np.isnan(got[3])
    (empty,) = reduce_with(kernel, x[:1, :0], backend)
    assert not np.signbit(empty[0])


def bits(kernel: Kernel, x: np.ndarray[Any, Any], threads: int) -> list[bytes]:
    pool.set_num_threads(threads)
    return [out.tobytes() for out in reduce_with(kernel, x)]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("shape", [(1, 300_000), (3, 100_001), (5000, 70)])
def test_threads_do_not_change_bits(form: str, shape: Any) -> None:
    x = np.exp(values("float64", *shape) / shape[1])
    kernel = reductions(KINDS, "float64", form)
    alone = bits(kernel, x, 1)
    assert all(bits(kernel, x, threads) == alone for threads in (2, 3, 8))
    assert [out.tobytes() for out in reduce_with(kernel, x, reference)] == alone


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("threads", [1, 3])
def test_minus_zero_is_below_zero(
    dtype: str, form: str, threads: int, backend: Backend
) -> None:
    pool.set_num_threads(threads)
    x = np.full((5, 100_000), -0.0, dtype)
    x[0, 5] = x[1, :70_000] = x[2, 99_999] = x[3] = 0.0
    kernel = reductions(NEEDS_ELEMENTS, dtype, form)
    highest, lowest, *positions = reduce_with(kernel, x, backend)
    assert np.signbit(highest).tolist() == np.signbit(x).all(1).tolist()
    assert np.signbit(lowest).tolist() == np.signbit(x).any(1).tolist()
    assert not np.any(positions)


@pytest.mark.parametrize("form", FORMS)
def test_a_value_computed_on_the_way_sums_to_the_same_bits(form: str) -> None:
    x = values("float64", 3, 50_000)
    plain = bits(reductions(("sum",), "float64", form), x, 1)
    assert bits(reductions(("sum",), "float64", form, computed=True), x, 1) == plain


def merge(lanes: list[float], until: int) -> list[float]:
    """A balanced tree: k with k + half."""
    while len(lanes) > until:
        half = len(lanes) // 2
        lanes = [lanes[k] + lanes[k + half] for k in range(half)]
    return lanes


def add_up(numbers: Iterable[float]) -> float:
    """One after the other; `sum` of Python 3.12 and later compensates."""
    return functools.reduce(operator.add, numbers, -0.0)


def test_the_order_is_that_of_the_docstring(backend: Backend) -> None:
    """Lanes, tree and blocks, written out in plain Python."""
    x = values("float64", 1, 10_000)[0]
    total = rest = 0.0
    for start in range(0, len(x), 4096):
        block = x[start : start + 4096].tolist()
        few = [block[k : k + 256] for k in range(0, len(block), 256)]
        eights = [
            merge([add_up(part[lane::32]) for lane in range(32)], until=8)
            for part in few
        ]
        fours = [
            [add_up(lane) for lane in zip(*eights[k : k + 4], strict=True)]
            for k in range(0, len(eights), 4)
        ]
        (added,) = merge([add_up(lane) for lane in zip(*fours, strict=True)], until=1)
        new = total + added
        bigger, smaller = sorted((total, added), key=abs, reverse=True)
        rest += (bigger - new) + smaller
        total = new
    (got,) = reduce_with(
        reductions(("sum",), "float64", "row"), x[None], backend=backend
    )
    assert got[0] == total + rest


@pytest.mark.parametrize("length", [100, 512, 1000, 4096, 50_000])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_sums_are_no_less_accurate_than_numpys(dtype: str, length: int) -> None:
    """Of equal numbers by far; else as good, as the last rounding counts most."""
    rng = np.random.default_rng(1)
    kernel = reductions(("sum",), dtype, "row")
    for numbers, ratio in (
        (np.repeat(rng.random((60, 1)), length, axis=1), 0.9),
        (rng.random((60, length)), 1.25),
        (rng.normal(size=(60, length)), 1.25),
    ):
        x = numbers.astype(dtype)
        (got,) = reduce_with(kernel, x)
        assert root_mean_square(got, x) <= ratio * root_mean_square(x.sum(1), x)


def root_mean_square(sums: Any, x: np.ndarray[Any, Any]) -> float:
    """The errors of sums of rows, over the sums of the sizes of their elements."""
    errors = [
        (float(found) - math.fsum(row)) / math.fsum(map(abs, row))
        for found, row in zip(sums, x.astype(np.float64).tolist(), strict=True)
    ]
    return math.sqrt(math.fsum(e * e for e in errors))


@pytest.mark.parametrize("shape", [(100, 100), (7, 5000), (1, 400_000)])
@pytest.mark.parametrize("threads", [1, 3])
def test_softmax_is_one_kernel(shape: Any, threads: int) -> None:
    pool.set_num_threads(threads)
    x, out = values("float64", *shape), np.zeros(shape)
    run(softmax(), Layout(shape, ((0, shape[1]), (0, shape[1]))), [x, out])
    exponents = np.exp(x - x.max(1, keepdims=True))
    np.testing.assert_allclose(out, exponents / exponents.sum(1, keepdims=True), 1e-12)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("shape", [(100, 100), (4, 30_000), (700, 3), (1, 400_000)])
@pytest.mark.parametrize("threads", [1, 3])
def test_layer_norm_is_one_kernel(form: str, shape: Any, threads: int) -> None:
    pool.set_num_threads(threads)
    x, weight, bias = values("float64", *shape), *values("float64", 2, shape[1])
    mean, variance = x.mean(1, keepdims=True), x.var(1, keepdims=True)
    expected = (x - mean) / np.sqrt(variance + 1e-5) * weight + bias
    data = x if form == "row" else np.ascontiguousarray(x.T)
    out = np.zeros_like(data)
    across = (0, shape[1] if form == "row" else shape[0])
    along = (0,) if form == "row" else (0, 1)
    run(
        layer_norm(form),
        Layout(shape, (across, along, along, across)),
        [data, weight, bias, out],
        (float(shape[1]), 1e-5),
    )
    got = out if form == "row" else out.T
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-11)
