"""Every scalar function means what NumPy's (or SciPy's) function of that name means."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from by_hand import elementwise, run
from exact import erfc, log_gamma, of_arrays
from llvmlite import ir
from numba import njit
from scipy import special

from engine.kernels.builders import COMPLEX_MATH, VECTOR_MATH, builders
from engine.kernels.complexes import Complex
from engine.kernels.cpu import UnsupportedKernel, backend, target
from engine.kernels.cpu.functions import NAMESPACE
from engine.kernels.intrinsics import c_symbol
from engine.kernels.kernel import Layout
from engine.kernels.philox import philox_numpy
from engine.kernels.reference.functions import FUNCTIONS
from engine.kernels.scalars import COMPLEX_FUSED, FUSED, NAMES, WHOLE
from engine.kernels.term import Place, Term

SIGNED = ("int8", "int64")
UNSIGNED = ("uint8", "uint64")
INTEGERS = SIGNED + UNSIGNED
FLOATS = ("float32", "float64")


VECTOR_LOOPS = sorted((set(VECTOR_MATH) | {"power"}) - {"pow", "ldexp"})


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


INTEGER_ONLY = words("left_shift right_shift gcd lcm bitwise_count")
FLOAT_ONLY = words("copysign nextafter spacing ldexp heaviside signbit rint")
NO_BOOL = words(
    "reciprocal square floor ceil trunc sign conjugate fmod remainder floor_divide "
    "power left_shift right_shift gcd lcm bitwise_count"
)
REFERENCE: dict[str, Callable[..., Any]] = {
    "sigmoid": special.expit,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "erf": special.erf,
    "erfc": of_arrays(erfc),
    "lgamma": of_arrays(log_gamma),
    "select": lambda c, x, y: np.where(c != 0, x, y),
    "philox": philox_numpy,
}
LOOSE = {"logaddexp2": 32, "logaddexp": 32}
"""Units in the last place where the reference itself is not within 2."""


def kernel(name: str) -> Any:
    """A loop around the scalar function."""
    arity = NAMES[name].arity
    names = "abc"[:arity]
    text = (
        f"def loop({', '.join(names)}, out):\n"
        "    for i in range(out.shape[0]):\n"
        f"        out[i] = scalar({', '.join(f'{x}[i]' for x in names)})\n"
    )
    namespace: dict[str, Any] = {"scalar": NAMESPACE[name]}
    exec(text, namespace)
    return njit(error_model="numpy")(namespace["loop"])


def samples(dtype: str) -> np.ndarray[Any, Any]:
    """Special values and random ones of many sizes."""
    generator = np.random.default_rng(7)
    if dtype == "bool":
        return np.array([False, True, True, False])
    if dtype in INTEGERS:
        info = np.iinfo(dtype)
        special_values = [0, 1, 2, 3, 7, 8, 31, 63, 64, 100, info.max, info.max - 1]
        if info.min < 0:
            special_values += [-1, -2, -3, -8, -31, -64, info.min, info.min + 1]
        kept = [x for x in special_values if info.min <= x <= info.max]
        drawn = generator.integers(info.min, info.max, 12, dtype=dtype, endpoint=True)
        return np.concatenate([np.array(kept, dtype), drawn])
    info_f = np.finfo(dtype)
    tiny = float(info_f.smallest_subnormal)
    values = [0.0, -0.0, np.inf, -np.inf, np.nan, 1, -1, 0.5, -0.5, 1.5, 2, -2, 2.5]
    values += [3, -3, 1e-3, -20, 88, 100, -100, 710, -745, 1e6, -1e6, 3e4 + 1, 1e9]
    values += [tiny, -tiny, float(info_f.tiny), float(info_f.max), float(info_f.min)]
    drawn = generator.normal(size=12) * 10.0 ** generator.integers(-5, 6, 12)
    return np.array([*values, *drawn]).astype(dtype)


def operands(name: str, dtype: str) -> list[np.ndarray[Any, Any]]:
    """All pairs of samples for two operands."""
    x = samples(dtype)
    if NAMES[name].arity == 1:
        return [x]
    first, second = np.repeat(x, len(x)), np.tile(x, len(x))
    if name == "select":
        return [first, first, second]
    if name == "ldexp":
        n = np.array([0, 1, -1, 5, -60, 200, -200, 1100, -1100, 2**31 - 1, -(2**31)])
        return [np.repeat(x, len(n)), np.tile(n, len(x))]
    if name == "power" and dtype in SIGNED:
        second = np.where(second < 0, -(second + 1), second)  # NumPy refuses them
    return [first, second]


def cases() -> list[tuple[str, str]]:
    found = []
    for name, scalar in NAMES.items():
        for dtype in (*FLOATS, *INTEGERS, "bool"):
            whole = dtype in INTEGERS or dtype == "bool"
            skip = (
                (name == "philox" and dtype != "uint64")
                or (name in INTEGER_ONLY and not whole)
                or (name in FLOAT_ONLY and whole)
                or (name in NO_BOOL and dtype == "bool")
                or (name == "invert" and not whole)
                or (scalar.result == "float" and dtype not in (*FLOATS, "int8"))
            )
            if not skip:
                found.append((name, dtype))
    return found


LOOPS = {name: kernel(name) for name in NAMES}

PYTHON_LGAMMA = 64
"""Rounding of `math.lgamma`, of the reference backend: it cancels near 1 and 2."""


def compiled(name: str, *operands: Any) -> None:
    """The function in a loop that Numba compiles; the last operand is the result."""
    LOOPS[name](*operands)


def reference_backend(name: str, *operands: Any) -> None:
    """The function of arrays that the reference backend calls."""
    *given, result = operands
    found = FUNCTIONS[name](*given)
    assert found.dtype == result.dtype
    result[...] = found


@pytest.mark.parametrize("compute", [compiled, reference_backend])
@pytest.mark.parametrize(("name", "dtype"), cases())
def test_gives_what_numpy_gives(
    name: str, dtype: str, compute: Callable[..., None]
) -> None:
    given = operands(name, dtype)
    reference = REFERENCE.get(name) or getattr(np, name)
    wide = given
    if name in REFERENCE and dtype == "float32" and name != "select":
        wide = [x.astype("float64") for x in given]
    if NAMES[name].result == "float" and dtype not in FLOATS:
        wide = [x.astype("float64") for x in given]
    with np.errstate(all="ignore"):
        expected = np.asarray(reference(*wide))
        if dtype == "float32" and expected.dtype == "float64":
            expected = expected.astype(dtype)
    result = np.empty_like(expected)
    with np.errstate(all="ignore"):
        compute(name, *given, result)
    units = LOOSE.get(name, 2)
    if name == "lgamma" and compute is reference_backend:
        units = PYTHON_LGAMMA
    assert_close(result, expected, given, units)


def assert_close(
    result: np.ndarray[Any, Any],
    expected: np.ndarray[Any, Any],
    given: list[np.ndarray[Any, Any]],
    units: int,
) -> None:
    """Equal bits, or floats within `units` in the last place; signs of 0 count."""
    if expected.dtype.kind != "f":
        wrong = result != expected
    else:
        with np.errstate(all="ignore"):
            gap = np.abs(result - expected) <= units * np.spacing(np.abs(expected))
        both_nan = np.isnan(result) & np.isnan(expected)
        signs = np.signbit(result) == np.signbit(expected)
        wrong = ~(both_nan | ((gap | (result == expected)) & signs))
    at = np.flatnonzero(wrong)[:5]
    shown = [(*(x[i] for x in given), result[i], expected[i]) for i in at]
    assert not len(at), f"(operands, result, expected): {shown}"


@pytest.mark.parametrize("compute", [compiled, reference_backend])
@pytest.mark.parametrize("dtype", SIGNED)
def test_negative_powers_of_integers_are_rounded_to_zero(
    dtype: str, compute: Callable[..., None]
) -> None:
    x = np.array([1, -1, -1, 2, -3, 1], dtype)
    n = np.array([-1, -1, -2, -1, -3, -128], dtype)
    result = np.empty_like(x)
    compute("power", x, n, result)
    assert result.tolist() == [1, -1, 1, 0, 0, 1]


@pytest.mark.parametrize("name", sorted(WHOLE - {"philox"}))
def test_functions_of_integers_refuse_floats(name: str) -> None:
    x = np.ones(1)
    with pytest.raises(Exception, match="integers were required"):
        kernel(name)(*[x] * NAMES[name].arity, x)


def test_philox_gives_the_published_numbers() -> None:
    """The known answers that come with Random123, first two words."""
    counters = np.array([0, 2**64 - 1], np.uint64)
    assert int(philox_numpy(counters[:1], 0)[0]) == 0xE169C58D6627E8D5


def test_float32_stays_float32() -> None:
    x = np.array([1.5], np.float32)
    for name, scalar in NAMES.items():
        if scalar.result in ("same", "float") and scalar.arity == 1:
            if name == "invert":
                continue
            loop = LOOPS[name]
            loop(x, np.empty(1, np.float32))
            (single,) = (s for s in loop.signatures if str(s).count("float32") == 2)
            code = loop.inspect_llvm(single)
            assert "double" not in code, name


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", VECTOR_LOOPS)
def test_loops_are_vector_loops(name: str, dtype: str) -> None:
    loop = LOOPS[name]
    x = np.ones(4, dtype)
    loop(*[x] * NAMES[name].arity, np.empty_like(x))
    code = loop.inspect_asm(loop.signatures[-1])
    assert "vector.body" in loop.inspect_llvm(loop.signatures[-1]) or "ymm" in code


def instructions(name: str) -> str:
    """The LLVM text of the scalar function of float64, not optimised."""
    module = ir.Module()
    kind = ir.FunctionType(ir.VoidType(), [ir.DoubleType()] * NAMES[name].arity)
    function = ir.Function(module, kind, "scalar")
    place = Place(ir.IRBuilder(function.append_basic_block()), c_symbol)
    build = builders(VECTOR_MATH)[name]
    build(*(Term(place, value, "float64") for value in function.args))
    return str(module)


def test_which_functions_need_fused_multiply_add_is_known() -> None:
    of_floats = set(NAMES) - WHOLE - {"select", "ldexp"}
    fused = {name for name in of_floats if "llvm.fma" in instructions(name)}
    assert fused == FUSED


def test_which_functions_of_complex_numbers_need_it_is_known() -> None:
    for name, build in COMPLEX_MATH.items():
        module = ir.Module()
        kind = ir.FunctionType(ir.VoidType(), [ir.DoubleType()] * 4)
        function = ir.Function(module, kind, "scalar")
        place = Place(ir.IRBuilder(function.append_basic_block()), c_symbol)
        a, b, c, d = (Term(place, value, "float64") for value in function.args)
        operands = [Complex(a, b), Complex(c, d)][: NAMES[name].arity]
        build(*([a < b] if name == "select" else []), *operands)
        assert ("llvm.fma" in str(module)) == (name in COMPLEX_FUSED), name


def test_without_fused_multiply_add_vector_math_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(target, "is_x86", lambda: True)
    monkeypatch.setattr(target, "features", lambda: frozenset(["avx"]))
    with pytest.raises(UnsupportedKernel, match=r"^exp on a CPU without fused"):
        backend.compile(elementwise("x0 - exp(x0) * 0.5", "float64", "float64"))
    x, out = np.ones(3), np.empty(3)
    kernel = elementwise("sqrt(x0) * x0 - 0.5", "float64", "float64")
    run(kernel, Layout((3,), ((0,), (0,))), [x, out])
    assert out.tolist() == [0.5] * 3


def test_float16_is_refused_where_each_would_be_a_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(target, "is_x86", lambda: True)
    monkeypatch.setattr(target, "features", lambda: frozenset(["avx", "fma"]))
    with pytest.raises(UnsupportedKernel, match=r"^float16 on a CPU that does not"):
        backend.compile(elementwise("x0 - 0.25", "float16", "float16"))


def test_names_can_be_read_without_numba() -> None:
    text = "import sys; import engine.kernels.scalars; print('numba' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
