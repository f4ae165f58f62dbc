"""Arguments of compiled functions: what a call does to them, and keeps of them."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from typing import Any

import numpy
import pytest

import engine
import engine.numpy as np


# -- floats are floats outside ---------------------------------------------------------
def test_floats_that_a_call_keeps_are_floats() -> None:
    class Kept:
        __slots__ = ("__dict__", "slot")

    kept: Any = Kept()
    items: list[Any] = []
    named: dict[str, Any] = {"list": []}
    chosen: set[Any] = set()

    def function(x: Any, a: float, given: list[Any]) -> Any:
        given.append(a * 2)
        items.append(a)
        named["list"].append(((a, 2 * a), 1.0))
        named["a"] = a
        kept.last, kept.slot = a, a + 1
        if not chosen:
            chosen.add(a * 3)
        return x * a

    fast = engine.compile(function)
    for _ in range(4):
        given: list[Any] = []
        fast(np.ones(1), 1.5, given)
        assert [type(x) for x in given] == [float]
    pairs = [x for pair, _ in named["list"] for x in pair]
    found = [*items, *pairs, named["a"], kept.last, kept.slot, *chosen]
    assert {type(x) for x in found} == {float}


def test_floats_are_keys_and_types() -> None:
    keyed = engine.compile(lambda x, a: {a: x + 1})
    asked = engine.compile(lambda x, a, kind=type: x * (2 if kind(a) is float else 1))
    for _ in range(4):
        assert {type(key) for key in keyed(np.ones(1), 1.5)} == {float}
        assert asked(np.ones(1), 1.5).tolist() == [2.0]


def test_floats_in_errors_are_floats() -> None:
    def function(x: Any, a: float) -> Any:
        if x.sum() > 0:
            raise ValueError(a)
        return x * a

    fast = engine.compile(function)
    for _ in range(3):
        with pytest.raises(ValueError) as error:
            fast(np.ones(1), 1.5)
        assert type(error.value.args[0]) is float


# -- lists and dicts are the caller's --------------------------------------------------
def test_lists_that_are_given_twice_are_one() -> None:
    def function(a: list[Any], b: list[Any]) -> int:
        a.append(1)
        b.append(2)
        return len(a)

    fast = engine.compile(function)
    for _ in range(4):
        one: list[Any] = [np.ones(1)]
        assert fast(one, one) == 3
        assert one[1:] == [1, 2]


def test_lists_within_lists_stay_the_same_ones() -> None:
    fast = engine.compile(lambda outer: outer.append(1))
    pair = engine.compile(lambda items, x: (items, x + 1))
    for _ in range(4):
        inner: list[Any] = [1.0]
        outer: list[Any] = [inner]
        fast(outer)
        assert outer[0] is inner
        assert pair(inner, np.ones(1))[0] is inner
    loop: list[Any] = [1.0]
    loop.append(loop)
    assert engine.compile(len)(loop) == 2


def test_numpys_arrays_in_a_list_that_is_changed_stay_numpys() -> None:
    def function(items: list[Any]) -> None:
        items[0] += 1
        items.append(items[0].sum())

    fast = engine.compile(function)
    for _ in range(4):
        x = numpy.zeros(2)
        items: list[Any] = [x]
        fast(items)
        assert items[0] is x
        assert x.tolist() == [1.0, 1.0]
        assert float(items[1]) == 2.0


SEEN: list[Any] = [1.0]


def test_a_list_that_is_read_by_another_name() -> None:
    def function(a: list[Any], x: Any) -> Any:
        a.append(2.0)
        return x * len(SEEN)

    fast = engine.compile(function)
    for _ in range(4):
        wanted = len(SEEN) + 1
        assert fast(SEEN, np.ones(1)).tolist() == [wanted]
    del SEEN[1:]


def test_large_integers_and_written_dicts() -> None:
    fast = engine.compile(lambda x, n: x * (n % 7))
    for _ in range(3):
        assert fast(np.ones(1), 10**5000).tolist() == [10**5000 % 7]

    def put(d: dict[str, Any], x: Any) -> Any:
        d["r"] = 2.0
        return x

    written = engine.compile(put)
    for _ in range(4):
        d = {"r": 1.0}
        written(d, np.ones(1))
        assert d == {"r": 2.0}


def test_an_argument_whose_elements_share_memory() -> None:
    def fill(x: Any) -> None:
        x[0] = 5.0

    fast = engine.compile(fill)
    for _ in range(4):
        base = numpy.zeros(4)
        fast(numpy.lib.stride_tricks.as_strided(base, (3, 2), (8, 8)))
        assert base.tolist() == [5.0, 5.0, 0.0, 0.0]


LAYOUTS: dict[str, Any] = {
    "reversed": lambda base: base[::-1],
    "every second": lambda base: base[::2],
    "every second, from the end": lambda base: base[::-2],
    "a block": lambda base: base.reshape(4, 6)[1:3, 1:5],
    "turned": lambda base: base.reshape(4, 6).T[::-1],
    "columns": lambda base: base.reshape(4, 6)[:, ::3],
    "a column": lambda base: base.reshape(4, 6)[:, 2],
    "permuted": lambda base: base.reshape(2, 3, 4).transpose(1, 0, 2),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_views_of_numpys_are_views_and_copies_as_numpy_says(layout: str) -> None:
    def function(x: Any) -> Any:
        strides = x.strides
        flat = x.ravel()
        flat += 1
        x[..., -1] *= 2
        return flat * 1, x.sum(), x.flags.c_contiguous, strides

    fast = engine.compile(function)
    for _ in range(4):
        ours, theirs = numpy.arange(24.0), numpy.arange(24.0)
        found = fast(LAYOUTS[layout](ours))
        wanted = function(LAYOUTS[layout](theirs))
        numpy.testing.assert_array_equal(found[0], wanted[0])
        assert (float(found[1]), *found[2:]) == (float(wanted[1]), *wanted[2:])
        numpy.testing.assert_array_equal(ours, theirs)


def test_generators_write_into_the_callers_arrays() -> None:
    def steps(x: Any) -> Iterator[float]:
        for _ in range(2):
            x += 1
            yield float(x.sum())

    fast = engine.compile(steps)
    for _ in range(3):
        x = numpy.zeros(2)
        assert list(fast(x)) == [2.0, 4.0]
        assert x.tolist() == [2.0, 2.0]


def test_what_was_written_before_an_error_stays_written() -> None:
    def function(x: Any, i: Any) -> Any:
        x += 1
        return x[i] * 2

    fast = engine.compile(function)
    for places in ([0, 1], [0, 1], [0, 1], [0, 9]):
        x = numpy.zeros(2)
        try:
            fast(x, numpy.array(places))
        except IndexError:
            assert places == [0, 9]
        assert x.tolist() == [1.0, 1.0]


@engine.compile
def doubled(x: Any) -> Any:
    """For `pickle`, which finds functions by their names."""
    return x * 2


def test_a_compiled_function_is_copied_as_a_function_is() -> None:
    assert copy.deepcopy(doubled) is doubled
    assert copy.copy(doubled) is doubled
    assert pickle.loads(pickle.dumps(doubled)) is doubled


def test_what_is_compiled_of_a_module_is_copied_with_it() -> None:
    fast = engine.compile(engine.nn.Linear(2, 2, bias=False))
    x = engine.ones(1, 2)
    want = fast(x)
    for again in (copy.deepcopy(fast), pickle.loads(pickle.dumps(fast))):
        with engine.no_grad():
            again.__wrapped__.weight *= 2.0
        assert again(x).tolist() == (want * 2.0).tolist()
        assert fast(x).tolist() == want.tolist()
