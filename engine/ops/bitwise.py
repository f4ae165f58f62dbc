"""Bits of integers and bool, and whole numbers' divisors."""

from __future__ import annotations

from typing import Any

import numpy as np

from .op import elementwise


@elementwise(np.bitwise_and, scalar="{x} & {y}", onnx="BitwiseAnd")
def bitwise_and(x: Any, y: Any) -> Any:
    """The bits that are set in both."""


@elementwise(np.bitwise_or, scalar="{x} | {y}", onnx="BitwiseOr")
def bitwise_or(x: Any, y: Any) -> Any:
    """The bits that are set in at least one."""


@elementwise(np.bitwise_xor, scalar="{x} ^ {y}", onnx="BitwiseXor")
def bitwise_xor(x: Any, y: Any) -> Any:
    """The bits that are set in exactly one."""


@elementwise(np.invert, scalar="invert({x})", onnx="BitwiseNot")
def invert(x: Any) -> Any:
    """All bits flipped; the other truth value of bool."""


@elementwise(np.left_shift, scalar="left_shift({x}, {y})")
def left_shift(x: Any, y: Any) -> Any:
    """x times 2**y, wrapped around; 0 when all bits are shifted out."""


@elementwise(np.right_shift, scalar="right_shift({x}, {y})")
def right_shift(x: Any, y: Any) -> Any:
    """x divided by 2**y, rounded down."""


@elementwise(np.gcd, scalar="gcd({x}, {y})", expensive=True)
def gcd(x: Any, y: Any) -> Any:
    """The greatest common divisor, never negative."""


@elementwise(np.lcm, scalar="lcm({x}, {y})", expensive=True)
def lcm(x: Any, y: Any) -> Any:
    """The least common multiple, never negative."""


@elementwise(np.bitwise_count, scalar="bitwise_count({x})")
def bitwise_count(x: Any) -> Any:
    """The number of bits that are set in the absolute value, as uint8."""
