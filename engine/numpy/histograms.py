"""Histograms. They compute; weights carry no gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from .fallback import library_call, quiet_call, refuse_gradients

__all__ = ["histogram", "histogram2d", "histogram_bin_edges", "histogramdd"]


def histogram(
    a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None
) -> Any:
    """How many elements fall into each bin, and the edges of the bins.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.histogram(np.array([1, 2, 2, 5]), bins=2)
    (array([3, 1]), array([1., 3., 5.]))
    """
    refuse_gradients("histogram", "NumPy sums the weights", weights)
    return quiet_call(np.histogram, a, bins, range, density, weights)


def histogram_bin_edges(
    a: Any, bins: Any = 10, range: Any = None, weights: Any = None
) -> Any:
    """The edges of the bins that `histogram` would choose.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.histogram_bin_edges(np.array([0.0, 4.0]), bins=4)
    array([0., 1., 2., 3., 4.])
    """
    return library_call(
        "histogram_bin_edges", np.histogram_bin_edges, a, bins, range, weights
    )


def histogram2d(
    x: Any,
    y: Any,
    bins: Any = 10,
    range: Any = None,
    density: Any = None,
    weights: Any = None,
) -> Any:
    """How many points fall into each cell of a grid, and the edges of its cells.

    Examples
    --------
    >>> import engine.numpy as np
    >>> counts, x_edges, y_edges = np.histogram2d([0, 1, 1], [0, 1, 1], bins=2)
    >>> counts
    array([[1., 0.],
           [0., 2.]])
    """
    refuse_gradients("histogram2d", "NumPy sums the weights", weights)
    return quiet_call(np.histogram2d, x, y, bins, range, density, weights)


def histogramdd(
    sample: Any,
    bins: Any = 10,
    range: Any = None,
    density: Any = None,
    weights: Any = None,
) -> Any:
    """How many points of any dimension fall into each cell, and the edges of cells.

    Examples
    --------
    >>> import engine.numpy as np
    >>> counts, edges = np.histogramdd(np.array([[0.0, 0.0], [1.0, 1.0]]), bins=2)
    >>> counts.shape, len(edges)
    ((2, 2), 2)
    """
    refuse_gradients("histogramdd", "NumPy sums the weights", weights)
    return quiet_call(np.histogramdd, sample, bins, range, density, weights)
