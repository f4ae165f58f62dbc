"""Functions of this face that native code does where it can, as it did them before."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

import engine.numpy.handle as face
from engine.kernels.backend import HOST
from engine.kernels.native.calls import PARTS, STEPS
from engine.recipe import Recipe, is_c_contiguous
from engine.record.trace import current_trace
from engine.record.value import Value
from engine.steps import Step, steps_on

from .operands import plain_value

What: TypeAlias = int | str | tuple[Any, ...] | None
"""What is done: a function's name and its other arguments, as integers, strings and
None, in a tuple; of a join its axis, of indices that pick a name of their own.

What is no tuple, or begins with an integer, is done on the host alone.
"""

MOST = 10_000
"""So many are remembered; past this many all are forgotten."""

known: dict[tuple[Any, ...], tuple[Step, ...]] = {}
"""The steps of what was done with arrays of some dtypes and shapes, all in C order.

Where an array lies in other memory is no part of it: what a slice of indices picks is
known for the next slice.
"""

_LETTERS = frozenset((int, str, type(None)))
_KEPT = _LETTERS | {tuple}
_KINDS: tuple[type, ...] = bool, int, float, complex
_CLASSES: dict[type, Any] = {
    kind: ("class", kind.__name__)
    for kind in (*_KINDS, *[np.dtype(letter).type for letter in "?bhilBHILfdFD"])
}

LARGEST = 1e30
"""Numbers below it are remembered: single precision has them."""

CREDIT, PRICE = 10_000, 10
"""What a function has to spend where it is remembered: a hit gives it 1 back."""


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


def again_or_noted(
    what: tuple[Any, ...], array: Any, function: Callable[[], Any]
) -> Any:
    """What a function of one array gives, recorded natively where it is known.

    What it records must depend on `what` and on the dtype and shape of the array alone;
    it is remembered for arrays in C order. Arrays of no axes are left out: of them,
    native code makes scalars.
    """
    if type(array) is not face.ndarray or not array.recipe.shape:
        return function()
    made = again((array,), what)
    if made is not None:
        return made
    value = _whole_value(array)
    if value is None or not _is_plain(what):
        return function()
    return noted_on(what, [array], [value], function)


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
    if trace.values is kept and len(kept) > before and _is_made(result, arrays):
        steps = steps_on(trace, before, values, result.read())
        if steps is not None and len(steps) <= STEPS:
            remember(what, [array.recipe for array in arrays], steps)
    return result


def _is_made(result: Any, arrays: Sequence[Any]) -> bool:
    """Whether a result is what native code makes of a value: an array of its own.

    Or a view of all of one, in C order, that nobody else has.
    """
    if type(result) is not face.ndarray:
        return False
    if result.scalar or not result.recipe.shape:
        return bool(result.scalar)
    line = result._line
    if line is None:
        return plain_value(result) is not None
    if any(x._line is not None and x._line.storage is line.storage for x in arrays):
        return False
    base = line.storage.latest
    whole = result.recipe.is_whole(base.size, base.dtype)
    return bool(whole and result.writeable and is_c_contiguous(result.recipe))


def _whole_value(array: Any) -> Value | None:
    """The value of an array that shows all of it, in C order; None for others."""
    value, line = plain_value(array), array._line
    if line is not None and line.is_current() and array.recipe is line.value.layout:
        value = line.value
    return value


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


def remembered(
    most: int = 1, shows_parts: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: a function whose events are remembered, to be recorded natively.

    They must depend on the dtypes and shapes of arrays in C order, which are among the
    first `most` arguments, and on its other arguments, alone; what it gives must be an
    array of its own, unless it may be a view of one that it is given (`shows_parts`).
    Only arguments that are arrays, numbers, strings, None, dtypes or tuples of integers
    are remembered, and only while it is worth it: a number that is another one in each
    call is not. Views in C order are read first.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        credit = CREDIT
        whats = _whats_of_arrays(function.__name__)

        @functools.wraps(function)
        def call(*args: Any, **options: Any) -> Any:
            nonlocal credit
            if not options and len(args) <= most:
                made = _native_call(args, *whats)
                if made is not None:
                    return made
            arrays: dict[int, Any] = {}
            words = _words(function.__name__, args[:most], shows_parts, arrays)
            if words is None or face.ndarray in map(type, args[most:]):
                return function(*args, **options)
            words += [_word(x) for x in args[most:]]
            for option, x in options.items():
                words += (option, _word(x))
            what, given = tuple(words), tuple(arrays.values())
            made = again(given, what)
            if made is not None:
                credit += credit < CREDIT
                return made
            args = tuple([arrays.get(id(x), x) for x in args])
            if credit > 0 and _may_be_noted(what, given):
                credit -= PRICE
                values = [x.read() for x in given]
                return noted_on(what, given, values, lambda: function(*args, **options))
            return function(*args, **options)

        return call

    return decorate


def _whats_of_arrays(name: str) -> tuple[What, What, What]:
    """What `_words` gives, in 3 us, for an array, one given twice, and two."""
    return (1, name, 0), (3, name, 0, 0), (3, name, 0, 1)


def _native_call(args: tuple[Any, ...], one: What, twice: What, two: What) -> Any:
    """What native code gives of one array, or two, alone; None for Python to do."""
    for x in args:
        if type(x) is not face.ndarray or not x.recipe.shape:
            return None
    if len(args) == 1:
        return again(args, one)
    if len(args) != 2:
        return None
    return again(args[:1], twice) if args[0] is args[1] else again(args, two)


def _words(
    name: str, args: Sequence[Any], shows_parts: bool, arrays: dict[int, Any]
) -> list[Any] | None:
    """What native code compares of a call; None where that is not all that matters.

    The first word says which arguments are arrays; `arrays` gets those, once each.
    """
    words: list[Any] = [0, name]
    for place, x in enumerate(args):
        if type(x) is not face.ndarray:
            words.append(_word(x))
            continue
        number = len(arrays)
        if not x.recipe.shape:  # a scalar, perhaps: native code makes those of results
            return None
        if id(x) in arrays:
            number = [*arrays].index(id(x))
        elif _whole_value(x) is not None:
            arrays[id(x)] = x
        elif shows_parts or not _is_in_order(x):
            return None
        else:
            arrays[id(x)] = face.ndarray.wrap(x.read())
        words[0] |= 1 << place
        words.append(number)
    return words


def _is_in_order(array: Any) -> bool:
    """Whether elements lie in memory in C order, with or without gaps."""
    strides = array.recipe.strides
    return all(s > 0 for s in strides) and [*strides] == sorted(strides, reverse=True)


def _may_be_noted(what: tuple[Any, ...], arrays: Sequence[Any]) -> bool:
    """Whether the steps of a call may be remembered: it is silent, and on the host."""
    if not _native or "device" in what or not _is_plain(what):
        return False
    return all(x.place == HOST for x in arrays) and _casts_quietly(what, arrays)


def _casts_quietly(what: tuple[Any, ...], arrays: Sequence[Any]) -> bool:
    """Whether no dtype warns of a number that it cannot hold: it would each time."""
    pairs = [word for word in what if type(word) is tuple and len(word) == 2]
    floats = [float.fromhex(x) for name, x in pairs if name == "float"]
    kinds = [np.dtype(x) for name, x in pairs if name in ("dtype", "class")]
    kinds += [np.dtype(x) for x in what[2:] if type(x) is str and _is_dtype(x)]
    dtypes = [array.recipe.dtype for array in arrays]
    if kinds and any(x.kind == "c" for x in dtypes):
        return False  # it may lose its imaginary part
    dtypes += kinds
    if not arrays and not kinds and str not in map(type, what[2:]):
        return True  # no dtype is asked for
    if not all(abs(x) < LARGEST for x in floats):
        return False
    return not floats or all(x.kind in "bfc" and x.itemsize != 2 for x in dtypes)


def _is_dtype(word: str) -> bool:
    """Whether a string may be meant as a dtype: not ``"F"`` and ``"A"``, of orders."""
    if word in ("F", "A", "a"):  # NumPy warns of the last one
        return False
    try:
        np.dtype(word)
    except (TypeError, ValueError, SyntaxError):
        return False
    return True


def _word(x: Any) -> Any:
    """What native code compares in the place of an argument; `object` for others."""
    kind = type(x)
    if kind in _KEPT:
        return x
    if kind is float:
        return "float", x.hex()
    if kind is bool:
        return "bool", str(x)
    if isinstance(x, np.dtype) and x.isbuiltin:
        return "dtype", x.str
    return _CLASSES.get(x, object) if isinstance(x, type) else object


def _is_plain(what: tuple[Any, ...]) -> bool:
    """Whether all arguments are what native code compares."""
    parts = [x for part in what for x in (part if type(part) is tuple else (part,))]
    return _LETTERS.issuperset(map(type, parts))
