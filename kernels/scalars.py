"""The scalar library: every function that the text of a kernel may call.

`NAMES` is what the graph side and the backends agree on. The meaning of each name is
that of the NumPy ufunc, NaN, infinities, signed zeros and wrap-around included; where
it has no NumPy name, the line beside it says what it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias

Result: TypeAlias = Literal["same", "float", "part", "bool", "uint8", "uint64"]


class Scalar(NamedTuple):
    """One function of the scalar library.

    `result` is the dtype that it gives: that of its operands (``"same"``), the same
    but float64 for integers and bool (``"float"``), the same but that of the parts of
    complex numbers (``"part"``), or always the one named. Those in
    `builders.COMPLEX_MATH` take complex numbers too.
    """

    arity: int
    result: Result
    meaning: str


_UNARY_FLOAT = {
    "exp": "e to the power x",
    "exp2": "2 to the power x",
    "expm1": "exp(x) - 1, exact near 0",
    "log": "natural logarithm; -inf at 0, NaN below",
    "log2": "logarithm to base 2",
    "log10": "logarithm to base 10",
    "log1p": "log(1 + x), exact near 0",
    "sin": "sine of radians, exact for large arguments too",
    "cos": "cosine of radians",
    "tan": "tangent of radians",
    "arcsin": "inverse sine; NaN outside of [-1, 1]",
    "arccos": "inverse cosine; NaN outside of [-1, 1]",
    "arctan": "inverse tangent",
    "sinh": "hyperbolic sine",
    "cosh": "hyperbolic cosine",
    "tanh": "hyperbolic tangent",
    "arcsinh": "inverse hyperbolic sine",
    "arccosh": "inverse hyperbolic cosine; NaN below 1",
    "arctanh": "inverse hyperbolic tangent; infinite at -1 and 1",
    "sqrt": "square root; NaN below 0",
    "rsqrt": "1 / sqrt(x); infinite at 0, NaN below",
    "cbrt": "cube root, of negative numbers too",
    "sigmoid": "1 / (1 + exp(-x)), 0 and 1 in the limits",
    "erf": "error function",
    "erfc": "1 - erf(x), exact where that is small",
    "lgamma": "logarithm of the absolute value of the gamma function",
    "deg2rad": "x * pi / 180",
    "rad2deg": "x * 180 / pi",
    "spacing": "distance to the next float away from 0, with the sign of x",
}
_UNARY_SAME = {
    "reciprocal": "1 / x; for integers the quotient rounded to zero",
    "square": "x * x",
    "floor": "largest integer not above x; integers are given back",
    "ceil": "smallest integer not below x; integers are given back",
    "trunc": "x rounded to zero; integers are given back",
    "rint": "nearest integer, halves to the even one",
    "absolute": "|x|; the smallest integer stays what it is",
    "sign": "-1, 0 or 1; NaN stays NaN",
    "conjugate": "the complex conjugate; real numbers themselves",
    "invert": "not x for bool, all bits flipped for integers",
}
_UNARY_PART = {
    "real": "the real part; real numbers themselves",
    "imag": "the imaginary part; 0 of real numbers",
}
_UNARY_BOOL = {
    "signbit": "whether the sign is set, -0.0 and -NaN included",
    "isnan": "whether x is not a number",
    "isinf": "whether x is infinite",
    "isfinite": "whether x is neither NaN nor infinite",
    "logical_not": "whether x is 0",
}
_BINARY_FLOAT = {
    "arctan2": "angle of the point (y, x) = (first, second)",
    "copysign": "the first with the sign of the second",
    "nextafter": "the float next to the first in the direction of the second",
    "hypot": "square root of x*x + y*y without overflow",
    "divide": "x / y; infinite or NaN for y = 0",
    "logaddexp": "log(exp(x) + exp(y)) without overflow",
    "logaddexp2": "log2(2**x + 2**y) without overflow",
    "heaviside": "0 below 0, 1 above, the second at 0; NaN stays NaN",
    "ldexp": "x * 2**n for an integer n",
}
_BINARY_SAME = {
    "multiply": "x * y; of complex numbers with every product and sum rounded",
    "fmod": "remainder with the sign of x; 0 for the integer divisor 0",
    "remainder": "remainder with the sign of y; 0 for the integer divisor 0",
    "floor_divide": "quotient rounded down; 0 for the integer divisor 0",
    "power": "x**y; integers wrap around, 1 / x**-y is rounded to zero",
    "maximum": "the larger one; NaN if either is",
    "minimum": "the smaller one; NaN if either is",
    "fmax": "the larger one; the other if one is NaN",
    "fmin": "the smaller one; the other if one is NaN",
    "left_shift": "x * 2**n wrapped around; 0 when all bits are shifted out",
    "right_shift": "x / 2**n rounded down; shifted out completely 0 or -1",
    "gcd": "greatest common divisor, not negative",
    "lcm": "least common multiple, not negative",
}

NAMES: Mapping[str, Scalar] = MappingProxyType(
    {name: Scalar(1, "float", text) for name, text in _UNARY_FLOAT.items()}
    | {name: Scalar(1, "same", text) for name, text in _UNARY_SAME.items()}
    | {name: Scalar(1, "part", text) for name, text in _UNARY_PART.items()}
    | {name: Scalar(1, "bool", text) for name, text in _UNARY_BOOL.items()}
    | {name: Scalar(2, "float", text) for name, text in _BINARY_FLOAT.items()}
    | {name: Scalar(2, "same", text) for name, text in _BINARY_SAME.items()}
    | {
        "select": Scalar(3, "same", "the second where the first is not 0, else third"),
        "bitwise_count": Scalar(1, "uint8", "number of bits set in |x|"),
        "philox": Scalar(
            2, "uint64", "64 random bits of a counter and a key: Philox 4x32-10"
        ),
    }
)
"""Name to arity, dtype of the result and meaning of every scalar function."""

PARTS = MappingProxyType({"complex64": "float32", "complex128": "float64"})
"""The dtypes of the parts of complex numbers."""

WHOLE = frozenset(
    {"invert", "left_shift", "right_shift", "gcd", "lcm", "bitwise_count", "philox"}
)
"""The functions of integers (and `invert` of bool) alone."""

FUSED = frozenset(
    {"exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "logaddexp", "logaddexp2"}
    | {"sin", "cos", "tan", "arcsin", "arccos", "arctan", "arctan2", "hypot"}
    | {"sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh", "sigmoid"}
    | {"erf", "erfc", "lgamma", "power", "rsqrt", "cbrt"}
    | {"fmod", "remainder", "floor_divide"}
)
"""The functions of floats whose formulas need fused multiply-add."""

COMPLEX_FUSED = FUSED | {"sqrt", "sign"}
"""The functions of complex numbers whose formulas need it."""


def operand_dtype(dtypes: tuple[str, ...]) -> str:
    """The one dtype in which a function of these operands works.

    Operands of kernels have their dtypes already; what is decided here is only how
    an untyped constant or a wider intermediate result of a text joins them: float32
    stays float32, and the wider integer wins.

    Examples
    --------
    >>> operand_dtype(("float32", "float64"))
    'float32'
    >>> operand_dtype(("int8", "int64"))
    'int64'
    """
    for name in ("complex64", "complex128", "float32", "float64"):
        if name in dtypes:
            return name
    whole = [dtype for dtype in dtypes if dtype != "bool"]
    if not whole:
        return "bool"
    width = max(int(dtype.lstrip("uint")) for dtype in whole)
    unsigned = all(dtype.startswith("u") for dtype in whole)
    return f"{'u' if unsigned else ''}int{width}"


def signature(name: str, scalar: Scalar, dtypes: tuple[str, ...]) -> tuple[str, ...]:
    """dtypes of the result and of the operands in which `name` works.

    Examples
    --------
    >>> signature("exp", NAMES["exp"], ("int8",))
    ('float64', 'float64')
    >>> signature("select", NAMES["select"], ("bool", "int8", "int8"))
    ('int8', 'bool', 'int8', 'int8')
    """
    if name == "philox":
        return "uint64", "uint64", "uint64"
    free = dtypes[1:] if name == "select" else dtypes[:1] if name == "ldexp" else dtypes
    work = operand_dtype(free)
    whole = "float" not in work and work not in PARTS
    if scalar.result == "float" and whole:
        work = "float64"
    if name in WHOLE and not whole:
        raise TypeError(f"{name}: integers were required; {work} was given")
    result = work if scalar.result in ("same", "float") else scalar.result
    if scalar.result == "part":
        result = PARTS.get(work, work)
    if name == "select":
        return result, "bool", work, work
    if name == "ldexp":
        return result, work, dtypes[1]
    return (result, *[work] * scalar.arity)
