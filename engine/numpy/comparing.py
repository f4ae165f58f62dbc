"""Comparing arrays as a whole, and tests of elements."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine.numpy.handle as face
import engine.numpy.reductions as reductions
from engine.array import Array
from engine.errors import named
from engine.record.registry import REGISTRY
from engine.shapes import broadcast_shapes

from .elementwise import apply
from .fallback import quiet_call
from .operands import WEAK, host_array
from .reductions import deliver

__all__ = [
    "allclose",
    "array_equal",
    "array_equiv",
    "can_cast",
    "isclose",
    "iscomplex",
    "iscomplexobj",
    "isneginf",
    "isposinf",
    "isreal",
    "isrealobj",
    "isscalar",
    "result_type",
]


def isclose(
    a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: bool = False
) -> Any:
    """Whether elements are equal within ``atol + rtol * abs(b)``.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.isclose(np.array([1.0, 2.0]), np.array([1.0 + 1e-9, 2.1]))
    array([ True, False])
    """
    x: Any = _weak_or_array(a)
    y: Any = _weak_or_array(b)
    if x.__class__ in WEAK and y.__class__ in WEAK:
        x, y = face.asarray(x), face.asarray(y)
    if y.__class__ in WEAK or y.dtype.kind in "biu":
        y = y * 1.0
    rtol, atol = _weak_or_array(rtol), _weak_or_array(atol)
    near = abs(x - y) <= atol + rtol * abs(y)
    finite = apply(REGISTRY["isfinite"], y)
    close = apply(REGISTRY["bitwise_and"], near, finite) | (x == y)
    if equal_nan:
        both = apply(REGISTRY["isnan"], x) & apply(REGISTRY["isnan"], y)
        close = close | both
    return close


def _weak_or_array(x: Any) -> Any:
    return x if x.__class__ in WEAK else face.asarray(x)


def allclose(
    a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: bool = False
) -> bool:
    """Whether all elements are equal within a tolerance. Computes.

    Examples
    --------
    >>> import engine.numpy as np
    >>> bool(np.allclose(np.array([1.0, 2.0]), [1.0 + 1e-9, 2.0]))
    True
    """
    return bool(reductions.all(isclose(a, b, rtol, atol, equal_nan)))


def array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> bool:
    """Whether shapes and all elements are equal. Computes.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.array_equal(np.arange(3), [0, 1, 2])
    True
    """
    try:
        x, y = face.asarray(a1), face.asarray(a2)
    except TypeError:  # texts and other objects
        return bool(quiet_call(np.array_equal, a1, a2, equal_nan))
    if x.shape != y.shape:
        return False
    same = x == y
    if equal_nan:
        same = same | ((x != x) & (y != y))
    return bool(same.all())


def array_equiv(a1: Any, a2: Any) -> bool:
    """Whether all elements are equal after broadcasting. Computes.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.array_equiv(np.array([[2, 2], [2, 2]]), 2)
    True
    """
    try:
        x, y = face.asarray(a1), face.asarray(a2)
    except TypeError:  # texts and other objects
        return bool(quiet_call(np.array_equiv, a1, a2))
    try:
        broadcast_shapes(x.shape, y.shape)
    except ValueError:
        return False
    return bool((x == y).all())


def isreal(x: Any) -> Any:
    """Whether elements have no imaginary part.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.isreal(np.array([1 + 0j, 1j]))
    array([ True, False])
    """
    return face.asarray(x).imag == 0


def iscomplex(x: Any) -> Any:
    """Whether elements have an imaginary part.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.iscomplex(np.array([1 + 0j, 1j]))
    array([False,  True])
    """
    return face.asarray(x).imag != 0


def isrealobj(x: Any) -> bool:
    """Whether the dtype is not complex.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.isrealobj(np.arange(3))
    True
    """
    return not iscomplexobj(x)


def iscomplexobj(x: Any) -> bool:
    """Whether the dtype is complex.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.iscomplexobj(np.array([1 + 0j]))
    True
    """
    dtype = getattr(x, "dtype", None)
    if dtype is None:
        dtype = host_array(x).dtype
    return issubclass(dtype.type, np.complexfloating)


def isposinf(x: Any, out: Any = None) -> Any:
    """Whether elements are positive infinity.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.isposinf(np.array([np.inf, -np.inf, np.nan]))
    array([ True, False, False])
    """
    return deliver("isposinf", _on_a_line(x) == np.inf, out)


def isneginf(x: Any, out: Any = None) -> Any:
    """Whether elements are negative infinity.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.isneginf(np.array([np.inf, -np.inf, np.nan]))
    array([False,  True, False])
    """
    return deliver("isneginf", _on_a_line(x) == -np.inf, out)


def _on_a_line(x: Any) -> face.ndarray:
    array = face.asarray(x)
    if array.dtype.kind == "c":
        message = f"not supported for {array.dtype} values: it would be ambiguous"
        raise TypeError(named(message))
    return array


def isscalar(element: Any) -> bool:
    """Whether something is a number rather than an array.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.isscalar(3.0), np.isscalar(np.ones(1))
    (True, False)
    """
    if isinstance(element, Array):
        return element.scalar
    return bool(np.isscalar(element))


# -- dtypes ---------------------------------------------------------------------------
def result_type(*arrays_and_dtypes: Any) -> np.dtype[Any]:
    """The dtype to which arrays, dtypes and (weak) Python numbers are promoted.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.result_type(np.ones(2, "float32"), 1.5), np.result_type("int8", "uint8")
    (dtype('float32'), dtype('int16'))
    """
    given = [x.dtype if isinstance(x, Array) else x for x in arrays_and_dtypes]
    found: np.dtype[Any] = np.result_type(*given)
    return found


def can_cast(from_: Any, to: Any, casting: str = "safe") -> bool:
    """Whether a cast between dtypes is allowed by a rule.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.can_cast("int32", "float64"), np.can_cast("float64", "int32")
    (True, False)
    """
    source = from_.dtype if isinstance(from_, Array) else from_
    return np.can_cast(source, to, casting)  # type: ignore[arg-type]
