"""Functions of complex numbers are right part by part, and at the ends NumPy's."""

from __future__ import annotations

from functools import cache
from typing import Any

import mpmath
import numpy as np
import pytest
from by_hand import elementwise, run

from engine.kernels.backend import Backend
from engine.kernels.builders import COMPLEX_MATH
from engine.kernels.cpu import backend as cpu
from engine.kernels.cpu import compile as stage
from engine.kernels.cpu.emit import emit
from engine.kernels.cpu.target import is_x86
from engine.kernels.kernel import Layout
from engine.kernels.scalars import PARTS

Array = np.ndarray[Any, Any]

COMPLEX = tuple(PARTS)
VECTOR_MATH = (
    *("exp", "expm1", "log", "log2", "log10", "log1p", "sqrt"),
    *("sin", "cos", "tan", "sinh", "cosh", "tanh"),
)
OF_ONE_NUMBER = sorted(
    set(COMPLEX_MATH)
    - {"select", "multiply", "square", "divide", "power", "real", "imag"}
)
BOOLS = ("isnan", "isinf", "isfinite", "logical_not")
CANCELLING = ("expm1",)
"""NumPy's formula: it is right beside the length of the result."""

LOGARITHMS = ("log", "log2", "log10", "log1p")
"""Near a circle the logarithm of the length is a difference of squares."""


def compute(name: str, *operands: Array, backend: Backend = cpu) -> Array:
    """A function of the scalar library on arrays, by a kernel."""
    dtype = operands[0].dtype.name
    result = "bool" if name in BOOLS else dtype
    given = ", ".join(f"x{k}" for k in range(len(operands)))
    kernel = elementwise(f"{name}({given})", *[dtype] * len(operands), result)
    out = np.empty(operands[0].shape, result)
    places = ((0,),) * (len(operands) + 1)
    run(kernel, Layout(out.shape, places), [*operands, out], backend=backend)
    return out


def crossed(parts: Any, dtype: str) -> Array:
    """Complex numbers with every pair of parts."""
    found = np.empty((len(parts), len(parts)), dtype)
    found.real, found.imag = np.array(parts)[:, None], parts
    return found.ravel()


def moderate(dtype: str) -> Array:
    """Numbers of many sizes, some of them close to the unit circle."""
    rng = np.random.default_rng(3)
    parts = rng.normal(size=(2, 150)) * 10.0 ** rng.integers(-4, 3, (2, 150))
    circle = np.exp(1j * rng.uniform(0, 7, 50)) * (1 + rng.normal(size=50) * 1e-5)
    return np.concatenate([parts[0] + 1j * parts[1], circle]).astype(dtype)


@cache
def exact(name: str, dtype: str) -> tuple[Array, Array]:
    """The parts of a function of `moderate` numbers, as it is rounded at the end."""
    if name == "log2":
        function: Any = mpmath.workdps(40)(lambda z: mpmath.log(z) / mpmath.log(2))
    else:
        function = mpmath.workdps(40)(getattr(mpmath, name))
    found = [function(mpmath.mpc(z.real, z.imag)) for z in moderate(dtype).tolist()]
    part = PARTS[dtype]
    real, imag = ([float(getattr(z, k)) for z in found] for k in ("real", "imag"))
    with np.errstate(over="ignore"):
        return np.array(real).astype(part), np.array(imag).astype(part)


@pytest.mark.parametrize("dtype", COMPLEX)
@pytest.mark.parametrize("name", VECTOR_MATH)
def test_parts_are_within_seven_units_in_the_last_place(name: str, dtype: str) -> None:
    z = moderate(dtype)
    found, wanted = compute(name, z), exact(name, dtype)
    for part, right in zip((found.real, found.imag), wanted, strict=True):
        scale = np.abs(right)
        if name in CANCELLING:
            scale = np.hypot(*wanted)
        elif name in LOGARITHMS:
            scale = np.maximum(scale, np.finfo(right.dtype).eps)
        with np.errstate(all="ignore"):
            near = np.abs(part - right) <= 7 * np.spacing(scale)
        wrong = ~(near | (part == right))
        assert not wrong.any(), (z[wrong][:3], part[wrong][:3], right[wrong][:3])


ENDS = (0.0, -0.0, 1.0, -1.0, 2.5, -20.0, 1e30, np.inf, -np.inf, np.nan)


@pytest.mark.parametrize("dtype", COMPLEX)
@pytest.mark.parametrize("name", OF_ONE_NUMBER)
def test_infinities_nans_and_signed_zeros_are_numpys(name: str, dtype: str) -> None:
    extreme = float(np.finfo(dtype).smallest_subnormal), float(np.finfo(dtype).max)
    edges = ENDS if name == "log1p" else (*ENDS, *extreme)  # NumPy's log1p rounds 1 + z
    z = crossed(edges, dtype)
    found = compute(name, z)
    with np.errstate(all="ignore"):
        wanted = getattr(np, name)(z)
    if wanted.dtype == bool:
        np.testing.assert_array_equal(found, wanted)
        return
    for part, right in ((found.real, wanted.real), (found.imag, wanted.imag)):
        zero_or_not_finite = ~np.isfinite(right) | (right == 0)
        np.testing.assert_array_equal(
            part[zero_or_not_finite], right[zero_or_not_finite]
        )
        signs = np.signbit(part) == np.signbit(right)
        assert (signs | np.isnan(right)).all()
        with np.errstate(all="ignore"):
            length = np.abs(wanted) if name in CANCELLING else np.abs(right)
            near = np.abs(part - right) <= 7 * np.spacing(length)
        assert (near | ~np.isfinite(right)).all()


