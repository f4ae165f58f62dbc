"""Texts that are lowered by `kernels.cpu.body` mean what they mean to Numba."""

from __future__ import annotations

import itertools
import re
import struct
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from by_hand import elementwise, reductions, softmax
from test_random_kernels import Maker

from engine.kernels import memory, pool
from engine.kernels.cpu import compile as stage
from engine.kernels.cpu import launch
from engine.kernels.cpu.body import lower
from engine.kernels.cpu.emit import emit
from engine.kernels.cpu.target import is_x86, load
from engine.kernels.cpu.values import Beyond
from engine.kernels.kernel import Access, Kernel, Layout

entries = (f"body_{number}" for number in itertools.count())


def refuse(*given: Any) -> Any:
    """Stands for `lower`: all texts go to Numba's front end."""
    raise Beyond("a test")


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[int]]:
    """The addresses of a text, lowered here and by Numba."""

    def compiled(text: str) -> list[int]:
        addresses = []
        for way in (lower, refuse):
            monkeypatch.setattr(stage, "lower", way)
            entry = next(entries)
            addresses += load(stage.compile_text(text, entry, "<both>"), entry)
        return addresses

    return compiled


def results(
    addresses: list[int], kernel: Kernel, layout: Layout, arrays: list[Any]
) -> list[list[bytes]]:
    """What each address makes of the same arrays."""
    found = []
    scalars = [0.5, 3][: len(kernel.scalars)]
    for address in addresses:
        mine = [array.copy() for array in arrays]
        run = launch.Launch(kernel, layout, address, lambda: None)
        run([memory.pointer(array) for array in mine], scalars)
        found.append([array.tobytes() for array in mine])
    return found


@pytest.mark.parametrize("kind", ["map", "row", "column"])
@pytest.mark.parametrize("seed", range(20, 22))
def test_random_kernels_give_the_same_bits_both_ways(
    kind: str, seed: int, both: Callable[[str], list[int]]
) -> None:
    maker = Maker(seed, kind, 1500)
    kernel, layout = maker.kernel()
    mine, numbas = results(both(emit(kernel)), kernel, layout, maker.arrays)
    assert mine == numbas


@pytest.mark.parametrize(
    ("formula", "dtype", "number"),
    [
        ("exp(x0)", "float64", 4),
        ("exp(x0)", "float32", 2),
        ("erf(x0)", "float64", 2),
        ("x0" + " * x0 + x0" * 30, "float64", 2),
        ("x0 * x0", "float64", None),
    ],
)
def test_loops_of_a_formula_work_on_some_vectors_at_a_time(
    formula: str, dtype: str, number: int | None
) -> None:
    module = str(lower(emit(elementwise(formula, dtype, dtype)), stage.names(), "f"))
    found = re.search(r'"llvm.loop.interleave.count", i32 (\d)', module)
    assert (found and int(found[1])) == number


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_elements_of_a_formula_have_the_same_bits_wherever_they_stand(
    dtype: str, both: Callable[[str], list[int]]
) -> None:
    kernel = elementwise("exp(x0) * sin(x0)", dtype, dtype)
    addresses = both(emit(kernel))
    x = np.random.default_rng(2).normal(size=70).astype(dtype)
    wanted, _ = results(addresses, kernel, layout_of(70), [x, np.zeros_like(x)])
    for first in range(70):
        mine = [x[first:].copy(), np.zeros_like(x[first:])]
        for found in results(addresses, kernel, layout_of(70 - first), mine):
            assert found[1] == wanted[1][first * x.itemsize :]


def layout_of(size: int) -> Layout:
    return Layout((size,), ((0,), (0,)))


