"""Every op of the registry: values, dtypes and gradients, on every backend.

An op is tested because it is declared. Elementwise ops need nothing; ops of other kinds
have operands in `op_cases`, and one that has none fails.
"""

from __future__ import annotations

import itertools
import zlib
from typing import Any

import numpy as np
import pytest
import scipy.special
from exact import erfc, log_gamma, of_arrays
from harness import (
    DTYPES,
    KERNEL_DTYPES,
    assert_same,
    crossed,
    operand,
    run,
)
from op_cases import CASES, Case, float_operands, record_case

import engine
import engine.ops
from engine.ops.op import ElementwiseOp, Op, cast
from engine.record.registry import REGISTRY
from engine.record.value import Value

pytestmark = pytest.mark.backends

ELEMENTWISE = sorted(
    name for name, op in REGISTRY.items() if isinstance(op, ElementwiseOp)
)
OTHERS = sorted(set(REGISTRY) - set(ELEMENTWISE))
ELEMENTWISE.remove("isnat")  # of dates alone: see test_dates


def _pick(condition: Any, x: Any, y: Any) -> Any:
    return np.where(np.asarray(condition).astype(bool), x, y)


def _known_bits(counter: Any, key: Any) -> Any:
    """Philox 4x32-10 in Python's integers, from its paper."""
    if any(np.asarray(x).dtype.kind not in "iu" for x in (counter, key)):
        raise TypeError("integers count")
    shape = np.broadcast_shapes(np.shape(counter), np.shape(key))
    flat = [
        _philox(int(c) % 2**64, int(k) % 2**64)
        for c, k in zip(
            np.broadcast_to(counter, shape).flat,
            np.broadcast_to(key, shape).flat,
            strict=True,
        )
    ]
    return np.array(flat, np.uint64).reshape(shape)


def _philox(counter: int, key: int) -> int:
    words = [counter % 2**32, counter >> 32, 0, 0]
    keys = [key % 2**32, key >> 32]
    for _ in range(10):
        left, right = words[0] * 0xD2511F53, words[2] * 0xCD9E8D57
        words = [
            (right >> 32) ^ words[1] ^ keys[0],
            right % 2**32,
            (left >> 32) ^ words[3] ^ keys[1],
            left % 2**32,
        ]
        keys = [(keys[0] + 0x9E3779B9) % 2**32, (keys[1] + 0xBB67AE85) % 2**32]
    return words[0] | words[1] << 32


def _special(function: Any) -> Any:
    """SciPy's function in float64, rounded to the dtype of the operand."""

    def oracle(x: Any) -> Any:
        x = np.asarray(x)
        if x.dtype.kind == "c":
            raise TypeError("real numbers only")
        wanted = x.dtype if x.dtype.kind == "f" else np.float64
        return np.asarray(function(x.astype(np.float64))).astype(wanted)

    return oracle


ORACLES: dict[str, Any] = {
    "where": _pick,
    "clip": np.clip,
    "real": np.real,
    "imag": np.imag,
    "random_bits": _known_bits,
    "sigmoid": _special(scipy.special.expit),
    "erf": _special(scipy.special.erf),
    "erfc": _special(of_arrays(erfc)),
    "lgamma": _special(of_arrays(log_gamma)),
}
"""What ops that are no ufuncs mean."""

ULPS = {
    "logaddexp": 16.0,
    "logaddexp2": 16.0,
    "rsqrt": 1.0,
    "cube": 2.0,
    "fourth_power": 2.0,
    "reciprocal_square": 2.0,
    "reciprocal_sqrt": 2.0,
    "sqrt_cubed": 2.0,
    "reciprocal_sqrt_cubed": 2.0,
    "deg2rad": 1.0,
    "rad2deg": 1.0,
}
"""Rounding that is allowed, where it is not that of its class: see `_ulps`."""

EITHER_ZERO = {"maximum", "minimum", "fmax", "fmin", "clip", "absolute"}
"""Ops of which NumPy's own loops differ in the sign of a zero."""


def _least(op: Op) -> float:
    """Results below this are measured against it: lgamma cancels near its zeros."""
    return 1.0 if op.name == "lgamma" else 0.0


