"""Joins are NumPy's, the first time and when they are known."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

import engine.numpy as np

DTYPES = ["float32", "float64", "int64", "int32", "bool", "complex128", "uint8"]


def some_parts(rng: numpy.random.Generator) -> tuple[list[Any], int | None]:
    """Arrays of some dtypes in some orders, perhaps a Python number, and an axis."""
    rank = int(rng.integers(1, 3))
    axis = [None, 0, -1, rank - 1][rng.integers(4)]
    shape = rng.integers(1, 4, rank)
    parts: list[Any] = []
    for _ in range(rng.integers(1, 4)):
        if axis is not None:
            shape[axis] = rng.integers(1, 4)
        part = (rng.normal(size=tuple(shape)) * 5).astype(DTYPES[rng.integers(7)])
        parts.append(numpy.asfortranarray(part) if rng.random() < 0.2 else part)
    if axis is None and rng.random() < 0.3:
        parts.append([1.5, 2, True][rng.integers(3)])
    return parts, axis


def as_ours(part: Any, way: int) -> Any:
    """An array of ours: computed, pending, or one row of a larger one."""
    if not isinstance(part, numpy.ndarray):
        return part
    if way == 0 or not part.flags.c_contiguous:
        return np.asarray(part)
    zero = part.dtype.type(0)
    return np.asarray(part) + zero if way == 1 else np.asarray([part, part])[1]


@pytest.mark.parametrize("seed", range(120))
def test_joins_are_numpys_each_time(seed: int) -> None:
    rng = numpy.random.default_rng(seed)
    parts, axis = some_parts(rng)
    expected = numpy.concatenate(parts, axis)
    for _ in range(3):
        ours = [as_ours(part, int(rng.integers(3))) for part in parts]
        joined = np.concatenate(ours, axis)
        assert joined.dtype == expected.dtype
        numpy.testing.assert_array_equal(joined, expected, strict=True)


def test_the_dtype_of_a_number_is_no_part_of_what_is_known() -> None:
    single, double = np.ones(3, np.float32), np.ones(1)
    for _ in range(3):
        assert np.concatenate([single, 2.0], None).dtype == np.float32
        assert np.concatenate([single, double], None).dtype == np.float64
        assert np.append(single, 2.0).dtype == np.float64
        assert np.append(single, double).dtype == np.float64


@pytest.mark.parametrize("dtype", ["float64", "int64"])
def test_what_grows_by_numbers_is_numpys(dtype: str) -> None:
    for _ in range(3):
        ours, theirs = np.array([], dtype), numpy.array([], dtype)
        for k in range(12):
            ours, theirs = np.append(ours, k), numpy.append(theirs, k)
        assert ours.dtype == theirs.dtype
        assert ours.tolist() == theirs.tolist()
