"""Logic of truth values: every number but 0 is true, NaN too."""

from __future__ import annotations

from typing import Any

import numpy as np

from .op import elementwise

# `logical_not` compares in the dtype of its operand; `!= 0` would convert first.


@elementwise(
    np.logical_and,
    scalar={
        "b": "{x} & {y}",
        "": "logical_not(logical_not({x}) | logical_not({y}))",
    },
    onnx="And",
    dtypes="biufc",
)
def logical_and(x: Any, y: Any) -> Any:
    """Whether both are true."""


@elementwise(
    np.logical_or,
    scalar={
        "b": "{x} | {y}",
        "": "logical_not(logical_not({x}) & logical_not({y}))",
    },
    onnx="Or",
    dtypes="biufc",
)
def logical_or(x: Any, y: Any) -> Any:
    """Whether at least one is true."""


@elementwise(
    np.logical_xor,
    scalar={"b": "{x} ^ {y}", "": "logical_not({x}) ^ logical_not({y})"},
    onnx="Xor",
    dtypes="biufc",
)
def logical_xor(x: Any, y: Any) -> Any:
    """Whether exactly one is true."""


@elementwise(np.logical_not, scalar="logical_not({x})", dtypes="biufc", onnx="Not")
def logical_not(x: Any) -> Any:
    """Whether x is 0 or False."""
