"""The scalar library in NumPy: what the names in the texts of kernels mean."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..kernel import DTYPES
from ..philox import philox_numpy
from ..scalars import NAMES, Scalar, signature

Array: TypeAlias = NDArray[Any]
Function: TypeAlias = Callable[..., Array]


# -- what NumPy has not, or does not do for all dtypes --------------------------------
# Of 0.0 and -0.0 the second is taken, which NumPy leaves to the processor.
def _maximum(x: Array, y: Array) -> Array:
    return np.where((x > y) | np.isnan(x), x, y)


def _minimum(x: Array, y: Array) -> Array:
    return np.where((x < y) | np.isnan(x), x, y)


def _fmax(x: Array, y: Array) -> Array:
    return np.where((x > y) | np.isnan(y), x, y)


def _fmin(x: Array, y: Array) -> Array:
    return np.where((x < y) | np.isnan(y), x, y)


def _select(condition: Array, yes: Array, no: Array) -> Array:
    return np.where(condition, yes, no)


def _multiply(x: Array, y: Array) -> Array:
    """NumPy's own fuses products and sums of complex numbers where the machine can."""
    if x.dtype.kind != "c":
        return np.asarray(np.multiply(x, y))
    product = np.empty(np.broadcast_shapes(x.shape, y.shape), x.dtype)
    product.real = x.real * y.real - x.imag * y.imag
    product.imag = x.real * y.imag + x.imag * y.real
    return product


def _power(x: Array, y: Array) -> Array:
    """NumPy's, and 1 / x**-y rounded to zero for integers, which NumPy refuses."""
    if x.dtype.kind == "f":
        # For one exponent NumPy takes a root, which is NaN at -inf; for many a power.
        pairs = [np.stack([a, a], axis=-1) for a in np.broadcast_arrays(x, y)]
        return np.asarray(np.power(*pairs)[..., 0])
    if x.dtype.kind != "i":
        return np.asarray(np.power(x, y))
    odd = np.where(y & 1, -1, 1)
    inverse = np.where(x == 1, 1, np.where(x == -1, odd, 0))
    return np.where(y < 0, inverse, np.power(x, np.maximum(y, 0)))


def _rint(x: Array) -> Array:
    return np.asarray(np.rint(x)) if x.dtype.kind == "f" else x


def _square(x: Array) -> Array:
    if x.dtype.kind == "c":
        return _multiply(x, x)
    return x if x.dtype.kind == "b" else np.asarray(np.square(x))


def _bitwise_count(x: Array) -> Array:
    return np.asarray(np.bitwise_count(np.absolute(x)))


def _sigmoid(x: Array) -> Array:
    shrunk = np.exp(-np.absolute(x))
    one = x.dtype.type(1)
    return np.asarray(np.where(x < 0, shrunk, one) / (one + shrunk))


def _rsqrt(x: Array) -> Array:
    return np.asarray(x.dtype.type(1) / np.sqrt(x))


def _log_gamma(x: float) -> float:
    """C's lgamma: infinite at the poles and beyond the range, where Python raises."""
    try:
        return math.lgamma(x)
    except (ValueError, OverflowError):
        return math.inf


def _one_by_one(function: Callable[[float], float]) -> Function:
    """A function of one float, for arrays."""
    each = np.frompyfunc(function, 1, 1)
    return lambda x: np.asarray(each(x.astype(np.float64)), np.float64)


_WRITTEN: dict[str, Function] = {
    "maximum": _maximum,
    "minimum": _minimum,
    "fmax": _fmax,
    "fmin": _fmin,
    "select": _select,
    "multiply": _multiply,
    "power": _power,
    "rint": _rint,
    "square": _square,
    "bitwise_count": _bitwise_count,
    "sigmoid": _sigmoid,
    "rsqrt": _rsqrt,
    "erf": _one_by_one(math.erf),
    "erfc": _one_by_one(math.erfc),
    "lgamma": _one_by_one(_log_gamma),
    "philox": philox_numpy,
}


# -- types ----------------------------------------------------------------------------
def typed(name: str, scalar: Scalar) -> Function:
    """A function of the library, with the dtypes that the library gives it."""
    function = _WRITTEN.get(name) or getattr(np, name)

    def call(*operands: Any) -> Array:
        given = [np.asarray(x) for x in operands]
        result, *work = signature(name, scalar, tuple(x.dtype.name for x in given))
        inputs = [x.astype(d, copy=False) for x, d in zip(given, work, strict=True)]
        return np.asarray(function(*inputs)).astype(result, copy=False)

    call.__name__ = name
    call.__doc__ = scalar.meaning
    return call


def cast(dtype: str) -> Function:
    """The conversion to a dtype; float16 is rounded, and carried in float32."""

    def convert(x: Any) -> Array:
        converted = np.asarray(x).astype(dtype, copy=False)
        return converted.astype(np.float32) if dtype == "float16" else converted

    convert.__name__ = dtype
    return convert


FUNCTIONS: dict[str, Any] = {
    **{name: typed(name, scalar) for name, scalar in NAMES.items()},
    **{dtype: cast(dtype) for dtype in DTYPES},
    "inf": math.inf,
    "nan": math.nan,
}
"""Name in generated text -> function or constant."""
