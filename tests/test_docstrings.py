"""Public names say what they mean, and more and more of them show it."""

from __future__ import annotations

import doctest
import importlib
import inspect
from collections.abc import Iterator
from typing import Any

import pytest

import engine
import engine.numpy

SPACES = {
    "engine": 5,
    "engine.numpy": 6,
    "engine.numpy.linalg": 10,
    "engine.numpy.fft": 0,
    "engine.numpy.random": 40,
    "engine.numpy.emath": 0,
    "engine.numpy.polynomial": 0,
    "engine.numpy.polynomial.polynomial": 0,
    "engine.numpy.polynomial.chebyshev": 0,
    "engine.numpy.polynomial.legendre": 0,
    "engine.numpy.polynomial.laguerre": 0,
    "engine.numpy.polynomial.hermite": 0,
    "engine.numpy.polynomial.hermite_e": 0,
    "engine.numpy.polynomial.polyutils": 0,
    "engine.linalg": 9,
    "engine.fft": 8,
    "engine.random": 0,
    "engine.nn": 0,
    "engine.nn.functional": 9,
    "engine.nn.init": 2,
    "engine.nn.utils": 0,
    "engine.optim": 1,
    "engine.optim.lr_scheduler": 2,
}
"""How many names of each namespace have no example at most: it may only shrink."""


def own(space: str) -> Iterator[tuple[str, Any]]:
    """The public functions and classes of a namespace that are Engine's own."""
    module = importlib.import_module(space)
    for name in getattr(module, "__all__", dir(module)):
        thing = getattr(module, name)
        is_ufunc = isinstance(thing, engine.numpy.ufunc)
        home = getattr(thing, "__module__", None) or ""
        is_own = is_ufunc or home.startswith("engine")
        if is_own and callable(thing) and not name.startswith("_"):
            yield name, thing


def silent_members(of: type) -> Iterator[str]:
    """The public methods and properties of a class that have no docstring."""
    for name in dir(of):
        found = None if name.startswith("_") else inspect.getattr_static(of, name)
        is_method = inspect.isfunction(found) or isinstance(found, property)
        if is_method and not inspect.getdoc(getattr(of, name)):
            yield name


@pytest.mark.parametrize("space", SPACES)
def test_every_public_name_has_a_docstring(space: str) -> None:
    silent = [name for name, thing in own(space) if not inspect.getdoc(thing)]
    for name, thing in own(space):
        if isinstance(thing, type):
            silent += [f"{name}.{member}" for member in silent_members(thing)]
    assert not silent


def test_the_examples_of_ufuncs_run() -> None:
    # They are made from a table, where doctest does not look for them.
    run, failed = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE), []
    for name, thing in own("engine.numpy"):
        if isinstance(thing, engine.numpy.ufunc):
            text = inspect.getdoc(thing)
            test = doctest.DocTestParser().get_doctest(text, {}, name, None, None)
            failed += [name] * bool(run.run(test, out=lambda _: None).failed)
    assert not failed


@pytest.mark.parametrize("space", SPACES)
def test_no_more_names_than_before_go_without_an_example(space: str) -> None:
    bare = [name for name, thing in own(space) if ">>>" not in inspect.getdoc(thing)]
    assert len(bare) <= SPACES[space]
