"""What to say about a name that this face does not have."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import numpy as np


def nearest_message(name: str, known: Sequence[str]) -> str:
    """The message of the AttributeError for a missing name.

    Examples
    --------
    >>> nearest_message("arrange", ["arange", "zeros"])
    "module 'engine.numpy' has no attribute 'arrange'; the nearest is 'arange'"
    """
    message = f"module 'engine.numpy' has no attribute {name!r}"
    if hasattr(np, name) and not name.startswith("_"):
        message += ", which NumPy has: it is not provided"
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"{message}; the nearest is {close[0]!r}" if close else message
