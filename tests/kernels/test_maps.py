"""Map kernels do what NumPy does, for every layout and dtype."""

from __future__ import annotations

import itertools
import struct
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from by_hand import COMPLEX, INTEGERS, REALS, elementwise, run

from engine.kernels.backend import Backend, UnsupportedKernel
from engine.kernels.counts import COUNTS
from engine.kernels.cpu import backend as cpu
from engine.kernels.kernel import (
    IOTA,
    Access,
    Argument,
    Compute,
    Gather,
    Kernel,
    Layout,
    Load,
    Store,
)

READ = Argument("float64", "read")
WRITE = Argument("float64", "write")


def random(*shape: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(sum(shape)).standard_normal(shape)


def outer_sum(axes: int, first: Any, second: Any) -> Kernel:
    """``out = x + y`` over `axes` axes with the given stride classes."""
    output = ("n",) * (axes - 1) + ("1",)
    return Kernel(
        "add",
        "map",
        axes,
        0,
        (READ, READ, WRITE),
        (Access(0, first), Access(1, second), Access(2, output)),
        (),
        (
            Load("x0", 0),
            Load("x1", 1),
            Compute("t0", "float64", "x0 + x1"),
            Store(2, "t0"),
        ),
    )


def test_a_column_and_a_row_broadcast(backend: Backend) -> None:
    kernel = outer_sum(2, ("1", "0"), ("0", "1"))
    x, y, out = random(37), random(1001), np.zeros((37, 1001))
    run(
        kernel,
        Layout((37, 1001), ((0,), (0,), (0, 1001))),
        [x, y, out],
        backend=backend,
    )
    np.testing.assert_array_equal(out, x[:, None] + y)


def test_strides_may_be_large_zero_or_negative(backend: Backend) -> None:
    kernel = outer_sum(2, ("n", "n"), ("n", "n"))
    x, y = random(12, 20), random(20, 30)
    out = np.zeros((6, 10))
    # x[::-2, ::2] starts at its last row; y[9::-1, 3:27:4][:10, :6].T
    layout = Layout((6, 10), ((11 * 20, -40, 2), (9 * 30 + 3, 4, -30), (0, 10)))
    run(kernel, layout, [x, y, out], backend=backend)
    np.testing.assert_array_equal(out, x[::-2, ::2] + y[9::-1, 3:27:4].T)


def test_four_axes_are_walked_in_c_order(backend: Backend) -> None:
    kernel = outer_sum(4, ("n", "n", "n", "1"), ("0", "n", "0", "1"))
    x, y, out = random(3, 4, 5, 6), random(4, 6), np.zeros((3, 4, 5, 6))
    layout = Layout((3, 4, 5, 6), ((0, 120, 30, 6), (0, 6), (0, 120, 30, 6)))
    run(kernel, layout, [x, y, out], backend=backend)
    np.testing.assert_array_equal(out, x + y[:, None, :])


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize(
    "shape", [(2, 200_001), (200_001, 2), (1, 300_000), (7, 51_234)]
)
def test_long_rows_and_short_rows_are_shared_among_threads(shape: Any) -> None:
    from engine.kernels import pool

    pool.set_num_threads(4)
    kernel = outer_sum(2, ("n", "1"), ("0", "1"))
    x, y, out = random(*shape), random(shape[1]), np.zeros(shape)
    n = shape[1]
    run(kernel, Layout(shape, ((0, n), (0,), (0, n))), [x, y, out])
    np.testing.assert_array_equal(out, x + y)


@pytest.mark.parametrize("shape", [(3, 4, 5), (2, 1, 7), (6, 5, 1), (2, 3, 4, 5)])
def test_chunks_may_end_anywhere_in_a_plane_or_a_row(shape: Any) -> None:
    axes, size = len(shape), int(np.prod(shape))
    kernel = Kernel(
        "increment",
        "map",
        axes,
        0,
        (Argument("float64", "update"),),
        (Access(0, ("n",) * (axes - 1) + ("1",)),),
        (),
        (Load("x0", 0), Compute("t0", "float64", "x0 + 1.0"), Store(0, "t0")),
    )
    out = np.zeros(shape)
    strides = tuple(stride // 8 for stride in out.strides[:-1])
    launch = cpu.compile(kernel).bind(Layout(shape, ((0, *strides),)))
    words = struct.pack("=Q", out.ctypes.data) + launch.numbers
    for chunk in range(1, size + 1):
        for lo in range(0, size, chunk):
            launch.entry(None, None, words, lo, min(lo + chunk, size))
        np.testing.assert_array_equal(out, np.full(shape, float(chunk)))


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (0, 0)])
def test_an_extent_of_zero_writes_nothing(shape: Any, backend: Backend) -> None:
    out = np.full((5, 5), 7.0)
    kernel = outer_sum(2, ("n", "1"), ("0", "1"))
    run(kernel, Layout(shape, ((0, 5), (0,), (0, 5))), [out, out, out], backend=backend)
    assert (out == 7.0).all()


