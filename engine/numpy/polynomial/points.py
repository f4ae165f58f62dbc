"""Interpolation at Chebyshev points."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.errors import named

from ..fallback import to_host
from ..joining import concatenate
from .families import CHEBYSHEV
from .problems import hosted
from .values import table


def interpolate(func: Any, deg: Any, args: Any) -> Any:
    """The Chebyshev series that takes a function's values at Chebyshev points."""
    host = np.asarray(to_host(deg))
    if host.ndim > 0 or host.dtype.kind not in "iu":
        raise TypeError(named(f"deg must be an int; {deg!r} given"))
    if host < 0:
        raise ValueError(named(f"expected deg >= 0; {deg} given"))
    count = int(host) + 1
    places = hosted(CHEBYSHEV, "chebpts1", count)
    sums = table(CHEBYSHEV, places, count - 1).T @ func(places, *args)
    return concatenate((sums[:1] / count, sums[1:] / (0.5 * count)))
