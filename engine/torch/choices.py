"""Methods of tensors that choose between elements: limits, masks, conditions."""

from __future__ import annotations

from typing import Any, Self

from engine import composites
from engine.array import Array
from engine.errors import named
from engine.ops.op import cast
from engine.torch.mathematics import Mathematics
from engine.torch.once import Once
from engine.torch.operands import (
    as_value,
    check_broadcast,
    check_devices,
    common_dtype,
    elementwise,
    op_named,
    operand,
)


class Choices(Mathematics):
    """Limiting elements, and choosing them by conditions."""

    __slots__ = ()

    def relu(self) -> Self:
        """Negative elements replaced by 0; the gradient at 0 is 0.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([-1.0, 2.0]).relu()
        tensor([0., 2.])
        """
        rectified: Self = _relu(self)
        return rectified

    def clamp(self, min: Any = None, max: Any = None) -> Self:
        """Elements limited to [min, max]; either may be left out.

        Examples
        --------
        >>> import engine
        >>> engine.tensor([-2.0, 0.5, 3.0]).clamp(0.0, 1.0)
        tensor([0.0000, 0.5000, 1.0000])
        """
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
        """Elements limited to [min, infinity).

        Examples
        --------
        >>> import engine
        >>> engine.tensor([-2.0, 0.5]).clamp_min(0.0)
        tensor([0.0000, 0.5000])
        """
        return self.clamp(min=min)

    def clamp_max(self, max: Any) -> Self:
        """Elements limited to (-infinity, max].

        Examples
        --------
        >>> import engine
        >>> engine.tensor([0.5, 3.0]).clamp_max(1.0)
        tensor([0.5000, 1.0000])
        """
        return self.clamp(max=max)

    def where(self, condition: Any, other: Any) -> Self:
        """This tensor where a condition holds, `other` elsewhere.

        Examples
        --------
        >>> import engine
        >>> x = engine.tensor([-2.0, 3.0])
        >>> x.where(x > 0, 0.0)
        tensor([0., 3.])
        """
        chosen: Self = where(condition, self, other)
        return chosen

    def masked_fill(self, mask: Any, value: Any) -> Self:
        """`value` where a mask holds, this tensor elsewhere, in its dtype.

        Examples
        --------
        >>> import engine
        >>> x = engine.tensor([-2.0, 3.0])
        >>> x.masked_fill(x < 0, 9.0)
        tensor([9., 3.])
        """
        # What integers and numbers meet in may be another dtype each time.
        plain = self.recipe.dtype.kind == "f" and isinstance(value, (int, float))
        made: Self = (_masked_fill if plain else _masked_fill.function)(
            self, mask, value
        )
        return made


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
    face = next(x for x in (input, other, condition) if isinstance(x, Mathematics))
    return face.wrap(op_named("where")(mask, *values))
