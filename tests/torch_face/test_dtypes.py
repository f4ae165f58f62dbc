"""Promotion and dtypes: PyTorch's tables, stored as torch 2.13 prints them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import engine

NAMES = [
    "b",
    "u1",
    "i1",
    "i2",
    "i4",
    "i8",
    "u2",
    "u4",
    "u8",
    "f2",
    "f4",
    "f8",
    "c8",
    "c16",
]
NUMBERS = (True, 2, 2.5, 2j)

# Row: the first operand's dtype; column: the second's, in the order of NAMES; "--":
# an error. complex32, which is no dtype here, is c8.
DIMENSIONED = """
    b   u1  i1  i2  i4  i8  --  --  --  f2  f4  f8  c8  c16
    u1  u1  i2  i2  i4  i8  --  --  --  f2  f4  f8  c8  c16
    i1  i2  i1  i2  i4  i8  --  --  --  f2  f4  f8  c8  c16
    i2  i2  i2  i2  i4  i8  --  --  --  f2  f4  f8  c8  c16
    i4  i4  i4  i4  i4  i8  --  --  --  f2  f4  f8  c8  c16
    i8  i8  i8  i8  i8  i8  --  --  --  f2  f4  f8  c8  c16
    --  --  --  --  --  --  u2  --  --  f2  f4  f8  --  --
    --  --  --  --  --  --  --  u4  --  f2  f4  f8  --  --
    --  --  --  --  --  --  --  --  u8  f2  f4  f8  --  --
    f2  f2  f2  f2  f2  f2  f2  f2  f2  f2  f4  f8  c8  c16
    f4  f4  f4  f4  f4  f4  f4  f4  f4  f4  f4  f8  c8  c16
    f8  f8  f8  f8  f8  f8  f8  f8  f8  f8  f8  f8  c16 c16
    c8  c8  c8  c8  c8  c8  --  --  --  c8  c8  c16 c8  c16
    c16 c16 c16 c16 c16 c16 --  --  --  c16 c16 c16 c16 c16
"""
DIMENSIONED_WITH_ZERO_DIMENSIONAL = """
    b   u1  i1  i2  i4  i8  --  --  --  f2  f4  f8  c8  c16
    u1  u1  u1  u1  u1  u1  u1  u1  u1  f2  f4  f8  c8  c16
    i1  i1  i1  i1  i1  i1  i1  i1  i1  f2  f4  f8  c8  c16
    i2  i2  i2  i2  i2  i2  i2  i2  i2  f2  f4  f8  c8  c16
    i4  i4  i4  i4  i4  i4  i4  i4  i4  f2  f4  f8  c8  c16
    i8  i8  i8  i8  i8  i8  i8  i8  i8  f2  f4  f8  c8  c16
    u2  u2  u2  u2  u2  u2  u2  u2  u2  f2  f4  f8  c8  c16
    u4  u4  u4  u4  u4  u4  u4  u4  u4  f2  f4  f8  c8  c16
    u8  u8  u8  u8  u8  u8  u8  u8  u8  f2  f4  f8  c8  c16
    f2  f2  f2  f2  f2  f2  f2  f2  f2  f2  f2  f2  c8  c8
    f4  f4  f4  f4  f4  f4  f4  f4  f4  f4  f4  f4  c8  c8
    f8  f8  f8  f8  f8  f8  f8  f8  f8  f8  f8  f8  c16 c16
    c8  c8  c8  c8  c8  c8  c8  c8  c8  c8  c8  c8  c8  c8
    c16 c16 c16 c16 c16 c16 c16 c16 c16 c16 c16 c16 c16 c16
"""
# Columns: True, 2, 2.5, 2j.
WITH_NUMBERS = """
    b   i8  f4  c8
    u1  u1  f4  c8
    i1  i1  f4  c8
    i2  i2  f4  c8
    i4  i4  f4  c8
    i8  i8  f4  c8
    u2  u2  f4  c8
    u4  u4  f4  c8
    u8  u8  f4  c8
    f2  f2  f2  c8
    f4  f4  f4  c8
    f8  f8  f8  c16
    c8  c8  c8  c8
    c16 c16 c16 c16
