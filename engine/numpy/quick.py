"""Functions of this face that native code does where it can, as it did them before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from engine.recipe import Recipe
from engine.steps import Step

MOST = 10_000
"""So many ways to join arrays are remembered; past this many all are forgotten."""

joins: dict[tuple[int | Recipe, ...], tuple[Step, ...]] = {}
"""How arrays of some layouts, all in C order, are joined along an axis."""


class Native(NamedTuple):
    """Native code: ``counted(start, stop, step)``, ``joined(arrays, axis)`` or None."""

    counted: Callable[[Any, Any, Any], Any]
    joined: Callable[[Any, Any], Any]


_native: list[Native] = []


def use_native(functions: tuple[Any, Any] | None) -> None:
    """Let native code do what it can, or nothing."""
    _native[:] = [] if functions is None else [Native(*functions)]


def counted(start: Any, stop: Any, step: Any) -> Any:
    """`arange` of integers, where native code makes it; else None."""
    return _native[0].counted(start, stop, step) if _native else None


def joined(arrays: Any, axis: Any) -> Any:
    """Arrays joined as others like them were before; None where none were."""
    return _native[0].joined(arrays, axis) if _native else None


def remember_join(
    axis: int, recipes: Sequence[Recipe], steps: tuple[Step, ...]
) -> None:
    """Remember the steps that join arrays of these layouts along an axis."""
    if len(joins) >= MOST:
        joins.clear()
    joins[axis, *recipes] = steps
