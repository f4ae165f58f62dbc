"""Counters behind `engine.stats()`."""

from __future__ import annotations

import ctypes
from typing import Final

from engine.kernels.locks import new_lock

_NAMES = ("ops_recorded", "synchronisations", "launches", "interpreted_ops")
_counts = dict.fromkeys(_NAMES, 0)
_lock = new_lock()

NATIVE: Final = (ctypes.c_int64 * len(_NAMES))()
"""What native code adds to these counts, in this order, while it has the GIL."""


def add(name: str, amount: int = 1) -> None:
    """Count `amount` more of `name`."""
    with _lock:
        _counts[name] += amount


def add_flush(ops: int) -> None:
    """Count a synchronisation, and the ops that had been recorded until then."""
    with _lock:
        _counts["synchronisations"] += 1
        _counts["ops_recorded"] += ops


def read() -> dict[str, int]:
    """All counts since the start or the last `reset`."""
    with _lock:
        counted = dict(_counts)
        for name, amount in zip(_NAMES, NATIVE, strict=True):
            counted[name] += amount
        return counted


def reset() -> None:
    """Set every count to 0."""
    with _lock:
        for name in _NAMES:
            _counts[name] = 0
        NATIVE[:] = [0] * len(_NAMES)
