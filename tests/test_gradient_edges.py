"""Gradients where formulas have poles, ties and branches: what must come out."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from harness import gradient_arrays, gradients, inner, leaves

from engine import composites, ops
from engine.autograd import gradient_values
from engine.config import config
from engine.execute import compute
from engine.movement import all_axes
from engine.ops.op import ElementwiseOp
from engine.record.frames import events
from engine.record.registry import REGISTRY
from engine.record.trace import current_trace
from engine.record.value import Value, constant
from engine.storage import leaf

NAN, INF = math.nan, math.inf
SINGLE = np.dtype(np.float32)
EULER = 0.5772156649015329


def summed(x: Value) -> Value:
    return ops.sum(x, attributes=(all_axes(x),))


def slopes(function: Callable[..., Value], *operands: Any) -> list[Any]:
    """Gradients of the sum of a function's result."""
    arrays = [np.asarray(x, float) for x in operands]
    found = gradient_arrays(lambda *xs: summed(function(*xs)), arrays)
    return [grad.tolist() for grad in found]


UNARY = [
    ("absolute at 0", ops.absolute, [-2.0, 0.0, 2.0], [-1, 0, 1]),
    ("fabs at 0", ops.fabs, [-2.0, -0.0, 2.0], [-1, 0, 1]),
    ("sqrt at 0 is infinitely steep", ops.sqrt, [0.0, 4.0], [INF, 0.25]),
    ("steps are flat", ops.floor, [-0.5, 1.0, 2.5], [0, 0, 0]),
    ("sign is flat", ops.sign, [-0.5, 0.0, 2.5], [0, 0, 0]),
    ("relu at 0", composites.relu, [-1.0, 0.0, 1.0], [0, 0, 1]),
    ("x**2 at 0", lambda x: x**2, [-3.0, 0.0, 3.0], [-6, 0, 6]),
    ("x**3 below 0", lambda x: x**3, [-2.0, 0.0], [12, 0]),
    ("x**0 is flat", lambda x: x**0, [-2.0, 0.0, 2.0], [0, 0, 0]),
    ("x**1 at 0", lambda x: x**1.0, [-2.0, 0.0], [1, 1]),
    ("x**0.5 at 0", lambda x: x**0.5, [0.0, 4.0], [INF, 0.25]),
    ("2**x", lambda x: 2.0**x, [0.0, 1.0], [math.log(2), 2 * math.log(2)]),
    (
        "where: the branch not taken has a pole",
        lambda x: ops.where(x > 0, ops.sqrt(x), 0.0),
        [0.0, 4.0],
        [0, 0.25],
    ),
    (
        "where: log, scaled afterwards",
        lambda x: ops.where(x > 0, ops.log(x), 0.0) * x * 2.0,
        [0.0, 1.0],
        [0, 2],
    ),
    (
        "where: a NaN that was chosen stays",
        lambda x: ops.where(x > -5, ops.sqrt(x), 0.0),
        [-1.0, 4.0],
        [NAN, 0.25],
    ),
    (
        "maximum of a pole and a number",
        lambda x: ops.maximum(ops.sqrt(x), 1.0),
        [0.0, 4.0],
        [0, 0.25],
    ),
    ("maximum: ties", lambda x: ops.maximum(x, 1.0), [0.0, 1.0, 2.0], [0, 0.5, 1]),
    ("minimum: ties", lambda x: ops.minimum(x, 1.0), [0.0, 1.0, 2.0], [1, 0.5, 0]),
    (
        "clip: ends count",
        lambda x: ops.clip(x, -1.0, 1.0),
        [-2.0, -1.0, 0.0, 1.0, 2.0],
        [0, 1, 1, 1, 0],
    ),
    (
        "clip of a logarithm",
        lambda x: ops.clip(ops.log(x), -2.0, 2.0),
        [0.0, 1.0, 100.0],
        [0, 1, 0],
    ),
    ("softplus of -inf", composites.softplus, [-INF, 0.0, 800.0], [0, 0.5, 1]),
    ("sigmoid far out", ops.sigmoid, [-800.0, 0.0, 800.0], [0, 0.25, 0]),
    (
        "the length of nothing",
        lambda x: composites.norm(x),
        [0.0, 0.0],
        [0, 0],
    ),
    ("the length", lambda x: composites.norm(x), [3.0, 4.0], [0.6, 0.8]),
    (
        "deviation of equal numbers",
        lambda x: composites.std(x),
        [2.0, 2.0],
        [0, 0],
    ),
    (
        "max: equal shares",
        lambda x: ops.max(x, attributes=((0,),)),
        [1.0, 3.0, 3.0],
        [0, 0.5, 0.5],
    ),
    (
        "max of a pole that is not the largest",
        lambda x: ops.max(ops.sqrt(x), attributes=((0,),)),
        [0.0, 4.0],
        [0, 0.25],
    ),
    (
        "min: where NaN is, it decides",
        lambda x: ops.min(x, attributes=((0,),)),
        [1.0, NAN],
        [0, 1],
    ),
    (
        "prod with one zero",
        lambda x: ops.prod(x, attributes=((0,),)),
        [2.0, 0.0, 3.0],
        [0, 6, 0],
    ),
    (
        "logsumexp with -inf",
        lambda x: composites.logsumexp(x),
        [-INF, 0.0, 0.0],
        [0, 0.5, 0.5],
    ),
    (
        "an element that is not looked at",
        lambda x: ops.take(ops.sqrt(x), constant(np.array([1]))),
        [0.0, 4.0],
        [0, 0.25],
    ),
    ("lgamma", ops.lgamma, [-0.5, 2.0], [0.03648997397857652, 1 - EULER]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("function", "operand", "expected"),
    [case[1:] for case in UNARY],
    ids=[case[0] for case in UNARY],
)
def test_gradient_at_special_points(function: Any, operand: Any, expected: Any) -> None:
    (found,) = slopes(function, operand)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-300)


