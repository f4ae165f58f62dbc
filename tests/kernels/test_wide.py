"""Loops that are made of vectors do what loops of items do, to the bit."""

from __future__ import annotations

import itertools
import struct
import sys
from typing import Any

import llvmlite.binding as llvm
import numpy as np
import pytest
from by_hand import softmax

from engine.kernels import memory, pool
from engine.kernels.cpu import compile as stage
from engine.kernels.cpu import functions
from engine.kernels.cpu.emit import emit
from engine.kernels.cpu.target import load, loads_by_masks, machine
from engine.kernels.cpu.wide import lower_to_vectors
from engine.kernels.scalars import FUSED, NAMES
from engine.kernels.term import NoVector

pytestmark = pytest.mark.skipif(
    not loads_by_masks(), reason="this CPU has no loads by masks"
)

entries = (f"wide_{number}" for number in itertools.count())

DTYPES = ["float32", "float64"]


def refuse(*given: Any) -> Any:
    """Stands for `lower_to_vectors`: LLVM makes the vectors."""
    raise NoVector("a test")


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The addresses of a text: with vectors of our own, and with LLVM's."""

    def compiled(text: str) -> list[int]:
        lower_to_vectors(text, stage.names(), "entry")  # raises NoVector if it cannot
        addresses = []
        for way in (lower_to_vectors, refuse):
            monkeypatch.setattr(stage, "lower_to_vectors", way)
            entry = next(entries)
            addresses += load(stage.compile_text(text, entry, "<wide>"), entry)
        return addresses

    return compiled


def call(address: int, arrays: list[Any], low: int, high: int) -> None:
    """Run machine code on arrays."""
    words = struct.pack(f"={len(arrays)}Q", *map(memory.pointer, arrays))
    assert pool.Entry(address)(None, None, words, low, high) == 0


def text_of(dtype: str, pointers: int, *lines: str, order: str = "prange") -> str:
    """A text whose loop has these lines; `{F}` is the dtype."""
    kinds = ", ".join([f"CPointer({dtype})"] * pointers + ["int64", "int64"])
    names = ", ".join([*(f"a{k}" for k in range(pointers)), "lo", "hi"])
    body = "".join(f"        {line}\n" for line in lines).replace("{F}", dtype)
    head = f"@numba.jit('void({kinds})')\ndef f({names}):\n"
    return f"{head}    for i0 in {order}(lo, hi):\n{body}"


def groups() -> list[list[str]]:
    """The functions that have formulas, a few at a time: one kernel for each few."""
    names = sorted(FUSED)
    return [names[k : k + 6] for k in range(0, len(names), 6)]


