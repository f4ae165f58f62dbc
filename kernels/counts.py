"""What the kernel layer has done since the start: plain counters.

Increments are not atomic between threads; a figure may be a few too low under heavy
threading, which is what a counter on the hot path is worth.
"""

from __future__ import annotations


class Counts:
    """Kernels compiled, kept on disk and loaded from there, and launches."""

    __slots__ = ("compiled", "kept", "launches", "loaded")

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Set every counter to zero."""
        self.compiled = 0
        self.kept = 0
        self.loaded = 0
        self.launches = 0

    def as_dict(self) -> dict[str, int]:
        """The counts, under the names that ``engine.stats()`` uses."""
        return {
            "kernels_compiled": self.compiled,
            "kernels_loaded": self.loaded,
            "launches": self.launches,
        }


COUNTS = Counts()