def _ulps(op: Op, dtype: np.dtype[Any]) -> float:
    """0 for arithmetic, 4 where a library's polynomial decides, on every backend."""
    if dtype.kind == "c":
        return 16.0
    return ULPS.get(op.name, 4.0 if op.expensive else 0.0)


def _oracle(op: ElementwiseOp) -> Any:
    """What is outside of Engine where there is something, else the op's reference."""
    if op.name in ORACLES:
        return ORACLES[op.name]
    return op.ufunc or (lambda *arrays: _by_reference(op, arrays))


def _by_reference(op: ElementwiseOp, arrays: Any) -> Any:
    loop = op.resolve([np.asarray(x).dtype for x in arrays])
    typed = [np.asarray(x).astype(d) for x, d in zip(arrays, loop.inputs, strict=True)]
    return np.asarray(op.reference(*typed), loop.output)


def _expected(op: ElementwiseOp, arrays: list[Any]) -> Any:
    with np.errstate(all="ignore"):
        return _oracle(op)(*arrays)


def _dtype_rows(op: Op, dtypes: Any) -> list[tuple[np.dtype[Any], ...]]:
    """Each dtype for all operands; mixtures of neighbours."""
    rows = [(dtype,) * op.nin for dtype in dtypes]
    if op.nin == 2 and dtypes is DTYPES:
        rows += list(itertools.pairwise(dtypes))
        rows += [(b, a) for a, b in itertools.pairwise(dtypes)]
    if op.name == "ldexp":
        rows += [(np.dtype(kind), np.dtype(np.int32)) for kind in "fd"]
    if op.name == "where":
        rows = [(np.dtype(bool), *row[1:]) for row in rows]
    return rows


def _operands(op: Op, dtypes: tuple[np.dtype[Any], ...]) -> list[Any]:
    arrays = crossed(dtypes)
    if op.name in ("power", "left_shift", "right_shift") and dtypes[1].kind in "iu":
        # NumPy refuses negative powers and leaves negative shifts undefined.
        arrays[1] = arrays[1][arrays[1] >= 0]
    return arrays


def _defined(op: Op, arrays: list[Any], expected: Any) -> Any:
    """Where NumPy's result is one: its C code leaves some overflows undefined."""
    if op.name in ("gcd", "lcm") and expected.dtype.kind == "i":
        lowest = np.iinfo(expected.dtype).min
        broken = [x.astype(expected.dtype) == lowest for x in arrays]
        return ~np.logical_or(*np.broadcast_arrays(*broken))
    return np.ones(np.shape(expected), bool)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_values_and_dtypes_are_numpys(name: str, backend: str) -> None:
    op = REGISTRY[name]
    pending: list[tuple[Value, Any, Any]] = []
    for dtypes in _dtype_rows(op, DTYPES if backend == "numpy" else KERNEL_DTYPES):
        arrays = _operands(op, dtypes)
        try:
            expected = _expected(op, arrays)
        except TypeError:
            with pytest.raises(TypeError):
                op(*map(operand, arrays))
            continue
        if backend != "numpy" and op.resolve(dtypes).inputs != dtypes:
            continue  # a cast, which is an op of its own, and a loop tried already
        pending.append((op(*map(operand, arrays)), expected, arrays))
    assert pending
    before = engine.stats()["interpreted_ops"]
    results = run(backend, [value for value, _, _ in pending])
    assert backend == "numpy" or engine.stats()["interpreted_ops"] == before
    for actual, (_, expected, arrays) in zip(results, pending, strict=True):
        kept = _defined(op, arrays, np.asarray(expected))
        assert actual.dtype == np.asarray(expected).dtype, [a.dtype for a in arrays]
        length = name == "absolute" and arrays[0].dtype.kind == "c"
        assert_same(
            actual[kept],
            np.asarray(expected)[kept],
            _ulps(REGISTRY["hypot"] if length else op, actual.dtype),
            name not in EITHER_ZERO,
            _least(op),
        )


LAYOUTS: dict[str, Any] = {
    "0-d": (lambda x: x, [(), (), ()]),
    "empty": (lambda x: x, [(3, 0), (1, 0), (0,)]),
    "broadcast": (lambda x: x, [(3, 1), (1, 4), (4,)]),
    "reversed": (lambda x: x[..., ::-1], [(3, 4)] * 3),
    "transposed": (lambda x: x.T, [(3, 4)] * 3),
    "stepped": (lambda x: x[1::2, 1:], [(5, 4)] * 3),
}


