"""Operators of tensors, and elementwise methods that are more than one op."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self, TypeVar

import numpy as np

from engine.array import Array
from engine.ops.op import cast
from engine.record.forms import form
from engine.torch.choices import Choices
from engine.torch.mathematics import documented
from engine.torch.operands import (
    OPERANDS,
    Number,
    elementwise,
    is_bool,
    op_named,
    scaled,
)

T = TypeVar("T", bound="Elementwise")


def _operator(name: str, *, floating: bool = False) -> Callable[[T, Any], T]:
    """A binary operator: it leaves operands that it does not know to the other."""

    @form(name, 2)
    def method(self: T, other: Any) -> Any:
        if not isinstance(other, OPERANDS):
            return NotImplemented
        return self.wrap(elementwise(op_named(name), self, other, floating=floating))

    return documented(method, name, f"Operator {name}.")


def _reflected(name: str, *, floating: bool = False) -> Callable[[T, Any], T]:
    """A binary operator with the operands swapped."""

    @form(name, 2, reflected=True)
    def method(self: T, other: Any) -> Any:
        if not isinstance(other, OPERANDS):
            return NotImplemented
        return self.wrap(elementwise(op_named(name), other, self, floating=floating))

    return documented(method, name, f"Operator {name}, reflected.")


class Elementwise(Choices):
    """Operators and arithmetic, element by element."""

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
        """``self + alpha * other``.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([1.0, 2.0]).add(engine.tensor([3.0, 4.0]), alpha=10)
        tensor([31., 42.])
        """
        return self.wrap(elementwise(op_named("add"), self, scaled(other, alpha)))

    def sub(self, other: Any, *, alpha: Number = 1) -> Self:
        """``self - alpha * other``.

        Raises RuntimeError for two bool tensors.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([5, 6]).sub(2)
        tensor([3, 4])
        """
        if self.recipe.dtype.kind == "b" and is_bool(other):
            raise RuntimeError(
                "sub: Subtraction, the `-` operator, with two bool tensors is not "
                "supported; use the `^` or `logical_xor()` operator"
            )
        return self.wrap(elementwise(op_named("subtract"), self, scaled(other, alpha)))

    subtract = sub

    def rsub(self, other: Any, *, alpha: Number = 1) -> Self:
        """``other - alpha * self``.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([5, 6]).rsub(2)
        tensor([-3, -4])
        """
        if self.recipe.dtype.kind == "b":
            raise RuntimeError(
                "rsub: Subtraction, the `-` operator, with a bool tensor is not "
                "supported; use the `~` or `logical_not()` operator for a mask"
            )
        return self.wrap(elementwise(op_named("subtract"), other, scaled(self, alpha)))

    def pow(self, exponent: Any) -> Self:
        """This tensor to a power.

        Raises RuntimeError for integers to a negative Python integer.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([2.0, 3.0]).pow(2)
        tensor([4., 9.])
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
        """The quotient; `rounding_mode` is None, "floor" or "trunc".

        Examples
        --------
        >>> import engine
        >>> x = engine.tensor([7.0, -7.0])
        >>> x.div(2), x.div(2, rounding_mode="floor"), x.div(2, rounding_mode="trunc")
        (tensor([ 3.5000, -3.5000]), tensor([ 3., -4.]), tensor([ 3., -3.]))
        """
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

    # -- mathematics --------------------------------------------------------------
    neg = __neg__
    negative = __neg__
    bitwise_not = __invert__

    def round(self, *, decimals: int = 0) -> Self:
        """The nearest integers, halves to the even one; or so many decimals.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([0.5, 1.5, 2.345]).round(decimals=1)
        tensor([0.5000, 1.5000, 2.3000])
        """
        if decimals == 0:
            if self.recipe.dtype.kind in "biu":
                return self.clone()  # type: ignore[no-any-return, attr-defined]
            return self.wrap(elementwise(op_named("rint"), self))
        scale = 10.0**decimals
        return self.wrap(op_named("rint")(self.read() * scale) / scale)

    def logit(self, eps: float | None = None) -> Self:
        """log(x / (1 - x)), with x limited to [eps, 1 - eps].

        Examples
        --------
        >>> import engine
        >>> engine.tensor([0.5, 0.9]).logit()
        tensor([0.0000, 2.1972])
        """
        x = self if eps is None else self.clamp(eps, 1.0 - eps)
        odds: Self = x / (1.0 - x)
        return odds.log()

    # -- with several operands ----------------------------------------------------
    def lerp(self, end: Any, weight: Any) -> Self:
        """``self + weight * (end - self)``.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([0.0, 10.0]).lerp(engine.tensor([1.0, 20.0]), 0.5)
        tensor([ 0.5000, 15.0000])
        """
        return self.add((end - self) * weight)

    def addcmul(self, tensor1: Any, tensor2: Any, *, value: Number = 1) -> Self:
        """``self + value * tensor1 * tensor2``.

        Examples
        --------
        >>> import engine
        >>> x = engine.tensor([1.0, 2.0])
        >>> engine.ones(2).addcmul(x, engine.tensor([3.0, 4.0]), value=0.5)
        tensor([2.5000, 5.0000])
        """
        return self.add(scaled(tensor1, value) * tensor2)

    def addcdiv(self, tensor1: Any, tensor2: Any, *, value: Number = 1) -> Self:
        """``self + value * tensor1 / tensor2``.

        Examples
        --------
        >>> import engine
        >>> engine.ones(2).addcdiv(engine.tensor([1.0, 2.0]), engine.tensor([4.0, 4.0]))
        tensor([1.2500, 1.5000])
        """
        return self.add(scaled(tensor1, value) / tensor2)

    # -- comparison and logic -----------------------------------------------------

    def isclose(
        self,
        other: Any,
        rtol: float = 1e-05,
        atol: float = 1e-08,
        equal_nan: bool = False,
    ) -> Self:
        """Where ``|self - other| <= atol + rtol * |other|``.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([1.0, 2.0]).isclose(engine.tensor([1.000001, 2.1]))
        tensor([ True, False])
        """
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
        """Whether all elements are close, see `isclose`.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([1.0]).allclose(engine.tensor([1.000001]))
        True
        """
        return bool(self.isclose(other, rtol, atol, equal_nan).computed().all())

    def equal(self, other: Any) -> bool:
        """Whether shapes and all elements are equal.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([1, 2]).equal(engine.tensor([1, 2]))
        True
        """
        if not isinstance(other, Array):
            raise TypeError(
                f"equal: a tensor was required; {type(other).__name__} was given"
            )
        if self.recipe.shape != other.recipe.shape:
            return False
        return bool(np.array_equal(self.computed(), other.computed()))
