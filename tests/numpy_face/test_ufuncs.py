"""Universal functions: dtypes, values and calling conventions are NumPy's."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import numpy
import pytest
from numpy_comparison import same

import engine
import engine.numpy as np

DTYPES = "?bBhHiIqQefdFD"
NUMBERS = (True, 2, 2.5, 1 + 2j)
UFUNCS = sorted(
    name
    for name in np.__all__
    if isinstance(getattr(np, name), np.ufunc) and name not in ("divmod", "modf")
)
UNARY = [name for name in UFUNCS if getattr(np, name).nin == 1 and name != "frexp"]
BINARY = [name for name in UFUNCS if getattr(np, name).nin == 2]


@pytest.fixture(autouse=True)
def interpreter() -> Any:
    """Values of kernels are tested op by op elsewhere; here it is the face."""
    with engine.config(tier="numpy"), numpy.errstate(all="ignore"):
        yield


def sample(dtype: Any, odd: bool = False) -> numpy.ndarray:
    numbers = [3, 1, 2] if odd else [1, 2, 5]
    return numpy.array(numbers).astype(dtype)


def outcome(function: Any, *args: Any) -> Any:
    """The result of a call, or the class of its complaint."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return function(*args)
        except (TypeError, ValueError, OverflowError) as error:
            return error


def agree(name: str, expected: Any, found: Any, given: Any) -> None:
    if isinstance(expected, Exception):
        assert isinstance(found, Exception), (name, given, expected, found)
        kind = type(found)
        assert isinstance(expected, kind) or issubclass(kind, type(expected)), given
        return
    assert not isinstance(found, Exception), (name, given, found)
    assert found.dtype == expected.dtype, (name, given, expected.dtype, found.dtype)
    assert same(expected, found.computed()), (name, given, expected, found)


@pytest.mark.parametrize("name", UNARY)
def test_unary_functions_give_numpys_dtype_and_values_for_every_dtype(
    name: str,
) -> None:
    for dtype in DTYPES:
        x = sample(dtype)
        expected = outcome(getattr(numpy, name), x)
        agree(name, expected, outcome(getattr(np, name), np.array(x)), dtype)


@pytest.mark.parametrize("name", BINARY)
def test_binary_functions_promote_every_pair_of_dtypes_as_numpy_does(
    name: str,
) -> None:
    theirs, ours = getattr(numpy, name), getattr(np, name)
    for one, two in itertools.product(DTYPES, DTYPES):
        x, y = sample(one), sample(two, odd=True)
        expected = outcome(theirs, x, y)
        agree(name, expected, outcome(ours, np.array(x), np.array(y)), (one, two))


@pytest.mark.parametrize("name", BINARY)
def test_python_numbers_are_weak_on_either_side(name: str) -> None:
    theirs, ours = getattr(numpy, name), getattr(np, name)
    for dtype, number in itertools.product(DTYPES, NUMBERS):
        x = sample(dtype)
        agree(
            name, outcome(theirs, x, number), outcome(ours, np.array(x), number), dtype
        )
        agree(
            name, outcome(theirs, number, x), outcome(ours, number, np.array(x)), dtype
        )


@pytest.mark.parametrize("name", ["add", "multiply", "power", "less", "divide"])
def test_numpy_scalars_and_arrays_keep_their_dtypes(name: str) -> None:
    theirs, ours = getattr(numpy, name), getattr(np, name)
    for one, two in itertools.product("bIfD", DTYPES):
        x, number = sample(one), sample(two)[1]
        agree(name, outcome(theirs, x, number), outcome(ours, np.array(x), number), one)
        y = sample(two, odd=True)
        agree(name, outcome(theirs, y, x), outcome(ours, y, np.array(x)), (one, two))


def test_narrow_integers_wrap_around() -> None:
    x = np.array([100, -128], dtype="int8")
    assert (x + x).tolist() == [-56, 0]
    assert (-x).tolist() == [-100, -128]
    assert (np.array([3], dtype="uint8") - 5).tolist() == [254]


def test_a_python_integer_that_does_not_fit_raises() -> None:
    with pytest.raises(OverflowError, match="Python integer 300 out of bounds"):
        np.zeros(2, dtype="uint8") + 300


def test_comparing_with_an_integer_out_of_range_is_exact() -> None:
    x = np.array([0, 255], dtype="uint8")
    assert (x < 300).tolist() == [True, True]
    assert (x == -1).tolist() == [False, False]
    assert (x < 300).all()


@pytest.mark.parametrize("name", ["add", "maximum", "logical_and", "multiply"])
def test_reduce_and_accumulate_and_outer(name: str) -> None:
    x = numpy.array([[1.0, 2.0, 0.5], [4.0, 0.0, 2.0]])
    theirs, ours = getattr(numpy, name), getattr(np, name)
    y = np.array(x)
    numpy.testing.assert_allclose(ours.reduce(y).computed(), theirs.reduce(x))
    numpy.testing.assert_allclose(
        ours.reduce(y, axis=1, keepdims=True).computed(),
        theirs.reduce(x, axis=1, keepdims=True),
    )
    numpy.testing.assert_allclose(
        ours.accumulate(y, axis=1).computed(), theirs.accumulate(x, axis=1)
    )
    outer = ours.outer(y[0], y[1])
    numpy.testing.assert_allclose(outer.computed(), theirs.outer(x[0], x[1]))


