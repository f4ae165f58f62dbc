"""Kernels on a CUDA device do what NumPy does; skipped where there is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from by_hand import KINDS, elementwise, layer_norm, reductions, softmax

from engine.kernels.cuda import available, hardware
from engine.kernels.kernel import Kernel, Layout

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not available(), reason="no CUDA device or driver"),
    pytest.mark.filterwarnings("ignore"),
]


def run(kernel: Kernel, layout: Layout, arrays: list[Any], scalars: Any = ()) -> Any:
    """The last array, after a launch on copies in the memory of the device."""
    from engine.kernels.cuda.backend import backend

    copies = [hardware().DeviceArray.of(array) for array in arrays]
    launcher = backend.compile(kernel).bind(layout)
    launcher([copy.pointer for copy in copies], scalars)
    return [copy.numpy() for copy in copies]


@pytest.mark.parametrize("dtype", ["int32", "float32", "float64"])
@pytest.mark.parametrize("length", [0, 1, 1000, 1_000_003])
def test_maps(dtype: str, length: int) -> None:
    x = np.arange(length).astype(dtype)
    kernel = elementwise("x0 * x1 + s0", dtype, dtype, dtype, scalars=(dtype,))
    layout = Layout((length,), ((0,), (0,), (0,)))
    given = [x, x, np.zeros_like(x)]
    result = run(kernel, layout, given, [np.dtype(dtype).type(3)])[-1]
    np.testing.assert_allclose(result, x * x + np.dtype(dtype).type(3), rtol=1e-6)


@pytest.mark.parametrize("length", [7, 1000, 100_000])
def test_softmax(length: int) -> None:
    x = np.random.default_rng(0).normal(size=(13, length))
    layout = Layout((13, length), ((0, length), (0, length)))
    result = run(softmax(), layout, [x, np.zeros_like(x)])[-1]
    powers = np.exp(x - x.max(1, keepdims=True))
    np.testing.assert_allclose(
        result, powers / powers.sum(1, keepdims=True), rtol=1e-12
    )


def test_layer_norm_of_columns() -> None:
    x = np.random.default_rng(0).normal(size=(300, 77))
    ones, zeros = np.ones(300), np.zeros(300)
    layout = Layout((77, 300), ((0, 77), (0, 1), (0, 1), (0, 77)))
    given = [x, ones, zeros, np.zeros_like(x)]
    result = run(layer_norm("column"), layout, given, [300.0, 1e-5])[-1]
    expected = (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5)
    np.testing.assert_allclose(result, expected, rtol=1e-10)


def test_long_rows_shared_by_blocks() -> None:
    x = np.random.default_rng(0).normal(size=(3, 1_000_003))
    kernel = reductions(("sum", "max", "squared_deviations"), "float64", "row")
    layout = Layout(x.shape, ((0, x.shape[1]), *[(0,)] * 3))
    for _ in range(2):  # the tickets are 0 again after a launch
        results = run(kernel, layout, [x, *(np.zeros(3) for _ in range(3))])
        _, sums, largest, deviations = results
        np.testing.assert_allclose(deviations, x.var(1) * x.shape[1], rtol=1e-13)
        np.testing.assert_allclose(sums, x.sum(1), rtol=1e-12)
        np.testing.assert_array_equal(largest, x.max(1))


def test_long_columns_shared_by_blocks() -> None:
    x = np.random.default_rng(0).normal(size=(100_003, 45))
    kernel = reductions(("sum", "max", "squared_deviations"), "float64", "column")
    layout = Layout(x.shape[::-1], ((0, x.shape[1]), *[(0,)] * 3))
    for _ in range(2):
        results = run(kernel, layout, [x, *(np.zeros(45) for _ in range(3))])
        _, sums, largest, deviations = results
        np.testing.assert_allclose(deviations, x.var(0) * x.shape[0], rtol=1e-13)
        np.testing.assert_allclose(sums, x.sum(0), rtol=1e-11)
        np.testing.assert_array_equal(largest, x.max(0))


@pytest.mark.parametrize("form", ["row", "column"])
@pytest.mark.parametrize("length", [1, 45, 3000])
def test_squared_deviations_of_values_far_from_zero(form: str, length: int) -> None:
    x = np.random.default_rng(0).normal(size=(11, length)) + 1e8
    kernel = reductions(("squared_deviations",), "float64", form)
    data = x if form == "row" else np.ascontiguousarray(x.T)
    stride = length if form == "row" else 11
    layout = Layout(x.shape, ((0, stride), (0,)))
    _, result = run(kernel, layout, [data, np.zeros(11)])
    np.testing.assert_allclose(result, x.var(1) * length, rtol=1e-13)


@pytest.mark.parametrize("form", ["row", "column"])
def test_reductions(form: str) -> None:
    x = np.random.default_rng(0).integers(-2, 3, (11, 3000)).astype("float32")
    x[3, 100] = np.nan
    kernel = reductions(KINDS, "float32", form)
    outs = [np.zeros(11, argument.dtype) for argument in kernel.arguments[1:]]
    data = x if form == "row" else np.ascontiguousarray(x.T)
    stride = 3000 if form == "row" else 11
    layout = Layout((11, 3000), ((0, stride), *[(0,)] * len(outs)))
    results = run(kernel, layout, [data, *outs])[1:]
    for kind, result in zip(KINDS, results, strict=True):
        np.testing.assert_allclose(result, getattr(np, kind)(x, axis=1), rtol=1e-6)
