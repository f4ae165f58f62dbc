"""Subscripts whose numbers change: the region is NumPy's, the first time and later."""

from __future__ import annotations

import contextlib
import gc
from typing import Any

import numpy
import pytest
from numpy.random import Generator, default_rng

import engine
import engine.numpy as np
from engine import native
from engine.execute import flush
from engine.record import current_trace
from engine.record.trace import Trace


def source(*shape: int) -> Any:
    return numpy.arange(float(numpy.prod(shape))).reshape(shape)


BASES = [
    lambda x: x,
    lambda x: x[::-1],
    lambda x: x[:, ::-2],
    lambda x: x.T,
    lambda x: x[1:, 2:3],
    lambda x: x[3],
    lambda x: x[2:2],
]
"""Views that subscripts are taken of, of an array of two axes."""


def part(random: Generator, extent: int) -> Any:
    """An integer, slice, None or dots; often one that goes past an end."""
    near = int(random.integers(-extent - 2, extent + 3))
    length = int(random.integers(-1, 4))
    return [
        near,
        near,
        slice(near, near + length),
        slice(near, near + length, int(random.integers(1, 4))),
        slice(near, None),
        slice(None, near, -1),
        slice(None),
        slice(3, 2**70),
        numpy.int64(near),
        None,
        ...,
    ][random.integers(0, 11)]


def shown(thing: Any, key: Any) -> Any:
    """What a subscript gives: layout and numbers of an array, or an error."""
    try:
        found = thing[key]
    except (IndexError, ValueError) as error:
        return type(error), str(error).removeprefix("getitem: ")
    strides = found.strides if found.size else None
    return found.shape, strides, found.dtype, numpy.asarray(found).tolist()


@pytest.mark.parametrize("seed", range(8))
def test_random_subscripts_are_those_of_numpy(recorder: str, seed: int) -> None:
    random = default_rng(seed)
    expected = source(6, 9)
    given = np.array(expected)
    for base in BASES:
        mine, theirs = base(given), base(expected)
        for _ in range(120):
            count = int(random.integers(1, 4))
            key = tuple(part(random, 6) for _ in range(count))
            key = key[0] if count == 1 and random.integers(0, 2) else key
            assert shown(mine, key) == shown(theirs, key), key


def test_views_that_are_kept_stay_where_they_are(recorder: str) -> None:
    expected = source(40, 5)
    given = np.array(expected)
    tensor = engine.tensor(expected)
    for _ in range(2):
        rows = [given[i] for i in range(40)]
        windows = [given[i : i + 3, 1] for i in range(37)]
        ones = [tensor[i, 2] for i in range(40)]
        assert [row.tolist() for row in rows] == expected.tolist()
        for i, window in enumerate(windows):
            assert window.tolist() == expected[i : i + 3, 1].tolist()
        assert [one.item() for one in ones] == expected[:, 2].tolist()


def test_a_recipe_that_somebody_holds_does_not_change(recorder: str) -> None:
    given = np.array(source(30, 4))
    held = [given[i].recipe for i in range(12)]
    for i in range(30):
        given[i] += 1.0
    assert [recipe.offset for recipe in held] == [4 * i for i in range(12)]
    assert {recipe.shape for recipe in held} == {(4,)}


def test_a_subscript_by_several_numbers_at_once(recorder: str) -> None:
    expected = source(7, 8, 9)
    given = np.array(expected)
    for i in range(-7, 7):
        for k in range(9):
            for key in ((i, k - 8), (i, ..., k), (i, None, k - 8, slice(k, k + 2))):
                assert shown(given, key) == shown(expected, key), key
            given[i, 1:3, k] += 0.5
            expected[i, 1:3, k] += 0.5
            given[i, 2, k] = float(k)
            expected[i, 2, k] = float(k)
    assert given.tolist() == expected.tolist()


def test_windows_that_reach_past_an_end_are_cut(recorder: str) -> None:
    expected = source(10)
    given = np.array(expected)
    for _ in range(3):
        for i in range(14):
            assert given[i : i + 4].tolist() == expected[i : i + 4].tolist()
            assert given[i : i + 6 : 2].tolist() == expected[i : i + 6 : 2].tolist()
            given[i : i + 4] *= 2.0
            expected[i : i + 4] *= 2.0
    assert given.tolist() == expected.tolist()


def test_numbers_past_an_end_raise_each_time(recorder: str) -> None:
    given = np.array(source(5, 3))
    assert given[4].tolist() == [12.0, 13.0, 14.0]
    for number in (5, -6, 2**40, -(2**40), 2**63 - 1, -(2**63)):
        for _ in range(2):
            with pytest.raises(IndexError, match=f"index {number} is out of bounds"):
                given[number]
            with pytest.raises(IndexError, match=f"index {number} is out of bounds"):
                given[number] = 1.0
    assert given[-5].tolist() == [0.0, 1.0, 2.0]


class _Cut:
    """Dies in a circle, and leaves an array three rows of its memory when it does."""

    def __init__(self, array: Any) -> None:
        self.itself, self.array = self, array

    def __del__(self) -> None:
        self.array.resize((3, 4), refcheck=False)


def test_a_finalizer_may_take_the_memory_of_what_is_subscripted(recorder: str) -> None:
    big = numpy.arange(4000.0).reshape(1000, 4)
    limits = gc.get_threshold()
    gc.freeze()  # else each pass looks at all that other tests have left
    try:
        for turn in range(60):
            x = np.array(big)
            kept = [x[i].tolist() for i in range(turn % 7 + 1)]
            _Cut(x)
            gc.set_threshold(1 + turn % 5)
            with contextlib.suppress(IndexError):
                views = [x[i] for i in range(500, 520)]
                kept += [view.tolist() for view in views]
            gc.set_threshold(*limits)
            gc.collect()
            assert x.shape == (3, 4)
            assert all(row == big[int(row[0]) // 4].tolist() for row in kept)
    finally:
        gc.set_threshold(*limits)
        gc.unfreeze()
    flush(current_trace())


def _eliminated(a: Any) -> Any:
    for k in range(a.shape[0] - 1):
        a[k + 1 :, k] /= a[k, k]
        a[k + 1 :, k + 1 :] -= a[k + 1 :, k : k + 1] * a[k, k + 1 :]
    return a


@pytest.mark.skipif(native.recorder()[0] != "native", reason=native.recorder()[1])
def test_parts_that_shrink_are_new_to_python_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Native code follows their extents, and those of what is computed of them."""

    def counted(*arguments: Any) -> Any:
        asked.append(arguments[1])
        return advance(*arguments)

    asked: list[Any] = []
    for size in (30, 30, 41):  # the first ones are recorded before native code is there
        expected = default_rng(size).normal(size=(size, size)) + size * numpy.eye(size)
        given = np.array(expected)
        engine.eval(given)
        if size == 41:
            advance = Trace.advance
            monkeypatch.setattr(Trace, "advance", counted)
        assert numpy.allclose(_eliminated(given), _eliminated(expected))
    assert len(asked) < 20
