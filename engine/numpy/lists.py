"""Arrays of the lists that most are made of: numbers, and arrays of no axes."""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine.record.value import constant

_NUMBERS = frozenset((float, int))
_LISTS = frozenset((list,))


def of_list(given: list[Any]) -> face.ndarray | None:
    """An array of a list of floats and integers, or of lists of them, as most are.

    So are scalars among them. None for others, which take longer to look at.
    """
    kinds = set(map(type, given))
    if kinds == _LISTS:
        kinds = set(map(type, chain.from_iterable(given)))
    if not kinds <= _NUMBERS:
        return _of_scalars(given) if face.ndarray in kinds else None
    if not kinds:
        return None
    try:
        source = np.array(given)
    except ValueError:  # of several lengths
        return None
    return face.ndarray.wrap(constant(source)) if source.dtype.char in "ld" else None


def _of_scalars(given: list[Any]) -> face.ndarray | None:
    """An array of a list of handles of no axes and numbers; None for other lists.

    What needs a gradient is stacked elsewhere.
    """
    numbers: list[Any] = []
    for x in given:
        if type(x) is face.ndarray:
            if x.recipe.shape or x.requires_grad:
                return None
            numbers.append(x.computed()[()])
        elif type(x) in _NUMBERS:
            numbers.append(x)
        else:
            return None
    source = np.array(numbers)
    return face.ndarray.wrap(constant(source)) if source.dtype.kind in "biufc" else None
