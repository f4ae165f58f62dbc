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
