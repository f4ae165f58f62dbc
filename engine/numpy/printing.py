"""How arrays print: as NumPy's do. Looking computes."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.array import Array


class Printing(Array):
    """repr, str and format."""

    __slots__ = ()

    def _shown(self) -> Any:
        array = self.computed()
        return array[()] if self.scalar else array

    def __repr__(self) -> str:
        text = repr(self._shown())
        if not self.requires_grad:
            return text
        # A scalar prints as np.float64(1.0): both forms end in a bracket.
        return f"{text[:-1]}, requires_grad=True)"

    def __str__(self) -> str:
        return str(self._shown())

    def __format__(self, spec: str) -> str:
        shown = self._shown()
        if isinstance(shown, np.ndarray) and shown.ndim == 0:
            shown = shown.item()
        return format(shown, spec)
