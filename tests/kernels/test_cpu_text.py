"""The generated text is readable and stable, and its loops become vector code.

``ENGINE_WRITE_GOLDEN=1 pytest tests/kernels/test_cpu_text.py`` writes the golden files
anew; the change is then a diff to be read.
"""

from __future__ import annotations

import ast
import linecache
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from by_hand import elementwise, layer_norm, reductions, softmax

from engine.kernels import reference
from engine.kernels.backend import Backend
from engine.kernels.cpu import CompileError, UnsupportedKernel, backend
from engine.kernels.cpu.emit import emit, emit_split
from engine.kernels.cpu.target import cpu_features
from engine.kernels.kernel import (
    IOTA,
    Access,
    Argument,
    Compute,
    Kernel,
    Load,
    Loop,
    Store,
)

GOLDEN = Path(__file__).parent / "golden"

BROADCAST = Kernel(
    "multiply_exp_add",
    "map",
    3,
    0,
    (
        Argument("float32", "read"),
        Argument("bool", "read"),
        Argument("float32", "write"),
    ),
    (
        Access(0, ("n", "0", "1")),
        Access(1, ("0", "n", "n")),
        Access(IOTA, ("0", "0", "1")),
        Access(2, ("n", "n", "1")),
    ),
    ("float32",),
    (
        Load("x0", 0),
        Load("x1", 1),
        Load("x2", 2),
        Compute("t0", "float32", "exp(x0) * s0"),
        Compute("t1", "float32", "select(x1, t0, float32(0.0))"),
        Compute("t2", "float32", "t1 + float32(x2)"),
        Store(3, "t2"),
    ),
)

ONE_ARRAY = Kernel(
    "multiply_subtract_update",
    "map",
    2,
    0,
    (Argument("float64", "update"),),
    (Access(0, ("n", "0")), Access(0, ("0", "1")), Access(0, ("n", "1"))),
    (),
    (
        Load("x0", 0),
        Load("x1", 1),
        Compute("t0", "float64", "x0 * x1"),
        Load("x2", 2),
        Compute("t1", "float64", "x2 - t0"),
        Store(2, "t1"),
    ),
)
"""The step of an elimination: what it reads and writes are regions of one array."""

TEXTS = {
    "map": lambda: emit(BROADCAST),
    "softmax": lambda: emit(softmax("float64")),
    "softmax_reference": lambda: reference.backend.emit(softmax("float64")),
    "layer_norm_columns": lambda: emit(layer_norm("column")),
    "squared_deviations": lambda: emit(
        reductions(("squared_deviations",), "float64", "row")
    ),
    "argmax_split": lambda: emit_split(reductions(("argmax",), "float32", "row")),
}


@pytest.mark.parametrize("name", TEXTS)
def test_the_text_is_the_golden_one(name: str) -> None:
    path = GOLDEN / f"{name}.py"
    text = TEXTS[name]()
    if os.environ.get("ENGINE_WRITE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize("name", TEXTS)
def test_the_text_is_python_of_readable_width(name: str) -> None:
    text = TEXTS[name]()
    ast.parse(text)
    assert max(map(len, text.splitlines())) <= 100


def test_the_text_that_runs_is_the_text_that_prints() -> None:
    kernel = elementwise("x0 + 41.5", "float64", "float64", name="add")
    compiled = backend.compile(kernel)
    assert compiled.source == backend.emit(kernel)
    files = [name for name in linecache.cache if name.startswith("<kernel add ")]
    shown = ["".join(linecache.getlines(name)) for name in files]
    assert compiled.source in shown


def test_the_name_of_a_kernel_does_not_hide_a_function_it_calls() -> None:
    kernel = elementwise("exp(x0)", "float64", "float64", name="exp")
    assert "def exp_kernel(" in backend.emit(kernel)
    backend.compile(kernel)


def test_the_name_of_a_kernel_is_not_part_of_its_identity() -> None:
    kernel = elementwise("x0 - 1.0", "float64", "float64", name="one")
    assert backend.compile(kernel) is backend.compile(replace(kernel, name="two"))


def vectors(kernel: Kernel) -> int:
    """How many instructions of the machine code use vector registers of 32 bytes up."""
    from engine.kernels.cpu.compile import compile_text

    assembly = compile_text(emit(kernel), "entry", "<vectors>", assembly=True)
    return sum("%ymm" in line or "%zmm" in line for line in assembly.splitlines())


@pytest.mark.skipif(
    "+avx2" not in cpu_features(),
    reason="no AVX2 on this machine",
)
@pytest.mark.parametrize(
    "kernel",
    [
        elementwise("x0 * x1 + x0", "float64", "float64", "float64"),
        elementwise("x0 * x1 + x0", "float32", "float32", "float32"),
        elementwise("x0 + x1", "int8", "int8", "int8"),
        elementwise("x0 < x1", "float32", "float32", "bool"),
        elementwise("sqrt(x0)", "float64", "float64"),
        elementwise("exp(x0)", "float64", "float64"),
        elementwise("float64(x0)", "int32", "float64"),
        BROADCAST,
        ONE_ARRAY,
        reductions(("sum",), "float64", "row"),
        reductions(("max",), "float32", "row", computed=True),
        reductions(("sum",), "float64", "column"),
        reductions(("argmax",), "float64", "column"),
        layer_norm("row"),
        layer_norm("column"),
    ],
    ids=lambda kernel: f"{kernel.name}-{kernel.kind}",
)
def test_loops_become_vector_code(kernel: Kernel) -> None:
    assert vectors(kernel) >= 2


def test_regions_of_one_array_need_no_look_at_their_addresses() -> None:
    from engine.kernels.cpu import compile

    module, optimise = compile._module(emit(ONE_ARRAY), "entry", "<regions>")
    optimise(module)
    text = str(module)
    assert re.search(r"fmul <\d+ x double>", text)
    assert "memcheck" not in text


def test_what_cannot_be_compiled_raises_one_line_without_numba() -> None:
    for text in ("x0.upper()", "no_such_function(x0)", "x0 +", "x0[3]"):
        with pytest.raises(CompileError, match=r"^bad: \w+: .") as caught:
            backend.compile(elementwise(text, "float64", "float64", name="bad"))
        assert "\n" not in str(caught.value)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"arguments": (Argument("object", "read"),) * 2}, "dtype object"),
        ({"body": (Loop(()),)}, "a loop in a map kernel"),
        ({"body": (Load("n0", 0),)}, "'n0' is taken"),
        ({"kind": "row"}, "0 inner axes in a row kernel"),
        (
            {"accesses": (Access(0, ("1",)), Access(IOTA, ("1",)))},
            "a store into the virtual iota buffer",
        ),
    ],
)
def test_what_is_not_generated_is_refused(
    change: dict[str, object], reason: str, backend: Backend
) -> None:
    kernel = replace(elementwise("x0", "float64", "float64"), **change)  # type: ignore[arg-type]
    with pytest.raises(UnsupportedKernel, match=reason):
        backend.emit(kernel)
