"""Functions of this face that native code does where it can, as it did them before."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import engine.numpy.handle as face
from engine.kernels.native.calls import PARTS, STEPS
from engine.recipe import Recipe
from engine.record.trace import current_trace
from engine.record.value import Value
from engine.steps import Step, steps_on

from .operands import plain_value

What: TypeAlias = int | str | tuple[Any, ...] | None
"""What is done: a function's name and its other arguments, as integers, strings and
None, in a tuple; of a join its axis, of indices that pick a name of their own.

What is no tuple is done on the host alone.
"""

MOST = 10_000
"""So many are remembered; past this many all are forgotten."""

known: dict[tuple[Any, ...], tuple[Step, ...]] = {}
"""The steps of what was done with arrays of some dtypes and shapes, all in C order.

Where an array lies in other memory is no part of it: what a slice of indices picks is
known for the next slice.
"""

_LETTERS = frozenset((int, str, type(None)))


class Native(NamedTuple):
    """Native code: ``counted(start, stop, step)`` and ``again(arrays, what)``."""

    counted: Callable[[Any, Any, Any], Any]
    again: Callable[[Any, Any], Any]


_native: list[Native] = []


def use_native(functions: tuple[Any, Any] | None) -> None:
    """Let native code do what it can, or nothing."""
    _native[:] = [] if functions is None else [Native(*functions)]


def counted(start: Any, stop: Any, step: Any) -> Any:
    """`arange` of integers, where native code makes it; else None."""
    return _native[0].counted(start, stop, step) if _native else None


def again(arrays: Any, what: Any) -> Any:
    """What was done with arrays like these before; None where nothing was."""
    try:
        return _native[0].again(arrays, what) if _native else None
    except TypeError:  # an axis that is an array has no hash
        return None


def remember(what: What, recipes: Sequence[Recipe], steps: tuple[Step, ...]) -> None:
    """Remember the steps of what is done with arrays of such dtypes and shapes.

    They are in C order; native code takes no more than some of them.
    """
    if not _native or len(recipes) > PARTS:
        return
    if len(known) >= MOST:
        known.clear()
    parts = [part for recipe in recipes for part in (recipe.dtype, recipe.shape)]
    known[what, *parts] = steps


def noted(what: tuple[Any, ...], array: Any, function: Callable[[], Any]) -> Any:
    """What a function of one array gives, whose steps are remembered.

    What it records must depend on `what` and on the dtype and shape of the array alone;
    it is remembered for arrays in C order.
    """
    value, line = plain_value(array), array._line
    if line is not None and line.is_current() and array.recipe is line.value.layout:
        value = line.value
    if value is None or not _is_plain(what):
        return function()
    return noted_on(what, [array], [value], function)


def again_or_noted(
    what: tuple[Any, ...], array: Any, function: Callable[[], Any]
) -> Any:
    """What a function of one array gives, recorded natively where it is known.

    As of `noted`. Arrays of no axes are left out: of them, native code makes scalars.
    """
    if type(array) is not face.ndarray or not array.recipe.shape:
        return function()
    made = again((array,), what)
    return noted(what, array, function) if made is None else made


def noted_on(
    what: What,
    arrays: Sequence[Any],
    values: Sequence[Value],
    function: Callable[[], Any],
) -> Any:
    """What a function gives of values that arrays show, whose steps are remembered.

    What it records must depend on `what` and on the dtypes and shapes of the arrays
    alone, where those are in C order.
    """
    if not _native:
        return function()
    trace = current_trace()
    kept = trace.values
    before = len(kept)
    result = function()
    if trace.values is kept and len(kept) > before:
        steps = steps_on(trace, before, values, result.read())
        if steps is not None and len(steps) <= STEPS:
            remember(what, [array.recipe for array in arrays], steps)
    return result


def by_method(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: a call that names axes alone is that of an array's method.

    The method's own code calls the function with more than that.
    """
    name = function.__name__

    @functools.wraps(function)
    def call(a: Any, axis: Any = None, *args: Any, **options: Any) -> Any:
        plain = not options or [*options] == ["keepdims"]
        if plain and not args and type(a) is face.ndarray:
            return getattr(a, name)(axis, **options)
        return function(a, axis, *args, **options)

    return call


def _is_plain(what: tuple[Any, ...]) -> bool:
    """Whether all arguments are what native code compares."""
    parts = [x for part in what for x in (part if type(part) is tuple else (part,))]
    return _LETTERS.issuperset(map(type, parts))
