"""Elementwise functions that are no ufuncs, and what is made of several ufuncs."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np

import engine.numpy.elementwise as elementwise
import engine.numpy.handle as face
from engine.array import Array
from engine.errors import named, naming
from engine.record.registry import REGISTRY

from .elementwise import apply
from .fallback import into_foreign
from .operands import NOT_GIVEN, NUMBERS, WEAK
from .quick import remembered
from .reductions import deliver

__all__ = [
    "angle",
    "around",
    "clip",
    "fix",
    "imag",
    "nan_to_num",
    "real",
    "round",
    "sinc",
    "where",
]


def where(condition: Any, x: Any = None, y: Any = None, /) -> Any:
    """x where the condition holds, y elsewhere; alone, as `nonzero`.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.where(np.arange(4) > 1, 10, 0)
    array([ 0,  0, 10, 10])
    """
    if x is None and y is None:
        from .selection import nonzero

        return nonzero(condition)
    if x is None or y is None:
        raise ValueError(named("either both or neither of x and y should be given"))
    kinds: Any = x.__class__, y.__class__
    if WEAK.issuperset(kinds):
        return _one_number_or_another(condition, x, y)
    return _chosen(condition, _wrapped(x, y), _wrapped(y, x))


@remembered()
def _one_number_or_another(condition: Any, x: Any, y: Any) -> Any:
    """`where` of two Python numbers, which say the dtype."""
    return _chosen(condition, np.result_type(x, y).type(x), y)


def _chosen(condition: Any, x: Any, y: Any) -> Any:
    made = apply(REGISTRY["where"], condition, x, y)
    made.scalar, made.writeable = False, True  # np.where gives arrays without axes
    return made


def _wrapped(number: Any, other: Any) -> Any:
    """A Python integer beside integers, of which `where` keeps the lowest bits."""
    dtype = getattr(other, "dtype", None) if number.__class__ is int else None
    if dtype is None or dtype.kind not in "iu":
        return number
    signed = dtype.kind == "i"
    beyond = 1 << (8 * dtype.itemsize - signed)
    if (-beyond if signed else 0) <= number < beyond:
        return number
    return np.asarray(number).astype(dtype)[()]


@remembered()
def clip(
    a: Any,
    min: Any = NOT_GIVEN,
    max: Any = NOT_GIVEN,
    out: Any = None,
    *,
    a_min: Any = NOT_GIVEN,
    a_max: Any = NOT_GIVEN,
    **kwargs: Any,
) -> Any:
    """The elements, at least `min` and at most `max`; None is no limit.

    `a_min` and `a_max` are the names of the limits in NumPy, `min` and `max` those in
    the array API standard and NumPy's other ones. What else a ufunc takes (`dtype`,
    `where`, `casting`) may be given.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.clip(np.arange(5), 1, 3)
    array([1, 1, 2, 3, 3])
    """
    low, high = _limits(a_min, a_max, min, max)
    if kwargs:
        return _clip_with(a, low, high, out, kwargs)
    array = face.asarray(a)
    low, high = (_limit(array, x, k) for k, x in enumerate((low, high)))
    if low is None and high is None:
        result: Any = apply(REGISTRY["positive"], array)
    elif low is None:
        result = apply(REGISTRY["minimum"], array, high)
    elif high is None:
        result = apply(REGISTRY["maximum"], array, low)
    elif array.dtype.kind in "iuf" and all(x.__class__ in WEAK for x in (low, high)):
        result = apply(REGISTRY["clip"], array, low, high)
    else:
        kinds: Any = [
            x if x.__class__ in WEAK else face.asarray(x).dtype for x in (low, high)
        ]
        wide = array.astype(np.result_type(array.dtype, *kinds), copy=False)
        result = apply(REGISTRY["minimum"], apply(REGISTRY["maximum"], wide, low), high)
    if out is None:
        return result
    target = elementwise.check_out(out)
    elementwise.store_out("clip", result.read(), target, "same_kind", True)
    return target


def _limits(a_min: Any, a_max: Any, min: Any, max: Any) -> tuple[Any, Any]:
    """The two limits of `clip`, which have two names each."""
    limits = []
    for name, given, other in (("min", min, a_min), ("max", max, a_max)):
        if given is not NOT_GIVEN and other is not NOT_GIVEN:
            raise ValueError(f"clip: {name} and a_{name} are names of one limit")
        limits.append(given if other is NOT_GIVEN else other)
    if a_min is not NOT_GIVEN or a_max is not NOT_GIVEN:
        for name, limit in zip(("a_min", "a_max"), limits, strict=True):
            if limit is NOT_GIVEN:
                raise TypeError(f"clip: {name} was required beside the other limit")
    low, high = (None if limit is NOT_GIVEN else limit for limit in limits)
    return low, high


def _clip_with(a: Any, low: Any, high: Any, out: Any, options: Any) -> Any:
    """`clip` with options of a ufunc: as `maximum` and `minimum` take them."""
    from .ufuncs import maximum, minimum, positive

    if low is None and high is None:
        return positive(a, out=out, **options)
    if low is None or high is None:
        ufunc = minimum if low is None else maximum
        return ufunc(a, high if low is None else low, out=out, **options)
    inner = {key: x for key, x in options.items() if key != "where"}
    return minimum(maximum(a, low, **inner), high, out=out, **options)


def _limit(array: Array, limit: Any, upper: int) -> Any:
    """A limit; an integer that the dtype cannot hold is no limit."""
    if type(limit) is not int or array.dtype.kind not in "iu":
        return limit
    info = np.iinfo(array.dtype)
    if (limit >= info.max) if upper else (limit <= info.min):
        return None
    return limit


@remembered()
def round(a: Any, decimals: int = 0, out: Any = None) -> Any:
    """The elements rounded to decimals, halves to even.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.round(np.array([0.5, 1.5, 2.345]), 1)
    array([0.5, 1.5, 2.3])
    """
    array = face.asarray(a)
    if decimals.__class__ is not int:
        with naming():
            decimals = index(decimals)
    if array.dtype.kind in "biu":
        result = _round_integers(array, decimals)
        if not result.shape:
            result = face.fresh(result.read())
    elif array.dtype.kind == "c":
        result = array.copy("K")
        for part, source in (("real", array.real), ("imag", array.imag)):
            if result.scalar:
                from .fallback import quiet_call

                result = quiet_call(np.round, array, decimals)
                break
            setattr(result, part, round(source, decimals))
    elif decimals == 0:
        result = apply(REGISTRY["rint"], array)
    else:
        scale = 10.0 ** abs(decimals)
        first, second = ("multiply", "divide")[:: 1 if decimals > 0 else -1]
        scaled = apply(REGISTRY["rint"], apply(REGISTRY[first], array, scale))
        result = apply(REGISTRY[second], scaled, scale)
    return deliver("round", result, out)


def _round_integers(array: face.ndarray, decimals: int) -> face.ndarray:
    if decimals >= 0:
        if array.dtype == np.bool_:
            if decimals:
                raise TypeError(
                    named(
                        "numbers were required where decimals are kept; booleans were "
                        "given: Cannot cast output from dtype('float64') to "
                        "dtype('bool')"
                    )
                )
            return array.astype(np.float16)
        return array.copy("K")
    wide: face.ndarray = round(array.astype(float), decimals)
    return wide.astype(array.dtype)


around = round


def fix(x: Any, out: Any = None) -> Any:
    """The elements without their fractions.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.fix(np.array([-1.7, 1.7]))
    array([-1.,  1.])
    """
    array = face.asarray(x)
    if array.dtype.kind in "biu":
        made = array.copy("K") if array.shape else face.fresh(array.read())
        return deliver("fix", made, out)
    return deliver("fix", apply(REGISTRY["trunc"], array), out)


def real(val: Any) -> Any:
    """The real part of the elements.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.real(np.array([1 + 2j, 3 - 4j]))
    array([1., 3.])
    """
    if isinstance(val, NUMBERS):
        return val.real
    found = face.asarray(val).real
    return face.fresh(found.read()) if isinstance(val, np.generic) else found


def imag(val: Any) -> Any:
    """The imaginary part of the elements.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.imag(np.array([1 + 2j, 3 - 4j]))
    array([ 2., -4.])
    """
    if isinstance(val, NUMBERS):
        return val.imag
    found = face.asarray(val).imag
    return face.fresh(found.read()) if isinstance(val, np.generic) else found


def angle(z: Any, deg: bool = False) -> Any:
    """The angle of complex numbers, in radians or degrees.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.angle(np.array([1j, -1.0]), deg=True)
    array([ 90., 180.])
    """
    array = face.asarray(z)
    if array.dtype.kind == "c":
        result = apply(REGISTRY["arctan2"], array.imag, array.real)
    else:
        result = apply(REGISTRY["arctan2"], 0, array)
    return apply(REGISTRY["rad2deg"], result) if deg else result


@remembered()
def sinc(x: Any) -> Any:
    """sin(pi x) / (pi x), 1 at 0.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.sinc(np.array([0.0, 0.5])).round(3)
    array([1.   , 0.637])
    """
    array = face.asarray(x) * np.pi
    zero = apply(REGISTRY["equal"], array, 0)
    safe = apply(REGISTRY["where"], zero, 1.0, array)
    return apply(REGISTRY["where"], zero, 1.0, apply(REGISTRY["sin"], safe) / safe)


def nan_to_num(
    x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    """NaN and infinities replaced by numbers.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.nan_to_num(np.array([np.nan, 1.0, -np.inf]), nan=0.0, neginf=-9.0)
    array([ 0.,  1., -9.])
    """
    if not copy and not isinstance(x, Array):
        if isinstance(x, np.ndarray):
            given = {"nan": nan, "posinf": posinf, "neginf": neginf}
            return into_foreign("nan_to_num", np.nan_to_num, x, False, **given)
        raise ValueError(
            named(
                "an array was required where nothing may be copied; "
                f"{type(x).__name__} was given: Unable to avoid copy"
            )
        )
    array = face.asarray(x)
    if array.dtype.kind not in "fc":
        same = array.copy("K") if copy else array
        return same if array.shape else face.fresh(same.read())
    if array.dtype.kind == "c":
        parts = face.ndarray.wrap(array.read()) if not array.shape else array
        result = parts.copy("K")
        result.real = nan_to_num(array.real, True, nan, posinf, neginf)
        result.imag = nan_to_num(array.imag, True, nan, posinf, neginf)
        result = result if array.shape else face.fresh(result.read())
    else:
        info = np.finfo(array.dtype)
        high = float(info.max) if posinf is None else posinf
        low = float(info.min) if neginf is None else neginf
        nan, high, low = (_fitting(x, array.dtype) for x in (nan, high, low))
        where_op, equal = REGISTRY["where"], REGISTRY["equal"]
        result = apply(where_op, apply(equal, array, -np.inf), low, array)
        result = apply(where_op, apply(equal, array, np.inf), high, result)
        result = apply(where_op, apply(REGISTRY["isnan"], array), nan, result)
    if copy:
        return result
    array[...] = result
    return array


def _fitting(number: Any, dtype: np.dtype[Any]) -> Any:
    """What is put in the place of an element, in the dtype of the others."""
    if number.__class__ in WEAK and number.__class__ is not complex:
        return number
    array = face.asarray(number)
    if not np.can_cast(array.dtype, dtype, "same_kind"):
        raise TypeError(
            named(
                f"Cannot cast {array.dtype!r} to {dtype!r} according to the rule "
                "'same_kind'"
            )
        )
    return array.astype(dtype)


def divmod(x1: Any, x2: Any) -> tuple[Any, Any]:
    """Quotient rounded down, and remainder.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.divmod(np.array([7, -7]), 3)
    (array([ 2, -3]), array([1, 2]))
    """
    return (
        apply(REGISTRY["floor_divide"], x1, x2),
        apply(REGISTRY["remainder"], x1, x2),
    )


def modf(x: Any) -> tuple[Any, Any]:
    """Fraction and integer part, each with the sign of x.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.modf(np.array([1.5, -0.25]))
    (array([ 0.5 , -0.25]), array([ 1., -0.]))
    """
    array = face.asarray(x)
    if array.dtype.kind in "biu":
        array = array.astype(np.result_type(array.dtype, np.float16))
    whole = apply(REGISTRY["trunc"], array)
    infinite = apply(REGISTRY["isinf"], array)
    rest = apply(REGISTRY["where"], infinite, 0.0, array - whole)
    return apply(REGISTRY["copysign"], rest, array), whole
