"""numpy.polynomial's classes: arithmetic, conversions, printing and comparisons."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy
import pytest
from test_polynomial_functions import CLASSES, alike, split

import engine.numpy as np

SERIES = """
of([1, 2, 3]); of(c, [0, 4]); of(c, [0, 4], [1, 2], symbol='t'); of(numpy.float32(c))
of(c) + of(d); of(c) - of(d); of(c) - of(c); of(c) * of(d); of(d) * 2; 2 - of(d)
3 * of(d); of(d) + [1, 2, 3, 4]; [1, 2] - of(d); c * of(d); of(d) + c; -of(d); +of(d)
of(d) / 2; of(c) // of(d); of(c) % of(d); of(c) // 2; [1, 2, 3] // of(d)
[1, 2, 3] % of(d); of(c) ** 0; of(d) ** 3; of(c, [0, 4]) ** 2; of(c) + 1j
of(c) / numpy.float32(2); of(c)(of(d)); of(c, [0, 4])(of(d, [1, 2])); of(c).copy()
of(c).cutdeg(1); of(c).truncate(2); of([1, 2, 1e-9]).trim(1e-6); of(c).deriv()
of(c, [0, 4]).deriv(2); of(c).integ(); of(c, [0, 4]).integ(2, [1, 2], 0.5)
of(c).integ(lbnd=1); of(c, [0, 4]).convert(); of(c).convert(domain=[0, 2])
of(c).convert(kind=Legendre); of(c, [0, 4]).convert(kind=Laguerre, window=[0, 2])
of(c).convert(kind=Chebyshev); of.cast(Hermite(d)); of.cast(HermiteE(d), domain=[0, 3])
of.identity(); of.identity([2, 4]); of.basis(3); of.basis(0, [1, 2], symbol='y')
of.fromroots([1, 2]); of.fromroots(c, None); of.fromroots(d, [0, 3])
of.fit(c, c * c, 2); of.fit(x, c[:3], 1, [], w=[1, 2, 1])
of.fit(c, c, [0, 1], domain=[0, 9]); of.fit([1, 1], [1, 2], 0); of.fit(1j * c, c, 1)
"""

VALUES = """
of(c)(x); of(c, [0, 4])(x); of(c)(0.5); of(c)(numpy.float32(x)); of(c)([1, 2])
of(c)(1j); of(c, [0, 4]).roots(); of(c, [0, 4]).linspace(5); of(c).linspace(3, [0, 1])
of(c, [0, 4]).mapparms(); list(of(c)); of(c).coef; of(c).domain; of(c).window
"""

FACTS = """
len(of(c)); of(c).degree(); of(c) == of(c); of(c) != of(c); of(c) == of(d); of(c) == 1
of(c) == of(c, [0, 4]); of(c) == of(c, symbol='t'); of(c).has_samecoef(of(c))
of(c).has_samedomain(of(d, [0, 4])); of(c).has_samewindow(of(d)); of(c).symbol
of(c).has_sametype(Legendre(c)); of.basis_name; of.maxpower; of([numpy.nan]) == of([1])
str(of(c)); str(of([1, -2, 3e-9, 1e10])); str(of(c, [0, 4], symbol='t'))
str(of([1j, 2])); f'{of(c)}'; f'{of(c):ascii}'; f'{of(c, [0, 4]):unicode}'
of(c)._repr_latex_(); of(numpy.arange(1.0, 12) * 1.25)._repr_latex_()
str(of(numpy.arange(1.0, 12) * 1.25)); repr(of(c)); repr(of(c, [0, 4], [1, 2], 't'))
repr(of([1j])); repr(of(numpy.float32(c)))
"""

ERRORS = """
of([]); of([[1]]); of([1], [1, 2, 3]); of([1], window=[1]); of([1], symbol='1x')
of([1], symbol=2); of(c) + of(c, [0, 4]); of(c) + of(c, window=[0, 4]); of(c) * other(c)
of(c) + of(c, symbol='t'); of(c) + 'a'; 2 / of(c); of(c) / of(c); of(c) / True
of(c) // of([0]); of(c) ** -1; of(c) ** 0.5; of(c) ** 101; of(c).truncate(0)
of(c).truncate(1.5); of.basis(-1); of.basis(0.5); f'{of(c):x}'; hash(of(c))
numpy.add(of(c), numpy.ones(2)); of(c) + None; of(c).deriv(-1); of(c).integ(-1)
"""


def meaning(expression: str, name: str, face: Any) -> Any:
    """What an expression is with NumPy's classes, or with Engine's."""
    space = face.polynomial
    names: dict[str, Any] = {
        "c": numpy.array([1.0, -2.5, 0.5, 3.0]),
        "d": numpy.array([2.0, 1.0]),
        "x": numpy.array([-0.5, 0.25, 2.0]),
    }
    lazy = {key: face.array(value) for key, value in names.items()}
    classes = {cls: getattr(space, cls) for cls in CLASSES.values()}
    other = "Laguerre" if name == "Legendre" else "Legendre"
    chosen = {"of": classes[name], "other": classes[other], "numpy": numpy}
    return eval(expression, {**classes, **chosen, **lazy})


def same_series(expected: Any, found: Any) -> None:
    assert type(found).__name__ == type(expected).__name__
    assert found.symbol == expected.symbol
    for part in ("coef", "domain", "window"):
        assert type(getattr(found, part)) is np.ndarray
        alike(getattr(expected, part), getattr(found, part), 256)


@pytest.mark.parametrize("name", CLASSES.values())
def test_series_are_numpys(name: str) -> None:
    for expression in split(SERIES):
        expected = meaning(expression, name, numpy)
        same_series(expected, meaning(expression, name, np))


@pytest.mark.parametrize("name", CLASSES.values())
def test_values_of_series_are_numpys(name: str) -> None:
    for expression in split(VALUES):
        expected = meaning(expression, name, numpy)
        alike(expected, meaning(expression, name, np), 64)


@pytest.mark.parametrize("name", CLASSES.values())
def test_series_compare_and_print_as_numpys(name: str) -> None:
    for expression in split(FACTS):
        expected = meaning(expression, name, numpy)
        assert meaning(expression, name, np) == expected, expression


@pytest.mark.parametrize("name", CLASSES.values())
def test_series_refuse_what_numpys_refuse(name: str) -> None:
    for expression in split(ERRORS):
        with pytest.raises(Exception) as wanted:
            meaning(expression, name, numpy)
        with pytest.raises(type(wanted.value)):
            meaning(expression, name, np)


@pytest.mark.parametrize("name", CLASSES.values())
def test_series_are_copied_and_pickled(name: str) -> None:
    p = getattr(np.polynomial, name)([1.0, 2.0], [0, 4], symbol="t")
    for again in (copy.copy(p), copy.deepcopy(p), pickle.loads(pickle.dumps(p))):
        assert again == p and again is not p
    twin = p.copy()
    twin.coef[0] = 7.0
    assert p.coef.tolist() == [1.0, 2.0]
    before = p
    p += 1
    assert before.coef.tolist() == [1.0, 2.0] and p.coef.tolist() == [2.0, 2.0]


def test_chebyshev_series_interpolate() -> None:
    for domain in (None, [0, 2]):
        made = [
            face.polynomial.Chebyshev.interpolate(numpy.exp, 5, domain, ())
            for face in (numpy, np)
        ]
        same_series(*made)


def test_a_subclass_keeps_its_class_and_its_power() -> None:
    class Short(np.polynomial.Chebyshev):
        maxpower = 2

    p = Short([1.0, 2.0])
    assert type(p * p) is Short and repr(p).startswith("Short([1., 2.]")
    with pytest.raises(ValueError, match="pow: Power is too large: 3 is above 2"):
        p**3


def test_series_of_both_libraries_are_cast_but_not_mixed() -> None:
    ours = np.polynomial.Legendre([1.0, 2.0, 3.0])
    theirs = numpy.polynomial.Legendre([1.0, 2.0, 3.0])
    same_series(theirs, np.polynomial.Legendre.cast(theirs))
    assert numpy.polynomial.Legendre.cast(ours) == theirs
    assert ours.convert(kind=numpy.polynomial.Polynomial) == theirs.convert(
        kind=numpy.polynomial.Polynomial
    )
    for mixed in (lambda: ours + theirs, lambda: theirs + ours):
        with pytest.raises(TypeError, match="Polynomial types differ"):
            mixed()


def test_an_error_says_both_domains() -> None:
    p = np.polynomial.Polynomial([1.0, 2.0])
    with pytest.raises(TypeError, match=r"add: Domains differ: .*-1.* and array\(\[0"):
        p + np.polynomial.Polynomial([1.0], domain=[0, 1])


@pytest.fixture
def printstyle() -> Iterator[None]:
    yield
    np.polynomial.set_default_printstyle("unicode")


@pytest.mark.usefixtures("printstyle")
def test_the_printstyle_is_chosen_for_all_series() -> None:
    p = np.polynomial.Legendre([1, 2, 3])
    np.polynomial.set_default_printstyle("ascii")
    assert str(p) == "1.0 + 2.0 P_1(x) + 3.0 P_2(x)"
    np.polynomial.set_default_printstyle("unicode")
    assert str(p) == "1.0 + 2.0·P₁(x) + 3.0·P₂(x)"
    assert str(numpy.polynomial.Legendre([1])) == "1.0"
    with pytest.raises(ValueError, match=r"set_default_printstyle: .*'latin'"):
        np.polynomial.set_default_printstyle("latin")


def test_a_series_that_is_printed_obeys_numpys_options() -> None:
    p = np.polynomial.Polynomial([1 / 3, 2 / 3])
    with numpy.printoptions(precision=3, floatmode="fixed", linewidth=20):
        assert str(p) == str(numpy.polynomial.Polynomial([1 / 3, 2 / 3]))


def test_polynomials_are_imported_when_they_are_asked_for() -> None:
    code = "import sys, engine.numpy as np; name = 'engine.numpy.polynomial'; "
    code += "print(name in sys.modules, np.polynomial.Polynomial([1, 2])(3.0), "
    code += "name in sys.modules)"
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False 7.0 True"
