"""Signatures are NumPy's: names, order, kinds and defaults of parameters."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy
import pytest

import engine.numpy as np
from engine.numpy.names import REASONS

P = inspect.Parameter

pytestmark = pytest.mark.skipif(
    not numpy.__version__.startswith("2.4."),
    reason="the signatures of NumPy 2.4 are compared; others differ in a few keywords",
)

EXTRA = {
    "numpy.sort": {"descending"},
    "numpy.argsort": {"descending"},
    "numpy.fft.fftfreq": {"dtype"},
    "numpy.fft.rfftfreq": {"dtype"},
    "numpy.lib.stride_tricks.as_strided": {"check_bounds"},
}
"""Keyword-only parameters that NumPy's functions do not have."""

OTHERWISE = {
    "numpy.clip": "the limits have the standard's names; NumPy's are keywords",
    "numpy.arange": "NumPy's code also takes `start` by name and dtype by position",
    "numpy.ndarray.view": "NumPy spells dtype and type as *args, **kwargs",
    "numpy.random.sample": "NumPy spells size as *args, **kwargs",
    "numpy.random.ranf": "NumPy spells size as *args, **kwargs",
}
"""What takes the same calls with another signature."""

OPTIONS = {"keepdims", "initial", "where", "mean", "correction"}
"""What NumPy's methods take as ``**kwargs``."""


def spaces() -> Iterator[tuple[str, Any, Any]]:
    """What is walked: a name, NumPy's module or class, and Engine's."""
    yield "numpy", numpy, np
    yield "numpy.linalg", numpy.linalg, np.linalg
    yield "numpy.fft", numpy.fft, np.fft
    yield "numpy.emath", numpy.emath, np.emath
    yield "numpy.random", numpy.random, np.random
    stride_tricks = numpy.lib.stride_tricks, np.lib.stride_tricks
    yield "numpy.lib.stride_tricks", *stride_tricks
    yield "numpy.ndarray", numpy.ndarray, np.ndarray
    yield "numpy.ufunc", numpy.ufunc, np.ufunc
    yield "numpy.random.Generator", numpy.random.Generator, np.random.Generator
    yield "numpy.polynomial", numpy.polynomial, np.polynomial
    for name in np.polynomial.__all__:
        space = getattr(numpy.polynomial, name)
        if inspect.ismodule(space) or isinstance(space, type):
            yield f"numpy.polynomial.{name}", space, getattr(np.polynomial, name)


def pairs() -> Iterator[tuple[str, Callable[..., Any], Callable[..., Any]]]:
    """Functions that both have, where Engine's is not NumPy's own."""
    for space, theirs, ours in spaces():
        for name in sorted(set(dir(theirs)) & set(dir(ours))):
            if name.startswith("_") or name == "fromstring":  # that says no signature
                continue
            one, two = getattr(theirs, name), getattr(ours, name, None)
            plain = (
                callable(one)
                and callable(two)
                and not isinstance(one, (type, numpy.ufunc))
            )
            if plain and one is not two:
                yield f"{space}.{name}", one, two


PAIRS = {name: (theirs, ours) for name, theirs, ours in pairs()}


def parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    found = list(inspect.signature(function).parameters.values())
    return found[1:] if found and found[0].name == "self" else found


def assert_alike(name: str, one: inspect.Parameter, two: inspect.Parameter) -> None:
    assert (one.name, one.kind) == (two.name, two.kind), name
    if repr(one.default) == "<no value>":  # ours says what happens without it
        assert two.default is not P.empty, (name, one.name)
    else:
        assert one.default == two.default, (name, one.name, two.default)


@pytest.mark.parametrize("name", PAIRS)
def test_a_function_has_numpys_parameters(name: str) -> None:
    if name in OTHERWISE:
        return
    theirs, ours = (parameters(function) for function in PAIRS[name])
    if [x.kind for x in theirs][-1:] == [P.VAR_KEYWORD]:
        named = [x.name for x in ours if x.name in OPTIONS]
        if named:
            theirs = theirs[:-1]
            ours = [x for x in ours if x.name not in OPTIONS]
    allowed = EXTRA.get(name, set())
    ours = [x for x in ours if not (x.name in allowed and x.kind is P.KEYWORD_ONLY)]
    assert [x.name for x in theirs] == [x.name for x in ours], name
    for one, two in zip(theirs, ours, strict=True):
        assert_alike(name, one, two)


def test_what_is_listed_as_different_still_is() -> None:
    for name in OTHERWISE:
        theirs, ours = (parameters(function) for function in PAIRS[name])
        assert [x.name for x in theirs] != [x.name for x in ours], name


UFUNCS = [name for name in dir(numpy) if isinstance(getattr(numpy, name), numpy.ufunc)]
GENERALISED = {"matmul", "matvec", "vecdot", "vecmat"}
"""Functions of Engine that are generalised ufuncs in NumPy."""


@pytest.mark.parametrize("name", UFUNCS)
def test_a_ufunc_describes_itself_as_numpys(name: str) -> None:
    if name in GENERALISED or not hasattr(np, name):
        return
    theirs, ours = getattr(numpy, name), getattr(np, name)
    for fact in ("nin", "nout", "nargs", "identity", "signature"):
        assert getattr(ours, fact) == getattr(theirs, fact), fact
    held = [loop for loop in theirs.types if not set(loop) & set("OG")]
    assert ours.types == held
    assert ours.ntypes == len(held)


@pytest.mark.parametrize("method", ["reduce", "accumulate", "reduceat", "outer", "at"])
def test_every_ufunc_has_numpys_methods_or_their_errors(method: str) -> None:
    """Values or the class of the complaint, for every ufunc."""
    calls: dict[str, Callable[[Any, Any, Any], Any]] = {
        "reduce": lambda f, x, k: f.reduce(x, axis=1),
        "accumulate": lambda f, x, k: f.accumulate(x, axis=1),
        "reduceat": lambda f, x, k: f.reduceat(x, k, axis=1),
        "outer": lambda f, x, k: f.outer(x, x[0]),
        "at": lambda f, x, k: [f.at(x, k, *[x[0] * 1] * (f.nin - 1)), x][1],
    }
    for name in UFUNCS:
        if name in GENERALISED or not hasattr(np, name):
            continue
        for dtype in (int, float):
            x = numpy.array([[3, 1, 2], [1, 2, 5]], dtype)
            expected = outcome(calls[method], getattr(numpy, name), x.copy(), [0, 1])
            found = outcome(calls[method], getattr(np, name), np.array(x), [0, 1])
            same_outcome(f"{name}.{method}", expected, found)


def outcome(call: Callable[..., Any], *args: Any) -> Any:
    try:
        with numpy.errstate(all="ignore"):
            return call(*args)
    except (TypeError, ValueError, IndexError) as error:
        return error


def same_outcome(name: str, expected: Any, found: Any) -> None:
    if isinstance(expected, Exception):
        assert isinstance(found, Exception), (name, expected, found)
    elif isinstance(expected, tuple):
        for one, two in zip(expected, found, strict=True):
            same_outcome(name, one, two)
    else:
        assert not isinstance(found, Exception), (name, found)
        assert found.dtype == expected.dtype, name
        numpy.testing.assert_allclose(numpy.asarray(found), expected, err_msg=name)


def test_every_absent_name_says_why() -> None:
    public = [name for name in numpy.__all__ if not name.startswith("_")]
    absent = [name for name in public if name not in np.__all__]
    assert sorted(REASONS) == sorted(absent)
    for name in absent:
        with pytest.raises(AttributeError, match=f"{name}', which NumPy has: .* as "):
            getattr(np, name)
