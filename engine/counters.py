"""Counters behind `engine.stats()`."""

from __future__ import annotations

import threading

_NAMES = (
    "ops_recorded",
    "launches",
    "interpreted_ops",
    "synchronisations",
)
_counts = dict.fromkeys(_NAMES, 0)
_lock = threading.Lock()


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
        return dict(_counts)


def reset() -> None:
    """Set every count to 0."""
    with _lock:
        for name in _NAMES:
            _counts[name] = 0
