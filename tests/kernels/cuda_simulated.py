"""Run a few tiny kernels in numba-cuda's simulator, and compare with NumPy.

A script, because the simulator is chosen when Numba is imported:
``NUMBA_ENABLE_CUDASIM=1 python tests/kernels/cuda_simulated.py``. It says which kernels
were right, one a line.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from by_hand import KINDS, elementwise, layer_norm, reductions, softmax

from engine.kernels.cuda import simulator
from engine.kernels.cuda.emit import emit
from engine.kernels.kernel import Access, Argument, Compute, Gather, Kernel, Load, Store

GENERATOR = np.random.default_rng(3)


def run(kernel: Kernel, team: Any, words: list[Any], blocks: int = 2) -> None:
    """Launch on arrays, scalars, extents and places, in the order of parameters."""
    simulator.Module(emit(kernel, team)).function[blocks, 256](*words)


def check(title: str, result: Any, expected: Any) -> None:
    np.testing.assert_allclose(result, expected, rtol=1e-12, err_msg=title)
    print(title, flush=True)


def map_kernels() -> None:
    x, y = GENERATOR.normal(size=(2, 700))
    out = np.zeros(700)
    kernel = elementwise("exp(x0) + x1", "float64", "float64", "float64")
    run(kernel, "map", [x, y, out, 700, 0, 0, 0])
    check("map", out, np.exp(x) + y)
    wide = np.zeros(702)
    start = wide.ctypes.data // 8 % 2  # where a vector may stand
    run(kernel, "wide", [x, y, wide[start:], 699, 0, 0, 0])
    check("wide map", wide[start:][:699], out[:699])

    accesses = (Access(0, ("1", "0")), Access(1, ("0", "1")), Access(2, ("n", "1")))
    arguments = (*[Argument("float64", "read")] * 2, Argument("float64", "write"))
    statements = (Load("x0", 0), Load("x1", 1), Compute("t0", "float64", "x0 * x1"))
    outer = Kernel(
        "outer", "map", 2, 0, arguments, accesses, (), (*statements, Store(2, "t0"))
    )
    table = np.zeros(9 * 70)
    run(outer, "map", [x, y, table, 9, 70, 0, 0, 0, 70])
    check("map of two axes", table.reshape(9, 70), np.outer(x[:9], y[:70]))

    arguments = (Argument("int64", "read"), arguments[0], Argument("float64", "update"))
    accesses = (Access(0, ("1",)), Access(2, ("n",)))
    body = (Load("x0", 0), Gather("x1", 1, "x0"), Load("x2", 1))
    total = Compute("t0", "float64", "x1 + x2")
    taken = Kernel(
        "take", "map", 1, 0, arguments, accesses, (), (*body, total, Store(1, "t0"))
    )
    where, target = GENERATOR.integers(0, 700, 50), np.ones(100)
    run(taken, "map", [where, x, target, 50, 0, 0, 2])
    check("gather and strided update", target[::2], x[where] + 1)


def other_numbers() -> None:
    z, w = GENERATOR.normal(size=(2, 60, 2)).view(complex)[..., 0]
    out = np.zeros(60, complex)
    text = "exp(multiply(x0, s0)) - divide(x1, conjugate(x0))"
    kernel = elementwise(text, *["complex128"] * 3, scalars=("complex128",))
    run(kernel, "map", [z, w, out, 0.5 - 1j, 60, 0, 0, 0])
    check("complex map", out, np.exp(z * (0.5 - 1j)) - w / z.conj())
    x, y = GENERATOR.normal(size=(2, 300)).astype("float16")
    halves = np.zeros(300, "float16")
    kernel = elementwise("x0 * x1 + x0", *["float16"] * 3)
    run(kernel, "map", [a.view("uint16") for a in (x, y, halves)] + [300, 0, 0, 0])
    wide = x.astype("float32") * y + x.astype("float32")
    check("float16 map", halves, wide.astype("float16"))


def row_kernels() -> None:
    for team, length in (("warp", 45), ("block", 300)):
        x = GENERATOR.normal(size=(2, length))
        first, second = np.zeros_like(x), np.zeros_like(x)
        for out, blocks in ((first, 3), (second, 1)):
            words = [x.ravel(), out.reshape(-1), 2, length, 0, length, 0, length]
            if blocks == 3 or team == "warp":  # the other is slow: many meetings
                run(softmax(), team, words, blocks)
        powers = np.exp(x - x.max(1, keepdims=True))
        check(f"softmax, {team}", first, powers / powers.sum(1, keepdims=True))
        if team == "warp":
            assert (first == second).all(), "the size of the grid changed bits"


def long_row() -> None:
    x = GENERATOR.normal(size=9_000)
    kernel = reductions(("sum", "max", "squared_deviations"), "float64", "row")
    results = []
    tickets, parts = np.zeros(1, np.int32), [np.zeros(3) for _ in range(5)]
    for blocks in (1, 3):
        outs = [np.zeros(1) for _ in range(3)]
        words = [x, *outs, 1, len(x), 0, len(x), 0, 0, 0, tickets, *parts]
        run(kernel, "grid", words, blocks)
        results.append(outs)
    assert results[0] == results[1], "the size of the grid changed bits"
    assert tickets[0] == 0
    check(
        "a long row, shared by blocks",
        results[0],
        [[x.sum()], [x.max()], [deviations(x)]],
    )


def long_columns() -> None:
    x = GENERATOR.normal(size=(1100, 33))
    kernel = reductions(("sum", "max", "squared_deviations"), "float64", "column")
    results = []
    tickets, parts = np.zeros(2, np.int32), [np.zeros(6 * 32) for _ in range(5)]
    for blocks in (1, 4):
        outs = [np.zeros(33) for _ in range(3)]
        words = [x.ravel(), *outs, 33, 1100, 0, 33, 0, 0, 0, tickets, *parts]
        run(kernel, "column_grid", words, blocks)
        results.append(np.array(outs))
    assert (results[0] == results[1]).all(), "the size of the grid changed bits"
    assert not tickets.any()
    expected = [x.sum(0), x.max(0), deviations(x)]
    check("long columns, shared by blocks", results[0], expected)


def deviations(x: Any, axis: int = 0) -> Any:
    return np.var(x, axis=axis) * x.shape[axis]


def column_kernel() -> None:
    rows, columns = 21, 37
    x, weight, bias = GENERATOR.normal(size=(3, rows, columns))
    weight, bias = weight[:, 0].copy(), bias[:, 0].copy()
    out = np.zeros((rows, columns))
    places = [0, columns, 0, 1, 0, 1, 0, columns]
    words = [x.ravel(), weight, bias, out.reshape(-1), float(rows), 1e-5]
    run(layer_norm("column"), "column", [*words, columns, rows, *places])
    normal = (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5)
    check("layer_norm, column", out, normal * weight[:, None] + bias[:, None])


def reductions_of(kinds: tuple[str, ...], team: str) -> None:
    rows, length = 2, 290
    x = GENERATOR.integers(-3, 4, (rows, length)).astype(float)
    x[1, 7] = x[1, 200] = np.nan
    form = "column" if team == "column" else "row"
    kernel = reductions(kinds, "float64", form)
    data = x.T.copy() if form == "column" else x
    stride = rows if form == "column" else length
    outs = [np.zeros(rows, argument.dtype) for argument in kernel.arguments[1:]]
    places = [0, stride, *[0] * len(outs)]
    run(kernel, team, [data.ravel(), *outs, rows, length, *places], blocks=1)
    for kind, out in zip(kinds, outs, strict=True):
        function: Callable[..., Any] = getattr(np, kind, deviations)
        check(f"{kind}, {team}", out.astype(float), function(x, axis=1).astype(float))


def zeros() -> None:
    x = np.array([[0.0, -0.0, -0.0, 0.0], [-0.0, 0.0, -0.0, -0.0]])
    highest, lowest = np.ones(2), np.ones(2)
    kernel = reductions(("max", "min"), "float64", "row")
    run(kernel, "warp", [x.ravel(), highest, lowest, 2, 4, 0, 4, 0, 0], blocks=1)
    check("zeros of both signs", np.signbit([highest, lowest]), [[0, 0], [1, 1]])


if __name__ == "__main__":
    zeros()
    map_kernels()
    other_numbers()
    row_kernels()
    long_row()
    long_columns()
    column_kernel()
    reductions_of((*KINDS, "squared_deviations"), "warp")
    reductions_of((*KINDS, "squared_deviations"), "column")
    reductions_of(("sum", "argmin"), "block")
