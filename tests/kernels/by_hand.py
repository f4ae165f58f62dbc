"""Kernels built by hand, as the graph side would lower them, and how to run them."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.kernels import memory
from engine.kernels.backend import Backend
from engine.kernels.cpu import backend as cpu
from engine.kernels.kernel import (
    Access,
    Argument,
    Compute,
    Kernel,
    Layout,
    Load,
    Loop,
    Reduce,
    Store,
)

KINDS = ("sum", "prod", "max", "min", "argmax", "argmin", "any", "all")
INTEGERS = tuple(f"{u}int{bits}" for u in ("", "u") for bits in (8, 16, 32, 64))
REALS = ("float32", "float64")
COMPLEX = ("complex64", "complex128")


def run(
    kernel: Kernel,
    layout: Layout,
    arrays: list[Any],
    scalars: Any = (),
    backend: Backend = cpu,
) -> None:
    """Compile, bind and launch on arrays (their first items are items 0)."""
    launcher = backend.compile(kernel).bind(layout)
    launcher([memory.pointer(array) for array in arrays], scalars)


def elementwise(
    text: str, *dtypes: str, name: str = "block", scalars: tuple[str, ...] = ()
) -> Kernel:
    """A one-axis map of contiguous inputs ``x0, x1, ..``; the last dtype is its own."""
    *inputs, output = dtypes
    arguments = [Argument(dtype, "read") for dtype in inputs]
    arguments.append(Argument(output, "write"))
    accesses = tuple(Access(k, ("1",)) for k in range(len(dtypes)))
    loads = tuple(Load(f"x{k}", k) for k in range(len(inputs)))
    body = (*loads, Compute("t0", output, text), Store(len(inputs), "t0"))
    return Kernel(name, "map", 1, 0, tuple(arguments), accesses, scalars, body)


def result_dtype(kind: str, dtype: str) -> str:
    """The dtype that the graph side gives a reduction."""
    if kind in ("argmax", "argmin"):
        return "int64"
    if kind in ("any", "all"):
        return "bool"
    if kind in ("sum", "prod") and dtype == "bool":
        return "int64"
    return dtype


def reductions(
    kinds: tuple[str, ...],
    dtype: str,
    form: str,
    computed: bool = False,
    counting: bool = True,
) -> Kernel:
    """Reductions of a matrix over its rows (``row``) or columns (``column``).

    `computed` passes values through a statement, so that they are no plain loads;
    without `counting`, sums and products of bools are bools.
    """
    statements: list[Any] = [Load("x0", 0), Compute("t100", "int64", "x0")]
    value = "x0"
    if computed:
        statements.append(Compute("t101", dtype, "x0"))
        value = "t101"
    stores = []
    for k, kind in enumerate(kinds):
        result = result_dtype(kind, dtype) if counting else dtype
        widened = counting and dtype == "bool" and kind in ("sum", "prod")
        source = "t100" if widened else value
        statements.append(Reduce(f"t{k}", kind, source, result))  # type: ignore[arg-type]
        stores.append(Store(k + 1, f"t{k}"))
    if "t100" not in [getattr(s, "value", None) for s in statements]:
        del statements[1]
    across = ("n", "1") if form == "row" else ("1", "n")
    results = [s.dtype for s in statements if isinstance(s, Reduce)]
    outputs = [Argument(result, "write") for result in results]
    accesses = [Access(0, across)]  # type: ignore[arg-type]
    accesses += [Access(k + 1, ("1", "0")) for k in range(len(kinds))]
    return Kernel(
        f"{'_'.join(kinds)}_{dtype}",
        form,  # type: ignore[arg-type]
        1,
        1,
        (Argument(dtype, "read"), *outputs),
        tuple(accesses),
        (),
        (Loop(tuple(statements)), *stores),
    )


def reduce_with(
    kernel: Kernel, values: np.ndarray[Any, Any], backend: Backend = cpu
) -> list[Any]:
    """Run a kernel of `reductions` over the last axis of a matrix."""
    rows, length = values.shape
    out = [np.zeros(rows, argument.dtype) for argument in kernel.arguments[1:]]
    if kernel.kind == "row":
        data, strides = np.ascontiguousarray(values), (0, length)
    else:
        data, strides = np.ascontiguousarray(values.T), (0, rows)
    places = (strides, *[(0,)] * len(out))
    run(kernel, Layout((rows, length), places), [data, *out], backend=backend)
    return out


def softmax(dtype: str = "float64") -> Kernel:
    """softmax of every row, as one kernel."""
    return Kernel(
        "softmax",
        "row",
        1,
        1,
        (Argument(dtype, "read"), Argument(dtype, "write")),
        (Access(0, ("n", "1")), Access(1, ("n", "1"))),
        (),
        (
            Loop((Load("x0", 0), Reduce("t0", "max", "x0", dtype))),
            Loop(
                (
                    Load("x1", 0),
                    Compute("t1", dtype, "x1 - t0"),
                    Compute("t2", dtype, "exp(t1)"),
                    Store(1, "t2"),
                    Reduce("t3", "sum", "t2", dtype),
                )
            ),
            Loop((Load("x2", 1), Compute("t4", dtype, "x2 / t3"), Store(1, "t4"))),
        ),
    )


def layer_norm(form: str = "row") -> Kernel:
    """layer_norm with weight and bias: mean, variance and result, as one kernel."""
    across = ("n", "1") if form == "row" else ("1", "n")
    along = ("0", "1") if form == "row" else ("0", "n")
    return Kernel(
        "layer_norm",
        form,  # type: ignore[arg-type]
        1,
        1,
        (
            Argument("float64", "read"),
            Argument("float64", "read"),
            Argument("float64", "read"),
            Argument("float64", "write"),
        ),
        (
            Access(0, across),  # type: ignore[arg-type]
            Access(1, along),  # type: ignore[arg-type]
            Access(2, along),  # type: ignore[arg-type]
            Access(3, across),  # type: ignore[arg-type]
        ),
        ("float64", "float64"),
        (
            Loop((Load("x0", 0), Reduce("t0", "sum", "x0", "float64"))),
            Compute("t1", "float64", "t0 / s0"),
            Loop(
                (
                    Load("x1", 0),
                    Compute("t2", "float64", "x1 - t1"),
                    Compute("t3", "float64", "t2 * t2"),
                    Reduce("t4", "sum", "t3", "float64"),
                )
            ),
            Compute("t5", "float64", "1.0 / sqrt(t4 / s0 + s1)"),
            Loop(
                (
                    Load("x2", 0),
                    Load("x3", 1),
                    Load("x4", 2),
                    Compute("t6", "float64", "(x2 - t1) * t5 * x3 + x4"),
                    Store(3, "t6"),
                )
            ),
        ),
    )
