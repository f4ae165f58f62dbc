"""What tests of ops share: backends, operands of every dtype, comparison, gradients.

Everything is measured against something outside of Engine: NumPy's functions, SciPy's,
the complex step, finite differences.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine import ops
from engine.autograd import gradient_values
from engine.config import config
from engine.execute import compute
from engine.movement import all_axes
from engine.ops.op import Op
from engine.ops.transfer import on_device
from engine.record.value import Value, constant
from engine.storage import leaf

Array = np.ndarray[Any, Any]
Function = Callable[..., Value]

BACKENDS = ("numpy", "compiled")
"""Tiers that every op is run on."""

DTYPES = tuple(map(np.dtype, "?bBhHiIqQefdFD"))
KERNEL_DTYPES = tuple(map(np.dtype, "?bBqQefdD"))
"""dtypes to try; in kernels, which must be compiled, only those that differ in kind."""


class Place:
    """Where operands are: the option ``--device`` of the test run."""

    device = "cpu"


def operand(array: Any) -> Value:
    """A value with the elements of an array, on the device of the test run."""
    return on_device(constant(array), Place.device)


def run(backend: str, values: Sequence[Value]) -> list[Array]:
    """Compute values on a backend."""
    with config(tier=backend):  # type: ignore[arg-type]
        return compute(values)


def edges(dtype: np.dtype[Any]) -> Array:
    """The numbers at which implementations of a dtype differ."""
    if dtype.kind == "b":
        return np.array([False, True])
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        small = [0, 1, 2, 3, 7, 13]
        ends = [info.max, info.max - 1, info.max // 2, info.min, info.min // 2]
        signed = [] if dtype.kind == "u" else [-1, -2, -7, -13]
        return np.array(small + ends + signed, dtype)
    info = np.finfo(dtype)
    moderate = [0.0, 0.1, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 7.25, 100.0]
    extreme = [float(info.max), float(info.tiny), float(info.eps), np.inf]
    positive = np.array([*moderate, *extreme])
    real = np.concatenate([positive, -positive, [np.nan]])
    if dtype.kind == "f":
        return real.astype(dtype)
    # NumPy's complex functions differ from each other at infinities and overflow.
    rng = np.random.default_rng(0)
    plain = rng.uniform(-2, 2, 12) + 1j * rng.uniform(-2, 2, 12)
    return np.concatenate([plain, [0, 1, -1, 1j]]).astype(dtype)


def crossed(dtypes: Sequence[np.dtype[Any]]) -> list[Array]:
    """Every combination of edges: operand k varies along axis k."""
    arrays = []
    for axis, dtype in enumerate(dtypes):
        values = edges(dtype)
        after = len(dtypes) - axis - 1
        arrays.append(values.reshape((-1,) + (1,) * after))
    return arrays


def assert_same(
    actual: Array,
    expected: Any,
    ulps: float = 0,
    signed_zeros: bool = True,
    least: float = 0.0,
) -> None:
    """Equal dtypes, shapes and numbers; NaN equals NaN, up to `ulps` of rounding.

    Rounding is measured against the absolute value, but at least against `least`.
    """
    expected = np.asarray(expected)
    assert actual.dtype == expected.dtype
    assert actual.shape == expected.shape
    if actual.dtype.kind not in "fc":
        np.testing.assert_array_equal(actual, expected)
        return
    with np.errstate(all="ignore"):
        same = (actual == expected) | (np.isnan(actual) & np.isnan(expected))
        if ulps:
            distance = np.abs(actual - expected)
            info = np.finfo(actual.dtype)
            scale = np.maximum(np.abs(expected), max(float(info.tiny), least))
            same |= distance <= ulps * info.eps * scale
        elif signed_zeros and actual.dtype.kind == "f":
            zero = (actual == 0) & (expected == 0)
            same &= ~zero | (np.signbit(actual) == np.signbit(expected))
    if not same.all():
        wrong = np.argwhere(~same)[0] if same.ndim else ()
        place = tuple(wrong)
        raise AssertionError(
            f"{(~same).sum()} of {same.size} elements differ; at {place} "
            f"{actual[place]!r} instead of {expected[place]!r}"
        )


# -- gradients -------------------------------------------------------------------------
def record(op: Op, operands: Sequence[Value], attributes: tuple[Any, ...]) -> Value:
    """One call of an op."""
    return op(*operands, attributes=attributes) if attributes else op(*operands)


def inner(left: Value, right: Value) -> Value:
    """The sum of products of two arrays: a number, the real part where complex."""
    product = left * right
    if product.dtype.kind == "c":
        product = ops.real(product)
    return ops.sum(product, attributes=(all_axes(product),))


def total(function: Function, weights: Array) -> Function:
    """The weighted sum of a function's result."""
    return lambda *inputs: inner(function(*inputs), constant(weights))