def test_no_axes_at_all_is_one_element(backend: Backend) -> None:
    kernel = Kernel(
        "add",
        "map",
        0,
        0,
        (READ, WRITE),
        (Access(0, ()), Access(1, ())),
        ("float64",),
        (Load("x0", 0), Compute("t0", "float64", "x0 + s0"), Store(1, "t0")),
    )
    x, out = random(4), np.zeros(4)
    run(kernel, Layout((), ((2,), (1,))), [x, out], (2.5,), backend=backend)
    assert out.tolist() == [0.0, x[2] + 2.5, 0.0, 0.0]


@pytest.mark.parametrize("dtype", INTEGERS)
def test_integers_wrap_around_as_numpy_does(dtype: str, backend: Backend) -> None:
    info = np.iinfo(dtype)
    values = [info.min, info.min + 1, 0, 1, 5, info.max - 1, info.max]
    x, y = np.array(list(itertools.product(values, values)), dtype).T.copy()
    out = np.zeros_like(x)
    kernel = elementwise("x0 * x1 + s0", dtype, dtype, dtype, scalars=(dtype,))
    run(kernel, Layout(x.shape, ((0,), (0,), (0,))), [x, y, out], (3,), backend=backend)
    np.testing.assert_array_equal(out, x * y + np.array(3, dtype))


@pytest.mark.parametrize("dtype", REALS + COMPLEX)
def test_floats_and_complex_numbers(dtype: str, backend: Backend) -> None:
    x, y = random(2, 1000).astype(dtype)
    s: Any = 1.5 if "float" in dtype else 1.5 - 2j
    out = np.zeros_like(x)
    kernel = elementwise("x0 * x1 - s0", dtype, dtype, dtype, scalars=(dtype,))
    run(kernel, Layout((1000,), ((0,), (0,), (0,))), [x, y, out], (s,), backend=backend)
    np.testing.assert_allclose(out, x * y - s, rtol=1e-5 if x.itemsize < 16 else 1e-14)


def test_float16_is_rounded_after_every_statement(backend: Backend) -> None:
    x, y = random(2, 1000).astype("float16")
    out = np.zeros_like(x)
    kernel = Kernel(
        "half",
        "map",
        1,
        0,
        (*[Argument("float16", "read")] * 2, Argument("float16", "write")),
        tuple(Access(k, ("1",)) for k in range(3)),
        ("float16",),
        (
            Load("x0", 0),
            Load("x1", 1),
            Compute("t0", "float16", "x0 * x1"),
            Compute("t1", "float16", "t0 + s0"),
            Store(2, "t1"),
        ),
    )
    run(
        kernel,
        Layout((1000,), ((0,), (0,), (0,))),
        [x, y, out],
        (0.5,),
        backend=backend,
    )
    np.testing.assert_array_equal(out, x * y + np.float16(0.5))


def test_bools_are_bytes_of_zero_and_one(backend: Backend) -> None:
    x, y = random(2, 100)
    out = np.zeros(100, bool)
    kernel = elementwise("x0 < x1", "float64", "float64", "bool")
    run(kernel, Layout((100,), ((0,), (0,), (0,))), [x, y, out], backend=backend)
    np.testing.assert_array_equal(out, x < y)
    again = np.zeros(100)
    kernel = elementwise("select(x0 != s0, x1, 7.0)", "bool", "float64", "float64")
    kernel = replace(kernel, scalars=("bool",))
    run(
        kernel,
        Layout((100,), ((0,), (0,), (0,))),
        [out, y, again],
        (True,),
        backend=backend,
    )
    np.testing.assert_array_equal(again, np.where(~out, y, 7.0))


