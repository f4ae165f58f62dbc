"""From the name of each scalar function to the formula that generates its code."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

from . import formulas, vecmath, vecmath_log
from .scalars import NAMES
from .term import Term, library, magnitude, select


def power(x: Term, y: Term) -> Term:
    return vecmath_log.power(x, y) if x.is_float else formulas.integer_power(x, y)


def logaddexp(x: Term, y: Term) -> Term:
    gap = vecmath.exp(-magnitude(x - y))
    merged = formulas.maximum(x, y) + vecmath_log.log1p(gap)
    return select(x == y, x + math.log(2), merged)


def logaddexp2(x: Term, y: Term) -> Term:
    gap = vecmath.exp2(-magnitude(x - y))
    merged = formulas.maximum(x, y) + vecmath_log.log1p(gap) * (1 / math.log(2))
    return select(x == y, x + 1.0, merged)


def from_library(name: str) -> Callable[..., Term]:
    """The function of that name in the C library."""
    return lambda *terms: library(name, *terms)


_WRITTEN: dict[str, Callable[..., Term]] = {
    "power": power,
    "select": select,
    "logaddexp": logaddexp,
    "logaddexp2": logaddexp2,
}

_VECTOR = "exp exp2 expm1 sin cos tan sinh cosh tanh sigmoid erf erfc"
_LOGARITHMS = "log log1p log2 log10"


def _builder(name: str) -> Callable[..., Term]:
    if name in _WRITTEN:
        return _WRITTEN[name]
    for home, names in ((vecmath, _VECTOR), (vecmath_log, _LOGARITHMS)):
        if name in names.split():
            found: Callable[..., Term] = getattr(home, name)
            return found
    written: Callable[..., Term] = getattr(formulas, name, from_library(name))
    return written


BUILDERS: Mapping[str, Callable[..., Term]] = MappingProxyType(
    {name: _builder(name) for name in NAMES}
)
"""Name to formula; every name of the scalar library is there."""
