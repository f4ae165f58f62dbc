"""Writes through index arrays, done at once where nobody else holds the memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import engine
import engine.numpy as en

BASES = [
    lambda x: x,
    lambda x: x[::-1],
    lambda x: x[2:8, ::2],
    lambda x: x.T,
]
KEYS = [
    np.array([1, 4, 1]),
    (np.array([0, 2]), 1),
    (slice(1, 4), np.array([2, 0])),
    (np.array([[0], [3]]), np.array([1, 2])),
    (..., np.array([-1, 0])),
]
WRITTEN = [
    lambda x, old: 7.5,
    lambda x, old: 2,
    lambda x, old: old,
    lambda x, old: old * 0.5 + 1.0,
    lambda x, old: old[:1],
    lambda x, old: old[::-1],
]


@pytest.mark.parametrize("pending", [False, True])
@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("key", KEYS, ids=str)
def test_writes_through_index_arrays_are_numpys(
    base: Any, key: Any, pending: bool
) -> None:
    for written in WRITTEN:
        expected = np.arange(80.0).reshape(10, 8)
        given = en.array(expected)
        if pending:
            given, expected = given * 1.5, expected * 1.5
        else:
            engine.eval(given)
        before, view = given + 0.0, given[1:3]
        was = expected.copy()
        for x in (given, expected):
            part = base(x)
            part[key] = written(part, part[key])
        assert given.tolist() == expected.tolist()
        assert view.tolist() == expected[1:3].tolist()
        assert before.tolist() == was.tolist()


@pytest.mark.parametrize("pending", [False, True])
def test_a_write_that_is_refused_changes_nothing(pending: bool) -> None:
    expected = np.arange(20.0)
    given = en.array(expected) * 1.0
    if not pending:
        engine.eval(given)
    with pytest.raises(IndexError, match="25 is out of bounds"):
        given[np.array([1, 25])] = 3.0
    with pytest.raises(ValueError, match=r"\(3,\)"):
        given[np.array([1, 2])] = en.ones(3) * 2.0
    assert given.tolist() == expected.tolist()


def test_gradients_flow_through_what_is_written_by_index_arrays() -> None:
    def function(x: Any) -> Any:
        y = x * 2.0
        y[np.array([1, 3])] = x[np.array([0, 5])] * 10.0
        return y.sum()

    found = engine.grad(function)(en.array(np.arange(6.0)))
    assert found.tolist() == [12.0, 0.0, 2.0, 0.0, 2.0, 12.0]
