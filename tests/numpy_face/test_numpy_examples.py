"""The examples in NumPy's own documentation do by Engine what they do by NumPy.

They are those of the docstrings of the NumPy that is installed: some 3,200 statements,
each of which must print the same, or raise an exception of the same class.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import math
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy
import pytest

import engine
import engine.numpy as np

pytestmark = pytest.mark.skipif(
    not numpy.__version__.startswith("2.4."),
    reason="what differs is listed for the examples of NumPy 2.4",
)

SPACES = {
    "numpy": (numpy, np),
    "linalg": (numpy.linalg, np.linalg),
    "fft": (numpy.fft, np.fft),
    "emath": (numpy.emath, np.emath),
    "stride_tricks": (numpy.lib.stride_tricks, np.lib.stride_tricks),
    "ndarray": (numpy.ndarray, np.ndarray),
    "ufunc": (numpy.ufunc, np.ufunc),
}

OBJECTS = """
argsort array asanyarray asarray frombuffer fromfile frompyfunc isreal isrealobj lexsort
linalg.outer linalg.tensordot ndarray.astype ndarray.byteswap ndarray.copy ndarray.fill
ndarray.sort ndarray.view outer shape sort tensordot ufunc.ntypes ufunc.types unique
zeros
"""
"""Examples with arrays of objects, text or records."""

CLASSES = """
array_repr bitwise_left_shift concat concatenate flatiter left_shift linalg.cholesky
linalg.eigh linalg.inv load ndarray.flat r_ vectorize
"""
"""Examples that show classes, or use matrices and masked arrays."""

ARBITRARY = """
all any corrcoef empty empty_like get_printoptions linalg.eigvals ndarray ndarray.ctypes
ndarray.item partition poly set_printoptions seterrcall unique_values
"""
"""Examples that show addresses, random numbers or an arbitrary order."""

LONG = "cumsum cumulative_sum einsum linalg.multi_dot nanstd nanvar std var"
"""Examples that take seconds."""

OTHERWISE = {
    "median": "overwrite_input leaves the input alone",
    "percentile": "overwrite_input leaves the input alone",
    "quantile": "overwrite_input leaves the input alone",
    "ndarray.resize": "an array that others refer to can be resized",
    "ndarray.setflags": "every array is aligned",
    "polyint": "equality of polynomials is a bool",
    "shares_memory": "no search is too hard",
    "ufunc.signature": "functions of linalg are no ufuncs",
}

LEFT_OUT = {*OBJECTS.split(), *CLASSES.split(), *ARBITRARY.split(), *LONG.split()}


def documented(space: str) -> Iterator[tuple[str, list[doctest.Example]]]:
    """The names that both have, and the examples in NumPy's docstrings."""
    theirs, ours = SPACES[space]
    lead = "" if space == "numpy" else f"{space}."
    for name in sorted(set(dir(theirs)) & set(dir(ours))):
        text = getattr(getattr(theirs, name), "__doc__", None)
        is_left_out = f"{lead}{name}" in LEFT_OUT | OTHERWISE.keys()
        is_module = isinstance(getattr(theirs, name), ModuleType)
        if name.startswith("_") or not isinstance(text, str) or is_left_out | is_module:
            continue
        found = doctest.DocTestParser().get_examples(text)
        drawing = ("plt.", "matplotlib", "scipy")
        found = [x for x in found if not any(word in x.source for word in drawing)]
        if found:
            yield lead + name, found


def outcomes(examples: list[doctest.Example], module: Any) -> Iterator[str]:
    """What each example prints, or the class of its exception."""
    space: dict[str, Any] = {"np": module}
    for example in examples:
        source = example.source
        if module is np:
            source = source.replace("import numpy as np", "import engine.numpy as np")
            source = source.replace("from numpy", "from engine.numpy")
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            try:
                exec(compile(source, "<example>", "single"), space)
            except Exception as error:
                yield f"{printed.getvalue()}{nearest_builtin(error)}"
            else:
                yield printed.getvalue()


NUMBER = re.compile(r"-?\d+\.\d+(?:e[+-]?\d+)?")


def is_same_but_for_rounding(one: str, two: str) -> bool:
    """Whether texts differ in the last digits of numbers alone.

    NumPy's numbers are computed by libm, its arrays by loops of its own, which on CPUs
    with AVX-512 round some powers otherwise: ours are arrays.
    """
    if NUMBER.sub("#", one) != NUMBER.sub("#", two):
        return False
    pairs = zip(NUMBER.findall(one), NUMBER.findall(two), strict=True)
    return all(math.isclose(float(a), float(b), rel_tol=4e-15) for a, b in pairs)


def test_texts_that_differ_in_rounding_alone() -> None:
    assert is_same_but_for_rounding("x(1.0000000000000013)", "x(1.0000000000000011)")
    assert not is_same_but_for_rounding("1.0000000000001", "1.0000000000002")
    assert not is_same_but_for_rounding("f(1.5)", "g(1.5)")


def nearest_builtin(error: Exception) -> str:
    """The builtin class that an exception is one of."""
    return next(x.__name__ for x in type(error).__mro__ if x.__module__ == "builtins")


@pytest.fixture(autouse=True)
def writes_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the examples of `save` and its kin leave nothing in the checkout."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def prints_at_a_prompt(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Show expressions as Python does, and leave NumPy's settings as they were."""

    def show(value: Any) -> None:
        if value is not None:
            print(repr(value))

    monkeypatch.setattr(sys, "displayhook", show)
    before = numpy.geterr()
    with numpy.printoptions(), engine.config(tier="numpy"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    np.seterr(**before)


@pytest.mark.parametrize("space", SPACES)
def test_examples_of_numpys_documentation_print_the_same(space: str) -> None:
    wrong = []
    for name, examples in documented(space):
        want, have = (list(outcomes(examples, module)) for module in (numpy, np))
        for example, one, two in zip(examples, want, have, strict=True):
            if one != two and not is_same_but_for_rounding(one, two):
                wrong.append(f"{name}: {example.source}{one!r} but {two!r}")
    assert not wrong, "\n".join(wrong)