def test_scalars_of_all_dtypes_reach_the_kernel(backend: Backend) -> None:
    dtypes = (*INTEGERS, *REALS, "bool")
    text = " + ".join(f"s{k} * {10.0**k}" for k in range(len(dtypes)))
    kernel = elementwise(f"x0 + {text}", "float64", "float64", scalars=dtypes)
    x, out = np.zeros(3), np.zeros(3)
    scalars = [-1, -2, -3, -4, 1, 2, 3, 4, 0.5, 0.25, True]
    run(kernel, Layout((3,), ((0,), (0,))), [x, out], scalars, backend=backend)
    np.testing.assert_allclose(out, sum(s * 10.0**k for k, s in enumerate(scalars)))


def test_one_kernel_may_have_several_outputs(backend: Backend) -> None:
    kernel = Kernel(
        "both",
        "map",
        1,
        0,
        (READ, WRITE, Argument("int32", "write")),
        (Access(0, ("1",)), Access(1, ("1",)), Access(2, ("n",))),
        (),
        (
            Load("x0", 0),
            Compute("t0", "float64", "x0 * 2.0"),
            Store(1, "t0"),
            Compute("t1", "int32", "t0 + 100.5"),
            Store(2, "t1"),
        ),
    )
    x, y, z = random(50), np.zeros(50), np.zeros(100, "int32")
    run(kernel, Layout((50,), ((0,), (0,), (0, 2))), [x, y, z], backend=backend)
    np.testing.assert_array_equal(y, x * 2)
    np.testing.assert_array_equal(z[::2], (x * 2 + 100.5).astype("int32"))
    assert not z[1::2].any()


def test_a_buffer_that_is_read_and_written_is_one_argument(backend: Backend) -> None:
    kernel = Kernel(
        "update",
        "map",
        1,
        0,
        (Argument("float64", "update"),),
        (Access(0, ("1",)), Access(0, ("1",))),
        (),
        (Load("x0", 0), Compute("t0", "float64", "x0 * x0"), Store(1, "t0")),
    )
    x = random(1000)
    expected = np.concatenate([x[:500], x[500:] ** 2])
    run(kernel, Layout((500,), ((500,), (500,))), [x], backend=backend)
    np.testing.assert_array_equal(x, expected)


def test_gather_reads_at_computed_positions(backend: Backend) -> None:
    kernel = Kernel(
        "take",
        "map",
        1,
        0,
        (READ, Argument("int64", "read"), WRITE),
        (Access(1, ("1",)), Access(2, ("1",))),
        (),
        (
            Load("x0", 0),
            Compute("t0", "int64", "x0 * 2 + 1"),
            Gather("x1", 0, "t0"),
            Store(1, "x1"),
        ),
    )
    x, positions, out = random(200), np.arange(99, -1, -1), np.zeros(100)
    run(kernel, Layout((100,), ((0,), (0,))), [x, positions, out], backend=backend)
    np.testing.assert_array_equal(out, x[positions * 2 + 1])


def test_iota_is_its_own_address(backend: Backend) -> None:
    kernel = Kernel(
        "iota",
        "map",
        2,
        0,
        (Argument("int64", "write"),),
        (Access(IOTA, ("n", "n")), Access(0, ("n", "1"))),
        (),
        (Load("x0", 0), Store(1, "x0")),
    )
    out = np.zeros((4, 5), "int64")
    run(kernel, Layout((4, 5), ((100, 10, -1), (0, 5))), [out], backend=backend)
    np.testing.assert_array_equal(out, 100 + 10 * np.arange(4)[:, None] - np.arange(5))


def test_random_extents_compile_nothing_new() -> None:
    kernel = outer_sum(2, ("n", "1"), ("0", "1"))
    cpu.compile(kernel)
    before = COUNTS.compiled
    rng = np.random.default_rng(0)
    for _ in range(1000):
        rows, columns = (int(n) for n in rng.integers(0, 40, 2))
        x, y = rng.random((rows, columns)), rng.random(columns)
        out = np.empty_like(x)
        layout = Layout((rows, columns), ((0, columns), (0,), (0, columns)))
        run(kernel, layout, [x, y, out])
        assert np.array_equal(out, x + y)
    assert COUNTS.compiled == before


@pytest.mark.parametrize("wrong", ["object", "datetime64[s]", "longdouble"])
def test_dtypes_without_machine_code_are_refused(wrong: str, backend: Backend) -> None:
    with pytest.raises(UnsupportedKernel, match="dtype"):
        backend.compile(elementwise("x0", wrong, wrong))
