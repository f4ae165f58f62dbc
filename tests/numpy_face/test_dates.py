"""Dates and durations are NumPy's: values, dtypes, units, NaT, errors, writes."""

from __future__ import annotations

import copy
import datetime
import io
import pickle
import warnings
from typing import Any

import numpy
import pytest
from date_cases import CASES

import engine
import engine.numpy as np

PLAIN = {
    "a": numpy.array(["2020-01-01", "NaT", "2020-03-01"], "M8[D]"),
    "d": numpy.array([1, 5, -3], "m8[h]"),
    "f": numpy.array([0.5, 1.5, 2.5]),
    "k": numpy.array([1, 0, 2]),
}


def dates() -> Any:
    return np.array(PLAIN["a"])


def outcome(expression: str, module: Any) -> tuple[Any, ...]:
    """What an expression gives, or raises, and what it has made of its operands."""
    space = {name: module.array(array) for name, array in PLAIN.items()}
    given = list(space.values())
    space |= {"np": module, "datetime": datetime}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = eval(expression, space)
    except Exception as error:
        made = error
    return made, *given


def plain(x: Any) -> Any:
    """Results with NumPy's arrays and scalars in place of Engine's."""
    if isinstance(x, np.ndarray):
        array = x.computed()
        return array[()] if x.scalar else array
    if isinstance(x, (list, tuple)):
        return type(x)(map(plain, x))
    return x


def assert_alike(expected: Any, found: Any) -> None:
    assert type(found) is type(expected)
    if isinstance(expected, (list, tuple)):
        assert len(found) == len(expected)
        for one, two in zip(expected, found, strict=True):
            assert_alike(one, two)
    elif isinstance(expected, (numpy.ndarray, numpy.generic)):
        assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
        numpy.testing.assert_array_equal(found, expected)
    else:
        assert found == expected


def builtin(error: Exception) -> type[BaseException]:
    """The class of Python's that an error is one of."""
    return next(c for c in type(error).__mro__ if c.__module__ == "builtins")


@pytest.mark.parametrize("claim", CASES)
@pytest.mark.parametrize("tier", ["numpy", "compiled"])
def test_expressions_of_dates_are_numpys(claim: str, tier: Any) -> None:
    for expression in CASES[claim].split(";"):
        text = expression.strip()
        expected = outcome(text, numpy)
        with engine.config(tier=tier):
            found = outcome(text, np)  # what it refuses is refused when it is written
            is_late = isinstance(found[0], np.ndarray)
            if isinstance(expected[0], OverflowError) and is_late:
                with pytest.raises(OverflowError):  # NumPy 2.5 looks at the values
                    plain(found[0])
                expected, found = expected[1:], found[1:]
            elif isinstance(expected[0], Exception):
                assert isinstance(found[0], builtin(expected[0])), (text, found[0])
                expected, found = expected[1:], found[1:]
            try:
                assert_alike(expected, plain(found))
            except Exception as error:
                raise AssertionError(text) from error


WRITES = """
a[0] = '2000-02-02'; a[1:] = ['2001-01-01', 'NaT']; a[2] = datetime.date(1999, 1, 1)
a[::2] += np.timedelta64(3, 'D'); a += 1; a -= np.timedelta64(48, 'h'); a -= d
d *= 2; d //= 3; d += 5; d -= d[0]; d /= 2; d *= 1.5; d %= np.timedelta64(2, 'h')
d[d > 1] = 7; d[[0, 1]] = np.timedelta64(9, 'D'); d[-1] = 'NaT'; d[0] = None
d[0] = 2.5; d[0] = '3'; d[:] = k; a[:] = k; a[:] = d; d[:] = a; a[:] = [1, 2, 3]
d[:] = f; a[:] = f; k[:] = d; f[:] = d; a[0] = 5; a[0] = None; k += d; f *= d; f += d
d += np.timedelta64(1, 'M'); a[np.array([0, 0])] = np.datetime64('2020'); d += k
a.fill(5); d.fill(3); a.sort(); d[::-1].sort(); np.copyto(a, np.datetime64('2020'))
np.add(d, d, out=d); np.add.at(d, [0, 0], d[1]); np.put(a, [0], a[2]); d += 1.5; a *= 2
a += a; a -= a; d |= d; d **= 2; a[3] = a[0]; a[0] = 'x'; d[:2] = [1, 2, 3]
"""


@pytest.mark.parametrize("write", WRITES.replace("\n", ";").strip(";").split(";"))
def test_writes_store_or_refuse_what_numpy_does(write: str) -> None:
    expected, found = (written(write.strip(), module) for module in (numpy, np))
    if isinstance(expected[0], Exception):
        assert isinstance(found[0], builtin(expected[0])), found[0]
    else:
        assert found[0] is None
    assert_alike(expected[1:], plain(found[1:]))


def written(write: str, module: Any) -> tuple[Any, ...]:
    space = {name: module.array(array) for name, array in PLAIN.items()}
    arrays = tuple(space.values())
    try:
        exec(write, {**space, "np": module, "datetime": datetime})
    except Exception as error:
        return error, *arrays
    return None, *arrays


# -- how they are computed -------------------------------------------------------------
def test_work_on_dates_is_recorded_and_nothing_runs() -> None:
    days = dates()
    engine.reset_stats()
    later = (days + np.timedelta64(1, "D"))[::2].max() - days[0]
    assert engine.stats()["synchronisations"] == 0
    assert later == numpy.timedelta64(61, "D")


