"""Functions that are given piece by piece."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import engine.numpy.handle as face
from engine.errors import named

from .creation import zeros, zeros_like

__all__ = ["piecewise"]


def piecewise(
    x: Any, condlist: Any, funclist: Sequence[Any], *args: Any, **kw: Any
) -> Any:
    """A function given piece by piece: each piece is given the elements that it is for.

    It is called where there are none, too: how many there are is not looked at.

    Examples
    --------
    >>> import engine.numpy as np
    >>> x = np.array([-2.0, 3.0])
    >>> np.piecewise(x, [x < 0, x >= 0], [lambda x: -x, lambda x: x * 10])
    array([ 2., 30.])
    """
    array = face.asarray(x)
    conditions = _conditions(condlist, array)
    pieces = list(funclist)
    if len(pieces) == len(conditions) + 1:
        others = zeros(array.shape, bool)
        for condition in conditions:
            others = others | condition
        conditions.append(~others)
    elif len(pieces) != len(conditions):
        raise ValueError(
            named(
                f"with {len(conditions)} condition(s), either {len(conditions)} or "
                f"{len(conditions) + 1} functions are expected"
            )
        )
    result = zeros_like(array)
    for condition, piece in zip(conditions, pieces, strict=True):
        chosen = piece(array[condition], *args, **kw) if callable(piece) else piece
        result[condition] = chosen
    return result


def _conditions(condlist: Any, array: face.ndarray) -> list[face.ndarray]:
    """Conditions as boolean arrays; one alone need not be in a list."""
    alone = not isinstance(condlist, (list, tuple)) and np.ndim(condlist) == 0
    if not alone and array.ndim:
        alone = np.ndim(condlist[0]) == 0
    given = [condlist] if alone else condlist
    return [face.asarray(condition).astype(bool) for condition in given]
