"""engine.compile: views as results, and arrays that share memory, in native code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy
import pytest
from compiling import Step, steadied

import engine
import engine.numpy as np

pytestmark = pytest.mark.usefixtures("native_code", "compiled_tier")

VIEWS: list[Callable[[Any], Any]] = [
    lambda x: x.T,
    lambda x: x[1:],
    lambda x: x[0],
    lambda x: x[:, ::2],
    lambda x: x.reshape(-1),
    lambda x: x[None],
    lambda x: x[1:, 2:].T,
]


@pytest.mark.parametrize(
    ("face", "view"),
    [
        *((engine.tensor, view) for view in VIEWS),
        *((np.array, view) for view in [*VIEWS, lambda x: x[::-1]]),
    ],
)
def test_views_of_results(face: Any, view: Callable[[Any], Any]) -> None:
    def function(x: Any) -> Any:
        return view(x * 2.0)

    x = face(numpy.arange(12.0).reshape(3, 4))
    compiled = steadied(function, x)
    count = Step(compiled)
    for k in range(3):
        x = face(numpy.arange(12.0).reshape(3, 4) + k)
        found, wanted = compiled(x), function(x)
        assert type(found) is type(wanted)
        assert (found.shape, found.dtype) == (wanted.shape, wanted.dtype)
        assert found.tolist() == wanted.tolist()
        found += 1.0
        assert found.tolist() == (wanted + 1.0).tolist()
        if face is np.array:
            assert found.strides == wanted.strides
            assert (found.base is None) == (wanted.base is None)
            assert found.flags.writeable
    assert count() == 3


@pytest.mark.parametrize("view", VIEWS[:4])
@pytest.mark.parametrize("face", [np.array, engine.tensor])
def test_views_of_arguments(face: Any, view: Callable[[Any], Any]) -> None:
    compiled = steadied(view, face(numpy.ones((3, 4))))
    count = Step(compiled)
    x, wanted = (face(numpy.arange(12.0).reshape(3, 4)) for _ in range(2))
    for k in range(3):
        found = compiled(x)
        found += k
        x *= 2.0
        part = view(wanted)
        part += k
        wanted *= 2.0
        assert found.tolist() == part.tolist()
        assert x.tolist() == wanted.tolist()
        if face is np.array:
            assert found.base is x
    assert count() == 3


def test_results_that_share_memory() -> None:
    def function(x: Any) -> Any:
        y = x * 2.0
        return y, y.T, y[0], x + 1.0, x[1:]

    x = np.array(numpy.arange(6.0).reshape(2, 3))
    compiled = steadied(function, x)
    count = Step(compiled)
    y, turned, row, other, part = compiled(x)
    assert count() == 1
    assert turned.base is y
    assert row.base is y
    assert part.base is x
    y[0, 1] = 9.0
    assert turned[1, 0].item() == 9.0
    row[2] = 7.0
    assert y.tolist() == [[0.0, 9.0, 7.0], [6.0, 8.0, 10.0]]
    part[0, 0] = -1.0
    assert x[1, 0].item() == -1.0
    assert other.tolist() == [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    assert np.shares_memory(y, turned)
    assert not np.shares_memory(y, compiled(x)[0])


def test_results_that_are_written_and_shown() -> None:
    def function(x: Any) -> Any:
        x[1:] += 1.0
        return x, x[::2], x.sum()

    x = np.zeros(5)
    compiled = steadied(function, x)
    count = Step(compiled)
    again, part, total = compiled(x)
    assert again is x
    assert x.tolist() == [0.0, *[8.0] * 4]
    assert part.tolist() == [0.0, 8.0, 8.0]
    assert total.item() == 32.0
    part[1] = 1.0
    assert x[2].item() == 1.0
    assert count() == 1


def test_results_in_another_order() -> None:
    x = np.arange(6.0).reshape(2, 3).T
    compiled = steadied(lambda x: x + 1.0, x)
    count = Step(compiled)
    found = compiled(x)
    assert found.strides == (x + 1.0).strides == (8, 24)
    assert found.tolist() == (x + 1.0).tolist()
    found[0] = 0.0
    assert found.tolist() == [[0.0, 0.0], [2.0, 5.0], [3.0, 6.0]]
    assert count() == 1
    layout = found.line.value.layout
    before = sys.getrefcount(layout)
    for _ in range(50):
        compiled(x)
    assert sys.getrefcount(layout) == before
    assert count() == 50


def test_arguments_that_share_memory() -> None:
    def function(x: Any, y: Any) -> Any:
        return x * 2.0 + y

    z = np.arange(5.0)
    for first, second in ((z[1:], z[:-1]), (z, z), (z[1:], z[1:])):
        compiled = steadied(function, first, second)
        count = Step(compiled)
        wanted = (first * 2.0 + second).tolist()
        assert compiled(first, second).tolist() == wanted
        assert count() == 1
        apart = np.array(second.tolist())
        assert compiled(first, apart).tolist() == wanted
        assert compiled(apart, second).tolist() == (apart * 2.0 + second).tolist()
        assert count() == 0
        z[2] += 5.0
        assert compiled(first, second).tolist() == (first * 2.0 + second).tolist()
        assert count() == 1


def test_arguments_that_share_memory_and_are_written() -> None:
    def function(x: Any, y: Any) -> None:
        x += y

    compiled = engine.compile(function)
    wanted, x = (np.arange(5.0) for _ in range(2))
    for _ in range(12):
        function(wanted[1:], wanted[:-1])
        compiled(x[1:], x[:-1])
        assert x.tolist() == wanted.tolist()


def test_integers_are_returned() -> None:
    compiled = steadied(lambda x: (x * 2.0, 3, {"n": [x.ndim, True]}), np.ones(2))
    count = Step(compiled)
    found = compiled(np.ones(2))
    assert found[0].tolist() == [2.0, 2.0]
    assert found[1:] == (3, {"n": [1, True]})
    assert [type(x) for x in found[2]["n"]] == [int, bool]
    assert count() == 1


@pytest.mark.parametrize(
    "function",
    [
        lambda x: (x * 2.0)[1:-1],
        lambda x: (x * 2.0).T,
        lambda x: (x[2:], x[:, ::-1] + 1.0),
        lambda x: (x * 2.0).reshape(-1),
    ],
)
def test_views_of_any_extent(function: Any) -> None:
    compiled = engine.compile(function)
    for n in (40, *range(40, 300, 20)):
        compiled(np.ones((n, 3)))
    assert "any extents" in compiled.report(), compiled.report()
    count = Step(compiled)
    for _ in range(6):
        for n in range(45, 285, 40):
            x = np.array(numpy.arange(3.0 * n).reshape(n, 3))
            found, wanted = compiled(x), function(x)
            parts = [found, wanted]
            if isinstance(found, tuple):
                parts = [x for pair in zip(found, wanted, strict=True) for x in pair]
            for one, other in zip(parts[::2], parts[1::2], strict=True):
                assert (one.shape, one.strides) == (other.shape, other.strides)
                assert one.tolist() == other.tolist()
    assert count() >= 18, compiled.report()
