"""What pending indices pick is NumPy's, the first time and when it is known."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

import engine
import engine.numpy as np
from engine.numpy import gathers, quick


def pending(indices: Any) -> Any:
    """Indices that have not been computed."""
    return np.asarray(indices) + 0


def a_case(rng: numpy.random.Generator) -> tuple[Any, list[Any]]:
    """An array in some layout, and index arrays for some of its axes."""
    x = rng.normal(size=tuple(rng.integers(1, 5, rng.integers(1, 4))))
    x = [x, x.T, x[::-1], x[1:]][rng.integers(4)]
    shape = tuple(rng.integers(1, 4, rng.integers(1, 3)))
    kinds = ["int64", "int32", "uint8"]
    indices = []
    for extent in x.shape[: rng.integers(1, x.ndim + 1)]:
        if extent == 0:
            break
        kind = kinds[rng.integers(3)]
        first = 0 if kind == "uint8" else -extent
        indices.append(rng.integers(first, extent, shape).astype(kind))
    return x, indices


@pytest.mark.parametrize("seed", range(60))
def test_picks_are_numpys_each_time(seed: int) -> None:
    x, indices = a_case(numpy.random.default_rng(seed))
    if not indices:
        return
    expected = x[tuple(indices)]
    ours = np.asarray(x)
    for _ in range(3):
        key = tuple(map(pending, indices))
        for picked in (ours[key], ours[key[0]] if len(key) == 1 else ours[key]):
            assert picked.shape == expected.shape
            assert picked.strides == expected.strides
            assert picked.dtype == expected.dtype
            assert picked.flags.writeable
            numpy.testing.assert_array_equal(picked, expected)


def test_what_was_picked_before_is_known() -> None:
    quick.known.clear()
    x, places = np.arange(20.0), pending(numpy.arange(20)[::-1])
    for k in range(0, 20, 5):
        x[places[k : k + 5]]
    known = sum(what == gathers.PICKED for what, *_ in quick.known)
    assert known == (1 if quick._native else 0)


def test_an_index_out_of_bounds_names_its_own_line() -> None:
    x = np.arange(4.0)
    lines = []
    for _ in range(2):
        print(x[pending([0, 3])])
        first = x[pending([1, 5])]
        with pytest.raises(IndexError, match="index 5 is out of bounds") as error:
            print(first)
        lines.append(int(str(error.value).rpartition(":")[2]))
        second = x[pending([6, 1])]
        with pytest.raises(IndexError, match="index 6 is out of bounds") as error:
            print(second)
        lines.append(int(str(error.value).rpartition(":")[2]))
    assert lines == [lines[0], lines[0] + 4] * 2


def test_empty_arrays_are_refused_each_time() -> None:
    for _ in range(3):
        with pytest.raises(IndexError, match="out of bounds"):
            print(np.zeros(0)[pending([0])])
        assert np.zeros((3, 0))[pending([0, 1])].shape == (2, 0)


def test_gradients_of_what_is_picked_again() -> None:
    def function(x: Any) -> Any:
        return (x[pending([1, 3, 1])] ** 2).sum()

    slope = engine.grad(function)
    for _ in range(3):
        found = slope(np.arange(5.0))
        assert numpy.asarray(found).tolist() == [0.0, 4.0, 0.0, 6.0, 0.0]


def test_what_is_picked_is_what_was_written_before() -> None:
    def run(np: Any, index: Any) -> Any:
        x = np.arange(30.0).reshape(5, 6)
        picked = []
        for k in range(4):
            i = index(numpy.array([0, k, -1]))
            picked += [x[i], x[k:][i[:2] * 0], x.T[i], x[:, 1][i], x[i, i]]
            x[i % 2] += k
            x[k] = picked[-1][:1]
        return [numpy.asarray(part) for part in (*picked, x)]

    wanted = run(numpy, lambda i: i)
    for _ in range(3):
        for part, expected in zip(run(np, pending), wanted, strict=True):
            numpy.testing.assert_array_equal(part, expected, strict=True)


def test_other_keys_are_not_taken_for_known_indices() -> None:
    x = np.arange(4.0)
    for _ in range(3):
        assert x[pending([1, 2])].tolist() == [1.0, 2.0]
        assert x[np.asarray([False, True, True, False])].tolist() == [1.0, 2.0]
        with pytest.raises(IndexError, match="must be of integer"):
            x[pending([1.0, 2.0])]
        assert x[np.asarray([1, 2])].tolist() == [1.0, 2.0]
        with pytest.raises(IndexError, match="out of bounds"):
            x[np.asarray([1, 4])]
