"""Arrays that may share memory: what real and simulated device arrays do alike."""

from __future__ import annotations

import sys
from copy import copy
from typing import Any, Self


class Sharing:
    """An array over `memory`, which others may hold, too."""

    shape: tuple[int, ...]
    memory: Any

    @property
    def exclusive(self) -> bool:
        """Whether no other array shares this memory."""
        return sys.getrefcount(self.memory) <= 2  # our slot, getrefcount's argument

    def reshape(self, shape: tuple[int, ...]) -> Self:
        """The same memory under another shape of as many elements."""
        other = copy(self)
        other.shape = shape
        return other
