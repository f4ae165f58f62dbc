"""Mathematical functions that answer in complex numbers where real ones do not do.

Each looks at its operand to decide; gradients flow through whichever was chosen.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import engine.numpy.handle as face

from . import ufuncs
from .names import nearest_message

__all__ = [
    "arccos",
    "arcsin",
    "arctanh",
    "log",
    "log2",
    "log10",
    "logn",
    "power",
    "sqrt",
]


def _complex(array: Any) -> Any:
    """As complex numbers: narrow ones where the elements are narrow."""
    char = array.dtype.char
    return array.astype(np.complex64 if char in "fbBhH" else np.complex128)


def _non_negative(x: Any) -> Any:
    array = face.asarray(x)
    if array.dtype.kind != "c" and (array < 0).any():
        return _complex(array)
    return array


def _at_most_one(x: Any) -> Any:
    array = face.asarray(x)
    if array.dtype.kind != "c" and (abs(array) > 1).any():
        return _complex(array)
    return array


def sqrt(x: Any) -> Any:
    """The square root; complex where there are negative numbers.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.emath.sqrt(-4)
    np.complex128(2j)
    """
    return ufuncs.sqrt(_non_negative(x))


def log(x: Any) -> Any:
    """The natural logarithm; complex where there are negative numbers.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.emath.log(np.array([-1.0]))
    array([0.+3.14159265j])
    """
    return ufuncs.log(_non_negative(x))


def log10(x: Any) -> Any:
    """The logarithm to the base 10; complex where there are negative numbers.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.emath.log10(np.array([100.0]))
    array([2.])
    """
    return ufuncs.log10(_non_negative(x))


def log2(x: Any) -> Any:
    """The logarithm to the base 2; complex where there are negative numbers.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.emath.log2(np.array([8.0, -8.0])).round(3)
    array([3.+0.j   , 3.+4.532j])
    """
    return ufuncs.log2(_non_negative(x))


def logn(n: Any, x: Any) -> Any:
    """The logarithm to the base n; complex where there are negative numbers.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.emath.logn(2, np.array([4.0, 8.0]))
    array([2., 3.])
    """
    return ufuncs.log(_non_negative(x)) / ufuncs.log(_non_negative(n))


def power(x: Any, p: Any) -> Any:
    """x to the power p; complex where x is negative, floating where p is.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.emath.power(np.array([-4.0]), 0.5).round(6)
    array([0.+2.j])
    """
    exponent = face.asarray(p)
    if exponent.dtype.kind in "iu" and (exponent < 0).any():
        exponent = exponent * 1.0
    return ufuncs.power(_non_negative(x), exponent)


def arccos(x: Any) -> Any:
    """The inverse cosine; complex where there are numbers beyond 1.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.emath.arccos(np.array([1.0, 2.0])).round(3)
    array([0.-0.j   , 0.-1.317j])
    """
    return ufuncs.arccos(_at_most_one(x))


def arcsin(x: Any) -> Any:
    """The inverse sine; complex where there are numbers beyond 1.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.emath.arcsin(np.array([2.0])).round(3)
    array([1.571+1.317j])
    """
    return ufuncs.arcsin(_at_most_one(x))


def arctanh(x: Any) -> Any:
    """The inverse hyperbolic tangent; complex where there are numbers beyond 1.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.emath.arctanh(np.array([2.0])).round(3)
    array([0.549+1.571j])
    """
    return ufuncs.arctanh(_at_most_one(x))


def __getattr__(name: str) -> Any:
    raise AttributeError(nearest_message(name, __all__, __name__, np.emath))
