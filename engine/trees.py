"""Nested lists, tuples and dicts of arrays: taken apart, and put together again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from engine.array import Array

Rebuild: TypeAlias = Callable[[Sequence[Any]], Any]


def flatten(tree: Any, is_leaf: Callable[[Any], bool]) -> tuple[list[Any], Rebuild]:
    """The leaves of a tree in order, and what makes a tree of other leaves.

    Examples
    --------
    >>> leaves, rebuild = flatten({"a": 1, "b": (2, [3])}, lambda x: type(x) is int)
    >>> leaves
    [1, 2, 3]
    >>> rebuild([10, 20, 30])
    {'a': 10, 'b': (20, [30])}
    """
    leaves: list[Any] = []
    plan = _plan(tree, is_leaf, leaves)
    return leaves, lambda others: _build(plan, iter(others))


_LEAF = object()


def _plan(tree: Any, is_leaf: Callable[[Any], bool], leaves: list[Any]) -> Any:
    """The tree with a mark in the place of each leaf; leaves are appended."""
    if is_leaf(tree):
        leaves.append(tree)
        return _LEAF
    if isinstance(tree, dict):
        return {key: _plan(item, is_leaf, leaves) for key, item in tree.items()}
    if isinstance(tree, (list, tuple)):
        return _like(tree, [_plan(item, is_leaf, leaves) for item in tree])
    return tree


def _build(plan: Any, leaves: Any) -> Any:
    if plan is _LEAF:
        return next(leaves)
    if isinstance(plan, dict):
        return {key: _build(item, leaves) for key, item in plan.items()}
    if isinstance(plan, (list, tuple)):
        return _like(plan, [_build(item, leaves) for item in plan])
    return plan


def _like(tree: Any, items: list[Any]) -> Any:
    """Items as a sequence of the tree's type, named tuples included."""
    if hasattr(tree, "_fields"):
        return type(tree)(*items)
    return tuple(items) if isinstance(tree, tuple) else items


def is_array(x: Any) -> bool:
    """Whether `x` is an array of either face."""
    return isinstance(x, Array)