def test_no_kernel_has_dates_and_what_surrounds_them_still_fuses() -> None:
    hours, numbers = np.array(PLAIN["d"]), np.array(PLAIN["f"])
    share = hours / np.timedelta64(1, "D") * np.exp(numbers * 2) + 1
    text = str(engine.explain(share))
    library = [line for line in text.splitlines() if "library" in line]
    assert sum("divide" in line for line in library) == 1
    assert sum(": map:" in line for line in text.splitlines()) == 1
    expected = PLAIN["d"] / numpy.timedelta64(1, "D") * numpy.exp(PLAIN["f"] * 2) + 1
    numpy.testing.assert_allclose(numpy.asarray(share), expected, rtol=1e-15)


def test_a_repeated_step_on_dates_gives_the_same_again() -> None:
    """Native code records what was recorded before: numbers keep their unit."""
    day = numpy.timedelta64(1, "D")
    for days in range(5):
        made = dates() + day - np.timedelta64(days, "D")
        expected = PLAIN["a"] + day - numpy.timedelta64(days, "D")
        numpy.testing.assert_array_equal(numpy.asarray(made), expected)


def test_isnat_is_of_dates_alone() -> None:
    assert np.isnat(dates()).tolist() == [False, True, False]
    for wrong in (np.ones(2), np.arange(2), 5):
        with pytest.raises(TypeError, match="isnat"):
            np.isnat(wrong)


# -- what is not there -----------------------------------------------------------------
@pytest.mark.parametrize("dtype", [str, "S10", object])
def test_dates_are_not_made_text_or_objects(dtype: Any) -> None:
    with pytest.raises(TypeError, match="astype: a dtype of numbers or of dates was"):
        dates().astype(dtype)


def test_numpys_text_of_dates_takes_them_and_the_missing_name_says_so() -> None:
    with pytest.warns(np.FallbackWarning, match="datetime_as_string"):
        text = numpy.datetime_as_string(dates())
    assert text.tolist() == ["2020-01-01", "NaT", "2020-03-01"]
    with pytest.raises(AttributeError, match="NumPy's takes arrays of dates"):
        np.datetime_as_string  # noqa: B018


@pytest.mark.parametrize("product", ["np.dot(d, d)", "np.inner(d, k)", "k @ d"])
def test_products_of_matrices_refuse_durations(product: str) -> None:
    """NumPy's dot would give them without their unit."""
    error = outcome(product, np)[0]
    assert isinstance(error, TypeError)
    assert "operands of numbers were required" in str(error)


@pytest.mark.parametrize("name", ["sum", "mean", "cumsum"])
def test_durations_are_added_in_their_own_dtype(name: str) -> None:
    with pytest.raises(TypeError, match=f"{name}: durations are added in their own"):
        getattr(np, name)(np.array(PLAIN["d"]), dtype=float)


def test_dates_have_no_gradients() -> None:
    with pytest.raises(RuntimeError, match="requires_grad_: only Tensors of floating"):
        dates().requires_grad_()
    x = np.array([1.0, 2.0]).requires_grad_()
    durations = np.array([10, 20], "m8[s]") * x
    assert not durations.requires_grad
    (durations / np.timedelta64(1, "s") * x).sum().backward()
    assert x.grad.tolist() == [10.0, 40.0]


@pytest.mark.parametrize(
    "call",
    [
        lambda days: engine.tensor(days),
        lambda days: engine.tensor(PLAIN["a"]),
        lambda days: engine.from_numpy(PLAIN["a"]),
        lambda days: engine.ones(3) + days,
        lambda days: engine.ones(3) * numpy.timedelta64(1, "s"),
        lambda days: engine.ones(3) == PLAIN["a"],
        lambda days: engine.stack([days, days]),
        lambda days: engine.zeros(3, dtype=numpy.dtype("m8[s]")),
    ],
)
def test_the_face_of_pytorch_refuses_dates(call: Any) -> None:
    with pytest.raises(TypeError, match="required"):
        call(dates())


# -- outside ---------------------------------------------------------------------------
def test_dates_are_copied_pickled_and_saved() -> None:
    days = dates()
    file = io.BytesIO()
    np.save(file, days)
    file.seek(0)
    copies = [pickle.loads(pickle.dumps(days)), copy.deepcopy(days), np.load(file)]
    for one in copies:
        assert_alike(PLAIN["a"], plain(one))
    assert_alike(PLAIN["a"][0], plain(pickle.loads(pickle.dumps(days[0]))))


def test_memory_of_dates_is_shared_with_numpy() -> None:
    source = PLAIN["a"].copy()
    shared = np.from_numpy(source)
    source[1] = "2021-01-01"
    shared[0] = source[1]
    assert shared.tolist() == [datetime.date(2021, 1, 1)] * 2 + [
        datetime.date(2020, 3, 1)
    ]
    assert source[0] == source[1]
    assert numpy.asarray(dates()).dtype == "M8[D]"
    with pytest.raises(BufferError):
        numpy.from_dlpack(dates())


def test_numpys_functions_take_dates_lazily() -> None:
    days = dates()
    engine.reset_stats()
    made = numpy.where(numpy.isnat(days), numpy.datetime64("2000-01-01"), days)
    assert engine.stats()["synchronisations"] == 0
    assert made.tolist()[1] == datetime.date(2000, 1, 1)
    assert numpy.timedelta64(1, "D") + days[0] == numpy.datetime64("2020-01-02")


def test_a_compiled_function_leaves_dates_as_they_are() -> None:
    day = numpy.timedelta64(1, "D")
    tomorrow = engine.compile(lambda days: days + day)
    for _ in range(3):
        assert_alike(PLAIN["a"] + day, plain(tomorrow(dates())))