@pytest.mark.parametrize("kind", ["row", "column"])
def test_squared_deviations_give_the_same_bits_both_ways(
    kind: str, both: Callable[[str], list[int]]
) -> None:
    kernel = reductions(("squared_deviations", "argmax"), "float32", kind)
    lower(emit(kernel), stage.names(), "entry")  # raises Beyond where Numba must
    values = np.random.default_rng(1).normal(size=(5, 5000)).astype("float32")
    strides = (0, 5000) if kind == "row" else (0, 5)
    layout = Layout((5, 5000), (strides, (0,), (0,)))
    arrays = [values, np.zeros(5, "float32"), np.zeros(5, "int64")]
    mine, numbas = results(both(emit(kernel)), kernel, layout, arrays)
    assert mine == numbas


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sums_and_vector_math_give_the_same_bits_both_ways(
    dtype: str, both: Callable[[str], list[int]]
) -> None:
    kernel, shape = softmax(dtype), (3, 9001)
    values = np.random.default_rng(1).normal(size=shape).astype(dtype)
    layout = Layout(shape, tuple((0, shape[1]) for _ in kernel.accesses))
    arrays = [values, np.zeros(shape, dtype)]
    mine, numbas = results(both(emit(kernel)), kernel, layout, arrays)
    assert mine == numbas


def call(address: int, arrays: list[Any], count: int) -> None:
    """Run machine code on arrays."""
    words = struct.pack(f"={len(arrays)}Q", *map(memory.pointer, arrays))
    assert pool.Entry(address)(None, None, words, 0, count) == 0


INTEGERS = np.array([-(2**63) + 1, -7, -2, -1, 0, 1, 2, 3, 2**62, 2**63 - 1])

DIVISION = """\
@numba.jit('void(CPointer(int64), CPointer(int64), CPointer(int64), int64, int64)')
def divide(a0, a1, a2, lo, hi):
    for i in range(lo, hi):
        a2[6 * i] = a0[i] // a1[i]
        a2[6 * i + 1] = a0[i] % a1[i]
        a2[6 * i + 2] = a0[i] // 8
        a2[6 * i + 3] = a0[i] % 8
        a2[6 * i + 4] = a0[i] // -3
        a2[6 * i + 5] = a0[i] % -3
"""