@pytest.mark.parametrize("dtype", COMPLEX)
def test_quotients_have_numpys_bits(dtype: str, backend: Backend) -> None:
    z = np.concatenate([crossed([*ENDS, 1e-30], dtype), moderate(dtype)])
    x, y = np.repeat(z, len(z)), np.tile(z, len(z))
    with np.errstate(all="ignore"):
        wanted = x / y
        found = compute("divide", x, y, backend=backend)
        np.testing.assert_array_equal(found, wanted)
        np.testing.assert_array_equal(compute("reciprocal", z), np.reciprocal(z))


@pytest.mark.parametrize("dtype", COMPLEX)
def test_powers(dtype: str) -> None:
    """By squaring, so within some roundings; or by a logarithm, which grow with it."""
    x = moderate(dtype)[-120:]
    whole = np.arange(120) % 21 - 10
    turned = np.linspace(-3, 3, 120) + 1j * np.linspace(2, -1, 120)
    for y in (whole.astype(dtype), turned.astype(dtype), np.full(120, 2.5, dtype)):
        found = compute("power", x, y)
        exact = [
            mpmath.workdps(40)(mpmath.power)(*map(mpmath.mpc, pair))
            for pair in zip(x.tolist(), y.tolist(), strict=True)
        ]
        wanted = np.array([complex(z) for z in exact])
        fits = np.abs(wanted) < np.finfo(dtype).max / 2
        steps = 8 + 4 * np.abs(y.astype(complex) * np.log(x.astype(complex)))
        error = np.abs(found.astype(complex) - wanted) / np.abs(wanted)
        assert (error[fits] <= (steps * np.finfo(dtype).eps)[fits]).all()


@pytest.mark.parametrize("dtype", COMPLEX)
def test_powers_of_nothing_and_of_infinities_are_numpys(
    dtype: str, backend: Backend
) -> None:
    bases = np.array([0.0, -0.0, complex(0.0, -0.0), 2.0, 1j, -1.0], dtype)
    exponents = np.array([0.0, 1.0, 2.0, 2.5, -1.0, -2.5, 1j, 1 + 1j, 70.0, 150.0])
    y = np.tile(exponents.astype(dtype), len(bases))
    x = np.repeat(bases, len(exponents))
    with np.errstate(all="ignore"):
        wanted = np.power(x, y)
        found = compute("power", x, y, backend=backend)
    same = np.isnan(found) == np.isnan(wanted)
    near = np.isclose(found, wanted, rtol=1e-4 if dtype == "complex64" else 1e-12)
    assert (same & (near | np.isnan(wanted))).all()


def test_products_round_every_step(backend: Backend) -> None:
    z = crossed([0.1, -0.3, 1e200, np.inf, np.nan, 0.0], "complex128")
    x, y = np.repeat(z, len(z)), np.tile(z, len(z))
    with np.errstate(all="ignore"):
        found = compute("multiply", x, y, backend=backend)
        real = x.real * y.real - x.imag * y.imag
        imag = x.real * y.imag + x.imag * y.real
    np.testing.assert_array_equal(found.real, real)
    np.testing.assert_array_equal(found.imag, imag)


def test_select_takes_both_parts_and_parts_are_given_back(backend: Backend) -> None:
    x, y = crossed([1.0, -0.0], "complex64"), crossed([2.0, 3.0], "complex64")
    text = "select(real(x0) > imag(x0), conjugate(x1), x0)"
    kernel = elementwise(text, "complex64", "complex64", "complex64")
    out = np.empty_like(x)
    run(kernel, Layout(x.shape, ((0,),) * 3), [x, y, out], backend=backend)
    np.testing.assert_array_equal(out, np.where(x.real > x.imag, y.conj(), x))


@pytest.mark.skipif(not is_x86(), reason="looks at the registers of x86")
@pytest.mark.parametrize("name", ["multiply", "divide", "exp", "sqrt", "log", "tanh"])
def test_loops_of_complex_numbers_are_vector_loops(name: str) -> None:
    given = "x0, x1" if name in ("multiply", "divide") else "x0"
    dtypes = ["complex128"] * (given.count("x") + 1)
    text = emit(elementwise(f"{name}({given})", *dtypes))
    code = stage.compile_text(text, "entry", "<vectors>", assembly=True)
    assert any("mulpd" in line and "mm" in line for line in code.splitlines())
