"""Methods of tensors that are one elementwise op: mathematics, comparisons, logic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from engine.array import Array
from engine.record.forms import form
from engine.torch.operands import elementwise, op_named

T = TypeVar("T", bound="Mathematics")
F = TypeVar("F", bound=Callable[..., Any])


def unary(
    name: str,
    summary: str,
    given: str,
    gives: str,
    *,
    op: str | None = None,
    floating: bool = False,
) -> Callable[[T], T]:
    """A method that records a one-operand op; `floating`: integers become floats.

    `given` and `gives` are the elements of the tensors of its example.
    """
    recorded = op or name

    @form(recorded, 1)
    def method(self: T) -> T:
        return self.wrap(elementwise(op_named(recorded), self, floating=floating))

    return documented(method, name, shown(summary, name, given, "", gives))


def binary(
    name: str,
    summary: str,
    given: str,
    other: str,
    gives: str,
    *,
    op: str | None = None,
    floating: bool = False,
) -> Callable[[T, Any], T]:
    """A method that records a two-operand op; see `unary`."""
    recorded = op or name

    def method(self: T, other: Any) -> T:
        made = elementwise(op_named(recorded), self, other, floating=floating)
        return self.wrap(made)

    return documented(method, name, shown(summary, name, given, other, gives))


def shown(summary: str, name: str, given: str, other: str, gives: str) -> str:
    """A docstring with an example."""
    return f"""{summary}

    Examples
    --------
    >>> import engine
    >>> engine.tensor({given}).{name}({other})
    tensor({gives})
    """


def documented(method: F, name: str, text: str) -> F:
    """A method with a name and a docstring."""
    method.__name__ = method.__qualname__ = name
    method.__doc__ = text
    return method


class Mathematics(Array):
    """Elementwise functions of one tensor, and of two."""

    __slots__ = ()

    # -- of one tensor ------------------------------------------------------------
    abs = unary("abs", "Magnitudes.", "[-1.5, 2.0]", "[1.5000, 2.0000]", op="absolute")
    exp = unary(
        "exp",
        "e to the power of each element.",
        "[0.0, 1.0]",
        "[1.0000, 2.7183]",
        floating=True,
    )
    exp2 = unary(
        "exp2",
        "2 to the power of each element.",
        "[0.0, 3.0]",
        "[1., 8.]",
        floating=True,
    )
    expm1 = unary(
        "expm1",
        "exp(x) - 1, accurate near 0.",
        "[0.0, 1.0]",
        "[0.0000, 1.7183]",
        floating=True,
    )
    log = unary(
        "log", "Natural logarithms.", "[1.0, 10.0]", "[0.0000, 2.3026]", floating=True
    )
    log2 = unary(
        "log2", "Logarithms to base 2.", "[1.0, 8.0]", "[0., 3.]", floating=True
    )
    log10 = unary(
        "log10",
        "Logarithms to base 10.",
        "[2.0, 50.0]",
        "[0.3010, 1.6990]",
        floating=True,
    )
    log1p = unary(
        "log1p",
        "log(1 + x), accurate near 0.",
        "[0.0, 1.0]",
        "[0.0000, 0.6931]",
        floating=True,
    )
    sqrt = unary(
        "sqrt", "Square roots.", "[4.0, 2.0]", "[2.0000, 1.4142]", floating=True
    )
    rsqrt = unary(
        "rsqrt", "1 / sqrt(x).", "[4.0, 0.25]", "[0.5000, 2.0000]", floating=True
    )
    sin = unary("sin", "Sines.", "[0.0, 1.0]", "[0.0000, 0.8415]", floating=True)
    cos = unary("cos", "Cosines.", "[0.0, 1.0]", "[1.0000, 0.5403]", floating=True)
    tan = unary("tan", "Tangents.", "[0.0, 1.0]", "[0.0000, 1.5574]", floating=True)
    asin = unary(
        "asin",
        "Arc sines.",
        "[0.0, 1.0]",
        "[0.0000, 1.5708]",
        op="arcsin",
        floating=True,
    )
    acos = unary(
        "acos",
        "Arc cosines.",
        "[1.0, 0.0]",
        "[0.0000, 1.5708]",
        op="arccos",
        floating=True,
    )
    atan = unary(
        "atan",
        "Arc tangents.",
        "[0.0, 1.0]",
        "[0.0000, 0.7854]",
        op="arctan",
        floating=True,
    )
    sinh = unary(
        "sinh", "Hyperbolic sines.", "[0.0, 1.0]", "[0.0000, 1.1752]", floating=True
    )
    cosh = unary(
        "cosh", "Hyperbolic cosines.", "[0.0, 1.0]", "[1.0000, 1.5431]", floating=True
    )
    tanh = unary(
        "tanh", "Hyperbolic tangents.", "[0.0, 1.0]", "[0.0000, 0.7616]", floating=True
    )
    asinh = unary(
        "asinh",
        "Inverse hyperbolic sines.",
        "[0.0, 1.0]",
        "[0.0000, 0.8814]",
        op="arcsinh",
        floating=True,
    )
    acosh = unary(
        "acosh",
        "Inverse hyperbolic cosines.",
        "[1.0, 2.0]",
        "[0.0000, 1.3170]",
        op="arccosh",
        floating=True,
    )
    atanh = unary(
        "atanh",
        "Inverse hyperbolic tangents.",
        "[0.0, 0.5]",
        "[0.0000, 0.5493]",
        op="arctanh",
        floating=True,
    )
    square = unary("square", "Squares.", "[3, -2]", "[9, 4]")
    sign = unary("sign", "Signs: -1, 0 or 1.", "[-2.5, 0.0, 3.0]", "[-1.,  0.,  1.]")
    isnan = unary(
        "isnan", "Where elements are NaN.", "[1.0, engine.nan]", "[False,  True]"
    )
    isinf = unary(
        "isinf",
        "Where elements are infinite.",
        "[1.0, -engine.inf]",
        "[False,  True]",
    )
    isfinite = unary(
        "isfinite",
        "Where elements are neither infinite nor NaN.",
        "[1.0, engine.inf]",
        "[ True, False]",
    )
    logical_not = unary(
        "logical_not", "Where elements are 0.", "[0, 2]", "[ True, False]"
    )
    erf = unary(
        "erf", "The error function.", "[0.0, 1.0]", "[0.0000, 0.8427]", floating=True
    )
    erfc = unary(
        "erfc",
        "1 - erf(x), accurate for large x.",
        "[0.0, 1.0]",
        "[1.0000, 0.1573]",
        floating=True,
    )
    floor = unary(
        "floor", "The largest integers that are not above.", "[-1.5, 0.2]", "[-2.,  0.]"
    )
    ceil = unary(
        "ceil", "The smallest integers that are not below.", "[-1.5, 0.2]", "[-1.,  1.]"
    )
    trunc = unary("trunc", "The integer parts.", "[-1.5, 0.2]", "[-1.,  0.]")
    sigmoid = unary(
        "sigmoid", "1 / (1 + exp(-x)).", "[0.0, 2.0]", "[0.5000, 0.8808]", floating=True
    )
    reciprocal = unary(
        "reciprocal", "1 / x.", "[2.0, -4.0]", "[ 0.5000, -0.2500]", floating=True
    )
    lgamma = unary(
        "lgamma",
        "Logarithms of the gamma function.",
        "[1.0, 4.0]",
        "[0.0000, 1.7918]",
        floating=True,
    )
    deg2rad = unary(
        "deg2rad",
        "Degrees as radians.",
        "[0.0, 180.0]",
        "[0.0000, 3.1416]",
        floating=True,
    )
    rad2deg = unary(
        "rad2deg",
        "Radians as degrees.",
        "[0.0, 1.0]",
        "[ 0.0000, 57.2958]",
        floating=True,
    )

    # -- of two --------------------------------------------------------------------
    true_divide = binary(
        "true_divide",
        "The quotient.",
        "[7, -1]",
        "2",
        "[ 3.5000, -0.5000]",
        op="divide",
        floating=True,
    )
    mul = binary(
        "mul",
        "The product of each pair of elements.",
        "[1.0, 2.0]",
        "engine.tensor([3.0, 4.0])",
        "[3., 8.]",
        op="multiply",
    )
    floor_divide = binary(
        "floor_divide", "The quotient, rounded down.", "[7, -7]", "2", "[ 3, -4]"
    )
    remainder = binary(
        "remainder",
        "The remainder with the sign of the divisor.",
        "[7, -7]",
        "3",
        "[1, 2]",
    )
    fmod = binary(
        "fmod",
        "The remainder with the sign of the dividend.",
        "[7, -7]",
        "3",
        "[ 1, -1]",
    )
    maximum = binary(
        "maximum",
        "The larger of each pair of elements.",
        "[1.0, 5.0]",
        "engine.tensor([3.0, 2.0])",
        "[3., 5.]",
    )
    minimum = binary(
        "minimum",
        "The smaller of each pair of elements.",
        "[1.0, 5.0]",
        "engine.tensor([3.0, 2.0])",
        "[1., 2.]",
    )
    fmax = binary(
        "fmax",
        "The larger of each pair; NaN counts as missing.",
        "[1.0, engine.nan]",
        "engine.tensor([0.0, 2.0])",
        "[1., 2.]",
    )
    fmin = binary(
        "fmin",
        "The smaller of each pair; NaN counts as missing.",
        "[1.0, engine.nan]",
        "engine.tensor([0.0, 2.0])",
        "[0., 2.]",
    )
    atan2 = binary(
        "atan2",
        "The angle of the point (other, self).",
        "[1.0, -1.0]",
        "engine.tensor([0.0, 0.0])",
        "[ 1.5708, -1.5708]",
        op="arctan2",
        floating=True,
    )
    hypot = binary(
        "hypot",
        "The length of the vector (self, other).",
        "[3.0, 5.0]",
        "engine.tensor([4.0, 12.0])",
        "[ 5., 13.]",
        floating=True,
    )
    logaddexp = binary(
        "logaddexp",
        "log(exp(self) + exp(other)).",
        "[1000.0]",
        "engine.tensor([1000.0])",
        "[1000.6932]",
        floating=True,
    )
    copysign = binary(
        "copysign",
        "self with the signs of other.",
        "[1.0, 2.0]",
        "engine.tensor([-0.0, 1.0])",
        "[-1.,  2.]",
        floating=True,
    )
    lt = less = binary(
        "lt", "Where self < other.", "[1, 2]", "2", "[ True, False]", op="less"
    )
    le = less_equal = binary(
        "le", "Where self <= other.", "[1, 3]", "2", "[ True, False]", op="less_equal"
    )
    gt = greater = binary(
        "gt", "Where self > other.", "[1, 3]", "2", "[False,  True]", op="greater"
    )
    ge = greater_equal = binary(
        "ge",
        "Where self >= other.",
        "[1, 2]",
        "2",
        "[False,  True]",
        op="greater_equal",
    )
    eq = binary(
        "eq", "Where self == other.", "[1, 2]", "2", "[False,  True]", op="equal"
    )
    ne = not_equal = binary(
        "ne", "Where self != other.", "[1, 2]", "2", "[ True, False]", op="not_equal"
    )
    logical_and = binary(
        "logical_and",
        "Where both are true.",
        "[True, False]",
        "engine.tensor([True, True])",
        "[ True, False]",
    )
    logical_or = binary(
        "logical_or",
        "Where at least one is true.",
        "[True, False]",
        "engine.tensor([False, False])",
        "[ True, False]",
    )
    logical_xor = binary(
        "logical_xor",
        "Where exactly one is true.",
        "[True, False]",
        "engine.tensor([True, False])",
        "[False, False]",
    )
    bitwise_and = binary("bitwise_and", "Bits set in both.", "[12, 10]", "6", "[4, 2]")
    bitwise_or = binary(
        "bitwise_or", "Bits set in at least one.", "[12, 10]", "6", "[14, 14]"
    )
    bitwise_xor = binary(
        "bitwise_xor", "Bits set in exactly one.", "[12, 10]", "6", "[10, 12]"
    )
    bitwise_left_shift = binary(
        "bitwise_left_shift",
        "Bits moved to the left.",
        "[1, 3]",
        "2",
        "[ 4, 12]",
        op="left_shift",
    )
    bitwise_right_shift = binary(
        "bitwise_right_shift",
        "Bits moved to the right.",
        "[8, -3]",
        "1",
        "[ 4, -2]",
        op="right_shift",
    )

    # -- other names --------------------------------------------------------------
    multiply = mul
    arctan2 = atan2
    absolute = abs
    arcsin, arccos, arctan = asin, acos, atan
