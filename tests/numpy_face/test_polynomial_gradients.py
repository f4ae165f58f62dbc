"""Gradients of numpy.polynomial's functions and series, to second order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import harness
import numpy
import pytest
from test_polynomial_functions import CLASSES, split, written

import engine
import engine.numpy as np
import engine.numpy.handle as face

# Of points a, coefficients c, a table m and values y.
FUNCTIONS = """
@val(a, c); @val(a, m); @val(a, m, False); @val2d(a, a * a, m); @grid2d(a, a[:2], m)
@vander(a, 3); @vander2d(a, a * a, [1, 2]); @der(c * c, 2); @der(m, axis=1)
@der(c, scl=a[0]); @int(c * c); @int(c, 2, [a[0], a[1]], a[2], a[1]); @int(m, axis=1)
@mulx(c * c); @mul(c, a); @add(c, a); @sub(a, c); @pow(a, 3); @div(c, a[:2])[0]
@div(c, a[:2])[1]; @line(a[0], a[1]); @fromroots(a); @companion(c); @roots(c).real
@fit(y, c * c, 2); @fit(y, m.T[[0, 1, 2, 2]], [0, 2], w=c * c)
@fit(y, c * c, 1, full=True)[1][0]; @val(a, [a[0], 2, a[1] * a[2]])
"""

OTHERS = """
@2poly(c * c); poly2@(c * c); @weight(a)
"""

SERIES = """
of(c)(a); of(c, domain=[-2, 3])(a); of(c, domain=[a[1], a[0]])(a)
of([a[0], a[1], 2])(a); (of(c) ** 2 - of(a) * 2 + 1)(y); of(c).deriv()(a)
of(c, [-2, 3]).integ(1, [a[0]], a[1])(a); of(c)(of(a)).coef
of(c, [-2, 3]).convert(kind=other).coef; (of(c) // of(a[:2])).coef
of.fit(y, c * c, 2)(a); of.fromroots(a, domain=None)(0.3); of(c, [-2, 3]).roots().real
of(c).trim(1e-3).coef; of(c).cutdeg(1)(a); of.identity([a[0], a[1]])(0.3)
"""


def operands() -> dict[str, numpy.ndarray]:
    return {
        "a": numpy.array([0.3, -0.7, 0.5]),
        "c": numpy.array([1.0, -2.0, 0.5, 3.0]),
        "m": numpy.array([[0.5, 1.5, -1.0], [2.0, -0.25, 0.75]]),
        "y": numpy.array([-0.8, -0.1, 0.4, 0.9]),
    }


def check(expression: str, **more: Any) -> None:
    """Of what an expression names, against central differences."""
    code = compile(expression, expression, "eval")
    arrays = {name: x for name, x in operands().items() if name in code.co_names}

    def function(*values: Any) -> Any:
        lazy = dict(zip(arrays, map(face.fresh, values), strict=True))
        return eval(code, {**vars(np.polynomial), **more, **lazy}).read()

    rng = numpy.random.default_rng(0)
    try:
        harness.check_gradients(function, list(arrays.values()), rng)
    except AssertionError as error:
        raise AssertionError(expression) from error


@pytest.mark.parametrize("module", ["polynomial", "chebyshev", "laguerre", "hermite"])
def test_functions_have_gradients_to_second_order(module: str) -> None:
    others = [] if module == "polynomial" else split(OTHERS)
    for line in split(FUNCTIONS) + others:
        check(written(line, module))


@pytest.mark.parametrize("module", ["polynomial", "laguerre"])
def test_series_have_gradients_to_second_order(module: str) -> None:
    of = getattr(np.polynomial, CLASSES[module])
    for line in split(SERIES):
        check(line, of=of, other=np.polynomial.Legendre)


def slope(function: Callable[[Any], Any], at: list[float]) -> list[float]:
    found: list[float] = engine.grad(function)(np.array(at)).tolist()
    return found


def test_what_belongs_to_one_family_has_gradients() -> None:
    check("polynomial.polyvalfromroots(a, c)")
    check("chebyshev.chebinterpolate(lambda x, p: x**3 * p[0] + p[1], 4, (a,))")
    check("polyutils.getdomain(a)")
    check("polyutils.mapdomain(a, [a[0], 2.0], [0.0, a[1]])")
    check("polyutils.trimcoef(c * c, 0.01)")


def test_the_gradient_of_quadrature_reaches_the_integrand() -> None:
    x, w = np.polynomial.legendre.leggauss(12)
    found = slope(lambda p: (w * np.exp(p[0] * x)).sum(), [0.7])
    exact = 2 * (0.7 * numpy.cosh(0.7) - numpy.sinh(0.7)) / 0.7**2
    numpy.testing.assert_allclose(found, [exact], rtol=1e-12)


def test_roots_move_as_the_implicit_function_theorem_says() -> None:
    coefficients = [-6.0, 11.0, -6.0, 1.0]  # (x - 1)(x - 2)(x - 3)
    for k, root in enumerate((1.0, 2.0, 3.0)):
        found = slope(
            lambda c, k=k: np.polynomial.polynomial.polyroots(c)[k].real, coefficients
        )
        slopes = 11 - 12 * root + 3 * root**2
        expected = [-(root**n) / slopes for n in range(4)]
        numpy.testing.assert_allclose(found, expected, rtol=1e-9)


def test_what_has_no_gradient_refuses_one() -> None:
    ends = np.array([0.0, 1.0]).requires_grad_()
    with pytest.raises(TypeError, match="linspace: arrays without gradients"):
        np.polynomial.Polynomial([1.0, 2.0]).linspace(3, ends)
    long = np.ones(5000).requires_grad_()
    with pytest.raises(TypeError, match="convolve: arrays without gradients"):
        np.polynomial.polynomial.polymul(long, long)