def gradients(
    function: Function, inputs: Sequence[Value], create_graph: bool = False
) -> list[Value]:
    """Gradients of a function with one number as result."""
    out = function(*inputs)
    found = gradient_values([(out, constant(1.0))], inputs, create_graph)
    return [
        constant(np.zeros(x.shape, x.dtype)) if grad is None else grad
        for x, grad in zip(inputs, found, strict=True)
    ]


def leaves(arrays: Sequence[Array]) -> list[Value]:
    """Values that gradients are wanted of."""
    return [leaf(operand(array)) for array in arrays]


def gradient_arrays(function: Function, arrays: Sequence[Array]) -> list[Array]:
    """Gradients of a function with one number as result, at arrays."""
    with config(tier="numpy"):
        return compute(gradients(function, leaves(arrays)))


def number(function: Function, arrays: Sequence[Array]) -> float:
    """A function with one number as result, at arrays."""
    with config(tier="numpy"):
        return float(compute([function(*map(constant, arrays))])[0])


def check_gradients(
    function: Function,
    arrays: Sequence[Array],
    rng: np.random.Generator,
    order: int = 2,
    step: float = 1e-5,
    tolerance: float = 1e-6,
) -> None:
    """Gradients of a function of arrays against central differences, up to `order`.

    Along random directions; complex operands move in both of their dimensions, and
    their gradient is the direction of steepest ascent.
    """
    with config(tier="numpy"):
        out = compute([function(*map(constant, arrays))])[0]
    weights = rng.uniform(0.5, 1.5, out.shape)
    if out.dtype.kind == "c":
        weights = weights + 1j * rng.uniform(0.5, 1.5, out.shape)
    first = total(function, weights)
    ways = [_direction(array, rng) for array in arrays]
    _check_along(first, arrays, ways, step, tolerance)
    if order > 1:
        others = [_direction(array, rng) for array in arrays]

        def second(*inputs: Value) -> Value:
            """The derivative along `others`, as a function to differentiate again."""
            inputs = tuple(leaf(x) if x.history is None else x for x in inputs)
            slopes = gradients(first, inputs, create_graph=True)
            parts = [
                inner(ops.conjugate(slope), constant(way))
                for slope, way in zip(slopes, others, strict=True)
            ]
            return sum(parts[1:], parts[0])

        _check_along(second, arrays, ways, step, tolerance)


def _direction(array: Array, rng: np.random.Generator) -> Array:
    if array.dtype.kind not in "fc":
        return np.zeros(array.shape)
    way = rng.standard_normal(array.shape)
    if array.dtype.kind == "c":
        return way + 1j * rng.standard_normal(array.shape)
    return way


def _check_along(
    function: Function,
    arrays: Sequence[Array],
    ways: Sequence[Array],
    step: float,
    tolerance: float,
) -> None:
    slopes = gradient_arrays(function, arrays)
    actual = sum(
        float(np.sum((np.conj(slope) * way).real))
        for slope, way in zip(slopes, ways, strict=True)
    )
    moved = [
        [
            array + sign * step * way if array.dtype.kind in "fc" else array
            for array, way in zip(arrays, ways, strict=True)
        ]
        for sign in (1.0, -1.0)
    ]
    expected = (number(function, moved[0]) - number(function, moved[1])) / (2 * step)
    size = max(abs(expected), 1.0)
    assert abs(actual - expected) <= tolerance * size, (actual, expected)
