"""Kernels compile to Hopper machine code without a GPU, and run in the simulator."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from by_hand import (
    COMPLEX,
    INTEGERS,
    KINDS,
    elementwise,
    layer_norm,
    reductions,
    softmax,
)

from engine.kernels.backend import UnsupportedKernel
from engine.kernels.builders import COMPLEX_MATH, VECTOR_MATH, builders
from engine.kernels.intrinsics import namespace
from engine.kernels.kernel import (
    IOTA,
    Access,
    Argument,
    Compute,
    Gather,
    Kernel,
    Load,
    Store,
)
from engine.kernels.scalars import NAMES
from engine.record.registry import REGISTRY

pytest.importorskip(
    "numba_cuda", reason='numba-cuda is not installed: pip install "numba-cuda[cu13]"'
)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it warns of what NumPy will drop
    from numba.cuda.extending import intrinsic

    from engine.kernels.cuda import compile as cuda_compile
    from engine.kernels.cuda import functions
    from engine.kernels.cuda.compile import Program, compile_text
    from engine.kernels.cuda.emit import emit, teams
    from engine.kernels.cuda.wide import aligned

ROOT = Path(__file__).parents[2]


def build(kernel: Kernel, team: Any = None) -> Program:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = compile_text(emit(kernel, team))
    assert program.code[:4] == b"\x7fELF"
    assert program.spilled_bytes == 0
    # 256 threads of 255 registers are the most that a block can have.
    assert program.registers <= 255
    return program


@pytest.mark.parametrize(
    "dtype", [*INTEGERS, "bool", "float16", "float32", "float64", *COMPLEX]
)
def test_maps_of_every_dtype(dtype: str) -> None:
    text = "x0 & x1" if dtype == "bool" else "x0 * x1 + x0"
    program = build(elementwise(text, dtype, dtype, dtype))
    assert "ld.global" in program.ptx
    assert program.stack_bytes == 0


@pytest.mark.parametrize(
    ("dtype", "move"), [("float32", "v4.f32"), ("float64", "v2.f64"), ("int16", "v4")]
)
def test_wide_maps_move_sixteen_bytes_at_a_time(dtype: str, move: str) -> None:
    kernel = elementwise("x0 * s0 + x1", dtype, dtype, dtype, scalars=(dtype,))
    program = build(kernel, "wide")
    assert f"ld.global.{move}" in program.ptx
    assert f"st.global.{move}" in program.ptx


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_products_are_rounded_whatever_is_fused_with_them(dtype: str) -> None:
    text = "x0 * x0 - x1 * x1"  # contracted, it is not 0 where x0 == x1
    program = build(elementwise(text, dtype, dtype, dtype))
    assert "mul.rn.f" in program.ptx  # which the assembler leaves alone, too
    assert "fma" not in program.ptx


def test_no_wide_form_where_addresses_do_not_allow_it() -> None:
    contiguous = elementwise("x0 + x1", "float32", "float32", "float32")
    assert teams(contiguous) == ("map", "wide")
    strided = replace(
        contiguous, accesses=(*contiguous.accesses[:2], Access(2, ("n",)))
    )
    assert teams(strided) == ("map",)
    assert aligned(contiguous, ((0,), (4,), (8,)))
    assert not aligned(contiguous, ((0,), (4,), (2,)))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_whole_scalar_library(dtype: str) -> None:
    pairs = ["gcd", "lcm", "left_shift", "right_shift", "philox"]
    integers = [*pairs, "bitwise_count", "invert"]
    texts = []
    for name, scalar in NAMES.items():
        if name == "ldexp":
            texts.append("ldexp(x0, int32(x1))")
        elif name not in integers:
            texts.append(f"{name}({', '.join(['x0', 'x1', 'x1'][: scalar.arity])})")
    for first in range(0, len(texts), 16):
        total = " + ".join(f"{dtype}({text})" for text in texts[first : first + 16])
        build(elementwise(total, dtype, dtype, dtype))
    whole = [f"{name}(x0, x1)" for name in pairs]
    whole += ["bitwise_count(x0)", "invert(x0)"]
    build(elementwise(" ^ ".join(whole), "uint64", "uint64", "uint64"))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_vector_math_compiles_there_too(
    dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = namespace(builders(VECTOR_MATH), functions.place, intrinsic)
    known = cuda_compile._names()
    monkeypatch.setattr(cuda_compile, "_names", lambda: {**known, **own})
    names = sorted((set(VECTOR_MATH) | {"power"}) - {"pow", "ldexp"})
    texts = [f"{n}({', '.join(['x0', 'x1'][: NAMES[n].arity])})" for n in names]
    for first in range(0, len(texts), 12):
        total = " + ".join(texts[first : first + 12])
        build(elementwise(total, dtype, dtype, dtype))


def test_the_functions_of_complex_numbers() -> None:
    dtype = "complex128"
    arity = {name: NAMES[name].arity for name in COMPLEX_MATH}
    bools = [name for name in arity if NAMES[name].result == "bool"]
    plain = sorted(arity.keys() - {*bools, "select"})
    texts = [f"{name}({', '.join(['x0', 's0'][: arity[name]])})" for name in plain]
    texts.append(f"select({' | '.join(f'{name}(x0)' for name in bools)}, x0, s0)")
    for first in range(0, len(texts), 6):
        total = " + ".join(f"{dtype}({text})" for text in texts[first : first + 6])
        build(elementwise(total, dtype, dtype, scalars=(dtype,)))


def test_reductions_of_complex_numbers_are_refused() -> None:
    with pytest.raises(UnsupportedKernel, match="sum of complex64 on CUDA"):
        emit(reductions(("sum",), "complex64", "row"))


def takes(op: Any, dtype: str) -> bool:
    """Whether an op works on operands of this dtype without casts."""
    if op.kind != "elementwise" or op.name == "cast":
        return False
    try:
        loop = op.resolve((np.dtype(dtype),) * op.nin)
    except TypeError:
        return False
    return all(kind == dtype for kind in loop.inputs)


@pytest.mark.parametrize("dtype", ["float32", "int32", "bool"])
def test_the_text_of_every_op(dtype: str) -> None:
    given = {"x": "x0", "y": "x1", "z": "x0"}
    texts = [op.text(np.dtype(dtype)) for op in REGISTRY.values() if takes(op, dtype)]
    written = sorted({text.format(**given) for text in texts if text})
    assert len(written) > 12
    for first in range(0, len(written), 24):
        total = " + ".join(f"int32({text})" for text in written[first : first + 24])
        build(elementwise(total, dtype, dtype, "int32"))


@pytest.mark.parametrize("team", ["warp", "block"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_softmax_of_rows(dtype: str, team: str) -> None:
    program = build(softmax(dtype), team)
    assert "shfl.sync" in program.ptx
    assert ("bar.sync" in program.ptx) == (team == "block")


def test_long_rows_are_shared_by_blocks_with_a_ticket() -> None:
    kernel = reductions(("sum", "prod", "max", "any"), "float64", "row")
    assert "atom.global.add.u32" in build(kernel, "grid").ptx
    assert "grid" not in teams(reductions(("argmax",), "float64", "row"))
    assert "grid" not in teams(softmax())


def test_layer_norm_of_rows_and_columns() -> None:
    for form in ("row", "column"):
        kernel = layer_norm(form)
        for team in teams(kernel):
            assert build(kernel, team).stack_bytes == 0


@pytest.mark.parametrize("dtype", ["int8", "uint64", "float32"])
@pytest.mark.parametrize("form", ["row", "column"])
def test_reductions(form: str, dtype: str) -> None:
    for kinds in (KINDS[:4], KINDS[4:]):
        kernel = reductions(kinds, dtype, form)
        build(kernel)


@pytest.mark.parametrize(("form", "team"), [("row", "grid"), ("column", "column")])
def test_squared_deviations_stay_in_registers(form: str, team: str) -> None:
    kernel = reductions(("sum", "squared_deviations"), "float64", form)
    assert build(kernel, team).stack_bytes == 0


def test_gather_iota_and_update_in_place() -> None:
    read, update = Argument("float32", "read"), Argument("float32", "update")
    places = Argument("int64", "read")
    kernel = Kernel(
        "take_add",
        "map",
        2,
        0,
        (places, read, update),
        (Access(0, ("1", "0")), Access(IOTA, ("n", "1")), Access(2, ("n", "n"))),
        ("float32",),
        (
            Load("x0", 0),
            Load("x1", 1),
            Load("x2", 2),
            Gather("x3", 1, "x0"),
            Compute("t0", "float32", "x2 + x3 * s0 + float32(x1)"),
            Store(2, "t0"),
        ),
    )
    assert "div" in build(kernel).ptx  # the indices of both axes


def test_a_few_kernels_run_in_the_simulator() -> None:
    environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests/kernels/cuda_simulated.py")],
        capture_output=True,
        text=True,
        env=environment,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    right = done.stdout.splitlines()
    assert "softmax, block" in right
    assert "argmin, block" in right
    assert len(right) == 32
