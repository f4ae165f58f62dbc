"""NumPy's assertions about arrays, for those of Engine too.

They compute what they are given, and are `numpy.testing`'s: the same checks, tolerances
and messages.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy.testing as theirs
from numpy.testing import (
    IgnoreException,
    SkipTest,
    assert_no_gc_cycles,
    assert_no_warnings,
    assert_raises,
    assert_raises_regex,
    assert_warns,
    break_cycles,
    clear_and_catch_warnings,
    measure,
    suppress_warnings,
    tempdir,
    temppath,
)

from .fallback import to_host
from .names import nearest_message

__all__ = [
    "IgnoreException",
    "SkipTest",
    "assert_",
    "assert_allclose",
    "assert_almost_equal",
    "assert_approx_equal",
    "assert_array_almost_equal",
    "assert_array_almost_equal_nulp",
    "assert_array_compare",
    "assert_array_equal",
    "assert_array_less",
    "assert_array_max_ulp",
    "assert_equal",
    "assert_no_gc_cycles",
    "assert_no_warnings",
    "assert_raises",
    "assert_raises_regex",
    "assert_string_equal",
    "assert_warns",
    "break_cycles",
    "clear_and_catch_warnings",
    "measure",
    "suppress_warnings",
    "tempdir",
    "temppath",
]

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _of_arrays(function: _Function) -> _Function:
    """A check of NumPy's, handed the elements of Engine's arrays."""

    @functools.wraps(function)
    def check(*args: Any, **options: Any) -> Any:
        __tracebackhide__ = True  # of pytest: the user's line is what failed
        return function(*to_host(args), **to_host(options))

    return cast(_Function, check)


assert_ = _of_arrays(theirs.assert_)
assert_allclose = _of_arrays(theirs.assert_allclose)
assert_almost_equal = _of_arrays(theirs.assert_almost_equal)
assert_approx_equal = _of_arrays(theirs.assert_approx_equal)
assert_array_almost_equal = _of_arrays(theirs.assert_array_almost_equal)
assert_array_almost_equal_nulp = _of_arrays(theirs.assert_array_almost_equal_nulp)
assert_array_compare = _of_arrays(theirs.assert_array_compare)
assert_array_equal = _of_arrays(theirs.assert_array_equal)
assert_array_less = _of_arrays(theirs.assert_array_less)
assert_array_max_ulp = _of_arrays(theirs.assert_array_max_ulp)
assert_equal = _of_arrays(theirs.assert_equal)
assert_string_equal = _of_arrays(theirs.assert_string_equal)


def __getattr__(name: str) -> Any:
    raise AttributeError(nearest_message(name, __all__, __name__, theirs))
