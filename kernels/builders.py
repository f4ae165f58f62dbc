"""From the name of each scalar function to the formula that generates its code."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from . import (
    complexes,
    formulas,
    vecmath,
    vecmath_angles,
    vecmath_complex,
    vecmath_gamma,
    vecmath_log,
    vecmath_roots,
)
from .complexes import Complex
from .scalars import NAMES
from .term import Term, library, magnitude, select

Builder: TypeAlias = Callable[..., Term]

ComplexBuilder: TypeAlias = Callable[..., Complex] | Builder

VECTOR_MATH: dict[str, Builder] = {
    "exp": vecmath.exp,
    "exp2": vecmath.exp2,
    "expm1": vecmath.expm1,
    "sin": vecmath.sin,
    "cos": vecmath.cos,
    "tan": vecmath.tan,
    "sinh": vecmath.sinh,
    "cosh": vecmath.cosh,
    "tanh": vecmath.tanh,
    "sigmoid": vecmath.sigmoid,
    "erf": vecmath.erf,
    "erfc": vecmath.erfc,
    "log": vecmath_log.log,
    "log1p": vecmath_log.log1p,
    "log2": vecmath_log.log2,
    "log10": vecmath_log.log10,
    "pow": vecmath_log.power,
    "ldexp": vecmath_log.ldexp,
    "fmod": vecmath.fmod,
    "arcsin": vecmath_angles.arcsin,
    "arccos": vecmath_angles.arccos,
    "arctan": vecmath_angles.arctan,
    "arctan2": vecmath_angles.arctan2,
    "arcsinh": vecmath_log.arcsinh,
    "arccosh": vecmath_log.arccosh,
    "arctanh": vecmath_log.arctanh,
    "rsqrt": vecmath_roots.rsqrt,
    "cbrt": vecmath_roots.cbrt,
    "hypot": vecmath_roots.hypot,
    "lgamma": vecmath_gamma.lgamma,
}
"""Functions of the C library, and the sigmoid, as vector math."""


COMPLEX_MATH: dict[str, ComplexBuilder] = {
    "real": complexes.real,
    "imag": complexes.imag,
    "conjugate": complexes.conjugate,
    "select": complexes.chosen,
    "isnan": complexes.any_nan,
    "isinf": complexes.any_infinite,
    "isfinite": complexes.all_finite,
    "logical_not": complexes.is_zero,
    "multiply": complexes.multiply,
    "square": complexes.square,
    "divide": complexes.divide,
    "reciprocal": complexes.reciprocal,
    "sign": complexes.sign,
    "sqrt": vecmath_complex.sqrt,
    "exp": vecmath_complex.exp,
    "exp2": vecmath_complex.exp2,
    "expm1": vecmath_complex.expm1,
    "log": vecmath_complex.log,
    "log2": vecmath_complex.log2,
    "log10": vecmath_complex.log10,
    "log1p": vecmath_complex.log1p,
    "power": vecmath_complex.power,
    "sin": vecmath_complex.sin,
    "cos": vecmath_complex.cos,
    "tan": vecmath_complex.tan,
    "sinh": vecmath_complex.sinh,
    "cosh": vecmath_complex.cosh,
    "tanh": vecmath_complex.tanh,
}
"""Functions that take complex numbers too, on all devices."""


def from_library(name: str) -> Builder:
    """The function of that name in the C library."""
    return lambda *terms: library(name, *terms)


def builders(math_functions: Mapping[str, Builder]) -> Mapping[str, Builder]:
    """Name to formula of the whole scalar library.

    `math_functions` are those that do not come from the device's C library.
    """

    def call(name: str, *terms: Term) -> Term:
        return (math_functions.get(name) or from_library(name))(*terms)

    def power(x: Term, y: Term) -> Term:
        return call("pow", x, y) if x.is_float else formulas.integer_power(x, y)

    def fmod(x: Term, y: Term) -> Term:
        return call("fmod", x, y) if x.is_float else formulas.fmod_integer(x, y)

    def remainder(x: Term, y: Term) -> Term:
        return formulas.remainder(x, y, fmod(x, y))

    def floor_divide(x: Term, y: Term) -> Term:
        if x.is_float:
            return formulas.floor_divide_float(x, y, fmod(x, y))
        return formulas.floor_divide_integer(x, y)

    def logaddexp(x: Term, y: Term) -> Term:
        gap = call("exp", -magnitude(x - y))
        merged = formulas.maximum(x, y) + call("log1p", gap)
        return select(x == y, x + math.log(2), merged)

    def logaddexp2(x: Term, y: Term) -> Term:
        gap = call("exp2", -magnitude(x - y))
        merged = formulas.maximum(x, y) + call("log1p", gap) * (1 / math.log(2))
        return select(x == y, x + 1.0, merged)

    def sigmoid(x: Term) -> Term:
        shrunk = call("exp", -magnitude(x))
        return select(x < 0, shrunk, 1.0) / (shrunk + 1.0)

    written: dict[str, Builder] = {
        "power": power,
        "select": select,
        "sigmoid": sigmoid,
        "logaddexp": logaddexp,
        "logaddexp2": logaddexp2,
        **math_functions,
        "fmod": fmod,
        "remainder": remainder,
        "floor_divide": floor_divide,
    }

    def builder(name: str) -> Builder:
        found: Builder = getattr(formulas, name, from_library(name))
        return written.get(name, found)

    return MappingProxyType({name: builder(name) for name in NAMES})
