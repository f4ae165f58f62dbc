"""Memory: what a fused block holds beside its result."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

import engine
import engine.numpy

from .chains import chain
from .stencils import jacobi_2d

ELEMENTS = 1_000_000


class Peak:
    """Largest number of bytes held while a block runs, in arrays of its operand."""

    unit = "arrays"

    def setup(self) -> None:
        self.flat = np.ones(ELEMENTS)
        self.square = self.flat.reshape(1000, 1000)

    def peak(self, function: Any, *arrays: Any) -> float:
        given = [engine.numpy.array(array) for array in arrays]
        engine.eval(*given)
        engine.reset_stats()
        before = engine.stats()["bytes_in_use"]
        with engine.config(tier="compiled"):  # memory of NumPy's tier is not counted
            engine.eval(function(*given))
        return (engine.stats()["peak_bytes"] - before) / self.flat.nbytes

    def track_chain(self) -> float:
        return self.peak(chain(np), self.flat, self.flat)

    def track_jacobi(self) -> float:
        return self.peak(partial(jacobi_2d, steps=20), self.square)
