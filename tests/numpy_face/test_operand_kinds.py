"""Functions on operands of every kind: no axes, no elements, NaN, narrow, complex."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy
import pytest
from test_functions import compare

import engine
import engine.numpy as np

OPERANDS = {
    "no axes": numpy.array(2.5),
    "empty": numpy.zeros(0),
    "empty rows": numpy.zeros((0, 3)),
    "special": numpy.array([1, numpy.nan, numpy.inf, -numpy.inf, 2.0]),
    "integers": numpy.array([3, -1, 2, 0]),
    "bytes": numpy.array([200, 100, 250, 3], "uint8"),
    "bool": numpy.array([True, False, True]),
    "float32": numpy.array([1.5, -2, 0.25], "float32"),
    "complex": numpy.array([1 + 1j, -2j, 3]),
    "complex64": numpy.array([1 + 1j, -2j, 3], "complex64"),
    "matrix": numpy.arange(12.0).reshape(3, 4) / 7,
    "integer matrix": numpy.arange(6).reshape(2, 3),
    "one": numpy.array([4.0]),
}

Function = Callable[[Any, Any], Any]

FUNCTIONS: dict[str, Function] = {
    "i0": lambda m, x: m.i0(x),
    "poly": lambda m, x: m.poly(x),
    "roots": lambda m, x: m.roots(x),
    "polyval at": lambda m, x: m.polyval([1, 2, 3], x),
    "polyval of": lambda m, x: m.polyval(x, 2),
    "polyadd": lambda m, x: m.polyadd(x, [1, 2]),
    "polysub": lambda m, x: m.polysub([1.5], x),
    "polymul": lambda m, x: m.polymul(x, [1, 2]),
    "polydiv": lambda m, x: m.polydiv(x, [1, 2]),
    "polyder": lambda m, x: m.polyder(x),
    "polyint": lambda m, x: m.polyint(x, 2, 1),
    "poly1d of": lambda m, x: m.poly1d(x).c,
    "poly1d at": lambda m, x: m.poly1d([1, 2])(x),
    "correlate": lambda m, x: m.correlate(x, [1, 2], "full"),
    "convolve": lambda m, x: m.convolve(x, [1, 2]),
    "unwrap": lambda m, x: m.unwrap(x),
    "unwrap by 4": lambda m, x: m.unwrap(x, period=4),
    "nanmedian": lambda m, x: m.nanmedian(x),
    "nanmedian along": lambda m, x: m.nanmedian(x, 0),
    "nanquantile": lambda m, x: m.nanquantile(x, 0.4),
    "nanpercentile along": lambda m, x: m.nanpercentile(x, 40.0, axis=-1),
    "median": lambda m, x: m.median(x, axis=-1),
    "quantile": lambda m, x: m.quantile(x, 0.4, axis=-1),
    "nanmax": lambda m, x: m.nanmax(x),
    "nanmax from": lambda m, x: m.nanmax(x, initial=1),
    "nanmin along": lambda m, x: m.nanmin(x, axis=0),
    "nansum where": lambda m, x: m.nansum(x, where=x > 1),
    "nanmean": lambda m, x: m.nanmean(x),
    "nanstd": lambda m, x: m.nanstd(x, ddof=1),
    "nanvar along": lambda m, x: m.nanvar(x, axis=0, keepdims=True),
    "nanargmax": lambda m, x: m.nanargmax(x),
    "cov": lambda m, x: m.cov(x),
    "corrcoef": lambda m, x: m.corrcoef(x),
    "clip": lambda m, x: m.clip(x, min=1),
    "clip with dtype": lambda m, x: m.clip(x, 0, 2, dtype="f8"),
    "trim_zeros": lambda m, x: m.trim_zeros(x, "f", 0),
    "sort_complex": lambda m, x: m.sort_complex(x),
    "real_if_close": lambda m, x: m.real_if_close(x),
    "require": lambda m, x: m.require(x, None, "F"),
    "packbits": lambda m, x: m.packbits(x > 0),
    "unpackbits": lambda m, x: m.unpackbits(x),
    "apply_along_axis": lambda m, x: m.apply_along_axis(lambda r: r.sum(), 0, x),
    "apply_over_axes": lambda m, x: m.apply_over_axes(m.sum, x, [0]),
    "vectorize": lambda m, x: m.vectorize(lambda t: t * 2)(x),
    "histogram": lambda m, x: m.histogram(x, 3),
    "histogram2d": lambda m, x: m.histogram2d(x, x, 2),
    "emath.sqrt": lambda m, x: m.emath.sqrt(x),
    "emath.log": lambda m, x: m.emath.log(x),
    "emath.power": lambda m, x: m.emath.power(2, x),
    "emath.arccos": lambda m, x: m.emath.arccos(x),
    "emath.arctanh": lambda m, x: m.emath.arctanh(x),
    "emath.logn": lambda m, x: m.emath.logn(2, x),
    "einsum": lambda m, x: m.einsum("...,...", x, x),
    "einsum sum": lambda m, x: m.einsum("i...->...", x),
    "unique": lambda m, x: m.unique(x, True, True, True),
    "polyfit": lambda m, x: m.polyfit(x[numpy.isfinite(x)], x[numpy.isfinite(x)], 0),
    "linalg.outer": lambda m, x: m.linalg.outer(x, x),
    "linalg.trace": lambda m, x: m.linalg.trace(x),
    "linalg.diagonal": lambda m, x: m.linalg.diagonal(x),
    "linalg.matrix_transpose": lambda m, x: m.linalg.matrix_transpose(x),
    "byteswap": lambda m, x: x.byteswap(),
    "getfield": lambda m, x: x.getfield("u1", 0),
    "diff": lambda m, x: m.diff(x, prepend=0),
    "cumsum": lambda m, x: m.cumsum(x, axis=0),
}

TAKEN = {
    ("polyval of", "no axes"),
    ("polyder", "no axes"),
    ("polyint", "no axes"),
    ("poly", "no axes"),
    ("roots", "no axes"),
    ("unwrap by 4", "bytes"),
}
"""What NumPy refuses by an accident of its code."""


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_does_with_every_kind_of_operand_what_numpys_does(name: str) -> None:
    function = FUNCTIONS[name]
    for kind, x in OPERANDS.items():
        expected = outcome(function, numpy, x)
        if (name, kind) in TAKEN:
            assert isinstance(expected, Exception)
            continue
        with engine.config(tier="numpy"):
            found = outcome(function, np, np.array(x))
            if isinstance(expected, Exception):
                assert isinstance(found, Exception), (kind, expected, found)
            else:
                assert not isinstance(found, Exception), (kind, found)
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # of nothing but NaN, when computed
                    compare(expected, found)


def outcome(function: Function, module: Any, x: Any) -> Any:
    with warnings.catch_warnings(), numpy.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return function(module, x)
        except Exception as error:
            return error
