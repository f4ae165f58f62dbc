"""Many arrays at once: what they show, and new values for all of them.

An optimizer reads and writes some arrays for each parameter. Native code does as many
of them as it can, and they are all that a step needs to be looked at one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from engine.array import Array
from engine.record.value import Value


class Native(NamedTuple):
    """Native code, which begins with the first array and may end before the last.

    ``read_first(arrays)`` gives values, ``renew_first(arrays, values)`` and
    ``forget_first(arrays)`` their number. The others are functions of this module.
    """

    read_first: Callable[[list[Array]], list[Value]]
    renew_first: Callable[[list[Array], list[Value]], int]
    forget_first: Callable[[list[Array]], int]
    values_again: Callable[[Any, Any, Any], list[Value] | None]
    counted_again: Callable[[Any, Any], bool]


_native: list[Native] = []


def use_native(functions: Native | None) -> None:
    """Let native code do what it can, or nothing."""
    _native[:] = [] if functions is None else [functions]


def read_all(arrays: list[Array]) -> list[Value]:
    """``[x.read() for x in arrays]``."""
    values = _native[0].read_first(arrays) if _native else []
    values += [x.read() for x in arrays[len(values) :]]
    return values


def renew_all(arrays: list[Array], values: list[Value]) -> None:
    """``x.renew(value)`` for all of them; within no_grad."""
    done = _native[0].renew_first(arrays, values) if _native else 0
    for x, value in zip(arrays[done:], values[done:], strict=True):
        x.renew(value)


def forget_grads(arrays: list[Array]) -> None:
    """``x.grad = None`` for all of them."""
    done = _native[0].forget_first(arrays) if _native else 0
    for x in arrays[done:]:
        x.grad = None


def values_again(
    entries: tuple[Any, ...], lists: list[Any], states: dict[Any, Any]
) -> list[Value] | None:
    """The values that a step reads if it reads those of the last one, else None.

    Parameters
    ----------
    entries : tuple of engine.optim.steps.Entry
    lists : list of list of Tensor
        The parameters of each group now.
    states : dict
        What is kept for them now.

    Returns
    -------
    list of Value or None
        For each parameter with a gradient, its value, those of what is kept for it, and
        that of the gradient. Only native code gives them: Python would not be quicker.
    """
    return _native[0].values_again(entries, lists, states) if _native else None


def counted_again(states: list[dict[str, Any]], steps: list[int]) -> bool:
    """Count one more step in all states, if they count those that are known.

    `steps` are what they counted, and what they count then. Native code does it, or
    nobody.
    """
    return bool(_native) and _native[0].counted_again(states, steps)
