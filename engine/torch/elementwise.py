"""Elementwise methods of tensors: operators, mathematics, comparisons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self, TypeVar

import numpy as np

from engine import composites
from engine.array import Array
from engine.errors import named
from engine.ops.op import cast
from engine.record.forms import form
from engine.torch.once import Once
from engine.torch.operands import (
    OPERANDS,
    Number,
    as_value,
    check_broadcast,
    check_devices,
    common_dtype,
    elementwise,
    is_bool,
    op_named,
    operand,
    scaled,
)

T = TypeVar("T", bound="Elementwise")


def _unary(name: str, summary: str, *, floating: bool = False) -> Callable[[T], T]:
    """A method that records a one-operand op; `floating`: integers become floats."""

    @form(name, 1)
    def method(self: T) -> T:
        return self.wrap(elementwise(op_named(name), self, floating=floating))

    return _documented(method, name, summary)


def _binary(
    name: str, summary: str, *, floating: bool = False
) -> Callable[[T, Any], T]:
    """A method that records a two-operand op."""

    def method(self: T, other: Any) -> T:
        return self.wrap(elementwise(op_named(name), self, other, floating=floating))

    return _documented(method, name, summary)


def _operator(name: str, *, floating: bool = False) -> Callable[[T, Any], T]:
    """A binary operator: it leaves operands that it does not know to the other."""

    @form(name, 2)
    def method(self: T, other: Any) -> Any:
        if not isinstance(other, OPERANDS):
            return NotImplemented
        return self.wrap(elementwise(op_named(name), self, other, floating=floating))

    return _documented(method, name, f"Operator {name}.")


def _reflected(name: str, *, floating: bool = False) -> Callable[[T, Any], T]:
    """A binary operator with the operands swapped."""

    @form(name, 2, reflected=True)
    def method(self: T, other: Any) -> Any:
        if not isinstance(other, OPERANDS):
            return NotImplemented
        return self.wrap(elementwise(op_named(name), other, self, floating=floating))

    return _documented(method, name, f"Operator {name}, reflected.")


_F = TypeVar("_F", bound=Callable[..., Any])


def _documented(method: _F, name: str, summary: str) -> _F:
    method.__name__ = method.__qualname__ = name
    method.__doc__ = summary
    return method


class Elementwise(Array):
    """Operators and elementwise mathematics of tensors."""

    __slots__ = ()

    # -- operators ----------------------------------------------------------------
    __add__ = _operator("add")
    __radd__ = _reflected("add")
    __mul__ = _operator("multiply")
    __rmul__ = _reflected("multiply")
    __truediv__ = _operator("divide", floating=True)
    __rtruediv__ = _reflected("divide", floating=True)
    __floordiv__ = _operator("floor_divide")
    __rfloordiv__ = _reflected("floor_divide")
    __mod__ = _operator("remainder")
    __rmod__ = _reflected("remainder")
    __and__ = _operator("bitwise_and")
    __rand__ = _reflected("bitwise_and")
    __or__ = _operator("bitwise_or")
    __ror__ = _reflected("bitwise_or")
    __xor__ = _operator("bitwise_xor")
    __rxor__ = _reflected("bitwise_xor")
    __lshift__ = _operator("left_shift")
    __rshift__ = _operator("right_shift")
    __lt__ = _operator("less")
    __le__ = _operator("less_equal")
    __gt__ = _operator("greater")
    __ge__ = _operator("greater_equal")
    __eq__ = _operator("equal")  # type: ignore[assignment]
    __ne__ = _operator("not_equal")  # type: ignore[assignment]
    __hash__ = object.__hash__  # tensors are keys by identity, as in PyTorch

    @form("subtract", 2)
    def __sub__(self, other: Any) -> Self:
        if not isinstance(other, OPERANDS):
            return NotImplemented
        return self.sub(other)

    @form("subtract", 2, reflected=True)
    def __rsub__(self, other: Any) -> Self:
        if not isinstance(other, OPERANDS):
            return NotImplemented
        return self.rsub(other)

    def __pow__(self, other: Any) -> Self:
        if not isinstance(other, OPERANDS):
            return NotImplemented
        return self.pow(other)

    def __rpow__(self, other: Any) -> Self:
        if not isinstance(other, OPERANDS):
            return NotImplemented
        return self.wrap(elementwise(op_named("power"), other, self))

    @form("negative", 1)
    def __neg__(self) -> Self:
        """The numbers with the other sign. Raises RuntimeError for bool tensors."""
        if self.recipe.dtype.kind == "b":
            raise RuntimeError(
                "neg: Negation, the `-` operator, on a bool tensor is not supported; "
                "use the `~` or `logical_not()` operator to invert a mask"
            )
        return self.wrap(elementwise(op_named("negative"), self))

    def __pos__(self) -> Self:
        return self

    def __abs__(self) -> Self:
        return self.abs()

    def __invert__(self) -> Self:
        """The bits, or truth values, inverted. Raises TypeError for other dtypes."""
        if self.recipe.dtype.kind not in "biu":
            raise TypeError(
                "invert: ~ (operator.invert) is only implemented on integer and "
                f"Boolean-type tensors; {self.recipe.dtype.name} was given"
            )
        return self.wrap(elementwise(op_named("invert"), self))

    # -- arithmetic ---------------------------------------------------------------
    def add(self, other: Any, *, alpha: Number = 1) -> Self:
        """``self + alpha * other``."""
        return self.wrap(elementwise(op_named("add"), self, scaled(other, alpha)))

    def sub(self, other: Any, *, alpha: Number = 1) -> Self:
        """``self - alpha * other``.

        Raises RuntimeError for two bool tensors.
        """
        if self.recipe.dtype.kind == "b" and is_bool(other):
            raise RuntimeError(
                "sub: Subtraction, the `-` operator, with two bool tensors is not "
                "supported; use the `^` or `logical_xor()` operator"
            )
        return self.wrap(elementwise(op_named("subtract"), self, scaled(other, alpha)))

    subtract = sub

    def rsub(self, other: Any, *, alpha: Number = 1) -> Self:
        """``other - alpha * self``."""
        if self.recipe.dtype.kind == "b":
            raise RuntimeError(
                "rsub: Subtraction, the `-` operator, with a bool tensor is not "
                "supported; use the `~` or `logical_not()` operator for a mask"
            )
        return self.wrap(elementwise(op_named("subtract"), other, scaled(self, alpha)))

    def pow(self, exponent: Any) -> Self:
        """This tensor to a power.

        Raises RuntimeError for integers to a negative Python integer.
        """
        whole = self.recipe.dtype.kind in "biu" and isinstance(exponent, int)
        if whole and exponent < 0:
            raise RuntimeError(
                "pow: an exponent of at least 0 was required for integers; "
                f"{exponent} was given: Integers to negative integer powers are not "
                "allowed."
            )
        if exponent.__class__ in (int, float) and exponent == 2:
            if self.recipe.dtype.kind in "iu" and isinstance(exponent, float):
                return self.wrap(elementwise(op_named("power"), self, exponent))
            return self.square()
        return self.wrap(elementwise(op_named("power"), self, exponent))

    def div(self, other: Any, *, rounding_mode: str | None = None) -> Self:
        """The quotient; `rounding_mode` is None, "floor" or "trunc"."""
        if rounding_mode == "floor":
            return self.floor_divide(other)
        if rounding_mode not in (None, "trunc"):
            raise RuntimeError(
                "div: rounding_mode None, 'trunc' or 'floor' was required; "
                f"{rounding_mode!r} was given"
            )
        quotient = elementwise(op_named("divide"), self, other, floating=True)
        if rounding_mode is None:
            return self.wrap(quotient)
        whole = elementwise(op_named("floor_divide"), self, other).dtype
        return self.wrap(cast(op_named("trunc")(quotient), whole))

    divide = div
    true_divide = _binary("divide", "The quotient.", floating=True)
    mul = _binary("multiply", "The product of each pair of elements.")
    multiply = mul
    floor_divide = _binary("floor_divide", "The quotient, rounded down.")
    remainder = _binary("remainder", "The remainder with the sign of the divisor.")
    fmod = _binary("fmod", "The remainder with the sign of the dividend.")
    maximum = _binary("maximum", "The larger of each pair of elements.")
    minimum = _binary("minimum", "The smaller of each pair of elements.")
    fmax = _binary("fmax", "The larger of each pair; NaN counts as missing.")
    fmin = _binary("fmin", "The smaller of each pair; NaN counts as missing.")
    atan2 = _binary("arctan2", "The angle of the point (other, self).", floating=True)
    arctan2 = atan2
    hypot = _binary("hypot", "The length of the vector (self, other).", floating=True)
    logaddexp = _binary("logaddexp", "log(exp(self) + exp(other)).", floating=True)
    copysign = _binary("copysign", "self with the signs of other.", floating=True)

    # -- mathematics --------------------------------------------------------------
    neg = __neg__
    negative = __neg__
    abs = _unary("absolute", "Magnitudes.")
    absolute = abs
    exp = _unary("exp", "e to the power of each element.", floating=True)
    exp2 = _unary("exp2", "2 to the power of each element.", floating=True)
    expm1 = _unary("expm1", "exp(x) - 1, accurate near 0.", floating=True)
    log = _unary("log", "Natural logarithms.", floating=True)
    log2 = _unary("log2", "Logarithms to base 2.", floating=True)
    log10 = _unary("log10", "Logarithms to base 10.", floating=True)
    log1p = _unary("log1p", "log(1 + x), accurate near 0.", floating=True)
    sqrt = _unary("sqrt", "Square roots.", floating=True)
    rsqrt = _unary("rsqrt", "1 / sqrt(x).", floating=True)
    sin = _unary("sin", "Sines.", floating=True)
    cos = _unary("cos", "Cosines.", floating=True)
    tan = _unary("tan", "Tangents.", floating=True)
    asin = _unary("arcsin", "Arc sines.", floating=True)
    acos = _unary("arccos", "Arc cosines.", floating=True)
    atan = _unary("arctan", "Arc tangents.", floating=True)
    sinh = _unary("sinh", "Hyperbolic sines.", floating=True)
    cosh = _unary("cosh", "Hyperbolic cosines.", floating=True)
    tanh = _unary("tanh", "Hyperbolic tangents.", floating=True)
    asinh = _unary("arcsinh", "Inverse hyperbolic sines.", floating=True)
    acosh = _unary("arccosh", "Inverse hyperbolic cosines.", floating=True)
    atanh = _unary("arctanh", "Inverse hyperbolic tangents.", floating=True)
    arcsin, arccos, arctan = asin, acos, atan
    square = _unary("square", "Squares.")
    sign = _unary("sign", "Signs: -1, 0 or 1.")
    isnan = _unary("isnan", "Where elements are NaN.")
    isinf = _unary("isinf", "Where elements are infinite.")
    isfinite = _unary("isfinite", "Where elements are neither infinite nor NaN.")
    logical_not = _unary("logical_not", "Where elements are 0.")
    bitwise_not = __invert__
    erf = _unary("erf", "The error function.", floating=True)
    erfc = _unary("erfc", "1 - erf(x), accurate for large x.", floating=True)
    floor = _unary("floor", "The largest integers that are not above.")
    ceil = _unary("ceil", "The smallest integers that are not below.")
    trunc = _unary("trunc", "The integer parts.")
    sigmoid = _unary("sigmoid", "1 / (1 + exp(-x)).", floating=True)
    reciprocal = _unary("reciprocal", "1 / x.", floating=True)
    lgamma = _unary("lgamma", "Logarithms of the gamma function.", floating=True)
    deg2rad = _unary("deg2rad", "Degrees as radians.", floating=True)
    rad2deg = _unary("rad2deg", "Radians as degrees.", floating=True)

    def round(self, *, decimals: int = 0) -> Self:
        """The nearest integers, halves to the even one; or so many decimals."""
        if decimals == 0:
            return self.wrap(elementwise(op_named("rint"), self))
        scale = 10.0**decimals
        return self.wrap(op_named("rint")(self.read() * scale) / scale)

    def relu(self) -> Self:
        """Negative elements replaced by 0; the gradient at 0 is 0."""
        rectified: Self = _relu(self)
        return rectified

    def logit(self, eps: float | None = None) -> Self:
        """log(x / (1 - x)), with x limited to [eps, 1 - eps]."""
        x = self if eps is None else self.clamp(eps, 1.0 - eps)
        odds: Self = x / (1.0 - x)
        return odds.log()

    # -- with several operands ----------------------------------------------------
    def clamp(self, min: Any = None, max: Any = None) -> Self:
        """Elements limited to [min, max]; either may be left out."""
        if min is None and max is None:
            raise RuntimeError("clamp: At least one of 'min' or 'max' must not be None")
        if min is not None and max is not None:
            return self.wrap(elementwise(op_named("clip"), self, min, max))
        limit, order = (min, "less") if max is None else (max, "greater")
        outside = elementwise(op_named(order), self, limit)
        limited: Self = where(self.wrap(outside), limit, self)
        return limited

    clip = clamp

    def clamp_min(self, min: Any) -> Self:
        """Elements limited to [min, infinity)."""
        return self.clamp(min=min)

    def clamp_max(self, max: Any) -> Self:
        """Elements limited to (-infinity, max]."""
        return self.clamp(max=max)

    def where(self, condition: Any, other: Any) -> Self:
        """This tensor where a condition holds, `other` elsewhere."""
        chosen: Self = where(condition, self, other)
        return chosen

    def masked_fill(self, mask: Any, value: Any) -> Self:
        """`value` where a mask holds, this tensor elsewhere, in its dtype."""
        # What integers and numbers meet in may be another dtype each time.
        plain = self.recipe.dtype.kind == "f" and isinstance(value, (int, float))
        made: Self = (_masked_fill if plain else _masked_fill.function)(
            self, mask, value
        )
        return made

    def lerp(self, end: Any, weight: Any) -> Self:
        """``self + weight * (end - self)``."""
        return self.add((end - self) * weight)

    def addcmul(self, tensor1: Any, tensor2: Any, *, value: Number = 1) -> Self:
        """``self + value * tensor1 * tensor2``."""
        return self.add(scaled(tensor1, value) * tensor2)

    def addcdiv(self, tensor1: Any, tensor2: Any, *, value: Number = 1) -> Self:
        """``self + value * tensor1 / tensor2``."""
        return self.add(scaled(tensor1, value) / tensor2)

    # -- comparison and logic -----------------------------------------------------
    lt = less = _binary("less", "Where self < other.")
    le = less_equal = _binary("less_equal", "Where self <= other.")
    gt = greater = _binary("greater", "Where self > other.")
    ge = greater_equal = _binary("greater_equal", "Where self >= other.")
    eq = _binary("equal", "Where self == other.")
    ne = not_equal = _binary("not_equal", "Where self != other.")
    logical_and = _binary("logical_and", "Where both are true.")
    logical_or = _binary("logical_or", "Where at least one is true.")
    logical_xor = _binary("logical_xor", "Where exactly one is true.")
    bitwise_and = _binary("bitwise_and", "Bits set in both.")
    bitwise_or = _binary("bitwise_or", "Bits set in at least one.")
    bitwise_xor = _binary("bitwise_xor", "Bits set in exactly one.")
    bitwise_left_shift = _binary("left_shift", "Bits moved to the left.")
    bitwise_right_shift = _binary("right_shift", "Bits moved to the right.")

    def isclose(
        self,
        other: Any,
        rtol: float = 1e-05,
        atol: float = 1e-08,
        equal_nan: bool = False,
    ) -> Self:
        """Where ``|self - other| <= atol + rtol * |other|``."""
        difference = self.sub(other).abs()
        bound = atol + rtol * abs(other)
        near = difference.isfinite().logical_and(difference.le(bound))
        close = self.eq(other).logical_or(near)
        if equal_nan:
            close = close.logical_or(self.ne(self).logical_and(other != other))
        return close

    def allclose(
        self,
        other: Any,
        rtol: float = 1e-05,
        atol: float = 1e-08,
        equal_nan: bool = False,
    ) -> bool:
        """Whether all elements are close, see `isclose`."""
        return bool(self.isclose(other, rtol, atol, equal_nan).computed().all())

    def equal(self, other: Array) -> bool:
        """Whether shapes and all elements are equal."""
        if self.recipe.shape != other.recipe.shape:
            return False
        return bool(np.array_equal(self.computed(), other.computed()))


@Once
def _relu(x: Any) -> Any:
    return x.wrap(composites.relu(x.read()))


@Once
def _masked_fill(x: Any, mask: Any, value: Any) -> Any:
    return x.wrap(cast(where(mask, value, x).read(), x.recipe.dtype))


def where(condition: Any, input: Any, other: Any) -> Any:
    """`input` where a condition holds, `other` elsewhere."""
    if isinstance(condition, Array) and condition.recipe.dtype.kind != "b":
        raise RuntimeError(
            named(
                "expected condition to be a boolean tensor, but got a tensor with "
                f"dtype {condition.recipe.dtype.name}"
            )
        )
    mask = as_value(condition)
    dtype = common_dtype("where", input, other)
    values = [operand(x, dtype) for x in (input, other)]
    check_devices("where", mask, *values)
    check_broadcast("where", [mask.shape, *(x.shape for x in values)])
    face = next(x for x in (input, other, condition) if isinstance(x, Elementwise))
    return face.wrap(op_named("where")(mask, *values))