BINARY = [
    ("power: 0**y", ops.power, [0.0, 0.0], [2.0, 1.0], [0, 1], [0, 0]),
    ("power: x**0", ops.power, [3.0, 0.0], [0.0, 0.0], [0, 0], [math.log(3), 0]),
    ("power: negative base", ops.power, [-2.0], [3.0], [12], [NAN]),
    ("hypot at 0", ops.hypot, [0.0, 3.0], [0.0, 4.0], [0, 0.6], [0, 0.8]),
    ("arctan2 at 0", ops.arctan2, [0.0, 1.0], [0.0, 1.0], [0, 0.5], [0, -0.5]),
    ("logaddexp with -inf", ops.logaddexp, [-INF, 0.0], [0.0, -INF], [0, 1], [1, 0]),
    ("logaddexp of -inf twice", ops.logaddexp, [-INF], [-INF], [0], [0]),
    ("logaddexp2 with -inf", ops.logaddexp2, [-INF], [0.0], [0], [1]),
    ("maximum: NaN decides", ops.maximum, [NAN, 1.0], [1.0, NAN], [1, 0], [0, 1]),
    ("fmax: NaN does not", ops.fmax, [NAN, 1.0], [1.0, NAN], [0, 1], [1, 0]),
    ("fmin: ties", ops.fmin, [1.0, 2.0], [1.0, 3.0], [0.5, 1], [0.5, 0]),
    ("xlogy", composites.xlogy, [0.0, 1.0], [0.0, 4.0], [0, math.log(4)], [0, 0.25]),
    ("copysign", ops.copysign, [2.0, -2.0, 0.0], [-1.0] * 3, [-1, 1, 0], [0, 0, 0]),
    ("remainder", ops.remainder, [7.0, -7.0], [3.0, 3.0], [1, 1], [-2, 3]),
    ("fmod", ops.fmod, [7.0, -7.0], [3.0, 3.0], [1, 1], [-2, 2]),
    ("heaviside", ops.heaviside, [-1.0, 0.0], [0.5, 0.5], [0, 0], [0, 1]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("function", "x", "y", "of_x", "of_y"),
    [case[1:] for case in BINARY],
    ids=[case[0] for case in BINARY],
)
def test_gradients_of_two_operands_at_special_points(
    function: Any, x: Any, y: Any, of_x: Any, of_y: Any
) -> None:
    found = slopes(function, x, y)
    np.testing.assert_allclose(found[0], of_x, rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(found[1], of_y, rtol=1e-12, atol=1e-300)


def test_a_masked_row_of_a_product_of_matrices_is_absent() -> None:
    x = np.array([[0.0, 4.0], [1.0, 9.0]])
    y = np.array([[1.0, 2.0], [3.0, 4.0]])
    keep = constant(np.array([[False], [True]]))

    def function(a: Value, b: Value) -> Value:
        product = ops.matmul(ops.sqrt(a), b)
        return summed(ops.where(keep, product, 0.0))

    of_x, of_y = gradient_arrays(function, [x, y])
    np.testing.assert_allclose(of_x, [[0, 0], [1.5, 7 / 6]])
    np.testing.assert_allclose(of_y, [[1, 1], [3, 3]])


def test_gradients_have_the_dtype_of_their_operand() -> None:
    x = np.array([0.5, 0.25], np.float32)
    y = np.array([2.0, 3.0])

    def function(a: Value, b: Value) -> Value:
        return inner(ops.exp(a) * 2.0, b)

    of_x, of_y = gradient_arrays(function, [x, y])
    assert of_x.dtype == np.float32
    assert of_y.dtype == np.float64


def _rules_of_floats() -> list[str]:
    """Ops from float32 to float32 that have a gradient."""
    found = []
    for name, op in sorted(REGISTRY.items()):
        if not isinstance(op, ElementwiseOp) or op.rule is None:
            continue
        try:
            loop = op.resolve((SINGLE,) * op.nin)
        except TypeError:
            continue
        if loop.output == SINGLE and set(loop.inputs) <= {SINGLE, np.dtype(bool)}:
            found.append(name)
    return found


@pytest.mark.parametrize("name", _rules_of_floats())
def test_no_rule_leaves_float32(name: str) -> None:
    """A constant that is an array would compute in float64, unseen in the result."""
    op = REGISTRY[name]
    loop = op.resolve((SINGLE,) * op.nin)
    operands = leaves([np.full(3, 0.5, dtype) for dtype in loop.inputs])
    out = op(*operands)
    seed = constant(np.ones(3, np.float32))
    before = current_trace().node
    kept = gradient_values([(out, seed)], operands)
    path = events(current_trace())[before.number + 1 :]
    assert [node for node in path if node.dtype == np.float64] == []
    assert any(grad is not None for grad in kept)


SECOND = [
    ("x**2", lambda x: x**2, [0.0, -3.0], [2, 2]),
    ("x**3", lambda x: x**3, [0.0, -2.0], [0, -12]),
    ("x**1", lambda x: x**1, [0.0, -2.0], [0, 0]),
    ("x**0", lambda x: x**0, [0.0, -2.0], [0, 0]),
    ("square", ops.square, [0.0], [2]),
    ("absolute", ops.absolute, [0.0, 2.0], [0, 0]),
    ("relu", composites.relu, [0.0, 2.0], [0, 0]),
    (
        "where: the branch not taken has a pole",
        lambda x: ops.where(x > 0, ops.sqrt(x), 0.0),
        [0.0, 4.0],
        [0, -1 / 32],
    ),
    (
        "where: log times x",
        lambda x: ops.where(x > 0, x * ops.log(x), 0.0),
        [0.0, 2.0],
        [0, 0.5],
    ),
    ("clip", lambda x: ops.clip(ops.log(x), -2.0, 2.0), [0.0, 2.0], [0, -0.25]),
    ("softplus", composites.softplus, [-INF, 0.0, 800.0], [0, 0.25, 0]),
    ("sigmoid", ops.sigmoid, [-800.0, 0.0, 800.0], [0, 0, 0]),
    ("gelu", composites.gelu, [0.0], [math.sqrt(2 / math.pi)]),
]


@pytest.mark.parametrize(
    ("function", "operand", "expected"),
    [case[1:] for case in SECOND],
    ids=[case[0] for case in SECOND],
)
def test_second_derivative_at_special_points(
    function: Any, operand: Any, expected: Any
) -> None:
    def slope(x: Value) -> Value:
        (grad,) = gradients(lambda y: summed(function(y)), [x], create_graph=True)
        return summed(grad)

    (found,) = gradient_arrays(slope, [np.array(operand)])
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


ZEROS = [
    [0.0 if zero else n for zero, n in zip(zeros, (2.0, -3.0, 0.5, 1.5), strict=True)]
    for zeros in itertools.product((False, True), repeat=4)
]


def directional(function: Any, x: Any, directions: Any) -> Any:
    """The derivative of a function of a vector along all directions, one by one."""

    def along(inner_function: Any, way: Any) -> Any:
        def slope(v: Value) -> Value:
            v = leaf(v) if v.history is None else v
            (grad,) = gradients(inner_function, [v], create_graph=True)
            return inner(grad, constant(way))

        return slope

    for way in directions:
        function = along(function, way)
    with config(tier="numpy"):
        return float(compute([function(constant(x))])[0])


def product_slope(x: Any, directions: Any) -> float:
    """The derivative of the product of all elements, one factor replaced at a time."""
    found = 0.0
    for places in itertools.permutations(range(len(x)), len(directions)):
        factors = list(x)
        for place, way in zip(places, directions, strict=True):
            factors[place] = way[place]
        found += math.prod(factors)
    return found


@pytest.mark.parametrize("x", ZEROS, ids=str)
def test_higher_derivatives_of_products_with_zeros(x: list[float]) -> None:
    rng = np.random.default_rng(5)
    ways = rng.normal(size=(3, 4))
    weights = rng.normal(size=4)

    def scan(v: Value) -> Value:
        return inner(ops.cumprod(v, attributes=(0,)), constant(weights))

    def product(v: Value) -> Value:
        return ops.prod(v, attributes=((0,),))

    for order in (1, 2, 3):
        of_scan = sum(
            weights[n] * product_slope(x[: n + 1], ways[:order]) for n in range(4)
        )
        found = directional(scan, x, ways[:order])
        assert found == pytest.approx(of_scan, rel=1e-12, abs=1e-12)
    for order in (1, 2):
        found = directional(product, x, ways[:order])
        expected = product_slope(x, ways[:order])
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)
