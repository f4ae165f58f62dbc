"""From the name of each scalar function to the formula that generates its code."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

from . import formulas
from .scalars import NAMES
from .term import Term, library, magnitude, select


def power(x: Term, y: Term) -> Term:
    return library("pow", x, y) if x.is_float else formulas.integer_power(x, y)


def sigmoid(x: Term) -> Term:
    return 1.0 / (1.0 + library("exp", -x))


def logaddexp(x: Term, y: Term) -> Term:
    gap = library("exp", -magnitude(x - y))
    merged = formulas.maximum(x, y) + library("log1p", gap)
    return select(x == y, x + math.log(2), merged)


def logaddexp2(x: Term, y: Term) -> Term:
    gap = library("exp2", -magnitude(x - y))
    merged = formulas.maximum(x, y) + library("log1p", gap) * (1 / math.log(2))
    return select(x == y, x + 1.0, merged)


def from_library(name: str) -> Callable[..., Term]:
    """The function of that name in the C library."""
    return lambda *terms: library(name, *terms)


_WRITTEN = {
    "power": power,
    "select": lambda c, x, y: select(c, x, y),
    "sigmoid": sigmoid,
    "logaddexp": logaddexp,
    "logaddexp2": logaddexp2,
}

BUILDERS: Mapping[str, Callable[..., Term]] = MappingProxyType(
    {
        name: _WRITTEN.get(name) or getattr(formulas, name, None) or from_library(name)
        for name in NAMES
    }
)
"""Name to formula; every name of the scalar library is there."""
