"""numpy.polynomial's functions: values, dtypes, errors and names are NumPy's."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import numpy
import pytest
from test_functions import compare

import engine
import engine.numpy as np

PREFIXES = {
    "polynomial": "poly",
    "chebyshev": "cheb",
    "legendre": "leg",
    "laguerre": "lag",
    "hermite": "herm",
    "hermite_e": "herme",
}

CLASSES = {
    "polynomial": "Polynomial",
    "chebyshev": "Chebyshev",
    "legendre": "Legendre",
    "laguerre": "Laguerre",
    "hermite": "Hermite",
    "hermite_e": "HermiteE",
}

# `@` stands for the prefix of each family.
EXACT = """
@val(v, c); @val(m, c); @val(v, [3]); @val(v, cc); @val(i, c32); @val(f32, c)
@val(f32, i); @val(i8, c32); @val(u8, c); @val(2, c); @val(0.5, [1, 2, 3]); @val(1j, c)
@val(z, c); @val([1.5, 2.5], c); @val(v[0], c); @val(v, m); @val(v, m, tensor=False)
@val(v, m[:, :1], False); @val(far, c); @val(v, [1, numpy.inf, 2]); @val(v, hole)
@val2d(v, v, m); @val2d(1.0, 2.0, m); @grid2d(v, f32, m); @val3d(v, v, v, cube)
@grid3d(v, v[:2], [0.5], cube); @vander(v, 3); @vander(m, 0); @vander(0.5, 2)
@vander(i, 2); @vander(f32, 4); @vander2d(v, v, [1, 2]); @vander3d(v, v, v, (1, 0, 2))
@vander2d(0.5, 2.0, [1, 1]); @add(c, v); @add(i, i); @sub(c, c); @sub([1, 2], [1, 2, 3])
@add(c32, c32); @add(c, cc); @mulx([0]); @mulx([2.0, 0, 0]); @line(1, 2); @line(0.5, 0)
@line(1j, 2); @trim([1, 2, 1e-9, 0], 1e-6); @trim([0, 0.0]); @fromroots([])
@fromroots([1, 2]); @der(i); @der(i, 0); @der(c, 7); @der(c32); @domain; @zero; @one; @x
"""

CLOSE = """
@mulx(i); @mul(c, v); @mul(i, [1, 2]); @mul(c32, c32); @mul(c, cc); @mul([0], c)
@mul([2.0], c32); @div(c, [1, 2.0]); @div(c, v); @div(v[:1], c); @div(c, [2])
@div(cc, [1j, 1]); @pow(c, 0); @pow(c, 1); @pow(c, 3); @pow(c, 5, maxpower=5)
@fromroots(v); @fromroots([1j, -1j]); @fromroots(f32); @der(c); @der(c, 2)
@der(c, 2, 3.0); @der(m, 1, axis=1); @der(m, 2); @der(cc); @der(hole); @int(c); @int(i)
@int(c, 2); @int(c, 2, [1, 2], 0.5, 3.0); @int(c, 1, 4); @int(m, axis=1)
@int(m, 1, [[1.0, 2, 3]]); @int(c32); @int(cc, lbnd=1); @int([0]); @int([0.0], 2, [1])
@int(c, 0); @companion(c); @companion([1, 2]); @companion(cc); @roots(c); @roots([1, 2])
@roots([3]); @roots(cc); @roots([1, 0.5, 2]); @fit(x, y, 2); @fit(x, y, [0, 2])
@fit(x, both, 2); @fit(x, y, 1, w=y); @fit(x, y + 1j, 1); @fit(x, both, [1], w=y)
@fit(x, y, 2, full=True)[1][:3]
"""

OTHERS = """
poly2@(i); poly2@(c); poly2@(c32); poly2@([0]); @2poly(c); @2poly(i[:2]); @2poly(cc)
@gauss(1); @gauss(6); @weight(x); @weight(x.astype('f4'))
"""

ONE_FAMILY = """
polynomial.polyvalfromroots(v, c); polynomial.polyvalfromroots(0.5, m)
polynomial.polyvalfromroots(v, m, tensor=False); polynomial.polyvalfromroots(i, i)
chebyshev.chebpts1(5); chebyshev.chebpts2(5)
chebyshev.chebinterpolate(lambda x: x**3 + 1, 4)
chebyshev.chebinterpolate(lambda x, k: k * x, 2, (3,))
polyutils.as_series([2, [1.1, 0]]); polyutils.as_series(m, trim=False)
polyutils.trimseq(c); polyutils.trimseq([1, 0, 0]); polyutils.trimseq(v * 0)
polyutils.getdomain(v); polyutils.getdomain(z); polyutils.mapparms((-1, 1), (0, 4))
polyutils.mapparms([0.0, 1j], [1, 2]); polyutils.mapdomain(v, (-1, 1), (0, 4))
polyutils.mapdomain(2, [0, 1], [1, 3]); polyutils.format_float(0.1)
polyutils.format_float(1e-9, parens=True)
"""


@pytest.fixture(autouse=True)
def without_floating_warnings() -> Iterator[None]:
    with numpy.errstate(all="ignore"):
        yield


def split(text: str) -> list[str]:
    return [
        part.strip() for part in text.replace("\n", "; ").split("; ") if part.strip()
    ]


def operands() -> dict[str, Any]:
    c = numpy.array([1.0, -2.0, 0.5, 3.0])
    x = numpy.array([-0.9, -0.5, -0.1, 0.2, 0.6, 0.8])
    m = numpy.array([[0.5, 1.5, -1.0], [2.0, -0.25, 0.75]])
    return {
        "c": c,
        "c32": c.astype("f4"),
        "cc": c[:3] + 1j * numpy.array([0.5, 1.0, -1.0]),
        "hole": numpy.array([1.0, numpy.nan, 2.0, 3.0]),
        "v": numpy.array([0.5, -1.5, 2.0]),
        "far": numpy.array([numpy.inf, -numpy.inf, numpy.nan, 1e200]),
        "f32": numpy.array([0.1, 0.7], "f4"),
        "i": numpy.array([1, -2, 3]),
        "i8": numpy.array([1, -2, 3], "i1"),
        "u8": numpy.array([1, 2, 3], "u1"),
        "z": numpy.array([1j, 0.5 - 2j]),
        "m": m,
        "cube": numpy.stack([m, m + 1]),
        "x": x,
        "y": 2 + numpy.cos(3 * x),
        "both": numpy.stack([numpy.cos(3 * x), x * x], 1),
    }


def written(line: str, module: str) -> str:
    return f"{module}.{line.replace('@', PREFIXES[module])}"


def both(expression: str) -> tuple[Any, Any]:
    """What NumPy and Engine make of an expression."""
    plain = operands()
    with engine.config(tier="numpy"):
        spaces = vars(numpy.polynomial), vars(np.polynomial)
        expected = eval(expression, {**spaces[0], "numpy": numpy, **plain})
        lazy = {name: np.array(x) for name, x in plain.items()}
        found = eval(expression, {**spaces[1], "numpy": numpy, **lazy})
    return expected, found


def alike(expected: Any, found: Any, share: float) -> None:
    """Equal in kind, dtype and shape; in value to a share of the largest one."""
    if isinstance(expected, (tuple, list)):
        for one, two in zip(expected, found, strict=True):
            alike(one, two, share)
        return
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    assert getattr(found, "scalar", True) == isinstance(expected, numpy.generic)
    error = (
        share * numpy.finfo(expected.dtype).eps if expected.dtype.kind in "fc" else 0
    )
    scale = numpy.nanmax(abs(expected), initial=1)
    have = numpy.asarray(found)
    numpy.testing.assert_allclose(have, expected, rtol=0, atol=error * scale)


@pytest.mark.parametrize("module", PREFIXES)
def test_values_are_numpys_bit_by_bit(module: str) -> None:
    for line in split(EXACT):
        expected, found = both(written(line, module))
        alike(expected, found, 0)


@pytest.mark.parametrize("module", PREFIXES)
def test_values_are_numpys_up_to_rounding(module: str) -> None:
    more = [] if module == "polynomial" else split(OTHERS)
    for line in split(CLOSE) + more:
        with engine.config(tier="numpy"):
            alike(*both(written(line, module)), 64)


def test_functions_of_one_family_are_numpys() -> None:
    for expression in split(ONE_FAMILY):
        with engine.config(tier="numpy"):
            expected, found = both(expression)
            if isinstance(expected, numpy.ndarray):
                alike(expected, found, 8)
            else:
                compare(expected, found)


ERRORS = """
@val2d(v, v[:2], m); @val3d(v, v, v[:2], cube); @vander(v, -1); @vander(v, 1.5)
@vander2d(v, v, [1]); @der(c, -1); @der(c, 1.5); @der(c, axis=1); @der(m, axis=0.5)
@int(c, -1); @int(c, 1, [1, 2]); @int(c, lbnd=[1]); @int(c, scl=v); @int(c, axis=2)
@add([], c); @add([[1]], c); @add([True], c); @mulx(m); @div(c, [0]); @pow(c, -1)
@pow(c, 1.5); @pow(c, 3, maxpower=2); @companion([1]); @fit(x, y, -1); @fit(x, y, 1.5)
@fit(x, y, []); @fit(x, y, [[1]]); @fit(x, y[:2], 1); @fit(both, y, 1); @fit([], [], 1)
@fit(x, cube, 1); @fit(x, y, 1, w=m); @fit(x, y, 1, w=v)
"""


@pytest.mark.parametrize("module", PREFIXES)
def test_errors_are_numpys_and_name_the_function(module: str) -> None:
    for line in split(ERRORS):
        expression = written(line, module)
        with pytest.raises(Exception) as wanted:
            eval(expression, {**vars(numpy.polynomial), **operands()})
        with pytest.raises(type(wanted.value)) as found:
            eval(expression, {**vars(np.polynomial), **operands()})
        name = expression.partition(".")[2].partition("(")[0]
        assert str(found.value).startswith(f"{name}: "), expression


def test_constants_keep_the_dtype_of_coefficients_or_are_refused() -> None:
    c = numpy.array([1.0, 2.0], "f4")
    assert np.polynomial.legendre.legint(c, 1, [0.1], scl=2.0).dtype == "f4"
    with pytest.raises(TypeError, match=r"legint: Cannot cast .*complex"):
        np.polynomial.legendre.legint(c, 1, [1j])
    with pytest.raises(TypeError, match=r"legder: Cannot cast .*complex"):
        np.polynomial.legendre.legder(c, scl=1j)


def test_a_fit_without_full_rank_warns() -> None:
    with pytest.warns(numpy.exceptions.RankWarning, match="legfit: .*conditioned.*py:"):
        np.polynomial.legendre.legfit([1.0, 2.0], [1.0, 2.0], 2)


def test_every_public_name_of_numpys_modules_is_there() -> None:
    names = set(numpy.polynomial.__all__)
    assert names <= set(np.polynomial.__all__)
    for module in (*PREFIXES, "polyutils"):
        theirs = importlib.import_module(f"numpy.polynomial.{module}")
        ours = importlib.import_module(f"engine.numpy.polynomial.{module}")
        assert set(theirs.__all__) == set(ours.__all__), module
        assert all(hasattr(ours, name) for name in ours.__all__)


def test_a_missing_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(AttributeError, match="the nearest is 'legendre'"):
        _ = np.polynomial.legandre


LAZY = """
@val(a, c); @val2d(a, a, m); @grid2d(a, a, m); @vander(a, 3); @vander2d(a, a, [1, 2])
@der(c * a[0]); @int(c * a[0], 2, [a[1]], a[2])
"""


@pytest.mark.parametrize("module", PREFIXES)
def test_values_and_derivatives_compute_nothing(module: str) -> None:
    for line in split(LAZY):
        names = {name: np.array(x) for name, x in operands().items()}
        names["a"] = np.exp(names["v"])
        engine.reset_stats()
        found = eval(written(line, module), {**vars(np.polynomial), **names})
        stats = engine.stats()
        assert stats["launches"] + stats["interpreted_ops"] == 0, line
        assert numpy.isfinite(numpy.asarray(found)).all()


def test_the_values_of_a_series_are_one_kernel() -> None:
    x = np.linspace(-1.0, 1.0, 300_000)
    c = np.array(operands()["c"])
    x.computed(), c.computed()
    with engine.config(tier="compiled"):
        for module, prefix in PREFIXES.items():
            space = getattr(np.polynomial, module)
            engine.reset_stats()
            getattr(space, f"{prefix}val")(x, c).computed()
            assert engine.stats()["launches"] == 1


def test_numpys_own_functions_take_arrays_and_stay_lazy() -> None:
    x = np.array([0.5, 2.0]).requires_grad_()
    c = numpy.ones((2, 2))
    engine.reset_stats()
    found = [
        numpy.polynomial.polynomial.polyval(x, c[0]),
        numpy.polynomial.legendre.legval(x, c[0]),
    ]
    if hasattr(numpy.polynomial.polynomial.polyval2d, "_implementation"):
        found.append(numpy.polynomial.polynomial.polyval2d(x, x, c) / (1 + x))
    assert engine.stats()["interpreted_ops"] + engine.stats()["launches"] == 0
    for values in found:  # of 1 + x; NumPy 2.4 asks arrays for functions of two, too
        assert values.requires_grad
        assert values.tolist() == [1.5, 3.0]


def test_long_products_are_numpys() -> None:
    rng = numpy.random.default_rng(0)
    one, two = rng.normal(size=70), rng.normal(size=80)
    for name in ("polynomial.polymul", "chebyshev.chebmul"):
        function = f"{name}(one, two)"
        numbers = {"one": one, "two": two}
        expected = eval(function, vars(numpy.polynomial), numbers)
        alike(expected, eval(function, vars(np.polynomial), numbers), 64)
