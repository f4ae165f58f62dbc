"""Errors in one form: ``op: what was required; what was given; where``."""

from __future__ import annotations

import os
import sys
from typing import Any, NoReturn

_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_KERNELS = os.path.dirname(os.path.realpath(os.path.join(_PACKAGE, "kernels")))
_KERNELS = os.path.join(_KERNELS, "kernels") + os.sep
_DEMO = os.path.join(_PACKAGE, "demo") + os.sep


class Unfinished(Exception):
    """Some values could not be computed; those that do not depend on them were.

    Attributes
    ----------
    error : Exception
        What went wrong first.
    outputs : dict of int to ndarray
        The buffers of the values that were computed, by number.
    """

    def __init__(self, error: Exception, outputs: dict[int, Any]) -> None:
        super().__init__(error)
        self.error = error
        self.outputs = outputs


def user_line() -> str:
    """``file:line`` of the innermost frame that is not part of Engine."""
    frame = sys._getframe(1)
    while frame.f_back is not None and _is_ours(frame.f_code.co_filename):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _is_ours(filename: str) -> bool:
    # The demo is a user: its lines are what explain shows.
    if filename.startswith(_DEMO):
        return False
    return filename.startswith((_PACKAGE, _KERNELS, "<"))


def broadcast_error(op: str, shapes: list[tuple[int, ...]]) -> NoReturn:
    """Raise the ValueError that names the first axis that does not broadcast."""
    rank = max(len(shape) for shape in shapes)
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    for axis in reversed(range(rank)):
        extents = [shape[axis] for shape in padded]
        if len({n for n in extents if n != 1}) > 1:
            given = " and ".join(str(shape) for shape in shapes)
            sides = ", ".join(str(n) for n in extents)
            raise ValueError(
                f"{op}: operands could not be broadcast together: their extents must "
                f"be equal or 1; shapes {given} were given; axis {axis - rank} has "
                f"{sides}"
            )
    raise AssertionError("shapes broadcast")