def edges(dtype: str) -> Any:
    """Numbers of all sizes, and the special ones."""
    random = np.random.default_rng(0)
    info = np.finfo(dtype)
    ends = np.array([0, 1, np.inf, np.nan, info.max, info.tiny, info.tiny / 8, 1e7])
    sizes = random.normal(size=120) * np.exp(random.normal(size=120) * 6)
    near = np.linspace(-3, 3, 67)
    tiny = np.linspace(np.log(info.smallest_subnormal), np.log(info.tiny), 40)  # of exp
    return np.concatenate([ends, -ends, sizes, near, tiny, tiny / np.log(2)]).astype(
        dtype
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("names", groups(), ids=lambda names: names[0])
def test_formulas_give_the_same_bits(names: list[str], dtype: str, ways: Any) -> None:
    lines = ["x0 = a0[i0]", "x1 = a1[i0]"]
    for k, name in enumerate(names):
        operands = ", ".join(["x0", "x1"][: NAMES[name].arity])
        lines.append(f"a{k + 2}[i0] = {{F}}({name}({operands}))")
    x = edges(dtype)
    y = np.random.default_rng(1).permutation(x)
    found = []
    for address in ways(text_of(dtype, len(names) + 2, *lines)):
        outs = [np.zeros_like(x) for _ in names]
        call(address, [x, y, *outs], 0, x.size)
        found.append(outs)
    for name, *outs in zip(names, *found, strict=True):
        # Which of two NaNs a sum is depends on which operand is the first.
        outs = [np.where(np.isnan(out), np.nan, out).astype(dtype) for out in outs]
        integers = [out.view(f"u{out.itemsize}") for out in outs]
        np.testing.assert_array_equal(*integers, err_msg=name)


@pytest.mark.parametrize("dtype", DTYPES)
def test_any_range_is_computed_and_nothing_beside_it(dtype: str, ways: Any) -> None:
    lines = [
        "x0 = a0[i0]",
        "t0 = {F}(exp(x0) * {F}(0.5))",
        "a1[i0] = t0",
        "a2[i0] = -t0",
    ]
    mine, llvms = ways(text_of(dtype, 3, *lines))
    x = np.linspace(-2, 2, 150).astype(dtype)
    wanted = [np.zeros_like(x) for _ in range(2)]
    call(llvms, [x, *wanted], 0, x.size)
    for low, high in [(0, 0), (7, 3), *((k % 5, k % 5 + k) for k in range(140))]:
        outs = [np.full_like(x, 77) for _ in range(2)]
        call(mine, [x, *outs], low, high)
        for out, all_of_it in zip(outs, wanted, strict=True):
            expected = np.full_like(x, 77)
            expected[low:high] = all_of_it[low:high]
            np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_is_stored_where_it_was_loaded_is_the_new_value(
    dtype: str, ways: Any
) -> None:
    lines = ["x0 = a0[i0]", "a0[i0] = {F}(exp(x0))"]
    x = np.linspace(-2, 2, 99).astype(dtype)
    for address in ways(text_of(dtype, 1, *lines, order="range")):
        found = x.copy()
        call(address, [found], 1, 98)
        assert found[0] == x[0] and found[98] == x[98]
        tolerance = 4 * np.finfo(dtype).eps
        np.testing.assert_allclose(found[1:98], np.exp(x[1:98]), rtol=tolerance)


@pytest.mark.parametrize("dtype", DTYPES)
def test_softmax_is_made_of_vectors(dtype: str) -> None:
    lowered = str(lower_to_vectors(emit(softmax(dtype)), stage.names(), "entry"))
    assert "masked.load" in lowered


@pytest.mark.parametrize("has", [True, False])
@pytest.mark.parametrize("dtype", DTYPES)
def test_avx_512_scales_by_powers_of_two_by_one_instruction(
    dtype: str, has: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever this CPU has: the code of one that has it can be written anywhere."""
    monkeypatch.setattr(functions, "scales_vectors", lambda: has)
    text = text_of(dtype, 2, "x0 = a0[i0]", "a1[i0] = exp(x0)")
    module = llvm.parse_assembly(str(lower_to_vectors(text, stage.names(), "entry")))
    target = llvm.Target.from_triple(machine().triple)
    code = target.create_target_machine("skylake-avx512").emit_assembly(module)
    assert code.count("vscalef") == (2 if has else 0)


@pytest.mark.parametrize(
    "lines",
    [
        ["x0 = a0[i0]", "a0[i0 + 1] = exp(x0)"],
        ["x0 = a0[2]", "a0[i0] = exp(x0)"],
        ["a1[i0] = exp(a0[i0])", "a0[i0] = a1[i0]"],
        ["x0 = a0[i0 * 2]", "a1[i0] = exp(x0)"],
        ["x0 = a0[i0 + i0]", "a1[i0] = exp(x0)"],
        ["x0 = a0[lo - i0]", "a1[i0] = exp(x0)"],
        ["a1[i0] = exp(float64(i0))"],
        ["x0 = a0[i0]", "a1[lo] = exp(x0)"],
        ["x0 = exp(a0[i0])"],
    ],
    ids=lambda lines: lines[0],
)
def test_loops_whose_steps_are_no_vectors_are_left_to_llvm(lines: list[str]) -> None:
    with pytest.raises(NoVector):
        text = text_of("float64", 2, *lines, order="range")
        lower_to_vectors(text, stage.names(), "entry")


def test_a_step_that_reads_what_the_one_before_wrote_does_so() -> None:
    text = text_of("float64", 1, "a0[i0 + 1] = sin(a0[i0])", order="range")
    entry, found = next(entries), np.full(40, 0.5)
    (address,) = load(stage.compile_text(text, entry, "<chain>"), entry)
    call(address, [found], 0, 39)
    np.testing.assert_allclose(found[1:], np.sin(found[:-1]), rtol=1e-15)


def test_kernels_of_plain_sums_are_left_to_llvm() -> None:
    text = text_of("float64", 2, "x0 = a0[i0]", "a1[i0] = float64(x0 * x0)")
    with pytest.raises(NoVector):
        lower_to_vectors(text, stage.names(), "entry")


NEAR = {2, 4, 9, 41, 42}
"""Relocations of 32 bits of the System V ABI for x86-64: PC32, PLT32 and GOTPCREL's."""


def relocations(code: bytes) -> set[int]:
    """The types of the relocations in an ELF object file."""
    (table,) = struct.unpack_from("<Q", code, 0x28)
    size, count = struct.unpack_from("<HH", code, 0x3A)
    found = set()
    for k in range(count):
        section = struct.unpack_from("<IIQQQQIIQQ", code, table + k * size)
        if section[1] == 4:  # SHT_RELA
            for at in range(section[4], section[4] + section[5], 24):
                found.add(struct.unpack_from("<Q", code, at + 8)[0] & 0xFFFFFFFF)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="object files are no ELF files")
@pytest.mark.parametrize("name", ["exp", "sin"])
def test_code_names_nothing_by_32_bits(name: str) -> None:
    """What it needs may lie anywhere, and LLVM aborts where that is too far away."""
    text = text_of("float64", 2, f"a1[i0] = {name}(a0[i0])")
    found = relocations(stage.compile_text(text, "entry", "<call>"))
    assert found and not found & NEAR
