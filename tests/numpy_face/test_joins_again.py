"""Joins are NumPy's, the first time and when they are known."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

import engine.numpy as np
from engine.numpy import quick

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


@pytest.mark.parametrize(
    ("shapes", "axis"),
    [
        (((2, 3), (2, 4)), 0),
        (((2, 3), (2, 200_000)), 0),
        (((2, 3), (2, 3)), 5),
        (((2, 3), (3,)), 0),
        (((), ()), 0),
        (((2, 3), ()), 1),
    ],
)
@pytest.mark.parametrize("dtypes", [("float64", "float64"), ("float64", "int64")])
def test_what_cannot_be_joined_is_refused_each_time(
    shapes: Any, axis: int, dtypes: Any
) -> None:
    pairs = [numpy.ones(shape, d) for shape, d in zip(shapes, dtypes, strict=True)]
    with pytest.raises(ValueError) as refused:
        numpy.concatenate(pairs, axis)
    first = numpy.ones(shapes[0] or 1, dtypes[0])
    for _ in range(3):
        with pytest.raises(type(refused.value)):
            np.concatenate([np.asarray(x) + 0 for x in pairs], axis)
        joined = np.concatenate([np.asarray(first), np.asarray(first)], 0)
        assert joined.shape == (2 * len(first), *first.shape[1:])


@pytest.mark.parametrize("casting", ["no", "equiv", "safe", "same_kind", "unsafe"])
def test_the_rule_of_casts_is_heard_each_time(casting: Any) -> None:
    single, double = numpy.ones(2, "f4"), numpy.ones(2)
    for parts in ((single, double), (double, double)):
        refused = None
        try:
            wanted = numpy.concatenate(parts, casting=casting)
        except TypeError as error:
            refused = type(error)
        for _ in range(3):
            ours = [np.asarray(x) + np.float32(0) for x in parts]
            if refused is None:
                found = np.concatenate(ours, casting=casting)
                numpy.testing.assert_array_equal(found, wanted, strict=True)
                np.concatenate(ours)
            else:
                with pytest.raises(refused):
                    np.concatenate(ours, casting=casting)


def test_a_rule_of_casts_that_there_is_not_is_refused() -> None:
    for parts in ([np.ones(2), np.ones(2)], [np.ones(2), np.ones(2, "f4")]):
        for _ in range(2):
            with pytest.raises(ValueError, match="casting"):
                np.concatenate(parts, casting="bogus")


def test_joins_of_many_are_not_remembered() -> None:
    parts = [np.full(1, float(k)) for k in range(40)]
    before = len(quick.known)
    np.concatenate(parts)
    assert len(quick.known) == before
