"""Matrix products in plans have the bits of NumPy's."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from planning import (
    Recorded,
    array,
    bits,
    check_bound,
    compiled_plans,
    op,
    parts,
    take_part,
    turned,
)

from engine.bound import NativeRows, PythonRow
from engine.kernels import pool
from engine.kernels.native import table
from engine.kernels.native.parts import SMALL, matmul
from engine.recipe import transposed, whole
from engine.record.trace import current_trace, renew
from engine.record.value import Value

pytestmark = pytest.mark.skipif(
    not table.available(), reason=f"no native runner: {table.reason()}"
)


@pytest.fixture(autouse=True)
def _compiled() -> Iterator[None]:
    with compiled_plans():
        yield


def stored(rng: np.random.Generator, shape: tuple[int, ...], dtype: str) -> Value:
    """A value of a shape, as a view that stands in memory in one of several ways."""
    way = rng.integers(4)
    if way == 0 or len(shape) < 2:
        return array(*shape, seed=int(rng.integers(100)), dtype=dtype)
    if way == 1:
        large = array(*(n + 3 for n in shape), dtype=dtype)
        return take_part(large, *(slice(1, 1 + n) for n in shape))
    axes = list(range(len(shape)))
    if way == 2:
        axes[-2:] = axes[:-3:-1]
    else:
        rng.shuffle(axes)
    base = array(*(shape[axes.index(k)] for k in range(len(shape))), dtype=dtype)
    recipe = transposed(whole(base.dtype, base.shape), axes)
    return op("view", base, attributes=(recipe,))


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
def test_products_have_the_bits_of_numpy(dtype: str) -> None:
    rng = np.random.default_rng(0)
    sizes, native = [1, 1, 2, 3, 8, 17, 64], 0
    for _ in range(150):
        renew(current_trace())
        m, k, n = map(int, rng.choice(sizes, 3))
        batch = tuple(map(int, rng.integers(1, 4, rng.integers(0, 3))))
        other = tuple(int(rng.choice([1, extent])) for extent in batch)
        x = stored(rng, (*batch, m, k) if rng.integers(9) else (k,), dtype)
        y = stored(rng, (*other, k, n) if rng.integers(9) else (k,), dtype)
        native += NativeRows in parts(check_bound(Recorded([op("matmul", x, y)])))
    assert native > (60 if "complex" in dtype else 100)  # NumPy loops over some


@pytest.fixture
def blas_threads() -> Iterator[Callable[[int], None]]:
    """Sets how many threads OpenBLAS has, until the end of the test."""
    extension = import_module("numpy._core._multiarray_umath")
    library = ctypes.CDLL(str(extension.__file__))
    try:
        get = library.scipy_openblas_get_num_threads64_
        put = library.scipy_openblas_set_num_threads64_
    except AttributeError:
        pytest.skip("this NumPy has another BLAS")
    before = get()
    yield put
    put(before)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "shape", [(64, 64, 128), (128, 64, 64), (100, 99, 98), (33, 90, 110), (9, 97, 406)]
)
def test_the_bits_of_small_products_do_not_depend_on_threads(
    dtype: str, shape: tuple[int, int, int], blas_threads: Callable[[int], None]
) -> None:
    m, k, n = shape
    for turn in (False, True):
        found = set()
        for threads in (1, 2, 4):
            blas_threads(threads)
            renew(current_trace())
            x = array(k, m, dtype=dtype) if turn else array(m, k, dtype=dtype)
            product = op("matmul", turned(x) if turn else x, array(k, n, dtype=dtype))
            recorded = Recorded([product])
            plan = check_bound(recorded)
            assert parts(plan) == [NativeRows]
            found.update(map(bits, recorded.run(plan).values()))
        assert len(found) == 1


def test_products_in_parts_are_products() -> None:
    rng = np.random.default_rng(0)
    shapes = (64, 64, 128), (128, 64, 64), (24, 200, 90), (31, 97, 101), (9, 97, 406)
    for m, k, n in shapes:
        x, y = rng.integers(-9, 9, (m, k)) * 1.0, rng.integers(-9, 9, (k, n)) * 1.0
        want = np.einsum("ij,jk->ik", x, y)
        for left in (x, np.asfortranarray(x), np.repeat(x, 2, 1)[:, ::2]):
            assert np.array_equal(matmul(left, y), want)


def test_a_matrix_times_its_own_transpose_is_symmetric() -> None:
    x = np.random.default_rng(0).normal(size=(80, 100))
    assert SMALL < 80 * 100 * 80
    product = matmul(x, x.T)
    assert np.array_equal(product, product.T)


def test_products_of_heads_are_shared_among_threads() -> None:
    q, k = array(4, 60, 8, 16), array(4, 60, 8, 16, seed=1)
    axes = whole(q.dtype, q.shape)
    left = op("view", q, attributes=(transposed(axes, (0, 2, 1, 3)),))
    right = op("view", k, attributes=(transposed(axes, (0, 2, 3, 1)),))
    pool.set_num_threads(3)
    assert parts(check_bound(Recorded([op("matmul", left, right)]))) == [NativeRows]


@pytest.mark.parametrize("name", ["inf", "nan", "zeros"])
def test_products_treat_special_values_as_numpy_does(name: str) -> None:
    for shape in [(3, 4), (1, 4), (3, 1), (1, 1)]:
        x, y = array(*shape), array(shape[1], 5)
        assert x.buffer is not None
        x.buffer[0, 0] = {"inf": np.inf, "nan": np.nan, "zeros": -0.0}[name]
        recorded = Recorded([op("matmul", x, y)])
        check_bound(recorded)


@pytest.mark.parametrize(
    ("x", "y"), [((0, 3), (3, 2)), ((2, 0), (0, 3)), ((0, 2, 2), (2, 2)), ((0,), (0,))]
)
def test_empty_products_are_left_to_numpy(x: Any, y: Any) -> None:
    recorded = Recorded([op("matmul", array(*x), array(*y))])
    assert parts(check_bound(recorded)) == [PythonRow]


def test_a_matrix_times_its_own_transpose_is_left_to_numpy() -> None:
    x = array(20, 30)  # NumPy calls another routine for it
    assert parts(check_bound(Recorded([op("matmul", x, turned(x))]))) == [PythonRow]
