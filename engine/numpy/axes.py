"""Axes as they are given, and as they are counted."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np

from engine.errors import called, named, naming


def normal_axis(axis: Any, rank: int) -> int:
    """An axis that is not negative. Raises AxisError when it is out of bounds."""
    if type(axis) is not int:
        with naming():
            axis = index(axis)
    if not -rank <= axis < rank:
        raise np.exceptions.AxisError(axis, rank, called())
    return axis % rank if rank else 0


def strict_axis(axis: Any, rank: int) -> int:
    """`normal_axis` for those functions of NumPy that refuse booleans as axes."""
    return normal_axis(no_boolean(axis), rank)


def no_boolean(axis: Any) -> Any:
    """An axis; raises TypeError for a boolean, which is a misplaced argument."""
    if isinstance(axis, (bool, np.bool)):
        raise TypeError(named(f"an integer was required as axis; {axis} was given"))
    return axis


def order_letter(order: Any, default: str = "K") -> str:
    """An order of memory as NumPy reads it: ``"C"``, ``"F"``, ``"A"`` or ``"K"``.

    Raises TypeError for what is no text, and ValueError for another one.
    """
    if order is None:
        return default
    if not isinstance(order, (str, bytes)):
        raise TypeError(named(f"order must be str, not {type(order).__name__}"))
    letter = (order.decode() if isinstance(order, bytes) else order).upper()
    if letter not in ("C", "F", "A", "K"):
        raise ValueError(
            named(f"order must be one of 'C', 'F', 'A', or 'K' (got '{order!s}')")
        )
    return letter


def is_fortran(order: Any) -> bool:
    """Whether an order is ``"F"``; raises ValueError for others than that and "C"."""
    letter = order_letter(order, "C")
    if letter not in ("C", "F"):
        raise ValueError(
            named(f"only 'C' or 'F' order is permitted; {order!r} was given")
        )
    return letter == "F"
