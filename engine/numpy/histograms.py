"""Histograms. They compute; weights carry no gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from .fallback import quiet_call, refuse_gradients

__all__ = ["histogram", "histogram2d", "histogram_bin_edges", "histogramdd"]


def histogram(
    a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None
) -> Any:
    """How many elements fall into each bin, and the edges of the bins."""
    refuse_gradients("histogram", "NumPy sums the weights", weights)
    return quiet_call(np.histogram, a, bins, range, density, weights)


def histogram_bin_edges(
    a: Any, bins: Any = 10, range: Any = None, weights: Any = None
) -> Any:
    """The edges of the bins that `histogram` would choose."""
    return quiet_call(np.histogram_bin_edges, a, bins, range, weights)


def histogram2d(
    x: Any,
    y: Any,
    bins: Any = 10,
    range: Any = None,
    density: Any = None,
    weights: Any = None,
) -> Any:
    """How many points fall into each cell of a grid, and the edges of its cells."""
    refuse_gradients("histogram2d", "NumPy sums the weights", weights)
    return quiet_call(np.histogram2d, x, y, bins, range, density, weights)


def histogramdd(
    sample: Any,
    bins: Any = 10,
    range: Any = None,
    density: Any = None,
    weights: Any = None,
) -> Any:
    """How many points of any dimension fall into each cell, and the edges of cells."""
    refuse_gradients("histogramdd", "NumPy sums the weights", weights)
    return quiet_call(np.histogramdd, sample, bins, range, density, weights)