def test_at_counts_repeated_indices() -> None:
    x = np.zeros(4)
    np.add.at(x, [0, 1, 1, -1], [1.0, 2.0, 3.0, 4.0])
    np.subtract.at(x, [0, 0], 1.0)
    np.multiply.at(x, [1], 10.0)
    assert x.tolist() == [-1.0, 50.0, 0.0, 4.0]


def test_at_broadcasts_its_value() -> None:
    x = np.array([1.0, 2.0])
    np.add.at(x, np.array([[1, -1], [-2, -1]]), np.array([10.0, 20.0]))
    assert x.tolist() == [11.0, 52.0]


def test_out_can_be_given_by_name_and_by_position() -> None:
    x, out = np.arange(3.0), np.zeros(3)
    assert np.add(x, 1, out=out) is out
    assert np.multiply(x, 2, out) is out
    assert np.sqrt(x, out=(out,)) is out
    numpy.testing.assert_allclose(out.computed(), numpy.sqrt([0.0, 1.0, 2.0]))


def test_out_is_cast_by_same_kind_only() -> None:
    with pytest.raises(TypeError, match="Cannot cast ufunc 'add' output"):
        np.add(np.ones(2), 1.5, out=np.zeros(2, dtype=int))
    narrow = np.zeros(2, dtype="float32")
    np.add(np.ones(2), 1.5, out=narrow)
    assert narrow.tolist() == [2.5, 2.5]
    integers = np.zeros(2, dtype=int)
    np.add(np.ones(2), 1.75, out=integers, casting="unsafe")
    assert integers.tolist() == [2, 2]


@pytest.mark.parametrize("casting", ["no", "equiv", "safe", "same_kind", "foo"])
def test_casting_is_a_rule_for_operands_too(casting: Any) -> None:
    calls = [
        lambda m, i, x: m.add(x, x, casting=casting),
        lambda m, i, x: m.add(i, 1.5, casting=casting),
        lambda m, i, x: m.add(i, x, casting=casting),
        lambda m, i, x: m.sin(i, casting=casting),
        lambda m, i, x: m.divmod(i, x, casting=casting)[0],
    ]
    for call in calls:
        expected: Any
        try:
            expected = call(numpy, numpy.ones(2, numpy.int32), numpy.ones(2))
        except (TypeError, ValueError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            with pytest.raises(kind):
                call(np, np.ones(2, numpy.int32), np.ones(2))
        else:
            found = call(np, np.ones(2, numpy.int32), np.ones(2))
            assert found.dtype == expected.dtype
            assert same(expected, found.computed())


def test_a_loop_chosen_under_equiv_takes_plain_numbers() -> None:
    for _ in range(50):  # NumPy 2.4 crashes when it resolves this loop
        total = np.add(np.ones(2), 1, dtype="float64", casting="equiv")
    assert total.tolist() == [2.0, 2.0]


def test_where_leaves_other_elements_of_out_alone() -> None:
    x, out = np.arange(4.0), np.full(4, -1.0)
    np.square(x, out=out, where=x > 1)
    assert out.tolist() == [-1.0, -1.0, 4.0, 9.0]


def test_dtype_chooses_the_loop() -> None:
    x = np.arange(3)
    assert np.add(x, x, dtype="float32").dtype == numpy.float32
    assert np.sqrt(x, dtype="float32").dtype == numpy.float32
    with pytest.raises(TypeError):
        np.add(np.ones(2), 1.0, dtype=int)


def test_functions_of_two_results() -> None:
    x = numpy.array([-2.5, 0.0, 3.25, numpy.inf])
    for name, args in (("modf", (x,)), ("frexp", (x[:3],)), ("divmod", (x[:3], 1.5))):
        expected = getattr(numpy, name)(*args)
        found = getattr(np, name)(
            *(a if isinstance(a, float) else np.array(a) for a in args)
        )
        for one, two in zip(expected, found, strict=True):
            numpy.testing.assert_array_equal(one, two.computed())
            assert one.dtype == two.dtype


def test_a_ufunc_describes_itself() -> None:
    assert (np.add.nin, np.add.nout, np.add.nargs) == (2, 1, 3)
    assert "dd->d" in np.add.types
    assert np.add.identity == 0
    assert repr(np.add) == "<ufunc 'add'>"


def test_too_few_or_too_many_operands_raise() -> None:
    with pytest.raises(TypeError, match="positional arguments"):
        np.add(np.ones(2))
    with pytest.raises(TypeError):
        np.exp(np.ones(2), np.ones(2), np.ones(2))
    with pytest.raises(TypeError, match="unexpected keyword"):
        np.add(1.0, 2.0, nonsense=1)


def test_objects_and_strings_are_refused() -> None:
    with pytest.raises(TypeError, match="were required"):
        np.ones(2) + numpy.array(["a", "b"])
    with pytest.raises(TypeError):
        np.ones(2) + "a"


@pytest.mark.parametrize("exponent", [2, 0.5, -1, 3, 2.0, 0])
def test_powers_by_numbers_are_those_of_numpy(exponent: float) -> None:
    for dtype in "bifdF":
        x = sample(dtype)
        agree(
            "**",
            outcome(lambda a: a**exponent, x),
            outcome(lambda a: a**exponent, np.array(x)),
            (dtype, exponent),
        )
