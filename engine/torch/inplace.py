"""Methods of tensors that write into the tensor: their names end in ``_``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self, TypeVar

from engine.array import Array
from engine.errors import named
from engine.ops.op import cast
from engine.random import Generator, default_generator
from engine.record.forms import form
from engine.record.registry import REGISTRY
from engine.record.value import Value
from engine.torch.dtypes import storable
from engine.torch.elementwise import Elementwise
from engine.torch.operands import (
    OPERANDS,
    Number,
    as_value,
    elementwise,
    expanded,
    filled,
)

T = TypeVar("T", bound="InPlace")


def _in_place(name: str, *, floating: bool = False) -> Callable[..., Any]:
    """A method that writes the result of an elementwise op into its tensor."""

    op = REGISTRY[name]

    def method(self: T, *others: Any) -> T:
        made = elementwise(op, self, *others, floating=floating)
        return self._write(name + "_", made)

    method.__name__ = method.__qualname__ = name + "_"
    method.__doc__ = f"{name} with the result written into this tensor."
    return method


def _augmented(name: str, *, floating: bool = False) -> Callable[..., Any]:
    """An augmented assignment: it writes into its tensor."""
    op = REGISTRY[name]

    @form(name, 2, in_place=True)
    def method(self: T, other: Any) -> Any:
        if not isinstance(other, OPERANDS):
            return NotImplemented
        return self._write(name + "_", elementwise(op, self, other, floating=floating))

    return method


class InPlace(Elementwise):
    """Writing into tensors. Gradients flow through it; leaves refuse it."""

    __slots__ = ()

    def _write(self, name: str, value: Value) -> Self:
        """Store a result: cast to this dtype, broadcast to this shape.

        Raises RuntimeError when its category is higher or its shape does not fit.
        """
        own = self.recipe.dtype
        if value.dtype != own:
            if not storable(value.dtype, own):
                raise RuntimeError(
                    f"{name}: result type {_title(value)} can't be cast to the desired "
                    f"output type {own.name}"
                )
            value = cast(value, own)
        self._store_value(expanded(name, value, self.recipe.shape))
        return self

    def _store_value(self, value: Value) -> None:
        """Store a value of this dtype and shape; RuntimeError where none can be."""
        if not self.writeable:
            raise RuntimeError(
                named(
                    "memory that may be written to was required; a read-only array was "
                    "given; clone() it first"
                )
            )
        pairs = zip(self.recipe.shape, self.recipe.strides, strict=True)
        if self.recipe.size and any(s == 0 and n > 1 for n, s in pairs):
            raise RuntimeError(
                named(
                    "unsupported operation: more than one element of the written-to "
                    "tensor refers to a single memory location. Please clone() the "
                    "tensor before performing the operation."
                )
            )
        self.store(value)

    __iadd__ = _augmented("add")
    __imul__ = _augmented("multiply")
    __itruediv__ = _augmented("divide", floating=True)
    __ifloordiv__ = _augmented("floor_divide")
    __imod__ = _augmented("remainder")
    __ipow__ = _augmented("power")
    __iand__ = _augmented("bitwise_and")
    __ior__ = _augmented("bitwise_or")
    __ixor__ = _augmented("bitwise_xor")
    __ilshift__ = _augmented("left_shift")
    __irshift__ = _augmented("right_shift")

    @form("subtract", 2, in_place=True)
    def __isub__(self, other: Any) -> Self:
        if not isinstance(other, OPERANDS):
            return NotImplemented
        return self.sub_(other)

    # -- arithmetic ---------------------------------------------------------------
    def add_(self, other: Any, *, alpha: Number = 1) -> Self:
        """``self += alpha * other``."""
        return self._write("add_", self.add(other, alpha=alpha).read())

    def sub_(self, other: Any, *, alpha: Number = 1) -> Self:
        """``self -= alpha * other``."""
        return self._write("sub_", self.sub(other, alpha=alpha).read())

    def div_(self, other: Any, *, rounding_mode: str | None = None) -> Self:
        """``self /= other``."""
        return self._write("div_", self.div(other, rounding_mode=rounding_mode).read())

    def addcmul_(self, tensor1: Any, tensor2: Any, *, value: Number = 1) -> Self:
        """``self += value * tensor1 * tensor2``."""
        return self._write(
            "addcmul_", self.addcmul(tensor1, tensor2, value=value).read()
        )

    def addcdiv_(self, tensor1: Any, tensor2: Any, *, value: Number = 1) -> Self:
        """``self += value * tensor1 / tensor2``."""
        return self._write(
            "addcdiv_", self.addcdiv(tensor1, tensor2, value=value).read()
        )

    def lerp_(self, end: Any, weight: Any) -> Self:
        """``self += weight * (end - self)``."""
        return self._write("lerp_", self.lerp(end, weight).read())

    def clamp_(self, min: Any = None, max: Any = None) -> Self:
        """Limit the elements to [min, max]."""
        return self._write("clamp_", self.clamp(min, max).read())

    clip_ = clamp_

    def masked_fill_(self, mask: Any, value: Any) -> Self:
        """Store a number where a mask holds."""
        return self._write("masked_fill_", self.masked_fill(mask, value).read())

    mul_ = _in_place("multiply")
    pow_ = _in_place("power")
    floor_divide_ = _in_place("floor_divide")
    remainder_ = _in_place("remainder")
    neg_ = _in_place("negative")
    abs_ = _in_place("absolute")
    exp_ = _in_place("exp", floating=True)
    log_ = _in_place("log", floating=True)
    sqrt_ = _in_place("sqrt", floating=True)
    rsqrt_ = _in_place("rsqrt", floating=True)
    sin_ = _in_place("sin", floating=True)
    cos_ = _in_place("cos", floating=True)
    tanh_ = _in_place("tanh", floating=True)
    sigmoid_ = _in_place("sigmoid", floating=True)
    reciprocal_ = _in_place("reciprocal", floating=True)
    floor_ = _in_place("floor")
    ceil_ = _in_place("ceil")
    trunc_ = _in_place("trunc")
    square_ = _in_place("square")

    def round_(self) -> Self:
        """Round to integers, halves to the even one."""
        return self._write("round_", self.round().read())

    def relu_(self) -> Self:
        """Replace negative elements by 0."""
        return self._write("relu_", self.relu().read())

    # -- filling ------------------------------------------------------------------
    def fill_(self, value: Any) -> Self:
        """Store one number everywhere."""
        shape, dtype = self.recipe.shape, self.recipe.dtype
        if isinstance(value, Array):
            if value.recipe.shape:
                raise RuntimeError(
                    named(
                        "fill_ only supports 0-dimension value tensor but got tensor "
                        f"with {len(value.recipe.shape)} dimensions."
                    )
                )
            return self.copy_(value)
        self._store_value(filled(shape, value, dtype))
        return self

    def zero_(self) -> Self:
        """Store 0 everywhere."""
        return self.fill_(0)

    def copy_(self, src: Any) -> Self:
        """Store the elements of another tensor, cast and broadcast."""
        value = cast(as_value(src), self.recipe.dtype)
        self._store_value(expanded("copy_", value, self.recipe.shape))
        return self

    def uniform_(
        self, a: float = 0.0, b: float = 1.0, *, generator: Generator | None = None
    ) -> Self:
        """Store uniform random numbers in [a, b)."""
        self._require_floats("uniform_")
        source = generator or default_generator
        drawn = source.uniform(self.recipe.shape, self.recipe.dtype)
        return self._write("uniform_", drawn * (b - a) + a)

    def normal_(
        self,
        mean: float = 0.0,
        std: float = 1.0,
        *,
        generator: Generator | None = None,
    ) -> Self:
        """Store normal random numbers."""
        self._require_floats("normal_")
        source = generator or default_generator
        drawn = source.normal(self.recipe.shape, self.recipe.dtype)
        return self._write("normal_", drawn * std + mean)

    def _require_floats(self, name: str) -> None:
        """Raise where drawn numbers would lose their fractions."""
        if self.recipe.dtype.kind not in "fc":
            raise NotImplementedError(
                f"{name}: a floating dtype was required; {self.recipe.dtype.name} was "
                "given"
            )

    def fill_diagonal_(self, fill_value: Number) -> Self:
        """Store one number on the main diagonal of a matrix."""
        recipe = self.recipe
        if len(recipe.shape) != 2:
            raise RuntimeError(
                f"fill_diagonal_: a matrix was required; shape {list(recipe.shape)} "
                "was given"
            )
        length = min(recipe.shape)
        part = recipe._replace(shape=(length,), strides=(sum(recipe.strides),))
        self.store(filled((length,), fill_value, recipe.dtype), part)
        return self


def _title(value: Value) -> str:
    return value.dtype.name