COMPILED = ("0-d", "empty", "broadcast", "transposed")
ALL_LAYOUTS = ("add", "exp", "isnan", "where")
"""What is compiled: strides do not depend on the op, so few ops try all of them."""


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_shapes_and_layouts(name: str, backend: str) -> None:
    op = REGISTRY[name]
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    pending = []
    for layout, (show, shapes) in LAYOUTS.items():
        if backend != "numpy" and layout not in COMPILED and name not in ALL_LAYOUTS:
            continue
        arrays = float_operands(op, rng, shapes[: op.nin])
        views = [_as_view(array, show) for array in arrays]
        pending.append((op(*views), _expected(op, [show(array) for array in arrays])))
    results = run(backend, [value for value, _ in pending])
    for actual, (_, expected) in zip(results, pending, strict=True):
        ulps = _ulps(op, actual.dtype)
        assert_same(actual, expected, ulps, name not in EITHER_ZERO, _least(op))


def _as_view(array: Any, show: Any) -> Value:
    """The view that `show` makes of an array, as a region of its value."""
    from engine.recipe import Recipe

    shown = show(array)
    step = array.itemsize
    offset = (shown.ctypes.data - array.ctypes.data) // step if shown.size else 0
    strides = tuple(s // step for s in shown.strides)
    recipe = Recipe(array.dtype, offset, shown.shape, strides)
    return engine.ops.view(operand(array), attributes=(recipe,))


@pytest.mark.parametrize("source", ["float16", "float32", "float64"])
def test_floats_wrap_around_in_integers(source: str, backend: str) -> None:
    x = np.repeat([-1.0, 300.7, -300.7, 40000.0], 25).astype(source)  # in vectors, too
    dtypes = [np.dtype(name) for name in "bBhHIQ"]
    results = run(backend, [cast(operand(x), dtype) for dtype in dtypes])
    for result, dtype in zip(results, dtypes, strict=True):
        np.testing.assert_array_equal(result, x.astype(np.int64).astype(dtype))


def test_python_numbers_are_weak(backend: str) -> None:
    x = np.arange(4, dtype=np.float32)
    small = np.arange(4, dtype=np.uint8)
    values = [
        engine.ops.add(operand(x), 0.1),
        engine.ops.subtract(2, operand(small)),
        engine.ops.multiply(operand(small), 2.5),
        engine.ops.where(operand(x > 1), operand(x), 0.0),
        engine.ops.logical_and(operand(small), True),
    ]
    expected = [x + 0.1, 2 - small, small * 2.5, np.where(x > 1, x, np.float32(0))]
    expected.append(np.logical_and(small, True))
    for actual, right in zip(run(backend, values), expected, strict=True):
        assert_same(actual, right)


def test_an_integer_that_the_dtype_cannot_hold_is_refused() -> None:
    with pytest.raises(OverflowError, match=r"add: Python integer 300 out of bounds"):
        engine.ops.add(operand(np.zeros(2, np.uint8)), 300)


# -- ops of other kinds ----------------------------------------------------------------
@pytest.mark.parametrize("name", OTHERS)
def test_results_of_every_other_op(name: str, backend: str) -> None:
    assert name in CASES, f"tests/op_cases.py: operands for {name}"
    op = REGISTRY[name]
    cases: list[Case] = CASES[name](np.random.default_rng(5))
    if backend != "numpy":
        cases = [case for case in cases if _in_kernels(case)]
    values = [
        record_case(op, [operand(array) for array in case.arrays], case)
        for case in cases
    ]
    for actual, case in zip(run(backend, values), cases, strict=True):
        assert_same(actual, case.expected, case.ulps, signed_zeros=False)


def _in_kernels(case: Case) -> bool:
    """Whether all dtypes of a case are among those tried in kernels."""
    arrays = [*case.arrays, np.asarray(case.expected)]
    return all(array.dtype in KERNEL_DTYPES for array in arrays)


def test_every_op_says_what_it_does() -> None:
    assert [name for name, op in REGISTRY.items() if not op.__doc__] == []