def test_integer_division_is_pythons_and_0_by_0(
    both: Callable[[str], list[int]],
) -> None:
    top, bottom = (x.ravel().copy() for x in np.meshgrid(INTEGERS, INTEGERS))
    mine, numbas = np.zeros((2, len(top), 6), np.int64)
    for address, out in zip(both(DIVISION), (mine, numbas), strict=True):
        call(address, [top, bottom, out], len(top))
    np.testing.assert_array_equal(mine, numbas)
    with np.errstate(all="ignore"):
        expected = [top // bottom, top % bottom, top // 8, top % 8, top // -3, top % -3]
    np.testing.assert_array_equal(mine, np.stack(expected, 1))


MEANING = """\
@numba.jit('void(CPointer(float64), CPointer(int64), CPointer(uint8), int64, int64)')
def means(a0, a1, a2, lo, hi):
    count = 0
    for i in range(lo, hi, 2):
        for j in range(3, i):
            count = count + 1
        x = a0[i]
        best = -x if x < 0 else x
        place = -1
        if x > 1 or (x != x and count >= 0):
            place = max(i, 2)
            count += 10
        a0[i] = best * 2 - place
        a1[i] = count
        a2[i] = uint8(x == x)
"""


def test_names_branches_and_loops_mean_what_python_says(
    both: Callable[[str], list[int]],
) -> None:
    x = np.array([-1.5, 0, 3.0, 0, np.nan, 0, -0.0, 0, 0.5, 0])
    expected: list[Any] = [x.copy(), np.zeros(10, np.int64), np.zeros(10, np.uint8)]
    space: dict[str, Any] = {"numba": Plain, "uint8": np.uint8}
    exec(MEANING, space)
    space["means"](*expected, 0, 9)
    for address in both(MEANING):
        arrays = [x.copy(), np.zeros(10, np.int64), np.zeros(10, np.uint8)]
        call(address, arrays, 9)
        for got, wanted in zip(arrays, expected, strict=True):
            np.testing.assert_array_equal(got, wanted)


class Plain:
    """Stands for Numba: the text is Python."""

    @staticmethod
    def jit(signature: str) -> Any:
        return lambda function: function


@pytest.mark.parametrize(
    "line",
    [
        "while lo < hi: lo = lo + 1",
        "x = y",
        "for i in range(hi, lo, -1): pass",
        "x = a0[0] if lo > 0 else lo",
        "x = 1\n    x = 2.0",
        "x = unheard_of(lo)",
        "x = a0.size",
        "x = 2 ** 63",
        "x = lo and hi",
        "for i in range(lo): y = i\n    a0[0] = y",
    ],
)
def test_what_is_not_of_the_small_language_is_left_to_numba(line: str) -> None:
    text = "@numba.jit('void(CPointer(float64), int64, int64)')\ndef f(a0, lo, hi):\n"
    with pytest.raises(Beyond):
        lower(f"{text}    {line}\n", {}, "entry")


def test_a_text_that_is_left_to_numba_is_compiled_by_it() -> None:
    text = "@numba.jit('void(CPointer(int64), int64, int64)')\ndef f(a0, lo, hi):\n"
    text += "    while lo < hi:\n        a0[lo] = lo\n        lo += 1\n"
    entry, out = next(entries), np.zeros(5, np.int64)
    (address,) = load(stage.compile_text(text, entry, "<left>"), entry)
    call(address, [out], 5)
    assert out.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    "kernel",
    [
        elementwise("select(x0, x1, float32(0.5))", "bool", "float32", "float32"),
        reductions(("sum", "max", "argmin"), "int8", "row"),
        reductions(("prod", "argmax", "any"), "float32", "column"),
        softmax(),
    ],
    ids=lambda kernel: str(kernel.name),
)
def test_what_the_emitters_write_is_of_the_small_language(kernel: Kernel) -> None:
    assert "alwaysinline" in str(lower(emit(kernel), stage.names(), "entry"))


@pytest.mark.parametrize("kind", ["row", "column"])
def test_complex_numbers_have_the_same_bits_both_ways(
    kind: str, both: Callable[[str], list[int]]
) -> None:
    text = "multiply(s0, x1) - divide(x0, x1) + select(x0 == x1, -x0, multiply(x0, x1))"
    maps = elementwise(text, *["complex64"] * 3, scalars=("complex64",))
    sums = reductions(("sum", "prod"), "complex64", kind, computed=True)
    shape = (3, 5000)
    values = np.random.default_rng(1).normal(size=(3, 10000)).astype("float32")
    x = np.exp(values.view("complex64") / 50).astype("complex64")
    strides = (0, shape[1]) if kind == "row" else (0, shape[0])
    for kernel, layout, arrays in (
        (maps, Layout((15000,), ((0,), (0,), (0,))), [x, x[::-1].copy(), x * 0]),
        (sums, Layout(shape, (strides, (0,), (0,))), [x, x[:, 0] * 0, x[:, 1] * 0]),
    ):
        assert lower(emit(kernel), stage.names(), "entry").functions
        mine, numbas = results(both(emit(kernel)), kernel, layout, arrays)
        assert mine == numbas


@pytest.mark.skipif(not is_x86(), reason="looks at the instructions of x86")
def test_loops_over_memory_with_any_stride_are_vector_loops() -> None:
    """LLVM would make vectors for the stride 1 alone, which is a class of its own."""
    kernel = elementwise("x0 * x0 * x0 + exp(x0)", "float64", "float64")
    kernel = replace(kernel, accesses=(Access(0, ("n",)), Access(1, ("1",))))
    code = stage.compile_text(emit(kernel), next(entries), "<strided>", assembly=True)
    vectors = [line for line in code.splitlines() if "mulpd" in line]
    scalars = [line for line in code.splitlines() if "mulsd" in line]
    assert len(vectors) >= len(scalars) > 0
