"""Elements read and numbers written at once, where nothing is pending."""

from __future__ import annotations

import itertools
import operator
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import engine
import engine.numpy as en

pytestmark = pytest.mark.usefixtures("recorder")


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


BOTH = {
    **{"add": operator.add, "subtract": operator.sub, "multiply": operator.mul},
    **{"divide": operator.truediv, "floor_divide": operator.floordiv},
    **{"remainder": operator.mod, "less": operator.lt, "less_equal": operator.le},
    **{"greater": operator.gt, "greater_equal": operator.ge},
    **{"equal": operator.eq, "not_equal": operator.ne},
}
SCALARS = (
    np.array([0, 1, -7, 2**53 + 1, 2**63 - 1, -(2**63)]),
    np.array([0.0, -0.0, 1.1, 1e308, -5e-324, np.inf, np.nan]),
    np.array([0, 3, -7, 2**31 - 1, -(2**31)], np.int32),
    np.array([0.0, 1.1, -3.3, 3e38, 1e-45, 1e-38, np.nan], np.float32),
)


def same_scalar(got: Any, wanted: Any) -> bool:
    """Whether a scalar has the dtype and the bits of another, or both are NaN."""
    number = np.asarray(got)[()]
    equal = number.tobytes() == wanted.tobytes()
    return number.dtype == wanted.dtype and bool(equal or number != number != wanted)


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_arithmetic_on_computed_scalars_is_numpys_and_records_nothing(
    name: str,
) -> None:
    work = BOTH[name]
    arrays = list(map(computed, SCALARS))
    at_once = name not in ("floor_divide", "remainder")
    for x, y in itertools.product(arrays, arrays):
        others = [*y, 3, -2, 0, 2.3, 1e-42, 2**30, float("nan"), True, False]
        for a in x:
            for b in others:
                for left, right in ((a, b), (b, a)):
                    one, other = (
                        np.asarray(z)[()] if isinstance(z, en.ndarray) else z
                        for z in (left, right)
                    )
                    wanted = work(one, other)
                    found: list[Any] = []
                    number = recorded(
                        lambda o=found, p=left, q=right: o.append(work(p, q))
                    )
                    assert not (at_once and number)
                    assert same_scalar(found[0], wanted), (name, one, other)


@pytest.mark.parametrize("letter", "?bhilBHILefdFD")
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_arithmetic_on_scalars_of_any_dtype_is_numpys(letter: str) -> None:
    x = np.array([0, 1, 100]).astype(letter)
    array, ones = computed(x), [computed(np.ones(1, c))[0] for c in "?bLfd"]
    for k in range(3):
        for number in (1, 200, -3, 0.5, 2**40, True, *ones):
            other = np.asarray(number)[()] if isinstance(number, en.ndarray) else number
            for work in BOTH.values():
                try:
                    wanted = work(x[k], other)
                except (OverflowError, TypeError) as error:
                    with pytest.raises(type(error)):
                        work(array[k], number)
                    continue
                got = work(array[k], number)
                assert same_scalar(got, wanted), (work, other, got, wanted)
        if letter not in "?BHIL":
            assert same_scalar(-array[k], -x[k])


@pytest.mark.parametrize("letter", "bhilBHILfd")
def test_a_loop_on_elements_of_any_dtype_records_nothing(letter: str) -> None:
    def work(places: Any, x: Any, most: Any) -> None:
        for place in places:
            x[place] += 3
            x[int(place)] = x[place] * 2 + most[0]
            if x[place] > 7:
                most[0] = x[place] - 1

    places, x = np.array([3, 0, 2, 3, 1]).astype(letter), np.arange(4).astype(letter)
    places, most = places.astype(int) if letter in "fd" else places, x[:1].copy()
    arrays = computed(places), computed(x), computed(most)
    assert not recorded(lambda: work(*arrays))
    work(places, x, most)
    np.testing.assert_array_equal(np.asarray(arrays[1]), x)


def test_a_loop_that_changes_elements_records_nothing() -> None:
    def count(np: Any, places: Any, counts: Any, flags: Any) -> Any:
        total = places[0] * 0
        for place in places:
            counts[int(place)] -= 1
            counts[place % 3] += 2.5
            flags[place // 2] = counts[place] > 1
            total += place * 3 - 1
            total *= 1
        return total

    x, y, z = np.array([5, 0, 5, 3, 7]), np.zeros(8), np.zeros(8, bool)
    arrays = computed(x), computed(y), computed(z)
    totals: list[Any] = []
    assert not recorded(lambda: totals.append(count(en, *arrays)))
    assert totals[0] == count(np, x, y, z)
    for array, wanted in zip(arrays, (x, y, z), strict=True):
        np.testing.assert_array_equal(np.asarray(array), wanted)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_computed_scalars_are_written_as_numpy_casts_them() -> None:
    source = np.array([0.0, 1.5, -3.7, 300.0, 1e10, 1e300, np.nan])
    whole = np.array([0, -1, 200, 70000, 2**53 + 1, 2**63 - 1])
    for given in (source, whole, whole > 5):
        for letter in "?bhlBLefdD":
            for number in given:
                if given is source and letter in "bhlBL" and not abs(number) < 100:
                    continue  # C leaves it open
                x = np.arange(5).astype(letter)
                array, scalar = computed(x), computed(np.array([number]))[0]
                try:
                    x[3] = number
                except OverflowError:
                    continue
                array[3] = scalar
                assert np.asarray(array).tobytes() == x.tobytes(), (letter, number)


def test_what_is_pending_is_recorded_and_what_has_a_gradient() -> None:
    x = computed(np.arange(4.0))
    pending = x + 1
    later = x[2] * 3
    assert recorded(lambda: later + 1)
    x[1] = later
    assert x.tolist() == [0, 6, 2, 3]
    assert pending.tolist() == [1, 2, 3, 4]

    leaf = computed(np.arange(4.0)).requires_grad_()
    y = leaf[3] * leaf[2] + 1
    y.backward()
    assert leaf.grad.tolist() == [0, 0, 3, 2]


def test_an_integer_that_is_computed_is_a_key_like_pythons() -> None:
    x = np.arange(24).reshape(4, 6)
    array, places = computed(x), computed(np.array([2, -1, 4]))
    assert same_scalar(array[places[0], places[1]], x[2, -1])
    assert array[places[0]].base is not None
    array[places[0], 1:3] = 7
    x[2, 1:3] = 7
    assert array.tolist() == x.tolist()
    for key in (places[2], (0, places[2], 0)):
        with pytest.raises(IndexError):
            array[key]
        with pytest.raises(IndexError):
            array[key] = 1
    cell = en.array(2)  # an array without axes: NumPy copies what it selects
    engine.eval(cell)
    assert array[cell].base is None


def test_errors_of_arithmetic_on_scalars_are_told_where_asked_for() -> None:
    x = computed(np.array([1.0, 0.0]))
    with en.errstate(divide="raise"), pytest.raises(FloatingPointError):
        print(x[0] / x[1])
    assert float(x[0] / x[1]) == float("inf")


def test_a_captured_call_computes_with_elements_anew() -> None:
    @engine.compile
    def scaled(x: Any) -> Any:
        return x * (x[1] * 2 + x[0])

    for factor in (2.0, 3.0, 4.0, 5.0):
        x = computed(np.array([1.0, factor]))
        assert scaled(x).tolist() == [2 * factor + 1, factor * (2 * factor + 1)]
