"""Elements read and numbers written at once, where nothing is pending."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import engine
import engine.numpy as en
from engine import native


@pytest.fixture(params=["python", "native"], autouse=True)
def recorder(request: pytest.FixtureRequest) -> Iterator[None]:
    before = native.recorder()[0]
    if request.param == "native" and before != "native":
        pytest.skip(f"no native code: {native.recorder()[1]}")
    native.use(request.param)
    yield
    native.use(before)


def computed(x: Any) -> Any:
    """An array in memory, and nothing pending."""
    array = en.array(x)
    engine.eval(array.sum())
    return array


def recorded(work: Callable[[], Any]) -> int:
    engine.reset_stats()
    work()
    return engine.stats()["ops_recorded"]


@pytest.mark.parametrize("letter", "?bhilBHILfdFD")
def test_a_look_at_an_element_records_nothing(letter: str) -> None:
    x = np.arange(12).reshape(3, 4).astype(letter)
    array = computed(x)
    found: list[Any] = []
    assert not recorded(lambda: found.append(array[1, -1]))
    assert not recorded(lambda: found.append(array.T[2, 1]))
    for element, wanted in zip(found, (x[1, -1], x[1, 2]), strict=True):
        assert element.dtype == x.dtype
        assert element.shape == ()
        assert element.item() == wanted


NUMBERS = (0, 1, -1, 127, 200, 2**40, 2**63, 10**30, 1.5, 1e300, True, float("nan"))


@pytest.mark.parametrize("letter", "?bhlBLefdD")
def test_numbers_are_written_as_numpy_writes_them(letter: str) -> None:
    for number in NUMBERS:
        for key in (2, (slice(None, None, 2)), slice(5, 1, -1), slice(3, 3)):
            x = np.arange(7).astype(letter)
            array = computed(x)
            results = []
            for target in (x, array):
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    try:
                        target[key] = number
                    except (OverflowError, ValueError) as error:
                        results.append(type(error))
                    else:
                        results.append(np.asarray(target).tobytes())
            assert results[0] == results[1], (number, key)


def test_a_write_of_a_number_to_computed_memory_records_nothing() -> None:
    for x, key, number in (
        (np.ones(50, bool), slice(4, None, 2), False),
        (np.zeros((4, 5)), 2, 7),
        (np.zeros((4, 5)), (slice(None), 1), 2.5),
        (np.zeros(6, np.int16), -1, -30),
    ):
        array = computed(x)
        assert not recorded(lambda a=array, k=key, n=number: a.__setitem__(k, n))
        x[key] = number
        np.testing.assert_array_equal(np.asarray(array), x)


def test_who_holds_the_old_elements_keeps_them() -> None:
    x = computed(np.arange(4.0))
    copy, later, element = x.copy(), x + 1, x[2]
    engine.eval(copy)
    x[2] = 9
    assert copy.tolist() == [0, 1, 2, 3]
    assert later.tolist() == [1, 2, 3, 4]
    assert (element, x[2]) == (2, 9)

    y = computed(np.arange(4.0))
    view, apart, seen = y[1:], y.detach(), np.asarray(y)
    y[2] = 9
    view[2] = 8
    assert y.tolist() == apart.tolist() == seen.tolist() == [0, 1, 9, 8]

    z = computed(np.arange(4.0))
    chosen = z[z > 1]
    z[3] = -1
    assert chosen.tolist() == [2, 3]


def test_gradients_and_read_only_arrays_are_looked_after() -> None:
    x = computed(np.ones(3)).requires_grad_()
    with pytest.raises(RuntimeError, match="no leaf"):
        x[0] = 2.0
    (x[1] * 5).backward()
    assert x.grad.tolist() == [0, 5, 0]
    y = computed(np.ones(3))
    y.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        y[0] = 2.0
    with pytest.raises(IndexError, match="out of bounds"):
        computed(np.ones(3))[3] = 2.0


def test_a_captured_call_reads_elements_anew() -> None:
    @engine.compile
    def scaled(x: Any) -> Any:
        return x * x[1]

    for factor in (2.0, 3.0, 4.0, 5.0):
        x = computed(np.array([1.0, factor]))
        assert scaled(x).tolist() == [factor, factor * factor]


@pytest.mark.parametrize(
    "view",
    [lambda x: x, lambda x: x[1::2], lambda x: x.reshape(4, 25).T, lambda x: x[:0]],
)
def test_truths_in_memory_are_counted_where_they_are(view: Any) -> None:
    x = np.random.default_rng(0).random(100) > 0.5
    array = computed(x)
    counts: list[Any] = []
    assert not recorded(lambda: counts.append(en.count_nonzero(view(array))))
    assert counts[0].dtype == np.int64
    assert int(counts[0]) == np.count_nonzero(view(x))
    array[3] = not x[3]
    assert int(en.count_nonzero(array)) == np.count_nonzero(x) + (-1) ** int(x[3])


def test_places_of_what_is_not_zero_have_memory_of_their_own() -> None:
    array = computed(np.arange(10.0) - 4)
    (places,) = en.nonzero(array)
    places += 1
    places[0] = 77
    again = en.flatnonzero(array)
    assert places.tolist() == [77, 2, 3, 4, 6, 7, 8, 9, 10]
    assert again.tolist() == [0, 1, 2, 3, 5, 6, 7, 8, 9]


@pytest.mark.parametrize("letter", "?bhifd")
def test_writes_of_any_length_reach_their_elements_and_no_others(letter: str) -> None:
    for length in range(1, 11):
        for step in (1, 2, -3):
            for number in (0, 1, -0.0):
                x = np.arange(40).astype(letter)
                array = computed(x)
                key = slice(35, 35 - 3 * length, step) if step < 0 else None
                key = key or slice(3, 3 + step * length, step)
                x[key] = array[key] = number
                assert np.asarray(array).tobytes() == x.tobytes()
