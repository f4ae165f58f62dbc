"""The reference backend runs kernels by NumPy alone, and agrees with the CPU's bits."""

from __future__ import annotations

import linecache
import subprocess
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from by_hand import elementwise, layer_norm, run, softmax

from engine.kernels import memory
from engine.kernels.backend import CompileError
from engine.kernels.counts import COUNTS
from engine.kernels.cpu import backend as cpu
from engine.kernels.kernel import (
    Access,
    Argument,
    Gather,
    Kernel,
    Layout,
    Load,
    Loop,
    Reduce,
    Store,
)
from engine.kernels.reference import ReferenceBackend, backend

ROOT = Path(__file__).parents[2]


def addition(name: str = "add") -> Kernel:
    return elementwise("x0 + x1", *["float64"] * 3, name=name)


LINE = Layout((100,), ((0,), (0,), (0,)))

TAKE = Kernel(
    "take",
    "map",
    1,
    0,
    (*[Argument("int64", "read")] * 2, Argument("int64", "write")),
    (Access(1, ("1",)), Access(2, ("1",))),
    (),
    (Load("x0", 0), Gather("x1", 0, "x0"), Store(1, "x1")),
)


def test_it_needs_neither_numba_nor_llvm() -> None:
    text = """
import sys

sys.modules["numba"] = sys.modules["llvmlite"] = None
import numpy
from kernels.kernel import *
from kernels.reference import backend

load = Load("x0", 0)
kernel = Kernel(
    "exp", "map", 1, 0, (Argument("float64", "update"),), (Access(0, ("1",)),), (),
    (load, Compute("t0", "float64", "exp(x0)"), Store(0, "t0")),
)
x = numpy.zeros(3)
backend.compile(kernel).bind(Layout((3,), ((0,),)))([x.ctypes.data], [])
print(x)
"""
    done = subprocess.run(
        [sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[1. 1. 1.]", done.stderr


@pytest.mark.parametrize("form", ["row", "column"])
@pytest.mark.parametrize("shape", [(7, 33), (300, 5000), (0, 4)])
def test_layer_norm_has_the_bits_of_the_cpu(form: str, shape: Any) -> None:
    x = np.random.default_rng(0).standard_normal(
        shape if form == "row" else shape[::-1]
    )
    weight, bias = np.random.default_rng(1).standard_normal((2, shape[1]))
    across = (0, x.shape[1])
    along = (0,) if form == "row" else (0, 1)
    layout = Layout(shape, (across, along, along, across))
    results = []
    for one in (backend, cpu):
        out = np.zeros_like(x)
        scalars = (float(shape[1]), 1e-5)
        run(layer_norm(form), layout, [x, weight, bias, out], scalars, one)
        results.append(out.tobytes())
    assert results[0] == results[1]


def test_softmax_differs_from_the_cpu_in_the_last_bits_only() -> None:
    x = np.random.default_rng(0).standard_normal((30, 5000))
    results = []
    for one in (backend, cpu):
        out = np.zeros_like(x)
        run(softmax(), Layout(x.shape, ((0, 5000), (0, 5000))), [x, out], (), one)
        results.append(out)
    np.testing.assert_array_max_ulp(*results, maxulp=4)


@pytest.mark.parametrize("form", ["row", "column"])
def test_no_elements_leave_what_changes_nothing(form: Any) -> None:
    """And a load inside of the loop reads nothing: its memory may be empty."""
    kinds = ("sum", "prod", "max", "min", "argmax", "any", "all")
    results = ["float64"] * 4 + ["int64", "bool", "bool"]
    reduces = (
        Reduce(f"t{k}", kind, "x0", result)  # type: ignore[arg-type]
        for k, (kind, result) in enumerate(zip(kinds, results, strict=True))
    )
    kernel = Kernel(
        "nothing",
        form,
        0 if form == "row" else 1,
        1,
        (Argument("float64", "read"), *[Argument(r, "write") for r in results]),
        tuple(
            Access(k, ("0",) if form == "row" else ("0", "0"))
            for k in range(len(kinds) + 1)
        ),
        (),
        (
            Loop((Load("x0", 0), *reduces)),
            *[Store(k + 1, f"t{k}") for k in range(len(kinds))],
        ),
    )
    out = [np.full(1, 7, result) for result in results]
    extents = (0,) if form == "row" else (1, 0)
    pointers = [0, *map(memory.pointer, out)]
    layout = Layout(extents, ((0,),) * len(kernel.accesses))
    backend.compile(kernel).bind(layout)(pointers, [])
    found = [array[0] for array in out]
    assert found == [0.0, 1.0, -np.inf, np.inf, -1, False, True]


def test_a_value_is_what_it_was_when_it_was_loaded() -> None:
    kernel = Kernel(
        "swap",
        "map",
        1,
        0,
        (*[Argument("float64", "update")] * 2,),
        (Access(0, ("1",)), Access(1, ("1",))),
        (),
        (Load("x0", 0), Load("x1", 1), Store(0, "x1"), Store(1, "x0")),
    )
    x, y = np.arange(5.0), np.arange(5.0) * 10
    run(kernel, Layout((5,), ((0,), (0,))), [x, y], backend=backend)
    assert x.tolist() == [0, 10, 20, 30, 40] and y.tolist() == [0, 1, 2, 3, 4]


def test_overflow_and_division_by_zero_warn_of_nothing() -> None:
    kernel = elementwise("x0 / x1 + s0 * s0", *["float32"] * 3, scalars=("float32",))
    x, y = np.ones((2, 100), np.float32)
    y[0] = 0
    out = np.empty_like(x)
    run(kernel, LINE, [x, y, out], (np.float32(1e30),), backend)
    assert np.isinf(out).all()


def test_launches_are_counted_and_nothing_is_compiled() -> None:
    before = COUNTS.as_dict()
    x, y, out = np.ones((3, 100))
    run(addition(), LINE, [x, y, out], (), ReferenceBackend())
    launched = before["launches"] + 1
    assert COUNTS.as_dict() == {**before, "launches": launched}


def test_threads_share_one_function() -> None:
    own = ReferenceBackend()
    found, results = [], []

    def work(seed: int) -> None:
        x, y = np.random.default_rng(seed).random((2, 100))
        out = np.empty(100)
        found.append(own.compile(addition()))
        run(addition(), LINE, [x, y, out], (), own)
        results.append(np.array_equal(out, x + y))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 8
    assert len({id(compiled) for compiled in found}) == 1


@pytest.mark.parametrize("text", ["x0 +", "no_such_function(x0)", "x0.upper()"])
def test_texts_that_mean_nothing_are_refused(text: str) -> None:
    with pytest.raises(CompileError, match=r"^bad: (SyntaxError|NameError): ."):
        backend.compile(elementwise(text, "float64", "float64", name="bad"))


def test_a_negative_position_is_an_error_at_the_line_of_the_text() -> None:
    x, positions, out = np.arange(3), np.array([1, -1, 0]), np.zeros(3, np.int64)
    with pytest.raises(IndexError, match=r"^gather: positions of .*; -1 was") as caught:
        run(TAKE, Layout((3,), ((0,), (0,))), [x, positions, out], backend=backend)
    frames = traceback.extract_tb(caught.value.__traceback__)
    (line,) = (f.line for f in frames if f.filename.startswith("<kernel take "))
    assert line == "x1 = gather(a0, x0)"


def test_the_text_that_runs_is_the_text_that_prints() -> None:
    kernel = elementwise("x0 - 41.5", "float64", "float64", name="less")
    compiled = ReferenceBackend().compile(kernel)
    assert compiled.source == backend.emit(kernel)
    name = compiled.function.__code__.co_filename
    assert "".join(linecache.getlines(name)) == compiled.source


def test_its_memory_is_that_of_numpy() -> None:
    x = np.arange(6.0)
    buffer = backend.allocate(np.dtype(np.float64), (2, 3))
    layout = Layout((6,), ((0,), (0,), (0,)))
    pointers = [backend.pointer(backend.upload(x))] * 2 + [backend.pointer(buffer)]
    backend.compile(addition()).bind(layout)(pointers, [])
    assert np.array_equal(backend.download(buffer), (x + x).reshape(2, 3))
    assert backend.is_known(addition())
