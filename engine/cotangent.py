"""Cotangents: gradients that know in which elements they count.

A cotangent stands for ``where(mask, grad, 0)``. Local rules see only `grad`; the engine
moves the mask and selects as late as it can, so that a branch not taken contributes
nothing, even where its gradient is infinite or NaN.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from engine.recipe import Recipe
from engine.record.registry import REGISTRY
from engine.record.value import Value


class Cotangent:
    """``where(mask, grad, 0)``; `clean` says that grad is 0 outside already."""

    __slots__ = ("clean", "grad", "mask")

    def __init__(
        self, grad: Value, mask: Value | None = None, clean: bool = True
    ) -> None:
        self.grad = grad
        self.mask = mask
        self.clean = clean or mask is None

    def replace(
        self, grad: Value, mask: Value | None = None, clean: bool | None = None
    ) -> Cotangent:
        """Another gradient and mask, as clean as this one unless said otherwise."""
        return Cotangent(grad, mask, self.clean if clean is None else clean)


class AtRegion(NamedTuple):
    """A contribution to a region of an operand's flat memory."""

    cotangent: Cotangent
    recipe: Recipe


class AtPositions(NamedTuple):
    """A contribution to flat positions of an operand, repeated ones each time."""

    cotangent: Cotangent
    positions: Value


Contribution: TypeAlias = Cotangent | AtRegion | AtPositions


def settle(cotangent: Cotangent) -> Value:
    """The plain gradient: the select is made here, if it is still pending."""
    if cotangent.clean or cotangent.mask is None:
        return cotangent.grad
    return REGISTRY["where"](cotangent.mask, cotangent.grad, 0.0)