"""


def rows(table: str) -> list[list[str]]:
    return [line.split() for line in table.strip().splitlines()]


def named(name: str) -> np.dtype[Any]:
    return np.dtype(bool if name == "b" else name)


def made(name: str, shape: tuple[int, ...]) -> engine.Tensor:
    return engine.ones(shape, dtype=named(name))


def meet(left: object, right: object) -> str:
    """What the result is, or -- for an error; the ops must say the same."""
    try:
        found = engine.result_type(left, right)
    except RuntimeError:
        with pytest.raises(RuntimeError, match="uint16, uint32 and uint64"):
            left * right  # type: ignore[operator]
        return "--"
    assert (left * right).dtype is found  # type: ignore[operator]
    return "b" if found.kind == "b" else found.dtype.str[1:]


@pytest.mark.parametrize("shape", [(2,), ()])
def test_tensors_of_one_rank_meet_as_in_pytorch(shape: tuple[int, ...]) -> None:
    for a, row in zip(NAMES, rows(DIMENSIONED), strict=True):
        for b, want in zip(NAMES, row, strict=True):
            assert meet(made(a, shape), made(b, shape)) == want, (a, b)


def test_dimensioned_tensors_outweigh_0d_ones() -> None:
    table = rows(DIMENSIONED_WITH_ZERO_DIMENSIONAL)
    for a, row in zip(NAMES, table, strict=True):
        for b, want in zip(NAMES, row, strict=True):
            assert meet(made(a, (2,)), made(b, ())) == want, (a, b)
            assert meet(made(b, ()), made(a, (2,))) == want, (b, a)


@pytest.mark.parametrize("shape", [(2,), ()])
def test_python_numbers_weigh_least(shape: tuple[int, ...]) -> None:
    for a, row in zip(NAMES, rows(WITH_NUMBERS), strict=True):
        for number, want in zip(NUMBERS, row, strict=True):
            assert meet(made(a, shape), number) == want, (a, number)
            assert meet(number, made(a, shape)) == want, (number, a)


def test_promote_types_is_the_table() -> None:
    for a, row in zip(NAMES, rows(DIMENSIONED), strict=True):
        for b, want in zip(NAMES, row, strict=True):
            if want != "--":
                assert engine.promote_types(named(a), named(b)) == named(want)


def test_the_tables_are_those_of_the_torch_that_is_here() -> None:
    torch = pytest.importorskip("torch", reason="compares with torch where it is")
    for a, row in zip(NAMES, rows(DIMENSIONED), strict=True):
        for b, want in zip(NAMES, row, strict=True):
            if want != "--":
                left, right = (getattr(torch, named(n).name) for n in (a, b))
                assert str(torch.promote_types(left, right))[6:] == named(want).name


@pytest.mark.parametrize("name", NAMES[:12])
def test_true_division_of_integers_is_float32(name: str) -> None:
    x = made(name, (3,))
    want = named(name) if name[0] == "f" else np.dtype(np.float32)
    assert (x / x).dtype == want
    assert (x / 2).dtype == want
    assert x.sqrt().dtype == want


@pytest.mark.parametrize(
    ("name", "want"),
    [("b", "i8"), ("u1", "i8"), ("i4", "i8"), ("f4", "f4"), ("f2", "f2")],
)
def test_sums_have_pytorchs_dtypes(name: str, want: str) -> None:
    x = made(name, (3,))
    assert x.sum().dtype == named(want)
    assert x.cumsum(0).dtype == named(want)
    assert x.sum().item() == 3


def test_python_integers_wrap_around_in_narrow_dtypes() -> None:
    x = engine.zeros(1, dtype=engine.int8)
    assert (x + 300).tolist() == [44]
    assert (x - 129).tolist() == [127]


def test_numbers_out_of_range_compare_as_what_they_are() -> None:
    x = engine.tensor([44, -1], dtype=engine.int8)
    assert (x == 300).tolist() == [False, False]
    assert (x < 1000).all() and (x > -1000).all()
    assert (engine.ones(1) * 1e300).item() == float("inf")
    assert (engine.ones(1).half() * 1e9).item() == float("inf")


def test_dtypes_print_and_equal_numpys() -> None:
    assert repr(engine.float32) == "engine.float32"
    assert engine.half is engine.float16
    assert engine.float32 == np.float32 and engine.float32 != engine.float64
    assert np.zeros(2, engine.int16).dtype == np.int16
    assert {engine.int64: 1}[engine.long] == 1


def test_unknown_dtypes_are_refused_with_the_known_ones() -> None:
    with pytest.raises(TypeError, match=r"one of bool, uint8.* 'float8' was given"):
        engine.zeros(2, dtype="float8")
    with pytest.raises(TypeError, match="was required"):
        engine.tensor(np.array(["a"]))


def test_the_default_dtype_can_be_changed() -> None:
    engine.set_default_dtype(engine.float64)
    try:
        assert engine.tensor([1.0]).dtype is engine.float64
        assert (engine.tensor([1]) * 1.5).dtype is engine.float64
        assert repr(engine.ones(1)) == "tensor([1.])"
    finally:
        engine.set_default_dtype(engine.float32)
    assert (engine.tensor([1]) * 1.5).dtype is engine.float32


def test_sizes_are_tuples_that_count() -> None:
    shape = engine.zeros(2, 3, 4).shape
    assert shape == (2, 3, 4) and shape.numel() == 24
    assert repr(shape[1:]) == "engine.Size([3, 4])"
    assert isinstance(shape[:2] + shape, engine.Size)


def test_limits() -> None:
    assert engine.finfo(engine.float64).eps == np.finfo(np.float64).eps
    assert engine.iinfo(engine.uint8).max == 255


def test_masks_and_integers_keep_their_dtype() -> None:
    mask = engine.ones(2, 2, dtype=engine.bool_)
    assert mask.tril().dtype == mask.triu(1).dtype == engine.bool_
    assert mask.tril().tolist() == [[True, False], [True, True]]
    assert mask.square().dtype == (mask**2).dtype == engine.int64
    for dtype in (engine.uint8, engine.int32, engine.int64):
        x = engine.tensor([3, 250]).to(dtype)
        assert x.round().dtype == dtype and x.round().tolist() == x.tolist()
    assert engine.ones(2, 2).masked_fill(~mask.tril(), 0.0).tolist() == [[1, 0], [1, 1]]
