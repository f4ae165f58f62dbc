"""Fourier transforms as NumPy gives them: every norm, even and odd lengths."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from cases import Case, Generator, numbers

NORMS = ("backward", "ortho", "forward")


Cases = Callable[[Generator], list[Case]]


def _along(function: Callable[..., Any], kinds: str) -> Cases:
    def cases(rng: Generator) -> list[Case]:
        found = []
        for axis, norm in enumerate(NORMS):
            shape = ((5, 2), (2, 4), (3, 1))[axis]
            axis %= 2
            for dtype in kinds:
                x = numbers(rng, shape, dtype)
                out = function(x, axis=axis, norm=norm)
                found.append(Case((x,), (axis, norm), out, 0.0, dtype in "dD"))
        none = np.zeros((0, 3))
        return [*found, Case((none,), (1, "ortho"), function(none))]

    return cases


def _back(rng: Generator) -> list[Case]:
    found = []
    for length, norm in zip((1, 4, 5), NORMS, strict=True):
        for dtype in "dDF":
            x = numbers(rng, (length // 2 + 1, 2), dtype)
            out = np.fft.irfft(x, length, 0, norm)
            found.append(Case((x,), (length, 0, norm), out, 0.0, dtype in "dD"))
    return found


CASES: dict[str, Cases] = {
    "fft": _along(np.fft.fft, "dDfb"),
    "ifft": _along(np.fft.ifft, "dDF"),
    "irfft": _back,
    "rfft": _along(np.fft.rfft, "dfq"),
}
